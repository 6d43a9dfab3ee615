// The words of pm.expect, with chai's meaning and messages. `read` checks by being read; `call` by being called with `takes`
// arguments, after which words for the message may come; `goOn` is what reading a word does that may be called too.

function reads(read) { return { read }; }
function calls(takes, call, goOn = null) { return { takes, call, goOn }; }
function state(test, words, negated, ...expected) {
  return reads((c) => c.check(test(c.subject), `expected #{this} ${words}`, `expected #{this} ${negated}`, ...expected));
}

function instanceText(type) { return (typeof type === "function" && type.name) || "an unnamed constructor"; }

function a(c, type) {
  const wanted = String(type).toLowerCase();
  const article = /^[aeiou]/.test(wanted) ? "an" : "a";
  const isFunction = wanted === "function" && typeof c.subject === "function";
  c.check(isFunction || typeName(c.subject) === wanted, `expected #{this} to be ${article} ${wanted}`,
    `expected #{this} not to be ${article} ${wanted}`);
}

function needsType(c, value, type) { a(c.about(value), type); }

function empty(c) {
  const { subject } = c;
  const type = typeName(subject);
  let size;
  if (type === "string" || type === "array") size = subject.length;
  else if (type === "map" || type === "set") size = subject.size;
  else if (type === "weakmap" || type === "weakset") c.fail(".empty was passed a weak collection");
  else if (typeof subject === "function") c.fail(`.empty was passed a function ${subject.name}`.trim());
  else if (Object(subject) !== subject) c.fail(`.empty was passed non-string primitive ${inspected(subject)}`);
  else size = Object.keys(subject).length;
  c.check(size === 0, "expected #{this} to be empty", "expected #{this} not to be empty");
}

function equal(c, value) {
  if (c.flags.deep) eql(c, value);
  else c.check(c.subject === value, "expected #{this} to equal #{exp}", "expected #{this} to not equal #{exp}", value);
}

function eql(c, value) {
  c.check(deepEqual(c.subject, value), "expected #{this} to deeply equal #{exp}",
    "expected #{this} to not deeply equal #{exp}", value);
}

// ---- order ----

function sized(c) {
  const type = typeName(c.subject);
  if (type === "map" || type === "set") return { size: c.subject.size, word: "size" };
  property(c.about(c.subject), "length");
  return { size: c.subject.length, word: "length" };
}

function comparable(c, name, limits) {
  const { subject } = c;
  const isDate = typeName(subject) === "date" && !c.flags.length;
  const [one, dates, numbers] = limits.length > 1 ? ["arguments", "must be dates", "must be numbers"]
    : ["argument", "must be a date", "must be a number"];
  if (isDate && limits.some((limit) => typeName(limit) !== "date")) c.fail(`the ${one} to ${name} ${dates}`);
  if ((c.flags.length || typeName(subject) === "number") && limits.some((limit) => typeName(limit) !== "number")) {
    c.fail(`the ${one} to ${name} ${numbers}`);
  }
  if (!isDate && !c.flags.length && typeName(subject) !== "number") {
    c.fail(`expected ${typeof subject === "string" ? `'${subject}'` : textOfAny(subject)} to be a number or a date`);
  }
}

function textOfAny(value) {
  try {
    return String(value);
  } catch {
    return show(value);
  }
}

function ordering(name, words, negated, sizeNegated, test) {
  return calls(1, (c, limit) => {
    const counted = c.flags.length ? sized(c) : null;
    comparable(c, name, [limit]);
    if (!counted) {
      c.check(test(c.subject, limit), `expected #{this} to be ${words} #{exp}`, `expected #{this} to be ${negated} #{exp}`, limit);
    } else {
      c.check(test(counted.size, limit), `expected #{this} to have a ${counted.word} ${words} #{exp} but got #{act}`,
        `expected #{this} to ${sizeNegated.replace("*", `have a ${counted.word}`)} #{exp}`, limit, counted.size);
    }
  });
}

