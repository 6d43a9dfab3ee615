// A request of the journal as a call of curl, with a variable of the shell in the place of each secret.

const MASK = "***"; // what the journal has in the place of a secret
const SECRET = /^(\w+)=\*{3}$/; // a secret of a form
const UNSEEN = /^\(\d+ bytes\)$/; // what the journal has in the place of a body that is no form
const OWN = /^(host|content-length|connection|accept-encoding|transfer-encoding)$/i; // headers that curl sends by itself

/** Whether the journal has not kept the body. */
export function isUnseen({ operation, request_body: body }) {
  return operation === "token" && UNSEEN.test(body);
}

/** The call, and the variables that it needs. */
export function asCurl({ operation, method, path, query, request_headers: headers, request_body: body }) {
  const isToken = operation === "token";
  const variables = new Set();
  const held = (name) => {
    const variable = name === "client_secret" ? "UMAPI_CLIENT_SECRET" : name.toUpperCase().replaceAll("-", "_");
    variables.add(`$${variable}`);
    return `$${variable}`;
  };
  const headerOf = ([name, value]) => {
    if (name.toLowerCase() === "authorization" && !isToken) return `-H "Authorization: Bearer ${held("token")}"`;
    return value === MASK ? `-H "${name}: ${held(name)}"` : `-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`;
  };
  const url = location.origin + path + (query ? `?${query}` : "");
  const pairs = isToken ? body.split("&") : [body];
  const plain = pairs.filter((one) => !SECRET.test(one)).join("&");
  const lines = [
    `curl -i -g -X ${quoted(method)} ${quoted(url).replace(/(\w+)=\*{3}/g, (_, name) => `${name}='"${held(name)}"'`)}`,
    ...Object.entries(headers).filter(([name]) => !OWN.test(name)).map(headerOf),
    ...(plain ? [`--data-raw ${quoted(plain)}`] : []),
    ...pairs.filter((one) => SECRET.test(one)).map((one) => SECRET.exec(one)[1]).map((name) => `--data-urlencode "${name}=${held(name)}"`),
  ];
  return { command: lines.join(" \\\n  "), variables: [...variables] };
}

function quoted(text) {
  return `'${text.replaceAll("\0", "").replaceAll("'", "'\\''")}'`;
}
