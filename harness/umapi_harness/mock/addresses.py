"""Addresses of this machine, which alone may use the admin interface unless it was asked for."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a server on `host` is reached from this machine alone, so that the admin interface may be on."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