function within(c, low, high) {
  const counted = c.flags.length ? sized(c) : null;
  comparable(c, "within", [low, high]);
  const range = typeName(low) === "date" ? `${low.toISOString()}..${high.toISOString()}` : `${low}..${high}`;
  const value = counted ? counted.size : c.subject;
  const words = counted ? `have a ${counted.word} within` : "be within";
  c.check(value >= low && value <= high, `expected #{this} to ${words} ${range}`, `expected #{this} to not ${words} ${range}`);
}

function lengthOf(c, wanted) {
  const { size, word } = sized(c);
  c.check(size === wanted, `expected #{this} to have a ${word} of #{exp} but got #{act}`,
    `expected #{this} to not have a ${word} of #{act}`, wanted, size);
}

function closeTo(c, value, delta) {
  needsType(c, c.subject, "number");
  if (typeof value !== "number" || typeof delta !== "number") {
    c.fail(`the arguments to closeTo or approximately must be numbers${delta === undefined ? ", and a delta is required" : ""}`);
  }
  c.check(Math.abs(c.subject - value) <= delta, `expected #{this} to be close to ${value} +/- ${delta}`,
    `expected #{this} not to be close to ${value} +/- ${delta}`);
}

// ---- what is in it ----

function include(c, value) {
  const { subject, flags } = c;
  const type = typeName(subject);
  const kind = flags.deep ? "deep " : "";
  const found = (list) => list.some((one) => c.equalTo(one, value));
  let holds;
  if (type === "string") holds = subject.indexOf(value) >= 0;
  else if (type === "weakset") {
    if (flags.deep) c.fail("unable to use .deep.include with WeakSet");
    holds = subject.has(value);
  } else if (type === "map" || type === "set") holds = found([...subject.values()]) || (type === "set" && subject.has(value));
  else if (type === "array") holds = found(subject) || (!flags.deep && subject.includes(value) && value === value);
  else return includeMembers(c, value, type);
  return c.check(holds, `expected #{this} to ${kind}include ${inspected(value)}`,
    `expected #{this} to not ${kind}include ${inspected(value)}`, value);
}

// An object includes another one when it has each of its members.
function includeMembers(c, value, type) {
  if (value !== Object(value)) {
    const given = typeName(value);
    c.fail(`the given combination of arguments (${type} and ${given}) is invalid for this assertion. ` +
      `You can use an array, a map, an object, a set, a string, or a weakset instead of a ${given}`);
  }
  const errors = [];
  const keys = Object.keys(value);
  for (const key of keys) {
    try {
      property(c.about(c.subject, { ...c.flags, contains: false }), key, value[key]);
    } catch (error) {
      // Negated, one member that differs is enough.
      if (!(error instanceof AssertionError) || !c.flags.not || keys.length === 1) throw error;
      errors.push(error);
    }
  }
  if (c.flags.not && keys.length > 1 && errors.length === keys.length) throw errors[0];
}

function property(c, name, ...wanted) {
  const { subject, flags } = c;
  if (flags.nested ? typeof name !== "string" : !["string", "number", "symbol"].includes(typeof name)) {
    c.fail(flags.nested ? "the argument to property must be a string when using nested syntax"
      : "the argument to property must be a string, number, or symbol");
  }
  if (flags.nested && flags.own) c.fail('The "nested" and "own" flags cannot be combined.');
  if (subject === null || subject === undefined) c.fail("Target cannot be null or undefined.");
  const kind = `${flags.deep ? "deep " : ""}${flags.own ? "own " : ""}${flags.nested ? "nested " : ""}property ${inspected(name)}`;
  const nested = flags.nested ? nestedValue(subject, name) : null;
  const found = nested ? nested.found : flags.own ? Object.hasOwn(Object(subject), name) : name in Object(subject);
  const value = nested ? nested.value : subject[name];
  if (!flags.not || !wanted.length) c.check(found, `expected #{this} to have ${kind}`, `expected #{this} to not have ${kind}`);
  if (wanted.length) {
    c.check(found && c.equalTo(wanted[0], value), `expected #{this} to have ${kind} of #{exp}, but got #{act}`,
      `expected #{this} to not have ${kind} of #{act}`, wanted[0], value);
  }
  c.subject = value;
}

