"""The sender: one request out, one answer in, over connections that are kept for the next."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Self
from urllib.parse import urlsplit

import attrs
import msgspec
from urllib3.exceptions import ConnectTimeoutError, HTTPError
from urllib3.util import Url
from urllib3.util.request import ACCEPT_ENCODING

from umapi_harness.postman.sending.certificates import TlsOptions, TlsProfile, context_for
from umapi_harness.postman.sending.connections import Answer, Deadline, PlainConnection, SecureConnection
from umapi_harness.postman.sending.failures import is_timeout, reason_of
from umapi_harness.postman.sending.messages import HttpRequest, HttpResponse, SendError, Timings
from umapi_harness.postman.sending.proxies import Proxies, Proxy

ACCEPTED = ACCEPT_ENCODING.replace(",", ", ")
"""What answers may be encoded with: brotli and zstd only where their libraries are there."""
_KEPT = 16
_KEPT_SECONDS = 2.0
"""Servers close what is idle, after few seconds some of them, and might do so while the next request is on its way."""
_NO_LENGTH = frozenset({"GET", "HEAD", "DELETE", "TRACE", "OPTIONS", "CONNECT"})
"""Methods whose requests say nothing of a body that they do not have."""
_MEBIBYTE = 1024 * 1024
_MORE_TIME = "; --timeout-request MS gives it more"
_MORE_ROOM = "; --max-answer MIB takes more"
_SHORT = 65_536
"""Bytes of a body that systems take in whole, also where the server does not read on."""


@attrs.frozen(kw_only=True)
class Bounds:
    """What one exchange may use: seconds to connect, seconds without any byte, seconds in all; bytes of an answer.

    None means without end. `body_bytes` counts the body decoded.
    """

    connect: float | None = 60.0
    idle: float | None = 120.0
    total: float | None = 600.0
    body_bytes: int = 256 * _MEBIBYTE


class _Origin(msgspec.Struct, frozen=True):
    """A server, and how it is reached."""

    scheme: str
    host: str
    port: int
    profile: TlsProfile


@attrs.define(kw_only=True)
class Sender:
    """Sends requests one after the other; follows nothing, repeats nothing, adds nothing."""

    tls: TlsOptions = attrs.field(factory=TlsOptions)
    proxies: Proxies = attrs.field(factory=Proxies)
    bounds: Bounds = attrs.field(factory=Bounds)
    _idle: dict[_Origin, PlainConnection] = attrs.field(factory=dict[_Origin, PlainConnection], init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        for connection in self._idle.values():
            connection.close()
        self._idle.clear()

    def send(
        self,
        request: HttpRequest,
        profile: TlsProfile | None = None,
        until: float | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> HttpResponse:
        """Sends one request and reads the answer to its end; raises SendError when there is none, or too much of one.

        A kept connection that was idle for long, or that the server has closed, is not used; nothing is sent twice.
        `until`, by time.monotonic(), ends it earlier than the bounds do. `meanwhile` is called once, whatever comes
        of the request: when it is on its way, or before what may take long, a connection to make or much to write.
        """
        parts = urlsplit(request.url)
        scheme = parts.scheme.lower()
        port = parts.port or (443 if scheme == "https" else 80)
        origin = _Origin(scheme, parts.hostname or "", port, profile or TlsProfile())
        proxy = self.proxies.proxy_for(scheme, origin.host, port)
        target = request.url.partition("#")[0]
        if proxy is None or scheme == "https":
            rest = parts._replace(scheme="", netloc="", fragment="").geturl()
            target = rest if rest.startswith("/") else f"/{rest}"
        kept = self._kept(origin)
        if meanwhile is not None and (kept is None or not _is_short(request)):
            meanwhile()
            meanwhile = None
        deadline = self._deadline(until)
        began = time.monotonic()
        with self._connection(origin, kept, proxy, deadline) as connection:
            connected = time.monotonic()
            with self._failures(deadline, sent=True):
                _write(connection, request, target, proxy)
            if meanwhile is not None:
                meanwhile()
            with self._failures(deadline, sent=True):
                answer = connection.hear(request.method, target)
                waited = time.monotonic()
                body = self._read(answer)
                ended = time.monotonic()
        return HttpResponse(
            status=answer.status,
            reason=_utf8(answer.reason),
            headers=answer.headers,
            body=body,
            version=answer.version,
            timings=Timings(connect=connected - began, wait=waited - connected, receive=ended - waited),
        )

    @contextmanager
    def _failures(self, deadline: Deadline, *, sent: bool = False) -> Generator[None]:
        """Turns whatever the network does into SendError; `sent` as that has it."""
        try:
            yield
        except (HTTPError, OSError, http.client.HTTPException, ValueError) as error:
            reason = self._time_out(error, deadline) if is_timeout(error) else reason_of(error)
            raise SendError(reason, sent=sent) from error

    def _time_out(self, error: Exception, deadline: Deadline) -> str:
        bounds = self.bounds
        if deadline.is_over:
            reason = f"no whole answer within {deadline.seconds:g} seconds"
            # The time of the whole run may have ended it earlier, which is told with an option of its own.
            own = bounds.total is not None and deadline.seconds >= round(bounds.total, 2)
            return f"{reason}{_MORE_TIME}" if own else reason
        if isinstance(error, ConnectTimeoutError):
            return f"no connection within {bounds.connect:g} seconds{_MORE_TIME}"
        return f"the server was silent for {bounds.idle:g} seconds{_MORE_TIME}"

    def _deadline(self, until: float | None) -> Deadline:
        total = self.bounds.total
        ends = [] if total is None else [time.monotonic() + total]
        return Deadline(self.bounds.idle, min([*ends, *([] if until is None else [until])], default=None))

    @contextmanager
    def _connection(
        self, origin: _Origin, kept: PlainConnection | None, proxy: Proxy | None, deadline: Deadline
    ) -> Generator[PlainConnection]:
        """The connection of before or a new one, kept afterwards where the answer allows it."""
        connection = kept
        if connection is None:
            with self._failures(deadline):
                connection = self._new(origin, proxy, deadline)
        connection.deadline = deadline
        connection.answer = None
        whole = False
        try:
            yield connection
            whole = True
        finally:
            answer = connection.answer
            if whole and answer is not None and not answer.ends_connection:
                self._keep(origin, connection)
            else:
                connection.close()

    def _kept(self, origin: _Origin) -> PlainConnection | None:
        """A connection of before that can take another request; it is no longer kept."""
        connection = self._idle.pop(origin, None)
        if connection is not None and not _is_fresh(connection):
            connection.close()
            return None
        return connection

    def _keep(self, origin: _Origin, connection: PlainConnection) -> None:
        if len(self._idle) >= _KEPT:
            self._idle.pop(next(iter(self._idle))).close()
        connection.kept_at = time.monotonic()
        self._idle[origin] = connection

    def _new(self, origin: _Origin, proxy: Proxy | None, deadline: Deadline) -> PlainConnection:
        bounds = self.bounds
        connecting = Deadline(bounds.connect, deadline.until)
        timeout = connecting.remaining()
        near = origin if proxy is None else proxy
        # RFC 6761: names below localhost are this machine, whatever a name server says.
        host = "localhost" if near.host.lower().endswith(".localhost") else near.host
        if origin.scheme == "https":
            context = context_for(self.tls, self.tls.client_for(origin.host, origin.port), origin.profile)
            connection: PlainConnection = SecureConnection(
                host, near.port, timeout=timeout, ssl_context=context, server_hostname=origin.host
            )
            if proxy is not None:
                connection.set_tunnel(origin.host, origin.port, proxy.headers)
        else:
            forwarding = None if proxy is None else Url("http", None, proxy.host, proxy.port)
            connection = PlainConnection(host, near.port, timeout=timeout, proxy=forwarding)
        connection.deadline = connecting
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def _read(self, answer: Answer) -> bytes:
        """The body, decoded; raises SendError when it is larger than it may be."""
        limit = self.bounds.body_bytes
        pieces: list[bytes] = []
        length = 0
        for piece in answer.pieces():
            length += len(piece)
            if length > limit:
                reason = f"the answer is larger than {limit / _MEBIBYTE:g} MiB, and was not read on{_MORE_ROOM}"
                raise SendError(reason, sent=True)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _is_fresh(connection: PlainConnection) -> bool:
    """Whether a kept connection can take another request."""
    return time.monotonic() - connection.kept_at <= _KEPT_SECONDS and connection.is_connected


def _is_short(request: HttpRequest) -> bool:
    """Whether a request is written at once: its body is in memory, and no more than a server takes in unread."""
    body = request.body
    return body is None or (all(isinstance(part, bytes) for part in body.parts) and body.size <= _SHORT)


def _write(connection: PlainConnection, request: HttpRequest, target: str, proxy: Proxy | None) -> None:
    # Headers of one name stand together, as those that Node.js sends.
    named: dict[str, list[tuple[str, str]]] = {}
    for key, value in request.headers:
        same = named.setdefault(key.lower(), [])
        same.append((same[0][0] if same else key, value))
    if proxy is not None and connection.proxy_is_forwarding:
        named.update({key.lower(): [(key, value)] for key, value in proxy.headers.items()})
    chunked = "content-length" not in named and (request.body is not None or "transfer-encoding" in named)
    framing: list[tuple[str, str]] = []
    if chunked and "transfer-encoding" not in named:
        framing = [("Transfer-Encoding", "chunked")]
    elif request.body is None and "content-length" not in named and not chunked and request.method not in _NO_LENGTH:
        framing = [("Content-Length", "0")]
    headers = (*framing, *[pair for same in named.values() for pair in same])
    body = () if request.body is None else request.body.pieces()
    connection.ask(request.method, target, headers, body, chunked=chunked)


def _utf8(text: str) -> str:
    """Text that http.client has read as ISO 8859-1, as UTF-8 where it is that."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
