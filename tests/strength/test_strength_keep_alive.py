"""Idle connections: open for as long as the setting says, and never closed over a request that has arrived."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from umapi_harness.mock import World
from umapi_harness.mock.serving import listening
from umapi_harness.mock.serving.connections import Connection, PureConnection
from umapi_harness.mock.serving.hosting import Hosting
from umapi_harness.mock.serving.loops import LoopThread

REQUEST = b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n"


@attrs.frozen
class Line:
    """A client's connection, and the server's end of it."""

    client: socket.socket
    ends: list[Any]
    hosting: Hosting
    world: World

    def in_loop(self, function: Callable[[], Any]) -> Any:
        """Call a function in the server's thread, where nothing else happens meanwhile."""
        return self.hosting.loop.call(function)

    def ask(self) -> bytes:
        """Send a request and read its answer."""
        self.client.sendall(REQUEST)
        return self.answer()

    def answer(self) -> bytes:
        """Read an answer; empty if the server has ended the connection."""
        received = b""
        while b'"LIVE"}' not in received:
            part = self.client.recv(65_536)
            if not part:
                break
            received += part
        return received

    def left(self) -> float:
        """Seconds for which the server keeps the connection."""

        def remaining() -> float:
            return float(self.ends[0].timeout_keep_alive_task.when() - asyncio.get_running_loop().time())

        return float(self.in_loop(remaining))


@pytest.fixture(params=[Connection, PureConnection], ids=["default", "h11"])
def line(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """A connection to a server that reads by one of the two parsers."""
    ends: list[Any] = []
    parser: Any = request.param

    class Observed(parser):  # type: ignore[misc]
        def connection_made(self, transport: Any) -> None:
            ends.append(self)
            parser.connection_made(self, transport)

    monkeypatch.setattr(listening, "Connection", Observed)
    loop = LoopThread()
    hosting = Hosting(loop=loop)
    world = World()
    door = hosting.open(world)
    try:
        with socket.create_connection(("127.0.0.1", int(door.url.rpartition(":")[2])), timeout=10) as client:
            yield Line(client, ends, hosting, world)
    finally:
        hosting.close()
        loop.stop()


def test_how_long_an_idle_connection_is_kept(line: Line) -> None:
    """By default as long as nginx keeps it, away from the waits of 5, 30 and 60 seconds that clients are told."""
    assert line.ask().startswith(b"HTTP/1.1 200")
    assert 70 < line.left() < 75.001
    line.in_loop(lambda: setattr(line.world, "settings", line.world.settings.changed({"keep_alive_seconds": 20})))
    assert line.ask().startswith(b"HTTP/1.1 200")
    assert 15 < line.left() < 20.001


def test_an_idle_connection_is_closed_at_its_time(line: Line) -> None:
    """When the time is over and nothing has come, the client reads the orderly end."""
    line.ask()
    line.in_loop(line.ends[0].timeout_keep_alive_handler)
    assert line.client.recv(1) == b""


def test_a_request_that_has_arrived_is_answered(line: Line) -> None:
    """Sent before the time was over but not yet read when it is, a request is answered rather than lost."""
    line.ask()

    def late() -> None:
        line.client.sendall(REQUEST)
        line.ends[0].timeout_keep_alive_handler()

    line.in_loop(late)
    assert line.answer().startswith(b"HTTP/1.1 200")
    assert line.ask().startswith(b"HTTP/1.1 200")
    assert 70 < line.left() < 75.001
