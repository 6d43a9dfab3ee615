"""Plants: recordings with one difference each, at every documented field and header of their answers."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import is_array, is_object
from umapi_harness.contract.comparing import SIGNIFICANT_HEADERS
from umapi_harness.contract.recordings import RecordedResponse, Recording

_ENTRIES: Final = 2  # of a long list, in which something is planted


@attrs.frozen
class Plant:
    """A recording in which one thing is not as it was answered."""

    recording: Recording
    exchange: str
    """Name of the exchange."""
    how: str
    """changed, removed, added, type or twice."""
    place: str
    """As findings name it."""

    def __str__(self) -> str:
        return f"{self.exchange} {self.place} {self.how}"


def plants(recording: Recording) -> Iterator[Plant]:
    """Yield the recording with each difference."""
    for number, exchange in enumerate(recording.exchanges):
        for how, place, response in _planted(exchange.response):
            exchanges = list(recording.exchanges)
            exchanges[number] = attrs.evolve(exchange, response=response)
            yield Plant(attrs.evolve(recording, exchanges=tuple(exchanges)), exchange.name, how, place)


def _planted(response: RecordedResponse) -> Iterator[tuple[str, str, RecordedResponse]]:
    yield "changed", "status", attrs.evolve(response, status=403 if response.status != 403 else 404)
    for name in SIGNIFICANT_HEADERS:
        value = response.header(name)
        others = [(one, text) for one, text in response.headers if one.lower() != name.lower()]
        other = str(int(value) + 7) if value is not None and value.isdigit() else "text/other"
        if value is None:
            yield "added", f"header {name}", attrs.evolve(response, headers=(*others, (name, "9")))
        elif name != "Content-Type" or response.body:
            yield "removed", f"header {name}", attrs.evolve(response, headers=tuple(others))
            yield "changed", f"header {name}", attrs.evolve(response, headers=(*others, (name, other)))
    if not response.body:
        return
    body = response.json()
    for how, pointer, planted in _in_data(body, ""):
        yield how, f"body {pointer}", attrs.evolve(response, body=json.dumps(planted).encode())


def _in_data(data: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    """Yield data with one difference, and where it is."""
    if is_object(data):
        yield "added", f"{place}/unheardOf", {**data, "unheardOf": "new"}
        for name, value in data.items():
            yield "removed", f"{place}/{name}", {one: kept for one, kept in data.items() if one != name}
            for how, below, planted in _in_data(value, f"{place}/{name}"):
                yield how, below, {**data, name: planted}
    elif is_array(data):
        yield "type", place, "none"
        for number in {0, len(data) - 1} if data else ():
            yield "twice", place, [*data[: number + 1], *copy.deepcopy(data[number:])]
            yield "removed", place, [*data[:number], *data[number + 1 :]]
        for number in sorted({*range(min(len(data), _ENTRIES))}):
            for how, below, planted in _in_data(data[number], f"{place}/{number}"):
                yield how, below, [*data[:number], planted, *data[number + 1 :]]
    else:
        yield "type", place, [data]
        yield "changed", place, _other(data)


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 7
    return f"other{value}" if isinstance(value, str) else "other"
