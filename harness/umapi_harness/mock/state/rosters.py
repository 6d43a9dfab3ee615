"""Rosters: ordered sets that are read a page at a time, however large they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Generic, TypeVar

T = TypeVar("T")

_BLOCK = 1024  # entries: few enough to search one through, enough that a million make a thousand blocks


class Roster(Generic[T]):
    """A set that keeps the order of arrival; joining, leaving and reading a page take the same time at any size.

    The entries lie in blocks, and each entry's block is known: whoever leaves is looked for in one block
    only, and a page is found by counting blocks instead of entries.
    """

    __slots__ = ("_blocks", "_homes")

    def __init__(self) -> None:
        self._homes: dict[T, list[T]] = {}
        self._blocks: list[list[T]] = []

    def __len__(self) -> int:
        return len(self._homes)

    def __iter__(self) -> Iterator[T]:
        return chain.from_iterable(self._blocks)

    def __contains__(self, entry: T) -> bool:
        return entry in self._homes

    def __getitem__(self, part: slice) -> list[T]:
        """The entries of a slice, in order."""
        start, stop, _ = part.indices(len(self))
        found: list[T] = []
        for block in self._blocks:
            if stop <= 0:
                break
            found += block[max(0, start) : stop]
            start -= len(block)
            stop -= len(block)
        return found

    def mapped(self, twins: Mapping[T, T]) -> Roster[T]:
        """A roster in the same order of what `twins` has for each entry."""
        roster: Roster[T] = Roster()
        for entry in self:
            roster.add(twins[entry])
        return roster

    def add(self, entry: T) -> None:
        """Put `entry` at the end, unless it is in already."""
        if entry in self._homes:
            return
        if not self._blocks or len(self._blocks[-1]) >= _BLOCK:
            self._blocks.append([])
        self._blocks[-1].append(entry)
        self._homes[entry] = self._blocks[-1]

    def discard(self, entry: T) -> None:
        """Take `entry` out, if it is in."""
        block = self._homes.pop(entry, None)
        if block is None:
            return
        block.remove(entry)
        if not block:
            self._blocks = [kept for kept in self._blocks if kept]
