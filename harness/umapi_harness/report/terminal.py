"""The terminal: what is printed there can be read in its encoding, and neither it nor a CI service obeys it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sys
from typing import IO, TYPE_CHECKING, Final, NoReturn

import attrs

from umapi_harness.common.lines import without_commands

if TYPE_CHECKING:
    from rich.console import Console

Part = str | tuple[str, str]
"""Text, or text with its style."""
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PLAIN: Final = str.maketrans({"…": "...", "•": "*", "✓": "ok", "✗": "FAIL", "→": "->", "\ufffd": "?"})


@attrs.frozen
class Printer:
    """Prints lines on a console; in ASCII where that is asked for, or all that the console can encode."""

    console: Console | PlainConsole
    ascii_only: bool = False

    def __call__(self, *parts: Part) -> None:
        """Print one line made of parts."""
        texts = [self._text(part) if isinstance(part, str) else (self._text(part[0]), part[1]) for part in parts]
        whole = "".join(text if isinstance(text, str) else text[0] for text in texts)
        if (safe := without_commands(whole)) != whole:
            texts = [safe]
        if isinstance(self.console, PlainConsole):
            self.console.write_line(safe)
            return
        from rich.text import Text  # noqa: PLC0415 - loaded with the console

        self.console.print(Text.assemble(*texts), highlight=False, soft_wrap=True)

    def _text(self, text: str) -> str:
        clean = shown(text)
        if self.can_show(clean):
            return clean
        encoding = "ascii" if self.ascii_only else self.console.encoding
        return clean.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)

    def can_show(self, text: str) -> bool:
        """Whether the console can show a text as it is."""
        try:
            text.encode("ascii" if self.ascii_only else self.console.encoding)
        except (UnicodeError, LookupError):
            return False
        return True


class PlainConsole:
    """Standard output that is no terminal: what rich would print there, without loading it."""

    def __init__(self, width: int) -> None:
        self.width = width
        """Columns that a row may take."""

    @property
    def encoding(self) -> str:
        """The encoding of standard output."""
        return getattr(sys.stdout, "encoding", None) or "utf-8"

    def write_line(self, text: str) -> None:
        """Write one line at once; raises OSError, and BrokenPipeError where the reader has gone."""
        try:
            sys.stdout.write(f"{text.expandtabs()}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            give_up_on_reader(sys.stdout)


def give_up_on_reader(file: IO[str]) -> NoReturn:
    """Raise BrokenPipeError; what is written to the file from now on, at the program's end too, goes nowhere."""
    with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), file.fileno())
    raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def new_console(*, color: str = "auto") -> Console | PlainConsole:
    """A console on standard output; one of rich where there may be colours. `color`: auto, on or off."""
    settle_output()
    if color == "off" or (color == "auto" and not _may_be_colored()):
        return PlainConsole(console_width())
    from umapi_harness.report.styled_console import new_styled_console  # noqa: PLC0415 - rich takes long to load

    return new_styled_console(force_terminal=True if color == "on" else None)


def settle_output() -> None:
    """A terminal that cannot show a character shows a question mark instead of ending the run."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if callable(reconfigure):
        reconfigure(errors="replace")


def console_width() -> int:
    """The columns of the terminal; without one, enough for the table."""
    return shutil.get_terminal_size((110, 24)).columns


def _may_be_colored() -> bool:
    """Whether rich may take standard output for a terminal; only it knows all that tells so."""
    return sys.stdout.isatty() or any(name in os.environ for name in ("FORCE_COLOR", "TTY_COMPATIBLE"))


def is_watched(console: Console | PlainConsole) -> bool:
    """Whether somebody may look at the console while it is written: a terminal that can move back, and no CI."""
    if isinstance(console, PlainConsole):
        return False
    return console.file.isatty() and console.is_terminal and not console.is_dumb_terminal and not os.environ.get("CI")


def shown(text: str) -> str:
    """Return text without control characters, with which a response could write to the terminal as it likes."""
    return _CONTROL.sub("\ufffd", text)
