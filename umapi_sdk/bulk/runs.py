"""Bulk runs: rows that are journalled before and after each request, so that a run survives whatever ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

import attrs

from umapi_models.operations import ACTION
from umapi_sdk.actions import Action
from umapi_sdk.bulk.events import Event
from umapi_sdk.bulk.journal import Journal, Purpose
from umapi_sdk.bulk.results import BulkResult, Counts, Ended, RowResult, tell
from umapi_sdk.bulk.rows import Fate, Note, OpenRow, Portion, State, encode_action
from umapi_sdk.bulk.running import SETTLING, WINDOW, BulkSession, Terms
from umapi_sdk.errors import JournalError, UsageError
from umapi_sdk.messages import Call
from umapi_sdk.outcomes import StepError
from umapi_sdk.pacing import least_time
from umapi_sdk.planning import duration, plan

if TYPE_CHECKING:
    from umapi_sdk.aio import AsyncConnection
    from umapi_sdk.connection import Connection
    from umapi_sdk.session import Described

_MOST_PROBLEMS = 10_000
_UNSURE = {Fate.IN_DOUBT, Fate.UNKNOWN}


class RowLike(Protocol):
    """A row of a file: its number from 1, the line where it begins, whom it is about, its action, or what is wrong."""

    @property
    def number(self) -> int: ...
    @property
    def line(self) -> int | None: ...
    @property
    def target(self) -> str | None: ...
    @property
    def action(self) -> Action | None: ...
    @property
    def problems(self) -> Sequence[object]: ...


class BadRowsError(UsageError):
    """Rows that cannot be used; nothing has been sent. `problems` has the first 10,000 things that are wrong."""

    def __init__(self, problems: Sequence[object]) -> None:
        self.problems = tuple(problems)
        first = f"{self.problems[0]}"
        others = f" (and {len(self.problems) - 1:,} more)" if len(self.problems) > 1 else ""
        super().__init__(f"{first}{others}")

    def __reduce__(self) -> tuple[type[BadRowsError], tuple[tuple[object, ...]]]:
        return type(self), (self.problems,)


@attrs.frozen(kw_only=True)
class PlanSummary:
    """What is left of a run, in numbers."""

    actions: int
    commands: int
    merged: int
    """Commands that carry out several rows, or make one step of several."""
    requests: int
    """If no step fails. What fails can make more requests."""

    @property
    def least_seconds(self) -> float:
        """The seconds from the first request to the last at least, at the documented limit of one client."""
        return least_time(ACTION, self.requests)

    @property
    def size(self) -> str:
        """The numbers in words, without the time, which nothing sets where a connection does not pace its requests."""
        sizes = (self.actions, "row"), (self.commands, "command"), (self.requests, "request")
        rows, commands, requests = (f"{size:,} {name}{'' if size == 1 else 's'}" for size, name in sizes)
        return f"{rows} in {commands}, {self.merged:,} of them merged, in {requests}"

    def __str__(self) -> str:
        limit = f"{ACTION.per_client} requests in {ACTION.period:.0f} s"
        return f"{self.size}: {duration(self.least_seconds)} at least, at {limit}"


class BulkRun:
    """Actions in any number, carried out so that nothing is lost or done twice, whatever ends the program.

    Everything that is known stands in a file, the journal, before a request leaves and after its answer. It holds what
    the actions say of people, and no credentials; only its owner can read it. One process at a time has it.

    `create` makes a run, `open` resumes one. `run` works until it is finished, stopped or cannot go on; it can be
    called again.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._purpose = journal.purpose
        self._stop = threading.Event()
        self._running = threading.Lock()

    @classmethod
    def create(
        cls,
        journal: Path | str,
        rows: Iterable[RowLike | Action],
        *,
        org_id: str,
        endpoint: str,
        test_mode: bool = False,
        by_group: bool = False,
        skip_bad: bool = False,
        source: str | None = None,
        digest: Callable[[], str] | str | None = None,
    ) -> BulkRun:
        """Check all rows and write them to a new journal; nothing is sent.

        Args:
            journal: the file to make. One whose making was cut off is replaced, any other is left alone.
            rows: actions, or rows of a file in ascending order; they are read once, and never held all together.
            org_id: the organisation that the run is for.
            endpoint: the root of the API, as a connection has it.
            test_mode: whether the service only checks the actions.
            by_group: turn memberships around, as `plan` does.
            skip_bad: leave out rows that cannot be used, instead of refusing all; `results` has them.
            source: the name of the file that the rows come from.
            digest: its SHA-256, or a function that gives it once all rows have been read.

        Raises:
            BadRowsError: rows cannot be used; there is no journal.
            ActionError: an action has no steps; there is no journal.
            JournalError: the journal exists already, or cannot be written.
        """
        purpose = Purpose(
            org_id=org_id, endpoint=endpoint.rstrip("/"), test_mode=test_mode, by_group=by_group, source=source
        )
        made = Journal.create(Path(journal), purpose)
        problems: list[object] = []
        try:
            made.load(_stored(rows, problems))
            if problems and not skip_bad:
                raise BadRowsError(problems)  # noqa: TRY301 - the journal is discarded as after any other error
            made.complete(digest() if callable(digest) else digest)
        except BaseException:
            made.discard()
            raise
        return cls(made)

    @classmethod
    def open(cls, journal: Path | str) -> BulkRun:
        """Take up a run where it ended, whatever ended it.

        Raises:
            JournalError: the file is no journal, damaged, of another format, was not completed, or is in use.
        """
        return cls(Journal.open(Path(journal)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others have the journal."""
        self._journal.close()

    @property
    def purpose(self) -> Purpose:
        """What the run is for: organisation, endpoint, mode, and the name of the file of its rows."""
        return self._purpose

    @property
    def counts(self) -> Counts:
        """How many rows there are of each outcome.

        Raises:
            JournalError: the journal cannot be read.
        """
        states = self._journal.counts()
        doubtful = self._journal.count_doubtful()
        return Counts(
            completed=states.get(State.COMPLETED, 0),
            failed=states.get(State.FAILED, 0),
            unknown=states.get(State.UNKNOWN, 0) + doubtful,
            left=states.get(State.OPEN, 0) - doubtful,
            bad=states.get(State.BAD, 0),
        )

    def check_target(self, org_id: str, endpoint: str, test_mode: bool, digest: str | None = None) -> None:
        """Refuse to go on with anything but what the run was made for.

        Raises:
            JournalError: the run is for another organisation, endpoint, mode or file.
        """
        purpose = self._purpose
        mode = {True: "test mode", False: "real changes"}
        pairs = (
            ("organisation", purpose.org_id, org_id),
            ("endpoint", purpose.endpoint, endpoint.rstrip("/")),
            ("mode", mode[purpose.test_mode], mode[test_mode]),
        )
        for what, has, given in pairs:
            if has != given:
                problem = f"is of a run for the {what} {has}, not {given}"
                # Begun with wrong settings, it can neither be gone on with nor replaced.
                fresh = "; nothing was sent, so it may also be deleted, and the file applied anew"
                remedy = f"resume it with the same settings{fresh if self._journal.last_sent is None else ''}"
                raise JournalError(f"journal {self._journal.path}: {problem}: {remedy}")
        known = self._journal.digest
        if digest is not None and known is not None and digest != known:
            problem = f"is of a run of another file or another state of it ({purpose.source or 'no name is known'})"
            raise JournalError(f"journal {self._journal.path}: {problem}: resume it without naming a file")

    def plan_summary(self, *, window: int = WINDOW) -> PlanSummary:
        """Return how many requests the rest of the run needs, and how long that takes at least.

        Raises:
            JournalError: the journal cannot be read.
        """
        return _summary(self._windows(window), by_group=self._purpose.by_group)

    def run(
        self,
        connection: Connection,
        *,
        on_event: Callable[[Event], None] | None = None,
        window: int = WINDOW,
        settling: float = SETTLING,
    ) -> BulkResult:
        """Find out what became of what was under way, then send what is left, until the end.

        Args:
            connection: for the organisation of the run.
            on_event: is told what goes on, waits too, of which the connection then says nothing.
            window: rows that are planned together. More need more memory, and can be merged into fewer requests.
            settling: seconds after a request without a clear answer before it is looked what became of it.

        Raises:
            JournalError: the connection is for something else, or the journal cannot be written: nothing has been sent
                since, and the run can be resumed.
        """
        with self._session(connection, on_event, window, settling) as (session, call):
            ended = connection.drive(call)
        return self._result(session, ended)

    async def run_async(
        self,
        connection: AsyncConnection,
        *,
        on_event: Callable[[Event], None] | None = None,
        window: int = WINDOW,
        settling: float = SETTLING,
    ) -> BulkResult:
        """As `run`. The journal is written in the event loop, some milliseconds for each request.

        Raises:
            JournalError: as `run`.
        """
        with self._session(connection, on_event, window, settling) as (session, call):
            ended = await connection.drive(call)
        return self._result(session, ended)

    def stop(self) -> None:
        """Let `run` end after the request that is under way; at once, if it waits. Threads and signal handlers may."""
        self._stop.set()

    def results(self) -> Iterator[RowResult]:
        """Give what became of each row, in order, one after the other.

        Raises:
            JournalError: the journal cannot be read.
        """
        return (tell(stored, test_mode=self._purpose.test_mode) for stored in self._journal.results())

    def rest(self, *, unsent: bool = True) -> Iterator[Action]:
        """Give what is left of each row that failed or has not been sent whole, one after the other, in order.

        With `unsent` false, of failed rows alone: what was not sent is sent by a run that is resumed, and should not be
        sent by anybody else.

        Steps that failed are in it as they were, and so are those after them of which it is not known whether the
        service went on to them, if a second time does no harm. Of a row with anything unknown there is nothing.

        Raises:
            JournalError: the journal cannot be read.
        """
        states = (State.OPEN, State.FAILED) if unsent else (State.FAILED,)
        for stored in self._journal.results():
            if stored.state in states and not _UNSURE & set(stored.fates.values()):
                row = OpenRow.read(stored.number, stored.command or "", stored.fates, None)
                left = row.correction(test_mode=self._purpose.test_mode)
                if left is not None:
                    yield left

    def _windows(self, size: int) -> Iterator[Iterator[Action]]:
        after = 0
        while rows := self._journal.window(size, after):
            after = rows[-1].number
            yield (action for row in rows for action in _left_of(row, test_mode=self._purpose.test_mode))

    @contextmanager
    def _session(
        self, connection: Described, on_event: Callable[[Event], None] | None, window: int, settling: float
    ) -> Generator[tuple[BulkSession, Call[Ended]]]:
        self.check_target(connection.org_id, connection.endpoint, connection.test_mode)
        if not self._running.acquire(blocking=False):
            raise UsageError("the run is going on already")
        try:
            terms = Terms(
                test_mode=self._purpose.test_mode, by_group=self._purpose.by_group, window=window, settling=settling
            )
            session = BulkSession(
                self._journal, connection.service, terms, self._open_counts(), on_event, self._stop.is_set
            )
            yield session, session.run()
        finally:
            self._stop.clear()
            self._running.release()

    def _open_counts(self) -> Counts:
        counts = self.counts
        in_doubt = self._journal.count_doubtful()
        return attrs.evolve(counts, unknown=counts.unknown - in_doubt, left=counts.left + in_doubt)

    def _result(self, session: BulkSession, ended: Ended) -> BulkResult:
        return BulkResult(
            counts=self.counts,
            requests=session.requests,
            waited=session.waited,
            ended=ended,
            test_mode=self._purpose.test_mode,
        )


StoredRow = tuple[int, int | None, str | None, str | None, State, str | None]


def _stored(rows: Iterable[RowLike | Action], problems: list[object]) -> Iterator[StoredRow]:
    """Give rows as the journal keeps them; the first problems of bad ones are added to `problems`."""
    for number, row in enumerate(rows, 1):
        if isinstance(row, Action):
            yield number, None, row.target, encode_action(row), State.OPEN, None
        elif row.action is not None:
            yield row.number, row.line, row.action.target, encode_action(row.action), State.OPEN, None
        else:
            problems += row.problems[: _MOST_PROBLEMS - len(problems)]
            yield row.number, row.line, row.target, None, State.BAD, _note_on(row.problems).write()


def _note_on(problems: Sequence[object]) -> Note:
    """Return what the journal keeps of a bad row, which has its place beside it; problems of sheets have parts."""
    reason = "; ".join(str(getattr(problem, "within", problem)) for problem in problems)
    code = next((code for problem in problems if (code := getattr(problem, "code", None))), None)
    return Note(reason=reason, errors=[StepError(None, code, reason)] if code else [])


def summarize(actions: Iterable[Action], *, by_group: bool = False, window: int = WINDOW) -> PlanSummary:
    """Return how many requests a run of actions needs, and how long that takes at least, without a journal.

    Args:
        actions: read once, and never held all together.
        by_group: turn memberships around, as `plan` does.
        window: rows that are planned together, as in `BulkRun.run`.

    Raises:
        ActionError: an action has no steps.
    """
    left = iter(actions)
    return _summary(iter(lambda: list(islice(left, window)), []), by_group=by_group)


def _summary(windows: Iterable[Iterable[Action]], *, by_group: bool) -> PlanSummary:
    actions = commands = merged = requests = 0
    for window in windows:
        made = plan(window, by_group=by_group)
        actions += len(made.actions)
        commands += len(made.commands)
        merged += len(made.merged)
        requests += len(made.requests)
    return PlanSummary(actions=actions, commands=commands, merged=merged, requests=requests)


def _left_of(row: OpenRow, *, test_mode: bool) -> Iterator[Action]:
    """Give what is left of a row, if anything is, as if nothing of it were in doubt."""
    known: dict[Portion, Fate] = {of: fate for of, fate in row.fates.items() if fate is not Fate.IN_DOUBT}
    if len(known) < len(row.portions):
        yield attrs.evolve(row, fates=known).rest(test_mode=test_mode)
