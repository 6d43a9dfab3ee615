// The views of an organisation: users, groups, domains and products, as they are now.

import { attempt, call, Refusal } from "./api.js";
import { choice, count, el, facts, field, fill, plural, refill, settled, table } from "./dom.js";

const PART = 50;
const SLOWEST = 20; // a listing that took a second is not asked for again within twenty

/** A list with search and paging, and the details of one entry beside it. */
function lookup(page, { name, title, controls, list, columns, row, isChosen, details }) {
  let params = new URLSearchParams();
  let changes = null;
  let due = 0;
  let asked = 0;
  let stale = true;

  const inputs = Object.entries(controls);
  for (const [key, control] of inputs) {
    control.addEventListener(control.type === "search" ? "input" : "change", settled(() => {
      params.set(key, control.value);
      params.set("offset", "0");
      page.note(name, Object.fromEntries(params));
      void load();
    }, control.type === "search" ? 200 : 0));
  }
  const tally = el("p", { class: "quiet tally", role: "status" });
  const rows = el("div", { class: "scroll" });
  const back = el("button", { type: "button", onclick: () => turn(-1) }, "Previous");
  const on = el("button", { type: "button", onclick: () => turn(1) }, "Next");
  const detail = el("article", { class: "detail", "aria-label": `Selected ${name.slice(0, -1)}` });
  const root = el(
    "section",
    { class: "lookup", "aria-labelledby": `${name}-title` },
    el("h2", { id: `${name}-title`, class: "unseen", tabindex: "-1" }, title),
    el("div", { class: "tools" }, inputs.map(([, control]) => field(control.title, control, { class: control.type === "search" ? "field grow" : "field" }))),
    el("div", { class: "split even" }, el("div", { class: "master" }, el("div", { class: "row pager" }, tally, el("span", { class: "spring" }), back, on), rows), detail),
  );

  let total = 0;
  let offset = 0;

  function turn(by) {
    params.set("offset", String(Math.max(0, offset + by * PART)));
    page.note(name, Object.fromEntries(params));
    void load();
  }

  async function load() {
    const mine = (asked += 1);
    const started = performance.now();
    stale = false;
    const query = { org_id: page.orgId, limit: PART, offset: params.get("offset") ?? "0" };
    for (const [key, control] of inputs) query[key] = control.value;
    let answer;
    try {
      answer = await call("GET", list, { query });
    } catch (error) {
      stale = !(error instanceof Refusal);
      if (mine !== asked) return;
      fill(tally, error instanceof Refusal ? error.message : "No answer from the server.");
      if (error instanceof Refusal) fill(rows);
      return;
    }
    // An answer that was overtaken by a later question is of no use any more.
    if (mine !== asked) return;
    due = performance.now() + (performance.now() - started) * SLOWEST;
    ({ total, offset } = answer);
    const entries = answer[list];
    const told = total ? `${count(offset + 1)}–${count(offset + entries.length)} of ${count(total)}` : nothing();
    if (tally.textContent !== told) fill(tally, told);
    back.disabled = offset === 0;
    on.disabled = offset + entries.length >= total;
    refill(rows, table(title, columns, entries.map((entry) => row(entry, params, isChosen(entry, params)))));
    await showDetails();
  }

  function nothing() {
    if (inputs.some(([, control]) => control.value)) return "Nothing fits the filters.";
    return `This organisation has no ${name}. A client makes some, or a seed file does, under State.`;
  }

  async function showDetails() {
    const mine = asked;
    try {
      const content = await details(params);
      if (mine === asked) refill(detail, content ?? el("p", { class: "quiet guide" }, `Choose a ${name.slice(0, -1)} to see all about it.`));
    } catch (error) {
      if (mine === asked && error instanceof Refusal) fill(detail, el("p", { class: "quiet guide" }, error.message));
    }
  }

  return {
    title,
    root,
    show(wanted) {
      const before = detailKey(params);
      params = wanted;
      for (const [key, control] of inputs) {
        const value = wanted.get(key) ?? "";
        if (control.value !== value) setControl(control, value);
      }
      if (!page.pulse) return;
      void load().then(() => {
        if (detailKey(wanted) && detailKey(wanted) !== before && matchMedia("(max-width: 60rem)").matches) {
          detail.querySelector("h3")?.focus();
          detail.scrollIntoView();
        }
      });
    },
    pulse(pulse, before, isShown) {
      const now = `${pulse.server} ${pulse.organization?.org_id} ${pulse.organization?.changes}`;
      if (now !== changes || before === null) stale = true;
      if (before === null) due = 0; // another organisation was chosen: it is waited for
      changes = now;
      if (isShown && stale && performance.now() >= due) return load();
      return undefined;
    },
  };
}

/** The name of a kind of group as a person reads it: in lower case, with spaces. */
function kindName(kind) {
  return kind.toLowerCase().replaceAll("_", " ");
}

function detailKey(params) {
  return params.get("email") ?? params.get("name") ?? "";
}

function setControl(control, value) {
  if (control.tagName === "SELECT") offer(control, [value]);
  control.value = value;
}

