// The list of steps at the side, under headings for iterations and folders.

import { count, el, fill, plural } from "./dom.js";
import { filtersOf } from "./filters.js";
import { mark } from "./problems.js";
import { windowed } from "./rows.js";
import { duration, statusMark } from "./timeline.js";

const HEIGHTS = { row: 2.9, iteration: 2, folder: 1.75 };

/** The list of a run; `open` is called with the row that is chosen. */
export function listOf(run, open) {
  let entries = [];
  let rows = [];
  let selected = null;
  const tally = el("p", { class: "tally quiet", role: "status" });
  const empty = el(
    "p",
    { class: "empty quiet", hidden: true },
    "No request fits the filters. ",
    el("button", { type: "button", class: "small", onclick: () => filters.clear() }, "Show all"),
  );
  const holder = el("ul", {
    class: "entries",
    role: "listbox",
    tabindex: "0",
    "aria-label": "Requests",
    onclick: clicked,
    onkeydown: keys,
  });
  const scroller = el("div", { class: "entries-scroll" }, holder);
  const filters = filtersOf(run, apply);
  const view = windowed(scroller, holder, HEIGHTS, (index) => draw(entries[index]));
  const root = [filters.root, el("p", { class: "tally-line" }, tally, filters.progress), empty, scroller];

  function apply() {
    rows = run.rows.filter(filters.fits);
    rows.forEach((row, index) => {
      row.index = index;
    });
    entries = entriesOf(run, rows);
    view.set(entries.map((entry) => entry.kind));
    empty.hidden = rows.length > 0;
    scroller.hidden = rows.length === 0;
    fill(
      tally,
      filters.isOn()
        ? `${count(rows.length)} of ${plural(run.rows.length, "request")}`
        : plural(rows.length, "request"),
    );
    if (selected && isListed(selected)) view.reveal(entryOf(selected));
  }

  function isListed(row) {
    return rows[row.index] === row;
  }

  function entryOf(row) {
    return entries.findIndex((entry) => entry.row === row);
  }

  function draw({ kind, row, text, note }) {
    if (kind !== "row")
      return el(
        "li",
        { class: `heading ${kind}`, role: "presentation" },
        el("span", {}, text),
        note ? el("span", { class: "quiet" }, note) : null,
      );
    return el(
      "li",
      {
        id: `row-${row.number}`,
        class: `entry ${row.state}`,
        role: "option",
        "data-place": row.place,
        "aria-selected": String(row === selected),
        "aria-posinset": row.index + 1,
        "aria-setsize": rows.length,
      },
      mark(row.state),
      el("span", { class: "name" }, row.name),
      row.method ? statusMark(row.status) : null,
      row.problem
        ? el("span", { class: "below bad" }, row.problem)
        : el("span", { class: "below quiet" }, `${row.method} ${pathOf(row.url)}`),
      el(
        "span",
        { class: "took quiet" },
        row.seconds === null ? (row.state === "skipped" ? "skipped" : "") : duration(row.seconds),
      ),
    );
  }

  /** Marks a row as the one that is shown, or none. */
  function select(row) {
    selected = row;
    for (const element of holder.querySelectorAll("[aria-selected]"))
      element.setAttribute("aria-selected", String(Number(element.dataset.place) === row?.place));
    if (row) holder.setAttribute("aria-activedescendant", `row-${row.number}`);
    else holder.removeAttribute("aria-activedescendant");
    if (row && isListed(row)) view.reveal(entryOf(row));
  }

  /** The rows before and after one, in the list as it is filtered. */
  function moves(row) {
    return isListed(row) ? { before: rows[row.index - 1], after: rows[row.index + 1] } : {};
  }

  /** Opens the row that is `by` further; with `failed`, the next one that failed. */
  function move(by, failed = false) {
    let index = selected && isListed(selected) ? selected.index + by : by > 0 ? 0 : rows.length - 1;
    while (failed && rows[index] && rows[index].state !== "failed") index += by;
    choose(rows[index]);
  }

  /** Opens a row; it is marked at once, for the next key may come before the page has followed. */
  function choose(row) {
    if (!row) return;
    select(row);
    open(row);
  }

  function clicked(event) {
    const place = event.target.closest("li[data-place]")?.dataset.place;
    if (place !== undefined) choose(run.rows[Number(place)]);
  }

  function keys(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: 0, End: 0 };
    if (!(event.key in steps) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (event.key === "Home" || event.key === "End") {
      choose(event.key === "Home" ? rows[0] : rows.at(-1));
    } else move(steps[event.key]);
  }

  apply();
  return { root, select, move, moves, filters, focus: () => holder.focus({ preventScroll: true }) };
}

/** Rows with a heading wherever another iteration or folder begins. */
function entriesOf(run, rows) {
  const entries = [];
  let [iteration, folder] = [run.iterations > 1 ? -1 : 0, ""];
  for (const row of rows) {
    if (row.iteration !== iteration) {
      [iteration, folder] = [row.iteration, ""];
      const data = (run.data.get(iteration) ?? [])
        .slice(0, 3)
        .map(([, value]) => value)
        .join(", ");
      entries.push({ kind: "iteration", text: `Iteration ${count(iteration + 1)}`, note: data });
    }
    const path = row.folders.join(" / ");
    if (path !== folder) {
      folder = path;
      if (path) entries.push({ kind: "folder", text: path });
    }
    entries.push({ kind: "row", row });
  }
  return entries;
}

function pathOf(url) {
  return url.replace(/^[a-z]+:\/\/[^/?#]*/i, "") || url;
}
