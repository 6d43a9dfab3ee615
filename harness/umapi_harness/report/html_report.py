"""The HTML report of a run: one file that needs nothing else, written while the run goes on."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, Final

import attrs
import msgspec

from umapi_harness.postman import events
from umapi_harness.report.files import ReportFile
from umapi_harness.report.html_document import data_block, head
from umapi_harness.report.html_steps import (
    LINE_LIMIT,
    Bodies,
    StepBodies,
    cut,
    details,
    error_data,
    iteration_data,
    row,
)
from umapi_harness.report.outcomes import Gathering, Outcome, consequences_text
from umapi_harness.report.totals import requests_text

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
    """Listens to a run and writes its report to `path`, step by step, so that no memory grows with the run.

    The file takes its place when it is whole. Of a run that is killed, a hidden file beside it holds what came before,
    and can be read.
    """

    def __init__(self, path: Path, bounds: Bounds | None = None) -> None:
        """Take the place; raises OSError for a pipe or a device that cannot be opened."""
        self._file = ReportFile(path)
        self._bounds = bounds or Bounds()
        self._bodies = Bodies()
        self._kept = StepBodies()
        self._gathering = Gathering(self._settle, self._kept.without)
        self._chunk = _Chunk()
        self._written = 0
        self._listed = 0
        self._bare = 0
        self._omitted = 0
        self._failures: list[tuple[str, str]] = []
        self._told = 0
        self._title = ""

    def close(self) -> None:
        """End the file and give it its name; raises OSError."""
        if not self._title:
            self._begin(events.RunStarted(collection=_NOT_BEGUN, source="", iterations=0, requests=0))
        self._flush()
        self._file.finish()

    def __call__(self, event: events.Event) -> None:
        """Takes in one event; raises OSError."""
        self._gathering(event)
        match event:
            case events.RunStarted():
                self._begin(event)
            case events.IterationStarted():
                self._chunk.iterations[event.iteration] = iteration_data(event.data)
            case events.RunFinished():
                self._finish(event)
            case _:
                pass

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
        self._file.write_through(head(self._title, run))

    def _settle(self, outcome: Outcome) -> None:
        """Put a step that is over into the chunk, as far as there is room."""
        self._remember(outcome)
        self._put(outcome)
        self._kept.clear()

    def _put(self, outcome: Outcome) -> None:
        failed = outcome.state == "failed"
        if self._listed >= self._bounds.rows * (2 if failed else 1):
            self._omitted += 1
            return
        self._listed += 1
        room = self._bounds.details + (self._bounds.failures if failed else 0)
        has_room = self._written + self._chunk.size < room
        shown = details(outcome, self._kept, self._bodies) if has_room else None
        self._bare += shown is None
        self._chunk.steps.append(shown)
        self._chunk.rows.append(row(outcome) | {"bodies": _bodies_of(shown)})
        self._chunk.size += sum(len(body["text"]) for body in self._bodies.fresh)
        self._chunk.bodies += self._bodies.fresh
        self._bodies.fresh = []
        if len(self._chunk.rows) >= _CHUNK_STEPS or self._chunk.size >= _CHUNK_BYTES:
            self._flush()

    def _remember(self, outcome: Outcome) -> None:
        """What is told where scripts are switched off."""
        told = [f"{one.name}: {one.message}{outcome.planned}" for one in outcome.causes]
        told = told[: max(0, _NAMED_LIMIT - len(self._failures))]
        followed = consequences_text(outcome)
        self._told += len(told)
        if told and followed:
            told.append(followed)
            self._told += len(outcome.consequences)
        where = f"{outcome.step.path} (iteration {outcome.step.iteration + 1})"
        self._failures += [(where, one) for one in told]

    def _flush(self) -> None:
        chunk, self._chunk = self._chunk, _Chunk()
        if not chunk.rows and not chunk.iterations:
            return
        iterations = list(chunk.iterations.items())
        self._file.write_through(data_block("rows", {"rows": chunk.rows, "iterations": iterations}))
        first = self._bodies.count - len(chunk.bodies)
        block = data_block("details", {"steps": chunk.steps, "bodies": chunk.bodies}, body=first)
        self._written += len(block)
        self._file.write_through(block)

    def _finish(self, event: events.RunFinished) -> None:
        self._flush()
        summary = event.summary
        end = {
            "passed": summary.passed,
            "stopped": event.stopped,
            "summary": msgspec.structs.asdict(summary),
            "errors": [error_data(error) for error in self._gathering.errors[:_NAMED_LIMIT]],
            "notes": [cut(note) for note in self._gathering.notes[:LINE_LIMIT]],
            "bare": self._bare,
            "omitted": self._omitted,
        }
        self._file.write_through(data_block("end", end))
        self._file.write_through(self._plain(event).encode("utf-8", "replace"))

    def _plain(self, event: events.RunFinished) -> str:
        """Verdict and failures for browsers without scripts."""
        summary = event.summary
        verdict = "Passed" if summary.passed else "Failed"
        counts = (
            f"{requests_text(summary)}, checks passed: {summary.checks_passed}, checks failed: "
            f"{summary.checks_failed}, errors: {summary.errors}, in {summary.seconds:.2f} s"
        )
        of_the_run = [("The run", f"{one.name}: {one.message}") for one in self._gathering.failures[:_NAMED_LIMIT]]
        failures = [*of_the_run, *self._failures]
        lines = [f"<li><b>{_text(where)}</b> {_text(what)}</li>" for where, what in failures]
        more = summary.failures - len(of_the_run) - self._told
        rest = f"<p>… and {more} more.</p>" if more > 0 else ""
        stopped = f"<p>Stopped: {_text(event.stopped)}</p>" if event.stopped else ""
        return (
            f'<noscript><section class="plain-summary"><h2 class="{verdict.lower()}">{verdict}</h2>'
            f"<p>{_text(self._title)}, {counts}.</p>{stopped}<ol>{''.join(lines)}</ol>{rest}"
            "<p>With JavaScript switched on, this file shows every request.</p></section></noscript>\n"
            "</body>\n</html>\n"
        )


def _text(text: str) -> str:
    return escape(cut(text))


def _bodies_of(shown: dict[str, Any] | None) -> list[int]:
    """The numbers of the bodies of a step, by which a search in bodies finds it."""
    exchanges: list[dict[str, Any]] = shown["exchanges"] if shown else []
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
