"""The look-up of names for the blocking transport, within a time: the system's own function knows none."""

from __future__ import annotations

import socket
import threading
from typing import Any

Address = tuple[Any, Any, int, str, Any]


class NameTimeoutError(TimeoutError):
    """The system did not find a name, nor give it up, in time."""


def addresses(host: str, port: int, seconds: float | None) -> list[Address]:
    """Return the addresses of a host, in the order in which to try them; None for `seconds` waits for ever.

    A look-up that takes longer goes on in its thread until the system gives it up; nothing waits for it.

    Raises:
        OSError: the name cannot be resolved; `NameTimeoutError` when it was not in time.
    """
    try:
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # a name, no number
    if seconds is None:
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    found: list[Address] = []
    failures: list[Exception] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        except (OSError, ValueError) as error:  # UnicodeError, a ValueError, of a name that is none
            failures.append(error)

    thread = threading.Thread(target=look_up, name=f"look-up of {host}", daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    if thread.is_alive():
        raise NameTimeoutError("the look-up of the name took too long")
    return found
