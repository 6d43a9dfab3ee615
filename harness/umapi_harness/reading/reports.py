"""Reports: findings on what the SDK made of an answer, and why an answer is not judged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from umapi_harness.common.departures import Path
from umapi_harness.contract.findings import Finding, Grade, finding
from umapi_harness.contract.judging import operation_name
from umapi_harness.contract.matching import differences
from umapi_harness.contract.recordings import Exchange
from umapi_harness.reading.expectations import Refusal
from umapi_runtime.converter import write
from umapi_sdk import ServiceError, UmapiError

NAME: Final = "sdk"


class UnjudgedError(Exception):
    """An exchange that the SDK cannot be judged by; the text says why."""


def report(
    exchange: Exchange, place: str, problem: str, expected: str | None = None, actual: str | None = None
) -> Finding:
    """Return a finding: whatever the SDK reads wrong is a wrong outcome."""
    return finding(
        NAME, exchange, operation_name(exchange), Grade.MUST, place, problem, expected=expected, actual=actual
    )


def told(error: UmapiError) -> str:
    """Return an exception as one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def model_differences(exchange: Exchange, recorded: Mapping[str, Any], model: Any, path: Path) -> Iterator[Finding]:
    """Yield where a model holds something else than was recorded; null is as good as absent."""
    shown: dict[str, Any] = {**json.loads(json.dumps(write(model))), **model.unknown_fields}
    for one in differences(_without_nulls(recorded), _without_nulls(shown), path):
        # What the comparison calls "now" is what the SDK holds.
        problem = one.problem.replace("absent now", "lost by the SDK").replace(", now ", ", read as ")
        yield report(exchange, f"body {one.place}", problem, one.expected, one.actual)


def refusal_differences(exchange: Exchange, refusal: Refusal, error: UmapiError | None, what: str) -> Iterator[Finding]:
    """Yield where an error says something else than the answer; `what` was returned where there was none."""
    if error is None:
        yield report(
            exchange, "status", f"{refusal.status} is a refusal, and the SDK returned {what}", "an error", what
        )
        return
    if refusal.kinds and type(error).__name__ not in refusal.kinds:
        wanted = " or ".join(sorted(refusal.kinds))
        yield report(exchange, "status", f"{refusal.status} became {told(error)}", wanted, type(error).__name__)
    if not isinstance(error, ServiceError):
        if not refusal.kinds:
            return
        yield report(exchange, "status", f"the answer was lost: {told(error)}", str(refusal.status), None)
        return
    facts = [
        ("status", refusal.status, error.status),
        ("header X-Request-Id", refusal.request_id, error.request_id),
        ("body", refusal.code, error.code),
    ]
    for place, expected, actual in facts:
        if expected is not None and expected != actual:
            problem = f"recorded {expected!r}, the error has {actual!r}"
            yield report(exchange, place, problem, str(expected), str(actual))
    if refusal.words and " ".join(refusal.words.split()) not in " ".join(str(error).split()):
        yield report(exchange, "body", f"the service's words are not in the error: {told(error)}", refusal.words)
    asked: float | None = getattr(error, "retry_after", None)
    if "ThrottledError" in refusal.kinds and refusal.retry_after is not None and asked is not None:
        if abs(asked - refusal.retry_after) > 1:
            problem = f"asks for a wait of {refusal.retry_after:.0f} s, the error says {asked:.0f} s"
            yield report(exchange, "header Retry-After", problem, f"{refusal.retry_after:.0f}", f"{asked:.0f}")
    elif "ThrottledError" in refusal.kinds and refusal.retry_after is not None:
        yield report(exchange, "header Retry-After", "when to come back was lost", f"{refusal.retry_after:.0f}")


def _without_nulls(value: Any) -> Any:
    return {name: member for name, member in value.items() if member is not None}
