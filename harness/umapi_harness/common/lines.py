"""Lines for people: anybody's text as one, without what would break it, disguise it or command; numbers of things."""

from __future__ import annotations

import re
from typing import Final

# Controls, ends of lines and paragraphs, marks that turn the direction of reading round, halves of surrogate pairs.
_BREAKING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_COMMAND: Final = re.compile(r"^[^\S\n]*:(?=:)|(?<=#)#(?=\w*\[)", re.MULTILINE)
"""What CI services take for a command in a log: `::name` behind blanks (GitHub); `##[name`, `##vso[` and
`##teamcity[` anywhere."""


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where that is needed."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def one_line(text: str) -> str:
    r"""The text as one line: a line feed shows as `\n`, an escape of a terminal as `\x1b`."""
    if text.isprintable():
        return text
    return _BREAKING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def without_commands(text: str) -> str:
    """Return lines of a log of which no CI service takes one for a command: a sign of each is an escape."""
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}\\x{ord(found[0][-1]):02x}", text)
