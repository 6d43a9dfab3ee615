"""Receiving: one request, from what the server hands over to a call that can be answered."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import parse_qsl, quote, unquote_plus, urlsplit

import attrs
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from umapi_harness.mock.api.calls import Call
from umapi_harness.mock.api.routes import find_route

_DRAINED: Final = 64 * 1024 * 1024  # bytes read of a body that is refused for its length


@attrs.frozen
class Received:
    """The body of a request that came to its end."""

    content: bytes
    """Empty when it is too large."""
    too_large: bool


async def receive_body(receive: Receive, limit: int) -> Received | None:
    """The body of a request, of which no more than `limit` bytes are kept.

    None if the client went away, or sent what is no HTTP, before its end.
    """
    chunks: list[bytes] = []
    size = 0
    more = True
    # What is too large is read on for a while all the same: who still sends does not see a refusal.
    while more and size <= max(limit, _DRAINED):
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
        more = message.get("more_body", False)
    return Received(b"".join(chunks), size > limit)


async def receive_call(scope: Scope, receive: Receive, limit: int) -> Call | None:
    """The request as a call, of whose body no more than `limit` bytes are kept.

    None if the client went away, or sent what is no HTTP, before its end: it then has no effect.
    """
    received = await receive_body(receive, limit)
    if received is None:
        return None
    query_string = scope["query_string"].decode("latin-1")
    query = dict(parse_qsl(query_string, keep_blank_values=True)) if query_string else {}
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path = _raw_path(scope)
    route = find_route(path)
    asks_for_token = route is not None and route.operation == "token"
    return Call(
        method=scope["method"],
        path=path,
        route=route,
        query_string=query_string,
        query=query,
        headers=headers,
        form=_basic(headers) | query | await _form(scope, received.content) if asks_for_token else {},
        body=received.content,
        too_large=received.too_large,
    )


def _raw_path(scope: Scope) -> str:
    raw: bytes | None = scope.get("raw_path")
    path = raw.decode("latin-1") if raw is not None else quote(scope["path"])
    # A proxy may be asked, and ask on, with the whole address.
    if path.startswith("/"):
        return path
    try:
        return urlsplit(path).path
    except ValueError:
        return path


def _basic(headers: dict[str, str]) -> dict[str, str]:
    """Client id and secret where they come by HTTP Basic authentication.

    RFC 6749 has that first (2.3.1) [G basic-authentication].
    """
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        return {}
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)} if colon else {}


async def _form(scope: Scope, body: bytes) -> dict[str, str]:
    """The fields of a form; malformed forms have none."""

    async def whole() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        form = await Request(scope, whole).form(max_files=0)
    except (MultiPartException, ValueError):  # a ValueError of the parser's own: not every Starlette takes it in
        return {}
    return {name: value for name, value in form.items() if isinstance(value, str)}
