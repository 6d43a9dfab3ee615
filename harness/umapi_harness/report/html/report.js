// The page: what is shown at which address, the colours, and the clipboard.

import { readRun } from "./data.js";
import { el, fill } from "./dom.js";
import { highlight } from "./highlight.js";
import { listenToKeys } from "./keys.js";
import { listOf } from "./list.js";
import { overviewView, verdictOf, verdictText } from "./overview.js";
import { sign } from "./problems.js";
import { stepView } from "./step.js";
import { waterfallView } from "./waterfall.js";

const run = readRun();
const main = document.getElementById("main");
const list = listOf(run, (row) => go(`step-${row.number}`));
const byNumber = new Map(run.rows.map((row) => [row.number, row]));
const tell = { say, copy };
let shown = null;

function go(place) {
  location.hash = place;
}

/** Shows what the address says: #overview, #requests, #timeline, #step-12 or #exchange-34. */
function route() {
  const [, kind, number] = /^#(\w+)(?:-(\d+))?$/.exec(location.hash) ?? [null, "overview"];
  const wanted = kind === "exchange" ? Number(number) : null;
  const row =
    wanted === null
      ? byNumber.get(Number(number))
      : run.rows.find((one) => one.spans.some((span) => span[4] === wanted));
  if ((kind === "step" || kind === "exchange") && row) showStep(row, wanted);
  else if (kind === "timeline") show("timeline", waterfallView(run), "Timeline");
  else
    show(
      kind === "requests" ? "requests" : "overview",
      overviewView(run, (one) => go(`step-${one.number}`), only, tell),
      verdictText(run),
    );
}

function show(screen, content, title) {
  const before = document.body.dataset.screen;
  document.body.dataset.screen = screen;
  document.title = `${title} – ${run.collection}`;
  shown = null;
  list.select(null);
  fill(main, content);
  main.scrollTop = 0;
  markView(screen);
  if (before !== undefined && before !== screen && document.activeElement === document.body)
    main.querySelector("h2")?.focus({ preventScroll: true });
}

function showStep(row, wanted) {
  document.body.dataset.screen = "step";
  document.title = `${row.name} – ${run.collection}`;
  shown = row;
  list.select(row);
  fill(main, stepView(run, row, list.moves(row), tell, wanted));
  main.scrollTop = 0;
  markView("step");
  if (wanted !== null) document.getElementById(`exchange-${wanted}`)?.scrollIntoView({ block: "start" });
  markWords();
}

/** Marks in a step what was searched for. */
function markWords() {
  highlight(main, shown ? list.filters.words() : "");
}

function markView(screen) {
  for (const link of document.querySelectorAll("nav.views a")) {
    if (link.hash === `#${screen}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Shows the list with one of its filters. */
function only(state) {
  list.filters.only(state);
  go("requests");
  list.focus();
}

// What is told, and copied

let silence = 0;

function say(text) {
  clearTimeout(silence);
  fill(document.getElementById("notice"), text);
  silence = setTimeout(() => fill(document.getElementById("notice")), 2500);
}

async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    say(said);
  } catch {
    offer(text);
  }
}

/** Where a page may not write to the clipboard, the text is shown to be copied by hand. */
function offer(text) {
  const area = el("textarea", { readonly: true, rows: "12", "aria-label": "Text to copy", ".value": text });
  const dialog = el(
    "dialog",
    { class: "offer", "aria-label": "Copy", onclose: () => dialog.remove() },
    area,
    el("form", { method: "dialog" }, el("button", {}, "Close")),
  );
  document.body.append(dialog);
  dialog.showModal();
  area.select();
}

// Colours

const THEME = "umapi-report-theme";

function remembered() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null; // browsers may refuse it to files
  }
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function setTheme(theme) {
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  const button = document.getElementById("theme");
  const other = isDark() ? "Light colours" : "Dark colours";
  fill(button, isDark() ? "☀" : "☾");
  button.setAttribute("aria-label", other);
  button.title = other;
  document.dispatchEvent(new Event("themechange"));
}

document.getElementById("theme").addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  setTheme(theme);
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // It then holds until the page is closed.
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(null));

// The beginning

function begin() {
  const verdict = verdictOf(run);
  const place = document.getElementById("verdict");
  place.className = `verdict ${verdict}`;
  fill(place, sign(verdict), verdictText(run));
  document.querySelector(".requests").append(...list.root);
  for (const element of document.querySelectorAll(".split, nav.views, #theme, #help")) element.hidden = false;
  document.getElementById("reading").remove();
  setTheme(remembered());
  listenToKeys({
    search: () => {
      if (!list.filters.search.checkVisibility()) go("requests");
      list.filters.search.focus();
      list.filters.search.select();
    },
    move: list.move,
    go,
    enter: () => main.querySelector("h2")?.focus(),
    leave: (isWriting) => {
      if (isWriting) document.activeElement.blur();
      else if (shown || document.body.dataset.screen !== "overview") go("overview");
    },
  });
  window.addEventListener("hashchange", route);
  // What folds is drawn by its own listener, which comes after this one.
  main.addEventListener("toggle", () => setTimeout(markWords), { capture: true });
  list.filters.search.addEventListener("input", markWords);
  route();
}

begin();
