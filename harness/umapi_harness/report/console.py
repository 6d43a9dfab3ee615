"""The console report: a table of requests as they finish, then the failures, then one line that sums up."""

from __future__ import annotations

import re
import shutil
import sys

import attrs
from rich.console import Console
from rich.text import Text

from umapi_harness.postman import events
from umapi_harness.report.outcomes import Outcome, Outcomes

_STATUS_WIDTH, _CHECKS_WIDTH, _TIME_WIDTH = 6, 9, 9
_NAME_WIDTH_MIN, _NAME_WIDTH_MAX = 24, 78
_SHOWN_BODY = 600
_MARKS = {"passed": ("✓", "ok  "), "failed": ("✗", "FAIL"), "skipped": ("-", "skip")}
_STYLES = {"passed": "green", "failed": "red", "skipped": "yellow"}
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@attrs.define
class ConsoleReport:
    """Listens to a run and prints one row per request.

    `verbose` adds the lines that scripts log. Where `ascii_only` asks for it, or the console has no marks, words tell
    what passed.
    """

    console: Console
    verbose: bool = False
    ascii_only: bool = False
    _outcomes: Outcomes = attrs.field(factory=Outcomes, init=False)
    _folders: tuple[str, ...] = attrs.field(default=(), init=False)
    _iteration: int = attrs.field(default=0, init=False)
    _name_width: int = attrs.field(default=_NAME_WIDTH_MAX, init=False)

    def __call__(self, event: events.Event) -> None:
        """Takes in one event and prints what can be said by now."""
        self._outcomes(event)
        match event:
            case events.RunStarted():
                self._heading(event)
            case events.RequestFinished():
                self._row(self._outcomes.outcome_of(event.step))
            case events.RunFinished():
                self._failures()
                self._summary(event)
            case _:
                pass

    def _print(self, *parts: str | tuple[str, str]) -> None:
        texts = [shown(part) if isinstance(part, str) else (shown(part[0]), part[1]) for part in parts]
        self.console.print(Text.assemble(*texts), highlight=False, soft_wrap=True)

    def _heading(self, event: events.RunStarted) -> None:
        taken = _STATUS_WIDTH + _CHECKS_WIDTH + _TIME_WIDTH + 6
        self._name_width = max(_NAME_WIDTH_MIN, min(_NAME_WIDTH_MAX, self.console.width - taken))
        rounds = "" if event.iterations == 1 else f", {event.iterations} iterations"
        self._print((event.collection, "bold"), f": {event.requests} requests{rounds}")
        for note in event.notes:
            self._print((f"  {note}", "dim"))
        row = f"    {'request':{self._name_width}}{'status':>{_STATUS_WIDTH}}"
        self._print((f"{row}{'checks':>{_CHECKS_WIDTH}}{'time':>{_TIME_WIDTH}}", "dim"))

    def _row(self, outcome: Outcome) -> None:
        step = outcome.step
        if step.iteration != self._iteration:
            self._iteration, self._folders = step.iteration, ()
            self._print((f"iteration {step.iteration + 1}", "bold"))
        if step.folders != self._folders:
            self._folders = step.folders
            self._print((" / ".join(step.folders), "bold"))
        passed, failed = len(outcome.passed), len(outcome.failures)
        state = "failed" if outcome.failures else "skipped" if outcome.skipped else "passed"
        mark, style = self._mark(state), _STYLES[state]
        status = str(outcome.response.status) if outcome.response else ("skip" if outcome.skipped else "-")
        checks = f"{passed}/{passed + failed}" if passed + failed else "-"
        time = f"{outcome.seconds * 1000:.0f} ms" if outcome.response else "-"
        name = _cut(step.name, self._name_width - len(mark))
        self._print(
            (f"  {mark} ", style),
            f"{name:{self._name_width - len(mark) + 1}}{status:>{_STATUS_WIDTH}}",
            (f"{checks:>{_CHECKS_WIDTH}}", style if failed else ""),
            (f"{time:>{_TIME_WIDTH}}", "dim"),
        )
        for note in outcome.notes:
            self._print((f"      note: {note}", "dim"))
        for failure in outcome.allowed:
            self._print((f"      allowed: {failure.name}: {failure.message}", "yellow"))
        if self.verbose:
            for line in outcome.console:
                self._print((f"      [{line.level}] {line.text}", "dim"))

    def _mark(self, state: str) -> str:
        marks = _MARKS[state]
        return marks[1] if self.ascii_only or not _can_show(self.console.encoding, marks[0]) else marks[0]

    def close(self) -> None:
        """Nothing is left to print."""

    def _failures(self) -> None:
        for note in self._outcomes.notes:
            self._print((f"\nnote: {note}", "dim"))
        for failure in self._outcomes.allowed:
            self._print((f"\nallowed: {failure.name}: {failure.message}", "yellow"))
        number = 0
        for failure in self._outcomes.failures:
            number += 1
            if number == 1:
                self._print(("\nFailures", "bold red"))
            self._print((f"  {number}. ", "red"), ("the run", "bold"), f"  {failure.pointer}")
            self._print(f"     {failure.name}: ", (failure.message, "red"))
        for outcome in self._outcomes.steps:
            for failure in outcome.failures:
                number += 1
                if number == 1:
                    self._print(("\nFailures", "bold red"))
                where = outcome.step.path
                if outcome.step.iteration:
                    where += f" (iteration {outcome.step.iteration + 1})"
                self._print((f"  {number}. ", "red"), (where, "bold"), f"  {failure.pointer}")
                self._print(f"     {failure.name}: ", (failure.message, "red"))
            if outcome.failures:
                self._exchange(outcome)

    def _exchange(self, outcome: Outcome) -> None:
        if outcome.request is not None:
            self._print((f"     sent: {outcome.request.method} {outcome.request.url}", "dim"))
            if outcome.request.body:
                self._print((f"           {_cut(_one_line(outcome.request.body), _SHOWN_BODY)}", "dim"))
        if outcome.response is not None:
            body = _cut(_one_line(outcome.response.body), _SHOWN_BODY)
            self._print((f"     got:  {outcome.response.status} {outcome.response.reason} {body}", "dim"))
        for line in outcome.console if not self.verbose else ():
            self._print((f"     [{line.level}] {line.text}", "dim"))

    def _summary(self, event: events.RunFinished) -> None:
        summary = event.summary
        parts = [f"{summary.requests} requests", f"{summary.checks_passed} checks passed"]
        if summary.checks_failed:
            parts.append(f"{summary.checks_failed} checks failed")
        if summary.errors:
            parts.append(f"{summary.errors} errors")
        if summary.checks_skipped:
            parts.append(f"{summary.checks_skipped} checks skipped")
        if summary.skipped:
            parts.append(f"{summary.skipped} requests skipped")
        if summary.allowed:
            counts = ", ".join(f"{name} {count}" for name, count in sorted(summary.allowed_rules.items()))
            parts.append(f"{summary.allowed} errors allowed ({counts})")
        if event.stopped is not None:
            parts.append(f"stopped: {event.stopped}")
        word, style = ("passed", "bold green") if summary.passed else ("FAILED", "bold red")
        self._print("\n", (word, style), f": {', '.join(parts)} in {summary.seconds:.2f} s")


def new_console(*, color: str = "auto") -> Console:
    """A console on standard output; without a terminal it is wide enough for the table. `color`: auto, on or off."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if callable(reconfigure):
        # A terminal that cannot show a character shows a question mark instead of ending the run.
        reconfigure(errors="replace")
    settings = {"on": (True, False), "off": (False, True)}.get(color, (None, None))
    return Console(force_terminal=settings[0], no_color=settings[1], width=shutil.get_terminal_size((110, 24)).columns)


def _can_show(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def shown(text: str) -> str:
    """Return text without control characters, with which a response could write to the terminal as it likes."""
    return _CONTROL.sub("\ufffd", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
