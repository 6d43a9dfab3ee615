"""What the tests of this folder share: the judge of JSON Schema."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from umapi_samples import Judge


@pytest.fixture(scope="session")
def judge() -> Judge:
    """The judge, with its compiled schemas."""
    return Judge()
