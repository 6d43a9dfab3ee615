"""The tables of names in docs/reference/sdk.md, compat.md and testing.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from umapi_name_page import PAGES, render


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_of_names_are_fresh(page: Path) -> None:
    """`python tests/support/umapi_name_page.py` would change nothing, and the page has a table."""
    text = page.read_text("utf-8")
    assert text == render(page)
    assert text.count("| name | what it is |") == text.count("<!-- names of ") > 0
