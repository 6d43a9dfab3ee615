"""The entry point of the command line: finds out whether the extra is installed before anything else is loaded."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import cast

_OURS = ("umapi_harness", "umapi_models", "umapi_runtime")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `umapi-harness` with the arguments given, or those of the process; returns the exit status.

    0: all passed; 1: a check or a request failed; 2: bad input.
    """
    try:
        commands = importlib.import_module("umapi_harness.commands")
        run = cast("Callable[[Sequence[str] | None], int]", commands.run_command_line)
        return run(arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in _OURS:
            raise
        sys.stderr.write(
            f"umapi-harness: the package {missing!r} is not installed; run: pip install 'umapi-sdk[harness]'\n"
        )
        return 2
