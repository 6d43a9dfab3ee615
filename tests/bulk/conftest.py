"""What the tests of bulk runs share: an organisation in the same process, its faults, and a mix of rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bulk_kit import MakeSite, Site


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[MakeSite]:
    """Makes organisations with connections that are closed in the end."""
    made: list[Site] = []

    def make(**options: Any) -> Site:
        site = Site(tmp_path / f"run{len(made)}.umapi", **options)
        made.append(site)
        return site

    yield make
    for site in made:
        site.close()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """An organisation, and where a journal can be."""
    return make_site()
