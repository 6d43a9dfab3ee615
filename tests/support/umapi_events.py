"""Events of runs that never were, for the tests of reports: any number of steps, and whatever stands in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from umapi_harness.postman import events

SAID = "<script>alert(1)</script> <!-- \"Q\" & 'O' \u2028 \x00 🦊"
"""What must show as it is, wherever it comes from."""


def step(number: int, *, iteration: int = 0, name: str = "", folders: Sequence[str] = ("Users",)) -> events.Step:
    """A step; its name has its number."""
    return events.Step(
        number=number,
        iteration=iteration,
        name=name or f"request {number}",
        folders=tuple(folders),
        pointer=f"/item/0/item/{number}",
    )


def exchange(
    of: events.Step,
    number: int,
    *,
    status: int = 200,
    body: str = "",
    answer: str = "{}",
    cause: events.Cause = events.Cause.COLLECTION,
    at: float | None = None,
    **changes: Any,
) -> Iterator[events.Event]:
    """A request and its answer, which took 20 ms and came at once after the one before."""
    sent = events.RequestSent(
        step=of,
        method="POST" if body else "GET",
        url=f"https://umapi.example/v2/users/{number}",
        headers=(("Accept", "application/json"), ("Authorization", "•••")),
        body=body,
        cause=cause,
        exchange=number,
        at=number * 0.02 if at is None else at,
    )
    yield msgspec.structs.replace(sent, **changes)
    yield events.ResponseReceived(
        step=of,
        status=status,
        reason="OK" if status < 400 else "Refused",
        headers=(("Content-Type", "application/json"),),
        body=answer,
        seconds=0.02,
        size=len(answer),
        cause=cause,
        exchange=number,
    )


def whole_run(
    steps: Sequence[Sequence[events.Event]],
    *,
    iterations: int = 1,
    name: str = "A collection",
    notes: Sequence[str] = (),
) -> Iterator[events.Event]:
    """A run of these steps, with its beginning, its counts and its end."""
    yield events.RunStarted(
        collection=name,
        source="collection.json",
        iterations=iterations,
        requests=len(steps),
        environment="Test",
        at=1_700_000_000.0,
        notes=tuple(notes),
    )
    summary = events.Summary(seconds=len(steps) * 0.02)
    for told in steps:
        summary.requests += len({one.number for event in told if (one := getattr(event, "step", None)) is not None})
        for event in told:
            _count(summary, event)
            yield event
    yield events.RunFinished(summary=summary)


def _count(summary: events.Summary, event: events.Event) -> None:
    match event:
        case events.RequestSent(cause=events.Cause.COLLECTION):
            summary.sent += 1
        case events.RequestSkipped():
            summary.skipped += 1
        case events.CheckPassed():
            summary.checks_passed += 1
        case events.CheckFailed():
            summary.checks_failed += 1
        case events.CheckSkipped():
            summary.checks_skipped += 1
        case events.ErrorRaised(allowed=True):
            summary.allowed += 1
            summary.allowed_rules[event.kind] = summary.allowed_rules.get(event.kind, 0) + 1
        case events.ErrorRaised():
            summary.errors += 1
        case _:
            pass


def plain_step(number: int, *, failing: bool = False, iteration: int = 0) -> list[events.Event]:
    """A step with one exchange and one check."""
    one = step(number, iteration=iteration, folders=("Users", f"Part {number % 3}"))
    answer = json.dumps({"number": number, "users": [{"email": f"u{number}.{i}@example.com"} for i in range(20)]})
    check: events.Event = events.CheckPassed(step=one, name="status is 200")
    if failing:
        check = events.CheckFailed(
            step=one, name="status is 200", message="expected 404 to equal 200", expected="200", actual="404"
        )
    told = list(exchange(one, number, status=404 if failing else 200, answer=answer))
    return [*told, check, events.RequestFinished(step=one)]
