"""Names that are known, found in sentences: word by word, however they are spelt, parted, joined or shortened."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

from umapi_harness.contract.personal_fields import messages

IGNORED: Final = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff"
"""Letters that nobody sees, as a range of a regular expression: hyphens for a line's end, joiners, marks of order."""
# A word, with the accents that stand behind its letters; what may part the words of one name; anything else.
_TOKEN: Final = re.compile(rf"[^\W_]++(?:[\u0300-\u036f{IGNORED}]++[^\W_]*+)*+|[ \t\u00a0._+-]{{1,2}}+|[\W_]")
_UNSEEN: Final = re.compile(f"[{IGNORED}]")
_PARTING: Final = frozenset(" \t\u00a0._+-")
_NUMBERED: Final = re.compile(r"(?<![^\W\d_])([^\W\d_]{4,}+)[0-9]{1,4}")
_ADMIN: Final = re.compile(r"_(?:product_admin|admin|developer)_")
_WORD: Final = re.compile(r"[^\W_]++")
_MOST_TOKENS: Final = 128
_SHORTEST: Final = 3
_TELLING: Final = 5
_LEAST_JOINED: Final = 6
_LEAST_SHORTENED: Final = 4
_MOST_JOINED: Final = 4
"""Words of a name that are sought without gaps between them too."""
KEPT: Final = frozenset({"", "all", "none", "null", "unknown", "redacted", "true", "false"})
"""Words in small letters that stand for no name, where it is not a person's."""
_OF_ONE_LETTER: Final = frozenset("aeiouy")  # words of sentences, and so the initials of nobody
# Letters that are another letter with a mark through it, of which Unicode says nothing.
_STROKES: Final = str.maketrans(
    {"\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u00f0": "d", "\u00fe": "th", "\u00e6": "ae", "\u0153": "oe"}
    | {"\u0131": "i"}
)
_UMLAUTS: Final = str.maketrans(
    {"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00f8": "oe", "\u00e5": "aa", "\u0153": "oe"}
)
_WITH_E: Final = re.compile(r"(?<=[aou])e")


