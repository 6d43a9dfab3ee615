// The timeline: a line for each exchange of the run, the axis fitted to what is in view.

import { el, fill } from "./dom.js";
import { mark } from "./problems.js";
import { windowed } from "./rows.js";
import { bar, causeText, duration, extent, statusMark } from "./timeline.js";

/** The page. Each line leads to its step. */
export function waterfallView(run) {
  const lines = run.rows.flatMap((row) => row.spans.map((span) => ({ row, span })));
  if (!lines.length)
    return el(
      "article",
      { class: "waterfall" },
      el("h2", { tabindex: "-1" }, "Timeline"),
      el("p", { class: "quiet" }, "No request was sent."),
    );
  const from = el("span", {});
  const to = el("span", {});
  const holder = el("ol", { class: "lines" });
  const scroller = el(
    "div",
    { class: "lines-scroll", tabindex: "0", role: "group", "aria-label": "Exchanges in the order of time" },
    holder,
  );
  let axis = [0, 1];

  function draw(index) {
    const { row, span } = lines[index];
    const [at, seconds, status, cause, exchange] = span;
    const why = causeText(cause);
    return el(
      "li",
      { class: "line-row", "data-index": index },
      el(
        "a",
        { href: `#exchange-${exchange}`, title: `${row.name}: ${duration(at)} after the start, ${duration(seconds)}` },
        row.state === "failed" ? mark("failed") : el("span", { class: "mark" }),
        statusMark(status),
        el("span", { class: "name" }, row.name, why ? el("span", { class: "quiet" }, ` · ${why}`) : null),
      ),
      bar(span, ...axis),
      el("span", { class: "took quiet" }, duration(seconds)),
    );
  }

  /** Fits the axis to the lines in view, and all bars to the axis. */
  function fit(first, last, shown) {
    const fitted = extent(lines.slice(first, last + 1).map((line) => line.span));
    if (fitted[0] === axis[0] && fitted[1] === axis[1]) return;
    axis = fitted;
    fill(from, `${duration(axis[0]) || "0"}`);
    fill(to, duration(axis[1]));
    for (const [index, element] of shown)
      element.querySelector(".bar-track").replaceWith(bar(lines[index].span, ...axis));
  }

  const root = el(
    "article",
    { class: "waterfall", "aria-labelledby": "timeline-name" },
    el("h2", { id: "timeline-name", tabindex: "-1" }, "Timeline"),
    el(
      "p",
      { class: "quiet" },
      "Each bar is a request until its answer; the axis fits what is in view, in time since the run began.",
    ),
    el("div", { class: "axis quiet", "aria-hidden": "true" }, from, to),
    scroller,
  );
  const view = windowed(scroller, holder, { line: 1.75 }, draw, fit);
  view.set(lines.map(() => "line"));
  return root;
}
