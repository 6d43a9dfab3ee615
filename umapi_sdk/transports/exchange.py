"""What is known of one exchange from the bytes that went by: what was written, and how much of an answer was read.

Both transports feed it, and judge by it alone. HTTP libraries raise the same exception for a proxy that could not be
reached and for a tunnel that broke after the request, so that their exceptions tell why, and never how far.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextvars import ContextVar

from umapi_sdk.messages import Response
from umapi_sdk.transports.extent import Extent
from umapi_sdk.transports.headers import joined

MAX_IDLE = 1.0
"""Seconds after which an idle connection is not used again.

Servers and gateways close idle connections after 2 s (gunicorn), 5 s (uvicorn, Node, Apache), 60 s or 75 s, and a
request that is written in that moment gets no answer. Half of the shortest of these is as far from each of them as a
network is slow, and a new connection costs less than the waits that this API asks for.
"""
MAX_HEAD = 65_536  # bytes of status line and headers
MAX_HEADERS = 99  # of an answer: http.client reads no more, the empty line behind them included

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] +([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*\r?\n")

Clock = Callable[[], float]


def uptime() -> float:
    """Seconds on a clock that nobody sets; where the system has one, it runs on while the machine is suspended."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Idleness:
    """How a connection was used: how often, and when last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used_at = clock()
        self.requests = 0
        self.spoilt = False
        """True when more came on it than the answers to its requests."""

    def touch(self) -> None:
        """Note that something was read or written."""
        self._used_at = self._clock()

    def forbids_use(self) -> bool:
        """Return whether the exchange that is looking for a connection must not have this one."""
        exchange = CURRENT.get(None)
        if self.spoilt or (exchange is not None and exchange.fresh):
            return True
        return self._clock() - self._used_at > MAX_IDLE


class Exchange:
    """One request and its answer, as far as they have come."""

    def __init__(self, timeout: float | None, clock: Clock, *, fresh: bool = False) -> None:
        self.clock = clock
        self._deadline = None if timeout is None else clock() + timeout
        self.fresh = fresh
        """True when it must not use a connection that has served before."""
        self.sent = False
        """True once the request began to leave: not the CONNECT that asks a proxy for a tunnel."""
        self.reused = False
        """True when it left on a connection that had served before."""
        self.tunnel_asked = False
        self.tunnel_status: int | None = None
        """What a proxy answered that was asked for a tunnel; None when it did not."""
        self.status: int | None = None
        """The status of the answer; None when its status line was not read to the end."""
        self.interim: int | None = None
        """The status of the last interim answer (1xx)."""
        self.head_read = False
        """True when the headers of the answer were read to the end."""
        self.answered = False
        """True when any byte of an answer was read."""
        self.ended = False
        """True when the other end closed the connection, by a FIN."""
        self._head = b""
        self._extent: Extent | None = None

    def remaining(self) -> float | None:
        """Return the seconds that are left, None for no limit.

        Raises:
            TimeoutError: there are none.
        """
        if self._deadline is None:
            return None
        left = self._deadline - self.clock()
        if left <= 0:
            raise TimeoutError("the time for the exchange is over")
        return left

    def again(self) -> Exchange:
        """Return the exchange that sends the same request once more, on a connection of its own, in the time left."""
        return Exchange(self.remaining(), self.clock, fresh=True)

    def writing(self, data: bytes, connection: Idleness) -> None:
        """Note what is about to leave on a connection."""
        if not self.sent and data.startswith(b"CONNECT "):
            self.tunnel_asked = True
            return
        if not self.sent:
            self.sent = True
            self.reused = connection.requests > 0
            connection.requests += 1
            self._head = b""
        connection.touch()

    def read(self, data: bytes, connection: Idleness) -> None:
        """Take note of what came in."""
        connection.touch()
        self.ended = self.ended or not data
        self.answered = self.answered or (self.sent and bool(data))
        if self._extent is not None:
            self._follow(data, connection)
        elif len(self._head) <= MAX_HEAD:
            self._head += data
            self._read_head(connection)

    def _follow(self, data: bytes, connection: Idleness) -> None:
        if self._extent is not None:
            self._extent.feed(data)
            connection.spoilt = connection.spoilt or self._extent.overrun

    def _read_head(self, connection: Idleness) -> None:
        if not self.sent:
            line = _STATUS_LINE.match(self._head)
            self.tunnel_status = int(line[1]) if line else None
            return
        while line := _STATUS_LINE.match(self._head):
            end = _END_OF_HEAD.search(self._head)
            if not line[1].startswith(b"1"):
                self.status = int(line[1])
                self.head_read = end is not None
                if end is not None:
                    self._extent = Extent(self.status, self._headers())
                    self._follow(self._head[end.end() :], connection)
                return
            if end is None:
                return
            self.interim, self._head = int(line[1]), self._head[end.end() :]

    @property
    def flaw(self) -> str | None:
        """What is wrong with the headers, or None; libraries differ in what they let pass."""
        if not self.sent:  # nothing went over a socket: something stands in for the network
            return None
        head = _END_OF_HEAD.split(self._head, maxsplit=1)[0].decode("latin-1") + "\r\n"
        lines = head.splitlines(keepends=True)[1:]
        if len(head) > MAX_HEAD or len(lines) > MAX_HEADERS:
            return "its headers are too many or too long"
        sound = self.head_read and all(line[0] in " \t" or _HEADER.fullmatch(line) for line in lines)
        return None if sound else "its headers are not those of HTTP"

    @property
    def cut(self) -> bool:
        """True when the body is not there whole, as far as the headers tell its end."""
        return self._extent is not None and self._extent.unfinished

    def bare_response(self) -> Response:
        """Return the answer of which only the status counts, with the headers that were read whole and no body."""
        if self.status is None:
            raise ValueError("no status was read")
        return Response(status=self.status, headers=self._headers(), body=b"")

    def _headers(self) -> dict[str, str]:
        line = _STATUS_LINE.match(self._head)
        found: list[tuple[str, str]] = []
        lines = self._head[line.end() :].decode("latin-1").splitlines(keepends=True) if line else []
        for text in lines[:MAX_HEADERS]:
            header = _HEADER.fullmatch(text)
            if header is None:
                break
            found.append((header[1], header[2]))
        return joined(found)

    @property
    def decided(self) -> bool:
        """Whether the status alone tells what became of the request, whatever becomes of the rest of the answer."""
        return self.status is not None and self.status != 200

    def may_be_repeated(self, *, repeatable: bool) -> bool:
        """Return whether a failure only shows that a connection kept from before was closed by its other end."""
        return repeatable and self.reused and not self.answered and not self.fresh and not self._expired()

    def _expired(self) -> bool:
        return self._deadline is not None and self.clock() >= self._deadline


CURRENT: ContextVar[Exchange] = ContextVar("umapi_sdk_exchange")
"""The exchange that this thread or task is busy with, for the connections beneath the HTTP libraries."""
