"""Waits: how long, why and until when. Each is told before it begins, so that none of minutes looks like a hang."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import msgspec

logger = logging.getLogger(__name__)

LONG: Final = 5.0
"""Seconds from which on a wait is logged as a warning, which Python shows where no logging is set up."""


class Wait(msgspec.Struct, frozen=True):
    """A wait that is about to begin."""

    seconds: float
    reason: str
    """Why: what the service answered, which limit is kept, or what went wrong."""
    operation: str | None
    """What waits: the name of an operation in the OpenAPI document; None for tokens and the state of the service."""
    until: float
    """When it ends, in seconds since the epoch."""

    def __str__(self) -> str:
        return f"waiting {round(self.seconds, 1):g} s: {self.reason}"


WaitHook = Callable[[Wait], object]
"""Is told of each wait before it begins. An exception that it raises ends the call, as Ctrl-C does."""


def announce(wait: Wait, hook: WaitHook | None) -> None:
    """Tell of a wait: in the log, and to the hook of the connection."""
    logger.log(logging.WARNING if wait.seconds >= LONG else logging.INFO, "%s", wait)
    if hook is not None:
        hook(wait)
