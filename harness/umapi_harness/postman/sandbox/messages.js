// Requests and responses as scripts see them, with their headers, and the words that pm.expect knows about responses.

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

class Url {
  constructor(text) { this.update(text); }
  update(text) {
    const [, scheme, authority, path, query] =
      /^(?:([a-z][a-z0-9+.-]*):\/\/)?([^/?]*)(\/[^?]*)?(?:\?(.*))?$/i.exec(String(text)) ?? [];
    this.protocol = scheme;
    this.authority = authority ?? "";
    this.pathText = path ?? "";
    const pairs = query ? query.split("&").map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? { key: part, value: null } : { key: part.slice(0, at), value: part.slice(at + 1) };
    }) : [];
    this.query = new PairList(pairs);
  }
  get host() { return this.getHost().split("."); }
  get path() { return this.pathText.split("/").slice(1); }
  get port() { return /:(\d+)$/.exec(this.authority)?.[1]; }
  getHost() { return this.authority.replace(/:\d+$/, ""); }
  getPath() { return this.pathText || "/"; }
  getQueryString() {
    return this.query.all().map(({ key, value }) => (value === null ? key : `${key}=${value}`)).join("&");
  }
  getPathWithQuery() { return this.getPath() + (this.query.count() ? "?" + this.getQueryString() : ""); }
  addQueryParams(params) {
    const pairs = typeof params === "string"
      ? params.split("&").map((part) => ({ key: part.split("=")[0], value: part.split("=").slice(1).join("=") }))
      : [params].flat();
    pairs.forEach((pair) => this.query.add(pair));
  }
  removeQueryParams(names) { [names].flat().forEach((name) => this.query.remove(name.key ?? name)); }
  toString() {
    return (this.protocol ? this.protocol + "://" : "") + this.authority + this.pathText +
      (this.query.count() ? "?" + this.getQueryString() : "");
  }
  toJSON() { return this.toString(); }
}

