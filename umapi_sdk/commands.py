"""Actions made of commands that exist already as data, in the form of the service's own requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import cast

from msgspec.structs import replace

from umapi_models.limits import MAX_COMMANDS
from umapi_models.models import UserCommand, UserGroupCommand
from umapi_models.requests import read_action_request
from umapi_runtime.constraints import ContractError, Violation, contract_of, show
from umapi_sdk.actions import Action, GroupSteps, UserSteps
from umapi_sdk.actions.names import moved
from umapi_sdk.errors import ActionError
from umapi_sdk.options import nearest
from umapi_sdk.prudence import doubts, named

_USER = contract_of(UserCommand).names["user"]
_GROUP = contract_of(UserGroupCommand).names["user_group"]
_FIELDS = {*contract_of(UserCommand).names.values(), *contract_of(UserGroupCommand).names.values()}


class UserCommandAction(UserSteps):
    """The action that a user command describes, with the commands after it, if it is too long for one.

    `places` are those of the steps in the action of which the commands are what is left.
    """

    def __init__(self, *commands: UserCommand, places: Sequence[tuple[int, ...]] = ()) -> None:
        super().__init__(commands[0].user, lambda: commands[0])
        parts = list(zip(commands, places or _places([command.do for command in commands]), strict=True))
        self._adopt(parts, commands[-1].do)


class GroupCommandAction(GroupSteps):
    """The action that a user-group command describes, as `UserCommandAction`."""

    def __init__(self, *commands: UserGroupCommand, places: Sequence[tuple[int, ...]] = ()) -> None:
        super().__init__(commands[0].user_group, lambda: commands[0])
        parts = list(zip(commands, places or _places([command.do for command in commands]), strict=True))
        self._adopt(parts, commands[-1].do)


def _places(commands: Sequence[Sequence[object]]) -> list[tuple[int, ...]]:
    """Return the places of the steps of commands that are a whole action, each of them a step of the caller."""
    place = count()
    return [tuple(next(place) for _ in steps) for steps in commands]


def read_actions(data: object) -> list[Action]:
    """Return the actions that a list of commands describes, as JSON data in the form of an action request.

    The list can be longer than the service takes in one request: a connection sends it in parts. Everything is
    checked as strictly as the service and the builders do.

    Raises:
        ActionError: with everything that is wrong, each with its JSON pointer from the list on.
    """
    if not isinstance(data, list):
        problem = f"{show(data)} is not a list of commands"
        raise ActionError((Violation("", problem, "error.command.malformed"),))
    entries = cast("list[object]", data)
    actions: list[Action] = []
    violations: list[Violation] = []
    for start in range(0, len(entries), MAX_COMMANDS):
        try:
            commands = read_action_request(entries[start : start + MAX_COMMANDS])
        except ContractError as error:
            places = range(start, start + MAX_COMMANDS)
            violations += [moved(_named(violation, entries[start:]), "/", places) for violation in error.violations]
            continue
        for place, command in enumerate(commands, start):
            found = [violation.below(f"/{place}") for violation in doubts(command)]
            violations += found
            if not found:
                actions.append(action_of(command))
    if violations:
        raise ActionError(tuple(violations))
    return actions


def _named(violation: Violation, commands: Sequence[object]) -> Violation:
    """Return what the models say of a command, with the user named where they do not."""
    place = violation.pointer.removeprefix("/")
    command = commands[int(place)] if place.isdigit() else None
    if not isinstance(command, dict):
        return violation
    fields = cast("dict[str, object]", command)
    if not fields.keys() & {_USER, _GROUP}:
        return replace(violation, problem=violation.problem + _misspelt_root(fields))
    return named(replace(violation, pointer=""), fields.get(_USER)).below(violation.pointer)


def _misspelt_root(fields: Mapping[str, object]) -> str:
    """Return the end of a message on a command of nobody: the field that is spelt much like the one it lacks."""
    found = ((key, nearest(key, (_USER, _GROUP))) for key in fields if key not in _FIELDS)
    return next((f", and {show(key)} is unknown{meant}" for key, meant in found if meant), "")


def read_action(data: object) -> Action:
    """Return the action that one command describes, as JSON data; it is checked as in a list.

    Raises:
        ActionError: with everything that is wrong, each with its JSON pointer from the command on.
    """
    try:
        return read_actions([data])[0]
    except ActionError as error:
        found = [replace(each, pointer=each.pointer.removeprefix("/0")) for each in error.violations]
        raise ActionError(tuple(found)) from None


def action_of(command: UserCommand | UserGroupCommand) -> Action:
    """Return the action that a command describes."""
    return UserCommandAction(command) if isinstance(command, UserCommand) else GroupCommandAction(command)
