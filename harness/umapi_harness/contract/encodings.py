"""Encodings kept: text inside JSON strings and percent-encoding changed character by character.

What was escaped is escaped again and what was not is not, so that a change which keeps the number of characters and
of their bytes keeps the length of what goes over the wire.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import escape, unescape
from typing import Final
from urllib.parse import quote

from umapi_harness.common import json_text
from umapi_harness.contract.escapes import in_latin, written

_JSON_PIECE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_ESCAPED: Final = re.compile(r"[\x00-\x1f\"\\\ud800-\udfff]")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});|.", re.DOTALL)
_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})++|%u[0-9A-Fa-f]{4}|[^%]|%")

Change = Callable[[str], str]


def json_changed(raw: str, change: Change) -> str:
    """Change what a JSON string stands for; `raw` is what stands between its quotes."""
    if "\\" not in raw:
        changed = change(raw)
        return json_text.quoted(changed)[1:-1] if changed != raw and _ESCAPED.search(changed) else changed
    pieces = _JSON_PIECE.findall(raw)
    decoded = json_text.inner(f'"{raw}"')
    changed = change(decoded)
    if changed == decoded:
        return raw
    if not len(pieces) == len(decoded) == len(changed):
        return json_text.quoted(changed)[1:-1]
    return "".join(
        piece if old == new else json_text.quoted(new, ascii_only=piece.startswith("\\u"))[1:-1]
        for piece, old, new in zip(pieces, decoded, changed, strict=True)
    )


def entities_changed(raw: str, change: Change) -> str:
    """Change what a text of XML or HTML stands for; entities that stay are written as they were."""
    if "&" not in raw:
        return change(raw)
    pieces = _ENTITY.findall(raw)
    chars = [unescape(piece) for piece in pieces]
    decoded = "".join(chars)
    changed = change(decoded)
    if changed == decoded:
        return raw
    if not len(pieces) == len(decoded) == len(changed):
        return escape(changed)
    return "".join(
        piece if old == new else written(new, piece) for piece, old, new in zip(pieces, decoded, changed, strict=True)
    )


def percent_changed(raw: str, change: Change, *, plus: bool = False) -> str:
    """Change what a percent-encoded text stands for; with `plus`, a + is a blank."""
    if "%" not in raw and not (plus and "+" in raw):
        return change(raw)
    decoded = "".join(char for char, _ in _pieces(raw, plus))
    changed = change(decoded)
    if changed == decoded:
        return raw
    if len(changed) != len(decoded):
        return quote(changed, safe="", errors="surrogateescape")
    return "".join(
        piece if old == new else written(new, piece)
        for (old, piece), new in zip(_pieces(raw, plus), changed, strict=True)
    )


def _pieces(raw: str, plus: bool) -> Iterable[tuple[str, str]]:
    """Yield each character and how it was written."""
    for found in _PERCENT.finditer(raw):
        piece = found[0]
        if len(piece) < 3:
            yield (" " if plus and piece == "+" else piece), piece
            continue
        if piece[1] == "u":
            yield chr(int(piece[2:], 16)), piece
            continue
        position = 0
        for char in bytes.fromhex(piece.replace("%", "")).decode("utf-8", "surrogateescape"):
            length = 3 * len(char.encode("utf-8", "surrogateescape"))
            yield in_latin(char), piece[position : position + length]
            position += length
