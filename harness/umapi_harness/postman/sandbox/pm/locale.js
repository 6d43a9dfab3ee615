// Numbers, dates and the order of texts as people in the United States write them, which is what Node does unless it is
// told otherwise. The engine knows no locale; another one is refused rather than answered wrongly.

function refuseLocale(locales) {
  const [wanted] = [locales].flat();
  if (wanted === undefined || wanted === null || /^(en|en-us|c|und)$/i.test(String(wanted))) return;
  throw new RangeError(`this runner writes numbers, dates and lists in en-US alone, not in ${String(wanted)}`);
}

function refuseOptions(options, known, what) {
  for (const name of Object.keys(options ?? {})) {
    if (!known.includes(name) && options[name] !== undefined) throw new RangeError(`this runner does not know the option ${name} of ${what}`);
  }
  return options ?? {};
}

// ---- numbers ----

const CURRENCIES = { __proto__: null, USD: "$", EUR: "€", GBP: "£", JPY: "¥", INR: "₹" };

function localeNumber(number, locales, given) {
  refuseLocale(locales);
  const options = refuseOptions(given, ["style", "currency", "minimumFractionDigits", "maximumFractionDigits", "useGrouping"],
    "toLocaleString");
  const { style = "decimal", currency, useGrouping = true } = options;
  if (!["decimal", "percent", "currency"].includes(style) || (style === "currency" && !(currency in CURRENCIES))) {
    throw new RangeError(`this runner does not know the style ${style} ${currency ?? ""} of toLocaleString`);
  }
  const usual = style === "currency" ? (currency === "JPY" ? [0, 0] : [2, 2]) : style === "percent" ? [0, 0] : [0, 3];
  const least = options.minimumFractionDigits ?? Math.min(usual[0], options.maximumFractionDigits ?? usual[0]);
  const most = options.maximumFractionDigits ?? Math.max(usual[1], least);
  const value = style === "percent" ? number * 100 : number;
  if (isNaN(value)) return "NaN";
  if (!isFinite(value)) return value < 0 ? "-∞" : "∞";
  let [whole, fraction = ""] = Math.abs(value).toFixed(most).split(".");
  while (fraction.length > least && fraction.endsWith("0")) fraction = fraction.slice(0, -1);
  if (useGrouping) whole = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const negative = value < 0 || Object.is(value, -0) ? "-" : "";
  return negative + (style === "currency" ? CURRENCIES[currency] : "") + whole + (fraction && `.${fraction}`) +
    (style === "percent" ? "%" : "");
}

// ---- dates ----

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DATE_PARTS = ["weekday", "year", "month", "day"];
const TIME_PARTS = ["hour", "minute", "second"];

function partsOf(date, utc) {
  return utc
    ? { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate(), weekday: date.getUTCDay(),
      hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds() }
    : { year: date.getFullYear(), month: date.getMonth(), day: date.getDate(), weekday: date.getDay(),
      hour: date.getHours(), minute: date.getMinutes(), second: date.getSeconds() };
}

const digits = (number, style) => (style === "2-digit" ? String(number % 100).padStart(2, "0") : String(number));
const named = (names, index, style) => (style === "short" ? names[index].slice(0, 3) : style === "narrow" ? names[index][0] : names[index]);

function dateText(parts, { weekday, year, month, day }) {
  const dayName = weekday && named(DAYS, parts.weekday, weekday);
  if (month === "long" || month === "short" || month === "narrow") {
    const monthDay = [named(MONTHS, parts.month, month), day && digits(parts.day, day)].filter(Boolean).join(" ");
    const full = year ? `${monthDay}${day ? "," : ""} ${digits(parts.year, year)}` : monthDay;
    return [dayName, full].filter(Boolean).join(", ");
  }
  const numbers = [month && digits(parts.month + 1, month), day && digits(parts.day, day), year && digits(parts.year, year)];
  return [dayName, numbers.filter(Boolean).join("/")].filter(Boolean).join(", ");
}

function timeText(parts, { hour, minute, second, hour12 }) {
  const shown = hour12 ? parts.hour % 12 || 12 : parts.hour;
  const two = (number) => String(number).padStart(2, "0");
  const text = [hour && (hour === "2-digit" || !hour12 ? two(shown) : String(shown)), minute && two(parts.minute),
    second && two(parts.second)].filter(Boolean).join(":");
  return text + (hour && hour12 ? (parts.hour < 12 ? " AM" : " PM") : "");
}

