"""Files of people and commands on the command line: how they are read, and what is told of their problems."""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import attrs
import click

from umapi_models.models import CreateOption
from umapi_runtime.constraints import show
from umapi_sdk.command_line.output import count
from umapi_sdk.command_line.replacement import whole_file
from umapi_sdk.sheets import FORMS, Problem, Row, Sheet, open_sheet
from umapi_sdk.sheets.opening import STANDARD_INPUT

FEW: Final = 100
"""So many problems are shown, unless all are asked for."""

BAD_HELP: Final = "Write the bad rows, as they are in FILE; in CSV a first column says what is wrong with each."

_PIECE: Final = 64 * 1024

_OPTIONS: Final = (
    click.option(
        "--format",
        "form",
        type=click.Choice(FORMS),
        help="Form of FILE: CSV, a JSON array or JSON Lines. Its first letter tells otherwise.",
    ),
    click.option("--encoding", metavar="NAME", help="Encoding of FILE, such as cp1252; UTF-8 otherwise."),
    click.option(
        "--delimiter", metavar="C", help="Between the cells of CSV; found out from the header line otherwise."
    ),
    click.option(
        "--action",
        default="create",
        show_default=True,
        metavar="NAME",
        help="What rows of CSV ask for that do not say, such as add, update or remove_from_org.",
    ),
    click.option(
        "--ignore-column",
        "ignored",
        multiple=True,
        metavar="NAME",
        help="A column of CSV to leave out; repeat the option for more.",
    ),
    click.option("--all-problems", is_flag=True, help=f"Show all problems of FILE, and not only the first {FEW}."),
)


@attrs.frozen(kw_only=True)
class Reading:
    """How a file is to be read."""

    form: str | None
    encoding: str | None
    delimiter: str | None
    action: str
    ignored: tuple[str, ...]
    all_problems: bool

    def open(self, file: str) -> Sheet:
        """Return the rows of a file.

        Raises:
            SheetError: an option means nothing.
        """
        delimiter = {"tab": "\t", "\\t": "\t"}.get(self.delimiter or "", self.delimiter)
        return open_sheet(
            file,
            form=self.form,
            encoding=self.encoding,
            delimiter=delimiter,
            action=self.action,
            ignored=self.ignored,
        )


def reads_file(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of files; it gets them as `reading`."""
    names = [field.name for field in attrs.fields(Reading)]

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        reading = Reading(**{name: options.pop(name) for name in names})
        return function(*arguments, reading=reading, **options)

    decorated: Callable[..., Any] = call
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


class Screening:
    """The rows of a sheet; their problems are told while they are read, the first ones or all."""

    def __init__(self, sheet: Sheet, tell: Callable[[str], None], *, every: bool) -> None:
        self._sheet = sheet
        self._tell = tell
        self._most = None if every else FEW
        self.rows = 0
        """Rows read so far."""
        self.problems = 0
        """Problems found."""
        self.short = 0
        """Rows that end before their last cells."""
        self.overwriting = 0
        """Rows that give a user who is there already its names, though no option says so."""
        self.unread = 0
        """Rows with names of people that their action does not read."""
        self.undivided = 0
        """Rows with a name that may be meant for several."""
        self._undivided: Row | None = None
        self._bad: list[Row] | None = None

    def _remark_on(self, row: Row) -> None:
        self.short += row.ends_early
        self.overwriting += row.overwrites
        self.unread += row.has_unread_names
        if row.undivided is not None:
            self._undivided = self._undivided or row
            self.undivided += 1

    def find_disputed(self) -> None:
        """Find the rows that create one thing in two ways beforehand, so that none of them is usable."""
        self._sheet.find_disputed()

    def keep_bad(self) -> None:
        """Keep the rows that have problems, for `write_bad`."""
        self._bad = []

    def __iter__(self) -> Iterator[Row]:
        for row in self._sheet:
            self.rows += 1
            self.note(row.problems)
            if not row.problems:
                self._remark_on(row)
            if self._bad is not None and row.problems:
                self._bad.append(row)
            yield row

    def write_bad(self, path: Path) -> None:
        """Write the rows that were kept, as they were, to a file of the form of theirs, in UTF-8.

        In CSV, a first column has what is wrong with each.

        Raises:
            OSError: the file cannot be written; what stood there stays.
        """
        with whole_file(path) as file:
            file.writelines(self._sheet.original(self._bad or ()))

    def note(self, problems: Iterable[Problem]) -> None:
        """Count problems, and tell them."""
        for problem in problems:
            self.problems += 1
            self.rows = max(self.rows, problem.row or 0)
            if self._most is None or self.problems <= self._most:
                self._tell(f"{self._sheet.name}: {problem}")

    @property
    def remarks(self) -> Iterator[str]:
        """What is to be known of rows that have no problem, in a line each."""
        if self.short:
            # Excel writes such rows, and a file that was cut off or pasted together has them too.
            rows = "1 row ends" if self.short == 1 else f"{self.short:,} rows end"
            yield f"{rows} early: cells that are missing at the end are taken for blank"
        if self.unread:
            rows = "1 row has a name" if self.unread == 1 else f"{self.unread:,} rows have names"
            yield f"{rows} in columns that add and remove do not read, and changes none: action update does"
        if self._undivided is not None:
            having = "more has such a name" if self.undivided == 2 else "more have such names"
            others = f", and {count(self.undivided - 1, 'row')} {having}" if self.undivided > 1 else ""
            name = show(self._undivided.undivided or "")
            remedy = "write commas between names, or double quotes around one that has a semicolon"
            yield f"row {self._undivided.number}: {name} is taken for one name{others}: {remedy}"
        if self.overwriting:
            rows = "1 row creates a user" if self.overwriting == 1 else f"{self.overwriting:,} rows create users"
            keeping = f"a column option with {CreateOption.IGNORE_IF_ALREADY_EXISTS} keeps the old ones"
            yield f"{rows}, and who is there already gets the names of the row: {keeping}"

    @property
    def summary(self) -> str:
        """How many problems there are, in how many rows, and how many of them were not told."""
        left = 0 if self._most is None else self.problems - self._most
        untold = f", {left:,} of them not shown (--all-problems shows them)" if left > 0 else ""
        return f"{count(self.problems, 'problem')} in {count(self.rows, 'row')}{untold}"


def source_of(file: str | None) -> Path | None:
    """Return the file that rows come from; None for standard input, and where there is none."""
    return None if file is None or file == STANDARD_INPUT else Path(file)


def write_bad(screening: Screening, path: Path) -> None:
    """Write the bad rows that a screening has kept.

    Raises:
        click.ClickException: the file cannot be written.
    """
    try:
        screening.write_bad(path)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from None


def digest_of(file: str) -> str:
    """Return the SHA-256 of a file, or of standard input."""
    try:
        with nullcontext(sys.stdin.buffer) if file == STANDARD_INPUT else Path(file).open("rb") as stream:
            found = hashlib.sha256()
            while piece := stream.read(_PIECE):
                found.update(piece)
            return found.hexdigest()
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be read: {error.strerror}") from None
