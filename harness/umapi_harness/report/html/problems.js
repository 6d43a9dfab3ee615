// What fails a step, and what was allowed: each as a card, with both values side by side where two were compared.

import { compared } from "./diff.js";
import { el, plural } from "./dom.js";

const MARKS = { failed: "✗", passed: "✓", skipped: "–", allowed: "!", unfinished: "!" };
const WORDS_OF_STATES = { failed: "Failed", passed: "Passed", skipped: "Skipped", allowed: "Allowed" };

/** The sign of a state, which is told apart by its shape too, beside a word that says the same. */
export function sign(state) {
  return el("span", { class: `mark ${state}`, "aria-hidden": "true" }, MARKS[state]);
}

/** The sign of a state with its word for those who hear it. */
export function mark(state) {
  return [sign(state), el("span", { class: "unseen" }, `${WORDS_OF_STATES[state]} `)];
}

/** Where a step stands: its iteration, where there are several, and its folders. */
export function placeText(run, row) {
  const iteration = run.iterations > 1 ? [`Iteration ${row.iteration + 1}`] : [];
  return [...iteration, ...row.folders].join(" / ");
}

/** The cards of what fails a step and of what was allowed, in the order in which it came about. */
export function problemCards(details, errors = details.errors) {
  const failed = details.checks.filter((check) => check.state === "failed");
  const causes = [
    ...failed.map((check, place) => [2 * place + 1, check.follows ? null : checkCard(check)]),
    ...errors.map((error) => [2 * error.before, error.follows ? null : errorCard(error)]),
  ];
  const cards = causes.sort(([one], [other]) => one - other).map(([, card]) => card);
  const followed = [...failed, ...errors].filter((one) => one.follows);
  return [...cards.filter((card) => card !== null), ...(followed.length ? [consequencesCard(followed)] : [])];
}

/** What the answer says of the cause: its error codes, each with its meaning and what to do. */
export function hintsView(details) {
  if (!details.hints?.length) return null;
  return el(
    "aside",
    { class: "hints", "aria-label": "What the answer says" },
    details.hints.map((hint) => el("p", {}, el("b", {}, "The answer: "), hint)),
  );
}

/** The planned failures that struck the requests of a step, which look as if the service had failed. */
export function faultsView(details) {
  const faults = new Set(details.exchanges.flatMap((one) => one.faults ?? []));
  return [...faults].map((fault) => el("p", { class: "note" }, `Planned fault: ${fault}`));
}

/** One card for all that failed since no answer came, which folds: the cause has a card of its own. */
function consequencesCard(followed) {
  return el(
    "article",
    { class: "card failed" },
    el(
      "details",
      {},
      el("summary", {}, `Failed because no answer came (${followed[0].follows}): ${plural(followed.length, "check")}`),
      el(
        "ul",
        { class: "plain" },
        followed.map((one) => el("li", {}, el("b", {}, one.name ?? one.kind), `: ${one.message}`)),
      ),
    ),
  );
}

/** One card for a failed check. */
function checkCard(check) {
  return el(
    "article",
    { class: "card failed" },
    el(
      "header",
      { class: "head" },
      mark("failed"),
      el("h4", { class: "name" }, check.name),
      el("span", { class: "tag" }, check.event === "prerequest" ? "pre-request script" : "test"),
    ),
    el("p", { class: "message" }, check.message),
    check.expected === undefined ? null : sides(check.expected, check.actual),
    aboutLines(check.about),
    pointerLine(check.pointer, check.place),
  );
}

/** One card for an error. */
export function errorCard(error) {
  const state = error.allowed ? "allowed" : "failed";
  return el(
    "article",
    { class: `card ${state}` },
    el(
      "header",
      { class: "head" },
      mark(state),
      el("h4", { class: "name rule" }, error.kind),
      el("span", { class: "tag" }, error.allowed ? "allowed by --allow" : "rule"),
    ),
    el("p", { class: "message" }, error.message),
    aboutLines(error.about),
    pointerLine(error.pointer),
  );
}

function pointerLine(pointer, place = "") {
  if (!pointer && !place) return null;
  const inCollection = pointer ? [el("span", { class: "quiet" }, "in the collection "), el("code", {}, pointer)] : [];
  return el("p", { class: "pointer" }, inCollection, place ? `${pointer ? ", " : ""}${place}` : null);
}

/** The exchanges that a failure is about, where a script sent them: each leads to where it is shown. */
function aboutLines(about = []) {
  return about.map(([number, text]) =>
    el("p", { class: "about" }, el("span", { class: "quiet" }, "about "), el("a", { href: `#exchange-${number}` }, text)),
  );
}

/** Expected and actual, with the words that differ marked. */
function sides(expected, actual) {
  const [left, right] = compared(expected, actual);
  const note =
    expected === actual
      ? el("p", { class: "quiet" }, "Both read the same: they differ in type, or in what is not shown.")
      : null;
  return [el("div", { class: "compare" }, side("Expected", left, "ins"), side("Actual", right, "del")), note];
}

function side(title, parts, tag) {
  const shown = parts.map(([text, differs]) => (differs ? el(tag, {}, text) : text));
  return el(
    "figure",
    {},
    el("figcaption", {}, title),
    el("pre", { tabindex: "0", "aria-label": title }, shown.length ? shown : el("span", { class: "quiet" }, "(empty)")),
  );
}
