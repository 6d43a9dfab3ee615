"""Bodies, headers and other lists of keys and values, as a collection writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import unquote_plus

import msgspec

from umapi_harness.common.documents import Node, scalar_text


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A key and a value: a header, a query parameter (`bare`: without "="), a form field or a path variable.

    A form field of a file names one, several, or none of them; `file_name` is what the server is told.
    """

    key: str
    value: str
    bare: bool = False
    is_file: bool = False
    files: tuple[str, ...] = ()
    file_name: str | None = None
    content_type: str | None = None


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a request; which fields count depends on `mode`."""

    mode: str
    raw: str = ""
    language: str = ""
    fields: tuple[Parameter, ...] = ()
    variables: str = ""
    operation: str = ""
    """The operationName of a GraphQL body."""


def parse_headers(node: Node | None) -> tuple[Parameter, ...]:
    """Reads headers: an array of key and value, as an object, or as lines `Name: value`."""
    if node is None:
        return ()
    if isinstance(node.value, str):
        pairs = (line.partition(":") for line in node.value.splitlines() if ":" in line)
        return tuple(Parameter(key=key.strip(), value=value.strip()) for key, _, value in pairs)
    if isinstance(node.value, dict):
        members = ((key, node.child(key, value)) for key, value in node.mapping("header").items())
        return tuple(Parameter(key=key, value=scalar_text(value)) for key, value in members)
    return parse_parameters(node, "header")


def parse_parameters(node: Node, what: str) -> tuple[Parameter, ...]:
    """The entries of a list of keys and values that are not disabled; raises DocumentError."""
    found: list[Parameter] = []
    for entry in node.items(what):
        if isinstance(entry.value, str) and what == "header":
            found.extend(parse_headers(entry))
            continue
        entry.mapping(f"an entry of {what}")
        if entry.flag("disabled"):
            continue
        is_file = entry.text_of("type") == "file"
        file_name = entry.get("fileName")
        found.append(
            Parameter(
                key=entry.text_of("key") or (entry.text_of("id") if what == "variable" else ""),
                value=entry.text_of("value"),
                bare=entry.get("value") is None,
                is_file=is_file,
                files=_sources(entry) if is_file else (),
                file_name=None if file_name is None else scalar_text(file_name),
                content_type=entry.text_of("contentType") or None,
            )
        )
    return tuple(found)


def _sources(entry: Node) -> tuple[str, ...]:
    """The files of a field: a name, a list of names, or none."""
    src = entry.get("src")
    if src is None or src.value == "":
        return ()
    if isinstance(src.value, list):
        return tuple(name.text("src") for name in src.items("src"))
    return (src.text("src"),)


def parse_body(node: Node | None) -> Body | None:
    """A body as Postman writes it, or a plain string; None when there is none; raises DocumentError."""
    if node is None:
        return None
    if isinstance(node.value, str):
        return Body(mode="raw", raw=node.value)
    node.mapping("body")
    mode = node.text_of("mode")
    if not mode or node.flag("disabled"):
        return None
    reader = _READERS.get(mode)
    if reader is None:
        raise node.fail(f"unknown body mode {mode}", f"use one of {', '.join(_READERS)}")
    content = node.get(mode)
    return Body(mode=mode) if content is None else reader(node, content)


def _raw(node: Node, content: Node) -> Body:
    options = node.get("options")
    raw_options = options.get("raw") if options else None
    language = raw_options.text_of("language") if raw_options else ""
    return Body(mode="raw", raw=scalar_text(content), language=language)


def _graphql(_node: Node, content: Node) -> Body:
    variables = content.get("variables")
    text = "" if variables is None else variables.value
    text = text if isinstance(text, str) else json.dumps(text)
    operation = content.text_of("operationName")
    return Body(mode="graphql", raw=content.text_of("query"), variables=text, operation=operation)


def _file(_node: Node, content: Node) -> Body:
    names = _sources(content)
    fields = (Parameter(key="", value="", is_file=True, files=names),) if names else ()
    return Body(mode="file", raw=content.text_of("content"), fields=fields)


def _urlencoded(_node: Node, content: Node) -> Body:
    return Body(mode="urlencoded", fields=_fields(content, "urlencoded"))


def _formdata(_node: Node, content: Node) -> Body:
    return Body(mode="formdata", fields=_fields(content, "formdata"))


def _fields(content: Node, mode: str) -> tuple[Parameter, ...]:
    if isinstance(content.value, str):
        pairs = (part.partition("=") for part in content.value.split("&") if part)
        return tuple(Parameter(key=unquote_plus(key), value=unquote_plus(value)) for key, _, value in pairs)
    if isinstance(content.value, dict):
        members = ((key, content.child(key, value)) for key, value in content.mapping(mode).items())
        return tuple(Parameter(key=key, value=scalar_text(value)) for key, value in members)
    return parse_parameters(content, mode)


_READERS: dict[str, Callable[[Node, Node], Body]] = {
    "raw": _raw,
    "urlencoded": _urlencoded,
    "formdata": _formdata,
    "graphql": _graphql,
    "file": _file,
}
