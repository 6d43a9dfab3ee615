// The page of one step: what went wrong, what was sent and answered, and where the values came from.

import { count, el, plural, table } from "./dom.js";
import { exchangesView } from "./exchanges.js";
import { hintsView, mark, placeText, problemCards } from "./problems.js";
import { duration, sizeText, statusMark } from "./timeline.js";

const NOT_ALL = {
  exchanges: "requests",
  checks: "checks",
  errors: "errors",
  console: "lines of the console",
  changes: "changes",
  notes: "notes",
};

/** The page of a row. `moves` are the rows before and after it in the list, or undefined. */
export function stepView(run, row, moves, tell, wanted) {
  const details = run.details.step(row);
  return el(
    "article",
    { class: "detail", "aria-labelledby": "step-name" },
    heading(run, row, details, moves, tell),
    details === null ? missing() : sections(run, row, details, tell, wanted),
  );
}

function heading(run, row, details, moves, tell) {
  const link = (one, text, key) =>
    el(
      "a",
      {
        class: "button small",
        href: one ? `#step-${one.number}` : null,
        "aria-disabled": one ? null : "true",
        title: `${text} (${key})`,
      },
      text,
    );
  return el(
    "header",
    { class: "step-head" },
    el(
      "div",
      { class: "row" },
      el("a", { class: "button small back", href: "#requests" }, "← All requests"),
      el("p", { class: "path quiet" }, placeText(run, row)),
      el("span", { class: "spring" }),
      link(moves.before, "Previous", "k"),
      link(moves.after, "Next", "j"),
      el(
        "button",
        {
          type: "button",
          class: "small",
          onclick: () => tell.copy(`${location.href.split("#")[0]}#step-${row.number}`, "Link copied"),
        },
        "Copy link",
      ),
    ),
    el("h2", { id: "step-name", tabindex: "-1" }, mark(row.state), " ", row.name),
    row.method
      ? el("p", { class: "target" }, statusMark(row.status), el("code", {}, el("b", {}, row.method), " ", row.url))
      : null,
    el(
      "ul",
      { class: "facts-line quiet" },
      factsOf(row, details).map((fact) => el("li", {}, fact)),
    ),
  );
}

function factsOf(row, details) {
  return [
    `Step ${row.number}`,
    row.seconds === null ? null : duration(row.seconds),
    row.size === null ? null : sizeText(row.size),
    row.spans.length ? `${duration(row.spans[0][0])} after the start` : null,
    row.passed + row.failed
      ? `${row.passed} of ${plural(row.passed + row.failed, "check")} passed`
      : row.state === "skipped"
        ? "skipped by a script"
        : "no checks",
    details?.pointer ? el("code", {}, details.pointer) : null,
  ].filter((fact) => fact !== null);
}

function missing() {
  return el(
    "p",
    { class: "note" },
    "The details of this step were left out: the report had reached its bound. The report of a part of the collection (--folder) has room for them.",
  );
}

function sections(run, row, details, tell, wanted) {
  const problems = problemCards(details);
  return [
    problems.length ? section("Problems", [problems, hintsView(details)]) : null,
    Object.keys(details.left_out).length
      ? el(
          "p",
          { class: "note" },
          `Not shown, for there are too many: ${Object.entries(details.left_out)
            .map(([kind, number]) => `${count(number)} ${NOT_ALL[kind]}`)
            .join(", ")}.`,
        )
      : null,
    details.notes.length
      ? section(
          "Notes",
          el(
            "ul",
            { class: "plain" },
            details.notes.map((note) => el("li", {}, note)),
          ),
        )
      : null,
    section(
      details.exchanges.length > 1 ? "Requests" : "Request",
      exchangesView(details, run.details.body, tell, wanted),
      details.exchanges.length > 1 ? details.exchanges.length : "",
    ),
    checksView(details),
    consoleView(details),
    changesView(details),
    variablesView(details),
    dataView(run, row),
  ];
}

function section(title, content, number = "") {
  return el(
    "section",
    { class: "part" },
    el("h3", {}, title, number === "" ? null : el("span", { class: "number-tag" }, number)),
    content,
  );
}

function checksView(details) {
  const others = details.checks.filter((check) => check.state !== "failed");
  if (!others.length) return null;
  const passed = others.filter((check) => check.state === "passed").length;
  return section(
    passed === others.length ? "Passed checks" : "Other checks",
    el(
      "ul",
      { class: "checks" },
      others.map((check) => el("li", {}, mark(check.state), el("span", {}, check.name))),
    ),
    others.length,
  );
}

function consoleView(details) {
  if (!details.console.length) return null;
  const lines = details.console.map((line) =>
    el("li", { class: `console-${line.level}` }, el("span", { class: "level" }, line.level), el("span", {}, line.text)),
  );
  return section("Console", el("ol", { class: "console" }, lines), details.console.length);
}

function changesView(details) {
  if (!details.changes.length) return null;
  return section(
    "Changes in the mock's organisation",
    el(
      "ul",
      { class: "changes" },
      details.changes.map((change) => el("li", {}, change)),
    ),
    details.changes.length,
  );
}

function variablesView(details) {
  const used = new Map();
  for (const one of details.exchanges)
    for (const variable of one.variables ?? []) used.set(variable.join("\0"), variable);
  if (!used.size) return null;
  const rows = [...used.values()].map(([name, value, scope, origin]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, el("code", {}, name)),
      el("td", {}, el("code", {}, value)),
      el("td", {}, scope),
      el("td", {}, origin),
    ),
  );
  return section(
    "Variables",
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Variables" },
      table("Variables that the requests were made with", [["Name"], ["Value"], ["Scope"], ["Set by"]], rows),
    ),
    used.size,
  );
}

function dataView(run, row) {
  const pairs = run.data.get(row.iteration) ?? [];
  if (!pairs.length) return null;
  const rows = pairs.map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, el("code", {}, name)), el("td", {}, el("code", {}, value))),
  );
  return section(
    "Data of this iteration",
    el(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Data" },
      table("Row of the data file", [["Name"], ["Value"]], rows),
    ),
    pairs.length,
  );
}
