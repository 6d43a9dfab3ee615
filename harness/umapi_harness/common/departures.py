"""Departures: where JSON data, or a part of a message, is not what is expected there."""

from __future__ import annotations

from typing import Final

import attrs

from umapi_harness.common.pointers import pointer

Path = tuple[str | int, ...]
"""The keys and numbers that lead to a place in JSON data; empty for the whole."""

HEADERS: Final = "headers"
"""The part of a message in which a departure's path is the name of a header."""


@attrs.frozen
class Departure:
    """One place where JSON data, or a part of a message, is not what is expected there."""

    path: Path
    """Where in the JSON data, or in the part: of headers, the name."""
    problem: str
    part: str = ""
    """status, headers, or whatever else of a message is not as expected; empty for JSON data, as that of a body."""
    drift: bool = False
    """True for what a tolerant reader passes over, such as a new member of an open enum."""
    expected: str | None = None
    """What was expected, shown with secrets masked; None where there is no one thing to show."""
    actual: str | None = None
    """What was found instead."""
    code: str = ""
    """The service's error code for it, where there is one."""

    @property
    def place(self) -> str:
        """The place as text: status, headers/<name>, or a JSON pointer; / for JSON data as a whole."""
        return (self.part + pointer(self.path)) or "/"

    def is_in(self, place: str) -> bool:
        """Whether it is at a place, or below it."""
        return f"{self.place}/".startswith(f"{place}/")

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"
