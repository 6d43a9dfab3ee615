"""Names that there are not: which was meant, or which there are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def other_name(wrong: str, known: Sequence[str]) -> str:
    """What to do about a name that is none of those known: the one that is like it, else all that there can be."""
    near = difflib.get_close_matches(wrong.replace("-", "_"), known, n=1)
    return f"is {near[0]} meant?" if near else f"remove it or correct its name: there can be {', '.join(known)}"
