// The expectations behind pm.expect: a BDD chain in the manner of chai, with the words that Postman's users know.
// A word that is not known here throws, so that a slip of the pen cannot pass for a check.
"use strict";

class AssertionError extends Error {
  get name() { return "AssertionError"; }
}

// ---- showing values in messages ----

const SHOWN_LENGTH = 400;

function show(value) {
  const text = showAt(value, 0);
  return text.length > SHOWN_LENGTH ? text.slice(0, SHOWN_LENGTH) + "…" : text;
}

function showAt(value, depth) {
  if (typeof value === "string") return depth === 0 || !value.includes("'") ? `'${value}'` : JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function${value.name ? ": " + value.name : ""}]`;
  if (value === null || typeof value !== "object") return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Date) return isNaN(value) ? "Invalid Date" : value.toISOString();
  if (depth > 4) return Array.isArray(value) ? "[…]" : "{…}";
  if (value instanceof Map) return `Map ${showAt([...value], depth + 1)}`;
  if (value instanceof Set) return `Set ${showAt([...value], depth + 1)}`;
  if (Array.isArray(value)) return value.length ? `[ ${value.map((v) => showAt(v, depth + 1)).join(", ")} ]` : "[]";
  const keys = Object.keys(value);
  if (!keys.length) return "{}";
  const key = (k) => (/^[A-Za-z_$][\w$]*$/.test(k) ? k : `'${k}'`);
  return `{ ${keys.map((k) => `${key(k)}: ${showAt(value[k], depth + 1)}`).join(", ")} }`;
}

// ---- comparing values ----

function typeName(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const tag = tagOf(value).slice(8, -1);
  return tag.toLowerCase();
}

function deepEqual(a, b, pairs = []) {
  if (Object.is(a, b)) return true;
  if (typeof a === "number" && typeof b === "number") return a === b && !(a === 0 && 1 / a !== 1 / b);
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (typeName(a) !== typeName(b)) return false;
  if (a instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof Error) return a === b;
  if (pairs.some(([x, y]) => x === a && y === b)) return true;
  const inside = [...pairs, [a, b]];
  if (a instanceof Map || a instanceof Set) {
    const left = [...a], right = [...b];
    return left.length === right.length && left.every((x) => right.some((y) => deepEqual(x, y, inside)));
  }
  if (Array.isArray(a)) return a.length === b.length && a.every((v, i) => deepEqual(v, b[i], inside));
  const keys = Object.keys(a), others = Object.keys(b);
  return keys.length === others.length &&
    keys.every((k) => Object.hasOwn(b, k) && deepEqual(a[k], b[k], inside));
}

// "a.b[0].c" as ["a", "b", "0", "c"]; a backslash keeps a dot or bracket in a name.
function pathParts(path) {
  const parts = [];
  const finder = /\[(\d+)\]|((?:\\[.[\]\\]|[^.[\]\\])+)/g;
  for (const [, index, name] of String(path).matchAll(finder)) parts.push(index ?? name.replace(/\\(.)/g, "$1"));
  return parts;
}

function nestedValue(object, path) {
  let value = object;
  for (const part of pathParts(path)) {
    if (value === null || value === undefined || !(part in Object(value))) return { found: false, value: undefined };
    value = value[part];
  }
  return { found: true, value };
}

// ---- the chain ----

const FILLERS = new Set(["to", "be", "been", "is", "that", "which", "and", "has", "have", "with", "at", "of", "same",
  "but", "does", "still", "also"]);
const FLAGS = new Set(["not", "deep", "nested", "own", "ordered", "any", "all"]);

class Chain {
  constructor(subject, message) {
    this.subject = subject;
    this.message = message;
    this.flags = {};
  }

  // `text` and `negated` end the sentence "expected <subject> …".
  check(holds, text, negated = text.replace(/^to /, "to not ")) {
    if (Boolean(holds) !== Boolean(this.flags.not)) return;
    this.fail(`expected ${show(this.subject)} ${this.flags.not ? negated : text}`);
  }

  // For sentences of their own, such as those about responses.
  state(holds, text, negated) {
    if (Boolean(holds) !== Boolean(this.flags.not)) return;
    this.fail(this.flags.not ? negated : text);
  }

  fail(text) {
    throw new AssertionError(this.message ? `${this.message}: ${text}` : text);
  }

  equalTo(a, b) {
    return this.flags.deep ? deepEqual(a, b) : a === b;
  }

  number(limit, word) {
    const subject = this.flags.lengthOf ? sizeOf(this) : this.subject;
    if (!isOrdered(subject)) this.fail(`expected ${show(this.subject)} to be a number or a date`);
    if (!isOrdered(limit)) throw new TypeError(`the argument of ${word} must be a number or a date`);
    return subject;
  }
}

function isOrdered(value) {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Date;
}

function sizeOf(chain) {
  const { subject } = chain;
  if (subject instanceof Map || subject instanceof Set) return subject.size;
  if (subject === null || subject === undefined || typeof subject.length !== "number") {
    chain.fail(`expected ${show(subject)} to have a length`);
  }
  return subject.length;
}

// Words that check by being read.
const PROPERTIES = {
  ok: (c) => c.check(c.subject, "to be truthy", "to be falsy"),
  true: (c) => c.check(c.subject === true, "to be true"),
  false: (c) => c.check(c.subject === false, "to be false"),
  null: (c) => c.check(c.subject === null, "to be null"),
  undefined: (c) => c.check(c.subject === undefined, "to be undefined"),
  NaN: (c) => c.check(Number.isNaN(c.subject), "to be NaN"),
  finite: (c) => c.check(Number.isFinite(c.subject), "to be a finite number"),
  exist: (c) => c.check(c.subject !== null && c.subject !== undefined, "to exist"),
  exists: (c) => PROPERTIES.exist(c),
  empty: (c) => {
    const { subject } = c;
    const sized = typeof subject === "string" || Array.isArray(subject) || subject instanceof Map ||
      subject instanceof Set;
    if (!sized && (subject === null || typeof subject !== "object")) {
      c.fail(`expected ${show(subject)} to be a string, array, map, set or object`);
    }
    c.check((sized ? sizeOf(c) : Object.keys(subject).length) === 0, "to be empty");
  },
};

// Words that check by being called.
const METHODS = {
  a: (c, type) => {
    const article = /^[aeiou]/.test(type) ? "an" : "a";
    const wanted = String(type).toLowerCase();
    c.check(typeName(c.subject) === wanted, `to be ${article} ${wanted}`);
  },
  equal: (c, value) => {
    if (c.flags.deep) return METHODS.eql(c, value);
    return c.check(c.subject === value, `to equal ${show(value)}`);
  },
  eql: (c, value) => c.check(deepEqual(c.subject, value), `to deeply equal ${show(value)}`),
  above: (c, n) => c.check(c.number(n, "above") > n, `to be above ${show(n)}`, `to be at most ${show(n)}`),
  least: (c, n) => c.check(c.number(n, "least") >= n, `to be at least ${show(n)}`, `to be below ${show(n)}`),
  below: (c, n) => c.check(c.number(n, "below") < n, `to be below ${show(n)}`, `to be at least ${show(n)}`),
  most: (c, n) => c.check(c.number(n, "most") <= n, `to be at most ${show(n)}`, `to be above ${show(n)}`),
  within: (c, low, high) => {
    const subject = c.number(low, "within");
    c.check(subject >= low && subject <= high, `to be within ${show(low)}..${show(high)}`);
  },
  closeTo: (c, value, delta) =>
    c.check(Math.abs(c.number(value, "closeTo") - value) <= delta, `to be close to ${value} +/- ${delta}`),
  instanceof: (c, type) => c.check(c.subject instanceof type, `to be an instance of ${type.name || "the type"}`),
  include: (c, value) => include(c, value),
  property: (c, ...args) => property(c, ...args),
  lengthOf: (c, n) => {
    const size = sizeOf(c);
    c.check(size === n, `to have a length of ${show(n)} but got ${size}`, `to not have a length of ${show(n)}`);
  },
  match: (c, pattern) => c.check(pattern.test(String(c.subject)), `to match ${pattern}`),
  string: (c, part) => {
    if (typeof c.subject !== "string") c.fail(`expected ${show(c.subject)} to be a string`);
    c.check(c.subject.includes(part), `to contain ${show(part)}`);
  },
  keys: (c, ...args) => keys(c, args.flat()),
  members: (c, wanted) => members(c, wanted),
  oneOf: (c, list) => {
    if (!Array.isArray(list)) throw new TypeError("the argument of oneOf must be an array");
    const any = c.flags.contains
      ? list.some((one) => c.subject.includes(one))
      : list.some((one) => c.equalTo(c.subject, one));
    c.check(any, `to be one of ${show(list)}`);
  },
  satisfy: (c, test) => c.check(test(c.subject), `to satisfy ${test.name || "the given function"}`),
  throw: (c, ...args) => throws(c, ...args),
  respondTo: (c, name) => c.check(typeof c.subject?.[name] === "function", `to respond to ${show(name)}`),
  jsonSchema: (c, schema) => holdsAgainst(c, schema, c.subject),
};

const ALIASES = {
  an: "a", equals: "equal", eq: "equal", eqls: "eql", gt: "above", greaterThan: "above", gte: "least",
  greaterThanOrEqual: "least", lt: "below", lessThan: "below", lte: "most", lessThanOrEqual: "most",
  approximately: "closeTo", instanceOf: "instanceof", includes: "include", contain: "include", contains: "include",
  length: "lengthOf", matches: "match", key: "keys", throws: "throw", Throw: "throw", satisfies: "satisfy",
  haveOwnProperty: "ownProperty", respondsTo: "respondTo",
};

// Words that may be called or may go on: "include.keys", "length.above".
const CHAINABLE = { a: () => {}, include: (c) => { c.flags.contains = true; },
  lengthOf: (c) => { c.flags.lengthOf = true; } };

METHODS.ownProperty = (c, ...args) => {
  c.flags.own = true;
  property(c, ...args);
};

function holdsAgainst(c, schema, value) {
  if (!isObject(schema)) c.fail(`expected ${show(schema)} to be an object`);
  const { valid, message } = schemaVerdict(schema, value);
  c.state(valid, `expected data to satisfy schema but found following errors: \n${message}`,
    "expected data to not satisfy schema");
}

function include(c, value) {
  const { subject } = c;
  const text = `to ${c.flags.deep ? "deeply " : ""}include ${show(value)}`;
  if (typeof subject === "string") return c.check(subject.includes(value), text);
  if (Array.isArray(subject) || subject instanceof Set) {
    return c.check([...subject].some((one) => c.equalTo(one, value)), text);
  }
  if (subject instanceof Map) return c.check([...subject.values()].some((one) => c.equalTo(one, value)), text);
  if (subject === null || typeof subject !== "object") {
    c.fail(`expected ${show(subject)} to be a string, array, map, set or object`);
  }
  if (value === null || typeof value !== "object") {
    throw new TypeError("what an object is to include must be an object");
  }
  const holds = Object.keys(value).every((key) => {
    const { found, value: inner } = c.flags.nested
      ? nestedValue(subject, key)
      : { found: key in subject, value: subject[key] };
    return found && c.equalTo(inner, value[key]);
  });
  return c.check(holds, text);
}

function property(c, ...args) {
  const [name] = args;
  const { subject } = c;
  if (subject === null || subject === undefined) c.fail(`expected ${show(subject)} to have property ${show(name)}`);
  let found, value;
  if (c.flags.nested) ({ found, value } = nestedValue(subject, name));
  else {
    found = c.flags.own ? Object.hasOwn(Object(subject), name) : name in Object(subject);
    value = subject[name];
  }
  const kind = `${c.flags.nested ? "nested " : ""}${c.flags.own ? "own " : ""}property ${show(name)}`;
  if (args.length < 2) c.check(found, `to have ${kind}`);
  else {
    const equal = found && c.equalTo(value, args[1]);
    const got = found ? `, but got ${show(value)}` : "";
    c.check(equal, `to have ${kind} of ${show(args[1])}${got}`, `to not have ${kind} of ${show(args[1])}`);
  }
  if (!c.flags.not) {
    c.subject = value;
    c.flags = { deep: c.flags.deep };
  }
}

function keys(c, wanted) {
  const { subject } = c;
  if (subject === null || typeof subject !== "object") c.fail(`expected ${show(subject)} to be an object`);
  if (wanted.length === 1 && wanted[0] !== null && typeof wanted[0] === "object") wanted = Object.keys(wanted[0]);
  if (!wanted.length) throw new TypeError("keys needs at least one key");
  const present = subject instanceof Map || subject instanceof Set ? [...subject.keys()] : Object.keys(subject);
  const has = (key) => present.some((one) => one === key || String(one) === String(key));
  const listed = show(wanted);
  if (c.flags.any) return c.check(wanted.some(has), `to have any of the keys ${listed}`);
  const holds = wanted.every(has) && (c.flags.contains || present.length === wanted.length);
  return c.check(holds, `to ${c.flags.contains ? "contain" : "have"} the keys ${listed}`);
}

function members(c, wanted) {
  const { subject, flags } = c;
  if (!Array.isArray(subject)) c.fail(`expected ${show(subject)} to be an array`);
  if (!Array.isArray(wanted)) throw new TypeError("the argument of members must be an array");
  const equal = (a, b) => c.equalTo(a, b);
  const text = `to ${flags.contains ? "include" : "have"} the ${flags.ordered ? "ordered " : ""}members ${show(wanted)}`;
  if (!flags.contains && subject.length !== wanted.length) return c.check(false, text);
  if (flags.ordered) return c.check(wanted.every((one, i) => equal(one, subject[i])), text);
  const left = [...subject];
  const holds = wanted.every((one) => {
    const place = left.findIndex((other) => equal(other, one));
    if (place >= 0 && !flags.contains) left.splice(place, 1);
    return place >= 0;
  });
  return c.check(holds, text);
}

function throws(c, type, pattern) {
  if (typeof c.subject !== "function") c.fail(`expected ${show(c.subject)} to be a function`);
  if (typeof type === "string" || type instanceof RegExp) [type, pattern] = [undefined, type];
  let thrown = false, error;
  try { c.subject(); } catch (caught) { thrown = true; error = caught; }
  const message = String(error?.message ?? error);
  const fits = pattern === undefined ? true
    : pattern instanceof RegExp ? pattern.test(message) : message.includes(pattern);
  const typed = type === undefined ? true : typeof type === "function" ? error instanceof type : error === type;
  const what = [type && (type.name || show(type)), pattern !== undefined && show(pattern)].filter(Boolean).join(" ");
  const text = `to throw ${what || "an error"}${thrown ? `, but it threw ${show(error)}` : ""}`;
  c.check(thrown && fits && typed, text, `to not throw ${what || "an error"}`);
  if (thrown && !c.flags.not) c.subject = error;
}

// Each kind of subject may know words of its own: a function of the subject gives them, or null.
const vocabularies = [];

function vocabularyOf(subject, word) {
  for (const vocabulary of vocabularies) {
    const words = vocabulary(subject);
    if (words && Object.hasOwn(words, word)) return words[word];
  }
  return null;
}

function wrap(chain) {
  const proxy = new Proxy({}, {
    get: (_, word) => read(chain, proxy, word),
    set: () => { throw new TypeError("an expectation cannot be assigned to; call it"); },
  });
  return proxy;
}

function read(chain, proxy, word) {
  if (typeof word === "symbol" || word === "then" || word === "toJSON") return undefined;
  if (FILLERS.has(word)) return proxy;
  if (FLAGS.has(word)) {
    chain.flags[word] = true;
    return proxy;
  }
  const special = vocabularyOf(chain.subject, word);
  if (special?.property) {
    special.property(chain);
    return proxy;
  }
  const name = ALIASES[word] ?? word;
  if (!special && Object.hasOwn(PROPERTIES, name)) {
    PROPERTIES[name](chain);
    return proxy;
  }
  const method = special?.method ?? (Object.hasOwn(METHODS, name) ? METHODS[name] : null);
  if (!method) throw new TypeError(`pm.expect knows no word "${word}"; look for a slip in its spelling`);
  const call = (...args) => {
    method(chain, ...args);
    return proxy;
  };
  const goOn = special ? null : CHAINABLE[name];
  if (!goOn) return call;
  return new Proxy(call, {
    get: (_, next) => {
      if (typeof next === "symbol") return undefined;
      goOn(chain);
      return read(chain, proxy, next);
    },
  });
}

function expect(subject, message) {
  return wrap(new Chain(subject, message));
}
expect.fail = (...args) => {
  throw new AssertionError(args.length >= 3 ? args[2] : args.length === 1 ? args[0] : "expect.fail()");
};
