"""The blocking transport, over urllib3."""

from __future__ import annotations

import ssl
import threading
from base64 import b64encode
from http.client import HTTPException
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from ..messages import Request, Response, TransportError
from .settings import NetworkSettings

# Raised before a request has been written: the service cannot have received it.
_NOT_SENT = (NewConnectionError, ConnectTimeoutError, NameResolutionError, ProxyError, LocationParseError)


class _Connection(HTTPSConnection):
    """A connection whose failures before it stands cannot be taken for failures after the request was written."""

    def connect(self) -> None:
        try:
            super().connect()
        except ssl.SSLCertVerificationError:
            raise
        except ssl.SSLError as error:
            raise NewConnectionError(self, f"the TLS handshake failed: {error.reason or error}") from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "the TLS handshake, or the proxy, took too long") from error
        except (OSError, HTTPException) as error:
            if self._tunnel_host:
                raise ProxyError("the tunnel was not opened, or broke off", error) from error
            raise NewConnectionError(self, f"the TLS handshake broke off: {error}") from error


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType] - as urllib3 itself assigns it


class BlockingTransport:
    """Sends requests over pooled connections. Threads can share it.

    `for_tokens` are the settings for the token host, where they differ.
    """

    def __init__(self, settings: NetworkSettings, for_tokens: NetworkSettings | None = None) -> None:
        self._settings = settings
        self._token_settings = for_tokens or settings
        # Trusted certificates take a while to load: hosts with the same settings share them.
        self._contexts = {each: each.ssl_context() for each in {self._settings, self._token_settings}}
        self._pools: dict[tuple[NetworkSettings, str | None], urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Send a request once and return the whole answer.

        Raises:
            TransportError: there was no answer.
        """
        settings = self._token_settings if request.for_token else self._settings
        try:
            answer = self._pool(settings, request.url).request(
                request.method,
                request.url,
                body=request.body,
                headers=dict(request.headers),
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=settings.timeout, read=settings.timeout),
            )
        except SSLError as error:
            raise _tls_failure(error, request) from error
        except _NOT_SENT as error:
            raise TransportError(_reason(error, request), sent=False) from error
        except (HTTPError, OSError) as error:
            raise TransportError(_reason(error, request), sent=True) from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status, headers=headers, body=answer.data)

    def close(self) -> None:
        """Close the pooled connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.clear()
            self._pools.clear()

    def _pool(self, settings: NetworkSettings, url: str) -> urllib3.PoolManager:
        proxy = settings.proxy_for(url)
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
        pool.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": _Pool}
        return pool


def _proxy_parts(proxy: str) -> tuple[str, dict[str, str] | None]:
    """Return the address of a proxy and the headers that carry its credentials, which no message shows."""
    parts = urlsplit(proxy)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    if parts.username is None:
        return address, None
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    return address, {"Proxy-Authorization": f"Basic {b64encode(credentials).decode('ascii')}"}


def _tls_failure(error: SSLError, request: Request) -> TransportError:
    cause = error.args[0] if error.args else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        hint = f"the certificate of {request.host} is not trusted ({cause.verify_message})"
        return TransportError(f"{hint}: give ca_bundle, or check the proxy", sent=False, permanent=True)
    # The handshake was over: TLS fails then when a connection is cut, and the request may be through.
    return TransportError(f"TLS failed: {cause}", sent=True)


def _reason(error: Exception, request: Request) -> str:
    host = request.host
    if isinstance(error, (ConnectTimeoutError, ReadTimeoutError)) and not isinstance(error, NewConnectionError):
        doing = "connecting to" if isinstance(error, ConnectTimeoutError) else "waiting for an answer of"
        return f"time-out while {doing} {host}"
    if isinstance(error, ProxyError):
        return f"the proxy failed: {_innermost(error)}"
    if isinstance(error, NameResolutionError):
        return f"the name {host} cannot be resolved"
    return f"the connection to {host} failed: {_innermost(error)}"


def _innermost(error: BaseException) -> str:
    """Return the reason at the bottom of an exception."""
    while True:
        below = error.args[-1] if error.args else None
        below = below if isinstance(below, BaseException) else error.__cause__
        if below is None:
            return str(getattr(error, "strerror", None) or error or type(error).__name__)
        error = below
