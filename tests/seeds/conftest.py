"""Adobe's hosts for the programs of the seed pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from umapi_hosts import Service, adobe_hosts


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Adobe's hosts, as far as this process can tell: a proxy leads to the mock server, whose authority is trusted."""
    with adobe_hosts() as (service, proxy):
        for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("https_proxy", proxy)
        monkeypatch.setenv("SSL_CERT_FILE", str(service.server.details.ca_cert))
        yield service
