"""Pseudonyms: other words for the words of names, addresses and ids, the same for the same key.

A word is enciphered with a format-preserving permutation: letters become letters, digits digits, and what is no
letter or digit stays. Two words are equal after it when they were before, letter case apart; length, letter case and
the number of bytes in UTF-8 stay. Nothing has to be remembered, so that files made with one key belong together.
Order is not kept: who comes first in an alphabet is not who came first.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from math import prod
from typing import Final

from umapi_harness.common.secrets import REDACTED
from umapi_harness.contract.reserved_words import is_reserved, listed, owner_of, spare_of
from umapi_models.names import FIXED_ADMIN_GROUPS
from umapi_models.vocabulary import UNTOUCHABLE_GROUPS

_ROUNDS: Final = 5  # of two halves each: ten, as in the standard's FF1
_CACHE: Final = 200_000
"""Words that are kept, so that one which comes again costs nothing."""
_DIGEST_BYTES: Final = 64
_LONGEST_KEPT: Final = 200
_HEX_LENGTH: Final = 16
"""From this length on, a word of hexadecimal digits is taken for an id and stays hexadecimal."""
_WORD: Final = re.compile(r"[^\W_]++")
_UUID: Final = re.compile(r"(?<![^\W_])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![^\W_])")
_ADDRESS: Final = re.compile(r"(?<![\w.+'!#$&*~^%=?/{|}-])(?P<local>[\w.+'!#$&*~^%=?/{|}-]++)@(?P<domain>[\w.-]++)")
_ADMIN: Final = re.compile(r"_(?:product_admin|admin|developer)_")
_FIXED: Final = UNTOUCHABLE_GROUPS | FIXED_ADMIN_GROUPS.keys()
# What stands behind the @ of ids, and says of which kind they are.
_REALMS: Final = frozenset({"adobeorg", "adobeid", "techacct.adobe.com"})
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_PAIRS: Final = [first + second for first in _LETTERS for second in _LETTERS]
_TO_BASE_26: Final = str.maketrans(_LETTERS, "0123456789abcdefghijklmnop")
_DIGITS: Final = "0123456789"
_HEX: Final = "0123456789abcdef"


class Pseudonyms:
    """The pseudonyms of one key.

    Args:
        key: any text; who has it can undo the pseudonyms, so it belongs with neither the file nor its readers.
    """

    def __init__(self, key: str) -> None:
        self._key = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        self._words: dict[str, tuple[str, str]] = {}
        self._hashes: dict[tuple[int, int], list[tuple[blake2b, int]]] = {}
        self._phrases: dict[str, tuple[str, frozenset[str]]] = {}
        self.made: set[str] = set()
        """The pseudonyms that have been given, in lower case: they prove a file to hold no other names."""

    def __repr__(self) -> str:
        return f"<Pseudonyms, {len(self.made)} given>"

    def phrase(self, text: str) -> str:
        """Return a name, user name, id or e-mail address with each word replaced.

        What makes a name an admin group's (`_admin_`, `_product_admin_`, `_developer_`) stays, as do the fixed
        groups, the last label of a domain, and the realm of an id (`@AdobeOrg`).
        """
        known = self._phrases.get(text)
        if known is None:
            before, self.made = self.made, set()
            known = self._made_phrase(text), frozenset(self.made)
            self.made = before
            if len(self._phrases) < _CACHE and len(text) < _LONGEST_KEPT:
                self._phrases[text] = known
        self.made |= known[1]
        return known[0]

    def _made_phrase(self, text: str) -> str:
        if text in _FIXED:
            return text
        admin = _ADMIN.match(text)
        start = admin.end() if admin is not None else 0
        parts = [text[:start]]
        for found in _ADDRESS.finditer(text, start) if "@" in text else ():
            parts += (self._words_of(text[start : found.start()]), self._words_of(found["local"]), "@")
            start = found.end()
            # A dot at the end closes a sentence.
            domain = found["domain"].rstrip(".")
            parts += (self.domain(domain), found["domain"][len(domain) :])
        return "".join((*parts, self._words_of(text[start:])))

    def domain(self, text: str) -> str:
        """Return a domain with each label replaced but the last; a sub-domain stays one."""
        if text.lower() in _REALMS:
            return text
        head, dot, last = text.rpartition(".")
        return f"{self._words_of(head)}{dot}{last}" if dot else self._words_of(text)

    def number(self, value: int) -> int:
        """Return another number of as many digits."""
        return int(self._words_of(str(value)))

    def address(self, text: str) -> str:
        """Return another IP address, written with as many characters; loopback and unspecified ones stay."""
        try:
            parsed = ipaddress.ip_address(text)
        except ValueError:
            return text
        if parsed.is_loopback or parsed.is_unspecified:
            return text
        made = self._address(text, parsed.version)
        self.made.add(made.lower())
        return made

    def word(self, word: str) -> str:
        """Return the pseudonym of one word: letters and digits without a gap."""
        if word == REDACTED:
            return word
        known = self._words.get(word)
        if known is None:
            made = self._made_word(word)
            known = made, made.lower() if made.isascii() else "".join(map(_lower, made))
            if len(self._words) < _CACHE:
                self._words[word] = known
        self.made.add(known[1])
        return known[0]

    def _words_of(self, text: str) -> str:
        parts: list[str] = []
        position = 0
        for found in _UUID.finditer(text) if text.count("-") >= 4 else ():
            parts.append(_WORD.sub(self._replaced, text[position : found.start()]))
            digits = iter(self.word(found[0].replace("-", "")))
            parts.append("".join(char if char == "-" else next(digits) for char in found[0]))
            position = found.end()
        return "".join((*parts, _WORD.sub(self._replaced, text[position:])))

    def _replaced(self, found: re.Match[str]) -> str:
        return self.word(found[0])

    def _address(self, text: str, version: int) -> str:
        if version == 4:
            return ".".join(self._octet(octet) for octet in text.split("."))
        parts = re.split("([:.%])", text)
        return "".join(self._enciphered(part, [_HEX] * len(part)) if part.isalnum() else part for part in parts)

    def _octet(self, octet: str) -> str:
        ranges = {1: (0, 10), 2: (10, 90), 3: (100, 156)}
        first, count = ranges[len(octet)]
        number = self._permuted([count], [int(octet) - first])[0]
        return str(first + number)

    def _made_word(self, word: str) -> str:
        if word.isascii() and word.isalpha():
            return self._made_letters(word)
        if word.isdigit() and word.isascii():
            # The first digit does not become 0, so that a number keeps its length.
            first = "0" if word[0] == "0" else _DIGITS[1:]
            pools: list[str] = [first, *[_DIGITS] * (len(word) - 1)]
        elif _is_hexadecimal(word):
            pools = [_HEX] * len(word)
        else:
            pools = [_pool(char) for char in (word.lower() if word.isascii() else map(_lower, word))]
        return self._enciphered(word, pools)

    def _made_letters(self, word: str) -> str:
        """Return the pseudonym of a word of the letters a to z: the common case, in the arithmetic of whole numbers."""
        small = word.lower()
        owner = owner_of(small)
        made = self._unreserved(small) if owner is None else self._reserved(owner)
        if word == small:
            return made
        if word.isupper():
            return made.upper()
        return "".join(new if old.islower() else new.upper() for old, new in zip(word, made, strict=True))

    def _unreserved(self, small: str) -> str:
        """Return the next word in the order of the key; reserved ones are passed by, through their spare words."""
        made = self._permuted_letters(small)
        while is_reserved(made):
            made = self._permuted_letters(spare_of(made))
        return made

    def _reserved(self, owner: str) -> str:
        """Return a reserved word for the spare one of another, so that no two words have the same pseudonym."""
        places = listed(len(owner))
        if owner not in places:
            return owner
        return list(places)[self._permuted([len(places)], [places[owner]])[0]]

    def _permuted_letters(self, small: str) -> str:
        count = len(small)
        middle = count // 2
        left = int(small[:middle].translate(_TO_BASE_26), 26) if middle else 0
        right = int(small[middle:].translate(_TO_BASE_26), 26)
        left, right = self._exchanged(26**middle, 26 ** (count - middle), left, right)
        return _in_letters(left, middle) + _in_letters(right, count - middle)

    def _enciphered(self, word: str, pools: Sequence[str]) -> str:
        lower = word.lower() if word.isascii() else [_lower(char) for char in word]
        places = self._permuted([len(pool) for pool in pools], [p.index(c) for p, c in zip(pools, lower, strict=True)])
        capitals = _is_hexadecimal(word) and not word.islower()
        return "".join(
            (pool[place].upper() if capitals or char != small else pool[place])
            for char, small, pool, place in zip(word, lower, pools, places, strict=True)
        )

    def _permuted(self, sizes: Sequence[int], places: Sequence[int]) -> list[int]:
        """Permute all sequences of numbers below `sizes` among themselves (a Feistel network of two unequal halves)."""
        middle = len(sizes) // 2
        left_size, right_size = prod(sizes[:middle]), prod(sizes[middle:])
        left, right = _joined(sizes[:middle], places[:middle]), _joined(sizes[middle:], places[middle:])
        left, right = self._exchanged(left_size, right_size, left, right)
        return [*_split(sizes[:middle], left), *_split(sizes[middle:], right)]

    def _exchanged(self, left_size: int, right_size: int, left: int, right: int) -> tuple[int, int]:
        """Permute the pairs of a number below `left_size` and one below `right_size` among themselves."""
        hashes = self._hashes.get((left_size, right_size))
        if hashes is None:
            # Eight bytes more than needed make every remainder as likely as any other.
            lengths = (size.bit_length() // 8 + 9 for size in (left_size, right_size))
            shape = b"%d,%d," % (left_size, right_size)
            hashes = [(blake2b(shape, digest_size=min(one, _DIGEST_BYTES), key=self._key), one) for one in lengths]
            self._hashes[left_size, right_size] = hashes
        of_left, of_right = hashes
        for turn in range(_ROUNDS):
            right = (right + _noise(*of_right, b"%d,%d" % (turn, left))) % right_size
            left = (left + _noise(*of_left, b"%d,%d" % (-1 - turn, right))) % left_size
        return left, right


def _noise(keyed: blake2b, length: int, seed: bytes) -> int:
    """Return a number of so many bytes that only who has the key can tell."""
    if length <= _DIGEST_BYTES:
        one = keyed.copy()
        one.update(seed)
        return int.from_bytes(one.digest())
    parts: list[bytes] = []
    for block in range(-(-length // _DIGEST_BYTES)):
        one = keyed.copy()
        one.update(b"%s;%d" % (seed, block))
        parts.append(one.digest())
    return int.from_bytes(b"".join(parts)[:length])


def _in_letters(number: int, count: int) -> str:
    """Return a number of base 26 in so many letters."""
    parts: list[str] = []
    for _ in range(count // 2):
        number, pair = divmod(number, 26 * 26)
        parts.append(_PAIRS[pair])
    return (_LETTERS[number] if count % 2 else "") + "".join(parts[::-1])


def _joined(sizes: Sequence[int], places: Sequence[int]) -> int:
    number = 0
    for size, place in zip(sizes, places, strict=True):
        number = number * size + place
    return number


def _split(sizes: Sequence[int], number: int) -> list[int]:
    places: list[int] = []
    for size in reversed(sizes):
        number, place = divmod(number, size)
        places.append(place)
    return places[::-1]


def _lower(char: str) -> str:
    """Return the small letter of a capital, but only of one that is the capital of that letter again."""
    small = char.lower()
    return small if len(small) == 1 and small.upper() == char else char


def _is_hexadecimal(word: str) -> bool:
    if len(word) < _HEX_LENGTH or not (word.islower() or word.isupper()):
        return False
    return not word.isalpha() and set(word.lower()) <= set(_HEX)


@lru_cache(maxsize=4096)
def _pool(char: str) -> str:
    """Return what a letter or digit may become, itself included."""
    if char.isascii():
        return _DIGITS if char.isdigit() else _LETTERS
    return _block(ord(char) >> 8, len(char.encode("utf-8", "surrogatepass")), _case(char))


def _case(char: str) -> int:
    """Tell small letters that have a capital (2) from the capital of none (1) and from letters without case (0)."""
    capital = char.upper()
    if len(capital) == 1 and capital != char and capital.lower() == char:
        return 2 if len(capital.encode("utf-8", "surrogatepass")) == len(char.encode("utf-8", "surrogatepass")) else 3
    return 0 if char.isalpha() else 1


@cache
def _block(block: int, length: int, case: int) -> str:
    """Return the letters of one kind in a block of Unicode, which is a script or a part of it."""
    chars = (chr(point) for point in range(max(block << 8, 128), (block + 1) << 8))
    return "".join(
        char
        for char in chars
        if not 0xD800 <= ord(char) <= 0xDFFF
        and char.isalnum()
        and _lower(char) == char
        and len(char.encode()) == length
        and _case(char) == case
    )
