// What of the list is shown: by state, status, folder, iteration, and words anywhere in a step, bodies included.

import { choice, count, el, settled } from "./dom.js";
import { sign } from "./problems.js";

const SLICE = 12; // milliseconds of search before the page may draw

/** The filters of a run; `changed` is called whenever they let other rows through. */
export function filtersOf(run, changed) {
  const state = { state: "", words: "", found: new Set(), search: 0 };
  const search = el("input", {
    type: "search",
    id: "search",
    placeholder: "Search names, addresses, bodies …  ( / )",
    "aria-label": "Search",
    autocomplete: "off",
    spellcheck: "false",
    oninput: settled(typed, 120),
  });
  const statuses = choice(
    [
      ["", "Any status"],
      ["2", "2xx"],
      ["3", "3xx"],
      ["4", "4xx"],
      ["5", "5xx"],
      ["0", "No answer"],
    ],
    { "aria-label": "Status", onchange: changed },
  );
  const folder = choice([["", "All folders"], ...foldersOf(run.rows).map((path) => [path, path])], {
    class: "folder",
    "aria-label": "Folder",
    onchange: changed,
  });
  const iteration = el("input", {
    type: "number",
    min: "1",
    max: String(run.iterations),
    class: "iteration",
    placeholder: "Iteration",
    "aria-label": "Iteration",
    inputmode: "numeric",
    oninput: changed,
  });
  const states = stateButtons(run.rows, (chosen) => {
    state.state = chosen;
    changed();
  });
  const progress = el("span", { class: "quiet progress" });

  function typed() {
    state.words = search.value.trim().toLowerCase();
    state.found = new Set();
    state.search += 1;
    changed();
    if (state.words) void deepen(state.search);
  }

  /** Looks into the details of all steps, a slice at a time, and adds what it finds. */
  async function deepen(number) {
    progress.textContent = " searching bodies …";
    const found = await searched(run, state.words, () => number === state.search);
    if (found === null) return;
    progress.textContent = "";
    state.found = found;
    changed();
  }

  function fits(row) {
    if (state.state && !isIn(row, state.state)) return false;
    if (statuses.value && (row.method === "" || Math.floor(row.status / 100) !== Number(statuses.value))) return false;
    if (folder.value && !`${row.folders.join(" / ")} / `.startsWith(`${folder.value} / `)) return false;
    if (iteration.value && row.iteration + 1 !== Number(iteration.value)) return false;
    return !state.words || textOf(row).includes(state.words) || state.found.has(row.place);
  }

  function clear() {
    search.value = "";
    statuses.value = "";
    folder.value = "";
    iteration.value = "";
    states.choose("");
    typed();
  }

  const root = el(
    "form",
    { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    search,
    states.root,
    el(
      "div",
      { class: "selects" },
      statuses,
      folder.options.length > 2 ? folder : null,
      run.iterations > 1 ? iteration : null,
    ),
  );
  return {
    root,
    words: () => search.value.trim().toLowerCase(),
    fits,
    clear,
    progress,
    search,
    only: states.choose,
    isOn: () => Boolean(state.state || state.words || statuses.value || folder.value || iteration.value),
  };
}

function isIn(row, state) {
  return state === "allowed" ? row.allowed > 0 : row.state === state;
}

function stateButtons(rows, chose) {
  const names = { "": "All", failed: "Failed", passed: "Passed", skipped: "Skipped", allowed: "Allowed" };
  const buttons = Object.entries(names).map(([state, name]) => {
    const number = state === "" ? rows.length : rows.filter((row) => isIn(row, state)).length;
    const hidden = number === 0 && ["skipped", "allowed"].includes(state);
    return el(
      "button",
      {
        type: "button",
        "aria-pressed": String(state === ""),
        hidden,
        "data-state": state,
        class: number === 0 ? "none" : null,
        onclick: () => choose(state),
      },
      state ? sign(state) : null,
      el("span", {}, name),
      el("span", { class: "number-tag" }, count(number)),
    );
  });
  function choose(state) {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.state === state));
    chose(state);
  }
  return { root: el("div", { class: "states", role: "group", "aria-label": "State" }, buttons), choose };
}

function foldersOf(rows) {
  const paths = new Set();
  for (const row of rows) {
    row.folders.forEach((_, depth) => paths.add(row.folders.slice(0, depth + 1).join(" / ")));
    if (paths.size > 2000) break;
  }
  return [...paths];
}

function textOf(row) {
  row.text ??=
    `${row.name} ${row.folders.join(" / ")} ${row.method} ${row.url} ${row.status || ""} ${row.problem}`.toLowerCase();
  return row.text;
}

/** The places of the rows whose details hold the words; null once `isWanted` says that nobody waits for them. */
async function searched(run, words, isWanted) {
  const { details, rows } = run;
  const found = new Set();
  const bodies = new Set();
  const escaped = JSON.stringify(words).slice(1, -1);
  const pattern = new RegExp(escaped.replaceAll("<", "\\u003c").replace(/[$()*+.?[\\\]^{|}]/g, "\\$&"), "i");
  let until = performance.now() + SLICE;
  for (let chunk = 0; chunk < details.chunks; chunk += 1) {
    if (performance.now() > until) {
      await new Promise((resume) => {
        setTimeout(resume);
      });
      until = performance.now() + SLICE;
    }
    if (!isWanted()) return null;
    if (!pattern.test(details.text(chunk))) continue;
    const read = details.read(chunk);
    read?.bodies.forEach((body, place) => {
      if (body.text.toLowerCase().includes(words)) bodies.add(details.firstBody(chunk) + place);
    });
    details.rowsOf(chunk).forEach((row, place) => {
      if (
        JSON.stringify(read?.steps[place] ?? "")
          .toLowerCase()
          .includes(escaped)
      )
        found.add(row.place);
    });
  }
  for (const row of rows) if (row.bodies.some((number) => bodies.has(number))) found.add(row.place);
  return found;
}
