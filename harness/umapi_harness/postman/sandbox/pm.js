// The pm object and the other names that Postman gives to scripts; everything a script does is collected in `sandbox`
// and handed back as JSON. Nothing here calls out of the sandbox: a run depends on its input alone, so that it can be
// repeated with better knowledge (see scripts.py).

const sandbox = {
  input: null,
  records: [],
  outbox: [],
  schemaChecks: [],
  waiting: new Map(),
  timers: [],
  elapsed: 0,
  nextRequest: undefined,
  skipped: false,
  counter: 0,
  testCount: 0,
  openTests: 0,

  // Whether data fits a schema is known to the host alone: it is taken to fit until the host has said that it does not.
  schemaVerdict(schema, data) {
    const index = this.schemaChecks.length;
    this.schemaChecks.push({ schema, data: data === undefined ? null : data });
    return this.input.verdicts[index] ?? { valid: true, message: "" };
  },

  error(error) {
    this.records.push({ kind: "error", ...describe(error) });
  },
};

const SANDBOX_FIRST_LINE = 100000;

class SkipSignal extends Error {}

function describe(error) {
  if (error === null) return { name: "Error", message: "null was thrown; scripts that run out of memory end so", line: null };
  if (!(error instanceof Error)) return { name: "Error", message: show(error), line: null };
  // Lines of the sandbox itself have large numbers (see scripts.py); the first small one is the script's. Two lines
  // stand before the first line of a script once it has become a function.
  const frames = [...String(error.stack ?? "").matchAll(/<input>:(\d+):\d+/g)].map(([, line]) => Number(line));
  const line = frames.find((number) => number < SANDBOX_FIRST_LINE);
  return { name: error.name, message: error.message, line: line === undefined ? null : line - 2 };
}

// ---- chance and time: both given, so that a repeated run sees the same ----

const RealDate = Date;
const CLOCK_STEP = 0.05; // milliseconds per reading, so that a script that waits by looking at the clock gets on

function nowMs() {
  sandbox.elapsed += CLOCK_STEP;
  return Math.floor(sandbox.input.now + sandbox.elapsed);
}

function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// ---- variables ----

