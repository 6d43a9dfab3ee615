"""docs/how-to/apply.md: its tables are those of the code, and its examples do what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from umapi_column_page import PAGE, render
from umapi_harness.mock.serving.server import RunningServer
from umapi_models.error_codes import ERROR_CODES
from umapi_sdk.bulk.results import RowOutcome

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_tables_are_those_of_the_code() -> None:
    """`python tests/support/umapi_column_page.py` would change nothing."""
    assert PAGE.read_text("utf-8") == render()


def test_the_example_prints_what_the_page_says(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file of the page is written, every command run in a shell, and prints what stands after it."""
    monkeypatch.chdir(tmp_path)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    program = bin_folder / "umapi"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m umapi_sdk "$@"\n', "utf-8")
    program.chmod(0o755)
    ran = 0
    for kind, name, content in BLOCK.findall(PAGE.read_text("utf-8")):
        if kind == "csv":
            Path(name).write_text(content, "utf-8")
        if kind != "console":
            continue
        for step in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
            command, _, printed = step.partition("\n")
            done = subprocess.run(
                f'PATH="{bin_folder}:$PATH"; {command}', shell=True, capture_output=True, text=True, check=False
            )
            assert done.stdout == printed, done.stderr
            ran += 1
    assert ran == 7


def test_the_page_for_administrators_has_every_outcome_of_a_row() -> None:
    """What to do about a failed row is told of codes that there are, and of each outcome but the good one."""
    page = (PAGE.parent / "administrators.md").read_text("utf-8")
    codes = re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)
    assert codes
    assert set(codes) <= set(ERROR_CODES)
    assert set(re.findall(r"^- \*\*([\w ]+)\*\*:", page, re.MULTILINE)) == set(RowOutcome) - {RowOutcome.COMPLETED}


def test_the_python_example(server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the library creates the people of a file, and tells of each."""
    monkeypatch.chdir(tmp_path)
    (example,) = (content for kind, _, content in BLOCK.findall(PAGE.read_text("utf-8")) if kind == "python")
    Path("people.csv").write_text("email,firstname,lastname,country\np@example.com,A,B,DE\n", "utf-8")
    exec(compile(example, str(PAGE), "exec"), {})
    assert server.world.organization().find_user("p@example.com") is not None
