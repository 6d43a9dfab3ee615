// The view of the state as a whole: reset it, save it as a file, put a file in its place, snapshots.

import { agreed, attempt, call } from "./api.js";
import { el, field, fill, plural, table } from "./dom.js";
import { accept } from "./forms.js";

export function stateView(page) {
  const save = el("a", { class: "button", download: "organisation.json" }, "Save as a seed file");
  const file = el("input", { type: "file", name: "file", accept: "application/json,.json", required: true });
  const snapshots = el("div", { class: "scroll fits" });
  const name = el("input", { type: "text", name: "snapshot", required: true, maxlength: "100", autocomplete: "off" });
  const snapshotPart = [
    el("h3", {}, "Snapshots"),
    el("p", { class: "quiet" }, "A snapshot keeps organisations and settings under a name, to come back to as often as needed."),
    el("form", { class: "row", onsubmit: take }, field("Name", name), el("button", {}, "Take snapshot")),
    snapshots,
  ];
  const root = el(
    "section",
    { "aria-labelledby": "state-title" },
    el("h2", { id: "state-title", tabindex: "-1" }, "State"),
    el("h3", {}, "Reset"),
    el("p", { class: "quiet" }, "Puts organisations, settings and faults back as they were at the start and empties the journal. The clock, the tokens and the snapshots stay."),
    el("div", { class: "row" }, el("button", { type: "button", class: "danger", onclick: reset }, "Reset")),
    el("h3", {}, "Organisation as a file"),
    el("p", { class: "quiet" }, "A seed file holds an organisation. umapi-harness serve --seed FILE begins with it; put in place here, it takes the place of the organisation of its id."),
    el("div", { class: "row" }, save, el("form", { class: "row", onsubmit: load }, field("Seed file", file), el("button", {}, "Put in place"))),
    snapshotPart,
  );

  async function reset() {
    if (!(await agreed("Reset organisations, settings, faults and journal to the start?", "Reset"))) return;
    if (await attempt(() => call("POST", "reset"), "Everything is as it was at the start.")) await page.forget();
  }

  async function load(event) {
    event.preventDefault();
    const [chosen] = file.files;
    const text = await chosen.text();
    accept(file);
    await attempt(() => call("PUT", "state", { text }), `${chosen.name} is in place.`, () => file);
    await page.refresh();
  }

  async function list() {
    const entries = await call("GET", "snapshots");
    fill(
      snapshots,
      entries.length
        ? table("Snapshots", [["Name"], ["Taken"], ["Holds"], [""]], entries.map(row))
        : el("p", { class: "quiet" }, "None yet. Take one before a test changes the organisation."),
    );
  }

  function row({ name: one, time, organizations }) {
    const buttons = [
      el("button", { type: "button", "aria-label": `Restore ${one}`, onclick: () => restore(one) }, "Restore"),
      el("button", { type: "button", "aria-label": `Delete ${one}`, onclick: () => remove(one) }, "Delete"),
    ];
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, one),
      el("td", {}, new Date(time * 1000).toISOString().slice(0, 19).replace("T", " ")),
      el("td", {}, organizations.map(({ org_id: id, users }) => el("div", {}, `${id}: ${plural(users, "user")}`))),
      el("td", {}, el("div", { class: "row" }, buttons)),
    );
  }

  async function take(event) {
    event.preventDefault();
    const wanted = name.value.trim();
    accept(name);
    const taken = () => call("PUT", `snapshots/${encodeURIComponent(wanted)}`);
    if (await attempt(taken, `Snapshot ${wanted} is taken.`, () => name)) name.value = "";
    await list();
  }

  async function restore(one) {
    if (!(await agreed(`Put the state back as it was in snapshot ${one}?`, "Restore"))) return;
    await attempt(() => call("POST", `snapshots/${encodeURIComponent(one)}/restore`), `The state is that of ${one}.`);
    await page.refresh();
  }

  async function remove(one) {
    await attempt(() => call("DELETE", `snapshots/${encodeURIComponent(one)}`), `Snapshot ${one} is gone.`);
    await list();
  }

  return {
    title: "State",
    root,
    show: () => void list().catch(() => {}),
    gone: () => save.removeAttribute("href"),
    pulse() {
      save.href = `/_mock/state?${new URLSearchParams({ org_id: page.orgId })}`;
      save.download = `${page.orgId.replaceAll(/[^\w-]+/g, "_")}.json`;
    },
  };
}
