"""Conventions of the commands: exit statuses, kinds of parameters, and the version shown."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import click

PROGRAM: Final = "umapi-harness"
FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130

FILE: Final = click.Path(path_type=Path, dir_okay=False)
"""A path of a file, which need not exist yet: whoever opens it says what is wrong with it."""


def package_version() -> str:
    """The version of the distribution, or "unknown" where it is not installed."""
    try:
        return version("umapi-sdk")
    except PackageNotFoundError:
        return "unknown"
