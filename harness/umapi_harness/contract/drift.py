"""Drift: what has changed between two recordings of one scenario, by operation and field, and how much it matters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

import attrs

from umapi_harness.common.secrets import Masker
from umapi_harness.contract.cleaning import without_secrets
from umapi_harness.contract.findings import Grade
from umapi_harness.contract.matching import form_fields, path_segments
from umapi_harness.contract.pairing import Opener, pairs, step_name, without_organization
from umapi_harness.contract.recordings import Exchange, Headers, RecordedRequest, RecordedResponse
from umapi_harness.contract.shapes import Change, Kind, changes, is_array, is_object, is_shallow, mapped, show

# What belongs to the connection or the moment; of X-Request-Id, at least its presence counts.
_PASSING: Final = frozenset(
    {
        *("age", "cache-control", "date", "etag", "expires", "last-modified", "server-timing", "set-cookie"),
        *("connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding", "vary", "via"),
        *("cf-cache-status", "cf-ray", "strict-transport-security"),
    }
)
_COUNTS: Final = frozenset({"x-total-count", "x-page-count", "x-page-size"})
_ACTED_ON: Final = frozenset({"content-type", "retry-after", "www-authenticate", "x-current-page", *_COUNTS})
_DECISIVE: Final = frozenset({"result", "errorCode", "warningCode", "lastPage", "completed", "notCompleted"})

_PASSING_TEXTS: Final = (
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"), "<time>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b[0-9a-fA-F]{32}\b"), "<id>"),
)
_SHORTEST_PASSING: Final = 16  # characters of the shortest of them
_SHORTEST_NAME: Final = 3  # characters; what is shorter stands inside words


@attrs.frozen(kw_only=True)
class Drift:
    """One thing that is not what it was, in however many exchanges."""

    grade: Grade
    operation: str
    """operationId, or method and path of what is no operation of the API."""
    side: str
    """request, response, or exchange for one that the other recording has not."""
    place: str
    """status, header <name>, query, body, or body <JSON pointer> in which * stands for any entry of a list."""
    kind: str
    """type, vanished, appeared, value, lost or gained."""
    before: str | None
    """What it was, in the first of the exchanges."""
    after: str | None
    first: str
    """Where the first of the exchanges is in the recording from before; in the other one if it is only there."""
    times: int = 1
    """In how many places of how many exchanges."""

    def __str__(self) -> str:
        sides = {"lost": f"no longer {self.before}", "gained": f"now also {self.after}"}
        told = sides.get(self.kind) or f"was {self.before or 'absent'}, is {self.after or 'absent'}"
        often = f" ({self.times} times)" if self.times > 1 else ""
        return f"{self.grade} {self.operation} {self.side} {self.place}: {told}{often}; {self.first}".replace("  ", " ")


@attrs.frozen(kw_only=True)
class Comparison:
    """What came of comparing two recordings."""

    compared: int
    """Exchanges that both have."""
    drifts: tuple[Drift, ...]
    """In order of operations, then of grades."""

    def count(self, grade: Grade) -> int:
        """Return the number of drifts of a grade."""
        return sum(one.grade is grade for one in self.drifts)


def drift(before: Opener, after: Opener) -> Comparison:
    """Compare two recordings of one scenario, as they are without secrets: those are never shown, so nor compared.

    Raises:
        RecordingError: one of them cannot be read.
    """
    compared = 0
    found: dict[tuple[str, ...], Drift] = {}
    masker = Masker(learning=True)
    for was, now in pairs(before, after):
        old, new = (one and without_secrets(one, masker) for one in (was, now))
        compared += old is not None and new is not None
        for one in _drifts(old, new):
            key = (one.operation, one.side, one.place, one.kind, one.grade)
            known = found.get(key)
            found[key] = one if known is None else attrs.evolve(known, times=known.times + 1)
    operations = list(dict.fromkeys(one.operation for one in found.values()))
    grades = list(Grade)
    order = sorted(found.values(), key=lambda one: (operations.index(one.operation), grades.index(one.grade)))
    return Comparison(compared=compared, drifts=tuple(order))


def _drifts(old: Exchange | None, new: Exchange | None) -> Iterator[Drift]:
    exchange = old or new
    if exchange is None:
        return
    if old is None or new is None:
        shown = f"{exchange.request.method} {urlsplit(exchange.request.url).path} ({exchange.response.status})"
        kind = Kind.LOST if new is None else Kind.GAINED
        before, after = (shown, None) if new is None else (None, shown)
        yield _drift(exchange, Grade.SHOULD, "exchange", "", Change(kind, "", before, after))
        return
    for change in _request_changes(old.request, new.request):
        yield _drift(old, _request_grade(change), "request", change.place, change)
    names = _renamed(old.request, new.request)
    for grade, change in _response_changes(old.response, new.response, names):
        yield _drift(old, grade, "response", change.place, change)


def _drift(exchange: Exchange, grade: Grade, side: str, place: str, change: Change) -> Drift:
    return Drift(
        grade=grade,
        operation=step_name(exchange),
        side=side,
        place=place,
        kind=change.kind,
        before=change.before,
        after=change.after,
        first=exchange.where,
    )


def _request_grade(change: Change) -> Grade:
    # What a client sends is the client's affair, but for its form.
    return Grade.SHOULD if change.kind in (Kind.TYPE, Kind.VANISHED, Kind.APPEARED) else Grade.MAY


def _request_changes(old: RecordedRequest, new: RecordedRequest) -> Iterator[Change]:
    was, now = (dict(parse_qsl(urlsplit(one.url).query, keep_blank_values=True)) for one in (old, new))
    for change in changes(was, now):
        yield attrs.evolve(change, place=f"query {change.place.removeprefix('/')}")
    paths = [[without_organization(part) for part in path_segments(one.url)] for one in (old, new)]
    if paths[0] != paths[1]:
        was_there, is_there = ("/".join(quote(part, safe="@ ") for part in path) for path in paths)
        yield Change(Kind.VALUE, "path", show(was_there), show(is_there))
    yield from _body_changes(_content(old), _content(new))


def _response_changes(
    old: RecordedResponse, new: RecordedResponse, names: Mapping[str, str]
) -> Iterator[tuple[Grade, Change]]:
    if old.status != new.status:
        yield Grade.MUST, Change(Kind.VALUE, "status", str(old.status), str(new.status))
    yield from _header_changes(old.headers, new.headers)
    if old.status == new.status and old.body != new.body:
        before = mapped(_json(old.body), lambda text: _renaming(text, names))
        for change in _body_changes(before, _json(new.body)):
            yield _grade(change), change


def _grade(change: Change) -> Grade:
    if change.kind in (Kind.TYPE, Kind.VANISHED):
        return Grade.MUST
    if change.kind is Kind.APPEARED:
        return Grade.MAY
    return Grade.MUST if change.place.rpartition("/")[2] in _DECISIVE else Grade.SHOULD


def _body_changes(before: object, after: object) -> Iterator[Change]:
    old, new = (mapped(one, _lasting) for one in (before, after))
    for change in changes(old, new):
        yield attrs.evolve(change, place=f"body {change.place}".strip())


def _content(request: RecordedRequest) -> object:
    fields = form_fields(request)
    return dict(fields) if fields is not None else _json(request.body)


def _json(body: bytes) -> object:
    """The data of a body; the text of one that is no JSON, or is too deep to be walked through."""
    try:
        data: object = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    else:
        if is_shallow(data):
            return data
    return body.decode("utf-8", "replace")


def _lasting(text: str) -> str:
    """A text without what is different every time."""
    text = without_organization(text)
    if len(text) < _SHORTEST_PASSING:
        return text
    for pattern, instead in _PASSING_TEXTS:
        text = pattern.sub(instead, text)
    return text


def _header_changes(old: Headers, new: Headers) -> Iterator[tuple[Grade, Change]]:
    before, after = _by_name(old), _by_name(new)
    for name in dict.fromkeys((*before, *after)):
        if name in _PASSING:
            continue
        grade = Grade.SHOULD if name in _ACTED_ON or name == "x-request-id" else Grade.MAY
        was, now = before.get(name), after.get(name)
        place = f"header {name}"
        if was is None or now is None:
            kind = Kind.VANISHED if now is None else Kind.APPEARED
            yield grade, Change(kind, place, None if was is None else show(was), None if now is None else show(now))
        elif name != "x-request-id" and _header_value(name, was) != _header_value(name, now):
            yield Grade.MAY if name in _COUNTS else grade, Change(Kind.VALUE, place, show(was), show(now))


def _by_name(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value)
    return found


def _header_value(name: str, value: str) -> str:
    if name == "content-type":
        return value.partition(";")[0].strip().lower()
    if name == "retry-after":
        # How long is the moment's affair; whether in seconds or as a date is not.
        return "seconds" if value.strip().isdigit() else "date"
    return _lasting(value)


def _renamed(old: RecordedRequest, new: RecordedRequest) -> dict[str, str]:
    """The texts that stand in the place of others in the new request: new people under the old steps."""
    found: dict[str, str] = {}
    stack = [(_content(old), _content(new)), (path_segments(old.url), path_segments(new.url))]
    while stack:
        before, after = stack.pop()
        if is_object(before) and is_object(after):
            stack += [(value, after[name]) for name, value in before.items() if name in after]
        elif is_array(before) and is_array(after):
            stack += list(zip(before, after, strict=False))
        elif isinstance(before, str) and isinstance(after, str) and before != after and len(before) >= _SHORTEST_NAME:
            found[before] = after
    return found


def _renaming(text: str, names: Mapping[str, str]) -> str:
    for before in sorted(names, key=len, reverse=True):
        if before in text:
            return text.replace(before, names[before])
    return text
