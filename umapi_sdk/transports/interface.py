"""What a connection asks of a transport: the wire, or whatever stands in for it, as a recorder or a test."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from umapi_sdk.messages import Request, Response


@runtime_checkable
class Transport(Protocol):
    """Sends requests for a `Connection`. Threads may share it."""

    def send(self, request: Request) -> Response:
        """Send a request once and return the whole answer, its body decoded.

        Raises:
            TransportError: there was no answer, or none that can be used; `sent` says whether the request may have
                arrived.
        """
        ...

    def close(self) -> None:
        """Close what is open. A later `send` opens it again."""
        ...


@runtime_checkable
class AsyncTransport(Protocol):
    """Sends requests for an `AsyncConnection`, in one event loop."""

    async def send(self, request: Request) -> Response:
        """Send a request once and return the whole answer; see `Transport`.

        Raises:
            TransportError: as of `Transport`.
        """
        ...

    async def close(self) -> None:
        """Close what is open. A later `send` opens it again."""
        ...
