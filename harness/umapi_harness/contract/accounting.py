"""Accounting: each word of a text is vouched for, or it is a stranger, who may be anybody.

What a text consists of besides words is accounted for too: numbers that belong together, dates, UUIDs, addresses of
machines, and signs with which letters could be written. Escapes are read, and base64 of a text is looked into.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from umapi_harness.common.shapes import BASE64_RUN, base64_text, hexadecimal_text, packed_text
from umapi_harness.contract.escapes import all_escapes_changed
from umapi_harness.contract.pieces import JOINED, MEMBER, token
from umapi_harness.contract.vouching import MOST_DIGITS, WORD, vocabulary
from umapi_models.vocabulary import COUNTRIES

FIRST_YEAR: Final = 2015
"""Dates from this year on are of what the service did; earlier ones may be somebody's birthday."""
_UNDATED: Final = "1970-01-01T00:00:00"
_DEEPEST: Final = 6
"""How many encodings within each other are looked into."""
_LEAST_OF_A_TEXT: Final = 3
_LEAST_OF_A_REST: Final = 4
_MOST_HELD: Final = 200_000
_AT_ONCE: Final = 1 << 16
"""Characters of a text with escapes that are read at once, so that a large one costs no more memory than it must."""
_ESCAPING: Final = re.compile(r"[%&\\]")
_HEXADECIMAL: Final = re.compile(r"(?:[0-9A-F]{2}|[0-9a-f]{2})++")
_POWER: Final = re.compile(r"[0-9][eE][+-]?[0-9]")
_DIGITS: Final = re.compile(r"[0-9]++")
_YEAR: Final = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")
_MEMBER_PARTS: Final = re.compile(r'"([^"]*)"\s*:\s*"?([^"]*)')


