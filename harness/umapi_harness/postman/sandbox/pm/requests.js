// Requests as scripts see and change them: what a pre-request script leaves here is what is sent.

class RequestBody {
  constructor(given) { this.take(given); }

  take(given) {
    const body = typeof given === "string" ? { mode: "raw", raw: given } : given ?? {};
    const { mode, raw, urlencoded, formdata, ...rest } = body instanceof RequestBody ? body.toJSON() : body;
    this.mode = mode;
    if (raw !== undefined) this.raw = raw;
    this.urlencoded = urlencoded === undefined ? undefined : new ParameterList(urlencoded);
    this.formdata = formdata === undefined ? undefined : new ParameterList(formdata);
    Object.assign(this, rest);
  }

  update(given) {
    for (const key of Object.keys(this)) delete this[key];
    this.take(given);
  }

  isEmpty() {
    if (this.mode === "file") return !(this.file?.src || this.file?.content);
    if (this.mode === "graphql") return !this.graphql;
    const content = this[this.mode];
    return content instanceof PropertyList ? content.count() === 0 : !content;
  }

  toString() {
    if (this.mode === "raw") return typeof this.raw === "string" ? this.raw : valueText(this.raw);
    return this.mode === "urlencoded" ? this.urlencoded?.toString() ?? "" : "";
  }

  toJSON() {
    const json = { ...this };
    for (const key of ["urlencoded", "formdata"]) {
      if (json[key] === undefined) delete json[key];
      else json[key] = new ParameterList(json[key]).toJSON();
    }
    return json;
  }
}

// Settings of a kind of authorisation stand in a list of their own: auth.basic, auth.bearer, …
class RequestAuth {
  constructor(given = {}) {
    this.type = given.type;
    for (const type of Object.keys(given)) {
      if (type !== "type" && given[type] !== null) this[type] = new VariableList(given[type]);
    }
  }
  use(type, settings) {
    this.type = type;
    this[type] = new VariableList(settings);
  }
  current() { return this[this.type]?.toObject(); }
  parameters() { return this[this.type]; }
  update(settings, type = this.type) { this.use(type, settings); }
  clear(type) { this[type]?.clear(); }
  toJSON() {
    const json = { type: this.type };
    for (const type of Object.keys(this)) if (type !== "type") json[type] = new VariableList(this[type]).toJSON();
    return json;
  }
}

class RequestView {
  #url;
  #body;
  #auth;
  #headers;
  constructor(given) {
    this.method = "GET";
    this.#headers = new HeaderList();
    this.#url = new Url();
    this.update(given);
  }

  update(given) {
    if (typeof given === "string") given = { url: given };
    const { url, method, header, body, auth } = given;
    if (method !== undefined) this.method = String(method).toUpperCase();
    if (url !== undefined) this.#url = new Url(url);
    if (header !== undefined && header !== null) this.#headers = new HeaderList(header);
    if (body !== undefined) this.body = body;
    if (auth !== undefined) this.auth = auth;
    if (given.description !== undefined) this.description = given.description;
  }

  get to() { return expect(this).to; }
  get url() { return this.#url; }
  set url(value) { this.#url.update(value); }
  get headers() { return this.#headers; }
  set headers(value) { this.#headers.repopulate(value); }
  get body() { return this.#body; }
  set body(value) {
    this.#body = value === null || value === undefined ? undefined
      : value instanceof RequestBody ? value : new RequestBody(value);
  }
  get auth() { return this.#auth; }
  set auth(value) {
    this.#auth = value === null || value === undefined ? undefined
      : value instanceof RequestAuth ? value : new RequestAuth(value);
  }

  authorizeUsing(type, settings) {
    if (type !== null && typeof type === "object") ({ type, ...settings } = type);
    if (type === undefined) return;
    if (type === null) this.#auth = undefined;
    else (this.#auth ??= new RequestAuth()).use(type, settings?.[type] ?? settings);
  }

  addHeader(header) { this.#headers.add(header); }
  upsertHeader(header) { this.#headers.upsert(header); }
  removeHeader(what, { ignoreCase = false } = {}) {
    if (typeof what !== "string") this.#headers.remove(what);
    else this.#headers.remove(({ key }) => key === what || (ignoreCase && key.toLowerCase() === what.toLowerCase()));
  }
  getHeaders({ ignoreCase = false, enabled = false, multiValue = false, sanitizeKeys = false } = {}) {
    return this.#headers.toObject(enabled, !ignoreCase, multiValue, sanitizeKeys);
  }
  forEachHeader(action) { this.#headers.each((header) => action(header, this)); }
  addQueryParams(params) { this.#url.addQueryParams(params); }
  removeQueryParams(params) { this.#url.removeQueryParams(params); }

  size() {
    const told = this.#headers.get("content-length"), header = this.#headers.contentSize();
    const body = told !== undefined ? Number(told) : utf8Length(this.#body?.toString() ?? "");
    return { body, header, total: body + header, source: told !== undefined ? "CONTENT-LENGTH" : "COMPUTED" };
  }
  clone() { return new RequestView(this.toJSON()); }
  toJSON() {
    const json = { url: this.#url.toJSON(), header: this.#headers.toJSON(), method: this.method };
    if (this.#body !== undefined) json.body = this.#body.toJSON();
    if (this.#auth !== undefined) json.auth = this.#auth.toJSON();
    if (this.description !== undefined) json.description = this.description;
    return json;
  }

  // For the host, which puts in variables itself: the address as one text, with the names of path variables.
  forHost() {
    const json = this.toJSON();
    json.header = this.#headers.filter((entry) => !entry.disabled);
    json.url = { raw: this.#url.text(true), variable: json.url.variable };
    return json;
  }
}

// What a script left of the request of its event: nothing where it changed nothing, and the address as it was written
// where it changed other things.
class RequestOfEvent {
  constructor(text) {
    this.given = JSON.parse(text);
    this.view = new RequestView(this.given);
    this.before = this.view.forHost();
    this.beforeText = JSON.stringify(this.before);
  }
  changedText() {
    const after = this.view.forHost(), text = JSON.stringify(after);
    if (text === this.beforeText) return "null";
    if (after.url.raw === this.before.url.raw) after.url.raw = this.given.url.raw;
    return JSON.stringify(after);
  }
}
