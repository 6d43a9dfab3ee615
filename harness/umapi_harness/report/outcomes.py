"""Outcomes: the events of a run gathered by step, for reports that tell of each step when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import attrs
import msgspec

from umapi_harness.common.lines import one_line
from umapi_harness.postman import events

Check = events.CheckPassed | events.CheckFailed | events.CheckSkipped
_NAMED: Final = 10
"""Consequences of a missing answer that are told by name."""
_ADDRESS: Final = 2_000
Ending = events.ResponseReceived | events.RequestFailed


class Failure(msgspec.Struct, kw_only=True):
    """A failed check (`kind` is check) or a broken rule (`kind` is its name), with where to look.

    `expected` and `actual` are the two values that a check compared, if it compared two.
    """

    kind: str
    name: str
    message: str
    pointer: str
    expected: str | None = None
    actual: str | None = None
    follows_from: str = ""
    """The rule whose breach kept the answer away, for want of which it came about."""
    place: str = ""
    """The line of the script, in words, where it is known and the message does not tell it."""
    exchanges: tuple[int, ...] = ()
    """As events have them."""


class Outcome(msgspec.Struct, kw_only=True):
    """What became of one execution of one request."""

    step: events.Step
    data: tuple[tuple[str, str], ...] = ()
    """The row of its iteration."""
    sent: list[events.RequestSent] = msgspec.field(default_factory=list[events.RequestSent])
    ended: dict[int, Ending] = msgspec.field(default_factory=dict[int, Ending])
    """Answers and failures, by the number of the exchange."""
    checks: list[Check] = msgspec.field(default_factory=list[Check])
    errors: list[events.ErrorRaised] = msgspec.field(default_factory=list[events.ErrorRaised])
    notes: list[str] = msgspec.field(default_factory=list[str])
    changes: list[str] = msgspec.field(default_factory=list[str])
    """What changed in the organisation of the mock server."""
    console: list[events.ConsoleMessage] = msgspec.field(default_factory=list[events.ConsoleMessage])
    faults: list[events.FaultStruck] = msgspec.field(default_factory=list[events.FaultStruck])
    """Planned failures of the mock server that struck its requests."""
    broken: list[events.CheckFailed | events.ErrorRaised] = msgspec.field(
        default_factory=list[events.CheckFailed | events.ErrorRaised]
    )
    """What fails the step, in the order in which it came about: what follows from another stands behind it."""
    skipped: bool = False

    @property
    def request(self) -> events.RequestSent | None:
        """The request of the collection as it first went out."""
        return next((one for one in self.sent if one.cause is events.Cause.COLLECTION), None)

    @property
    def response(self) -> events.ResponseReceived | None:
        """The answer where redirects and challenges ended."""
        for one in reversed(self.sent):
            if one.cause in events.OF_THE_COLLECTION:
                end = self.ended.get(one.exchange)
                return end if isinstance(end, events.ResponseReceived) else None
        return None

    @property
    def seconds(self) -> float:
        """How long its exchanges took together, those of scripts left out."""
        mine = [one.exchange for one in self.sent if one.cause is not events.Cause.SCRIPT]
        return sum(self.ended[number].seconds for number in mine if number in self.ended)

    @property
    def failures(self) -> list[Failure]:
        """What fails the step, in the order in which it came about."""
        return [check_failure(one) if isinstance(one, events.CheckFailed) else rule_failure(one) for one in self.broken]

    @property
    def causes(self) -> list[Failure]:
        """Those that follow from no other of the step."""
        return [one for one in self.failures if not one.follows_from]

    @property
    def consequences(self) -> list[Failure]:
        """Those that came about for want of an answer, which one of the causes kept away."""
        return [one for one in self.failures if one.follows_from]

    @property
    def planned(self) -> str:
        """What stands behind the message of a failure in a step that planned failures struck; else nothing."""
        return f" ({'; '.join(planned(one.fault) for one in self.faults)})" if self.faults else ""

    def faults_of(self, exchange: int) -> list[str]:
        """The planned failures that struck an exchange, in words."""
        return [one.fault for one in self.faults if one.exchange == exchange]

    def about(
        self, failure: Failure | events.CheckFailed | events.ErrorRaised
    ) -> list[tuple[events.RequestSent, Ending | None]]:
        """The exchanges that a failure is about where that is not the request's own alone: those of pm.sendRequest."""
        named = failure.exchanges
        if not named:
            return []
        own = next((one.exchange for one in reversed(self.sent) if one.cause in events.OF_THE_COLLECTION), 0)
        numbers = {number or own for number in named}
        return [(one, end) for one, end in self.exchanges() if one.exchange in numbers]

    @property
    def allowed(self) -> list[Failure]:
        """Broken rules that the options of the run allow."""
        return [rule_failure(error) for error in self.errors if error.allowed]

    @property
    def state(self) -> str:
        """What became of the step, in one word: failed, skipped or passed."""
        if self.broken:
            return "failed"
        return "skipped" if self.skipped else "passed"

    def chains(self) -> list[list[tuple[events.RequestSent, Ending | None]]]:
        """The requests of the collection and of scripts, each with what redirects and challenges made of it.

        Those of scripts stand in the order in which they went out; requests for tokens are left out.
        """
        chains: dict[int, list[tuple[events.RequestSent, Ending | None]]] = {}
        for sent, end in self.exchanges():
            if sent.cause is not events.Cause.TOKEN:
                chain = chains.pop(sent.continues, [])
                chain.append((sent, end))
                chains[sent.exchange] = chain
        return list(chains.values())

    def exchanges(self) -> Iterator[tuple[events.RequestSent, Ending | None]]:
        """Each request with what came of it."""
        for one in self.sent:
            yield one, self.ended.get(one.exchange)

    def add(self, event: events.Event) -> None:
        """Take in an event of this step."""
        match event:
            case events.RequestSent():
                self.sent.append(event)
            case events.ResponseReceived() | events.RequestFailed():
                self.ended[event.exchange] = event
            case events.CheckFailed():
                self.checks.append(event)
                self.broken.append(event)
            case events.CheckPassed() | events.CheckSkipped():
                self.checks.append(event)
            case events.ErrorRaised():
                self.errors.append(event)
                if not event.allowed:
                    self.broken.append(event)
            case events.NoteTaken():
                self.notes.append(event.text)
            case events.OrganizationChanged():
                self.changes.extend(event.changes)
            case events.ConsoleMessage():
                self.console.append(event)
            case events.FaultStruck():
                self.faults.append(event)
            case events.RequestSkipped():
                self.skipped = True
            case _:
                pass


