// Addresses of requests, in parts that scripts read and change.

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
