"""What the documentation says of limits and defaults is what the schemas say."""

from __future__ import annotations

import re

import umapi_fault_page
import umapi_mock_setting_page
import umapi_model_page
from umapi_harness.mock.settings import Settings
from umapi_limit_page import PAGE, render
from umapi_models import defaults
from umapi_samples import ROOT


def test_page_of_limits_is_fresh() -> None:
    """docs/reference/limits.md is what the schemas give now."""
    assert PAGE.read_text("utf-8") == render()


def test_page_of_faults_is_fresh() -> None:
    """docs/reference/faults.md is what the schemas give now."""
    assert umapi_fault_page.PAGE.read_text("utf-8") == umapi_fault_page.render()


def test_page_of_mock_settings_is_fresh() -> None:
    """docs/reference/mock-settings.md is what the settings and the guesses give now, and has each setting."""
    page = umapi_mock_setting_page.PAGE.read_text("utf-8")
    assert page == umapi_mock_setting_page.render()
    named = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert named == list(Settings().as_dict())


def test_page_of_models_is_fresh() -> None:
    """docs/reference/models.md is what the schemas and the generated classes give now, and has each class."""
    assert umapi_model_page.PAGE.read_text("utf-8") == umapi_model_page.render()
    headings = {line[3:] for line in umapi_model_page.render().splitlines() if line.startswith("## ")}
    assert headings == set(umapi_model_page.public_models())


def test_the_page_of_waits_tells_the_defaults() -> None:
    """docs/explanation/waiting.md names the waits and attempts that `schema/client.json` has."""
    page = " ".join((ROOT / "docs" / "explanation" / "waiting.md").read_text("utf-8").split())
    waits = f"after {defaults.FIRST_DELAY:g} s · 2ⁿ plus up to {defaults.RANDOM_DELAY:g} s"
    for told in (
        f"{defaults.MAX_RETRIES} times in all (`max_retries`)",
        waits,
        f"`max_wait` ({defaults.MAX_WAIT:g} s)",
    ):
        assert told in page
