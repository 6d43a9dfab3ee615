"""Totals: what a run comes to, counted while it goes on: executed and failed, times, bytes, the slowest requests."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

import attrs

from umapi_harness.common.lines import counted, one_line
from umapi_harness.postman import events
from umapi_harness.report.newman_shapes import AnswerTimes
from umapi_harness.report.outcomes import Outcome, place_of

_SLOWEST: Final = 3
_MANY: Final = 5
"""So many failures may have a cause in common that is told before them."""
_NAMES: Final = 1_000
"""Variables whose failures are counted."""
_NAMED: Final = 5
"""Variables that are told of as the cause of most failures."""
_FEW: Final = 3
"""Runs with no more requests have no list of the slowest."""


@attrs.define
class Totals:
    """The sums of a run."""

    steps: int = 0
    failed_steps: int = 0
    iterations: int = 0
    failed_iterations: int = 0
    rules: Counter[str] = attrs.field(factory=Counter[str])
    """Broken rules that are not allowed."""
    received: int = 0
    """Bytes of the bodies of all answers, those to scripts among them."""
    times: AnswerTimes = attrs.field(factory=AnswerTimes)
    _wanting: dict[str, list[int]] = attrs.field(factory=dict[str, list[int]], init=False)
    """By variable: how many failures, and of how many steps, come from requests for which it had no value."""
    _iteration: int = attrs.field(default=-1, init=False)
    _failed_iteration: int = attrs.field(default=-1, init=False)
    _unanswered: int = attrs.field(default=0, init=False)
    _slowest: list[tuple[float, int, str]] = attrs.field(factory=list[tuple[float, int, str]], init=False)

    def add(self, outcome: Outcome) -> None:
        """Count a step."""
        step = outcome.step
        self.steps += 1
        self.iterations += step.iteration != self._iteration
        self._iteration = step.iteration
        if outcome.state == "failed":
            self.failed_steps += 1
            self.failed_iterations += step.iteration != self._failed_iteration
            self._failed_iteration = step.iteration
        for error in outcome.errors:
            self.rule(error)
        for end in outcome.ended.values():
            self.received += end.size if isinstance(end, events.ResponseReceived) else 0
        self._unanswered += outcome.response is None and not outcome.skipped
        if outcome.response is not None:
            self.times.add(outcome.response.seconds * 1000)
            heapq.heappush(self._slowest, (outcome.seconds, step.number, place_of(step)))
            if len(self._slowest) > _SLOWEST:
                heapq.heappop(self._slowest)

        self._want(outcome)

    def _want(self, outcome: Outcome) -> None:
        failures = len(outcome.causes)
        wanted = {name for error in outcome.errors for name in error.variables} if failures else ()
        for name in wanted:
            if name in self._wanting or len(self._wanting) < _NAMES:
                counts = self._wanting.setdefault(name, [0, 0])
                counts[0] += failures
                counts[1] += 1

    def common_cause(self, failures: int) -> str:
        """For want of which variables most of the failures come about, if it is so; else nothing."""
        shared = [
            (count, name)
            for name, (count, steps) in self._wanting.items()
            if count >= _MANY and steps > 1 and count * 2 > failures
        ]
        shared.sort(key=lambda one: (-one[0], one[1]))
        groups = [
            (count, ", ".join(one_line(name) for _, name in group))
            for count, group in groupby(shared[:_NAMED], key=itemgetter(0))
        ]
        told = ", ".join(f"{count} for {names}" for count, names in groups)
        return told.replace(" for ", f" of {failures} failures come from requests that had no value for ", 1)

    def rule(self, error: events.ErrorRaised) -> None:
        """Count a broken rule."""
        if not error.allowed:
            self.rules[error.kind] += 1

    def lines(self, summary: events.Summary) -> Iterator[str]:
        """The sums as lines of a table."""
        checks = summary.checks_passed + summary.checks_failed + summary.checks_skipped
        rows = (
            ("iterations", self.iterations, self.failed_iterations, 0),
            ("requests", summary.requests, self._unanswered, summary.skipped),
            ("checks", checks, summary.checks_failed, summary.checks_skipped),
        )
        yield f"{'':<12}{'total':>8}{'failed':>8}{'skipped':>9}"
        for name, total, failed, skipped in rows:
            yield f"{name:<12}{total:>8}{failed:>8}{skipped or '':>9}".rstrip()
        if self.rules:
            named = ", ".join(f"{name} {count}" for name, count in sorted(self.rules.items()))
            yield f"rules broken: {named}"
        yield f"received: {_bytes(self.received)}"
        times = self.times
        if times.count:
            least, most = round(times.least), round(times.greatest)
            yield f"answers: {times.mean:.0f} ms on average, {least} to {most} ms, s.d. {times.deviation:.0f} ms"
        if times.count > _FEW:
            slowest = sorted(self._slowest, reverse=True)
            yield "slowest: " + "; ".join(f"{place} {seconds * 1000:.0f} ms" for seconds, _, place in slowest)


def requests_text(summary: events.Summary) -> str:
    """How many requests were executed, and how many of these were not sent, if any was not."""
    skipped = f" ({summary.skipped} skipped by a script)" if summary.skipped else ""
    unsent = f", {summary.unsent} not sent{skipped}" if summary.unsent else ""
    return f"{counted(summary.requests, 'request')}{unsent}"


def _bytes(size: int) -> str:
    number = float(size)
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
