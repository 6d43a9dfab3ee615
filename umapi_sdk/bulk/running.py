"""One session of a bulk run: windows of rows, sent and journalled. No I/O but the journal's.

    window ──▶ plan ──▶ Fulfilment ──▶ doubt (journal) ──▶ POST ──▶ keep (journal) ──▶ next request
       ▲                                                     │ no clear answer
       └──────────── what is left ◀── look (queries) ◀── settling wait

What a program that was killed leaves behind and what an answer leaves open go the same way: what is in doubt is looked
at first, and the window is planned again without what is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar, cast

import attrs
from msgspec.structs import replace

from umapi_models.operations import ACTION
from umapi_sdk.batches import WireCommand
from umapi_sdk.bulk.events import Event, Finished, Reconciling, Sending, Settled, Waiting
from umapi_sdk.bulk.journal import Journal
from umapi_sdk.bulk.reconciling import Item, Judged, Look, Verdict, subjects
from umapi_sdk.bulk.results import Counts, Ended, Ending
from umapi_sdk.bulk.rows import Fate, OpenRow, Portion, State, portions_in, portions_of
from umapi_sdk.calls import Service, execute
from umapi_sdk.echoes import may_be_echo
from umapi_sdk.effects import StepStatus
from umapi_sdk.errors import (
    AuthenticationError,
    ForbiddenError,
    JournalError,
    ListingError,
    NetworkError,
    NotFoundError,
    NotSentError,
    RequestRefusedError,
    ResponseError,
    ServiceError,
    ThrottledError,
    UmapiError,
    UnavailableError,
    UsageError,
)
from umapi_sdk.execution import fates
from umapi_sdk.fulfilment import Fulfilment
from umapi_sdk.kinds import name_of
from umapi_sdk.messages import Call, Now, Reply, Request, Sleep, TransportError
from umapi_sdk.outcomes import CommandOutcome, OutcomeStatus, StepError
from umapi_sdk.pieces import Piece
from umapi_sdk.planning import plan
from umapi_sdk.tracing import Finding
from umapi_sdk.verdicts import Attempts, History
from umapi_sdk.waits import Cause

T = TypeVar("T")

WINDOW: Final = 10_000
"""Rows that are planned together: 1,000 requests, an hour and a half of the service's time."""
SETTLING: Final = 30.0
"""Seconds after a request without a clear answer before it is looked what became of it."""
MOST_FAILURES: Final = 10
"""Failures in succession after which a session ends: some ten minutes of a service that cannot be reached."""

_MOST_LOSSES = 10
"""Requests without a clear answer after which a session does not send a row again."""
_ECHO_LOSSES = 4
"""For how many of them it counts that an answer hides an earlier success: as its echo, or a refusal of the request."""
_GLANCE = 0.5  # seconds of a wait after which it is looked whether the run is to stop
_UNCLEAR = "a part of it took effect, and after that it is not known who has which name, so that the rest is not sent"
_MOST_REFUSALS = 5
"""Commands that are refused as a whole in succession, after which it is the client that is refused."""
_MOST_LOOKS = 3
"""Times one user or group is asked for, at most, if the answers make no sense."""
_OF_THE_CLIENT = ("error.organization.", "error.apikey.", "error.unauthorized", "error.api.")
"""Beginnings of the codes with which the service refuses whatever this client asks."""
_PASSES_NOT = (UsageError, AuthenticationError, ForbiddenError, NotFoundError, RequestRefusedError)
"""Errors that another attempt meets again: of settings, credentials or addresses."""


class _StoppedError(Exception):
    """The run is to stop, and a wait was the place to do so."""

    def __init__(self) -> None:
        super().__init__("the run was stopped")


@attrs.frozen(kw_only=True)
class Terms:
    """How a session goes about its work."""

    test_mode: bool
    by_group: bool
    window: int = WINDOW
    settling: float = SETTLING


