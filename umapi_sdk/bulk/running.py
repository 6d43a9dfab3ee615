"""One session of a bulk run: windows of rows, sent and journalled. No I/O but the journal's.

    window ──▶ plan ──▶ Fulfilment ──▶ doubt (journal) ──▶ POST ──▶ keep (journal) ──▶ next request
       ▲                                                     │ no clear answer
       └──────────── what is left ◀── look (queries) ◀── settling wait

What a program that was killed leaves behind and what an answer leaves open go the same way: what is in doubt is looked
at first, and the window is planned again without what is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs
from msgspec.structs import replace

from umapi_sdk.batches import WireCommand
from umapi_sdk.bulk.driving import Driver, StoppedError
from umapi_sdk.bulk.events import Event, Finished, Reconciling, Settled
from umapi_sdk.bulk.journal import Journal
from umapi_sdk.bulk.noting import give_up_unclear, leave_open, note_finding, note_verdicts, send_again
from umapi_sdk.bulk.posting import Posting
from umapi_sdk.bulk.reconciling import Item, Judged, Look, Verdict, subjects
from umapi_sdk.bulk.results import Counts, Ended, Ending
from umapi_sdk.bulk.rows import OpenRow, Portion, State, portions_of
from umapi_sdk.calls import Service
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
from umapi_sdk.fulfilment import Fulfilment
from umapi_sdk.messages import Call
from umapi_sdk.outcomes import CommandOutcome, OutcomeStatus
from umapi_sdk.pieces import Piece
from umapi_sdk.planning import plan
from umapi_sdk.remedies import refuses_the_client
from umapi_sdk.tracing import Finding

WINDOW: Final = 10_000
"""Rows that are planned together: 1,000 requests, an hour and a half of the service's time."""
SETTLING: Final = 30.0
"""Seconds after a request without a clear answer before it is looked what became of it."""
MOST_FAILURES: Final = 10
"""Failures in succession after which a session ends: some ten minutes of a service that cannot be reached."""

