// Responses as scripts see them.

class ResponseView {
  constructor(response, body) {
    this.id = response.id;
    this.code = response.code;
    this.status = response.status;
    this.responseTime = response.time;
    this.responseSize = response.size;
    this.headers = new PairList(response.headers, true);
    this.content = body;
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
