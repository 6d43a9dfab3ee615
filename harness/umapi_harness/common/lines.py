"""Lines: a text of anybody as one line, in which an escape stands for whatever would break or disguise it."""

from __future__ import annotations

import re
from typing import Final

# Controls, ends of lines and paragraphs, marks that turn the direction of reading round, halves of surrogate pairs.
_BREAKING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    r"""The text as one line: a line feed shows as `\n`, an escape of a terminal as `\x1b`."""
    if text.isprintable():
        return text
    return _BREAKING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
