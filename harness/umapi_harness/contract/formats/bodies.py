"""Bodies: the bytes of a message from the ways in which recordings write them, without compression."""

from __future__ import annotations

import base64
import zlib
from typing import Final

from umapi_harness.contract.exchanges import Headers
from umapi_harness.contract.formats.sources import Source

_GZIP: Final = b"\x1f\x8b"


def from_text(source: Source, text: str, encoding: object = None) -> bytes:
    """Return the bytes that a text stands for; `encoding` may be base64, as in HAR.

    Raises:
        RecordingError: it is no base64, or more than the limit.
    """
    if isinstance(encoding, str) and encoding.lower() == "base64":
        try:
            return bounded(source, base64.b64decode(text, validate=False))
        except ValueError as error:
            raise source.error(str(error), "write it as base64, as encoding says") from None
    # Half a surrogate pair stands for no character: no service sent it.
    return bounded(source, text.encode("utf-8", "replace"))


def bounded(source: Source, body: bytes) -> bytes:
    """Return a body that is within the limit.

    Raises:
        RecordingError: it is more than the limit.
    """
    if len(body) > source.limits.body_bytes:
        raise source.too_large()
    return body


def uncompressed(source: Source, headers: Headers, body: bytes) -> bytes:
    """Return a body as it was before Content-Encoding: recorders keep it in either form, and the same headers.

    One that is damaged, or in an encoding that Python does not know, stays as it is: so it came.

    Raises:
        RecordingError: it grows past the limit.
    """
    for name, value in headers:
        if name.lower() == "content-encoding":
            for coding in reversed([one.strip().lower() for one in value.split(",")]):
                body = _decoded(source, coding, body)
    return body


def _decoded(source: Source, coding: str, body: bytes) -> bytes:
    if coding in ("gzip", "x-gzip") and body.startswith(_GZIP):
        return _inflated(source, zlib.MAX_WBITS | 16, body)
    if coding == "deflate" and _is_zlib(body):
        return _inflated(source, zlib.MAX_WBITS, body)
    return body


def _is_zlib(body: bytes) -> bool:
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _inflated(source: Source, form: int, body: bytes) -> bytes:
    decoder = zlib.decompressobj(form)
    try:
        whole = bounded(source, decoder.decompress(body, source.limits.body_bytes + 1))
    except zlib.error:
        return body
    return whole if decoder.eof else body
