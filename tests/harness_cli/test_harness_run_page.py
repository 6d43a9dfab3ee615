"""The example of docs/reference/running.md."""

from __future__ import annotations

import re
from pathlib import Path

from tests.harness_cli.conftest import Run

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "running.md").read_text("utf-8")


def test_the_example_does_what_the_page_says(run: Run, tmp_path: Path) -> None:
    """The collection of the page passes on a mock server, and the output has the lines that stand there."""
    collection = re.search(r"<!-- example: [^\n]* -->\n```json\n(.*?)\n```", PAGE, re.DOTALL)
    output = re.search(r"<!-- output: [^\n]* -->\n```\n(.*?)\n```", PAGE, re.DOTALL)
    assert collection is not None
    assert output is not None
    path = tmp_path / "mine.json"
    path.write_text(collection[1], "utf-8")
    ran = run("run", path, "--mock")
    assert ran.status == 0, ran.out + ran.err
    assert [line for line in output[1].splitlines() if line not in ran.out] == []
