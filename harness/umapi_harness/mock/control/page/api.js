// What the page asks of the server, and how it tells what came of it.

import { fill } from "./dom.js";
import { refuse } from "./forms.js";

/** The server refused; the message is its one line. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The parsed answer to a call below /_mock/; null where there is no body. Throws Refusal or TypeError. */
export async function call(method, path, { query = {}, body, text = body && JSON.stringify(body), patience = 30_000 } = {}) {
  const wanted = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const search = new URLSearchParams(wanted).toString();
  const response = await fetch(`/_mock/${path}${search ? `?${search}` : ""}`, {
    method,
    headers: text === undefined ? {} : { "Content-Type": "application/json" },
    body: text,
    cache: "no-store",
    signal: AbortSignal.timeout(patience),
  });
  const answered = await response.text();
  let content = null;
  try {
    content = answered ? JSON.parse(answered) : null;
  } catch {
    throw new Refusal(response.status, `${path}: the answer is no JSON (status ${response.status})`);
  }
  if (!response.ok) throw new Refusal(response.status, content?.error ?? `${path}: status ${response.status}`);
  return content;
}

let hiding = 0;

/** Tells in a line at the foot of the page, which screen readers speak. */
export function tell(message, failed = false) {
  const place = document.getElementById("notice");
  fill(place, message);
  place.classList.toggle("failed", failed);
  clearTimeout(hiding);
  hiding = setTimeout(() => fill(place), failed ? 15_000 : 5_000);
}

/**
 * Runs an action of the tester's and tells what came of it; true if it went well. A refusal is told beside the control
 * that `culprit` finds for the server's line, if it finds one.
 */
export async function attempt(action, done, culprit = () => null) {
  try {
    const result = await action();
    tell(typeof done === "function" ? done(result) : done);
    return true;
  } catch (error) {
    const control = error instanceof Refusal ? culprit(error.message) : null;
    if (control) {
      tell("");
      refuse(control, error.message);
    } else tell(error instanceof Refusal ? error.message : "No answer from the server; is it still running?", true);
    return false;
  }
}

/** Asks before something is lost; true if the tester agrees. */
export function agreed(question, yes) {
  const dialog = document.getElementById("confirm");
  fill(document.getElementById("confirm-question"), question);
  fill(document.getElementById("confirm-yes"), yes);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
