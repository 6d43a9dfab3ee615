// Addresses of requests, in parts that scripts read and change: what they assign to a part is what is sent.

class Url {
  constructor(given = "") { this.update(given); }

  update(given) {
    if (given instanceof Url) given = given.toJSON();
    if (given === null || given === undefined) given = "";
    if (typeof given === "object") this.take(given);
    else this.take({ ...splitAddress(String(given)), variable: this.variables });
  }

  take({ protocol, auth, host, port, path, query, hash, variable, raw }) {
    if (host === undefined && raw !== undefined) {
      this.take({ ...splitAddress(String(raw)), variable });
      return;
    }
    this.protocol = protocol;
    this.auth = auth;
    this.host = typeof host === "string" ? host.split(".") : host;
    this.port = port === undefined || port === null ? undefined : String(port);
    this.path = typeof path === "string" ? path.replace(/^\//, "").split("/") : path;
    this.query = new ParameterList(query);
    this.hash = hash;
    this.variables = new VariableList(variable);
  }

  getHost() { return Array.isArray(this.host) ? this.host.join(".") : this.host ?? ""; }

  // The path with the values of its variables, or with their names where `unresolved` is asked for.
  getPath({ unresolved = false } = {}) {
    const segments = typeof this.path === "string" ? this.path.replace(/^\//, "").split("/") : this.path ?? [];
    const filled = segments.map((segment) => {
      const name = /^:(.+)$/.exec(segment)?.[1];
      const value = unresolved || name === undefined ? undefined : this.variables.one(name)?.value;
      return value === undefined || value === null || value === "" ? segment : value;
    });
    return `/${filled.join("/")}`;
  }

  getQueryString() { return this.query.toString(); }
  getPathWithQuery() {
    const query = this.getQueryString();
    return this.getPath() + (query ? `?${query}` : "");
  }
  getRemote({ forcePort = false } = {}) {
    const port = this.port ?? (forcePort ? (this.protocol === "https" ? "443" : "80") : undefined);
    return this.getHost() + (port === undefined ? "" : `:${port}`);
  }
  getRaw() { throw new Error("`Url#getRaw` has been discontinued, use `Url#toString` instead."); }

  addQueryParams(params) {
    if (typeof params === "string") params = params === "" ? [] : params.split("&");
    for (const param of [params].flat()) this.query.add(param);
  }
  removeQueryParams(params) {
    for (const param of [params].flat()) this.query.remove(param?.key ?? param);
  }

  text(unresolved) {
    const credentials = this.auth ? `${this.auth.user ?? ""}${this.auth.password === undefined ? "" : `:${this.auth.password}`}@` : "";
    const query = this.getQueryString();
    return (this.protocol ? `${String(this.protocol).replace(/:\/\/$/, "")}://` : "") + credentials + this.getRemote() +
      (this.path === undefined || this.path === null ? "" : this.getPath({ unresolved })) + (query ? `?${query}` : "") +
      (this.hash === undefined ? "" : `#${this.hash}`);
  }
  toString() { return this.text(false); }

  toJSON() {
    const { protocol, auth, port, path, hash, host } = this;
    const json = { protocol, auth, port, path, hash, host, query: this.query.toJSON(), variable: this.variables.toJSON() };
    for (const key of Object.keys(json)) if (json[key] === undefined) delete json[key];
    return json;
  }
}

// A text as the parts of an address; a variable may stand for any of them.
function splitAddress(text) {
  const [, protocol, user, password, authority, path, query, hash] =
    /^\s*(?:([a-z][a-z0-9+.-]*|\{\{[^}]*\}\}):\/\/)?(?:([^/?#@:{}]*)(?::([^/?#@]*))?@)?((?:\{\{[^}]*\}\}|[^/?#])*)(\/(?:\{\{[^}]*\}\}|[^?#])*)?(?:\?((?:\{\{[^}]*\}\}|[^#])*))?(?:#(.*))?\s*$/is
      .exec(text) ?? [];
  const port = /:(\d+|\{\{[^}]*\}\})$/.exec(authority ?? "");
  const host = port === null ? authority : authority.slice(0, port.index);
  return {
    protocol,
    auth: user === undefined ? undefined : { user, ...(password === undefined ? {} : { password }) },
    host: host ? host.split(/\.(?![^{]*\}\})/) : undefined,
    port: port?.[1],
    path: path === undefined ? undefined : path.slice(1).split("/"),
    query: query === undefined || query === "" ? [] : query.split("&").map(ParameterEntry.parse),
    hash,
  };
}
