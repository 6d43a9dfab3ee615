"""Pairing: which exchange of one recording is the same step of a scenario as which of another."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import attrs

from umapi_harness.contract.api_paths import api_path
from umapi_harness.contract.judging import operation_name
from umapi_harness.contract.matching import fingerprint
from umapi_harness.contract.recordings import Exchange, RecordedRequest

Opener = Callable[[], Iterable[Exchange]]
"""Begins to read a recording; called twice, so that neither recording has to be in memory."""

_ORGANIZATION: Final = re.compile(r"(?<![^/@\s\"])[^/@\s\"]++@AdobeOrg", re.IGNORECASE)


def pairs(before: Opener, after: Opener) -> Iterator[tuple[Exchange | None, Exchange | None]]:
    """Return exchanges of two recordings side by side; None stands where the other has no such step.

    First of all, equal requests belong together, in their order; of what is left, those of the same operation.
    """
    partners = _partners([_Step.of(one) for one in before()], [_Step.of(one) for one in after()])
    wanted = set(partners.values())
    waiting: dict[int, Exchange] = {}
    rest = enumerate(after())
    for number, exchange in enumerate(before()):
        partner = partners.get(number)
        if partner is None:
            yield exchange, None
            continue
        # What was passed on the way is some later exchange's partner, or nobody's.
        while partner not in waiting:
            place, other = next(rest)
            if place in wanted:
                waiting[place] = other
            else:
                yield None, other
        yield exchange, waiting.pop(partner)
    yield from ((None, other) for place, other in rest if place not in wanted)


def step_name(exchange: Exchange) -> str:
    """Return the operation of an exchange; for none of the API's, its method and path."""
    return operation_name(exchange) or f"{exchange.request.method} {urlsplit(exchange.request.url).path}"


def without_organization(text: str) -> str:
    """Return a text with every organisation's id replaced: a scenario may be recorded in another one."""
    return _ORGANIZATION.sub("ORGANIZATION", text) if "@" in text else text


@attrs.frozen
class _Step:
    """What is kept of an exchange until its partner is known."""

    operation: str
    request: Hashable

    @classmethod
    def of(cls, exchange: Exchange) -> _Step:
        print_ = repr(fingerprint(_anywhere(exchange.request))).encode("utf-8", "replace")
        return cls(step_name(exchange), blake2b(print_, digest_size=16).digest())


def _anywhere(request: RecordedRequest) -> RecordedRequest:
    parts = urlsplit(request.url)
    path = without_organization(api_path(request.url).replace("%40", "@"))
    return attrs.evolve(request, url=urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")))


def _partners(before: list[_Step], after: list[_Step]) -> dict[int, int]:
    found: dict[int, int] = {}
    taken: set[int] = set()
    for key in (_exact, _alike):
        waiting: dict[Hashable, list[int]] = {}
        for place in reversed(range(len(after))):
            if place not in taken:
                waiting.setdefault(key(after[place]), []).append(place)
        for number, step in enumerate(before):
            places = waiting.get(key(step))
            if number not in found and places:
                found[number] = places.pop()
                taken.add(found[number])
    return found


def _exact(step: _Step) -> Hashable:
    return step


def _alike(step: _Step) -> Hashable:
    return step.operation
