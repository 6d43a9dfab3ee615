"""Formats: collection files of Postman, v1 to v2.1, as they are exported, and as its API gives them."""

from __future__ import annotations

from pathlib import Path

from umapi_harness.common.documents import JsonValue, Node, read_node, scalar_text
from umapi_harness.postman.collection import Collection
from umapi_harness.postman.items import EXPORT_AGAIN, Level, descend, items_below
from umapi_harness.postman.legacy import is_v1, items_of_v1
from umapi_harness.postman.unheard import unheard_scripts


def read_collection(path: Path) -> Collection:
    """Reads a collection file; raises DocumentError when it is none of Postman's."""
    return parse_collection(read_node(path, "Postman collection"))


def parse_collection(document: Node) -> Collection:
    """Checks a JSON document and reads it as a collection; raises DocumentError.

    What is wrong with a single request or folder is the problem of its item.
    """
    document.mapping("the collection")
    root = document.get("collection") or document
    root.mapping("collection")
    if is_v1(root):
        return Collection(
            name=root.text_of("name", "collection"),
            source=document.source,
            items=tuple(items_of_v1(root)),
            variables=_variables(root.get("variables")),
        )
    name, entries = _name(root), root.get("item")
    if entries is None:
        raise root.fail('no "item": the collection holds no requests', EXPORT_AGAIN)
    return Collection(
        name=name,
        source=document.source,
        items=tuple(items_below(entries, descend(root, Level(), name))),
        variables=_variables(root.get("variable")),
        unheard=tuple(unheard_scripts(root)),
    )


def _name(root: Node) -> str:
    """The collection's name, from what it says of itself; raises DocumentError where that is something else."""
    info = root.get("info")
    if info is None:
        # Newman runs requests that nothing is said of.
        if root.get("item") is not None:
            return "collection"
        problem = 'no "info": this is not a Postman collection'
        if root.get("values") is not None:
            problem = "this is a Postman environment, not a collection"
        raise root.fail(problem, EXPORT_AGAIN)
    info.mapping("info")
    schema = info.get("schema")
    if schema is not None and "/v2." not in schema.text("schema"):
        raise schema.fail(f"unknown collection format {schema.value}", EXPORT_AGAIN)
    return info.text_of("name", "collection")


def _variables(node: Node | None) -> dict[str, JsonValue]:
    if node is None:
        return {}
    found: dict[str, JsonValue] = {}
    for entry in node.items("variable"):
        entry.mapping("a variable")
        if entry.flag("disabled"):
            continue
        key = entry.get("key") or entry.get("id")
        if key is None:
            raise entry.fail('a variable without "key"', "give it a key or take it out")
        value = entry.get("value")
        found[scalar_text(key)] = "" if value is None else value.value
    return found
