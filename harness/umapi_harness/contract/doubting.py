"""Doubting: the answers of one scene, each with what is in doubt by then put in from the recording."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

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
    page_of,
    places_of,
    query_of,
    results_of,
)
from umapi_harness.contract.comparing import identity_of
from umapi_harness.contract.deprecated import UPDATE, USERS, json_of, key_of, named_in, read_json, without_counts
from umapi_harness.contract.doubts import Doubts
from umapi_harness.contract.grafting import Graft, graft_action, graft_entries
from umapi_harness.contract.implied import Implied
from umapi_harness.contract.judging import CHANGES, operation_of
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.contract.schema import Operation
from umapi_models.names import ADOBE_ID, USER_ADMIN_PREFIX


class Doubting:
    """Follows what is told of each organisation while a scene is played."""

    def __init__(self, scene: Sequence[Exchange], implied: Implied) -> None:
        """Begin before the first exchange; of a state that is known, nothing is in doubt."""
        self._scene = scene
        self._known = implied.known
        self._skipped = False
        """Whether something was not played that may have changed an organisation."""
        self._implied = implied
        self._operations = [operation_of(one) for one in scene]
        pages = (
            page_of(one, place, operation)
            for place, (one, operation) in enumerate(zip(scene, self._operations, strict=True))
        )
        self._pages = {page.position: page for page in pages if page is not None}
        self._listings: dict[int, RecordedListing] = {
            page.position: listing for listing in listings_of(list(self._pages.values())) for page in listing.pages
        }
        self._doubts: dict[str, Doubts] = {}
        self._all_admins: dict[int, bool] = {}
        self._last: tuple[int, RecordedResponse, Graft] | None = None
        whole = [
            listing.pages[-1].position
            for listing in self._listings.values()
            if listing.complete and _is_of_everybody(listing.pages[0])
        ]
        changes = [place for place, one in enumerate(self._operations) if one is not None and one.name in CHANGES]
        self._listed_late = bool(changes) and (not whole or min(whole) > changes[0])

    def _of(self, exchange: Exchange, operation: Operation) -> Doubts:
        return self._doubts.setdefault(
            places_of(exchange, operation).get("orgId", ""),
            Doubts(guessed=self._implied.guessed, guessed_domains=self._implied.guessed_domains),
        )

    def graft(self, place: int, now: RecordedResponse) -> Graft:
        """Return the answer with what is in doubt put in."""
        if self._last is None or self._last[0] != place or self._last[1] is not now:
            self._last = (place, now, self._grafted(place, now))
        return self._last[2]

    def _grafted(self, place: int, now: RecordedResponse) -> Graft:
        exchange, operation = self._scene[place], self._operations[place]
        if (self._known and not self._skipped) or operation is None:
            return Graft(now)
        doubts = self._of(exchange, operation)
        if operation.name == "action":
            return graft_action(doubts, exchange, now)
        if operation.deprecated:
            return self._deprecated(doubts, exchange, operation, now)
        named = places_of(exchange, operation)
        user, group = named.get("userString"), named.get("groupName")
        for name, doubted in ((user, doubts.doubts_person), (group, doubts.doubts_group)):
            if name is not None and doubted(name):
                return self._whole(exchange, now, name)
        page = self._pages.get(place)
        if page is None:
            return Graft(now)
        return self._groups(doubts, page, now) if page.field == "groups" else self._users(doubts, page, now)

    @staticmethod
    def _whole(exchange: Exchange, now: RecordedResponse, name: str) -> Graft:
        same = exchange.response.status == now.status and exchange.response.body == now.body
        return Graft(exchange.response, () if same else (name,))

    @staticmethod
    def _deprecated(doubts: Doubts, exchange: Exchange, operation: Operation, now: RecordedResponse) -> Graft:
        """What the old operations show of people and counts is compared once everybody is told of."""
        sure = doubts.whole and doubts.all_groups and not doubts.doubts_anyone and not doubts.lost_groups
        recorded = exchange.response
        listed = operation.name in USERS and flag(query_of(exchange.request), "directOnly", True)
        if sure and (listed or operation.name not in USERS):
            return Graft(now)
        if operation.name in USERS or operation.name == UPDATE or recorded.status != now.status:
            same = recorded.status == now.status and recorded.body == now.body
            return Graft(recorded, () if same else ("everybody in it",))
        body, mocked = json_of(exchange), read_json(now.body)
        if is_array(body) and is_array(mocked) and {*map(key_of, body)} != {*map(key_of, mocked)}:
            return Graft(recorded, ("which of them there are",))
        put = without_counts(mocked, body)
        return Graft(attrs.evolve(now, body=json.dumps(put).encode()), () if put == mocked else ("members",))

    def skip(self, place: int) -> None:
        """Note that an exchange is not played, and what it has changed is not known."""
        exchange, operation = self._scene[place], self._operations[place]
        if operation is None or flag(query_of(exchange.request), "testOnly", False):
            return
        if operation.name in CHANGES:
            self._skipped = True
            if not exchange.request.body and not exchange.response.status:
                self._of(exchange, operation).everything = True
        if operation.name == UPDATE:
            people, groups = named_in(read_json(exchange.request.body))
            doubts = self._of(exchange, operation)
            doubts.lost |= people
            doubts.lost_groups |= groups
        elif operation.name == "action":
            # A gateway that gave up, or a client that did, tells nothing of what became of the commands behind it.
            for result in results_of(exchange):
                self._of(exchange, operation).lose(result.command)

    def _users(self, doubts: Doubts, page: ListingPage, now: RecordedResponse) -> Graft:
        recorded = page.exchange.response
        adobe = {_address(one) for one in page.entries or () if is_object(one) and one.get("type") == ADOBE_ID}
        created = doubts.created & adobe

        def doubtful(entry: Any) -> str | None:
            if not is_object(entry):
                return None
            doubted = doubts.doubts_entry(entry) or _address(entry) in created
            return (_address(entry) or str(entry.get("username", "")).lower()) if doubted else None

        def within(before: Any, after: Any) -> tuple[Any, str | None]:
            return _with_groups(doubts, before, after)

        graft = graft_entries(recorded, now, "users", identity_of("users"), doubtful, within, doubtful)
        several = len(self._listings[page.position].pages) > 1
        counted = [count_header(one, "X-Total-Count") for one in (recorded, now)]
        early = page.group is not None and self._listed_late and not doubts.whole
        if counted[0] != counted[1] and early:
            # Who is in a group before everybody is listed, later answers tell only as far as actions let them.
            return Graft(recorded, (str(page.group),))
        if several and (graft.presence or (counted[0] != counted[1] and doubts.doubts_anyone)):
            return Graft(recorded, graft.doubtful or ("somebody on another page",))
        return graft

    def _groups(self, doubts: Doubts, page: ListingPage, now: RecordedResponse) -> Graft:
        def doubtful(entry: Any) -> str | None:
            name = str(entry.get("groupName", "")) if is_object(entry) else ""
            return name if doubts.doubts_group(name) else None

        unsure = doubts.doubts_anyone or (self._listed_late and not doubts.whole)

        def within(before: Any, after: Any) -> tuple[Any, str | None]:
            return _with_counts(before, after) if unsure else (after, None)

        def missing(entry: Any) -> str | None:
            # The service hides admin groups that nobody was ever given: who was, long before, no recording tells.
            name = str(entry.get("groupName", "")) if is_object(entry) else ""
            return name if name.startswith("_") and not self._lists_all_admins(page) else None

        recorded = page.exchange.response
        several = len(self._listings[page.position].pages) > 1
        counted = [count_header(one, "X-Total-Count") for one in (recorded, now)]
        if several and counted[0] != counted[1] and (doubts.lost_groups or not self._lists_all_admins(page)):
            return Graft(recorded, ("a group on another page",))
        graft = graft_entries(recorded, now, "groups", identity_of("groups"), doubtful, within, missing)
        if graft.presence and several:
            return Graft(recorded, graft.doubtful)
        return graft

    def _lists_all_admins(self, page: ListingPage) -> bool:
        """Whether the listing that a page belongs to shows the admin group of each group; found out once."""
        pages = self._listings[page.position].pages
        first = pages[0].position
        if first not in self._all_admins:
            shown = [entry for one in pages for entry in one.entries or () if is_object(entry)]
            self._all_admins[first] = _lists_all_admins(shown)
        return self._all_admins[first]

    def learn(self, place: int, now: RecordedResponse) -> None:
        """Learn from an exchange that has been compared; `now` is the mock server's own answer."""
        exchange, operation = self._scene[place], self._operations[place]
        if self._known or operation is None:
            return
        doubts = self._of(exchange, operation)
        graft = self.graft(place, now)
        if operation.name == "action" and exchange.response.status == 200:
            for command in graft.commands:
                doubts.lose(command)
            doubts.acted(exchange, results_of(exchange))
        elif operation.name == "user":
            doubts.lost |= {name.lower() for name in graft.doubtful}
            user = body_object(exchange.response).get("user")
            if exchange.response.status == 200 and is_object(user):
                doubts.shown(user)
        elif operation.name == UPDATE:
            people, groups = named_in(read_json(exchange.request.body))
            if graft.doubtful:
                doubts.lost |= people
                doubts.lost_groups |= groups
            doubts.touched |= people
        page = self._pages.get(place)
        if page is not None:
            self._learn_from_page(doubts, page, graft)

    def _learn_from_page(self, doubts: Doubts, page: ListingPage, graft: Graft) -> None:
        listing = self._listings[page.position]
        ended = listing.complete and listing.pages[-1].position == page.position
        entries = [entry for entry in page.entries or () if is_object(entry)]
        if page.field == "groups":
            for entry in entries:
                doubts.shown_group(entry)
            doubts.all_groups = doubts.all_groups or ended
            return
        doubts.lost |= {name for name in graft.doubtful if "@" in name and name != (page.group or "").lower()}
        if flag(page.query, "directOnly", True) and not flag(page.query, "excludeGroups", False):
            for entry in entries:
                doubts.shown(entry)
        doubts.whole = doubts.whole or (ended and _is_of_everybody(page))


