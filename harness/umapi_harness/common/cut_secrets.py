"""What a cut leaves of secrets: texts that were shortened, with a mark where, before anybody could mask them."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from typing import Final

_MARK: Final = "…"
_SHORTEST: Final = 8
"""Characters of a secret that must be left of it to be known again."""
_LONGEST: Final = 4096
"""So much of a text is looked at on either side of a mark."""
_WHOLE: Final = rf"[^\s\"'`{_MARK}]"
_BEFORE: Final = re.compile(rf"{_WHOLE}{{{_SHORTEST},}}+(?={_MARK})")
_BEHIND: Final = re.compile(rf"(?<={_MARK}){_WHOLE}{{{_SHORTEST},}}+")


class CutSecrets:
    """Beginnings and ends of secrets, next to the mark of a cut. Reading takes time that grows with the text alone."""

    def __init__(self) -> None:
        self._beginnings = _Beginnings()
        self._ends = _Beginnings()  # of the secrets read backwards

    def add(self, secret: str) -> None:
        """Remember a secret."""
        for line in secret.split():
            if len(line) > _SHORTEST:
                self._beginnings.add(line)
                self._ends.add(line[::-1])

    def replace(self, text: str, replacement: str) -> str:
        """Return a text with `replacement` for what is left of secrets beside the marks of cuts."""
        if _MARK not in text:
            return text
        text = _BEFORE.sub(lambda found: self._without_end(found[0], replacement), text)
        return _BEHIND.sub(lambda found: self._without_beginning(found[0], replacement), text)

    def _without_end(self, run: str, replacement: str) -> str:
        start = self._beginnings.place(run)
        return run if start is None else run[:start] + replacement

    def _without_beginning(self, run: str, replacement: str) -> str:
        start = self._ends.place(run[::-1])
        return run if start is None else replacement + run[len(run) - start :]


class _Beginnings:
    """Texts of which it is asked whether one begins with what another text ends with."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._heads: set[str] = set()

    def add(self, text: str) -> None:
        """Remember a text."""
        self._heads.add(text[:_SHORTEST])
        place = bisect_left(self._texts, text)
        if self._texts[place : place + 1] != [text]:
            insort(self._texts, text)

    def place(self, run: str) -> int | None:
        """Where the longest end of `run` begins that a text begins with; None where none does."""
        for start in range(max(0, len(run) - _LONGEST), len(run) - _SHORTEST + 1):
            if run[start : start + _SHORTEST] in self._heads and self._is_beginning(run[start:]):
                return start
        return None

    def _is_beginning(self, piece: str) -> bool:
        place = bisect_left(self._texts, piece)
        return place < len(self._texts) and self._texts[place].startswith(piece)
