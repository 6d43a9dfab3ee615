// Lists of keys and values, as Postman has them: headers, query parameters, form fields, variables, cookies. They can be
// read by key, walked through and changed; the name of a header ignores letter case.

const OWN_MEMBERS = new Set(["key", "name", "value"]);

class Entry {
  constructor(given) {
    this.key = given.key ?? given.name;
    this.value = given.value;
    for (const name of Object.keys(given)) if (!OWN_MEMBERS.has(name)) this[name] = given[name];
  }
  valueOf() { return this.value; }
  update(given) { Object.assign(this, given); }
}

class HeaderEntry extends Entry {
  constructor(given) {
    super(given);
    this.value = this.value === undefined || this.value === null ? "" : String(this.value);
  }
  toString() { return `${this.key}: ${this.value}`; }
  static parse(line) {
    const at = line.indexOf(":");
    return at < 0 ? { key: line.trim(), value: "" } : { key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
  }
}

class ParameterEntry extends Entry {
  valueOf() { return typeof this.value === "string" ? this.value : this.value ?? ""; }
  toString() { return this.value === null || this.value === undefined ? String(this.key) : `${this.key}=${this.value}`; }
  static parse(part) {
    const at = part.indexOf("=");
    return at < 0 ? { key: part, value: null } : { key: part.slice(0, at), value: part.slice(at + 1) };
  }
}

class CookieEntry {
  constructor(given) {
    const { key, name, ...rest } = given;
    this.name = name ?? key;
    Object.assign(this, rest);
  }
  valueOf() { return this.value; }
  toString() {
    return `${this.name}=${this.value}` + (this.path ? `; Path=${this.path}` : "") +
      (this.domain ? `; Domain=${this.domain}` : "") + (this.secure ? "; Secure" : "") + (this.httpOnly ? "; HttpOnly" : "");
  }
}

class PropertyList {
  constructor(items = []) {
    this.members = [];
    this.populate(items);
  }

  // What kinds of list differ in.
  get ignoresCase() { return false; }
  make(item) { return new Entry(item); }
  parse(text) { return text.split("&").map(ParameterEntry.parse); }
  keyOf(entry) { return entry.key; }

  entry(item) {
    if (typeof item === "string") [item] = this.parse(item);
    return this.make(item);
  }
  matches(entry, key) {
    const own = String(this.keyOf(entry)), wanted = String(key);
    return own === wanted || (this.ignoresCase && own.toLowerCase() === wanted.toLowerCase());
  }
  place(item) {
    if (item === null || item === undefined) return -1;
    return typeof item === "object" ? this.members.indexOf(item)
      : this.members.findLastIndex((entry) => this.matches(entry, item));
  }

  // Reading.
  one(key) { return this.members.findLast((entry) => this.matches(entry, key)); }
  get(key) { return this.one(key)?.valueOf(); }
  has(item, value) {
    if (item !== null && typeof item === "object") return this.members.includes(item);
    const found = this.members.filter((entry) => this.matches(entry, item));
    return value === undefined ? found.length > 0 : found.some((entry) => entry.valueOf() === value);
  }
  all() { return [...this.members]; }
  count() { return this.members.length; }
  idx(index) { return this.members[index]; }
  indexOf(item) { return this.place(item); }
  each(action, context) { this.members.forEach((entry) => Reflect.apply(action, context ?? this, [entry])); }
  forEach(action, context) { this.each(action, context); }
  map(change, context) {
    return this.members.map((entry, index) => Reflect.apply(change, context ?? this, [entry, index]));
  }
  filter(test, context) { return this.members.filter((entry) => this.fits(entry, test, context)); }
  find(test, context) { return this.members.find((entry) => this.fits(entry, test, context)); }
  fits(entry, test, context) {
    if (typeof test === "function") return Reflect.apply(test, context ?? this, [entry]);
    if (test === null || typeof test !== "object") return Boolean(entry[test]);
    return Object.keys(test).every((key) => entry[key] === test[key]);
  }
  reduce(join, start, context) {
    return this.members.reduce((sum, entry) => Reflect.apply(join, context ?? this, [sum, entry]), start);
  }
  eachParent() {}

