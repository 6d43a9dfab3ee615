"""The JSON Schemas, the OpenAPI document and the error codes that the models were generated from."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

_FOLDER = files(__name__.rpartition(".")[0]).joinpath("schema")


def names() -> tuple[str, ...]:
    """Return the names of the schema files, such as `command.json`; they refer to each other by these names."""
    return tuple(sorted(entry.name for entry in _FOLDER.iterdir()))


def text(name: str) -> str:
    """Return the text of one schema file.

    Raises:
        FileNotFoundError: there is no file of that name.
    """
    return _FOLDER.joinpath(name).read_text("utf-8")


def read(name: str) -> dict[str, Any]:
    """Return one schema file as JSON data.

    Raises:
        FileNotFoundError: there is no file of that name.
    """
    document: dict[str, Any] = json.loads(text(name))
    return document
