"""What the steps of a recorded command on a user group tell: it was created, renamed or deleted, and who was in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import is_object, steps_of
from umapi_harness.contract.command_effects import GROUP_IN_WORDS, READ_ONLY, CommandEffects, names_in
from umapi_harness.contract.implied import UserKey
from umapi_models.names import (
    ADD,
    CREATE_USER_GROUP,
    DELETE_USER_GROUP,
    PRODUCT_PROFILE,
    REMOVE,
    UPDATE_USER_GROUP,
    USER_GROUP,
)

_USER_IN_WORDS: Final = re.compile(r"^User (?:Id does not exist|is not in the organization): (.+)$", re.DOTALL)
_NO_CHANGE: Final = "error.usergroup.user_list.invalid"
"""All those to be added are members, or none of those to be removed is."""


@attrs.define
class GroupEffects(CommandEffects):
    """The steps of a command on a user group."""

    _made: set[str] = attrs.field(factory=set[str])
    """Groups that this command has created, be it in test mode only."""

    def learn(self) -> None:
        """Learn from the steps on a user group."""
        learn: Mapping[str, Callable[[Mapping[str, Any], str | None, str], None]] = {
            CREATE_USER_GROUP: self._create_group,
            UPDATE_USER_GROUP: self._update_group,
            DELETE_USER_GROUP: self._delete_group,
            ADD: self._group_add,
            REMOVE: self._group_remove,
        }
        for place, name, fields in steps_of(self.result.command):
            if name in learn:
                values = fields if is_object(fields) else {}
                learn[name](values, self.result.code_at(place), self.result.message_at(place))
            if name == DELETE_USER_GROUP and self.result.code_at(place) is None:
                break  # no step after it runs

    def _group_exists(self, name: str) -> None:
        made = name.lower() in self.facts.new_groups or name.lower() in self._made
        if not made and not name.startswith("_"):
            self.facts.group(name, USER_GROUP)

    def _create_group(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        name = fields.get("name", self.target)
        if not isinstance(name, str):
            return
        if code is None:
            self._made.add(name.lower())
        if code is not None:
            self._group_refused(code, words)
        if code == "error.usergroup.already_exists":
            self._group_exists(name)
        elif code is None and not self.test_mode and name.lower() not in self.facts.groups:
            if fields.get("option") is not None:
                self.facts.leave_open(f"whether the user group {name} was there before it was created", "it was not")
            self.facts.new_groups.add(name.lower())

    def _update_group(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        name = fields.get("name")
        if code is not None:
            self._group_refused(code, words)
            if code == "error.usergroup.already_exists" and isinstance(name, str):
                self.named_groups([name])
            return
        self._group_exists(self.target)
        if isinstance(name, str) and not self.test_mode and name.lower() != self.target.lower():
            if self.target.lower() not in self.facts.new_groups:
                self.facts.group_names[name.lower()] = self.target
            elif self.target.lower() in self.facts.group_names:
                self.facts.group_names[name.lower()] = self.facts.group_names.pop(self.target.lower())
            self.facts.new_groups.add(name.lower())

    def _delete_group(self, _fields: Mapping[str, Any], code: str | None, words: str) -> None:
        if code is not None:
            self._group_refused(code, words)
        else:
            self._group_exists(self.target)

    def _group_add(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        self._group_members(ADD, fields, code, words)

    def _group_remove(self, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        self._group_members(REMOVE, fields, code, words)

    def _group_members(self, step: str, fields: Mapping[str, Any], code: str | None, words: str) -> None:
        users, profiles = names_in(fields, "user"), names_in(fields, "productConfiguration", "product")
        if code in ("error.user.nonexistent", "error.user.not_in_org"):
            match = _USER_IN_WORDS.search(words)
            missing = match[1].lower() if match is not None else None
            if code == "error.user.not_in_org" and missing is not None:
                self.facts.outsiders.setdefault(missing, "elsewhere")
            # Those before the one that is missing were found.
            lowered = [name.lower() for name in users]
            users = users[: lowered.index(missing)] if missing in lowered else []
        elif code == "error.group.not_found":
            match = GROUP_IN_WORDS.search(words)
            lowered = [name.lower() for name in profiles]
            missing = (match[1] or "").lower() if match is not None else ""
            profiles = profiles[: lowered.index(missing)] if missing in lowered else []
        elif code is not None:
            self._group_refused(code, words)
            if code != _NO_CHANGE:
                return
        self._group_exists(self.target)
        for name in profiles:
            if name.lower() not in self.facts.new_groups and not name.startswith("_"):
                self.facts.group(name, PRODUCT_PROFILE)
        for name in users if not self.test_mode else ():
            self.exists(name)
            if code is None:
                self.join(step, name, [self.target])
                self._leave(step, name, alone=len(users) == 1)
            elif (
                step == ADD
                and code == _NO_CHANGE
                and self.target.lower() not in self.facts.joined.get(name.lower(), ())
            ):
                self._was_member(name)

    def _leave(self, step: str, address: str, *, alone: bool) -> None:
        """A removal that succeeds has changed something: of a single user the membership (ErrorRef.md)."""
        key: UserKey = (address.lower(), False)
        seen = any(one in self.facts.users and one not in self.facts.sketched for one in (key, (key[0], True)))
        joined = self.target.lower() in self.facts.joined.get(key[0], set())
        if step != REMOVE or seen or joined or key in self.facts.created or (key[0], True) in self.facts.created:
            return
        if not alone:
            self.facts.leave_open(f"which of several users removed from {self.target} were in it", "all of them")
        self.facts.left.setdefault(key[0], []).append(self.target)
        self._was_member(address)

    def _was_member(self, address: str) -> None:
        if self.target.lower() in self.facts.new_groups:
            return  # nobody can have been in it at the start
        user = self.facts.find(address)
        lowered = address.lower()
        if user is not None and not {(lowered, True), (lowered, False)} & self.facts.whole_users:
            groups = user.setdefault("groups", [])
            if self.target.lower() not in [str(name).lower() for name in groups]:
                groups.append(self.target)

    def _group_refused(self, code: str, words: str) -> None:
        if code.startswith(READ_ONLY):
            self.shared_group(words, [self.target])
        elif code in ("error.usergroup.already_exists", _NO_CHANGE):
            self._group_exists(self.target)