function ownPropertyDescriptor(c, name, ...wanted) {
  const found = Object.getOwnPropertyDescriptor(Object(c.subject), name);
  const kind = `own property descriptor for ${inspected(name)}`;
  if (found && wanted.length) {
    c.check(deepEqual(wanted[0], found), `expected the ${kind} on #{this} to match ${inspected(wanted[0])}, got ${inspected(found)}`,
      `expected the ${kind} on #{this} to not match ${inspected(wanted[0])}`, wanted[0], found);
  } else c.check(found, `expected #{this} to have an ${kind}`, `expected #{this} to not have an ${kind}`);
  c.subject = found;
}

const byText = (x, y) => (inspected(x) < inspected(y) ? -1 : 1);

function keys(c, ...given) {
  const { subject, flags } = c;
  const isMapOrSet = ["map", "set"].includes(typeName(subject));
  const wanted = wantedKeys(c, given, isMapOrSet);
  const actual = isMapOrSet ? [...subject.keys()] : ownKeys(Object(subject));
  if (!wanted.length) c.fail("keys required");
  const same = (x, y) => (flags.deep ? deepEqual(x, y) : x === y || (!isMapOrSet && String(x) === String(y)));
  const has = (key) => actual.some((one) => same(one, key));
  const holds = flags.any ? wanted.some(has)
    : wanted.every(has) && (flags.contains || wanted.length === actual.length);
  if (holds !== Boolean(flags.not)) return; // words are made for failures alone: they cost more than all before
  const names = wanted.map((key) => inspected(key));
  const last = names.pop();
  const text = names.length ? `keys ${names.join(", ")}, ${flags.any ? "or" : "and"} ${last}` : `key ${last}`;
  const words = `${flags.deep ? "deeply " : ""}${flags.contains ? "contain" : "have"} ${text}`;
  c.check(holds, `expected #{this} to ${words}`, `expected #{this} to not ${words}`, [...wanted].sort(byText),
    [...actual].sort(byText));
}

function wantedKeys(c, given, isMapOrSet) {
  const [first] = given;
  const type = typeName(first);
  if (isMapOrSet) return type === "array" ? [...first] : given;
  if (type === "array" || type === "object") {
    if (given.length > 1) {
      c.fail("when testing keys against an object or an array you must give a single Array|Object|String argument or multiple " +
        "String arguments");
    }
    return type === "array" ? [...first] : Object.keys(first);
  }
  return given.map((key) => (typeof key === "symbol" ? key : String(key)));
}

function members(c, given) {
  const { flags } = c;
  needsType(c, c.subject, "array");
  needsType(c, given, "array");
  const kind = flags.ordered ? (flags.contains ? "an ordered superset" : "ordered members")
    : flags.contains ? "a superset" : "members";
  const [words, link] = flags.contains ? ["be", "of"] : ["have the same", "as"];
  c.check(holdsMembers(c, c.subject, given), `expected #{this} to ${words} ${kind} ${link} #{exp}`,
    `expected #{this} to not ${words} ${kind} ${link} #{exp}`, given);
}

function holdsMembers(c, actual, wanted) {
  const { flags } = c;
  if (!flags.contains && actual.length !== wanted.length) return false;
  if (flags.ordered) return wanted.every((one, index) => c.equalTo(one, actual[index]));
  const left = [...actual];
  return wanted.every((one) => {
    const place = left.findIndex((other) => c.equalTo(one, other));
    // Where others may be there too, one is found as often as it is asked for.
    if (place >= 0 && !flags.contains) left.splice(place, 1);
    return place >= 0;
  });
}

function isOneOf(c, list) {
  needsType(c, list, "array");
  const has = (one) => list.some((other) => c.equalTo(one, other));
  if (c.flags.contains) {
    c.check(list.some((one) => c.subject.indexOf(one) >= 0),
      "expected #{this} to contain one of #{exp}", "expected #{this} to not contain one of #{exp}", list);
  } else c.check(has(c.subject), "expected #{this} to be one of #{exp}", "expected #{this} to not be one of #{exp}", list);
}

// ---- texts, types, functions ----

function match(c, pattern) {
  c.check(pattern.exec(c.subject), `expected #{this} to match ${pattern}`, `expected #{this} not to match ${pattern}`, pattern);
}

