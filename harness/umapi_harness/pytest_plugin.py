"""The pytest plugin: a server for each test, the mock or a replay of recordings, and requests of collections as items.

pytest loads this module in every project where the package is installed, so nothing is imported here but the
standard library and pytest; the rest comes when a test asks for a fixture.
"""

from __future__ import annotations

import importlib
import os
import shlex
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


class UnusedFaultWarning(pytest.PytestWarning):
    """A test is over, and a fault that was planned for it has struck no call: what it is to show was not shown."""


_INSTALL = "python -m pip install 'umapi-sdk[harness]'"
_COLLECTIONS = pytest.StashKey[dict[Path, list[str]]]()
"""The collections, each with the options of its run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of collections, which pytest.ini can have too."""
    group = parser.getgroup("umapi", "requests of Postman collections as tests")
    group.addoption(
        "--umapi-collection",
        action="append",
        default=[],
        metavar="FILE",
        help="Test each request of this collection; may be repeated.",
    )
    group.addoption(
        "--umapi-environment",
        action="append",
        default=[],
        metavar="FILE",
        help="Its environment; one for all collections, or one for each, in their order.",
    )
    group.addoption(
        "--umapi-mock", action="store_true", default=None, help="Run collections on a mock server of their own."
    )
    group.addoption(
        "--umapi-run-options",
        default=None,
        metavar="OPTIONS",
        help="Further options of `umapi-harness run`, in quotes.",
    )
    parser.addini("umapi_collection", "Collections whose requests are tests where pytest finds them.", "paths", [])
    parser.addini("umapi_environment", "Their environments; one for all, or one for each.", "paths", [])
    parser.addini("umapi_mock", "Run collections on a mock server of their own.", "bool", False)
    parser.addini("umapi_run_options", "Further options of `umapi-harness run`.", "args", [])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let pytest-xdist give all requests of a collection to one worker, unless its mode is chosen."""
    collections = config.stash[_COLLECTIONS]
    if not collections or config.getoption("dist") != "load":
        return None
    scheduling = importlib.import_module("xdist.scheduler").LoadScopeScheduling

    def scope(_self: object, nodeid: str) -> str:
        """What goes to one worker as a whole: a collection, or a single test."""
        file = nodeid.partition("::")[0]
        return file if Path(os.path.normpath(config.rootpath / file)) in collections else nodeid

    return type("CollectionScheduling", (scheduling,), {"_split_scope": scope})(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and have the collections of the command line collected."""
    config.addinivalue_line("markers", _MARKER)
    config.addinivalue_line("markers", _RECORDING_MARKER)
    config.stash[_COLLECTIONS] = _collections(config)
    options: list[str] = config.getoption("umapi_collection") or []
    given = [str(_absolute(config, one)) for one in options]
    if config.args_source is not pytest.Config.ArgsSource.ARGS and given:
        config.args[:] = []
    named = {_absolute(config, argument.partition("::")[0]) for argument in config.args}
    config.args += [path for path in given if not named & {Path(path), *Path(path).parents}]


def _absolute(config: pytest.Config, path: str) -> Path:
    return Path(os.path.normpath(Path(config.invocation_params.dir, path)))


def _collections(config: pytest.Config) -> dict[Path, list[str]]:
    """The collections with the options of their runs; raises UsageError."""
    paths = _paths(config, "umapi_collection")
    environments = _paths(config, "umapi_environment")
    if len(environments) > 1 and len(environments) != len(paths):
        raise pytest.UsageError("--umapi-environment: give one for all collections, or one for each")
    if paths and (absent := _absent_module()) is not None:
        raise pytest.UsageError(f"--umapi-collection needs the extra harness ({absent} is not installed): {_INSTALL}")
    options: str | None = config.getoption("umapi_run_options")
    words: list[str] = config.getini("umapi_run_options") if options is None else shlex.split(options)
    mock = config.getoption("umapi_mock") or config.getini("umapi_mock")
    common = ["--mock", *words] if mock else words
    if len(environments) <= 1:
        return {path: [*(f"--environment={one}" for one in environments), *common] for path in paths}
    return {path: [f"--environment={one}", *common] for path, one in zip(paths, environments, strict=True)}


def _paths(config: pytest.Config, name: str) -> list[Path]:
    """The paths of an option, or those of the file of settings."""
    given: list[str] = config.getoption(name) or []
    ini: list[Path] = config.getini(name)
    return [_absolute(config, path) for path in given] or ini


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the requests of a collection."""
    words = parent.config.stash[_COLLECTIONS].get(file_path)
    if words is None:
        return None
    from umapi_harness.pytest_items import collection_file  # noqa: PLC0415

    return collection_file(parent, file_path, words)


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
    for problem in organization.faults.unused():
        request.node.warn(UnusedFaultWarning(problem))


def _need_the_extra() -> None:
    absent = _absent_module()
    if absent is not None:
        pytest.fail(f"the umapi fixtures need the extra harness ({absent} is not installed): {_INSTALL}", pytrace=False)


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
