"""What a run tells while it goes on: one line that changes on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import io

import pytest

from umapi_sdk.bulk import Counts, Reconciling, Settled, Waiting
from umapi_sdk.command_line.progress import ProgressLine


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def settled(completed: int, failed: int = 0, unknown: int = 0) -> Settled:
    """An event of a run of 1,000 rows."""
    left = 1000 - completed - failed - unknown
    return Settled(Counts(completed=completed, failed=failed, unknown=unknown, left=left, bad=3))


START = Counts(left=1000, bad=3)


def test_lines_in_a_pipe() -> None:
    """There is at most one line in five seconds, but a long wait, and a look, are told at once."""
    stream, clock = io.StringIO(), Clock()
    progress = ProgressLine(START, 600.0, stream, clock)
    for moment in range(12):
        clock.now = float(moment)
        progress(settled(10 * moment, 1))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0] == "51 of 1,000 rows, 1 failed, 612 a minute, 1 min 33 s left"
    progress(Waiting(4.0, "short", 100.0))
    assert len(stream.getvalue().splitlines()) == 2
    progress(Waiting(1800.0, "too many requests", 1800.0))
    progress(Reconciling(10))
    *_, wait, look = stream.getvalue().splitlines()
    assert "; waiting 30 min 0 s until " in wait
    assert wait.endswith(": too many requests")
    assert look.endswith("; looking after 10 rows under way, by asking, or by sending again what does no harm twice")


def test_no_time_is_told_where_nothing_sets_one() -> None:
    """Before anything is done, only a connection that paces its requests knows how long it takes at least."""
    for least in (600.0, 0.0):
        stream = io.StringIO()
        ProgressLine(START, least, stream, Clock())(Waiting(30.0, "too many requests", 100.0))
        assert ("10 min 0 s left at least" in stream.getvalue()) == bool(least)


def test_one_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has a bar, is no wider than the terminal, and changes in place until something else is told."""
    monkeypatch.setenv("COLUMNS", "60")
    stream, clock = Terminal(), Clock()
    progress = ProgressLine(START, 600.0, stream, clock)
    clock.now = 60.0
    progress(settled(490, 9, 1))
    progress(Waiting(30.0, "x" * 100, 90.0))
    progress.note("ending")
    first, second = stream.getvalue().split("\r")[1:]
    assert first == "[##########          ] 500 of 1,000 rows, 9 failed, 1 unkno\x1b[K"
    assert "\n" not in first
    line, note, rest = second.split("\n")
    assert len(line.removesuffix("\x1b[K")) == 59
    assert (note, rest) == ("ending", "")


def test_the_time_left_is_the_plans_before_a_row_is_settled() -> None:
    """Before there is a rate, the least time of the plan is told."""
    stream = io.StringIO()
    ProgressLine(START, 600.0, stream, Clock())(Waiting(30.0, "the service is busy", 30.0))
    assert stream.getvalue().startswith("0 of 1,000 rows, 10 min 0 s left at least; waiting 30 s until ")


def test_what_the_service_says_is_one_line() -> None:
    """Line breaks and sequences for terminals in a reason are blanks."""
    stream = io.StringIO()
    ProgressLine(START, 600.0, stream, Clock())(Waiting(30.0, "a\n\x1b[2Jb", 30.0))
    assert stream.getvalue().endswith(": a  [2Jb\n")


def test_a_stream_that_fails_is_given_up() -> None:
    """A terminal that has gone ends no run."""

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    progress = ProgressLine(START, 600.0, Gone(), Clock())
    progress(Waiting(30.0, "busy", 30.0))
    progress(settled(1))
    progress.interject("ending")
    progress.end()
