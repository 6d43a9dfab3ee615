"""Keeping under the service's throttle limits: how long to wait before the next request of an operation.

The service locks out a client that exceeds a limit, sometimes for most of an hour, so that not exceeding it is
faster than being told.
"""

from __future__ import annotations

import threading
from collections import deque

from umapi_models.operations import Operation

LONGEST_HOLD = 3600.0  # seconds; lockouts of up to an hour have been seen, and a longer one may be a mistake
_JITTER = 1.0  # seconds by which the readings of several threads can come in the wrong order


def least_time(operation: Operation, requests: int) -> float:
    """Return the seconds from the first of so many requests to the last, at the limit of one client."""
    if operation.per_client is None or not requests:
        return 0.0
    return (requests - 1) // operation.per_client * operation.period


class Pacer:
    """Remembers when requests were sent, for each operation and its own window.

    `now` is in seconds of a clock that only goes forward; should it go back, what was remembered goes back with it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[str, deque[float]] = {}
        self._held: dict[str, float] = {}
        self._latest = float("-inf")

    def reserve(self, operation: Operation, now: float) -> float:
        """Take a place in the operation's window; return the seconds to wait until it is free.

        Places are given out in the order asked for, so that threads that share a pacer keep the limit together.
        """
        if operation.per_client is None:
            return 0.0
        with self._lock:
            now = self._forward(now)
            sent = self._sent.setdefault(operation.name, deque(maxlen=operation.per_client))
            free = max(now, self._held.get(operation.name, now))
            if len(sent) == operation.per_client:
                free = max(free, sent[0] + operation.period)
            sent.append(free)
            return free - now

    def hold(self, operation: Operation, now: float, seconds: float) -> None:
        """Let nobody send for as long as the service has asked one of us to wait, an hour at most."""
        with self._lock:
            until = self._forward(now) + min(seconds, LONGEST_HOLD)
            self._held[operation.name] = max(until, self._held.get(operation.name, until))

    def held(self, operation: Operation, now: float) -> float:
        """Return the seconds for which nobody may send."""
        with self._lock:
            now = self._forward(now)
            return max(0.0, self._held.get(operation.name, now) - now)

    def _forward(self, now: float) -> float:
        back = self._latest - now
        if back > _JITTER:
            for sent in self._sent.values():
                shifted = [moment - back for moment in sent]
                sent.clear()
                sent.extend(shifted)
            self._held = {name: until - back for name, until in self._held.items()}
            self._latest = now
        self._latest = max(self._latest, now)
        return self._latest
