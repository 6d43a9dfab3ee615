"""What all commands keep to: the exit statuses, and where the settings of a connection come from."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

import umapi_sdk

if TYPE_CHECKING:
    from umapi_sdk.connection import Connection

DONE: Final = 0
FAILED: Final = 1
BAD_INPUT: Final = 2
UNFINISHED: Final = 3
"""Something is left to be done, or not known."""
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
"""What a shell says of a program that ended because nobody reads on, as in `umapi users | head`."""

EXAMPLES: Final = "Examples:"


def examples(*lines: str) -> str:
    """Return the end of a command's help: lines that show how it is called."""
    return "\n".join(("\b", EXAMPLES, *(f"  {line}" for line in lines)))


@attrs.frozen
class Access:
    """Where the settings of a connection come from."""

    config: Path | None
    profile: str | None

    @contextmanager
    def connection(self, *, test_mode: bool | None = None) -> Generator[Connection]:
        """A connection for the length of a command."""
        # Named through the package, which loads the client only now: help and what works offline do without it.
        connection = umapi_sdk.load_settings(self.config, self.profile, test_mode=test_mode).connect()
        try:
            yield connection
        finally:
            # What was not sent is told command by command.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", umapi_sdk.UnsentActionsWarning)
                connection.close()
