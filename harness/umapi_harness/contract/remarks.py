"""What the judge of the mock server says: departures, doubts and gaps in the state, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from umapi_harness.common.departures import HEADERS, Departure
from umapi_harness.contract.explaining import Explanation
from umapi_harness.contract.findings import Finding, Grade, finding
from umapi_harness.contract.judging import operation_name
from umapi_harness.contract.recordings import Exchange

NAME: Final = "mock"
_NAMED: Final = 3  # of those in doubt, in one finding
_NAMELESS: Final = "somebody without a name"
_LIST_FIRST: Final = "list users and groups at the start of a recording, or give --seed"


def about_answer(exchange: Exchange, found: Sequence[Departure], explanation: Explanation | None) -> Iterator[Finding]:
    """What is said of the departures in one answer, those that settings explain and the others."""
    left = {one.place for one in explanation.left} if explanation is not None else {one.place for one in found}
    for one in found:
        if explanation is not None and one.place not in left:
            yield about_departure(exchange, Grade.SHOULD, one, one.problem, settings=explanation.settings)
        else:
            yield about_departure(exchange, Grade.MUST, one, one.problem)


def about_departure(
    exchange: Exchange,
    grade: Grade,
    one: Departure,
    problem: str,
    *,
    settings: Mapping[str, Any] | None = None,
) -> Finding:
    """What is said of one departure."""
    remedy = ""
    if settings:
        pairs = " ".join(f"--setting {name}={_shown(value)}" for name, value in settings.items())
        remedy = f"explained by the mock server's settings: {pairs}"
    place = _place(one)
    return finding(
        NAME,
        exchange,
        operation_name(exchange),
        grade,
        place,
        problem,
        expected=one.expected,
        actual=one.actual,
        remedy=remedy,
        settings=settings,
    )


def about_doubt(exchange: Exchange, about: Sequence[str]) -> Finding:
    """What is said where an answer depends on what nobody knows of those whom it is `about`."""
    shown = ", ".join(one or _NAMELESS for one in about[:_NAMED]) + (
        f" and {len(about) - _NAMED} more" if len(about) > _NAMED else ""
    )
    problem = f"not compared: the recording does not tell what was true of {shown} before the actions on them"
    one = Departure((), problem, "body")
    return attrs.evolve(about_departure(exchange, Grade.MAY, one, problem), remedy=_LIST_FIRST)


def about_state(file: str, problem: str, grade: Grade, remedy: str) -> Finding:
    """What is said of the state at the start."""
    return Finding(
        grade=grade,
        judge=NAME,
        file=file,
        entry="",
        exchange="the organisation at the start",
        operation=None,
        place="state",
        problem=problem,
        remedy=remedy,
    )


def _place(one: Departure) -> str:
    """The place in the words of all judges."""
    if one.part == HEADERS:
        return f"header {one.path[0]}"
    return one.part or f"body {one.place}"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