  // Changing.
  add(item) {
    if (item !== undefined && item !== null) this.members.push(this.entry(item));
  }
  append(item) { this.add(item); }
  prepend(item) { this.members.unshift(this.entry(item)); }
  insert(item, before) {
    const place = this.place(before);
    this.members.splice(place < 0 ? this.members.length : place, 0, this.entry(item));
  }
  insertAfter(item, after) {
    const place = this.place(after);
    this.members.splice(place < 0 ? this.members.length : place + 1, 0, this.entry(item));
  }
  upsert(item) {
    if (item === undefined || item === null) return null;
    const made = this.entry(item), found = this.one(this.keyOf(made));
    if (found === undefined) {
      this.members.push(made);
      return true;
    }
    Object.assign(found, made);
    return false;
  }
  remove(what, context) {
    const gone = typeof what === "function" ? (entry) => Reflect.apply(what, context ?? this, [entry])
      : what !== null && typeof what === "object" ? (entry) => entry === what || this.matches(entry, this.keyOf(what))
      : (entry) => this.matches(entry, what);
    this.members = this.members.filter((entry) => !gone(entry));
  }
  clear() { this.members = []; }
  populate(items) {
    if (items === undefined || items === null) return;
    if (typeof items === "string") items = items === "" ? [] : this.parse(items);
    else if (items instanceof PropertyList) items = items.members;
    else if (!Array.isArray(items)) items = Object.keys(items).map((key) => ({ key, value: items[key] }));
    for (const item of items) this.add(item);
  }
  repopulate(items) {
    this.clear();
    this.populate(items);
  }
  assimilate(source, prune) {
    const items = source instanceof PropertyList ? source.members : source;
    for (const item of items) this.upsert(item);
    if (prune) {
      const kept = items.map((item) => this.keyOf(this.entry(item)));
      this.members = this.members.filter((entry) => kept.some((key) => this.matches(entry, key)));
    }
  }

  // Writing.
  toObject(excludeDisabled = false, caseSensitive = !this.ignoresCase, multiValue = true, sanitizeKeys = false) {
    const object = {};
    for (const entry of this.members) {
      if ((excludeDisabled && entry.disabled) || (sanitizeKeys && !this.keyOf(entry))) continue;
      const key = caseSensitive ? this.keyOf(entry) : String(this.keyOf(entry)).toLowerCase();
      const value = entry.valueOf();
      object[key] = multiValue && Object.hasOwn(object, key) ? [object[key], value].flat() : value;
    }
    return object;
  }
  toJSON() { return this.members.map((entry) => ({ ...entry })); }
  toString() { return this.members.filter((entry) => !entry.disabled).map(String).join("&"); }
  [Symbol.iterator]() { return this.members[Symbol.iterator](); }
}

class HeaderList extends PropertyList {
  get ignoresCase() { return true; }
  make(item) { return new HeaderEntry(item); }
  parse(text) { return text.split(/\r?\n/).filter((line) => line.trim()).map(HeaderEntry.parse); }
  toString() {
    return this.members.filter((entry) => !entry.disabled).map((entry) => `${entry}\n`).join("");
  }
  contentSize() {
    return this.members.filter((entry) => !entry.disabled)
      .reduce((sum, { key, value }) => sum + utf8Length(`${key}: ${value}\r\n`), 0);
  }
}

class ParameterList extends PropertyList {
  make(item) { return new ParameterEntry(item); }
}

class VariableList extends PropertyList {
  make(item) { return item instanceof Entry ? item : new Entry({ type: "any", ...item }); }
}

class CookieList extends PropertyList {
  make(item) { return new CookieEntry(item); }
  keyOf(entry) { return entry.name; }
  jar() { return new CookieJar(); }
}

function utf8Length(text) {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0);
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
