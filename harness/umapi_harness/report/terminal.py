"""The terminal: what is printed there can be read in its encoding, and writes to it as nobody else likes."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sys
from typing import Final

import attrs
from rich.console import Console
from rich.text import Text

Part = str | tuple[str, str]
"""Text, or text with its style."""
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PLAIN: Final = str.maketrans({"…": "...", "•": "*", "✓": "ok", "✗": "FAIL", "→": "->", "\ufffd": "?"})


@attrs.frozen
class Printer:
    """Prints lines on a console; in ASCII where that is asked for, or all that the console can encode."""

    console: Console
    ascii_only: bool = False

    def __call__(self, *parts: Part) -> None:
        """Print one line made of parts."""
        texts = [self._text(part) if isinstance(part, str) else (self._text(part[0]), part[1]) for part in parts]
        plain = "".join(text if isinstance(text, str) else text[0] for text in texts)
        # What needs neither styles nor tabs nor lines is the line itself: laying it out costs more than the request.
        if plain.isprintable() and not plain.endswith(" ") and self._is_plain():
            self._write(f"{plain}\n")
        else:
            self.console.print(Text.assemble(*texts), highlight=False, soft_wrap=True)

    def _is_plain(self) -> bool:
        """Whether the console writes texts as they are: to no terminal, without styles, for nobody who records it."""
        console = self.console
        return console.color_system is None and not console.record and not console.is_terminal

    def _write(self, line: str) -> None:
        try:
            self.console.file.write(line)
            self.console.file.flush()
        except BrokenPipeError:
            self.console.on_broken_pipe()

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


class _Console(Console):
    """A console whose reader may go away: that is an error of the report, not the end of the run."""

    def on_broken_pipe(self) -> None:
        """Raises instead of ending the program; what is written from now on, at the program's end too, goes nowhere."""
        with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), self.file.fileno())
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def new_console(*, color: str = "auto") -> Console:
    """A console on standard output; without a terminal it is wide enough for the table. `color`: auto, on or off."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if callable(reconfigure):
        # A terminal that cannot show a character shows a question mark instead of ending the run.
        reconfigure(errors="replace")
    settings = {"on": (True, False), "off": (False, True)}.get(color, (None, None))
    width = shutil.get_terminal_size((110, 24)).columns
    return _Console(force_terminal=settings[0], no_color=settings[1], width=width)


def is_watched(console: Console) -> bool:
    """Whether somebody may look at the console while it is written: a terminal that can move back, and no CI."""
    return console.file.isatty() and console.is_terminal and not console.is_dumb_terminal and not os.environ.get("CI")


def shown(text: str) -> str:
    """Return text without control characters, with which a response could write to the terminal as it likes."""
    return _CONTROL.sub("\ufffd", text)
