"""docs/reference/harness-cli.md, which is made of the help of `umapi-harness`."""

from __future__ import annotations

from umapi_harness_cli_page import PAGE, render


def test_page() -> None:
    """The page is what the commands say of themselves."""
    assert PAGE.read_text("utf-8") == render(), "run: python tests/support/umapi_harness_cli_page.py"
