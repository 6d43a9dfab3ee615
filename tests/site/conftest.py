"""The built site: `tox -e docs` says in UMAPI_SITE where it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built pages."""
    if "UMAPI_SITE" not in os.environ:
        pytest.skip("there is no site that was just built; run: tox -e docs")
    return Path(os.environ["UMAPI_SITE"])
