// JSON Schema (drafts 4, 6, 7, 2019-09, 2020-12) made ready: which draft, what each reference names, whether every keyword
// has a value that it can have.
// A schema that cannot be used throws, so that no check of it, be it negated, passes.

class SchemaError extends Error {
  get name() { return "SchemaError"; }
}

const DRAFTS = new Map([
  ["http://json-schema.org/schema", 7],
  ["http://json-schema.org/draft-04/schema", 4],
  ["http://json-schema.org/draft-06/schema", 6],
  ["http://json-schema.org/draft-07/schema", 7],
  ["http://json-schema.org/draft/2019-09/schema", 2019],
  ["http://json-schema.org/draft/2020-12/schema", 2020],
]);
const DEFAULT_DRAFT = 7;
const MAX_SCHEMA_DEPTH = 200;

function draftNamed(uri) {
  return DRAFTS.get(String(uri).replace(/^https:/, "http:").replace(/#$/, ""));
}

// ---- what each keyword may hold ----

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const isCount = (value) => Number.isInteger(value) && value >= 0;
const isTexts = (value) => Array.isArray(value) && value.every(isText) && new Set(value).size === value.length;
const isAll = (test) => (value, draft) => Object.values(value).every((one) => test(one, draft));
const isSchema = (value, draft) => isObject(value) || (draft > 4 && typeof value === "boolean");
const isSchemas = (value, draft) => Array.isArray(value) && value.length > 0 && isAll(isSchema)(value, draft);
const isSchemaMap = (value, draft) => isObject(value) && isAll(isSchema)(value, draft);
const TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"];
const isType = (value) => TYPES.includes(value);

function isPattern(text) {
  try {
    return isText(text) && Boolean(new RegExp(text));
  } catch {
    return false;
  }
}

const COUNT = [isCount, "a whole number of 0 or more"];
const NUMBER = [(value) => typeof value === "number", "a number"];
const BOUND = [(value, draft) => typeof value === (draft > 4 ? "number" : "boolean"), "a number (in draft 4: a boolean)"];
const FLAG = [(value) => typeof value === "boolean", "a boolean"];
const TEXT = [isText, "a string"];
const SCHEMA = [isSchema, "a schema"];
const SCHEMA_OR_FLAG = [(value, draft) => isSchema(value, draft) || typeof value === "boolean", "a schema or a boolean"];
const SCHEMAS = [isSchemas, "a list of one or more schemas"];
const SCHEMA_MAP = [isSchemaMap, "an object of schemas"];

const SHAPES = {
  $id: TEXT, $ref: TEXT, $anchor: TEXT, $comment: TEXT, $dynamicRef: TEXT, $dynamicAnchor: TEXT, $recursiveRef: TEXT,
  $recursiveAnchor: FLAG, $defs: SCHEMA_MAP, definitions: SCHEMA_MAP, title: TEXT, description: TEXT, format: TEXT,
  type: [(value) => isType(value) || (isTexts(value) && value.length > 0 && value.every(isType)),
    `one of ${TYPES.join(", ")}, or a list of them`],
  enum: [(value, draft) => Array.isArray(value) && (draft > 4 || value.length > 0), "a list"],
  maximum: NUMBER, minimum: NUMBER, exclusiveMaximum: BOUND, exclusiveMinimum: BOUND,
  multipleOf: [(value) => typeof value === "number" && value > 0, "a number above 0"],
  maxLength: COUNT, minLength: COUNT, pattern: [isPattern, "a regular expression"],
  maxItems: COUNT, minItems: COUNT, uniqueItems: FLAG, maxContains: COUNT, minContains: COUNT,
  items: [(value, draft) => isSchema(value, draft) || typeof value === "boolean" ||
    (draft < 2020 && Array.isArray(value) && isAll(isSchema)(value, draft)), "a schema, or a list of schemas"],
  additionalItems: SCHEMA_OR_FLAG, prefixItems: SCHEMAS, contains: SCHEMA, unevaluatedItems: SCHEMA,
  maxProperties: COUNT, minProperties: COUNT, propertyNames: SCHEMA, properties: SCHEMA_MAP,
  required: [(value, draft) => isTexts(value) && (draft > 4 || value.length > 0), "a list of names, each once"],
  patternProperties: [(value, draft) => isSchemaMap(value, draft) && Object.keys(value).every(isPattern),
    "an object of schemas, by regular expressions"],
  additionalProperties: SCHEMA_OR_FLAG, unevaluatedProperties: SCHEMA,
  dependencies: [(value, draft) => isObject(value) && isAll((one) => isSchema(one, draft) || isTexts(one))(value, draft),
    "an object of schemas or lists of names"],
  dependentSchemas: SCHEMA_MAP,
  dependentRequired: [(value, draft) => isObject(value) && isAll(isTexts)(value, draft), "an object of lists of names"],
  allOf: SCHEMAS, anyOf: SCHEMAS, oneOf: SCHEMAS, not: SCHEMA, if: SCHEMA, then: SCHEMA, else: SCHEMA,
};

const SINCE = {
  const: 6, contains: 6, propertyNames: 6, $id: 6, if: 7, then: 7, else: 7, $comment: 7,
  $defs: 2019, $anchor: 2019, $recursiveRef: 2019, $recursiveAnchor: 2019, dependentSchemas: 2019,
  dependentRequired: 2019, maxContains: 2019, minContains: 2019, unevaluatedItems: 2019, unevaluatedProperties: 2019,
  prefixItems: 2020, $dynamicRef: 2020, $dynamicAnchor: 2020,
};
const UNTIL = { additionalItems: 2019, $recursiveRef: 2019, $recursiveAnchor: 2019 };

function isKnown(keyword, draft) {
  return draft >= (SINCE[keyword] ?? 0) && draft <= (UNTIL[keyword] ?? draft);
}

// ---- addresses ----

function splitUri(uri) {
  const [, scheme = "", authority = "", path, query = "", fragment] =
    /^([a-z][a-z0-9+.-]*:)?(\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(?:#(.*))?$/is.exec(uri);
  return { scheme, authority, path, query, fragment };
}

// What `reference` names when it stands in a document at `base` (RFC 3986, section 5.2), without its fragment.
function absoluteUri(base, reference) {
  const to = splitUri(reference);
  if (to.scheme) return to.scheme + to.authority + to.path + to.query;
  const from = splitUri(base);
  if (to.authority) return from.scheme + to.authority + to.path + to.query;
  if (!to.path) return from.scheme + from.authority + from.path + (to.query || from.query);
  const path = to.path.startsWith("/") ? to.path : from.path.replace(/[^/]*$/, "") + to.path;
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.splice(Math.max(1, parts.length - 1));
    else if (part !== ".") parts.push(part);
  }
  return from.scheme + from.authority + parts.join("/") + to.query;
}

function pointerTokens(fragment) {
  return fragment.split("/").slice(1).map((token) => token.replace(/~1/g, "/").replace(/~0/g, "~"));
}

// ---- a schema made ready ----

class PreparedSchema {
  constructor(root, draft = DEFAULT_DRAFT, options = {}) {
    this.root = root;
    this.judgesFormats = options.format !== false;
    this.unknownFormats = this.judgesFormats ? options.unknownFormats ?? true : "ignore";
    this.draft = isObject(root) && root.$schema !== undefined ? draftNamed(root.$schema) : draft;
    if (!this.draft) this.refuse("", `$schema is ${show(root.$schema)}, which is no draft that is known here`);
    this.bases = new Map();
    this.resources = new Map([["", root]]);
    this.anchors = new Map();
    this.dynamicAnchors = new Map();
    this.targets = new Map();
    this.steps = new Map();
    this.references = [];
    this.tracks = false;
    this.enter(root, "", "", 0);
  }

  // Finds what each reference names; that may bring to light schemas with references of their own.
  link() {
    for (const reference of this.references) this.resolve(reference);
    return this;
  }

  refuse(pointer, what) {
    throw new SchemaError(`the schema cannot be used: ${pointer ? `at ${pointer}, ` : ""}${what}`);
  }

  enter(schema, base, pointer, depth) {
    if (!isSchema(schema, this.draft)) this.refuse(pointer, "a schema is an object");
    if (!isObject(schema) || this.bases.has(schema)) return;
    if (depth > MAX_SCHEMA_DEPTH) this.refuse(pointer, `it is nested deeper than ${MAX_SCHEMA_DEPTH}`);
    const alone = this.draft <= 7 && schema.$ref !== undefined;
    const own = alone ? base : this.identify(schema, base);
    this.bases.set(schema, own);
    for (const keyword of ["$ref", "$dynamicRef", "$recursiveRef"]) {
      if (schema[keyword] === undefined || !isKnown(keyword, this.draft)) continue;
      this.check(schema, keyword, pointer);
      this.references.push({ schema, keyword, base: own, pointer });
    }
    for (const keyword of Object.keys(schema)) {
      if (!Object.hasOwn(SHAPES, keyword) || !isKnown(keyword, this.draft)) continue;
      this.check(schema, keyword, pointer);
      this.enterInner(schema[keyword], keyword, own, `${pointer}/${keyword}`, depth);
    }
    // Beside a reference the older drafts read nothing; Postman reads the type all the same.
    const known = Object.keys(schema).filter((keyword) =>
      (alone ? keyword === "$ref" || keyword === "type" : isKnown(keyword, this.draft)));
    this.steps.set(schema, RULES.filter((rule) => rule.keywords.some((keyword) => known.includes(keyword))));
    this.tracks ||= known.includes("unevaluatedItems") || known.includes("unevaluatedProperties");
  }

  check(schema, keyword, pointer) {
    const [fits, words] = SHAPES[keyword];
    if (!fits(schema[keyword], this.draft)) {
      this.refuse(pointer, `${keyword} must be ${words}, but it is ${show(schema[keyword])}`);
    }
    if (keyword === "format" && !Object.hasOwn(FORMATS, schema.format) && !this.mayBeUnknown(schema.format)) {
      this.refuse(pointer, `the format ${show(schema.format)} is unknown`);
    }
  }

  mayBeUnknown(format) {
    return this.unknownFormats === "ignore" || (Array.isArray(this.unknownFormats) && this.unknownFormats.includes(format));
  }

  enterInner(value, keyword, base, pointer, depth) {
    const [fits] = SHAPES[keyword];
    const holdsMany = fits === isSchemas || fits === isSchemaMap || keyword === "dependencies" ||
      keyword === "patternProperties" || Array.isArray(value);
    if (!holdsMany) {
      if (isObject(value)) this.enter(value, base, pointer, depth + 1);
    } else if (!["enum", "required", "type", "dependentRequired"].includes(keyword)) {
      for (const [key, inner] of Object.entries(value)) {
        if (isObject(inner)) this.enter(inner, base, `${pointer}/${key}`, depth + 1);
      }
    }
  }

  // Notes the names that a schema gives itself; the base of what is inside it.
  identify(schema, base) {
    const id = this.draft > 4 ? schema.$id : schema.id;
    let own = base;
    if (isText(id)) {
      const { fragment } = splitUri(id);
      if (!id.startsWith("#")) {
        own = absoluteUri(base, id);
        this.resources.set(own, schema);
      }
      if (fragment && this.draft <= 7) this.anchors.set(`${own}#${fragment}`, schema);
    }
    for (const keyword of ["$anchor", "$dynamicAnchor"]) {
      if (!isText(schema[keyword]) || !isKnown(keyword, this.draft)) continue;
      const name = `${own}#${schema[keyword]}`;
      this.anchors.set(name, schema);
      if (keyword === "$dynamicAnchor") this.dynamicAnchors.set(name, schema);
    }
    return own;
  }

  resolve({ schema, keyword, base, pointer }) {
    const reference = schema[keyword];
    const uri = absoluteUri(base, reference);
    const fragment = decoded(splitUri(reference).fragment ?? "");
    const root = this.resources.get(uri);
    let target;
    if (root === undefined) target = draftNamed(uri) && !fragment ? { isMeta: true, draft: draftNamed(uri) } : undefined;
    else if (!fragment) target = root;
    else if (fragment.startsWith("/")) target = this.pointed(root, fragment, uri);
    else target = this.anchors.get(`${uri}#${fragment}`);
    if (target === undefined) {
      const remote = root === undefined ? " (it is outside of the schema)" : "";
      this.refuse(pointer, `${keyword} ${show(reference)} leads nowhere${remote}`);
    }
    if (!this.targets.has(schema)) this.targets.set(schema, {});
    this.targets.get(schema)[keyword] = { target, name: fragment };
  }

  pointed(root, fragment, uri) {
    let found = root, base = uri;
    for (const token of pointerTokens(fragment)) {
      if (found === null || typeof found !== "object" || !Object.hasOwn(found, token)) return undefined;
      found = found[token];
      base = this.bases.get(found) ?? base;
    }
    this.enter(found, base, fragment, 0);
    return found;
  }
}

function decoded(fragment) {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

let latest = { text: null, prepared: null };

// Scripts often hold one schema against many values.
function preparedSchema(schema, options) {
  let text;
  try {
    text = JSON.stringify(schema);
  } catch (error) {
    throw new SchemaError(`the schema cannot be used: it is no JSON (${error.message})`);
  }
  if (text === undefined) throw new SchemaError("the schema cannot be used: it is no JSON");
  if (options) return new PreparedSchema(JSON.parse(text), DEFAULT_DRAFT, options).link();
  if (latest.text !== text) latest = { text, prepared: new PreparedSchema(JSON.parse(text)).link() };
  return latest.prepared;
}
