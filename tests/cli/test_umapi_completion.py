"""`umapi completion`: what shells are told, and what they then complete."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from umapi_command import Result
from umapi_sdk.command_line.group import COMMANDS


def completed(words: str, shell: str = "bash") -> list[str]:
    """What the completion protocol of a shell answers for words of which the last is being written."""
    parts = words.split(" ")
    environment = {**os.environ, "_UMAPI_COMPLETE": f"{shell}_complete", "COMP_WORDS": words}
    environment |= {"COMP_CWORD": str(len(parts) - 1)}
    program = "import sys; from umapi_sdk.cli import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts(umapi: Callable[..., Result], shell: str) -> None:
    """The script of each shell asks `umapi` in its protocol; an unknown shell is refused."""
    result = umapi("completion", shell)
    assert result.status == 0
    assert f"_UMAPI_COMPLETE={shell}_complete" in result.out
    assert umapi("completion", "csh").status == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("umapi us", ["plain,user", "plain,users"]),
        ("umapi completion f", ["plain,fish"]),
        ("umapi users --f", ["plain,--format"]),
        ("umapi users --format js", ["plain,json", "plain,jsonl"]),
        ("umapi --pro", ["plain,--profile"]),
        ("umapi groups --ty", ["plain,--type"]),
    ],
)
def test_what_bash_is_told(words: str, found: list[str]) -> None:
    """Commands, options and their values are completed."""
    assert completed(words) == found


def test_all_commands_are_completed() -> None:
    """With nothing written, all commands are offered, in zsh with what they do, and no client is loaded for it."""
    assert completed("umapi ") == [f"plain,{name}" for name in sorted(COMMANDS)]
    assert COMMANDS["users"].summary.encode() in "\n".join(completed("umapi use", "zsh")).encode()


def test_completion_loads_no_client() -> None:
    """Names of commands are completed without loading the modules of the commands."""
    program = (
        "import atexit, sys; heavy = {'umapi_models.models', 'umapi_sdk.command_line.listing', 'urllib3'};"
        "atexit.register(lambda: print(*sorted(heavy & sys.modules.keys()), file=sys.stderr));"
        "from umapi_sdk.cli import main; sys.exit(main())"
    )
    environment = {**os.environ, "_UMAPI_COMPLETE": "bash_complete", "COMP_WORDS": "umapi us", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("plain,user\nplain,users\n", "\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_in_bash(umapi: Callable[..., Result], tmp_path: Path) -> None:
    """Bash itself, with the script evaluated, completes commands and values of options."""
    command = tmp_path / "umapi"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m umapi_sdk "$@"\n', "utf-8")
    command.chmod(0o755)
    script = umapi("completion", "bash").out
    ask = (
        'ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _umapi_completion umapi; '
        'echo "${COMPREPLY[@]}"; }; ask umapi us; ask umapi users --format js; complete -p umapi'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\n{ask}"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[:2] == ["user users", "json jsonl"]
    assert "_umapi_completion umapi" in lines[2]
