// Promises: one that fails while nobody handles it is an error of the script. The engine tells of none, so the sandbox
// watches all that scripts make: by Promise, by then, and by async functions, which the host has marked (see
// async_functions.py). What handles a promise calls its `then`, or awaits it and so reads its `constructor`.

const nativeThen = Function.prototype.call.bind(RealPromise.prototype.then);
const handled = new WeakSet();
const rejections = new Map();
let watching = false;

function watch(promise) {
  watching = true;
  nativeThen(promise, undefined, (reason) => { if (!handled.has(promise)) rejections.set(promise, reason); });
  watching = false;
  return promise;
}

const watchedThen = {
  then(whenDone, whenFailed) {
    handled.add(this);
    return watch(nativeThen(this, whenDone, whenFailed));
  },
}.then;

const WatchedPromise = new Proxy(RealPromise, {
  construct: (target, args, type) => watch(Reflect.construct(target, args, type === WatchedPromise ? target : type)),
});

Object.defineProperties(RealPromise.prototype, {
  then: { value: watchedThen },
  constructor: {
    get() {
      if (!watching && this !== RealPromise.prototype) handled.add(this);
      return RealPromise;
    },
    set: undefined,
    enumerable: false,
    configurable: false,
  },
});

// What the host puts around each async function of a script.
function watchAsync(action) {
  const watched = function (...args) { return watch(Reflect.apply(action, this, args)); };
  return Object.defineProperties(watched, {
    name: { value: action.name, configurable: true },
    length: { value: action.length, configurable: true },
  });
}

// Told when nothing else is left to do, so that a handler may come late.
function tellRejections() {
  for (const [promise, reason] of rejections) {
    if (handled.has(promise) || isA(reason, SkipSignal) || isSendError(reason)) continue;
    addError(reason, "unhandled-rejection");
  }
  rejections.clear();
}