class BulkSession:
    """One session: from the first request to the moment when the run is finished, stopped, paused or has failed."""

    def __init__(
        self,
        journal: Journal,
        service: Service,
        terms: Terms,
        counts: Counts,
        tell: Callable[[Event], None] | None,
        stopped: Callable[[], bool],
    ) -> None:
        # What may have been carried out is looked at, and not sent again blindly.
        self._service = replace(service, retry=replace(service.retry, repeat_after_5xx=False))
        self._journal = journal
        self._terms = terms
        self._on_event = tell
        self._is_stopped = stopped
        self._window: dict[int, OpenRow] = {}
        self._failures = 0
        self._refused_bodies: set[bytes] = set()
        self._answered = False
        self._lost_at = journal.last_sent
        self.counts = counts
        """Rows by what became of them; those under way count as left."""
        self.requests = 0
        """Requests with actions that were sent."""
        self.waited = 0.0
        """Seconds of all waits."""

    def run(self) -> Call[Ended]:
        """Work until nothing is left, or something ends the session.

        Raises:
            JournalError: the journal cannot be written; nothing has been sent since.
        """
        ended = yield from self._work()
        self._tell(Finished(ended, self.counts))
        return ended

    def _work(self) -> Call[Ended]:
        while True:
            try:
                if not self._window:
                    self._window = {row.number: row for row in self._journal.window(self._terms.window)}
                if not self._window:
                    return Ended(why=Ending.FINISHED)
                yield from self._settle_doubts()
                yield from self._send_window()
            except _StoppedError:
                return Ended(why=Ending.STOPPED)
            except JournalError:
                raise
            except UmapiError as error:
                ended = yield from self._weigh(error)
                if ended is not None:
                    return ended

    def _weigh(self, error: UmapiError) -> Call[Ended | None]:
        """Return how an error ends the session; None if it goes on, after a wait."""
        now = yield from self._now()
        until = error.retry_at if isinstance(error, (ThrottledError, UnavailableError)) else None
        if until is not None and until - now > self._service.retry.max_wait:
            return Ended(why=Ending.PAUSED, until=until, error=error)
        never_reached = not self._answered and isinstance(error, NotSentError)
        self._failures += 1
        if never_reached or self._failures >= MOST_FAILURES or isinstance(error, _PASSES_NOT):
            return Ended(why=Ending.FAILED, error=error)
        seconds = self._service.retry.backoff(self._failures) if until is None else until - now
        if any(row.in_doubt for row in self._window.values()):
            seconds -= self._terms.settling  # which is waited before it is looked what became of it
        try:
            yield from self._wait(seconds, str(error))
        except _StoppedError:
            return Ended(why=Ending.STOPPED)
        return None

    # Sending

    def _send_window(self) -> Call[None]:
        """Send what is left of the window, until it is done or an answer leaves something open."""
        self._give_up_unclear()
        rows = list(self._window.values())
        if not rows:
            return
        found: list[Finding] = []
        rests = (row.rest(test_mode=self._terms.test_mode) for row in rows)
        made = plan(rests, by_group=self._terms.by_group)
        fulfilment = Fulfilment(made, found.append)
        while batch := fulfilment.take():
            parts = [batch]
            while parts:
                self._check_stopped()
                part = parts.pop(0)
                pieces = [piece for command in part for piece in fulfilment.pieces_of(command)]
                sent = _portions(rows, pieces)
                results = yield from self._post(part, sent)
                if results is None:  # refused as a whole: which command it is of, only sending them apart can tell
                    parts = [[command] for command in part] + parts
                    continue
                open_results = [result for result in results if result.status is OutcomeStatus.UNKNOWN]
                fulfilment.settle([result for result in results if result.status is not OutcomeStatus.UNKNOWN])
                for result in open_results:
                    for piece in fulfilment.pieces_of(result.command):
                        row = rows[piece.owner.place]
                        row.note.add_request(result.request_id)
                        _leave_open(row, result.reason, result.errors, echo=bool(result.errors))
                if self._absorb(rows, found) or open_results:
                    self._lost_at = yield from self._now()
                    return
        self._absorb(rows, found)

    def _give_up_unclear(self) -> None:
        """Settle rows of which a part took effect, and of the rest it is not known on whom it is or what it is."""
        unclear: list[OpenRow] = []
        for row in self._window.values():
            left = row.leftover(test_mode=self._terms.test_mode)
            if row.fates and not (left.known and left.parts):
                row.fates[next(portion for portion in row.portions if portion not in row.fates)] = Fate.UNKNOWN
                row.note.reason = _UNCLEAR
                unclear.append(row)
        self._keep(unclear)

    def _post(
        self, batch: list[WireCommand], sent: Sequence[tuple[OpenRow, Portion]]
    ) -> Call[list[CommandOutcome] | None]:
        """Send one request; return what became of its commands, None if it was refused as a whole.

        Raises:
            ServiceError, NetworkError: no clear answer came; what that leaves in doubt is in the journal.
        """
        marked: list[tuple[OpenRow, Portion]] = []
        attempts = Attempts(repeatable=self._terms.test_mode)
        sent_before = self._journal.last_sent

        def unmark() -> None:
            if attempts.fate is OutcomeStatus.NOT_SENT:
                # A gateway says 503 too when it has lost the service half-way.
                clean = attempts.history is History.CLEAN
                self._unmark(marked, sent_before if clean else self._journal.last_sent)

        def mark(now: float) -> None:
            new = [(row, portion) for row, portion in sent if portion not in row.fates]
            # What is sent again is in doubt already, and the service has to settle after this request all the same.
            self._journal.doubt([(row.number, *portion) for row, portion in new], now)
            for row, portion in new:
                row.fates[portion] = Fate.IN_DOUBT
            marked.extend(new)
            self.requests += 1
            self._tell(Sending(self.requests, len(owners)))

        owners = {row.number: row for row, _ in sent}
        call = execute(self._service, batch, test_mode=self._terms.test_mode, attempts=attempts)
        try:
            results = yield from self._watched(call, mark, unmark)
        except JournalError:
            raise
        except (ServiceError, NetworkError) as error:
            if attempts.fate is OutcomeStatus.FAILED:
                return self._refused(batch, error, attempts, marked, sent_before)
            unmark()
            self._lost_at = yield from self._now()
            for row in owners.values():
                row.note.reason = error.message
                row.note.losses += 1
                row.note.add_request(error.request_id)
                row.note.repeated = row.note.repeated or attempts.history is not History.CLEAN
            self._journal.keep(owners.values(), ())
            raise
        except BaseException:
            unmark()
            raise
        self._failures, self._answered = 0, True
        self._refused_bodies.clear()
        return results

    def _refused(
        self,
        batch: list[WireCommand],
        error: ServiceError | NetworkError,
        attempts: Attempts,
        marked: list[tuple[OpenRow, Portion]],
        sent_before: float | None,
    ) -> list[CommandOutcome] | None:
        """Return what became of a request that was refused as a whole, so that nobody has carried it out."""
        if len(batch) > 1:
            self._unmark(marked, sent_before)
            return None
        self._refused_bodies.add(batch[0].body)
        if len(self._refused_bodies) >= _MOST_REFUSALS:
            self._unmark(marked, sent_before)
            raise error
        return fates(batch, error, attempts)

    def _unmark(self, marked: list[tuple[OpenRow, Portion]], last_sent: float | None) -> None:
        if marked:
            self._journal.clear([(row.number, *portion) for row, portion in marked], last_sent)
            for row, portion in marked:
                del row.fates[portion]
            marked.clear()

    def _absorb(self, rows: Sequence[OpenRow], found: list[Finding]) -> bool:
        """Note findings at their rows and in the journal; return whether one of them leaves something open."""
        touched: dict[int, OpenRow] = {}
        left_open = False
        for finding in found:
            row = rows[finding.owner.place]
            touched[row.number] = row
            left_open = _note(row, finding) or left_open
        found.clear()
        self._keep(touched.values())
        return left_open

    def _keep(self, rows: Iterable[OpenRow]) -> None:
        """Write what is known of rows, and take those that are settled out of the window."""
        kept: list[OpenRow] = []
        settled: list[tuple[OpenRow, State]] = []
        for row in rows:
            if row.settled:
                settled.append((row, row.state))
            else:
                kept.append(row)
        if not kept and not settled:
            return
        self._journal.keep(kept, settled)
        for row, state in settled:
            del self._window[row.number]
            self.counts = self.counts.with_settled(state)
        self._tell(Settled(self.counts))

    # Looking

    def _settle_doubts(self) -> Call[None]:
        """Find out what became of all that is in doubt, so that nothing of the window is."""
        doubtful = [row for row in self._window.values() if row.in_doubt]
        if not doubtful:
            return
        if self._terms.test_mode:  # nothing has been changed, whatever became of it
            self._keep([_sent_again(row, row.in_doubt, test_mode=True) for row in doubtful])
            return
        if self._lost_at is not None:
            now = yield from self._now()
            left = min(self._terms.settling, self._lost_at + self._terms.settling - now)
            yield from self._wait(left, "the service may still be at what was under way")
        self._tell(Reconciling(len(doubtful)))
        look = Look(self._service)
        looked_at: list[OpenRow] = []
        try:
            for items in subjects(doubtful):
                self._check_stopped()
                asked = look.asked
                looked_at += _apply((yield from self._judge(look, items)))
                if look.asked > asked:  # the others need no query, and can be a thousand
                    self._keep(looked_at)
                    looked_at.clear()
        finally:  # what is known of them does not depend on the query that had no answer
            self._keep(looked_at)

    def _judge(self, look: Look, items: Sequence[Item]) -> Call[list[Judged]]:
        """Look at one user or group; if the service has no answer that makes sense, nothing is known of it."""
        problem = ""
        for attempt in range(1, _MOST_LOOKS + 1):
            if problem:
                yield from self._wait(self._service.retry.backoff(attempt), problem)
            try:
                return (yield from self._watched(look.judge(items)))
            except (ResponseError, ListingError) as error:
                problem = error.message
            except RequestRefusedError as error:
                if (error.code or "").startswith(_OF_THE_CLIENT):
                    raise
                problem = error.message
                break
        return [Judged(item, Verdict.UNKNOWN, f"the service could not be asked: {problem}") for item in items]

    # Driving

    def _check_stopped(self) -> None:
        if self._is_stopped():
            raise _StoppedError

    def _now(self) -> Call[float]:
        return cast("float", (yield Now()))

    def _tell(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)

    def _wait(
        self, seconds: float, reason: str, operation: str | None = ACTION.name, cause: Cause = Cause.NO_ANSWER
    ) -> Call[None]:
        """Wait, unless the run is to stop. If nobody is told of events, the connection tells of the wait."""
        if seconds <= 0:
            return
        self._tell(Waiting(seconds, reason, (yield from self._now()) + seconds))
        said = reason if self._on_event is None else ""
        left = seconds
        while left > 0:
            self._check_stopped()
            part = min(left, _GLANCE)
            yield Sleep(part, said, operation, whole=seconds, cause=cause, begins=left == seconds)
            said = ""
            left -= part
            self.waited += part

    def _watched(
        self,
        call: Call[T],
        on_request: Callable[[float], None] | None = None,
        on_wait: Callable[[], None] | None = None,
    ) -> Call[T]:
        """Carry out a call whose waits are told, and end when the run is to stop."""
        try:
            message = next(call)
            while True:
                answer: Reply = None
                try:
                    if isinstance(message, Sleep):
                        if on_wait is not None:
                            on_wait()
                        yield from self._wait(message.seconds, message.reason, message.operation, message.cause)
                    else:
                        if isinstance(message, Request) and on_request is not None:
                            on_request((yield from self._now()))
                        answer = yield message
                except JournalError:
                    raise
                except (TransportError, UmapiError) as error:
                    message = call.throw(error)
                else:
                    message = call.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            call.close()


