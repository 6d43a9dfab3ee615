"""No example of a page is only to be believed: each block is executed or parsed by a test, or says why it cannot be.

What is JSON or TOML is parsed here. A block of Python, shell or console has a comment before it: `executed by
tests/….py`, a test that names the page (`as is the rest of the page` speaks for all blocks after it, too), or
`not executed: REASON`.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from umapi_pages import ROOT, Block, blocks

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXECUTED = {"python", "sh", "console"}
CI = "ci"
"""The mark of the commands that CI runs."""


def unproved(page: Path) -> list[str]:
    """A line for each block of a page that no test executes, and that does not say why."""
    found, of_the_rest = [], False
    for block in blocks(page.read_text("utf-8")):
        named = re.findall(r"tests/[\w/]+\.py", block.mark)
        proved = any(names_the_page(ROOT / one, page) for one in named) or block.mark == CI
        of_the_rest = of_the_rest or (proved and "the rest of the page" in block.mark)
        if block.language in EXECUTED and not (proved or of_the_rest or block.not_executed):
            found.append(f"{page.relative_to(ROOT)}:{block.line}: {block.language}")
    return found


def names_the_page(test: Path, page: Path) -> bool:
    """Whether a test is there, and speaks of the page."""
    return test.is_file() and page.name in test.read_text("utf-8")


def parse(block: Block) -> None:
    """Parse a block of data.

    Raises:
        ValueError: it is no JSON, or no TOML.
    """
    if block.language == "json":
        json.loads(block.text)
    elif block.language == "toml":
        tomllib.loads(block.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_block_is_executed_or_says_why_not(page: Path) -> None:
    """Put `<!-- executed by tests/….py -->` or `<!-- not executed: REASON -->` before a block that is listed here."""
    assert unproved(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_block_of_data_can_be_read(page: Path) -> None:
    """JSON and TOML on a page are such."""
    for block in blocks(page.read_text("utf-8")):
        parse(block)


@pytest.mark.parametrize(
    ("mark", "missing"),
    [
        ("", 2),
        ("<!-- not executed: it stays until Ctrl-C -->", 1),
        ("<!-- not executed: -->", 2),
        ("<!-- not executed -->", 2),
        ("<!-- executed by tests/pages/test_page_blocks.py -->", 1),
        ("<!-- executed by tests/pages/test_page_blocks.py, as is the rest of the page -->", 0),
        ("<!-- executed by tests/pages/test_nowhere.py -->", 2),
        ("<!-- executed by tests/bulk/test_bulk_page.py -->", 2),
    ],
)
def test_a_block_that_nobody_executes_is_found(
    mark: str, missing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mark must name a test that is there and speaks of the page (here some-page.md), or give a reason."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    for one in ("pages/test_page_blocks.py", "bulk/test_bulk_page.py"):
        (tmp_path / "tests" / one).parent.mkdir(parents=True)
        (tmp_path / "tests" / one).write_text("some-page.md" if "pages" in one else "another.md", "utf-8")
    page = tmp_path / "some-page.md"
    page.write_text(f"{mark}\n```python\nprint(1)\n```\n\nWords.\n\n```sh\ntrue\n```\n\n```json\n{{}}\n```\n", "utf-8")
    assert len(unproved(page)) == missing
