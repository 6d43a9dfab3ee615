"""Rows that ask twice for the same: the same row again, or a second creation of one user or group."""

from __future__ import annotations

from typing import Final

from umapi_models.models import UserCommand, UserGroupCommand, UserStep
from umapi_runtime.converter import write_json
from umapi_sdk.actions import Action
from umapi_sdk.batches import commands_of
from umapi_sdk.kinds import ends

_CREATIONS: Final = ("add_adobe_id", "create_enterprise_id", "create_federated_id")


class Repeats:
    """The rows so far, a number for each. Several rows may be about one user: they are steps one after the other."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[int, int]] = {}
        self._creations: dict[int, list[int]] = {}
        """By the user or group, what its creations asked for."""
        self._removals: dict[int, list[int]] = {}
        """By the user or group, what its removals asked for."""
        self.disputed: dict[int, int] = {}
        """Rows whose user or group a later one creates otherwise, and that row: which is meant is not known."""

    def objection(self, action: Action, number: int) -> str | None:
        """Note what a row asks for; return what is wrong if an earlier one asks for the same."""
        command = commands_of(action)[0][0]
        target, kind = _target(command), _created(command)
        # Letter case of who is meant does not matter, that of what is asked for does.
        of_adobe_id = isinstance(command, UserCommand) and bool(command.use_adobe_id)
        whole = hash((target, of_adobe_id, command.request_id, b"".join(map(write_json, command.do))))
        key = hash((target, kind)) if kind else whole
        if key in self._rows:
            earlier, as_asked = self._rows[key]
            if kind and as_asked != whole:
                self.disputed.setdefault(earlier, number)
                return f"creates what row {earlier} creates already: take one of the two out"
            return f"asks for the same as row {earlier}: take one of the two out"
        if kind:
            self._forget(self._removals, target)
            self._creations.setdefault(hash(target), []).append(key)
        if ends(command.do[-1]):
            self._forget(self._creations, target)
            self._removals.setdefault(hash(target), []).append(key)
        self._rows[key] = number, whole
        return None

    def _forget(self, keys: dict[int, list[int]], target: tuple[str, ...]) -> None:
        """Let what was undone since be asked for again."""
        for key in keys.pop(hash(target), ()):
            self._rows.pop(key, None)


def _target(command: UserCommand | UserGroupCommand) -> tuple[str, ...]:
    """Return whom a command is about."""
    if isinstance(command, UserGroupCommand):
        return "group", command.user_group.casefold()
    return "user", command.user.casefold(), (command.domain or "").casefold()


def _created(command: UserCommand | UserGroupCommand) -> str:
    """Return what kind of user or group a command creates; empty for a command that creates nothing."""
    first = command.do[0]
    if isinstance(first, UserStep):
        return next((each for each in _CREATIONS if getattr(first, each) is not None), "")
    return "group" if first.create_user_group is not None else ""
