"""The note of an exchange that tells which words of it are pseudonyms."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Final

NOTE: Final = "pseudonyms"
"""The note of an exchange that tells its pseudonyms: a digest of each, six hexadecimal digits long."""
_DIGESTS: Final = re.compile(r"(?:[0-9a-f]{6}(?: (?=[0-9a-f])|$))*+")
_WORD: Final = re.compile(r"[^\W_]++")


@lru_cache(maxsize=1 << 16)
def digest(word: str) -> str:
    """Return the digest that the note keeps of a pseudonym."""
    return blake2b(word.lower().encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()


def holds_pseudonym(text: str, note: object) -> bool:
    """Whether a word of a text is one of the pseudonyms whose digests a note has."""
    digests = frozenset(note.split()) if isinstance(note, str) else frozenset[str]()
    return bool(digests) and any(digest(word) in digests for word in _WORD.findall(text))


def is_digests(value: object) -> bool:
    """Whether a value is what the note of pseudonyms holds, and nothing else."""
    return isinstance(value, str) and _DIGESTS.fullmatch(value) is not None
