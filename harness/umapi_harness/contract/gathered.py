"""What is gathered while a recording is gone through: its listings, and the facts of each organisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from umapi_harness.contract.answers import listings_of, page_of
from umapi_harness.contract.implied import GroupFacts, OrgFacts, UserKey
from umapi_harness.contract.judging import operation_of
from umapi_harness.contract.recordings import Exchange


@attrs.frozen
class Unlisted:
    """How many one whole listing counts beyond those whom it shows."""

    position: int | None
    """Place of its page, where it has one alone."""
    by_total: int | None
    by_sizes: int | None


class Gathered:
    """The exchanges of a recording, and what they have told so far."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self.exchanges = exchanges
        self.operations = [operation_of(exchange) for exchange in exchanges]
        found = (page_of(one, place, self.operations[place]) for place, one in enumerate(exchanges))
        self.pages = {page.position: page for page in found if page is not None}
        self.listings = listings_of(list(self.pages.values()))
        self.last_of = {one.pages[-1].position: one for one in self.listings}
        self.facts: dict[str, OrgFacts] = {}
        self.settings: dict[str, Any] = {}
        self.unjudgeable: dict[int, str] = {}
        self.excused: dict[int, dict[str, str]] = {}
        self.whole: set[str] = set()
        """Organisations of which every user was listed."""
        self.whole_direct: set[str] = set()
        """Those of them of which the memberships held directly were."""
        self.whole_groups: set[tuple[str, str]] = set()
        """Organisation and group, for groups of which every member was listed."""
        self.members: dict[tuple[str, str], set[UserKey]] = {}
        """The direct members of groups that were listed as a whole."""
        self.first_members: dict[tuple[str, str], set[UserKey]] = {}
        """Those of them that were listed before anything was changed."""
        self.changes = [
            place
            for place, operation in enumerate(self.operations)
            if operation is not None and operation.name in ("action", "oldProfileUpdate")
        ]
        self.indirect: list[tuple[int, str, str]] = []
        """Exchanges that show what is held through groups: place, member with the users, reason to excuse it."""
        self.ever_removed: set[str] = set()
        """Addresses of those who left an organisation at some time."""
        self.listed: set[tuple[object, ...]] = set()
        """What has been listed as a whole."""
        self.unlisted: dict[tuple[str, str | None], list[Unlisted]] = {}
        """Organisation, and group or None for all users -> how many its listings count beyond those whom they show."""
        self.contradicted: set[int] = set()
        """Pages of which one of the two counts in the headers is wrong, and nothing tells which."""

    def org(self, org_id: str) -> OrgFacts:
        """The facts of one organisation."""
        return self.facts.setdefault(org_id, OrgFacts(org_id))


def group_of(facts: OrgFacts, group_id: int | None) -> GroupFacts | None:
    """The group of that id."""
    return next((one for one in facts.groups.values() if group_id is not None and one.group_id == group_id), None)
