"""Doubting: the answers of one scene, each with what is in doubt by then put in from the recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

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
    results_of,
)
from umapi_harness.contract.comparing import identity_of
from umapi_harness.contract.doubts import Doubts
from umapi_harness.contract.grafting import Graft, graft_action, graft_entries
from umapi_harness.contract.implied import ADOBE_ID, Implied
from umapi_harness.contract.judging import operation_of
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.contract.schema import Operation

CHANGES: Final = frozenset({"action", "oldProfileUpdate"})
"""Operations that change an organisation."""


class Doubting:
    """Follows what is told of each organisation while a scene is played."""

    def __init__(self, scene: Sequence[Exchange], implied: Implied) -> None:
        """Begin before the first exchange; of a state that is known, nothing is in doubt."""
        self._scene = scene
        self._known = implied.known
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
        if self._known or operation is None:
            return Graft(now)
        doubts = self._of(exchange, operation)
        if operation.name == "action":
            return graft_action(doubts, exchange, now)
        named = places_of(exchange, operation)
        user, group = named.get("userString"), named.get("groupName")
        if user is not None and doubts.doubts_person(user):
            return self._whole(exchange, now, user)
        if group is not None and doubts.doubts_group(group):
            return self._whole(exchange, now, group)
        page = self._pages.get(place)
        if page is None:
            return Graft(now)
        return self._groups(doubts, page, now) if page.field == "groups" else self._users(doubts, page, now)

    @staticmethod
    def _whole(exchange: Exchange, now: RecordedResponse, name: str) -> Graft:
        same = exchange.response.status == now.status and exchange.response.body == now.body
        return Graft(exchange.response, () if same else (name,))

    def _users(self, doubts: Doubts, page: ListingPage, now: RecordedResponse) -> Graft:
        recorded = page.exchange.response
        adobe = {_address(one) for one in page.entries or () if is_object(one) and one.get("type") == ADOBE_ID}

        def doubtful(entry: Any) -> str | None:
            address = _address(entry)
            doubted = doubts.doubts_entry(entry) or address in doubts.created & adobe
            return address if doubted else None

        def within(before: Any, after: Any) -> tuple[Any, str | None]:
            return _with_groups(doubts, before, after)

        graft = graft_entries(recorded, now, "users", identity_of("users"), doubtful, within, doubtful)
        several = len(self._listings[page.position].pages) > 1
        counted = [count_header(one, "X-Total-Count") for one in (recorded, now)]
        if several and (graft.presence or (counted[0] != counted[1] and doubts.doubts_anyone)):
            return Graft(recorded, graft.doubtful or ("somebody on another page",))
        return graft

    def _groups(self, doubts: Doubts, page: ListingPage, now: RecordedResponse) -> Graft:
        def doubtful(entry: Any) -> str | None:
            name = str(entry.get("groupName", "")) if is_object(entry) else ""
            return name if doubts.doubts_group(name) else None

        def within(before: Any, after: Any) -> tuple[Any, str | None]:
            unsure = doubts.doubts_anyone or (self._listed_late and not doubts.whole)
            return _with_counts(before, after) if unsure else (after, None)

        shown = [
            entry for one in self._listings[page.position].pages for entry in one.entries or () if is_object(entry)
        ]

        def missing(entry: Any) -> str | None:
            # The service hides admin groups that nobody was ever given: who was, long before, no recording tells.
            name = str(entry.get("groupName", "")) if is_object(entry) else ""
            return name if name.startswith("_") and not _lists_all_admins(shown) else None

        recorded = page.exchange.response
        several = len(self._listings[page.position].pages) > 1
        counted = [count_header(one, "X-Total-Count") for one in (recorded, now)]
        if several and counted[0] != counted[1] and (doubts.lost_groups or not _lists_all_admins(shown)):
            return Graft(recorded, ("a group on another page",))
        graft = graft_entries(recorded, now, "groups", identity_of("groups"), doubtful, within, missing)
        if graft.presence and several:
            return Graft(recorded, graft.doubtful)
        return graft

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
        page = self._pages.get(place)
        if page is not None and page.field == "groups":
            for entry in page.entries or ():
                if is_object(entry):
                    doubts.shown_group(entry)
            listing = self._listings[place]
            doubts.all_groups = doubts.all_groups or (listing.complete and listing.pages[-1].position == place)
        if page is None or page.field != "users":
            return
        doubts.lost |= {name for name in graft.doubtful if "@" in name and name != (page.group or "").lower()}
        whole = flag(page.query, "directOnly", True) and not flag(page.query, "excludeGroups", False)
        for entry in page.entries or ():
            if is_object(entry) and whole:
                doubts.shown(entry)
        listing = self._listings[place]
        if _is_of_everybody(page) and listing.complete:
            doubts.whole = doubts.whole or listing.pages[-1].position == place


def _is_of_everybody(page: ListingPage) -> bool:
    """Whether a listing shows all users with their direct groups."""
    return page.operation == "users" and not page.query.get("domain") and flag(page.query, "directOnly", True)


def _lists_all_admins(entries: Sequence[Mapping[str, Any]]) -> bool:
    names = {str(entry.get("groupName", "")).lower() for entry in entries}
    return all(f"_admin_{name}" in names for name in names if not name.startswith("_"))


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
