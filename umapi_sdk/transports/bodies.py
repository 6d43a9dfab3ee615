"""The body of an answer: decoded as it comes in, and bounded."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

ACCEPTED_ENCODINGS = "gzip"
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # zlib's names for the formats


class BodyError(Exception):
    """A body that cannot be read, or is larger than allowed."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent
        """True when the same request would get the same again."""


class Body:
    """Collects a body; `limit` is the most bytes that it may have, encoded and decoded."""

    def __init__(self, headers: Mapping[str, str], limit: int) -> None:
        self._limit = limit
        self._chunks: list[bytes] = []
        self._size = 0
        self._encoded_size = 0
        encoding = headers.get("content-encoding", "").strip().lower()
        self._encoding = "" if encoding == "identity" else encoding
        self._decoder = zlib.decompressobj(_WINDOW_BITS[encoding]) if encoding in _WINDOW_BITS else None
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > limit:
            raise self._too_large()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes off the wire.

        Raises:
            BodyError: they are not what the headers say, or too many.
        """
        self._encoded_size += len(chunk)
        if self._encoded_size > self._limit:
            raise self._too_large()
        if not self._encoding:
            self._keep(chunk)
            return
        if self._decoder is None:
            raise BodyError(f"the answer's Content-Encoding {self._encoding[:40]!r} was not asked for")
        try:
            # No more is decoded than may be kept: a few kilobytes can stand for gigabytes.
            self._keep(self._decoder.decompress(chunk, self._limit - self._size + 1))
        except zlib.error:
            raise BodyError(f"the answer's body is not {self._encoding}, as its headers say") from None

    def finish(self) -> bytes:
        """Return the whole body.

        Raises:
            BodyError: it is not whole.
        """
        if self._decoder is not None and self._encoded_size and not self._decoder.eof:
            raise BodyError("the answer's body broke off")
        return b"".join(self._chunks)

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise self._too_large()
        self._chunks.append(data)

    def _too_large(self) -> BodyError:
        advice = "raise max_response_size if that can be right"
        return BodyError(f"the answer is larger than {self._limit} bytes: {advice}", permanent=True)
