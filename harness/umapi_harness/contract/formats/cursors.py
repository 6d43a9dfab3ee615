"""Cursors: walking through a document of any size, one value at a time, whatever its notation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol, TypeGuard

from umapi_harness.contract.formats.sources import Source

Kind = Literal["map", "list", "scalar", "end"]


class Cursor(Protocol):
    """Stands before a value. Each value that it comes to is taken in exactly one of the four ways."""

    source: Source

    @property
    def kind(self) -> Kind:
        """What comes next."""
        ...

    @property
    def line(self) -> int | None:
        """The line, counted from 1, where the notation tells it."""
        ...

    def members(self) -> Iterator[str]:
        """Enter a map: at each name the cursor stands before its value."""
        ...

    def items(self) -> Iterator[int]:
        """Enter a list: at each number the cursor stands before the item."""
        ...

    def value(self) -> object:
        """Take the value into memory, as dict, list, str, bytes, number, bool or None."""
        ...

    def skip(self) -> None:
        """Pass over the value."""
        ...


def is_map(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a value that a cursor gave is a map."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a value that a cursor gave is a list."""
    return isinstance(value, list)
