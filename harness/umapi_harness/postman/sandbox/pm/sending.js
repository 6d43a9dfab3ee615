// Requests that scripts send: each leaves a note for the host, which sends it and delivers the answer.

function sendRequest(request, callback) {
  if (request instanceof RequestView) request = { ...request.toJSON(), header: request.headers };
  else refuseDeep(request, "the request");
  current.counter += 1;
  const id = current.counter, script = current.script;
  let settle;
  const promise = new RealPromise((resolve, reject) => { settle = { resolve, reject }; });
  current.outbox.push({ id, request: request === undefined ? null : request });
  current.waiting.set(id, (answer, body) => {
    current.script = script;
    const error = answer.error ? new Error(answer.error) : null;
    const response = error === null ? new ResponseView(answer.response, body) : undefined;
    if (typeof callback === "function") {
      callBack(callback, error, response);
      settle.resolve(response);
    } else if (error !== null) settle.reject(error);
    else settle.resolve(response);
  });
  return typeof callback === "function" ? undefined : promise;
}

function callBack(callback, ...args) {
  try {
    const result = callback(...args);
    if (typeof result?.then === "function") result.then(undefined, (problem) => addError(problem));
  } catch (problem) {
    if (!(problem instanceof SkipSignal)) addError(problem);
  }
}
