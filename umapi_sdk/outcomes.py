"""What became of each action: completed, failed, unknown, not sent or sent in part."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from umapi_models.error_codes import ERROR_CODES, ErrorCode
from umapi_models.models import ActionError as WireError
from umapi_models.models import ActionResponse, ActionResult, ActionWarning

if TYPE_CHECKING:
    from .actions import Action
    from .batches import WireCommand


class OutcomeStatus(StrEnum):
    """What is known of an action after its execution."""

    COMPLETED = "completed"
    """Every step succeeded; in test mode: would succeed, as far as the service checks."""
    FAILED = "failed"
    """At least one step failed; `errors` says which."""
    UNKNOWN = "unknown"
    """It was sent, and whether it took effect is not known: look before sending it again."""
    NOT_SENT = "not sent"
    """Nothing of it reached the service; it is still queued, unless it was taken from the queue."""
    PARTLY_SENT = "partly sent"
    """Its first steps reached the service and the others did not; `parts` says which, and what became of each.

    The others are still queued, unless they were taken from the queue.
    """


@attrs.frozen
class StepError:
    """Why one step of an action failed, or a warning about it."""

    step: int | None
    """Place of the step as the caller wrote it, from 0; None when the service did not name one."""
    code: ErrorCode | str
    """The service's error or warning code."""
    message: str
    """The service's own words."""

    def __str__(self) -> str:
        place = "" if self.step is None else f" at step {self.step}"
        return f"{self.message} ({self.code}{place})"

    @property
    def remedy(self) -> str | None:
        """What can be done about it, where that is known."""
        known = ERROR_CODES.get(self.code)
        return known.remedy if known else None


@attrs.frozen
class PartOutcome:
    """What became of one part of an action that was too large for one command."""

    steps: tuple[int, ...]
    """Places of the steps in it, as the caller wrote them, from 0. A step with a long list can be in two parts."""
    status: OutcomeStatus

    def __str__(self) -> str:
        first, last = self.steps[0], self.steps[-1]
        return f"{f'step {first}' if first == last else f'steps {first} to {last}'} {self.status}"


@attrs.frozen(kw_only=True)
class ActionOutcome:
    """What became of one action."""

    action: Action
    status: OutcomeStatus
    errors: tuple[StepError, ...] = ()
    """The steps that failed."""
    warnings: tuple[StepError, ...] = ()
    """Steps that ran, with a warning."""
    request_ids: tuple[str, ...] = ()
    """X-Request-Id of each request that carried a part of the action."""
    reason: str | None = None
    """Why the status is unknown or not sent."""
    maybe_repeated: bool = False
    """True when an earlier attempt at the request got no clear answer, and may have taken effect too."""
    parts: tuple[PartOutcome, ...] = ()
    """What became of each part, where the action was too large for one command; otherwise empty."""

    @property
    def progress(self) -> str:
        """What became of which steps, in words; empty where the status says it for all of them."""
        differ = len({part.status for part in self.parts}) > 1
        return ", ".join(str(part) for part in self.parts) if differ else ""

    def __str__(self) -> str:
        details = [self.progress] if self.progress else []
        details += [str(error) for error in self.errors] + ([self.reason] if self.reason else [])
        if self.maybe_repeated and self.status is not OutcomeStatus.COMPLETED:
            details.append("an earlier attempt may have taken effect")
        return f"{self.action.target}: {self.status}" + (f": {'; '.join(details)}" if details else "")


@attrs.frozen(kw_only=True)
class CommandOutcome:
    """What became of one command on the wire: an action, or a part of one."""

    command: WireCommand
    status: OutcomeStatus
    errors: tuple[StepError, ...] = ()
    warnings: tuple[StepError, ...] = ()
    request_id: str | None = None
    reason: str | None = None
    maybe_repeated: bool = False


def same_for_all(
    commands: Sequence[WireCommand],
    status: OutcomeStatus,
    reason: str,
    *,
    request_id: str | None = None,
    maybe_repeated: bool = False,
) -> list[CommandOutcome]:
    """Return the outcomes of commands that share one fate."""
    return [
        CommandOutcome(command=c, status=status, reason=reason, request_id=request_id, maybe_repeated=maybe_repeated)
        for c in commands
    ]


def read_outcomes(
    commands: Sequence[WireCommand],
    response: ActionResponse,
    *,
    test_mode: bool,
    request_id: str | None,
    maybe_repeated: bool,
) -> list[CommandOutcome]:
    """Return what the service says of each command.

    A command without an error is completed only if the counts of the answer agree: otherwise an error has been
    left unnamed, and every command without one is unknown.
    """
    errors: dict[int, list[StepError]] = {}
    warnings: dict[int, list[StepError]] = {}
    for error in response.errors or ():
        errors.setdefault(error.index, []).append(_step_error(commands, error))
    for warning in response.warnings or ():
        warnings.setdefault(warning.index, []).append(_step_error(commands, warning))
    clean = [index for index in range(len(commands)) if index not in errors]
    counted = response.completed_in_test_mode if test_mode else response.completed
    contradiction = None
    agreed = (
        counted == len(clean)
        and response.not_completed == len(commands) - len(clean)
        and all(index in range(len(commands)) for index in errors)
        and (response.result == ActionResult.SUCCESS) == (not errors)
    )
    if not agreed:
        contradiction = (
            f"the service counts {counted} of {len(commands)} commands as completed and {response.not_completed} "
            f"as not completed, and names errors of {len(errors)}: {response.result}"
        )
    outcomes: list[CommandOutcome] = []
    for index, command in enumerate(commands):
        if index in errors:
            status, reason = OutcomeStatus.FAILED, None
        elif contradiction:
            status, reason = OutcomeStatus.UNKNOWN, contradiction
        else:
            status, reason = OutcomeStatus.COMPLETED, None
        outcomes.append(
            CommandOutcome(
                command=command,
                status=status,
                errors=tuple(errors.get(index, ())),
                warnings=tuple(warnings.get(index, ())),
                request_id=request_id,
                reason=reason,
                maybe_repeated=maybe_repeated,
            )
        )
    return outcomes


def combine(action: Action, parts: Sequence[CommandOutcome]) -> ActionOutcome:
    """Return the outcome of an action from those of all its parts, in order: the worst one counts."""
    ranking = (OutcomeStatus.UNKNOWN, OutcomeStatus.NOT_SENT, OutcomeStatus.FAILED, OutcomeStatus.COMPLETED)
    status = min((part.status for part in parts), key=ranking.index)
    if status is OutcomeStatus.NOT_SENT and any(part.status is not status for part in parts):
        status = OutcomeStatus.PARTLY_SENT
    several = parts if len(parts) > 1 else ()
    return ActionOutcome(
        action=action,
        status=status,
        parts=tuple(PartOutcome(tuple(dict.fromkeys(part.command.steps)), part.status) for part in several),
        errors=tuple(error for part in parts for error in part.errors),
        warnings=tuple(warning for part in parts for warning in part.warnings),
        request_ids=tuple(dict.fromkeys(part.request_id for part in parts if part.request_id)),
        reason=next((part.reason for part in parts if part.reason), None),
        maybe_repeated=any(part.maybe_repeated for part in parts),
    )


def _step_error(commands: Sequence[WireCommand], entry: WireError | ActionWarning) -> StepError:
    code = entry.error_code if isinstance(entry, WireError) else entry.warning_code
    step = entry.step
    if step is not None and 0 <= entry.index < len(commands):
        step = commands[entry.index].caller_step(step)
    known = code in ERROR_CODES
    return StepError(step=step, code=ErrorCode(code) if known else code, message=entry.message or "no message")
