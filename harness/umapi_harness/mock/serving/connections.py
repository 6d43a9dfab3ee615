"""Connections: HTTP/1.1 as uvicorn speaks it, with an end to the patience that it has with slow senders.

An idle connection is not closed over a request that has arrived already.

With httptools installed it reads the requests, about twice as fast as h11, which takes its place otherwise. The two
differ over much that is odd: unknown methods, lengths given twice, spaces, folded lines, chunks, upgrades. So httptools
gets only requests of which both make the same, in their plainest form; at the first other one the connection becomes
h11's for good. What a client sees does not depend on what is installed.
"""

from __future__ import annotations

import asyncio
import re
import selectors
from importlib.util import find_spec
from typing import Any, ClassVar, Final
from urllib.parse import unquote

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request's first line and headers beyond which it is refused."""

_REFUSAL: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


_FRESH: Final = {h11.CLIENT: h11.IDLE, h11.SERVER: h11.IDLE}
_GRACE: Final = 1.0  # seconds for bytes that have arrived to turn out a request


def has_arrived(transport: asyncio.Transport) -> bool:
    """Whether the peer has sent something that nobody has read yet."""
    plain = transport.get_extra_info("socket")
    if plain is None or plain.fileno() < 0:
        return False
    with selectors.DefaultSelector() as selector:
        selector.register(plain.fileno(), selectors.EVENT_READ)
        return bool(selector.select(0))


class Patience:
    """What a connection waits with for a request, from its first byte to its last; idle ones are uvicorn's business."""

    seconds: ClassVar[float] = 30.0

    def __init__(self, transport: asyncio.Transport) -> None:
        """Begin to wait for the first request."""
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._waiting: asyncio.TimerHandle | None = None
        self._to_answer = False
        self.wait(to_answer=False)

    def wait(self, *, to_answer: bool) -> None:
        """Wait, or wait on; `to_answer`: part of a request has come, so that its sender is owed an answer."""
        self._to_answer = to_answer
        if self._waiting is None and not self._transport.is_closing():
            self._waiting = self._loop.call_later(self.seconds, self._give_up)

    def stop(self) -> None:
        """Wait no more."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if not self._transport.is_closing():
            if self._to_answer:
                self._transport.write(_REFUSAL)
            self._transport.close()


class PureConnection(H11Protocol):
    """One client's connection, read by h11."""

    _patience: Patience

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._patience = Patience(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._patience.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and see whether it completes a request."""
        super().data_received(data)
        if self._receiving or _idle(self.cycle):
            self._patience.wait(to_answer=self._receiving and _unanswered(self.cycle))
        else:
            self._patience.stop()

    def handle_events(self) -> None:
        """Read what has come, after any empty lines that some senders put behind a body (RFC 9112, 2.2)."""
        come = self.conn.trailing_data[0] if self.conn.states == _FRESH else b""
        if come[:1] in (b"\r", b"\n"):
            self.conn = h11.Connection(h11.SERVER, LARGEST_HEAD)
            self.conn.receive_data(come.lstrip(b"\r\n"))
        super().handle_events()

    def on_response_complete(self) -> None:
        """Go on with what came meanwhile; of a half request, the other half is waited for."""
        super().on_response_complete()
        if self._receiving:
            self._unset_keepalive_if_required()
            self._patience.wait(to_answer=True)

    def timeout_keep_alive_handler(self) -> None:
        """Close, unless the next request has come in this very moment and only waits to be read."""
        if has_arrived(self.transport):
            self.timeout_keep_alive_task = self.loop.call_later(_GRACE, super().timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    @property
    def _receiving(self) -> bool:
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))


def _idle(cycle: Any) -> bool:
    """Whether no request is being answered."""
    return cycle is None or cycle.response_complete


def _unanswered(cycle: Any) -> bool:
    """Whether an answer can be sent without standing in the middle of another."""
    return cycle is None or cycle.response_complete or not cycle.response_started


Connection: type[asyncio.Protocol] = PureConnection
"""The faster of the two that can be had."""

_PLAIN: Final = re.compile(
    rb"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) /[!-~]*+ HTTP/1\.1\r\n"
    rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]++:[ -~\x80-\xff]*+(?<! )\r\n)++\r\n"
)
_TELLING: Final = re.compile(
    rb"\r\n(host|content-length|transfer-encoding|upgrade|proxy-connection):(?: *+([0-9]{1,18})(?=\r))?", re.IGNORECASE
)


def plain(data: bytes) -> tuple[int, int] | None:
    """How long are head and body of the request at the start, if it is one that both parsers read alike, else None."""
    head = _PLAIN.match(data)
    if head is None or head.end() > LARGEST_HEAD:
        return None
    telling: list[tuple[bytes, bytes]] = _TELLING.findall(head[0])
    told = {name.lower(): value for name, value in telling}
    if len(told) < len(telling) or b"host" not in told or not told.keys() <= {b"host", b"content-length"}:
        return None
    length = told.get(b"content-length", b"0")
    return (head.end(), int(length)) if length else None


if find_spec("httptools") is not None:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class FastConnection(HttpToolsProtocol):
        """One client's connection, read by httptools as long as its requests are plain and wait for their answers."""

        _patience: Patience
        _awaited = 0  # bytes of a body
        _held = b""  # what came before the request before it was answered

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Wait for the first request."""
            super().connection_made(transport)
            self._patience = Patience(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            """Wait no more."""
            self._patience.stop()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """Take what came, and see whether it completes a request."""
            while data and not self.transport.is_closing():
                lengths = (0, self._awaited) if self._awaited else plain(data) if _idle(self.cycle) else None
                if lengths is None:
                    self._leave(data)
                    return
                whole = sum(lengths)
                part, data = data[:whole], data[whole:]
                self._awaited = whole - len(part)
                super().data_received(part)
            if self._awaited or _idle(self.cycle):
                self._patience.wait(to_answer=self._awaited > 0 and _unanswered(self.cycle))
            else:
                self._patience.stop()

        def on_headers_complete(self) -> None:
            """Take the target apart as it is where h11 reads it: httptools knows fewer forms of it."""
            path, _, query = self.url.partition(b"?")
            self.url = b"/"
            super().on_headers_complete()
            self.scope.update({"path": unquote(path.decode("ascii")), "raw_path": path, "query_string": query})

        def on_response_complete(self) -> None:
            """Go on with what came meanwhile."""
            super().on_response_complete()
            if self._held and not self.transport.is_closing():
                self._leave(b"")

        def timeout_keep_alive_handler(self) -> None:
            """Close, unless the next request has come in this very moment and only waits to be read."""
            if has_arrived(self.transport):
                self.timeout_keep_alive_task = self.loop.call_later(_GRACE, super().timeout_keep_alive_handler)
            else:
                super().timeout_keep_alive_handler()

        def _leave(self, data: bytes) -> None:
            """Give the connection, with what has not been read of it, to h11 as soon as all is answered."""
            self._held += data
            if not _idle(self.cycle):
                self.flow.pause_reading()
                self._patience.stop()
                return
            self._unset_keepalive_if_required()
            self._patience.stop()
            self.flow.resume_reading()
            self.connections.discard(self)
            heir = PureConnection(self.config, self.server_state, self.app_state, self.loop)
            heir.connection_made(self.transport)
            self.transport.set_protocol(heir)
            heir.data_received(self._held)

    Connection = FastConnection