/** Adds to a choice what it does not offer yet. */
function offer(control, values) {
  const there = new Set([...control.options].map((option) => option.value));
  control.append(...values.filter((value) => !there.has(value)).map((value) => el("option", { value }, value)));
}

/** The parameters with some of them changed, as a plain object. */
function changed(params, changes) {
  return { ...Object.fromEntries(params), ...changes };
}

export function usersView(page) {
  const group = el("input", { type: "search", title: "Member of", placeholder: "name of a group", list: "group-names", autocomplete: "off" });
  const names = el("datalist", { id: "group-names" });
  group.addEventListener("input", settled(async () => {
    const { groups } = await call("GET", "groups", { query: { org_id: page.orgId, query: group.value, limit: 20 } });
    fill(names, groups.map((one) => el("option", { value: one.name })));
  }, 150));
  const type = choice([["", "Any type"]], { title: "Type" });
  const status = choice([["", "Any status"]], { title: "Status" });
  let isDescribed = false;

  async function describe() {
    if (isDescribed) return;
    const known = await call("GET", "names");
    offer(type, known.identity_types);
    offer(status, known.user_statuses);
    isDescribed = true;
  }

  const view = lookup(page, {
    name: "users",
    title: "Users",
    list: "users",
    controls: {
      query: el("input", { type: "search", title: "Search", placeholder: "address, user name, first or last name" }),
      group,
      type,
      status,
    },
    columns: [["E-mail"], ["Name"], ["Type"], ["Country"], ["Groups", "number"]],
    isChosen: (user, params) => user.email === params.get("email") && user.type === params.get("kind"),
    row: (user, params, chosen) => el(
      "tr",
      { class: chosen ? "chosen" : null },
      el("th", { scope: "row" }, el("a", { href: page.hash("users", changed(params, { email: user.email, kind: user.type })), "data-key": `${user.type} ${user.email}`, "aria-current": chosen ? "true" : null }, user.email), user.active ? null : el("span", { class: "tag" }, user.status)),
      el("td", {}, fullName(user)),
      el("td", { class: "word" }, user.type),
      el("td", {}, user.country ?? ""),
      el("td", { class: "number" }, count(user.memberships)),
    ),
    details: (params) => (params.get("email") ? userDetails(page, params) : null),
  });
  view.root.append(names);
  return {
    ...view,
    show(wanted) {
      void describe().catch(() => {}); // the next time that it is shown, it asks again
      view.show(wanted);
    },
  };
}

function fullName(user) {
  return [user.firstname, user.lastname].filter(Boolean).join(" ");
}

async function userDetails(page, params) {
  const email = params.get("email");
  const user = await call("GET", "user", { query: { org_id: page.orgId, email, type: params.get("kind") } });
  return [
    el("h3", { tabindex: "-1" }, user.email),
    facts([
      ["Name", fullName(user)],
      ["User name", user.username],
      ["Domain", user.domain],
      ["Type", user.type],
      ["Status", user.status],
      ["Country", user.country],
      ["Id", user.id],
    ]),
    el("h4", {}, `Direct memberships (${user.groups.length})`),
    user.groups.length
      ? el("ul", { class: "plain" }, user.groups.map((one) => el("li", {}, groupLink(page, one.name), el("span", { class: "quiet" }, ` ${kindName(one.kind)}`))))
      : el("p", { class: "quiet" }, "None."),
    user.held_through.length
      ? [
          el("h4", {}, "Held through user groups"),
          el("ul", { class: "plain" }, user.held_through.map((one) => el("li", {}, groupLink(page, one.profile), el("span", { class: "quiet" }, " through "), one.user_groups.map((name, place) => [place ? ", " : "", groupLink(page, name)])))),
        ]
      : null,
    el("p", {}, el("a", { href: page.hash("requests", { search: user.email }), "data-key": "requests" }, "Requests that name this user")),
  ];
}

function groupLink(page, name) {
  return el("a", { href: page.hash("groups", { name }), "data-key": `group ${name}` }, name);
}

export function groupsView(page) {
  return lookup(page, {
    name: "groups",
    title: "Groups",
    list: "groups",
    controls: {
      query: el("input", { type: "search", title: "Search", placeholder: "name of a group" }),
      kind: choice([["", "All groups"], ["user_group", "User groups"], ["profile", "Product profiles"], ["admin", "Admin groups"]], { title: "Kind" }),
    },
    columns: [["Name"], ["Kind"], ["Product"], ["Members", "number"]],
    isChosen: (group, params) => group.name.toLowerCase() === params.get("name")?.toLowerCase(),
    row: (group, params, chosen) => el(
      "tr",
      { class: chosen ? "chosen" : null },
      el("th", { scope: "row" }, el("a", { href: page.hash("groups", changed(params, { name: group.name })), "data-key": group.name, "aria-current": chosen ? "true" : null }, group.name)),
      el("td", { class: "word" }, kindName(group.kind)),
      el("td", {}, group.product ?? ""),
      el("td", { class: "number" }, count(group.members)),
    ),
    details: (params) => (params.get("name") ? groupDetails(page, params.get("name")) : null),
  });
}

