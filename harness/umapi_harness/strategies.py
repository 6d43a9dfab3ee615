"""hypothesis strategies for requests and answers of the API, made from the schemas; for the tests of any project.

Needs the extra `strategies`. Limits, names and choices are those of the schema files, read at run time; rules across
fields are kept by drawing within each branch of them, and by the judge of JSON Schema in the end.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeGuard

import jsonschema_rs
from hypothesis import strategies as st

from umapi_models import schemas

Json = Any
Schema = Mapping[str, Any]
Strategy = st.SearchStrategy[Json]

_BASE: Final = "umapi:///"
_LONGEST: Final = 20
"""Characters of a text, unless its schema asks for more; the limits are met by `nearly_valid`."""
_MOST: Final = 10
"""Entries of a list of an answer, which has no limit of its own."""
_FOR_OLD_CLIENTS: Final = ("x-umapi-warning", "x-umapi-service-only")
_CHARACTERS: Final = st.characters(exclude_categories=["Cs"])


def user_commands() -> Strategy:
    """Commands on a user that the schema allows, by an e-mail address or by a user name and domain."""
    return _valid("command.json#/$defs/UserCommand")


def group_commands() -> Strategy:
    """Commands on a user group that the schema allows."""
    return _valid("command.json#/$defs/UserGroupCommand")


def commands() -> Strategy:
    """Commands that the schema allows."""
    return user_commands() | group_commands()


def action_requests() -> Strategy:
    """Bodies of action requests that the schema allows, with as many commands as it allows."""
    request = _document("action-request.json")
    return st.lists(commands(), min_size=request["minItems"], max_size=request["maxItems"])


def users_pages() -> Strategy:
    """Pages of users, as `GET /users/{orgId}/{page}` answers with success."""
    return _page("UsersPage", "users")


def groups_pages() -> Strategy:
    """Pages of groups, as `GET /groups/{orgId}/{page}` answers with success."""
    return _page("GroupsPage", "groups")


def user_answers() -> Strategy:
    """Answers with one user, as `GET /organizations/{orgId}/users/{userString}` gives with success."""
    required = ["result", "user"]
    return _object({**_document("user-answer.json"), "required": required}, "user-answer.json").map(_successful)


@st.composite
def action_responses(draw: st.DrawFn, *, commands: int | None = None, test_mode: bool = False) -> Json:
    """Answers to an action request of so many commands (1 to 10 by default) that contradict themselves nowhere.

    Each failed command has one error or more, and the counts and the result are those of the errors.
    """
    most = _document("action-request.json")["maxItems"]
    total = draw(st.integers(1, most)) if commands is None else commands
    file = "action-response.json"
    failed = draw(st.lists(st.integers(0, max(0, total - 1)), max_size=total, unique=True)) if total else []
    errors: list[Json] = []
    for index in failed:
        found = draw(st.lists(_at(f"{file}#/$defs/ActionErrorEntry"), min_size=1, max_size=2))
        errors += [{**error, "index": index} for error in found]
    warned = draw(st.lists(st.integers(0, total - 1), max_size=2)) if total else []
    warnings = [{**draw(_at(f"{file}#/$defs/ActionWarningEntry")), "index": index} for index in warned]
    good = total - len(failed)
    answer: Json = {
        "result": "success" if not failed else "partial" if good else "error",
        "completed": 0 if test_mode else good,
        "notCompleted": len(failed),
        "completedInTestMode": good if test_mode else 0,
    }
    return answer | ({"errors": errors} if errors else {}) | ({"warnings": warnings} if warnings else {})


@st.composite
def nearly_valid(draw: st.DrawFn, strategy: Strategy) -> Json:
    """What `strategy` gives, changed in one to three places: replaced, taken out, doubled, added to, or made too long.

    Some of it is still valid: let a schema, not the strategy, be the judge.
    """
    holder: list[Json] = [copy.deepcopy(draw(strategy))]
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(holder))
        if not places:
            break
        parent, key = draw(st.sampled_from(places))
        value: Json = parent[key]
        changes = ["replace", *(["remove", "double"] if parent is not holder else [])]
        changes += ["add"] if _is_object(value) or _is_list(value) else ["stretch"] if isinstance(value, str) else []
        change = draw(st.sampled_from(changes))
        if change == "replace":
            parent[key] = draw(_junk())
        elif change == "stretch":
            length = draw(st.sampled_from(_lengths())) + draw(st.integers(-1, 1))
            text = str(value) or "x"
            parent[key] = (text * (length // len(text) + 1))[:length]
        elif change == "add" and _is_object(value):
            value[draw(st.sampled_from(_names()))] = draw(_junk())
        elif change == "add" and _is_list(value):
            value.append(draw(_junk()))
        elif change == "double" and _is_list(parent):
            parent.append(copy.deepcopy(value))
        elif change == "double":
            parent[draw(st.sampled_from(_names()))] = copy.deepcopy(value)
        else:
            del parent[key]
    return holder[0]


def nearly_valid_commands() -> Strategy:
    """Commands that the schema allows, or nearly."""
    return nearly_valid(commands())


def nearly_valid_action_requests() -> Strategy:
    """Bodies of action requests that the schema allows, or nearly."""
    return nearly_valid(st.lists(commands(), min_size=1, max_size=2) | action_requests())


@cache
def _document(file: str) -> dict[str, Any]:
    return schemas.read(file)


@cache
def _validator(reference: str) -> jsonschema_rs.Validator:
    names = [name for name in schemas.names() if "$schema" in _document(name)]
    registry = jsonschema_rs.Registry([(_BASE + name, _document(name)) for name in names])
    return jsonschema_rs.Draft202012Validator({"$ref": _BASE + reference}, registry=registry)


def _resolved(reference: str, file: str) -> tuple[str, Schema]:
    name, _, pointer = reference.partition("#")
    file = name or file
    schema: Any = _document(file)
    for part in pointer.split("/")[1:]:
        schema = schema[part]
    return file, schema


def _at(reference: str) -> Strategy:
    file, schema = _resolved(reference, "")
    return _value(schema, file)


def _valid(reference: str) -> Strategy:
    return _at(reference).filter(_validator(reference).is_valid)


def _page(title: str, entries: str) -> Strategy:
    schema = _document("pages.json")["$defs"][title]
    pages = _object({**schema, "required": [*schema["required"], entries]}, "pages.json")
    return pages.map(lambda page: _successful({**page, entries: _each_once(page[entries])}))


def _each_once(entries: list[dict[str, Json]]) -> list[Json]:
    """The entries without those that name a user or group of before again."""
    seen: set[tuple[str, str]] = set()
    kept: list[Json] = []
    for entry in entries:
        names = {(name, str(entry[name])) for name in ("id", "username", "groupId", "groupName") if name in entry}
        if not names & seen:
            kept.append(entry)
        seen |= names
    return kept


def _successful(answer: dict[str, Json]) -> Json:
    return {**{name: value for name, value in answer.items() if name != "message"}, "result": "success"}


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
    longest = _LONGEST if most is None else min(most, max(least, _LONGEST))
    if "pattern" not in schema:
        return st.text(_CHARACTERS, min_size=least, max_size=longest)
    # \Z, for the $ of JSON Schema does not stand before a last line break.
    pattern = schema["pattern"].removesuffix("$") + (r"\Z" if schema["pattern"].endswith("$") else "")
    texts = st.from_regex(pattern, alphabet=_CHARACTERS)
    return texts.filter(lambda text: least <= len(text) <= (most or 250))


def _list(schema: Schema, file: str) -> Strategy:
    items = _value(schema["items"], file)
    unique_by = repr if schema.get("uniqueItems") else None
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
    return _object(schema, file)


def _merged(schema: Schema, other: Schema) -> Schema:
    """Both schemas of an object in one."""
    properties = dict(schema.get("properties", {}))
    for name, more in other.get("properties", {}).items():
        properties[name] = {**properties.get(name, {}), **more}
    rest = {key: value for key, value in other.items() if key not in ("properties", "required")}
    required = [*schema.get("required", ()), *other.get("required", ())]
    return {**schema, **rest, "properties": properties, "required": required}


def _usable(schema: Schema, names: list[str]) -> bool:
    return all(not _left_out(schema["properties"][name]) for name in names)


def _left_out(schema: Schema) -> bool:
    """Return whether a property is never drawn: refused, deprecated, or taken by the service for old clients alone."""
    return schema.get("not") == {} or not schema.keys().isdisjoint(_FOR_OLD_CLIENTS)


def _object(schema: Schema, file: str) -> Strategy:
    fields = {name: _value(part, file) for name, part in schema.get("properties", {}).items() if not _left_out(part)}
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


def _is_object(value: object) -> TypeGuard[dict[str, Json]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Json]]:
    return isinstance(value, list)


def _places(holder: Json) -> Iterator[tuple[Json, Any]]:
    """Every place in a document: what holds it, and its key there."""
    keys: list[Any] = list(holder) if _is_object(holder) else list(range(len(holder)))
    for key in keys:
        yield holder, key
        if _is_object(holder[key]) or _is_list(holder[key]):
            yield from _places(holder[key])


def _nodes(schema: Json) -> Iterator[dict[str, Any]]:
    if _is_object(schema):
        yield schema
    inside: list[Json] = list(schema.values()) if _is_object(schema) else schema if _is_list(schema) else []
    for value in inside:
        yield from _nodes(value)


_REQUEST_FILES: Final = ("command.json", "user-steps.json", "usergroup-steps.json")


@cache
def _names() -> list[str]:
    """Names of fields of requests, and one that none has; those for old clients are left out."""
    nodes = [node for file in _REQUEST_FILES for node in _nodes(_document(file))]
    parts = [(name, part) for node in nodes for name, part in node.get("properties", {}).items()]
    names = {name for name, _ in parts}
    old = {name for name, part in parts if _is_object(part) and _left_out({**part, "not": None})}
    return [*sorted(names - old), "a/b~c"]


@cache
def _lengths() -> list[int]:
    """The lengths at which some text of a request becomes too long."""
    nodes = [node for file in _REQUEST_FILES for node in _nodes(_document(file))]
    return sorted({node["maxLength"] for node in nodes if isinstance(node.get("maxLength"), int)})


def _junk() -> Strategy:
    words = ["", "all", "us", "UK", "XX", "_admin", "jdoe@a.b", "jdoe"]
    plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(_CHARACTERS, max_size=_LONGEST)
    return st.recursive(
        plain | st.sampled_from(words),
        lambda inner: st.lists(inner, max_size=11) | st.dictionaries(st.sampled_from(_names()), inner, max_size=3),
        max_leaves=12,
    )
