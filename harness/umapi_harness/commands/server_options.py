"""Options of a mock server that several commands share."""

from __future__ import annotations

from typing import Final

import click

from umapi_harness.commands.conventions import FILE
from umapi_harness.mock.settings import PROFILES

SEEDS: Final = click.option(
    "--seed",
    "seed_paths",
    type=FILE,
    multiple=True,
    help="The organisation to start with, as JSON or CSV. A CSV file after a JSON file adds users to that "
    "organisation; several JSON files are several organisations.",
)
PROFILE: Final = click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="documented",
    show_default=True,
    help="Behave as Adobe documents it, or as the live service was seen to.",
)
THROTTLE: Final = click.option("--throttle", is_flag=True, help="Refuse calls past the documented limits with 429.")
FAULTS: Final = click.option("--faults", "faults_path", type=FILE, help="A plan of failures, as JSON.")
