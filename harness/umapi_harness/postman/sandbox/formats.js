// Formats of JSON Schema, as strictly as Postman judges them: the look of a text, not whether there is such a day.

const DATE = /^\d{4}-[01]\d-[0-3]\d$/;
const CLOCK = /^(?:[0-2]\d:[0-5]\d:[0-5]\d|23:59:60)(?:\.\d+)?(z|[+-]\d\d(?::?\d\d)?)?$/i;
const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

function isDateTime(text) {
  const clock = CLOCK.exec(text.slice(11));
  return DATE.test(text.slice(0, 10)) && /^[t\s]$/i.test(text[10] ?? "") && clock !== null && clock[1] !== undefined;
}

function isHostname(text) {
  const name = text.replace(/\.$/, "");
  return name.length <= 253 && name.split(".").every((label) => LABEL.test(label));
}

function isEmail(text) {
  const [, host] = /^[\w.!#$%&'*+/=?^`{|}~-]+@(.*)$/.exec(text) ?? [];
  return host !== undefined && host.split(".").every((label) => LABEL.test(label));
}

function isIpv4(text) {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

// Eight groups of hexadecimal digits; "::" stands for one or more groups of zeros, an IPv4 address for the last two.
function isIpv6(text) {
  const bare = text.trim().replace(/%.+$/, "");
  const sides = bare.split("::");
  if (sides.length > 2) return false;
  const groups = sides.flatMap((side) => (side === "" ? [] : side.split(":")));
  const last = groups.at(-1);
  const hasIpv4 = last !== undefined && last.includes(".");
  if (hasIpv4 && (!isIpv4(last) || /(?:^|\.)0\d/.test(last))) return false;
  const count = groups.length + (hasIpv4 ? 1 : 0);
  return (hasIpv4 ? groups.slice(0, -1) : groups).every((group) => /^[0-9a-f]{1,4}$/i.test(group)) &&
    (sides.length === 2 ? count <= 7 : count === 8);
}

function isUriTemplate(text) {
  const name = String.raw`(?:\w|%[0-9a-f]{2})+(?::[1-9]\d{0,3}|\*)?`;
  const expression = new RegExp(String.raw`^[+#./;?&=,!@|]?${name}(?:,${name})*$`, "i");
  const literal = /^(?:[^\x00-\x20"'<>%\\^`{|}]|%[0-9a-f]{2})*$/i;
  return text.split(/(\{[^{}]*\})/).every((part, index) =>
    (index % 2 ? expression.test(part.slice(1, -1)) : literal.test(part)));
}

function isUrl(text) {
  const [, host] = /^(?:https?|ftp):\/\/(?:[^\s:@/]+(?::[^\s@/]*)?@)?([^\s:/?#]+)(?::\d{2,5})?(?:\/\S*)?$/i.exec(text) ?? [];
  if (host === undefined) return false;
  const label = /^[a-z0-9\u{a1}-\u{ffff}](?:[a-z0-9\u{a1}-\u{ffff}-]*[a-z0-9\u{a1}-\u{ffff}])?$/iu;
  const labels = host.split(".");
  return isIpv4(host) || (labels.length > 1 && labels.every((one) => label.test(one)) && /^[^\d-]{2,}$/.test(labels.at(-1)));
}

function isRegex(text) {
  return !/[^\\]\\Z/.test(text) && isPattern(text);
}

const FORMATS = {
  date: (text) => DATE.test(text),
  time: (text) => CLOCK.test(text),
  "date-time": isDateTime,
  uri: (text) => /^[a-z][a-z0-9+.-]*:\S*$/i.test(text),
  "uri-reference": (text) => /^(?:(?:[a-z][a-z0-9+.-]*:)?\/?\/)?(?:[^\\\s#][^\s#]*)?(?:#[^\\\s]*)?$/i.test(text),
  "uri-template": isUriTemplate,
  url: isUrl,
  email: isEmail,
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: isIpv6,
  regex: isRegex,
  uuid: (text) => /^(?:urn:uuid:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  "json-pointer": (text) => POINTER.test(text),
  "json-pointer-uri-fragment": (text) => /^#(?:\/(?:[\w.!$&'()*+,;:=@-]|%[0-9a-f]{2}|~[01])*)*$/i.test(text),
  "relative-json-pointer": (text) => /^(?:0|[1-9]\d*)(?:#|(?:\/(?:[^~/]|~[01])*)*)$/.test(text),
};