function string(c, part) {
  needsType(c, c.subject, "string");
  c.check(c.subject.indexOf(part) >= 0, `expected #{this} to contain ${inspected(part)}`,
    `expected #{this} to not contain ${inspected(part)}`);
}

function instanceOf(c, type) {
  let holds;
  try {
    holds = c.subject instanceof type;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    c.fail(`The instanceof assertion needs a constructor but ${typeName(type)} was given.`);
  }
  const name = instanceText(type);
  c.check(holds, `expected #{this} to be an instance of ${name}`, `expected #{this} to not be an instance of ${name}`);
}

function respondTo(c, name) {
  const holder = typeof c.subject === "function" && !c.flags.itself ? c.subject.prototype : c.subject;
  c.check(typeof holder?.[name] === "function", `expected #{this} to respond to ${inspected(name)}`,
    `expected #{this} to not respond to ${inspected(name)}`);
}

function satisfy(c, test) {
  const holds = test(c.subject);
  c.check(holds, `expected #{this} to satisfy ${displayed(test)}`, `expected #{this} to not satisfy ${displayed(test)}`,
    !c.flags.not, holds);
}

function thrownText(error) {
  if (error instanceof Error) return `${error.name}: ${error.message}`.replace(/: $/, "");
  if (typeof error === "string") return error;
  return error && (typeof error === "function" ? error.name : error.constructor?.name);
}

function throws(c, type, pattern) {
  const { subject, flags } = c;
  needsType(c, subject, "function");
  if (typeof type === "string" || type instanceof RegExp) [type, pattern] = [undefined, type];
  let thrown = false, error;
  try {
    subject();
  } catch (caught) {
    thrown = true;
    error = caught;
  }
  const isPlain = type === undefined && pattern === undefined;
  const isWhole = type !== undefined && pattern !== undefined;
  if (isPlain || !flags.not) {
    const what = type instanceof Error ? "#{exp}" : type ? instanceText(type) : "an error";
    c.check(thrown, `expected #{this} to throw ${what}`, "expected #{this} to not throw an error but #{act} was thrown",
      thrownText(type), thrownText(error));
  }
  if (thrown && type !== undefined) checkThrown(c, type, error, isWhole, pattern);
  if (thrown && pattern !== undefined && !(isWhole && flags.not)) checkThrownMessage(c, pattern, error);
  c.subject = error;
}

function fitsMessage(pattern, error) {
  const message = String(typeof error === "string" ? error : error?.message ?? "");
  return pattern instanceof RegExp ? pattern.test(message) : message.includes(pattern);
}

function checkThrown(c, type, error, isWhole, pattern) {
  const fits = type instanceof Error ? error === type : error instanceof type;
  // With a message too, only both together are what must not be thrown.
  const holds = isWhole && c.flags.not ? fits && fitsMessage(pattern, error) : fits;
  c.check(holds, "expected #{this} to throw #{exp} but #{act} was thrown",
    `expected #{this} to not throw #{exp}${type instanceof Error ? "" : " but #{act} was thrown"}`, thrownText(type),
    thrownText(error));
}

function checkThrownMessage(c, pattern, error) {
  const word = pattern instanceof RegExp ? "matching" : "including";
  const message = typeof error === "string" ? error : error?.message ?? "";
  c.check(fitsMessage(pattern, error), `expected #{this} to throw error ${word} #{exp} but got #{act}`,
    `expected #{this} to throw error not ${word} #{exp}`, pattern, message);
}

// ---- what a function changes ----

function changing(name, by, holds) {
  return calls(2, (c, holder, key) => {
    needsType(c, c.subject, "function");
    if (key === undefined || key === null) needsType(c, holder, "function");
    else property(c.about(holder), key);
    const look = () => (key === undefined || key === null ? holder() : holder[key]);
    const before = look();
    if (name !== "change") needsType(c, before, "number");
    c.subject();
    const after = look();
    const what = key === undefined || key === null ? before : `.${key}`;
    c.delta = { what, name, amount: by(before, after) };
    c.check(holds(before, after), `expected ${what} to ${name}`, `expected ${what} to not ${name}`);
  });
}

