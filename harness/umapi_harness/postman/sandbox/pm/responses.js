// Responses as scripts see them.

// What a test sees of a response that never came.
const NO_ANSWER = { headers: [], cookies: [] };

class ResponseView {
  #bytes;
  #line;
  constructor(given, text) {
    const { id, code, status, time, size, headers, cookies, bytes } = given;
    Object.assign(this, { id, code, status, responseTime: time, responseSize: size });
    lateMember(this, "headers", () => new HeaderList(headers));
    this.content = text?.startsWith("\ufeff") ? text.slice(1) : text;
    this.cookies = new CookieList(cookies);
    this.#bytes = bytes;
    this.#line = `HTTP/1.1 ${code} ${status}\r\n\r\n`;
  }

  text() { return this.content; }
  json(reviver) { return parseJson(this.content, reviver); }
  jsonp(reviver) {
    const [, inside] = /^[^(]*\(([\s\S]*)\)[^)]*$/.exec(this.content) ?? [];
    return parseJson(inside ?? this.content, reviver);
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

// A member that is made when a script asks for it.
function lateMember(object, name, make) {
  let value, isMade = false;
  const set = (other) => { [value, isMade] = [other, true]; };
  const get = () => {
    if (!isMade) set(make());
    return value;
  };
  Object.defineProperty(object, name, { __proto__: null, get, set, enumerable: true, configurable: true });
}

// The view of the answer itself, which notes that a script looks at its status or its body.
function watchedView(view) {
  for (const name of ["code", "status", "content"]) {
    let value = view[name];
    Object.defineProperty(view, name, {
      __proto__: null,
      get: () => {
        current.looked.add(current.script);
        return value;
      },
      set: (other) => { value = other; },
      enumerable: true,
      configurable: true,
    });
  }
  return view;
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
