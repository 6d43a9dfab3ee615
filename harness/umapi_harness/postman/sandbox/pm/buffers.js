// Buffer: bytes, and texts made of them, as far as scripts commonly use it.

const toBytes = {
  __proto__: null,
  utf8: (text) => latin1Bytes(unescape(encodeURIComponent(text.toWellFormed()))),
  latin1: (text) => latin1Bytes(text),
  hex: (text) => (text.match(/[0-9a-f]{2}/gi) ?? []).map((pair) => parseInt(pair, 16)),
  base64: (text) => latin1Bytes(atob(text.replace(/-/g, "+").replace(/_/g, "/").replace(/[^A-Za-z0-9+/]/g, ""))),
};
const fromBytes = {
  __proto__: null,
  utf8: (bytes) => utf8Text(bytes),
  latin1: (bytes) => latin1Text(bytes),
  hex: (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  base64: (bytes) => btoa(latin1Text(bytes)),
};
toBytes.base64url = toBytes.base64;
fromBytes.base64url = (bytes) => fromBytes.base64(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
for (const table of [toBytes, fromBytes]) {
  table["utf-8"] = table.utf8;
  table.binary = table.latin1;
  table.ascii = table.latin1;
}

function latin1Bytes(text) {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

function latin1Text(bytes) {
  let text = "";
  for (let index = 0; index < bytes.length; index += 1) text += String.fromCharCode(bytes[index]);
  return text;
}

// Bytes that are no UTF-8 become replacement characters.
function utf8Text(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at];
    const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2
      : first >= 0xf0 && first < 0xf5 ? 3 : -1;
    let code = more === 0 ? first : more < 0 ? -1 : first & (0x3f >> more);
    for (let next = 1; next <= more && code >= 0; next += 1) {
      const byte = bytes[at + next];
      code = byte !== undefined && (byte & 0xc0) === 0x80 ? code * 64 + (byte & 0x3f) : -1;
    }
    const least = [0, 0x80, 0x800, 0x10000][Math.max(more, 0)];
    const valid = code >= least && code < 0x110000 && (code < 0xd800 || code > 0xdfff);
    text += valid ? String.fromCodePoint(code) : "\ufffd";
    at += valid ? more + 1 : 1;
  }
  return text;
}

function coding(table, encoding = "utf8") {
  const found = table[String(encoding).toLowerCase()];
  if (found === undefined) throw new TypeError(`Unknown encoding: ${encoding}`);
  return found;
}

class Buffer extends Uint8Array {
  static from(source, encoding) {
    const bytes = typeof source === "string" ? coding(toBytes, encoding)(source)
      : source?.type === "Buffer" ? source.data : source;
    return new Buffer(bytes);
  }
  static alloc(size) { return new Buffer(size); }
  static concat(parts) { return new Buffer(parts.flatMap((part) => [...part])); }
  static isBuffer(value) { return value instanceof Buffer; }
  static byteLength(text, encoding) { return typeof text === "string" ? coding(toBytes, encoding)(text).length : text.byteLength; }
  toString(encoding) { return coding(fromBytes, encoding)(this); }
  equals(other) { return this.length === other.length && this.every((byte, index) => byte === other[index]); }
  slice(start, end) { return this.subarray(start, end); }
  toJSON() { return { type: "Buffer", data: [...this] }; }
}

const makeBuffer = (text, encoding) => Buffer.from(text, encoding);
