// Values as text: as assertions show them, in the manner of chai, and in full for reports and the console.

class AssertionError extends Error {
  get name() { return "AssertionError"; }
}

// ---- for the console and for errors of ours ----

const SHOWN_LENGTH = 400;

function show(value) {
  const text = showAt(value, 0);
  return text.length > SHOWN_LENGTH ? text.slice(0, SHOWN_LENGTH) + "…" : text;
}

function showAt(value, depth) {
  if (typeof value === "string") return depth === 0 || !value.includes("'") ? `'${value}'` : JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[Function${value.name ? ": " + value.name : ""}]`;
  if (value === null || typeof value !== "object") return Object.is(value, -0) ? "-0" : String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Date) return isNaN(value) ? "Invalid Date" : value.toISOString();
  if (depth > 4) return Array.isArray(value) ? "[…]" : "{…}";
  if (value instanceof Map) return `Map ${showAt([...value], depth + 1)}`;
  if (value instanceof Set) return `Set ${showAt([...value], depth + 1)}`;
  if (Array.isArray(value)) return value.length ? `[ ${value.map((v) => showAt(v, depth + 1)).join(", ")} ]` : "[]";
  const keys = Object.keys(value);
  if (!keys.length) return "{}";
  const key = (k) => (/^[A-Za-z_$][\w$]*$/.test(k) ? k : `'${k}'`);
  return `{ ${keys.map((k) => `${key(k)}: ${showAt(value[k], depth + 1)}`).join(", ")} }`;
}

// ---- for reports: both sides of a comparison ----

const COMPARED_LENGTH = 10000;

const COMPARED_VALUES = 5000;

// A value as JSON with its parts on lines of their own, where it is more than one; what JSON cannot hold as `show` has it.
// Of large values only as much is written as is told.
function comparedText(value) {
  if (typeof value === "string") return bounded(value);
  if (!isPlain(value)) return bounded(show(value));
  let left = COMPARED_VALUES;
  const part = (_, one) => {
    left -= 1;
    if (left < 0) return undefined;
    if (typeof one === "string") return bounded(one);
    return Array.isArray(one) && one.length > COMPARED_VALUES ? one.slice(0, COMPARED_VALUES) : one;
  };
  try {
    return bounded(JSON.stringify(value, part, 2) ?? show(value));
  } catch {
    return bounded(show(value));
  }
}

function bounded(text) { return text.length > COMPARED_LENGTH ? text.slice(0, COMPARED_LENGTH) + "…" : text; }

function isPlain(value) {
  return Array.isArray(value) || tagOf(value) === "[object Object]";
}

// ---- for messages of assertions: as chai shows them, within forty characters ----

const DISPLAYED_LENGTH = 40;
const ESCAPES = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "'": "\\'", "\\": "\\\\" };

function escaped(text) {
  return text.replace(/[\x00-\x1f\x7f-\x9f'\\\u00ad\u0600-\u0604\u070f\u17b4\u17b5\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff0-\uffff]/g,
    (one) => ESCAPES[one] ?? `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function shortened(text, room) {
  if (room < 1 && text.length > 1) return "…";
  return text.length > room && text.length > 1 ? text.slice(0, room - 1) + "…" : text;
}

// As many parts as there is room for, and how many are left out.
function listed(parts, room, inspectPart) {
  const tail = (index) => (index === parts.length - 1 ? "" : ", ");
  let text = "", next = "";
  for (let index = 0; index < parts.length; index += 1) {
    const left = parts.length - index - 1;
    const rest = `…(${left + 1})`;
    const here = room - text.length - tail(index).length;
    const part = next || inspectPart(parts[index], here) + tail(index);
    const length = text.length + part.length;
    if (left === 0) return text + (length > room && text.length + rest.length <= room ? rest : part);
    if (left > 1 && length + rest.length > room) return text + rest;
    next = inspectPart(parts[index + 1], here) + tail(index + 1);
    if (left === 1 && length + rest.length > room && length + next.length > room) return text + rest;
    text += part;
    if (left > 1 && length + next.length >= room) return `${text}…(${left})`;
  }
  return text;
}

function inspectedKey(key, room) {
  if (typeof key === "symbol") return `[${String(key)}]`;
  return /^[a-z_]\w*$/i.test(key) ? key : inspectedText(key, room);
}

function inspectedText(text, room) { return `'${shortened(escaped(text), room - 2)}'`; }

function inspectedMembers(value, keys, room, above) {
  return listed(keys, room, (key, left) => {
    const name = inspectedKey(key, left - 2);
    return `${name}: ${inspectedValue(value[key], left - 2 - name.length, above)}`;
  });
}

function ownKeys(value) {
  const symbols = Object.getOwnPropertySymbols(value).filter((key) => Object.getOwnPropertyDescriptor(value, key).enumerable);
  return [...Object.keys(value), ...symbols];
}

function inspectedObject(value, room, above) {
  const keys = ownKeys(value);
  return keys.length ? `{ ${inspectedMembers(value, keys, room - 4, above)} }` : "{}";
}

function inspectedArray(value, room, above) {
  const others = ownKeys(value).filter((key) => !/^\d+$/.test(String(key)));
  if (!value.length && !others.length) return "[]";
  const items = listed([...value], room - 4, (item, left) => inspectedValue(item, left, above));
  const more = others.length ? inspectedMembers(value, others, room - 4 - items.length, above) : "";
  return `[ ${items}${items && more ? ", " : ""}${more} ]`;
}

function inspectedError(value, room, above) {
  const name = String(value.name);
  const message = value.message ? `: ${shortened(String(value.message), room - name.length - 5)}` : "";
  const keys = ownKeys(value);
  const more = keys.length ? ` { ${inspectedMembers(value, keys, room - 5, above)} }` : "";
  return `${name}${message}${more}`;
}

function inspectedDate(value, room) {
  if (isNaN(value)) return "Invalid Date";
  const [day, clock] = value.toJSON().split("T");
  return `${day}T${shortened(clock, room - day.length - 1)}`;
}

const INSPECTORS = {
  Array: inspectedArray,
  Date: inspectedDate,
  Error: inspectedError,
  RegExp: (value, room) => shortened(String(value), room),
  // Chai shows a map of one entry as an empty one.
  Map: (value, room, above) => (value.size < 2 ? "Map{}" : `Map{ ${listed([...value], room - 7, ([key, one], left) => {
    const name = inspectedValue(key, left - 4, above);
    return `${name} => ${inspectedValue(one, left - 4 - name.length, above)}`;
  })} }`),
  Set: (value, room, above) =>
    (value.size ? `Set{ ${listed([...value], room - 7, (one, left) => inspectedValue(one, left, above))} }` : "Set{}"),
  Promise: () => "Promise{…}",
  WeakMap: () => "WeakMap{…}",
  WeakSet: () => "WeakSet{…}",
  Arguments: (value, room, above) => `Arguments${inspectedArray([...value], room - 13, above)}`,
};

function inspectedValue(value, room, above) {
  if (typeof value === "string") return inspectedText(value, room);
  if (typeof value === "number") return shortened(Object.is(value, 0) ? "+0" : Object.is(value, -0) ? "-0" : String(value), room);
  if (typeof value === "bigint") return `${shortened(String(value), room - 1)}n`;
  if (typeof value === "function") return value.name ? `[Function ${shortened(value.name, room - 11)}]` : "[Function]";
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof String || value instanceof Number || value instanceof Boolean) {
    return inspectedValue(value.valueOf(), room, above);
  }
  if (above.includes(value)) return "[Circular]";
  const inside = [...above, value];
  const tag = tagOf(value).slice(8, -1);
  const inspector = value instanceof Error ? inspectedError : Object.hasOwn(INSPECTORS, tag) ? INSPECTORS[tag] : null;
  if (inspector) return inspector(value, room, inside);
  const maker = value.constructor;
  if (ArrayBuffer.isView(value)) return maker.name + inspectedArray(Array.from(value), room - maker.name.length, inside);
  const name = typeof maker === "function" && maker !== Object ? maker.name : "";
  return name + inspectedObject(value, room - name.length, inside);
}

function inspected(value, room = DISPLAYED_LENGTH) { return inspectedValue(value, room, []); }

// A value in a message: only its kind and size where it would be long.
function displayed(value) {
  const text = inspected(value);
  if (text.length < DISPLAYED_LENGTH) return text;
  if (typeof value === "function") return value.name ? `[Function: ${value.name}]` : "[Function]";
  const tag = tagOf(value);
  if (tag === "[object Array]") return `[ Array(${value.length}) ]`;
  if (tag !== "[object Object]") return text;
  const keys = Object.keys(value);
  return `{ Object (${keys.length > 2 ? `${keys.slice(0, 2).join(", ")}, ...` : keys.join(", ")}) }`;
}
