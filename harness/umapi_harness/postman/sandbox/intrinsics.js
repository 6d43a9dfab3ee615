// What the sandbox relies on, taken before any script runs. Scripts share their global object and prototypes with the
// sandbox, for there is one realm; so the sandbox keeps the built-in objects under names of its own, and locks the
// methods of those prototypes that its code calls. A script may add to them, and name its own variables JSON or Promise.


const realGlobal = globalThis;
const { Array, BigInt, Boolean, Date: RealDate, Error, Function, Map, Number, Object, Proxy, RangeError, RegExp,
  ReferenceError, Set, String, Symbol, SyntaxError, TypeError, Uint8Array, WeakMap, WeakSet, ArrayBuffer, DataView,
  decodeURIComponent, encodeURIComponent, isFinite, isNaN, parseInt, parseFloat } = realGlobal;
const RealPromise = realGlobal.Promise;
const JSON = Object.freeze({ parse: realGlobal.JSON.parse, stringify: realGlobal.JSON.stringify });
const Reflect = Object.freeze({ apply: realGlobal.Reflect.apply, construct: realGlobal.Reflect.construct,
  get: realGlobal.Reflect.get, ownKeys: realGlobal.Reflect.ownKeys });
const Math = Object.freeze(Object.fromEntries(Object.getOwnPropertyNames(realGlobal.Math)
  .map((name) => [name, realGlobal.Math[name]])));
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

const tagOf = Function.prototype.call.bind(Object.prototype.toString);

// Not locked, because programs assign these names on objects that inherit them.
const UNLOCKED = new Set(["constructor", "toString", "toLocaleString", "valueOf", "name", "message"]);

// Objects that inherit from `object` may have members of their own by the same names, as they may from what is not locked.
function overridable(object, key, value) {
  return { __proto__: null, enumerable: false, configurable: false, get: () => value, set(other) {
    if (this === object) throw new TypeError(`${String(key)} is read-only`);
    Object.defineProperty(this, key, { __proto__: null, value: other, writable: true, enumerable: true, configurable: true });
  } };
}

function lockForHeirs(object) {
  for (const key of Reflect.ownKeys(object)) {
    const { value, configurable } = Object.getOwnPropertyDescriptor(object, key);
    if (!UNLOCKED.has(key) && configurable && typeof value === "function") {
      Object.defineProperty(object, key, overridable(object, key, value));
    }
  }
}

function lock(object) {
  for (const key of Reflect.ownKeys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (UNLOCKED.has(key) || !property.configurable) continue;
    property.configurable = false;
    if ("value" in property) property.writable = false;
    Object.defineProperty(object, key, property);
  }
}

function lockIntrinsics() {
  for (const type of [Array, String, Number, BigInt, Map, Set, WeakMap, WeakSet, RegExp, RealPromise, Symbol,
    ArrayBuffer, DataView]) {
    lock(type);
    lock(type.prototype);
  }
  for (const type of [Uint8Array, Object.getPrototypeOf(Uint8Array)]) {
    lockForHeirs(type); // libraries derive buffers from them
    lockForHeirs(type.prototype);
  }
  lock(RealDate.prototype);
  lock(Object);
  const samples = [[][Symbol.iterator](), new Map().entries(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/./g)];
  samples.forEach((iterator) => lock(Object.getPrototypeOf(iterator)));
  // Call sites give functions away, those of the sandbox too.
  Object.defineProperty(Error, "prepareStackTrace",
    { value: undefined, writable: false, enumerable: false, configurable: false });
}
