// JSON of answers: what is wrong with a text that is none, with its place, in the words that Newman has for it.

class JSONError extends Error {
  get name() { return "JSONError"; }
}

const JSON_TOKEN = /\s*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.]))/y;
const LONGEST_LINE = 300;

// What is told of an answer before the error of its parser.
const answersBehind = new WeakMap();

function answerBehind(error) {
  return isA(error, JSONError) ? answersBehind.get(error) ?? "" : "";
}

function parseJson(text, reviver, told) {
  try {
    return JSON.parse(text, typeof reviver === "function" ? reviver : undefined);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // a reviver's own, or nesting without end
    const problem = new JSONError(jsonProblem(text) ?? error.message);
    answersBehind.set(problem, told());
    throw problem;
  }
}

// The first thing that is wrong, or null where nothing is found. `open` holds the brackets that are open, `wanted` what
// may come next.
function jsonProblem(text) {
  if (text.trim() === "") return placed("No data, empty input", text, 0);
  const open = [];
  let at = 0, wanted = "value", comma = false;
  for (;;) {
    JSON_TOKEN.lastIndex = at;
    const [token, sign, string] = JSON_TOKEN.exec(text) ?? [];
    const start = token === undefined ? at + /^\s*/.exec(text.slice(at, at + 10000))[0].length : JSON_TOKEN.lastIndex - token.trimStart().length;
    if (wanted === "nothing" && start >= text.length) return null;
    if (token === undefined) {
      const ends = start >= text.length || (text[start] === '"' && !text.slice(start + 1).includes('"'));
      return ends ? placed("Unexpected end of input", text, text.length) : unexpected(text, start);
    }
    at = JSON_TOKEN.lastIndex;
    const inside = open[open.length - 1];
    if ((sign === "}" || sign === "]") && inside === (sign === "}" ? "{" : "[") && (wanted === "more" || (wanted !== "colon" && wanted !== "nothing"))) {
      if (comma) return placed(`Trailing comma in ${sign === "}" ? "object" : "array"}`, text, start);
      if (wanted === "value" && inside === "{") return unexpected(text, start);
      open.pop();
      wanted = open.length ? "more" : "nothing";
    } else if (wanted === "more" && sign === ",") {
      wanted = inside === "{" ? "key" : "value";
      comma = true;
      continue;
    } else if (wanted === "key" && string !== undefined) wanted = "colon";
    else if (wanted === "colon" && sign === ":") wanted = "value";
    else if (wanted === "value" && (sign === "{" || sign === "[")) {
      open.push(sign);
      wanted = sign === "{" ? "key" : "value";
    } else if (wanted === "value" && sign === undefined) wanted = open.length ? "more" : "nothing";
    else return unexpected(text, start);
    comma = false;
  }
}

const unexpected = (text, at) => placed(`Unexpected token '${text[at]}'`, text, at);

function placed(problem, text, at) {
  const before = text.slice(0, at), from = before.lastIndexOf("\n") + 1;
  const end = text.indexOf("\n", at), line = text.slice(from, end < 0 ? text.length : end), column = at - from + 1;
  const first = Math.max(0, Math.min(column - 1 - LONGEST_LINE / 2, line.length - LONGEST_LINE));
  const shown = line.slice(first, first + LONGEST_LINE);
  return `${problem} at ${before.split("\n").length}:${column}\n${shown}\n${" ".repeat(Math.max(0, column - 1 - first))}^`;
}
