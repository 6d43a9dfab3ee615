"""Throttles: how many calls of an operation are let through in a period, and when to come back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import attrs

from umapi_harness.mock.api import causes
from umapi_harness.mock.api.causes import Cause
from umapi_harness.mock.clock import Clock
from umapi_harness.mock.names import call_name
from umapi_harness.mock.settings import Settings
from umapi_models import operations


@attrs.frozen
class Limit:
    """Calls of one operation in a period of so many seconds."""

    per_client: int
    overall: int
    period: float = 60.0


LIMITS: Final[Mapping[str, Limit]] = {
    call_name(operation): Limit(operation.per_client, operation.overall, operation.period)
    for operation in operations.OPERATIONS
    if operation.per_client is not None and operation.overall is not None
}


@attrs.frozen
class Wait:
    """A call that is one too many."""

    seconds: int
    """After which to come back."""
    cause: Cause


@attrs.define
class _Window:
    ends: float
    calls: int = 0
    locked_until: float = 0.0


class Throttles:
    """Counts the calls.

    A window opens with the first call in it and lasts for the operation's period [G throttle-windows].
    """

    def __init__(self, clock: Clock, limits: Mapping[str, Limit] = LIMITS) -> None:
        self._clock = clock
        self._limits = limits
        self._windows: dict[tuple[str, str | None], _Window] = {}
        self._first_pages: dict[str, float] = {}

    def clear(self) -> None:
        """Forget all calls and lockouts."""
        self._windows.clear()
        self._first_pages.clear()

    def wait(self, operation: str, client_id: str, settings: Settings) -> Wait | None:
        """Count a call; how long to wait if it is one too many, else None."""
        limit = self._limits.get(operation)
        if not settings.throttle or limit is None:
            return None
        now = self._clock.now()
        for client, allowed in ((client_id, limit.per_client), (None, limit.overall)):
            window = self._window(operation, client, now, limit.period)
            if window.locked_until > now:
                return _wait(operation, limit, client, window.locked_until - now)
            if window.calls >= allowed:
                window.locked_until = now + settings.lockout_seconds if settings.lockout_seconds else window.ends
                return _wait(operation, limit, client, window.locked_until - now)
            window.calls += 1
        return None

    def wait_for_first_page(self, client_id: str, settings: Settings, *, sync_starts: bool) -> Wait | None:
        """Like `wait`, for page 0 of the users, which has a lockout of its own."""
        if not settings.throttle or not settings.first_page_lockout_seconds:
            return None
        now = self._clock.now()
        until = self._first_pages.get(client_id, 0.0)
        if until > now and not sync_starts:
            seconds = math.ceil(until - now)
            return Wait(seconds, causes.first_page_lockout(settings.first_page_lockout_seconds, seconds))
        self._first_pages[client_id] = now + settings.first_page_lockout_seconds
        return None

    def _window(self, operation: str, client: str | None, now: float, period: float) -> _Window:
        window = self._windows.get((operation, client))
        if window is None or (window.ends <= now and window.locked_until <= now):
            window = self._windows[operation, client] = _Window(ends=now + period)
        return window


def _wait(operation: str, limit: Limit, client: str | None, seconds: float) -> Wait:
    """What is told of a window whose calls are used up; `client` is None for the window of all of them."""
    rounded = max(1, math.ceil(seconds))
    allowed = limit.overall if client is None else limit.per_client
    by_client = client is not None
    return Wait(rounded, causes.too_many_calls(operation, allowed, limit.period, rounded, by_client=by_client))
