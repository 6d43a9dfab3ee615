"""Collections v1: flat lists of requests and folders that name each other, read as items of v2.1."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import cast

import attrs
from msgspec.structs import replace

from umapi_harness.common.documents import JsonValue, Node
from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.collection import Item
from umapi_harness.postman.items import MAX_DEPTH, UNNAMED, Level, broken_item, descend, read_item

_MODES = {"params": "formdata", "urlencoded": "urlencoded", "raw": "raw", "binary": "file", "graphql": "graphql"}
_AUTH_OF_HELPER = {
    "basicAuth": "basic",
    "bearerAuth": "bearer",
    "digestAuth": "digest",
    "oAuth1": "oauth1",
    "oAuth2": "oauth2",
    "hawkAuth": "hawk",
    "ntlmAuth": "ntlm",
    "awsSigV4": "awsv4",
    "apikeyAuth": "apikey",
}
_SETTINGS_OF_ATTRIBUTES = {
    "hawk": {"hawk_id": "authId", "hawk_key": "authKey", "ext": "extraData", "dlg": "delegation"},
    "oauth1": {"header": "addParamsToHeader", "includeEmpty": "addEmptyParamsToSign"},
}
"""What helpers called otherwise than authorisations do."""
_DISABLED = "//"
_Document = Mapping[str, JsonValue]


def is_v1(root: Node) -> bool:
    """Whether a document is a collection v1: it lists requests, and has neither info nor items."""
    return root.get("info") is None and root.get("item") is None and root.get("requests") is not None


def items_of_v1(root: Node) -> Iterator[Item]:
    """The requests of a collection v1, in its order; raises DocumentError when its lists are none."""
    reader = _Reader(
        requests=_by_id(root, "requests"),
        folders=_by_id(root, "folders"),
    )
    level = descend(_like(root, _common(root.mapping("the collection"))), Level(), root.text_of("name", "collection"))
    yield from reader.below(root, "", level)
    if not (_names(root, "order") or _names(root, "folders_order")):
        yield from reader.left(level)


def _by_id(root: Node, name: str) -> dict[str, Node]:
    entries = root.get(name)
    nodes = [] if entries is None else list(entries.items(name))
    return {_text(node, "id") or node.pointer: node for node in nodes}


@attrs.define(kw_only=True)
class _Reader:
    """Hands out each request and folder once, wherever it is named first."""

    requests: dict[str, Node]
    folders: dict[str, Node]

    def below(self, node: Node, id_: str, level: Level) -> Iterator[Item]:
        """What stands in a folder, or at the top: folders first, as Postman shows them, then requests."""
        if len(level.folders) > MAX_DEPTH:
            raise node.fail(f"folders nested deeper than {MAX_DEPTH}", "flatten the collection")
        named = _names(node, "folders_order")
        inside = [key for key, folder in self.folders.items() if self._parent(folder) == id_]
        keys = [*named, *(inside if id_ or not named else [])]
        for key in keys:
            if (folder := self.folders.pop(key, None)) is not None:
                yield from self._folder(folder, key, level)
        for key in _names(node, "order"):
            if (request := self.requests.pop(key, None)) is not None:
                yield _request(request, level)

    def left(self, level: Level) -> Iterator[Item]:
        """All requests and folders of a file without lists; in others, Postman runs what they name and nothing else."""
        while self.folders:
            key, folder = next(iter(self.folders.items()))
            del self.folders[key]
            yield from self._folder(folder, key, level)
        for request in self.requests.values():
            yield _request(request, level)
        self.requests.clear()

    def _folder(self, folder: Node, key: str, level: Level) -> Iterator[Item]:
        name = _text(folder, "name") or UNNAMED
        try:
            own = descend(_like(folder, _common(folder.mapping("a folder"))), level, name)
        except DocumentError as error:
            yield broken_item(folder, level, error)
            return
        inside = replace(own, folders=(*level.folders, name), folder_ids=(*level.folder_ids, key))
        yield from self.below(folder, key, inside)

    def _parent(self, folder: Node) -> str:
        return _text(folder, "folder") or _text(folder, "folderId") or _text(folder, "parentId")


def _request(node: Node, level: Level) -> Item:
    try:
        entry = _like(node, _item(node.mapping("a request")))
        return read_item(entry, level, descend(entry, level, _text(node, "name") or UNNAMED))
    except DocumentError as error:
        return broken_item(node, level, error)


def _like(node: Node, document: _Document) -> Node:
    """What was made of a node, at its place in the file."""
    return Node(document, node.source, node.pointer)


def _names(node: Node, key: str) -> list[str]:
    found = node.get(key)
    return [entry for entry in _list(None if found is None else found.value) if isinstance(entry, str)]


def _text(node: Node, key: str) -> str:
    found = node.get(key)
    value = None if found is None else found.value
    return value if isinstance(value, str) else ""


def _item(request: _Document) -> _Document:
    """A request of v1 as an item of v2.1."""
    url: dict[str, JsonValue] = {"raw": request.get("url") or ""}
    variables = _path_variables(request)
    if variables:
        url["variable"] = variables
    return {
        **_common(request),
        "protocolProfileBehavior": request.get("protocolProfileBehavior"),
        "request": {
            "method": request.get("method") or "GET",
            "url": url if variables else url["raw"],
            "header": _headers(request),
            "body": _body(request),
            "description": request.get("description"),
        },
    }


def _common(entry: _Document) -> _Document:
    """What collections, folders and requests of v1 have in common."""
    return {"name": entry.get("name"), "id": entry.get("id"), "event": _events(entry), "auth": _auth(entry)}


def _events(entry: _Document) -> JsonValue:
    if entry.get("events"):
        return entry["events"]
    scripts = (("prerequest", entry.get("preRequestScript")), ("test", entry.get("tests")))
    return [{"listen": listen, "script": {"exec": source}} for listen, source in scripts if source]


def _auth(entry: _Document) -> JsonValue:
    """Authorisation; older files have it as a helper and its attributes."""
    if entry.get("auth"):
        return entry["auth"]
    helper, attributes = entry.get("currentHelper"), entry.get("helperAttributes")
    if not isinstance(helper, str) or helper in ("", "normal"):
        return None
    if isinstance(attributes, str):
        with contextlib.suppress(ValueError, RecursionError):
            attributes = json.loads(attributes)
    type_ = _AUTH_OF_HELPER.get(helper, helper)
    names = _SETTINGS_OF_ATTRIBUTES.get(type_, {})
    return {"type": type_, type_: {names.get(name, name): value for name, value in _mapping(attributes).items()}}


def _path_variables(request: _Document) -> list[JsonValue]:
    listed = _list(request.get("pathVariableData"))
    if listed:
        return listed
    by_name = _mapping(request.get("pathVariables"))
    return [{"key": key, "value": value} for key, value in by_name.items()]


def _mapping(value: JsonValue) -> _Document:
    return cast("_Document", value) if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return cast("list[JsonValue]", value) if isinstance(value, list) else []


def _headers(request: _Document) -> JsonValue:
    listed = _list(request.get("headerData"))
    if listed:
        return [_enabled(entry) for entry in listed]
    text = request.get("headers")
    if not isinstance(text, str):
        return text
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(_DISABLED))


def _enabled(entry: JsonValue) -> JsonValue:
    """An entry of a list, with the word of v2.1 for what is switched off."""
    if not isinstance(entry, dict):
        return entry
    known = cast("dict[str, JsonValue]", entry)
    key = known.get("key")
    off = known.get("enabled") is False or (isinstance(key, str) and key.startswith(_DISABLED))
    named_by_value = known.get("type") == "file" and not known.get("src")
    return {**known, "disabled": off, **({"src": known.get("value"), "value": None} if named_by_value else {})}


def _body(request: _Document) -> JsonValue:
    data, raw = request.get("data"), _single(request.get("rawModeData"))
    given = request.get("dataMode")
    if request.get("dataDisabled") is True or ("dataMode" in request and given is None):
        return None
    mode = _MODES.get(given, "raw") if isinstance(given, str) else ""
    if not mode:
        mode = "formdata" if _list(data) and not raw else "raw"
    options = request.get("dataOptions")
    body: dict[str, JsonValue] = {"mode": mode, "options": options}
    match mode:
        case "raw":
            body["raw"] = raw or (data if isinstance(data, str) else "")
        case "file":
            body["file"] = {"src": raw or None}
        case "graphql":
            body["graphql"] = request.get("graphqlModeData") or data or {}
        case _:
            body[mode] = [_enabled(entry) for entry in _list(data)]
    return body


def _single(value: JsonValue) -> str:
    """The text that older files wrap into a list of one."""
    if len(entries := _list(value)) == 1:
        value = entries[0]
    return value if isinstance(value, str) else ""
