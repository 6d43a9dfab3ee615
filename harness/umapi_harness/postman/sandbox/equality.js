// Deep equality, and the values at the end of paths.

function typeName(value) {
  if (value === null) return "null";
  return tagOf(value).slice(8, -1).toLowerCase();
}

// Own and inherited, as far as they can be counted.
function countedKeys(value) {
  const keys = [];
  for (const key in value) keys.push(key);
  for (const key of Object.getOwnPropertySymbols(value)) {
    if (Object.getOwnPropertyDescriptor(value, key).enumerable) keys.push(key);
  }
  return keys;
}

function deepEqual(a, b, pairs = []) {
  if (a === b) return a !== 0 || 1 / a === 1 / b;
  if (a !== a && b !== b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  const type = typeName(a);
  if (type !== typeName(b)) return false;
  if (["string", "number", "boolean", "date"].includes(type)) return deepEqual(a.valueOf(), b.valueOf());
  if (["promise", "weakmap", "weakset", "symbol"].includes(type)) return false;
  if (type === "regexp") return String(a) === String(b);
  if (pairs.some(([x, y]) => x === a && y === b)) return true;
  const inside = [...pairs, [a, b]];
  if (type === "error") return ["name", "message", "code"].every((key) => deepEqual(a[key], b[key], inside));
  if (type === "map" || type === "set") return sameEntries([...a], [...b], inside);
  if (Array.isArray(a) || ArrayBuffer.isView(a) || type === "arguments") return sameItems(Array.from(a), Array.from(b), inside);
  const keys = countedKeys(a), others = countedKeys(b);
  return keys.length === others.length && keys.every((key) => others.includes(key) && deepEqual(a[key], b[key], inside));
}

function sameItems(a, b, pairs) {
  return a.length === b.length && a.every((one, index) => deepEqual(one, b[index], pairs));
}

function sameEntries(a, b, pairs) {
  const left = [...b];
  return a.length === b.length && a.every((one) => {
    const place = left.findIndex((other) => deepEqual(one, other, pairs));
    if (place >= 0) left.splice(place, 1);
    return place >= 0;
  });
}

// "a.b[0].c" as ["a", "b", "0", "c"]; a backslash keeps a dot or bracket in a name.
function pathParts(path) {
  const parts = [];
  const finder = /\[(\d+)\]|((?:\\[.[\]\\]|[^.[\]\\])+)/g;
  for (const [, index, name] of String(path).matchAll(finder)) parts.push(index ?? name.replace(/\\(.)/g, "$1"));
  return parts;
}

function nestedValue(object, path) {
  let value = object;
  for (const part of pathParts(path)) {
    if (value === null || value === undefined || !(part in Object(value))) return { found: false, value: undefined };
    value = value[part];
  }
  return { found: true, value };
}
