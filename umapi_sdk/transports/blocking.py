"""The blocking transport, over urllib3."""

from __future__ import annotations

import http.client
import io
import socket
import threading
from base64 import b64encode
from typing import Any
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from umapi_sdk.messages import Request, Response
from umapi_sdk.transports.bodies import ACCEPTED_ENCODINGS, BAD_CHUNKS, Body, BodyError
from umapi_sdk.transports.causes import transport_error
from umapi_sdk.transports.exchange import CURRENT, Clock, Exchange, Idleness, uptime
from umapi_sdk.transports.headers import joined
from umapi_sdk.transports.names import addresses
from umapi_sdk.transports.settings import NetworkSettings

_PIECE = 65_536  # bytes that are written or read between two looks at the time
_FAILURES = (HTTPError, http.client.HTTPException, OSError, BodyError)


class _Reader(io.RawIOBase):
    """The bytes that come in on a socket, within the time of the exchange and before its eyes."""

    def __init__(self, sock: socket.socket, idleness: Idleness) -> None:
        super().__init__()
        self._socket = sock
        self._idleness = idleness
        # Python keeps the socket open for as long as this file is, even when the connection lets go of it.
        self._file: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """Say that this can be read from."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what there is, once."""
        exchange = CURRENT.get()
        self._socket.settimeout(exchange.remaining())
        count: int | None = self._file.readinto(buffer)
        exchange.read(bytes(buffer[: count or 0]), self._idleness)
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()
        super().close()

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - always "rb"
        """Return this as the file that http.client reads from."""
        return io.BufferedReader(self)


class _Answer(http.client.HTTPResponse):
    """An answer in whose place no interim one (1xx) is taken; http.client itself passes over 100 only."""

    def begin(self) -> None:
        super().begin()
        while 100 < self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
            super().begin()


class _Plain(HTTPConnection):
    """A connection that shows the exchange under way what is written and read, and keeps to its time."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._idleness = Idleness(CURRENT.get().clock)

    @property
    def is_connected(self) -> bool:
        """Whether the connection can be used again."""
        return not self._idleness.forbids_use() and super().is_connected

    def connect(self) -> None:
        """Connect.

        Raises:
            NewConnectionError: for whatever goes wrong, so that urllib3 takes it for nothing else.
        """
        self._idleness = Idleness(CURRENT.get().clock)
        try:
            super().connect()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NewConnectionError(self, str(error)) from error

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers, all of them in the time of the exchange."""
        exchange = CURRENT.get()
        failure: OSError = OSError(f"{self.host} has no address")
        for family, kind, protocol, _, address in addresses(self._dns_host, self.port, exchange.remaining()):
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(exchange.remaining())
                sock.connect(address)
                sock.settimeout(exchange.remaining())
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    def send(self, data: Any) -> None:
        """Write a part of the request, or of what comes before it."""
        if self.sock is None:
            self.connect()
        sock: Any = self.sock
        exchange = CURRENT.get()
        exchange.writing(data, self._idleness)
        for start in range(0, len(data), _PIECE):
            sock.settimeout(exchange.remaining())
            sock.sendall(data[start : start + _PIECE])

    def response_class(self, sock: Any, *arguments: Any, **options: Any) -> http.client.HTTPResponse:  # type: ignore[override] # pyright: ignore[reportIncompatibleVariableOverride]
        """Return the answer that is read from a socket, through the eyes of the exchange."""
        reader: Any = _Reader(sock, self._idleness)
        return _Answer(reader, *arguments, **options)


class _Secure(_Plain, HTTPSConnection):  # pyright: ignore[reportIncompatibleVariableOverride] - as in _Plain
    """The same with TLS."""

    def connect(self) -> None:
        """Connect, with TLS that stands.

        Raises:
            NewConnectionError: for whatever goes wrong.
        """
        super().connect()
        # Python leaves the handshake out, without a word, on a socket that was reset before.
        sock: Any = self.sock
        if sock.version() is None:
            self.close()
            raise NewConnectionError(self, "reset before TLS") from ConnectionResetError()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain  # pyright: ignore[reportAssignmentType] - as urllib3 itself assigns it


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure  # pyright: ignore[reportAssignmentType] - as above


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _PlainPool, "https": _SecurePool}