async function groupDetails(page, name) {
  const query = { org_id: page.orgId };
  const [group, members] = await Promise.all([
    call("GET", "group", { query: { ...query, name } }),
    call("GET", "users", { query: { ...query, group: name, limit: 20 } }),
  ]);
  const named = (one) => (one ? [groupLink(page, one.name), el("span", { class: "quiet" }, ` ${plural(one.members, "member")}`)] : null);
  const links = (names) => el("ul", { class: "plain" }, names.map((one) => el("li", {}, groupLink(page, one))));
  return [
    el("h3", { tabindex: "-1" }, group.name),
    facts([
      ["Kind", kindName(group.kind) + (group.read_only ? ", read-only (shared by another organisation)" : "")],
      ["Description", group.description],
      ["Product", group.product],
      ["Licences", group.licensed ? group.quota === null ? "unlimited" : `${count(Math.min(group.members, group.quota))} of ${count(group.quota)} used` : null],
      ["Belongs to", group.subject ? groupLink(page, group.subject) : null],
      ["Admins", named(group.admin_group)],
      ["Developers", named(group.developer_group)],
      ["Id", String(group.id)],
    ]),
    group.profiles.length ? [el("h4", {}, "Gives its members"), links(group.profiles)] : null,
    group.user_groups.length ? [el("h4", {}, "Also held through"), el("ul", { class: "plain" }, group.user_groups.map((one) => el("li", {}, named(one))))] : null,
    el("h4", {}, `Direct members (${count(members.total)})`),
    members.total
      ? el("ul", { class: "plain" }, members.users.map((user) => el("li", {}, el("a", { href: page.hash("users", { group: group.name, email: user.email, kind: user.type }), "data-key": `user ${user.type} ${user.email}` }, user.email), user.active ? null : el("span", { class: "tag" }, user.status))))
      : el("p", { class: "quiet" }, "None."),
    members.total > members.users.length ? el("p", {}, el("a", { href: page.hash("users", { group: group.name }), "data-key": "members" }, `All ${plural(members.total, "member")}`)) : null,
    el("p", {}, el("a", { href: page.hash("requests", { search: group.name }), "data-key": "requests" }, "Requests that name this group")),
  ];
}

export function domainsView(page) {
  const content = el("div", { class: "columns" });
  const root = el("section", { "aria-labelledby": "domains-title" }, el("h2", { id: "domains-title", tabindex: "-1" }, "Domains and products"), content);
  let seen = "";

  async function load() {
    const { domains, products, foreign_domains: foreign, technical_accounts: technical, directory, outsiders } = await call("GET", "domains", { query: { org_id: page.orgId } });
    refill(
      content,
      el("div", {}, el("h3", {}, "Claimed domains"), domains.length ? table("Claimed domains", [["Domain"], ["Accounts"], ["Directory"], ["Owner"]], domains.map((one) => el("tr", {}, el("th", { scope: "row" }, one.name), el("td", {}, one.type), el("td", {}, one.directory), el("td", {}, one.trusted ? "another organisation, trusting this one" : "this organisation")))) : el("p", { class: "quiet" }, "None.")),
      el("div", {}, el("h3", {}, "Products"), products.length ? table("Products", [["Product"], ["Profiles"], ["Admins"]], products.map((one) => el("tr", {}, el("th", { scope: "row" }, one.name, el("div", { class: "quiet" }, one.code)), el("td", {}, one.profiles.map((name, place) => [place ? ", " : "", groupLink(page, name)])), el("td", {}, one.admin_group ? [groupLink(page, one.admin_group.name), ` (${count(one.admin_group.members)})`] : "")))) : el("p", { class: "quiet" }, "None.")),
      el("div", {}, el("h3", {}, "Known beside the users"), el("ul", {},
        el("li", {}, `${plural(technical, "technical account")}, counted in listings and never shown`),
        el("li", {}, foreign.length ? `Domains of other organisations: ${foreign.join(", ")}` : "No domains of other organisations"),
        el("li", {}, `${plural(directory.total, "account")} in the directory only`, directory.total ? `: ${directory.accounts.map((one) => `${one.email} (${one.type})`).join(", ")}${directory.total > directory.accounts.length ? ", …" : ""}` : ""),
        el("li", {}, `${plural(outsiders.total, "outsider")}`, outsiders.total ? `: ${outsiders.accounts.map((one) => `${one.email} (${one.state})`).join(", ")}${outsiders.total > outsiders.accounts.length ? ", …" : ""}` : ""))),
    );
  }

  return {
    title: "Domains and products",
    root,
    show: () => page.pulse && attemptQuietly(load),
    pulse(pulse, _before, isShown) {
      const now = `${pulse.server} ${pulse.organization?.org_id} ${pulse.organization?.changes}`;
      if (!isShown || now === seen) return undefined;
      seen = now;
      return load();
    },
  };
}

async function attemptQuietly(action) {
  try {
    await action();
  } catch (error) {
    if (error instanceof Refusal) await attempt(() => Promise.reject(error), "");
  }
}
