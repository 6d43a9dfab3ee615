"""Notations: fields and their values in text that is no JSON: literals of programs, `name: value`, markup, tables.

Nothing here parses a language. What looks like the name of a field with a value behind it is one, so that cut-off
JSON, JSON inside strings, Python, JavaScript, YAML and logs need no reader each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from umapi_harness.common.json_text import closing

_NAME: Final = re.compile(
    r"(?<![\w.%+\[\]-])(?P<name>[\w.%+\[\]-]++)(?P<quote>(?:\\*+[\"'`])?+)\s*+(?P<mark>=>|:=|[:=,])[ \t]*+"
)
_OPENING: Final = re.compile(r"\s*+[ubfrUBFR]{0,2}+(?P<slashes>\\*+)(?P<mark>[\"'`])")
_LIST: Final = re.compile(r"\s*+[\[({]")
_BETWEEN: Final = re.compile(r"\s*+,?+")
# Letters, dots and at signs as markup and programs escape them; what parts fields ends a value, escaped or not.
_LETTER: Final = (
    r"&(?:amp;)*+(?!(?:amp|nbsp|lt|gt|quot|apos|comma|semi);|#0*(?:3[2489]|44|59|6[0-2]);|#x0*(?:2[0267c]|3[bce]);)"
    r"(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});"
    r"|\\++(?:(?-i:u)(?!00[013]|002[0267c])[0-9a-f]{4}|(?-i:U)(?!0{6}(?:[013]|2[0267c]))[0-9a-f]{8}|u\{[0-9a-f]{2,6}\}|x(?!(?:[013]|2[0267c]))[0-9a-f]{2}|[1-3][0-7]{2})"
)
# Filters of SCIM and OData, and conditions of SQL: name.familyName eq "X", contains(tolower(surname),'x').
_COMPARED: Final = re.compile(
    r"(?:(?<![\w.:/])(?P<name>[\w.:/]{1,200}+)\)?(?:\s|%20|\+)++(?:eq|ne|co|sw|ew|i?like)(?:\s|%20|\+)++"
    r"|(?:startswith|endswith|contains)\((?:to(?:lower|upper)\()?(?P<inside>[\w./]{1,200}+)\)?\s*+,\s*+)"
    r"(?:(?:tolower|toupper|lower|upper)\()?(?:\\*\"(?P<double>[^\"\\\r\n]{1,200}+)|'(?P<single>(?:[^'\r\n]|''){1,200}+))",
    re.IGNORECASE,
)
_FLAG: Final = re.compile(
    r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]{1,60}+)(?:=|[ \t]{1,4})"
    r"(?:\"(?P<double>[^\"\r\n]{1,200}+)\"|'(?P<single>[^'\r\n]{1,200}+)'|(?P<bare>[^\s\"'|;&<>-][^\s\"'|;&<>]{0,200}+))"
)
_LDIF: Final = re.compile(r"(?:\A|\n)dn::? ")
_FOLDED: Final = re.compile(r"\r?\n (?P<more>[^\r\n]++)")
_STEP: Final = re.compile(r"[.:/]")
# A quote between two letters is an apostrophe.
_LINE: Final = re.compile(rf"(?:[^\r\n,;<>\"'{{}}|&\\]|(?<=\w)'(?=\w)|(?i:{_LETTER}))++")
_TOKEN: Final = re.compile(
    rf"(?:[^\s,;<>\"'{{}}()|&\[\]\\]|\\[,;+=]\s?|(?<=\w)'(?=\w)|(?i:{_LETTER}))++(?:[ ][^\W\d_a-z][\w'-]*+(?![\w=]))*+"
)
_LABEL: Final = re.compile(r"#|[\"']?[^\W\d_][\w .()/-]{0,40}[\"']?|[\"']{2}|")
_DELIMITERS: Final = ",;\t|"
_LONGEST_HEADER: Final = 4096
_MOST_JOINED: Final = 5
"""Lines that line breaks in quotes may make one line of a table."""
_MOST_ITEMS: Final = 10_000
_MOST_INSIDE: Final = 8
"""How many names within the value of another are looked at: a text of nothing but names costs no more than others."""


@attrs.frozen
class Field:
    """A value by its place in a text, and the name that tells what it is."""

    name: str
    start: int
    end: int
    quoted: bool
    """Whether quotes or tags say where it ends; else it is a guess."""


def fields(text: str, asked: Callable[[str], bool]) -> Iterator[Field]:
    """Find `name: value`, `'name': 'value'`, `name=value`, `('name', 'value')` and lists of quoted values.

    What follows a name is looked through in turn, as far as the first names in it.

    Args:
        text: what may hold fields.
        asked: whether a field of this name matters; others are not given.
    """
    position = end = inside = 0
    folded = _LDIF.search(text) is not None
    while (found := _NAME.search(text, position)) is not None:
        position = found.end()
        name, mark = found["name"], found["mark"]
        if not asked(name):
            continue
        inside = inside + 1 if found.start() < end else 0
        if inside > _MOST_INSIDE:
            position = max(position, end)
            continue
        if mark == "," and not (found["quote"] and _opens_pair(text, found.start())):
            continue
        if text.startswith("//", position):
            continue
        opening = _OPENING.match(text, position)
        if opening is not None:
            shut = closing(text, opening["slashes"], opening["mark"], opening.end())
            yield Field(name, opening.end(), shut, True)
            end = max(end, shut)
            continue
        if mark == ",":
            continue
        listed = _LIST.match(text, position)
        if listed is not None:
            for item in _items(text, name, listed.end()):
                yield item
                end = max(end, item.end)
            continue
        bare = (_LINE if mark == ":" else _TOKEN).match(text, position)
        if bare is not None:
            yield Field(name, bare.start(), bare.start() + len(bare[0].rstrip(" \t.)]")), False)
            end = max(end, bare.end())
            # In LDIF a line that begins with a blank goes on with the one before.
            while folded and (more := _FOLDED.match(text, end)) is not None:
                yield Field(name, *more.span("more"), False)
                position = end = more.end()


def flags(text: str, asked: Callable[[str], bool]) -> Iterator[Field]:
    """Find options of commands: `--lastname X`, `-Surname "X"`."""
    for found in _FLAG.finditer(text) if "-" in text else ():
        group = found.lastgroup or "bare"
        if asked(found["name"]):
            yield Field(found["name"], *found.span(group), True)


def comparisons(text: str, asked: Callable[[str], bool]) -> Iterator[Field]:
    """Find what fields are compared with, as in `name.familyName eq "X"`; the last step of a path is the name."""
    for found in _COMPARED.finditer(text) if "'" in text or '"' in text else ():
        name = _STEP.split(found["name"] or found["inside"])[-1]
        group = "double" if found["double"] is not None else "single"
        if asked(name):
            yield Field(name, *found.span(group), True)


def _opens_pair(text: str, start: int) -> bool:
    """Whether a quoted name stands first in parentheses or brackets."""
    return re.search(r"[(\[]\s?[ubUB]?\\*[\"'`]$", text[max(0, start - 12) : start]) is not None


def _items(text: str, name: str, position: int) -> Iterator[Field]:
    for _ in range(_MOST_ITEMS):
        opening = _OPENING.match(text, position)
        if opening is None:
            return
        end = closing(text, opening["slashes"], opening["mark"], opening.end())
        behind = end + len(opening["slashes"]) + 1
        between = _BETWEEN.match(text, behind)
        position = between.end() if between is not None else behind
        if text[position : position + 1] == ":":
            return  # an object's members, which have names of their own
        yield Field(name, opening.end(), end, True)


def cells(text: str, asked: Callable[[str], bool]) -> Iterator[Field]:
    """Find the values of tables: lines of cells below a line of their names, parted by commas or the like.

    Args:
        text: what may hold tables.
        asked: whether a column of this name matters; a line that names no such column begins no table.
    """
    heads: list[str] = []
    delimiter = ""
    position = 0
    lines = text.splitlines(keepends=True)
    number = 0
    while number < len(lines):
        line, count = lines[number], 1
        if line.count('"') % 2:
            line, count = _joined(lines, number, delimiter, len(heads))
        number += count
        start, position = position, position + len(line)
        bare = line.rstrip("\r\n")
        if delimiter:
            parts = list(split(bare, delimiter))
            if len(parts) > 1 or not bare.strip():
                for head, (begin, end) in zip(heads, parts, strict=False):
                    if end > begin:
                        yield Field(head, start + begin, start + end, True)
                continue
            delimiter = ""
        delimiter, heads = _header(bare)
        if not any(map(asked, heads)):
            delimiter = ""


def _joined(lines: list[str], number: int, delimiter: str, width: int) -> tuple[str, int]:
    """Return a line with those that a line break in quotes parts it from, and how many they are."""
    joined = lines[number]
    for count in range(2, _MOST_JOINED + 1):
        joined += "".join(lines[number + count - 1 : number + count])
        if joined.count('"') % 2 == 0 and len(joined) <= _LONGEST_HEADER:
            bare = joined.rstrip("\r\n")
            fits = len(list(split(bare, delimiter))) == width if delimiter else _header(bare)[0]
            return (joined, min(count, len(lines) - number)) if fits else (lines[number], 1)
    return lines[number], 1


def _header(line: str) -> tuple[str, list[str]]:
    """Return delimiter and names of a line of names; nothing where it is none."""
    if len(line) > _LONGEST_HEADER:
        return "", []
    for delimiter in _DELIMITERS:
        if delimiter in line:
            names = [" ".join(line[begin:end].split()) for begin, end in split(line, delimiter)]
            if sum(map(bool, names)) > 1 and all(_LABEL.fullmatch(name) for name in names):
                return delimiter, names
    return "", []


def split(line: str, delimiter: str) -> Iterator[tuple[int, int]]:
    """Yield where each cell of a line begins and ends, without the quotes and blanks around it."""
    position = 0
    while position <= len(line):
        end = line.find(delimiter, position)
        end = len(line) if end < 0 else end
        begin = position + len(line[position:end]) - len(line[position:end].lstrip(" "))
        if line[begin : begin + 1] in ('"', "'"):
            shut = line.find(line[begin], begin + 1)
            if shut > 0:
                end = line.find(delimiter, shut)
                end = len(line) if end < 0 else end
        inner = line[begin:end].rstrip()
        if len(inner) > 1 and inner[0] in "\"'" and inner[-1] == inner[0]:
            yield begin + 1, begin + len(inner) - 1
        else:
            yield begin, begin + len(inner)
        position = end + 1
