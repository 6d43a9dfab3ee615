// JSON read so that it can be shown as it was sent: numbers with all their digits, names that stand twice, escapes.

const DEEPEST = 200;
const TOKEN = /\s*(?:([{}[\]:,])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;

/**
 * The tree of a text, or null if that is no JSON. A node is {text} or {open, entries: [[name or null, node]]}.
 * Of a text that is known to be cut, the tree ends where the text does, and `broken` marks its open ends.
 */
export function parseJson(text, isCut = false) {
  const scanner = { text, at: 0, isCut, ended: false };
  try {
    const tree = value(scanner, next(scanner), 0);
    return !isCut && text.slice(scanner.at).trim() !== "" ? null : tree;
  } catch (error) {
    if (error instanceof NoJson) return null;
    throw error;
  }
}

class NoJson extends Error {}

function next(scanner) {
  TOKEN.lastIndex = scanner.at;
  const found = TOKEN.exec(scanner.text);
  if (found === null) {
    if (!scanner.isCut) throw new NoJson();
    scanner.ended = true;
    return null;
  }
  scanner.at = TOKEN.lastIndex;
  return { sign: found[1], string: found[2], text: found[2] ?? found[3] };
}

function value(scanner, token, depth) {
  if (token === null) return { text: "…", broken: true };
  if (token.text !== undefined) return { text: token.text };
  if ((token.sign !== "{" && token.sign !== "[") || depth > DEEPEST) throw new NoJson();
  return container(scanner, token.sign, depth);
}

function container(scanner, open, depth) {
  const isObject = open === "{";
  const close = isObject ? "}" : "]";
  const node = { open, entries: [] };
  let token = next(scanner);
  if (token?.sign === close) return node;
  while (token !== null) {
    let name = null;
    if (isObject) {
      if (token.string === undefined) throw new NoJson();
      name = token.string;
      if (next(scanner)?.sign !== ":" && !scanner.ended) throw new NoJson();
      token = next(scanner);
    }
    node.entries.push([name, value(scanner, token, depth + 1)]);
    token = scanner.ended ? null : next(scanner);
    if (token?.sign === close) return node;
    if (token !== null && token.sign !== ",") throw new NoJson();
    if (token !== null) token = next(scanner);
  }
  node.broken = true;
  return node;
}

/** A tree as indented text. */
export function plainText(node, indent = "") {
  if (node.text !== undefined) return node.text;
  const close = node.open === "{" ? "}" : "]";
  if (!node.entries.length) return node.open + close;
  const deeper = `${indent}  `;
  const lines = node.entries.map(
    ([name, one]) => `${deeper}${name === null ? "" : `${name}: `}${plainText(one, deeper)}`,
  );
  return `${node.open}\n${lines.join(",\n")}\n${indent}${close}`;
}
