"""The HTML report of a run: one file that needs nothing else, written while the run goes on."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, Final

import attrs

from umapi_harness.postman import events
from umapi_harness.report.html_document import data_block, head
from umapi_harness.report.html_steps import LINE_LIMIT, Bodies, StepRecord, cut, error_data, iteration_data

_CHUNK_STEPS: Final = 64
_CHUNK_BYTES: Final = 512 * 1024
_NAMED_LIMIT: Final = 100
"""Failures that are told where scripts are switched off, and errors of the run as a whole."""


_NOT_BEGUN: Final = "A run that did not begin"


@attrs.frozen(kw_only=True)
class Bounds:
    """How large a report may grow. Past a bound things are left out, and the report says so."""

    details: int = 64 * 1024 * 1024
    """Bytes of details of steps."""
    failures: int = 16 * 1024 * 1024
    """Bytes beyond those, for the details of steps that failed."""
    rows: int = 100_000
    """Steps in the list; of further ones only those that failed are listed, up to as many again."""


class HtmlReport:
    """Listens to a run and writes its report to `path`; raises OSError if that cannot be opened.

    A step is written once the next one begins, so that the memory that this takes does not grow with the run, and
    a run that is killed leaves a report of what came before. What goes wrong in writing is raised by `close`.
    """

    def __init__(self, path: Path, bounds: Bounds | None = None) -> None:
        self._file = path.open("wb")
        self._bounds = bounds or Bounds()
        self._bodies = Bodies()
        self._current: StepRecord | None = None
        self._chunk = _Chunk()
        self._written = 0
        self._listed = 0
        self._bare = 0
        self._omitted = 0
        self._failures: list[tuple[str, str]] = []
        self._errors: list[events.ErrorRaised] = []
        self._notes: list[str] = []
        self._title = ""
        self._problem: OSError | None = None

    def close(self) -> None:
        """End the file; raises OSError if not all of the report could be written."""
        if self._file.closed:
            return
        if not self._title:
            self._begin(events.RunStarted(collection=_NOT_BEGUN, source="", iterations=0, requests=0))
        self._settle()
        self._flush()
        try:
            self._file.close()
        except OSError as error:
            self._problem = self._problem or error
        if self._problem is not None:
            raise self._problem

    def __call__(self, event: events.Event) -> None:
        """Takes in one event."""
        match event:
            case events.RunStarted():
                self._begin(event)
            case events.IterationStarted():
                self._settle()
                self._chunk.iterations[event.iteration] = iteration_data(event.data)
            case events.RunFinished():
                self._finish(event)
            case events.ErrorRaised(step=None):
                self._raised(event)
            case events.NoteTaken(step=None):
                if len(self._notes) < LINE_LIMIT:
                    self._notes.append(cut(event.text))
            case _:
                if event.step is not None:
                    self._record_of(event.step).add(event)

    def _record_of(self, step: events.Step) -> StepRecord:
        """The record of a step; the one before is settled when its first event comes."""
        if self._current is None or self._current.step.number != step.number:
            self._settle()
            self._current = StepRecord(step=step)
        return self._current

    def _raised(self, error: events.ErrorRaised) -> None:
        """An error of the run as a whole."""
        if len(self._errors) < _NAMED_LIMIT:
            self._errors.append(error)
            if not error.allowed:
                self._failures.insert(0, ("The run", f"{error.kind}: {error.message}"))

    def _begin(self, event: events.RunStarted) -> None:
        self._title = event.collection or "Run"
        run = {
            "collection": cut(event.collection),
            "source": cut(event.source),
            "environment": cut(event.environment),
            "iterations": event.iterations,
            "requests": event.requests,
            "at": event.at,
            "notes": [cut(note) for note in event.notes[:LINE_LIMIT]],
        }
        self._write(head(self._title, run))

    def _settle(self) -> None:
        """Put the step that is over into the chunk, as far as there is room."""
        record, self._current = self._current, None
        if record is None:
            return
        failed = record.state == "failed"
        self._remember(record)
        if self._listed >= self._bounds.rows * (2 if failed else 1):
            self._omitted += 1
            return
        self._listed += 1
        room = self._bounds.details + (self._bounds.failures if failed else 0)
        has_room = self._written + self._chunk.size < room
        details = record.details(self._bodies) if has_room else None
        self._bare += details is None
        self._chunk.steps.append(details)
        self._chunk.rows.append(record.row() | {"bodies": _bodies_of(details)})
        self._chunk.size += sum(len(body["text"]) for body in self._bodies.fresh)
        self._chunk.bodies += self._bodies.fresh
        self._bodies.fresh = []
        if len(self._chunk.rows) >= _CHUNK_STEPS or self._chunk.size >= _CHUNK_BYTES:
            self._flush()

    def _remember(self, record: StepRecord) -> None:
        """What is told where scripts are switched off."""
        for name, message in record.problems():
            if len(self._failures) < _NAMED_LIMIT:
                where = f"{record.step.path} (iteration {record.step.iteration + 1})"
                self._failures.append((where, f"{name}: {message}"))

    def _flush(self) -> None:
        chunk, self._chunk = self._chunk, _Chunk()
        if not chunk.rows and not chunk.iterations:
            return
        iterations = list(chunk.iterations.items())
        self._write(data_block("rows", {"rows": chunk.rows, "iterations": iterations}))
        first = self._bodies.count - len(chunk.bodies)
        details = data_block("details", {"steps": chunk.steps, "bodies": chunk.bodies}, body=first)
        self._written += len(details)
        self._write(details)

    def _finish(self, event: events.RunFinished) -> None:
        self._settle()
        self._flush()
        summary = event.summary
        end = {
            "passed": summary.passed,
            "stopped": event.stopped,
            "summary": attrs.asdict(summary),
            "errors": [error_data(error) for error in self._errors],
            "notes": self._notes,
            "bare": self._bare,
            "omitted": self._omitted,
        }
        self._write(data_block("end", end))
        self._write(self._plain(event).encode("utf-8", "replace"))

    def _plain(self, event: events.RunFinished) -> str:
        """Verdict and failures for browsers without scripts."""
        summary = event.summary
        verdict = "Passed" if summary.passed else "Failed"
        counts = (
            f"requests: {summary.requests}, checks passed: {summary.checks_passed}, checks failed: "
            f"{summary.checks_failed}, errors: {summary.errors}, in {summary.seconds:.2f} s"
        )
        lines = [f"<li><b>{_text(where)}</b> {_text(what)}</li>" for where, what in self._failures]
        more = summary.failures - len(self._failures)
        rest = f"<p>… and {more} more.</p>" if more > 0 else ""
        stopped = f"<p>Stopped: {_text(event.stopped)}</p>" if event.stopped else ""
        return (
            f'<noscript><section class="plain-summary"><h2 class="{verdict.lower()}">{verdict}</h2>'
            f"<p>{_text(self._title)}, {counts}.</p>{stopped}<ol>{''.join(lines)}</ol>{rest}"
            "<p>With JavaScript switched on, this file shows every request.</p></section></noscript>\n"
            "</body>\n</html>\n"
        )

    def _write(self, data: bytes) -> None:
        if self._problem is not None:
            return
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            self._problem = error


def _text(text: str) -> str:
    return escape(cut(text))


def _bodies_of(details: dict[str, Any] | None) -> list[int]:
    """The numbers of the bodies of a step, by which a search in bodies finds it."""
    exchanges: list[dict[str, Any]] = details["exchanges"] if details else []
    numbers: set[int | None] = {one["body"] for one in exchanges} | {
        one["answer"]["body"] for one in exchanges if "answer" in one
    }
    return sorted(number for number in numbers if number is not None)


@attrs.define
class _Chunk:
    """Steps that are written together."""

    rows: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    steps: list[dict[str, Any] | None] = attrs.field(factory=list[dict[str, Any] | None])
    bodies: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    iterations: dict[int, list[list[str]]] = attrs.field(factory=dict[int, list[list[str]]])
    size: int = 0
    """Characters of bodies, by which a chunk is known to be full."""
