"""The programs of pages that came from the README, and what they say they do.

They stand in docs/how-to/install.md, docs/reference/connections.md, docs/reference/actions.md,
docs/reference/reading.md and docs/reference/mock-server.md.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_pages import ROOT, blocks

DOCS = ROOT / "docs"


def parts(page: str) -> list[str]:
    """The blocks of a page that are executed here."""
    return [one.text for one in blocks((DOCS / page).read_text("utf-8")) if Path(__file__).name in one.mark]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """A mock server that the settings of the environment lead to."""
    with running_server() as running:
        for name, value in running.details.variables().items():
            if value is not None:
                monkeypatch.setenv(name, value)
        yield running


@pytest.mark.usefixtures("server")
def test_connections(capsys: pytest.CaptureFixture[str]) -> None:
    """A connection comes from the environment, or is made by hand."""
    first, second = parts("reference/connections.md")
    exec(compile(first, "connections.md", "exec"), {})
    assert capsys.readouterr().out == "12345@AdobeOrg\n"
    names: dict[str, Any] = {}
    exec(compile(second, "connections.md", "exec"), names)
    assert names["conn"].org_id == "12345@AdobeOrg"
    names["conn"].close()


def test_actions(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    """The program adds a user with a membership; a function returns a chain of steps; an option does for one there."""
    part, function, there_already = parts("reference/actions.md")
    exec(compile(part, "actions.md", "exec"), {})
    assert capsys.readouterr().out.startswith("new@example.com: completed")
    assert server.world.organization().find_user("new@example.com") is not None
    exec(compile(function, "actions.md", "exec"), {"__name__": __name__})
    assert "'jo@example.com', 2 steps" in capsys.readouterr().out
    for _ in range(2):
        exec(compile(there_already, "actions.md", "exec"), {})
        assert capsys.readouterr().out == "Execution(queued=0, sent=2, completed=2)\n"
    renamed = server.world.organization().find_user("jdoe@example.com")
    assert renamed is not None
    assert renamed.firstname == "Jane"


@pytest.mark.usefixtures("server")
def test_reading(capsys: pytest.CaptureFixture[str]) -> None:
    """Users and groups are read one by one, whole, and with await."""
    first, second = parts("reference/reading.md")
    names: dict[str, Any] = {}
    exec(compile(first, "reading.md", "exec"), names)
    assert names["jane"].email == "jdoe@example.com"
    assert len(names["everybody"]) == 13
    told = capsys.readouterr().out
    assert "jdoe@example.com" in told
    assert "DevOps USER_GROUP 2" in told
    exec(compile(second, "reading.md", "exec"), names)
    asyncio.run(names["main"]())
    assert "jdoe@example.com" in capsys.readouterr().out


@pytest.mark.usefixtures("server")
@pytest.mark.skipif(sys.platform == "win32", reason="the pages are written for a POSIX shell")
@pytest.mark.parametrize("page", ["how-to/install.md", "reference/mock-server.md"])
def test_commands(page: str) -> None:
    """The commands of the page succeed in a clone."""
    (part,) = parts(page)
    if "curl" in part and shutil.which("curl") is None:
        pytest.skip("there is no curl")
    ran = subprocess.run(
        ["/bin/sh", "-ec", part], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
