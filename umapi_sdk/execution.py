"""The call that works through the queue of actions: no outcome is lost, whatever ends it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from umapi_runtime.constraints import Violation
from umapi_sdk.actions import Action
from umapi_sdk.batches import WireCommand
from umapi_sdk.calls import Service, execute
from umapi_sdk.errors import ActionError, NetworkError, ServiceError, UmapiError, UsageError
from umapi_sdk.messages import Call, Turn
from umapi_sdk.mixtures import kind_of
from umapi_sdk.outcomes import ActionOutcome, CommandOutcome, OutcomeStatus, Refusal, same_for_all
from umapi_sdk.queueing import ActionQueue, Share
from umapi_sdk.verdicts import Attempts


class Execution(tuple[int, int, int]):
    """What an execution did: the numbers of actions still queued, sent and completed, and the outcomes.

    It unpacks into the three numbers.
    """

    outcomes: tuple[ActionOutcome, ...]
    """What became of each action that this call finished, in order."""

    def __new__(cls, queued: int, sent: int, completed: int, outcomes: Iterable[ActionOutcome] = ()) -> Execution:
        self = super().__new__(cls, (queued, sent, completed))
        self.outcomes = tuple(outcomes)
        return self

    def __getnewargs__(self) -> tuple[int, int, int, tuple[ActionOutcome, ...]]:
        return (self.queued, self.sent, self.completed, self.outcomes)

    @property
    def queued(self) -> int:
        """Actions that still wait in the queue; one of which a part waits is among them."""
        return self[0]

    @property
    def sent(self) -> int:
        """Actions that this call finished sending."""
        return self[1]

    @property
    def completed(self) -> int:
        """Actions of which every step succeeded."""
        return self[2]

    @property
    def failed(self) -> tuple[ActionOutcome, ...]:
        """The outcomes of actions of which a step failed, and nothing is unknown."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is OutcomeStatus.FAILED)

    @property
    def unknown(self) -> tuple[ActionOutcome, ...]:
        """The outcomes that are not known: look before sending those actions again."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is OutcomeStatus.UNKNOWN)

    @property
    def not_completed(self) -> tuple[ActionOutcome, ...]:
        """All outcomes but the completed ones."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is not OutcomeStatus.COMPLETED)

    def __repr__(self) -> str:
        return f"Execution(queued={self.queued}, sent={self.sent}, completed={self.completed})"


def run(
    queue: ActionQueue, service: Service, actions: Iterable[Action], *, immediate: bool, test_mode: bool
) -> Call[Execution]:
    """Queue actions, and send what is due: full requests, or with `immediate` everything.

    With `immediate` the call ends when all its own actions have an outcome: those it was given, and those that
    waited before. What another call on the same connection sends is that call's own, and so is its failure.

    Raises:
        ActionError: an action has no steps, or is none; not one of them has been queued.
        ServiceError, NetworkError: a request of this call was refused or got no clear answer. The error's `outcomes`
            has every action of this call. Actions that were not sent stay queued.
    """
    if not isinstance(actions, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        problem = f"{kind_of(actions)} is not a list of actions; for a single one call execute_single"
        raise ActionError((Violation("", problem),))
    share = Share(immediate)
    batch: list[WireCommand] = []
    attempts = Attempts(repeatable=test_mode)
    try:
        queue.enlist(share, actions)
        while True:
            attempts = Attempts(repeatable=test_mode)
            batch = queue.take(share)
            if batch:
                queue.settle(share, (yield from execute(service, batch, test_mode=test_mode, attempts=attempts)))
            elif immediate and share.open:
                yield Turn(partial(queue.subscribe, share))
            else:
                break
    except BaseException as error:
        # Whatever ends the call, say first what is known of its actions.
        results = fates(batch, error, attempts)
        queue.settle(share, [result for result in results if result.status is not OutcomeStatus.NOT_SENT])
        outcomes = queue.leave(share, {result.command: result.reason for result in results})
        if isinstance(error, UmapiError):
            error.outcomes = tuple(outcomes)
        raise
    outcomes = queue.leave(share)
    completed = sum(outcome.status is OutcomeStatus.COMPLETED for outcome in outcomes)
    return Execution(len(queue), len(outcomes), completed, outcomes)


def fates(batch: list[WireCommand], error: BaseException, attempts: Attempts) -> list[CommandOutcome]:
    """Return what is known of the commands of a batch when something ends the call."""
    if isinstance(error, (ServiceError, NetworkError)):
        return _fate(batch, error, attempts)
    # Interrupted, or stopped by settings that cannot be used.
    reason = str(error) if isinstance(error, UsageError) else "the call was interrupted"
    return same_for_all(batch, attempts.fate, reason, maybe_repeated=attempts.repeated, test_mode=attempts.repeatable)


def _fate(batch: list[WireCommand], error: ServiceError | NetworkError, attempts: Attempts) -> list[CommandOutcome]:
    """Return what is known of the commands of a batch that ended in an error."""
    return same_for_all(
        batch,
        attempts.fate,
        error.message,
        request_id=error.request_id,
        maybe_repeated=attempts.repeated,
        refusal=Refusal(status=error.status, code=error.code),
        test_mode=attempts.repeatable,
    )
