"""Endings of connections that ASGI has no words for: in the middle of an answer, or without one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ABORT: Final = "umapi_mock.abort"
"""Scope extension: a function that closes the connection without an answer."""
CLOSE: Final = "umapi_mock.close"
"""Scope extension: a function that closes the connection after what was sent so far."""
KEEP: Final = "umapi_mock.keep"
"""Scope extension: a function that takes the seconds for which the connection stays open once it is idle."""
REFUSE: Final = "umapi_mock.refuse"
"""Scope extension: a function that has connections refused until a coroutine is done."""


class ConnectionDroppedError(Exception):
    """A planned fault closed the connection; raised where the transport is the caller's own process."""


def keep_open(scope: Scope, seconds: float) -> None:
    """Let the connection stay open for so long once it is idle, where there is one."""
    keep: Callable[[float], None] | None = scope.get("extensions", {}).get(KEEP)
    if keep is not None:
        keep(seconds)


async def drop(scope: Scope, receive: Receive, outage: Coroutine[Any, Any, None] | None) -> None:
    """End the connection without an answer, and have others refused for the time of an outage."""
    refuse: Callable[[Coroutine[Any, Any, None]], None] | None = scope.get("extensions", {}).get(REFUSE)
    if outage is not None and refuse is not None:
        refuse(outage)
    elif outage is not None:
        outage.close()
    await end(scope, receive, ABORT)


async def end(scope: Scope, receive: Receive, extension: str) -> None:
    """End the connection by one of the means that the server adds to the scope."""
    ending: Callable[[], None] | None = scope.get("extensions", {}).get(extension)
    if ending is None:
        raise ConnectionDroppedError("the connection was dropped, as planned")
    ending()
    while (await receive())["type"] != "http.disconnect":
        pass


class Abortable:
    """Gives the application ways to close connections without an answer, which ASGI has none for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.refuse: Callable[[Coroutine[Any, Any, None]], None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport: Any = getattr(getattr(send, "__self__", None), "transport", None)

        def abort() -> None:
            plain = transport.get_extra_info("socket")
            if plain is not None:
                # The peer sees a reset rather than an orderly end.
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

        def keep(seconds: float) -> None:
            protocol: Any = getattr(getattr(send, "__self__", None), "on_response", None)
            protocol.__self__.timeout_keep_alive = seconds

        outgoing = _ending(send) if _is_framed_twice(scope) else send
        if transport is not None:
            ends: dict[str, Any] = {ABORT: abort, CLOSE: transport.close, REFUSE: self.refuse, KEEP: keep}
            scope.setdefault("extensions", {}).update(ends)
        try:
            await self._app(scope, receive, outgoing)
        except RuntimeError:
            # The client left while it was being answered: uvloop then raises where asyncio drops what is written.
            if transport is None or not transport.is_closing():
                raise
            cycle: Any = getattr(send, "__self__", None)
            cycle.disconnected = True
        except asyncio.CancelledError:
            # The server ends while a client is still sending: it gets no answer, least of all a 500.
            if transport is not None:
                transport.abort()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)


def _is_framed_twice(scope: Scope) -> bool:
    """Whether a request gives its length in both ways: where it ends, two readers may not agree (RFC 9112, 6.1)."""
    names = {name for name, _ in scope.get("headers", ())}
    return b"content-length" in names and b"transfer-encoding" in names


def _ending(send: Send) -> Send:
    """Answers, and ends the connection with the answer."""

    async def channel(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
        await send(message)

    return channel
