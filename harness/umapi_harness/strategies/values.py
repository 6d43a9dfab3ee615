"""Values that a schema allows, as strategies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import jsonschema_rs
from hypothesis import strategies as st

from umapi_models import schemas

Json = Any
Schema = Mapping[str, Any]
Strategy = st.SearchStrategy[Json]

_BASE: Final = "umapi:///"
LONGEST: Final = 20
"""Characters of a text, unless its schema asks for more; the limits are met by `mutations`."""
_MOST: Final = 10
"""Entries of a list of an answer, which has no limit of its own."""
_FOR_OLD_CLIENTS: Final = ("x-umapi-warning", "x-umapi-service-only")
CHARACTERS: Final = st.characters(exclude_categories=["Cs"])


@cache
def document(file: str) -> dict[str, Any]:
    """A schema file, as data."""
    return schemas.read(file)


@cache
def _validator(reference: str) -> jsonschema_rs.Validator:
    names = [name for name in schemas.names() if "$schema" in document(name)]
    registry = jsonschema_rs.Registry([(_BASE + name, document(name)) for name in names])
    return jsonschema_rs.Draft202012Validator({"$ref": _BASE + reference}, registry=registry)


def _resolved(reference: str, file: str) -> tuple[str, Schema]:
    name, _, pointer = reference.partition("#")
    file = name or file
    schema: Any = document(file)
    for part in pointer.split("/")[1:]:
        schema = schema[part]
    return file, schema


def at(reference: str) -> Strategy:
    """Values of the schema that `reference` names: a file of `schema/` and a JSON pointer."""
    file, schema = _resolved(reference, "")
    return _value(schema, file)


def valid(reference: str) -> Strategy:
    """The same, as far as a judge of JSON Schema has nothing against them."""
    return at(reference).filter(_validator(reference).is_valid)


def _value(schema: Schema, file: str) -> Strategy:
    """Values of a schema, as far as it is of the kinds that the schema files use."""
    if "$ref" in schema:
        found_file, found = _resolved(schema["$ref"], file)
        return _value({**found, **{key: value for key, value in schema.items() if key != "$ref"}}, found_file)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "type" not in schema and "then" in schema:
        return st.one_of(_value(schema["then"], file), _value(schema["else"], file))
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    return st.one_of([_of_type(kind, schema, file) for kind in kinds])


def _of_type(kind: str, schema: Schema, file: str) -> Strategy:
    if kind == "object":
        return _objects(schema, file)
    if kind == "array":
        return _list(schema, file)
    if kind == "string":
        return _text(schema)
    if kind == "integer":
        return st.integers(schema.get("minimum", -(2**53)), 2**53)
    return st.booleans() if kind == "boolean" else st.none()


def _text(schema: Schema) -> Strategy:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    longest = LONGEST if most is None else min(most, max(least, LONGEST))
    if "pattern" not in schema:
        return st.text(CHARACTERS, min_size=least, max_size=longest)
    # \Z, for the $ of JSON Schema does not stand before a last line break.
    pattern = schema["pattern"].removesuffix("$") + (r"\Z" if schema["pattern"].endswith("$") else "")
    texts = st.from_regex(pattern, alphabet=CHARACTERS)
    return texts.filter(lambda text: least <= len(text) <= (most or 250))


def _list(schema: Schema, file: str) -> Strategy:
    items = _value(schema["items"], file)
    distinct = str.lower if schema.get("x-umapi-ignores-case") else repr
    unique_by = distinct if schema.get("uniqueItems") else None
    least, most = schema.get("minItems", 0), schema.get("maxItems", _MOST)
    entries: Strategy = st.lists(items, min_size=least, max_size=most, unique_by=unique_by)
    first = [_reference(rule["contains"], file) for rule in schema.get("allOf", ()) if "contains" in rule]
    last = _reference({"$ref": "user-steps.json#/$defs/RemovesFromOrg"}, file)
    return entries.map(lambda steps: _in_order(steps, first, last)) if first else entries


def _reference(rule: Schema, file: str) -> str:
    reference: str = rule["$ref"]
    return file + reference if reference.startswith("#") else reference


def _in_order(steps: list[Json], first: list[str], last: str) -> list[Json]:
    """Steps with those that may stand only at one end brought there, and no more than one of them kept."""
    begins = [step for step in steps if any(_validator(one).is_valid(step) for one in first)]
    ends = [step for step in steps if _validator(last).is_valid(step)]
    between = [step for step in steps if step not in begins and step not in ends]
    return [*begins[:1], *between, *ends[:1]]


def _objects(schema: Schema, file: str) -> Strategy:
    """Objects in each of the branches of `if`, `then` and `else`, and of `anyOf` fields that are required."""
    if "if" in schema and "else" in schema:
        rest = {key: value for key, value in schema.items() if key not in ("if", "then", "else")}
        taken = _merged(_merged(rest, schema["if"]), schema["then"])
        return st.one_of(_objects(taken, file), _objects(_merged(rest, schema["else"]), file))
    if "if" in schema and "properties" in schema.get("if", {}) and "then" in schema and "required" in schema["then"]:
        taken = _merged({key: value for key, value in schema.items() if key != "if"}, schema["then"])
        return _objects({key: value for key, value in taken.items() if key != "then"}, file)
    if "anyOf" in schema:
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        wanted = [branch for branch in schema["anyOf"] if _usable(rest, branch["required"])]
        return st.one_of([_objects(_merged(rest, branch), file) for branch in wanted])
    return object_of(schema, file)


def _merged(schema: Schema, other: Schema) -> Schema:
    """Both schemas of an object in one."""
    properties = dict(schema.get("properties", {}))
    for name, more in other.get("properties", {}).items():
        properties[name] = {**properties.get(name, {}), **more}
    rest = {key: value for key, value in other.items() if key not in ("properties", "required")}
    required = [*schema.get("required", ()), *other.get("required", ())]
    return {**schema, **rest, "properties": properties, "required": required}


def _usable(schema: Schema, names: list[str]) -> bool:
    return all(not left_out(schema["properties"][name]) for name in names)


def left_out(schema: Schema) -> bool:
    """Return whether a property is never drawn: refused, deprecated, or taken by the service for old clients alone."""
    return schema.get("not") == {} or not schema.keys().isdisjoint(_FOR_OLD_CLIENTS)


def object_of(schema: Schema, file: str) -> Strategy:
    """Objects of a schema, without regard to rules across fields; `file` is what its references begin from."""
    fields = {name: _value(part, file) for name, part in schema.get("properties", {}).items() if not left_out(part)}
    if schema.get("maxProperties") == 1:
        return st.one_of([st.fixed_dictionaries({name: field}) for name, field in fields.items()])
    required = {name: fields[name] for name in schema.get("required", ())}
    optional = {name: field for name, field in fields.items() if name not in required}
    made = st.fixed_dictionaries(required, optional=optional)
    least = schema.get("minProperties", 0)
    if least and not required:
        return st.one_of(
            [
                st.fixed_dictionaries({name: field}, optional={key: optional[key] for key in optional if key != name})
                for name, field in optional.items()
            ]
        )
    return made
