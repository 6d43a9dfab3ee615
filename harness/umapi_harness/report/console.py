"""The console report: a row for each request as it ends, what goes on meanwhile, then failures, totals and verdict."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from umapi_harness.common.lines import counted, one_line
from umapi_harness.postman import events
from umapi_harness.report.failures import FailedStep, console_lines, exchange_lines, failed_step, failure_lines
from umapi_harness.report.outcomes import Failure, Gathering, Outcome, cut, planned
from umapi_harness.report.terminal import Part, PlainConsole, Printer
from umapi_harness.report.totals import Totals, requests_text

if TYPE_CHECKING:
    from rich.console import Console

    from umapi_harness.report.progress_line import ProgressLine

_STATUS_WIDTH, _CHECKS_WIDTH, _TIME_WIDTH = 6, 9, 9
_NAME_WIDTH_MIN, _NAME_WIDTH_MAX = 24, 78
_NAME: Final = 1_000
"""Characters of the name of a check."""
_KEPT_STEPS: Final = 500
"""Steps that failed of which the end of the report tells; of further ones the number."""
_LOGGED: Final = 50
"""Lines of scripts below a row, unless all are asked for."""
_MARKS: Final = {"passed": ("✓", "ok  "), "failed": ("✗", "FAIL"), "skipped": ("-", "skip")}
_STATES: Final = {events.CheckPassed: "passed", events.CheckFailed: "failed", events.CheckSkipped: "skipped"}
_STYLES: Final = {"passed": "green", "failed": "red", "skipped": "yellow"}


class ConsoleReport:
    """Listens to a run and prints one row per request.

    What scripts log stands below the row, past a bound only with `verbose`, which adds the names of checks, exchanges
    and changes. Where `ascii_only` asks for it, or the console has no marks, words tell what passed. With `live`, the
    last line shows what goes on. Of a step that passed nothing is kept, of one that failed what is told at the end.
    """

    def __init__(
        self,
        console: Console | PlainConsole,
        *,
        verbose: bool = False,
        ascii_only: bool = False,
        live: bool = False,
    ) -> None:
        self._print = Printer(console, ascii_only)
        self._console = console
        self._verbose = verbose
        self._gathering = Gathering(self._row)
        self._totals = Totals()
        self._failed: list[FailedStep] = []
        self._left_out = 0
        self._folders: tuple[str, ...] = ()
        self._iteration = 0
        self._name_width = _NAME_WIDTH_MAX
        self._progress: ProgressLine | None = None
        if live and not isinstance(console, PlainConsole):
            from umapi_harness.report.progress_line import ProgressLine  # noqa: PLC0415 - loads rich

            self._progress = ProgressLine(console, self._totals)

    def __call__(self, event: events.Event) -> None:
        """Take in one event and print what can be said by now."""
        if isinstance(event, events.RunFinished):
            self._stop()
        self._gathering(event)
        match event:
            case events.RunStarted():
                self._heading(event)
            case events.ErrorRaised(step=None):
                self._totals.rule(event)
            case events.RunFinished():
                self._failures()
                self._summary(event)
            case _:
                pass
        if self._progress is not None:
            self._progress.see(event)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._stop()

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _heading(self, event: events.RunStarted) -> None:
        taken = _STATUS_WIDTH + _CHECKS_WIDTH + _TIME_WIDTH + 6
        self._name_width = max(_NAME_WIDTH_MIN, min(_NAME_WIDTH_MAX, self._console.width - taken))
        rounds = "" if event.iterations == 1 else f", {event.iterations} iterations"
        self._print((one_line(event.collection), "bold"), f": {counted(event.requests, 'request')}{rounds}")
        for note in event.notes:
            self._print((f"  {one_line(note)}", "dim"))
        row = f"    {'request':{self._name_width}}{'status':>{_STATUS_WIDTH}}"
        self._print((f"{row}{'checks':>{_CHECKS_WIDTH}}{'time':>{_TIME_WIDTH}}", "dim"))

    def _row(self, outcome: Outcome) -> None:
        self._totals.add(outcome)
        self._place(outcome.step)
        state = outcome.state
        failures = outcome.failures
        passed = sum(isinstance(check, events.CheckPassed) for check in outcome.checks)
        style = _STYLES[state]
        mark = self._mark(state)
        response = outcome.response
        status = str(response.status) if response else ("skip" if outcome.skipped else "-")
        failed = sum(isinstance(check, events.CheckFailed) for check in outcome.checks)
        checks = f"{passed}/{passed + failed}" if passed + failed else "-"
        took = f"{outcome.seconds * 1000:.0f} ms" if response else "-"
        name = _short(one_line(outcome.step.name), self._name_width - len(mark))
        self._print(
            (f"  {mark} ", style),
            f"{name:{self._name_width - len(mark) + 1}}{status:>{_STATUS_WIDTH}}",
            (f"{checks:>{_CHECKS_WIDTH}}", style if failures else ""),
            (f"{took:>{_TIME_WIDTH}}", "dim"),
        )
        self._told(outcome)
        if failures:
            self._keep(outcome, len(outcome.causes))

    def _place(self, step: events.Step) -> None:
        if step.iteration != self._iteration:
            self._iteration, self._folders = step.iteration, ()
            self._print((f"iteration {step.iteration + 1}", "bold"))
        if step.folders != self._folders:
            self._folders = step.folders
            self._print((one_line(" / ".join(step.folders)), "bold"))

    def _told(self, outcome: Outcome) -> None:
        """What is told of a step below its row."""
        if rules := ", ".join(dict.fromkeys(one.kind for one in outcome.errors if not one.allowed)):
            self._print((f"      broken: {rules}", "red"))
        for note in outcome.notes:
            self._print((f"      note: {one_line(note)}", "dim"))
        for struck in outcome.faults:
            self._print((f"      {planned(struck.fault)}", "yellow"))
        for failure in outcome.allowed:
            self._print((f"      allowed: {failure.name}: {one_line(failure.message)}", "yellow"))
        if self._verbose:
            for check in outcome.checks:
                state = _STATES[type(check)]
                self._print((f"      {self._mark(state)} ", _STYLES[state]), one_line(cut(check.name, _NAME)))
            for line in exchange_lines(outcome):
                self._print("      ", *line)
            for change in outcome.changes:
                self._print((f"      changed: {one_line(change)}", "dim"))
        lines = (line for message in outcome.console for line in console_lines(message))
        for line in lines if self._verbose else islice(lines, _LOGGED):
            self._print("      ", *line)
        if not self._verbose and (more := sum(1 for _ in lines)):
            self._print((f"      … and {more} more of the console; -v shows all", "dim"))

    def _mark(self, state: str) -> str:
        sign, word = _MARKS[state]
        return sign if self._print.can_show(sign) else word

    def _keep(self, outcome: Outcome, failures: int) -> None:
        if len(self._failed) < _KEPT_STEPS:
            self._failed.append(failed_step(outcome))
        else:
            self._left_out += failures

    def _failures(self) -> None:
        for note in self._gathering.notes:
            self._print((f"\nnote: {one_line(note)}", "dim"))
        for failure in self._gathering.allowed:
            self._print((f"\nallowed: {failure.name}: {one_line(failure.message)}", "yellow"))
        number = 0
        of_the_run = self._gathering.failures
        if of_the_run or self._failed:
            self._print(("\nFailures", "bold red"))
            told = sum(len(step.failures) + step.left_out for step in self._failed)
            if cause := self._totals.common_cause(len(of_the_run) + told + self._left_out):
                self._print((f"  {cause}", "red"))
        for failure in of_the_run:
            number += 1
            self._failure(number, "the run", failure)
        for step in self._failed:
            for pointer, lines in step.failures:
                number += 1
                self._print((f"  {number}. ", "red"), (step.where, "bold"), f"  {pointer}")
                self._indented(lines)
            self._indented(step.consequences)
            self._indented(step.context)
            number += step.left_out
        left_out = self._left_out + sum(step.left_out for step in self._failed)
        if left_out:
            self._print((f"  … and {left_out} more; the reports in files tell of all", "red"))

    def _failure(self, number: int, where: str, failure: Failure) -> None:
        self._print((f"  {number}. ", "red"), (where, "bold"), f"  {failure.pointer}")
        self._indented(tuple(failure_lines(failure)))

    def _indented(self, lines: tuple[tuple[Part, ...], ...]) -> None:
        for line in lines:
            self._print("     ", *line)

    def _summary(self, event: events.RunFinished) -> None:
        summary = event.summary
        self._print("")
        for line in self._totals.lines(summary):
            self._print((line, "dim"))
        parts = [requests_text(summary), f"{counted(summary.checks_passed, 'check')} passed"]
        if summary.checks_failed:
            parts.append(f"{counted(summary.checks_failed, 'check')} failed")
        if summary.errors:
            parts.append(counted(summary.errors, "error"))
        if summary.consequent:
            parts[-1] += f" ({summary.consequent} of these {summary.failures} only because no answer came)"
        if summary.checks_skipped:
            parts.append(f"{counted(summary.checks_skipped, 'check')} skipped")
        if summary.allowed:
            counts = ", ".join(f"{name} {count}" for name, count in sorted(summary.allowed_rules.items()))
            parts.append(f"{counted(summary.allowed, 'error')} allowed ({counts})")
        if event.stopped is not None:
            parts.append(f"stopped: {event.stopped}")
        word, style = ("passed", "bold green") if summary.passed else ("FAILED", "bold red")
        self._print("\n", (word, style), f": {', '.join(parts)} in {summary.seconds:.2f} s")


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
