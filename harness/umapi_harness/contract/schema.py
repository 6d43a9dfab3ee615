"""The documented contract: which operations there are, and which schema holds for each request and answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast
from urllib.parse import quote, unquote, urlsplit

import attrs
import jsonschema_rs

from umapi_harness.common.departures import Departure
from umapi_harness.common.pointers import escaped, pointer, unescaped
from umapi_harness.contract.api_paths import api_path
from umapi_models import schemas

_BASE = "umapi:///"
_OPENAPI = "openapi.json"
_JSON = "application/json"


@attrs.frozen
class Schema:
    """One schema of the contract, by its address."""

    address: str

    def problems(self, data: Any) -> tuple[Departure, ...]:
        """Return where `data` departs from the schema; unknown fields are no departure unless it says so."""
        validator = _validator(self.address)
        try:
            errors = list(validator.iter_errors(data))
            notes = _annotations(validator, data) if errors else _Annotations({}, frozenset())
            return tuple(
                Departure(tuple(error.instance_path), error.message, drift=_in_open_enum(error, notes))
                for error in errors
            )
        except (ValueError, RecursionError) as error:
            # Half a surrogate pair, or nesting without end: JSON to Python's reader, and to no other.
            return (Departure((), f"cannot be checked: {error}"),)

    def unknown_fields(self, data: Any) -> tuple[str, ...]:
        """Return the pointers of the fields in `data` that the schema, an open one, does not mention."""
        try:
            return tuple(_unknown_fields(data, _annotations(_validator(self.address), data)))
        except (ValueError, RecursionError):
            return ()  # `problems` tells why

    def missing_fields(self, data: Any) -> tuple[str, ...]:
        """Return the pointers of the fields that the schema requires, and that `data` does not have."""
        try:
            errors = list(_validator(self.address).iter_errors(data))
        except (ValueError, RecursionError):
            return ()  # `problems` tells why
        kinds = ((error.instance_path, error.kind) for error in errors)
        return tuple(
            pointer([*path, kind.property])
            for path, kind in kinds
            if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required)
        )


@attrs.frozen(kw_only=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    place: str
    """path, query or header."""
    type: str
    default: Any
    schema: Schema

    def value(self, text: str) -> Any:
        """Return the text of a parameter as the JSON value that it stands for; the text itself when it is none."""
        if self.type == "boolean" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        return int(text) if self.type == "integer" and text.isascii() and text.isdigit() else text


@attrs.frozen(kw_only=True)
class Answer:
    """What one status of an operation looks like."""

    status: int
    body: Schema | None
    """None where a body is not documented."""
    headers: Mapping[str, Schema]


@attrs.frozen(kw_only=True)
class Operation:
    """One operation of the API or of the token host."""

    name: str
    method: str
    path: str
    """The whole path, with {placeholders}."""
    parameters: tuple[Parameter, ...]
    request_bodies: Mapping[str, Schema]
    """Schemas by media type."""
    body_required: bool
    answers: Mapping[int, Answer]
    deprecated: bool

    def path_values(self, path: str) -> dict[str, str] | None:
        """Return the values of the placeholders in `path`, decoded; None when it is another operation's."""
        names, pattern = _path_pattern(self.path)
        match = pattern.fullmatch(path)
        return dict(zip(names, map(unquote, match.groups()), strict=True)) if match else None

    def parameter(self, name: str, place: str) -> Parameter | None:
        """Return one parameter, None when the operation has none of that name there."""
        return next((one for one in self.parameters if (one.name, one.place) == (name, place)), None)


@cache
def operations() -> Mapping[str, Operation]:
    """Return all operations of the contract by their operationId."""
    document = schemas.read(_OPENAPI)
    found: dict[str, Operation] = {}
    for path, item in document["paths"].items():
        servers = item.get("servers", document["servers"])
        prefix = urlsplit(str(servers[0]["url"])).path
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                place = f"/paths/{escaped(path)}/{method}"
                operation = _operation(document, prefix + path, method, item[method], place)
                found[operation.name] = operation
    return found


def find_operation(method: str, url: str) -> Operation | None:
    """Return the operation that a request is for, be it by way of a proxy; None when the contract has none."""
    path = api_path(url)
    fits = (one for one in operations().values() if one.method == method and one.path_values(path) is not None)
    return next(fits, None)


@cache
def _path_pattern(path: str) -> tuple[list[str], re.Pattern[str]]:
    """The names of the placeholders of a path, and what finds their values."""
    pattern = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(path))
    return re.findall(r"\{(\w+)\}", path), re.compile(pattern + "/?")


