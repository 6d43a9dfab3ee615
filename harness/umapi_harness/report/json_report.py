"""The JSON report of a run, in the form of run.schema.json: everything that the run told of, for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from umapi_harness.common.json_text import written
from umapi_harness.postman import events
from umapi_harness.report.files import ReportFile
from umapi_harness.report.hints import hints
from umapi_harness.report.outcomes import Check, Ending, Gathering, Outcome

FORMAT: Final = 4
"""Goes up when a member of the report changes its meaning or goes away."""


class JsonReport:
    """Listens to a run and writes its report to `path`, each request when it is over.

    Times are in seconds, sizes in bytes.
    """

    def __init__(self, path: Path) -> None:
        """Take the place; raises OSError for a pipe or a device that cannot be opened."""
        self._file = ReportFile(path)
        self._gathering = Gathering(self._add)
        self._begun = False
        self._requests = 0

    def __call__(self, event: events.Event) -> None:
        """Take in one event; raises OSError."""
        self._gathering(event)
        if isinstance(event, events.RunStarted):
            self._begin(event)

    def _begin(self, started: events.RunStarted | None) -> None:
        self._begun = True
        head = {
            "format": FORMAT,
            "collection": started.collection if started else "",
            "source": started.source if started else "",
            "environment": started.environment if started else "",
            "at": started.at if started else 0.0,
            "iterations": started.iterations if started else 0,
        }
        self._file.write(f'{written(head)[:-1]}, "requests": [')

    def _add(self, outcome: Outcome) -> None:
        self._file.write((",\n" if self._requests else "\n") + written(_request(outcome)))
        self._requests += 1

    def close(self) -> None:
        """Write the rest and give the file its name; raises OSError."""
        gathering = self._gathering
        if not self._begun:
            self._begin(None)
        started, finished = gathering.started, gathering.finished
        rest = {
            "errors": [_error(error, []) for error in gathering.errors],
            "notes": [*(started.notes if started else ()), *gathering.notes],
            "summary": msgspec.structs.asdict(finished.summary) if finished else None,
            "stopped": finished.stopped if finished else "the run did not begin",
            "passed": finished.summary.passed if finished else False,
        }
        self._file.write(f"\n], {written(rest)[1:]}\n")
        self._file.finish()


def _request(outcome: Outcome) -> dict[str, Any]:
    step = outcome.step
    return {
        "number": step.number,
        "iteration": step.iteration,
        "name": step.name,
        "folders": list(step.folders),
        "pointer": step.pointer,
        "state": outcome.state,
        "skipped": outcome.skipped,
        "data": outcome.data,
        "exchanges": [_exchange(outcome, sent, end) for sent, end in outcome.exchanges()],
        "checks": [_check(outcome, check) for check in outcome.checks],
        "errors": [_error(error, _about(outcome, error)) for error in outcome.errors],
        "notes": outcome.notes,
        "changes": outcome.changes,
        "console": [{"level": line.level, "text": line.text} for line in outcome.console],
    }


def _exchange(outcome: Outcome, sent: events.RequestSent, end: Ending | None) -> dict[str, Any]:
    return {
        "number": sent.exchange,
        "cause": sent.cause.value,
        "at": sent.at,
        "method": sent.method,
        "url": sent.url,
        "headers": sent.headers,
        "body": sent.body,
        "variables": [msgspec.structs.asdict(one) for one in sent.variables],
        "response": {
            "status": end.status,
            "reason": end.reason,
            "headers": end.headers,
            "body": end.body,
            "seconds": end.seconds,
            "size": end.size,
        }
        if isinstance(end, events.ResponseReceived)
        else None,
        "failure": {"message": end.message, "seconds": end.seconds} if isinstance(end, events.RequestFailed) else None,
        "faults": outcome.faults_of(sent.exchange),
        "hints": _hints(outcome, sent, end),
    }


def _hints(outcome: Outcome, sent: events.RequestSent, end: Ending | None) -> list[str]:
    """What an answer says of the cause, where its request failed."""
    return hints(sent, end, end.body) if outcome.state == "failed" and isinstance(end, events.ResponseReceived) else []


def _about(outcome: Outcome, one: events.CheckFailed | events.ErrorRaised) -> list[int]:
    return [sent.exchange for sent, _ in outcome.about(one)]


def _check(outcome: Outcome, check: Check) -> dict[str, Any]:
    shown = {"name": check.name, "event": check.event, "pointer": check.pointer or check.step.pointer}
    match check:
        case events.CheckPassed():
            return shown | {"state": "passed"}
        case events.CheckSkipped():
            return shown | {"state": "skipped"}
        case events.CheckFailed():
            failed = {"message": check.message, "expected": check.expected, "actual": check.actual}
            failed["follows_from"] = check.follows_from
            place = {"line": check.line or None, "column": check.column or None, "about": _about(outcome, check)}
            return shown | {"state": "failed"} | failed | place


def _error(error: events.ErrorRaised, about: list[int]) -> dict[str, Any]:
    return {
        "kind": error.kind,
        "message": error.message,
        "pointer": error.pointer,
        "event": error.event,
        "allowed": error.allowed,
        "follows_from": error.follows_from,
        "about": about,
    }
