"""The assertions of JSON Schema that span several fields, made into functions that judge models or JSON data.

Only the keywords that `schema/` uses across fields are here; an unknown one is an error when the package is
imported, so that a new rule in a schema cannot be passed over in silence. A test compares the verdicts with
those of a JSON Schema library.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeGuard

import msgspec
from msgspec.structs import replace

ABSENT: Final = object()
"""Stands for the value of a field that is not there."""

# What `\s` means in a pattern of JSON Schema (ECMA-262), to stand inside a character class; Python's differs.
_WHITE_SPACE: Final = r"\t\n\v\f\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


class Failure(msgspec.Struct, frozen=True):
    """The place and the error line of an assertion that does not hold."""

    pointer: str
    message: str
    code: str | None

    def below(self, prefix: str) -> Failure:
        """Return the same failure, seen from a document in which this one stands at `prefix`."""
        return Failure(prefix + self.pointer, self.message, self.code)


class ObjectAccess(msgspec.Struct, frozen=True, kw_only=True):
    """How to look into objects: models in one case, JSON data in the other."""

    is_object: Callable[[object], bool]
    get: Callable[[Any, str], object]
    """Returns a field's value by its JSON name, `ABSENT` when it is not there."""
    size: Callable[[Any], int]
    """Returns the number of fields that are there."""


JSON: Final = ObjectAccess(
    is_object=lambda value: isinstance(value, dict),
    get=lambda value, name: value.get(name, ABSENT),
    size=len,
)
"""Access to JSON data."""

Schema = Mapping[str, Any]
Rule = Callable[[Any], "Failure | None"]
"""Returns the first assertion that a value breaks, None when all hold."""


def pattern(text: str) -> re.Pattern[str]:
    r"""Compile a pattern of a schema: there `$` is the very end of a text; `\s` may stand in classes only."""
    return re.compile(text.replace("$", r"\Z").replace(r"\s", _WHITE_SPACE))


def compiled(schema: Any, access: ObjectAccess) -> Rule:
    """Return the function that judges values by `schema`.

    Raises:
        NotImplementedError: the schema uses a keyword that is not known here.
    """
    if isinstance(schema, bool):
        verdict = None if schema else Failure("", "not allowed", None)
        return lambda _value: verdict
    unknown = sorted(set(schema) - _MAKERS.keys() - _BESIDE)
    if unknown:
        raise NotImplementedError(f"keyword {unknown[0]!r} in a rule")
    rules = [_MAKERS[keyword](schema, access) for keyword in schema if keyword in _MAKERS]
    return rules[0] if len(rules) == 1 else _every(rules)


def _every(rules: Sequence[Rule]) -> Rule:
    def judge(value: Any) -> Failure | None:
        for rule in rules:
            failure = rule(value)
            if failure is not None:
                return failure
        return None

    return judge


def _line(schema: Schema, keyword: str, otherwise: str, name: str | None = None) -> Failure:
    """Return the failure of a keyword, in the service's words unless they need a name that is not known here."""
    entry: Schema = schema.get("x-umapi-errors", {}).get(keyword, {})
    if name is not None:
        entry = entry.get(name, {})
    message = str(entry.get("message", otherwise)).replace("{limit}", str(schema[keyword]))
    known = message.replace("{value}", "") if keyword == "not" else message
    return Failure("", otherwise if "{" in known else message, entry.get("code"))


def _type(schema: Schema, access: ObjectAccess) -> Rule:
    kind = schema["type"]
    fits = {"object": access.is_object, "array": _is_array, "string": _is_string}[kind]
    failure = _line(schema, "type", f"is not of type {kind}")
    return lambda value: None if fits(value) else failure


def _required(schema: Schema, access: ObjectAccess) -> Rule:
    failures = [(name, _line(schema, "required", f'"{name}" is missing', name)) for name in schema["required"]]

    def judge(value: Any) -> Failure | None:
        if access.is_object(value):
            for name, failure in failures:
                if access.get(value, name) is ABSENT:
                    return failure
        return None

    return judge


def _properties(schema: Schema, access: ObjectAccess) -> Rule:
    rules = [(name, compiled(subschema, access)) for name, subschema in schema["properties"].items()]

    def judge(value: Any) -> Failure | None:
        if access.is_object(value):
            for name, rule in rules:
                field = access.get(value, name)
                failure = None if field is ABSENT else rule(field)
                if failure is not None:
                    return failure.below(f"/{name}")
        return None

    return judge


def _min_properties(schema: Schema, access: ObjectAccess) -> Rule:
    least, failure = schema["minProperties"], _line(schema, "minProperties", "has too few fields")
    return lambda value: failure if access.is_object(value) and access.size(value) < least else None


