// The view of the clock and of the tokens that run out by it.

import { agreed, attempt, call } from "./api.js";
import { el, field, fill } from "./dom.js";
import { accept } from "./forms.js";

const JUMPS = [["1 minute", 60], ["1 hour", 3600], ["24 hours", 86_400]];

export function clockView(page) {
  const now = el("p", { class: "time" });
  const kind = el("p", { class: "quiet" });
  const hold = el("button", { type: "button", onclick: () => set({ frozen: true }, "The clock stands still.") }, "Freeze");
  const run = el("button", { type: "button", onclick: () => set({ frozen: false }, "The clock runs.") }, "Run");
  const jumps = JUMPS.map(([text, seconds]) => el("button", { type: "button", onclick: () => advance(seconds) }, `+ ${text}`));
  const seconds = el("input", { type: "number", step: "any", required: true, name: "seconds", value: "1800" });
  const form = el(
    "form",
    {
      class: "row",
      onsubmit: (event) => {
        event.preventDefault();
        accept(seconds);
        void advance(Number(seconds.value), () => seconds);
      },
    },
    field("Seconds (negative: back)", seconds),
    el("button", {}, "Advance"),
  );
  const root = el(
    "section",
    { "aria-labelledby": "clock-title" },
    el("h2", { id: "clock-title", tabindex: "-1" }, "Clock"),
    now,
    kind,
    el("div", { class: "row" }, hold, run, jumps),
    form,
    el("h3", {}, "Tokens"),
    el("p", { class: "quiet" }, "Tokens run out by this clock. Throttle windows and lockouts end by it too."),
    el("div", { class: "row" }, el("button", { type: "button", class: "danger", onclick: revoke }, "Revoke all tokens")),
  );

  async function set(change, done, found) {
    await attempt(() => call("POST", "clock", { body: change }), done, found);
    await page.refresh();
  }

  async function advance(by, found) {
    await set({ advance: by }, `The clock was moved by ${by} s.`, found);
  }

  async function revoke() {
    if (!(await agreed("Revoke all tokens? Every client must ask for a new one.", "Revoke"))) return;
    await attempt(() => call("DELETE", "tokens"), ({ revoked }) => `Tokens revoked: ${revoked}.`);
  }

  function draw({ clock }) {
    const time = new Date(clock.now * 1000).toISOString();
    fill(now, `${time.slice(0, 10)} `, el("b", {}, time.slice(11, 19)), " UTC");
    fill(kind, clock.movable ? clock.frozen ? "Frozen: it moves only when told to." : "Running with the system's time." : "This is the system's clock, which cannot be moved from here.");
    hold.disabled = !clock.movable || clock.frozen;
    run.disabled = !clock.movable || !clock.frozen;
    for (const control of [...jumps, seconds, form.querySelector("button")]) control.disabled = !clock.movable;
  }

  return { title: "Clock", root, show: () => page.pulse && draw(page.pulse), pulse: draw };
}
