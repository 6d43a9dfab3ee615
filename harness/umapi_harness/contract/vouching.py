"""Vouching: which words of a recording name nobody, so that any other may be somebody's.

They are those of `schema/` (fields, values, codes, messages, paths) and of `vouched_words.txt`. A word that is
somebody's name too is vouched for only where its surroundings say what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final

import attrs

from umapi_harness.contract.personal_fields import messages
from umapi_models import names, operations, schemas
from umapi_models.vocabulary import COUNTRIES

WORD: Final = re.compile(r"[^\W_]++")
MOST_DIGITS: Final = 3
"""Digits of a number that may be no more than a count; one with more may be somebody's."""
# Words run together by capitals and digits, as in lastPage, HTTPServer and utf8.
_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_TEXTUAL: Final = frozenset({"enum", "const", "code", "default"})


@attrs.frozen
class Vocabulary:
    """What is vouched for wherever it stands."""

    words: frozenset[str]
    """In small letters."""
    phrases: tuple[str, ...]
    """Texts of several words, or of one and the signs around it, that are vouched for as they stand; longest first."""
    fields: frozenset[str]
    """Words in small letters that are vouched for only as the name of a field."""

    def holds(self, word: str) -> bool:
        """Whether a word names nobody: it is one of these, or put together of such words and of short numbers."""
        if word.lower() in self.words:
            return True
        if not word.isascii() or word.isdigit() or len(word) == 1:
            return False
        return all(
            len(part) <= MOST_DIGITS if part.isdigit() else len(part) > 1 and part.lower() in self.words
            for part in _PARTS.findall(word)
        )


def is_resource(value: str) -> bool:
    """Whether a value is what the service calls one of its resources in a header, with the gaps in it."""
    return value in _resources()


@cache
def _resources() -> frozenset[str]:
    return frozenset(f"{operations.API_PATH}{one.canonical}" for one in operations.OPERATIONS if one.canonical)


@cache
def vocabulary() -> Vocabulary:
    """Return the words of the schemas and of the list beside this module."""
    words: set[str] = set()
    phrases: set[str] = set()
    fields: set[str] = set()
    for line in files("umapi_harness.contract").joinpath("vouched_words.txt").read_text("utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "=":
            phrases.add(rest)
        elif kind == ":":
            fields.update(rest.split())
        elif kind != "#":
            words.update(WORD.findall(line.lower()))
    for text in (*_schema_words(), *_messages()):
        found = WORD.findall(text.lower())
        words.update(found)
        if len(found) > 1 and not fields.isdisjoint(found):
            phrases.add(text.strip())
    letters = {word for word in words if len(word) == 1} - {"a", "i", "x"}
    return Vocabulary(
        frozenset(words - fields - letters), tuple(sorted(phrases, key=len, reverse=True)), frozenset(fields)
    )


def _messages() -> Iterator[str]:
    """Yield what the service and the mock server say, without the gaps."""
    known = messages()
    yield from known.fixed
    for template in known.templates:
        yield from template.around


def _schema_words() -> Iterator[str]:
    """Yield the names and values that schema/ gives, country codes apart."""
    found: list[str] = []

    def note(members: dict[str, Any]) -> dict[str, Any]:
        for key in ("properties", "headers", "paths"):
            if isinstance(members.get(key), dict):
                found.extend(members[key])
        for key in _TEXTUAL & members.keys():
            values = members[key] if isinstance(members[key], list) else [members[key]]
            found.extend(value for value in values if isinstance(value, str) and value not in COUNTRIES.values)
        if "in" in members and isinstance(members.get("name"), str):
            found.append(members["name"])
        return members

    for file in schemas.names():
        json.loads(schemas.text(file), object_hook=note)
    yield from found
    yield from (names.FIXED_ADMIN_GROUPS)
    for name, operation in vars(operations).items():
        if isinstance(operation, operations.Operation):
            yield from (operation.name, operation.path, *operation.older_paths)
        elif isinstance(operation, str) and not name.startswith("_"):
            yield operation
