"""The JSON report: everything a run told of, for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import attrs

from umapi_harness.report.outcomes import Failure, Outcome, Outcomes

FORMAT = 2
"""Goes up when a member of the report changes its meaning or goes away."""


class Report(TypedDict):
    """The report as a whole."""

    format: int
    collection: str
    source: str
    iterations: int
    passed: bool
    stopped: str | None
    notes: list[str]
    summary: dict[str, object]
    errors: list[dict[str, object]]
    """Of the run as a whole."""
    requests: list[dict[str, object]]


def write_json(outcomes: Outcomes, path: Path) -> None:
    """Writes the report to `path`; raises OSError."""
    text = json.dumps(json_document(outcomes), ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8", errors="replace")


def json_document(outcomes: Outcomes) -> Report:
    """The report as plain values. Times are in seconds, sizes in bytes."""
    started, finished = outcomes.started, outcomes.finished
    return Report(
        format=FORMAT,
        collection=started.collection if started else "",
        source=started.source if started else "",
        iterations=started.iterations if started else 0,
        passed=finished.summary.passed if finished else False,
        stopped=finished.stopped if finished else None,
        notes=[*(started.notes if started else ()), *outcomes.notes],
        summary=attrs.asdict(finished.summary) if finished else {},
        errors=_errors(outcomes.failures, outcomes.allowed),
        requests=[_request(outcome) for outcome in outcomes.steps],
    )


def _request(outcome: Outcome) -> dict[str, object]:
    step, request, response = outcome.step, outcome.request, outcome.response
    return {
        "number": step.number,
        "iteration": step.iteration,
        "name": step.name,
        "folders": list(step.folders),
        "pointer": step.pointer,
        "skipped": outcome.skipped,
        "request": request
        and {"method": request.method, "url": request.url, "headers": request.headers, "body": request.body},
        "response": response
        and {
            "status": response.status,
            "reason": response.reason,
            "headers": response.headers,
            "body": response.body,
            "seconds": response.seconds,
            "size": response.size,
        },
        "checks": [
            *({"name": name, "state": "passed"} for name in outcome.passed),
            *({"name": name, "state": "skipped"} for name in outcome.skipped_checks),
            *(
                {"name": one.name, "state": "failed", "message": one.message}
                for one in outcome.failures
                if one.kind == "check"
            ),
        ],
        "errors": _errors([one for one in outcome.failures if one.kind != "check"], outcome.allowed),
        "notes": outcome.notes,
        "changes": outcome.changes,
        "console": [{"level": line.level, "text": line.text} for line in outcome.console],
    }


def _errors(failures: list[Failure], allowed: list[Failure]) -> list[dict[str, object]]:
    return [
        {"kind": one.kind, "message": one.message, "pointer": one.pointer, "allowed": is_allowed}
        for is_allowed, group in ((False, failures), (True, allowed))
        for one in group
    ]
