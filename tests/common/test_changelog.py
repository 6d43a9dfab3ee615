"""Fragments of the changelog: each has a name and a text from which a release can make a line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]
FOLDER = ROOT / SETTINGS["directory"]
CHANGELOG = (ROOT / SETTINGS["filename"]).read_text("utf-8")
FRAGMENTS = sorted(path for path in FOLDER.iterdir() if path.name not in SETTINGS["ignore"])
NAME = re.compile(rf"\+[a-z0-9]+(?:-[a-z0-9]+)*\.(?:{'|'.join(SETTINGS['fragment'])})\.md")


def flaws(name: str, text: str) -> list[str]:
    """What is wrong with a fragment."""
    lines = text.splitlines()
    found = [f"{name}: is no +NAME.KIND.md, KIND one of {', '.join(SETTINGS['fragment'])}"] * (not NAME.fullmatch(name))
    found += [f"{name}: is empty"] * (not text.strip())
    long = [number for number, line in enumerate(lines, 1) if len(line) > 130]
    found += [f"{name}: line {number}: is longer than 130 characters" for number in long]
    if re.search(r"^\s*([-*#]|$)", text.rstrip("\n"), re.MULTILINE) and text.strip():
        found.append(f"{name}: has a bullet, a heading or a blank line: leave them out")
    if text.strip() and not re.search(r"[.!?)]\n\Z", text):
        found.append(f"{name}: does not end with the end of a sentence and of a line")
    return found


def test_fragments_are_well_formed() -> None:
    """Those that there are."""
    assert [flaw for path in FRAGMENTS for flaw in flaws(path.name, path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("+good-one.added.md", "One sentence\nof two lines.\n", None),
        ("good.added.md", "One.\n", "is no +NAME.KIND.md"),
        ("+good.feature.md", "One.\n", "is no +NAME.KIND.md"),
        ("+good.fixed.md", "\n", "is empty"),
        ("+good.fixed.md", "- One.\n", "has a bullet"),
        ("+good.fixed.md", "One.\n\nTwo.\n", "a blank line"),
        ("+good.fixed.md", "one thing\n", "does not end"),
        ("+good.fixed.md", f"{'a' * 131}.\n", "line 1: is longer"),
    ],
)
def test_the_lint_finds_flaws(name: str, text: str, told: str | None) -> None:
    """Each kind of flaw is told, and a good fragment has none."""
    found = flaws(name, text)
    assert [flaw for flaw in found if told is None or told not in flaw] == []
    assert len(found) == (told is not None)


def test_a_release_finds_its_place() -> None:
    """The changelog has the mark below which releases go, and no fragment waits beside a section written by hand."""
    assert CHANGELOG.count(SETTINGS["start_string"]) == 1
    assert FRAGMENTS == [] or not re.search("^## .* unreleased$", CHANGELOG, re.MULTILINE)
