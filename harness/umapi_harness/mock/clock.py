"""Clocks: everything in the mock server that depends on time asks one of these."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Final, Protocol

from umapi_harness.common.errors import InputError

_GLANCE: Final = 0.02  # seconds between two looks at a running clock, which may be moved meanwhile

LATEST: Final = 250_000_000_000.0
"""The latest time that a clock can be set to, in the year 9892: later ones have no date."""


class Clock(Protocol):
    """A source of the present time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


class VirtualClock:
    """A clock that can be set ahead and stopped; unless frozen, it runs on with the system's time."""

    def __init__(self, start: float | None = None, *, frozen: bool = False) -> None:
        """Start at `start` (epoch seconds; default: the system's time), standing still if `frozen`."""
        self._source = SystemClock()
        now = self._source.now()
        self._offset = 0.0 if start is None else start - now
        self._frozen_at: float | None = (now if start is None else start) if frozen else None

    @property
    def frozen(self) -> bool:
        """True while the clock stands still."""
        return self._frozen_at is not None

    def now(self) -> float:
        """Seconds since the epoch, by this clock."""
        if self._frozen_at is not None:
            return self._frozen_at
        return self._source.now() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock ahead by `seconds` (back, if negative)."""
        if self._frozen_at is not None:
            self._frozen_at += seconds
        else:
            self._offset += seconds

    def set(self, time: float) -> None:
        """Set the clock to `time` (epoch seconds); it goes on standing still or running."""
        if self._frozen_at is not None:
            self._frozen_at = time
        else:
            self._offset = time - self._source.now()

    def freeze(self) -> None:
        """Stop the clock where it is."""
        self._frozen_at = self.now()

    def resume(self) -> None:
        """Let the clock run on from where it stands."""
        if self._frozen_at is not None:
            self._offset = self._frozen_at - self._source.now()
            self._frozen_at = None


async def wait(clock: Clock, seconds: float) -> None:
    """Let `seconds` pass by `clock`: one that runs is waited for, a frozen one jumps ahead."""
    if not isinstance(clock, VirtualClock):
        await asyncio.sleep(seconds)
        return
    end = clock.now() + seconds
    while (left := end - clock.now()) > 0:
        if clock.frozen:
            clock.advance(left)
        else:
            await asyncio.sleep(min(left, _GLANCE))


async def outlast(clock: Clock, seconds: float) -> None:
    """Let `seconds` pass by `clock` or by the system, whichever is first: nobody may be able to move the clock."""
    end, last = clock.now() + seconds, time.monotonic() + seconds
    while clock.now() < end and (left := last - time.monotonic()) > 0:
        await asyncio.sleep(min(left, _GLANCE))


def read_time(value: object, *, where: str) -> float:
    """A time as people give it, ISO 8601 (without a zone: UTC) or epoch seconds, in epoch seconds.

    Raises InputError, in which `where` names the value.
    """
    seconds: float | None = None
    if isinstance(value, str):
        try:
            seconds = float(value)
        except ValueError:
            seconds = _epoch(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value
    if seconds is None or not 0 <= seconds <= LATEST:
        raise InputError(
            f"{where}: {value!r} is no time; give ISO 8601, such as 2026-01-31T12:00:00Z, or epoch seconds"
        )
    return float(seconds)


def read_clock(text: str, *, where: str) -> VirtualClock:
    """A clock from running, frozen, a time to start at, or frozen: and a time. Raises InputError."""
    frozen = text == "frozen" or text.startswith("frozen:")
    start = text.removeprefix("frozen").removeprefix(":") if frozen else text
    if start in ("", "running"):
        return VirtualClock(frozen=frozen)
    return VirtualClock(read_time(start, where=where), frozen=frozen)


def _epoch(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
