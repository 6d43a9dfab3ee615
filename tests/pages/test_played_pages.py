"""Pages that are played: each file of theirs is written, each command run, and what it prints compared."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from umapi_harness.mock import Settings
from umapi_pages import ROOT, fits, play

PLAYED = {
    "README.md": 3,
    "docs/tutorial.md": 10,
    "docs/how-to/async.md": 1,
    "docs/how-to/debugging.md": 2,
    "docs/how-to/from-jwt.md": 4,
    "docs/how-to/from-newman.md": 4,
    "docs/how-to/joiners-movers-leavers.md": 6,
}
"""How many commands each page has, so that none is left out in silence."""


@pytest.mark.skipif(sys.platform == "win32", reason="the pages are written for a POSIX shell")
@pytest.mark.parametrize("page", PLAYED)
def test_a_page_prints_what_it_says(page: str, tmp_path: Path) -> None:
    """A reader who does what the page says sees what stands there."""
    assert play(ROOT / page, tmp_path) == PLAYED[page]


def test_the_folder_of_the_tutorial_is_not_within_the_clone() -> None:
    """pytest would take the settings of this project there, with which a test cannot import the module beside it."""
    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    made = re.search(r"^mkdir (\S+) && cd \1$", page, re.MULTILINE)
    assert made is not None
    assert not (ROOT / made[1]).resolve().is_relative_to(ROOT)


def test_no_example_waits_for_a_time_left_to_chance() -> None:
    """A planned 429 says when to come back: with Retry-After 0, a reader's test takes seconds, and nobody told why."""
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.py"), ROOT / "README.md"]
    assert [page.name for page in pages if re.search(r'"retry_after": "?0\b', page.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("shown", "printed", "fitting"),
    [
        ("one\ntwo\n", "one\ntwo\n", True),
        ("one\ntwo\n", "one\n", False),
        ("passed in 0.12 s\n", "passed in … s\n", True),
        ("passed in 0.12 s\nand more\n", "passed in … s\n", False),
        ("a\nb\nc\nd\n", "a\n…\nd\n", True),
        ("a\nb\nc\n", "a\n…\nd\n", False),
        ("a.c\n", "a?c\n", False),
    ],
)
def test_what_is_left_open_is_all_that_may_differ(shown: str, printed: str, fitting: bool) -> None:
    """An ellipsis stands for text of a line or for lines, and everything else for itself."""
    assert fits(shown, printed) == fitting


def test_what_was_seen_and_is_not_documented_is_on_the_page_of_sources() -> None:
    """Each setting that the live profile of the mock server changes has a line in the table, and no other has."""
    page = (ROOT / "docs" / "explanation" / "sources.md").read_text("utf-8")
    told = re.findall(r"^\|.*\| `(\w+)` \|$", page, re.MULTILINE)
    documented, live = Settings().as_dict(), Settings.live().as_dict()
    assert sorted(told) == sorted(name for name in live if live[name] != documented[name])
