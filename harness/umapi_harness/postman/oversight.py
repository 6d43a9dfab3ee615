"""Oversight: looks, at the end of each step and of the run, at what happened that no check noticed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import attrs

from umapi_harness.postman import events
from umapi_harness.postman.collection import Item, Script
from umapi_harness.postman.rules import Rule

_ERRORS: Final = 400

_RESULT: Final = re.compile(r"\b(?:notCompleted|completed|completedInTestMode|result|errors)\b")
"""The members of an answer that tell whether commands were completed."""


@attrs.frozen(kw_only=True)
class Answered:
    """A request and its answer as they went over the wire: secrets included, so only judges see them."""

    method: str
    url: str
    request_body: bytes = attrs.field(repr=False)
    status: int
    headers: tuple[tuple[str, str], ...] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    cause: events.Cause = events.Cause.COLLECTION


Breach = tuple[Rule, str]
"""A rule that is broken, and the message that says by what."""
AnswerJudge = Callable[[Answered], Iterable[Breach]]
"""Finds what is wrong with an answer by what is known of the API."""


@attrs.define
class Oversight:
    """Sees the events of a run and the answers of its steps, and tells which rules they break."""

    judges: Sequence[AnswerJudge] = ()
    _status: int = attrs.field(default=0, init=False)
    _checked: list[events.CheckPassed] = attrs.field(factory=list[events.CheckPassed], init=False)
    _failed: bool = attrs.field(default=False, init=False)
    _found: list[Breach] = attrs.field(factory=list[Breach], init=False)
    _looked: set[str] = attrs.field(factory=set[str], init=False)

    def see(self, event: events.Event) -> None:
        """Takes in an event of the step."""
        match event:
            case events.ResponseReceived() if event.cause in events.OF_THE_COLLECTION:
                self._status = event.status
            case events.CheckPassed():
                self._checked.append(event)
            case events.CheckFailed():
                self._failed = True
            case _:
                pass

    def answered(self, answer: Answered) -> None:
        """Has an answer judged by what is known of the API."""
        for judge in self.judges:
            self._found.extend(judge(answer))

    def looked(self, scripts: Iterable[str]) -> None:
        """Takes in which scripts, by their places, looked at the status or the body of the step's answer."""
        self._looked.update(scripts)

    def end_step(self, item: Item, *, jumps: bool) -> tuple[Breach, ...]:
        """The rules that the step of `item` broke; the next step begins.

        A step that names the one to come (`jumps`) deals with an answer that its scripts look at: so are requests
        repeated.
        """
        broken = tuple(self._broken(self._counted(item, every=jumps)))
        self._status, self._failed = 0, False
        self._checked.clear()
        self._found.clear()
        self._looked.clear()
        return broken

    def _broken(self, scripts: list[Script]) -> Iterator[Breach]:
        seen = not self._looked.isdisjoint(script.pointer for script in scripts)
        if self._status >= _ERRORS and not self._failed and not seen:
            yield (
                Rule.HTTP_ERROR,
                f"answered with {self._status}, and no check looked at the status or body; check what is expected",
            )
        for rule, message in self._found:
            if rule is not Rule.NOT_COMPLETED or not (
                self._failed or any(_RESULT.search(script.source) for script in scripts)
            ):
                yield rule, message

    def _counted(self, item: Item, *, every: bool) -> list[Script]:
        """The scripts whose checks held, or every one, also where events do not say which."""
        places = {event.pointer for event in self._checked}
        scripts = (*item.prerequest, *item.tests)
        return [script for script in scripts if every or script.pointer in places or "" in places]
