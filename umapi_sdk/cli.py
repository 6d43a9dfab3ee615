"""The entry point of the command `umapi`: finds out whether its extra is installed before anything else is loaded."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import cast


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `umapi` with the arguments given, or those of the process, and return the exit status.

    0: everything asked for was done; 1: something was not; 2: bad input or settings; 130: interrupted.
    """
    try:
        group = importlib.import_module("umapi_sdk.command_line.group")
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write("umapi: the package 'click' is not installed; run: pip install 'umapi-sdk[cli]'\n")
        return 2
    return cast("Callable[[Sequence[str] | None], int]", group.run)(arguments)


if __name__ == "__main__":
    sys.exit(main())
