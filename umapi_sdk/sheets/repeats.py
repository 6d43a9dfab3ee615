"""Rows that ask twice for the same: the same row again, or a second creation of one user or group."""

from __future__ import annotations

from typing import Final

from umapi_models.models import UserCommand, UserGroupCommand, UserStep
from umapi_sdk.actions import Action
from umapi_sdk.batches import commands_of, write_command

_CREATIONS: Final = ("add_adobe_id", "create_enterprise_id", "create_federated_id")


class Repeats:
    """The rows so far, a number for each. Several rows may be about one user: they are steps one after the other."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[int, int]] = {}
        self.disputed: dict[int, int] = {}
        """Rows whose user or group a later one creates otherwise, and that row: which is meant is not known."""

    def objection(self, action: Action, number: int) -> str | None:
        """Note what a row asks for; return what is wrong if an earlier one asks for the same."""
        command = commands_of(action)[0][0]
        created = _created(command)
        whole = hash(write_command(command))
        key = hash(created) if created else whole
        if key in self._rows:
            earlier, as_asked = self._rows[key]
            if created and as_asked != whole:
                self.disputed.setdefault(earlier, number)
                return f"creates what row {earlier} creates already: take one of the two out"
            return f"asks for the same as row {earlier}: take one of the two out"
        self._rows[key] = number, whole
        for each in _ended(command):
            self._rows.pop(hash(each), None)
        return None


def _created(command: UserCommand | UserGroupCommand) -> tuple[str, ...]:
    """Return what a command creates, as a key; empty for a command that creates nothing."""
    first = command.do[0]
    if isinstance(command, UserGroupCommand):
        return _group(command) if command.do[0].create_user_group is not None else ()
    assert isinstance(first, UserStep)
    kind = next((each for each in _CREATIONS if getattr(first, each) is not None), None)
    return _user(command, kind) if kind else ()


def _ended(command: UserCommand | UserGroupCommand) -> list[tuple[str, ...]]:
    """Return what can be created again after a command."""
    if isinstance(command, UserGroupCommand):
        return [_group(command)] if command.do[-1].delete_user_group is not None else []
    return [_user(command, kind) for kind in _CREATIONS] if command.do[-1].remove_from_org is not None else []


def _user(command: UserCommand, kind: str) -> tuple[str, ...]:
    return kind, command.user.casefold(), (command.domain or "").casefold()


def _group(command: UserGroupCommand) -> tuple[str, ...]:
    return "group", command.user_group.casefold()
