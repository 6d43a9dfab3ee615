"""Inference: the state that a recording implies, gathered from its listings and from what became of its actions.

Facts are about the time before the first exchange: what a recorded action has changed is taken back before a later
listing is believed. What nothing tells is noted, never guessed; where the mock server needs a value all the same,
the note says which one it was given.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import (
    ListingPage,
    RecordedListing,
    body_object,
    count_header,
    flag,
    is_array,
    is_object,
    listings_of,
    number,
    page_of,
    places_of,
    query_of,
)
from umapi_harness.contract.deprecated import (
    UPDATE,
    USERS,
    objects_in,
    profile_number,
    profiles_in,
    read_json,
    texts_of,
    users_in,
)
from umapi_harness.contract.effects import learn_from_actions, unclaimed_domains
from umapi_harness.contract.implied import OWNED, GroupFacts, Implied, OrgFacts, UserKey, email_domain
from umapi_harness.contract.judging import operation_of
from umapi_harness.contract.recordings import Exchange
from umapi_harness.contract.schema import Operation
from umapi_harness.contract.sightings import see_deprecated, see_domain, see_group, see_group_name, see_user
from umapi_models.names import ADOBE_ID

_OK: Final = 200
_NO_PRODUCT: Final = "error.command.product.not_found"


def infer(exchanges: Sequence[Exchange]) -> Implied:
    """Return the state that the exchanges imply, in the order in which they were made."""
    return _Inference(exchanges).run()


@attrs.frozen
class _Unlisted:
    """How many one whole listing counts beyond those whom it shows."""

    position: int | None
    """Place of its page, where it has one alone."""
    by_total: int | None
    by_sizes: int | None


class _Inference:
    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._exchanges = exchanges
        self._operations = [operation_of(exchange) for exchange in exchanges]
        found = (page_of(one, place, self._operations[place]) for place, one in enumerate(exchanges))
        self._pages = {page.position: page for page in found if page is not None}
        self._listings = listings_of(list(self._pages.values()))
        self._last_of = {one.pages[-1].position: one for one in self._listings}
        self._facts: dict[str, OrgFacts] = {}
        self._settings: dict[str, Any] = {}
        self._unjudgeable: dict[int, str] = {}
        self._excused: dict[int, dict[str, str]] = {}
        self._whole: set[str] = set()
        """Organisations of which every user was listed."""
        self._whole_direct: set[str] = set()
        """Those of them of which the memberships held directly were."""
        self._whole_groups: set[tuple[str, str]] = set()
        """Organisation and group, for groups of which every member was listed."""
        self._members: dict[tuple[str, str], set[UserKey]] = {}
        """The direct members of groups that were listed as a whole."""
        self._first_members: dict[tuple[str, str], set[UserKey]] = {}
        """Those of them that were listed before anything was changed."""
        self._changes = [
            place
            for place, operation in enumerate(self._operations)
            if operation is not None and operation.name in ("action", "oldProfileUpdate")
        ]
        self._indirect: list[tuple[int, str, str]] = []
        """Exchanges that show what is held through groups: place, member with the users, reason to excuse it."""
        self._ever_removed: set[str] = set()
        """Addresses of those who left an organisation at some time."""
        self._listed: set[tuple[object, ...]] = set()
        """What has been listed as a whole."""
        self._unlisted: dict[tuple[str, str | None], list[_Unlisted]] = {}
        """Organisation, and group or None for all users -> how many its listings count beyond those whom they show."""
        self._contradicted: set[int] = set()
        """Pages of which one of the two counts in the headers is wrong, and nothing tells which."""

    def run(self) -> Implied:
        """Go through the exchanges and return what they imply."""
        steps = list(zip(self._exchanges, self._operations, strict=True))
        for exchange, operation in steps:
            if operation is not None and operation.name == "action" and exchange.response.status == 200:
                self._org(places_of(exchange, operation).get("orgId", "")).unclaimed |= unclaimed_domains(exchange)
        for place, (exchange, operation) in enumerate(steps):
            if operation is not None:
                self._learn(place, exchange, operation)
        self._unjudge_unknown_ids()
        self._count_technical_accounts()
        self._count_technical_members()
        self._judge_listings()
        self._excuse_counts()
        for facts in self._facts.values():
            self._withdraw_indirect(facts)
            facts.withdraw_unseen()
            _note_kinds(facts)
        return Implied(
            seeds=tuple(facts.seed() for facts in self._facts.values()),
            settings=self._settings,
            unknown=tuple(unknown for facts in self._facts.values() for unknown in facts.unknown.values()),
            unjudgeable=self._unjudgeable,
            excused=self._excused,
            contradicted=frozenset(self._contradicted),
            guessed_domains=frozenset(name for facts in self._facts.values() for name in facts.guessed_domains),
            guessed=frozenset(address for facts in self._facts.values() for address, _ in facts.guessed),
        )

    def _org(self, org_id: str) -> OrgFacts:
        return self._facts.setdefault(org_id, OrgFacts(org_id))

    def _learn(self, place: int, exchange: Exchange, operation: Operation) -> None:
        org_id = places_of(exchange, operation).get("orgId")
        result = body_object(exchange.response).get("result")
        if org_id is None or result == "error.organization.invalid_id":
            return
        facts = self._org(org_id)
        if result == "error.organization.migrating":
            facts.migrating = True
        if operation.name == "action" and exchange.response.status == 200:
            learn_from_actions(facts, exchange, known_whole=org_id in self._whole)
            self._ever_removed |= facts.removed
        elif operation.name == "user":
            self._learn_from_user(place, facts, exchange)
        elif operation.name == "action" and (exchange.response.status >= 500 or not exchange.response.status):
            facts.leave_open(f"whether the actions of {exchange.where} took effect", "they did not")
        elif operation.deprecated:
            self._learn_from_deprecated(facts, exchange, operation)
        page = self._pages.get(place)
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

    def _unjudge_unknown_ids(self) -> None:
        """The ids of the mock server's groups and products are those that the recording shows, and no others."""
        for place, (exchange, operation) in enumerate(zip(self._exchanges, self._operations, strict=True)):
            if operation is not None and operation.deprecated:
                named = places_of(exchange, operation)
                reason = _why_unknown(self._org(named.get("orgId", "")), named, operation, exchange)
                if reason is not None:
                    self._unjudgeable[place] = reason

    def _learn_from_profile_update(self, facts: OrgFacts, exchange: Exchange, named: Mapping[str, str]) -> None:
        """Who was given a profile by a recorded update did not have it at the start."""
        profile = _group_of(facts, profile_number(named.get("profileId", "")))
        request = read_json(exchange.request.body)
        for name, group in (("addUsers", ""), ("addAdminUsers", "_admin_")):
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
                self._excuse_indirect(page.position, facts, "users")
        listing = self._last_of.get(page.position)
        if listing is not None and listing.complete:
            self._learn_from_whole(facts, listing)
        self._learn_page_size(page)

    def _see_listed_group(self, facts: OrgFacts, page: ListingPage) -> None:
        name = body_object(page.exchange.response).get("groupName")
        see_group_name(facts, name if isinstance(name, str) and name else page.group or "")

    def _learn_from_whole(self, facts: OrgFacts, listing: RecordedListing) -> None:
        page = listing.pages[0]
        self._listed.add(page.subject)
        entries = [entry for one in listing.pages for entry in one.entries or ()]
        # Who is shown twice is counted once.
        listed = len({(str(one.get("email")).lower(), str(one.get("type"))) for one in entries if is_object(one)})
        sizes = [count_header(one.exchange.response, "X-Page-Size") for one in listing.pages]
        unlisted = _Unlisted(
            page.position if len(sizes) == 1 else None,
            None if listing.total is None else max(0, listing.total - listed),
            None if None in sizes else max(0, sum(filter(None, sizes)) - listed),
        )
        facts.whole_groups = facts.whole_groups or page.operation == "groups"
        if page.operation == "users" and not page.query.get("domain"):
            self._unlisted.setdefault((facts.org_id, None), []).append(unlisted)
            facts.everybody = True
            self._whole.add(facts.org_id)
            if flag(page.query, "directOnly", True) and not facts.anyone_left:
                self._whole_direct.add(facts.org_id)
        elif page.operation == "groupUsers" and page.group is not None:
            name = page.group.lower()
            if flag(page.query, "directOnly", True) and not page.query.get("status"):
                self._whole_groups.add((facts.org_id, name))
                shown = [entry for entry in entries if is_object(entry)]
                members = {(str(entry.get("email")).lower(), entry.get("type") == ADOBE_ID) for entry in shown}
                self._members[facts.org_id, name] = members
                if not bisect(self._changes, listing.pages[-1].position):
                    self._first_members[facts.org_id, name] = members
            if not page.query.get("status"):
                first = facts.group_names.get(name, name).lower()
                self._unlisted.setdefault((facts.org_id, first), []).append(unlisted)

    def _learn_page_size(self, page: ListingPage) -> None:
        announced = count_header(page.exchange.response, "X-Page-Size")
        size = announced if announced is not None else len(page.entries or ())
        name = "groups_page_size" if page.field == "groups" else "users_page_size"
        pages = count_header(page.exchange.response, "X-Page-Count")
        # A page that says it is not the last, and is the last that is counted, contradicts itself: it tells no size.
        if size and not page.last and (pages is None or page.number + 1 < pages):
            self._settings[name] = max(size, self._settings.get(name, 0))

    def _learn_from_user(self, place: int, facts: OrgFacts, exchange: Exchange) -> None:
        user = body_object(exchange.response).get("user")
        operation = self._operations[place]
        if exchange.response.status == 404 and operation is not None:
            name, home = places_of(exchange, operation).get("userString", ""), query_of(exchange.request).get("domain")
            if home is None or home.lower() == email_domain(name):
                facts.unseen.add(name.lower())
                if not bisect(self._changes, place):
                    facts.unseen_at_start.add(name.lower())
        if exchange.response.status == 200 and is_object(user):
            direct = flag(query_of(exchange.request), "directOnly", True)
            see_user(facts, user, direct=direct, whole=direct)
            home = query_of(exchange.request).get("domain", "").lower()
            if user.get("type") in OWNED and home and home not in facts.domains:
                # Any domain of the user's directory finds him.
                facts.claim(home, str(user["type"]), sure=False)
            if not direct:
                self._excuse_indirect(place, facts, "user")

    def _excuse_indirect(self, place: int, facts: OrgFacts, field: str) -> None:
        what = "which profiles are held through a user group"
        facts.leave_open(what, "none that a query with directOnly=true does not show")
        self._indirect.append((place, field, f"the recording does not tell {what}"))

    def _judge_listings(self) -> None:
        for listing in self._listings:
            page = listing.pages[0]
            if page.query.get("status"):
                for one in listing.pages:
                    self._unjudgeable[one.position] = "the recording does not tell who of a profile holds a licence"
                continue
            kind = self._facts[page.org_id].groups.get((page.group or "").lower())
            if (
                page.group is not None
                and not flag(page.query, "directOnly", True)
                and (kind is None or kind.kind != "USER_GROUP")
            ):
                for one in listing.pages:
                    self._unjudgeable[one.position] = (
                        "the recording does not tell who holds the profile through a group"
                    )
                continue
            pages = count_header(page.exchange.response, "X-Page-Count")
            # On which page somebody is, is not promised: only whole listings can be compared, or the only page.
            if listing.complete or (page.subject in self._listed and pages in (None, 1)):
                continue
            if pages == 1 and page.number == 0 and (page.entries is not None or listing.total):
                continue  # whatever it says of further pages or shows, there is no other page
            numbers = ", ".join(str(one.number) for one in listing.pages)
            total = count_header(page.exchange.response, "X-Page-Count")
            of = f" of {total}" if total is not None else ""
            for one in listing.pages:
                self._unjudgeable[one.position] = (
                    f"the recording has page {numbers}{of} of this listing, and nobody knows who is on the others"
                )

    def _withdraw_indirect(self, facts: OrgFacts) -> None:
        """Take groups from users who are not among the direct members: they hold them through another group."""
        for key, user in facts.users.items():
            listed = self._members if key in facts.indirect else self._first_members
            groups = user.get("groups", ())
            if key[0] in self._ever_removed:
                continue
            kept = [name for name in groups if key in listed.get((facts.org_id, name.lower()), {key})]
            if len(kept) != len(groups):
                user["groups"] = kept

    def _count_technical_accounts(self) -> None:
        """Of whom is counted and never listed: what most headers say, for no action changes it."""
        for (org_id, group), told in self._unlisted.items():
            votes = Counter(count for one in told for count in (one.by_total, one.by_sizes) if count is not None)
            number_of = votes.most_common(1)[0][0] if votes else 0
            if sum(count == votes[number_of] for count in votes.values()) > 1:
                number_of = min(count for count, times in votes.items() if times == votes[number_of])
                self._contradicted |= {
                    one.position for one in told if one.position is not None and one.by_total != one.by_sizes
                }
            facts = self._org(org_id)
            if group is None:
                facts.technical_accounts = number_of
            elif votes:
                facts.technical_members[group] = number_of

    def _count_technical_members(self) -> None:
        """What a group counts beyond the users listed in it, with no change in between, are technical accounts."""
        changes = self._changes
        counted: dict[tuple[str, int], Counter[str]] = {}
        for listing in self._listings:
            first, last = listing.pages[0], listing.pages[-1]
            since = bisect(changes, first.position)
            whole = first.operation == "users" and listing.complete and not first.query.get("domain")
            if whole and since == bisect(changes, last.position) and flag(first.query, "directOnly", True):
                members: Counter[str] = Counter()
                for page in listing.pages:
                    for entry in page.entries or ():
                        members.update(name.lower() for name in _names_of(entry))
                counted.setdefault((first.org_id, since), members)
        for page in self._pages.values():
            listed = counted.get((page.org_id, bisect(changes, page.position)))
            if page.field != "groups" or listed is None:
                continue
            facts = self._org(page.org_id)
            for entry in page.entries or ():
                count = number(entry.get("memberCount")) if is_object(entry) else None
                name = str(entry.get("groupName", "")).lower() if is_object(entry) else ""
                most = count if facts.technical_accounts is None else facts.technical_accounts
                if count is not None and most is not None and 0 <= count - listed[name] <= most:
                    facts.technical_members.setdefault(facts.group_names.get(name, name).lower(), count - listed[name])

    def _excuse_counts(self) -> None:
        """A group's members and admins can be compared only where the recording lists them."""
        for position, page in self._pages.items():
            if page.field != "groups":
                continue
            places: dict[str, str] = {}
            facts = self._org(page.org_id)
            for place, entry in enumerate(page.entries or ()):
                name = str(entry.get("groupName", "")) if is_object(entry) else ""
                if page.org_id in self._whole_direct:
                    first = facts.group_names.get(name.lower(), name).lower()
                    if facts.technical_accounts and first not in facts.technical_members:
                        reason = f"the recording does not tell how many technical accounts are members of {name}"
                        places[f"/groups/{place}/memberCount"] = reason
                    continue
                for member, group in (("memberCount", name), ("adminGroupName", f"_admin_{name}")):
                    if (page.org_id, group.lower()) not in self._whole_groups:
                        reason = f"the recording does not list the members of {group}"
                        places[f"/groups/{place}/{member}"] = reason
            self._excused[position] = places
        for position, field, reason in self._indirect:
            shown = self._pages.get(position)
            size = len(shown.entries or ()) if shown is not None else 0
            pointers = [f"/users/{number}/groups" for number in range(size)] if field == "users" else ["/user/groups"]
            self._excused[position] = dict.fromkeys(pointers, reason)


