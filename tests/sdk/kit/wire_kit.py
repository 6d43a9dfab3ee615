"""A host, a route to it, and a transport of either kind that goes it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator
from typing import Any

from fault_kit import Host, Proxy, Route
from sdk_kit import Time

from umapi_sdk.messages import Request, Response
from umapi_sdk.transports.asynchronous import WireTransport
from umapi_sdk.transports.blocking import BlockingTransport
from umapi_sdk.transports.settings import NetworkSettings

HEADERS = {"Content-Type": "application/json"}

Send = Callable[[Request], Response]


class Way:
    """A host, the route to it, and a transport that goes it."""

    def __init__(self, route: Route, context: ssl.SSLContext, ca_file: str, **options: Any) -> None:
        self.secure = route.startswith("https")
        self.host = Host(context if self.secure else None)
        self.proxy = Proxy(self.host) if route.endswith("proxy") else None
        self.host.proxy = self.proxy
        defaults: dict[str, Any] = {"timeout": 2.0, "ca_bundle": ca_file}
        defaults["proxy"] = self.proxy.url if self.proxy else None
        self.settings = NetworkSettings(**{**defaults, **options})

    def request(self, method: str, port: int | None = None) -> Request:
        """A request to the host."""
        url = f"{'https' if self.secure else 'http'}://127.0.0.1:{port or self.host.port}/v2/x"
        return Request(method=method, url=url, headers=HEADERS, body=b"[]" * 50 if method == "POST" else None)

    def close(self) -> None:
        """Close host and proxy."""
        if self.proxy:
            self.proxy.close()
        self.host.close()


@contextlib.contextmanager
def sending(kind: str, settings: NetworkSettings, time: Time | None) -> Iterator[Send]:
    """A transport of either kind on a test's time or the real one, to use as if it were blocking."""
    options: dict[str, Any] = {"clock": time.clock} if time else {}
    if kind == "blocking":
        blocking = BlockingTransport(settings, **options)
        yield blocking.send
        blocking.close()
        return
    with asyncio.Runner() as runner:
        wire = WireTransport(settings, **options)
        yield lambda request: runner.run(wire.send(request))
        runner.run(wire.close())
