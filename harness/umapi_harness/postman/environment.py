"""Environments and globals: files of variables, read at the beginning of a run and written at its end."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

import attrs

from umapi_harness.common.documents import JsonValue, Node, read_node, scalar_text

_VALUES: Final = "values"
_EXPORTED_USING: Final = "_postman_exported_using"
_OF_ANY_VALUE: Final = ("any", "default", "secret")
"""Types of variables that say nothing of the value."""


@attrs.frozen(kw_only=True)
class Environment:
    """Named values; `secret` are the names of those that no report may show."""

    name: str = ""
    values: Mapping[str, JsonValue] = attrs.field(factory=dict[str, JsonValue])
    secret: frozenset[str] = frozenset()
    origins: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """Where each value comes from: a file, an option."""
    document: Mapping[str, JsonValue] = attrs.field(factory=dict[str, JsonValue], repr=False)
    """The members of the file, as it has them."""

    def overlaid(self, values: Mapping[str, JsonValue], origin: str = "") -> Environment:
        """This environment with some values, which come from `origin`, replaced or added."""
        origins = {**self.origins, **dict.fromkeys(values, origin)}
        return attrs.evolve(self, values={**self.values, **values}, origins=origins)


def read_environment(path: Path) -> Environment:
    """Reads an exported Postman environment or globals file; raises DocumentError."""
    return parse_environment(read_node(path, "Postman environment"))


def parse_environment(document: Node) -> Environment:
    """Checks a JSON document and reads it as an environment (or globals); raises DocumentError."""
    # Globals of old are the list alone.
    value: object = document.value
    alone = isinstance(value, list)
    root = document if alone else document.get("environment") or document
    entries = root if alone else root.get(_VALUES)
    if entries is None:
        root.mapping("the environment")
        problem = 'no "values": this is not a Postman environment'
        raise root.fail(problem, "export the environment from Postman")
    values: dict[str, JsonValue] = {}
    secret: set[str] = set()
    for entry in entries.items(_VALUES):
        entry.mapping("an entry of values")
        key = entry.get("key")
        if key is None:
            raise entry.fail('an entry without "key"', "give it a key or take it out")
        enabled = entry.get("enabled")
        if entry.flag("disabled") or (enabled is not None and enabled.value is False):
            continue
        name, value = scalar_text(key), entry.get("value")
        values[name] = "" if value is None else value.value
        if entry.text_of("type") == "secret":
            secret.add(name)
    return Environment(
        name="" if alone else root.text_of("name"),
        values=values,
        secret=frozenset(secret),
        origins=dict.fromkeys(values, document.source),
        document={_VALUES: root.value} if alone else root.mapping("the environment"),
    )


def exported_environment(given: Environment, values: Mapping[str, JsonValue], scope: str, moment: float) -> str:
    """What became of an environment or globals, as Postman exports it; `moment` is seconds since 1970.

    All that the file has beside is kept: its id, members that nothing here knows of, and values that are disabled.
    """
    at = datetime.fromtimestamp(moment, UTC)
    kept = {name: value for name, value in given.document.items() if name != _EXPORTED_USING}
    entries = exported_variables(given.document.get(_VALUES), values, {"type": "any", "enabled": True})
    document = {
        "id": str(uuid.uuid4()),
        **kept,
        "name": given.name or scope,
        _VALUES: [{**entry, "type": "secret"} if entry.get("key") in given.secret else entry for entry in entries],
        "_postman_variable_scope": scope,
        "_postman_exported_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def exported_variables(
    given: object, values: Mapping[str, JsonValue], defaults: Mapping[str, JsonValue]
) -> list[dict[str, JsonValue]]:
    """The entries of a list of variables, with the values of the end, and those that have come.

    Args:
        given: the list as a document has it, if it has one.
        values: the values of the end; a variable without one is gone.
        defaults: the members that each entry has beside key and value, where the document gives it none; with `enabled`
            among them, one that is false disables an entry.
    """
    entries = cast("list[dict[str, JsonValue]]", given) if isinstance(given, list) else []
    found: list[dict[str, JsonValue]] = []
    before: set[str] = set()
    for entry in entries:
        if entry.get("disabled") is True or ("enabled" in defaults and entry.get("enabled") is False):
            found.append(entry)
            continue
        key = entry.get("id") if entry.get("key") is None else entry["key"]
        name = key if isinstance(key, str) else json.dumps(key)
        before.add(name)
        if name in values:
            missing = {member: value for member, value in defaults.items() if member not in entry}
            found.append({**_valued(entry, values[name]), **missing})
    return found + [{"key": name, "value": values[name], **defaults} for name in values if name not in before]


def _valued(entry: dict[str, JsonValue], value: JsonValue) -> dict[str, JsonValue]:
    """An entry with a value, and with the type that it has unless the value is another: the type need not fit it."""
    before = entry.get("value")
    changed = {**entry, "value": value}
    same = json.dumps("" if before is None else before) == json.dumps(value)
    return changed if same or entry.get("type") in _OF_ANY_VALUE else {**changed, "type": "any"}
