"""Consoles of rich on standard output, with colours where there is a terminal."""

from __future__ import annotations

from rich.console import Console

from umapi_harness.report.terminal import console_width, give_up_on_reader, settle_output


class _Console(Console):
    """A console whose reader may go away: that is an error of the report, not the end of the run."""

    def on_broken_pipe(self) -> None:
        """Raises instead of ending the program."""
        give_up_on_reader(self.file)


def new_styled_console(*, force_terminal: bool | None = None) -> Console:
    """A console of rich, which is told to have a terminal, or looks for one."""
    settle_output()
    return _Console(
        force_terminal=force_terminal, no_color=None if force_terminal is None else False, width=console_width()
    )
