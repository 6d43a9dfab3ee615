"""A mock server with TLS, reached as Adobe's own client reaches the service."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from umapi_harness.mock.serving.server import RunningServer, running_server

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "UMAPI_MOCK")
VERSIONS = {"client_2.py": "2.", "client_3.py": "3."}
"""How the names of test files end that need a version of umapi-client."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out the tests of a version of umapi-client that is not the one installed."""
    try:
        installed = version("umapi-client")
    except PackageNotFoundError:
        installed = ""
    for item in items:
        wanted = next((version for name, version in VERSIONS.items() if item.path.name.endswith(name)), None)
        if item.path.parent == Path(__file__).parent and wanted and not installed.startswith(wanted):
            there = f"umapi-client {installed}" if installed else "no umapi-client"
            reason = f"{there} is installed, and these tests need {wanted}x: pip install --no-deps umapi-client"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """A mock server with TLS whose authority `requests` trusts."""
    with running_server(tls=True) as running:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.details.ca_cert))
        monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
        yield running


@pytest.fixture
def host(server: RunningServer) -> str:
    """The server as the client takes a host: without a scheme, which it puts there itself."""
    return f"localhost:{server.url.rpartition(':')[2]}"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of the client in seconds, which are noted and not sat out."""
    noted: list[float] = []
    monkeypatch.setattr("umapi_client.connection.sleep", noted.append)
    return noted