function valueText(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function dynamicValue(name) {
  return sandbox.input.dynamic[name]?.shift();
}

function replaceIn(text, find) {
  if (typeof text !== "string") return text;
  for (let pass = 0; pass < 20; pass += 1) {
    const result = text.replace(/\{\{([^{}]+)\}\}/g, (whole, name) => {
      const value = find(name.trim());
      return value === undefined ? whole : valueText(value);
    });
    if (result === text) break;
    text = result;
  }
  return text;
}

class Scope {
  constructor(label, values, writable = true, name = label) {
    Object.defineProperties(this, {
      label: { value: label },
      name: { value: name },
      values: { value: values },
      writable: { value: writable },
    });
  }
  get(name) { return Object.hasOwn(this.values, name) ? this.values[name] : undefined; }
  set(name, value) {
    if (!this.writable) throw new TypeError(`${this.label} cannot be changed by a script`);
    this.values[name] = value === undefined ? "" : value;
  }
  unset(name) { if (this.writable) delete this.values[name]; }
  has(name) { return Object.hasOwn(this.values, name); }
  clear() { if (this.writable) for (const name of Object.keys(this.values)) delete this.values[name]; }
  toObject() { return { ...this.values }; }
  toJSON() { return this.toObject(); }
  replaceIn(text) { return replaceIn(text, (name) => (name.startsWith("$") ? dynamicValue(name) : this.get(name))); }
}

class AllScopes {
  constructor(local, others, provided) { Object.assign(this, { local, others, provided }); }
  find(name) {
    const scope = [this.local, ...this.others].find((one) => one.has(name));
    const value = scope?.get(name);
    return (value === undefined || value === "") && Object.hasOwn(this.provided, name) ? this.provided[name] : value;
  }
  get(name) { return this.find(name); }
  set(name, value) { this.local.set(name, value); }
  unset(name) { this.local.unset(name); }
  has(name) { return this.find(name) !== undefined; }
  clear() { this.local.clear(); }
  toObject() { return Object.assign({}, ...[...this.others].reverse().map((s) => s.values), this.local.values); }
  replaceIn(text) { return replaceIn(text, (name) => (name.startsWith("$") ? dynamicValue(name) : this.find(name))); }
}

// ---- tests ----

function runTest(name, body) {
  const record = { kind: "check", name: String(name), state: "passed", message: "", index: sandbox.testCount };
  sandbox.testCount += 1;
  sandbox.records.push(record);
  const fail = (error) => {
    const { name: type, message } = describe(error);
    record.state = "failed";
    record.message = type === "AssertionError" ? message : `${type}: ${message}`;
  };
  if (typeof body !== "function") {
    fail(new TypeError("pm.test needs a function as its second argument"));
    return;
  }
  const open = () => {
    sandbox.openTests += 1;
    record.state = "open";
    return (error) => {
      if (record.state !== "open") return;
      record.state = "passed";
      sandbox.openTests -= 1;
      if (error) fail(error);
    };
  };
  try {
    if (body.length > 0) {
      const close = open();
      try { body(close); } catch (error) { close(error); }
      return;
    }
    const result = body();
    if (typeof result?.then === "function") {
      const close = open();
      result.then(() => close(), (error) => close(error ?? new Error("the promise was rejected")));
    }
  } catch (error) {
    if (error instanceof SkipSignal) throw error;
    fail(error);
  }
}

// ---- requests that scripts send ----

function sendRequest(request, callback) {
  sandbox.counter += 1;
  const id = sandbox.counter;
  const promise = new Promise((resolve, reject) => {
    sandbox.waiting.set(id, (answer) => {
      const error = answer.error ? new Error(answer.error) : null;
      const response = answer.error ? undefined : new ResponseView(answer.response);
      if (typeof callback === "function") {
        try {
          const result = callback(error, response);
          if (typeof result?.then === "function") result.then(undefined, (problem) => sandbox.error(problem));
        } catch (problem) {
          sandbox.error(problem);
        }
        resolve(response);
      } else if (error) reject(error);
      else resolve(response);
    });
  });
  const plain = request instanceof RequestView ? { ...request.toJSON(), header: request.headers } : request;
  sandbox.outbox.push({ id, request: plain });
  return typeof callback === "function" ? undefined : promise;
}

// ---- timers: virtual, in order of their time ----

function addTimer(action, delay, args, every) {
  sandbox.counter += 1;
  const wait = Math.max(0, Number(delay) || 0);
  sandbox.timers.push({ id: sandbox.counter, due: sandbox.elapsed + wait, action, args, every: every ? wait || 1 : null });
  return sandbox.counter;
}

function dropTimer(id) { sandbox.timers = sandbox.timers.filter((timer) => timer.id !== id); }

// ---- the console ----

function logText(args) {
  return args.map((arg) => (typeof arg === "string" ? arg : showAt(arg, 0))).join(" ");
}

function makeConsole() {
  const write = (level) => (...args) => { sandbox.records.push({ kind: "console", level, text: logText(args) }); };
  return { log: write("log"), info: write("info"), warn: write("warn"), error: write("error"), debug: write("debug"),
    table: write("log"), dir: write("log"), trace: write("log"), clear: () => {} };
}

// ---- putting it together ----

function start(input) {
  sandbox.input = input;
  Math.random = seededRandom(input.seed);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, type) => Reflect.construct(target, args.length ? args : [nowMs()], type),
    apply: () => new RealDate(nowMs()).toString(),
    get: (target, key) => (key === "now" ? nowMs : Reflect.get(target, key)),
  });
  const scopes = input.scopes;
  const globals = new Scope("pm.globals", scopes.globals);
  const collection = new Scope("pm.collectionVariables", scopes.collection);
  const environment = new Scope("pm.environment", scopes.environment, true, input.environmentName);
  const data = new Scope("pm.iterationData", scopes.data, false);
  const local = new Scope("pm.variables", scopes.local);
  const setNextRequest = (name) => { sandbox.nextRequest = name === undefined ? null : name; };
  const request = new RequestView(input.request);
  sandbox.request = request;
  const response = input.response ? new ResponseView(input.response) : undefined;
  const cookies = response ? response.cookies : new PairList();
  runTest.index = () => sandbox.testCount;
  runTest.skip = (name) => {
    sandbox.records.push({ kind: "check", name: String(name), state: "skipped", message: "", index: sandbox.testCount });
    sandbox.testCount += 1;
  };
  const location = [...input.path];
  location.current = location[location.length - 1];
  const pm = {
    info: input.info,
    globals,
    collectionVariables: collection,
    environment,
    iterationData: data,
    variables: new AllScopes(local, [data, environment, collection, globals], input.provided),
    request,
    response,
    cookies,
    expect,
    test: runTest,
    sendRequest,
    execution: {
      setNextRequest,
      location,
      skipRequest: () => {
        if (input.info.eventName !== "prerequest") throw new Error("skipRequest works in pre-request scripts only");
        sandbox.skipped = true;
        throw new SkipSignal("the request is skipped");
      },
    },
    visualizer: { set: () => {}, clear: () => {} },
  };
  const legacy = {
    pm,
    console: makeConsole(),
    tests: {},
    globals: scopes.globals,
    environment: scopes.environment,
    data: scopes.data,
    iteration: input.info.iteration,
    request: { id: request.id, name: request.name, method: request.method, url: String(request.url),
      headers: request.headers.toObject(), data: request.body ? request.body.toString() : "" },
    postman: {
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
    },
    setTimeout: (action, delay, ...args) => addTimer(action, delay, args, false),
    setInterval: (action, delay, ...args) => addTimer(action, delay, args, true),
    setImmediate: (action, ...args) => addTimer(action, 0, args, false),
    clearTimeout: dropTimer,
    clearInterval: dropTimer,
    clearImmediate: dropTimer,
    require: (name) => {
      throw new Error(`require("${name}"): this runner carries no libraries for scripts; write it in plain JavaScript`);
    },
  };
  if (response) {
    Object.assign(legacy, {
      responseBody: response.content,
      responseCode: { code: response.code, name: response.status, detail: "" },
      responseHeaders: response.headers.toObject(),
      responseTime: response.responseTime,
    });
  }
  for (const [name, value] of Object.entries(legacy)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  runScripts(input.scripts, AsyncFunction);
}

