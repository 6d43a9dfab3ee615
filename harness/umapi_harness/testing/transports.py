"""In-process use: transports for httpx, and routes for respx, behind which a world answers without a socket.

`httpx.ASGITransport(create_app(world))` does for an async client too; the transports here also serve blocking
clients, keep time-outs, and show dropped connections and truncated bodies as httpx shows them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import anyio.to_thread
import attrs
import httpx
from starlette.types import ASGIApp, Message

from umapi_harness.mock.serving.app import create_app
from umapi_harness.mock.serving.endings import ABORT, CLOSE, REFUSE
from umapi_harness.mock.serving.loops import process_loop
from umapi_harness.mock.world import World
from umapi_models.operations import API_HOST, IMS_HOST

if TYPE_CHECKING:
    import respx

HOSTS: Final = (API_HOST, IMS_HOST)
"""The hosts of the service, which are Adobe's."""

_WITHOUT_BODY: Final = frozenset({204, 304})


class WorldTransport(httpx.BaseTransport):
    """A transport for `httpx.Client` to a world, whatever host is asked for.

    Requests are answered one after the other in a thread of their own. Raises the exceptions that httpx has for
    the network: `ReadError` for a dropped connection, `ReadTimeout` when the client's time is up.
    """

    def __init__(self, world: World, *, admin: bool = True) -> None:
        """Lead to `world`; `admin` adds the interface under /_mock/."""
        self._wire = _Wire(create_app(world, admin=admin))

    def end_calls(self) -> None:
        """Cancel calls that nobody waits for any more, and an outage; otherwise they go on as planned."""
        process_loop().call(self._wire.end_calls)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        request.read()
        return process_loop().run(self._wire.exchange(request)).response(request)


class AsyncWorldTransport(httpx.AsyncBaseTransport):
    """The same for `httpx.AsyncClient`, under asyncio and trio."""

    def __init__(self, world: World, *, admin: bool = True) -> None:
        """Lead to `world`; `admin` adds the interface under /_mock/."""
        self._wire = _Wire(create_app(world, admin=admin))

    def end_calls(self) -> None:
        """Cancel calls that nobody waits for any more, and an outage; otherwise they go on as planned."""
        process_loop().call(self._wire.end_calls)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        await request.aread()
        under_way = process_loop().submit(self._wire.exchange(request))
        received = await anyio.to_thread.run_sync(under_way.result, abandon_on_cancel=True)
        return received.response(request)


def respx_router(world: World, *, hosts: Sequence[str] = HOSTS) -> respx.MockRouter:
    """Routes under which `world` answers in the place of `hosts` (default: Adobe's) as long as they are in force.

    Use it as a context: `with respx_router(world): ...`. A planned delay holds up the caller's event loop, if
    there is one. Raises ImportError if respx is not installed.
    """
    try:
        import respx  # noqa: PLC0415 - not needed by the other transports, and no part of the extra
    except ImportError:
        raise ImportError("respx_router needs respx: python -m pip install respx") from None
    transport = WorldTransport(world, admin=False)
    router = respx.MockRouter(assert_all_called=False)
    for host in hosts:
        router.route(host=host).mock(side_effect=transport.handle_request)
    return router


@attrs.define
class _Received:
    """What came of a request: an answer, whole or broken off, or a failure of the connection."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = attrs.field(factory=list[tuple[bytes, bytes]])
    parts: list[bytes] = attrs.field(factory=list[bytes])
    failure: httpx.TransportError | None = None

    def response(self, request: httpx.Request) -> httpx.Response:
        """The answer as httpx has it, with a failure in the body where the connection broke off there."""
        if self.failure is not None:
            self.failure.request = request
        if not self.status:
            raise self.failure or httpx.RemoteProtocolError("Server disconnected without sending a response.")
        if request.method == "HEAD" or self.status in _WITHOUT_BODY:
            body = _Body([], None)
        else:
            body = _Body(self.parts, self.failure or self._missing())
        return httpx.Response(
            self.status,
            headers=self.headers,
            stream=body,
            request=request,
            extensions={"http_version": b"HTTP/1.1"},
        )

    def _missing(self) -> httpx.TransportError | None:
        """What stands at the end of a body that is shorter than announced."""
        expected = dict(self.headers).get(b"content-length")
        size = sum(len(part) for part in self.parts)
        if expected is None or int(expected) <= size:
            return None
        return httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body "
            f"(received {size} bytes, expected {int(expected)})"
        )


@attrs.frozen
class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    parts: list[bytes]
    failure: httpx.TransportError | None

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts
        if self.failure is not None:
            raise self.failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part


def _read_timeout(request: httpx.Request) -> float | None:
    """Seconds that the client waits for each part of the answer."""
    timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
    return timeouts.get("read")


def _scope(request: httpx.Request) -> dict[str, Any]:
    raw_path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "root_path": "",
        "query_string": query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
    }


class _Wire:
    """Takes requests to an application and brings back what a client on the network would see of the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._outage: asyncio.Task[None] | None = None
        self._left: set[asyncio.Task[None]] = set()
        """Requests that go on although nobody waits for them any more; a task that nothing refers to may vanish."""

    def end_calls(self) -> None:
        """Cancel what goes on by itself."""
        for task in (*self._left, *([self._outage] if self._outage is not None else [])):
            task.cancel()

    async def exchange(self, request: httpx.Request) -> _Received:
        """Answer a request that was read."""
        if self._outage is not None and not self._outage.done():
            return _Received(failure=httpx.ConnectError("Connection refused"))
        messages: asyncio.Queue[Message | None] = asyncio.Queue()
        gone = asyncio.Event()
        unread = [request.content]
        received = _Received()

        async def receive() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        def close() -> None:
            gone.set()
            messages.put_nowait(None)

        def abort() -> None:
            received.failure = httpx.ReadError("Connection reset by peer")
            close()

        def refuse(outage: Coroutine[Any, Any, None]) -> None:
            if self._outage is None or self._outage.done():
                self._outage = asyncio.create_task(outage)
            else:
                outage.close()

        async def run() -> None:
            extensions = {ABORT: abort, CLOSE: close, REFUSE: refuse}
            try:
                await self._app({**_scope(request), "extensions": extensions}, receive, messages.put)
            finally:
                messages.put_nowait(None)

        running = asyncio.create_task(run())
        try:
            await _collect(messages, received, _read_timeout(request))
        except TimeoutError:
            # As with a server, the call goes on: what was asked for may still take effect.
            received.failure = httpx.ReadTimeout("timed out")
            self._left.add(running)
            running.add_done_callback(self._left.discard)
            gone.set()
            return received
        gone.set()
        await running
        return received


async def _collect(messages: asyncio.Queue[Message | None], received: _Received, timeout: float | None) -> None:
    """Take the parts of an answer; raises TimeoutError if one does not come in time."""
    while (message := await asyncio.wait_for(messages.get(), timeout)) is not None:
        if message["type"] == "http.response.start":
            received.status, received.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            received.parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return