@attrs.define
class Gathering:
    """Listens to a run and hands on each step when it is over, so that nothing here grows with the run.

    What belongs to the run as a whole is kept, with as many errors and notes as `LIMIT`. `lighten` may put a smaller
    event in the place of one of a step, for as long as that goes on.
    """

    on_step: Callable[[Outcome], None]
    lighten: Callable[[events.Event], events.Event] | None = None
    started: events.RunStarted | None = attrs.field(default=None, init=False)
    finished: events.RunFinished | None = attrs.field(default=None, init=False)
    errors: list[events.ErrorRaised] = attrs.field(factory=list[events.ErrorRaised], init=False)
    notes: list[str] = attrs.field(factory=list[str], init=False)
    _data: tuple[tuple[str, str], ...] = attrs.field(default=(), init=False)
    _current: Outcome | None = attrs.field(default=None, init=False)

    LIMIT = 1_000

    def __call__(self, event: events.Event) -> None:
        """Take in one event."""
        match event:
            case events.RunStarted():
                self.started = event
            case events.IterationStarted():
                self._settle()
                self._data = event.data
            case events.RunFinished():
                self._settle()
                self.finished = event
            case events.ErrorRaised(step=None):
                if len(self.errors) < self.LIMIT:
                    self.errors.append(event)
            case events.NoteTaken(step=None):
                if len(self.notes) < self.LIMIT:
                    self.notes.append(event.text)
            case _:
                if event.step is not None:
                    self._add(event.step, event)

    def _add(self, step: events.Step, event: events.Event) -> None:
        if self._current is None or self._current.step.number != step.number:
            self._settle()
            self._current = Outcome(step=step, data=self._data)
        self._current.add(event if self.lighten is None else self.lighten(event))
        if isinstance(event, events.RequestFinished):
            self._settle()

    def _settle(self) -> None:
        outcome, self._current = self._current, None
        if outcome is not None:
            self.on_step(outcome)

    @property
    def failures(self) -> list[Failure]:
        """Broken rules of the run as a whole."""
        return [rule_failure(error) for error in self.errors if not error.allowed]

    @property
    def allowed(self) -> list[Failure]:
        """Those that the options of the run allow."""
        return [rule_failure(error) for error in self.errors if error.allowed]


def check_failure(check: events.CheckFailed) -> Failure:
    """A failed check as a failure."""
    return Failure(
        kind="check",
        name=check.name,
        message=check.message,
        pointer=check.pointer or check.step.pointer,
        expected=check.expected,
        actual=check.actual,
        follows_from=check.follows_from,
        place=place_in_script(check),
        exchanges=check.exchanges,
    )


def rule_failure(error: events.ErrorRaised) -> Failure:
    """A broken rule as a failure."""
    return Failure(
        kind=error.kind,
        name=error.kind,
        message=error.message,
        pointer=error.pointer,
        follows_from=error.follows_from,
        exchanges=error.exchanges,
    )


def place_in_script(check: events.CheckFailed) -> str:
    """Where a check failed, in words: line and column of its script; empty where that is not known."""
    script = "pre-request script" if check.event == "prerequest" else "test script"
    return f"line {check.line}, column {check.column} of the {script}" if check.line else ""


def about_text(sent: events.RequestSent, end: Ending | None) -> str:
    """An exchange that a failure is about, on one line."""
    came = f"answered {end.status} {end.reason}".rstrip() if isinstance(end, events.ResponseReceived) else "no answer"
    who = "pm.sendRequest" if sent.cause is events.Cause.SCRIPT else "the request"
    return f"{who}: {sent.method} {one_line(cut(sent.url, _ADDRESS))}, {came}"


def status_text(answer: events.ResponseReceived) -> str:
    """Status and reason of an answer, and how long it asks to wait, on one line."""
    waits = [f"(Retry-After: {one_line(value)})" for name, value in answer.headers if name.lower() == "retry-after"]
    return " ".join(part for part in (str(answer.status), answer.reason, *waits) if part)


def consequences_text(outcome: Outcome) -> str:
    """What followed in a step for want of an answer, on one line; empty where nothing did."""
    followed = outcome.consequences
    names = ", ".join(one_line(one.name) for one in followed[:_NAMED])
    more = f" and {len(followed) - _NAMED} more" if len(followed) > _NAMED else ""
    return f"failed because no answer came: {names}{more}" if followed else ""


def planned(fault: str) -> str:
    """A planned failure as reports tell of it."""
    return f"planned fault: {fault}"


def cut(text: str, length: int) -> str:
    """`text`, or its beginning with a mark that more followed."""
    return text if len(text) <= length else f"{text[:length]}… ({len(text) - length} more characters)"


def place_of(step: events.Step) -> str:
    """Where a step stands in the run, for people: folders, name, and the iteration after the first, on one line."""
    path = one_line(step.path)
    return path if step.iteration == 0 else f"{path} (iteration {step.iteration + 1})"
