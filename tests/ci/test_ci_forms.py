"""Forms for issues: GitHub takes them, and their words name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.ci.conftest import ROOT, judged

FOLDER = ROOT / ".github"
FORMS = sorted(path.name for path in (FOLDER / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")
PAGES = [
    *(FOLDER / "ISSUE_TEMPLATE" / name for name in FORMS),
    *(FOLDER / "pull_request_template.md", ROOT / "SECURITY.md"),
]


def test_forms_are_taken() -> None:
    """GitHub's schemas take the forms, and the file about them."""
    paths = [FOLDER / "ISSUE_TEMPLATE" / name for name in FORMS]
    assert len(paths) == 3
    assert judged("check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", *paths) == ""
    config = FOLDER / "ISSUE_TEMPLATE" / "config.yml"
    assert judged("check-jsonschema", "--builtin-schema", "vendor.github-issue-config", config) == ""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_they_name_exists(path: Path) -> None:
    """Files and folders that they name are there."""
    text = path.read_text("utf-8")
    named = set(re.findall(r"\b[\w.-]+(?:/[\w.-]+)*\.(?:md|py)\b", text)) | set(re.findall(r"\b(?:docs|schema)/", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
