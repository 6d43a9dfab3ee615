"""Departures: where JSON data, or a part of a message, is not what is expected there."""

from __future__ import annotations

import attrs


@attrs.frozen
class Departure:
    """One place where JSON data, or a part of a message, is not what is expected there."""

    place: str
    """status, headers/<name>, body, or a JSON pointer into the body; in JSON data its pointer, empty for the whole."""
    problem: str
    drift: bool = False
    """True for what a tolerant reader passes over, such as a new member of an open enum."""
    expected: str | None = None
    """What was expected, shown with secrets masked; None where there is no one thing to show."""
    actual: str | None = None
    """What was found instead."""

    def __str__(self) -> str:
        return f"{self.place or '/'}: {self.problem}"
