// An event: what the scripts of a prerequest or test see, put together. Everything here is made anew for each script, so
// that no script can leave the next one a pm of its own.

// The event that is under way.
let current = { script: 0, limits: { checks: 0, lines: 0, nesting: 0 } };

function beginEvent(input, requestText, responseText, body) {
  for (const name of Object.keys(input.scopes)) scopes[name].update(input.scopes[name]);
  clearRecords();
  current = {
    ...input,
    provided: { __proto__: null, ...input.provided },
    dynamic: { __proto__: null, ...input.dynamic },
    limits: current.limits,
    script: 0, running: false, outbox: [], waiting: new Map(), timers: new Map(), elapsed: 0, counter: 0,
    nextRequest: undefined, skipped: false, tests: {}, pm: null, random: seededRandom(input.seed),
    requestView: null, responseView: null,
    request: () => (current.requestView ??= new RequestView(JSON.parse(requestText))),
    response: () => (responseText ? current.responseView ??= new ResponseView(JSON.parse(responseText), body) : undefined),
  };
}

const setNextRequest = (name) => { current.nextRequest = name === undefined ? null : name; };

function skipRequest() {
  if (current.info.eventName !== "prerequest") throw new Error("skipRequest works in pre-request scripts only");
  current.skipped = true;
  throw new SkipSignal("the request is skipped");
}

function makePm() {
  const location = [...current.path];
  location.current = location[location.length - 1];
  const pm = {
    info: { ...current.info },
    globals: new Scope("pm.globals", scopes.globals),
    collectionVariables: new Scope("pm.collectionVariables", scopes.collection),
    environment: new Scope("pm.environment", scopes.environment, true, current.environmentName),
    iterationData: new Scope("pm.iterationData", scopes.data, false),
    variables: new AllScopes(),
    get request() { return current.request(); },
    get response() { return current.response(); },
    get cookies() { return current.response()?.cookies ?? new PairList(); },
    expect,
    test: testFunction,
    sendRequest,
    execution: { setNextRequest, skipRequest, location },
    visualizer: { set: () => {}, clear: () => {} },
  };
  return pm;
}

// The other names that scripts know. Those that cost something to make are made when they are asked for.
function makeGlobals(pm) {
  return {
    pm: () => pm,
    console: makeConsole,
    tests: () => current.tests,
    globals: () => scopes.globals.toObject(),
    environment: () => scopes.environment.toObject(),
    data: () => scopes.data.toObject(),
    iteration: () => current.info.iteration,
    request: () => ({ id: pm.request.id, name: pm.request.name, method: pm.request.method, url: String(pm.request.url),
      headers: pm.request.headers.toObject(), data: pm.request.body ? pm.request.body.toString() : "" }),
    postman: () => makePostman(pm),
    require: () => requireLibrary,
    ...namedLibraries,
    responseBody: () => pm.response?.content,
    responseCode: () => pm.response && { code: pm.response.code, name: pm.response.status, detail: "" },
    responseHeaders: () => pm.response?.headers.toObject(),
    responseTime: () => pm.response?.responseTime,
  };
}

function makePostman({ environment, globals, response, cookies }) {
  return {
    setNextRequest,
    setEnvironmentVariable: (name, value) => environment.set(name, value),
    getEnvironmentVariable: (name) => environment.get(name),
    clearEnvironmentVariable: (name) => environment.unset(name),
    clearEnvironmentVariables: () => environment.clear(),
    setGlobalVariable: (name, value) => globals.set(name, value),
    getGlobalVariable: (name) => globals.get(name),
    clearGlobalVariable: (name) => globals.unset(name),
    clearGlobalVariables: () => globals.clear(),
    getResponseHeader: (name) => response?.headers.get(name),
    getResponseCookie: (name) => cookies.one(name),
  };
}

let makers = {};
const made = new Map();

// A name is a getter, so that what nobody asks for is not made, and a setter, so that a script can have a variable of
// that name.
const globalAccessors = Object.keys(makeGlobals(null)).map((name) => [name, {
  __proto__: null,
  get: () => {
    if (!made.has(name)) made.set(name, makers[name]());
    return made.get(name);
  },
  set: (value) => { made.set(name, value); },
  enumerable: false,
  configurable: true,
}]);
const fixedGlobals = Object.entries({ ...timerFunctions, Date: SandboxDate });

function installFixed() {
  for (const [name, value] of fixedGlobals) {
    Object.defineProperty(realGlobal, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
  }
  realGlobal.Math.random = () => current.random();
}

function installGlobals() {
  current.tests = {};
  current.pm = makePm();
  makers = makeGlobals(current.pm);
  made.clear();
  for (const [name, accessor] of globalAccessors) Object.defineProperty(realGlobal, name, accessor);
}
