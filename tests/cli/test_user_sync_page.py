"""docs/how-to/from-user-sync.md: its files are taken, and its commands print what stands after them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk.command_line.group import COMMANDS, group

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "from-user-sync.md"
TEXT = PAGE.read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_examples_print_what_the_page_says(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file of the page is written, every command run in a shell, and says what stands after it."""
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "bin" / "umapi"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m umapi_sdk "$@"\n', "utf-8")
    program.chmod(0o755)
    ran = 0
    for kind, name, content in BLOCK.findall(TEXT):
        if kind == "csv":
            Path(name).write_text(content, "utf-8")
        if kind != "console":
            continue
        for step in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
            command, _, printed = step.partition("\n")
            done = subprocess.run(
                f'PATH="{program.parent}:$PATH"; {command}', shell=True, capture_output=True, text=True, check=False
            )
            # What is wrong goes to standard error, where progress goes too when all is well.
            assert (done.stdout or done.stderr) == printed
            ran += 1
    assert ran == 4


def test_each_option_that_the_page_names_is_there() -> None:
    """Whatever the page tells of `umapi` in its right-hand columns exists."""
    context = group.make_context("umapi", ["check", "x"], resilient_parsing=True)
    options = {
        name
        for command in [group, *(group.get_command(context, each) for each in COMMANDS)]
        if command is not None
        for parameter in command.params
        for name in parameter.opts
    }
    right = " ".join(line.split("|")[2] for line in TEXT.splitlines() if line.startswith("| "))
    named = set(re.findall(r"--[a-z-]+", right))
    assert named - options == set()
    assert {"--max-removals", "--dry-run", "--result"} <= named
