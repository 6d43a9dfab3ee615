"""The list of commands of `umapi`, which is shown without loading any of them."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from umapi_sdk.command_line.group import COMMANDS, group


@pytest.mark.parametrize("name", COMMANDS)
def test_summaries(name: str) -> None:
    """What the list says of a command is the first sentence of the command's own help, whole."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.name == name
    assert COMMANDS[name].summary.removesuffix(".") == command.get_short_help_str(limit=1000).removesuffix(".")


def test_help_loads_no_client() -> None:
    """`umapi --help` names every command, and loads neither the models nor the HTTP library for it."""
    program = (
        "import sys; from umapi_sdk.cli import main; status = main(['--help']);"
        "heavy = {'umapi_models.models', 'urllib3', 'cryptography', 'sqlite3'};"
        "print(*sorted(heavy & sys.modules.keys()), file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "\n")
    listed = done.stdout.partition("Commands:")[2]
    assert [line.split()[0] for line in listed.splitlines() if line[:3].strip()] == sorted(COMMANDS)
