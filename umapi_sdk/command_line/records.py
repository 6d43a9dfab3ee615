"""Records as people and programs want them: an aligned table, CSV, JSON, or JSON Lines."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

import attrs
import click

from umapi_sdk.characters import INVISIBLE, encodable, harmless, shown
from umapi_sdk.command_line.output import say

T = TypeVar("T")
Decorated = TypeVar("Decorated", bound=Callable[..., Any])

TABLE: Final = "table"
CSV: Final = "csv"
JSON: Final = "json"
JSON_LINES: Final = "jsonl"
FORMATS: Final = (TABLE, CSV, JSON, JSON_LINES)

_GAP: Final = "  "
_NARROWEST: Final = 6  # columns of a terminal; what is cut to less says nothing
_MEASURED: Final = 1000
"""So many rows are looked at for the widths of a table, so that one of any length is written as it comes."""


@attrs.frozen(kw_only=True)
class View(Generic[T]):
    """How entries of a kind are shown."""

    table: Sequence[str]
    """The columns of a table."""
    csv: Sequence[str]
    """The columns of CSV, by the service's names."""
    cells: Callable[[T], Mapping[str, str]]
    """What stands in the columns; none is blank."""
    record: Callable[[T], Mapping[str, Any]]
    """All that is known, for JSON."""


def format_options(command: Decorated) -> Decorated:
    """Give a command the options `--format` and `--raw`, as `form` and `raw`."""
    command = click.option(
        "--raw", is_flag=True, help="With --format csv: every cell as the service has it, which a spreadsheet may run."
    )(command)
    return click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default=TABLE,
        show_default=True,
        help="csv has a header, and is safe for spreadsheets: what they would take for a formula gets an apostrophe "
        "before it. json has every field; jsonl too, with one entry on each line.",
    )(command)


def check_format(form: str, *, raw: bool) -> None:
    """Refuse `--raw` where it would change nothing."""
    if raw and form != CSV:
        raise click.UsageError("--raw goes with --format csv: add that, or leave --raw out")


def show(entries: Iterable[T], view: View[T], form: str, *, raw: bool = False) -> None:
    """Write entries to standard output, as they come."""
    if form == TABLE:
        rows = ([view.cells(entry).get(column, "") for column in view.table] for entry in entries)
        for line in table_lines([column.upper() for column in view.table], rows, _terminal_width()):
            say(line)
    elif form == CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(view.csv)
        for entry in entries:
            cells = view.cells(entry)
            writer.writerow(csv_cells((cells.get(column, "") for column in view.csv), raw=raw))
    elif form == JSON_LINES:
        for entry in entries:
            click.echo(json_text(view.record(entry)))
    else:
        click.echo("[", nl=False)
        divider = "\n"
        for entry in entries:
            click.echo(f"{divider}{json_text(view.record(entry))}", nl=False)
            divider = ",\n"
        click.echo("\n]")


def csv_cells(cells: Iterable[str], *, raw: bool = False) -> list[str]:
    """Return cells as CSV has them: taken for nothing but text, or with `raw` as they are."""
    return [encodable(cell) if raw else harmless(cell) for cell in cells]


def json_text(data: object, *, indent: int | None = None) -> str:
    """Return JSON in which whatever a terminal would take for an instruction is escaped, and nothing is lost."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    text = json.dumps(data, ensure_ascii=not encoding.startswith("utf"), indent=indent)
    return escaped(text)


def escaped(text: str) -> str:
    """Return a text of JSON with escapes for whatever a terminal would take for an instruction."""
    return "".join(map(_escaped, text)) if not text.isascii() or "\x7f" in text else text


def _escaped(letter: str) -> str:
    if letter == "\n" or letter.isprintable() or unicodedata.category(letter) not in INVISIBLE:
        return letter
    # Above U+FFFF, JSON has two halves.
    halves = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{halves[place]:02x}{halves[place + 1]:02x}" for place in range(0, len(halves), 2))


def table_lines(headings: Sequence[str], rows: Iterable[Sequence[str]], width: int | None) -> Iterator[str]:
    """Return the lines of a table; with `width`, cells are cut so that none is longer."""
    left = iter(rows)
    first = [[shown(cell) for cell in row] for row in itertools.islice(left, _MEASURED)]
    widths = [max(map(_columns, column)) for column in zip(headings, *first, strict=True)]
    if width is not None:
        widths = _fitted(widths, width - len(_GAP) * (len(widths) - 1))
    for row in itertools.chain([headings], first, left):
        cells = [shown(cell) for cell in row]
        if width is not None:
            cells = [_cut(cell, most) for cell, most in zip(cells, widths, strict=True)]
        padded = [cell + " " * (most - _columns(cell)) for cell, most in zip(cells, widths, strict=True)]
        yield _GAP.join(padded).rstrip()


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """Return widths that fit into the room: the widest give way, none below what says something."""
    fits = (
        most
        for most in range(min(max(widths), room), _NARROWEST, -1)
        if sum(min(each, most) for each in widths) <= room
    )
    cap = next(fits, _NARROWEST)
    return [min(each, cap) for each in widths]


def _cut(cell: str, most: int) -> str:
    """Return a cell of at most so many columns of a terminal; one that is cut ends with a mark."""
    if _columns(cell) <= most:
        return cell
    used, end = 0, 0
    for letter in cell:
        used += _columns(letter)
        if used > most - 1:
            break
        end += 1
    return f"{cell[:end]}~"


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(letter) for letter in text)


def _columns_of(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _terminal_width() -> int | None:
    """Return the width of the terminal that standard output is; None for a file or pipe, where nothing is cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
