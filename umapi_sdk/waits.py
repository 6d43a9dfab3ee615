"""Waits: how long, why and until when. Each is told before it begins, so that none of minutes looks like a hang."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

logger = logging.getLogger(__name__)

LONG: Final = 5.0
"""Seconds from which on a wait is logged as a warning, which Python shows where no logging is set up."""


class Cause(StrEnum):
    """What kind of thing is waited for."""

    LIMIT = "throttle limit"
    """A place in a window of the operation, so that the service has nothing to refuse."""
    SERVICE = "asked by the service"
    """What a 429 or another refusal asked for, of this call or of another one that shares the limits."""
    NO_ANSWER = "no answer"
    """Another attempt after one that got no answer, or none that tells what happened."""
    REDIS = "no shared windows"
    """The Redis through which processes share the limits, which cannot be reached."""


class Waited(msgspec.Struct, frozen=True):
    """A sum of waits that are over."""

    seconds: float = 0.0
    waits: int = 0
    """How many they were."""
    by_cause: Mapping[Cause, float] = {}
    """Seconds of each cause that there was."""

    def __str__(self) -> str:
        return f"{self.seconds:,.0f} s in {self.waits} wait{'' if self.waits == 1 else 's'}"

    def with_wait(self, seconds: float, cause: Cause, *, begins: bool) -> Waited:
        """Return the sum with one more wait, or with a further part of the last."""
        by_cause = {**self.by_cause, cause: self.by_cause.get(cause, 0.0) + seconds}
        return Waited(self.seconds + seconds, self.waits + begins, by_cause)

    def __add__(self, other: Waited) -> Waited:
        causes = (*self.by_cause, *other.by_cause)
        by_cause = {cause: self.by_cause.get(cause, 0.0) + other.by_cause.get(cause, 0.0) for cause in causes}
        return Waited(self.seconds + other.seconds, self.waits + other.waits, by_cause)


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