const STYLES = {
  date: { full: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
    long: { year: "numeric", month: "long", day: "numeric" }, medium: { year: "numeric", month: "short", day: "numeric" },
    short: { year: "2-digit", month: "numeric", day: "numeric" } },
  time: { medium: { hour: "numeric", minute: "2-digit", second: "2-digit" }, short: { hour: "numeric", minute: "2-digit" } },
};

function localeDate(date, locales, given, usual) {
  refuseLocale(locales);
  const options = { ...refuseOptions(given, [...DATE_PARTS, ...TIME_PARTS, "timeZone", "hour12", "dateStyle", "timeStyle"],
    "toLocaleDateString") };
  const { timeZone, dateStyle, timeStyle, hour12 = true } = options;
  if (timeZone !== undefined && !/^(utc|gmt|etc\/utc)$/i.test(timeZone)) {
    throw new RangeError(`this runner knows the time zones UTC and that of the machine, not ${timeZone}`);
  }
  Object.assign(options, STYLES.date[dateStyle], STYLES.time[timeStyle]);
  if (![...DATE_PARTS, ...TIME_PARTS].some((part) => options[part])) Object.assign(options, usual);
  if (isNaN(date)) return "Invalid Date";
  const parts = partsOf(date, timeZone !== undefined);
  return [DATE_PARTS.some((part) => options[part]) && dateText(parts, options),
    TIME_PARTS.some((part) => options[part]) && timeText(parts, { ...options, hour12 })].filter(Boolean).join(", ");
}

const USUAL_DATE = { year: "numeric", month: "numeric", day: "numeric" };
const USUAL_TIME = { hour: "numeric", minute: "2-digit", second: "2-digit" };

// ---- the order of texts ----

// First by letters, then by accents, then small letters before capitals.
function compareTexts(left, right, locales, given) {
  refuseLocale(locales);
  const { sensitivity = "variant", numeric = false } = refuseOptions(given, ["sensitivity", "numeric", "usage"], "localeCompare");
  const accented = (text) => text.normalize("NFC").toLowerCase();
  const bare = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const byLetters = numeric ? compareNumerically(bare(left), bare(right)) : compareLetters(bare(left), bare(right));
  if (byLetters || sensitivity === "base") return byLetters;
  const byAccents = sensitivity === "case" ? 0 : compareLetters(accented(left), accented(right));
  if (byAccents || sensitivity === "accent") return byAccents;
  const swapped = (text) => text.replace(/\p{L}/gu, (one) => (one === one.toLowerCase() ? "0" : "1"));
  return compareLetters(swapped(left), swapped(right));
}

// Spaces and signs come before digits, digits before letters.
function rank(character) {
  return /\p{L}/u.test(character) ? 3 : /\p{N}/u.test(character) ? 2 : /\s/.test(character) ? 0 : 1;
}

function compareLetters(left, right) {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left[index], b = right[index];
    if (a !== b) return Math.sign(rank(a) - rank(b)) || (a < b ? -1 : 1);
  }
  return Math.sign(left.length - right.length);
}

function compareNumerically(left, right) {
  const a = left.match(/\d+|\D+/g) ?? [], b = right.match(/\d+|\D+/g) ?? [];
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const numbers = /^\d/.test(a[index]) && /^\d/.test(b[index]);
    const order = numbers ? Math.sign(a[index] - b[index]) : compareLetters(a[index], b[index]);
    if (order) return order;
  }
  return Math.sign(a.length - b.length);
}

// As methods, so that they are no constructors and have `this`.
const localeMethods = {
  number: { toLocaleString(locales, options) { return localeNumber(Number(this), locales, options); } },
  string: { localeCompare(other, locales, options) { return compareTexts(String(this), String(other), locales, options); } },
  date: {
    toLocaleDateString(locales, options) { return localeDate(this, locales, options, USUAL_DATE); },
    toLocaleTimeString(locales, options) { return localeDate(this, locales, options, USUAL_TIME); },
    toLocaleString(locales, options) { return localeDate(this, locales, options, { ...USUAL_DATE, ...USUAL_TIME }); },
  },
};

function installMethods(prototype, methods) {
  for (const name of Object.keys(methods)) {
    Object.defineProperty(prototype, name, { value: methods[name], writable: true, enumerable: false, configurable: true });
  }
}
installMethods(Number.prototype, localeMethods.number);
installMethods(String.prototype, localeMethods.string);
installMethods(RealDate.prototype, localeMethods.date);
