"""The pytest plugin: fixtures with a server for each test, the mock or a replay of recordings, and their markers.

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
    from umapi_harness.contract.playback import Playback
    from umapi_harness.mock.serving.hosting import Hosting
    from umapi_harness.testing import UmapiOrg, UmapiServer

_MARKER = (
    "umapi(profile='documented', settings={}, faults=[], seed='default'): how the server of the fixtures umapi_server "
    "and umapi_org behaves, what fails, and what the organisation holds at first ('default', 'empty', a path or a "
    "dictionary)."
)
_RECORDING_MARKER = (
    "umapi_recording(*files, ordered=False, tls=False, complete=False): the recordings that the fixture umapi_replay "
    "answers with, their paths relative to the test; ordered demands the order of the recording, complete that every "
    "exchange is asked for."
)


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line("markers", _MARKER)
    config.addinivalue_line("markers", _RECORDING_MARKER)


@pytest.fixture(scope="session")
def _umapi_hosting() -> Iterator[Hosting]:
    _need_the_extra()
    from umapi_harness.mock.serving.hosting import Hosting  # noqa: PLC0415

    hosting = Hosting()
    yield hosting
    hosting.close()


@pytest.fixture(scope="session")
def umapi_new_org(_umapi_hosting: Hosting) -> Iterator[Callable[..., UmapiOrg]]:
    """Makes organisations for fixtures of a wider scope, and for tests that need several.

    Call it with the arguments of the marker, and serve what it gives with `with organization.served() as server`.
    """
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
    from umapi_harness.common.errors import InputError  # noqa: PLC0415
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


def _need_the_extra() -> None:
    absent = _absent_module()
    if absent is not None:
        pytest.fail(
            f"the umapi fixtures need the extra harness ({absent} is not installed): "
            "python -m pip install 'umapi-sdk[harness]'",
            pytrace=False,
        )


def _absent_module() -> str | None:
    """The module of the extra `harness` that is not installed, if one is not."""
    try:
        importlib.import_module("umapi_harness.testing")
        importlib.import_module("umapi_harness.contract.recordings")
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


@pytest.fixture
def umapi_replay(request: pytest.FixtureRequest) -> Iterator[Playback]:
    """A server on loopback that answers with the recordings of `@pytest.mark.umapi_recording("file.har")`.

    The test fails at its end when a request was not recorded, whatever the program under test made of the answer.
    """
    _need_the_extra()
    from umapi_harness.common.errors import InputError  # noqa: PLC0415
    from umapi_harness.contract.playback import playable, playing  # noqa: PLC0415
    from umapi_harness.contract.replay import Replay  # noqa: PLC0415

    where = f"{request.node.nodeid}: @pytest.mark.umapi_recording"
    files, options = _recordings_of(request.node, where)
    exchanges, problem = None, ""
    try:
        exchanges = playable(request.path.parent / file for file in files)
    except InputError as error:
        problem = str(error)
    if exchanges is None:
        # Outside the handler, or pytest would show the exception too.
        pytest.fail(f"{where}: {problem}", pytrace=False)
    replay = Replay(exchanges, ordered=options["ordered"])
    with playing(replay, tls=options["tls"]) as playback:
        yield playback
    if replay.unmatched:
        pytest.fail("\n".join(replay.unmatched), pytrace=False)
    if options["complete"] and replay.left:
        names = ", ".join(exchange.label for exchange in replay.left)
        pytest.fail(f"{where}: never asked for: {names}", pytrace=False)


def _recordings_of(node: pytest.Item, where: str) -> tuple[tuple[str, ...], dict[str, bool]]:
    """The files and the options of the mark that is closest to a test."""
    options = {"ordered": False, "tls": False, "complete": False}
    mark = node.get_closest_marker("umapi_recording")
    if mark is None or not mark.args:
        pytest.fail(f"{where} names no file; write @pytest.mark.umapi_recording('file.har')", pytrace=False)
    for name, value in mark.kwargs.items():
        if name not in options or not isinstance(value, bool):
            pytest.fail(f"{where}: {name}={value!r} is not among ordered=, tls= and complete=, True or False", False)
        options[name] = value
    return tuple(str(one) for one in mark.args), options
