"""Blocks of pages that are parts of programs: each is executed with the names that the page speaks of.

They stand in docs/explanation/listings.md, docs/explanation/planning.md, docs/reference/verify.md,
docs/reference/redaction.md, docs/reference/reports.md and docs/reference/mock-server.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import umapi_sdk
from umapi_harness.mock import default_seed
from umapi_harness.mock.schemas import packaged
from umapi_harness.mock.serving.server import running_server
from umapi_harness.mock.state.seed_tables import KNOWN_COLUMNS
from umapi_pages import ROOT, Block, blocks, fits
from umapi_sdk import Connection, UserAction, connect

RECORDED = ROOT / "tests" / "contract" / "recordings" / "users.har"


def parts(page: str, language: str) -> list[Block]:
    """The blocks of a page in a language that a test of this file executes."""
    found = blocks((ROOT / page).read_text("utf-8"))
    return [one for one in found if one.language == language and Path(__file__).name in one.mark]


@pytest.fixture
def conn(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A connection to a mock server, to which the environment leads, too."""
    for name in [name for name in os.environ if name.startswith("UMAPI_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with running_server() as server:
        for name, value in server.details.variables().items():
            if value is not None:
                monkeypatch.setenv(name, value)
        with connect() as connection:
            yield connection


def test_the_parts_about_listings_run(conn: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    """A bound can be given, and a whole listing is certain."""
    names: dict[str, Any] = {name: getattr(umapi_sdk, name) for name in umapi_sdk.__all__} | {"conn": conn}
    found = parts("docs/explanation/listings.md", "python")
    assert len(found) == 2
    for part in found:
        exec(compile(part.text, "listings.md", "exec"), names)
        assert len(names["users"]) == 13
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("conn")
@pytest.mark.parametrize(
    ("page", "programs"), [("how-to/bulk.md", 1), ("explanation/outcomes.md", 2), ("explanation/planning.md", 1)]
)
def test_programs_print_what_pages_say_on_the_mock_server(
    page: str, programs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Groups and people of an example are those that the mock server begins with, so that it succeeds as shown."""
    monkeypatch.chdir(tmp_path)
    found = blocks((ROOT / "docs" / page).read_text("utf-8"))
    pairs = [
        (one, next_one) for one, next_one in pairwise(found) if (one.language, next_one.language) == ("python", "")
    ]
    for program, shown in pairs[:programs]:
        exec(compile(program.text, page, "exec"), {})
        printed = re.sub(r"^\(and \d+ lines like it\)$", "…", shown.text, flags=re.MULTILINE)
        assert fits(capsys.readouterr().out, printed), f"{page}, line {program.line}"
    assert len(pairs) >= programs


def test_the_page_of_the_mock_server_names_what_it_has_to_begin_with() -> None:
    """Domains, groups and profiles of the organisation without a seed are on the page, and the number of users."""
    page = (ROOT / "docs" / "reference" / "mock-server.md").read_text("utf-8")
    seed = default_seed()
    for kind in ("domains", "user_groups", "profiles"):
        assert [one["name"] for one in seed[kind] if f"`{one['name']}`" not in page] == []
    listed = [user for user in seed["users"] if user.get("status", "active") == "active"]
    assert f"| users | {len(seed['users'])}," in page
    assert f"Listings show {len(listed)} of them" in page


def test_the_page_of_the_mock_server_has_each_column_of_a_seed() -> None:
    """What a CSV file of people can have is on the page, column by column."""
    page = (ROOT / "docs" / "reference" / "mock-server.md").read_text("utf-8")
    (table,) = re.findall(r"^\| column \| meaning \|\n\|---.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    named = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(KNOWN_COLUMNS)


@pytest.mark.parametrize(
    ("heading", "definition"), [("field of the question", "Verification"), ("field of an entry", "Entry")]
)
def test_the_page_of_the_mock_server_has_each_field(heading: str, definition: str) -> None:
    """What can be asked about requests, and what the journal tells of one, is on the page field by field."""
    page = (ROOT / "docs" / "reference" / "mock-server.md").read_text("utf-8")
    (table,) = re.findall(rf"^\| {heading} \|.*\n\|---.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    named = [name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(packaged("admin.schema.json")["$defs"][definition]["properties"])


def test_what_was_not_sent_can_be_planned_again() -> None:
    """The part about failures makes a plan of what was not sent, and of nothing else."""
    (part,) = parts("docs/explanation/planning.md", "python")
    names: dict[str, Any] = {name: getattr(umapi_sdk, name) for name in umapi_sdk.__all__}
    statuses = umapi_sdk.OutcomeStatus
    outcomes = [
        SimpleNamespace(action=UserAction(f"{number}@example.com").add_to_groups(["DevOps"]), status=status)
        for number, status in enumerate([statuses.COMPLETED, statuses.NOT_SENT, statuses.UNKNOWN])
    ]
    names["error"] = SimpleNamespace(outcomes=outcomes)
    exec(compile(part.text, "planning.md", "exec"), names)
    assert [command.frame.user for command in names["left"].commands] == ["1@example.com"]


def test_a_recording_is_verified_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program of the page puts a recording before all judges."""
    shutil.copy(RECORDED, tmp_path / "cassette.yml")
    monkeypatch.chdir(tmp_path)
    (part,) = parts("docs/reference/verify.md", "python")
    names: dict[str, Any] = {}
    exec(compile(part.text, "verify.md", "exec"), names)
    assert names["verification"].passed


@pytest.mark.skipif(sys.platform == "win32", reason="the pages are written for a POSIX shell")
@pytest.mark.parametrize(
    "page", ["docs/reference/mock-server.md", "docs/reference/redaction.md", "docs/reference/reports.md"]
)
def test_the_commands_of_a_page_succeed(page: str, tmp_path: Path) -> None:
    """A mock server tells what it has; a recording of others is redacted and clean; exchanges are verified."""
    shutil.copy(RECORDED, tmp_path / "their-cassette.yml")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UMAPI_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    text = "\n".join(part.text for part in parts(page, "sh"))
    ran = subprocess.run(
        ["/bin/sh", "-ec", text],
        cwd=tmp_path,
        env={**kept, "PATH": path, "KEY": "a key"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
