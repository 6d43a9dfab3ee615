"""The Markdown of the repository: its links lead somewhere, on GitHub as on the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCED = re.compile(r"^( *)(`{3,}|:::+).*?^\1\2 *$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(<?([^()\s>]+)>?(?: \"[^\"]*\")?\)|<img[^>]* src=\"([^\"]+)\"")
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md"))
    if "_build" not in path.parts
)


@cache
def prose(path: Path) -> str:
    """A page without its blocks of code."""
    return FENCED.sub("", path.read_text("utf-8"))


@cache
def anchors(path: Path) -> set[str]:
    """The anchors that GitHub makes of the headings of a page, a number after those that are there already."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ +(.+?) *#*$", prose(path), re.MULTILINE):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {f"{slug}-{count}" if count else slug for slug, last in found.items() for count in range(last + 1)}


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere in the repository."""
    for match in LINK.finditer(re.sub(r"`[^`\n]*`", "", prose(page))):
        target = match[1] or match[2]
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        path = page.parent / place if place else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            yield target


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """Each relative link of a page is a file or folder of the repository, and its anchor a heading there."""
    assert list(broken(ROOT / name)) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    """Missing files and anchors are told, and links in code are none."""
    page = tmp_path / "page.md"
    page.write_text("# A `b`, c\n[1](page.md#a-b-c) [2](no.md) [3](#no) `[4](no)` [5](https://a/)\n```\n[6](no)\n```\n")
    assert list(broken(page)) == ["no.md", "#no"]
