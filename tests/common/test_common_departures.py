"""Departures: the place of what is not as expected, as keys and as text."""

from __future__ import annotations

import pytest

from umapi_harness.common.departures import HEADERS, Departure


@pytest.mark.parametrize(
    ("departure", "place"),
    [
        (Departure((), "x"), "/"),
        (Departure(("users", 0, "a/b: c~"), "x"), "/users/0/a~1b: c~0"),
        (Departure((), "x", "status"), "status"),
        (Departure(("X-Page-Size",), "x", HEADERS), "headers/X-Page-Size"),
    ],
)
def test_the_place_is_written_as_a_pointer(departure: Departure, place: str) -> None:
    """Keys are escaped only when the place is written, behind the part of the message that it is in."""
    assert departure.place == place
    assert str(departure) == f"{place}: x"


def test_a_place_has_what_is_below_it_and_not_what_begins_alike() -> None:
    """/a has what is at /a and /a/b, and not what is at /ab."""
    assert [Departure(path, "x").is_in("/a") for path in (("a",), ("a", "b"), ("ab",), ())] == [
        True,
        True,
        False,
        False,
    ]
