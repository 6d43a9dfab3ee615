"""Items: the requests of a collection, with what they inherit from the folders around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from msgspec.structs import replace

from umapi_harness.common.documents import JsonValue, Node, scalar_text
from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.behaviour import behaviour_of
from umapi_harness.postman.collection import Auth, Item, Request, Script, parse_auth, parse_request
from umapi_harness.postman.unheard import listeners

MAX_DEPTH = 100
UNNAMED = "unnamed"
EXPORT_AGAIN = "export the collection from Postman as Collection v2.1"


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """What a request inherits from the collection and the folders around it."""

    folders: tuple[str, ...] = ()
    folder_ids: tuple[str, ...] = ()
    auth: Auth | None = None
    prerequest: tuple[Script, ...] = ()
    tests: tuple[Script, ...] = ()
    behaviour: Mapping[str, JsonValue] = msgspec.field(default_factory=dict[str, JsonValue])


def descend(node: Node, above: Level, name: str) -> Level:
    """What the entries below `node` (collection or folder) inherit."""
    behaviour = node.get("protocolProfileBehavior")
    own = _scripts(node, name)
    return Level(
        folders=above.folders,
        folder_ids=above.folder_ids,
        auth=parse_auth(node.get("auth")) or above.auth,
        prerequest=above.prerequest + tuple(own["prerequest"]),
        tests=above.tests + tuple(own["test"]),
        behaviour={**above.behaviour, **(behaviour.mapping("protocolProfileBehavior") if behaviour else {})},
    )


def items_below(entries: Node, level: Level) -> Iterator[Item]:
    """The requests of a list of items, in order. One that is malformed is an item with a problem."""
    if len(level.folders) > MAX_DEPTH:
        raise entries.fail(f"folders nested deeper than {MAX_DEPTH}", "flatten the collection")
    for entry in entries.items("item"):
        try:
            own, children = _opened(entry, level)
        except DocumentError as error:
            yield broken_item(entry, level, error)
        else:
            if children is None:
                yield read_item(entry, level, own)
            else:
                yield from items_below(children, own)


def _opened(entry: Node, level: Level) -> tuple[Level, Node | None]:
    """What an item or what is below it inherits, and the items below it, if it is a folder."""
    entry.mapping("an item")
    name = entry.text_of("name", UNNAMED)
    request, children = entry.get("request"), entry.get("item")
    if (request is None) == (children is None):
        raise entry.fail('an item needs either "request" or "item"', EXPORT_AGAIN)
    own = descend(entry, level, name)
    if children is None:
        return own, None
    if not isinstance(children.value, list):
        raise children.fail("item must be an array", EXPORT_AGAIN)
    inside = replace(own, folders=(*level.folders, name), folder_ids=(*level.folder_ids, _id(entry)))
    return inside, children


def read_item(entry: Node, level: Level, own: Level) -> Item:
    """A request among the items; `own` is what it inherits and has itself."""
    request = entry.get("request")
    try:
        parsed = Request(method="GET", url="") if request is None else parse_request(request)
    except DocumentError as error:
        return broken_item(entry, level, error)
    return Item(
        name=entry.text_of("name", UNNAMED),
        id=_id(entry),
        folders=level.folders,
        folder_ids=level.folder_ids,
        pointer=entry.pointer,
        request=parsed,
        auth=parsed.auth or own.auth,
        prerequest=own.prerequest,
        tests=own.tests,
        behaviour=behaviour_of(own.behaviour),
    )


def broken_item(entry: Node, level: Level, error: DocumentError) -> Item:
    """An item that stands for what cannot be read."""
    name = entry.get("name")
    return Item(
        name=name.value if name is not None and isinstance(name.value, str) else UNNAMED,
        id="",
        folders=level.folders,
        folder_ids=level.folder_ids,
        pointer=entry.pointer,
        request=Request(method="GET", url=""),
        auth=None,
        prerequest=(),
        tests=(),
        problem=error,
    )


def _id(entry: Node) -> str:
    return entry.text_of("id") or entry.text_of("_postman_id")


def _scripts(node: Node, owner: str) -> dict[str, list[Script]]:
    """The scripts of an entry, by the event that they listen to."""
    found: dict[str, list[Script]] = {"prerequest": [], "test": []}
    for event in listeners(node):
        script = event.get("script")
        if script is None or (event_name := event.text_of("listen")) not in found or event.flag("disabled"):
            continue
        code = script if isinstance(script.value, str) else script.get("exec")
        if code is None:
            if script.get("src") is not None:
                raise script.fail("scripts in files of their own (src) are not supported", "put the script into exec")
            continue
        source = _joined(code)
        if source.strip():
            found[event_name].append(Script(source=source, pointer=code.pointer, owner=owner))
    return found


def _joined(code: Node) -> str:
    """The text of a script: one string, or its lines."""
    value = code.value
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        lines = cast("list[JsonValue]", value)
        texts = [line for line in lines if isinstance(line, str)]
        if len(texts) == len(lines):
            return "\n".join(texts)  # nearly always: nothing can fail, so no place need be known
    return "\n".join(scalar_text(line) for line in code.items("exec"))
