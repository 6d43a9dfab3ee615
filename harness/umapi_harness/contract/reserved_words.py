"""Reserved words: those that mean something to whoever reads a recording, so that no pseudonym may be one of them.

Each reserved word has a spare one of its length, which nobody is called: its pseudonyms are the reserved words, so that
all others can be pseudonyms of the rest, each of one word alone.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Final, cast

from umapi_harness.common import markup, notations, secret_names, secrets, statements, tables
from umapi_harness.common.secret_names import is_secret
from umapi_harness.contract import known_names, mentions, paths, personal_fields, personal_pairs, personal_shapes
from umapi_harness.contract.vouching import WORD, vocabulary

_READERS: Final = (
    *(markup, notations, secret_names, secrets, statements, tables),
    *(known_names, mentions, paths, personal_fields, personal_pairs, personal_shapes),
)
"""Modules whose constants hold the words by which secrets and names are told."""
# Letter by letter, so that vowels become rare consonants and what comes out is hard to speak.
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_SPARE_LETTERS: Final = "xghkqbmtzoprscjwelndvufayi"
_TO_SPARE: Final = str.maketrans(_LETTERS, _SPARE_LETTERS)
_FROM_SPARE: Final = str.maketrans(_SPARE_LETTERS, _LETTERS)
# Single letters that are names of a key's parts, and those with which the fewest names begin.
_TO_SPARE_LETTER: Final = {"d": "x", "k": "z", "p": "j", "q": "q"}
_FROM_SPARE_LETTER: Final = {spare: letter for letter, spare in _TO_SPARE_LETTER.items()}

# What in a pattern are no letters to be found, and a letter with the sign that it may be missing.
_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-f]{4}|.)|\(\?[a-zP:<>=!-]*")
_LITERAL: Final = re.compile(r"(?:[A-Za-z]\??+)++")
_LETTER: Final = re.compile(r"[A-Za-z]\??")
_MOST_OPTIONAL: Final = 4


def is_reserved(word: str) -> bool:
    """Whether a word of small letters from a to z may be no pseudonym: it is vouched for, or a secret's name."""
    return word in listed(len(word)) or (len(word) > 1 and is_secret(word))


def listed(length: int) -> dict[str, int]:
    """Return the reserved words of a length with their places among these, but for names put together of a secret's."""
    return _by_length().get(length, {})


@cache
def _by_length() -> dict[int, dict[str, int]]:
    """Return words that are vouched for, and those of the patterns and sets by which names and secrets are told."""
    known = vocabulary()
    read = {word.lower() for module in _READERS for word in _words_of(module)}
    words: dict[int, dict[str, int]] = {1: {letter: place for place, letter in enumerate(_TO_SPARE_LETTER)}}
    for word in sorted(known.words | known.fields | read):
        if len(word) > 1 and word.isascii() and word.isalpha():
            places = words.setdefault(len(word), {})
            places[word] = len(places)
    return words


def _words_of(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        if isinstance(value, re.Pattern):
            yield from _literals(str(cast("re.Pattern[str]", value).pattern))
        elif isinstance(value, frozenset):
            for member in cast("frozenset[object]", value):
                yield from WORD.findall(member) if isinstance(member, str) else ()


def _literals(pattern: str) -> Iterator[str]:
    """Yield the words that stand in a pattern, with the letters that may be missing and without them."""
    for found in _LITERAL.findall(_ESCAPE.sub(" ", pattern)):
        letters = cast("list[str]", _LETTER.findall(found))
        if sum(len(letter) > 1 for letter in letters) <= _MOST_OPTIONAL:
            for chosen in itertools.product(*(("", letter[0]) if len(letter) > 1 else (letter,) for letter in letters)):
                yield "".join(chosen)


def spare_of(word: str) -> str:
    """Return the spare word of a reserved one."""
    return _TO_SPARE_LETTER[word] if len(word) == 1 else word.translate(_TO_SPARE)


def owner_of(word: str) -> str | None:
    """Return the reserved word whose spare word this is; None where it is none's."""
    owner = _FROM_SPARE_LETTER.get(word) if len(word) == 1 else word.translate(_FROM_SPARE)
    return owner if owner is not None and is_reserved(owner) else None
