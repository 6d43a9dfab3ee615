"""Keeping under the service's throttle limits: how long to wait before the next request of an operation.

The service locks out a client that exceeds a limit, sometimes for most of an hour, so that not exceeding it is
faster than being told.
"""

from __future__ import annotations

import threading
from collections import deque

from umapi_models.operations import Operation


class Pacer:
    """Remembers when requests were sent, for each operation and its own window."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: dict[str, deque[float]] = {}

    def reserve(self, operation: Operation, now: float) -> float:
        """Take a place in the operation's window; return the seconds to wait until it is free.

        `now` is in seconds since the epoch. Places are given out in the order asked for, so that threads that
        share a pacer keep the limit together.
        """
        if operation.per_client is None:
            return 0.0
        with self._lock:
            sent = self._sent.setdefault(operation.name, deque(maxlen=operation.per_client))
            free = now
            if len(sent) == operation.per_client:
                free = max(free, sent[0] + operation.period)
            sent.append(free)
            return free - now
