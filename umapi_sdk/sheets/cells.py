"""What a cell holds, and what spreadsheets have done to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from html import unescape
from typing import Final

from umapi_runtime.constraints import show

# What the exports of `umapi` put before the beginnings of formulas; see `harmless` of `umapi_sdk.characters`.
_GUARD: Final = re.compile(r"(^[\s\"]*|;[\s\"]*)'(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_SHORTENED: Final = re.compile(r"[+-]?\d([.,]\d+)?E[+-]\d{2,3}", re.ASCII)
_FAILED: Final = re.compile(r"#(N/A|DIV/0!|[^\W\d_]{2,10}[!?])|Err:5\d\d")
# UTF-8 read as the encoding of Windows or of ISO: the first byte of a letter read as a letter, and the second as a mark
# that follows no letter of a name. Dashes and quotes count only after letters in which hardly a name ends.
_MISREAD: Final = re.compile(
    "[\xc2\xc3][\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
    "|[\xc4\xc5\xce-\xd1][\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u20ac]|\xe2\u20ac"
)
_MARKS: Final = set(',;"\r\n')
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
    if "\ufffd" in cell:
        return "has the mark of a letter that could not be read: write the letter, or read the file in its encoding"
    if "&" in cell and ";" in cell and (plain := unescape(cell)) != cell:
        return f"is {show(plain)} as HTML writes it: write the letters"
    if _MISREAD.search(cell):
        meant = _reread(cell)
        if meant is not None:
            return f"is {show(meant)} in UTF-8, read in another encoding: read the file as UTF-8, or write it anew"
    return None


def _reread(cell: str) -> str | None:
    """Return what a cell says if it is UTF-8 that was read as the usual encoding of Windows or of ISO; None if not."""
    for encoding in ("cp1252", "latin-1"):
        with suppress(UnicodeError):
            return cell.encode(encoding).decode()
    return None


def names_in(cell: str) -> list[str] | None:
    """Return the names in a cell, each once; None where a quote is out of place.

    Commas stand between them. A name in quotes keeps its commas and the blanks around it; a quote in it is doubled.
    """
    found = list(_names(cell))
    return None if None in found else list(dict.fromkeys(name for each in found if each and (name := each[0])))


def cell_of(names: Iterable[str]) -> str:
    """Return names as one cell; one that holds a comma, a semicolon or a quote is quoted within it."""
    return ",".join('"' + name.replace('"', '""') + '"' if _MARKS & set(name) else name for name in names)


def undivided(cell: str) -> str | None:
    """Return a name with a semicolon and no quotes around it, which other programs would take for several."""
    return next((each[0] for each in _names(cell) if each and ";" in each[0] and not each[1]), None)


def _names(cell: str) -> Iterator[tuple[str, bool] | None]:
    """Give each name in a cell, and whether it is quoted; None, and nothing more, where a quote is out of place."""
    place = 0
    while place < len(cell):
        found = _NAME.match(cell, place)
        if found is None:
            yield None
            return
        quoted, bare = found.groups()
        yield (bare or "").strip() if quoted is None else quoted.replace('""', '"'), quoted is not None
        place = found.end()
