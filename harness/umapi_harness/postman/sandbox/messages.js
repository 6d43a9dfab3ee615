// What pm.expect can say about a response.

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
