"""A server on loopback that is attacked, and that must have logged no error and still serve after each test."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest

from umapi_harness.mock import SystemClock, VirtualClock
from umapi_harness.mock.serving.server import RunningServer, running_server

Json = dict[str, Any]


class _Errors(logging.Handler):
    """Keeps what any logger reports as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        self.lines.append(self.format(record))


def received(connection: socket.socket) -> bytes:
    """What comes in until the other side ends the connection."""
    parts: list[bytes] = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            parts.append(part)
    return b"".join(parts)


@attrs.frozen(kw_only=True)
class Target:
    """A running server with a client that holds a token."""

    server: RunningServer
    client: httpx.Client
    clock: VirtualClock

    def set_right(self) -> None:
        """Put the clock back to the system's time, which requests to the interface may have changed."""
        self.clock.resume()
        self.clock.advance(SystemClock().now() - self.clock.now())

    @property
    def org_id(self) -> str:
        """The organisation's id."""
        return self.server.details.org_id

    @property
    def port(self) -> int:
        """Where the server listens."""
        return int(self.server.url.rpartition(":")[2])

    def headers(self) -> dict[str, str]:
        """The headers of a call that is let through."""
        world = self.server.world
        credential = world.credential(self.org_id)
        token = world.tokens.issue(credential, 86_399)
        return {"x-api-key": credential.client_id, "Authorization": f"Bearer {token}"}

    def head(self) -> bytes:
        """The same as lines of a request."""
        return "".join(f"{name}: {value}\r\n" for name, value in self.headers().items()).encode("ascii")

    def connect(self) -> socket.socket:
        """A plain connection, on which nothing may take longer than ten seconds."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def answer_to(self, raw: bytes) -> bytes:
        """All that comes back for these bytes until the server ends the connection, as it must."""
        with self.connect() as connection:
            with contextlib.suppress(ConnectionError):  # refused in the middle of sending, which is an answer as well
                connection.sendall(raw)
            return received(connection)

    def post(self, body: bytes) -> httpx.Response:
        """POST a body to the action call as it is."""
        return self.client.post(
            f"/v2/usermanagement/action/{self.org_id}", content=body, headers=self.headers(), timeout=20
        )


@contextlib.contextmanager
def _target() -> Iterator[Target]:
    clock = VirtualClock()
    with running_server(clock=clock) as server, httpx.Client(base_url=server.url, timeout=20) as client:
        yield Target(server=server, client=client, clock=clock)


@pytest.fixture(scope="session")
def attackable() -> Callable[[], contextlib.AbstractContextManager[Target]]:
    """Starts a server of its own for a module that wants one."""
    return _target


@pytest.fixture(scope="session")
def attacked() -> Iterator[Target]:
    """The server of this test process."""
    with _target() as target:
        yield target


@pytest.fixture
def target(attacked: Target) -> Iterator[Target]:
    """The server with the default organisation; afterwards it must serve on and have no error to report."""
    attacked.server.world.reset()
    attacked.set_right()
    errors = _Errors()
    logging.getLogger().addHandler(errors)
    try:
        yield attacked
        assert httpx.get(f"{attacked.server.url}/status", timeout=10).status_code == 200
        assert errors.lines == []
    finally:
        logging.getLogger().removeHandler(errors)
