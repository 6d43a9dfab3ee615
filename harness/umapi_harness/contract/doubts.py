"""Doubts: whom and what a recording has told of so far, and who has only been guessed at.

Whatever an answer shows is told. Who was acted upon before any answer showed him is in doubt from then on: many
histories would have had the same outcome, and which of them was the true one, a second answer may depend on. One who
is in doubt is told of again by the next answer that shows him as the mock server does; if it shows him otherwise,
no later answer that depends on him is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import (
    CommandResult,
    JsonObject,
    flag,
    is_array,
    is_object,
    query_of,
    steps_of,
)
from umapi_harness.contract.implied import email_domain
from umapi_harness.contract.recordings import Exchange
from umapi_models.names import (
    ADOBE_ID,
    CREATE_USER_GROUP,
    CREATES,
    DEVELOPER_PREFIX,
    PROFILE_ADMIN_PREFIX,
    REMOVE_FROM_ORG,
    UPDATE,
    USER_ADMIN_PREFIX,
)

_BY_DOMAIN: Final = frozenset(CREATES) | {UPDATE}
_ABSENT: Final = frozenset({"error.user.nonexistent"})
_VAGUE: Final = frozenset(
    {
        *("error.user.name_in_use", "error.user.email.name_in_use", "error.user.already_exists"),
        *("error.user.change_domain_update.no", "error.update.domain.mismatch", "error.update.no"),
        *("error.user.nonexistent_or_has_conflicting_parameters", "error.domain.trust.nonexistent"),
        # Of an Adobe ID that answered the creation of another account, no other error tells.
        "error.update.adobeid.no",
        *("error.usergroup.user_list.invalid", "error.usergroup.already_exists", "error.api.user.not.parent.org"),
    }
)
"""Codes that depend on more than one account, group or domain."""


@attrs.frozen(kw_only=True)
class Subjects:
    """Whom and what a command is about, in lower case."""

    people: frozenset[str]
    groups: frozenset[str]


@attrs.define
class Doubts:
    """What one organisation is known of, exchange by exchange."""

    guessed: frozenset[str] = frozenset()
    """Addresses of accounts of which the state at the start tells no more than that they are there."""
    guessed_domains: frozenset[str] = frozenset()
    """Domains of which only the name is told."""
    told: set[str] = attrs.field(factory=set[str])
    """Addresses of which everything is known, be it that nobody has them."""
    touched: set[str] = attrs.field(factory=set[str])
    """Addresses and groups that an action was about before anything was told of them."""
    lost: set[str] = attrs.field(factory=set[str])
    """Addresses that were guessed wrong: what is true of them now is not known any more."""
    lost_groups: set[str] = attrs.field(factory=set[str])
    told_groups: set[str] = attrs.field(factory=set[str])
    everything: bool = False
    """True once something was changed of which nothing tells whom it was about."""
    all_groups: bool = False
    """True once every group has been listed."""
    created: set[str] = attrs.field(factory=set[str])
    """Addresses that were created before every user had been listed."""
    whole: bool = False
    """True once every user has been listed."""
    names: dict[str, str] = attrs.field(factory=dict[str, str])
    """User name -> address, as listed."""
    called: dict[str, set[str]] = attrs.field(factory=dict[str, set[str]])
    """Address -> user names that it had at some time."""

    def subjects(self, command: JsonObject) -> Subjects:
        """Return whom a command is about."""
        people: set[str] = set()
        groups: set[str] = set()
        target = command.get("user", command.get("usergroup"))
        if isinstance(target, str):
            (people if "user" in command else groups).add(
                self._address(target) if "user" in command else target.lower()
            )
        for _, _name, fields in steps_of(command):
            if not is_object(fields):
                continue
            for member, of in (("email", people), ("username", people), ("name", groups)):
                value = fields.get(member)
                if isinstance(value, str):
                    of.add(self._address(value) if of is people else value.lower())
            for member, of in (
                ("user", people),
                ("group", groups),
                ("product", groups),
                ("productConfiguration", groups),
            ):
                of.update(self._address(one) if of is people else one.lower() for one in _texts(fields.get(member)))
        return Subjects(people=frozenset(people), groups=frozenset(groups))

    def _address(self, name: str) -> str:
        lowered = name.lower()
        return lowered if "@" in lowered and lowered not in self.names else self.names.get(lowered, lowered)

    def doubts_person(self, address: str) -> bool:
        """Whether what an answer says of him can depend on what the recording does not tell."""
        lowered = self._address(address)
        if self.everything or "@" not in lowered:
            return True  # also a user name that no answer has shown
        return lowered in self.lost or (
            (lowered in self.touched or lowered in self.guessed) and lowered not in self.told
        )

    @property
    def doubts_anyone(self) -> bool:
        """Whether a listing can have somebody in doubt on it."""
        return self.everything or bool(self.lost) or bool((self.touched | self.guessed) - self.told)

    def doubts_entry(self, entry: JsonObject) -> bool:
        """Whether what a listing says of a user can, be it for an action on his user name."""
        username = str(entry.get("username", "")).lower()
        touched = username in self.touched and username not in self.told
        by_name = entry.get("type") != ADOBE_ID and (touched or username in self.lost)
        return by_name or self.doubts_person(str(entry.get("email", "")))

    def doubts_group(self, name: str) -> bool:
        """Whether what an answer says of that group can."""
        lowered = name.lower()
        for prefix in dict.fromkeys((USER_ADMIN_PREFIX, PROFILE_ADMIN_PREFIX, DEVELOPER_PREFIX)):
            lowered = lowered.removeprefix(prefix)
        return self.everything or lowered in self.lost_groups

    def doubts_command(self, result: CommandResult, *, test_mode: bool = False) -> bool:
        """Whether the outcome of a command can.

        Some outcomes tell too little of those whom they are about: who has the address, what was changed before.
        """
        about = self.subjects(result.command)
        if any(map(self.doubts_person, about.people)) or any(map(self.doubts_group, about.groups)):
            return True
        homes = {email_domain(one) for one in about.people}
        if homes & self.guessed_domains and any(name in _BY_DOMAIN for _, name, _ in steps_of(result.command)):
            return True
        removed = not result.errors and any(name == REMOVE_FROM_ORG for _, name, _ in steps_of(result.command))
        pretended = test_mode and not result.errors
        vague = removed or pretended or any(str(one.get("errorCode")) in _VAGUE for one in result.errors)
        return vague and not (about.people <= self.told and (self.all_groups or about.groups <= self.told_groups))

    def lose(self, command: JsonObject) -> None:
        """Note that the outcome of a command was another one than the guess had it."""
        about = self.subjects(command)
        self.lost |= about.people
        self.lost_groups |= about.groups

    # What answers tell

    def acted(self, exchange: Exchange, results: tuple[CommandResult, ...]) -> None:
        """Learn from the outcome of commands."""
        test_mode = flag(query_of(exchange.request), "testOnly", False)
        for result in results:
            about = self.subjects(result.command)
            unsure = {one for one in about.people if one not in self.told or one in self.lost}
            codes = [str(one.get("errorCode")) for one in result.errors]
            steps = list(steps_of(result.command))
            made = [
                fields
                for place, name, fields in steps
                if name in CREATES and is_object(fields) and result.code_at(place) is None
            ]
            if "usergroup" in result.command and not test_mode:
                self._made_group(result, steps)
            plain = "useAdobeID" not in result.command and "domain" not in result.command
            target = self._address(str(result.command.get("user", "")))
            for address in about.people - self.told:
                fresh = address not in self.touched
                self.touched.add(address)
                if address != target or not plain or test_mode:
                    continue
                if set(codes) & _ABSENT or (made and (made[0].get("option") is None or (self.whole and fresh))):
                    self.told.add(address)
                    if made and not self.whole:
                        self.created.add(address)
            if "user" in result.command and not test_mode:
                self._renamed(target, steps, result, unsure)

    def _made_group(self, result: CommandResult, steps: list[tuple[int, str, Any]]) -> None:
        """With an option, a user group is created whether it was there or not."""
        for place, name, fields in steps:
            if name != CREATE_USER_GROUP or result.code_at(place) is not None or not is_object(fields):
                continue
            group = str(fields.get("name", result.command["usergroup"])).lower()
            if fields.get("option") is None:
                self.told_groups.add(group)
            elif group not in self.told_groups:
                (self.told_groups.add if self.all_groups and group not in self.touched else self.lost_groups.add)(group)

    def shown_group(self, entry: JsonObject) -> None:
        """Learn from a group whom an answer shows."""
        name = str(entry.get("groupName", "")).lower()
        if name not in self.lost_groups:
            self.told_groups.add(name)

    def _renamed(self, target: str, steps: list[tuple[int, str, Any]], result: CommandResult, unsure: set[str]) -> None:
        """Who takes an address over takes over what is known of him."""
        for place, name, fields in steps:
            email = fields.get("email") if name == UPDATE and is_object(fields) else None
            if isinstance(email, str) and result.code_at(place) is None and email.lower() != target:
                if target in self.lost:
                    self.lost.add(email.lower())
                elif target in unsure:
                    self.touched.add(email.lower())
                    self.told.discard(email.lower())
                else:
                    self.told.add(email.lower())
                self._take_over(target, email.lower())

    def _take_over(self, before: str, address: str) -> None:
        own = {one for one in self.called.pop(before, ()) if self.names.get(one) == before}
        self.names.update(dict.fromkeys(own, address))
        self.called.setdefault(address, set()).update(own)

    def shown(self, entry: JsonObject) -> None:
        """Learn from a user whom an answer shows as the mock server does."""
        email, username = entry.get("email"), entry.get("username")
        if not isinstance(email, str):
            return
        if email.lower() not in self.lost:
            self.told.add(email.lower())
        self.told_groups.update(name.lower() for name in _texts(entry.get("groups")))
        if isinstance(username, str) and entry.get("type") != ADOBE_ID and username.lower() != email.lower():
            self.names[username.lower()] = email.lower()
            self.called.setdefault(email.lower(), set()).add(username.lower())


def _texts(value: object) -> Iterator[str]:
    yield from (one for one in value if isinstance(one, str)) if is_array(value) else ()