class RequestBody {
  constructor(body) { this.update(body); }
  update(body) {
    const given = typeof body === "string" ? { mode: "raw", raw: body } : body ?? {};
    this.rest = given;
    this.mode = given.mode;
    this.raw = given.raw;
    this.urlencoded = new PairList(given.urlencoded ?? []);
    this.formdata = new PairList(given.formdata ?? []);
  }
  isEmpty() { return !this.toString(); }
  toString() {
    if (this.mode === "raw") return this.raw ?? "";
    if (this.mode !== "urlencoded" && this.mode !== "formdata") return "";
    return this[this.mode].map(({ key, value }) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&");
  }
  toJSON() {
    return { ...this.rest, mode: this.mode, raw: this.raw, urlencoded: this.urlencoded, formdata: this.formdata };
  }
}

class RequestView {
  constructor(request) {
    this.id = request.id;
    this.name = request.name;
    this.method = request.method;
    this.headers = new PairList(request.headers, true);
    this.currentUrl = new Url(request.url);
    this.currentBody = request.body ? new RequestBody(request.body) : undefined;
  }
  get url() { return this.currentUrl; }
  set url(value) { this.currentUrl = value instanceof Url ? value : new Url(value); }
  get body() { return this.currentBody; }
  set body(value) { this.currentBody = value instanceof RequestBody ? value : new RequestBody(value); }
  addHeader(header) { this.headers.add(header); }
  upsertHeader(header) { this.headers.upsert(header); }
  removeHeader(name) { this.headers.remove(name); }
  getHeaders() { return this.headers.toObject(); }
  addQueryParams(params) { this.url.addQueryParams(params); }
  removeQueryParams(names) { this.url.removeQueryParams(names); }
  toJSON() {
    return { method: this.method, url: String(this.url), headers: this.headers, body: this.body ?? null };
  }
}

class ResponseView {
  constructor(response) {
    this.id = response.id;
    this.code = response.code;
    this.status = response.status;
    this.responseTime = response.time;
    this.responseSize = response.size;
    this.headers = new PairList(response.headers, true);
    this.content = response.text;
    this.cookies = new PairList(response.cookies);
  }
  text() { return this.content; }
  json(reviver) {
    try {
      return JSON.parse(this.content, reviver);
    } catch (error) {
      const start = this.content.length > 60 ? this.content.slice(0, 60) + "…" : this.content;
      throw new SyntaxError(`the response is no JSON (${error.message}): ${show(start)}`);
    }
  }
  reason() { return this.status; }
  size() { return { body: this.responseSize, header: 0, total: this.responseSize }; }
  get to() { return expect(this).to; }
  toJSON() {
    return { code: this.code, status: this.status, header: this.headers, body: this.content,
      responseTime: this.responseTime, responseSize: this.responseSize };
  }
}

// ---- what pm.expect can say about a response ----

function statusWord(name, fits) {
  return { property: (c) => c.state(fits(c.subject.code),
    `expected a response that is "${name}", but got ${c.subject.code} ${c.subject.status}`,
    `expected a response that is not "${name}", but got ${c.subject.code} ${c.subject.status}`) };
}

const within = (low, high) => (code) => code >= low && code <= high;
const exactly = (wanted) => (code) => code === wanted;

function parsed(response) {
  try {
    return { ok: true, value: JSON.parse(response.content) };
  } catch {
    return { ok: false, value: undefined };
  }
}

const RESPONSE_WORDS = {
  info: statusWord("info", within(100, 199)),
  success: statusWord("success", within(200, 299)),
  redirection: statusWord("redirection", within(300, 399)),
  clientError: statusWord("clientError", within(400, 499)),
  serverError: statusWord("serverError", within(500, 599)),
  error: statusWord("error", within(400, 599)),
  ok: statusWord("ok", exactly(200)),
  accepted: statusWord("accepted", exactly(202)),
  badRequest: statusWord("badRequest", exactly(400)),
  unauthorized: statusWord("unauthorized", exactly(401)),
  unauthorised: statusWord("unauthorised", exactly(401)),
  forbidden: statusWord("forbidden", exactly(403)),
  notFound: statusWord("notFound", exactly(404)),
  notAcceptable: statusWord("notAcceptable", exactly(406)),
  rateLimited: statusWord("rateLimited", exactly(429)),
  json: { property: (c) => c.state(parsed(c.subject).ok,
    `expected the response to be JSON, but its body is ${show(c.subject.content)}`,
    "expected the response not to be JSON") },
  withBody: { property: (c) => c.state(c.subject.content.length > 0,
    "expected the response to have a body", "expected the response to have no body") },
  status: { method: (c, wanted) => {
    const { code, status } = c.subject;
    const got = typeof wanted === "number" ? code : status;
    c.state(got === wanted, `expected status ${show(wanted)}, but got ${code} ${status}`,
      `expected any status but ${show(wanted)}`);
  } },
  header: { method: (c, name, value) => {
    const { headers } = c.subject;
    const got = headers.has(name) ? `, but got ${show(headers.get(name))}` : ", but there is none";
    const fits = value instanceof RegExp ? headers.has(name) && value.test(headers.get(name)) : headers.has(name, value);
    const text = value === undefined ? `header ${show(name)}` : `header ${show(name)} with ${show(value)}`;
    c.state(fits, `expected ${text}${got}`, `expected no ${text}`);
  } },
  body: { method: (c, wanted) => {
    const { content } = c.subject;
    const fits = wanted === undefined ? content.length > 0
      : wanted instanceof RegExp ? wanted.test(content)
      : typeof wanted === "object" ? deepEqual(parsed(c.subject).value, wanted) : content === wanted;
    const text = wanted === undefined ? "a body" : `the body ${show(wanted)}`;
    c.state(fits, `expected ${text}, but got ${show(content)}`, `expected not to get ${text}`);
  } },
  jsonBody: { method: (c, ...args) => {
    const { ok, value } = parsed(c.subject);
    if (!ok) c.state(false, "expected a JSON body", "expected no JSON body");
    else if (!args.length) c.state(true, "expected a JSON body", "expected no JSON body");
    else if (typeof args[0] === "object") {
      c.state(deepEqual(value, args[0]), `expected the JSON body ${show(args[0])}, but got ${show(value)}`,
        `expected any JSON body but ${show(args[0])}`);
    } else {
      const { found, value: inner } = nestedValue(value, args[0]);
      const holds = found && (args.length < 2 || deepEqual(inner, args[1]));
      const text = `${show(args[0])}${args.length < 2 ? "" : ` as ${show(args[1])}`} in the JSON body`;
      c.state(holds, `expected ${text}, but ${found ? `got ${show(inner)}` : "it is not there"}`, `expected no ${text}`);
    }
  } },
  jsonSchema: { method: (c, schema) => holdsAgainst(c, schema, c.subject.json()) },
  responseTime: { property: (c) => { c.subject = c.subject.responseTime; } },
  responseSize: { property: (c) => { c.subject = c.subject.responseSize; } },
};
vocabularies.push((subject) => (subject instanceof ResponseView ? RESPONSE_WORDS : null));
