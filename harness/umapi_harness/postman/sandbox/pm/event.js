// An event: what the scripts of a prerequest or test see, put together. Everything here is made anew for each script, so
// that no script can leave the next one a pm of its own.

// The event that is under way.
let current = { script: 0, limits: { checks: 0, lines: 0, characters: 0, nesting: 0, memory: 0 } };

function beginEvent(input, requestText, responseText, body) {
  for (const name of Object.keys(input.scopes)) scopes[name].update(input.scopes[name]);
  clearRecords();
  current = {
    ...input,
    provided: { __proto__: null, ...input.provided },
    dynamic: { __proto__: null, ...input.dynamic },
    limits: current.limits,
    script: 0, running: false, exhausted: false, outbox: [], waiting: new Map(), timers: new Map(), elapsed: 0, counter: 0,
    nextRequest: undefined, skipped: false, tests: {}, pm: null, random: seededRandom(input.seed),
    requestOfEvent: null, responseView: null, looked: new Set(), frozen: false, exchange: OF_THE_REQUEST, reads: null,
    request: () => (current.requestOfEvent ??= new RequestOfEvent(requestText)).view,
    response: () => (input.info.eventName === "test" || responseText
      ? current.responseView ??= new ResponseView(responseText ? JSON.parse(responseText) : NO_ANSWER, body) : undefined),
  };
}

// Newman hands the value on as JSON: what has no JSON is not handed on, and of the rest the text is the name.
function setNextRequest(name) {
  const kind = typeof name;
  if (kind === "undefined" || kind === "function" || kind === "symbol") {
    current.nextRequest = undefined;
    addOddNext(`${kind === "undefined" ? kind : `a ${kind}`} names no request; the run goes on with the next one`);
    return;
  }
  try {
    current.nextRequest = name === null ? null : plainText(name);
  } catch {
    current.nextRequest = null;
    addOddNext("an object that is no text names no request; the iteration ends");
  }
}

function addOddNext(problem) {
  const { line, column, script } = placeOf(new Error());
  addRecord({ __proto__: null, kind: "error", rule: "unknown-next-request", message: `setNextRequest: ${problem}`,
    script: script === null ? current.script : script, line, column });
}

function skipRequest() {
  if (current.info.eventName !== "prerequest") throw new Error("skipRequest works in pre-request scripts only");
  current.skipped = true;
  throw new SkipSignal("the request is skipped");
}

function runRequest() {
  throw new Error("pm.execution.runRequest is not there outside of the Postman app; use pm.sendRequest");
}

// What Postman has and a run from a file cannot have.
function unavailable(what, instead) {
  const refuse = () => { throw new Error(`${what} is not there outside of the Postman app; ${instead}`); };
  return new Proxy({}, { get: (_, key) => (typeof key === "symbol" ? undefined : refuse) });
}

// As in Postman, the members of pm.info are read by name and not listed.
function makeInfo() {
  const info = {};
  for (const name of Object.keys(current.info)) Object.defineProperty(info, name, { value: current.info[name] });
  return info;
}

function makeLocation() {
  const location = [...current.path];
  location.current = location[location.length - 1];
  return location;
}

function makePm() {
  const iterationData = new DataScope();
  let info = null, location = null;
  return {
    get info() { return info ??= makeInfo(); },
    globals: new Scope("pm.globals", scopes.globals),
    environment: new Scope("pm.environment", scopes.environment, current.environmentName),
    collectionVariables: new Scope("pm.collectionVariables", scopes.collection),
    variables: new AllScopes(iterationData),
    iterationData,
    get request() { return current.request(); },
    set request(value) { current.request().update(value instanceof RequestView ? value.toJSON() : value); },
    get response() { return current.response(); },
    get cookies() { return current.response()?.cookies ?? new CookieList(); },
    expect,
    test: testFunction,
    sendRequest,
    execution: { setNextRequest, skipRequest, runRequest, get location() { return location ??= makeLocation(); } },
    visualizer: { set: () => {}, clear: () => {} },
    get vault() { return unavailable("pm.vault", "keep secrets in the environment, or give them with --env-var"); },
    get datasets() { return unavailable("pm.datasets", "give rows with --iteration-data"); },
  };
}

const makers = { pm: () => current.pm, console: makeConsole, require: () => requireLibrary, ...namedLibraries,
  ...legacyMakers };
const made = new Map();
const globalNames = Object.keys(makers);

// The names stand behind the global object, where they are put once and no script can change them. A name is a getter, so
// that what nobody asks for is not made, and a setter, so that a script can have a variable of that name.
const behindGlobal = Object.create(Object.getPrototypeOf(realGlobal));
for (const name of globalNames) {
  Object.defineProperty(behindGlobal, name, {
    __proto__: null,
    get: () => {
      if (!made.has(name)) made.set(name, makers[name]());
      return made.get(name);
    },
    set: (value) => { made.set(name, value); },
    enumerable: false,
    configurable: false,
  });
}
Object.preventExtensions(behindGlobal);

// What is set once: a script may change it, for itself and those after it, as in Postman.
function installFixed() {
  const fixed = { ...timerFunctions, Date: SandboxDate, Promise: WatchedPromise };
  for (const name of Object.keys(fixed)) {
    Object.defineProperty(realGlobal, name,
      { __proto__: null, value: fixed[name], writable: true, enumerable: false, configurable: true });
  }
  realGlobal.Math.random = () => current.random();
}

function installGlobals() {
  current.tests = {};
  current.pm = makePm();
  made.clear();
}

// Takes away what a script has put before these names; whether one is left that cannot be taken away.
function clearGlobals() {
  try {
    Object.setPrototypeOf(realGlobal, behindGlobal);
    for (const name of globalNames) if (Object.hasOwn(realGlobal, name)) delete realGlobal[name];
    return Object.isExtensible(realGlobal);
  } catch {
    return false;
  }
}
