"""The samples of `schema/samples`, and the judge that says what the JSON Schemas make of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeGuard, cast

import attrs
import jsonschema_rs

from umapi_models import schemas

ROOT = Path(__file__).resolve().parents[2]
REQUEST_SCHEMAS = ("action-request.json", "command.json", "user-steps.json", "usergroup-steps.json")
NOT_SCHEMAS = ("client.json", "error_codes.json", "faults.json", "openapi.json", "words.json")
_BASE = "umapi:///"


@attrs.frozen(kw_only=True)
class Sample:
    """One document that a schema accepts or refuses."""

    name: str
    source: str
    """The page of Adobe's documentation, or the walkthrough, that it is taken or derived from."""
    definition: str
    """Title of the definition that it is a sample of."""
    data: Any
    pointer: str = ""
    """Where the first violation is, for an invalid sample."""
    code: str | None = None
    """The service's code for it; None where the schema is of an answer."""
    client: str = ""
    """Where the client differs from the schema: it "refuses" a valid sample, or "reads" an invalid one."""
    written: Any = None
    """What is written again after reading, where that differs from `data`."""
    valid: bool
    file: str

    def __str__(self) -> str:
        return f"{self.definition}: {self.name}"


@attrs.frozen
class Line:
    """One line of an `x-umapi-errors`: the file, the place of the schema in it, the keyword, the property."""

    file: str
    pointer: tuple[str | int, ...]
    keyword: str
    property: str = ""


@attrs.frozen
class Found:
    """A violation as the schemas tell it."""

    pointer: str
    code: str | None
    line: Line


def all_samples() -> tuple[Sample, ...]:
    """Return every sample of the repository."""
    found: list[Sample] = []
    for path in sorted((ROOT / "schema" / "samples").glob("*/*.json")):
        entries: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
        found += [Sample(**entry, valid=path.stem == "valid", file=f"{path.parent.name}.json") for entry in entries]
    return tuple(found)


SELECTIONS: dict[str, Callable[[Sample], bool]] = {
    "valid_sample": lambda sample: sample.valid,
    "invalid_sample": lambda sample: not sample.valid,
    "sendable_sample": lambda sample: sample.valid and sample.client != "refuses",
    "deprecated_sample": lambda sample: sample.valid and sample.client == "refuses",
}
"""The samples that a test asks for by the name of its argument."""


class Judge:
    """Judges data by the definitions that the installed package carries, with jsonschema-rs."""

    def __init__(self) -> None:
        self.documents = {name: schemas.read(name) for name in schemas.names()}
        self.references = dict(self._titled())
        self._registry = jsonschema_rs.Registry([(_BASE + name, text) for name, text in self.documents.items()])
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def _titled(self) -> Iterator[tuple[str, str]]:
        for name, document in self.documents.items():
            if name in NOT_SCHEMAS:
                continue
            if "type" in document:
                yield document["title"], name
            for key, definition in document.get("$defs", {}).items():
                if "title" in definition:
                    yield definition["title"], f"{name}#/$defs/{key}"

    def accepts(self, definition: str, data: object) -> bool:
        """Return whether the definition of that title accepts the data."""
        return self._validator(definition).is_valid(data)

    def violations(self, definition: str, data: object) -> list[Found]:
        """Return everything that the definition of that title finds wrong, in its own order.

        Only that a text is too long comes before that it is none of a list, as in the service's own sample.
        """
        reference = self.references[definition]
        errors = self._validator(definition).iter_errors(data)
        found = [each for error in errors for each in self._found(error, reference)]
        places = [each.pointer for each in found]
        return sorted(found, key=lambda each: (places.index(each.pointer), each.line.keyword == "enum"))

    def lines(self, file: str) -> Iterator[tuple[Line, str]]:
        """Yield every line of the `x-umapi-errors` in a file, and its code."""
        yield from _lines(file, (), self.documents[file])

    def _validator(self, definition: str) -> jsonschema_rs.Validator:
        if definition not in self._validators:
            schema = {"$ref": _BASE + self.references[definition]}
            self._validators[definition] = jsonschema_rs.Draft202012Validator(schema, registry=self._registry)
        return self._validators[definition]

    def _found(self, error: jsonschema_rs.ValidationError, reference: str) -> Iterator[Found]:
        pointer = json_pointer(error.instance_path)
        schema, line = self._locate(error.evaluation_path, reference)
        entry: Any = schema.get("x-umapi-errors", {}).get(line.keyword, {})
        if line.keyword == "required":
            name = str(getattr(error.kind, "property", ""))
            yield Found(pointer, entry.get(name, {}).get("code"), attrs.evolve(line, property=name))
        elif line.keyword == "additionalProperties":
            for name in getattr(error.kind, "unexpected", []):
                yield Found(pointer + json_pointer([name]), entry.get("code"), line)
        else:
            yield Found(pointer, entry.get("code"), line)

    def _locate(self, path: Sequence[str | int], reference: str) -> tuple[dict[str, Any], Line]:
        """Follow the way on which the validator came to a keyword; return the schema that has it, and its line."""
        _, *steps, keyword = path  # the first step is the reference to the definition
        file, place = _target(reference, "")
        for step in steps:
            if step == "$ref":
                file, place = _target(self._at(file, place)["$ref"], file)
            else:
                place = (*place, step)
        word = "contains" if keyword in ("maxContains", "minContains") else str(keyword)
        return self._at(file, place), Line(file, place, word)

    def _at(self, file: str, place: Sequence[str | int]) -> Any:
        node: Any = self.documents[file]
        for part in place:
            node = node[part]
        return node


def json_pointer(path: Sequence[str | int]) -> str:
    """Return the JSON pointer for a path of keys and places."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Return whether a JSON value is an array."""
    return isinstance(value, list)


def _target(reference: str, file: str) -> tuple[str, tuple[str | int, ...]]:
    name, _, pointer = reference.partition("#")
    return name or file, tuple(pointer.split("/")[1:])


def _lines(file: str, place: tuple[str | int, ...], node: Any) -> Iterator[tuple[Line, str]]:
    children: Iterable[tuple[str | int, Any]] = ()
    if isinstance(node, dict):
        schema = cast("dict[str, Any]", node)
        entries: dict[str, dict[str, Any]] = schema.get("x-umapi-errors", {})
        for keyword, entry in entries.items():
            if keyword == "x-umapi-last":
                continue  # it is also said in JSON Schema, whose lines count
            if keyword == "required":
                yield from ((Line(file, place, keyword, name), line["code"]) for name, line in entry.items())
            else:
                yield Line(file, place, keyword), entry["code"]
        children = [(key, child) for key, child in schema.items() if key != "x-umapi-errors"]
    elif is_list(node):
        children = enumerate(node)
    for key, child in children:
        yield from _lines(file, (*place, key), child)
