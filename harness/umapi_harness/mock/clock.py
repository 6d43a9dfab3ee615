"""Clocks: everything in the mock server that depends on time asks one of these."""

from __future__ import annotations

import time
from typing import Protocol


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
        self._frozen_at: float | None = None
        self._offset = 0.0 if start is None else start - self._source.now()
        if frozen:
            self.freeze()

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

    def freeze(self) -> None:
        """Stop the clock where it is."""
        self._frozen_at = self.now()

    def resume(self) -> None:
        """Let the clock run on from where it stands."""
        if self._frozen_at is not None:
            self._offset = self._frozen_at - self._source.now()
            self._frozen_at = None
