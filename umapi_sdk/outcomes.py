"""What became of each action: completed, failed, unknown, not sent or sent in part; and what is left of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from umapi_sdk.characters import shown
from umapi_sdk.effects import StepOutcome, StepPart, StepStatus, by_caller, in_words
from umapi_sdk.kinds import steps_of
from umapi_sdk.leftovers import Leftover, what_is_left, with_other_names
from umapi_sdk.remedies import remedy_for

if TYPE_CHECKING:
    from umapi_models.error_codes import ErrorCode
    from umapi_sdk.actions import Action
    from umapi_sdk.batches import WireCommand


LOOK = "Look whether it has been done before sending it again."
"""What to do about an action whose outcome is not known."""
_HARMLESS = "It was sent in test mode, where nothing is changed: send it again."
_NOT_SENT = "What was not sent is still queued, unless it was taken out: remove the cause, then send the queue."
_NOT_SENT_OF_PLAN = "It was not sent, and nothing of a plan is queued: remove the cause, then plan it again."
_REST_OF_PLAN = "The steps that were not sent are not queued: remove the cause, then plan an action with them."


class OutcomeStatus(StrEnum):
    """What is known of an action after its execution."""

    COMPLETED = "completed"
    """Every step succeeded; in test mode: would succeed, as far as the service checks."""
    FAILED = "failed"
    """At least one step failed; `errors` says which."""
    UNKNOWN = "unknown"
    """It was sent, and whether it took effect is not known: look before sending it again."""
    NOT_SENT = "not sent"
    """Nothing of it reached the service; it is still queued, unless it was taken from the queue or was in a plan."""
    PARTLY_SENT = "partly sent"
    """Its first steps reached the service and the others did not; `parts` says which, and what became of each.

    The others are still queued, unless they were taken from the queue or were in a plan.
    """


class StepError(msgspec.Struct, frozen=True):
    """Why one step of an action failed, or a warning about it."""

    step: int | None
    """Place of the step as the caller wrote it, from 0; None when the service did not name one."""
    code: str
    """The service's error or warning code, as it gave it; empty when it gave none."""
    message: str
    """The service's own words."""
    request_id: str | None = None
    """The requestID of the command, the caller's or the SDK's own, if the service named it."""
    maybe_echo: bool = False
    """True when the request was sent twice, and this can come of the first attempt having been applied."""

    def __str__(self) -> str:
        place = "" if self.step is None else f"at step {self.step}"
        facts = " ".join(fact for fact in (self.code, place) if fact)
        return shown(f"{self.message} ({facts})" if facts else self.message)

    @property
    def known_code(self) -> ErrorCode | None:
        """The code as a member of `ErrorCode`, to compare with others; None for one that no list has."""
        from umapi_models.error_codes import ERROR_CODES, ErrorCode  # noqa: PLC0415 - loaded when something fails

        return ErrorCode(self.code) if self.code in ERROR_CODES else None

    @property
    def remedy(self) -> str:
        """What can be done about it: by its code, or by the kind of its code where that is new."""
        return self.remedy_in(None)

    def remedy_in(self, step: str | None) -> str:
        """Return what can be done about it where the step of this name failed."""
        return LOOK if self.maybe_echo else remedy_for(self.code, step=step)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """How a request was refused as a whole."""

    status: int | None = None
    """HTTP status."""
    code: str | None = None
    """The service's error code, if it gave one."""


class PartOutcome(msgspec.Struct, frozen=True):
    """What became of one part of an action that was too large for one command."""

    steps: tuple[int, ...]
    """Places of the steps in it, as the caller wrote them, from 0. A step with a long list can be in two parts."""
    status: OutcomeStatus


