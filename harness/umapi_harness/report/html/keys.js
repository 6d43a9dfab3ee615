// The keyboard: moving without a mouse, and the list of keys.

import { el } from "./dom.js";

const KEYS = [
  ["/", "search"],
  ["j  k", "next and previous request (in the list also ↓ ↑)"],
  ["n  p", "next and previous failure"],
  ["Enter", "into the request that is shown"],
  ["Esc", "out of the search, then back to the overview"],
  ["o  t", "overview, timeline"],
  ["?", "these keys"],
];

/** Listens to keys; `actions` has a function for each of them. */
export function listenToKeys(actions) {
  const dialog = el(
    "dialog",
    { id: "keys", "aria-labelledby": "keys-name" },
    el("h2", { id: "keys-name" }, "Keys"),
    el(
      "dl",
      { class: "keys" },
      KEYS.map(([keys, meaning]) =>
        el(
          "div",
          {},
          el(
            "dt",
            {},
            keys.split("  ").map((key, place) => [place ? " " : null, el("kbd", {}, key)]),
          ),
          el("dd", {}, meaning),
        ),
      ),
    ),
    el("form", { method: "dialog" }, el("button", {}, "Close")),
  );
  document.body.append(dialog);
  const toggle = () => (dialog.open ? dialog.close() : dialog.showModal());
  const byKey = {
    "/": actions.search,
    "?": toggle,
    j: () => actions.move(1),
    k: () => actions.move(-1),
    n: () => actions.move(1, true),
    p: () => actions.move(-1, true),
    o: () => actions.go("overview"),
    t: () => actions.go("timeline"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (dialog.open && event.key !== "?") return;
    const isWriting = event.target.closest("input, select, textarea") !== null;
    if (event.key === "Escape") {
      // Some browsers empty the search, which then would find nothing for the next key.
      if (isWriting) event.preventDefault();
      actions.leave(isWriting);
    } else if (event.key === "Enter" && !event.target.closest("a, button, summary, select")) actions.enter();
    else if (!isWriting && Object.hasOwn(byKey, event.key)) {
      event.preventDefault();
      byKey[event.key]();
    }
  });
  document.getElementById("help").addEventListener("click", toggle);
}
