// The view of the settings: what each is, what it means, and how it differs from the documented behaviour.

import { attempt, call } from "./api.js";
import { el, field, fill, prose, refill } from "./dom.js";
import { control, culprit, held } from "./forms.js";

export function settingsView(page) {
  const search = el("input", { type: "search", placeholder: "name or meaning", oninput: draw });
  const onlyChanged = el("input", { type: "checkbox", onchange: draw });
  const list = el("div", { class: "rows" });
  const root = el(
    "section",
    { "aria-labelledby": "settings-title" },
    el("h2", { id: "settings-title", tabindex: "-1" }, "Settings"),
    el("div", { class: "tools" }, field("Search", search, { class: "field grow" }), el("label", { class: "check" }, onlyChanged, " Only those that are not as documented")),
    el("div", { class: "row" }, el("button", { type: "button", onclick: () => profile("documented") }, "All as documented"), el("button", { type: "button", onclick: () => profile("live") }, "All as seen live")),
    list,
  );
  let described = [];
  let values = {};
  let drawn = "";

  async function load(anew = false) {
    if (!described.length) described = await call("GET", "settings/fields");
    values = await call("GET", "settings");
    const now = JSON.stringify(values);
    if (anew || now !== drawn) draw();
    drawn = now;
  }

  function draw() {
    const words = search.value.trim().toLowerCase();
    const shown = described.filter((one) => `${one.name} ${one.meaning}`.toLowerCase().includes(words) && (!onlyChanged.checked || differs(one)));
    refill(list, shown.length ? shown.map(line) : el("p", { class: "quiet" }, described.length ? "No setting fits." : "Loading."));
  }

  function differs(one) {
    return JSON.stringify(values[one.name]) !== JSON.stringify(one.default);
  }

  function line(one) {
    const id = `setting-${one.name}`;
    const input = control(one, values[one.name], { id });
    input.addEventListener("change", () => {
      const value = held(input) ?? (one.type === "str" ? "" : undefined);
      if (value === undefined) input.value = values[one.name];
      else void change({ [one.name]: value });
    });
    const others = [differs(one) ? `Documented: ${text(one.default)}.` : "", JSON.stringify(one.live) === JSON.stringify(one.default) ? "" : `Live: ${text(one.live)}.`];
    return el(
      "div",
      { class: differs(one) ? "setting differs" : "setting" },
      el("label", { for: id }, one.name),
      input,
      el("p", { id: `${id}-meaning`, class: "quiet" }, prose(one.meaning), " ", el("span", { class: "defaults" }, others.filter(Boolean).join(" "))),
    );
  }

  function text(value) {
    return value === true ? "on" : value === false ? "off" : value === "" ? "none" : String(value);
  }

  async function change(changes) {
    const done = `Changed: ${Object.keys(changes).join(", ")}.`;
    const found = (message) => culprit(list, message);
    if (await attempt(() => call("PATCH", "settings", { body: changes }), done, found)) await load(true);
  }

  async function profile(which) {
    await attempt(() => call("PUT", "settings", { body: { profile: which } }), `All settings are as ${which === "live" ? "seen live" : "documented"}.`);
    await load(true);
  }

  fill(list, el("p", { class: "quiet" }, "Loading."));
  return {
    title: "Settings",
    root,
    show: () => void load().catch(() => {}),
    pulse: (_pulse, _before, isShown) => (isShown && !list.contains(document.activeElement) ? load() : undefined),
  };
}
