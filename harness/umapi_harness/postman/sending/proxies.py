"""Proxies: which one the environment names for an address (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import attrs


@attrs.frozen(kw_only=True)
class Proxy:
    """A proxy that is reached without TLS: host and port, and what it is told of who asks."""

    host: str
    port: int
    authorization: str = attrs.field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that are for the proxy alone."""
        return {"Proxy-Authorization": self.authorization} if self.authorization else {}


@attrs.frozen
class Proxies:
    """The proxies of the environment, by the scheme of the addresses that go through them."""

    by_scheme: Mapping[str, Proxy] = attrs.field(factory=dict[str, Proxy])

    def proxy_for(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy for an address; None when it is reached without."""
        found = self.by_scheme.get(scheme) or self.by_scheme.get("all")
        if found is None or proxy_bypass(host) or proxy_bypass(f"{host}:{port}"):
            return None
        return found


def proxies_of_environment() -> Proxies:
    """Reads the variables of the process; raises ValueError for what is no proxy."""
    known = getproxies_environment()
    return Proxies({scheme: _proxy(known[scheme]) for scheme in ("http", "https", "all") if known.get(scheme)})


def _proxy(text: str) -> Proxy:
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme != "http":
        raise ValueError(f"a proxy of the kind {parts.scheme} is not supported: give http://host:port")
    if not parts.hostname:
        raise ValueError("a proxy without a host: give http://host:port")
    authorization = ""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    return Proxy(host=parts.hostname, port=parts.port or 80, authorization=authorization)
