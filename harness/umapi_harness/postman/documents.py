"""Input files: reading them, and errors that name the file, the JSON pointer and the remedy in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import attrs

JsonValue = object
"""Any value that JSON can hold, as Python's json module reads it."""


class DocumentError(Exception):
    """An input file cannot be used; the message is one line: file, JSON pointer, what is wrong, what to do."""

    def __init__(self, source: str, pointer: str, problem: str, remedy: str) -> None:
        self.source = source
        self.pointer = pointer
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{source}{'#' + pointer if pointer else ''}: {problem}; {remedy}")


@attrs.frozen
class Node:
    """A value inside a JSON document, together with where it stands."""

    value: JsonValue
    source: str
    pointer: str = ""

    def fail(self, problem: str, remedy: str) -> DocumentError:
        """An error that points at this value."""
        return DocumentError(self.source, self.pointer, problem, remedy)

    def child(self, key: str | int, value: JsonValue) -> Node:
        """The value below this one under ``key``."""
        token = str(key).replace("~", "~0").replace("/", "~1")
        return Node(value, self.source, f"{self.pointer}/{token}")

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
        for index, entry in enumerate(cast("list[JsonValue]", value)):
            yield self.child(index, entry)

    def get(self, key: str) -> Node | None:
        """The member ``key`` of this object; None when absent or null, or when this is no object."""
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
        """The string member ``key``, or ``default``; numbers and booleans are written as JSON writes them."""
        found = self.get(key)
        return default if found is None else scalar_text(found)

    def flag(self, key: str) -> bool:
        """Whether the member ``key`` is true."""
        found = self.get(key)
        return found is not None and found.value is True


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


def read_text(path: Path) -> str:
    """The text of a UTF-8 file (a byte order mark is dropped); raises DocumentError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise DocumentError(str(path), "", reason, "give the path of a readable file") from None
    except UnicodeDecodeError as error:
        problem = f"not UTF-8 at byte {error.start}"
        raise DocumentError(str(path), "", problem, "save the file as UTF-8") from None


def read_json(path: Path) -> Node:
    """The JSON document in a file; raises DocumentError when it cannot be read or is no JSON."""
    text = read_text(path)
    try:
        return Node(json.loads(text), str(path))
    except json.JSONDecodeError as error:
        problem = f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise DocumentError(str(path), "", problem, "correct the file or export it again") from None
    except RecursionError:
        raise DocumentError(str(path), "", "nested too deeply", "correct the file") from None
    except ValueError:  # the one that json itself does not tell: Python reads numbers of up to 4,300 digits
        raise DocumentError(str(path), "", "a number has more digits than can be read", "correct the file") from None
