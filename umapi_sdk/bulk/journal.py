"""The journal of a bulk run: one SQLite file with every row, what became of it, and what was under way.

Each method that writes is one transaction, which is on the disk when the method returns, whatever happens to the
program or the machine afterwards. The file is held by one process at a time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import attrs

from umapi_sdk.bulk.database import MARK, connect, damaged, has_mark, is_blank, is_journal, read_header, reason
from umapi_sdk.bulk.rows import Fate, OpenRow, Portion, State
from umapi_sdk.errors import JournalError

FORMAT = 1
"""Number of the format; a journal of another is refused."""

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE rows (
    number INTEGER PRIMARY KEY, line INTEGER, target TEXT, command TEXT, state INTEGER NOT NULL, note TEXT
);
CREATE TABLE portions (
    row INTEGER, place INTEGER, name TEXT, fate INTEGER NOT NULL, PRIMARY KEY (row, place, name)
) WITHOUT ROWID;
"""
_ODD = ("utf-8", "surrogatepass")
_LOADING, _READY = "loading", "ready"
_BLANK = (
    "is empty: its making was cut off before anything was sent, or it was emptied later; begin the run anew, unless "
    "something may have been sent: then look at the organisation first"
)
_INCOMPLETE = "was not completed, and nothing of it has been sent: begin the run anew"


@attrs.frozen(kw_only=True)
class Purpose:
    """What a run is for; it is resumed for nothing else."""

    org_id: str
    endpoint: str
    test_mode: bool
    by_group: bool
    source: str | None
    """Name of the file that the rows come from."""


@attrs.frozen
class StoredResult:
    """A row as the journal tells of it."""

    number: int
    line: int | None
    target: str | None
    command: str | None
    state: State
    note: str | None
    fates: dict[Portion, Fate]


