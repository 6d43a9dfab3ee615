"""Pieces of actions, and the commands that are put together of them: which steps become one, and which may not meet.

A piece is a step as its action would send it. A command holds pieces of one action or of several, in order. Neighbours
that only list names of one kind become one step; what such a step is made of is never forgotten, as an error of it is
traced by sending the pieces again, each as a step of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

import attrs

from umapi_models.limits import MAX_GROUPS, MAX_PROFILES, MAX_USER_GROUP_STEPS, MAX_USER_STEPS, MAX_USERS
from umapi_models.models import (
    AddToUserGroup,
    RemoveFromUserGroup,
    UserCommand,
    UserGroupStep,
    UserStep,
)
from umapi_models.names import ADD, REMOVE
from umapi_sdk.actions import Action
from umapi_sdk.batches import WireCommand, write_command
from umapi_sdk.kinds import Frame, Step

T = TypeVar("T")

MOST_PIECES = min(MAX_USER_STEPS * MAX_GROUPS, MAX_USER_GROUP_STEPS * MAX_USERS)
"""Pieces of a command at most: one for each name that it can list."""

_SIZES = {"group": MAX_GROUPS, "user": MAX_USERS, "product_configuration": MAX_PROFILES}


@attrs.frozen(eq=False)
class PlannedAction:
    """An action, at its place in the plan; the same action given twice is two of these."""

    place: int
    action: Action
    step_count: int
    """Its steps when it was planned, as the caller wrote them."""
    request_id: str | None


@attrs.frozen(eq=False)
class Piece:
    """One step of an action, as it is sent if nothing is merged."""

    owner: PlannedAction
    place: int
    """Place of the caller's step, from 0."""
    step: Step


@attrs.frozen(eq=False)
class PlannedStep:
    """One step of a command: a piece, or names out of several."""

    step: Step
    sources: tuple[int, ...]
    """Places of the pieces in the command."""
    merged: bool
    """True unless it is one piece, whole."""


