"""A file of people or commands, whatever its form: found out, read once, row by row."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

import attrs

from umapi_runtime.constraints import show
from umapi_sdk.sheets.columns import plain
from umapi_sdk.sheets.documents import read_array, read_lines
from umapi_sdk.sheets.operations import BY_NAME, CREATE, OPERATIONS, RowOperation
from umapi_sdk.sheets.repeats import Repeats
from umapi_sdk.sheets.rows import Problem, Row, SheetError
from umapi_sdk.sheets.tables import Heading, read_table
from umapi_sdk.sheets.texts import Text

CSV: Final = "csv"
JSON: Final = "json"
JSON_LINES: Final = "jsonl"
FORMS: Final = (CSV, JSON, JSON_LINES)
"""The forms that a file can have; otherwise its first letter tells."""

_LINES: Final = (".jsonl", ".ndjson")

STANDARD_INPUT: Final = "-"


class Sheet:
    """The rows of a file, which is read as they are taken, once, and never held whole.

    Iterating raises SheetError, a UsageError, for what makes the file as a whole or all that follows unreadable.
    """

    def __init__(
        self,
        path: Path,
        form: str | None,
        encoding: str | None,
        delimiter: str | None,
        usual: RowOperation,
        ignored: Collection[str],
    ) -> None:
        self.name = "standard input" if str(path) == STANDARD_INPUT else str(path)
        """The file, as messages call it."""
        self._path = path
        self._form = form
        self._encoding = encoding
        self._delimiter = delimiter
        self._usual = usual
        self._ignored = ignored
        self._text: Text | None = None
        self._heading: Heading | None = None
        self._disputed: dict[int, int] = {}
        self._found = form or CSV

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes read, in hexadecimal digits: those of the file once all rows have been taken."""
        return self._text.digest if self._text else ""

    @property
    def size(self) -> int:
        """The bytes read."""
        return self._text.size if self._text else 0

    def original(self, rows: Iterable[Row]) -> Iterator[str]:
        """Give the text of a file like this one that has only some of the rows that were taken, each as it was.

        In CSV, a first column says what is wrong with each; it is not read when the file is applied.
        """
        if self._heading is not None:
            yield from self._heading.with_problems(rows)
            return
        before, between, after = ("[\n", ",\n", "\n]\n") if self._found == JSON else ("", "", "")
        yield before
        for place, row in enumerate(rows):
            # The last line of the file may be without an end, and another row may come after it here.
            end = "" if self._found == JSON or row.original.endswith(("\n", "\r")) else "\n"
            yield f"{between if place else ''}{row.original}{end}"
        yield after

    def find_disputed(self) -> None:
        """Read the file once more beforehand, so that of rows that create one thing in two ways, none is usable.

        Otherwise the first of them is, and only the others have a problem. Standard input is read only once.
        """
        if str(self._path) == STANDARD_INPUT:
            return
        repeats = Repeats()
        with suppress(SheetError):  # it comes again, to whoever takes the rows
            deque(self._read(repeats), maxlen=0)
        self._disputed = repeats.disputed

    def __iter__(self) -> Iterator[Row]:
        return self._read(Repeats())

    def _read(self, repeats: Repeats) -> Iterator[Row]:
        with self._opened() as stream:
            before = _state(stream)
            self._text = Text(stream, self._encoding)
            for row in self._rows(self._text):
                objection = repeats.objection(row.action, row.number) if row.action is not None else None
                if objection is None and row.number in self._disputed:
                    later = self._disputed[row.number]
                    objection = f"creates what row {later} creates otherwise: take one of the two out"
                if objection is not None:
                    problem = Problem(row=row.number, line=row.line, message=objection)
                    yield attrs.evolve(row, action=None, problems=(problem,))
                else:
                    yield row
            if _state(stream) != before:
                raise SheetError(Problem(message="has changed while it was read: read it again"))

    def _rows(self, text: Text) -> Iterator[Row]:
        letter = text.first_letter
        # Where nothing is left, a file of `--left` is empty.
        by_name = JSON_LINES if not letter and self._path.suffix.lower() in _LINES else CSV
        self._found = self._form or {"[": JSON, "{": JSON_LINES}.get(letter, by_name)
        if self._found == CSV:
            return read_table(text, self._delimiter, self._usual, self._ignored, self._note_heading)
        return read_array(text) if self._found == JSON else read_lines(text)

    def _note_heading(self, heading: Heading) -> None:
        self._heading = heading

    @contextmanager
    def _opened(self) -> Generator[BinaryIO]:
        if str(self._path) == STANDARD_INPUT:
            yield sys.stdin.buffer
            return
        try:
            stream = self._path.open("rb")
        except OSError as error:
            # The word after a second column would be taken for a file.
            repeated = "; --ignore-column takes one column, and is repeated for more" if self._ignored else ""
            raise SheetError(Problem(message=f"cannot be read: {error.strerror}{repeated}")) from None
        with stream:
            yield stream


def open_sheet(
    path: str | Path,
    *,
    form: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    action: str = CREATE.name,
    ignored: Collection[str] = (),
) -> Sheet:
    """Return the rows of a file, or of standard input for `-`.

    Args:
        path: A CSV file, a JSON array of commands, or JSON Lines with a command on each.
        form: Which of them it is, one of `FORMS`; its first letter tells otherwise.
        encoding: UTF-8 unless a byte-order mark says otherwise, as the codecs of Python call it.
        delimiter: What stands between the cells of a CSV file; found out from the header line otherwise.
        action: What a row of a CSV file asks for that does not say.
        ignored: Columns of a CSV file that are not read.

    Raises:
        SheetError: the action, form or delimiter is none.
    """
    if plain(action) not in BY_NAME:
        known = ", ".join(operation.name for operation in OPERATIONS)
        raise SheetError(Problem(message=f"{action or show(action)} is no action: give one of {known}"))
    if form is not None and form not in FORMS:
        raise SheetError(Problem(message=f"{form} is no form of a file: give one of {', '.join(FORMS)}"))
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n '):
        raise SheetError(
            Problem(message="a delimiter is one character, and neither a quote nor a blank nor a line end")
        )
    return Sheet(Path(path), form, encoding, delimiter, BY_NAME[plain(action)], ignored)


def _state(stream: BinaryIO) -> tuple[int, int]:
    """Return what tells whether a file has been written to."""
    try:
        known = os.fstat(stream.fileno())
    except (OSError, ValueError):  # what stands in for standard input has no file
        return 0, 0
    return known.st_size, known.st_mtime_ns
