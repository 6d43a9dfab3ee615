"""The body of an answer: decoded as it comes in, and bounded."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

ACCEPTED_ENCODINGS = "gzip"
BAD_CHUNKS = "the answer's chunks are not those of HTTP: the length of one is no number"
BAD_LENGTH = "the answer's Content-Length is not one number"
_PIECE = 1_024  # bytes that are decoded at a time, so that many small members of a gzip cost no more than a large one
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
        self._decoder = self._new_decoder()
        length = headers.get("content-length", "")
        lengths = {part.strip() for part in length.split(",")} if length and "transfer-encoding" not in headers else ()
        if len(lengths) > 1 or not all(each.isascii() and each.isdigit() for each in lengths):
            raise BodyError(BAD_LENGTH)
        if any(int(each[:20]) > limit for each in lengths):
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
            for start in range(0, len(chunk), _PIECE):
                self._decode(chunk[start : start + _PIECE])
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

    def _new_decoder(self) -> Any:
        bits = _WINDOW_BITS.get(self._encoding)
        return None if bits is None else zlib.decompressobj(bits)

    def _decode(self, piece: bytes) -> None:
        rest = piece
        while rest and self._decoder is not None:
            if self._decoder.eof:
                # A gzip is one member or several (RFC 1952, section 2.2), and can be filled up with zeros at its end.
                rest = rest.lstrip(b"\0")
                if not rest:
                    return
                self._decoder = self._new_decoder()
                continue
            # No more is decoded than may be kept: a few kilobytes can stand for gigabytes.
            self._keep(self._decoder.decompress(rest, self._limit - self._size + 1))
            rest = self._decoder.unused_data

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limit:
            raise self._too_large()
        self._chunks.append(data)

    def _too_large(self) -> BodyError:
        advice = "raise max_response_size if that can be right"
        return BodyError(f"the answer is larger than {self._limit} bytes: {advice}", permanent=True)
