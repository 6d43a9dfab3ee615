"""A row of a bulk run: its action as the journal keeps it, and what is known of each portion of it.

A portion is the least that can take effect for itself: a step, or where a step lists names of one kind, one of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any

import attrs

from umapi_models.models import UserCommand, UserGroupCommand
from umapi_runtime.converter import read_request
from umapi_sdk.actions import Action
from umapi_sdk.batches import commands_of, write_command
from umapi_sdk.commands import GroupCommandAction, UserCommandAction
from umapi_sdk.effects import StepPart, StepStatus
from umapi_sdk.kinds import Frame, Step, steps_of
from umapi_sdk.leftovers import Leftover, what_is_left
from umapi_sdk.outcomes import Refusal, StepError
from umapi_sdk.pieces import Piece, list_kind, listed, most_steps, with_steps

Portion = tuple[int, str]
"""Place of a step, as the caller wrote it, and a name in it; empty for a step as a whole."""


class Fate(IntEnum):
    """What is known of a portion. The numbers are those of the journal."""

    IN_DOUBT = 0
    """It may have reached the service, and nothing more is known yet."""
    TOOK_EFFECT = 1
    """The service said so."""
    FOUND = 2
    """It was sent, no clear answer came, and a query has shown that things are as it asks."""
    FAILED = 3
    """The service refused it."""
    UNCLEAR = 4
    """A step before it failed, and whether the service went on is not known."""
    UNTOLD = 6
    """The errors of its command do not tell of it."""
    UNKNOWN = 5
    """It was sent, and whether it took effect could not be found out."""


_STATUSES = {
    Fate.IN_DOUBT: StepStatus.UNKNOWN,
    Fate.TOOK_EFFECT: StepStatus.TOOK_EFFECT,
    Fate.FOUND: StepStatus.TOOK_EFFECT,
    Fate.FAILED: StepStatus.FAILED,
    Fate.UNCLEAR: StepStatus.PERHAPS_NOT_REACHED,
    Fate.UNKNOWN: StepStatus.UNKNOWN,
    Fate.UNTOLD: StepStatus.UNKNOWN,
}
_TO_GO_ON_WITH = (StepStatus.TOOK_EFFECT, StepStatus.NOT_SENT)
_FAILURES = frozenset({Fate.FAILED, Fate.UNCLEAR, Fate.UNTOLD})


class State(IntEnum):
    """What is known of a row. The numbers are those of the journal."""

    OPEN = 0
    COMPLETED = 1
    FAILED = 2
    UNKNOWN = 3
    BAD = 4
    """It was refused when it was checked, and has no action."""


def encode_action(action: Action) -> str:
    """Return an action as the text of its command, or if it has several or is part of one, of a list of them.

    Raises:
        ActionError: it has no steps, or holds text that cannot be written.
    """
    parts = commands_of(action)
    bodies = [write_command(command).decode() for command, _ in parts]
    places = [list(places) for _, places in parts]
    if len(parts) == 1 and places[0] == list(range(len(places[0]))):
        return bodies[0]
    return "[" + ",".join(f"[{json.dumps(of)},{body}]" for of, body in zip(places, bodies, strict=True)) + "]"


def decode_parts(text: str) -> list[tuple[Sequence[int], dict[str, Any]]]:
    """Return the commands of an action that `encode_action` has written, each with the places of its steps."""
    if text.startswith("["):
        parts: list[tuple[Sequence[int], dict[str, Any]]] = json.loads(text)
        return parts
    body: dict[str, Any] = json.loads(text)
    return [(range(len(body["do"])), body)]


@attrs.frozen
class PlacedStep:
    """A step as it is sent, and the place of the caller's step that it comes of."""

    place: int
    step: Step


