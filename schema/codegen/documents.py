"""The schema files as tools read them: what the source says once is written out where JSON Schema needs it.

An error line without words gets those of its code, a description the numbers that it names in braces, a remedy the
limits that it names by their constants, and `x-umapi-last`, which is no keyword of JSON Schema, is said with those that
are.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

Document = dict[str, Any]

_NUMBER = re.compile(r"\{([\w-]+)\}")


def read_documents(folder: Path) -> dict[str, Document]:
    """Return the schema files of a folder by name, as they are written."""
    return {path.name: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}


def worded(documents: dict[str, Document]) -> dict[str, Document]:
    """Return the documents with a message in each error line, and with numbers in descriptions.

    Raises:
        ValueError: a line names a code that `error_codes.json` does not have, or that has no words.
    """
    entries = {entry["code"]: entry for entry in documents["error_codes.json"]["codes"]}
    written = copy.deepcopy(documents)
    for name, document in written.items():
        for node in objects_in(document):
            for place, line in error_lines(node):
                line["message"] = _message(line, entries, f"{name}: {place}")
            if isinstance(text := node.get("description"), str):
                node["description"] = _numbered(text, node)
    numbers = {name: value for name, value, _ in constants(documents)}
    for entry in written["error_codes.json"]["codes"]:
        entry["remedy"] = _numbered(entry["remedy"], numbers)
        if "remedies" in entry:
            entry["remedies"] = {step: _numbered(remedy, numbers) for step, remedy in entry["remedies"].items()}
    return written


def constants(documents: dict[str, Document]) -> list[tuple[str, int, str]]:
    """Return name, value and description of each limit that has a name."""
    return [
        (told["name"], node[keyword], told["description"])
        for document in documents.values()
        for node in objects_in(document)
        for keyword, told in node.get("x-umapi-constants", {}).items()
    ]


def _numbered(text: str, numbers: Document) -> str:
    return _NUMBER.sub(lambda found: str(numbers[found[1]]), text)


def spread(documents: dict[str, Document]) -> dict[str, Document]:
    """Return the documents with `x-umapi-last` also said in JSON Schema: for each place but the last, once."""
    written = copy.deepcopy(documents)
    for document in written.values():
        for node in objects_in(document):
            for rule in node.get("allOf", ()) if isinstance(node.get("allOf"), list) else ():
                if "x-umapi-last" in rule:
                    rule["allOf"] = [_place(rule, place) for place in range(1, node["maxItems"])]
    return written


def _place(rule: Document, place: int) -> Document:
    """Return the rule that nothing follows the item in question at a place, counted from 1."""
    items = [True] * (place - 1) + [rule["x-umapi-last"]]
    line = rule["x-umapi-errors"]["x-umapi-last"]
    return {
        "if": {"minItems": place, "prefixItems": items},
        "then": {"maxItems": place, "x-umapi-errors": {"maxItems": line}},
    }


def objects_in(value: object) -> Iterator[Document]:
    """Yield every object in a document."""
    if isinstance(value, dict):
        yield value
        for child in cast("dict[str, object]", value).values():
            yield from objects_in(child)
    elif isinstance(value, list):
        for child in cast("list[object]", value):
            yield from objects_in(child)


def error_lines(node: Document) -> Iterator[tuple[str, Document]]:
    """Yield the error lines of a schema, each with the keyword that it belongs to."""
    for keyword, entry in node.get("x-umapi-errors", {}).items():
        for line in entry.values() if keyword == "required" else (entry,):
            yield keyword, line
    if "x-umapi-warning" in node:
        yield "x-umapi-warning", node["x-umapi-warning"]


def _message(line: Document, entries: dict[str, Document], place: str) -> str:
    code = line["code"]
    if code not in entries:
        raise ValueError(f"{place}: {code} is not in error_codes.json: add it there")
    words = line.pop("own_words", None) or entries[code].get("message") or entries[code].get("own_words")
    if words is None:
        raise ValueError(f"{place}: nobody knows the words of {code}: give own_words, here or in error_codes.json")
    return str(words)
