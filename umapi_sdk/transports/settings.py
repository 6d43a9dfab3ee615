"""How to reach the network: limits, TLS and proxy."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from msgspec.structs import replace

from umapi_models.defaults import TIMEOUT
from umapi_sdk.addresses import has_bad_port
from umapi_sdk.errors import ConfigurationError
from umapi_sdk.masking import hidden
from umapi_sdk.records import Record

if TYPE_CHECKING:
    import ssl

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables of other programs that name the authorities to trust. Those of all that are set are trusted together:
which one a machine's owner meant for this program, when they differ, nobody can tell."""
MAX_RESPONSE_SIZE = 64 * 1024 * 1024
"""In bytes. A page of 2,000 users that are each in fifty groups has about four million."""

_LOOKED_AT = 1024 * 1024  # bytes of a file of certificates that OpenSSL cannot use
_AT_AFTER_HOST = re.compile("://[^/?#]*[/?#].*@", re.DOTALL)
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")


class NetworkSettings(Record, frozen=True, kw_only=True):
    """How a transport reaches the network."""

    unshown = frozenset({"proxy"})

    timeout: float | None = TIMEOUT
    """Longest time for one exchange from the connect to the last byte of the answer, in seconds; None has no limit."""
    ssl_verify: bool = True
    ssl_strict: bool = True
    """False accepts certificates that break rules of RFC 5280 which Python checks from 3.13 on; all else is checked."""
    ca_bundle: str | None = None
    """File of certificates to trust; None takes those of `BUNDLE_VARIABLES`, or if none is set the system's."""
    client_cert: str | tuple[str, str] | None = None
    """File of the client's certificate and key, or of each."""
    proxy: str | None = None
    """URL of the proxy; None takes HTTPS_PROXY, HTTP_PROXY and NO_PROXY from the environment."""
    max_response_size: int = MAX_RESPONSE_SIZE
    """Most bytes of an answer's body, as sent and as decoded."""

    def __post_init__(self) -> None:
        number = isinstance(self.timeout, (int, float)) and not isinstance(self.timeout, bool)
        if self.timeout is not None and not (number and self.timeout > 0):
            raise ConfigurationError(f"timeout must be a number of seconds above 0, or None, not {self.timeout!r}")
        size = cast("object", self.max_response_size)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ConfigurationError(f"max_response_size must be a whole number of bytes from 1, not {size!r}")
        if self.proxy is not None:
            _proxy_url(self.proxy)

    def for_tokens(self, ssl_verify: bool) -> NetworkSettings:
        """Return the settings for the token host; `ssl_verify` can turn off the check of its certificate alone."""
        return replace(self, ssl_verify=self.ssl_verify and ssl_verify)

    def ssl_context(self) -> ssl.SSLContext:
        """Return the TLS context.

        Raises:
            ConfigurationError: a certificate file is missing or unreadable.
        """
        import ssl  # noqa: PLC0415 - loaded when there is something to connect to

        context = _trusting(self._bundles())
        if not self.ssl_strict:
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not self.ssl_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.client_cert is not None:
            certificate, key = (self.client_cert, None) if isinstance(self.client_cert, str) else self.client_cert
            try:
                # Without a password given, OpenSSL would ask for one on the terminal.
                context.load_cert_chain(certificate, key, password="")
            except (OSError, ssl.SSLError) as error:
                said = _lack(certificate, key or certificate) or _reason(error)
                raise ConfigurationError(f"client_cert {certificate}: cannot be used: {said}") from None
        return context

    def chosen_authorities(self) -> str | None:
        """Return the setting or variable with the file of trusted authorities; None for the system's store."""
        return " and ".join(f"{name} {path}" for name, path in self._bundles()) or None

    def proxy_for(self, url: str) -> str | None:
        """Return the URL of the proxy for a request, None for a direct one.

        Raises:
            ConfigurationError: the proxy is no http or https URL.
        """
        parts = urlsplit(url)
        proxy = self.proxy
        if proxy is None:
            from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - it loads much else

            if proxy_bypass(parts.netloc):
                return None
            proxy = hidden(getproxies().get(parts.scheme))
            variable = f"{parts.scheme.upper()}_PROXY"
            return _proxy_url(proxy, f"the proxy of the environment ({variable})") if proxy else None
        return _proxy_url(proxy) if proxy else None

    def _bundles(self) -> list[tuple[str, str]]:
        """Return the settings or variables that name trusted authorities, and their files or folders."""
        if self.ca_bundle is not None:
            return [("ca_bundle", self.ca_bundle)]
        return [(name, os.environ[name]) for name in BUNDLE_VARIABLES if os.environ.get(name)]


def _trusting(bundles: list[tuple[str, str]]) -> ssl.SSLContext:
    """Return a TLS context that trusts the authorities of some files or folders, without those of the system."""
    import ssl  # noqa: PLC0415 - as above

    if all(name == "SSL_CERT_FILE" for name, _ in bundles):
        return ssl.create_default_context()  # OpenSSL reads that variable, and SSL_CERT_DIR, by itself
    context: ssl.SSLContext | None = None
    read: set[str] = set()
    for name, path in bundles:
        if path in read:
            continue
        read.add(path)
        where: Any = {"capath" if _is_store(path) else "cafile": path}
        try:
            if context is None:
                context = ssl.create_default_context(**where)
            else:
                context.load_verify_locations(**where)
        except (OSError, ssl.SSLError) as error:
            if name != "SSL_CERT_FILE":  # a variable that OpenSSL passes over, too, when it cannot use it
                said = _lack(path) or _reason(error)
                raise ConfigurationError(f"{name} {path}: cannot be used: {said}") from None
    return context or ssl.create_default_context()


def _is_store(path: str) -> bool:
    """Return whether a path is a folder with certificates by the hash of their names, as OpenSSL wants it."""
    folder = Path(path)
    return folder.is_dir() and any(_HASHED.fullmatch(file.name) for file in folder.iterdir())


def _proxy_url(proxy: str, what: str = "the proxy") -> str:
    """Return the URL of a proxy, which may be given without `http://`; no message shows it, for its password."""
    proxy = hidden(proxy)
    url = hidden(proxy if "://" in proxy else f"http://{proxy}")
    if _AT_AFTER_HOST.search(url):
        raise ConfigurationError(f"{what} has a /, ? or # in its user or password: write it as %2F, %3F or %23")
    if not _is_web(url):
        flaw = ", with a port from 1 to 65535" if has_bad_port(url) else ""
        raise ConfigurationError(f"{what} must be an http:// or https:// URL{flaw}")
    return url


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _lack(certificate: str, key: str | None = None) -> str | None:
    """Return what is missing in files that can be read, of which OpenSSL says no more than that it cannot use them."""
    try:
        texts = [_beginning(path) for path in (certificate, key) if path is not None]
    except OSError:
        return None
    if b"CERTIFICATE-----" not in texts[0]:
        return "it holds no certificate in PEM form"
    if key is not None and b"PRIVATE KEY-----" not in texts[1]:
        return f"{key} holds no private key in PEM form: put it there, or give the certificate's file and the key's"
    if key is not None and b"ENCRYPTED" in texts[1]:
        return f"the private key in {key} is encrypted: take its passphrase off with `openssl pkey`"
    return None


def _beginning(path: str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(_LOOKED_AT)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return str(error.args[-1]) if error.args else type(error).__name__
