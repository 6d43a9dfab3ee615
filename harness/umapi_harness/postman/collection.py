"""Collections: what one holds once it has been read, and how a single request is read."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec

from umapi_harness.common.documents import JsonValue, Node, scalar_text
from umapi_harness.common.errors import DocumentError
from umapi_harness.postman.behaviour import Behaviour
from umapi_harness.postman.bodies import Body, Parameter, parse_body, parse_headers, parse_parameters
from umapi_harness.postman.unheard import Unheard


@attrs.frozen(kw_only=True)
class Auth:
    """How a request proves who sends it; `settings` by the names that Postman uses for the type.

    `place` is where it stands, as file and JSON pointer.
    """

    type: str
    settings: Mapping[str, JsonValue] = attrs.field(factory=dict[str, JsonValue], repr=False)
    place: str = attrs.field(default="", eq=False)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as written in the collection, its variables unresolved."""

    method: str
    url: str
    path_variables: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    body: Body | None = None
    auth: Auth | None = None
    description: str = ""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A script of an event, with where it stands for error messages."""

    source: str
    pointer: str
    owner: str


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A request in its place: folders, inherited authorisation, and the scripts of all levels, outermost first.

    `problem` is why what stands at that place cannot be executed; the request then means nothing.
    """

    name: str
    id: str
    folders: tuple[str, ...]
    folder_ids: tuple[str, ...]
    pointer: str
    request: Request
    auth: Auth | None
    prerequest: tuple[Script, ...]
    tests: tuple[Script, ...]
    behaviour: Behaviour = msgspec.field(default_factory=Behaviour)
    problem: DocumentError | None = None

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


def parse_auth(node: Node | None) -> Auth | None:
    """Authorisation as written at one level; None, where it is null or has no type, means: inherit."""
    if node is None:
        return None
    node.mapping("auth")
    if node.get("type") is None:
        return None
    type_ = node.text_of("type")
    place = f"{node.source}#{node.pointer}"
    given = node.get(type_) if type_ else None
    if given is None:
        return Auth(type=type_, place=place)
    if isinstance(given.value, list):
        pairs = {entry.text_of("key"): entry.get("value") for entry in given.items(type_)}
    else:
        pairs = {key: given.child(key, value) for key, value in given.mapping(type_).items()}
    settings = {key: value.value for key, value in pairs.items() if value is not None}
    return Auth(type=type_, settings=settings, place=place)


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
        auth=parse_auth(node.get("auth")),
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
