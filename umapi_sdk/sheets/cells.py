"""What a cell holds, and what spreadsheets have done to it."""

from __future__ import annotations

import re
from typing import Final

# What the exports of `umapi` put before the beginnings of formulas; see command_line.output.
_GUARD: Final = re.compile(r"(^[\s\"]*|;[\s\"]*)'(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_SHORTENED: Final = re.compile(r"[+-]?\d([.,]\d+)?E[+-]\d{2,3}", re.ASCII)
_FAILED: Final = re.compile(r"#(N/A|DIV/0!|[^\W\d_]{2,10}[!?])|Err:5\d\d")
_NAME: Final = re.compile(r'\s*+(?:"((?:[^"]|"")*)"\s*|([^",][^,]*)|)(?:,|$)')


def cleaned(cell: str) -> str:
    """Return what a cell says: without blanks around it, and without the apostrophes that guard against formulas."""
    text = cell.strip()
    return _GUARD.sub(r"\1", text) if "'" in text else text


def spoilt(cell: str) -> str | None:
    """Return what a spreadsheet has done to a cell; None for one that seems to be as it was written."""
    if _SHORTENED.fullmatch(cell):
        return "is a number that a spreadsheet has shortened: format the column as text, and write it again"
    if _FAILED.fullmatch(cell):
        return "is an error of a spreadsheet: correct the formula"
    return None


def names_in(cell: str) -> list[str] | None:
    """Return the names in a cell, each once; None where a quote is out of place.

    Commas stand between them. A name in quotes keeps its commas and the blanks around it; a quote in it is doubled.
    """
    names: dict[str, None] = {}
    place = 0
    while place < len(cell):
        found = _NAME.match(cell, place)
        if found is None:
            return None
        quoted, bare = found.groups()
        name = quoted.replace('""', '"') if quoted is not None else (bare or "").strip()
        if name:
            names[name] = None
        place = found.end()
    return list(names)