_MOST_LOOKS = 3
"""Times one user or group is asked for, at most, if the answers make no sense."""
_PASSES_NOT = (UsageError, AuthenticationError, ForbiddenError, NotFoundError, RequestRefusedError)
"""Errors that another attempt meets again: of settings, credentials or addresses."""


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
        self._driver = Driver(tell, stopped)
        self._posting = Posting(journal, self._service, self._driver, test_mode=terms.test_mode)
        self._window: dict[int, OpenRow] = {}
        self._failures = 0
        self._lost_at = journal.last_sent
        self.counts = counts
        """Rows by what became of them; those under way count as left."""

    @property
    def requests(self) -> int:
        """Requests with actions that were sent."""
        return self._posting.requests

    @property
    def waited(self) -> float:
        """Seconds of all waits."""
        return self._driver.waited

    def run(self) -> Call[Ended]:
        """Work until nothing is left, or something ends the session.

        Raises:
            JournalError: the journal cannot be written; nothing has been sent since.
        """
        ended = yield from self._work()
        self._driver.tell(Finished(ended, self.counts))
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
            except StoppedError:
                return Ended(why=Ending.STOPPED)
            except JournalError:
                raise
            except UmapiError as error:
                ended = yield from self._weigh(error)
                if ended is not None:
                    return ended

    def _weigh(self, error: UmapiError) -> Call[Ended | None]:
        """Return how an error ends the session; None if it goes on, after a wait."""
        now = yield from self._driver.now()
        until = error.retry_at if isinstance(error, (ThrottledError, UnavailableError)) else None
        if until is not None and until - now > self._service.retry.max_wait:
            return Ended(why=Ending.PAUSED, until=until, error=error)
        never_reached = not self._posting.answered and isinstance(error, NotSentError)
        self._failures += 1
        if never_reached or self._failures >= MOST_FAILURES or isinstance(error, _PASSES_NOT):
            return Ended(why=Ending.FAILED, error=error)
        seconds = self._service.retry.backoff(self._failures) if until is None else until - now
        if any(row.in_doubt for row in self._window.values()):
            seconds -= self._terms.settling  # which is waited before it is looked what became of it
        try:
            yield from self._driver.wait(seconds, str(error))
        except StoppedError:
            return Ended(why=Ending.STOPPED)
        return None

    # Sending

    def _send_window(self) -> Call[None]:
        """Send what is left of the window, until it is done or an answer leaves something open."""
        self._keep(give_up_unclear(self._window.values(), test_mode=self._terms.test_mode))
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
                self._driver.check_stopped()
                part = parts.pop(0)
                pieces = [piece for command in part for piece in fulfilment.pieces_of(command)]
                results = yield from self._post(part, _portions(rows, pieces))
                if results is None:  # refused as a whole: which command it is of, only sending them apart can tell
                    parts = [[command] for command in part] + parts
                    continue
                open_results = [result for result in results if result.status is OutcomeStatus.UNKNOWN]
                fulfilment.settle([result for result in results if result.status is not OutcomeStatus.UNKNOWN])
                owners = {piece.owner: each for each in open_results for piece in fulfilment.pieces_of(each.command)}
                for owner, result in owners.items():
                    rows[owner.place].note.add_request(result.request_id)
                    leave_open(rows[owner.place], result.reason)
                if self._absorb(rows, found) or open_results:
                    self._lost_at = yield from self._driver.now()
                    return
        self._absorb(rows, found)

    def _post(
        self, batch: list[WireCommand], sent: Sequence[tuple[OpenRow, Portion]]
    ) -> Call[list[CommandOutcome] | None]:
        """Send one request, as `Posting.post`; note when no clear answer came."""
        try:
            results = yield from self._posting.post(batch, sent)
        except (ServiceError, NetworkError):
            self._lost_at = yield from self._driver.now()
            raise
        if results is not None:
            self._failures = 0
        return results

    def _absorb(self, rows: Sequence[OpenRow], found: list[Finding]) -> bool:
        """Note findings at their rows and in the journal; return whether one of them leaves something open."""
        touched: dict[int, OpenRow] = {}
        left_open = False
        for finding in found:
            row = rows[finding.owner.place]
            touched[row.number] = row
            left_open = note_finding(row, finding) or left_open
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
        self._driver.tell(Settled(self.counts))

    # Looking

    def _settle_doubts(self) -> Call[None]:
        """Find out what became of all that is in doubt, so that nothing of the window is."""
        doubtful = [row for row in self._window.values() if row.in_doubt]
        if not doubtful:
            return
        if self._terms.test_mode:  # nothing has been changed, whatever became of it
            self._keep([send_again(row, row.in_doubt) for row in doubtful])
            return
        if self._lost_at is not None:
            now = yield from self._driver.now()
            left = min(self._terms.settling, self._lost_at + self._terms.settling - now)
            yield from self._driver.wait(left, "the service may still be at what was under way")
        self._driver.tell(Reconciling(len(doubtful)))
        look = Look(self._service)
        looked_at: list[OpenRow] = []
        try:
            for items in subjects(doubtful):
                self._driver.check_stopped()
                asked = look.asked
                looked_at += note_verdicts((yield from self._judge(look, items)))
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
                yield from self._driver.wait(self._service.retry.backoff(attempt), problem)
            try:
                return (yield from self._driver.watched(look.judge(items)))
            except (ResponseError, ListingError) as error:
                problem = error.message
            except RequestRefusedError as error:
                if refuses_the_client(error.code):
                    raise
                problem = error.message
                break
        return [Judged(item, Verdict.UNKNOWN, f"the service could not be asked: {problem}") for item in items]


def _portions(rows: Sequence[OpenRow], pieces: Iterable[Piece]) -> list[tuple[OpenRow, Portion]]:
    return [(rows[piece.owner.place], portion) for piece in pieces for portion in portions_of(piece.place, piece.step)]
