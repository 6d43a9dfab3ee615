"""The async transport, over httpx (extra `async`)."""

from __future__ import annotations

import ssl
import warnings
from typing import Any
from urllib.parse import urlsplit

from urllib3.exceptions import InsecureRequestWarning

from ..errors import ConfigurationError
from ..messages import Request, Response, TransportError
from .settings import NetworkSettings

try:
    import httpx
except ImportError:
    raise ConfigurationError("async connections need httpx: pip install 'umapi-sdk[async]'") from None

# Raised before a request has been written: the service cannot have received it.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class _Progress:
    """How far a request has come, as the connection tells it."""

    def __init__(self) -> None:
        self.sending = False
        """True once the request itself is being written: not the CONNECT that asks a proxy for a tunnel."""

    async def note(self, event: str, info: Any) -> None:
        """Take note of what the connection is about to do, or has done."""
        if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            self.sending = True


class HttpxTransport:
    """Sends requests over pooled connections, or through an httpx transport that is given in place of the network.

    `for_tokens` are the settings for the token host, where they differ.
    """

    def __init__(
        self,
        settings: NetworkSettings,
        for_tokens: NetworkSettings | None = None,
        *,
        given: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._token_settings = for_tokens or settings
        self._contexts = {each: each.ssl_context() for each in {self._settings, self._token_settings}}
        self._given = given
        self._clients: dict[tuple[NetworkSettings, str | None], httpx.AsyncClient] = {}

    async def send(self, request: Request) -> Response:
        """Send a request once and return the whole answer.

        Raises:
            TransportError: there was no answer.
        """
        settings = self._token_settings if request.for_token else self._settings
        client = self._client(settings, request.url)
        if not settings.ssl_verify and urlsplit(request.url).scheme == "https":
            advice = "Adding certificate verification is strongly advised."
            message = f"Unverified HTTPS request is being made to host '{request.host}'. {advice}"
            warnings.warn(message, InsecureRequestWarning, stacklevel=2)
        progress = _Progress()
        try:
            answer = await client.request(
                request.method,
                request.url,
                content=request.body,
                headers=dict(request.headers),
                extensions={"trace": progress.note},
            )
        except _NOT_SENT as error:
            raise _not_sent(error, request) from error
        except httpx.HTTPError as error:
            # A transport that was given in place of the network tells nothing of its progress.
            if self._given is None and not progress.sending:
                raise _not_sent(error, request) from error
            raise TransportError(_reason(error, request), sent=True) from error
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status_code, headers=headers, body=answer.content)

    async def close(self) -> None:
        """Close the pooled connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def _client(self, settings: NetworkSettings, url: str) -> httpx.AsyncClient:
        proxy = settings.proxy_for(url)
        if (settings, proxy) not in self._clients:
            context = self._contexts[settings]
            proxy_context = context if proxy and proxy.startswith("https:") else None
            self._clients[settings, proxy] = httpx.AsyncClient(
                verify=context,
                timeout=settings.timeout,
                proxy=httpx.Proxy(proxy, ssl_context=proxy_context) if proxy and not self._given else None,
                trust_env=False,
                transport=self._given,
            )
        return self._clients[settings, proxy]


def _not_sent(error: httpx.HTTPError, request: Request) -> TransportError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            hint = f"the certificate of {request.host} is not trusted ({cause.verify_message})"
            return TransportError(f"{hint}: give ca_bundle, or check the proxy", sent=False, permanent=True)
        cause = cause.__cause__ or cause.__context__
    return TransportError(_reason(error, request), sent=False)


def _reason(error: httpx.HTTPError, request: Request) -> str:
    kind = "time-out on" if isinstance(error, httpx.TimeoutException) else "failure of"
    return f"{kind} the connection to {request.host}: {str(error) or type(error).__name__}"
