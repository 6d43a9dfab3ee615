// Responses as scripts see them.

// What a test sees of a response that never came.
const NO_ANSWER = { headers: [], cookies: [] };

// The number of an exchange that pm.sendRequest has led to is that of the host.
const OF_THE_REQUEST = 0;

class ResponseView {
  #bytes;
  #line;
  #problem;
  constructor(given, text, exchange = OF_THE_REQUEST) {
    const { id, code, status, time, size, headers, cookies, bytes } = given;
    Object.assign(this, { id, code, status, responseTime: time, responseSize: size });
    lateMember(this, "headers", () => new HeaderList(headers), () => noteRead(exchange));
    this.content = text?.startsWith("\ufeff") ? text.slice(1) : text;
    this.cookies = new CookieList(cookies);
    this.#bytes = bytes;
    this.#line = `HTTP/1.1 ${code} ${status}\r\n\r\n`;
    this.#problem = (method) => noJson(exchange, code, text, method);
    watchReads(this, exchange);
  }

  text() { return this.content; }
  json(reviver) { return parseJson(this.content, reviver, () => this.#problem("json")); }
  jsonp(reviver) {
    const [, inside] = /^[^(]*\(([\s\S]*)\)[^)]*$/.exec(this.content) ?? [];
    return parseJson(inside ?? this.content, reviver, () => this.#problem("jsonp"));
  }

  // The body as bytes. Where the text says all, the host gives no others.
  get stream() {
    const text = this.content; // always read: whoever asks for the bytes looks at the body
    return this.#bytes === undefined ? makeBuffer(text, "utf8") : makeBuffer(this.#bytes, "latin1");
  }

  reason() { return this.status; }
  details() { return { name: this.status, detail: "", code: this.code, standardName: this.status }; }
  size() {
    const header = this.headers.contentSize() + utf8Length(this.#line);
    return { body: this.responseSize, header, total: this.responseSize + header };
  }
  encoding() { return { format: undefined, source: undefined }; }
  mime() { throw new Error("`Response#mime` has been discontinued, use `Response#contentInfo` instead."); }
  contentInfo() { return contentInfo(this.headers); }
  dataURI() {
    const { contentType } = this.contentInfo();
    return `data:${contentType};base64, ${this.stream.toString("base64")}`;
  }
  get to() { return expect(this).to; }

  toJSON() {
    return { id: this.id, status: this.status, code: this.code, header: this.headers.toJSON(),
      stream: { type: "Buffer", data: [...this.stream] }, cookie: this.cookies.toJSON(), responseTime: this.responseTime,
      responseSize: this.responseSize };
  }
}

// A member that is made when a script asks for it, of which `note` hears.
function lateMember(object, name, make, note = () => {}) {
  let value, isMade = false;
  const set = (other) => { [value, isMade] = [other, true]; };
  const get = () => {
    note();
    if (!isMade) set(make());
    return value;
  };
  Object.defineProperty(object, name, { __proto__: null, get, set, enumerable: true, configurable: true });
}

// What a script reads of an answer is noted: its status and its body as a look at what the request led to.
const LOOKS = { __proto__: null, code: true, status: true, content: true, responseTime: false, responseSize: false };

function watchReads(view, exchange) {
  for (const name of Object.keys(LOOKS)) {
    let value = view[name];
    Object.defineProperty(view, name, {
      __proto__: null,
      get: () => {
        if (LOOKS[name] && exchange === OF_THE_REQUEST) current.looked.add(current.script);
        noteRead(exchange);
        return value;
      },
      set: (other) => { value = other; },
      enumerable: true,
      configurable: true,
    });
  }
}

const MAX_READS = 20;

// `exchange` of the event is the answer that was read or delivered last, `reads` are those read since a check began.
function noteRead(exchange) {
  current.exchange = exchange;
  current.reads ??= new Set();
  if (current.reads.size < MAX_READS) current.reads.add(exchange);
}

const lastRead = () => `${current.exchange}`;
const allRead = () => (current.reads === null ? lastRead() : [...current.reads].join(","));

// What is to be told before the words of a parser: that the answer was of no kind that has JSON.
function noJson(exchange, code, text, method) {
  if (code === undefined) return "";
  const body = text.trim() === "" ? "an empty body" : "a body that is no JSON";
  return exchange === OF_THE_REQUEST ? `answered ${code} with ${body}, so pm.response.${method}() failed: `
    : `pm.sendRequest was answered ${code} with ${body}, so ${method}() of that answer failed: `;
}

// ---- what the headers say of the content ----

const CONTENT_FORMATS = [
  [/^(image|audio|video)\//, (type) => [type.split("/")[0], type.split("/")[0]]],
  [/[/+]json\b/, () => ["text", "json"]],
  [/[/+]xml\b/, () => ["text", "xml"]],
  [/\/html$/, () => ["text", "html"]],
  [/\/(x-)?javascript$/, () => ["text", "script"]],
  [/\/(x-)?yaml$/, () => ["text", "yaml"]],
  [/^application\/pdf$/, () => ["embed", "pdf"]],
  [/^text\/|\/x-www-form-urlencoded$/, () => ["text", "plain"]],
  [/^(application|multipart|message)\//, (type) => [type.split("/")[0], "raw"]],
];
const EXTENSIONS = { "application/json": "json", "application/xml": "xml", "text/xml": "xml", "text/html": "html",
  "text/plain": "txt", "text/csv": "csv", "text/css": "css", "text/javascript": "js", "application/javascript": "js",
  "application/pdf": "pdf", "application/zip": "zip", "application/octet-stream": "bin", "image/png": "png",
  "image/jpeg": "jpeg", "image/gif": "gif", "image/svg+xml": "svg", "audio/mpeg": "mpga", "video/mp4": "mp4" };

function contentInfo(headers) {
  const [type, ...parameters] = (headers.get("content-type") || "text/plain").split(";");
  const contentType = type.trim().toLowerCase();
  const charset = /charset="?([^\s"]+)/i.exec(parameters.join(";"))?.[1].toLowerCase() ?? "utf8";
  const known = CONTENT_FORMATS.find(([pattern]) => pattern.test(contentType));
  const [mimeType, mimeFormat] = known === undefined ? ["unknown", "raw"] : known[1](contentType);
  const fileExtension = EXTENSIONS[contentType];
  const named = /filename="([^"]+)"|filename=([^;\s]+)/i.exec(headers.get("content-disposition") ?? "");
  const fileName = named?.[1] ?? named?.[2] ?? `response${fileExtension ? `.${fileExtension}` : ""}`;
  const info = { contentType, mimeType, mimeFormat, charset: charset === "utf-8" ? "utf8" : charset, fileExtension, fileName };
  if (fileExtension === undefined) delete info.fileExtension;
  return info;
}
