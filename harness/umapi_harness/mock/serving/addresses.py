"""Addresses: which are this machine's own, and by which names a server may be called."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import attrs

# Nobody can register a name below these (RFC 6761, RFC 6762, ICANN's .internal).
_RESERVED: Final = ("localhost", "local", "internal", "test")


def is_loopback(host: str) -> bool:
    """Whether a server on `host` is reached from this machine alone, so that the admin interface may be on."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(host: str) -> bool:
    """Whether it is an IP address, which no site can lead anybody to by another name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)


@attrs.frozen
class Names:
    """The names by which a server may be called.

    A site can have a name of its own lead to this machine, or this network, and its page then counts as the server's
    (DNS rebinding). It can do so with no address, and with no name that it cannot register.
    """

    allowed: frozenset[str] = attrs.field(default=frozenset[str](), converter=_lower)
    """Names that are the server's own, though others could register them."""

    def include(self, site: str) -> bool:
        """Whether host and port, as in a Host header, are a name of this server."""
        try:
            host = urlsplit(f"//{site}").hostname
        except ValueError:
            return False
        if not host:
            return False
        host = host.rstrip(".")
        return is_address(host) or "." not in host or host.rpartition(".")[2] in _RESERVED or host in self.allowed

    def include_origin(self, origin: str) -> bool:
        """Whether a page of that origin is the server's, or of this network."""
        try:
            return self.include(urlsplit(origin).netloc)
        except ValueError:
            return False
