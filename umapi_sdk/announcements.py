"""Runs of requests that are announced to the service: what the next request says of their start or end."""

from __future__ import annotations

import threading

from umapi_models.operations import SYNC_END, SYNC_START


class Announcements:
    """What is still to be said; the next request with a token says it. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[str] = []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._waiting!r})"

    def start(self) -> None:
        """Let the next request announce the start of a run."""
        self.give_back(SYNC_START)

    def end(self) -> None:
        """Let the next request announce the end of a run; where a start waits too, the one after."""
        with self._lock:
            if SYNC_END not in self._waiting:
                self._waiting.append(SYNC_END)

    def take(self) -> str | None:
        """Return what the present request is to say, None if nothing."""
        with self._lock:
            return self._waiting.pop(0) if self._waiting else None

    def give_back(self, said: str) -> None:
        """Let the next request say what this one has said to nobody."""
        with self._lock:
            if said not in self._waiting:
                self._waiting.insert(0, said)
