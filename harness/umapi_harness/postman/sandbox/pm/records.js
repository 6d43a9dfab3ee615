// Records: what the scripts of an event did, as the host is told of it. A script's verdict stands here, so nothing of
// this goes through objects that a script could have changed: nodes without prototype in a chain, texts put together.

const records = { __proto__: null, first: null, last: null, checks: 0, lines: 0, characters: 0, full: false };

function clearRecords() {
  unasserted.clear();
  records.first = null;
  records.last = null;
  records.checks = 0;
  records.lines = 0;
  records.characters = 0;
  records.full = false;
}

function addRecord(node) {
  node.next = null;
  if (records.last === null) records.first = node;
  else records.last.next = node;
  records.last = node;
  return node;
}

const LONGEST_TEXT = 100000;
const FRESH = "; later scripts start in a fresh sandbox, without what earlier ones left in global names";

function cut(text) {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

// Whether there is room for one more; where there is none, the report says so once.
function roomFor(counter, what, size = 1) {
  const limit = current.limits[counter];
  if (records[counter] + size <= limit) {
    records[counter] += size;
    return true;
  }
  if (!records.full) {
    records.full = true;
    addRecord({ __proto__: null, kind: "error", rule: "limit", message: `more than ${limit} ${what} in one event`,
      script: current.script, line: 0, column: 0 });
  }
  return false;
}

function addCheck(name, state) {
  const node = { __proto__: null, kind: "check", name: cut(plainText(name)), state, message: "", error: "", expected: null,
    actual: null, script: current.script, line: 0, column: 0, exchanges: "" };
  return roomFor("checks", "checks") ? addRecord(node) : node;
}

function failCheck(check, error, exchanges = lastRead()) {
  check.state = "failed"; // first of all: what follows reads an object of the script
  check.exchanges = exchanges;
  if (isExhaustion(error)) {
    current.exhausted = true;
    check.message = outOfMemory();
    return;
  }
  const { name, message, line, column, script } = describe(error);
  const isAssertion = name === "AssertionError";
  if (!isAssertion && isA(error, Error)) check.error = cut(name);
  check.message = cut(isAssertion ? message : `${answerBehind(error)}${name}: ${message}`);
  placeCheck(check, line, column, script);
  const compared = comparedBy(error);
  check.expected = compared === null ? null : compared.expected;
  check.actual = compared === null ? null : compared.actual;
}

// Where a check failed; a script of another place than its own does not say where that is.
function placeCheck(check, line, column, script) {
  if (script === check.script) [check.line, check.column] = [line, column];
}

function addError(error, rule = "script-error") {
  const { name, message, line, column, script } = describe(error);
  const exhausted = isExhaustion(error);
  if (exhausted) current.exhausted = true;
  addRecord({ __proto__: null, kind: "error", rule: exhausted ? "limit" : rule,
    message: exhausted ? `${outOfMemory()}${FRESH}` : cut(`${answerBehind(error)}${name}: ${isA(error, JSONError) ? message.split("\n")[0] : message}`),
    script: script === null ? current.script : script, line, column, exchanges: lastRead() });
}

// Whether an error says that the memory has run out, in one of the two ways in which the engine says it.
function isExhaustion(error) {
  if (error === null) return !mayThrowNull();
  return isA(error, Error) && textOf(error, "name", "") === "InternalError" && textOf(error, "message", "") === "out of memory";
}

const outOfMemory = () =>
  `the script used more than ${current.limits.memory} MiB of memory; --script-memory MIB gives it more`;

const MAX_EMPTY_ASSERTIONS = 20;

// Expectations that checked nothing, unless something failed: that may have kept them from it.
function addEmptyAssertions() {
  for (let node = records.first; node !== null; node = node.next) {
    if (node.kind === "error" || node.state === "failed") return;
  }
  for (const [chain, made] of [...unasserted].slice(0, MAX_EMPTY_ASSERTIONS)) {
    const { line, column, script } = placeOf(made);
    addRecord({ __proto__: null, kind: "error", rule: "empty-assertion",
      message: `pm.expect(${displayed(chain.subject)}) checks nothing: no assertion follows that says anything of it`,
      script: script === null ? current.script : script, line, column });
  }
}

// The two values that an assertion compared, as text; null where it compared none, or none that can be shown.
function comparedBy(error) {
  try {
    if (!isA(error, AssertionError) || !Object.hasOwn(error, "expected")) return null;
    return { expected: comparedText(error.expected), actual: comparedText(error.actual) };
  } catch {
    return null;
  }
}

// ---- errors, with their place ----

// Each script is compiled with its first line at a number of its own, behind those of the sandbox; so the lines of a
// stack tell the script, however the call came about.
const FIRST_SCRIPT_LINE = 10000;

function describe(error) {
  if (error === null) {
    return { __proto__: null, name: "Error", message: "null was thrown", line: 0,
      column: 0, script: null };
  }
  if (!isA(error, Error)) {
    return { __proto__: null, name: "Error", message: shownText(error), line: 0, column: 0, script: null };
  }
  const place = placeOf(error);
  return { __proto__: null, name: textOf(error, "name", "Error"), message: textOf(error, "message", ""), ...place };
}

// What is thrown may be a proxy that throws when it is asked what it is.
function isA(error, kind) {
  try {
    return error instanceof kind;
  } catch {
    return false;
  }
}

function shownText(value) {
  try {
    return show(value);
  } catch {
    return "an object that cannot be shown was thrown";
  }
}

function textOf(error, member, otherwise) {
  try {
    return plainText(error[member] ?? otherwise);
  } catch {
    return otherwise;
  }
}

function placeOf(error) {
  for (const [, line, column] of textOf(error, "stack", "").matchAll(/<input>:(\d+):(\d+)/g)) {
    const found = scriptAt(Number(line));
    if (found !== null) return { line: found.line, column: Number(column), script: found.index };
  }
  return { line: 0, column: 0, script: null };
}

function plainText(value) {
  return typeof value === "string" ? value : typeof value === "symbol" ? "Symbol" : `${value}`;
}

// ---- as text ----

// JSON.stringify of a text, number or null asks no object how it wants to be written.
function recordText(node) {
  const q = JSON.stringify;
  if (node.kind === "check") {
    return `{"kind":"check","name":${q(node.name)},"state":${q(node.state)},"message":${q(node.message)},` +
      `"error":${q(node.error)},"expected":${q(node.expected)},"actual":${q(node.actual)},"script":${node.script},` +
      `"line":${node.line},"column":${node.column},"exchanges":[${node.exchanges}]}`;
  }
  if (node.kind === "console") return `{"kind":"console","level":${q(node.level)},"text":${q(node.text)}}`;
  return `{"kind":"error","rule":${q(node.rule)},"message":${q(node.message)},"script":${node.script},` +
    `"line":${node.line},"column":${node.column},"exchanges":[${node.exchanges ?? ""}]}`;
}

function recordsText() {
  let text = "";
  for (let node = records.first; node !== null; node = node.next) text += (text === "" ? "" : ",") + recordText(node);
  return `[${text}]`;
}
