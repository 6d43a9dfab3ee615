"""One request of a session: in the journal before it leaves, and after its answer. No I/O but the journal's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from umapi_sdk.batches import WireCommand
from umapi_sdk.bulk.driving import Driver
from umapi_sdk.bulk.events import Sending
from umapi_sdk.bulk.journal import Journal
from umapi_sdk.bulk.noting import note_repetition
from umapi_sdk.bulk.rows import Fate, OpenRow, Portion
from umapi_sdk.calls import Service, execute
from umapi_sdk.errors import JournalError, NetworkError, ServiceError
from umapi_sdk.execution import fates
from umapi_sdk.messages import Call
from umapi_sdk.outcomes import CommandOutcome, OutcomeStatus
from umapi_sdk.verdicts import Attempts, History

_MOST_REFUSALS: Final = 5
"""Commands that are refused as a whole in succession, after which it is the client that is refused."""


class Posting:
    """Sends the requests of a session, so that the journal always has what may have reached the service."""

    def __init__(self, journal: Journal, service: Service, driver: Driver, *, test_mode: bool) -> None:
        self._journal = journal
        self._service = service
        self._driver = driver
        self._test_mode = test_mode
        self._refused_bodies: set[bytes] = set()
        self.requests = 0
        """Requests with actions that were sent."""
        self.answered = False
        """True once the service has told what became of a request."""

    def post(
        self, batch: list[WireCommand], sent: Sequence[tuple[OpenRow, Portion]]
    ) -> Call[list[CommandOutcome] | None]:
        """Send one request; return what became of its commands, None if it was refused as a whole.

        Raises:
            ServiceError, NetworkError: no clear answer came; what that leaves in doubt is in the journal.
            JournalError: the journal cannot be written.
        """
        attempts = Attempts(repeatable=self._test_mode)
        marks = _Marks(self._journal, sent)

        def leaving(now: float) -> None:
            marks.make(now)
            self.requests += 1
            self._driver.tell(Sending(self.requests, len(marks.rows)))

        def waiting() -> None:
            if marks.made and attempts.fate is OutcomeStatus.NOT_SENT:
                marks.take_back(attempts.history)

        call = execute(self._service, batch, test_mode=self._test_mode, attempts=attempts)
        try:
            results = yield from self._driver.watched(call, leaving, waiting)
        except JournalError:
            raise
        except (ServiceError, NetworkError) as error:
            if attempts.fate is OutcomeStatus.FAILED:
                return self._refused(batch, error, attempts, marks)
            self._note_loss(error, attempts, marks)
            raise
        except BaseException:
            waiting()
            raise
        self.answered = True
        self._refused_bodies.clear()
        return results

    def _note_loss(self, error: ServiceError | NetworkError, attempts: Attempts, marks: _Marks) -> None:
        """Note at its rows that a request got no clear answer, or was put off."""
        put_off = attempts.fate is OutcomeStatus.NOT_SENT
        for row in marks.rows:
            row.note.reason = error.message
            row.note.add_request(error.request_id)
            row.note.losses += 1
        if attempts.history is not History.CLEAN:
            note_repetition(marks.rows)
        if put_off:
            marks.take_back(attempts.history)
        else:
            self._journal.keep(marks.rows, ())

    def _refused(
        self, batch: list[WireCommand], error: ServiceError | NetworkError, attempts: Attempts, marks: _Marks
    ) -> list[CommandOutcome] | None:
        """Return what became of a request that was refused as a whole, so that nobody has carried it out."""
        if len(batch) > 1:
            marks.take_back(attempts.history)
            return None
        self._refused_bodies.add(batch[0].body)
        if len(self._refused_bodies) >= _MOST_REFUSALS:
            marks.take_back(attempts.history)
            raise error
        return fates(batch, error, attempts)


class _Marks:
    """What one request puts in doubt: noted before it leaves, and taken back if nobody has carried it out."""

    def __init__(self, journal: Journal, sent: Sequence[tuple[OpenRow, Portion]]) -> None:
        self._journal = journal
        self._sent = sent
        self._sent_before = journal.last_sent
        self._new: list[tuple[OpenRow, Portion]] = []
        self.made = False
        """True while the journal has the request as one that may have left."""
        self.rows = list({row.number: row for row, _ in sent}.values())
        """The rows of which something is in the request."""

    def make(self, now: float) -> None:
        """Put in doubt what is not yet. The service has to settle after what is sent again, too."""
        new = [(row, portion) for row, portion in self._sent if portion not in row.fates]
        self._journal.doubt([(row.number, *portion) for row, portion in new], now)
        for row, portion in new:
            row.fates[portion] = Fate.IN_DOUBT
        self._new += new
        self.made = True

    def take_back(self, history: History) -> None:
        """Note that the last attempt has reached nobody, with what is noted at the rows."""
        for row, portion in self._new:
            del row.fates[portion]
        self._new.clear()
        self.made = False
        # A gateway says 503 too when it has lost the service half-way.
        clean = history is History.CLEAN
        self._journal.take_back(self.rows, self._sent_before if clean else self._journal.last_sent)
