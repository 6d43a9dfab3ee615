"""Plans: the fewest requests for a list of actions, known before anything is sent.

Actions on one user or group become one command where no order is lost by it, and commands fill requests of 10. A plan
is made without I/O and without a clock.

Two actions do not meet in one command where that could change what they mean:

- a creation begins a command, a removal or deletion ends one;
- before and after a step that gives a new name: alone, an action is on whoever has the name by then;
- after the creation of an account that the name alone does not tell from another of the same e-mail;
- where anything between the two in the list must come between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from umapi_models.models import UserCommand, UserStep
from umapi_models.operations import ACTION
from umapi_runtime.constraints import Violation
from umapi_sdk.actions import Action
from umapi_sdk.batches import commands_of
from umapi_sdk.errors import ActionError
from umapi_sdk.kinds import Frame, Step, creates, ends, renames
from umapi_sdk.memberships import Memberships
from umapi_sdk.mixtures import kind_of
from umapi_sdk.pacing import least_time
from umapi_sdk.pieces import (
    MOST_PIECES,
    Piece,
    PlannedAction,
    PlannedCommand,
    count_steps,
    most_steps,
    with_steps,
)
from umapi_sdk.resources import touched
from umapi_sdk.schedules import batch, drop_lone_touches, measure_heights


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Plan:
    """What `plan` has made of a list of actions."""

    actions: tuple[Action, ...]
    """The actions, as given."""
    commands: tuple[PlannedCommand, ...]
    """The commands, in an order in which they could be carried out one after the other."""
    requests: tuple[tuple[PlannedCommand, ...], ...]
    """The commands of each request, if no step fails. What fails can make more requests."""
    planned: tuple[PlannedAction, ...] = attrs.field(repr=False)
    """The actions, each with its place; for connections."""

    @property
    def merged(self) -> tuple[PlannedCommand, ...]:
        """The commands that were merged; `actions` of each says out of which."""
        return tuple(command for command in self.commands if command.is_merged)

    @property
    def least_seconds(self) -> float:
        """The seconds from the first request to the last at least, at the documented limit of one client."""
        return least_time(ACTION, len(self.requests))

    def __str__(self) -> str:
        sizes = (len(self.actions), "action"), (len(self.commands), "command"), (len(self.requests), "request")
        actions, commands, requests = (f"{size:,} {name}{'' if size == 1 else 's'}" for size, name in sizes)
        limit = f"{ACTION.per_client} requests in {ACTION.period:.0f} s"
        return (
            f"{actions} in {commands}, {len(self.merged):,} of them merged, in {requests}: "
            f"{duration(self.least_seconds)} at least, at {limit}"
        )

    def __repr__(self) -> str:
        return f"<Plan of {self}>"


def plan(actions: Iterable[Action], *, by_group: bool = False) -> Plan:
    """Return the fewest requests that carry out the actions and keep the order of those on one user or group.

    An action is not divided unless it is longer than a command can be. With `by_group`, memberships of users who
    are only added to groups or taken out of them become commands on the groups, where that makes fewer. They must
    be there already, as what is created in the same plan has its groups in the same command.

    Raises:
        ActionError: an action has no steps, or is none; its pointer begins with the action's place in the list.
    """
    if not isinstance(actions, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ActionError((Violation("", f"{kind_of(actions)} is not a list of actions"),))
    cuts = [_cut(place, action) for place, action in enumerate(actions)]
    memberships = Memberships([pieces for _, pieces in cuts] if by_group else [])
    planner = _Planner()
    for frame, pieces in cuts:
        if memberships.takes(pieces):
            for command in memberships.collect(pieces):
                planner.append(command)
        else:
            planner.place(frame, pieces, memberships)
    for command in memberships.rest():
        planner.append(command)
    commands = tuple(command for command in planner.commands if command is not None)
    drop_lone_touches(commands)
    measure_heights(commands)
    planned = tuple(pieces[0].owner for _, pieces in cuts)
    return Plan(
        actions=tuple(owner.action for owner in planned),
        commands=commands,
        requests=tuple(batch(commands)),
        planned=planned,
    )


def _cut(place: int, action: Action) -> tuple[Frame, list[Piece]]:
    """Return an action's frame and pieces."""
    commands = commands_of(action, f"/{place}")
    frame = commands[0][0]
    owner = PlannedAction(place, action, action.step_count, frame.request_id)
    pieces: list[Piece] = []
    for command, places in commands:
        steps: Sequence[Step] = command.do
        pieces += [Piece(owner, caller, step) for caller, step in zip(places, steps, strict=True)]
    return frame, pieces


