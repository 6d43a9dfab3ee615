// Elements made from data. Everything shown goes through text nodes and attributes, never through markup.

/** An element; `props` are attributes, `on…` listeners, or properties of the form `.value`. */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith(".")) element[name.slice(1)] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Puts `children` in the place of what `element` holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
}

/** Like fill, but the control with the focus keeps it if one with the same data-key comes back. */
export function refill(element, ...children) {
  const focused = document.activeElement;
  const key = element.contains(focused) ? focused.closest("[data-key]")?.dataset.key : undefined;
  const scrolled = [element.scrollTop, element.scrollLeft];
  fill(element, ...children);
  [element.scrollTop, element.scrollLeft] = scrolled;
  if (key === undefined) return;
  const successor = [...element.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  (successor ?? element.closest("section")?.querySelector("h2"))?.focus({ preventScroll: true });
}

/** A definition list of [term, value] pairs, without those that have no value. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return el("dl", { class: "facts" }, known.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

/** Prose in which names and values stand in backticks, as code. */
export function prose(text) {
  return text.split("`").map((part, place) => (place % 2 ? el("code", {}, part) : part));
}

/** A table with a caption for screen readers; `columns` are [heading, class] pairs. */
export function table(caption, columns, rows) {
  return el(
    "table",
    {},
    el("caption", { class: "unseen" }, caption),
    el("thead", {}, el("tr", {}, columns.map(([name, kind]) => el("th", { scope: "col", class: kind }, name)))),
    el("tbody", {}, rows),
  );
}

/** A labelled control. */
export function field(label, control, props = {}) {
  return el("label", { class: "field", ...props }, el("span", {}, label), control);
}

/** A select with [value, text] options. */
export function choice(options, props = {}) {
  return el("select", props, options.map(([value, text]) => el("option", { value }, text)));
}

/** Calls `action` once the calls have stopped coming for `wait` milliseconds. */
export function settled(action, wait) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...values), wait);
  };
}

/** The number with thousands set apart. */
export function count(number) {
  return number.toLocaleString("en-GB");
}

/** "1 user", "2 users". */
export function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}
