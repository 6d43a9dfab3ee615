"""Implied state: what a recording says of an organisation before its first exchange, and what it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from umapi_models.names import (
    ACTIVE,
    ADOBE_ID,
    DEVELOPER_PREFIX,
    ENTERPRISE_ID,
    FEDERATED_ID,
    FIXED_ADMIN_GROUPS,
    PRODUCT_ADMIN_PREFIX,
    PRODUCT_PROFILE,
    USER_ADMIN_PREFIX,
    USER_GROUP,
)

OWNED: Final = (ENTERPRISE_ID, FEDERATED_ID)

UserKey = tuple[str, bool]
"""Address in lower case, and whether it is an Adobe ID's: two accounts may share an address."""


@attrs.frozen(kw_only=True)
class Unknown:
    """Something that a recording does not tell, and what was taken instead."""

    org_id: str
    what: str
    taken: str = ""
    """What stands in the seed in its place; empty: nothing does."""

    def __str__(self) -> str:
        return f"not inferable: {self.what}" + (f"; taken: {self.taken}" if self.taken else "")


@attrs.frozen(kw_only=True)
class Implied:
    """The state that a recording implies."""

    seeds: tuple[dict[str, Any], ...]
    """One seed document for each organisation, as a seed file has it."""
    settings: Mapping[str, Any]
    """Settings of the mock server that follow from it, such as page sizes."""
    unknown: tuple[Unknown, ...]
    unjudgeable: Mapping[int, str]
    """Exchanges whose answer depends on what the recording does not tell: place in the recording -> why."""
    excused: Mapping[int, Mapping[str, str]]
    """Places in answers that do: place in the recording -> JSON pointer -> why."""
    contradicted: frozenset[int] = frozenset()
    """Exchanges with X-Total-Count and X-Page-Size of which one is wrong, and nothing tells which."""
    guessed: frozenset[str] = frozenset()
    """Addresses of accounts of which not even the type is told, in lower case."""
    guessed_domains: frozenset[str] = frozenset()
    """Domains of which only the name is told."""
    known: bool = False
    """True where the state was given, not inferred."""


def email_domain(address: str) -> str:
    """The part of an address after its last @, in lower case."""
    return address.rpartition("@")[2].lower()


@attrs.define
class GroupFacts:
    """What is known of one group that was there at the start."""

    name: str
    kind: str | None = None
    """USER_GROUP, PRODUCT_PROFILE or another of the service's types; None where nothing tells."""
    product: str | None = None
    quota: int | None = None
    read_only: bool = False
    group_id: int | None = None


