"""The gate to everything under /_mock/: no other site's pages, no endless bodies, and a date on every answer."""

from __future__ import annotations

from email.utils import formatdate
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umapi_harness.mock.serving.addresses import Names, is_address
from umapi_harness.mock.serving.receiving import receive_body
from umapi_harness.mock.world import World


class Gate:
    """Lets requests through to an application; `names` are those by which the server may be called."""

    def __init__(self, app: ASGIApp, world: World, names: Names) -> None:
        self._app = app
        self._world = world
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Date", formatdate(self._world.clock.now(), usegmt=True))
            await send(message)

        limit = self._world.settings.admin_body_limit
        body = await receive_body(receive, limit)
        if body is None:
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await JSONResponse({"error": refusal}, 403)(scope, receive, dated)
        elif body.too_large:
            remedy = "send less, or raise the setting admin_body_limit; --seed takes files of any size"
            await JSONResponse({"error": f"body: larger than {limit} bytes; {remedy}"}, 413)(scope, receive, dated)
        else:
            await self._app(scope, _again(body.content, receive), dated)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if origin is not None and _site(origin) != host:
            return "/_mock answers no page of another site; call it from a program, or from its own page"
        server: tuple[str, int | None] | None = scope.get("server")
        # Without a socket, in the caller's own process, nobody was led here.
        if server is not None and is_address(server[0]) and not self._names.include(host):
            name = host.rpartition(":")[0] or host
            return (
                f"/_mock is not called {name[:100]!r}; use an IP address or localhost, or start with --allow-host NAME"
            )
        return None


def _site(origin: str) -> str | None:
    """Host and port of an Origin header; None for one that cannot be read."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _again(content: bytes, receive: Receive) -> Receive:
    """The channel of a request whose body was received already."""
    left = [content]

    async def channel() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return channel