def _is_of_everybody(page: ListingPage) -> bool:
    """Whether a listing shows all users with their direct groups."""
    return page.operation == "users" and not page.query.get("domain") and flag(page.query, "directOnly", True)


def _lists_all_admins(entries: Sequence[Mapping[str, Any]]) -> bool:
    names = {str(entry.get("groupName", "")).lower() for entry in entries}
    return all(f"{USER_ADMIN_PREFIX}{name}" in names for name in names if not name.startswith("_"))


def _address(entry: Any) -> str:
    return str(entry.get("email", "")).lower() if is_object(entry) else ""


def _with_groups(doubts: Doubts, before: Any, after: Any) -> tuple[Any, str | None]:
    """The user `after`, with the groups in doubt that `before` has."""
    if not is_object(before) or not is_object(after):
        return after, None
    ours, theirs = _groups_of(before), _groups_of(after)
    odd = [name for name in ours if doubts.doubts_group(name)]
    sure = [name for name in theirs if not doubts.doubts_group(name)]
    if not odd and len(sure) == len(theirs):
        return after, None
    groups = [*sure, *odd]
    put = {name: value for name, value in after.items() if name != "groups"} | ({"groups": groups} if groups else {})
    same = {name.lower() for name in groups} == {name.lower() for name in theirs}
    return put, None if same else next(iter([*odd, *theirs]))


def _groups_of(entry: Any) -> list[str]:
    groups = entry.get("groups")
    return [name for name in groups if isinstance(name, str)] if is_array(groups) else []


def _with_counts(before: Any, after: Any) -> tuple[Any, str | None]:
    """The group `after`, with the numbers of `before`, for somebody in doubt may be among its members."""
    if not is_object(before) or not is_object(after):
        return after, None
    counted = ("memberCount", "adminGroupName")
    put = {name: value for name, value in after.items() if name not in counted}
    put |= {name: before[name] for name in counted if name in before}
    return put, None if put == after else f"the members of {after.get('groupName')}"
