"""Comparing: whether two answers to one request say the same, apart from what is different every time."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import cast

import attrs

from umapi_harness.contract import redaction
from umapi_harness.contract.answers import is_object
from umapi_harness.contract.findings import Departure
from umapi_harness.contract.matching import differences
from umapi_harness.contract.recordings import RecordedResponse

MADE_UP_FIELDS = frozenset({"id", "groupId", "adminGroupId"})
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
        shown = redaction.body(now.body).decode("utf-8", "replace")[:200]
        problem = f"recorded {recorded.status}, now {now.status}: {shown}"
        return (Departure("status", problem, expected=str(recorded.status), actual=str(now.status)),)
    found = (*_header_differences(recorded, now), *_body_differences(recorded, now))
    return tuple(one for one in found if not any(_covers(place, one.place) for place in excused or ()))


def dealt(recorded: Mapping[int, RecordedResponse], now: Mapping[int, RecordedResponse]) -> dict[int, RecordedResponse]:
    """Return the pages of a listing as they are now, each with the entries that the recorded page has.

    Which entry stands on which page the service does not promise: those that the other pages have now come
    to the page where they were recorded. What none of the recorded pages has stays where it is.
    """
    first = next(iter(recorded.values()))
    field = next((name for name in ("users", "groups") if _entries(first, name) is not None), None)
    if field is None:
        return dict(now)
    identity = _IDENTITIES[field]
    homes: dict[object, deque[int]] = {}
    for number, response in recorded.items():
        for entry in _entries(response, field) or ():
            homes.setdefault(identity(entry), deque()).append(number)
    kept: dict[int, list[object]] = {number: [] for number in recorded}
    lists = {number: _entries(now[number], field) for number in recorded}
    for number, entries in lists.items():
        for entry in entries or ():
            waiting = homes.get(identity(entry))
            kept[waiting.popleft() if waiting else number].append(entry)
    pages = dict(now)
    for number, entries in lists.items():
        if entries is not None:
            body = {**cast("dict[str, object]", now[number].json()), field: kept[number]}
            pages[number] = attrs.evolve(now[number], body=json.dumps(body).encode())
    return pages


def _entries(response: RecordedResponse, field: str) -> list[object] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    found = cast("dict[str, object]", body).get(field) if isinstance(body, dict) else None
    return cast("list[object]", found) if isinstance(found, list) else None


def _covers(place: str, other: str) -> bool:
    return other == place or other.startswith(f"{place}/")


def _header_differences(recorded: RecordedResponse, now: RecordedResponse) -> list[Departure]:
    found: list[Departure] = []
    for name in SIGNIFICANT_HEADERS:
        before, after = _header(recorded, name), _header(now, name)
        # An answer without a body has no type to speak of, whatever its header says.
        if before != after and (name != "Content-Type" or recorded.body):
            was, is_now = (None if one is None else redaction.header(name, one) for one in (before, after))
            problem = f"recorded {was!r}, now {is_now!r}"
            found.append(Departure(f"headers/{name}", problem, expected=was, actual=is_now))
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
    before, after = _comparable(before), _comparable(after)
    return [attrs.evolve(one, place=one.place or "/") for one in differences(before, _in_order_of(before, after))]


def _in_order_of(before: object, after: object, name: str = "") -> object:
    """`after`, with lists whose order nobody promises in the order of `before`."""
    if isinstance(before, dict) and isinstance(after, dict):
        members, others = cast("dict[str, object]", before), cast("dict[str, object]", after)
        return {key: _in_order_of(members.get(key), value, key) for key, value in others.items()}
    if not isinstance(before, list) or not isinstance(after, list):
        return after
    wanted, found = cast("list[object]", before), cast("list[object]", after)
    identity = _IDENTITIES.get(name)
    if identity is not None:
        places: dict[object, int] = {}
        for place, item in enumerate(wanted):
            places.setdefault(identity(item), place)
        found = sorted(found, key=lambda item: places.get(identity(item), len(wanted)))
    others_of = [*wanted, *[None] * (len(found) - len(wanted))]
    return [_in_order_of(one, other) for one, other in zip(others_of, found, strict=False)]


def _text(item: object, *names: str) -> tuple[str, ...]:
    fields = cast("dict[str, object]", item) if isinstance(item, dict) else {}
    return tuple(str(fields.get(name)).lower() for name in names)


_IDENTITIES: Mapping[str, Callable[[object], object]] = {
    "errors": lambda item: _text(item, "index", "step", "errorCode"),
    "warnings": lambda item: _text(item, "index", "step", "warningCode"),
    "users": lambda item: _text(item, "email", "type"),
    "": lambda item: _text(item, "email", "userType", "name"),
    "licenseConfigurations": lambda item: _text(item, "licenseGroupId"),
    "groups": lambda item: _text(item, "groupName") if is_object(item) else str(item),
}
"""What tells apart the items of a list whose order the service does not promise: that of commands in a request
(ActionsRef.md), and of users and groups in a listing; that of the deprecated operations is the whole body."""


def identity_of(field: str) -> Callable[[object], object]:
    """Return what tells the entries of a listing apart."""
    return _IDENTITIES[field]


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
