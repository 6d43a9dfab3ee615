"""Pairs of which one member names a field and the other has its value: `{"name": "firstname", "value": "Ada"}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from umapi_harness.common import json_text
from umapi_harness.common.secret_names import is_secret, snake_case
from umapi_harness.contract.personal_fields import Kind, kind_of

# Members of a pair that names a field in one and gives its value in the other.
_NAMING: Final = frozenset(
    {"name", "key", "field", "attribute", "property", "label", "title", "parameter", "type", "path"}
    | {"displayname", "friendlyname", "fieldname", "attributename", "propertyname", "columnname"}
)
_STEPS: Final = re.compile(r"\[[^\]]*+\]|[/.:]")
IDENTIFIER: Final = re.compile(r"[A-Za-z][\w-]{0,40}")
_VALUED: Final = frozenset({"value", "values", "val", "content", "data", "text", "oldvalue", "newvalue", "old", "new"})


def is_label(name: str, value: str) -> bool:
    """Whether a value is itself the name of a field, as in `name="email"`."""
    return (
        snake_case(name) in _NAMING
        and IDENTIFIER.fullmatch(value) is not None
        and (kind_of(value) is not Kind.TEXT or is_secret(value))
    )


def _named_kind(name: str, field: str) -> Kind:
    """Return what a field holds that a member names; in a patch (RFC 6902, RFC 7644) by the way to it."""
    if name != "path":
        return kind_of(field)
    steps = [step for step in _STEPS.split(field) if step not in ("", "-", "value") and not step.isdigit()]
    return kind_of(steps[-1]) if steps else Kind.TEXT


def told_kinds(text: str, values: list[json_text.Value]) -> Callable[[json_text.Value], Kind | None] | None:
    """Return what tells the kinds in pairs such as `{"name": "firstname", "value": "Ada"}`; None for no pair."""
    named = {
        value.parent: (value.start, _named_kind(value.name or "", json_text.inner(text[value.start : value.end])))
        for value in values
        if value.kind == "string"
        and _is_one_of(value.name, _NAMING)
        and value.parent >= 0
        and value.end - value.start < 100
    }
    named = {
        place: pair for place, pair in named.items() if pair[1] is not Kind.TEXT and values[place].kind == "object"
    }
    pairs = (
        {value.parent for value in values if value.parent in named and _is_one_of(value.name, _VALUED)}
        if named
        else set[int]()
    )
    if not pairs:
        return None

    def told(value: json_text.Value) -> Kind | None:
        if value.parent in pairs and _is_one_of(value.name, _VALUED):
            return named[value.parent][1]
        own = value.parent in pairs and value.start == named[value.parent][0] and value.name != "path"
        if own and " " not in text[value.start : value.end]:
            return Kind.FIXED  # with a blank in it, it might be somebody's own words after all
        around = values[value.parent] if value.parent >= 0 else None
        listed = (
            around is not None
            and around.kind == "array"
            and _is_one_of(around.name, _VALUED)
            and around.parent in pairs
        )
        return named[around.parent][1] if around is not None and listed else None

    return told


def _is_one_of(name: str | None, names: frozenset[str]) -> bool:
    return name is not None and name.lower() in names