class BlockingTransport:
    """Sends requests over pooled connections. Threads can share it.

    `for_tokens` are the settings for the token host, where they differ; `clock` gives seconds that only ever grow.
    """

    def __init__(
        self, settings: NetworkSettings, for_tokens: NetworkSettings | None = None, *, clock: Clock = uptime
    ) -> None:
        self._settings = settings
        self._token_settings = for_tokens or settings
        # Trusted certificates take a while to load: hosts with the same settings share them.
        self._contexts = {each: each.ssl_context() for each in {self._settings, self._token_settings}}
        self._pools: dict[tuple[NetworkSettings, str | None], urllib3.PoolManager] = {}
        self._lock = threading.Lock()
        self._clock = clock

    def send(self, request: Request) -> Response:
        """Send a request once and return the whole answer.

        A request that does no harm twice is written once more, at once, when it turns out that the connection it was
        written on had been closed by the other end.

        Raises:
            TransportError: there was no answer.
        """
        settings = self._token_settings if request.for_token else self._settings
        proxy = settings.proxy_for(request.url)
        pool = self._pool(settings, proxy)
        exchange = Exchange(settings.timeout, self._clock)
        while True:
            token = CURRENT.set(exchange)
            try:
                return _send(pool, request, exchange, settings)
            except _FAILURES as error:
                if exchange.may_be_repeated(repeatable=request.repeatable):
                    exchange = exchange.again()
                    continue
                raise transport_error(error, request, exchange, settings, proxy) from error
            finally:
                CURRENT.reset(token)

    def close(self) -> None:
        """Close the pooled connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.clear()
            self._pools.clear()

    def _pool(self, settings: NetworkSettings, proxy: str | None) -> urllib3.PoolManager:
        with self._lock:
            if (settings, proxy) not in self._pools:
                self._pools[settings, proxy] = self._new_pool(settings, proxy)
            return self._pools[settings, proxy]

    def _new_pool(self, settings: NetworkSettings, proxy: str | None) -> urllib3.PoolManager:
        # cert_reqs is what urllib3 looks at to warn of requests whose certificate is not checked.
        cert_reqs = "CERT_REQUIRED" if settings.ssl_verify else "CERT_NONE"
        context = self._contexts[settings]
        pool: urllib3.PoolManager
        if proxy is None:
            pool = urllib3.PoolManager(ssl_context=context, cert_reqs=cert_reqs, maxsize=10)
        else:
            address, headers = _proxy_parts(proxy)
            pool = urllib3.ProxyManager(
                address,
                proxy_headers=headers,
                proxy_ssl_context=context,
                ssl_context=context,
                cert_reqs=cert_reqs,
                maxsize=10,
            )
        pool.pool_classes_by_scheme = _POOLS.copy()  # pyright: ignore[reportAttributeAccessIssue]
        return pool


def _send(pool: urllib3.PoolManager, request: Request, exchange: Exchange, settings: NetworkSettings) -> Response:
    answer: urllib3.BaseHTTPResponse | None = None
    try:
        left = exchange.remaining()
        answer = pool.request(
            request.method,
            request.url,
            body=request.body,
            headers={"Accept-Encoding": ACCEPTED_ENCODINGS, **request.headers},
            retries=False,
            redirect=False,
            timeout=urllib3.Timeout(connect=left, read=left),
            preload_content=False,
        )
        if exchange.flaw:
            raise http.client.HTTPException(exchange.flaw)
        headers = joined(answer.headers.iteritems())
        body = Body(headers, settings.max_response_size)
        _read(answer, body)
        if exchange.cut:
            raise http.client.HTTPException("it ended too early")
        return Response(status=answer.status, headers=headers, body=body.finish())
    except _FAILURES:
        if answer is not None:
            answer.close()
        if exchange.decided:
            return exchange.bare_response()
        raise


def _read(answer: urllib3.BaseHTTPResponse, body: Body) -> None:
    try:
        for chunk in answer.stream(_PIECE, decode_content=False):
            body.feed(chunk)
    except ValueError as error:  # of a chunk whose length is below 0
        raise BodyError(BAD_CHUNKS) from error


def _proxy_parts(proxy: str) -> tuple[str, dict[str, str] | None]:
    """Return the address of a proxy and the headers that carry its credentials, which no message shows."""
    parts = urlsplit(proxy)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if parts.username is None:
        return address, None
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return address, {"Proxy-Authorization": f"Basic {b64encode(credentials).decode('ascii')}"}
