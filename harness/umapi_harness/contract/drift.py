"""Drift: what has changed between two recordings of one scenario, by operation and field, and how much it matters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

import attrs

from umapi_harness.common.nesting import is_shallow
from umapi_harness.common.secrets import Masker
from umapi_harness.contract.cleaning import without_secrets
from umapi_harness.contract.findings import Grade
from umapi_harness.contract.judging import operation_of
from umapi_harness.contract.matching import form_fields, path_segments
from umapi_harness.contract.pairing import Opener, pairs, step_name, without_organization
from umapi_harness.contract.personal_fields import Kind as Named
from umapi_harness.contract.personal_fields import kind_of
from umapi_harness.contract.pseudonym_notes import NOTE, holds_pseudonym
from umapi_harness.contract.recordings import Exchange, Headers, RecordedRequest, RecordedResponse
from umapi_harness.contract.shapes import Change, Kind, changes, is_array, is_object, mapped, partners, show

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
_ENTRY: Final = re.compile(r"/\d+(?=/|$)")
"""The part of a pointer that is the number of an entry of a list; no field of the API has such a name."""
_NAMES: Final = frozenset({Named.PHRASE, Named.PERSON, Named.DOMAIN, Named.ROLE})
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
    is_pseudonym: bool = False
    """Whether a name in the place is a pseudonym, as of fields that nobody vouches for."""

    def __str__(self) -> str:
        sides = {"lost": f"no longer {self.before}", "gained": f"now also {self.after}"}
        told = sides.get(self.kind) or f"was {self.before or 'absent'}, is {self.after or 'absent'}"
        often = f" ({self.times} times)" if self.times > 1 else ""
        named = "; the name is a pseudonym, which --accept NAME keeps from being one" if self.is_pseudonym else ""
        line = f"{self.grade} {self.operation} {self.side} {self.place}: {told}{often}; {self.first}{named}"
        return line.replace("  ", " ")


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

    def of_grade(self, least: Grade) -> tuple[Drift, ...]:
        """Return the drifts of a grade and graver ones."""
        order = tuple(Grade)
        return tuple(one for one in self.drifts if order.index(one.grade) <= order.index(least))


def drift(before: Opener, after: Opener) -> Comparison:
    """Compare two recordings of one scenario, as they are without secrets: those are never shown, so nor compared.

    Raises:
        RecordingError: one of them cannot be read.
    """
    compared = 0
    found: dict[tuple[str, ...], Drift] = {}
    masker = Masker(learning=True)
    renamings = _Renamings()
    for was, now in pairs(before, after):
        old, new = (one and without_secrets(one, masker) for one in (was, now))
        compared += old is not None and new is not None
        for one in _drifts(old, new, renamings):
            key = (one.operation, one.side, one.place, one.kind, one.grade)
            known = found.get(key)
            found[key] = one if known is None else attrs.evolve(known, times=known.times + 1)
    operations = list(dict.fromkeys(one.operation for one in found.values()))
    grades = list(Grade)
    order = sorted(found.values(), key=lambda one: (operations.index(one.operation), grades.index(one.grade)))
    return Comparison(compared=compared, drifts=tuple(order))


def _drifts(old: Exchange | None, new: Exchange | None, renamings: _Renamings) -> Iterator[Drift]:
    exchange = old or new
    if exchange is None:
        return
    if old is None or new is None:
        shown = f"{exchange.request.method} {urlsplit(exchange.request.url).path} ({exchange.response.status})"
        kind = Kind.LOST if new is None else Kind.GAINED
        before, after = (shown, None) if new is None else (None, shown)
        yield _drift(old, new, Grade.SHOULD, "exchange", Change(kind, "", before, after))
        return
    for change in _request_changes(old.request, new.request, renamings):
        yield _drift(old, new, _request_grade(change), "request", change)
    names = _renamed(old.request, new.request)
    names |= _of_others(_json(old.response.body), _json(new.response.body), asked=bool(names))
    missing: frozenset[str] | None = None
    for grade, change in _response_changes(old.response, new.response, names):
        required = False
        if change.kind is Kind.VALUE and change.after is None:
            # Gone from one entry of many: of an optional field, that is another value, and no more.
            missing = _missing(new) if missing is None else missing
            required = change.place in missing
        yield _drift(old, new, Grade.MUST if required else grade, "response", change)


def _drift(old: Exchange | None, new: Exchange | None, grade: Grade, side: str, change: Change) -> Drift:
    exchange, place = old or new, change.place
    assert exchange is not None
    notes = (one.notes.get(NOTE) for one in (old, new) if one is not None)
    return Drift(
        grade=grade,
        operation=step_name(exchange),
        side=side,
        place=place,
        kind=change.kind,
        before=change.before,
        after=change.after,
        first=exchange.where,
        is_pseudonym=any(holds_pseudonym(place, note) for note in notes),
    )


def _request_grade(change: Change) -> Grade:
    # What a client sends is the client's affair, but for its form.
    return Grade.SHOULD if change.kind in (Kind.TYPE, Kind.VANISHED, Kind.APPEARED) else Grade.MAY


def _request_changes(old: RecordedRequest, new: RecordedRequest, renamings: _Renamings) -> Iterator[Change]:
    was, now = (dict(parse_qsl(urlsplit(one.url).query, keep_blank_values=True)) for one in (old, new))
    for change in changes(renamings.followed(was, now), now):
        yield attrs.evolve(change, place=f"query {change.place.removeprefix('/')}")
    paths = [[without_organization(part) for part in path_segments(one.url)] for one in (old, new)]
    if len(paths[0]) != len(paths[1]) or not all(map(renamings.accept, *paths)):
        was_there, is_there = ("/".join(quote(part, safe="@ ") for part in path) for path in paths)
        yield Change(Kind.VALUE, "path", show(was_there), show(is_there))
    content = _content(new)
    yield from _body_changes(renamings.followed(_content(old), content), content)


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


def _missing(exchange: Exchange) -> frozenset[str]:
    """The fields of the answer that the contract requires and that are not there, by their places."""
    operation = operation_of(exchange)
    answer = operation.answers.get(exchange.response.status) if operation is not None else None
    if answer is None or answer.body is None:
        return frozenset()
    places = answer.body.missing_fields(_json(exchange.response.body))
    return frozenset(f"body {_ENTRY.sub('/*', place)}" for place in places)


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
    """Return the headers by name; several of one name say what one with all their values would (RFC 9110, 5.3)."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(values) for name, values in found.items()}


