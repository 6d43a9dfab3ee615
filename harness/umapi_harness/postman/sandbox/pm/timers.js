// Time: given by the host, so that no script keeps a machine waiting by surprise. Timers are virtual and fire in the
// order of their time; the host waits, or refuses to.

const CLOCK_STEP = 0.05; // milliseconds per reading, so that a script that waits by looking at the clock gets on
const SHORTEST_TIMER = 1;

function nowMs() {
  current.elapsed += CLOCK_STEP;
  return Math.floor(current.now + current.elapsed);
}

function addTimer(action, delay, args, every) {
  if (typeof action !== "function") throw new TypeError("a timer needs a function");
  current.counter += 1;
  const id = current.counter, wait = Math.max(SHORTEST_TIMER, Number(delay) || 0);
  current.timers.set(id, { id, due: current.elapsed + wait, action, args, every: every ? wait : null,
    script: current.script, exchange: current.exchange });
  return id;
}

function dropTimer(id) { current.timers.delete(id); }

function fireTimer() {
  let next = null;
  for (const timer of current.timers.values()) if (next === null || timer.due < next.due) next = timer;
  current.elapsed = Math.max(current.elapsed, next.due);
  if (next.every === null) current.timers.delete(next.id);
  else next.due += next.every;
  current.script = next.script;
  current.exchange = next.exchange;
  callBack(next.action, ...next.args);
}

const timerFunctions = {
  setTimeout: (action, delay, ...args) => addTimer(action, delay, args, false),
  setInterval: (action, delay, ...args) => addTimer(action, delay, args, true),
  setImmediate: (action, ...args) => addTimer(action, 0, args, false),
  clearTimeout: dropTimer,
  clearInterval: dropTimer,
  clearImmediate: dropTimer,
};

const SandboxDate = new Proxy(RealDate, {
  construct: (target, args, type) => Reflect.construct(target, args.length ? args : [nowMs()],
    type === SandboxDate ? target : type),
  apply: () => new RealDate(nowMs()).toString(),
  get: (target, key) => (key === "now" ? nowMs : target[key]),
});

// Chance comes from a number of the host's, so that a run can be repeated.
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
