"""The corpus of recorded exchanges, for the tests of the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from umapi_harness.contract.recordings import Exchange, Recording, load_folder

RECORDINGS = Path(__file__).parent / "recordings"


def _corpus() -> tuple[Exchange, ...]:
    return tuple(exchange for recording in load_folder(RECORDINGS) for exchange in recording.exchanges)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `exchange` once for each exchange of the corpus."""
    if "exchange" in metafunc.fixturenames:
        metafunc.parametrize("exchange", [pytest.param(one, id=one.name) for one in _corpus()])


@pytest.fixture(scope="session")
def recordings() -> tuple[Recording, ...]:
    """All files of the corpus."""
    return load_folder(RECORDINGS)


@pytest.fixture(scope="session")
def corpus() -> tuple[Exchange, ...]:
    """All exchanges of the corpus."""
    return _corpus()


@pytest.fixture(scope="session")
def by_name(corpus: tuple[Exchange, ...]) -> dict[str, Exchange]:
    """The exchanges of the corpus by name."""
    return {exchange.name: exchange for exchange in corpus}
