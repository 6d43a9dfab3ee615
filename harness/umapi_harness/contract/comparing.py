"""Comparing: whether two answers to one request say the same, apart from what is different every time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

import attrs

from umapi_harness.contract.findings import Departure
from umapi_harness.contract.matching import differences
from umapi_harness.contract.recordings import RecordedResponse

MADE_UP_FIELDS = frozenset({"id", "groupId"})
"""Fields that the service makes up, and that the documented samples often leave out: not compared."""

CHANGING_FIELDS = frozenset({"access_token", "build", "version", "side", "environment"})
"""Fields whose value is another one every time: only their presence is compared."""

SIGNIFICANT_HEADERS = (
    "Content-Type",
    "Retry-After",
    "WWW-Authenticate",
    "X-Total-Count",
    "X-Page-Count",
    "X-Current-Page",
    "X-Page-Size",
)
"""Headers that programs act on. Of X-Request-Id, which differs every time, only the presence is compared."""


def compare(
    recorded: RecordedResponse, now: RecordedResponse, *, excused: Mapping[str, str] | None = None
) -> tuple[Departure, ...]:
    """Return where `now` differs from what was recorded; empty when they are equivalent.

    `excused` has the places that may differ, with the reasons; it excuses everything below them too. The step of
    an error may be a number or the same number as a string.
    """
    if recorded.status != now.status:
        shown = now.body[:200].decode("utf-8", "replace")
        problem = f"recorded {recorded.status}, now {now.status}: {shown}"
        return (Departure("status", problem, expected=str(recorded.status), actual=str(now.status)),)
    found = (*_header_differences(recorded, now), *_body_differences(recorded, now))
    return tuple(one for one in found if not any(_covers(place, one.place) for place in excused or ()))


def _covers(place: str, other: str) -> bool:
    return other == place or other.startswith(f"{place}/")


def _header_differences(recorded: RecordedResponse, now: RecordedResponse) -> list[Departure]:
    found: list[Departure] = []
    for name in SIGNIFICANT_HEADERS:
        before, after = _header(recorded, name), _header(now, name)
        # An answer without a body has no type to speak of, whatever its header says.
        if before != after and (name != "Content-Type" or recorded.body):
            problem = f"recorded {before!r}, now {after!r}"
            found.append(Departure(f"headers/{name}", problem, expected=before, actual=after))
    if recorded.header("X-Request-Id") and not now.header("X-Request-Id"):
        found.append(Departure("headers/X-Request-Id", "recorded, absent now"))
    return found


def _header(response: RecordedResponse, name: str) -> str | None:
    value = response.header(name)
    if value is not None and name == "Content-Type":
        return value.partition(";")[0].strip().lower()
    return value


def _body_differences(recorded: RecordedResponse, now: RecordedResponse) -> list[Departure]:
    try:
        before, after = recorded.json(), now.json()
    except ValueError:
        same = recorded.body.strip() == now.body.strip()
        problem = f"recorded {len(recorded.body)} bytes, now {len(now.body)}, and they are not the same"
        return [] if same else [Departure("body", problem)]
    return [attrs.evolve(one, place=one.place or "/") for one in differences(_comparable(before), _comparable(after))]


def _comparable(value: object, name: str = "") -> object:
    """JSON data without what is different every time."""
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {key: _comparable(member, key) for key, member in members.items() if key not in MADE_UP_FIELDS}
    if isinstance(value, list):
        return [_comparable(item) for item in cast("list[object]", value)]
    if name in CHANGING_FIELDS:
        return f"any {type(value).__name__}"
    if name == "step" and isinstance(value, str) and re.fullmatch("[0-9]+", value):
        return int(value)
    return value
