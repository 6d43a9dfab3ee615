"""The assertions of JSON Schema that span several fields, evaluated on models instead of JSON.

Only the keywords that `schema/` uses across fields are here; an unknown one is an error when it is met, so
that a new rule in a schema cannot be passed over in silence. A test compares the verdicts with those of a
JSON Schema library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

import attrs

Members = Callable[[object], Mapping[str, object] | None]
"""Gives the fields of an object by JSON name; None for what is no object."""


@attrs.frozen
class Failure:
    """The place and the error line of an assertion that does not hold."""

    pointer: str
    message: str
    code: str | None

    def below(self, prefix: str) -> Failure:
        """Return the same failure, seen from a document in which this one stands at `prefix`."""
        return attrs.evolve(self, pointer=prefix + self.pointer)


def first_failure(schema: Any, value: object, members: Members) -> Failure | None:
    """Return the first assertion of `schema` that `value` breaks, None when all hold.

    Raises:
        NotImplementedError: the schema uses a keyword that is not evaluated here.
    """
    if isinstance(schema, bool):
        return None if schema else Failure("", "not allowed", None)
    for keyword in schema:
        if keyword in _IGNORED:
            continue
        if keyword not in _KEYWORDS:
            raise NotImplementedError(f"keyword {keyword!r} in a rule")
        failure = _KEYWORDS[keyword](schema, value, members)
        if failure is not None:
            return failure
    return None


def _line(schema: Mapping[str, Any], keyword: str, value: object = None, name: str | None = None) -> Failure:
    entry: Mapping[str, Any] = schema.get("x-umapi-errors", {}).get(keyword, {})
    if name is not None:
        entry = entry.get(name, {})
    message = str(entry.get("message", f"{keyword} does not hold"))
    message = message.replace("{limit}", str(schema[keyword])).replace("{value}", str(value))
    return Failure("", message, entry.get("code"))


def _object(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    fits = {"object": members(value) is not None, "string": isinstance(value, str), "array": _is_array(value)}
    return None if fits[schema["type"]] else _line(schema, "type")


def _required(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    fields = members(value)
    if fields is not None:
        for name in schema["required"]:
            if name not in fields:
                return _line(schema, "required", name=name)
    return None


def _properties(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    fields = members(value)
    for name, subschema in schema["properties"].items():
        if fields is not None and name in fields:
            failure = first_failure(subschema, fields[name], members)
            if failure is not None:
                return failure.below(f"/{name}")
    return None


def _count(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    fields = members(value)
    if fields is None:
        return None
    if len(fields) < schema.get("minProperties", 0):
        return _line(schema, "minProperties")
    return _line(schema, "maxProperties") if len(fields) > schema.get("maxProperties", len(fields)) else None


def _if(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    holds = first_failure(schema["if"], value, members) is None
    return first_failure(schema.get("then" if holds else "else", True), value, members)


def _not(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    return _line(schema, "not", value) if first_failure(schema["not"], value, members) is None else None


def _any_of(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    holds = any(first_failure(branch, value, members) is None for branch in schema["anyOf"])
    return None if holds else _line(schema, "anyOf")


def _all_of(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    failures = (first_failure(branch, value, members) for branch in schema["allOf"])
    return next((failure for failure in failures if failure is not None), None)


def _lengths(schema: Mapping[str, Any], value: object, _members: Members) -> Failure | None:
    if not _is_array(value):
        return None
    if len(value) < schema.get("minItems", 0):
        return _line(schema, "minItems")
    return _line(schema, "maxItems") if len(value) > schema.get("maxItems", len(value)) else None


def _string_length(schema: Mapping[str, Any], value: object, _members: Members) -> Failure | None:
    return _line(schema, "minLength") if isinstance(value, str) and len(value) < schema["minLength"] else None


def _pattern(schema: Mapping[str, Any], value: object, _members: Members) -> Failure | None:
    matches = not isinstance(value, str) or re.search(schema["pattern"], value)
    return None if matches else _line(schema, "pattern", value)


def _contains(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    if not _is_array(value):
        return None
    count = sum(first_failure(schema["contains"], item, members) is None for item in value)
    within = schema.get("minContains", 1) <= count <= schema.get("maxContains", len(value))
    return None if within else _line(schema, "contains")


def _items(schema: Mapping[str, Any], value: object, members: Members) -> Failure | None:
    if not _is_array(value):
        return None
    prefix: Sequence[Any] = schema.get("prefixItems", ())
    for place, item in enumerate(value):
        subschema = prefix[place] if place < len(prefix) else schema.get("items", True)
        failure = first_failure(subschema, item, members)
        if failure is not None:
            return failure.below(f"/{place}")
    return None


def _is_array(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, (list, tuple))


_IGNORED = {"x-umapi-errors", "then", "else", "minContains", "maxContains"}
_KEYWORDS: dict[str, Callable[[Mapping[str, Any], object, Members], Failure | None]] = {
    "type": _object,
    "required": _required,
    "properties": _properties,
    "minProperties": _count,
    "maxProperties": _count,
    "if": _if,
    "not": _not,
    "anyOf": _any_of,
    "allOf": _all_of,
    "minItems": _lengths,
    "maxItems": _lengths,
    "minLength": _string_length,
    "pattern": _pattern,
    "contains": _contains,
    "prefixItems": _items,
    "items": _items,
}
