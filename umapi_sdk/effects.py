"""What became of each step of an action: told by the errors of its command, and by the order in which steps run.

Steps run in order (ActionsCmds.md): what comes before a step that failed had its turn. Whether the service goes on
after a failed step is not published, but a command with errors of two steps shows that it did after the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from umapi_sdk.kinds import Step, name_of


class StepStatus(StrEnum):
    """What is known of a step after its action was executed."""

    TOOK_EFFECT = "took effect"
    """It was carried out."""
    WOULD_SUCCEED = "would succeed"
    """The service found nothing wrong with it in test mode, where nothing is changed."""
    FAILED = "failed"
    """The service refused it, alone or with its whole request; it was not carried out."""
    PERHAPS_NOT_REACHED = "perhaps not reached"
    """It follows a step that failed. The service stopped before it, or it took effect: it has no error of its own."""
    UNKNOWN = "unknown"
    """It was sent, and whether it took effect is not known."""
    NOT_SENT = "not sent"
    """Nothing of it reached the service."""


_WORST_FIRST = (
    StepStatus.UNKNOWN,
    StepStatus.NOT_SENT,
    StepStatus.FAILED,
    StepStatus.PERHAPS_NOT_REACHED,
    StepStatus.TOOK_EFFECT,
    StepStatus.WOULD_SUCCEED,
)


class StepPart(msgspec.Struct, frozen=True):
    """A step as it was sent. A long list is several of these, as is one that a plan turned around by group."""

    place: int
    """Place of the caller's step that it belongs to, from 0."""
    step: Step
    """The step as the service gets it."""
    status: StepStatus


class StepOutcome(msgspec.Struct, frozen=True):
    """What became of one step, as the caller wrote it."""

    place: int
    """Its place in the action, from 0."""
    name: str
    """What it is called on the wire: `createFederatedID`, `add`, and so on."""
    status: StepStatus
    """That of its worst part, if a long list had to be sent in several."""
    partly: bool = False
    """True if this is not so for all names of its list: the others fared better."""

    def __str__(self) -> str:
        return f"step {self.place} {self._fate}"

    @property
    def _fate(self) -> str:
        return f"partly {self.status}" if self.partly else str(self.status)


class StepFailure(msgspec.Struct, frozen=True):
    """An error of a command, as far as it tells of steps."""

    step: int | None
    """Place of the step on the wire, from 0; None when the service named none."""
    code: str
    maybe_echo: bool = False
    """True when it can come of an earlier attempt having been applied."""

    @property
    def tells_of_running(self) -> bool:
        """Whether the service gives it when it comes to the step, and not when it reads the command."""
        from umapi_models.error_codes import ERROR_CODES, FORM_CODES  # noqa: PLC0415 - loaded when something fails

        return self.code in ERROR_CODES and self.code not in FORM_CODES and not self.code.startswith("error.command.")

    @property
    def is_internal(self) -> bool:
        """Whether it speaks of the service's own trouble, which says nothing of what was done before it."""
        return self.code.startswith("error.internal.")


class Knowledge:
    """After which errors the service has gone on to the next step, by their codes."""

    def __init__(self) -> None:
        self.goes_on: set[str] = set()

    def learn(self, failures: Iterable[StepFailure]) -> None:
        """Learn from the errors of one command: before the last of them, all were passed over."""
        met = [(each.step, each.code) for each in failures if each.step is not None and each.tells_of_running]
        last = max((step for step, _ in met), default=0)
        self.goes_on |= {code for step, code in met if step < last}


def statuses_of_failed(
    failures: Sequence[StepFailure], count: int, knowledge: Knowledge, *, test_mode: bool, whole: bool = True
) -> tuple[StepStatus, ...]:
    """Return what became of the steps of a command that has errors.

    `whole` says that no error of it can be missing. An error that tells neither of which step it is, nor that steps
    were tried at all, leaves the others unknown: how far the service had come cannot be known.
    """
    named: dict[int, list[StepFailure]] = {}
    for failure in failures:
        step = 0 if count == 1 else failure.step
        if step is not None and 0 <= step < count:
            named.setdefault(step, []).append(failure)
        else:
            whole = False
    met = [step for step, found in named.items() if any(failure.tells_of_running for failure in found)]
    last_met = max(met, default=-1)
    last = max(named, default=-1)
    known = whole and len(met) == len(named)
    passed = known and all(failure.code in knowledge.goes_on for failure in named[last])
    done = StepStatus.WOULD_SUCCEED if test_mode else StepStatus.TOOK_EFFECT
    statuses: list[StepStatus] = []
    for step in range(count):
        own = named.get(step)
        if own is not None:
            doubtful = all(failure.maybe_echo or failure.is_internal for failure in own)
            statuses.append(StepStatus.UNKNOWN if doubtful else StepStatus.FAILED)
        elif whole and (step < last_met or passed):
            statuses.append(done)
        else:
            statuses.append(StepStatus.PERHAPS_NOT_REACHED if known else StepStatus.UNKNOWN)
    return tuple(statuses)


def worst_step(statuses: Iterable[StepStatus]) -> StepStatus:
    """Return the status that counts for several parts of one step."""
    return min(statuses, key=_WORST_FIRST.index)


def by_caller(parts: Sequence[StepPart]) -> tuple[StepOutcome, ...]:
    """Return what became of each step as the caller wrote it."""
    places: dict[int, list[StepPart]] = {}
    for part in parts:
        places.setdefault(part.place, []).append(part)
    outcomes: list[StepOutcome] = []
    for place, mine in sorted(places.items()):
        statuses = {part.status for part in mine}
        outcomes.append(StepOutcome(place, name_of(mine[0].step), worst_step(statuses), partly=len(statuses) > 1))
    return tuple(outcomes)


def in_words(steps: Sequence[StepOutcome]) -> str:
    """Return the steps in words: neighbours that share a fate together."""
    runs: list[tuple[str, int, int]] = []
    for step in steps:
        fate = str(step).removeprefix(f"step {step.place} ")
        if runs and runs[-1][0] == fate:
            runs[-1] = fate, runs[-1][1], step.place
        else:
            runs.append((fate, step.place, step.place))
    return ", ".join(
        f"{f'step {first}' if first == last else f'steps {first} to {last}'} {fate}" for fate, first, last in runs
    )
