"""Connections: HTTP/1.1 as uvicorn speaks it, with an end to the patience that it has with slow senders."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_TIMEOUT: Final = b"Request Timeout"


class Connection(H11Protocol):
    """One client's connection. A request must be there in full within `patience`; idle ones are uvicorn's business."""

    patience: ClassVar[float] = 30.0
    """Seconds from the connection, or from a request's first byte, to its last."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and see whether it completes a request."""
        super().data_received(data)
        if self._half_a_request:
            self._wait()
        else:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Go on with what came meanwhile; of a half request, the other half is waited for."""
        super().on_response_complete()
        if not self.transport.is_closing() and self._half_a_request:
            self._unset_keepalive_if_required()
            self._wait()

    @property
    def _half_a_request(self) -> bool:
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.patience, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if self.transport.is_closing():
            return
        if self._half_a_request and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [("content-length", str(len(_TIMEOUT))), ("content-type", "text/plain"), ("connection", "close")]
            events: tuple[h11.Event, ...] = (
                h11.Response(status_code=408, headers=headers, reason=_TIMEOUT),
                h11.Data(data=_TIMEOUT),
                h11.EndOfMessage(),
            )
            for event in events:
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