class KnownNames:
    """Names and domains; a name is found where its words stand in a row, never inside a word.

    Letter case, accents, umlauts written in two letters, and letters that nobody sees do not count, nor does which of
    blank, dot, hyphen, underscore and plus stands between two words.
    """

    def __init__(self) -> None:
        self._names: dict[str, bool] = {}
        """The folded tokens of each, joined, and whether it is a domain."""
        self._lengths: dict[str, int] = {}
        """How many tokens the names have that begin with this one: a bit for each number."""
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
                self._add_whole(local)
            if "." in domain:
                self.add_domain(domain)
        elif not at:
            words = _WORD.findall(name)
            if 1 < len(words) <= _MOST_JOINED:
                self._join("".join(words), 2 * _TELLING)

    def add_words(self, name: str) -> None:
        """Remember the words of a person's name that are long enough to tell who it is."""
        for word in _WORD.findall(name):
            if len(word) >= _TELLING and not word.isdigit():
                self.add(word)

    def add_person(self, name: str) -> None:
        """Remember who is called by a whole name, such as Jane Doe or Doe, Jane, in other forms too."""
        if name not in self._seen:
            self._add_whole(name)

    def _add_whole(self, name: str) -> None:
        first, comma, last = name.partition(",")
        if comma:
            self.add_pair(last, first)
            return
        words = _WORD.findall(name)
        if 1 < len(words) <= _MOST_JOINED:
            self.add_pair(words[0], " ".join(words[1:]))
            self.add_pair(words[0], words[-1])

    def add_pair(self, given: str, family: str) -> None:
        """Remember a person's two names in one: Jane Doe, Doe Jane, jane.doe, janedoe, doejane, jdoe, doej, j.doe."""
        first, last = _WORD.findall(given), _WORD.findall(family)
        if not first or not last or len(first) + len(last) > _MOST_JOINED or any(map(str.isdigit, (*first, *last))):
            return
        pair = f"{given}\0{family}"
        if pair in self._seen:
            return
        self._seen.add(pair)
        whole, surname = "".join(first), "".join(last)
        self._join(whole + surname, _LEAST_JOINED)
        self._join(surname + whole, _LEAST_JOINED)
        if len(whole) > 1 and len(surname) > 1:
            self._insert(f"{' '.join(first)} {' '.join(last)}", domain=False)
            self._insert(f"{' '.join(last)} {' '.join(first)}", domain=False)
            self._insert(f"{' '.join(last)}, {' '.join(first)}", domain=False)
        initial = whole[0]
        if len(surname) >= _SHORTEST:
            self._join(initial + surname, _LEAST_SHORTENED)
            self._join(surname + initial, _LEAST_SHORTENED)
            if initial.lower() not in _OF_ONE_LETTER:
                self._insert(f"{initial} {' '.join(last)}", domain=False)
                self._insert(f"{' '.join(last)} {initial}", domain=False)
        if len(whole) >= _LEAST_SHORTENED:
            self._join(whole + surname[0], _LEAST_SHORTENED)

    def _join(self, word: str, least: int) -> None:
        if len(word) >= least:
            self._insert(word, domain=False)

    def add_domain(self, domain: str, *, sought: bool = True) -> None:
        """Remember a domain; one that is not `sought` is only known for one."""
        lowered = domain.lower()
        if lowered not in self.domains and "." in domain:
            self.domains.add(lowered)
            if sought:
                self._insert(domain, domain=True)

    def holds(self, text: str) -> bool:
        """Whether a word is a name in itself."""
        return text.lower() in self._names

    def replaced(self, text: str, name: Callable[[str], str], domain: Callable[[str], str]) -> str:
        """Return a text with each name and each domain changed."""
        if not self._names:
            return text
        tokens = _TOKEN.findall(text)
        folds = list(map(_canonical, tokens))
        firsts = self._lengths.keys()
        if firsts.isdisjoint(folds) and firsts.isdisjoint(map(_canonical, _NUMBERED.findall(text))):
            return text
        parts: list[str] = []
        place = 0
        while place < len(tokens):
            length, is_domain = self._longest(folds, place)
            if not length:
                parts.append(tokens[place])
                place += 1
                continue
            parts.append((domain if is_domain else name)("".join(tokens[place : place + length])))
            place += length
        return "".join(parts)

    def _longest(self, folds: list[str], place: int) -> tuple[int, bool]:
        """Return how many tokens the longest name has that begins at a place, and whether it is a domain."""
        token = folds[place]
        lengths = self._lengths.get(token)
        if lengths is None:
            numbered = _NUMBERED.fullmatch(token)
            return (1, False) if numbered is not None and numbered[1] in self._names else (0, False)
        found, is_domain = 0, False
        joined = ""
        for count, following in enumerate(folds[place : place + lengths.bit_length() - 1], 1):
            joined += following
            if lengths >> count & 1 and joined in self._names:
                found, is_domain = count, self._names[joined]
        return found, is_domain

    def _insert(self, name: str, *, domain: bool) -> None:
        admin = _ADMIN.match(name)
        sought = name[admin.end() :] if admin is not None else name
        tokens = _TOKEN.findall(sought)
        words = [token.lower() for token in tokens if token[0].isalnum()]
        vocabulary = messages().words
        if (
            len(name) < _SHORTEST
            or name.lower() in KEPT
            or len(tokens) > _MOST_TOKENS
            or all(word in vocabulary for word in words)
        ):
            return
        if name.isdigit() and len(name) < _TELLING:
            return
        for spelt in _spellings(sought):
            folds = list(map(_canonical, _TOKEN.findall(spelt)))
            while folds and folds[0] == " ":
                del folds[0]
            while folds and folds[-1] == " ":
                del folds[-1]
            if folds:
                self._names["".join(folds)] = domain
                self._lengths[folds[0]] = self._lengths.get(folds[0], 0) | 1 << len(folds)


@lru_cache(maxsize=1 << 16)
def _canonical(token: str) -> str:
    """Return what stands for a token and all that are spelt otherwise: a blank for what parts words."""
    if token[0] in _PARTING:
        return " "
    if token.isascii():
        return token.lower()
    small = _UNSEEN.sub("", token).casefold().translate(_STROKES)
    return "".join(char for char in unicodedata.normalize("NFKD", small) if not unicodedata.combining(char))


def _spellings(name: str) -> Iterator[str]:
    """Yield a name as it is, and with its umlauts in two letters or, where they are already, in one."""
    yield name
    small = name.lower()
    if small.isascii():
        if len(small) >= _TELLING and "@" not in small and (short := _WITH_E.sub("", small)) != small:
            yield short
    elif (long := unicodedata.normalize("NFC", small).translate(_UMLAUTS)) != small:
        yield long
