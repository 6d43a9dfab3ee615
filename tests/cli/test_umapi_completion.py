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


PROGRAMS = {"umapi": "umapi_sdk", "umapi-harness": "umapi_harness"}
ASKED = {
    "umapi us": ["user", "users"],
    "umapi users --format js": ["json", "jsonl"],
    "umapi-harness re": ["record", "redact", "replay"],
    "umapi-harness serve --profile l": ["live"],
    "umapi-harness libraries in": ["install"],
}
ASKING = {
    "bash": "COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); {function} {program}; "
    'echo "${{COMPREPLY[@]}}"',
    "zsh": "words=({line}); CURRENT=${{#words}}; _describe() {{ print -l ${{completions_with_descriptions%%:*}} }}; "
    "compadd() {{ print -l $completions }}; {function}",
    "fish": 'complete -C "{line}" | string replace -r "\\t.*" ""',
}
"""How a shell is made to say what it completes."""


@pytest.mark.parametrize("line", ASKED)
@pytest.mark.parametrize("shell", ASKING)
def test_in_the_shell_itself(tmp_path: Path, shell: str, line: str) -> None:
    """A shell without any set-up, with the script evaluated, completes commands and values of options."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    program = line.partition(" ")[0]
    command = tmp_path / program
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {PROGRAMS[program]} "$@"\n', "utf-8")
    command.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    script = subprocess.run([command, "completion", shell], env=environment, capture_output=True, text=True, check=True)
    ask = ASKING[shell].format(line=line, program=program, function=f"_{program.replace('-', '_')}_completion")
    flags = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [shell, *flags, "-c", f"{script.stdout}\n{ask}"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert sorted(done.stdout.split()) == ASKED[line]