_FATES = {
    StepStatus.TOOK_EFFECT: Fate.TOOK_EFFECT,
    StepStatus.WOULD_SUCCEED: Fate.TOOK_EFFECT,
    StepStatus.FAILED: Fate.FAILED,
    StepStatus.PERHAPS_NOT_REACHED: Fate.UNCLEAR,
    StepStatus.UNKNOWN: Fate.UNTOLD,
}
"""What the status of a step in a command that failed says of its portions."""


def _portions(rows: Sequence[OpenRow], pieces: Iterable[Piece]) -> list[tuple[OpenRow, Portion]]:
    return [(rows[piece.owner.place], portion) for piece in pieces for portion in portions_of(piece.place, piece.step)]


def _note(row: OpenRow, finding: Finding) -> bool:
    """Note a finding at its row; return whether it leaves open what became of it."""
    note = row.note
    note.add_request(finding.request_id)
    if finding.status is OutcomeStatus.NOT_SENT:
        return False
    # Refused as a whole without an error of a step: that is told of the last attempt alone.
    refused = finding.status is OutcomeStatus.FAILED and not finding.errors
    echo = note.repeated and (refused or _may_be_echo(finding))
    if echo or finding.status is OutcomeStatus.UNKNOWN:
        _leave_open(row, finding.reason, finding.errors, echo=echo or bool(finding.errors))
        return True
    note.warnings += [warning for warning in finding.warnings if warning not in note.warnings]
    note.errors += [error for error in finding.errors if error not in note.errors]
    if finding.status is OutcomeStatus.COMPLETED:
        row.fates.update(dict.fromkeys(portions_in(finding.pieces), Fate.TOOK_EFFECT))
        return False
    note.reason, note.refusal = finding.reason, finding.refusal
    for piece, status in zip(finding.pieces, finding.fates, strict=True):
        row.fates.update(dict.fromkeys(portions_of(piece.place, piece.step), _FATES[status]))
    return False


