"""Connections: urllib3's, with the lines of headers as they came and a deadline for the whole exchange.

What most servers answer, a length and no encoding, is read here; all else goes the way of http.client and urllib3.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import attrs
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection

from umapi_harness.postman.sending.messages import Headers, SendError

_PIECE = 65_536
_DECODED_PIECE = 262_144
_MOST_HEADERS = 100
"""As many as http.client takes."""
_REQUEST_HEAD = re.compile(r"[!-~]+ [!-~]+ HTTP/1\.1\r\n(?:[!-9;-~]+: [^\r\n\0]*\r\n)*\r\n")
_ANSWER_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-9][0-9]{2}) ?([\t -~\x80-\xff]*)\r\n((?:[!-9;-~]+:[\t -~\x80-\xff]*\r\n)*)\r\n"
)
_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)
_WITHOUT_BODY = frozenset({http.client.NO_CONTENT, http.client.NOT_MODIFIED})
_OTHERWISE = ("transfer-encoding", "content-encoding")


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


@attrs.frozen
class _Given:
    """What http.client takes for a socket: it reads from the file that is there."""

    file: io.BufferedReader

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 - always "rb"
        """Return the file."""
        return self.file


class Answer(Protocol):
    """An answer whose head has come in."""

    @property
    def status(self) -> int:
        """The number of the status."""
        ...

    @property
    def reason(self) -> str:
        """The words beside it, one character a byte."""
        ...

    @property
    def headers(self) -> Headers:
        """The headers as they came: order, spelling, repetitions."""
        ...

    @property
    def version(self) -> str:
        """HTTP/1.1 or HTTP/1.0."""
        ...

    @property
    def ends_connection(self) -> bool:
        """Whether no further request can be sent after this."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """The body, decoded, piece by piece; raises what the network, http.client and urllib3 raise."""
        ...


@attrs.frozen(kw_only=True)
class _PlainAnswer:
    """An answer of known length that is not encoded."""

    status: int
    reason: str
    headers: Headers
    ends_connection: bool
    length: int
    file: io.BufferedReader
    version: str = "HTTP/1.1"

    def pieces(self) -> Iterator[bytes]:
        left = self.length
        while left:
            piece = self.file.read(min(left, _DECODED_PIECE))
            if not piece:
                raise http.client.IncompleteRead(b"", left)
            left -= len(piece)
            yield piece
        self.file.close()


@attrs.frozen
class _OtherAnswer:
    """Any other answer: in chunks, encoded, without an end but that of the connection."""

    wire: http.client.HTTPResponse
    response: HTTPResponse

    @property
    def status(self) -> int:
        return self.wire.status

    @property
    def reason(self) -> str:
        return self.wire.reason or ""

    @property
    def headers(self) -> Headers:
        return tuple((key, _unfolded(value)) for key, value in self.wire.msg.items())

    @property
    def version(self) -> str:
        return "HTTP/1.1" if self.wire.version == 11 else "HTTP/1.0"

    @property
    def ends_connection(self) -> bool:
        return bool(self.wire.will_close)

    def pieces(self) -> Iterator[bytes]:
        return self.response.stream(_DECODED_PIECE, decode_content=True)


class _WireAnswer(http.client.HTTPResponse):
    """An answer in whose place no interim one (1xx) is taken; http.client itself passes over 100 only."""

    def begin(self) -> None:
        super().begin()
        while 100 < self.status < 200 and self.status != http.client.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
            super().begin()

    def flush(self) -> None:
        """Do nothing: its file is only read.

        Where the connection is closed so is the file, and Python 3.13 would complain of each answer thrown away.
        """


class PlainConnection(HTTPConnection):
    """A connection of urllib3 that keeps to a deadline and remembers how headers were spelled."""

    deadline = Deadline()
    answer: Answer | None = None
    _file: io.BufferedReader | None = None
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

    def ask(self, method: str, target: str, headers: Headers, body: Iterable[bytes], *, chunked: bool) -> None:
        """Write a request; raises SendError for what no head of a request can hold."""
        lines = "".join([f"{key}: {value}\r\n" for key, value in headers])
        head = f"{method} {target} HTTP/1.1\r\n{lines}\r\n"
        if not _REQUEST_HEAD.fullmatch(head) or head.count("\n") != len(headers) + 2:
            raise SendError("the address or a header holds a character that none can hold")
        waiting = head.encode("latin-1")
        for piece in body:
            if not piece:
                continue
            framed = b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
            if len(waiting) + len(framed) > _PIECE:
                self.send(waiting)
                waiting = framed
            else:
                waiting += framed
        self.send(waiting + b"0\r\n\r\n" if chunked else waiting)

    def hear(self, method: str, target: str) -> Answer:
        """Read the head of the answer to a request, past interim ones; raises what http.client raises."""
        reader: Any = _Reader(self.sock, lambda: self.deadline)
        self._file = file = io.BufferedReader(reader, _PIECE)
        self.answer = _plain_answer(file, method) or _other_answer(file, method, target)
        return self.answer

    def close(self) -> None:
        """Close the connection, and let go of an answer that was not read to its end."""
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()


class SecureConnection(PlainConnection, HTTPSConnection):
    """The same over TLS."""


def _plain_answer(file: io.BufferedReader, method: str) -> _PlainAnswer | None:
    """An answer whose head has come in at once and says how long its body is; None, and nothing read, for others."""
    head = _ANSWER_HEAD.match(file.peek(1))
    if head is None:
        return None
    lines = [line.partition(":") for line in head[3].decode("latin-1").split("\r\n")[:-1]]
    headers = tuple([(key, value.lstrip(" \t")) for key, _, value in lines])
    known = {key.lower(): value for key, value in headers}
    if len(headers) > _MOST_HEADERS or any(name in known for name in _OTHERWISE):
        return None
    status = int(head[1])
    length = 0
    if method != "HEAD" and status not in _WITHOUT_BODY:
        lengths = [value for key, value in headers if key.lower() == "content-length"]
        if len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]):
            return None
        length = int(lengths[0])
    file.read(head.end())
    return _PlainAnswer(
        status=status,
        reason=head[2].decode("latin-1").strip(),
        headers=headers,
        ends_connection=any("close" in value.lower() for key, value in headers if key.lower() == "connection"),
        length=length,
        file=file,
    )


def _other_answer(file: io.BufferedReader, method: str, target: str) -> _OtherAnswer:
    given: Any = _Given(file)
    wire = _WireAnswer(given, method=method)
    wire.begin()
    response = HTTPResponse(
        body=wire,
        headers=HTTPHeaderDict((key, _unfolded(value)) for key, value in wire.msg.items()),
        status=wire.status,
        version=wire.version,
        reason=wire.reason,
        preload_content=False,
        decode_content=False,
        original_response=wire,
        request_method=method,
        request_url=target,
    )
    return _OtherAnswer(wire, response)


def _unfolded(value: str) -> str:
    """The value of a header as one line, however many it stood on."""
    return " ".join([part.strip(" \t") for part in value.split("\r\n")]) if "\r\n" in value else value
