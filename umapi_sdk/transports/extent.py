"""How far an answer reaches by its headers, so that what comes behind it on the connection is seen.

The libraries drop such bytes, or take them for the beginning of the next answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_WITHOUT_BODY = (204, 304)
_NUMBER = re.compile(r"[0-9]{1,18}")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
_LONGEST_LINE = 65_536  # bytes of a chunk's size with its extensions, or of a trailer


class Extent:
    """The body of one answer, fed with what comes in after its headers."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        self.overrun = False
        """True once something came behind the end."""
        self._left: int | None = None
        """Bytes to come: of the body, or of the chunk that was begun; None when nothing tells the end."""
        self._chunked = False
        self._line = b""
        self._in_trailers = False
        length = headers.get("content-length", "")
        if status in _WITHOUT_BODY:
            self._left = 0
        elif headers.get("transfer-encoding", "").lower().endswith("chunked"):
            self._left, self._chunked = 0, True
        elif "transfer-encoding" not in headers and _NUMBER.fullmatch(length):
            self._left = int(length)

    @property
    def unfinished(self) -> bool:
        """True while more has to come by what the headers say."""
        return self._left is not None and (self._left > 0 or self._chunked)

    def feed(self, data: bytes) -> None:
        """Take note of bytes that came in."""
        place = 0
        while self._left is not None and place < len(data):
            if self._left:
                taken = min(self._left, len(data) - place)
                self._left -= taken
                place += taken
            elif self._chunked:
                place = self._read_line(data, place)
            else:
                self.overrun = True
                return

    def _read_line(self, data: bytes, place: int) -> int:
        """Read a line between chunks, as far as it is there; return where it ends."""
        end = data.find(b"\n", place) + 1
        self._line += data[place : end or None]
        if len(self._line) > _LONGEST_LINE:
            self._left = None
        elif end:
            line, self._line = self._line.strip(), b""
            self._take(line)
        return end or len(data)

    def _take(self, line: bytes) -> None:
        if self._in_trailers:
            self._chunked = bool(line)
        elif line:  # an empty one is the end of the line that a chunk's bytes stand on
            size = _SIZE.fullmatch(line.partition(b";")[0].rstrip())
            self._left = int(size[0], 16) if size else None
            self._in_trailers = self._left == 0
