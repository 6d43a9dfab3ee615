// Variables: Postman's scopes. They stay in the sandbox for the whole run; the host is told what an event changed, and
// tells what has changed outside.

const MAX_PASSES = 20;

function valueText(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function dynamicValue(name) {
  return current.dynamic[name]?.shift();
}

function replaceIn(text, find) {
  if (typeof text !== "string") return text;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const result = text.replace(/\{\{([^{}]+)\}\}/g, (whole, name) => {
      const value = find(name.trim());
      return value === undefined ? whole : valueText(value);
    });
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
  // What the event changed, as JSON, or "" for nothing.
  changesText() {
    if (!this.touched.size) return "";
    let set = "", unset = "";
    for (const name of this.touched) {
      const key = JSON.stringify(name);
      if (!this.map.has(name)) unset += (unset && ",") + key;
      else set += `${set && ","}${key}:${JSON.stringify(this.map.get(name)) ?? "null"}`;
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
  #writable;
  constructor(label, values, writable = true, name = label) {
    this.#label = label;
    this.#values = values;
    this.#writable = writable;
    this.name = name;
  }
  get(name) { return this.#values.get(String(name)); }
  set(name, value) {
    if (!this.#writable) throw new TypeError(`${this.#label} cannot be changed by a script`);
    if (value !== null && typeof value === "object") refuseDeep(value, `the value of ${name}`);
    this.#values.set(String(name), value === undefined ? "" : value);
  }
  unset(name) { if (this.#writable) this.#values.unset(String(name)); }
  has(name) { return this.#values.map.has(String(name)); }
  clear() { if (this.#writable) this.#values.clear(); }
  toObject() { return this.#values.toObject(); }
  toJSON() { return this.toObject(); }
  replaceIn(text) { return replaceIn(text, (name) => (name.startsWith("$") ? dynamicValue(name) : this.get(name))); }
}

class AllScopes {
  find(name) {
    for (const scope of [scopes.local, scopes.data, scopes.environment, scopes.collection, scopes.globals]) {
      if (!scope.map.has(name)) continue;
      const value = scope.get(name);
      return (value === undefined || value === "") && name in current.provided ? current.provided[name] : value;
    }
    return current.provided[name];
  }
  get(name) { return this.find(String(name)); }
  set(name, value) {
    if (value !== null && typeof value === "object") refuseDeep(value, `the value of ${name}`);
    scopes.local.set(String(name), value === undefined ? "" : value);
  }
  unset(name) { scopes.local.unset(String(name)); }
  has(name) { return this.find(String(name)) !== undefined; }
  clear() { scopes.local.clear(); }
  toObject() {
    return Object.assign({}, scopes.globals.toObject(), scopes.collection.toObject(), scopes.environment.toObject(),
      scopes.data.toObject(), scopes.local.toObject());
  }
  toJSON() { return this.toObject(); }
  replaceIn(text) { return replaceIn(text, (name) => (name.startsWith("$") ? dynamicValue(name) : this.find(name))); }
}

// What the host reads has a bound for nesting. A value that refers to itself has none either.
function refuseDeep(value, what, limit = current.limits.nesting) {
  if (value === null || typeof value !== "object") return;
  if (limit === 0) throw new RangeError(`${what} is nested deeper than ${current.limits.nesting} levels`);
  if (typeof value.toJSON === "function") return;
  for (const key of Object.keys(value)) refuseDeep(value[key], what, limit - 1);
}
