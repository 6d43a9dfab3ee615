// Controls made from the server's own descriptions of settings and faults.

import { choice, el } from "./dom.js";

/** A control for a described field; `value` is what it holds at first. */
export function control({ name, type, choices, meaning }, value, props = {}) {
  const title = { id: props.id, "aria-describedby": meaning ? `${props.id}-meaning` : null, name, "data-type": type, "data-key": name };
  if (type === "bool") return el("input", { ...title, type: "checkbox", ".checked": value === true });
  if (choices.length) {
    const options = choices.map((one) => [one, one === "*" ? "* (any)" : one === "" ? "(none)" : one]);
    const select = choice(value === null || value === undefined ? [["", "–"], ...options] : options, title);
    select.value = value ?? "";
    return select;
  }
  const number = type === "int" || type === "float";
  return el("input", { ...title, type: number ? "number" : "text", step: type === "float" ? "any" : null, ".value": value ?? "", autocomplete: "off" });
}

/** What a control holds, in its field's type; undefined if it was left empty. */
export function held(input) {
  if (input.type === "checkbox") return input.checked;
  if (input.value === "") return undefined;
  return input.dataset.type === "int" || input.dataset.type === "float" ? Number(input.value) : input.value;
}