def _group_of(facts: OrgFacts, group_id: int | None) -> GroupFacts | None:
    return next((one for one in facts.groups.values() if group_id is not None and one.group_id == group_id), None)


def _why_unknown(facts: OrgFacts, named: Mapping[str, str], operation: Operation, exchange: Exchange) -> str | None:
    """Return why an answer about groups, products or profiles cannot be judged; None when it can."""
    product, profile, group = named.get("productId"), named.get("profileId"), named.get("groupId")
    code = body_object(exchange.response).get("errorCode")
    unknown: list[str] = []
    # Any other code says that the product is there.
    told = facts.product_ids.keys() >= facts.products.keys()
    ids = {one for one, _ in facts.product_ids.values() if told}
    if product is not None and code != _NO_PRODUCT and product not in ids:
        unknown.append("which product has that id")
    if operation.name == "oldProducts" and any(map(_has_no_product, facts.groups.values())):
        unknown.append("the products of all profiles")
    if operation.name == "oldUserGroups" and any(one.kind is None for one in facts.groups.values()):
        unknown.append("which groups are user groups")
    if exchange.response.status == _OK:
        shown = [profile] if profile is not None else profiles_in(exchange)
        if any(_group_of(facts, profile_number(one)) is None for one in shown):
            unknown.append("which profile has that id")
        if group is not None and group.lower() not in facts.groups and _group_of(facts, number(group)) is None:
            unknown.append("which user group has that id")
    return f"the recording does not tell {unknown[0]}" if unknown else None


def _has_no_product(group: GroupFacts) -> bool:
    return group.kind == "PRODUCT_PROFILE" and group.product is None


def _names_of(entry: object) -> list[str]:
    groups = entry.get("groups") if is_object(entry) else None
    return [name for name in groups if isinstance(name, str)] if is_array(groups) else []


def _note_kinds(facts: OrgFacts) -> None:
    seeded = [one for name, one in facts.groups.items() if not name.startswith("_") and name not in facts.products]
    untold = [one.name for one in seeded if one.kind is None]
    if untold:
        facts.leave_open(f"which of these are user groups and which are profiles: {', '.join(untold)}", "user groups")
    without = [one.name for one in seeded if one.kind == "PRODUCT_PROFILE" and one.product is None]
    if without:
        facts.leave_open(f"the products of these profiles: {', '.join(without)}", "one for each")
