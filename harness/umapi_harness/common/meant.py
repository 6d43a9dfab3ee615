"""Names that there are not: which was meant, or which there are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def other_name(wrong: str, known: Sequence[str]) -> str:
    """What to do about a name that is none of those known: the one that is like it, else all that there can be."""
    near = nearest(wrong.replace("-", "_"), known)
    return f"is {near} meant?" if near else f"remove it or correct its name: there can be {', '.join(known)}"


def nearest(wrong: str, known: Sequence[str]) -> str | None:
    """The name of those known that is most like a wrong one, if any is like it."""
    return next(iter(difflib.get_close_matches(wrong, known, n=1)), None)
