// The first page: the verdict, the failures, and what the reader must know to judge the run.

import { count, el, facts, plural, table } from "./dom.js";
import { concerned, exchangeView } from "./exchanges.js";
import { errorCard, faultsView, hintsView, mark, placeText, problemCards, sign } from "./problems.js";
import { duration, strip } from "./timeline.js";

const BATCH_OF_FAILURES = 20; // failed steps that are drawn at a time

const VERDICTS = { passed: "Passed", failed: "Failed", unfinished: "Not finished" };

/** The verdict: passed, failed or unfinished. */
export function verdictOf(run) {
  if (run.end === null) return "unfinished";
  return run.end.passed ? "passed" : "failed";
}

/** The verdict in words. */
export function verdictText(run) {
  return VERDICTS[verdictOf(run)];
}

/** The page; `open` is called with a row to go to, `show` with the name of a filter, `tell` says and copies. */
export function overviewView(run, open, show, tell) {
  const failed = run.rows.filter((row) => row.state === "failed");
  return el(
    "article",
    { class: "overview", "aria-labelledby": "verdict-name" },
    hero(run),
    run.rows.some((row) => row.spans.length) ? strip(run.rows, open) : null,
    failuresView(run, failed, tell),
    allowedView(run, show),
    notesView(run),
    aboutView(run),
  );
}

function hero(run) {
  const verdict = verdictOf(run);
  return el(
    "section",
    { class: `hero ${verdict}` },
    el("h2", { id: "verdict-name", tabindex: "-1" }, sign(verdict), el("span", { class: "word" }, verdictText(run))),
    el("p", { class: "lead" }, sentence(run)),
    run.end?.stopped ? el("p", { class: "lead" }, el("b", {}, "Stopped early: "), run.end.stopped) : null,
    run.end === null
      ? null
      : el(
          "dl",
          { class: "counts" },
          countsOf(run.end.summary).map(([name, number, kind]) =>
            el(
              "div",
              { class: number ? kind : "none" },
              el("dd", {}, typeof number === "number" ? count(number) : number),
              el("dt", {}, name),
            ),
          ),
        ),
  );
}

function sentence(run) {
  if (run.end === null)
    return "The file ends before the run did: it was killed, or is still going on. What came until then is here.";
  const { summary } = run.end;
  const checks = summary.checks_passed + summary.checks_failed;
  const unsent = summary.requests - summary.sent;
  const requests = plural(summary.requests, "request") + (unsent ? `, ${count(unsent)} of them not sent` : "");
  if (run.end.passed) return `${checks === 1 ? "The one check" : `All ${count(checks)} checks`} passed in ${requests}.`;
  const parts = [];
  if (summary.checks_failed) parts.push(`${count(summary.checks_failed)} of ${plural(checks, "check")} failed`);
  if (summary.errors) parts.push(`${plural(summary.errors, "error")} came up`);
  return `${parts.join(", and ")} in ${requests}.`;
}

function countsOf(summary) {
  return [
    ["requests", summary.requests, ""],
    ["not sent", summary.requests - summary.sent, ""],
    ["checks passed", summary.checks_passed, ""],
    ["checks failed", summary.checks_failed, "failed"],
    ["errors", summary.errors, "failed"],
    ["allowed", summary.allowed, "allowed"],
    ["checks skipped", summary.checks_skipped, ""],
    ["duration", duration(summary.seconds), ""],
  ].filter(([name, number]) => number !== 0 || !["allowed", "checks skipped", "not sent"].includes(name));
}

function failuresView(run, failed, tell) {
  const own = (run.end?.errors ?? []).filter((error) => !error.allowed);
  if (!failed.length && !own.length) return null;
  const place = el(
    "div",
    { class: "failures" },
    own.map((error) => errorCard(error)),
  );
  more(0);

  function more(start) {
    const end = Math.min(failed.length, start + BATCH_OF_FAILURES);
    for (const row of failed.slice(start, end)) place.append(failureView(run, row, tell));
    if (end === failed.length) return;
    const button = el(
      "button",
      {
        type: "button",
        onclick: () => {
          button.remove();
          more(end);
        },
      },
      `Show ${count(Math.min(BATCH_OF_FAILURES, failed.length - end))} of ${count(failed.length - end)} more`,
    );
    place.append(button);
  }
  return el(
    "section",
    { class: "part" },
    el("h3", {}, "Failures", el("span", { class: "number-tag" }, count(failed.length + own.length))),
    place,
  );
}

/** A failed step with its cards. */
function failureView(run, row, tell) {
  const details = run.details.step(row);
  const place = placeText(run, row);
  const cards =
    details === null
      ? [el("p", { class: "card failed" }, row.problem)]
      : problemCards(
          details,
          details.errors.filter((error) => !error.allowed),
        );
  return el(
    "section",
    { class: "failure" },
    place ? el("p", { class: "path quiet" }, place) : null,
    el("h4", {}, el("a", { href: `#step-${row.number}` }, row.name)),
    cards,
    details && faultsView(details),
    details && hintsView(details),
    details && concerned(details).map((one) => exchangeView(one, run.details.body, tell, false, null)),
  );
}

function allowedView(run, show) {
  const rules = Object.entries(run.end?.summary.allowed_rules ?? {});
  if (!rules.length) return null;
  const rows = rules.map(([rule, number]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, mark("allowed"), el("code", {}, rule)),
      el("td", { class: "number" }, count(number)),
    ),
  );
  return el(
    "section",
    { class: "part" },
    el("h3", {}, "Allowed"),
    el("p", { class: "quiet" }, "These rules were broken, and options of the run let it pass."),
    el(
      "div",
      { class: "narrow" },
      table("Rules that were broken and allowed", [["Rule"], ["How often", "number"]], rows),
    ),
    el("button", { type: "button", onclick: () => show("allowed") }, "Show these requests"),
  );
}

function notesView(run) {
  const notes = [
    ...run.notes,
    ...(run.end?.notes ?? []),
    ...(run.end?.errors ?? [])
      .filter((error) => error.allowed)
      .map((error) => `${error.kind}, allowed: ${error.message}`),
  ];
  if (run.end?.bare)
    notes.push(`The report had reached its bound: ${plural(run.end.bare, "step")} came without details.`);
  if (run.end?.omitted)
    notes.push(
      `The report had reached its bound: ${plural(run.end.omitted, "step")} more came that the list does not have.`,
    );
  if (!notes.length) return null;
  return el(
    "section",
    { class: "part" },
    el("h3", {}, "Notes"),
    el(
      "ul",
      { class: "plain notes" },
      notes.map((note) => el("li", {}, note)),
    ),
  );
}

function aboutView(run) {
  const started = run.at ? new Date(run.at * 1000) : null;
  const time =
    started &&
    el("time", { datetime: started.toISOString() }, `${started.toISOString().slice(0, 19).replace("T", " ")} UTC`);
  return el(
    "section",
    { class: "part" },
    el("h3", {}, "Run"),
    facts([
      ["Collection", run.collection],
      ["File", run.source],
      ["Environment", run.environment],
      ["Started", time],
      ["Iterations", count(run.iterations)],
      ["Requests", `${count(run.requests)} in the collection or the chosen folders`],
    ]),
  );
}