class Journal:
    """An open journal. It is for one thread at a time."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database

    @classmethod
    def create(cls, path: Path, purpose: Purpose) -> Journal:
        """Make a journal, which is not complete before `complete` is called.

        One that was never completed, as its program was killed, is replaced.

        Raises:
            JournalError: there is a file of that name already, or none can be made.
        """
        present = os.path.lexists(path)
        if present and not cls._is_incomplete(path):
            what = ": resume it, or" if is_journal(path) else ", and is no journal of a run:"
            raise JournalError(f"journal {path}: exists already{what} give another name")
        try:
            if present:
                path.unlink()
            # What a transaction of another file of this name has left would be taken for one of the new file.
            Path(f"{path}-journal").unlink(missing_ok=True)
            # Nobody else is to read who is in the organisation. SQLite gives its own files beside it the same mode.
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except OSError as error:
            raise JournalError(f"journal {path}: cannot be made: {error.strerror or error}") from None
        journal = cls(path, connect(path))
        try:
            with journal._transaction("cannot be written"):
                marks = f"PRAGMA application_id = {MARK}; PRAGMA user_version = {FORMAT}"
                for statement in f"{_TABLES}{marks}".split(";"):
                    journal._database.execute(statement)
                journal._set_facts(
                    state=_LOADING,
                    org_id=purpose.org_id,
                    endpoint=purpose.endpoint,
                    test_mode=str(int(purpose.test_mode)),
                    by_group=str(int(purpose.by_group)),
                    source=purpose.source,
                )
        except BaseException:
            journal.discard()
            raise
        return journal

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open a journal, and hold it until it is closed.

        Raises:
            JournalError: it is no journal, damaged, of another format, incomplete, or in use.
        """
        if not os.path.isfile(path):
            raise JournalError(f"journal {path}: {'is no file' if os.path.exists(path) else 'there is no such file'}")
        header = read_header(path)
        if not has_mark(header):
            what = _BLANK if is_blank(header) else "is not the journal of a bulk run"
            raise JournalError(f"journal {path}: {what}")
        journal = cls(path, connect(path))
        try:
            journal._check()
        except BaseException:
            journal.close()
            raise
        return journal

    def close(self) -> None:
        """Let others have it."""
        self._database.close()

    def discard(self) -> None:
        """Close and delete it."""
        self.close()
        for suffix in ("", "-journal"):
            with suppress(OSError):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    @property
    def purpose(self) -> Purpose:
        """What the run is for."""
        facts = self._facts()
        return Purpose(
            org_id=facts["org_id"] or "",
            endpoint=facts["endpoint"] or "",
            test_mode=facts["test_mode"] == "1",
            by_group=facts["by_group"] == "1",
            source=facts["source"],
        )

    @property
    def digest(self) -> str | None:
        """SHA-256 of the file that the rows come from; None if it is not known."""
        return self._facts().get("digest")

    # Loading

    def load(self, rows: Iterable[tuple[int, int | None, str | None, str | None, State, str | None]]) -> None:
        """Add rows: number, line, target, command, state and note.

        Raises:
            JournalError: they cannot be written.
        """
        with self._transaction("cannot be written"):
            try:
                self._database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", rows)
            except sqlite3.IntegrityError:
                raise JournalError(f"journal {self.path}: two rows have one number") from None

    def complete(self, digest: str | None) -> None:
        """Note that all rows are there, and the SHA-256 of their file.

        Raises:
            JournalError: it cannot be written.
        """
        with self._transaction("cannot be written"):
            self._set_facts(state=_READY, digest=digest)

    # Running

    def window(self, size: int, after: int = 0) -> list[OpenRow]:
        """Return the first rows that are not settled, `size` at most; only those with a higher number than `after`.

        Raises:
            JournalError: it cannot be read.
        """
        with self._reading():
            found = self._database.execute(
                "SELECT number, command, note FROM rows WHERE state = ? AND number > ? ORDER BY number LIMIT ?",
                (State.OPEN, after, size),
            ).fetchall()
            if not found:
                return []
            fates: dict[int, dict[Portion, Fate]] = {}
            known = "SELECT row, place, name, fate FROM portions WHERE row BETWEEN ? AND ?"
            for row, place, name, fate in self._database.execute(known, (found[0][0], found[-1][0])):
                fates.setdefault(row, {})[place, name] = Fate(fate)
            return [OpenRow.read(number, command, fates.get(number, {}), note) for number, command, note in found]

    @property
    def last_sent(self) -> float | None:
        """When a request was last about to leave, in seconds since the epoch; None if none ever was."""
        moment = self._facts().get("last_sent")
        return None if moment is None else float(moment)

    def doubt(self, portions: Sequence[tuple[int, int, str]], now: float) -> None:
        """Note that a request is about to leave, with these portions (row, place, name) for the first time.

        Raises:
            JournalError: it cannot be written; the request must not be sent.
        """
        with self._transaction("cannot be written, and nothing more is sent"):
            self._database.executemany(
                "INSERT OR IGNORE INTO portions VALUES (?, ?, ?, ?)",
                [(*portion, Fate.IN_DOUBT) for portion in portions],
            )
            self._set_facts(last_sent=str(now))

    def take_back(self, rows: Iterable[OpenRow], last_sent: float | None) -> None:
        """Note what is known of rows of which something did not leave after all, and when a request last did.

        Raises:
            JournalError: it cannot be written.
        """
        with self._transaction("cannot be written, and nothing more is sent"):
            self._write_rows(rows)
            self._set_facts(last_sent=None if last_sent is None else str(last_sent))

    def keep(self, rows: Iterable[OpenRow], settled: Iterable[tuple[OpenRow, State]]) -> None:
        """Note what is known of rows, and of those that are settled what became of them.

        Raises:
            JournalError: it cannot be written.
        """
        with self._transaction("cannot be written, and nothing more is sent"):
            for row, state in settled:
                self._database.execute("DELETE FROM portions WHERE row = ?", (row.number,))
                self._database.execute(
                    "UPDATE rows SET state = ?, note = ? WHERE number = ?", (state, row.note.write(), row.number)
                )
                if state is not State.COMPLETED or Fate.FOUND in row.fates.values():
                    self._write_fates(row)
            self._write_rows(rows)

    def _write_rows(self, rows: Iterable[OpenRow]) -> None:
        for row in rows:
            self._database.execute("DELETE FROM portions WHERE row = ?", (row.number,))
            self._write_fates(row)
            self._database.execute("UPDATE rows SET note = ? WHERE number = ?", (row.note.write(), row.number))

    def _write_fates(self, row: OpenRow) -> None:
        self._database.executemany(
            "INSERT INTO portions VALUES (?, ?, ?, ?)",
            [(row.number, place, name, fate) for (place, name), fate in row.fates.items()],
        )

    # Results

    def counts(self) -> dict[State, int]:
        """Return how many rows there are of each state.

        Raises:
            JournalError: it cannot be read.
        """
        with self._reading():
            found = self._database.execute("SELECT state, count(*) FROM rows GROUP BY state")
            return {State(state): count for state, count in found}

    def count_doubtful(self) -> int:
        """Return how many rows have a portion in doubt; no row that is settled has one.

        Raises:
            JournalError: it cannot be read.
        """
        with self._reading():
            query = "SELECT count(DISTINCT row) FROM portions WHERE fate = ?"
            count: int = self._database.execute(query, (Fate.IN_DOUBT,)).fetchone()[0]
            return count

    def results(self) -> Iterator[StoredResult]:
        """Give every row, in order.

        Raises:
            JournalError: it cannot be read.
        """
        with self._reading():
            rows = self._database.execute("SELECT number, line, target, command, state, note FROM rows ORDER BY number")
            fates = self._database.execute("SELECT row, place, name, fate FROM portions ORDER BY row")
            ahead = fates.fetchone()
            for number, line, target, command, state, note in rows:
                known: dict[Portion, Fate] = {}
                while ahead is not None and ahead[0] == number:
                    known[ahead[1], ahead[2]] = Fate(ahead[3])
                    ahead = fates.fetchone()
                yield StoredResult(number, line, target, command, State(state), note, known)

    # Within

    @classmethod
    def _is_incomplete(cls, path: Path) -> bool:
        """Whether a file is a journal whose loading was cut off."""
        if not path.is_file():
            return False
        try:
            header = read_header(path)
            if not has_mark(header):
                return is_blank(header)
            with closing(cls(path, connect(path))) as journal:
                return journal._is_rolled_back() or journal._facts().get("state") == _LOADING
        except JournalError:
            return False

    def _is_rolled_back(self) -> bool:
        """Whether the very first transaction was cut off, and nothing is left of it."""
        with self._reading():
            changes: int = self._database.execute("PRAGMA schema_version").fetchone()[0]
        return changes == 0

    def _check(self) -> None:
        if self._is_rolled_back():
            raise JournalError(f"journal {self.path}: {_INCOMPLETE}")
        with self._reading():
            version: int = self._database.execute("PRAGMA user_version").fetchone()[0]
        if version != FORMAT:
            which = "an older" if version < FORMAT else "a newer"
            problem = f"is of {which} format ({version}, and this version has {FORMAT})"
            remedy = "go on with the version of umapi-sdk that made it"
            raise JournalError(f"journal {self.path}: {problem}: {remedy}")
        with self._reading():
            verdict: str = self._database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise JournalError(damaged(self.path))
        if self._facts().get("state") != _READY:
            raise JournalError(f"journal {self.path}: {_INCOMPLETE}")

    def _facts(self) -> dict[str, str | None]:
        with self._reading():
            found: list[tuple[str, str | bytes | None]] = self._database.execute(
                "SELECT name, value FROM facts"
            ).fetchall()
        return {name: value.decode(*_ODD) if isinstance(value, bytes) else value for name, value in found}

    def _set_facts(self, **facts: str | None) -> None:
        stored = [(name, _storable(value)) for name, value in facts.items()]
        self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", stored)

    @contextmanager
    def _transaction(self, problem: str) -> Generator[None]:
        try:
            # Rolled back by whatever ends it, an interrupt too.
            with self._database:
                if not self._database.in_transaction:
                    self._database.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.Error as error:
            raise JournalError(f"journal {self.path}: {problem}: {error}") from None

    @contextmanager
    def _reading(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise JournalError(reason(self.path, error)) from None


def _storable(value: str | None) -> str | bytes | None:
    """Return a fact as SQLite takes it: the name of a file can hold bytes that are no text here."""
    if value is None:
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode(*_ODD)
    return value
