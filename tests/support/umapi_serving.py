"""A server for any ASGI application of a test."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from starlette.types import ASGIApp

from umapi_harness.mock.serving.listening import DEFAULT_HOST, in_background, site


@contextmanager
def serve(app: ASGIApp) -> Generator[str]:
    """Serve an application on a free port, without a date of the server's own; gives its root URL."""
    with site(DEFAULT_HOST, 0, tls=False) as place:
        server = place.server(app)
        server.config.date_header = False
        with in_background(server):
            yield place.url