@attrs.define
class Note:
    """What has been heard of a row, beside the fates of its portions."""

    errors: list[StepError] = attrs.field(factory=list[StepError])
    warnings: list[StepError] = attrs.field(factory=list[StepError])
    request_ids: list[str] = attrs.field(factory=list[str])
    reason: str | None = None
    refusal: Refusal | None = None
    refused_for: str | None = None
    """What was said when a request with it was refused as a whole."""
    losses: int = 0
    """How often no clear answer came in this session. The journal does not keep it."""
    repeated: bool = False
    """True once a portion of it may have been sent twice."""
    before: list[str] = attrs.field(factory=list[str])
    """What may have been done to its user or group before: the kinds of those steps, other rows' too."""
    echoed: bool = False
    """True if the last answer may hide an earlier success: it is its echo, or refuses the request as a whole."""

    def add_request(self, request_id: str | None) -> None:
        """Note the X-Request-Id of an answer."""
        if request_id is not None and request_id not in self.request_ids:
            self.request_ids.append(request_id)

    def repeat(self, kinds: Iterable[str]) -> None:
        """Note that it is sent again, after steps of these kinds that may have been carried out."""
        self.repeated = True
        self.before = sorted({*self.before, *kinds})

    def write(self) -> str | None:
        """Return the note as text for the journal; None if there is nothing to note."""
        data: dict[str, Any] = {}
        for name, errors in (("errors", self.errors), ("warnings", self.warnings)):
            if errors:
                data[name] = [
                    [error.step, error.code, error.message, error.request_id, error.maybe_echo] for error in errors
                ]
        if self.refusal is not None:
            data["refusal"] = [self.refusal.status, self.refusal.code]
        for name in ("request_ids", "reason", "refused_for", "repeated", "before", "echoed"):
            if value := getattr(self, name):
                data[name] = value
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")) if data else None

    @classmethod
    def read(cls, text: str | None) -> Note:
        """Return the note that a text of the journal holds."""
        if text is None:
            return cls()
        data: dict[str, Any] = json.loads(text)
        for name in ("errors", "warnings"):
            data[name] = [StepError(*fields) for fields in data.get(name, ())]
        if "refusal" in data:
            status, code = data["refusal"]
            data["refusal"] = Refusal(status=status, code=code)
        return cls(**data)