def _max_properties(schema: Schema, access: ObjectAccess) -> Rule:
    most, failure = schema["maxProperties"], _line(schema, "maxProperties", "has too many fields")
    return lambda value: failure if access.is_object(value) and access.size(value) > most else None


def _if(schema: Schema, access: ObjectAccess) -> Rule:
    condition, then, otherwise = (compiled(schema.get(key, True), access) for key in ("if", "then", "else"))
    return lambda value: then(value) if condition(value) is None else otherwise(value)


def _not(schema: Schema, access: ObjectAccess) -> Rule:
    unwanted, failure = compiled(schema["not"], access), _line(schema, "not", "is not allowed")

    def judge(value: Any) -> Failure | None:
        if unwanted(value) is not None:
            return None
        return replace(failure, message=failure.message.replace("{value}", str(value)))

    return judge


def _any_of(schema: Schema, access: ObjectAccess) -> Rule:
    branches = [compiled(branch, access) for branch in schema["anyOf"]]
    failure = _line(schema, "anyOf", "fits none of the forms allowed")

    def judge(value: Any) -> Failure | None:
        for branch in branches:
            if branch(value) is None:
                return None
        return failure

    return judge


def _all_of(schema: Schema, access: ObjectAccess) -> Rule:
    return _every([compiled(branch, access) for branch in schema["allOf"]])


def _min_items(schema: Schema, _access: ObjectAccess) -> Rule:
    least, failure = schema["minItems"], _line(schema, "minItems", "has too few items")
    return lambda value: failure if _is_array(value) and len(value) < least else None


def _max_items(schema: Schema, _access: ObjectAccess) -> Rule:
    most, failure = schema["maxItems"], _line(schema, "maxItems", "has too many items")
    return lambda value: failure if _is_array(value) and len(value) > most else None


def _min_length(schema: Schema, _access: ObjectAccess) -> Rule:
    least, failure = schema["minLength"], _line(schema, "minLength", "is too short")
    return lambda value: failure if isinstance(value, str) and len(value) < least else None


def _pattern(schema: Schema, _access: ObjectAccess) -> Rule:
    matcher, failure = pattern(schema["pattern"]), _line(schema, "pattern", f"does not match {schema['pattern']}")
    return lambda value: failure if isinstance(value, str) and matcher.search(value) is None else None


def _contains(schema: Schema, access: ObjectAccess) -> Rule:
    wanted, failure = compiled(schema["contains"], access), _line(schema, "contains", "has the wrong items")
    least, most = schema.get("minContains", 1), schema.get("maxContains")

    def judge(value: Any) -> Failure | None:
        if not _is_array(value):
            return None
        count = 0
        for item in value:
            count += wanted(item) is None
        return failure if count < least or (most is not None and count > most) else None

    return judge


def _last(schema: Schema, access: ObjectAccess) -> Rule:
    """Judge `x-umapi-last`, which JSON Schema lacks: no item but the last is one of these."""
    wanted, failure = compiled(schema["x-umapi-last"], access), _line(schema, "x-umapi-last", "must be the last item")
    return lambda value: failure if _is_array(value) and any(wanted(item) is None for item in value[:-1]) else None


def _prefix_items(schema: Schema, access: ObjectAccess) -> Rule:
    rules = [(place, compiled(item, access)) for place, item in enumerate(schema["prefixItems"]) if item is not True]

    def judge(value: Any) -> Failure | None:
        if _is_array(value):
            for place, rule in rules:
                failure = rule(value[place]) if place < len(value) else None
                if failure is not None:
                    return failure.below(f"/{place}")
        return None

    return judge


def _items(schema: Schema, access: ObjectAccess) -> Rule:
    rule, start = compiled(schema["items"], access), len(schema.get("prefixItems", ()))

    def judge(value: Any) -> Failure | None:
        if _is_array(value):
            for place in range(start, len(value)):
                failure = rule(value[place])
                if failure is not None:
                    return failure.below(f"/{place}")
        return None

    return judge


def _is_array(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, (list, tuple))


def _is_string(value: object) -> bool:
    return isinstance(value, str)


_BESIDE: Final = {"x-umapi-errors", "then", "else", "minContains", "maxContains"}
_MAKERS: Final[Mapping[str, Callable[[Schema, ObjectAccess], Rule]]] = {
    "type": _type,
    "required": _required,
    "properties": _properties,
    "minProperties": _min_properties,
    "maxProperties": _max_properties,
    "if": _if,
    "not": _not,
    "anyOf": _any_of,
    "allOf": _all_of,
    "minItems": _min_items,
    "maxItems": _max_items,
    "minLength": _min_length,
    "pattern": _pattern,
    "contains": _contains,
    "x-umapi-last": _last,
    "prefixItems": _prefix_items,
    "items": _items,
}