@attrs.define(eq=False, kw_only=True)
class PlannedCommand:
    """One command for the service: a user or group, and pieces of the actions on it."""

    frame: Frame
    """A command with the right root; its steps and requestID are not looked at."""
    pieces: tuple[Piece, ...]
    touches: Mapping[str, bool] = attrs.field(repr=False)
    """The users and groups it touches; true for those that no other command in its request may touch."""
    merging: bool = True
    """Whether neighbouring lists of names become one step."""
    by_group: bool = False
    """True if the pieces are memberships of users, and the command is on their group."""
    height: int = 0
    """How many commands at least have to follow one after the other."""

    @property
    def target(self) -> str:
        """The user or user group, as first written."""
        return self.frame.user if isinstance(self.frame, UserCommand) else self.frame.user_group

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions that it carries out, wholly or in part, in order."""
        return tuple(owner.action for owner in dict.fromkeys(piece.owner for piece in self.pieces))

    @property
    def is_merged(self) -> bool:
        """Whether it carries out more than one action, or makes one step of several."""
        return self.pieces[0].owner is not self.pieces[-1].owner or any(step.merged for step in self.steps())

    def steps(self) -> list[PlannedStep]:
        """Return the steps to send, in order."""
        if self.by_group:
            return list(_member_steps(self.pieces, merging=self.merging))
        return merge_steps(self.pieces) if self.merging else _plain(self.pieces)

    def write(self, steps: Sequence[PlannedStep]) -> WireCommand:
        """Return the command to send; a step on the wire is the one at the same place in `steps`.

        Raises:
            ActionError: it holds text that cannot be written.
        """
        do = tuple(planned.step for planned in steps)
        ids = {piece.owner.request_id for piece in self.pieces}
        request_id = ids.pop() if len(ids) == 1 and not self.by_group else None
        frame = with_steps(self.frame, do)
        if frame.request_id != request_id:
            frame = attrs.evolve(frame, request_id=request_id)
        return WireCommand(
            action=self.pieces[0].owner.action,
            part=0,
            parts=1,
            request_id=request_id,
            body=write_command(frame),
            steps=tuple(range(len(do))),
            touches=self.touches,
        )


def most_steps(step: Step) -> int:
    """Return how many steps a command with such steps can have."""
    return MAX_USER_STEPS if isinstance(step, UserStep) else MAX_USER_GROUP_STEPS


def with_steps(frame: Frame, steps: Sequence[Step]) -> Frame:
    """Return the command with other steps, which are of its kind."""
    if frame.do == tuple(steps):
        return frame
    if isinstance(frame, UserCommand):
        return attrs.evolve(frame, do=tuple(step for step in steps if isinstance(step, UserStep)))
    return attrs.evolve(frame, do=tuple(step for step in steps if isinstance(step, UserGroupStep)))


def merge_steps(pieces: Sequence[Piece]) -> list[PlannedStep]:
    """Return the fewest steps for the pieces, in order: each run of lists of one kind becomes full lists."""
    steps: list[PlannedStep] = []
    start = 0
    for kind, run in groupby(pieces, lambda piece: list_kind(piece.step)):
        places = range(start, start := start + len(tuple(run)))
        if kind is None or len(places) == 1:
            steps += [PlannedStep(pieces[place].step, (place,), merged=False) for place in places]
        else:
            steps += _lists(pieces, places, *kind)
    return steps


def count_steps(pieces: Sequence[Piece]) -> int:
    """Return how many steps `merge_steps` makes of the pieces."""
    count = 0
    for kind, run in groupby(pieces, lambda piece: list_kind(piece.step)):
        if kind is None:
            count += len(tuple(run))
        else:
            names = {name.lower() for piece in run for name in listed(piece.step, *kind)}
            count += -(-len(names) // _SIZES[kind[1]])
    return count


def list_kind(step: Step) -> tuple[str, str] | None:
    """Return what the step does with a single list of names, and of what: ("add", "group"); None for other steps."""
    if isinstance(step, UserStep):
        if step.add is not None:
            return ADD, "group"
        return None if step.remove is None or isinstance(step.remove, str) else (REMOVE, "group")
    name = ADD if step.add is not None else REMOVE
    fields = step.add or step.remove
    if fields is None or (fields.user and fields.product_configuration):
        return None
    return name, "user" if fields.user else "product_configuration"


def listed(step: Step, name: str, field: str) -> tuple[str, ...]:
    """Return the names in a step of that kind."""
    names: tuple[str, ...] = getattr(getattr(step, name), field)
    return names


def _plain(pieces: Sequence[Piece]) -> list[PlannedStep]:
    return [PlannedStep(piece.step, (place,), merged=False) for place, piece in enumerate(pieces)]


def _lists(pieces: Sequence[Piece], places: Sequence[int], name: str, field: str) -> Iterator[PlannedStep]:
    """Make full lists of the names in a run of pieces; letter case aside, each name is in them once."""
    sources: dict[str, list[int]] = {}
    spelt: dict[str, str] = {}
    for place in places:
        for given in listed(pieces[place].step, name, field):
            sources.setdefault(given.lower(), []).append(place)
            spelt.setdefault(given.lower(), given)
    for chunk in _chunks(list(spelt), _SIZES[field]):
        names = tuple(spelt[key] for key in chunk)
        of = tuple(sorted({place for key in chunk for place in sources[key]}))
        first = pieces[of[0]].step
        if len(of) == 1 and listed(first, name, field) == names:
            yield PlannedStep(first, of, merged=False)
        else:
            fields = attrs.evolve(getattr(first, name), **{field: names})
            yield PlannedStep(attrs.evolve(first, **{name: fields}), of, merged=True)


def _chunks(names: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


def memberships(piece: Piece) -> tuple[str, tuple[str, ...]]:
    """Return what a piece of a user, which lists groups, does with the memberships in them, "add" or "remove"."""
    kind = list_kind(piece.step)
    assert kind is not None
    return kind[0], listed(piece.step, *kind)


def member_step(kind: str, users: Sequence[str]) -> UserGroupStep:
    """Return the step on a group that adds or removes users.

    Raises:
        ContractError: they cannot be named in such a step.
    """
    if kind == ADD:
        return UserGroupStep(add=AddToUserGroup(user=tuple(users)))
    return UserGroupStep(remove=RemoveFromUserGroup(user=tuple(users)))


def _member_steps(pieces: Sequence[Piece], *, merging: bool) -> Iterator[PlannedStep]:
    """Make steps on the group of memberships of users: full lists, or one step for each user."""
    sources: dict[tuple[str, str], list[int]] = {}
    for place, piece in enumerate(pieces):
        sources.setdefault((memberships(piece)[0], piece.owner.action.target.lower()), []).append(place)
    for kind, keys in groupby(sorted(sources, key=lambda key: key[0]), lambda key: key[0]):
        for chunk in _chunks(list(keys), MAX_USERS if merging else 1):
            of = [sources[key] for key in chunk]
            names = [pieces[places[0]].owner.action.target for places in of]
            yield PlannedStep(member_step(kind, names), tuple(place for places in of for place in places), merged=True)
