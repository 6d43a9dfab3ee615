"""The example of docs/how-to/bulk.md, as a reader would run it."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from unittest import mock

import pytest
from bulk_kit import MakeSite, people

import umapi_sdk

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "bulk.md"


def test_the_example_prints_what_the_page_says(
    make_site: MakeSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example creates a run, prints the lines of the page, and what resumes it finds nothing left."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```.*?```\n(.*?)```.*?```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    example, printed, resuming = found.groups()
    site = make_site(document=people() | {"user_groups": [{"name": "DevOps"}]})
    monkeypatch.chdir(tmp_path)
    output, names = io.StringIO(), dict[str, object]()
    connecting = mock.patch.object(umapi_sdk, "connect", return_value=site.connection, create=True)
    with connecting, contextlib.redirect_stdout(output):
        exec(compile(example, str(PAGE), "exec"), names)
        exec(compile(resuming, str(PAGE), "exec"), names)
    assert output.getvalue() == printed
    assert len(site.members("DevOps")) == 200
    assert len(site.requests) == 20
