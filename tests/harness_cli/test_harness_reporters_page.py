"""The reporter of another package that docs/reference/reports.md shows."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.harness_cli.conftest import Run

_DOCUMENT = (Path(__file__).parents[2] / "docs" / "reference" / "reports.md").read_text("utf-8")
PAGE = _DOCUMENT.partition("<!-- example: run by ")[2]
V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def program(language: str) -> str:
    """The text of the page in one language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of the page, as if it were installed; its second reporter raises at the first event."""
    site = tmp_path / "site"
    info = site / "my_reporter-1.dist-info"
    info.mkdir(parents=True)
    [group, names] = next(iter(tomllib.loads(program("toml"))["project"]["entry-points"].items()))
    points = {**names, "broken": "my_reporter:broken"}
    lines = "\n".join(f"{name} = {place}" for name, place in points.items())
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-reporter\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[{group}]\n{lines}\n", "utf-8")
    broken = "\n\ndef broken(settings):\n    made = FailureList(settings)\n    made.lines = None\n    return made\n"
    (site / "my_reporter.py").write_text(program("python") + broken, "utf-8")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("installed")
def test_the_reporter_of_the_page_writes_what_it_says(run: Run) -> None:
    """It has its options, hears everything to the end, and its file is written."""
    test = {"listen": "test", "script": {"exec": ["pm.test('teapot', () => pm.response.to.have.status(418));"]}}
    item = {"name": "users", "request": "https://usermanagement.adobe.io/v2/usermanagement/users/x/0", "event": [test]}
    Path("mine.json").write_text(json.dumps({"info": {"name": "Mine", "schema": V21}, "item": [item]}), "utf-8")
    words = shlex.split(program("sh"))
    assert words.pop(0) == "umapi-harness"
    ran = run(*words)
    assert (ran.status, ran.err) == (1, "")
    assert Path("failures.txt").read_text("utf-8").splitlines() == [
        "* users: teapot: expected response to have status code 418 but got 403",
        "* 1 requests, 1 failures",
    ]


@pytest.mark.usefixtures("installed")
def test_a_reporter_that_raises_is_told_of_and_the_others_go_on(run: Run, tmp_path: Path) -> None:
    """The run ends as it would, other reports are written, and the exit status says that one is not."""
    Path("c.json").write_text(
        json.dumps({"info": {"name": "C", "schema": V21}, "item": [{"name": "a", "request": "http://127.0.0.1:9"}]}),
        "utf-8",
    )
    reports = ["-r", "broken,junit,failures", "--reporter-junit-export", "j.xml", "--reporter-failures-export", "f.txt"]
    ran = run("run", "c.json", *reports, "--reporter-broken-export", "b.txt")
    assert ran.status == 2
    assert ran.err.splitlines() == [
        "umapi-harness: b.txt: the report failed (AttributeError: 'NoneType' object has no attribute 'append')"
    ]
    assert "<error" in Path("j.xml").read_text("utf-8")
    assert Path("f.txt").read_text("utf-8").endswith("- 1 requests, 1 failures\n")
    assert not [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")]
