"""Names that are known, found in sentences: word by word, whatever their letter case."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from umapi_harness.contract.personal_fields import messages

_TOKEN: Final = re.compile(r"[^\W_]++|[\W_]")
_MOST_TOKENS: Final = 128
_SHORTEST: Final = 3
_TELLING: Final = 5
_WORD: Final = re.compile(r"[^\W_]++")
KEPT: Final = frozenset({"", "all", "none", "null", "unknown", "redacted", "true", "false"})
"""Words in small letters that stand for no name, where it is not a person's."""
_END: Final = ""  # no token is empty; under it stands whether the name is a domain


class KnownNames:
    """Names and domains; a name is found where its words stand in a row, never inside a word."""

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}
        self._seen: set[str] = set()
        self.domains: set[str] = set()
        """Domains in small letters."""

    def add(self, name: str) -> None:
        """Remember a name, an e-mail address, or an id."""
        if name in self._seen:
            return
        self._seen.add(name)
        self._insert(name, domain=False)
        local, at, domain = name.rpartition("@")
        if at and local:
            if len(local) > _SHORTEST:
                self._insert(local, domain=False)
                self.add_words(local)
            if "." in domain:
                self.add_domain(domain)

    def add_words(self, name: str) -> None:
        """Remember the words of a person's name that are long enough to tell who it is."""
        for word in _WORD.findall(name):
            if len(word) >= _TELLING and not word.isdigit():
                self.add(word)

    def add_domain(self, domain: str) -> None:
        """Remember a domain."""
        lowered = domain.lower()
        if lowered not in self.domains and "." in domain:
            self.domains.add(lowered)
            self._insert(domain, domain=True)

    def replaced(self, text: str, name: Callable[[str], str], domain: Callable[[str], str]) -> str:
        """Return a text with each name and each domain changed."""
        if not self._tree:
            return text
        tokens = [(found[0].lower(), found.start(), found.end()) for found in _TOKEN.finditer(text)]
        parts: list[str] = []
        done = place = 0
        while place < len(tokens):
            length, is_domain = self._longest(tokens, place)
            if not length:
                place += 1
                continue
            start, end = tokens[place][1], tokens[place + length - 1][2]
            parts += (text[done:start], (domain if is_domain else name)(text[start:end]))
            done, place = end, place + length
        return "".join((*parts, text[done:])) if parts else text

    def _longest(self, tokens: list[tuple[str, int, int]], place: int) -> tuple[int, bool]:
        branch, length, is_domain = self._tree, 0, False
        for count, (token, _, _) in enumerate(tokens[place : place + _MOST_TOKENS], 1):
            following = branch.get(token)
            if following is None:
                break
            branch = following
            if _END in branch:
                length, is_domain = count, branch[_END]
        return length, is_domain

    def _insert(self, name: str, *, domain: bool) -> None:
        tokens = [found.lower() for found in _TOKEN.findall(name)]
        words = [token for token in tokens if token.isalnum()]
        vocabulary = messages().words
        if (
            len(name) < _SHORTEST
            or name.lower() in KEPT
            or len(tokens) > _MOST_TOKENS
            or all(word in vocabulary for word in words)
        ):
            return
        if name.isdigit() and len(name) < 5:
            return
        branch = self._tree
        for token in tokens:
            branch = branch.setdefault(token, {})
        branch[_END] = domain
