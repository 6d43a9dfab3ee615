"""Documents that users give: read as strict JSON, and walked with the place of each value at hand."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import msgspec

from umapi_harness.common.errors import DocumentError
from umapi_harness.common.inputs import read_bytes
from umapi_harness.common.mistaken import WORKBOOK, binary_kind, document_kind, use_of
from umapi_harness.common.pointers import escaped

_DIGITS: Final = 1000  # of a number; Python itself reads 4,300, and says so in words of its own
_TABLES: Final = frozenset({"data file", "seed file", "CSV file"})
"""Nouns of files that may be CSV."""
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
"""Brackets of JSON, and strings, so that those within strings do not count."""

JsonValue = object
"""Any value that JSON can hold, as Python's json module reads it."""


class Node(msgspec.Struct, frozen=True):
    """A value inside a JSON document, together with where it stands."""

    value: JsonValue
    source: str
    pointer: str = ""

    def fail(self, problem: str, remedy: str) -> DocumentError:
        """An error that points at this value."""
        return DocumentError(self.source, self.pointer, problem, remedy)

    def child(self, key: str | int, value: JsonValue) -> Node:
        """The value below this one under `key`."""
        return Node(value, self.source, f"{self.pointer}/{escaped(str(key))}")

    def mapping(self, what: str) -> Mapping[str, JsonValue]:
        """This value as a JSON object; raises DocumentError otherwise."""
        value = self.value
        if isinstance(value, dict):
            return cast("dict[str, JsonValue]", value)
        problem = f"{what} must be an object, not {kind(value)}"
        raise self.fail(problem, "correct the file or export it again")

    def items(self, what: str) -> Iterator[Node]:
        """The entries of a JSON array; raises DocumentError when this is none."""
        value = self.value
        if not isinstance(value, list):
            problem = f"{what} must be an array, not {kind(value)}"
            raise self.fail(problem, "correct the file or export it again")
        source, pointer = self.source, self.pointer
        for index, entry in enumerate(cast("list[JsonValue]", value)):
            yield Node(entry, source, f"{pointer}/{index}")

    def get(self, key: str) -> Node | None:
        """The member `key` of this object; None when absent or null, or when this is no object."""
        value = self.value
        if not isinstance(value, dict):
            return None
        member = cast("dict[str, JsonValue]", value).get(key)
        return None if member is None else self.child(key, member)

    def text(self, what: str) -> str:
        """This value as a string; raises DocumentError otherwise."""
        if isinstance(self.value, str):
            return self.value
        raise self.fail(f"{what} must be a string, not {kind(self.value)}", "put it in quotes")

    def text_of(self, key: str, default: str = "") -> str:
        """The string member `key`, or `default`; numbers and booleans are written as JSON writes them."""
        value = self.value
        member = cast("dict[str, JsonValue]", value).get(key) if isinstance(value, dict) else None
        if isinstance(member, str):
            return member  # most of a collection is read here: nothing can fail, so no place need be known
        return default if member is None else scalar_text(self.child(key, member))

    def flag(self, key: str) -> bool:
        """Whether the member `key` is true."""
        value = self.value
        return isinstance(value, dict) and cast("dict[str, JsonValue]", value).get(key) is True


def scalar_text(node: Node) -> str:
    """A string, number or boolean as text; raises DocumentError for arrays and objects."""
    if isinstance(node.value, str):
        return node.value
    if isinstance(node.value, bool | int | float):
        return json.dumps(node.value)
    raise node.fail(f"a string is expected, not {kind(node.value)}", "put a string here")


def kind(value: JsonValue) -> str:
    """The name of a JSON value's type, for messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def read_text(path: Path, noun: str) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark; raises DocumentError that calls it a `noun`."""
    content = b""
    try:
        content = read_bytes(path)
        if found := binary_kind(content):
            before = "save it as CSV UTF-8, or " if found == WORKBOOK and noun in _TABLES else ""
            raise DocumentError(str(path), "", f"is {found}", f"{before}give the path of a {noun}")
        return content.decode(_encoding(content)).replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise DocumentError(str(path), "", problem, f"give the path of a {noun}") from error
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not {'UTF-16' if _encoding(content) == 'utf-16' else 'UTF-8'}"
        raise DocumentError(str(path), "", problem, f"save the {noun} as UTF-8") from error


def _encoding(content: bytes) -> str:
    return "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def read_document(path: Path, noun: str, *, surrogates: bool = False) -> Any:
    """The JSON of a file; raises DocumentError that calls it a `noun` if it cannot be read or is no strict JSON."""
    return document_of(read_text(path, noun), path, noun, surrogates=surrogates)


def document_of(text: str, path: Path, noun: str, *, surrogates: bool = False) -> Any:
    """The same of the text of a file."""
    if not text.strip():
        raise DocumentError(str(path), "", "is empty", f"export it again, or name a {noun}")
    try:
        document = parse(text, surrogates=surrogates)
    except ValueError as error:
        raise DocumentError(str(path), "", f"not JSON ({error})", f"correct the file, or name a {noun}") from error
    found = document_kind(document)
    if found and found != noun:
        raise DocumentError(str(path), "", f"is a {found}, not a {noun}", use_of(found))
    return document


def read_node(path: Path, noun: str) -> Node:
    """The same of a file that Postman wrote, to be walked: a string of JavaScript may hold half a surrogate pair."""
    return Node(read_document(path, noun, surrogates=True), str(path))


def parse(text: str, *, surrogates: bool = False) -> Any:
    """A JSON document; raises ValueError for what is not, and without `surrogates` for text that no answer can hold."""
    try:
        document = json.loads(
            text, parse_constant=_refuse, parse_float=_finite, parse_int=_whole, object_pairs_hook=_object
        )
        if not surrogates and "\\u" in text:
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise ValueError(_unclosed(text, error.pos) or str(error)) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except UnicodeEncodeError as error:
        raise ValueError("an unpaired surrogate is no character") from error
    return document


def _unclosed(text: str, position: int) -> str:
    """Which bracket the end of a text leaves open, and where both are; empty where something else is wrong before."""
    end = len(text.rstrip())
    if position < end:
        return ""
    opened: list[int] = []
    for found in _BRACKETS.finditer(text):
        if found[0] in "[{":
            opened.append(found.start())
        elif found[0] in "]}" and opened:
            opened.pop()
    if not opened:
        return ""
    return f'it ends at {_spot(text, end)}, and the "{text[opened[-1]]}" of {_spot(text, opened[-1])} is not closed'


def _spot(text: str, position: int) -> str:
    return f"line {text.count(chr(10), 0, position) + 1} column {position - text.rfind(chr(10), 0, position)}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f'the key "{twice[:60]}" stands twice in one object')
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")


def _whole(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError(f"{digits[:20]}... has more than {_DIGITS} digits")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:20]} is too large a number")
    return value
