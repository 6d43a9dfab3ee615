"""Postman Collection v2.1: what a collection holds once it has been read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from umapi_harness.common.documents import JsonValue, Node, read_node, scalar_text
from umapi_harness.postman.behaviour import Behaviour, behaviour_of
from umapi_harness.postman.bodies import Body, Parameter, parse_body, parse_headers, parse_parameters
from umapi_harness.postman.unheard import Unheard, unheard_scripts

AUTH_TYPES = ("apikey", "basic", "bearer", "noauth", "oauth2")
MAX_DEPTH = 100
EXPORT_AGAIN = "export the collection from Postman as Collection v2.1"


@attrs.frozen(kw_only=True)
class Auth:
    """How a request proves who sends it; `settings` by the names that Postman uses for the type."""

    type: str
    settings: Mapping[str, str] = attrs.field(factory=dict[str, str])


@attrs.frozen(kw_only=True)
class Request:
    """A request as written in the collection, its variables unresolved."""

    method: str
    url: str
    path_variables: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    body: Body | None = None
    auth: Auth | None = None
    description: str = ""


@attrs.frozen(kw_only=True)
class Script:
    """A script of an event, with where it stands for error messages."""

    source: str
    pointer: str
    owner: str


@attrs.frozen(kw_only=True)
class Item:
    """A request in its place: folders, inherited authorisation, and the scripts of all levels, outermost first."""

    name: str
    id: str
    folders: tuple[str, ...]
    folder_ids: tuple[str, ...]
    pointer: str
    request: Request
    auth: Auth | None
    prerequest: tuple[Script, ...]
    tests: tuple[Script, ...]
    behaviour: Behaviour = attrs.field(factory=Behaviour)

    def is_in(self, name: str) -> bool:
        """Whether this is the request of that name or id, or stands in a folder of that name or id."""
        return self.is_called(name) or name in self.folders or (name != "" and name in self.folder_ids)

    def is_called(self, name: str) -> bool:
        """Whether this is the request of that name or id."""
        return name == self.name or (name != "" and name == self.id)


@attrs.frozen(kw_only=True)
class Collection:
    """A collection: its requests in order, and its variables."""

    name: str
    source: str
    items: tuple[Item, ...]
    variables: Mapping[str, JsonValue]
    unheard: tuple[Unheard, ...] = ()
    """Scripts that no event of a run starts."""

    def folder_names(self) -> tuple[str, ...]:
        """The names of all folders, in order of appearance."""
        return tuple(dict.fromkeys(name for item in self.items for name in item.folders))


@attrs.frozen(kw_only=True)
class _Level:
    """What a request inherits from the collection and the folders around it."""

    folders: tuple[str, ...] = ()
    folder_ids: tuple[str, ...] = ()
    auth: Auth | None = None
    prerequest: tuple[Script, ...] = ()
    tests: tuple[Script, ...] = ()
    behaviour: Mapping[str, JsonValue] = attrs.field(factory=dict[str, JsonValue])


def read_collection(path: Path) -> Collection:
    """Reads a collection file; raises DocumentError when it is not a Postman Collection v2."""
    return parse_collection(read_node(path, "Postman collection"))


def parse_collection(document: Node) -> Collection:
    """Checks a JSON document and reads it as a collection; raises DocumentError."""
    document.mapping("the collection")
    root = document.get("collection") or document
    info = root.get("info")
    if info is None:
        problem = 'no "info": this is not a Postman Collection v2.1'
        if root.get("requests") is not None:
            problem = "this is a Postman Collection v1"
        elif root.get("values") is not None:
            problem = "this is a Postman environment, not a collection"
        raise root.fail(problem, EXPORT_AGAIN)
    info.mapping("info")
    schema = info.get("schema")
    if schema is not None and "/v2." not in schema.text("schema"):
        raise schema.fail(f"unknown collection format {schema.value}", EXPORT_AGAIN)
    entries = root.get("item")
    if entries is None:
        raise root.fail('no "item": the collection holds no requests', EXPORT_AGAIN)
    level = _descend(root, _Level(), info.text_of("name", "collection"))
    return Collection(
        name=info.text_of("name", "collection"),
        source=document.source,
        items=tuple(_items(entries, level)),
        variables=_variables(root.get("variable")),
        unheard=tuple(unheard_scripts(root)),
    )


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


def _descend(node: Node, above: _Level, name: str) -> _Level:
    """What the entries below `node` (collection or folder) inherit."""
    behaviour = node.get("protocolProfileBehavior")
    return _Level(
        folders=above.folders,
        folder_ids=above.folder_ids,
        auth=_auth(node.get("auth")) or above.auth,
        prerequest=above.prerequest + _scripts(node, "prerequest", name),
        tests=above.tests + _scripts(node, "test", name),
        behaviour={**above.behaviour, **(behaviour.mapping("protocolProfileBehavior") if behaviour else {})},
    )


def _items(entries: Node, level: _Level) -> Iterator[Item]:
    if len(level.folders) > MAX_DEPTH:
        raise entries.fail(f"folders nested deeper than {MAX_DEPTH}", "flatten the collection")
    for entry in entries.items("item"):
        entry.mapping("an item")
        name = entry.text_of("name", "unnamed")
        request, children = entry.get("request"), entry.get("item")
        if (request is None) == (children is None):
            problem = 'an item needs either "request" or "item"'
            raise entry.fail(problem, EXPORT_AGAIN)
        own = _descend(entry, level, name)
        if children is not None:
            inside = attrs.evolve(
                own,
                folders=(*level.folders, name),
                folder_ids=(*level.folder_ids, entry.text_of("id") or entry.text_of("_postman_id")),
            )
            yield from _items(children, inside)
        elif request is not None:
            parsed = parse_request(request)
            yield Item(
                name=name,
                id=entry.text_of("id") or entry.text_of("_postman_id"),
                folders=level.folders,
                folder_ids=level.folder_ids,
                pointer=entry.pointer,
                request=parsed,
                auth=parsed.auth or own.auth,
                prerequest=own.prerequest,
                tests=own.tests,
                behaviour=behaviour_of(own.behaviour),
            )


def _scripts(node: Node, listen: str, owner: str) -> tuple[Script, ...]:
    events = node.get("event")
    if events is None:
        return ()
    found: list[Script] = []
    for event in events.items("event"):
        script = event.get("script")
        if script is None or event.text_of("listen") != listen or event.flag("disabled"):
            continue
        if script.get("src") is not None:
            raise script.fail("scripts in files of their own (src) are not supported", "put the script into exec")
        code = script if isinstance(script.value, str) else script.get("exec")
        if code is None:
            continue
        lines = [code] if isinstance(code.value, str) else list(code.items("exec"))
        source = "\n".join(line.text("a line of a script") for line in lines)
        if source.strip():
            found.append(Script(source=source, pointer=code.pointer, owner=owner))
    return tuple(found)


def _auth(node: Node | None) -> Auth | None:
    """Authorisation as written at one level; None means: inherit."""
    if node is None:
        return None
    node.mapping("auth")
    type_ = node.text_of("type")
    if type_ not in AUTH_TYPES:
        remedy = f"use one of {', '.join(AUTH_TYPES)}, or set the header in a script"
        raise node.fail(f"authorisation of type {type_ or '(none)'} is not supported", remedy)
    given = node.get(type_)
    if given is None:
        return Auth(type=type_)
    if isinstance(given.value, list):
        pairs = {entry.text_of("key"): entry.get("value") for entry in given.items(type_)}
    else:
        pairs = {key: given.child(key, value) for key, value in given.mapping(type_).items()}
    settings = {
        key: scalar_text(value)
        for key, value in pairs.items()
        if value is not None and isinstance(value.value, str | int | float | bool)
    }
    return Auth(type=type_, settings=settings)


def parse_request(node: Node) -> Request:
    """A request as Postman writes it, in a collection or in pm.sendRequest; raises DocumentError."""
    if isinstance(node.value, str):
        return Request(method="GET", url=node.value)
    node.mapping("a request")
    url = node.get("url")
    text, path_variables = ("", ()) if url is None else _url(url)
    description = node.get("description")
    if description is not None and isinstance(description.value, dict):
        description = description.get("content")
    return Request(
        method=node.text_of("method", "GET").upper(),
        url=text,
        path_variables=path_variables,
        headers=parse_headers(node.get("header") or node.get("headers")),
        body=parse_body(node.get("body")),
        auth=_auth(node.get("auth")),
        description="" if description is None else scalar_text(description),
    )


def _url(node: Node) -> tuple[str, tuple[Parameter, ...]]:
    """The address as one string with its variables in place, and the values for its `:name` segments."""
    if isinstance(node.value, str):
        return node.value, ()
    node.mapping("url")
    variable = node.get("variable")
    path_variables = () if variable is None else parse_parameters(variable, "variable")
    host, raw = node.get("host"), node.text_of("raw")
    if host is None:
        if not raw:
            raise node.fail("a URL needs either raw or host", "write the address into raw")
        return raw, path_variables
    text = _joined(host, ".", "host")
    protocol, port = node.text_of("protocol"), node.text_of("port")
    if protocol:
        text = f"{protocol.removesuffix('://')}://{text}"
    if port:
        text += f":{port}"
    path, query = node.get("path"), node.get("query")
    if path is not None:
        text += "/" + _joined(path, "/", "path").removeprefix("/")
    if query is not None:
        pairs = parse_parameters(query, "query")
        text += "?" * bool(pairs) + "&".join(_query_pair(pair) for pair in pairs)
    return text, path_variables


def _query_pair(pair: Parameter) -> str:
    return pair.key if pair.bare else f"{pair.key}={pair.value}"


def _joined(node: Node, separator: str, what: str) -> str:
    if isinstance(node.value, str):
        return node.value
    parts: list[str] = []
    for part in node.items(what):
        inner = part.get("value")
        parts.append(scalar_text(part if inner is None else inner))
    return separator.join(parts)
