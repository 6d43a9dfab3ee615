"""Options of a mock server that several commands share."""

from __future__ import annotations

import os
from typing import Final

import click

from umapi_harness.commands.conventions import FILE
from umapi_harness.common.shells import SHELLS, usual_shell
from umapi_harness.mock.profiles import PROFILE_NAMES

SEEDS: Final = click.option(
    "--seed",
    "seed_paths",
    type=FILE,
    multiple=True,
    help="The organisation to start with: a seed as JSON, or people as CSV or as `umapi export` writes them. A file of "
    "people after a seed adds them to it; several seeds are several organisations.",
)
PROFILE: Final = click.option(
    "--profile",
    type=click.Choice(PROFILE_NAMES),
    default=PROFILE_NAMES[0],
    show_default=True,
    help="Behave as Adobe documents it, or as the live service was seen to.",
)
THROTTLE: Final = click.option("--throttle", is_flag=True, help="Refuse calls past the documented limits with 429.")
FAULTS: Final = click.option("--faults", "faults_path", type=FILE, help="A plan of failures, as JSON.")
SHELL: Final = click.option(
    "--shell",
    type=click.Choice(SHELLS),
    help="What reads the lines with variables that are printed: a shell, or a program that reads .env files. "
    "Default: powershell on Windows, elsewhere sh.",
)


def chosen_shell(shell: str | None) -> str:
    """What was chosen by the option, or the shell that is usual here."""
    return shell or usual_shell(os.environ)
