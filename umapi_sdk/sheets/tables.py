"""CSV as spreadsheets write it: delimiters, quotes, header line, and a row for each line that is not blank."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

import attrs

from umapi_runtime.constraints import show
from umapi_sdk.characters import harmless
from umapi_sdk.sheets import columns
from umapi_sdk.sheets.columns import Header, count_known, plain, read_header
from umapi_sdk.sheets.operations import RowOperation
from umapi_sdk.sheets.people import PersonRow, check_needs
from umapi_sdk.sheets.rows import Problem, Row, SheetError
from umapi_sdk.sheets.texts import LONGEST, Text

DELIMITERS: Final = (",", ";", "\t")
"""Those that are found by themselves. Excel writes semicolons where commas divide the numbers."""

_OTHER_DELIMITERS: Final = ("|", ":", "^", "~")
"""Those that are asked after where no other divides a header line: they may be part of a name."""
_MOST_PROBLEMS: Final = 1000
"""Problems of rows that are told beside those of the header line."""
_SHOWN: Final = 3
"""Cells that are shown of a line that should have been a header line."""

SEPARATOR_LINE: Final = re.compile(r'"?sep=([^" \r\n])"?\s*', re.IGNORECASE)
"""The first line of a file that says what stands between its cells, as Excel reads it."""


def read_table(
    text: Text,
    delimiter: str | None,
    usual: RowOperation,
    ignored: Collection[str],
    note_heading: Callable[[Heading], object],
) -> Iterator[Row]:
    """Read a CSV file row by row.

    Args:
        text: The text of the file.
        delimiter: What stands between its cells; found out if not given.
        usual: What a row asks for that does not say.
        ignored: Columns that are left out.
        note_heading: Gets what stands above the rows, before the first of them is given.

    Raises:
        SheetError: a header that cannot be understood, text that cannot be read, a quote that is not closed.
    """
    lines = RowLines(text.lines())
    first = lines.first()
    separator = SEPARATOR_LINE.fullmatch(first) if first is not None else None
    if separator is not None:
        delimiter = delimiter or separator[1]
        first = lines.first()
    if first is None:
        raise SheetError(Problem(message="is empty: there is nothing to do"))
    start, before = lines.line, lines.text.removesuffix(first)
    delimiter = delimiter or delimiter_of(first)
    reader = csv.reader(itertools.chain([first], lines), delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        names = next(reader)
    except csv.Error as error:
        raise SheetError(Problem(line=start, message=_reason(error))) from None
    if not count_known(names):
        raise SheetError(Problem(line=start, message=_no_header(first, names)))
    header = read_header(names, start, ignored)
    note_heading(Heading(before, lines.text.removeprefix(before), names, delimiter))
    missing = check_needs(header, start, usual)
    if missing:
        raise SheetError(*header.unknown, *missing)
    rows = _people(header, reader, lines, usual)
    if header.unknown:
        # Nobody may act on the rows, but what is wrong with them is told at once, and not in a second round.
        found = itertools.chain.from_iterable(row.problems for row in rows)
        raise SheetError(*header.unknown, *itertools.islice(found, _MOST_PROBLEMS))
    yield from rows


@attrs.frozen
class Heading:
    """What stands above the rows of a table."""

    before: str
    """The lines before the header line: blank ones, and one that names the delimiter."""
    text: str
    """The header line."""
    names: Sequence[str]
    """The names in it."""
    delimiter: str

    def with_problems(self, rows: Iterable[Row]) -> Iterator[str]:
        """Give the text of a table of only these rows, each as it was, behind a cell that says what is wrong."""
        has_problems = bool(self.names) and plain(self.names[0]) == columns.PROBLEM

        def line(problem: str, text: str) -> str:
            cell = problem if problem == columns.PROBLEM else '"' + harmless(problem).replace('"', '""') + '"'
            # The last line of a file may be without an end.
            rest = self._without_first(text) if has_problems else text
            return f"{cell}{self.delimiter}{rest}" + ("" if text.endswith(("\n", "\r")) else "\n")

        yield self.before + line(columns.PROBLEM, self.text)
        for row in rows:
            yield line("; ".join(map(str, row.problems)), row.original)

    def _without_first(self, text: str) -> str:
        """Return a row without its first cell, which told of the problem that it had before."""
        cell = re.match(rf'\s*(?:"(?:[^"]|"")*"|[^"{re.escape(self.delimiter)}]*){re.escape(self.delimiter)}', text)
        return text[cell.end() :] if cell else text


def _people(header: Header, reader: Iterator[list[str]], lines: RowLines, usual: RowOperation) -> Iterator[Row]:
    """Give the rows below a header line."""
    for number, (line, cells) in enumerate(_rows(reader, lines), 1):
        if isinstance(cells, Problem):
            problem = Problem(row=number, line=line, message=cells.message)
            yield Row(number=number, line=line, problems=(problem,), original=lines.text)
        else:
            yield attrs.evolve(PersonRow(header, cells, number, line).row(usual), original=lines.text)


def delimiter_of(line: str) -> str:
    """Return the delimiter that divides a header line into most names that are known, and then into most cells."""

    def merit(delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
        except csv.Error:
            return 0, 0
        return count_known(cells), len(cells)

    return max(DELIMITERS, key=merit)


def _no_header(line: str, cells: Sequence[str]) -> str:
    """Return what to say of a first line that names no column: what may divide it, or what stands there."""
    message = "is no header line: none of its cells is a name of a column, such as email, firstname or groups"
    likely = max(_OTHER_DELIMITERS, key=lambda delimiter: count_known(line.strip().split(delimiter)))
    if count_known(line.strip().split(likely)):
        return f"{message}; do they stand between other marks? --delimiter '{likely}'"
    begin = ", ".join(show(cell.strip()) for cell in cells[:_SHOWN])
    return f"{message}, but {begin}: rename the columns, or add a header line"


class RowLines:
    """The lines of a file, and where in it they stand; a row that is too long ends them."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._held: list[str] = []
        self.line = 0
        """The number of the line that was read last."""
        self.begin()

    def first(self) -> str | None:
        """Return the next line that is not blank; None if there is none."""
        return next((line for line in self if line.strip()), None)

    def begin(self) -> int:
        """Note that a row begins with the next line, and return its number."""
        self._start = self.line + 1
        self._spent = 0
        self._held.clear()
        return self._start

    @property
    def text(self) -> str:
        """The lines of the present row."""
        return "".join(self._held)

    def __iter__(self) -> RowLines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.line += 1
        self._spent += len(line)
        self._held.append(line)
        if self._spent > LONGEST:
            message = f"is the beginning of a row of more than {LONGEST:,} characters: is a quote missing?"
            raise SheetError(Problem(line=self._start, message=message))
        return line


def _rows(reader: Iterator[list[str]], lines: RowLines) -> Iterator[tuple[int, list[str] | Problem]]:
    """Give the rows that are not blank, each with the line in which it begins."""
    while True:
        start = lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.line > start or "field limit" in str(error):
                # Where the rows after it begin cannot be known.
                raise SheetError(Problem(line=start, message=_reason(error))) from None
            yield start, Problem(message=_reason(error))
            continue
        if any(cell and not cell.isspace() for cell in cells):
            yield start, cells


def _reason(error: csv.Error) -> str:
    if "field limit" in str(error):
        return f"a cell has more than {csv.field_size_limit():,} characters: is a quote missing?"
    if "end of data" in str(error):
        return "a quote is opened in this row and not closed"
    return "a quote stands within a quoted cell, or the cell before it is not closed: double it, or close the cell"
