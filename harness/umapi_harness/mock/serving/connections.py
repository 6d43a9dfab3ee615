"""Connections: HTTP/1.1 as uvicorn speaks it, with an end to the patience that it has with slow senders.

An idle connection is not closed over a request that has arrived already.

With httptools installed requests are read by it, about twice as fast as by h11, which takes its place otherwise.
What one of them serves, the other does too, as far as the two can be told to: httptools is made to read what h11 reads
(bare line feeds, folded lines, requests to upgrade, whose body it would drop), and h11 to skip empty lines.
"""

from __future__ import annotations

import asyncio
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

if find_spec("httptools") is not None:
    import httptools
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class FastConnection(HttpToolsProtocol):
        """One client's connection, read by httptools."""

        _patience: Patience
        _receiving = False
        _in_head = False
        _in_line = True
        _parsed = 0
        _unparsed = 0
        _hosts = 0
        _codings: tuple[bytes, ...] = ()
        _asked: list[tuple[bytes, bytes]] | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Wait for the first request."""
            super().connection_made(transport)
            self.parser = _lenient(self)
            self._patience = Patience(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            """Wait no more."""
            self._patience.stop()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """Take what came, and see whether it completes a request."""
            self._unset_keepalive_if_required()
            end = data.find(b"\n") if self._in_line else 0
            if end > 0 and data[end - 1 : end] != b"\r":
                data = data[:end] + b"\r" + data[end:]  # the one bare line feed that httptools cannot be told to take
            try:
                self._parse(memoryview(data))
            except httptools.HttpParserError:
                self.send_400_response("Invalid HTTP request received.")
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
            self._codings = ()

        def on_url(self, url: bytes) -> None:
            """A piece of the request's target."""
            self._measure(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            """One header; those behind a body are read and dropped: there they must not pass for others."""
            self._in_line = False
            self._measure(len(name) + len(value))
            if not self._in_head:
                return
            kind = name.lower()
            if kind == b"host":
                self._hosts += 1
            elif kind == b"transfer-encoding":
                self._codings += (value.strip().lower(),)
            if b"\0" in value:
                raise ValueError("null byte in a header")
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            """The end of the request's head; what httptools lets pass and h11 does not, is refused here as well."""
            self._in_head = self._in_line = False
            parser: Any = self.parser
            version = parser.get_http_version()
            if self._hosts > 1 or (self._hosts == 0 and version == "1.1") or version == "0.9":
                raise ValueError("not one host, or a version without headers")
            if self._codings not in ((), (b"chunked",)):
                raise ValueError("coded otherwise than in chunks")
            if parser.should_upgrade() and parser.get_method() != b"CONNECT":
                self._asked = self.headers
                return
            if self._asked is not None:
                self.headers[:] = self._asked
                self._asked = None
            # The target is taken apart as it is where h11 reads it: httptools knows fewer forms of it.
            path, _, query = self.url.partition(b"?")
            decoded = unquote(path.decode("ascii"))
            self.url = b"/"
            super().on_headers_complete()
            self.scope.update({"path": decoded, "raw_path": path, "query_string": query})

        def on_message_complete(self) -> None:
            """The last byte of a request."""
            if self._asked is not None:
                return
            self._receiving = False
            self._in_line = True
            super().on_message_complete()

        def _parse(self, rest: memoryview) -> None:
            """Read all that has come; httptools stops behind the head of a request to upgrade, or to connect."""
            while rest:
                try:
                    self.parser.feed_data(rest)
                except httptools.HttpParserUpgrade as stop:
                    rest = rest[stop.args[0] :]
                    self._read_again()
                else:
                    return

        def _read_again(self) -> None:
            """Read the head without its wish to upgrade, which a server may ignore (RFC 9110, 7.8), for its body."""
            if self._asked is None:
                return
            lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
            lines += [b"%s: %s" % header for header in self._asked if header[0] != b"upgrade"]
            self.parser = _lenient(self)
            self.parser.feed_data(b"\r\n".join([*lines, b"", b""]))

        def _measure(self, length: int) -> None:
            self._parsed += length
            if self._parsed > LARGEST_HEAD:
                raise ValueError("request head too large")

    def _lenient(protocol: FastConnection) -> httptools.HttpRequestParser:
        """A parser that reads what h11 reads as well."""
        parser = httptools.HttpRequestParser(protocol)
        parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_chunked_length=True,
            lenient_version=True,
            lenient_data_after_close=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        return parser

    Connection = FastConnection
