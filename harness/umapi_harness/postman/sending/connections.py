"""Connections: urllib3's, with the lines of headers as they came and a deadline for the whole exchange."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import Any

import attrs
from urllib3.connection import HTTPConnection, HTTPSConnection

from umapi_harness.postman.sending.messages import Headers

_PIECE = 65_536


@attrs.define
class Deadline:
    """How long an exchange may still take: `until` by time.monotonic(), and `idle` seconds without any byte."""

    idle: float | None = None
    until: float | None = None
    began: float = attrs.field(factory=time.monotonic, init=False)

    @property
    def seconds(self) -> float:
        """How long the whole exchange might take, to a hundredth."""
        return 0.0 if self.until is None else round(self.until - self.began, 2)

    @property
    def is_over(self) -> bool:
        """Whether the time for the whole exchange is used up."""
        return self.until is not None and time.monotonic() >= self.until

    def remaining(self) -> float | None:
        """Seconds for the next read or write; None for ever. Raises TimeoutError when there are none."""
        if self.until is None:
            return self.idle
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if self.idle is None else min(left, self.idle)


class _Reader(io.RawIOBase):
    """Reads from a socket, each time with the time that is left."""

    def __init__(self, sock: socket.socket, deadline: Callable[[], Deadline]) -> None:
        super().__init__()
        self._sock = sock
        self._file: Any = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        """Say that this can be read from."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what there is, once."""
        self._sock.settimeout(self._deadline().remaining())
        count: int | None = self._file.readinto(buffer)
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self._file.close()
        super().close()

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - always "rb"
        """Return this as the file that http.client reads from."""
        return io.BufferedReader(self, _PIECE)


class _WireAnswer(http.client.HTTPResponse):
    """An answer in whose place no interim one (1xx) is taken; http.client itself passes over 100 only."""

    def begin(self) -> None:
        super().begin()
        while 100 < self.status < 200 and self.status != http.client.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
            super().begin()


class PlainConnection(HTTPConnection):
    """A connection of urllib3 that keeps to a deadline and remembers how headers were spelled."""

    deadline = Deadline()
    answer: http.client.HTTPResponse | None = None
    kept_at: float = 0.0
    """When it was kept for the next request."""

    def send(self, data: Any) -> None:
        """Write a part of the request, piece by piece, so that a slow server does not outlast the deadline."""
        if self.sock is None:
            self.connect()
        sock: Any = self.sock
        for start in range(0, len(data), _PIECE):
            sock.settimeout(self.deadline.remaining())
            sock.sendall(data[start : start + _PIECE])

    def response_class(self, sock: Any, *arguments: Any, **options: Any) -> http.client.HTTPResponse:  # type: ignore[override] # pyright: ignore[reportIncompatibleVariableOverride]
        """Return the answer that is read from a socket within the deadline."""
        reader: Any = _Reader(sock, lambda: self.deadline)
        self.answer = _WireAnswer(reader, *arguments, **options)
        return self.answer

    def answer_headers(self) -> Headers:
        """The headers of the answer as they came: order, spelling, repetitions."""
        return () if self.answer is None else tuple(self.answer.msg.items())


class SecureConnection(PlainConnection, HTTPSConnection):  # pyright: ignore[reportIncompatibleVariableOverride]
    """The same over TLS."""
