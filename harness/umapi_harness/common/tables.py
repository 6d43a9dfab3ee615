"""Tables and lists that programs print: columns below a line of hyphens, names and values in two columns, items."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from umapi_harness.common.notations import Field

_RULE: Final = re.compile(r"[ \t|+]*-{2,}(?:[ |+]+-+)*[ |+]*")
_DASHES: Final = re.compile(r"-+")
_RECORD: Final = re.compile(r"-\[ RECORD [0-9]+ \][-+]*")
_BESIDE: Final = re.compile(r"[ \t]*(?P<name>[^\W\d_][\w .'-]{1,40}?)(?: *\| | {3,}|\t{2,})(?P<value>[^\s|][^\r\n|]*)")
_ITEMS: Final = re.compile(
    r"^[ \t]*+(?:- )?(?P<name>[\w.-]{1,60}+):[ \t]*+\r?\n"
    r"(?P<items>(?:[ \t]*+-[ \t]++[^\r\n]++(?:\r?\n|\Z))++)",
    re.MULTILINE,
)
_ITEM: Final = re.compile(r"-[ \t]++(?P<value>[^\r\n]*+)")
_LONGEST_LINE: Final = 4096


def ruled(text: str, asked: Callable[[str], bool]) -> Iterator[Field]:
    """Find the cells of tables whose columns lines of hyphens show, and values that stand beside their names."""
    if "--" not in text and "   " not in text and "\t\t" not in text:
        return
    heads: list[tuple[str, int, int]] = []
    before = ""
    position = 0
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        if len(bare) > _LONGEST_LINE or not bare.strip():
            heads = []
        elif _RULE.fullmatch(bare):
            heads = heads or _heads(bare, before)
        elif heads:
            for name, start, end in heads:
                begin, stop = _whole(bare, start), _whole(bare, end)
                cell = bare[begin:stop]
                content = cell.strip(" |+")
                if content and asked(name):
                    begin += position + cell.index(content)
                    yield Field(name, begin, begin + len(content), True)
        elif (beside := _BESIDE.fullmatch(bare)) is not None and asked(beside["name"]):
            yield Field(beside["name"], position + beside.start("value"), position + beside.end("value"), True)
        before = bare
        position += len(line)


def _whole(line: str, border: int) -> int:
    """Return a border of a column behind the word that stands across it: a line of a sentence has no columns."""
    while 0 < border < len(line) and line[border - 1].isalnum() and line[border].isalnum():
        border += 1
    return border


def _heads(rule: str, names: str) -> list[tuple[str, int, int]]:
    """Return the names over a line of hyphens, and where the column of each begins and ends."""
    starts = [found.start() for found in _DASHES.finditer(rule)]
    ends = [*starts[1:], _LONGEST_LINE]
    found = [(names[start:end].strip(" |+"), start, end) for start, end in zip(starts, ends, strict=True)]
    return [one for one in found if one[0]]


def listed(text: str, asked: Callable[[str], bool]) -> Iterator[Field]:
    """Find the items of lists in YAML, each in a line below the name of the list."""
    for found in _ITEMS.finditer(text) if "- " in text else ():
        if not asked(found["name"]):
            continue
        for item in _ITEM.finditer(text, *found.span("items")):
            begin, value = item.start("value"), item["value"].rstrip(" \t")
            if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
                begin, value = begin + 1, value[1:-1]
            if value and ": " not in value:
                yield Field(found["name"], begin, begin + len(value), True)
