"""What actions on users and on groups share: a target, steps that are checked when added, and their commands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from msgspec.structs import replace

from umapi_models.models import UserCommand, UserGroupCommand, UserGroupStep, UserStep
from umapi_runtime.constraints import ContractError, Violation, contract_of, show
from umapi_sdk.actions.names import Names, at_once, in_chunks, moved
from umapi_sdk.characters import shown
from umapi_sdk.effects import StepPart
from umapi_sdk.errors import ActionError
from umapi_sdk.outcomes import ActionOutcome, OutcomeStatus
from umapi_sdk.prudence import doubts, doubts_of_name, named, useless

Step = TypeVar("Step", bound=UserStep | UserGroupStep)
Command = TypeVar("Command", bound=UserCommand | UserGroupCommand)

_SHOWN = 10  # steps of an action that its repr looks at
_LONGEST = 120  # characters of the steps in a repr

# An action can be in the queues of several connections, each with its own threads. Reentrant as the queue's lock.
_marking = threading.RLock()


class Action:
    """What to do to one user or user group: a target and steps. Once executed, it knows its outcome."""

    target: str
    """The user or user group, as written."""
    outcome: ActionOutcome | None
    """What became of the action in the last execution that ended; None until it has been executed."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.outcome = None
        self._holds = 0
        self._sent = False

    @property
    def step_count(self) -> int:
        """Number of steps, as the caller wrote them."""
        raise NotImplementedError

    @property
    def commands(self) -> Sequence[tuple[UserCommand | UserGroupCommand, tuple[int, ...]]]:
        """The commands that carry out the action, in order, each with the places of the caller's steps in it."""
        raise NotImplementedError

    def again(self, frame: UserCommand | UserGroupCommand, parts: Sequence[StepPart]) -> Action:
        """Return a new action with some of the steps, on the user or group of `frame`; for outcomes."""
        raise NotImplementedError

    def execution_errors(self) -> tuple[str, ...]:
        """Return what went wrong, one line for each failed step; empty when nothing did, or before execution."""
        if self.outcome is None or self.outcome.status is OutcomeStatus.COMPLETED:
            return ()
        return tuple(str(error) for error in self.outcome.errors) or (str(self.outcome.reason),)

    def hold(self) -> None:
        """Note that the action is in a queue; for connections. A step that is added now would not be sent."""
        with _marking:
            self._holds += 1

    def let_go(self, *, sent: bool) -> None:
        """Note that the action has left a queue; for connections. If nothing of it was sent, it takes steps again."""
        with _marking:
            self._holds -= 1
            self._sent = self._sent or sent

    def _check_open(self) -> None:
        if self._holds or self._sent:
            state = "is queued" if self._holds else "has been sent"
            problem = f"the action {state}, and takes no further step: begin a new action"
            raise self._refused(Violation(f"/do/{self.step_count}", problem))

    def _refused(self, *violations: Violation) -> ActionError:
        """Return the error that tells of them, for this user or group."""
        target = cast("object", self.target)  # whatever the caller gave, while the target itself is looked at
        return ActionError(violations, target if isinstance(target, str) else "")

    def __repr__(self) -> str:
        status = f", {self.outcome.status}" if self.outcome else ""
        count = "1 step" if self.step_count == 1 else f"{self.step_count} steps"
        told = shortened(f": {steps}" if (steps := ", ".join(islice(self._shown_steps(), _SHOWN))) else "")
        return f"<{type(self).__name__} {shortened(repr(self.target))}, {count}{told}{status}>"

    def _shown_steps(self) -> Iterator[str]:
        """Give the steps in words: what each does, and to which groups, profiles or members; no field of a person."""
        for command, _ in self.commands:
            for step in command.do:
                yield _shown_step(step)


def _shown_step(step: UserStep | UserGroupStep) -> str:
    for name, wire_name in contract_of(type(step)).names.items():
        content: object = getattr(step, name)
        if isinstance(content, str):
            return f"{wire_name} {content}"
        if content is not None:
            lists = (getattr(content, field) for field in contract_of(type(content)).names)
            names = [show(each) for listed in lists if isinstance(listed, tuple) for each in cast("tuple[str]", listed)]
            return f"{wire_name} {', '.join(names)}" if names else wire_name
    return ""