function by(c, delta) {
  const { what, name, amount } = c.delta ?? c.fail("by stands after change, increase or decrease");
  const holds = name === "change" ? Math.abs(amount) === Math.abs(delta) : amount === Math.abs(delta);
  c.check(holds, `expected ${what} to ${name} by ${delta}`, `expected ${what} to not ${name} by ${delta}`);
}

function holdsAgainst(c, schema, value, options) {
  needsType(c, schema, "object");
  const { valid, message } = schemaVerdict(schema, value, options);
  if (!Object.keys(schema).length) unasserted.set(c, new Error());
  c.check(valid, `expected data to satisfy schema but found following errors: \n${message.replaceAll("#{", "# {")}`,
    "expected data to not satisfy schema");
}

const lockedWord = (test, name) => state((v) => v !== Object(v) || test(v), `to be ${name}`, `to not be ${name}`);

const WORDS = {
  a: calls(1, a, () => {}),
  include: calls(1, include, (c) => { c.flags.contains = true; }),
  ok: state((v) => v, "to be truthy", "to be falsy"),
  true: state((v) => v === true, "to be true", "to be false", true),
  false: state((v) => v === false, "to be false", "to be true", false),
  null: state((v) => v === null, "to be null", "not to be null"),
  undefined: state((v) => v === undefined, "to be undefined", "not to be undefined"),
  NaN: state((v) => Number.isNaN(v), "to be NaN", "not to be NaN"),
  exist: state((v) => v !== null && v !== undefined, "to exist", "to not exist"),
  empty: reads(empty),
  arguments: reads((c) => c.check(typeName(c.subject) === "arguments",
    `expected #{this} to be arguments but got ${tagOf(c.subject).slice(8, -1)}`,
    "expected #{this} to not be arguments")),
  equal: calls(1, equal),
  eql: calls(1, eql),
  above: ordering("above", "above", "at most", "not * above", (x, y) => x > y),
  least: ordering("least", "at least", "below", "* below", (x, y) => x >= y),
  below: ordering("below", "below", "at least", "not * below", (x, y) => x < y),
  most: ordering("most", "at most", "above", "* above", (x, y) => x <= y),
  within: calls(2, within),
  instanceof: calls(1, instanceOf),
  property: calls(2, property),
  ownProperty: calls(2, (c, ...args) => {
    c.flags.own = true;
    property(c, ...args);
  }),
  ownPropertyDescriptor: calls(2, ownPropertyDescriptor),
  lengthOf: calls(1, lengthOf, (c) => { c.flags.length = true; }),
  match: calls(1, match),
  string: calls(1, string),
  keys: calls(Infinity, keys),
  throw: calls(2, throws),
  respondTo: calls(1, respondTo),
  satisfy: calls(1, satisfy),
  closeTo: calls(2, closeTo),
  members: calls(1, members),
  oneOf: calls(1, isOneOf),
  change: changing("change", (x, y) => y - x, (x, y) => x !== y),
  increase: changing("increase", (x, y) => y - x, (x, y) => y > x),
  decrease: changing("decrease", (x, y) => x - y, (x, y) => y < x),
  by: calls(1, by),
  extensible: state((v) => v === Object(v) && Object.isExtensible(v), "to be extensible", "to not be extensible"),
  sealed: lockedWord(Object.isSealed, "sealed"),
  frozen: lockedWord(Object.isFrozen, "frozen"),
  finite: state((v) => Number.isFinite(v), "to be a finite number", "to not be a finite number"),
};

const ALIASES = {
  an: "a", contain: "include", contains: "include", includes: "include", exists: "exist", Arguments: "arguments",
  equals: "equal", eq: "equal", eqls: "eql", gt: "above", greaterThan: "above", gte: "least", greaterThanOrEqual: "least",
  lt: "below", lessThan: "below", lte: "most", lessThanOrEqual: "most", instanceOf: "instanceof",
  haveOwnProperty: "ownProperty", haveOwnPropertyDescriptor: "ownPropertyDescriptor", length: "lengthOf", matches: "match",
  key: "keys", throws: "throw", Throw: "throw", respondsTo: "respondTo", satisfies: "satisfy", approximately: "closeTo",
  changes: "change", increases: "increase", decreases: "decrease",
};