@attrs.define(eq=False)
class OpenRow:
    """A row that is not settled."""

    number: int
    frame: Frame
    """A command with its root; its steps are not looked at."""
    steps: tuple[PlacedStep, ...]
    portions: Mapping[Portion, int]
    """All its portions in order, each with the place of its step in `steps`."""
    fates: dict[Portion, Fate]
    """What is known, by portion; what was never sent is not among them."""
    note: Note

    @classmethod
    def read(cls, number: int, command: str, fates: dict[Portion, Fate], note: str | None) -> OpenRow:
        """Return the row that the journal holds."""
        parts = decode_parts(command)
        frames = [_read_command(body) for _, body in parts]
        steps = tuple(
            PlacedStep(place, step)
            for (places, _), frame in zip(parts, frames, strict=True)
            for place, step in zip(places, steps_of(frame), strict=True)
        )
        portions = {
            portion: index for index, placed in enumerate(steps) for portion in portions_of(placed.place, placed.step)
        }
        return cls(number, frames[0], steps, portions, fates, Note.read(note))

    @property
    def target(self) -> str:
        """The user or user group that it names."""
        return self.frame.user if isinstance(self.frame, UserCommand) else self.frame.user_group

    @property
    def settled(self) -> bool:
        """True when nothing of it has to be sent or found out any more: after something unknown, nothing is sent."""
        known = self.fates.values()
        return Fate.UNKNOWN in known or (len(self.fates) == len(self.portions) and Fate.IN_DOUBT not in known)

    @property
    def state(self) -> State:
        """What became of it, once it is settled."""
        fates = set(self.fates.values())
        if Fate.UNKNOWN in fates:
            return State.UNKNOWN
        return State.FAILED if fates & _FAILURES else State.COMPLETED

    @property
    def in_doubt(self) -> list[Portion]:
        """The portions of which nothing is known, in order."""
        return [portion for portion in self.portions if self.fates.get(portion) is Fate.IN_DOUBT]

    def steps_of(self, portions: Iterable[Portion]) -> Iterator[PlacedStep]:
        """Give the steps that consist of these portions, in order: whole, or with some of their names."""
        wanted = set(portions)
        for placed in self.steps:
            mine = portions_of(placed.place, placed.step)
            kept = [portion for portion in mine if portion in wanted]
            if len(kept) == len(mine):
                yield placed
            elif kept:
                yield PlacedStep(placed.place, _with_names(placed.step, tuple(name for _, name in kept)))

    def step_parts(self, *, test_mode: bool) -> list[StepPart]:
        """Return its steps and what became of them; one whose names do not share a fate is several."""
        parts: list[StepPart] = []
        for placed in self.steps:
            fates: dict[StepStatus, list[Portion]] = {}
            for portion in portions_of(placed.place, placed.step):
                fates.setdefault(status_of(self.fates.get(portion), test_mode=test_mode), []).append(portion)
            for status, portions in fates.items():
                parts += [StepPart(part.place, part.step, status) for part in self.steps_of(portions)]
        return parts

    def leftover(self, *, test_mode: bool) -> Leftover:
        """Return what has to be sent yet: what never was, and what is to be sent again.

        In test mode nobody has a new name by what was sent, and nothing has to be done once more.
        """
        parts = self.step_parts(test_mode=test_mode)
        return what_is_left(self.frame, [part for part in parts if part.status in _TO_GO_ON_WITH], unchanged=test_mode)

    def rest(self, *, test_mode: bool) -> Action:
        """Return the action that is left; there must be one."""
        return _action_of(self.leftover(test_mode=test_mode))

    def correction(self, *, test_mode: bool) -> Action | None:
        """Return what to send once its mistakes are corrected: all that is left, with the steps that failed.

        None if nothing is left, or if what is left is not known.
        """
        leftover = what_is_left(self.frame, self.step_parts(test_mode=test_mode), unchanged=test_mode)
        return _action_of(leftover) if leftover.known and leftover.parts else None


def _action_of(leftover: Leftover) -> Action:
    left, frame = leftover.parts, leftover.frame
    most = most_steps(left[0].step)
    chunks = [left[start : start + most] for start in range(0, len(left), most)]
    places = [tuple(part.place for part in chunk) for chunk in chunks]
    commands = [with_steps(frame, [part.step for part in chunk]) for chunk in chunks]
    users = [command for command in commands if isinstance(command, UserCommand)]
    if users:
        return UserCommandAction(*users, places=places)
    groups = [command for command in commands if isinstance(command, UserGroupCommand)]
    return GroupCommandAction(*groups, places=places)


def _read_command(body: dict[str, Any]) -> Frame:
    return read_request(UserCommand, body) if "user" in body else read_request(UserGroupCommand, body)


def status_of(fate: Fate | None, *, test_mode: bool) -> StepStatus:
    """Return what the fate of a portion says of its step; None is that of what was not sent."""
    status = StepStatus.NOT_SENT if fate is None else _STATUSES[fate]
    return StepStatus.WOULD_SUCCEED if test_mode and status is StepStatus.TOOK_EFFECT else status


def portions_of(place: int, step: Step) -> list[Portion]:
    """Return the portions of a step, in order."""
    kind = list_kind(step)
    return [(place, "")] if kind is None else [(place, name) for name in listed(step, *kind)]


def portions_in(pieces: Iterable[Piece]) -> Iterator[Portion]:
    """Give the portions of pieces of one action."""
    for piece in pieces:
        yield from portions_of(piece.place, piece.step)


def _with_names(step: Step, names: Sequence[str]) -> Step:
    kind = list_kind(step)
    assert kind is not None
    name, field = kind
    return attrs.evolve(step, **{name: attrs.evolve(getattr(step, name), **{field: tuple(names)})})
