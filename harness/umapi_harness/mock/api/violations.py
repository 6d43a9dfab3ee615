"""Violations: what the service says of a command at fault, and which of several things it says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import attrs

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
class Violation:
    """What the service says about a command, or one step of it."""

    step: int
    code: str
    message: str


@attrs.frozen
class Finding:
    """A violation, with what decides whether it is the one that is told."""

    violation: Violation
    whole_command: bool
    rank: int
    """The lowest is told."""


def of_command(code: str, message: str, keyword: str, *, deep: bool) -> Finding:
    """The command as a whole breaks `keyword`; `deep` where that stands below its own object."""
    rank = _rank(_COMMAND_ORDER, keyword) + (1 if deep else 0) * len(_COMMAND_ORDER)
    if not deep and keyword == "type":
        rank = -1
    return Finding(Violation(0, code, message), whole_command=True, rank=rank)


def of_step(step: int, code: str, message: str, keyword: str) -> Finding:
    """A step breaks `keyword`."""
    return Finding(Violation(step, code, message), whole_command=False, rank=_rank(_STEP_ORDER, keyword))


def told(findings: Sequence[Finding]) -> list[Violation]:
    """What the service says of them: one violation for the command as a whole, or one for each step at fault."""
    whole = [found for found in findings if found.whole_command]
    if whole:
        return [min(whole, key=lambda found: found.rank).violation]
    best: dict[int, Finding] = {}
    for found in findings:
        step = found.violation.step
        if step not in best or found.rank < best[step].rank:
            best[step] = found
    return [best[step].violation for step in sorted(best)]


def _rank(order: tuple[str, ...], keyword: str) -> int:
    return order.index(keyword) if keyword in order else len(order)


def shown(value: Any) -> str:
    """A refused value as a message repeats it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
