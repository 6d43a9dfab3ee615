"""What the tests of the SDK share: the mock server, a scripted server, a clock and connections that get closed."""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from sdk_kit import ScriptedServer, Time, open_connection, serving

from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_sdk import Connection, UnsentActionsWarning

Connect = Callable[..., Connection]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting, proxy or trusted certificate of the process's environment reaches a test."""
    for name in list(os.environ):
        if name.startswith("UMAPI_") or name.lower().endswith("_proxy") or name.endswith("_CA_BUNDLE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", os.devnull)


@pytest.fixture(scope="session")
def _time() -> Time:
    return Time()


@pytest.fixture
def time(_time: Time) -> Time:
    """A clock at its start, which no wait holds up; that of the mock server too."""
    fresh = Time(_time.source)  # whose windows no other test has filled
    fresh.restart()
    return fresh


@pytest.fixture(scope="session")
def _mock(_time: Time) -> Iterator[RunningServer]:
    with running_server(clock=_time.source) as server:
        yield server


@pytest.fixture(scope="session")
def _secure(_time: Time) -> Iterator[RunningServer]:
    with running_server(clock=_time.source, tls=True) as server:
        yield server


@pytest.fixture
def secure(_secure: RunningServer, time: Time) -> RunningServer:
    """The mock server over TLS, with an authority of its own, as freshly started."""
    return _fresh(_secure)


@pytest.fixture
def mock(_mock: RunningServer, time: Time) -> RunningServer:
    """The mock server with its default seed, as freshly started."""
    return _fresh(_mock)


def _fresh(server: RunningServer) -> RunningServer:
    server.world.reset()
    server.world.tokens.revoke()
    return server


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its certificate as a file."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="session")
def context(authority: trustme.CA) -> ssl.SSLContext:
    """What a host of that authority needs for TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
    return context


@pytest.fixture
def wire() -> Iterator[ScriptedServer]:
    """A server that answers what the test lays down."""
    server = ScriptedServer()
    with serving(server):
        yield server


@pytest.fixture
def connect(time: Time) -> Iterator[Connect]:
    """Opens connections on the test's time, which are closed in the end."""
    opened: list[Connection] = []

    def open_one(server: Any, **options: Any) -> Connection:
        connection = open_connection(server.details, time, **options)
        opened.append(connection)
        return connection

    yield open_one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsentActionsWarning)
        for connection in opened:
            connection.close()
