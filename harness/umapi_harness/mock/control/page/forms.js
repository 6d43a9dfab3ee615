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

/** The control for what a refusal names: by the place, as in "body: /0/status: …", or else by its first word. */
export function culprit(root, message) {
  const [, place, word] = /^body: \/(?:\d+\/?)?(\w*): (\w*)/.exec(message) ?? [];
  const named = [...root.querySelectorAll("[name]")].filter((one) => one.name === (place || word));
  return named.find((one) => one.checkVisibility()) ?? null;
}

/** Says beside a control what is wrong with what it holds, and goes there. */
export function refuse(control, message) {
  accept(control);
  const place = new RegExp(`^body: (/(\\d+/?)?(${control.name})?: )?`); // of this control: it is beside it
  const note = el("p", { id: `${control.name}-refusal`, class: "refusal" }, message.replace(place, "").replace(/; correct it as \S+ says$/, ""));
  control.setAttribute("aria-invalid", "true");
  control.dataset.described = control.getAttribute("aria-describedby") ?? "";
  control.setAttribute("aria-describedby", `${note.id} ${control.dataset.described}`.trim());
  const beside = control.closest(".setting");
  if (beside) beside.append(note);
  else control.closest("form").after(note);
  control.addEventListener("input", () => accept(control), { once: true });
  control.focus();
  note.scrollIntoView({ block: "nearest" });
}

/** Takes back what `refuse` said. */
export function accept(control) {
  if (!control.hasAttribute("aria-invalid")) return;
  control.removeAttribute("aria-invalid");
  if (control.dataset.described) control.setAttribute("aria-describedby", control.dataset.described);
  else control.removeAttribute("aria-describedby");
  document.getElementById(`${control.name}-refusal`)?.remove();
}

/** What a control holds, in its field's type; undefined if it was left empty. */
export function held(input) {
  if (input.type === "checkbox") return input.checked;
  if (input.value === "") return undefined;
  return input.dataset.type === "int" || input.dataset.type === "float" ? Number(input.value) : input.value;
}
