"""Connections: HTTP/1.1 as uvicorn speaks it, with an end to the patience that it has with slow senders.

An idle connection is not closed over a request that has arrived already.

With httptools installed requests are read by it, about twice as fast as by h11, which takes its place otherwise.
"""

from __future__ import annotations

import asyncio
import selectors
from importlib.util import find_spec
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of a request's first line and headers beyond which it is refused."""

_REFUSAL: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


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

if find_spec("httptools") is not None:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class FastConnection(HttpToolsProtocol):
        """One client's connection, read by httptools."""

        _patience: Patience
        _receiving = False
        _in_head = False
        _parsed = 0
        _unparsed = 0
        _hosts = 0

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
            if self._in_head:
                self._unparsed += len(data)
                if self._unparsed > 2 * LARGEST_HEAD and not self.transport.is_closing():
                    self.send_400_response("Request head too large.")
            if self._receiving or _idle(self.cycle):
                self._patience.wait(to_answer=self._receiving and _unanswered(self.cycle))
            else:
                self._patience.stop()

        def timeout_keep_alive_handler(self) -> None:
            """Close, unless the next request has come in this very moment and only waits to be read."""
            if has_arrived(self.transport):
                self.timeout_keep_alive_task = self.loop.call_later(_GRACE, super().timeout_keep_alive_handler)
            else:
                super().timeout_keep_alive_handler()

        def on_message_begin(self) -> None:
            """The first byte of a request."""
            super().on_message_begin()
            self._receiving = self._in_head = True
            self._parsed = self._unparsed = self._hosts = 0

        def on_url(self, url: bytes) -> None:
            """A piece of the request's target."""
            self._measure(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            """One header."""
            self._measure(len(name) + len(value))
            if len(name) == 4 and name.lower() == b"host":
                self._hosts += 1
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            """The end of the request's head; what httptools lets pass and h11 does not, is refused here as well."""
            self._in_head = False
            parser: Any = self.parser
            version = parser.get_http_version()
            if self._hosts > 1 or (self._hosts == 0 and version == "1.1") or version == "0.9":
                raise ValueError("not one host, or a version without headers")
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            """The last byte of a request."""
            self._receiving = False
            super().on_message_complete()

        def _measure(self, length: int) -> None:
            self._parsed += length
            if self._parsed > LARGEST_HEAD:
                raise ValueError("request head too large")

    Connection = FastConnection
