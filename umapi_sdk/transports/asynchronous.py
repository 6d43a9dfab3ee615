"""The async transports: over httpcore, which comes with httpx (extra `async`), or over an httpx transport given."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from urllib3.exceptions import InsecureRequestWarning

from umapi_sdk.errors import ConfigurationError
from umapi_sdk.messages import Request, Response, TransportError
from umapi_sdk.transports.bodies import ACCEPTED_ENCODINGS, Body, BodyError
from umapi_sdk.transports.causes import transport_error
from umapi_sdk.transports.exchange import CURRENT, Clock, Exchange, Idleness, uptime
from umapi_sdk.transports.headers import joined
from umapi_sdk.transports.settings import NetworkSettings

try:
    import httpcore
    import httpx
except ImportError:
    raise ConfigurationError("async connections need httpx: pip install 'umapi-sdk[async]'") from None

_FAILURES = (
    *(httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, httpcore.TimeoutException),
    *(httpcore.UnsupportedProtocol, httpx.HTTPError, OSError, BodyError),
)
# What a stand-in for the network raises when a request does not leave it.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that shows the exchange under way what is written and read."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._idleness = Idleness(CURRENT.get().clock)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what there is, once."""
        data = await self._stream.read(max_bytes, timeout)
        CURRENT.get().read(data, self._idleness)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write a part of the request, or of what comes before it."""
        if buffer:
            CURRENT.get().writing(buffer, self._idleness)
            await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return the connection with TLS over it; close it if that fails, or is not waited for any longer."""
        try:
            return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        """Tell the pool about the connection: one that must not be used again counts as closed by its other end."""
        if info == "is_readable" and self._idleness.forbids_use():
            return True
        try:
            return self._stream.get_extra_info(info)
        except AttributeError:
            # What anyio raises for a connection whose socket is gone already: nothing is known of it any more.
            return None


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens the connections."""

    def __init__(self) -> None:
        self._backend: Any = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers."""
        return _Stream(await self._backend.connect_tcp(host, port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)


class _ProxyPool(httpcore.AsyncHTTPProxy):
    """The pool of a proxy, in which no tunnel keeps its place that never stood."""

    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        """Return a connection that is yet to be opened."""
        return _Guarded(super().create_connection(origin))


class _Guarded(httpcore.AsyncConnectionInterface):
    """A connection that is closed once it has failed.

    httpcore holds a tunnel whose TLS does not come about for busy, for ever. A hundred of them filled the pool.
    """

    def __init__(self, connection: httpcore.AsyncConnectionInterface) -> None:
        self._connection = connection
        self._failed = False

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request, and return the answer up to its body."""
        try:
            return await self._connection.handle_async_request(request)
        except httpcore.ConnectionNotAvailable:
            raise
        except BaseException:
            self._failed = True
            await self._connection.aclose()
            raise

    async def aclose(self) -> None:
        """Close the connection."""
        await self._connection.aclose()

    def info(self) -> str:
        """Describe the connection."""
        return self._connection.info()

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        """Whether it leads to a host."""
        return self._connection.can_handle_request(origin)

    def is_available(self) -> bool:
        """Whether it can take a request now."""
        return not self._failed and self._connection.is_available()

    def has_expired(self) -> bool:
        """Whether it was idle for too long, or was closed by its other end."""
        return self._connection.has_expired()

    def is_idle(self) -> bool:
        """Whether it waits for a request."""
        return not self._failed and self._connection.is_idle()

    def is_closed(self) -> bool:
        """Whether it is of no use any more."""
        return self._failed or self._connection.is_closed()


class WireTransport:
    """Sends requests over pooled connections, within one asyncio event loop.

    `for_tokens` are the settings for the token host, where they differ; `clock` gives seconds that only ever grow.
    """

    def __init__(
        self, settings: NetworkSettings, for_tokens: NetworkSettings | None = None, *, clock: Clock = uptime
    ) -> None:
        self._settings = settings
        self._token_settings = for_tokens or settings
        self._contexts = {each: each.ssl_context() for each in {self._settings, self._token_settings}}
        self._pools: dict[tuple[NetworkSettings, str | None], httpcore.AsyncConnectionPool] = {}
        self._clock = clock

    async def send(self, request: Request) -> Response:
        """Send a request once and return the whole answer; written once more as by `BlockingTransport`.

        Raises:
            TransportError: there was no answer.
        """
        settings = self._token_settings if request.for_token else self._settings
        if not settings.ssl_verify and urlsplit(request.url).scheme == "https":
            advice = "Adding certificate verification is strongly advised."
            message = f"Unverified HTTPS request is being made to host '{request.host}'. {advice}"
            warnings.warn(message, InsecureRequestWarning, stacklevel=2)
        proxy = settings.proxy_for(request.url)
        pool = self._pool(settings, proxy)
        exchange = Exchange(settings.timeout, self._clock)
        while True:
            token = CURRENT.set(exchange)
            try:
                async with asyncio.timeout(exchange.remaining()):
                    return await _send(pool, request, exchange, settings)
            except _FAILURES as error:
                if exchange.decided and isinstance(error, TimeoutError):
                    return exchange.bare_response()
                if exchange.may_be_repeated(repeatable=request.repeatable):
                    exchange = exchange.again()
                    continue
                if isinstance(error, httpx.HTTPError):
                    raise _of_standin(error, request) from error
                raise transport_error(error, request, exchange, settings, proxy) from error
            finally:
                CURRENT.reset(token)

    async def close(self) -> None:
        """Close the pooled connections."""
        pools = list(self._pools.values())
        self._pools.clear()
        for pool in pools:
            await pool.aclose()

    def _pool(self, settings: NetworkSettings, proxy: str | None) -> httpcore.AsyncConnectionPool:
        if (settings, proxy) not in self._pools:
            self._pools[settings, proxy] = self._new_pool(settings, proxy)
        return self._pools[settings, proxy]

    def _new_pool(self, settings: NetworkSettings, proxy: str | None) -> httpcore.AsyncConnectionPool:
        context = self._contexts[settings]
        options: dict[str, Any] = {
            "ssl_context": context,
            "max_connections": 100,
            "max_keepalive_connections": 10,
            "network_backend": _Backend(),
        }
        if proxy is None:
            return httpcore.AsyncConnectionPool(**options)
        parts = urlsplit(proxy)
        credentials = None
        if parts.username is not None:
            credentials = (unquote(parts.username).encode(), unquote(parts.password or "").encode())
        return _ProxyPool(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/",
            proxy_auth=credentials,
            proxy_ssl_context=context if parts.scheme == "https" else None,
            **options,
        )


async def _send(
    pool: httpcore.AsyncConnectionPool, request: Request, exchange: Exchange, settings: NetworkSettings
) -> Response:
    given = {"Host": request.host, "Accept-Encoding": ACCEPTED_ENCODINGS, **request.headers}
    if request.body is not None:
        given["Content-Length"] = str(len(request.body))
    headers_given: list[tuple[bytes | str, bytes | str]] = list(given.items())
    asked = httpcore.Request(request.method, request.url, headers=headers_given, content=request.body)
    answer: httpcore.Response | None = None
    try:
        answer = await pool.handle_async_request(asked)
        if exchange.flaw:
            raise httpcore.RemoteProtocolError(exchange.flaw)
        headers = _headers(answer)
        body = Body(headers, settings.max_response_size)
        async for chunk in answer.aiter_stream():
            body.feed(chunk)
        return Response(status=answer.status, headers=headers, body=body.finish())
    except _FAILURES:
        if exchange.decided:
            return exchange.bare_response()
        raise
    finally:
        if answer is not None:
            await answer.aclose()


def _headers(answer: httpcore.Response) -> dict[str, str]:
    return joined((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers)


class HttpxTransport:
    """Sends requests through an httpx transport in place of the network."""

    def __init__(self, settings: NetworkSettings, given: httpx.AsyncBaseTransport) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(transport=given, timeout=settings.timeout, trust_env=False)

    async def send(self, request: Request) -> Response:
        """Send a request once and return the whole answer.

        Raises:
            TransportError: there was no answer.
        """
        answer: httpx.Response | None = None
        try:
            async with asyncio.timeout(self._settings.timeout):
                answer = await self._client.send(self._request(request), stream=True)
                return await self._read(answer)
        except (httpx.HTTPError, httpx.StreamError, OSError, BodyError) as error:
            if answer is not None and answer.status_code != 200:
                return Response(status=answer.status_code, headers=_plain_headers(answer), body=b"")
            if isinstance(error, BodyError):
                raise TransportError(str(error), sent=True, permanent=error.permanent, answered=True) from error
            raise _of_standin(error, request) from error
        finally:
            if answer is not None:
                await answer.aclose()

    def _request(self, request: Request) -> httpx.Request:
        headers = {"Accept-Encoding": ACCEPTED_ENCODINGS, **request.headers}
        return self._client.build_request(request.method, request.url, content=request.body, headers=headers)

    async def _read(self, answer: httpx.Response) -> Response:
        headers = _plain_headers(answer)
        # What the transport that was given has read and decoded itself is only measured.
        done = answer.is_stream_consumed
        body = Body({} if done else headers, self._settings.max_response_size)
        if done:
            body.feed(answer.content)
        else:
            async for chunk in answer.aiter_raw():
                body.feed(chunk)
        return Response(status=answer.status_code, headers=headers, body=body.finish())

    async def close(self) -> None:
        """Close the transport that was given."""
        await self._client.aclose()


def _plain_headers(answer: httpx.Response) -> dict[str, str]:
    return joined(answer.headers.multi_items())


def _of_standin(error: httpx.HTTPError | httpx.StreamError | OSError, request: Request) -> TransportError:
    if isinstance(error, TimeoutError):
        return TransportError(f"time-out while waiting for an answer of {request.host}", sent=True)
    kind = "time-out on" if isinstance(error, httpx.TimeoutException) else "failure of"
    reason = f"{kind} the connection to {request.host}: {str(error) or type(error).__name__}"
    return TransportError(reason, sent=not isinstance(error, _NOT_SENT))
