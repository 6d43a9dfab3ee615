"""JSON as text: finds the values and keeps everything else as it was written, in whole and in broken JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, Literal

import attrs
import msgspec

Kind = Literal["object", "array", "string", "number", "other", "key"]
Edit = tuple[int, int, str]
"""Where a piece of text begins and ends, and what to write in its place."""

_KEPT_LENGTH: Final = 1 << 20
"""Characters of the texts whose values are kept for the next reader."""
_BLANKS: Final = " \t\r\n\ufeff"
# Nothing here goes back over what it has read: each character is looked at once, in hostile text too.
_TOKEN: Final = re.compile(
    rf'[{_BLANKS}]*+(?:(?P<string>"(?:[^"\\]++|\\.)*+")(?:[{_BLANKS}]*+(?P<colon>:))?+|(?P<mark>[{{}}\[\],:])'
    r"|(?P<number>-?[0-9][0-9.eE+-]*+)|(?P<other>true\b|false\b|null\b)|(?P<end>\Z)|(?P<bad>.))",
    re.DOTALL,
)
_KINDS: Final[dict[str, Kind]] = {
    "string": "string",
    "colon": "string",
    "number": "number",
    "other": "other",
    "{": "object",
    "[": "array",
}


# What a list of the names of columns is called, and the name of one where each is an object.
_COLUMNS: Final = frozenset({"columns", "column_names", "columnnames", "cols", "headers", "header", "fields"})
_COLUMN: Final = frozenset({"name", "field", "key", "title", "id"})
_FEWEST_HEADS: Final = 2
"""Names of fields that a first row must have to be taken for the names of columns."""
# One JSON string and nothing else, or one that is cut off.
_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"\s*+)?\Z', re.DOTALL)


class Value(msgspec.Struct, gc=False):
    """One value, or the name of a member (`key`), by its place in the text."""

    kind: Kind
    start: int
    end: int
    """Just behind it; the end of the text where it is not closed."""
    name: str | None
    """The member's name; of an item of an array, the name of the array."""
    parent: int
    """Number of the object or array around it; -1 outside of all."""
    place: int = 0
    """How many values stand before it in the same object or array."""
    size: int = 0
    """How many values an object or array holds."""


@attrs.frozen
class Scan:
    """What was found in a text."""

    values: list[Value]
    end: int
    """Where JSON stops: the text's length, or the first place where something else stands."""


def is_json_like(text: str) -> bool:
    """Whether a text begins as JSON objects and arrays do, or is a string; a cell of a table in quotes is none."""
    bare = text.lstrip(_BLANKS)
    return bare[:1] in ("{", "[") or (bare[:1] == '"' and _STRING.match(bare) is not None)


def scan(text: str, position: int = 0) -> Scan:
    """Find the values of a text from a place on, as far as it is JSON.

    Nothing is too deep, and a name may come twice. What was found is not to be changed: who reads one text several
    times gets it again.
    """
    return _kept_scan(text, position) if len(text) < _KEPT_LENGTH else _scan(text, position)


@lru_cache(maxsize=4)
def _kept_scan(text: str, position: int) -> Scan:
    return _scan(text, position)


def _scan(text: str, position: int) -> Scan:
    values: list[Value] = []
    around: list[int] = []  # the objects and arrays that are open
    key: Value | None = None  # whose value is awaited
    candidate: Value | None = None  # the string that a colon makes a key
    for token in _TOKEN.finditer(text, position):
        found = token.lastgroup or ""
        if found == "bad":
            break
        position = token.end()
        if found == "end":
            break
        if found == "mark" and (mark := token["mark"]) not in "{[":
            if mark == ":" and candidate is not None:
                candidate.kind, key = "key", candidate
                if candidate.parent >= 0:
                    values[candidate.parent].size -= 1
            else:
                key = None
                if mark in "}]" and around:
                    values[around.pop()].end = position
            candidate = None
            continue
        is_key = found == "colon" and key is None
        start, end = token.span("string" if found == "colon" else found)
        kind: Kind = "key" if is_key else _KINDS[text[start] if found == "mark" else found]
        value = Value(kind, start, end, None, around[-1] if around else -1)
        if value.parent >= 0:
            outer = values[value.parent]
            value.place = outer.size
            outer.size += not is_key
            value.name = outer.name if outer.kind == "array" else None
        if key is not None:
            value.name = inner(text[key.start : key.end])
        values.append(value)
        key = value if is_key else None
        candidate = value if found == "string" and key is None else None
        if found == "mark":
            value.end = len(text)
            around.append(len(values) - 1)
    last = key or candidate
    if position < len(text) and last is not None:
        # The value is cut off, or is no JSON: whoever looks at the rest must see its name, which a string in front of
        # what is no JSON may be in another notation.
        position = last.start
        values.pop()
    return Scan(values, position)