class ActionOutcome(msgspec.Struct, frozen=True, kw_only=True):
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
    refusal: Refusal | None = None
    """How its request was refused as a whole, where that is why it failed."""
    planned: bool = False
    """True when it was in a plan, of which nothing is queued."""
    test_mode: bool = False
    """True when it was sent in test mode, where nothing is changed."""
    divided: tuple[StepPart, ...] = ()
    """Its steps as they were sent, where the status does not tell the fate of all; `step_parts` always has them."""

    @property
    def completed(self) -> bool:
        """Whether every step succeeded: the status is `COMPLETED`."""
        return self.status is OutcomeStatus.COMPLETED

    @property
    def step_parts(self) -> tuple[StepPart, ...]:
        """The steps as they were sent, in order, and what became of each; a long list was sent in several."""
        if self.divided:
            return self.divided
        status = status_of_steps(self.status, test_mode=self.test_mode)
        return tuple(
            StepPart(place, step, status)
            for command, places in self.action.commands
            for place, step in zip(places, steps_of(command), strict=True)
        )

    @property
    def steps(self) -> tuple[StepOutcome, ...]:
        """What became of each step, as the caller wrote them."""
        return by_caller(self.step_parts)

    @property
    def rest(self) -> Action | None:
        """A new action with what is left, so that sending it does the whole in the end; None if that is not known.

        Left are the steps that failed, as they were, what follows them and may not have been reached, and what was
        not sent: of a list of names that was sent in parts, only the parts that did not take effect. It is None too
        when nothing is left. What is still queued is in it: send the one or the other.
        """
        return self._send_again(self._leftover.parts) if self._leftover.known else None

    def rest_with(self, names: Mapping[str, str]) -> Action | None:
        """Return `rest` with other names of groups, profiles or users in its lists, by the present ones.

        Raises:
            ActionError: no list of what is left has such a name, or the new one is invalid.
        """
        return self._send_again(with_other_names(self._leftover.parts, names)) if self._leftover.known else None

    def _send_again(self, parts: Sequence[StepPart]) -> Action | None:
        return self.action.again(self._leftover.frame, parts) if parts else None

    @property
    def _leftover(self) -> Leftover:
        return what_is_left(self.action.commands[0][0], self.step_parts, unchanged=self.test_mode)

    @property
    def progress(self) -> str:
        """What became of which steps, in words; empty where the status says it for all of them."""
        return in_words(by_caller(self.divided))

    @property
    def remedy(self) -> str | None:
        """What can be done about it; None when nothing has to be: it is completed."""
        if self.status is OutcomeStatus.COMPLETED:
            return None
        return " ".join(part for part in (self._cure, self._what_to_send) if part)

    @property
    def _what_to_send(self) -> str:
        """What to do about steps that took effect, or may have, where others failed."""
        if self.test_mode or not self.divided or self.status is not OutcomeStatus.FAILED:
            return ""
        leftover = self._leftover
        if not leftover.parts:
            return "Nothing is left to be sent."
        if leftover.in_doubt:
            doubtful = _places(leftover.in_doubt)
            return f"Look what has been done before sending anything again: {doubtful} must not run twice."
        if not leftover.target_known:
            return "Look who has the new name before sending anything again."
        left = {part.place for part in leftover.parts}
        done = [step.place for step in self.steps if step.place not in left]
        return f"Leave out {_places(done)} when sending it again: done already." if done else ""

    @property
    def _cure(self) -> str:
        if self.status is OutcomeStatus.UNKNOWN:
            return _HARMLESS if self.test_mode else LOOK
        if self.status in (OutcomeStatus.NOT_SENT, OutcomeStatus.PARTLY_SENT):
            of_plan = _NOT_SENT_OF_PLAN if self.status is OutcomeStatus.NOT_SENT else _REST_OF_PLAN
            return of_plan if self.planned else _NOT_SENT
        if self.errors:
            first = self.errors[0]
            names = {step.place: step.name for step in self.steps} if first.step is not None else {}
            return first.remedy_in(names.get(first.step or 0))
        refusal = self.refusal or Refusal()
        return remedy_for(refusal.code, refusal.status)

    def __str__(self) -> str:
        details = [self.progress] if self.progress else []
        details += [str(error) for error in self.errors] + ([self.reason] if self.reason else [])
        if self.maybe_repeated and self.status is not OutcomeStatus.COMPLETED:
            details.append("an earlier attempt may have taken effect")
        mode = " in test mode" if self.test_mode and self.status is OutcomeStatus.COMPLETED else ""
        return shown(f"{self.action.target}: {self.status}{mode}" + (f": {'; '.join(details)}" if details else ""))


