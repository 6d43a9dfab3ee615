"""The file of a journal: told from other files, held against other processes, and what its errors mean."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from umapi_sdk.errors import JournalError

MARK: Final = 0x554D4150
"""UMAP in ASCII, by which SQLite's header tells a journal from other databases."""

_MAGIC = b"SQLite format 3\0"
_HEADER_SIZE = 100  # bytes; https://www.sqlite.org/fileformat.html


def connect(path: Path) -> sqlite3.Connection:
    """Open a database for good: held against others, and on the disk after each transaction.

    Raises:
        JournalError: it cannot be opened, or another process has it.
    """
    try:
        # The mode keeps SQLite from making a file where there is none.
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise JournalError(reason(path, error)) from None
    try:
        for pragma in ("locking_mode = EXCLUSIVE", "synchronous = EXTRA", "fullfsync = 1"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN EXCLUSIVE")
        database.execute("COMMIT")
    except sqlite3.Error as error:
        database.close()
        raise JournalError(reason(path, error)) from None
    except BaseException:
        database.close()
        raise
    return database


def read_header(path: Path) -> bytes:
    """Return the header of a file. SQLite is not asked: it makes databases of empty files.

    Raises:
        JournalError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_HEADER_SIZE)
    except OSError as error:
        raise JournalError(f"journal {path}: cannot be read: {error.strerror or error}") from None


def has_mark(header: bytes) -> bool:
    """Whether a file with this header is a journal."""
    return header.startswith(_MAGIC) and header[68:72] == MARK.to_bytes(4, "big")


def is_journal(path: Path) -> bool:
    """Whether a path leads to the journal of a run, in whatever state; what cannot be read is taken for none."""
    try:
        return path.is_file() and has_mark(read_header(path))
    except (OSError, JournalError):
        return False


def is_blank(header: bytes) -> bool:
    """Whether nothing was ever in a file with this header: it is empty, or a database that never had a table."""
    return not header or (header.startswith(_MAGIC) and not any(header[40:44]))


def reason(path: Path, error: sqlite3.Error) -> str:
    """Return what an error of SQLite says of a journal, in words for whoever runs the command."""
    name: str = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"journal {path}: is in use by another run: let that end first"
    if name.startswith("SQLITE_NOTADB"):
        return f"journal {path}: is not the journal of a bulk run"
    if name.startswith("SQLITE_CORRUPT"):
        return damaged(path)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return f"journal {path}: cannot be written: make file and folder writable ({error})"
    return f"journal {path}: cannot be read: {error}"


def damaged(path: Path) -> str:
    """Return what is said of a journal that is damaged."""
    return f"journal {path}: is damaged or cut off: what was done cannot be told from it; look at the organisation"
