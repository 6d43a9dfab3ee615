"""Outcomes: the events of a run gathered by request, for reports that are written at the end."""

from __future__ import annotations

import attrs

from umapi_harness.postman import events


@attrs.define(kw_only=True)
class Failure:
    """A failed check (`kind` is check) or a broken rule (`kind` is its name), with where to look."""

    kind: str
    name: str
    message: str
    pointer: str


@attrs.define(kw_only=True)
class Outcome:
    """What became of one execution of one request."""

    step: events.Step
    request: events.RequestSent | None = None
    response: events.ResponseReceived | None = None
    skipped: bool = False
    passed: list[str] = attrs.field(factory=list[str])
    skipped_checks: list[str] = attrs.field(factory=list[str])
    failures: list[Failure] = attrs.field(factory=list[Failure])
    allowed: list[Failure] = attrs.field(factory=list[Failure])
    """Errors that the options of the run allow."""
    notes: list[str] = attrs.field(factory=list[str])
    changes: list[str] = attrs.field(factory=list[str])
    """What the step changed in the organisation of the mock server."""
    console: list[events.ConsoleMessage] = attrs.field(factory=list[events.ConsoleMessage])

    @property
    def seconds(self) -> float:
        """How long the response took; 0 without one."""
        return self.response.seconds if self.response else 0.0


@attrs.define(kw_only=True)
class Outcomes:
    """Listens to a run and keeps what happened, in order."""

    started: events.RunStarted | None = None
    finished: events.RunFinished | None = None
    steps: list[Outcome] = attrs.field(factory=list[Outcome])
    failures: list[Failure] = attrs.field(factory=list[Failure])
    """Errors of the run as a whole."""
    allowed: list[Failure] = attrs.field(factory=list[Failure])
    """Those that the options of the run allow."""
    notes: list[str] = attrs.field(factory=list[str])
    """What was told of the run as a whole, beside what it began with."""

    def __call__(self, event: events.Event) -> None:
        """Takes in one event."""
        match event:
            case events.RunStarted():
                self.started = event
            case events.RunFinished():
                self.finished = event
            case events.IterationStarted():
                pass
            case events.RequestFinished():
                self.outcome_of(event.step)
            case events.ErrorRaised():
                place = self if event.step is None else self.outcome_of(event.step)
                (place.allowed if event.allowed else place.failures).append(_failure(event))
            case events.NoteTaken():
                (self if event.step is None else self.outcome_of(event.step)).notes.append(event.text)
            case _:
                self._add(self.outcome_of(event.step), event)

    def outcome_of(self, step: events.Step) -> Outcome:
        """The outcome that belongs to an execution; made when it is the first event of it."""
        if not self.steps or self.steps[-1].step.number != step.number:
            self.steps.append(Outcome(step=step))
        return self.steps[-1]

    @staticmethod
    def _add(outcome: Outcome, event: events.Event) -> None:
        match event:
            case events.RequestSent(cause=events.Cause.COLLECTION):
                outcome.request = event
            case events.ResponseReceived() if event.cause in events.OF_THE_COLLECTION:
                outcome.response = event
            case events.RequestSkipped():
                outcome.skipped = True
            case events.CheckPassed():
                outcome.passed.append(event.name)
            case events.CheckSkipped():
                outcome.skipped_checks.append(event.name)
            case events.CheckFailed():
                failure = Failure(kind="check", name=event.name, message=event.message, pointer=event.step.pointer)
                outcome.failures.append(failure)
            case events.OrganizationChanged():
                outcome.changes.extend(event.changes)
            case events.ConsoleMessage():
                outcome.console.append(event)
            case _:
                pass


def _failure(event: events.ErrorRaised) -> Failure:
    return Failure(kind=event.kind, name=event.kind, message=event.message, pointer=event.pointer)
