// Requests as scripts see and change them.

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
