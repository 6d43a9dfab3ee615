// The older names, from before pm: tests, responseBody, postman.setNextRequest and the like.

// These scopes hold texts, but for what counts as false: so Postman has it.
const asText = (value) => (value === false || value ? String(value) : value);

function makePostman({ environment, globals, response, cookies }) {
  return {
    setNextRequest,
    setEnvironmentVariable: (name, value) => environment.set(name, asText(value)),
    getEnvironmentVariable: (name) => environment.get(name),
    clearEnvironmentVariable: (name) => environment.unset(name),
    clearEnvironmentVariables: () => environment.clear(),
    setGlobalVariable: (name, value) => globals.set(name, asText(value)),
    getGlobalVariable: (name) => globals.get(name),
    clearGlobalVariable: (name) => globals.unset(name),
    clearGlobalVariables: () => globals.clear(),
    getResponseHeader: (name) => response?.headers.get(name),
    getResponseCookie: (name) => cookies.one(name),
  };
}

function makeLegacyRequest({ request, info }) {
  const { body } = request;
  const data = body?.mode === "urlencoded" || body?.mode === "formdata" ? body[body.mode]?.toObject() ?? {}
    : body?.toString() ?? "";
  return { id: info.requestId, name: info.requestName, description: request.description, method: request.method, url: String(request.url),
    headers: request.headers.toObject(), data };
}

// Each is made when a script asks for it.
const legacyMakers = {
  tests: () => current.tests,
  globals: () => scopes.globals.toObject(),
  environment: () => scopes.environment.toObject(),
  data: () => current.pm.iterationData.toObject(),
  iteration: () => current.info.iteration,
  request: () => makeLegacyRequest(current.pm),
  postman: () => makePostman(current.pm),
  responseBody: () => current.pm.response?.content,
  responseCode: () => current.pm.response?.details(),
  responseHeaders: () => current.pm.response?.headers.toObject(false, true, false),
  responseCookies: () => current.pm.response && current.pm.cookies,
  responseTime: () => current.pm.response?.responseTime,
};

installMethods(String.prototype, {
  has(part) { return String(this).includes(part); },
});
