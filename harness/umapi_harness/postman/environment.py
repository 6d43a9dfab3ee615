"""Environments and globals: files of variables, read at the beginning of a run and written at its end."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import attrs

from umapi_harness.common.documents import JsonValue, Node, read_node, scalar_text


@attrs.frozen(kw_only=True)
class Environment:
    """Named values; `secret` are the names of those that no report may show."""

    name: str = ""
    values: Mapping[str, JsonValue] = attrs.field(factory=dict[str, JsonValue])
    secret: frozenset[str] = frozenset()
    origins: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """Where each value comes from: a file, an option."""

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
    entries = root if alone else root.get("values")
    if entries is None:
        root.mapping("the environment")
        problem = 'no "values": this is not a Postman environment'
        raise root.fail(problem, "export the environment from Postman")
    values: dict[str, JsonValue] = {}
    secret: set[str] = set()
    for entry in entries.items("values"):
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
    )


def exported_environment(given: Environment, values: Mapping[str, JsonValue], scope: str, moment: float) -> str:
    """What became of the values of an environment or globals, as Postman exports it; `moment` is seconds since 1970."""
    at = datetime.fromtimestamp(moment, UTC)
    document = {
        "id": str(uuid.uuid4()),
        "name": given.name or scope,
        "values": [
            {"key": key, "value": value, "type": "secret" if key in given.secret else "any", "enabled": True}
            for key, value in values.items()
        ],
        "_postman_variable_scope": scope,
        "_postman_exported_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
