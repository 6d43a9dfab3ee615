"""What commands write: lines and cells that neither a terminal nor a spreadsheet takes for instructions."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import click

from umapi_sdk.characters import shown


def say(line: str) -> None:
    """Write a line to standard output."""
    click.echo(shown(line))


def complain(problem: str) -> None:
    """Write what is wrong, as one line on standard error."""
    click.echo(f"umapi: {shown(problem)}", err=True)


class _ErrorLines(logging.Handler):
    """Writes what the SDK logs to standard error, one line each."""

    def emit(self, record: logging.LogRecord) -> None:
        # A terminal that has gone must not end what is only told of.
        with suppress(OSError):
            complain(record.getMessage())


def tell_log(level: int) -> Callable[[], None]:
    """Write what the SDK logs from a level on to standard error; return what ends that."""
    logger, handler = logging.getLogger("umapi_sdk"), _ErrorLines()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)

    def end() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    return end


def tell_warnings() -> Callable[[], None]:
    """Write the warnings of the SDK to standard error, one line each; return what ends that."""
    before = warnings.showwarning

    def tell(message: Warning | str, *_: Any, **__: Any) -> None:
        with suppress(OSError):
            complain(str(message))

    warnings.showwarning = tell

    def end() -> None:
        warnings.showwarning = before

    return end


def open_streams() -> None:
    """Put something in the place of streams that were closed when the program began.

    Reading and writing there fail, as they should; what is wrong has nobody left who would be told. Without this, the
    next file that is opened would get the number of the stream.
    """
    modes = {"stdin": os.O_WRONLY, "stdout": os.O_RDONLY, "stderr": os.O_WRONLY}
    for name, mode in modes.items():
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, mode)
            stream = open(descriptor, "r" if name == "stdin" else "w", encoding="utf-8")  # noqa: SIM115 - to the end
            setattr(sys, name, stream)


def silence_output() -> None:
    """Keep Python from failing once more when it flushes a broken output at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def count(number: int, noun: str) -> str:
    """Return a number, with marks between thousands, and its noun, in the plural where that is needed."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Output:
    """Standard output and standard error for a command that must not end because one of them does.

    What cannot be written any more is dropped: the command has another place where all of it stands.
    """

    def __init__(self) -> None:
        self._broken = False

    def say(self, line: str) -> None:
        """Write a line to standard output."""
        if self._broken:
            return
        try:
            say(line)
            sys.stdout.flush()
        except OSError as error:
            self._broken = True
            silence_output()
            self.complain(f"the output cannot be written: {error.strerror or error}")

    def complain(self, problem: str) -> None:
        """Write what is wrong, as one line on standard error."""
        with suppress(OSError):
            complain(problem)
