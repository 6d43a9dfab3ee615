// Variables: Postman's scopes. They stay in the sandbox for the whole run; the host is told what an event changed, and
// tells what has changed outside.

const MAX_PASSES = 20;
const MAX_CHARACTERS = 64 * 1024 * 1024;

function valueText(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function dynamicValue(name) {
  return current.dynamic[name]?.shift();
}

// Values in the place of placeholders; in objects and arrays, in every text.
function replaceIn(given, find) {
  if (given !== null && typeof given === "object") {
    refuseDeep(given, "what replaceIn is given");
    if (Array.isArray(given)) return given.map((item) => replaceIn(item, find));
    return Object.fromEntries(Object.keys(given).map((key) => [key, replaceIn(given[key], find)]));
  }
  if (typeof given !== "string") return given;
  let text = given;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const result = text.replace(/\{\{([^{}]+)\}\}/g, (whole, name) => {
      const value = find(name.trim());
      return value === undefined ? whole : valueText(value);
    });
    if (result.length > MAX_CHARACTERS) throw new RangeError("replaceIn makes a text without measure of its variables");
    if (result === text) break;
    text = result;
  }
  return text;
}

// The values of a scope, and the names of those that the event has changed or may have: an object that was handed out
// can be changed in place.
class Values {
  constructor() {
    this.map = new Map();
    this.touched = new Set();
  }
  get(name) {
    const value = this.map.get(name);
    if (value !== null && typeof value === "object") this.touched.add(name);
    return value;
  }
  set(name, value) {
    this.map.set(name, value);
    this.touched.add(name);
  }
  unset(name) {
    if (this.map.delete(name)) this.touched.add(name);
  }
  clear() {
    for (const name of this.map.keys()) this.touched.add(name);
    this.map.clear();
  }
  toObject() {
    const object = {};
    for (const name of this.map.keys()) object[name] = this.get(name);
    return object;
  }
  // What the host says: names and values to set, names to remove.
  update({ set, unset }) {
    for (const name of unset) this.map.delete(name);
    for (const name of Object.keys(set)) this.map.set(name, set[name]);
  }
  // A value as JSON. Later scripts find it as that says: a date as text, what JSON does not know as null.
  written(name) {
    const value = this.map.get(name);
    refuseDeep(value, `the value of ${name}`);
    const text = JSON.stringify(value) ?? "null";
    if (value === undefined || typeof value === "object" || typeof value === "function") this.map.set(name, JSON.parse(text));
    return text;
  }
  // The same, or null for a value that cannot be written: it is gone then, and `fail` hears of it.
  writtenOrGone(name, fail) {
    try {
      return this.written(name);
    } catch (error) {
      this.map.delete(name);
      fail(name, error);
      return null;
    }
  }
  // What the event changed, as JSON, or "" for nothing.
  changesText(fail) {
    if (!this.touched.size) return "";
    let set = "", unset = "";
    for (const name of this.touched) {
      const key = JSON.stringify(name);
      const value = this.map.has(name) ? this.writtenOrGone(name, fail) : null;
      if (value === null) unset += (unset && ",") + key;
      else set += `${set && ","}${key}:${value}`;
    }
    this.touched.clear();
    return `{"set":{${set}},"unset":[${unset}]}`;
  }
}

const scopes = { globals: new Values(), collection: new Values(), environment: new Values(), data: new Values(),
  local: new Values() };

class Scope {
  #label;
  #values;
  constructor(label, values, name) {
    this.#label = label;
    this.#values = values;
    if (name !== undefined) this.name = name;
  }
  get(name) { return this.#values.get(String(name)); }
  set(name, value) {
    refuseDeep(value, `the value of ${name}`);
    this.#values.set(String(name), value);
  }
  unset(name) { this.#values.unset(String(name)); }
  has(name) { return this.#values.map.has(String(name)); }
  clear() { this.#values.clear(); }
  toObject() { return this.#values.toObject(); }
  toJSON() { return { name: this.name, values: this.values.toJSON() }; }
  get values() {
    return new VariableList([...this.#values.map.keys()].map((key) => ({ key, value: this.#values.get(key) })));
  }
  replaceIn(given) { return replaceIn(given, (name) => (name.startsWith("$") ? dynamicValue(name) : this.get(name))); }
}

// A row of data is given; a script can leave values of it aside, for itself alone.
class DataScope {
  #gone = new Set();
  get(name) { return this.has(name) ? scopes.data.get(String(name)) : undefined; }
  has(name) { return scopes.data.map.has(String(name)) && !this.#gone.has(String(name)); }
  set() { throw new TypeError("pm.iterationData cannot be changed by a script"); }
  unset(name) { this.#gone.add(String(name)); }
  clear() { for (const name of scopes.data.map.keys()) this.#gone.add(name); }
  toObject() {
    const row = scopes.data.toObject();
    for (const name of this.#gone) delete row[name];
    return row;
  }
  toJSON() { return this.toObject(); }
  replaceIn(given) { return replaceIn(given, (name) => (name.startsWith("$") ? dynamicValue(name) : this.get(name))); }
}

class AllScopes {
  #data;
  constructor(data) { this.#data = data; }
  find(name) {
    for (const scope of [scopes.local, scopes.data, scopes.environment, scopes.collection, scopes.globals]) {
      if (scope === scopes.data ? !this.#data.has(name) : !scope.map.has(name)) continue;
      const value = scope.get(name);
      return (value === undefined || value === "") && name in current.provided ? current.provided[name] : value;
    }
    return current.provided[name];
  }
  get(name) { return this.find(String(name)); }
  set(name, value) {
    refuseDeep(value, `the value of ${name}`);
    scopes.local.set(String(name), value);
  }
  unset(name) { scopes.local.unset(String(name)); }
  has(name) { return this.find(String(name)) !== undefined; }
  clear() { scopes.local.clear(); }
  toObject() {
    return Object.assign({}, scopes.globals.toObject(), scopes.collection.toObject(), scopes.environment.toObject(),
      this.#data.toObject(), scopes.local.toObject());
  }
  toJSON() { return this.toObject(); }
  replaceIn(given) { return replaceIn(given, (name) => (name.startsWith("$") ? dynamicValue(name) : this.find(name))); }
}

// What the host reads has a bound for nesting. A value that refers to itself has none either.
function refuseDeep(value, what, limit = current.limits.nesting) {
  if (value === null || typeof value !== "object") return;
  if (limit === 0) throw new RangeError(`${what} is nested deeper than ${current.limits.nesting} levels`);
  if (typeof value.toJSON === "function") return;
  for (const key of Object.keys(value)) refuseDeep(value[key], what, limit - 1);
}
