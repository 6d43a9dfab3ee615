// The expectations behind pm.expect: a BDD chain with chai's words. This is the chain; `assertions.js` has the words.
// A word that is not known throws, so that a slip of the pen cannot pass for a check.

const FILLERS = new Set(["to", "be", "been", "is", "and", "has", "have", "with", "that", "which", "at", "of", "same", "but",
  "does", "still", "also"]);
const FLAGS = {
  not: {}, deep: {}, nested: {}, own: {}, ordered: {}, any: { all: false }, all: { any: false }, itself: {},
};
const SUGGESTED_DISTANCE = 4;

// Expectations that have checked nothing yet, with an error that knows where they were made.
const unasserted = new Map();

class Chain {
  constructor(subject, message) {
    this.subject = subject;
    this.message = message;
    this.flags = {};
  }

  // Fails with `text`, or where the chain is negated with `negated`, in which #{this}, #{exp} and #{act} are filled in:
  // what was `compared` is the expected value and the actual one, which is the subject where no other is given.
  check(holds, text, negated, ...compared) {
    if (Boolean(holds) !== Boolean(this.flags.not)) return;
    const [expected, actual] = compared.length > 1 ? compared : [compared[0], this.subject];
    const values = { this: this.subject, exp: expected, act: actual };
    const sentence = this.flags.not ? negated : text;
    const error = this.failure(sentence.replace(/#\{(this|exp|act)\}/g, (_, name) => displayed(values[name])));
    if (compared.length) Object.assign(error, { expected, actual });
    throw error;
  }

  failure(text) {
    return new AssertionError(this.prefix() + text);
  }

  prefix() { return this.message ? `${this.message}: ` : ""; }

  // For subjects and arguments that an assertion cannot do anything with.
  fail(text) { throw this.failure(text); }

  // An expectation about another value, with the same words in front of its messages.
  about(subject, flags = {}) {
    const other = new Chain(subject, this.message);
    other.flags = flags;
    return other;
  }

  equalTo(a, b) { return this.flags.deep ? deepEqual(a, b) : a === b; }
}

function wordNamed(name) {
  const word = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
  return Object.hasOwn(WORDS, word) ? WORDS[word] : null;
}

function knownWords() {
  return [...FILLERS, ...Object.keys(FLAGS), ...Object.keys(WORDS), ...Object.keys(ALIASES)];
}

function distance(a, b) {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      row.push(Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    previous = row;
  }
  return previous[b.length];
}

function unknownWord(name) {
  let nearest = null, least = SUGGESTED_DISTANCE;
  for (const word of knownWords()) {
    if (Math.abs(word.length - name.length) >= least) continue;
    const found = distance(name, word);
    if (found < least) [nearest, least] = [word, found];
  }
  return new Error(`Invalid Chai property: ${name}${nearest ? `. Did you mean "${nearest}"?` : ""}`);
}

const UNASKED = new Set(["then", "catch", "inspect", "toJSON"]);

class Reader {
  constructor(chain) { this.chain = chain; }
  get(target, name) { return read(this.chain, this.proxy, target, name); }
  set() { throw new TypeError("an expectation cannot be assigned to; call it"); }
}

function wrap(chain) {
  const reader = new Reader(chain);
  reader.proxy = new Proxy({}, reader);
  return reader.proxy;
}

function read(chain, proxy, target, name) {
  if (FILLERS.has(name)) return proxy;
  if (typeof name === "symbol" || UNASKED.has(name)) return undefined;
  if (Object.hasOwn(FLAGS, name)) {
    Object.assign(chain.flags, { [name]: true }, FLAGS[name]);
    return proxy;
  }
  const word = wordNamed(name);
  if (!word) {
    if (name in target) return target[name];
    unasserted.delete(chain); // what is thrown is told of
    throw unknownWord(name);
  }
  if (word.read) {
    unasserted.delete(chain);
    word.read(chain);
    return proxy;
  }
  if (word.goOn) return chainable(chain, proxy, word);
  return new Proxy(asserter(chain, proxy, word), {
    get: (call, next) => {
      if (typeof next === "symbol" || UNASKED.has(next) || next in call) return call[next];
      throw new Error(`Invalid Chai property: ${name}.${next}. See docs for proper usage of "${name}".`);
    },
  });
}

function asserter(chain, proxy, word) {
  return (...args) => {
    unasserted.delete(chain);
    // Each assertion takes, after its own arguments, words of the script's own for its message.
    if (args.length > word.takes && args[word.takes]) chain.message = args[word.takes];
    word.call(chain, ...args.slice(0, word.takes));
    return proxy;
  };
}

// What may be called or may go on: "include.keys", "length.above".
function chainable(chain, proxy, word) {
  word.goOn(chain);
  return new Proxy(asserter(chain, proxy, word), { get: (call, next) => read(chain, proxy, {}, next) });
}

function expect(subject, message) {
  const chain = new Chain(subject, message);
  unasserted.set(chain, new Error());
  return wrap(chain);
}

expect.fail = (...args) => {
  const [actual, expected, message] = args.length < 2 ? [undefined, undefined, args[0]] : args;
  const error = new AssertionError(message || "expect.fail()");
  if (args.length > 1) Object.assign(error, { actual, expected });
  throw error;
};
