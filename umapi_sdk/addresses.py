"""URLs of services: whether they can be used, and whether a secret may go there."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlsplit

from umapi_sdk.errors import ConfigurationError
from umapi_sdk.masking import hidden

T = TypeVar("T")

_DOMAINS_OF_ADOBE = ("adobe.io", "adobelogin.com", "adobe.com")


def host_of(url: object) -> str | None:
    """Return the host that an http or https URL names, None for anything else."""
    try:
        parts = urlsplit(url) if isinstance(url, str) and url.isprintable() and " " not in url else None
        usable = parts is not None and parts.scheme in ("http", "https") and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts.hostname if parts is not None and usable and not parts.query and not parts.fragment else None


def guarded(url: T) -> T:
    """Return a URL in which a secret can stand as one that no repr tells; anything else as it is."""
    return hidden(url) if isinstance(url, str) and any(mark in url for mark in "@?#") else url


def _has_user(url: object) -> bool:
    return isinstance(url, str) and "@" in url.rpartition("://")[2].partition("/")[0]


def has_bad_port(url: str) -> bool:
    """Return whether what stands in a URL for its port is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    try:
        return parts.port == 0
    except ValueError:
        return True


def _flaw(url: object) -> str:
    """Return what a URL must have or must not have, empty when more is wrong with it."""
    if not isinstance(url, str):
        return ""
    if "?" in url or "#" in url:
        return " without a query (?) or fragment (#)"
    return " whose port is a number from 1 to 65535" if has_bad_port(url) else ""


def check_service(name: str, url: str, shown: object) -> str:
    """Return the host of a service's URL.

    Args:
        name: the argument that the URL comes from.
        url: the URL.
        shown: the argument as it was given, for the message.

    Raises:
        ConfigurationError: it is no http or https URL, has a password in it, or sends secrets to Adobe in the clear.
    """
    url, shown = guarded(url), guarded(shown)
    if _has_user(shown):
        raise ConfigurationError(f"{name} must be a URL without user and password, which the service does not take")
    host = host_of(url)
    if host is None:
        raise ConfigurationError(f"{name} must be an http or https URL{_flaw(url)}, not {shown!r}")
    own = any(host == domain or host.endswith(f".{domain}") for domain in _DOMAINS_OF_ADOBE)
    if own and urlsplit(url).scheme == "http":
        raise ConfigurationError(f"{name} would send credentials to {host} in the clear: write https://")
    return host
