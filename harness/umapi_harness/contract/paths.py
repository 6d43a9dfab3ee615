"""Paths of the API: what each of their segments holds.

A segment is one of the API's own words, a page, an organisation, or the name of people or groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote

from umapi_harness.contract.personal_fields import Kind

# Lists of people and groups in other services, whose entries are called by a login or an id; also in the singular.
_LISTS: Final = frozenset(
    {
        "user",
        "people",
        "person",
        "member",
        "account",
        "employee",
        "profile",
        "u",
        "avatar",
        "photo",
        "contact",
        "worker",
    }
    | {"owner", "manager", "student", "group", "team"}
)
# By what an entry is called: /users/by-name/X.
_BY: Final = re.compile(r"by[-_]?(?:user)?(?:name|e?-?mail|login|upn|id)", re.IGNORECASE)
CALL: Final = re.compile(r"(?P<before>(?P<list>\w{1,60})\((?:\w{1,60}=)?')(?P<entry>[^']+)(?P<behind>'\))")
"""A segment that calls an entry of a list as OData does: users('X')."""
_NO_ENTRIES: Final = frozenset(
    {
        "",
        "me",
        "self",
        "all",
        "search",
        "list",
        "import",
        "export",
        "current",
        "new",
        "bulk",
        "count",
        "users",
        "groups",
    }
)
_WORDS: Final = frozenset({"users", "user-groups", "products", "configurations"})


def is_listing(segment: str) -> bool:
    """Whether a segment of a path says that people or groups of another service follow, one or several."""
    return segment.lower().removesuffix("s") in _LISTS


def _is_entry(before: Sequence[str], segment: str) -> bool:
    """Whether a segment, behind those before, calls somebody or a group by name."""
    if segment.startswith("~") and len(segment) > 1:
        return True
    if _BY.fullmatch(before[-1]):
        return len(before) > 1 and is_listing(before[-2])
    if not is_listing(before[-1]) or _BY.fullmatch(segment):
        return False
    return segment.lower() not in _NO_ENTRIES and not segment.isdigit() and not is_listing(segment)


def path_kinds(segments: Sequence[str]) -> Iterable[tuple[Kind, str]]:
    """Yield each segment of a path, percent-encoded as it came, with what it holds."""
    organization = next((place for place, segment in enumerate(segments) if "@" in unquote(segment)), len(segments))
    route = segments[organization - 1] if organization else ""
    for place, segment in enumerate(segments):
        after = place - organization
        if after < 0:
            kind = Kind.PHRASE if place and _is_entry(segments[max(0, place - 2) : place], segment) else Kind.TEXT
        elif after == 0:
            kind = Kind.PHRASE
        elif route in ("action", "users", "groups"):
            kind = Kind.FIXED if after == 1 and unquote(segment).isdigit() else Kind.PHRASE
        else:
            # organizations/{org}/users/{user}, and {org}/user-groups/{id}/users of the deprecated calls.
            kind = Kind.FIXED if after % 2 == 1 and segment in _WORDS else Kind.PHRASE
        yield kind, segment
