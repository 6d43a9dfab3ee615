"""Statements: names in notations whose fields stand apart from their names: SQL, PHP, vCards, tables without header."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

from umapi_harness.common.notations import Field, split

_INSERT: Final = re.compile(
    r"insert\s++into\s++[^\s(]{1,200}+\s*+\((?P<columns>[^()]{1,4000}+)\)\s*+values", re.IGNORECASE
)
_ROW: Final = re.compile(r"\s*+,?\s*+\(")
_VALUE: Final = re.compile(
    r"\s*+(?:[NE]?'(?P<single>(?:[^'\\]|''|\\.)*+)'|\"(?P<double>[^\"]*+)\"|[^,()'\"]*+)\s*+(?P<after>[,)]?)", re.DOTALL
)
_SERIALIZED: Final = re.compile(r"s:[0-9]{1,9}:\"(?P<name>[\w. -]{1,100})\";s:[0-9]{1,9}:\"(?P<value>[^\"]*+)\"")
_KEYS: Final = re.compile(r"\((?P<names>[^()]{1,500}+)\)=\((?P<values>[^()]{1,2000}+)\)")
_CARD: Final = re.compile(
    r"^(?:[\w-]{1,20}\.)?(?P<name>N|FN|NICKNAME|ORG|ADR)(?:;[^:\r\n]{0,200})?:(?P<value>[^\r\n]*+)",
    re.IGNORECASE | re.MULTILINE,
)
_CARD_FIELDS: Final = {"N": "full_name", "FN": "full_name", "NICKNAME": "nick_name", "ORG": "company", "ADR": "address"}
_PART: Final = re.compile(r"[^;\r\n]++")
_DELIMITERS: Final = ",;\t|"
_FEWEST_ROWS: Final = 3
"""Of a table whose commas blanks follow, as they do in sentences; of any other one line is enough."""
_ADDRESS: Final = re.compile(r"[^\s@]++@[^\s@.]++(?:\.[^\s@.]++)++")
# As people are called: one to four words, the first with a capital, none of capitals alone as the codes of countries.
_CALLED: Final = re.compile(
    r"(?![A-Z]{1,3}$)[^\W\d_a-z](?:[^\W\d_]|['\u2019.-]){1,40}(?: (?:[^\W\d_]|['\u2019.-]){1,40}){0,3}"
)


def inserted(text: str, asked: Callable[[str], bool]) -> Iterator[Field]:
    """Find the values of SQL's `INSERT INTO users (lastname) VALUES ('X')`."""
    position = 0
    while (found := _INSERT.search(text, position)) is not None:
        names = [name.strip(' \t\r\n`"[]') for name in found["columns"].split(",")]
        position = found.end()
        while (row := _ROW.match(text, position)) is not None:
            position = row.end()
            for name in names:
                value = _VALUE.match(text, position)
                if value is None:
                    break
                group = "double" if value["double"] is not None else "single"
                if value[group] and asked(name):
                    yield Field(name, *value.span(group), True)
                position = value.end()
                if value["after"] != ",":
                    break


def serialized(text: str, asked: Callable[[str], bool]) -> Iterator[Field]:
    """Find the members of PHP's `serialize`, as in `s:8:"lastname";s:1:"X";`."""
    for found in _SERIALIZED.finditer(text) if "s:" in text else ():
        if found["value"] and asked(found["name"]):
            yield Field(found["name"], *found.span("value"), True)


def keys(text: str, asked: Callable[[str], bool]) -> Iterator[Field]:
    """Find what databases say of a value that is there already: `Key (lastname)=(X) already exists`."""
    for found in _KEYS.finditer(text) if ")=(" in text else ():
        names, values = split(found["names"], ","), split(found["values"], ",")
        for (begin, end), (start, stop) in zip(names, values, strict=False):
            name = found["names"][begin:end]
            if stop > start and asked(name):
                offset = found.start("values")
                yield Field(name, offset + start, offset + stop, True)


def cards(text: str) -> Iterator[Field]:
    """Find names and addresses in vCards (RFC 6350), each part of them by itself."""
    for found in _CARD.finditer(text) if "VCARD" in text.upper() else ():
        for part in _PART.finditer(text, *found.span("value")):
            yield Field(_CARD_FIELDS[found["name"].upper()], *part.span(), True)


def unheaded(text: str) -> Iterator[Field]:
    """Find names in tables that say nothing of their columns, one of which holds addresses.

    The lines have the same delimiter and number of cells; each other cell that reads like a person's name is one.
    """
    if "@" not in text:
        return
    for (delimiter, _), rows in groupby(_rows(text), lambda row: row[:2]):
        cells = [
            [(start + begin, start + end) for begin, end in split(line, delimiter)]
            for _, _, start, line in rows
            if delimiter and "@" in line
        ]
        told = [row for row in cells if any(_ADDRESS.fullmatch(text, *cell) for cell in row)]
        spaced = delimiter == "," and any(text[begin - 1 : begin] == " " for row in told for begin, _ in row[1:])
        if len(told) < (_FEWEST_ROWS if spaced else 1):
            continue
        for cell in (cell for row in told for cell in row):
            if _CALLED.fullmatch(text, *cell):
                yield Field("full_name", *cell, True)


def _rows(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield delimiter, number of cells, place and text of each line; no delimiter where it has none."""
    position = 0
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        delimiter = max(_DELIMITERS, key=bare.count)
        count = len(list(split(bare, delimiter))) if delimiter in bare else 0
        yield (delimiter if count else ""), count, position, bare
        position += len(line)
