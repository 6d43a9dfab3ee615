// The view of the journal: the requests as they come, and one of them with its answer beside it.

import { agreed, attempt, call, tell } from "./api.js";
import { showBody } from "./bodies.js";
import { asCurl, isUnseen } from "./curl.js";
import { choice, count, el, facts, field, fill, plural, settled } from "./dom.js";
import { CUT, decoded, explain, fates, parsed, requestId, subject } from "./explain.js";

const KEPT = 2000; // entries that the page remembers; the server keeps fewer
const OUTCOMES = [
  ["", "Any outcome"],
  ["trouble", "Not successful"],
  ["good", "Successful"],
  ["partial", "Partly failed"],
  ["4", "Status 4xx"],
  ["5", "Status 5xx"],
  ["dropped", "Connection dropped"],
  ["fault", "Struck by a fault"],
];
const FATES = { done: "took effect", checked: "would take effect", failed: "failed", untried: "not tried" };
const TROUBLE = new Set(["failed", "partial", "dropped"]);

export function requestsView(page) {
  let entries = []; // oldest first
  let codes = new Map();
  let names = {};
  let server = null;
  let selected = 0;
  let latest = 0; // the number of the last request that came
  let asked = 0; // the request that the address names, which may not have been read yet
  let paused = false;
  let waiting = 0;
  let raw = false;
  const emptied = new Set(); // numbers of the last entries before the server's journal was emptied
  const clients = new Set();
  const operations = new Set();

  // Controls

  const search = el("input", { type: "search", placeholder: "address, path, code, request id", oninput: settled(render, 150) });
  const operation = choice([["", "Any operation"]], { onchange: render });
  const outcome = choice(OUTCOMES, { onchange: render });
  const client = choice([["", "Any client"]], { onchange: render });
  const ours = choice([["", "All"], ["this", "The one chosen above"]], { onchange: render });
  const oursField = field("Organisation", ours, { hidden: true });
  const pause = el("button", { type: "button", "aria-pressed": "false", onclick: togglePause }, "Pause");
  const clear = el("button", { type: "button", onclick: forget }, "Clear");
  const previous = el("button", { type: "button", onclick: () => step(1, true) }, "Earlier failure");
  const next = el("button", { type: "button", onclick: () => step(-1, true) }, "Later failure");
  const tally = el("p", { class: "quiet tally" });
  const list = el("ol", {
    class: "entries",
    role: "listbox",
    tabindex: "0",
    "aria-label": "Requests, newest first",
    onkeydown: keys,
    onclick: (event) => {
      const row = event.target.closest("li[data-number]");
      if (!row) return;
      select(Number(row.dataset.number));
      if (matchMedia("(max-width: 60rem)").matches) detail.scrollIntoView();
    },
  });
  const detail = el("article", { class: "detail", "aria-label": "Selected request" });
  const root = el(
    "section",
    { class: "requests", "aria-labelledby": "requests-title" },
    el("h2", { id: "requests-title", class: "unseen", tabindex: "-1" }, "Requests"),
    el(
      "div",
      { class: "tools" },
      field("Search", search, { class: "field grow" }),
      field("Operation", operation),
      field("Outcome", outcome),
      field("Client", client),
      oursField,
      el("div", { class: "row" }, previous, next, pause, clear),
    ),
    el("div", { class: "split" }, el("div", { class: "master" }, tally, list), detail),
  );

  // Entries

  async function follow(pulse, before) {
    pause.disabled = clear.disabled = false;
    oursField.hidden = pulse.organizations < 2 && !ours.value;
    if (ours.value && before?.organization?.org_id !== pulse.organization?.org_id) render();
    if (server !== pulse.server) {
      codes = new Map((await call("GET", "codes")).map((one) => [one.code, one]));
      names = await call("GET", "names");
      server = pulse.server;
      entries = [];
      emptied.clear();
      render();
    }
    notice(pulse.requests.emptied);
    latest = pulse.requests.last;
    const last = Math.max(entries.at(-1)?.number ?? 0, pulse.requests.emptied);
    if (paused) {
      waiting = Math.max(0, pulse.requests.last - last);
      fill(pause, waiting ? `Resume (${count(waiting)} new)` : "Resume");
      return;
    }
    if (pulse.requests.last <= last) return seek();
    const fresh = await call("GET", "requests", { query: { after: last } });
    const added = fresh.filter((one) => one.number > last);
    for (const entry of added) {
      Object.assign(entry, { came: explain(entry, codes, names), about: subject(entry) });
      learn(entry.client_id, clients, client);
      learn(entry.operation, operations, operation);
    }
    entries.push(...added);
    // Only what is new is drawn: of thousands of rows, drawing all each second would be felt.
    for (const { number } of entries.splice(0, Math.max(0, entries.length - KEPT))) find(number)?.remove();
    list.querySelector(".empty")?.remove();
    list.prepend(...added.filter((entry) => fits(entry, words())).reverse().map(row));
    sum(visible());
    hint();
    seek();
  }

  /** Opens the request that the address names, or says why there is none. */
  function seek() {
    if (!asked || server === null) return;
    if (entries.some((entry) => entry.number === asked)) return select(asked);
    selected = 0;
    mark();
    const none = latest ? `the last one is no. ${latest}` : "none has come in yet";
    const told = asked > latest ? `There is no request ${asked}: ${none}.` : `Request ${asked} is no longer here: the journal was emptied, or too many came after it.`;
    fill(detail, el("p", { class: "guide quiet" }, told));
  }

  /** What was seen before somebody emptied the journal stays here, under a line; unless it was done here. */
  function notice(number) {
    if (page.emptied) {
      page.emptied = false;
      entries = entries.filter((entry) => entry.number > number);
      render();
    } else if (!emptied.has(number) && entries.some((entry) => entry.number <= number)) {
      emptied.add(number);
      render();
    }
  }

  function learn(value, known, control) {
    if (!value || known.has(value)) return;
    known.add(value);
    control.append(el("option", { value }, value));
  }

  function words() {
    return search.value.trim().toLowerCase();
  }

  function visible() {
    const wanted = words();
    return entries.filter((entry) => fits(entry, wanted)).reverse();
  }

  function fits(entry, wanted) {
    if (operation.value && entry.operation !== operation.value) return false;
    if (client.value && entry.client_id !== client.value) return false;
    if (ours.value && !isOurs(entry)) return false;
    if (!comesOut(entry, outcome.value)) return false;
    if (!wanted) return true;
    entry.words ??= [
      ...[entry.path, decoded(entry.path), entry.query, decoded(entry.query), entry.request_body, entry.response_body],
      ...[entry.client_id ?? "", entry.about, entry.came.reason, requestId(entry)],
    ].join("\n").toLowerCase();
    return entry.words.includes(wanted);
  }

  function isOurs(entry) {
    const { org_id: id, client_ids: clientIds } = page.pulse.organization ?? { client_ids: [] };
    return entry.org_id ? entry.org_id === id : clientIds.includes(entry.client_id);
  }

  function comesOut(entry, wanted) {
    if (!wanted) return true;
    if (wanted === "trouble") return TROUBLE.has(entry.came.kind);
    if (wanted === "good") return !TROUBLE.has(entry.came.kind);
    if (wanted === "fault") return entry.fault !== null;
    if (wanted === "partial" || wanted === "dropped") return entry.came.kind === wanted;
    return String(entry.status ?? "").startsWith(wanted);
  }

  // The list

  function render() {
    const shown = visible();
    sum(shown);
    const rows = new Map([...list.children].map((one) => [one.dataset.number, one]));
    const items = shown.map((entry) => rows.get(String(entry.number)) ?? row(entry));
    for (const number of emptied) {
      const place = shown.findIndex((entry) => entry.number <= number);
      if (place >= 0) items[place] = [lineAbove(), items[place]];
    }
    list.replaceChildren(...items.flat(Infinity));
    hint();
    mark();
  }

  function sum(shown) {
    const failed = shown.filter((entry) => TROUBLE.has(entry.came.kind)).length;
    const all = shown.length === entries.length ? "" : ` of ${count(entries.length)}`;
    const noun = entries.length === 1 ? "request" : "requests";
    fill(tally, `${count(shown.length)}${all} ${noun}, `, el("b", { class: failed ? "bad" : null }, `${count(failed)} not successful`));
  }

  /** Says why there is nothing where there is nothing. */
  function hint() {
    if (!list.childElementCount) list.append(el("li", { class: "empty", role: "presentation" }, emptyText()));
    if (selected && entries.some((entry) => entry.number === selected)) return;
    if (selected || !detail.childElementCount) fill(detail, guide());
    selected = 0;
  }

  function emptyText() {
    if (entries.length) return "No request fits the filters.";
    const command = (name) => el("code", {}, `umapi-harness ${name}`);
    return ["No request has come in yet. Point a client at ", el("code", {}, location.origin), ", as the UMAPI_ variables do that ", command("serve"), " prints and ", command("exec"), " sets."];
  }

  function lineAbove() {
    return el("li", { class: "separator", role: "presentation" }, "The journal was emptied here; below is what was seen before.");
  }

  function row(entry) {
    const { kind, reason } = entry.came;
    return el(
      "li",
      { role: "option", id: `request-${entry.number}`, "data-number": entry.number, class: kind, "aria-selected": "false" },
      el("span", { class: `status ${kind}` }, entry.status ?? "lost"),
      el("span", { class: "what" }, el("b", {}, entry.operation === "none" ? "unknown" : entry.operation), " ", el("span", { class: "about" }, entry.about)),
      el("time", { datetime: new Date(entry.time * 1000).toISOString() }, clockTime(entry.time)),
      reason ? el("span", { class: "reason" }, reason) : null,
    );
  }

  function mark() {
    for (const one of list.querySelectorAll("[aria-selected=true]")) one.setAttribute("aria-selected", "false");
    const current = selected ? find(selected) : null;
    if (current) {
      current.setAttribute("aria-selected", "true");
      list.setAttribute("aria-activedescendant", current.id);
    } else list.removeAttribute("aria-activedescendant");
  }

  function find(number) {
    return list.querySelector(`[data-number="${number}"]`);
  }

  function select(number) {
    selected = number;
    asked = 0;
    mark();
    find(number)?.scrollIntoView({ block: "nearest" });
    const entry = entries.find((one) => one.number === number);
    if (!entry) return;
    page.note("requests", { request: number });
    showDetail(entry);
  }

  /** Goes to a neighbour; with `failures`, to the nearest that was not successful. */
  function step(by, failures = false) {
    const shown = visible();
    if (!shown.length) return;
    let place = shown.findIndex((entry) => entry.number === selected);
    if (place < 0) place = by > 0 ? -1 : shown.length;
    do place += by;
    while (failures && shown[place] && !TROUBLE.has(shown[place].came.kind));
    if (shown[place]) select(shown[place].number);
  }

  function keys(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const shown = visible();
    const moves = {
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      Home: () => shown.length && select(shown[0].number),
      End: () => shown.length && select(shown.at(-1).number),
      PageDown: () => step(1, true),
      PageUp: () => step(-1, true),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  function togglePause() {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    fill(pause, paused ? "Resume" : "Pause");
    if (!paused) void page.refresh();
  }

  async function forget() {
    if (!(await agreed("Forget all requests, here and on the server?", "Forget them"))) return;
    if (await attempt(() => call("DELETE", "requests"), "The journal is empty.")) await page.forget();
  }

  function guide() {
    return el(
      "div",
      { class: "guide quiet" },
      el("p", {}, "Choose a request to see it with its answer."),
      el(
        "p",
        {},
        "In the list: ",
        [el("kbd", {}, "↑"), " ", el("kbd", {}, "↓"), " one by one, "],
        [el("kbd", {}, "Page Up"), " ", el("kbd", {}, "Page Down"), " between those that were not successful."],
      ),
    );
  }

  // One request

  function showDetail(entry) {
    const { problems } = entry.came;
    const commands = entry.operation === "action" ? parsed(entry.request_body) : undefined;
    const rawBox = el("input", {
      type: "checkbox",
      ".checked": raw,
      onchange: (event) => {
        raw = event.target.checked;
        showDetail(entry);
        detail.querySelector("input[type=checkbox]").focus();
      },
    });
    fill(
      detail,
      el(
        "header",
        {},
        el("h3", { tabindex: "-1" }, el("span", { class: `status ${entry.came.kind}` }, entry.status ?? "lost"), ` ${outcomeText(entry)}`),
        facts([
          ["Request", `no. ${entry.number}, ${entry.operation}`],
          ["Came", `${clockTime(entry.time)} UTC`],
          ["Client", entry.client_id],
          ["Request id", requestId(entry)],
        ]),
        el("div", { class: "row" }, el("label", { class: "check" }, rawBox, " Bodies as sent"), el("button", { type: "button", onclick: () => copy(entry) }, "Copy as curl")),
      ),
      problems.length ? el("section", { class: "why", "aria-label": "Why" }, el("h4", {}, "Why", problems.some((one) => one.index !== undefined) ? el("small", {}, " – commands and steps are counted from 0") : null), el("ol", {}, problems.map((one) => problem(one, commands, entry)))) : null,
      stepsTold(entry, commands),
      el(
        "div",
        { class: "sides" },
        side("Request", `${entry.method} ${decoded(entry.path)}${entry.query ? `?${decoded(entry.query)}` : ""}`, entry.request_headers, showBody(entry.request_body, { raw, marks: marks(problems, commands) })),
        side("Answer", entry.status === null ? "none: the connection was closed" : `status ${entry.status}`, entry.response_headers, showBody(entry.response_body, { raw })),
        entry.true_answer ? side("True answer", `status ${entry.true_answer.status}, which ${names.spoiling_faults.includes(entry.fault) ? "the fault spoiled" : "the client did not get"}`, {}, showBody(entry.true_answer.body, { raw })) : null,
      ),
    );
    detail.scrollTop = 0;
  }

  function outcomeText(entry) {
    const words = { good: "Successful", warned: "Successful, with warnings", partial: "Partly failed", failed: "Failed", dropped: "Connection dropped" };
    return words[entry.came.kind] + (entry.came.kind === "partial" ? ` – ${entry.came.reason.split(":")[0]}` : "");
  }

  function side(title, line, headers, body) {
    const pairs = Object.entries(headers ?? {});
    return el(
      "section",
      { class: "side", "aria-label": title },
      el("h4", {}, title),
      el("p", { class: "line" }, line),
      pairs.length ? el("details", {}, el("summary", {}, plural(pairs.length, "header")), facts(pairs)) : null,
      body,
    );
  }

  /** What became of each step, where some took no effect or the client was not told. */
  function stepsTold(entry, commands) {
    const told = fates(entry, commands);
    if (!told.length) return null;
    return el(
      "section",
      { class: "steps", "aria-label": "Steps" },
      el("h4", {}, "Steps", el("small", {}, " – what became of each, counted from 0")),
      told.map(({ index, root, steps }) => [
        el("p", {}, `command ${index}`, root ? el("span", { class: "where" }, ` ${root}`) : null),
        el("ol", {}, steps.map(({ name, fate }, place) => el("li", { class: fate }, `step ${place}${name ? ` (${name})` : ""}: ${FATES[fate] ?? fate}`))),
      ]),
    );
  }

  function problem(one, commands, entry) {
    const stepFields = excerpt(one, commands);
    const remedy = one.severity === "fault" ? ofFault(entry, fates(entry, commands).length > 0) : one.remedy;
    const where = one.index === undefined ? "" : `command ${one.index}${one.step >= 0 ? `, step ${one.step}` : ""}`;
    return el(
      "li",
      { class: one.severity },
      el("p", { class: "head" }, el("code", {}, one.code), where ? el("span", { class: "where" }, where) : null, one.user ? el("span", { class: "where" }, one.user) : null),
      one.message ? el("p", { class: "message" }, one.message) : null,
      one.meaning ? el("p", {}, one.meaning) : null,
      remedy || one.retry ? el("p", { class: "remedy" }, el("b", {}, "To do: "), remedy, one.retry ? ` ${one.retry}` : "") : null,
      stepFields ? el("pre", { class: "excerpt", tabindex: "0" }, stepFields) : null,
    );
  }

  /** What to do about a fault, by what is in force now, not when it struck; `untold` if steps took effect unheard of. */
  function ofFault(entry, untold) {
    const given = entry.came.isLate ? "if the client gave up before the answer came, look" : "look";
    const todo = [untold ? `${given} under Steps what took effect, before it is sent again` : "", aftermath(entry)].filter(Boolean);
    const first = todo.length ? `${todo.join("; ")}; ` : "";
    const begun = (text) => text[0].toUpperCase() + text.slice(1);
    if (page.pulse?.faults === 0) {
      const rest = "no fault is in force any more";
      return begun(aftermath(entry) ? `${first}${rest}.` : `${first || "nothing: "}${rest}, and the next call gets its true answer.`);
    }
    return [begun(`${first}see under `), el("a", { href: page.hash("faults") }, "Faults"), " what is in force, and remove there what shall not strike again."];
  }

  /** What to do because of what a fault has left behind it; "" if it has left nothing. */
  function aftermath({ fault, planned, time }) {
    const { todo, passes } = names.aftermaths[fault] ?? {};
    if (todo === undefined) return "";
    const over = time + (planned.delay ?? 0) + (planned.seconds ?? 0);
    const { now, frozen } = page.pulse?.clock ?? {};
    return passes && now >= over && !frozen ? "" : todo.replace(/\{(\w+)\}/g, (_, name) => planned[name]);
  }

  function excerpt(one, commands) {
    const step = commands?.[one.index]?.do?.[one.step];
    return step === undefined ? "" : JSON.stringify(step);
  }

  function marks(problems, commands) {
    const found = new Map();
    for (const one of problems.filter((each) => each.index !== undefined && commands?.[each.index] !== undefined)) {
      const hasStep = commands[one.index]?.do?.[one.step] !== undefined;
      const pointer = hasStep ? `/${one.index}/do/${one.step}` : `/${one.index}`;
      found.set(pointer, found.has(pointer) ? `${found.get(pointer)}, ${one.code}` : one.code);
    }
    return found;
  }

  async function copy(entry) {
    if (!navigator.clipboard) return tell("The browser lets pages copy only over https or on this computer.", true);
    if (CUT.test(entry.request_body)) return tell("The journal has only the beginning of this body.", true);
    if (isUnseen(entry)) return tell("The journal does not have this body, for it is no form.", true);
    const { command, variables } = asCurl(entry);
    const told = variables.length ? `Copied; secrets are left out: put them into ${variables.join(", ")}.` : "Copied.";
    return attempt(() => navigator.clipboard.writeText(command), told);
  }

  fill(detail, guide());
  render();
  return {
    title: "Requests",
    root,
    show(params) {
      const words = params.get("search");
      if (words !== null) {
        search.value = words;
        render();
      }
      asked = Number(params.get("request"));
      if (asked !== selected) seek();
    },
    remembers: true,
    gone() {
      pause.disabled = clear.disabled = true;
    },
    pulse: follow,
  };
}

function clockTime(seconds) {
  return new Date(seconds * 1000).toISOString().slice(11, 23);
}
