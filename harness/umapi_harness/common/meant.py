"""Names that there are not: which was meant, or which there are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

_MOST: Final = 20
"""Names that are told, where none of them is like a wrong one."""
_FEW: Final = 4
_FAR: Final = 0.3
"""How alike names are at least of which a few are told in the place of all, from 0 to 1."""


def other_name(wrong: str, known: Sequence[str], listed: str = "") -> str:
    """What to do about a name that is none of those known: the one that is like it, else all that there can be.

    Where these are many, and `listed` says where they are described, the few that are most like it.
    """
    name = wrong.replace("-", "_")
    if near := nearest(name, known):
        return f"is {near} meant?"
    if len(known) <= _MOST or not listed:
        return f"remove it or correct its name: there can be {', '.join(known)}"
    alike = difflib.get_close_matches(name, known, n=_FEW, cutoff=_FAR)
    shown = f"there are {', '.join(alike)} and others" if alike else "remove it or correct its name"
    return f"{shown}; {listed} lists all {len(known)}"


def nearest(wrong: str, known: Sequence[str]) -> str | None:
    """The name of those known that is most like a wrong one, if any is like it."""
    return next(iter(difflib.get_close_matches(wrong, known, n=1)), None)
