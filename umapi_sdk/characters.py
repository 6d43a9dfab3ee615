"""Texts of others made fit to be shown: on a terminal, in a log, in a file.

Names and messages of the service can hold anything that JSON can: sequences that move a terminal's cursor, line ends
that forge a second line, marks that turn the direction of reading round, halves of surrogate pairs that no file holds.
"""

from __future__ import annotations

import re
import unicodedata

_REPLACEMENTS = {"Cc": " ", "Zl": " ", "Zp": " ", "Cs": "\ufffd"}
"""By Unicode's category: controls, ends of lines and paragraphs, halves of surrogate pairs."""
_MARKS = "Cf"
"""The category of invisible marks, which are shown as escapes: two names may differ in one alone."""
INVISIBLE = frozenset(_REPLACEMENTS) | {_MARKS}
"""The categories of what is no text to be read."""
# The beginnings of formulas; where commas divide the numbers, spreadsheets also cut a cell at its semicolons.
_FORMULA = re.compile(r"(^[\s\"]*|;[\s\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_KEPT = "\u200c\u200d"  # the joiners, without which Persian and Indic names and many symbols are misspelt


def shown(text: str) -> str:
    """Return a text as one line that can be read, encoded, and taken for nothing but text."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(letter: str) -> str:
    kind = unicodedata.category(letter)
    return escape(letter) if kind == _MARKS and letter not in _KEPT else _REPLACEMENTS.get(kind, letter)


def escape(letter: str) -> str:
    """Return the escape of a character, as Python and JSON write it."""
    return letter.encode("ascii", "backslashreplace").decode()


def unseen(text: str) -> str | None:
    """Return the first character of a text that cannot be seen and has no meaning in a name; None if there is none."""
    if text.isascii() or text.isprintable():
        return None
    return next((each for each in text if unicodedata.category(each) == _MARKS and each not in _KEPT), None)


def encodable(text: str) -> str:
    """Return a text in which halves of surrogate pairs are replaced, and nothing else."""
    return text if text.isascii() else "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)


def harmless(cell: str) -> str:
    """Return a cell that neither a spreadsheet nor a terminal takes for an instruction."""
    return _FORMULA.sub(r"\1'", shown(cell))