def _header_value(name: str, value: str) -> str:
    if name == "content-type":
        return value.partition(";")[0].strip().lower()
    if name == "retry-after":
        # How long is the moment's affair; whether in seconds or as a date is not.
        return "seconds" if value.strip().isdigit() else "date"
    return _lasting(value)


class _Renamings:
    """Who stands in the place of whom in the requests of the other recording: one for one, in all of it."""

    def __init__(self) -> None:
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def accept(self, before: str, after: str) -> bool:
        """Whether a name may have become another one; it is the same everywhere then, and nobody else's."""
        if before != after and (before.isdigit() or after.isdigit()):
            return False  # a page
        return self._there.setdefault(before, after) == after and self._back.setdefault(after, before) == before

    def followed(self, before: object, after: object, name: str = "") -> object:
        """Return what was sent before, with those who stand there now in the place of others."""
        if is_object(before) and is_object(after):
            return {key: self.followed(value, after.get(key), key) for key, value in before.items()}
        if is_array(before) and is_array(after) and len(before) == len(after):
            return [self.followed(one, other, name) for one, other in zip(before, after, strict=True)]
        if isinstance(before, str) and isinstance(after, str) and kind_of(name) in _NAMES:
            return after if self.accept(before, after) else before
        return before


def _of_others(before: object, after: object, *, asked: bool) -> dict[str, str]:
    """The names of those who stand in an answer in the place of others: all in a list, or who was `asked` for."""
    found: dict[str, str] = {}
    stack = [(before, after, asked)]
    while stack:
        old, new, others = stack.pop()
        if is_object(old) and is_object(new):
            if others and any(
                str(old.get(name)).lower() != str(new.get(name)).lower() for name in ("email", "groupName")
            ):
                found |= _names(old, new)
            stack += [(value, new[name], others) for name, value in old.items() if name in new]
        elif is_array(old) and is_array(new) and len(old) == len(new):
            items = [[one for one in side if is_object(one)] for side in (old, new)]
            if len(items[0]) == len(items[1]) == len(old) and all(
                str(items[0][place].get("groupName")).startswith("_") for place in partners(*items)
            ):
                # Nobody is the same, the API's own groups apart.
                stack += [(one, other, True) for one, other in zip(old, new, strict=True)]
    return found


def _names(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in old.items():
        other = new.get(name)
        sides = [[one] if isinstance(one, str) else one if is_array(one) else [] for one in (value, other)]
        if kind_of(name) in _NAMES and len(sides[0]) == len(sides[1]):
            pairs = [(one, two) for one, two in zip(*sides, strict=True) if isinstance(one, str)]
            found |= {one: two for one, two in pairs if isinstance(two, str) and one != two}
    return found


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
    if text in names:
        return names[text]
    for before in sorted(names, key=len, reverse=True):
        if len(before) >= _SHORTEST_NAME and before in text:
            return text.replace(before, names[before])
    return text
