// The page: which view is shown, which organisation is meant, and the pulse that keeps both up to date.

import { call, tell } from "./api.js";
import { clockView } from "./clock.js";
import { count, el, fill, plural } from "./dom.js";
import { faultsView } from "./faults.js";
import { domainsView, groupsView, usersView } from "./organization.js";
import { requestsView } from "./requests.js";
import { settingsView } from "./settings.js";
import { stateView } from "./state.js";

const PULSE = 1000; // milliseconds
const PULSE_HIDDEN = 5000;
const PATIENCE = 10_000; // with a pulse, until the server counts as gone

const page = {
  orgId: sessionStorage.getItem("organization") ?? "",
  pulse: null,
  /** True while the view of the requests is to forget what the server has forgotten. */
  emptied: false,
  /** Brings the page up to date after the journal was emptied from here. */
  forget: async () => {
    await beating; // which may have asked before
    page.emptied = true;
    await beat();
  },
  /** Asks for news at once, after something was changed from here. */
  refresh: () => (beating ? beating.then(beat) : beat()),
  /** Opens a view with its parameters. */
  open: (view, params = {}) => {
    location.hash = hash(view, params);
  },
  hash,
  /** Notes a view's parameters in the address without opening it anew. */
  note: (view, params) => {
    history.replaceState(null, "", hash(view, params));
  },
};

const views = {
  requests: requestsView(page),
  users: usersView(page),
  groups: groupsView(page),
  domains: domainsView(page),
  faults: faultsView(page),
  clock: clockView(page),
  settings: settingsView(page),
  state: stateView(page),
};
let shown = "";
let seen = ""; // when the server was last heard of, while it is gone
let left = null; // the control that had the focus then

function hash(view, params = {}) {
  const wanted = Object.entries(params).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const query = new URLSearchParams(wanted).toString();
  return `#/${view}${query ? `?${query}` : ""}`;
}

function route() {
  const [, name, query] = /^#\/([a-z]+)(?:\?(.*))?$/.exec(location.hash) ?? [null, "requests", ""];
  const view = Object.hasOwn(views, name) ? name : "requests";
  if (view !== shown) {
    fill(document.getElementById("view"), views[view].root);
    shown = view;
    enable();
    document.title = `${views[view].title} – UMAPI mock`;
    for (const link of document.querySelectorAll("nav.views a")) {
      if (link.hash === `#/${view}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
  views[view].show(new URLSearchParams(query ?? ""));
}

// The pulse

let beating = null;
let timer = 0;

function beat() {
  beating ??= ask().finally(() => {
    beating = null;
    clearTimeout(timer);
    timer = setTimeout(beat, document.hidden ? PULSE_HIDDEN : PULSE);
  });
  return beating;
}

async function ask() {
  const wanted = page.orgId;
  let pulse;
  try {
    pulse = await call("GET", "pulse", { query: { org_id: wanted }, patience: PATIENCE });
    if (pulse.organization === null) pulse = await call("GET", "pulse", { patience: PATIENCE });
  } catch {
    lose();
    return;
  }
  if (page.orgId !== wanted) {
    await ask(); // another organisation was chosen in the meantime
    return;
  }
  find();
  const before = page.pulse;
  page.pulse = pulse;
  const orgId = pulse.organization?.org_id ?? "";
  const sizes = ({ server, organizations, users }) => `${server} ${organizations} ${users}`;
  if (before === null || sizes(before) !== sizes(pulse) || orgId !== page.orgId) {
    page.orgId = orgId;
    await listOrganizations();
  }
  header(pulse);
  const told = Object.entries(views).map(([name, view]) => view.pulse?.(pulse, before, name === shown));
  await Promise.allSettled(told);
}

/** Says once that the server is gone, and lets nothing look as if it could still be done. */
function lose() {
  link("No answer from the server", "failed");
  if (seen) return;
  tell("");
  left = document.activeElement;
  seen = new Date().toISOString().slice(11, 19);
  const told = page.pulse ? `The server has not answered since ${seen} UTC; what you see is what was there before.` : "The server does not answer.";
  const place = document.getElementById("gone");
  place.hidden = false;
  fill(place, el("b", {}, told), " Start it again on the same port, and this page goes on by itself.");
  document.getElementById("clock-chip").hidden = true;
  document.getElementById("fault-chip").hidden = true;
  for (const view of Object.values(views)) view.gone?.();
  enable();
}

/** Takes back what `lose` did. */
function find() {
  link("Live", "good");
  if (!seen) return;
  seen = "";
  const place = document.getElementById("gone");
  place.hidden = true;
  fill(place);
  document.getElementById("clock-chip").hidden = false;
  enable();
  if (document.activeElement === document.body && left?.isConnected) left.focus({ preventScroll: true });
}

/** Of a view that works on what the page remembers, the controls stay as they are. */
function enable() {
  document.getElementById("organization").disabled = seen !== "";
  document.getElementById("view").disabled = seen !== "" && !views[shown].remembers;
}

function link(text, kind) {
  const place = document.getElementById("link");
  if (place.textContent !== text) fill(place, text);
  place.className = `chip ${kind}`;
}

function header(pulse) {
  const { organization, clock, faults } = pulse;
  const sizes = organization ? `${plural(organization.users, "user")}, ${plural(organization.groups, "group")}` : "";
  fill(document.getElementById("sizes"), sizes);
  const time = new Date(clock.now * 1000).toISOString();
  const chip = document.getElementById("clock-chip");
  fill(chip, `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`, clock.frozen ? el("b", {}, " frozen") : null);
  chip.classList.toggle("warn", clock.frozen);
  const faultChip = document.getElementById("fault-chip");
  faultChip.hidden = faults === 0;
  fill(faultChip, `${plural(faults, "fault")} in force`);
}

async function listOrganizations() {
  const select = document.getElementById("organization");
  try {
    const entries = await call("GET", "organizations");
    const texts = entries.map(({ org_id: id, users }) => [id, `${id} (${count(users)})`]);
    // An open menu stays as it is, but for the numbers.
    if (texts.length === select.options.length && texts.every(([id], place) => select.options[place].value === id)) {
      for (const [place, [, text]] of texts.entries()) select.options[place].textContent = text;
    } else fill(select, texts.map(([id, text]) => el("option", { value: id }, text)));
    select.value = page.orgId;
  } catch {
    fill(select, el("option", { value: page.orgId }, page.orgId));
  }
}

document.getElementById("organization").addEventListener("change", (event) => {
  page.orgId = event.target.value;
  sessionStorage.setItem("organization", page.orgId);
  page.pulse = null;
  if (shown === "users" || shown === "groups") page.open(shown);
  void page.refresh();
});
document.querySelector("a.skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void beat();
});
window.addEventListener("hashchange", route);
route();
void beat();