def _may_be_echo(finding: Finding) -> bool:
    """Whether all that failed can have failed because it had been carried out before."""
    kinds = {name_of(piece.step) for piece in finding.pieces}
    return bool(finding.errors) and all(may_be_echo(str(error.code), kinds) for error in finding.errors)


def _leave_open(row: OpenRow, reason: str | None, errors: Sequence[StepError], *, echo: bool) -> None:
    note = row.note
    note.reason = str(errors[0]) if errors else reason
    note.echoed = echo
    note.losses += _ECHO_LOSSES if echo else 1


def _sent_again(row: OpenRow, portions: Iterable[Portion], *, test_mode: bool = False) -> OpenRow:
    """Let portions be sent again, unless that has been done too often."""
    note = row.note
    # In test mode the first time has changed nothing that the second could meet.
    note.repeated, note.echoed = note.repeated or not test_mode, False
    for portion in portions:
        if note.losses >= _MOST_LOSSES:
            row.fates[portion] = Fate.UNKNOWN
        else:
            del row.fates[portion]
    return row


def _apply(judged: Sequence[Judged]) -> list[OpenRow]:
    """Note verdicts at their rows; return these."""
    rows: dict[int, OpenRow] = {}
    again: dict[int, list[Portion]] = {}
    for each in judged:
        row = each.item.row
        rows[row.number] = row
        if each.verdict is Verdict.DONE:
            row.fates.update(dict.fromkeys(each.portions, Fate.FOUND))
        elif each.verdict is Verdict.UNKNOWN:
            row.fates.update(dict.fromkeys(each.portions, Fate.UNKNOWN))
            row.note.reason = each.reason
        else:
            again.setdefault(row.number, []).extend(each.portions)
    for number, portions in again.items():
        row = rows[number]
        if Fate.UNKNOWN in row.fates.values():
            row.fates.update(dict.fromkeys(portions, Fate.UNKNOWN))
        else:
            _sent_again(row, portions)
    return list(rows.values())
