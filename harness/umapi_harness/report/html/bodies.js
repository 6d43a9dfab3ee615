// Bodies of requests and answers: JSON as a tree that folds, forms as lists, all else as text.

import { count, el, facts, fill, plural } from "./dom.js";
import { parseJson, plainText } from "./json.js";

const OPENED = 250; // lines that are drawn unasked
const BATCH = 200; // entries of one container that are drawn at a time

/** A body with its tools. `body` is as in the data: text, and length if it was cut. */
export function bodyView(body, what, tell) {
  if (!body.text) return el("p", { class: "quiet" }, "No body.");
  const tree = /^\s*[[{]/.test(body.text) ? parseJson(body.text, body.length !== undefined) : null;
  const form = tree === null && /^[\w.%+*-]+=\S*$/.test(body.text) ? [...new URLSearchParams(body.text)] : null;
  const place = el("div", { class: "body-place" });
  const laidOut = tree !== null || form !== null;
  const raw = el(
    "button",
    { type: "button", class: "small", "aria-pressed": "false", hidden: !laidOut, onclick: turn },
    "Raw",
  );
  const copy = el(
    "button",
    { type: "button", class: "small", onclick: () => tell.copy(shownText(), `${what} copied`) },
    "Copy",
  );
  let isRaw = !laidOut;

  function shownText() {
    return tree !== null && !isRaw && body.length === undefined ? plainText(tree) : body.text;
  }
  function turn() {
    isRaw = !isRaw;
    raw.setAttribute("aria-pressed", String(isRaw));
    show();
  }
  function show() {
    if (isRaw) fill(place, el("pre", { class: "body", tabindex: "0", "aria-label": what }, body.text));
    else if (form !== null) fill(place, el("div", { class: "body" }, facts(form)));
    else
      fill(place, el("div", { class: "body tree", tabindex: "0", role: "group", "aria-label": what }, treeView(tree)));
  }

  show();
  const note =
    body.length === undefined
      ? null
      : el(
          "p",
          { class: "cut" },
          `Cut: the report holds the first ${count(body.text.length)} of ${count(body.length)} characters.`,
        );
  return el(
    "div",
    { class: "body-view" },
    el("div", { class: "row tools" }, el("h5", {}, "Body"), el("span", { class: "spring" }), raw, copy),
    place,
    note,
  );
}

/** A tree in which each container folds. Breadth first, the first lines are open; the others are drawn when opened. */
function treeView(tree) {
  const budget = { left: OPENED };
  return node(null, tree, true, budget, true);
}

function node(name, one, isLast, budget, isRoot = false) {
  budget.left -= 1;
  const label = name === null ? null : [el("span", { class: "j-name" }, name), ": "];
  const comma = isLast ? "" : ",";
  if (one.text !== undefined) return el("div", { class: "j-line" }, label, scalar(one), comma);
  const close = one.open === "{" ? "}" : "]";
  if (!one.entries.length)
    return el("div", { class: "j-line" }, label, one.broken ? `${one.open} …` : one.open + close + comma);
  return folding(one, label, close + comma, budget, isRoot);
}

function folding(one, label, ending, budget, isRoot) {
  const children = el("div", { class: "j-children" });
  const size = el(
    "span",
    { class: "j-size" },
    ` ${plural(one.entries.length, one.open === "{" ? "member" : "entry").replace("entrys", "entries")} ${ending}`,
  );
  const isOpen = isRoot || (budget.left > 0 && one.entries.length <= Math.max(budget.left, 40));
  let drawn = false;
  const details = el(
    "details",
    { class: "j-node", open: isOpen, ontoggle: draw },
    el("summary", {}, label, one.open, size),
    children,
    el("div", { class: "j-close" }, one.broken ? "…" : ending),
  );
  function draw() {
    if (drawn || !details.open) return;
    drawn = true;
    more(one, children, 0, budget);
  }
  draw();
  return details;
}

/** Draws the entries from `start` on, as many as one batch has. */
function more(one, place, start, budget) {
  const end = Math.min(one.entries.length, start + BATCH);
  for (let at = start; at < end; at += 1) {
    const [name, child] = one.entries[at];
    place.append(node(name, child, at === one.entries.length - 1, budget));
  }
  if (end === one.entries.length) return;
  const rest = one.entries.length - end;
  const button = el(
    "button",
    {
      type: "button",
      class: "small",
      onclick: () => {
        button.remove();
        more(one, place, end, { left: 0 });
      },
    },
    `Show ${count(Math.min(BATCH, rest))} of ${count(rest)} more`,
  );
  place.append(button);
}

function scalar(one) {
  return el("span", { class: one.text.startsWith('"') ? "j-text" : "j-value" }, one.text);
}
