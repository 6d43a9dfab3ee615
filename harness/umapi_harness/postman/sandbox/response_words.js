// The words of pm.expect about responses and requests, with the messages that Postman's users know.

function isResponse(value) { return value instanceof ResponseView; }

function needsResponse(c) {
  c.about(c.subject).check(isResponse(c.subject), "expecting a postman response object but got #{this}", "");
}

function aboutResponse(judge) {
  return (c, ...args) => {
    needsResponse(c);
    judge(c, c.subject, ...args);
  };
}

function checkCode(c, wanted) {
  c.check(c.subject.code === wanted, "expected response to have status code #{exp} but got #{act}",
    "expected response to not have status code #{act}", wanted, c.subject.code);
}

function checkReason(c, wanted, actual = c.subject.reason()) {
  c.check(actual === wanted, "expected response to have status reason #{exp} but got #{act}",
    "expected response to not have status reason #{act}", wanted, actual);
}

function statusClass(wanted) {
  return reads(aboutResponse((c, { code }) => c.check(Math.floor(code / 100) === wanted,
    "expected response code to be #{exp}XX but found #{act}", "expected response code to not be #{exp}XX", wanted, code)));
}

function checkNamed(c, code, reason) {
  checkReason(c, reason, String(c.subject.reason()).toUpperCase());
  checkCode(c, code);
}

function statusNamed(code, reason) { return reads(aboutResponse((c) => checkNamed(c, code, reason))); }

function parsed(response) {
  try {
    return { value: response.json(), problem: null };
  } catch (error) {
    const [problem] = (error instanceof JSONError ? error.message : `${error.name}: ${error.message}`).split("\n");
    return { value: undefined, problem };
  }
}

function checkJson(c, response) {
  const { problem } = parsed(response);
  c.check(!problem, `expected response body to be a valid json but got error ${problem}`,
    "expected response body not to be a valid json");
}

function checkBody(c, response, ...args) {
  const [wanted] = args;
  const text = response.text();
  if (!args.length) {
    c.check(text.length, "expected response to have content in body", "expected response to not have content in body");
  } else if (wanted instanceof RegExp) {
    c.check(wanted.test(text), "expected response body text to match #{exp} but got #{act}",
      "expected response body text #{act} to not match #{exp}", wanted, text);
  } else if (wanted !== null && typeof wanted === "object") {
    const { value } = parsed(response);
    c.check(deepEqual(value, wanted), "expected response body json to equal #{exp} but got #{act}",
      "expected response body json to not equal #{exp} but got #{act}", wanted, value);
  } else {
    c.check(text === wanted, "expected response body to equal #{exp} but got #{act}",
      "expected response body to not equal #{exp}", wanted, text);
  }
}

function checkJsonBody(c, response, ...args) {
  if (!args.length) return checkJson(c, response);
  const [path, wanted] = args;
  const { value } = parsed(response);
  if (typeof path !== "string") return checkBody(c, response, path);
  const { found, value: inner } = Object.hasOwn(Object(value), path) ? { found: true, value: value[path] }
    : nestedValue(value, path);
  c.check(found, "expected #{act} in response to contain property #{exp}",
    "expected #{act} in response to not contain property #{exp}", path, value);
  if (args.length === 1) return undefined;
  return c.check(found && deepEqual(inner, wanted), `expected response body json at "${path}" to contain #{exp} but got #{act}`,
    `expected response body json at "${path}" to not contain #{exp} but got #{act}`, wanted, inner);
}

function checkHeader(c, name, ...wanted) {
  const { subject } = c;
  const kind = isResponse(subject) ? "response" : "request";
  c.about(subject).check(isResponse(subject) || subject instanceof RequestView,
    "expecting a postman request or response object but got #{this}", "");
  const { headers } = subject;
  c.check(headers.has(name), `expected ${kind} to have header with key '${name}'`,
    `expected ${kind} to not have header with key '${name}'`);
  if (!wanted.length) return;
  const actual = headers.get(name);
  c.check(wanted[0] instanceof RegExp ? wanted[0].test(actual) : actual === wanted[0],
    `expected '${name}' ${kind} header to be #{exp} but got #{act}`, `expected '${name}' ${kind} header to not be #{act}`,
    wanted[0], actual);
}

// Reading the word makes the number the subject, so that "responseTime.below" goes on with it.
function measured(what, measure) {
  return calls(1, (c, ...wanted) => {
    if (wanted.length) {
      c.check(c.subject === wanted[0], `expected response ${what} to equal #{exp} but got #{act}`,
        `expected response ${what} to not equal #{exp}`, wanted[0]);
    }
  }, (c) => {
    needsResponse(c);
    c.subject = measure(c.subject);
  });
}

const truthy = WORDS.ok;

Object.assign(WORDS, {
  postmanRequest: reads((c) => c.check(c.subject instanceof RequestView, "expecting a postman request object but got #{this}",
    "not expecting a postman request object")),
  postmanResponse: reads((c) => c.check(isResponse(c.subject), "expecting a postman response object but got #{this}",
    "not expecting a postman response object")),
  postmanRequestOrResponse: reads((c) => c.check(isResponse(c.subject) || c.subject instanceof RequestView,
    "expecting a postman request or response object but got #{this}", "not expecting a postman request or response object")),
  info: statusClass(1),
  success: statusClass(2),
  redirection: statusClass(3),
  clientError: statusClass(4),
  serverError: statusClass(5),
  error: reads(aboutResponse((c, { code }) => c.check(code >= 400 && code < 600,
    "expected response code to be 4XX or 5XX but found #{act}", "expected response code to not be 4XX or 5XX", null, code))),
  ok: reads((c) => (isResponse(c.subject) ? checkNamed(c, 200, "OK") : truthy.read(c))),
  accepted: statusNamed(202, "ACCEPTED"),
  withoutContent: statusNamed(204, "NO CONTENT"),
  badRequest: statusNamed(400, "BAD REQUEST"),
  unauthorized: statusNamed(401, "UNAUTHORIZED"),
  unauthorised: statusNamed(401, "UNAUTHORIZED"),
  forbidden: statusNamed(403, "FORBIDDEN"),
  notFound: statusNamed(404, "NOT FOUND"),
  notAcceptable: statusNamed(406, "NOT ACCEPTABLE"),
  rateLimited: statusNamed(429, "TOO MANY REQUESTS"),
  statusCodeClass: calls(1, (c, wanted) => statusClass(wanted).read(c)),
  statusCode: calls(1, aboutResponse((c, _, wanted) => checkCode(c, Number(wanted)))),
  statusReason: calls(1, aboutResponse((c, _, wanted) => checkReason(c, String(wanted)))),
  status: calls(1, aboutResponse((c, _, wanted) => (typeof wanted === "number" ? checkCode(c, wanted) : checkReason(c, wanted)))),
  header: calls(2, checkHeader),
  withBody: reads(aboutResponse((c, response) => checkBody(c, response))),
  json: reads(aboutResponse(checkJson)),
  body: calls(1, aboutResponse(checkBody)),
  jsonBody: calls(2, aboutResponse(checkJsonBody)),
  jsonSchema: calls(2, (c, schema, options) =>
    holdsAgainst(c, schema, isResponse(c.subject) ? c.subject.json() : c.subject, options)),
  responseTime: measured("time", (response) => response.responseTime),
  responseSize: measured("size", (response) => response.size().total),
});
