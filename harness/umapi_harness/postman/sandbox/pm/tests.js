// Tests: pm.test with functions, promises and done callbacks; and the legacy tests[…].

class SkipSignal extends Error {}

function runTest(name, body) {
  const check = addCheck(name, "passed");
  current.reads = null;
  if (typeof body !== "function") {
    failCheck(check, new TypeError("pm.test needs a function as its second argument"));
    return current.pm;
  }
  try {
    if (body.length > 0) runWithCallback(check, body);
    else awaitTest(check, body());
  } catch (error) {
    if (isA(error, SkipSignal)) throw error;
    placeHere(check); // for what is thrown without a place
    closeCheck(check, error, true, allRead());
  }
  return current.pm;
}

// A function with a parameter calls it when it is done, with an error if there is one.
function runWithCallback(check, body) {
  openCheck(check);
  awaitTest(check, body((error) => closeCheck(check, error, Boolean(error))), true);
}

function awaitTest(check, result, calledBack = false) {
  if (result === null || result === undefined || typeof result.then !== "function") return;
  openCheck(check);
  result.then(() => { if (!calledBack) closeCheck(check, undefined, false); },
    (error) => closeCheck(check, error ?? new Error("the promise was rejected"), true));
}

// It ends later, or never: then its place is that of pm.test.
function openCheck(check) {
  check.state = "open";
  placeHere(check);
}

function placeHere(check) {
  const { line, column, script } = placeOf(new Error());
  placeCheck(check, line, column, script);
}

function closeCheck(check, error, failed, exchanges = lastRead()) {
  if (check.state !== "open" && check.state !== "passed") return;
  check.state = "passed";
  if (failed) failCheck(check, error, exchanges);
}

function closeOpenChecks() {
  for (let node = records.first; node !== null; node = node.next) {
    if (node.state === "open") {
      node.state = "failed";
      node.message = "the check did not come to an end";
    }
  }
}

function recordLegacyTests(tests) {
  if (tests === null || typeof tests !== "object") return;
  for (const name of Object.keys(tests)) {
    const passed = tests[name];
    const check = addCheck(name, passed ? "passed" : "failed");
    if (!passed) check.message = `tests[${JSON.stringify(name)}] is ${show(passed)}`;
  }
}

const testFunction = Object.assign((name, body) => runTest(name, body), {
  skip: (name) => {
    addCheck(name, "skipped");
    return current.pm;
  },
  index: () => records.checks,
});
