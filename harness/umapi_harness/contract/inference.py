"""Inference: the state that a recording implies, gathered from its listings and from what became of its actions.

Facts are about the time before the first exchange: what a recorded action has changed is taken back before a later
listing is believed. What nothing tells is noted, never guessed; where the mock server needs a value all the same,
the note says which one it was given.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence

from umapi_harness.contract.answers import (
    ListingPage,
    RecordedListing,
    body_object,
    count_header,
    flag,
    is_object,
    places_of,
    query_of,
)
from umapi_harness.contract.deprecated import (
    UPDATE,
    USERS,
    objects_in,
    profile_number,
    read_json,
    texts_of,
    users_in,
)
from umapi_harness.contract.effects import learn_from_actions, unclaimed_domains
from umapi_harness.contract.gathered import Gathered, Unlisted, group_of
from umapi_harness.contract.implied import OWNED, Implied, OrgFacts, email_domain
from umapi_harness.contract.recordings import Exchange
from umapi_harness.contract.schema import Operation
from umapi_harness.contract.sightings import see_deprecated, see_domain, see_group, see_group_name, see_user
from umapi_harness.contract.technical_accounts import count_technical_accounts, count_technical_members
from umapi_harness.contract.unjudgeable import (
    excuse_counts,
    excuse_indirect,
    unjudge_partial_listings,
    unjudge_unknown_ids,
)
from umapi_models.names import ADOBE_ID, PRODUCT_PROFILE, PROFILE_ADMIN_PREFIX


def infer(exchanges: Sequence[Exchange]) -> Implied:
    """Return the state that the exchanges imply, in the order in which they were made."""
    return _Inference(exchanges).run()


class _Inference:
    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._gathered = Gathered(exchanges)

    def run(self) -> Implied:
        """Go through the exchanges and return what they imply."""
        gathered = self._gathered
        steps = list(zip(gathered.exchanges, gathered.operations, strict=True))
        for exchange, operation in steps:
            if operation is not None and operation.name == "action" and exchange.response.status == 200:
                gathered.org(places_of(exchange, operation).get("orgId", "")).unclaimed |= unclaimed_domains(exchange)
        for place, (exchange, operation) in enumerate(steps):
            if operation is not None:
                self._learn(place, exchange, operation)
        unjudge_unknown_ids(gathered)
        count_technical_accounts(gathered)
        count_technical_members(gathered)
        unjudge_partial_listings(gathered)
        excuse_counts(gathered)
        for facts in gathered.facts.values():
            _withdraw_indirect(gathered, facts)
            facts.withdraw_unseen()
            _note_kinds(facts)
        return Implied(
            seeds=tuple(facts.seed() for facts in gathered.facts.values()),
            settings=gathered.settings,
            unknown=tuple(unknown for facts in gathered.facts.values() for unknown in facts.unknown.values()),
            unjudgeable=gathered.unjudgeable,
            excused=gathered.excused,
            contradicted=frozenset(gathered.contradicted),
            guessed_domains=frozenset(name for facts in gathered.facts.values() for name in facts.guessed_domains),
            guessed=frozenset(address for facts in gathered.facts.values() for address, _ in facts.guessed),
        )

    def _learn(self, place: int, exchange: Exchange, operation: Operation) -> None:
        org_id = places_of(exchange, operation).get("orgId")
        result = body_object(exchange.response).get("result")
        if org_id is None or result == "error.organization.invalid_id":
            return
        facts = self._gathered.org(org_id)
        if result == "error.organization.migrating":
            facts.migrating = True
        if operation.name == "action" and exchange.response.status == 200:
            learn_from_actions(facts, exchange, known_whole=org_id in self._gathered.whole)
            self._gathered.ever_removed |= facts.removed
        elif operation.name == "user":
            self._learn_from_user(place, facts, exchange)
        elif operation.name == "action" and (exchange.response.status >= 500 or not exchange.response.status):
            facts.leave_open(f"whether the actions of {exchange.where} took effect", "they did not")
        elif operation.deprecated:
            self._learn_from_deprecated(facts, exchange, operation)
        page = self._gathered.pages.get(place)
        if page is not None:
            self._learn_from_page(facts, page)

    def _learn_from_deprecated(self, facts: OrgFacts, exchange: Exchange, operation: Operation) -> None:
        named = places_of(exchange, operation)
        if exchange.response.status != 200:
            return
        if operation.name in USERS:
            direct = flag(query_of(exchange.request), "directOnly", True)
            for user in users_in(exchange):
                see_user(facts, user, direct=direct, whole=direct)
        elif operation.name == UPDATE:
            self._learn_from_profile_update(facts, exchange, named)
        else:
            for one in objects_in(exchange):
                see_deprecated(facts, one)

    def _learn_from_profile_update(self, facts: OrgFacts, exchange: Exchange, named: Mapping[str, str]) -> None:
        """Who was given a profile by a recorded update did not have it at the start."""
        profile = group_of(facts, profile_number(named.get("profileId", "")))
        request = read_json(exchange.request.body)
        for name, group in (("addUsers", ""), ("addAdminUsers", PROFILE_ADMIN_PREFIX)):
            for address in texts_of(request, name):
                if profile is not None:
                    facts.joined.setdefault(address.lower(), set()).add(f"{group}{profile.name}".lower())

    # Listings

    def _learn_from_page(self, facts: OrgFacts, page: ListingPage) -> None:
        if page.field == "groups":
            for entry in page.entries or ():
                if is_object(entry):
                    see_group(facts, entry)
        else:
            if page.group is not None:
                self._see_listed_group(facts, page)
            if page.query.get("domain"):
                see_domain(facts, page)
            direct = flag(page.query, "directOnly", True)
            whole = direct and not flag(page.query, "excludeGroups", False)
            for entry in page.entries or ():
                if is_object(entry):
                    see_user(facts, entry, member_of=page.group if direct else None, direct=direct, whole=whole)
            if not direct:
                excuse_indirect(self._gathered, page.position, facts, "users")
        listing = self._gathered.last_of.get(page.position)
        if listing is not None and listing.complete:
            self._learn_from_whole(facts, listing)
        self._learn_page_size(page)

    def _see_listed_group(self, facts: OrgFacts, page: ListingPage) -> None:
        name = body_object(page.exchange.response).get("groupName")
        see_group_name(facts, name if isinstance(name, str) and name else page.group or "")

    def _learn_from_whole(self, facts: OrgFacts, listing: RecordedListing) -> None:
        page = listing.pages[0]
        self._gathered.listed.add(page.subject)
        entries = [entry for one in listing.pages for entry in one.entries or ()]
        # Who is shown twice is counted once.
        listed = len({(str(one.get("email")).lower(), str(one.get("type"))) for one in entries if is_object(one)})
        sizes = [count_header(one.exchange.response, "X-Page-Size") for one in listing.pages]
        unlisted = Unlisted(
            page.position if len(sizes) == 1 else None,
            None if listing.total is None else max(0, listing.total - listed),
            None if None in sizes else max(0, sum(filter(None, sizes)) - listed),
        )
        facts.whole_groups = facts.whole_groups or page.operation == "groups"
        if page.operation == "users" and not page.query.get("domain"):
            self._gathered.unlisted.setdefault((facts.org_id, None), []).append(unlisted)
            facts.everybody = True
            self._gathered.whole.add(facts.org_id)
            if flag(page.query, "directOnly", True) and not facts.anyone_left:
                self._gathered.whole_direct.add(facts.org_id)
        elif page.operation == "groupUsers" and page.group is not None:
            name = page.group.lower()
            if flag(page.query, "directOnly", True) and not page.query.get("status"):
                self._gathered.whole_groups.add((facts.org_id, name))
                shown = [entry for entry in entries if is_object(entry)]
                members = {(str(entry.get("email")).lower(), entry.get("type") == ADOBE_ID) for entry in shown}
                self._gathered.members[facts.org_id, name] = members
                if not bisect(self._gathered.changes, listing.pages[-1].position):
                    self._gathered.first_members[facts.org_id, name] = members
            if not page.query.get("status"):
                first = facts.group_names.get(name, name).lower()
                self._gathered.unlisted.setdefault((facts.org_id, first), []).append(unlisted)

    def _learn_page_size(self, page: ListingPage) -> None:
        announced = count_header(page.exchange.response, "X-Page-Size")
        size = announced if announced is not None else len(page.entries or ())
        name = "groups_page_size" if page.field == "groups" else "users_page_size"
        pages = count_header(page.exchange.response, "X-Page-Count")
        # A page that says it is not the last, and is the last that is counted, contradicts itself: it tells no size.
        if size and not page.last and (pages is None or page.number + 1 < pages):
            self._gathered.settings[name] = max(size, self._gathered.settings.get(name, 0))

    def _learn_from_user(self, place: int, facts: OrgFacts, exchange: Exchange) -> None:
        user = body_object(exchange.response).get("user")
        operation = self._gathered.operations[place]
        if exchange.response.status == 404 and operation is not None:
            name, home = places_of(exchange, operation).get("userString", ""), query_of(exchange.request).get("domain")
            if home is None or home.lower() == email_domain(name):
                facts.unseen.add(name.lower())
                if not bisect(self._gathered.changes, place):
                    facts.unseen_at_start.add(name.lower())
        if exchange.response.status == 200 and is_object(user):
            direct = flag(query_of(exchange.request), "directOnly", True)
            see_user(facts, user, direct=direct, whole=direct)
            home = query_of(exchange.request).get("domain", "").lower()
            if user.get("type") in OWNED and home and home not in facts.domains:
                # Any domain of the user's directory finds him.
                facts.claim(home, str(user["type"]), sure=False)
            if not direct:
                excuse_indirect(self._gathered, place, facts, "user")


def _withdraw_indirect(gathered: Gathered, facts: OrgFacts) -> None:
    """Take groups from users who are not among the direct members: they hold them through another group."""
    for key, user in facts.users.items():
        listed = gathered.members if key in facts.indirect else gathered.first_members
        groups = user.get("groups", ())
        if key[0] in gathered.ever_removed:
            continue
        kept = [name for name in groups if key in listed.get((facts.org_id, name.lower()), {key})]
        if len(kept) != len(groups):
            user["groups"] = kept


def _note_kinds(facts: OrgFacts) -> None:
    seeded = [one for name, one in facts.groups.items() if not name.startswith("_") and name not in facts.products]
    untold = [one.name for one in seeded if one.kind is None]
    if untold:
        facts.leave_open(f"which of these are user groups and which are profiles: {', '.join(untold)}", "user groups")
    without = [one.name for one in seeded if one.kind == PRODUCT_PROFILE and one.product is None]
    if without:
        facts.leave_open(f"the products of these profiles: {', '.join(without)}", "one for each")
