"""What a run came to: counts, what became of each row, and why the session ended."""

from __future__ import annotations

from enum import StrEnum

import attrs

from umapi_sdk.bulk.journal import StoredResult
from umapi_sdk.bulk.rows import Fate, Note, OpenRow, State, decode_parts
from umapi_sdk.characters import shown
from umapi_sdk.effects import StepStatus, by_caller
from umapi_sdk.errors import UmapiError
from umapi_sdk.outcomes import LOOK, StepError
from umapi_sdk.remedies import remedy_for

_UNDER_WAY = "it was under way when the run ended"
_LOOK_FIRST = "Look what the steps that are unknown have done, as by `umapi user`, before sending what is left."
_RESUME_LEFT = "Resume the run."
_RESUME = "Resume the run: it finds out what became of it before anything is sent again."


class RowOutcome(StrEnum):
    """What is known of a row."""

    COMPLETED = "completed"
    """Every step took effect."""
    FAILED = "failed"
    """A step failed; `steps` tells which, and what took effect before it."""
    UNKNOWN = "unknown"
    """Something of it was sent, and whether it took effect is not known."""
    LEFT = "left"
    """It has not been sent, or not all of it; a run that is resumed sends what is left."""
    BAD = "bad row"
    """It was refused when it was checked, and nothing of it is ever sent."""


_OUTCOMES = {
    State.COMPLETED: RowOutcome.COMPLETED,
    State.FAILED: RowOutcome.FAILED,
    State.UNKNOWN: RowOutcome.UNKNOWN,
    State.BAD: RowOutcome.BAD,
}


@attrs.frozen(kw_only=True)
class Counts:
    """How many rows there are of each outcome."""

    completed: int = 0
    failed: int = 0
    unknown: int = 0
    left: int = 0
    bad: int = 0

    @property
    def total(self) -> int:
        """All rows."""
        return self.completed + self.failed + self.unknown + self.left + self.bad

    def with_settled(self, state: State) -> Counts:
        """Return the counts after one row more of those left has been settled."""
        name = str(_OUTCOMES[state])
        return attrs.evolve(self, left=self.left - 1, **{name: getattr(self, name) + 1})

    def __str__(self) -> str:
        counted = (
            (self.completed, "completed"),
            (self.failed, "failed"),
            (self.unknown, "unknown"),
            (self.left, "left"),
            (self.bad, "bad"),
        )
        return ", ".join(f"{count:,} {name}" for count, name in counted if count) or "no rows"


@attrs.frozen(kw_only=True)
class RowResult:
    """What became of one row."""

    row: int
    """Its number, from 1."""
    line: int | None
    """The line of the file where it begins."""
    target: str | None
    """The user or user group; None for a bad row of which it is not known."""
    outcome: RowOutcome
    code: str | None = None
    """The service's error code, of the first step that failed."""
    message: str | None = None
    """What the service said, or why the outcome is what it is."""
    remedy: str | None = None
    """What can be done about it; None when nothing has to be."""
    steps: str | None = None
    """What became of which step, where the outcome does not say it for all; steps count from 0."""
    request_ids: tuple[str, ...] = ()
    """X-Request-Id of each request that carried something of it, to name when asking Adobe."""
    reconciled: bool = False
    """True if no clear answer came to a request, and a query showed that things are as the row asks.

    Whether the row has made them so, or they were so before, is not known.
    """


class Ending(StrEnum):
    """Why a session ended."""

    FINISHED = "finished"
    """No row is left."""
    STOPPED = "stopped"
    """It was asked to."""
    PAUSED = "paused"
    """The service asked for a longer wait than is allowed."""
    FAILED = "failed"
    """An error that does not pass by itself, or too many in succession."""


@attrs.frozen(kw_only=True)
class Ended:
    """Why a session ended, and what is known of when to go on."""

    why: Ending
    until: float | None = None
    """When the service can be asked again, in seconds since the epoch."""
    error: UmapiError | None = None


