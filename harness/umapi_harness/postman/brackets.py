"""Brackets: what is wrong with a script whose error has no place, for the engine meets it behind the script's end."""

from __future__ import annotations

import attrs

from umapi_harness.postman.async_functions import PAIRS, Token, UnreadableError, tokens_of


@attrs.frozen
class Flaw:
    """What is wrong, in words; line and column count from 1."""

    text: str
    line: int
    column: int


def flaw_of(source: str) -> Flaw | None:
    """The first bracket that closes nothing, or else the last one that nothing closes; None where all are in pairs."""
    opened: list[Token] = []
    try:
        for token in tokens_of(source):
            if token.opens:
                opened.append(token)
            elif token.closes and (not opened or not _is_pair(opened.pop(), token)):
                return _flaw(source, f"nothing is open that {token.text[:1]} could close", token)
    except UnreadableError:
        return None
    if not opened:
        return None
    return _flaw(source, f"the script ends before {opened[-1].text[-1:]} is closed", opened[-1])


def _is_pair(first: Token, last: Token) -> bool:
    if "template" in f"{first.kind} {last.kind}":
        return (first.kind, last.kind) == ("template-open", "template-close")
    return PAIRS[first.text] == last.text


def _flaw(source: str, text: str, token: Token) -> Flaw:
    before = source[: token.start]
    return Flaw(text, before.count("\n") + 1, token.start - before.rfind("\n"))
