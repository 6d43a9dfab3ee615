"""Sentences that speak of a token: what follows the word is no secret there, as in "no token: connection refused"."""

from __future__ import annotations

import re
from typing import Final

_NAMES: Final = frozenset({"token", "tokens", "jwt", "auth", "session", "signature"})
"""Names of secrets that are words of sentences too. Those of passwords are not among them: a password may be a word."""
_HEADERS: Final = frozenset({"authorization", "cookie"})
_SCHEMES: Final = frozenset(
    {"bearer", "basic", "digest", "apikey", "token", "negotiate", "ntlm", "hawk", "oauth", "jwt", "ssws"}
)
_UNEXPECTED: Final = "unexpected "
"""What parsers say before the token that they did not expect."""
# A word, the name of an error, or marks alone: no token is one of them.
_WORD: Final = re.compile(r"[A-Za-z]?[a-z]{0,14}|[A-Z][A-Za-z]{0,30}(?:Error|Exception)|[^A-Za-z0-9]*")


def is_prose(text: str, found: re.Match[str], start: int, end: int) -> bool:
    """Whether what follows a name belongs to a sentence: messages of parsers, names of checks, what scripts log.

    Args:
        text: the whole text.
        found: the name in it, as `name`, with `quote` after it and the `mark` before its value.
        start: where the value begins.
        end: where it ends.
    """
    name, after = found["name"].lower(), text[found.start("mark") + 1 : start]
    if found["mark"] != ":" or found["quote"] or not after[:1].isspace():
        return False
    if name not in _NAMES and name not in _HEADERS:
        return False
    if text[max(0, found.start() - len(_UNEXPECTED)) : found.start()].lower() == _UNEXPECTED:
        return True
    words = [*after.strip("'\" ").split(), *text[start:end].strip(".,;:!?()[]{}'\" ").split()]
    # What follows the name of a scheme is a credential, whatever it looks like; a header with one word is no sentence.
    if (words and words[0].lower() in _SCHEMES) or (name in _HEADERS and len(words) < 2):
        return False
    return all(map(_WORD.fullmatch, words))
