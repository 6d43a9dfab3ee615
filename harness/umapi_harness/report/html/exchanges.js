// One exchange: the request as it went out, and the answer that came.

import { bodyView } from "./bodies.js";
import { curlOf } from "./curl.js";
import { el, facts, plural } from "./dom.js";
import { bar, causeText, duration, extent, sizeText, statusMark } from "./timeline.js";

/**
 * All exchanges of a step, open where the collection's own request went out and where its answer came at last, and where
 * a failure is about one. `wanted` is the number of one to open too.
 */
export function exchangesView(details, bodyOf, tell, wanted) {
  const { exchanges } = details;
  if (!exchanges.length) return el("p", { class: "quiet" }, "No request was sent.");
  const spans = exchanges.map((one) => [one.at, one.answer?.seconds ?? one.failure?.seconds ?? 0]);
  const [begin, end] = extent(spans);
  const last = lastOf(details);
  const opened = new Set([wanted, ...concerned(details).map((one) => one.number)]);
  return exchanges.map((one, place) => {
    const isOpen = exchanges.length === 1 || one.cause === "collection" || one === last || opened.has(one.number);
    const track = exchanges.length > 1 ? bar([...spans[place], one.answer?.status ?? 0], begin, end) : null;
    return exchangeView(one, bodyOf, tell, isOpen, track);
  });
}

/** The exchanges that the failures of a step are about: where none says, the one whose answer its tests saw. */
export function concerned(details) {
  const failures = [
    ...details.checks.filter((check) => check.state === "failed"),
    ...details.errors.filter((error) => !error.allowed),
  ];
  const numbers = new Set(failures.flatMap((one) => (one.about ?? []).map(([number]) => number)));
  if (failures.some((one) => !one.about)) numbers.add(lastOf(details)?.number);
  return details.exchanges.filter((one) => numbers.has(one.number));
}

/** The exchange whose answer the tests of a step saw; undefined if nothing was sent. */
function lastOf(details) {
  return details.exchanges.findLast((one) => one.cause !== "script" && one.cause !== "token");
}

/** One exchange that folds. `track` is its bar, or null. */
export function exchangeView(one, bodyOf, tell, isOpen, track) {
  const content = el("div", { class: "exchange-content" });
  const cause = causeText(one.cause);
  const took = one.answer?.seconds ?? one.failure?.seconds;
  let drawn = false;
  const element = el(
    "details",
    { class: "exchange", id: `exchange-${one.number}`, open: isOpen, ontoggle: draw },
    el(
      "summary",
      {},
      statusMark(one.answer?.status ?? 0),
      el("span", { class: "what" }, el("b", {}, one.method), " ", el("span", { class: "url" }, one.url)),
      cause ? el("span", { class: "tag plain" }, cause) : null,
      one.faults ? el("span", { class: "tag plain" }, "planned fault") : null,
      el("span", { class: "took quiet" }, duration(took)),
      track,
    ),
    content,
  );
  function draw() {
    if (drawn || !element.open) return;
    drawn = true;
    content.append(...sidesOf(one, bodyOf, tell));
  }
  draw();
  return element;
}

function sidesOf(one, bodyOf, tell) {
  const sent = bodyOf(one.body);
  const curl = el(
    "button",
    { type: "button", class: "small", onclick: () => tell.copy(curlOf(one, sent), "Command copied") },
    "Copy as curl",
  );
  const request = el(
    "section",
    { class: "side" },
    el("div", { class: "row tools" }, el("h4", {}, "Request"), el("span", { class: "spring" }), curl),
    el("p", { class: "line" }, `${one.method} ${one.url}`),
    headersView(one.headers),
    bodyView(sent, "Body of the request", tell),
  );
  const faults = (one.faults ?? []).map((fault) => el("p", { class: "note" }, `Planned fault: ${fault}`));
  return [...faults, el("div", { class: "sides" }, request, answerOf(one, bodyOf, tell))];
}

function answerOf(one, bodyOf, tell) {
  const { answer, failure } = one;
  if (!answer) {
    const message = failure?.message ?? "The run ended before an answer came.";
    return el(
      "section",
      { class: "side" },
      el("h4", {}, "Answer"),
      el("p", { class: "line bad" }, "No answer"),
      el("p", { class: "wrapped" }, message),
    );
  }
  return el(
    "section",
    { class: "side" },
    el("div", { class: "row tools" }, el("h4", {}, "Answer")),
    el(
      "p",
      { class: "line" },
      `${answer.status} ${answer.reason}`,
      el("span", { class: "quiet" }, ` ${duration(answer.seconds)}, ${sizeText(answer.size)}`),
    ),
    headersView(answer.headers),
    bodyView(bodyOf(answer.body), "Body of the answer", tell),
  );
}

function headersView(headers) {
  if (!headers.length) return null;
  return el(
    "details",
    { class: "headers" },
    el("summary", {}, plural(headers.length, "header")),
    facts(headers.map(([name, value]) => [name, value === "" ? "(empty)" : value])),
  );
}
