"""The queue of actions and the call that works through it: no outcome is lost, whatever ends the call."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from umapi_models.constraints import Violation
from umapi_models.operations import MAX_COMMANDS

from .actions import Action
from .batches import WireCommand, next_batch, split_action
from .calls import Attempts, Service, execute
from .errors import (
    ActionError,
    AuthenticationError,
    ForbiddenError,
    NetworkError,
    NotFoundError,
    NotSentError,
    RequestRefusedError,
    ServiceError,
    ThrottledError,
    UnavailableError,
    UsageError,
)
from .messages import Call
from .outcomes import ActionOutcome, CommandOutcome, OutcomeStatus, combine, same_for_all

# After these, the service has not looked at the commands.
_NOT_PROCESSED = (NotSentError, ThrottledError, UnavailableError, AuthenticationError, ForbiddenError)
# After these, it has looked at the request as a whole and refused it.
_REFUSED = (RequestRefusedError, NotFoundError)


class Execution(tuple[int, int, int]):
    """What an execution did: the numbers of actions still queued, sent and completed, and the outcomes.

    It unpacks into the three numbers. An action too large for one command counts once for each of its parts.
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
        """Actions still waiting in the queue."""
        return self[0]

    @property
    def sent(self) -> int:
        """Actions sent by this call."""
        return self[1]

    @property
    def completed(self) -> int:
        """Actions of which every step succeeded."""
        return self[2]

    @property
    def failed(self) -> tuple[ActionOutcome, ...]:
        """The outcomes that are not completed."""
        return tuple(outcome for outcome in self.outcomes if outcome.status is not OutcomeStatus.COMPLETED)

    def __repr__(self) -> str:
        return f"Execution(queued={self.queued}, sent={self.sent}, completed={self.completed})"


class ActionQueue:
    """Actions that wait to be sent. Threads can share it."""

    def __init__(self) -> None:
        self._pending: list[WireCommand] = []
        self._lock = threading.Lock()
        self._parts: dict[int, list[CommandOutcome]] = {}
        self._under_way: set[int] = set()
        # A thread that cannot send the next part of an action, as another is sending one, leaves the rest to that.
        self._due = 0
        self.sent = 0
        """Actions sent so far."""
        self.completed = 0
        """Actions completed so far."""

    def __len__(self) -> int:
        return len(self._pending)

    def run(self, service: Service, actions: Iterable[Action], *, immediate: bool, test_mode: bool) -> Call[Execution]:
        """Queue actions, and send what is due: full batches, or with `immediate` everything.

        Raises:
            ActionError: an action has no steps, or is none; not one of them has been queued.
            ServiceError, NetworkError: a batch was refused or got no clear answer. The error's `outcomes` has every
                action that this call has touched or left behind. Actions that were not sent stay queued.
        """
        if not isinstance(actions, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            problem = f"{type(actions).__name__} is not a list of actions; for a single one call execute_single"
            raise ActionError((Violation("", problem),))
        commands = [command for action in actions for command in split_action(action)]
        with self._lock:
            self._pending += commands
            if immediate:
                self._due = len(self._pending)
        finished: list[ActionOutcome] = []
        sent = completed = 0
        while batch := self._take(immediate):
            attempts = Attempts()
            try:
                results = yield from execute(service, batch, test_mode=test_mode, attempts=attempts)
            except (ServiceError, NetworkError) as error:
                results = _fate(batch, error, attempts)
                finished += self._settle(results)
                error.outcomes = (*finished, *self._waiting({result.command: result.reason for result in results}))
                raise
            except BaseException as error:
                # Interrupted, or stopped by settings that cannot be used: say what is known on the actions first.
                unsent = isinstance(error, UsageError) or not attempts.under_way
                status = OutcomeStatus.NOT_SENT if unsent and not attempts.ambiguous else OutcomeStatus.UNKNOWN
                reason = str(error) if isinstance(error, UsageError) else "the call was interrupted"
                self._settle(same_for_all(batch, status, reason, maybe_repeated=attempts.repeated))
                self._waiting(dict.fromkeys(batch, reason))
                raise
            finished += self._settle(results)
            sent += len(results)
            completed += sum(result.status is OutcomeStatus.COMPLETED for result in results)
        return Execution(len(self), sent, completed, finished)

    def _take(self, immediate: bool) -> list[WireCommand]:
        with self._lock:
            if not (immediate or self._due or len(self._pending) >= MAX_COMMANDS):
                return []
            batch = next_batch(self._pending, self._under_way)
            del self._pending[: len(batch)]
            self._due = max(0, self._due - len(batch))
            self._under_way |= {command.execution for command in batch}
            return batch

    def _settle(self, results: list[CommandOutcome]) -> list[ActionOutcome]:
        """Note the outcomes of commands; return those of actions that have no part left to send."""
        finished: list[ActionOutcome] = []
        with self._lock:
            unsent = [result.command for result in results if result.status is OutcomeStatus.NOT_SENT]
            self._pending[:0] = unsent
            self._under_way -= {result.command.execution for result in results}
            self.sent += len(results) - len(unsent)
            self.completed += sum(result.status is OutcomeStatus.COMPLETED for result in results)
            for result in results:
                command = result.command
                if result.status is OutcomeStatus.NOT_SENT:
                    continue
                parts = self._parts.setdefault(command.execution, [])
                parts.append(result)
                if len(parts) == command.parts:
                    command.action.outcome = combine(command.action, self._parts.pop(command.execution))
                    finished.append(command.action.outcome)
        return finished

    def _waiting(self, reasons: Mapping[WireCommand, str | None]) -> list[ActionOutcome]:
        """Return the outcomes of actions that stay queued, wholly or in part, until they are executed again.

        `reasons` are those of the commands that were tried; the others were not reached.
        """
        waiting: list[ActionOutcome] = []
        with self._lock:
            self._due = 0
            last_parts = [command for command in self._pending if command.part == command.parts - 1]
            for command in last_parts:
                reason = reasons.get(command) or "the run ended before"
                unsent = same_for_all([command], OutcomeStatus.NOT_SENT, reason)
                parts = [*self._parts.get(command.execution, ()), *unsent]
                command.action.outcome = combine(command.action, parts)
                waiting.append(command.action.outcome)
        return waiting


def _fate(batch: list[WireCommand], error: ServiceError | NetworkError, attempts: Attempts) -> list[CommandOutcome]:
    """Return what is known of the commands of a batch that ended in an error."""
    if isinstance(error, _REFUSED):
        status = OutcomeStatus.FAILED
    elif isinstance(error, _NOT_PROCESSED) and not attempts.ambiguous:
        status = OutcomeStatus.NOT_SENT
    else:
        status = OutcomeStatus.UNKNOWN
    return same_for_all(batch, status, error.message, request_id=error.request_id, maybe_repeated=attempts.repeated)
