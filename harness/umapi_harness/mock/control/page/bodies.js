// Bodies of requests and answers made legible: JSON in colour with failing places marked, forms as lists.

import { el, facts } from "./dom.js";
import { parsed } from "./explain.js";

const INDENT = "  ";
const DEEPEST = 200; // levels of nesting that are laid out; each indents its lines further

/** A body as an element. `marks` maps JSON pointers to the text to set beside them. */
export function showBody(text, { marks = new Map(), raw = false } = {}) {
  if (!text) return el("p", { class: "quiet" }, "No body.");
  if (raw) return block(text);
  const value = parsed(text);
  if (isContainer(value) && !isDeeper(value, DEEPEST)) return block(json(value, "", "", marks));
  if (/^[\w.%+-]+=[^\s]*$/.test(text)) return facts([...new URLSearchParams(text)]);
  return block(text);
}

function block(...children) {
  return el("pre", { tabindex: "0", class: "body" }, ...children);
}

function json(value, pointer, indent, marks) {
  const parts = isContainer(value) ? container(value, pointer, indent, marks) : [scalar(value)];
  if (!marks.has(pointer)) return parts;
  const note = el("span", { class: "mark-note" }, ` ← ${marks.get(pointer)}`);
  return [el("mark", { class: "failing" }, parts, note)];
}

function container(value, pointer, indent, marks) {
  const isList = Array.isArray(value);
  const [open, close] = isList ? "[]" : "{}";
  const entries = Object.entries(value);
  if (!entries.length) return [open + close];
  // Short lists of plain values read better on one line, as long as none of them is marked.
  if (isList && !value.some(isContainer) && JSON.stringify(value).length < 60 && !marks.size) {
    return [open, value.map((one, place) => [place ? ", " : "", scalar(one)]), close];
  }
  const deeper = indent + INDENT;
  const lines = entries.map(([name, one], place) => [
    `\n${deeper}`,
    isList ? null : [el("span", { class: "j-name" }, JSON.stringify(name)), ": "],
    json(one, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, deeper, marks),
    place < entries.length - 1 ? "," : null,
  ]);
  return [open, lines, `\n${indent}${close}`];
}

/** Whether a value is nested deeper than that. */
function isDeeper(value, levels) {
  return isContainer(value) && (levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1)));
}

function isContainer(value) {
  return value !== null && typeof value === "object";
}

function scalar(value) {
  return el("span", { class: typeof value === "string" ? "j-text" : "j-value" }, JSON.stringify(value));
}
