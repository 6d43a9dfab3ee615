"""Environments, globals and iteration data: the files from which a run takes its variables."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import attrs

from umapi_harness.common.documents import JsonValue, Node, read_node, read_text, scalar_text
from umapi_harness.common.errors import DocumentError

DataRow = Mapping[str, JsonValue]


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
    document.mapping("the environment")
    root = document.get("environment") or document
    entries = root.get("values")
    if entries is None:
        problem = 'no "values": this is not a Postman environment'
        raise root.fail(problem, "export the environment from Postman")
    values: dict[str, JsonValue] = {}
    secret: set[str] = set()
    for entry in entries.items("values"):
        entry.mapping("an entry of values")
        key = entry.get("key")
        if key is None:
            raise entry.fail('an entry without "key"', "give it a key or take it out")
        if (enabled := entry.get("enabled")) is not None and enabled.value is False:
            continue
        name, value = scalar_text(key), entry.get("value")
        values[name] = "" if value is None else value.value
        if entry.text_of("type") == "secret":
            secret.add(name)
    return Environment(
        name=root.text_of("name"),
        values=values,
        secret=frozenset(secret),
        origins=dict.fromkeys(values, document.source),
    )


def read_data(path: Path) -> tuple[DataRow, ...]:
    """Reads iteration data, one row per iteration: JSON (an array of objects) or CSV with a heading line.

    Raises DocumentError when the file is neither, or holds no row.
    """
    rows = _json_rows(path) if path.suffix.lower() == ".json" else _csv_rows(path)
    if not rows:
        raise DocumentError(str(path), "", "no row of data", "give at least one row")
    return rows


def _json_rows(path: Path) -> tuple[DataRow, ...]:
    return tuple(dict(row.mapping("a row")) for row in read_node(path, "data file").items("iteration data"))


def _csv_rows(path: Path) -> tuple[DataRow, ...]:
    reader = csv.reader(io.StringIO(read_text(path, "data file"), newline=""), strict=True)
    rows: list[DataRow] = []
    heading: list[str] = []
    try:
        for cells in reader:
            if not cells:
                continue
            if not heading:
                heading = [cell.strip() for cell in cells]
                _check_heading(path, heading)
                continue
            if len(cells) != len(heading):
                problem = f"line {reader.line_num} has {len(cells)} cells, the heading {len(heading)}"
                raise DocumentError(str(path), "", problem, "quote cells that contain commas")
            rows.append(cast("DataRow", dict(zip(heading, cells, strict=True))))
    except csv.Error as error:
        problem = f"not CSV: {error} at line {reader.line_num}"
        raise DocumentError(str(path), "", problem, "correct the quoting") from None
    return tuple(rows)


def _check_heading(path: Path, heading: list[str]) -> None:
    twice = sorted({name for name in heading if heading.count(name) > 1})
    if "" in heading or twice:
        problem = f"the heading names {twice[0]!r} twice" if twice and twice[0] else "the heading has an empty name"
        raise DocumentError(str(path), "", problem, "give every column a name of its own")
