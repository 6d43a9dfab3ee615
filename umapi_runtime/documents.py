"""Reading the JSON documents that a package of models carries in its folder `schema`."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


class Documents:
    """The schema files of one package; they refer to each other by their names."""

    def __init__(self, package: str) -> None:
        self._folder = files(package).joinpath("schema")

    def names(self) -> tuple[str, ...]:
        """Return the names of the schema files, such as `command.json`."""
        return tuple(sorted(entry.name for entry in self._folder.iterdir()))

    def text(self, name: str) -> str:
        """Return the text of one schema file.

        Raises:
            FileNotFoundError: there is no file of that name.
        """
        return self._folder.joinpath(name).read_text("utf-8")

    def read(self, name: str) -> dict[str, Any]:
        """Return one schema file as JSON data.

        Raises:
            FileNotFoundError: there is no file of that name.
        """
        document: dict[str, Any] = json.loads(self.text(name))
        return document
