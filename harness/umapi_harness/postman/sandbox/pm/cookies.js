// The cookie jar of the run, which the host keeps: each call is a note for it, answered to a callback or a promise.

function askJar(message, callback, read) {
  return askHost({ kind: "cookies", ...message }, callback, (answer) => read(answer.cookies));
}

class CookieJar {
  get(url, name, callback) {
    return askJar({ call: "get", url: String(url), name: String(name) }, callback, ([found]) => found?.value ?? null);
  }
  getAll(url, options, callback) {
    return askJar({ call: "getAll", url: String(url) }, typeof options === "function" ? options : callback,
      (found) => new CookieList(found).all());
  }
  set(url, cookie, value, callback) {
    if (typeof cookie === "string" && typeof value === "string") cookie = { name: cookie, value };
    const done = typeof value === "function" ? value : callback;
    return askJar({ call: "set", url: String(url), cookie }, done, ([made]) => new CookieEntry(made));
  }
  unset(url, name, callback) {
    return askJar({ call: "unset", url: String(url), name: String(name) }, callback, () => undefined);
  }
  clear(url, callback) { return askJar({ call: "clear", url: String(url) }, callback, () => undefined); }
}
