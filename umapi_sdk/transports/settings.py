"""How to reach the network: time limit, TLS and proxy."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import attrs

from ..errors import ConfigurationError


@attrs.frozen(kw_only=True)
class NetworkSettings:
    """How a transport reaches the network."""

    timeout: float | None = 120.0
    """Longest wait for a connection, and again for an answer, in seconds; None waits for ever."""
    ssl_verify: bool = True
    ca_bundle: str | None = None
    """File of certificates to trust instead of the system's."""
    client_cert: str | tuple[str, str] | None = None
    """File of the client's certificate and key, or of each."""
    proxy: str | None = attrs.field(default=None, repr=False)
    """URL of the proxy; None takes HTTPS_PROXY, HTTP_PROXY and NO_PROXY from the environment."""

    def __attrs_post_init__(self) -> None:
        number = isinstance(self.timeout, (int, float)) and not isinstance(self.timeout, bool)
        if self.timeout is not None and not (number and self.timeout > 0):
            raise ConfigurationError(f"timeout must be a number of seconds above 0, or None, not {self.timeout!r}")
        if self.proxy is not None:
            _proxy_url(self.proxy)

    def for_tokens(self, ssl_verify: bool) -> NetworkSettings:
        """Return the settings for the token host, which can have a TLS check of its own."""
        return attrs.evolve(self, ssl_verify=ssl_verify)

    def ssl_context(self) -> ssl.SSLContext:
        """Return the TLS context.

        Raises:
            ConfigurationError: a certificate file is missing or unreadable.
        """
        try:
            context = ssl.create_default_context(cafile=self.ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(f"ca_bundle {self.ca_bundle}: cannot be used: {_reason(error)}") from None
        if not self.ssl_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.client_cert is not None:
            certificate, key = (self.client_cert, None) if isinstance(self.client_cert, str) else self.client_cert
            try:
                # Without a password given, OpenSSL would ask for one on the terminal.
                context.load_cert_chain(certificate, key, password="")
            except (OSError, ssl.SSLError) as error:
                raise ConfigurationError(f"client_cert {certificate}: cannot be used: {_reason(error)}") from None
        return context

    def proxy_for(self, url: str) -> str | None:
        """Return the URL of the proxy for a request, None for a direct one.

        Raises:
            ConfigurationError: the proxy is no http or https URL.
        """
        parts = urlsplit(url)
        proxy = self.proxy
        if proxy is None:
            if proxy_bypass(parts.netloc):
                return None
            proxy = getproxies().get(parts.scheme)
        return _proxy_url(proxy) if proxy else None


def _proxy_url(proxy: str) -> str:
    """Return the URL of a proxy, which may be given without `http://`; no message shows it, for its password."""
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError("the proxy must be an http:// or https:// URL")
    return url


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return str(error.args[-1]) if error.args else type(error).__name__