class _Planner:
    """The commands so far, and who touched what last, by places in the list of commands."""

    def __init__(self) -> None:
        self.commands: list[PlannedCommand | None] = []
        self._open: dict[tuple[object, ...], int] = {}
        """The last command on each user or group that is named in the same way."""
        self._last: dict[str, int] = {}
        """Who touched a thing last."""
        self._last_alone: dict[str, int] = {}
        """Who had it to himself last."""

    def append(self, command: PlannedCommand) -> int:
        """Put a command at the end; return its place."""
        place = len(self.commands)
        self.commands.append(command)
        self._note(command, place)
        return place

    def place(self, frame: Frame, pieces: list[Piece], memberships: Memberships) -> None:
        """Merge an action into the last command on its user or group, or give it commands of its own."""
        chunks = _chunks(pieces)
        key = _key(frame)
        for chunk in chunks:
            touches = _touches(frame, chunk)
            for command in memberships.before(touches):
                self.append(command)
            place = self._open.get(key)
            if place is not None and len(chunks) == 1 and self._merge(place, key, chunk, touches):
                continue
            self._open[key] = self.append(
                PlannedCommand(frame=frame, pieces=tuple(chunk), touches=touches, merging=_mergeable(chunk))
            )

    def _merge(self, place: int, key: tuple[object, ...], pieces: list[Piece], touches: Mapping[str, bool]) -> bool:
        """Merge an action into the command at a place, if it can be; the command may move to the end for it."""
        command = self.commands[place]
        if command is None or not may_follow(command, pieces):
            return False
        new_place = self._meeting_place(command, place, touches)
        if new_place is None:
            return False
        command.pieces += tuple(pieces)
        command.merging = _mergeable(command.pieces)
        command.touches = _together(command.touches, touches)
        if new_place != place:
            self.commands[place] = None
            self.commands.append(command)
            self._open[key] = new_place
        self._note(command, new_place)
        return True

    def _meeting_place(self, command: PlannedCommand, place: int, touches: Mapping[str, bool]) -> int | None:
        """Return where a command can be merged with what follows: where it is, at the end, or nowhere."""
        if self._is_free(touches, place):
            return place
        return len(self.commands) if self._is_free(command.touches, place) else None

    def _is_free(self, touches: Mapping[str, bool], place: int) -> bool:
        """Whether no command after that place has to come before, or after, one that touches these."""
        return all(
            (self._last if alone else self._last_alone).get(name, -1) <= place for name, alone in touches.items()
        )

    def _note(self, command: PlannedCommand, place: int) -> None:
        for name, alone in command.touches.items():
            self._last[name] = max(self._last.get(name, -1), place)
            if alone:
                self._last_alone[name] = max(self._last_alone.get(name, -1), place)


def may_follow(command: PlannedCommand, pieces: Sequence[Piece]) -> bool:
    """Return whether the pieces of an action can go into a command after those that it has."""
    steps = [piece.step for piece in command.pieces]
    new = [piece.step for piece in pieces]
    if creates(new[0]) or ends(steps[-1]) or any(map(renames, (*steps, *new))):
        return False
    if not command.merging or not _is_plainly_meant(command.frame, steps[0]):
        return False
    together = (*command.pieces, *pieces)
    if len(together) > MOST_PIECES:
        return False
    return _size(together) <= most_steps(steps[0])


def _mergeable(pieces: Sequence[Piece]) -> bool:
    """Whether the lists of a command may be merged.

    If a merged step fails, all from there on is sent again: not what ends a user or group, or gives a new name.
    """
    return not any(ends(piece.step) or renames(piece.step) for piece in pieces)


def _size(pieces: Sequence[Piece]) -> int:
    return count_steps(pieces) if _mergeable(pieces) else len(pieces)


def _is_plainly_meant(frame: Frame, first: Step) -> bool:
    """Whether the account that a command creates is the one that its name alone means afterwards.

    An e-mail address means the Enterprise or Federated ID where there is an Adobe ID too, or with useAdobeID the
    other way round.
    """
    if not isinstance(frame, UserCommand) or not isinstance(first, UserStep) or not creates(first):
        return True
    created = first.add_adobe_id or first.create_enterprise_id or first.create_federated_id
    assert created is not None
    same_name = "@" not in frame.user or created.email.lower() == frame.user.lower()
    return same_name and (first.add_adobe_id is not None) == bool(frame.use_adobe_id)


def _key(frame: Frame) -> tuple[object, ...]:
    if isinstance(frame, UserCommand):
        return "user", frame.user.lower(), (frame.domain or "").lower(), bool(frame.use_adobe_id)
    return "group", frame.user_group.lower()


def _chunks(pieces: list[Piece]) -> list[list[Piece]]:
    """Divide an action that is longer than a command can be."""
    most = most_steps(pieces[0].step)
    if len(pieces) <= most:
        return [pieces]
    chunks: list[list[Piece]] = [[]]
    for piece in pieces:
        if len(chunks[-1]) == MOST_PIECES or _size((*chunks[-1], piece)) > most:
            chunks.append([])
        chunks[-1].append(piece)
    return chunks


def _touches(frame: Frame, pieces: Sequence[Piece]) -> Mapping[str, bool]:
    touches: Mapping[str, bool] = {}
    most = most_steps(pieces[0].step)
    for start in range(0, len(pieces), most):
        steps = [piece.step for piece in pieces[start : start + most]]
        touches = _together(touches, touched(with_steps(frame, steps)))
    return touches


def _together(one: Mapping[str, bool], other: Mapping[str, bool]) -> Mapping[str, bool]:
    """Return what is touched by two that become one."""
    if not one:
        return other
    return {**one, **{name: alone or one.get(name, False) for name, alone in other.items()}}


def duration(seconds: float) -> str:
    """Return a length of time in words."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
