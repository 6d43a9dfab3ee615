"""Turning actions into commands within the service's limits, and remembering where each part came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from umapi_models.models import UserCommand, UserGroupCommand
from umapi_runtime.constraints import Violation
from umapi_runtime.converter import write_json
from umapi_sdk.actions import Action, GroupSteps, UserSteps
from umapi_sdk.errors import ActionError
from umapi_sdk.mixtures import is_of_compat, kind_of
from umapi_sdk.records import Record
from umapi_sdk.resources import touched


class WireCommand(Record, frozen=True, kw_only=True, eq=False):
    """One command for the wire: an action, or the part of one that fits the limit of steps."""

    unshown = frozenset({"body", "touches"})

    action: Action
    part: int
    """Which part of the action this is, from 0."""
    parts: int
    """How many parts the action has."""
    request_id: str | None
    """The caller's own requestID, if there is one."""
    body: bytes
    """The command as JSON."""
    steps: tuple[int, ...]
    """For each step on the wire, the place of the caller's step it comes from."""
    touches: Mapping[str, bool]
    """The users and groups it touches; true for those that no other command in its request may touch."""

    def caller_step(self, step: int) -> int:
        """Return the place of the caller's step for a step on the wire; unknown places stay as they are."""
        return self.steps[step] if 0 <= step < len(self.steps) else step


def commands_of(action: Action, pointer: str = "") -> Sequence[tuple[UserCommand | UserGroupCommand, tuple[int, ...]]]:
    """Return an action's commands, each with the places of its steps; `pointer` says in errors where the action is.

    Raises:
        ActionError: it is no action, or has no steps.
    """
    if not isinstance(action, (UserSteps, GroupSteps)):
        problem = f"{kind_of(action)} is not a UserAction or GroupAction"
        if isinstance(action, (list, tuple)):
            problem += "; execute_multiple takes a list"
        elif is_of_compat(action):
            problem += " of umapi_sdk: import these from umapi_sdk, or give it to a Connection of umapi_sdk.compat"
        raise ActionError((Violation(pointer, problem),))
    commands: Sequence[tuple[UserCommand | UserGroupCommand, tuple[int, ...]]] = action.commands
    if not commands:
        problem = f"the action for {action.target} has no steps"
        raise ActionError((Violation(f"{pointer}/do", problem, "error.command.steps.malformed"),))
    return commands


def split_action(action: Action) -> list[WireCommand]:
    """Return the commands that carry out an action, in order.

    Raises:
        ActionError: the action has no steps, or holds text that cannot be written.
    """
    parts = commands_of(action)
    return [
        WireCommand(
            action=action,
            part=part,
            parts=len(parts),
            request_id=model.request_id,
            body=write_command(model),
            steps=places,
            touches=touched(model),
        )
        for part, (model, places) in enumerate(parts)
    ]


def request_ids(batch: Sequence[WireCommand]) -> list[str | None]:
    """Return the requestID of each command in a request: the caller's own, or one made from its place.

    With it, an error names its command beyond doubt. A command that is alone needs none.
    """
    if len(batch) < 2:
        return [command.request_id for command in batch]
    taken = {command.request_id for command in batch}
    made: list[str | None] = []
    for place, command in enumerate(batch, 1):
        name = f"action_{place}"
        while name in taken:
            name += "_"
        made.append(command.request_id or name)
    return made


def encode(batch: Sequence[WireCommand]) -> bytes:
    """Return the body of the request for a batch, each command with its requestID."""
    return b"[" + b",".join(map(_named, batch, request_ids(batch))) + b"]"


def _named(command: WireCommand, request_id: str | None) -> bytes:
    if request_id is None or command.request_id is not None:
        return command.body
    return b'{"requestID":"' + request_id.encode("ascii") + b'",' + command.body.removeprefix(b"{")


def write_command(command: UserCommand | UserGroupCommand) -> bytes:
    """Return a command as JSON.

    Raises:
        ActionError: it holds text that cannot be written.
    """
    try:
        return write_json(command)
    except UnicodeEncodeError as error:
        problem = f"{error.object[error.start]!r} is half of a surrogate pair, and no character"
        raise ActionError((Violation("", problem, "error.command.malformed"),)) from None
