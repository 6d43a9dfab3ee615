"""Iteration data: files with a row of variables for each iteration, in JSON or CSV."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from umapi_harness.common.documents import JsonValue, read_node, read_text
from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.rules import Rule

DataRow = Mapping[str, JsonValue]

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_QUOTED: Final = re.compile(r'[ \t]*+"((?:[^"]|"")*+)"[ \t]*+(?=,|\r?\n|\r|\Z)')
_PLAIN: Final = re.compile(r"[^,\r\n]*+")
_BREAK: Final = re.compile(r"\r?\n|\r")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SHOWN: Final = 40
"""Characters of a heading that a message shows."""
_OTHER_SEPARATORS: Final = {";": "semicolons", "\t": "tabs"}


@attrs.frozen
class _Cell:
    """A cell of a CSV file, and whether it stood in quotes."""

    text: str
    quoted: bool


def read_data(path: Path, *, strings: bool = False, lenient: bool = False) -> tuple[DataRow, ...]:
    """Reads iteration data, one row per iteration: JSON (an array of objects) or CSV with a heading line.

    CSV cells without quotes are trimmed, and are numbers where they look like one, as in Newman; with `strings`
    every cell is text as it stands, as in Postman's app. With `lenient`, a file without rows is no row, and cells
    that a row has too few or too many are absent or dropped. Raises DocumentError for anything else.
    """
    rows = _json_rows(path) if path.suffix.lower() == ".json" else _csv_rows(path, strings, lenient)
    if not rows and not lenient:
        raise DocumentError(str(path), "", "no row of data", f"give at least one row, or --allow {Rule.DATA}")
    return rows


def _json_rows(path: Path) -> tuple[DataRow, ...]:
    return tuple(dict(row.mapping("a row")) for row in read_node(path, "data file").items("iteration data"))


def _csv_rows(path: Path, strings: bool, lenient: bool) -> tuple[DataRow, ...]:
    rows: list[DataRow] = []
    heading: list[str] = []
    for line, cells in _records(path, read_text(path, "data file")):
        if not heading:
            heading = [cell.text.strip() for cell in cells]
            if not lenient:
                _check_heading(path, heading)
            continue
        if len(cells) != len(heading) and not lenient:
            problem = f"line {line} has {len(cells)} cells, the heading {len(heading)}"
            raise DocumentError(
                str(path), "", problem, f"quote cells that contain commas, or --allow {Rule.DATA} to drop cells"
            )
        rows.append({name: _value(cell, strings) for name, cell in zip(heading, cells, strict=False)})
    return tuple(rows)


def _records(path: Path, text: str) -> Iterator[tuple[int, list[_Cell]]]:
    """The lines that hold something, each as cells, with the number of the line where it begins."""
    place, line = 0, 1
    while place < len(text):
        begin, cells = line, list[_Cell]()
        while True:
            quoted = _QUOTED.match(text, place)
            plain = _PLAIN.match(text, place)
            if quoted is None and (plain is None or plain[0].lstrip(" \t").startswith('"')):
                raise DocumentError(str(path), "", f"not CSV: a quote that is not closed at line {line}", "correct it")
            if quoted is not None:
                cells.append(_Cell(quoted[1].replace('""', '"'), quoted=True))
                line += len(_BREAK.findall(quoted[1]))
                place = quoted.end()
            elif plain is not None:
                cells.append(_Cell(plain[0], quoted=False))
                place = plain.end()
            if text[place : place + 1] != ",":
                break
            place += 1
        ended = _BREAK.match(text, place)
        place, line = (ended.end() if ended else place), line + 1
        if len(cells) > 1 or cells[0].quoted or cells[0].text.strip():
            yield begin, cells


def _value(cell: _Cell, strings: bool) -> JsonValue:
    if cell.quoted or strings:
        return cell.text
    text = cell.text.strip()
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    if not math.isfinite(number):
        return text
    return int(number) if number.is_integer() else number


def _check_heading(path: Path, heading: list[str]) -> None:
    twice = sorted({name for name in heading if heading.count(name) > 1})
    problem = remedy = ""
    if "" in heading or twice:
        problem = f"the heading names {twice[0]!r} twice" if twice and twice[0] else "the heading has an empty name"
        remedy = "give every column a name of its own"
    for column, name in enumerate(heading, 1):
        if _CONTROL.search(name):
            problem = f"the heading of column {column} has a control character in it: {name[:_SHOWN]!a}"
            remedy = "save the file as text in UTF-8"
    for mark, name in _OTHER_SEPARATORS.items():
        if len(heading) == 1 and mark in heading[0]:
            problem, remedy = f"the heading is one cell with {name} in it", "save the file with commas between cells"
    if problem:
        raise DocumentError(str(path), "", problem, f"{remedy}, or --allow {Rule.DATA}")
