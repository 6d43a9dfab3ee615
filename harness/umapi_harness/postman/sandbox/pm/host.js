// The host's side: compiles scripts, runs those of an event one after the other, and tells what is left to do. The host
// holds the only reference to `host`; scripts cannot reach it.

// ---- scripts, each compiled once ----

const compiled = new Map();
const places = [];
let nextLine = FIRST_SCRIPT_LINE;
const LAST_SCRIPT_LINE = 60000;
const ASYNC_MARK = "$$watched"; // see async_functions.py
const WRAPPER_LINES = 2; // that stand before a script once it has become a function
const THROWN = /\b(?:throw(?!\s+new\b)|reject)\b[\s(]*([\w$]*)/g;
const CAUGHT = /\bcatch\s*\(\s*(?:async\s*)?(?:function\s*)?\(?\s*([\w$]+)/g;
const ROOM = 2 ** 20; // bytes
let someThrow = false;

function compile(id, text, escaped) {
  const source = escaped ? JSON.parse(text) : text;
  someThrow ||= throwsItsOwn(source);
  const count = source.split("\n").length;
  if (nextLine + count > LAST_SCRIPT_LINE) nextLine = FIRST_SCRIPT_LINE;
  const first = nextLine;
  nextLine += count;
  places.unshift({ id, first, last: first + count - 1 });
  try {
    compiled.set(id, new AsyncFunction(ASYNC_MARK, "\n".repeat(first - 1 - WRAPPER_LINES) + source));
  } catch (error) {
    compiled.set(id, () => { throw error; });
  }
}

// Whether a script throws anything but new errors, and those that it has caught.
function throwsItsOwn(source) {
  const caught = new Set([...source.matchAll(CAUGHT)].map(([, name]) => name));
  return [...source.matchAll(THROWN)].some(([, name]) => !caught.has(name));
}

// The engine throws null where no memory is left for an error; a script may throw it too, if it throws its own.
function mayThrowNull() {
  try {
    return someThrow && new ArrayBuffer(ROOM).byteLength === ROOM;
  } catch {
    return false;
  }
}

// The script of the event that holds a line, with the line's number in it; null for lines of the sandbox, of libraries
// and of scripts of other events.
function scriptAt(line) {
  const place = places.find(({ first, last }) => line >= first && line <= last);
  if (place === undefined) return null;
  const index = current.scripts[current.script] === place.id ? current.script : current.scripts.indexOf(place.id);
  return index < 0 ? null : { index, line: line - place.first + 1 };
}

function startScript() {
  installGlobals();
  current.running = true;
  current.exchange = OF_THE_REQUEST;
  const script = current.script, run = compiled.get(current.scripts[script]);
  const end = () => { current.running = false; };
  const fail = (error) => {
    current.running = false;
    if (isA(error, SkipSignal)) return;
    current.script = script;
    addError(error);
  };
  try {
    nativeThen(Reflect.apply(run, realGlobal, [watchAsync]), end, fail);
  } catch (error) {
    fail(error);
  }
}

// ---- what is left to do ----

// Called when no promise has anything left to do: the state as JSON, or the result when all scripts have ended.
function turn() {
  tellRejections();
  if (current.outbox.length || current.timers.size) return pendingText();
  if (current.running) {
    current.running = false;
    addError(new Error("the script waits for a promise that nobody fulfils"));
  }
  recordLegacyTests(made.get("tests"));
  current.frozen ||= !clearGlobals();
  if (current.skipped || current.at + 1 >= current.scripts.length) return resultText();
  current.at += 1;
  current.script = current.at;
  startScript();
  return "again";
}

function pendingText() {
  const outbox = current.outbox;
  current.outbox = [];
  return `{"outbox":[${outbox.join(",")}],"elapsed":${current.elapsed}}`;
}

function resultText() {
  closeOpenChecks();
  addEmptyAssertions();
  if (current.frozen) addError(new Error(`the script has frozen the global names${FRESH}`));
  const changes = changesText();
  const next = current.nextRequest === undefined ? "null" : `{"name":${JSON.stringify(current.nextRequest)}}`;
  const request = current.info.eventName === "prerequest" ? requestText() : "null";
  return `{"records":${recordsText()},"changes":{${changes}},"request":${request},"skipped":${current.skipped},"looked":[${[...current.looked].join(",")}],` +
    `"next":${next},"broken":${current.frozen || current.exhausted},"elapsed":${current.elapsed}}`;
}

function requestText() {
  try {
    return current.requestOfEvent?.changedText() ?? "null";
  } catch (error) {
    addError(new Error(`the request cannot be handed on as the script left it: ${describe(error).message}`));
    return "null";
  }
}

function changesText() {
  let text = "";
  for (const name of ["globals", "collection", "environment", "local"]) {
    const changes = scopes[name].changesText((key, error) =>
      addError(new Error(`the value of ${key} in the ${name} variables cannot be written as JSON: ${describe(error).message}`)));
    if (changes) text += `${text && ","}"${name}":${changes}`;
  }
  return text;
}

// ---- the door ----

const OPERATIONS = {
  __proto__: null,
  configure: (limits) => { current.limits = JSON.parse(limits); },
  compile,
  libraries: (names, text, escaped) => {
    bundledLibraries = new Set(JSON.parse(names));
    bundle = escaped ? JSON.parse(text) : text;
  },
  start: (input, request, response, body, escaped) => {
    beginEvent(JSON.parse(input), request, response, escaped ? JSON.parse(body) : body);
    current.at = 0;
    startScript();
  },
  turn,
  deliver: (id, answer, body, escaped) => {
    const receive = current.waiting.get(id);
    current.waiting.delete(id);
    receive(JSON.parse(answer), escaped ? JSON.parse(body) : body);
  },
  fire: fireTimer,
  result: resultText,
};

lockIntrinsics();
installFixed();
clearGlobals();
// A text that was put together of pieces becomes one piece, for the binding takes no other.
return (operation, ...args) => (OPERATIONS[operation](...args) ?? "").toWellFormed();
