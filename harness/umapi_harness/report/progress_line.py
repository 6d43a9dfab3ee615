"""The line at the end of a terminal that shows what goes on while a collection runs."""

from __future__ import annotations

import time
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from umapi_harness.common.lines import one_line
from umapi_harness.postman import events
from umapi_harness.report.totals import Totals

_REDRAWN: Final = 0.1
"""Seconds that lie between two looks at what goes on."""


class ProgressLine:
    """The last line of a terminal: how much is done, how much failed, and which request goes on."""

    def __init__(self, console: Console, totals: Totals) -> None:
        self._totals = totals
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._expected = 0
        self._drawn = 0.0

    def see(self, event: events.Event) -> None:
        """Take in an event."""
        match event:
            case events.RunStarted():
                self._expected = event.requests * event.iterations
                self._live.start()
            case events.RequestSent():
                self._draw(event)
            case _:
                pass

    def _draw(self, sent: events.RequestSent) -> None:
        now = time.monotonic()
        if now - self._drawn < _REDRAWN:
            return
        self._drawn = now
        total, totals = max(self._expected, sent.step.number), self._totals
        failed = (f"  {totals.failed_steps} failed", "red") if totals.failed_steps else ""
        counts = f"{totals.steps}/{total}"
        line = Text.assemble(
            (counts, "bold"), failed, f"  {one_line(sent.step.path)}", no_wrap=True, overflow="ellipsis"
        )
        self._live.update(line, refresh=True)

    def stop(self) -> None:
        """Take the line away."""
        self._live.stop()
