"""Whose turn it is: items that need the same thing to themselves wait for one another, in the order they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T", bound=Hashable)


class _Phase(msgspec.Struct, Generic[T], eq=False):
    """Items that may hold one thing at the same time."""

    alone: bool
    items: dict[T, None]


class _Place(msgspec.Struct, Generic[T], eq=False):
    """Where an item stands: its phase in each line, and in how many lines others come first."""

    phases: list[tuple[str, _Phase[T]]]
    before: int


class Turns(Generic[T]):
    """A line of items for each thing that they touch. An item is free when it is at the head of all its lines.

    Free items never touch one thing in a way that excludes the other. Each step costs time in proportion to the
    number of things that the item touches.
    """

    def __init__(self) -> None:
        self._lines: dict[str, deque[_Phase[T]]] = {}
        self._places: dict[T, _Place[T]] = {}

    def add(self, item: T, touches: Mapping[str, bool]) -> bool:
        """Put an item at the end of its lines; return whether it is free at once.

        `touches` has the things it touches, with true for those that it must have to itself.
        """
        place = _Place[T]([], 0)
        for name, alone in touches.items():
            line = self._lines.setdefault(name, deque())
            if line and not alone and not line[-1].alone:
                phase = line[-1]
                phase.items[item] = None
            else:
                phase = _Phase(alone, {item: None})
                line.append(phase)
            place.before += len(line) > 1
            place.phases.append((name, phase))
        self._places[item] = place
        return place.before == 0

    def remove(self, item: T) -> list[T]:
        """Take an item out of its lines, free or not; return those that are free now and were not before."""
        freed: list[T] = []
        for name, phase in self._places.pop(item).phases:
            del phase.items[item]
            line = self._lines[name]
            if line[0] is not phase or phase.items:
                continue
            while line and not line[0].items:
                line.popleft()
            if not line:
                del self._lines[name]
                continue
            for following in line[0].items:
                place = self._places[following]
                place.before -= 1
                if place.before == 0:
                    freed.append(following)
        return freed
