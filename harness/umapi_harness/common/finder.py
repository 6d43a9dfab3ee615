"""Finding many known texts at once, in time that grows with the text and not with how many are known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

# Half a surrogate pair, which the finder cannot take; no known text is made of such.
_LONE: Final = re.compile(r"[\ud800-\udfff]")


class Finder:
    """Texts to find. New ones can be added at any time.

    The texts are kept in bundles, each at least twice as large as the next: what is added is merged with bundles of
    its own size, so that a text is built into a finder about log(n) times, and each search asks about log(n) bundles.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._new: list[str] = []
        self._bundles: list[tuple[list[str], AhoCorasick]] = []

    def __len__(self) -> int:
        return len(self._known)

    def add(self, texts: Iterable[str]) -> None:
        """Remember texts; empty ones are left out."""
        for text in texts:
            if text and text not in self._known and not _LONE.search(text):
                self._known.add(text)
                self._new.append(text)

    def replace(self, text: str, replacement: str) -> str:
        """Return `text` with `replacement` for each known text; what overlaps is replaced as one."""
        if not self._known:
            return text
        self._build()
        searched = _LONE.sub("\ufffd", text)
        found = sorted(
            (start, end) for _, finder in self._bundles for _, start, end in finder.find_matches_as_indexes(searched)
        )
        parts: list[str] = []
        done = 0
        for start, end in found:
            if start >= done:
                parts += (text[done:start], replacement)
            done = max(done, end)
        return "".join((*parts, text[done:])) if parts else text

    def _build(self) -> None:
        if not self._new:
            return
        texts, self._new = self._new, []
        while self._bundles and len(self._bundles[-1][0]) <= 2 * len(texts):
            texts += self._bundles.pop()[0]
        finder = AhoCorasick(texts, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.ContiguousNFA)
        self._bundles.append((texts, finder))
