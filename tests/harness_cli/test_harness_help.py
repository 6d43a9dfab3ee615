"""The list of commands of `umapi-harness`, and what shells complete of them, without loading any."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from umapi_harness.commands import COMMANDS, group

if TYPE_CHECKING:
    from tests.harness_cli.conftest import Run

HEAVY = (
    *("httpx", "uvicorn", "starlette", "jsonschema_rs", "umapi_harness.mock.world", "umapi_models.models"),
    "urllib3",
)


def ask(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run some Python that ends with what it has loaded of what is heavy, on standard error."""
    told = f"import atexit, sys; atexit.register(lambda: print(*(set({HEAVY!r}) & {{*sys.modules}}), file=sys.stderr));"
    environment = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, "-c", told + program], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_summaries(name: str) -> None:
    """What the list says of a command is the first sentence of the command's own help, whole."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.name == name
    assert COMMANDS[name].summary.removesuffix(".") == command.get_short_help_str(limit=1000).removesuffix(".")


@pytest.mark.parametrize("words", [["--help"], ["libraries", "--help"]])
def test_lists_of_commands_are_whole(run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """In a window of 80 columns no line is longer, and no sentence of the list is cut."""
    monkeypatch.setenv("COLUMNS", "80")
    ran = run(*words)
    assert max(map(len, ran.out.splitlines())) <= 80
    listed = ran.out.partition("Commands:")[2]
    assert "..." not in listed
    sentences = re.split(r"\n  (?=\w)", listed)[1:]
    assert all(one.rstrip().endswith(".") for one in sentences)


def test_help_loads_no_command() -> None:
    """All commands are shown, in their order, and none is loaded for it."""
    done = ask("from umapi_harness.cli import main; sys.exit(main(['--help']))")
    assert (done.returncode, done.stderr) == (0, "\n")
    listed = done.stdout.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.splitlines() if line[:3].strip()] == list(COMMANDS)


def test_a_wrong_command_is_told_with_the_nearest(run: Run) -> None:
    """A slip names what must be meant, anything else what there is."""
    ran = run("sreve")
    assert (ran.status, ran.out, ran.err) == (2, "", "umapi-harness: there is no command sreve: is serve meant?\n")
    assert "there is no command xyz: there are serve, exec, run" in run("xyz").err
