// A list of keys and values: headers (whose names ignore letter case), query parameters, form fields.
class PairList {
  constructor(pairs = [], ignoreCase = false) {
    this.members = [...pairs];
    this.ignoreCase = ignoreCase;
  }
  matches(pair, key) {
    const a = String(pair.key), b = String(key);
    return this.ignoreCase ? a.toLowerCase() === b.toLowerCase() : a === b;
  }
  one(key) { return this.members.findLast((pair) => this.matches(pair, key)); }
  get(key) { return this.one(key)?.value; }
  has(key, value) {
    return this.members.some((pair) => this.matches(pair, key) && (value === undefined || pair.value === value));
  }
  add(pair) {
    const { key, name, value } = typeof pair === "string" ? PairList.parse(pair) : pair;
    this.members.push({ ...(typeof pair === "object" ? pair : {}), key: key ?? name, value: String(value ?? "") });
  }
  append(pair) { this.add(pair); }
  upsert(pair) {
    const found = this.one(pair.key ?? pair.name);
    if (found) found.value = String(pair.value ?? "");
    else this.add(pair);
  }
  remove(key) { this.members = this.members.filter((pair) => !this.matches(pair, key)); }
  clear() { this.members = []; }
  all() { return [...this.members]; }
  count() { return this.members.length; }
  idx(index) { return this.members[index]; }
  each(f) { this.members.forEach((pair) => f(pair)); }
  forEach(f) { this.each(f); }
  map(f) { return this.members.map((pair) => f(pair)); }
  filter(f) { return this.members.filter((pair) => f(pair)); }
  find(f) { return this.members.find((pair) => f(pair)); }
  reduce(f, start) { return this.members.reduce((sum, pair) => f(sum, pair), start); }
  toObject() {
    const object = {};
    for (const { key, value } of this.members) object[key] = value;
    return object;
  }
  toJSON() { return this.members; }
  [Symbol.iterator]() { return this.members[Symbol.iterator](); }
  static parse(line) {
    const at = line.indexOf(":");
    return { key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
  }
}
