// Libraries for scripts: those of Postman's sandbox, from the bundle that the host has found, read when the first one is
// asked for; and the few that are as short as this.

const OWN_LIBRARIES = {
  __proto__: null,
  atob: () => realGlobal.atob,
  btoa: () => realGlobal.btoa,
  uuid: () => Object.assign(uuid, { v4: uuid }),
};

// What else `require` knows, as the host tells.
let bundledLibraries = new Set();

// Libraries that scripts know by a name of their own. What the bundle does not offer to `require` has a number there, which
// stands where it is asked for.
const NAMED_LIBRARIES = { _: /\blodash3:(\d+)/, Backbone: "backbone", Buffer: "buffer", CryptoJS: "crypto-js",
  cheerio: "cheerio", tv4: "tv4", xml2Json: /"\.\/xml2Json":(\d+)/ };

const LIBRARY_COMMAND = "umapi-harness libraries install";

// The text of the bundle; empty where it is not installed, and until a script is met that may ask for it.
let bundle = "";
let bundledRequire = null;

function uuid() {
  return "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, (one) => {
    const digit = Math.floor(current.random() * 16);
    return (one === "x" ? digit : (digit & 3) | 8).toString(16);
  });
}

// The bundle is a table of modules with a function that loads one, and a list of those to begin with, which make up
// Postman's own sandbox; here it begins with none. What it calls global is the scripts' global object.
function loadBundle() {
  const [, quoted] = /^module\.exports=\w+=>\w+\(null,(".*")\);?\s*$/s.exec(bundle) ?? [];
  const text = quoted === undefined ? "" : JSON.parse(quoted);
  const end = /\},\{\},\[[\d,]+\]\);?$/;
  if (!end.test(text)) throw new Error(`the installed libraries cannot be read; "${LIBRARY_COMMAND}" brings them anew`);
  const numbered = Object.entries(NAMED_LIBRARIES).filter(([, id]) => id instanceof RegExp);
  for (const [name, pattern] of numbered) NAMED_LIBRARIES[name] = Number(pattern.exec(text)[1]);
  const given = { global: realGlobal, self: realGlobal, window: undefined, File: undefined, Blob: undefined,
    process: undefined, ...timerFunctions };
  const load = new Function(...Object.keys(given), `var require;${text.replace(end, "},{},[]);")};return require;`);
  bundledRequire = Reflect.apply(load, realGlobal, Object.values(given));
}

function needsBundle(name) {
  if (!bundle) {
    throw new Error(`${name} is not installed; "${LIBRARY_COMMAND}" brings the libraries that Postman has for scripts`);
  }
  if (bundledRequire === null) loadBundle();
}

function requireLibrary(name) {
  const wanted = String(name);
  if (wanted in OWN_LIBRARIES) return OWN_LIBRARIES[wanted]();
  if (!bundledLibraries.has(wanted)) throw new Error(`Cannot find module '${wanted}'`);
  needsBundle(`the library ${wanted}`);
  return bundledRequire(wanted);
}

function namedLibrary(name) {
  if (name === "Buffer" && !bundle) return Buffer; // what scripts commonly do with it needs no library
  needsBundle(`the library behind ${name}`);
  const found = bundledRequire(NAMED_LIBRARIES[name]);
  return name === "Buffer" ? found.Buffer : found;
}

const namedLibraries = Object.fromEntries(Object.keys(NAMED_LIBRARIES).map((name) => [name, () => namedLibrary(name)]));