// One after the other, outermost level first; a script that throws ends the event.
async function runScripts(scripts, AsyncFunction) {
  for (const [index, source] of scripts.entries()) {
    try {
      await new AsyncFunction(source).call(globalThis);
    } catch (error) {
      if (!(error instanceof SkipSignal)) {
        sandbox.records.push({ kind: "error", script: index, ...describe(error) });
      }
      return;
    }
  }
}

// ---- the host's side ----

globalThis.__sandbox = {
  start: (text) => { start(JSON.parse(text)); },
  // What the host has to do next: requests to send (told once), and schema checks past the first `judged`.
  pending(judged) {
    const state = { outbox: sandbox.outbox, schemaChecks: sandbox.schemaChecks.slice(judged),
      elapsed: sandbox.elapsed, timers: sandbox.timers.length };
    sandbox.outbox = [];
    return toText(state);
  },
  deliver(id, text) {
    const resolve = sandbox.waiting.get(id);
    sandbox.waiting.delete(id);
    resolve?.(JSON.parse(text));
  },
  fireTimer() {
    const next = sandbox.timers.reduce((a, b) => (b.due < a.due ? b : a));
    sandbox.elapsed = Math.max(sandbox.elapsed, next.due);
    if (next.every === null) dropTimer(next.id);
    else next.due += next.every;
    try {
      next.action(...next.args);
    } catch (error) {
      sandbox.error(error);
    }
  },
  result() {
    for (const record of sandbox.records) {
      if (record.state === "open") {
        record.state = "failed";
        record.message = "the check did not come to an end";
      }
    }
    for (const [name, passed] of Object.entries(globalThis.tests ?? {})) {
      sandbox.records.push({ kind: "check", name, state: passed ? "passed" : "failed",
        message: passed ? "" : `tests[${JSON.stringify(name)}] is ${show(passed)}`, index: sandbox.testCount });
      sandbox.testCount += 1;
    }
    const { globals, collection, environment, local } = sandbox.input.scopes;
    return toText({ records: sandbox.records, scopes: { globals, collection, environment, local },
      request: sandbox.request, skipped: sandbox.skipped, elapsed: sandbox.elapsed,
      nextRequest: sandbox.nextRequest === undefined ? null : { name: sandbox.nextRequest } });
  },
};

function toText(value) {
  // Half a surrogate pair cannot leave the sandbox.
  return JSON.stringify(value, (_, v) => (typeof v === "string" ? v.toWellFormed() : v));
}
