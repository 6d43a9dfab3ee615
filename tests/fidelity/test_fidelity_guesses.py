"""Guesses: the list, the page and the marks in the mock's code belong together."""

from __future__ import annotations

import re

import attrs

from umapi_guess_page import MOCK, PAGE, guesses, marks, render
from umapi_harness.mock import Settings


def test_the_page_of_guesses_is_fresh() -> None:
    """docs/explanation/guesses.md is what its program writes."""
    assert PAGE.read_text("utf-8") == render(), "run python tests/support/umapi_guess_page.py"


def test_each_mark_names_an_entry_and_each_entry_is_marked() -> None:
    """No guess of the code is missing in the list, and nothing is listed that the code does not do."""
    listed = [entry.id for entry in guesses()]
    assert len(listed) == len(set(listed))
    assert set(marks()) == set(listed)


def test_guesses_have_no_other_form() -> None:
    """The code admits to a guess by a mark alone."""
    for path in MOCK.rglob("*.py"):
        assert not re.search(r"\bguess", path.read_text("utf-8"), re.IGNORECASE), path.name


def test_settings_of_guesses_exist() -> None:
    """A setting that the list names can be set, and says what it does."""
    known = attrs.fields_dict(Settings)
    for entry in guesses():
        assert entry.setting is None or entry.setting in known, entry.id
        assert all((entry.does, entry.because, entry.proof)), entry.id
