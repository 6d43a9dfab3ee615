"""What the tests of this folder share: every sample of `schema/samples`, and the judge of JSON Schema."""

from __future__ import annotations

import pytest

from umapi_samples import SELECTIONS, Judge, all_samples


@pytest.fixture(scope="session")
def judge() -> Judge:
    """The judge, with its compiled schemas."""
    return Judge()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Call tests that ask for a sample, such as a `valid_sample`, once for each that there is."""
    for name, belongs in SELECTIONS.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, [sample for sample in all_samples() if belongs(sample)], ids=str)