@attrs.define
class OrgFacts:
    """What is known of one organisation at the start of a recording, gathered exchange by exchange."""

    org_id: str
    users: dict[UserKey, dict[str, Any]] = attrs.field(factory=dict[UserKey, dict[str, Any]])
    """Users as a seed has them."""
    sketched: set[UserKey] = attrs.field(factory=set[UserKey])
    """Users who must be there, though nothing shows them whole."""
    guessed: dict[UserKey, str] = attrs.field(factory=dict[UserKey, str])
    """Those of them whose type is not known, with the name of the note on it."""
    indirect: set[UserKey] = attrs.field(factory=set[UserKey])
    """Users of whom only all groups are known, with those held through others."""
    whole_users: set[UserKey] = attrs.field(factory=set[UserKey])
    """Users of whom all direct groups have been shown."""
    directory: dict[UserKey, dict[str, Any]] = attrs.field(factory=dict[UserKey, dict[str, Any]])
    groups: dict[str, GroupFacts] = attrs.field(factory=dict[str, GroupFacts])
    products: dict[str, str] = attrs.field(factory=dict[str, str])
    product_ids: dict[str, tuple[str, str | None]] = attrs.field(factory=dict[str, tuple[str, str | None]])
    """Product -> its id, and its code where it is told."""
    domains: dict[str, dict[str, Any]] = attrs.field(factory=dict[str, dict[str, Any]])
    foreign_domains: dict[str, set[str]] = attrs.field(factory=dict[str, set[str]])
    """Domain -> addresses that were refused because it belongs to another organisation."""
    guessed_domains: set[str] = attrs.field(factory=set[str])
    """Domains of which only the name is told."""
    outsiders: dict[str, str] = attrs.field(factory=dict[str, str])
    unavailable_types: set[str] = attrs.field(factory=set[str])
    whole_groups: bool = False
    """Whether every group has been listed: no later answer tells of another one that was there at the start."""
    everybody: bool = False
    """Whether every active user has been listed: as above."""
    technical_accounts: int | None = None
    technical_members: dict[str, int] = attrs.field(factory=dict[str, int])
    """Group -> technical accounts in it."""
    unclaimed: set[str] = attrs.field(factory=set[str])
    """Domains in which an account was refused because nobody has claimed them."""
    migrating: bool = False
    unknown: dict[str, Unknown] = attrs.field(factory=dict[str, Unknown])

    # What recorded actions have changed so far, so that later listings are not taken for the start.
    created: dict[UserKey, dict[str, Any]] = attrs.field(factory=dict[UserKey, dict[str, Any]])
    removed: set[str] = attrs.field(factory=set[str])
    anyone_left: bool = False
    """True once somebody was removed, so that a later listing no longer shows all who were there."""
    unseen: set[str] = attrs.field(factory=set[str])
    """Addresses that a query did not find."""
    unseen_at_start: set[str] = attrs.field(factory=set[str])
    """Those of them that it did not find before anything was changed."""
    absent: set[str] = attrs.field(factory=set[str])
    """Addresses that nobody had when an action was about them, before anybody was seen to have them."""
    settled: set[UserKey] = attrs.field(factory=set[UserKey])
    """Those of them whom an answer has shown: later ones tell of later actions."""
    created_names: dict[str, str] = attrs.field(factory=dict[str, str])
    """User name of somebody created -> his address."""
    updated: dict[str, set[str]] = attrs.field(factory=dict[str, set[str]])
    """Address -> fields of the user that actions may have changed."""
    renamed: dict[str, str] = attrs.field(factory=dict[str, str])
    """New address -> the one at the start."""
    joined: dict[str, set[str]] = attrs.field(factory=dict[str, set[str]])
    """Address -> groups that actions have given."""
    left: dict[str, list[str]] = attrs.field(factory=dict[str, list[str]])
    """Address -> groups that actions have taken from somebody whom no query had shown before."""
    new_groups: set[str] = attrs.field(factory=set[str])
    """Groups that actions have created, or given their name."""
    group_names: dict[str, str] = attrs.field(factory=dict[str, str])
    """Name that an action gave to a group -> the one at the start."""

    def leave_open(self, what: str, taken: str = "") -> str:
        """Note what the recording does not tell; returns the note's name, to take it back by."""
        self.unknown.setdefault(what, Unknown(org_id=self.org_id, what=what, taken=taken))
        return what

    def take_back(self, key: UserKey) -> None:
        """Forget a user of a type that was only taken for him: he has been seen since."""
        note = self.guessed.pop(key, None)
        if note is not None:
            self.unknown.pop(note, None)
            if key in self.sketched:
                del self.users[key]
                self.sketched.discard(key)

    def withdraw_unseen(self) -> None:
        """Leave out of the start whom a query did not find there, unless he was there without being active."""
        for address in self.unseen_at_start:
            for key in ((address, True), (address, False)):
                if key in self.users and self.users[key].get("status", ACTIVE) == ACTIVE:
                    del self.users[key]
                    self.guessed.pop(key, None)

    def claim(
        self, name: str, type_: str, *, trusted: bool = False, directory: str | None = None, sure: bool = True
    ) -> None:
        """Note a domain of the organisation; the first to be sure of its type decides it."""
        name = name.lower()
        if name not in self.domains and not sure:
            self.guessed_domains.add(name)
        known = self.domains.setdefault(name, {"name": name, "type": type_})
        if sure and name in self.guessed_domains:
            self._settle(name, type_)
        if sure and known["type"] != type_:
            self.leave_open(f"the type of domain {name}: the recording has accounts of both", known["type"])
        if trusted:
            known["trusted"] = True
        if directory is not None:
            known["directory"] = directory

    def _settle(self, name: str, type_: str) -> None:
        """Give a domain and those of its users whose type was only taken the type that an answer tells."""
        self.guessed_domains.discard(name)
        self.unknown.pop(f"the type of domain {name}", None)
        self.domains[name]["type"] = type_
        for key in self.guessed:
            if key in self.sketched and not key[1] and email_domain(key[0]) == name:
                self.users[key]["type"] = type_

    def group(self, name: str, kind: str | None = None, *, shown: bool = False) -> GroupFacts:
        """Note that a group was there at the start; a known kind replaces none, the spelling of answers any other."""
        if self.whole_groups and name.lower() not in self.groups:
            return GroupFacts(name)  # a listing of all groups does not have it
        facts = self.groups.setdefault(name.lower(), GroupFacts(name))
        facts.kind = facts.kind or kind
        facts.name = name if shown else facts.name
        return facts

    def find(self, address: str) -> dict[str, Any] | None:
        """Return the user of that address; of two, the one that is no Adobe ID."""
        lowered = address.lower()
        return self.users.get((lowered, False)) or self.users.get((lowered, True))

    def seed(self) -> dict[str, Any]:
        """Return the facts as a seed document, without credentials."""
        document: dict[str, Any] = {"org_id": self.org_id}
        if self.migrating:
            document["migrating"] = True
        if self.unavailable_types:
            types = (ADOBE_ID, *OWNED)
            document["identity_types"] = [type_ for type_ in types if type_ not in self.unavailable_types]
        document["domains"] = list(self.domains.values())
        document["foreign_domains"] = sorted(self.foreign_domains.keys() - self.domains.keys())
        # In a domain of the organisation itself, it was the account that belongs to another one.
        refused = {one: "elsewhere" for home in self.domains for one in self.foreign_domains.get(home, ())}
        outsiders = refused | self.outsiders
        document["outsiders"] = [{"email": email, "state": state} for email, state in outsiders.items()]
        document["technical_accounts"] = self._technical_accounts()
        document |= self._groups()
        document["users"] = self._users()
        document["directory"] = list(self.directory.values())
        return {name: value for name, value in document.items() if value not in ([], 0)}

    def _users(self) -> list[dict[str, Any]]:
        """The users, of whom each user name of a domain is the first one's: it cannot be there twice."""
        taken: set[tuple[str, str]] = set()
        users: list[dict[str, Any]] = []
        for user in self.users.values():
            home = str(user.get("domain") or email_domain(str(user["email"]))).lower()
            name = (home, str(user.get("username", user["email"])).lower())
            double = name in taken and "username" in user
            known = {field: value for field, value in user.items() if field != "username" or not double}
            if "groups" in known:
                # What came while others worked on the organisation was not there at the start.
                known["groups"] = [group for group in known["groups"] if self._is_seeded(group.lower())]
            users.append(known)
            taken.add(name)
        return users

    def _technical_accounts(self) -> int | list[dict[str, Any]]:
        members = {name: count for name, count in self.technical_members.items() if count and self._is_seeded(name)}
        total = max((self.technical_accounts or 0, *members.values()))
        if not members:
            return total
        names = {name: self.groups[name].name if name in self.groups else name for name in members}
        return [{"groups": [names[name] for name, count in members.items() if place < count]} for place in range(total)]

    def _is_seeded(self, name: str) -> bool:
        """Whether a group of that name is there at the start, in lower case, as the seed has it."""
        facts = self.groups.get(name)
        if facts is not None:
            return facts.kind in (None, USER_GROUP, PRODUCT_PROFILE)
        if name in FIXED_ADMIN_GROUPS:
            return True
        for prefix in (PRODUCT_ADMIN_PREFIX, DEVELOPER_PREFIX, USER_ADMIN_PREFIX):
            if name.startswith(prefix):
                subject = name.removeprefix(prefix)
                return subject in (self.products if prefix == PRODUCT_ADMIN_PREFIX else self.groups)
        return False

    def _product(self, lowered: str, name: str) -> dict[str, Any]:
        product_id, code = self.product_ids.get(lowered, (None, None))
        return _present({"name": name, "id": product_id, "code": code})

    def _groups(self) -> dict[str, Any]:
        profiles: list[dict[str, Any]] = []
        user_groups: list[dict[str, Any]] = []
        products = dict(self.products)
        for name, facts in self.groups.items():
            if facts.kind == PRODUCT_PROFILE:
                product = facts.product or f"Product of {facts.name}"[:255]
                products.setdefault(product.lower(), product)
                profile = {"name": facts.name, "product": products[product.lower()], "quota": facts.quota}
                profiles.append(_present({**profile, "id": facts.group_id}))
            elif name not in products and (facts.kind in (None, USER_GROUP)) and not name.startswith("_"):
                group = {"name": facts.name, "read_only": facts.read_only or None, "id": facts.group_id}
                user_groups.append(_present(group))
        return {
            "products": [self._product(lowered, name) for lowered, name in products.items()],
            "profiles": profiles,
            "user_groups": user_groups,
        }


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
