"""Paths of the API: which of their segments are the API's own words, pages, organisations, people and groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote

from umapi_harness.contract.personal_fields import Kind

_WORDS: Final = frozenset({"users", "user-groups", "products", "configurations"})


def path_kinds(segments: Sequence[str]) -> Iterable[tuple[Kind, str]]:
    """Yield each segment of a path, percent-encoded as it came, with what it holds."""
    organization = next((place for place, segment in enumerate(segments) if "@" in unquote(segment)), len(segments))
    route = segments[organization - 1] if organization else ""
    for place, segment in enumerate(segments):
        after = place - organization
        if after < 0:
            kind = Kind.TEXT
        elif after == 0:
            kind = Kind.PHRASE
        elif route in ("action", "users", "groups"):
            kind = Kind.FIXED if after == 1 and unquote(segment).isdigit() else Kind.PHRASE
        else:
            # organizations/{org}/users/{user}, and {org}/user-groups/{id}/users of the deprecated calls.
            kind = Kind.FIXED if after % 2 == 1 and segment in _WORDS else Kind.PHRASE
        yield kind, segment
