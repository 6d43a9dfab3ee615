"""The JSON report in Newman's form, for programs that read Newman's.

Events are all that it is made of: values of variables, scripts and requests that were not executed stay out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from umapi_harness.common.json_text import written
from umapi_harness.postman import events
from umapi_harness.report.files import ReportFile
from umapi_harness.report.newman_shapes import (
    AnswerTimes,
    assertion_shape,
    error_shape,
    failure_shape,
    id_of,
    request_shape,
    response_shape,
    tree,
)
from umapi_harness.report.outcomes import Gathering, Outcome

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_IN_MEMORY: Final = 1024 * 1024
_SCRIPT_RULES: Final = frozenset({"script-error", "unhandled-rejection"})
_OF_SCRIPTS: Final = "failed-send-request"
_SCRIPTS: Final = {"test": "testScripts", "prerequest": "prerequestScripts"}


class NewmanJsonReport:
    """Listens to a run and writes its report to `path`, each request when it is over. Times are in milliseconds."""

    def __init__(self, path: Path) -> None:
        """Take the place; raises OSError for a pipe or a device that cannot be opened."""
        self._file = ReportFile(path)
        self._gathering = Gathering(self._add)
        self._failures = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            _IN_MEMORY, "w+", encoding="utf-8", errors="backslashreplace", newline="\n"
        )
        self._failed = 0
        self._begun = False
        self._executions = 0
        self._items: dict[str, _Item] = {}
        self._stats = _Stats()

    def __call__(self, event: events.Event) -> None:
        """Take in one event; raises OSError."""
        self._gathering(event)
        if isinstance(event, events.IterationStarted):
            self._stats.total["iterations"] += 1

    def close(self) -> None:
        """Write the rest and give the file its name; raises OSError."""
        self._begin()
        self._file.write('\n], "failures": [')
        for error in self._gathering.errors:
            if not error.allowed:
                self._fail({"error": error_shape(error), "at": error.kind, "source": {}, "cursor": {}})
        self._failures.seek(0)
        while piece := self._failures.read(_IN_MEMORY):
            self._file.write(piece)
        self._failures.close()
        self._file.write(f"\n], {written(self._run())[1:]}, {written(self._documents())[1:]}\n")
        self._file.finish()

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._file.write('{"run": {"executions": [')

    def _run(self) -> dict[str, Any]:
        started, finished = self._gathering.started, self._gathering.finished
        began = round((started.at if started else 0.0) * 1000)
        ended = began + round((finished.summary.seconds if finished else 0.0) * 1000)
        stopped = finished.stopped if finished else "the run did not begin"
        return {
            "stats": self._stats.shape(),
            "timings": {**self._stats.times.shape(), "started": began, "completed": ended},
            "transfers": {"responseTotal": self._stats.received},
            "error": {"message": stopped} if stopped else None,
        }

    def _documents(self) -> dict[str, Any]:
        started = self._gathering.started
        name = started.collection if started else ""
        environment = started.environment if started else ""
        return {
            "collection": {
                "item": tree((item.folders, item.shape) for item in self._items.values()),
                "event": [],
                "variable": [],
                "info": {"_postman_id": id_of(name), "name": name, "schema": _SCHEMA},
            },
            "environment": {"id": id_of("environment"), "name": environment, "values": []},
            "globals": {"id": id_of("globals"), "values": []},
        }

    def _add(self, outcome: Outcome) -> None:
        self._begin()
        self._stats.add(outcome)
        item = self._item(outcome)
        told = {"source": item.shape, "parent": self._parent(item), "cursor": self._cursor(outcome.step, item)}
        assertions = [assertion_shape(check, place) for place, check in enumerate(outcome.checks)]
        places = {id(check): place for place, check in enumerate(outcome.checks)}
        said: dict[str, Any] = {"assertions": assertions} if assertions else {}
        for one in outcome.broken:
            if isinstance(one, events.CheckFailed):
                place = places[id(one)]
                at = f"assertion:{place} in {one.event}-script"
                self._fail({"error": assertions[place]["error"], "at": at, **told})
            else:
                self._fail({"error": error_shape(one), "at": _at(one), **told})
                if one.kind in _SCRIPT_RULES:
                    name = "prerequestScript" if one.event == "prerequest" else "testScript"
                    said.setdefault(name, []).append({"error": error_shape(one)})
        for execution in _executions(outcome):
            whole = {"cursor": told["cursor"], "item": item.shape, "id": item.shape["id"], **execution, **said}
            self._file.write((",\n" if self._executions else "\n") + written(whole))
            self._executions += 1

    def _item(self, outcome: Outcome) -> _Item:
        step = outcome.step
        item = self._items.get(step.pointer)
        if item is None:
            shape: dict[str, Any] = {"id": id_of(step.pointer), "name": step.name, "response": [], "event": []}
            item = self._items[step.pointer] = _Item(shape, step.folders, len(self._items))
        if outcome.request is not None:
            item.shape.setdefault("request", request_shape(outcome.request, whole=False))
        return item

    def _parent(self, item: _Item) -> dict[str, Any]:
        """The folder that a request is in, or the collection."""
        started = self._gathering.started
        name = item.folders[-1] if item.folders else started.collection if started else ""
        return {"id": id_of("/".join(item.folders) or name), "name": name}

    def _cursor(self, step: events.Step, item: _Item) -> dict[str, Any]:
        started = self._gathering.started
        length, cycles = (started.requests, started.iterations) if started else (0, 0)
        place = {"position": item.position, "iteration": step.iteration}
        return {**place, "length": length, "cycles": cycles, "ref": id_of(f"step {step.number}")}

    def _fail(self, failure: dict[str, Any]) -> None:
        self._failures.write((",\n" if self._failed else "\n") + written(failure))
        self._failed += 1


@attrs.frozen
class _Item:
    """A request of the collection, as far as it was executed."""

    shape: dict[str, Any]
    folders: tuple[str, ...]
    position: int
    """Its place among those that were executed."""


class _Stats:
    """What Newman counts, with the times of answers and the bytes of their bodies."""

    def __init__(self) -> None:
        names = ("iterations", "items", "scripts", "prerequests", "requests", "tests", "assertions", *_SCRIPTS.values())
        self.total = dict.fromkeys(names, 0)
        self._failed = dict.fromkeys(names, 0)
        self.times = AnswerTimes()
        self.received = 0

    def add(self, outcome: Outcome) -> None:
        """Count a step."""
        ran = not outcome.skipped
        chains = outcome.chains()
        unsent = ran and outcome.request is None
        for name, number in {"items": 1, "prerequests": 1, "requests": len(chains) + unsent, "tests": ran}.items():
            self.total[name] += number
        self._failed["requests"] += unsent
        self.total["assertions"] += len(outcome.checks)
        self._failed["assertions"] += sum(isinstance(check, events.CheckFailed) for check in outcome.checks)
        self._count_scripts(outcome)
        for chain in chains:
            _, end = chain[-1]
            if isinstance(end, events.ResponseReceived):
                self.times.add(end.seconds * 1000)
                self.received += end.size
            else:
                self._failed["requests"] += 1

    def _count_scripts(self, outcome: Outcome) -> None:
        """The events whose scripts told of something; of those that were silent nothing is known."""
        broken = {error.event for error in outcome.errors if error.kind in _SCRIPT_RULES and not error.allowed}
        told = {check.event for check in outcome.checks} | broken
        self.total["scripts"] += len(told)
        self._failed["scripts"] += len(broken)
        for event, name in _SCRIPTS.items():
            self.total[name] += event in told
            self._failed[name] += event in broken

    def shape(self) -> dict[str, Any]:
        """As Newman tells them."""
        return {
            name: {"total": number, "pending": 0, "failed": self._failed[name]} for name, number in self.total.items()
        }


def _at(error: events.ErrorRaised) -> str:
    return f"{error.event}-script" if error.kind in _SCRIPT_RULES else "request"


def _executions(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """What was sent and what came, for each request: that of the collection and those of its scripts, as Newman counts.

    A request that was not skipped and yet not sent is among them.
    """
    for chain in outcome.chains():
        (first, _), (_, end) = chain[0], chain[-1]
        execution: dict[str, Any] = {"request": request_shape(first, whole=True)}
        if isinstance(end, events.ResponseReceived):
            execution["response"] = response_shape(end)
        elif end is not None and first.cause is events.Cause.SCRIPT:
            execution["requestError"] = failure_shape(end)
        yield execution if first.cause is events.Cause.SCRIPT else execution | _error_of_request(outcome)
    if not outcome.skipped and outcome.request is None:
        yield _error_of_request(outcome)


def _error_of_request(outcome: Outcome) -> dict[str, Any]:
    """The first rule that the request of the collection broke, where Newman has why it failed."""
    others = _SCRIPT_RULES | {_OF_SCRIPTS}
    for one in outcome.broken:
        if isinstance(one, events.ErrorRaised) and one.kind not in others:
            return {"requestError": error_shape(one)}
    return {}
