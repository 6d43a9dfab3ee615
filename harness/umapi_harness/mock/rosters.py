"""Rosters: ordered sets that are read a page at a time, however large they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Roster(Generic[T]):
    """A set that keeps the order of arrival; joining and leaving take the same time at any size.

    Pages are cut from a list that is made when first wanted, grows as entries join, and is dropped when
    one leaves: a listing is read far more often than someone leaves in the middle of it.
    """

    __slots__ = ("_entries", "_listing")

    def __init__(self) -> None:
        self._entries: dict[T, None] = {}
        self._listing: list[T] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries)

    def __contains__(self, entry: T) -> bool:
        return entry in self._entries

    def add(self, entry: T) -> None:
        """Put `entry` at the end, unless it is in already."""
        if entry not in self._entries:
            self._entries[entry] = None
            if self._listing is not None:
                self._listing.append(entry)

    def discard(self, entry: T) -> None:
        """Take `entry` out, if it is in."""
        if entry in self._entries:
            del self._entries[entry]
            self._listing = None

    def listing(self) -> list[T]:
        """All entries in order; the caller must not change the list."""
        if self._listing is None:
            self._listing = list(self._entries)
        return self._listing
