// JSON Schema, applied: a value against a schema made ready. Messages are worded as Postman's users know them.

const MAX_SCHEMA_ERRORS = 100;

// A place in the value; its text is made only when there is something to say.
class Place {
  constructor(parent, key, isNamed = false) { Object.assign(this, { parent, key, isNamed }); }
  toString() {
    if (!this.parent) return this.key;
    const at = String(this.parent);
    if (typeof this.key === "number") return `${at}[${this.key}]`;
    // With a dot stand the names that the schema itself names.
    if (this.isNamed && /^[a-z_$][\w$]*$/i.test(this.key)) return `${at}.${this.key}`;
    const escapes = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "'": "\\'", "\\": "\\\\" };
    return `${at}['${this.key.replace(/[\n\r\t\f'\\]/g, (one) => escapes[one])}']`;
  }
}

// What of a value has been looked at, for unevaluatedItems and unevaluatedProperties.
class Looked {
  constructor() { Object.assign(this, { names: new Set(), indexes: new Set() }); }
  add(other) {
    other.names.forEach((name) => this.names.add(name));
    other.indexes.forEach((index) => this.indexes.add(index));
  }
}

function jsonType(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function hasType(value, type) {
  return type === "integer" ? Number.isInteger(value) : jsonType(value) === type;
}

// The same text for equal values.
function canonicalJson(value) {
  if (value === null || typeof value !== "object") return Object.is(value, -0) ? "0" : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`).join()}}`;
}

class Judgement {
  constructor(prepared) {
    Object.assign(this, { prepared, errors: [], count: 0, scope: [] });
  }

  refuse(place, words) {
    if (this.errors.length < MAX_SCHEMA_ERRORS) this.errors.push(`${place} ${words}`);
    this.count += 1;
    return false;
  }

  // Forgets what was said since a mark: it was said by an attempt that did not matter.
  forget([errors, count]) {
    this.errors.length = errors;
    this.count = count;
  }

  mark() { return [this.errors.length, this.count]; }

  judge(schema, value, place, looked) {
    if (typeof schema === "boolean") return schema || this.refuse(place, "boolean schema is false");
    if (schema.isMeta) return this.judgeSchema(value, schema.draft, place);
    const base = this.prepared.bases.get(schema);
    const isEntered = base !== this.scope.at(-1);
    if (isEntered) this.scope.push(base);
    const own = this.prepared.tracks ? new Looked() : null;
    const type = jsonType(value);
    let valid = true;
    for (const rule of this.prepared.steps.get(schema)) {
      if ((rule.type === null || rule.type === type) && !rule.judge(this, schema, value, place, own)) valid = false;
    }
    if (isEntered) this.scope.pop();
    if (valid && looked) looked.add(own);
    return valid;
  }

  // The value against the schema of schemas: whether it could be used as one.
  judgeSchema(value, draft, place) {
    if (typeof value === "boolean" && draft > 4) return true;
    if (!isObject(value)) return this.refuse(place, "should be object,boolean");
    try {
      new PreparedSchema(value, draft);
      return true;
    } catch (error) {
      return this.refuse(place, error.message);
    }
  }

  // Whether the value fits, in silence.
  tries(schema, value, place, looked) {
    const mark = this.mark();
    const valid = this.judge(schema, value, place, looked);
    this.forget(mark);
    return valid;
  }

  refer(schema, keyword, value, place, looked) {
    const { target, name } = this.prepared.targets.get(schema)[keyword];
    return this.judge(this.dynamicTarget(target, keyword, name), value, place, looked);
  }

  // $dynamicRef and $recursiveRef mean the outermost schema on the way that answers to the name.
  dynamicTarget(target, keyword, name) {
    const { dynamicAnchors, resources, bases } = this.prepared;
    if (keyword === "$dynamicRef" && dynamicAnchors.has(`${bases.get(target)}#${name}`)) {
      for (const base of this.scope) if (dynamicAnchors.has(`${base}#${name}`)) return dynamicAnchors.get(`${base}#${name}`);
    }
    if (keyword === "$recursiveRef" && target.$recursiveAnchor === true) {
      for (const base of this.scope) if (resources.get(base)?.$recursiveAnchor === true) return resources.get(base);
    }
    return target;
  }
}

function limitRule(keyword, type, size, fits, words) {
  return rule(type, [keyword], (j, schema, value, place) =>
    fits(size(value), schema[keyword], j) || j.refuse(place, words(schema[keyword])));
}

function rule(type, keywords, judge) { return { type, keywords, judge }; }

const itself = (value) => value;
const characters = (value) => {
  let count = 0;
  for (const _ of value) count += 1;
  return count;
};
const atMost = (size, limit) => size <= limit;
const atLeast = (size, limit) => size >= limit;

// Of two bounds the stricter one is told.
function boundRule(keyword, exclusive, isWithin, isBeyond, signs) {
  return rule("number", [keyword, exclusive], (j, schema, value, place) => {
    let { [keyword]: bound, [exclusive]: strict } = schema;
    if (j.prepared.draft === 4) [bound, strict] = strict === true ? [undefined, bound] : [bound, undefined];
    if (strict !== undefined && !isBeyond(value, strict) && (bound === undefined || isWithin(strict, bound))) {
      return j.refuse(place, `should be ${signs[1]} ${strict}`);
    }
    return bound === undefined || isWithin(value, bound) || j.refuse(place, `should be ${signs[0]} ${bound}`);
  });
}

// Every one is judged, though one has failed: all that is wrong shall be told.
function all(list, test) {
  let valid = true;
  for (const [index, one] of list.entries()) if (!test(one, index)) valid = false;
  return valid;
}

function judgeItems(j, value, place, looked, start, inner) {
  return all(value.slice(start), (item, index) => {
    looked?.indexes.add(index + start);
    return j.judge(inner, item, new Place(place, index + start));
  });
}

function judgeTuple(j, schemas, value, place, looked) {
  return all(schemas.slice(0, value.length), (inner, index) => {
    looked?.indexes.add(index);
    return j.judge(inner, value[index], new Place(place, index));
  });
}

function items(j, schema, value, place, looked) {
  const tuple = j.prepared.draft < 2020 ? (Array.isArray(schema.items) ? schema.items : null) : schema.prefixItems ?? null;
  const rest = tuple && j.prepared.draft < 2020 ? schema.additionalItems : schema.items;
  const start = tuple ? tuple.length : 0;
  let valid = !tuple || judgeTuple(j, tuple, value, place, looked);
  if (tuple && rest === false && value.length > start) valid = j.refuse(place, `should NOT have more than ${start} items`);
  else if (rest !== undefined && !judgeItems(j, value, place, looked, start, rest)) valid = false;
  return valid;
}

function contains(j, schema, value, place, looked) {
  const mark = j.mark();
  const { minContains: least = 1, maxContains: most = Infinity } = j.prepared.draft < 2019 ? {} : schema;
  let count = 0;
  value.forEach((item, index) => {
    if (!j.judge(schema.contains, item, new Place(place, index))) return;
    count += 1;
    if (j.prepared.draft >= 2020) looked?.indexes.add(index);
  });
  if (count >= least && count <= most) {
    j.forget(mark);
    return true;
  }
  if (least === 1 && most === Infinity) return j.refuse(place, "should contain a valid item");
  return j.refuse(place, `should contain ${count < least ? `at least ${least}` : `at most ${most}`} valid items`);
}

function uniqueItems(j, schema, value, place) {
  if (!schema.uniqueItems) return true;
  const seen = new Map();
  let pair = null;
  value.forEach((item, index) => {
    const text = canonicalJson(item);
    if (seen.has(text)) pair = [seen.get(text), index];
    seen.set(text, index);
  });
  return !pair ||
    j.refuse(place, `should NOT have duplicate items (items ## ${pair[0]} and ${pair[1]} are identical)`);
}

function properties(j, schema, value, place, looked) {
  const { properties: named = {}, patternProperties = {}, additionalProperties: rest } = schema;
  const patterns = Object.keys(patternProperties).map((text) => [new RegExp(text), patternProperties[text]]);
  const judged = (key, inner, isNamed) => {
    looked?.names.add(key);
    return j.judge(inner, value[key], new Place(place, key, isNamed));
  };
  let valid = true;
  const keys = Object.keys(value);
  if (rest !== undefined) {
    for (const key of keys) {
      if (Object.hasOwn(named, key) || patterns.some(([pattern]) => pattern.test(key))) continue;
      const holds = rest === false ? j.refuse(place, "should NOT have additional properties") : judged(key, rest);
      valid &&= holds;
    }
  }
  for (const key of Object.keys(named)) if (Object.hasOwn(value, key) && !judged(key, named[key], true)) valid = false;
  for (const [pattern, inner] of patterns) {
    for (const key of keys) if (pattern.test(key) && !judged(key, inner)) valid = false;
  }
  return valid;
}

function propertyNames(j, schema, value, place) {
  return all(Object.keys(value), (name) =>
    j.judge(schema.propertyNames, name, place) || j.refuse(place, `property name '${name}' is invalid`));
}

function needs(j, value, place, name, wanted) {
  const words = `should have ${wanted.length === 1 ? "property" : "properties"} ${wanted.join(", ")}`;
  return all(wanted, (one) => Object.hasOwn(value, one) || j.refuse(place, `${words} when property ${name} is present`));
}

function dependencies(keyword) {
  return (j, schema, value, place, looked) =>
    all(Object.keys(schema[keyword]).filter((name) => Object.hasOwn(value, name)), (name) => {
      const inner = schema[keyword][name];
      return Array.isArray(inner) ? needs(j, value, place, name, inner) : j.judge(inner, value, place, looked);
    });
}

function anyOf(j, schema, value, place, looked) {
  const mark = j.mark();
  // Where somebody asks what has been looked at, all that fit have a say.
  const fits = looked ? schema.anyOf.filter((one) => j.judge(one, value, place, looked)).length > 0
    : schema.anyOf.some((one) => j.judge(one, value, place));
  if (!fits) return j.refuse(place, "should match some schema in anyOf");
  j.forget(mark);
  return true;
}

function oneOf(j, schema, value, place, looked) {
  const mark = j.mark();
  let fitting = 0;
  for (const one of schema.oneOf) if (fitting < 2 && j.judge(one, value, place, looked)) fitting += 1;
  if (fitting !== 1) return j.refuse(place, "should match exactly one schema in oneOf");
  j.forget(mark);
  return true;
}

function conditional(j, schema, value, place, looked) {
  const branch = j.tries(schema.if, value, place, looked) ? "then" : "else";
  return schema[branch] === undefined || j.judge(schema[branch], value, place, looked) ||
    j.refuse(place, `should match "${branch}" schema`);
}

function unevaluatedItems(j, schema, value, place, looked) {
  return all(value, (item, index) => {
    if (looked.indexes.has(index)) return true;
    looked.indexes.add(index);
    return j.judge(schema.unevaluatedItems, item, new Place(place, index));
  });
}

function unevaluatedProperties(j, schema, value, place, looked) {
  return all(Object.keys(value), (name) => {
    if (looked.names.has(name)) return true;
    looked.names.add(name);
    return j.judge(schema.unevaluatedProperties, value[name], new Place(place, name));
  });
}

function typeFits(j, schema, value, place) {
  const types = [schema.type].flat();
  return types.some((type) => hasType(value, type)) || j.refuse(place, `should be ${types.join(",")}`);
}

function enumFits(j, schema, value, place) {
  const text = canonicalJson(value);
  return schema.enum.some((one) => canonicalJson(one) === text) ||
    j.refuse(place, "should be equal to one of the allowed values");
}

// In the order in which their messages come; what looks at the rest comes last.
const RULES = [
  rule(null, ["type"], typeFits),
  boundRule("maximum", "exclusiveMaximum", (a, b) => a <= b, (a, b) => a < b, ["<=", "<"]),
  boundRule("minimum", "exclusiveMinimum", (a, b) => a >= b, (a, b) => a > b, [">=", ">"]),
  limitRule("multipleOf", "number", itself, (n, step) => Number.isInteger(n / step), (n) => `should be multiple of ${n}`),
  limitRule("maxLength", "string", characters, atMost, (n) => `should NOT be longer than ${n} characters`),
  limitRule("minLength", "string", characters, atLeast, (n) => `should NOT be shorter than ${n} characters`),
  limitRule("pattern", "string", itself, (text, pattern) => new RegExp(pattern).test(text),
    (pattern) => `should match pattern "${pattern}"`),
  limitRule("format", "string", itself, (text, format, j) => !j.prepared.judgesFormats || !Object.hasOwn(FORMATS, format) || FORMATS[format](text), (format) => `should match format "${format}"`),
  limitRule("maxItems", "array", (list) => list.length, atMost, (n) => `should NOT have more than ${n} items`),
  limitRule("minItems", "array", (list) => list.length, atLeast, (n) => `should NOT have fewer than ${n} items`),
  rule("array", ["items", "prefixItems"], items),
  rule("array", ["contains"], contains),
  rule("array", ["uniqueItems"], uniqueItems),
  limitRule("maxProperties", "object", (value) => Object.keys(value).length, atMost,
    (n) => `should NOT have more than ${n} properties`),
  limitRule("minProperties", "object", (value) => Object.keys(value).length, atLeast,
    (n) => `should NOT have fewer than ${n} properties`),
  rule("object", ["required"], (j, schema, value, place) => all(schema.required, (name) =>
    Object.hasOwn(value, name) || j.refuse(place, `should have required property '${name}'`))),
  rule("object", ["propertyNames"], propertyNames),
  rule("object", ["properties", "patternProperties", "additionalProperties"], properties),
  rule(null, ["$ref"], (j, schema, ...rest) => j.refer(schema, "$ref", ...rest)),
  rule(null, ["$dynamicRef"], (j, schema, ...rest) => j.refer(schema, "$dynamicRef", ...rest)),
  rule(null, ["$recursiveRef"], (j, schema, ...rest) => j.refer(schema, "$recursiveRef", ...rest)),
  rule(null, ["const"], (j, schema, value, place) =>
    canonicalJson(schema.const) === canonicalJson(value) || j.refuse(place, "should be equal to constant")),
  rule("object", ["dependencies"], dependencies("dependencies")),
  rule("object", ["dependentSchemas"], dependencies("dependentSchemas")),
  rule("object", ["dependentRequired"], dependencies("dependentRequired")),
  rule(null, ["enum"], enumFits),
  rule(null, ["not"], (j, schema, value, place) =>
    !j.tries(schema.not, value, place) || j.refuse(place, "should NOT be valid")),
  rule(null, ["anyOf"], anyOf),
  rule(null, ["oneOf"], oneOf),
  rule(null, ["allOf"], (j, schema, value, place, looked) =>
    all(schema.allOf, (one) => j.judge(one, value, place, looked))),
  rule(null, ["if"], conditional),
  rule("array", ["unevaluatedItems"], unevaluatedItems),
  rule("object", ["unevaluatedProperties"], unevaluatedProperties),
];

// What Ajv's users may ask for; another option would change what a check means without being heeded.
const SCHEMA_OPTIONS = new Set(["allErrors", "unknownFormats", "format", "logger", "verbose", "schemaId", "meta", "validateSchema"]);

function checkSchemaOptions(options) {
  for (const name of Object.keys(options ?? {})) {
    if (!SCHEMA_OPTIONS.has(name)) throw new SchemaError(`the option ${name} of jsonSchema is not supported; leave it out`);
  }
}

// Whether `value` fits `schema`, and all that is wrong with it; throws a SchemaError for a schema that cannot be used.
function schemaVerdict(schema, value, options) {
  checkSchemaOptions(options);
  const judgement = new Judgement(preparedSchema(schema, options));
  const valid = judgedWithinStack(judgement, value);
  if (options?.allErrors === false) return { valid, message: judgement.errors[0] ?? "" };
  const more = judgement.count - judgement.errors.length;
  return { valid, message: judgement.errors.join(", ") + (more > 0 ? `, and ${more} more` : "") };
}

function judgedWithinStack(judgement, value) {
  try {
    return judgement.judge(judgement.prepared.root, value, new Place(null, "data"));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SchemaError("the schema cannot be used: it refers to itself in a circle, or the value is nested too deeply");
  }
}
