// The view of the faults: those in force, a few that can be had with one click, and a form for any other.

import { agreed, attempt, call } from "./api.js";
import { count, el, fill, plural, refill, table } from "./dom.js";
import { accept, control, culprit, held } from "./forms.js";

const ORDER = ["operation", "kind", "when", "status", "retry_after", "first", "nth", "rate", "client_id"];

export function faultsView(page) {
  const inForce = el("div", { class: "scroll fits" });
  const ready = el("div", { class: "row" });
  const form = el("form", { class: "rows", "aria-label": "New fault", onsubmit: submit, onchange: suit, onreset: clear });
  const root = el(
    "section",
    { "aria-labelledby": "faults-title" },
    el("h2", { id: "faults-title", tabindex: "-1" }, "Faults"),
    inForce,
    el("h3", {}, "Ready-made"),
    ready,
    el("h3", {}, "New fault"),
    form,
  );
  let fields = [];
  let shown = "";

  async function describe() {
    if (fields.length) return;
    fields = (await call("GET", "faults/fields")).sort((one, other) => rank(one) - rank(other));
    fill(
      form,
      fields.map(line),
      el("div", { class: "row wide" }, el("button", { class: "main" }, "Add fault"), el("button", { type: "reset" }, "Clear form")),
    );
    suit();
    const offered = await call("GET", "faults/ready");
    fill(ready, offered.map(({ title, fault }) => el("button", { type: "button", onclick: () => put(fault) }, title)));
  }

  function rank({ name }) {
    return ORDER.indexOf(name) + 1 || ORDER.length + 1;
  }

  function line(one) {
    const id = `fault-${one.name}`;
    const start = one.name === "operation" ? one.choices[0] : one.choices.length ? one.default : null;
    const input = control(one, start, { id });
    if (one.default !== null && !one.choices.length) input.setAttribute("placeholder", one.default);
    return el("div", { class: "setting", "data-field": one.name }, el("label", { for: id }, one.name), input, el("p", { id: `${id}-meaning`, class: "quiet" }, one.meaning));
  }

  function clear() {
    for (const one of form.elements) accept(one);
    setTimeout(suit);
  }

  /** Shows the fields that mean something for the chosen kind. */
  function suit() {
    const kind = form.elements.namedItem("kind").value;
    for (const one of fields) {
      const place = form.querySelector(`[data-field="${one.name}"]`);
      place.hidden = !one.kinds.includes(kind);
      fill(place.querySelector("p"), meaning(one, form.elements.namedItem(one.name).value));
    }
  }

  /** What a field means; of one that explains its choices one by one, only what the chosen one means. */
  function meaning(one, chosen) {
    const parts = new RegExp(`(?:^|\\. )${chosen}\\b([^:.]*): (.*?\\.)(?= \\w+(?:, [^:.]*)?: |$)`).exec(one.meaning);
    return one.choices.includes(chosen) && /^\w+$/.test(chosen) && parts ? `${parts[2][0].toUpperCase()}${parts[2].slice(1)}` : one.meaning;
  }

  async function submit(event) {
    event.preventDefault();
    const kind = form.elements.namedItem("kind").value;
    const fault = {};
    for (const one of fields.filter(({ kinds }) => kinds.includes(kind))) {
      const value = held(form.elements.namedItem(one.name));
      if (value !== undefined && (value !== one.default || one.name === "operation")) fault[one.name] = value;
    }
    for (const one of form.elements) accept(one);
    await put(fault, (message) => culprit(form, message));
  }

  async function put(fault, found) {
    await attempt(() => call("POST", "faults", { body: fault }), "The fault is in force.", found);
    await load();
    void page.refresh();
  }

  async function update() {
    await describe();
    await load();
  }

  async function load() {
    const faults = await call("GET", "faults");
    const now = JSON.stringify(faults);
    if (now === shown) return;
    shown = now;
    refill(
      inForce,
      faults.length
        ? [
            table("Faults in force", [["Strikes"], ["How"], ["Matched", "number minor"], ["Struck", "number"], [""]], faults.map(row)),
            el("div", { class: "row" }, el("button", { type: "button", class: "danger", "data-key": "remove all", onclick: removeAll }, "Remove all")),
          ]
        : el("p", { class: "quiet" }, "No fault is in force: every call gets its true answer. Choose one below to see what your program makes of it."),
    );
  }

  function row(fault, place) {
    const { operation, nth, first, client_id: client, matched, struck, ...how } = fault;
    const share = how.rate ? `, ${count(how.rate * 100)} in 100` : "";
    const calls = nth ? `call no. ${nth}` : first ? (first === 1 ? "first call" : `first ${plural(first, "call")}`) : "every call";
    const spent = matched >= (nth ?? first ?? Infinity);
    const target = operation === "*" ? "any operation" : operation;
    const details = Object.entries(how).filter(([name, value]) => value !== "" && name !== "rate" && (name === "kind" || name === "status" || value !== usual(name)));
    return el(
      "tr",
      { class: spent ? "spent" : null },
      el("th", { scope: "row" }, `${target}, ${calls}${share}${client ? ` of ${client}` : ""}`, spent ? el("span", { class: "tag" }, "spent") : null),
      el("td", {}, details.map(([name, value]) => el("span", { class: "pair" }, el("span", { class: "quiet" }, name), ` ${typeof value === "object" ? JSON.stringify(value) : value}`))),
      el("td", { class: "number minor" }, count(matched)),
      el("td", { class: "number" }, count(struck)),
      el("td", {}, el("button", { type: "button", "data-key": `remove ${place}`, "aria-label": `Remove the fault on ${target}, ${calls}`, onclick: () => remove(place) }, "Remove")),
    );
  }

  /** What a field holds when nothing was said. */
  function usual(name) {
    return name === "delay" ? 0 : fields.find((one) => one.name === name)?.default;
  }

  async function remove(place) {
    await attempt(() => call("DELETE", `faults/${place}`), "The fault is gone.");
    await load();
    void page.refresh();
  }

  async function removeAll() {
    if (!(await agreed("Remove all faults?", "Remove all"))) return;
    await attempt(() => call("DELETE", "faults"), "No fault is in force.");
    await load();
    void page.refresh();
  }

  return {
    title: "Faults",
    root,
    show: () => void update().catch(() => {}),
    pulse: (_pulse, _before, isShown) => (isShown ? update() : undefined),
  };
}
