"""Comparing: whether two answers to one request say the same, apart from what is different every time."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

import attrs

from umapi_harness.common.departures import HEADERS, Departure, Path
from umapi_harness.contract import redaction
from umapi_harness.contract.answers import count_header, is_array, is_object
from umapi_harness.contract.matching import differences
from umapi_harness.contract.recordings import RecordedResponse

T = TypeVar("T")

MADE_UP_FIELDS = frozenset({"id", "groupId", "adminGroupId"})
"""Fields that the service makes up, and that the documented samples often leave out: only their types are compared."""

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

_NAMING_HEADERS: Final = ("Canonical-Resource", "Allow")
"""Headers that say what was asked: compared where they were recorded, for the service has left them out in places."""


def compare(
    recorded: RecordedResponse, now: RecordedResponse, *, excused: Mapping[str, str] | None = None
) -> tuple[Departure, ...]:
    """Return where `now` differs from what was recorded; empty when they are equivalent.

    `excused` has the places that may differ, with the reasons; it excuses everything below them too. The step of
    an error that was recorded as text may be the same as a number now.
    """
    if recorded.status != now.status:
        shown = redaction.body(now.body).decode("utf-8", "replace")[:200]
        problem = f"recorded {recorded.status}, now {now.status}: {shown}"
        return (Departure((), problem, "status", expected=str(recorded.status), actual=str(now.status)),)
    in_body = _body_differences(recorded, now)
    in_headers = [one for one in _header_differences(recorded, now) if not _follows(one, recorded, now)]
    found = (*in_headers, *in_body)
    return tuple(one for one in found if not any(one.is_in(place) for place in excused or ()))


def dealt(recorded: Mapping[int, RecordedResponse], now: Mapping[int, RecordedResponse]) -> dict[int, RecordedResponse]:
    """Return the pages of a listing as they are now, each with the entries that the recorded page has.

    Which entry stands on which page the service does not promise: those that the other pages have now come
    to the page where they were recorded. What none of the recorded pages has stays where it is.
    """
    first = next(iter(recorded.values()))
    field = next((name for name in _LISTED if _entries(first, name) is not None), None)
    if field is None:
        return dict(now)
    identity = identity_of(field)
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


def _header_differences(recorded: RecordedResponse, now: RecordedResponse) -> list[Departure]:
    found: list[Departure] = []
    for name in SIGNIFICANT_HEADERS:
        before, after = _header(recorded, name), _header(now, name)
        # An answer without a body has no type to speak of, whatever its header says.
        if before != after and (name != "Content-Type" or recorded.body):
            was, is_now = (None if one is None else redaction.header(name, one) for one in (before, after))
            problem = f"recorded {was!r}, now {is_now!r}"
            found.append(Departure((name,), problem, HEADERS, expected=was, actual=is_now))
    for name in _NAMING_HEADERS:
        was, is_now = recorded.header(name), now.header(name)
        if was is not None and was != is_now:
            problem = f"recorded {was!r}, now {is_now!r}"
            found.append(Departure((name,), problem, HEADERS, expected=was, actual=is_now))
    if recorded.header("X-Request-Id") and not now.header("X-Request-Id"):
        found.append(Departure(("X-Request-Id",), "recorded, absent now", HEADERS))
    return found


def _follows(one: Departure, recorded: RecordedResponse, now: RecordedResponse) -> bool:
    """Whether a header counts just the entries that the list in the body has more or less than recorded."""
    (name,) = one.path
    if name not in ("X-Total-Count", "X-Page-Size"):
        return False
    was, is_now = (count_header(response, name) for response in (recorded, now))
    had, has = (_length(response) for response in (recorded, now))
    if was is None or is_now is None or had is None or has is None:
        return False
    return had != has and was - is_now == had - has


def _length(response: RecordedResponse) -> int | None:
    """How many entries the list of a listing has; None where there is none."""
    lists = (_entries(response, field) for field in _LISTED)
    return next((len(found) for found in lists if found is not None), None)


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
        return [] if same else [Departure((), problem, "body")]
    # The pages have the step of an error as a number, and once as text.
    before, after = _comparable(before, step=int), _comparable(after, step=str)
    return list(_body_departures(before, after))


def _body_departures(before: object, after: object, path: Path = (), name: str = "") -> Iterator[Departure]:
    """Where two bodies differ; entries of lists whose order nobody promises are compared with their partners."""
    if is_object(before) and is_object(after):
        for key in dict.fromkeys((*before, *after)):
            if key in MADE_UP_FIELDS and (before.get(key) is None or after.get(key) is None):
                continue
            if key in before and key in after:
                yield from _body_departures(before[key], after[key], (*path, key), key)
            else:
                # One of the sides has no such member, which `differences` says in its own words.
                was, now = ({key: side[key]} if key in side else {} for side in (before, after))
                yield from differences(was, now, path)
    elif is_array(before) and is_array(after):
        yield from _list_departures(before, after, path, name)
    else:
        yield from differences(before, after, path)


def _list_departures(before: list[Any], after: list[Any], path: Path, name: str) -> Iterator[Departure]:
    pairs = _paired(before, after, _IDENTITIES.get(name, ()))
    for number, partner in sorted(pairs.items()):
        yield from _body_departures(before[number], after[partner], (*path, number))
    if len(before) == len(after):
        return
    missing = [one for number, one in enumerate(before) if number not in pairs]
    taken = set(pairs.values())
    added = [one for number, one in enumerate(after) if number not in taken]
    told = [f"{words} {_named(entries)}" for words, entries in (("without", missing), ("with", added)) if entries]
    recorded, now = f"{len(before)} items", str(len(after))
    yield Departure(path, f"recorded {recorded}, now {now}, {', '.join(told)}", expected=recorded, actual=now)


def partners(before: Sequence[T], after: Sequence[T], identities: Sequence[Callable[[T], object]]) -> dict[int, int]:
    """Return place -> place of the entries that are the same thing: by what tells them apart best, then by less.

    An identity gives None for an entry that it cannot tell.
    """
    found: dict[int, int] = {}
    left: list[int] = list(range(len(before)))
    right: list[int] = list(range(len(after)))
    for identity in identities:
        if not left or not right:
            break
        homes: dict[object, deque[int]] = {}
        for number in right:
            told = identity(after[number])
            if told is not None:
                homes.setdefault(told, deque()).append(number)
        for number in left:
            waiting = homes.get(identity(before[number]))
            if waiting:
                found[number] = waiting.popleft()
        taken = set(found.values())
        left = [number for number in left if number not in found]
        right = [number for number in right if number not in taken]
    return found


def _paired(before: list[Any], after: list[Any], identities: Sequence[_Identity]) -> dict[int, int]:
    """Return the partners; what is left on both sides belongs together in its order if it is as much."""
    found = partners(before, after, identities)
    taken = set(found.values())
    left = [number for number in range(len(before)) if number not in found]
    right = [number for number in range(len(after)) if number not in taken]
    if len(left) == len(right) or not identities:
        found.update(zip(left, right, strict=False))
    return found


def _named(entries: list[Any]) -> str:
    """The first of some entries in a few words, and how many more there are."""
    first = entries[0]
    names = ("email", "groupName", "errorCode", "warningCode", "name")
    shown = next((first[one] for one in names if first.get(one)), first) if is_object(first) else first
    text = json.dumps(redaction.data(shown), ensure_ascii=False)
    text = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return f"{text} and {len(entries) - 1} more" if len(entries) > 1 else text


_LISTED: Final = ("users", "groups")  # members of a body that hold the entries of a listing
_SHOWN: Final = 80  # characters of an entry that a message shows
_Identity = Callable[[object], object]


def _by(*names: str) -> _Identity:
    """What tells an entry apart by some of its fields; None where it has none of them."""

    def identity(item: object) -> object:
        fields = item if is_object(item) else {}
        told = tuple(str(fields[name]).lower() if name in fields else None for name in names)
        return told if any(told) else None

    return identity


def _by_group(item: object) -> object:
    return _by("groupName")(item) if is_object(item) else str(item)


def _by_name(item: object) -> object:
    return _by("name")(item) if is_object(item) else str(item)


_IDENTITIES: Mapping[str, Sequence[_Identity]] = {
    "errors": (_by("index", "step", "errorCode"), _by("index", "step"), _by("index", "errorCode"), _by("index")),
    "warnings": (_by("index", "step", "warningCode"), _by("index", "step"), _by("index", "warningCode"), _by("index")),
    "users": (_by("email", "type"), _by("email"), _by("username", "domain")),
    "": (_by("email", "userType", "name"), _by("email"), _by_name),
    "licenseConfigurations": (_by("licenseGroupId"),),
    "groups": (_by_group,),
}
"""What tells apart the items of a list whose order the service does not promise, from the surest to the least: that
of commands in a request (ActionsRef.md), and of users and groups in a listing; that of the deprecated operations is
the whole body. The surest ones alone decide on which page an entry belongs."""


def identity_of(field: str) -> Callable[[object], object]:
    """Return what tells the entries of a listing apart."""
    return _IDENTITIES[field][0]


def _comparable(value: object, name: str = "", *, step: type[int] | type[str]) -> object:
    """JSON data without what is different every time; with `step`, steps that are numbers as text are that."""
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {key: _comparable(member, key, step=step) for key, member in members.items()}
    if isinstance(value, list):
        return [_comparable(item, step=step) for item in cast("list[object]", value)]
    if name in CHANGING_FIELDS or name in MADE_UP_FIELDS:
        return f"any {type(value).__name__}"
    if name == "step" and isinstance(value, str) and re.fullmatch("[0-9]+", value):
        return step(value)
    return value