class Accounts:
    """Hands the strangers of a text to whoever asks, to be written down or replaced.

    Args:
        is_pseudonym: whether a word, a UUID without its hyphens or an IP address is a pseudonym.
        stranger: what to write in place of a word, a number, or a sign that nobody vouches for.
        accepted: words in small letters that are vouched for too.
    """

    def __init__(
        self,
        is_pseudonym: Callable[[str], bool],
        stranger: Callable[[str], str],
        accepted: frozenset[str] = frozenset(),
    ) -> None:
        self._is_pseudonym = is_pseudonym
        self._stranger = stranger
        self._accepted = accepted
        self._vocabulary = vocabulary()
        self._held: dict[str, bool] = {}
        """Whether a word is one of the vocabulary, for those that have been asked for."""

    def text(self, text: str, depth: int = 0) -> str:
        """Return a text, escapes and encodings and all, with its strangers replaced."""
        if not _ESCAPING.search(text):
            return self._encoded(text, depth)
        read = partial(all_escapes_changed, change=partial(self._encoded, depth=depth), is_name=self._is_name)
        return "".join(map(read, _chunks(text))) if len(text) > _AT_ONCE else read(text)

    def name(self, name: str) -> str:
        """Return the name of a header with its strangers replaced."""
        return name if self._is_field(name) else self.text(name)

    def _is_name(self, word: str, rest: str, behind: bool) -> bool:
        """Whether a letter behind a backslash begins a word, and is no escape before the rest of it."""
        if self._is_pseudonym(word):
            return True
        is_escape = self._is_pseudonym(rest) or (len(rest) >= _LEAST_OF_A_REST and self._is_vouched(rest))
        return behind and not is_escape

    def _encoded(self, text: str, depth: int) -> str:
        """Look into base64, gzip in it, and hexadecimal digits; what stands between them are words."""
        packed: dict[str, str] = {}
        if depth < _DEEPEST:
            for run in set(BASE64_RUN.findall(text)):
                if self._is_vouched(run):
                    continue
                decoded = base64_text(run) or packed_text(run) or hexadecimal_text(run)
                if decoded is not None and self._is_text(decoded):
                    packed[run] = decoded
        if not packed:
            return self._words(text)
        parts: list[str] = []
        done = 0
        for found in BASE64_RUN.finditer(text):
            decoded = packed.get(found[0])
            if decoded is not None:
                made = self.text(decoded, depth + 1)
                run = found[0] if made == decoded else _written(found[0], made)
                parts += (self._words(text[done : found.start()]), run)
                done = found.end()
        return "".join((*parts, self._words(text[done:])))

    def _is_text(self, decoded: str) -> bool:
        """Whether what was decoded is a text, and not by chance made of letters."""
        return any(len(word) >= _LEAST_OF_A_TEXT and self._is_vouched(word) for word in WORD.findall(decoded))

    def _words(self, text: str) -> str:
        # Mostly there is no stranger, which is soon found out.
        plain = MEMBER.sub(self._told, text) if '"' in text else text
        if not JOINED.search(plain) and all(map(self._is_vouched, set(WORD.findall(plain)))):
            return text
        return token().sub(self._replaced, text)

    def _told(self, found: re.Match[str]) -> str:
        return "" if self._is_told(found[0]) else found[0]

    def _is_told(self, member: str) -> bool:
        """Whether the name of a member of JSON vouches for its value: a country, or a number of something."""
        parts = _MEMBER_PARTS.match(member)
        assert parts is not None
        name, value = parts[1], parts[2]
        return self._is_field(name) and (value in COUNTRIES.values or not value.isalpha())

    def _is_field(self, name: str) -> bool:
        return all(
            word.lower() in self._vocabulary.fields or word in "Xx" or self._is_vouched(word)
            for word in WORD.findall(name)
        )

    def _replaced(self, found: re.Match[str]) -> str:
        piece, kind = found[0], found.lastgroup or ""
        if kind == "word":
            return piece if self._is_vouched(piece) else self._stranger(piece)
        if kind == "member":
            return piece if self._is_told(piece) else self._of_member(piece)
        if kind in ("numbers", "power"):
            return piece if self._is_made(piece) else self._of_numbers(piece)
        return piece if self._is_plain(kind, piece) else self._stranger(piece)

    def _of_member(self, member: str) -> str:
        name, quote, rest = member[1:].partition('"')
        return f'"{self._words(name)}{quote}{self._words(rest)}'

    def _of_numbers(self, piece: str) -> str:
        return _DIGITS.sub(lambda one: one[0] if self._is_pseudonym(one[0]) else self._stranger(one[0]), piece)

    def _is_plain(self, kind: str, piece: str) -> bool:
        """Whether what is neither word nor number names nobody."""
        if kind == "date":
            year = _YEAR.search(piece)
            late = year is not None and int(year[0]) >= FIRST_YEAR
            return late or piece.startswith(_UNDATED) or self._is_made(piece)
        if kind == "uuid":
            return self._is_pseudonym(piece.replace("-", "")) or set(piece) <= set("0-")
        return self._is_made(piece) if kind in ("four", "six") else kind != "sign"

    def _is_made(self, piece: str) -> bool:
        """Whether all of numbers or an address is a pseudonym, but for so few digits that they say nothing."""
        if self._is_pseudonym(piece):
            return True
        words = _DIGITS.findall(piece) if _POWER.search(piece) else WORD.findall(piece)
        left = [word for word in words if not self._is_pseudonym(word) and word not in self._accepted]
        return all(map(str.isdigit, left)) and sum(map(len, left)) <= MOST_DIGITS

    def _is_vouched(self, word: str) -> bool:
        held = self._held.get(word)
        if held is None:
            if len(self._held) >= _MOST_HELD:
                self._held.clear()
            held = self._held[word] = (
                self._vocabulary.holds(word)
                or word.lower() in self._accepted
                or (word.isdigit() and word.isascii() and len(word) <= MOST_DIGITS)
            )
        return held or self._is_pseudonym(word)


def _chunks(text: str) -> Iterator[str]:
    """Yield a text in pieces, none of which ends within a word, an escape or a member."""
    start = 0
    while len(text) - start > _AT_ONCE:
        found = next(
            (end for sign in "}\n> " if (end := text.find(sign, start + _AT_ONCE, start + 2 * _AT_ONCE)) >= 0), -1
        )
        if found < 0:
            break
        yield text[start : found + 1]
        start = found + 1
    yield text[start:]


def _written(run: str, made: str) -> str:
    """Return a text in the encoding in which another one was written."""
    changed = made.encode("utf-8", "replace")
    if _HEXADECIMAL.fullmatch(run):
        return changed.hex().upper() if run.isupper() else changed.hex()
    encode = base64.urlsafe_b64encode if "-" in run or "_" in run else base64.b64encode
    written = encode(changed).decode()
    return written if run.endswith("=") else written.rstrip("=")
