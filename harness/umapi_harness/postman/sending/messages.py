"""What goes out and what comes in: values with headers in the order and spelling of the wire."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec

_PIECE = 65_536
_NO_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"})
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';,]+)""", re.IGNORECASE)

Headers = tuple[tuple[str, str], ...]
"""Names and values in order. Values hold one character for each byte above ASCII, as HTTP/1.1 is read."""


class SendError(Exception):
    """No answer came, or none that can be used; the message says why.

    Args:
        reason: why, in one clause, with an option that helps.
        sent: whether anything of the request may have reached the server.
    """

    def __init__(self, reason: str, *, sent: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent


class FileContent(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is sent; it is read while it goes out. `size` is in bytes."""

    path: Path
    size: int

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the file; raises SendError when they are not as many as there were."""
        left = self.size
        try:
            with self.path.open("rb") as file:
                while left and (piece := file.read(min(left, _PIECE))):
                    left -= len(piece)
                    yield piece
        except OSError as error:
            raise SendError(f"the file {self.path} cannot be read: {(error.strerror or 'unknown').lower()}") from None
        if left:
            raise SendError(f"the file {self.path} became shorter while it was sent")


class HttpBody(msgspec.Struct, frozen=True):
    """The body of a request: bytes, and files between them."""

    parts: tuple[bytes | FileContent, ...]

    @property
    def size(self) -> int:
        """The number of bytes."""
        return sum(len(part) if isinstance(part, bytes) else part.size for part in self.parts)

    def pieces(self) -> Iterator[bytes]:
        """The bytes, piece by piece; raises SendError for a file that cannot be read."""
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
            else:
                yield from part.pieces()


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it goes over the wire: nothing is added to its headers, and its address is not touched.

    `url` is absolute and percent-encoded. A body without `Content-Length` among the headers goes out in chunks.
    """

    method: str
    url: str
    headers: Headers = ()
    body: HttpBody | None = None

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever its spelling; None when it is absent."""
        return _header(self.headers, name)


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: until connected (0 on a connection that was there), until the answer began, until it was whole."""

    connect: float = 0.0
    wait: float = 0.0
    receive: float = 0.0

    @property
    def total(self) -> float:
        """Seconds from the beginning to the end."""
        return self.connect + self.wait + self.receive


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, read to its end, its body decoded."""

    status: int
    reason: str
    headers: Headers
    body: bytes
    version: str
    timings: Timings

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever its spelling; None when it is absent."""
        return _header(self.headers, name)

    def values(self, name: str) -> list[str]:
        """All values of a header, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self) -> str:
        """The body by the charset that its type names, or as UTF-8; what is no text becomes U+FFFD."""
        return self.body.decode(_charset(self.header("content-type") or ""), "replace")


def _header(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in reversed(headers) if key.lower() == wanted), None)


@lru_cache(maxsize=64)
def _charset(content_type: str) -> str:
    found = _CHARSET.search(content_type)
    name = found[1] if found else "utf-8"
    try:
        b"a".decode(name, "replace")  # refuses codecs that make bytes of bytes
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return "utf-8"
    return "utf-8" if known in _NO_CHARSETS else known
