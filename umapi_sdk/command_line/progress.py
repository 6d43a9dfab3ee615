"""What a bulk run tells while it goes on: one line that changes on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TextIO

from umapi_sdk.bulk import Counts, Event, Reconciling, Settled, Waiting
from umapi_sdk.characters import shown
from umapi_sdk.planning import duration

_EVERY: Final = 5.0
"""Seconds between two lines where no line can change; and the shortest wait that has a line of its own there."""
_BAR: Final = 20
_MINUTE: Final = 60.0


class ProgressLine:
    """Tells of the events of a run. An output that fails is given up, and the run goes on."""

    def __init__(
        self,
        counts: Counts,
        least: float,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._changes = self._stream.isatty()
        self._clock = clock
        self._counts = self._first = counts
        self._least = least
        self._start = clock()
        self._told = self._start
        self._open = False

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, Settled):
            self._counts = event.counts
            self._tell("")
        elif isinstance(event, Waiting):
            at = time.strftime("%H:%M:%S", time.localtime(event.until))
            self._tell(f"waiting {duration(event.seconds)} until {at}: {event.reason}", at_once=event.seconds >= _EVERY)
        elif isinstance(event, Reconciling):
            rows = f"{event.rows:,} row{'' if event.rows == 1 else 's'}"
            self._tell(
                f"looking after {rows} under way, by asking, or by sending again what does no harm twice", at_once=True
            )

    def note(self, text: str) -> None:
        """Tell something on a line of its own."""
        self.end()
        self._write(f"{shown(text)}\n")

    def interject(self, text: str) -> None:
        """Tell something from a signal handler, which may have come amid a write."""
        before = "\n" if self._open else ""
        with suppress(OSError, ValueError):
            os.write(self._stream.fileno(), f"{before}{text}\n".encode())
            self._open = False

    def end(self) -> None:
        """Leave the line as it is."""
        if self._open:
            self._write("\n")
            self._open = False

    def _tell(self, remark: str, *, at_once: bool = False) -> None:
        now = self._clock()
        if not self._changes and not at_once and now - self._told < _EVERY:
            return
        self._told = now
        line = shown("; ".join(part for part in (self._state(now), remark) if part))
        if self._changes:
            width = max(20, shutil.get_terminal_size().columns - 1)
            # Back to the line's beginning, and what the line before had more is cleared.
            self._write(f"\r{line[:width]}\x1b[K")
            self._open = True
        else:
            self._write(f"{line}\n")

    def _state(self, now: float) -> str:
        counts = self._counts
        total = counts.total - counts.bad
        done = total - counts.left
        told = [f"{done:,} of {total:,} rows"]
        told += [f"{counts.failed:,} failed"] if counts.failed else []
        told += [f"{counts.unknown:,} unknown"] if counts.unknown else []
        passed = now - self._start
        settled = self._first.left - counts.left
        if settled > 0 and passed > 0:
            rate = settled / passed
            told += [f"{rate * _MINUTE:,.0f} a minute"]
            told += [f"{duration(counts.left / rate)} left"] if counts.left else []
        elif counts.left and self._least:
            told += [f"{duration(self._least)} left at least"]
        bar = "#" * (_BAR * done // total) if total else ""
        return (f"[{bar:<{_BAR}}] " if self._changes else "") + ", ".join(told)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # The terminal is gone: who resumes the run is told by the journal.
            self._changes = False
            self._told = float("inf")