@attrs.frozen
class Columns:
    """The names of the columns of tables."""

    names: dict[tuple[int, int], str]
    """Under the number of the object that has the table, or of the array that is it, and the place of the column."""
    labels: frozenset[int]
    """Where the names begin in the text."""

    def name(self, values: list[Value], value: Value) -> str | None:
        """Return the name of the column in which a value stands; None where there is none."""
        row = values[value.parent] if value.parent >= 0 else None
        if row is None or row.kind != "array" or row.parent < 0 or values[row.parent].kind != "array":
            return None
        own = self.names.get((row.parent, value.place))
        return own if own is not None else self.names.get((values[row.parent].parent, value.place))


def columns(text: str, values: list[Value], asked: Callable[[str], bool]) -> Columns:
    """Return the columns of tables such as `{"columns": ["a", "b"], "rows": [[1, 2]]}` and `[["a", "b"], [1, 2]]`.

    Args:
        text: JSON.
        values: what is in it.
        asked: whether a column of this name matters; a first row without two of them is a row as any other.
    """
    found: dict[tuple[int, int], tuple[str, int]] = {}
    rows: dict[int, list[Value]] = {}
    for value in values:
        if value.kind != "string" or value.parent < 0:
            continue
        holder, place = values[value.parent], value.place
        listed = holder.kind == "array" and holder.place == 0 and holder.parent >= 0
        if listed and values[holder.parent].kind == "array":
            rows.setdefault(value.parent, []).append(value)
            continue
        if holder.kind == "object" and holder.parent >= 0 and value.name is not None and value.name.lower() in _COLUMN:
            holder, place = values[holder.parent], holder.place
        if (
            holder.kind == "array"
            and holder.name is not None
            and holder.name.lower() in _COLUMNS
            and holder.parent >= 0
        ):
            found[holder.parent, place] = inner(text[value.start : value.end]), value.start
    for number, cells in rows.items():
        names = [inner(text[cell.start : cell.end]) for cell in cells]
        if len(cells) == values[number].size and sum(map(asked, names)) >= _FEWEST_HEADS:
            table = values[number].parent
            found |= {(table, place): (name, cells[place].start) for place, name in enumerate(names)}
    return Columns({key: name for key, (name, _) in found.items()}, frozenset(start for _, start in found.values()))


def inner(text: str) -> str:
    """Return what a JSON string stands for; of one that is none, the text between its quotes."""
    raw = text[1:-1]
    if "\\" not in raw:
        return raw
    try:
        decoded = json.loads(text, strict=False)
    except ValueError:
        return raw
    return str(decoded)


def quoted(text: str, *, ascii_only: bool = False) -> str:
    """Return a JSON string; a lone surrogate, which cannot be encoded, stays an escape."""
    return json.dumps(text, ensure_ascii=ascii_only).encode("utf-8", "backslashreplace").decode()


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with pieces replaced; of pieces that overlap, the one that begins first counts."""
    parts: list[str] = []
    done = 0
    for start, end, new in sorted(edits):
        if start >= done:
            parts += (text[done:start], new)
            done = end
    return "".join((*parts, text[done:])) if parts else text


def quoted_data(value: object) -> str:
    """Return JSON data as text."""
    return json.dumps(value, ensure_ascii=False, default=dict)


def written(value: object) -> str:
    """Return JSON data as text without blanks; a lone surrogate, which cannot be encoded, becomes an escape."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value)


def data(text: str) -> Any:
    """Return what a JSON text stands for."""
    return json.loads(text)


def closing(text: str, slashes: str, mark: str, start: int) -> int:
    """Return where a quoted value ends; its quotes may be escaped by slashes, as in JSON inside JSON."""
    position, count = start, len(slashes)
    while (position := text.find(mark, position)) >= 0:
        before = position
        while before > start and text[before - 1] == "\\":
            before -= 1
        found = position - before
        if found < count or (found - count) % (2 * (count + 1)) == 0:
            return position - min(found, count)
        position += 1
    return len(text)