def shortened(text: str) -> str:
    """Return a text as a repr shows it: as one line of bounded length."""
    return shown(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


class Steps(Action, Generic[Step, Command]):
    """The steps of an action, and the commands that they make, kept as they were checked."""

    _limit: ClassVar[int]
    """How many steps a command holds."""

    def __init__(self, target: str, make: Callable[[], Command]) -> None:
        super().__init__(target)
        self._count = 0
        self._parts: list[tuple[Command, tuple[int, ...]]] = []
        self._last: tuple[Step, ...] = ()
        """The steps of the last command."""
        # A wrong target is to be an error here and not at the first step. The rules of commands judge targets, and
        # no command is without a step: it is made with one that every target can have.
        try:
            self._frame: Any = make()
        except ContractError as error:
            raise self._refused(*(named(violation, target) for violation in error.violations)) from None
        found = doubts(self._frame)
        if found:
            raise self._refused(*found)

    @property
    def step_count(self) -> int:
        """Number of steps, as the caller wrote them."""
        return self._count

    @property
    def commands(self) -> Sequence[tuple[Command, tuple[int, ...]]]:
        """The commands that carry out the action, in order, each with the places of the caller's steps in it."""
        return self._parts

    def _adopt(self, parts: Sequence[tuple[Command, tuple[int, ...]]], last: tuple[Step, ...]) -> None:
        """Begin with commands that are whole and checked; `last` are the steps of the last of them."""
        self._count, self._last = parts[-1][1][-1] + 1, last
        self._parts = list(parts)

    def _take_over(self, parts: Sequence[StepPart]) -> Self:
        """Begin with steps of another action, which were checked one after the other when that was made."""
        numbers = {place: number for number, place in enumerate(dict.fromkeys(part.place for part in parts))}
        places = [numbers[part.place] for part in parts]
        steps = tuple(cast("Step", part.step) for part in parts)
        starts = range(0, len(steps), self._limit)
        slices = [slice(start, start + self._limit) for start in starts]
        self._adopt([self._part(steps[each], tuple(places[each])) for each in slices], steps[slices[-1]])
        return self

    def _add(self, name: str, make: Callable[[], Step]) -> Self:
        try:
            step = make()
        except ContractError as error:
            raise self._refused(*error.below(f"/do/{self._count}/{name}").violations) from None
        found = doubts(step)
        if found:
            raise self._refused(*(violation.below(f"/do/{self._count}") for violation in found))
        unwanted = list(doubts_of_name(step, self.target))
        if unwanted:
            raise self._refused(*unwanted)
        return self._append((step,))

    def _add_names(
        self, name: str, field: str, names: Names, size: int, make: Callable[[tuple[str, ...]], Step]
    ) -> Self:
        """Add a step that lists names: one on the wire for each `size` of them."""
        step = at_once(names, make, size)
        if step is not None:
            return self._append((step,))
        try:
            steps = in_chunks(names, make, size, f"/do/{self._count}", name, field)
        except ActionError as error:
            raise self._refused(*error.violations) from None
        return self._append(steps)

    def _append(self, steps: tuple[Step, ...]) -> Self:
        place, limit, whole = self._count, self._limit, len(self._parts)
        before: tuple[Step, ...] = ()
        places: tuple[int, ...] = ()
        if whole:
            last, taken = self._last, self._parts[-1][1]
            problem = useless(last[-1], steps[0])
            if problem is not None:
                raise self._refused(Violation(f"/do/{place}", problem))
            if len(last) < limit:
                whole -= 1
                before, places = last, taken
            else:
                # The first step of a command follows the last one of the command before all the same.
                self._part((last[-1], steps[0]), (taken[-1], place))
        places += (place,) * len(steps)
        extended: Command | None = self._frame.__extended__(before, steps[0]) if len(steps) == 1 else None
        steps = before + steps
        if extended is None:
            parts = [
                self._part(steps[start : start + limit], places[start : start + limit])
                for start in range(0, len(steps), limit)
            ]
        else:
            parts = [(extended, places)]
        with _marking:
            self._check_open()
            self._parts[whole:] = parts
            self._last = steps[-len(parts[-1][1]) :]
            self._count = place + 1
        return self

    def _part(self, steps: tuple[Step, ...], places: tuple[int, ...]) -> tuple[Command, tuple[int, ...]]:
        try:
            return replace(self._frame, do=steps), places
        except ContractError as error:
            raise self._refused(*(moved(violation, "/do/", places) for violation in error.violations)) from None
