"""The example of docs/explanation/planning.md, as a reader would run it."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from unittest import mock

from plan_kit import Place

import umapi_sdk

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "planning.md"


def test_the_example_prints_what_the_page_says() -> None:
    """The example runs against an organisation without the group Testers, and prints the lines of the page."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```.*?```\n(.*?)```", page, re.DOTALL)
    assert found is not None
    example, printed = found.groups()
    document = {
        "domains": [{"name": "example.com", "type": "federatedID"}],
        "user_groups": [{"name": "DevOps"}, {"name": "Marketing"}],
    }
    place, output = Place(document), io.StringIO()
    connecting = mock.patch.object(umapi_sdk, "connect", return_value=place.connection, create=True)
    with connecting, contextlib.redirect_stdout(output):
        exec(compile(example, str(PAGE), "exec"), {})
    first, *_, last = printed.splitlines()
    lines = output.getvalue().splitlines()
    assert [lines[0], lines[-1]] == [first, last]
    assert lines[1:3] == printed.splitlines()[1:3]
    assert len(lines) == 2 + 25 + 1