RUN_ENDED: Final = "the run ended before"
AFTER_UNKNOWN: Final = "nothing is sent after a part whose outcome is unknown"
"""Reasons for which something was not sent."""
ECHO: Final = "an earlier attempt may have been applied, and this error be its echo"
"""Why something that has an error is unknown."""


def status_of_steps(status: OutcomeStatus, *, test_mode: bool) -> StepStatus:
    """Return what became of each step, where an action or command has nothing more to say of any."""
    if status is OutcomeStatus.COMPLETED:
        return StepStatus.WOULD_SUCCEED if test_mode else StepStatus.TOOK_EFFECT
    return _OF_ALL_STEPS[status]


_OF_ALL_STEPS: Final = {
    OutcomeStatus.FAILED: StepStatus.FAILED,
    OutcomeStatus.UNKNOWN: StepStatus.UNKNOWN,
    OutcomeStatus.NOT_SENT: StepStatus.NOT_SENT,
    OutcomeStatus.PARTLY_SENT: StepStatus.UNKNOWN,
}


def _places(places: Sequence[int]) -> str:
    listed = [str(place) for place in places]
    if len(listed) == 1:
        return f"step {listed[0]}"
    return f"steps {', '.join(listed[:-1])} and {listed[-1]}"


class CommandOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one command on the wire: an action, or a part of one."""

    command: WireCommand
    status: OutcomeStatus
    errors: tuple[StepError, ...] = ()
    warnings: tuple[StepError, ...] = ()
    request_id: str | None = None
    reason: str | None = None
    maybe_repeated: bool = False
    refusal: Refusal | None = None
    test_mode: bool = False
    divided: tuple[StepStatus, ...] = ()
    """What became of each step on the wire, where the status does not tell it for all of them."""
    whole: bool = True
    """False if the answer contradicts itself, so that an error of the command can be missing from it."""

    @property
    def steps(self) -> tuple[StepStatus, ...]:
        """What became of each step on the wire."""
        if self.divided:
            return self.divided
        return (status_of_steps(self.status, test_mode=self.test_mode),) * len(self.command.steps)


def same_for_all(
    commands: Sequence[WireCommand],
    status: OutcomeStatus,
    reason: str,
    *,
    request_id: str | None = None,
    maybe_repeated: bool = False,
    refusal: Refusal | None = None,
    test_mode: bool = False,
) -> list[CommandOutcome]:
    """Return the outcomes of commands that share one fate."""
    return [
        CommandOutcome(
            command=command,
            status=status,
            reason=reason,
            request_id=request_id,
            maybe_repeated=maybe_repeated,
            refusal=refusal,
            test_mode=test_mode,
        )
        for command in commands
    ]


def worst_of(parts: Sequence[OutcomeStatus]) -> OutcomeStatus:
    """Return the status of an action from those of its parts."""
    ranking = (OutcomeStatus.UNKNOWN, OutcomeStatus.NOT_SENT, OutcomeStatus.FAILED, OutcomeStatus.COMPLETED)
    status = min(parts, key=ranking.index)
    if status is OutcomeStatus.NOT_SENT and any(part is not status for part in parts):
        return OutcomeStatus.PARTLY_SENT
    return status


def combine(action: Action, parts: Sequence[CommandOutcome]) -> ActionOutcome:
    """Return the outcome of an action from those of all its parts, in order: the worst one counts."""
    status = worst_of([part.status for part in parts])
    test_mode = any(part.test_mode for part in parts)
    steps = [
        StepPart(place, step, fate)
        for part, (command, places) in zip(parts, action.commands, strict=True)
        for place, step, fate in zip(places, steps_of(command), part.steps, strict=True)
    ]
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
        refusal=next((part.refusal for part in parts if part.refusal), None),
        test_mode=test_mode,
        divided=divided(steps, status, test_mode=test_mode),
    )


def divided(steps: Sequence[StepPart], status: OutcomeStatus, *, test_mode: bool) -> tuple[StepPart, ...]:
    """Return the steps of an action, or none where its status tells the fate of all of them."""
    usual = status_of_steps(status, test_mode=test_mode)
    return () if all(step.status is usual for step in steps) else tuple(steps)
