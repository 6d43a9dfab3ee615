"""The examples in the help of `umapi`, executed, and docs/reference/cli.md, which is made of that help."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from umapi_cli_page import PAGE, render
from umapi_command import write_profile
from umapi_command_pages import command_of, examples_of
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk.command_line.group import COMMANDS, group


def test_page() -> None:
    """docs/reference/cli.md is what the commands say of themselves."""
    assert PAGE.read_text("utf-8") == render(), "run: python tests/support/umapi_cli_page.py"


@pytest.fixture
def place(server: RunningServer, tmp_path: Path) -> Path:
    """A folder with the files that examples read, and with `umapi` itself."""
    write_profile(tmp_path / "umapi.toml", server, "sandbox")
    user = {"email": "new@example.com", "firstname": "New", "lastname": "User", "country": "DE"}
    commands = [{"user": "new@example.com", "do": [{"createFederatedID": user}]}]
    (tmp_path / "commands.json").write_text(json.dumps(commands), "utf-8")
    export = json.dumps({"group": {"groupName": "DevOps", "type": "USER_GROUP"}})
    for name in ("old.jsonl", "organisation.jsonl"):
        (tmp_path / name).write_text(export, "utf-8")
    (tmp_path / "old.csv").write_text("action,group,username,domain,type,groups\ncreate_group,DevOps,,,,\n", "utf-8")
    people = "email,firstname,lastname,country,Cost Centre\nzoe@example.com,Zoë,Z,DE,7\n"
    (tmp_path / "people.csv").write_text(people, "cp1252")
    (tmp_path / "joiners.csv").write_text(people.replace("Cost Centre", "groups").replace(",7", ",DevOps"), "utf-8")
    (tmp_path / "movers.csv").write_bytes((tmp_path / "joiners.csv").read_bytes())
    (tmp_path / "leavers.csv").write_text("email\njdoe@example.com\n", "utf-8")
    (tmp_path / ".config/fish/completions").mkdir(parents=True)
    (tmp_path / ".local/share/bash-completion/completions").mkdir(parents=True)
    command = tmp_path / "umapi"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m umapi_sdk "$@"\n', "utf-8")
    command.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_examples(name: str, place: Path) -> None:
    """Every command shows examples, and in their order a shell carries them out."""
    examples = examples_of(command_of(group, name))
    assert examples
    environment = {**os.environ, "PATH": f"{place}{os.pathsep}{os.environ['PATH']}", "HOME": str(place)}
    for example in examples:
        assert name in example
        if "zsh" in example and shutil.which("zsh") is None:
            continue
        shell = "zsh" if "zsh" in example else "bash"
        done = subprocess.run(
            [shell, "-c", example], cwd=place, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), example


def test_help_shows_examples_as_they_are() -> None:
    """Examples stand in the help of a command line by line, whatever the width."""
    environment = {**os.environ, "COLUMNS": "40"}
    done = subprocess.run(
        [sys.executable, "-m", "umapi_sdk", "users", "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert set(examples_of(command_of(group, "users"))) <= {line.strip() for line in done.stdout.splitlines()}