@attrs.frozen(kw_only=True)
class BulkResult:
    """What one session of a run did, and where the run stands."""

    counts: Counts
    """All rows of the run, those of earlier sessions too."""
    requests: int
    """Requests with actions that this session sent."""
    waited: float
    """Seconds that this session waited, all waits together."""
    ended: Ended
    test_mode: bool

    @property
    def next_step(self) -> str:
        """What to do next, in one sentence."""
        counts, mode = self.counts, " in test mode" if self.test_mode else ""
        if self.ended.why is Ending.PAUSED:
            return f"The service asks for a wait: resume the run {_when(self.ended.until)}."
        if self.ended.why is Ending.FAILED:
            return f"The run cannot go on: {self.ended.error}. Remove the cause, then resume it."
        if counts.left or self.ended.why is Ending.STOPPED:
            return "Resume the run: it goes on where it ended."
        if counts.unknown:
            return "Look whether the unknown rows have been done, before sending them again."
        if counts.failed:
            return "Correct the failed rows, and send what is left of them."
        return f"Nothing: every row is completed{mode}." if not counts.bad else "Correct the bad rows, and send them."


def _when(moment: float | None) -> str:
    if moment is None:
        return "later"
    from email.utils import formatdate  # noqa: PLC0415 - loaded when there is a date

    return f"at {formatdate(moment, usegmt=True)}"


def tell(stored: StoredResult, *, test_mode: bool) -> RowResult:
    """Return what became of a row, as the journal has it."""
    note = Note.read(stored.note)
    doubtful = Fate.IN_DOUBT in stored.fates.values()
    outcome = _OUTCOMES.get(stored.state, RowOutcome.UNKNOWN if doubtful else RowOutcome.LEFT)
    errors = sorted(note.errors, key=lambda error: error.maybe_echo)
    code = next((error.code for error in errors), None)
    message = "; ".join(dict.fromkeys(error.message for error in errors)) or None
    remedy = _remedy(stored, errors[0]) if errors else None
    if note.refusal is not None and not errors:
        code, message = note.refusal.code, note.refused_for
        remedy = remedy_for(note.refusal.code, note.refusal.status)
    if Fate.UNTOLD in stored.fates.values():
        remedy = " ".join(part for part in (remedy, _LOOK_FIRST) if part)
    if outcome is RowOutcome.UNKNOWN:
        message = note.reason or message if stored.state is State.UNKNOWN else _UNDER_WAY
        remedy = LOOK if stored.state is State.UNKNOWN else _RESUME
    elif outcome is RowOutcome.LEFT:
        message, remedy = _left(stored, note), _RESUME_LEFT
    elif outcome is RowOutcome.COMPLETED:
        code, remedy = None, None
        message = "; ".join(f"warning: {warning.message}" for warning in note.warnings) or None
    elif outcome is RowOutcome.BAD:
        message, remedy = note.reason, "Correct the row, and send it in another run."
    told = outcome not in (RowOutcome.COMPLETED, RowOutcome.BAD) and bool(stored.fates)
    return RowResult(
        row=stored.number,
        line=stored.line,
        target=stored.target,
        outcome=outcome,
        code=code,
        message=None if message is None else shown(message),
        remedy=remedy,
        steps=_steps(stored, test_mode=test_mode) if told else None,
        request_ids=tuple(note.request_ids),
        reconciled=Fate.FOUND in stored.fates.values(),
    )


def _remedy(stored: StoredResult, error: StepError) -> str:
    """Return what can be done about an error, by the step that failed."""
    if error.step is None or stored.command is None:
        return error.remedy
    parts = decode_parts(stored.command)
    names = {place: next(iter(step)) for places, body in parts for place, step in zip(places, body["do"], strict=True)}
    return error.remedy_in(names.get(error.step))


def _left(stored: StoredResult, note: Note) -> str:
    """Return what has happened so far to a row that is left."""
    if stored.fates:
        return "a part has been sent"
    if note.repeated:
        return "it was sent without a clear answer, and is to be sent again"
    return "nothing of it has been done"


def _steps(stored: StoredResult, *, test_mode: bool) -> str:
    """Return what became of each step, in words."""
    row = OpenRow.read(stored.number, stored.command or "", stored.fates, None)
    found = {place for (place, _), fate in stored.fates.items() if fate is Fate.FOUND}
    return "; ".join(
        f"step {step.place} ({step.name}) {'partly ' if step.partly else ''}{step.status}"
        f"{', as a query showed' if step.place in found and step.status is StepStatus.TOOK_EFFECT else ''}"
        for step in by_caller(row.step_parts(test_mode=test_mode))
    )
