"""Violations: what the service says of a command at fault, and which of several things it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import attrs

from umapi_harness.common.departures import Departure

SHOWN: Final = 250  # characters of a refused value that a message repeats

# Of several violations in one step, the first in this order is reported: what the service must stumble
# over while reading comes before what it can only see afterwards.
_STEP_ORDER: Final = (
    *("type", "maxProperties", "additionalProperties", "minProperties", "maxItems", "x-umapi-last", "minItems"),
    *("uniqueItems", "maxLength", "minLength", "anyOf", "required", "const", "enum", "pattern"),
    *("contains", "not"),
)
_COMMAND_ORDER: Final = (
    *("anyOf", "not", "type", "required", "additionalProperties", "maxLength", "minLength", "minItems"),
)


@attrs.frozen
class Finding:
    """A departure of a command from its schemas, with what decides whether it is the one that is told."""

    departure: Departure
    """Its problem is what the service says."""
    rank: int
    """The lowest is told."""


def of_command(departure: Departure, keyword: str) -> Finding:
    """The command as a whole breaks `keyword`, or a part of it that is no step."""
    rank = _rank(_COMMAND_ORDER, keyword) + (len(_COMMAND_ORDER) if departure.path else 0)
    if not departure.path and keyword == "type":
        rank = -1
    return Finding(departure, rank)


def of_step(departure: Departure, keyword: str) -> Finding:
    """A step breaks `keyword`."""
    return Finding(departure, _rank(_STEP_ORDER, keyword))


def step_of(departure: Departure) -> int | None:
    """The step in which a command departs from its schemas; None for the command as a whole."""
    match departure.path:
        case ("do", int(step), *_):
            return step
        case _:
            return None


def told(findings: Sequence[Finding]) -> list[Departure]:
    """What the service says of them: one departure for the command as a whole, or one for each step at fault."""
    whole = [found for found in findings if step_of(found.departure) is None]
    if whole:
        return [min(whole, key=lambda found: found.rank).departure]
    best: dict[int, Finding] = {}
    for found in findings:
        step = step_of(found.departure)
        if step is not None and (step not in best or found.rank < best[step].rank):
            best[step] = found
    return [best[step].departure for step in sorted(best)]


def _rank(order: tuple[str, ...], keyword: str) -> int:
    return order.index(keyword) if keyword in order else len(order)


def shown(value: Any) -> str:
    """A refused value as a message repeats it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
