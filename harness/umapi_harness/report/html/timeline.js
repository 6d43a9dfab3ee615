// Bars of exchanges over time: positions on an axis, words for durations, and the strip of the whole run.

import { count, el } from "./dom.js";

const CAUSES = {
  collection: "",
  script: "sent by a script",
  redirect: "redirect",
  challenge: "answer to a challenge",
  token: "token for the authorisation",
};

/** Why a request went out, in words; nothing for the request of the collection itself. */
export function causeText(cause) {
  return CAUSES[cause] ?? cause;
}

/** "12 ms", "3.42 s", "2 min 05 s". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 0.0095) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.995) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  return `${count(Math.floor(whole / 60))} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** "512 B", "1.5 kB", "3.2 MB". */
export function sizeText(bytes) {
  if (bytes === null || bytes === undefined) return "";
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 999_950 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The colours' name for a status; 0 where no answer came. */
export function statusKind(status) {
  if (status === 0 || status >= 500) return "failed";
  if (status >= 400) return "warned";
  return status >= 300 ? "moved" : "good";
}

/** A status as it is shown everywhere. */
export function statusMark(status) {
  return el(
    "span",
    { class: `status ${statusKind(status)}` },
    status === 0 ? el("span", { title: "No answer" }, "–") : status,
  );
}

/** A bar on the axis from `begin` to `end`, in seconds of the run. The position is set by script, not in markup. */
export function bar([at, seconds, status], begin, end) {
  const span = Math.max(end - begin, 1e-6);
  const element = el("span", { class: `bar-span ${statusKind(status)}` });
  element.style.left = `${(100 * (at - begin)) / span}%`;
  element.style.width = `${(100 * seconds) / span}%`;
  return el("span", { class: "bar-track" }, element);
}

/** First beginning and last end of some exchanges. */
export function extent(spans) {
  let [begin, end] = [Infinity, 0];
  for (const [at, seconds] of spans) {
    begin = Math.min(begin, at);
    end = Math.max(end, at + seconds);
  }
  return [Math.min(begin, end), end];
}

/** A strip with all steps of a run in the order of time; `open` is called with the step under a click. */
export function strip(rows, open) {
  const spans = rows.filter((row) => row.spans.length);
  const canvas = el("canvas", {
    class: "strip-canvas",
    role: "img",
    "aria-label":
      "The run from beginning to end; failed steps are tall and dark. The view Timeline tells the same as a list.",
  });
  const [begin, end] = extent(spans.flatMap((row) => [row.spans[0], row.spans.at(-1)]));
  const scale = Math.max(end - begin, 1e-6);

  function draw() {
    const { width, height } = canvas.getBoundingClientRect();
    if (!width) return;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    const context = canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(canvas);
    context.fillStyle = style.getPropertyValue("color");
    for (const failed of [false, true]) {
      for (const row of spans) {
        if ((row.state === "failed") !== failed) continue;
        context.fillStyle = failed ? style.borderTopColor : style.color;
        for (const [at, seconds] of row.spans) {
          const left = ((at - begin) / scale) * width;
          const wide = Math.max(1, (seconds / scale) * width - 0.5);
          context.fillRect(left, failed ? 0 : height * 0.3, wide, failed ? height : height * 0.7);
        }
      }
    }
  }

  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const at = begin + ((event.clientX - box.left) / box.width) * scale;
    const nearest = spans.reduce((best, row) => (distance(row, at) < distance(best, at) ? row : best), spans[0]);
    if (nearest) open(nearest);
  });
  const observer = new ResizeObserver(draw);
  observer.observe(canvas);
  document.addEventListener("themechange", draw);
  return el(
    "div",
    { class: "strip" },
    canvas,
    el("div", { class: "strip-axis quiet" }, el("span", {}, "0"), el("span", {}, duration(end))),
  );
}

function distance(row, at) {
  const [begin, end] = extent(row.spans);
  return at < begin ? begin - at : Math.max(0, at - end);
}
