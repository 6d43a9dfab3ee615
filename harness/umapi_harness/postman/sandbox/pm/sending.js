// What scripts ask the host for: requests that they send, and the cookie jar. Each leaves a note, and the host delivers
// the answer to a callback or a promise.

const sendErrors = new WeakSet();
const isSendError = (reason) => reason !== null && typeof reason === "object" && sendErrors.has(reason);

function askHost(message, callback, read) {
  refuseDeep(message, "what the script asks for");
  current.counter += 1;
  const id = current.counter, script = current.script, exchange = current.exchange;
  const called = typeof callback === "function";
  let settle;
  const promise = called ? undefined : watch(new RealPromise((resolve, reject) => { settle = { resolve, reject }; }));
  current.outbox.push(JSON.stringify({ id, message })); // at once: what cannot be written is the script's error
  current.waiting.set(id, (answer, body) => {
    current.script = script;
    current.exchange = answer.exchange ?? exchange;
    if (answer.error === undefined) {
      const value = read(answer, body);
      if (called) callBack(callback, null, value, answer);
      else settle.resolve(value);
      return;
    }
    const error = new Error(answer.error);
    sendErrors.add(error); // the host has told of it
    if (called) callBack(callback, error, undefined, answer);
    else settle.reject(error);
  });
  return promise;
}

function sendRequest(request, callback) {
  const message = request instanceof RequestView ? request.forHost() : request instanceof Url ? String(request)
    : described(request);
  const read = (answer, body) => new ResponseView(answer.response, body, answer.exchange);
  if (typeof callback !== "function") return askHost(message, undefined, read);
  askHost(message, (error, response) => callback(error, response, { cookies: new CookieList(response?.cookies) }), read);
  return undefined;
}

// A request as a script describes it: lists and other objects of the sandbox become what they are written as.
function described(request) {
  if (request === null || typeof request !== "object") return request === undefined ? null : request;
  const plain = { ...request };
  if (plain.url instanceof Url) plain.url = { raw: plain.url.text(true), variable: plain.url.variables.toJSON() };
  if (plain.body instanceof RequestBody) plain.body = plain.body.toJSON();
  else if (Array.isArray(plain.body)) delete plain.body; // as in Postman, where only a body with a mode is one
  else if (plain.body?.mode === "raw" && typeof plain.body.raw === "object") {
    plain.body = { ...plain.body, raw: JSON.stringify(plain.body.raw) };
  }
  return plain;
}

function callBack(callback, ...args) {
  try {
    const result = callback(...args);
    if (typeof result?.then === "function") result.then(undefined, (problem) => { if (!isSendError(problem)) addError(problem); });
  } catch (problem) {
    if (!isA(problem, SkipSignal)) addError(problem);
  }
}
