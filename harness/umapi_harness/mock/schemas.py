"""Schemas of what testers give: a document is checked against one, with a mistake named by its place."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

import attrs
import jsonschema_rs

from umapi_harness.common.departures import Departure
from umapi_harness.common.errors import InputError
from umapi_harness.common.meant import nearest, other_name
from umapi_harness.mock.names import FAULTS, LISTS

_HERE: Final = files("umapi_harness.mock").joinpath("schemas")
_SECRET: Final = ("credentials", "client_secret", "public_key")
_LONGEST: Final = 300  # characters of a message; a wrong value may be a whole document
_MOST_OPTIONS: Final = 30
_LOOKED_AT: Final = 30  # errors of a document, for the one that is the cause of others
_REMEDIES: Final = {
    "additionalProperties": "remove it or correct its name; {schema} lists what there can be",
    "required": "add it",
    "pattern": "correct the value",
}


def packaged(name: str) -> dict[str, Any]:
    """A file of the folder schemas, whose files refer to each other; lists of names are those of `schema/`."""
    document: dict[str, Any] = json.loads(_HERE.joinpath(name).read_text("utf-8"), object_hook=_named)
    return document


def _named(node: dict[str, Any]) -> dict[str, Any]:
    """A part of a schema with `x-umapi-names` made an `enum`, before what its own adds."""
    known = node.pop("x-umapi-names", None)
    if known is not None:
        node["enum"] = [*LISTS[known], *node.get("enum", ())]
    if known == "fault_kinds":
        node["description"] = " ".join(f"{kind}: {told['meaning']}." for kind, told in FAULTS["kinds"].items())
    return node


def check(document: Any, name: str, where: str, *, definition: str | None = None, at: Sequence[str | int] = ()) -> None:
    """Check a document against the schema file `name`, or one of its definitions.

    `where` names the document in the error, and `at` is the place of this part in it. Raises InputError
    with the JSON pointer and the remedy.
    """
    found = mistake(document, name, where, definition=definition)
    if found is not None:
        raise InputError(f"{where}: {Departure((*at, *found.path), found.problem)}; {found.remedy}")


@attrs.frozen
class Mistake:
    """What is wrong with a document, where, and what to do about it."""

    path: tuple[str | int, ...]
    problem: str
    remedy: str


def mistake(document: Any, name: str, where: str, *, definition: str | None = None) -> Mistake | None:
    """The first mistake in a document by the schema file `name`, or one of its definitions; None where there is none.

    Raises InputError, naming the document by `where`, if it cannot be checked.
    """
    try:
        errors = list(itertools.islice(_validator(name, definition).iter_errors(document), _LOOKED_AT))
    except ValueError as failure:
        raise InputError(f"{where}: cannot be checked ({failure}); correct the document") from failure
    if not errors:
        return None
    error = _cause(errors)
    keyword = str(error.evaluation_path[-1])
    # The value itself may be a secret, so only where it stands and what was expected is said.
    secret = any(part in _SECRET for part in error.instance_path)
    message = "value is not of the form wanted" if secret and keyword != "required" else _short(_told(error))
    remedy = _REMEDIES.get(keyword, "correct it as {schema} says").format(schema=name)
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        known = _beside(error.schema_path, name, definition)
        remedy = other_name(error.kind.unexpected[0], known) if known else remedy
    elif isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Enum) and isinstance(error.instance, str):
        near = nearest(error.instance, [one for one in error.kind.options if isinstance(one, str)])
        remedy = f"is {near} meant?" if near and not secret else remedy
    return Mistake(tuple(error.instance_path), message, remedy)


def _cause(errors: Sequence[jsonschema_rs.ValidationError]) -> jsonschema_rs.ValidationError:
    """The error to tell: the first, or where that misses a name, the one about a name in the same place like it."""
    first = errors[0]
    if isinstance(first.kind, jsonschema_rs.ValidationErrorKind.Required):
        for other in errors[1:]:
            if (
                isinstance(other.kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties)
                and list(other.instance_path) == list(first.instance_path)
                and nearest(other.kind.unexpected[0], [first.kind.property])
            ):
                return other
    return first


@functools.cache
def _validator(name: str, definition: str | None) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_document(name, definition))


def _document(name: str, definition: str | None) -> dict[str, Any]:
    document = packaged(name)
    if definition is None:
        return document
    return {"$schema": document["$schema"], "$defs": document["$defs"], "$ref": f"#/$defs/{definition}"}


def _told(error: jsonschema_rs.ValidationError) -> str:
    """What the library says, with all values that there can be, where it would say how many more there are."""
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Enum) and len(error.kind.options) <= _MOST_OPTIONS:
        value, *options = (json.dumps(one, ensure_ascii=False) for one in (error.instance, *error.kind.options))
        return f"{value} is not one of {', '.join(options)}"
    return error.message


def _beside(path: Sequence[str | int], name: str, definition: str | None) -> list[str]:
    """The properties that there can be, where the keyword at `path` of a schema refuses another."""
    node: Any = _document(name, definition)
    try:
        for part in path[:-1]:
            node = node[part]
    except (KeyError, IndexError):
        return []  # in a file that this one refers to
    return list(node.get("properties", ()))


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"