def _at(place: str) -> Schema:
    return Schema(f"{_BASE}{_OPENAPI}#{quote(place, safe='/~')}/schema")


def _operation(document: Mapping[str, Any], path: str, method: str, item: Mapping[str, Any], place: str) -> Operation:
    body = item.get("requestBody", {})
    return Operation(
        name=item["operationId"],
        method=method.upper(),
        path=path,
        parameters=tuple(
            _parameter(*_resolve(document, parameter, f"{place}/parameters/{number}"))
            for number, parameter in enumerate(item.get("parameters", ()))
        ),
        request_bodies={
            media: _at(f"{place}/requestBody/content/{escaped(media)}") for media in body.get("content", {})
        },
        body_required=body.get("required", False),
        deprecated=item.get("deprecated", False),
        answers={
            int(status): _answer(document, int(status), *_resolve(document, answer, f"{place}/responses/{status}"))
            for status, answer in item["responses"].items()
        },
    )


def _parameter(item: Mapping[str, Any], place: str) -> Parameter:
    return Parameter(
        name=item["name"],
        place=item["in"],
        type=item["schema"]["type"],
        default=item["schema"].get("default"),
        schema=_at(place),
    )


def _answer(document: Mapping[str, Any], status: int, item: Mapping[str, Any], place: str) -> Answer:
    headers: dict[str, Schema] = {}
    for name, header in item.get("headers", {}).items():
        _, header_place = _resolve(document, header, f"{place}/headers/{name}")
        headers[name] = _at(header_place)
    documented = _JSON in item.get("content", {})
    body = _at(f"{place}/content/{escaped(_JSON)}") if documented else None
    return Answer(status=status, body=body, headers=headers)


def _resolve(document: Mapping[str, Any], item: Mapping[str, Any], place: str) -> tuple[Mapping[str, Any], str]:
    """Follow a reference inside the document; returns what it leads to, and where that stands."""
    while "$ref" in item:
        place = str(item["$ref"]).removeprefix("#")
        target: Any = document
        for part in place.split("/")[1:]:
            target = target[unescaped(part)]
        item = cast("Mapping[str, Any]", target)
    return item, place


@cache
def _registry() -> jsonschema_rs.Registry:
    return jsonschema_rs.Registry(
        [(_BASE + name, schemas.read(name)) for name in schemas.names()], draft=jsonschema_rs.Draft202012
    )


@cache
def _validator(address: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": address}, registry=_registry())


@attrs.frozen
class _Annotations:
    """What the schemas that were applied say of each place in the data."""

    known: Mapping[str, frozenset[str]]
    """The fields that some schema knows, for each object."""
    open_enums: frozenset[str]
    """The places where the service may send members of an enum that are not listed."""


def _annotations(validator: jsonschema_rs.Draft202012Validator, data: Any) -> _Annotations:
    known: dict[str, set[str]] = {}
    open_enums: set[str] = set()
    # A subschema that fails drops its annotations; they still tell what it knows.
    details = cast("list[dict[str, Any]]", validator.evaluate(data).list()["details"])
    for unit in details:
        noted = unit.get("annotations", unit.get("droppedAnnotations"))
        place: str = unit["instanceLocation"]
        if isinstance(noted, list) and str(unit["evaluationPath"]).endswith("/properties"):
            known.setdefault(place, set()).update(cast("list[str]", noted))
        elif isinstance(noted, dict) and cast("dict[str, Any]", noted).get("x-umapi-open") is True:
            open_enums.add(place)
    return _Annotations({place: frozenset(names) for place, names in known.items()}, frozenset(open_enums))


def _in_open_enum(error: jsonschema_rs.ValidationError, notes: _Annotations) -> bool:
    return error.schema_path[-1:] == ["enum"] and pointer(error.instance_path) in notes.open_enums


def _unknown_fields(data: Any, notes: _Annotations, place: str = "") -> Iterator[str]:
    if isinstance(data, list):
        for number, item in enumerate(cast("list[object]", data)):
            yield from _unknown_fields(item, notes, f"{place}/{number}")
    elif isinstance(data, dict):
        known = notes.known.get(place, frozenset())
        for name, value in cast("dict[str, Any]", data).items():
            below = f"{place}/{escaped(name)}"
            if name in known:
                yield from _unknown_fields(value, notes, below)
            else:
                yield below
