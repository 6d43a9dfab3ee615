"""What the tests of this folder share: the judge of JSON Schema."""

from __future__ import annotations

import pytest

from umapi_samples import Judge


@pytest.fixture(scope="session")
def judge() -> Judge:
    """The judge, with its compiled schemas."""
    return Judge()
