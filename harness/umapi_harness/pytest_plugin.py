"""The pytest plugin: fixtures with a server and an organisation for each test, and the marker that shapes them.

pytest loads this module in every project where the package is installed, so nothing is imported here but the
standard library and pytest; the rest comes when a test asks for a fixture.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import pytest

if TYPE_CHECKING:
    from umapi_harness.mock.hosting import Hosting
    from umapi_harness.testing import UmapiOrg, UmapiServer

_MARKER = (
    "umapi(profile='documented', settings={}, faults=[], seed='default'): how the server of the fixtures umapi_server "
    "and umapi_org behaves, what fails, and what the organisation holds at first ('default', 'empty', a path or a "
    "dictionary)."
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def _umapi_hosting() -> Iterator[Hosting]:
    absent = _absent_module()
    if absent is not None:
        pytest.fail(
            f"the umapi fixtures need the extra harness ({absent} is not installed): "
            "python -m pip install 'umapi-sdk[harness]'",
            pytrace=False,
        )
    from umapi_harness.mock.hosting import Hosting  # noqa: PLC0415

    hosting = Hosting()
    yield hosting
    hosting.close()


@pytest.fixture(scope="session")
def umapi_new_org(_umapi_hosting: Hosting) -> Iterator[Callable[..., UmapiOrg]]:
    """Makes organisations for fixtures of a wider scope, and for tests that need several: call it with the arguments
    of the marker, and serve what it gives with `with organization.served() as server`."""
    from umapi_harness.testing import Setup, UmapiOrg  # noqa: PLC0415

    made: WeakSet[UmapiOrg] = WeakSet()

    def make(**arguments: Any) -> UmapiOrg:
        organization = UmapiOrg(Setup.read(arguments, where="umapi_new_org", folder=Path()), _umapi_hosting)
        made.add(organization)
        return organization

    yield make
    for organization in list(made):
        organization.close()


@pytest.fixture
def umapi_org(request: pytest.FixtureRequest, _umapi_hosting: Hosting) -> Iterator[UmapiOrg]:
    """An organisation of the test's own: add users and groups, plan faults, move the clock, look at what happened."""
    from umapi_harness.mock.errors import InputError  # noqa: PLC0415
    from umapi_harness.testing import Setup, UmapiOrg  # noqa: PLC0415

    where = f"{request.node.nodeid}: @pytest.mark.umapi"
    arguments: dict[str, Any] = {}
    for mark in request.node.iter_markers("umapi"):
        if mark.args:
            pytest.fail(f"{where}: {mark.args[0]!r} has no name; give profile=, settings=, faults= or seed=", False)
        # The mark that is closest to the test comes first, and wins.
        arguments = {**mark.kwargs, **arguments}
    setup, problem = None, ""
    try:
        setup = Setup.read(arguments, where=where, folder=request.path.parent)
    except InputError as error:
        problem = str(error)
    if setup is None:
        # Outside the handler, or pytest would show the exception too.
        pytest.fail(problem, pytrace=False)
    organization = UmapiOrg(setup, _umapi_hosting)
    yield organization
    organization.close()


def _absent_module() -> str | None:
    """The module of the extra `harness` that is not installed, if one is not."""
    try:
        importlib.import_module("umapi_harness.testing")
    except ModuleNotFoundError as error:
        return (error.name or str(error)).partition(".")[0]
    return None


@pytest.fixture
def umapi_server(umapi_org: UmapiOrg) -> Iterator[UmapiServer]:
    """A server on loopback, over HTTP, that answers for `umapi_org`; its attributes are what a client must know."""
    with umapi_org.served() as server:
        yield server


@pytest.fixture
def umapi_tls_server(umapi_org: UmapiOrg) -> Iterator[UmapiServer]:
    """The same over TLS; `ca_cert` is the authority to trust."""
    with umapi_org.served(tls=True) as server:
        yield server
