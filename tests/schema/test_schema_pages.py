"""What the documentation says of limits and defaults is what the schemas say."""

from __future__ import annotations

from umapi_limit_page import PAGE, render
from umapi_models import defaults
from umapi_samples import ROOT


def test_page_of_limits_is_fresh() -> None:
    """docs/limits.md is what the schemas give now."""
    assert PAGE.read_text("utf-8") == render()


def test_readme_tells_the_defaults() -> None:
    """The README names the waits and attempts that `schema/client.json` has."""
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    waits = f"after {defaults.FIRST_DELAY:g} s · 2ⁿ plus up to {defaults.RANDOM_DELAY:g} s"
    for told in (
        f"{defaults.MAX_RETRIES} times in all (`max_retries`)",
        waits,
        f"`max_wait` ({defaults.MAX_WAIT:g} s)",
    ):
        assert told in readme
