"""Payloads: the text that bytes stand for, whatever compression and character set they are in."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from typing import Final

LIMIT: Final = 16 * 1024 * 1024
_LAYERS: Final = 4
"""How many compressions within each other are taken off."""
_CHUNK: Final = 64 * 1024
_GZIP: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = zlib.MAX_WBITS | 16
# Longest first: the mark of UTF-32 begins with that of UTF-16.
MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Without a mark. Texts of the formats here begin with an ASCII character.
_ZEROS: Final = ((b"[^\0]\0\0\0", "utf-32-le"), (b"\0\0\0[^\0]", "utf-32-be"), (b"[^\0]\0", "utf-16-le"))
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
_NO_TEXT: Final = re.compile(r"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_MEDIA: Final = re.compile(
    r"(?:image/(?!svg\+xml)|font/|audio/|video/|application/(?:font-|pdf|zip|x-zip|gzip-|wasm|x-protobuf|protobuf|grpc"
    r"|msgpack|x-msgpack|cbor|vnd\.(?:ms-|openxmlformats-)))",
    re.IGNORECASE,
)
_TEXTUAL: Final = re.compile(r"\s*(?:$|;|text/|application/(?:[\w.+-]*(?:json|xml|javascript|form)))", re.IGNORECASE)


def holds_no_text(media_type: str) -> bool:
    """Whether bodies of a media type are pictures, fonts, documents or the like, in which no text is looked for."""
    return _MEDIA.match(media_type.strip()) is not None


def text_of(data: bytes, media_type: str = "", limit: int = LIMIT) -> str | None:
    """Return the text that bytes stand for; None where they are none that can be read.

    Compression is known by its first bytes, a character set by its mark, its zeros, or `charset`. Of compressed data
    that is cut off, what is there is the text.

    Args:
        data: bytes as they went over the wire, or as a recording kept them.
        media_type: the value of Content-Type; empty where there is none.
        limit: bytes to which compressed data may grow; past it, it is not read.
    """
    return _text(data, media_type, limit, 0)


def compressed_text(data: bytes) -> str | None:
    """Return the text of gzip or zlib data; None where it is neither, or no text."""
    if not (data.startswith(_GZIP) or _is_zlib(data)):
        return None
    return _text(data, "application/octet-stream", LIMIT, 0)


def _text(data: bytes, media_type: str, limit: int, layer: int) -> str | None:
    text = None if data.startswith(_GZIP) else _decoded(data, media_type, cut=layer > 0)
    if text is not None and not _NO_TEXT.search(text):
        return text
    if layer < _LAYERS:
        for plain in _inflations(data, limit):
            below = _text(plain, media_type, limit, layer + 1)
            if below is not None:
                return below
    if layer == 0 and text is not None:
        # Bytes that a program kept as characters of the same numbers.
        try:
            same = text.encode("latin-1")
        except UnicodeEncodeError:
            return None
        return _text(same, media_type, limit, 1) if same != data else None
    return None


def _decoded(data: bytes, media_type: str, *, cut: bool) -> str | None:
    """Return bytes as characters; with `cut`, a part of a character at the end is left out."""
    for encoding in _encodings(data, media_type):
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(data, final=not cut)
        except (UnicodeError, LookupError):
            continue
        text = text.removeprefix("\ufeff")
        # Two bytes of other text make one character of other scripts, hardly ever one of ASCII.
        if encoding.startswith(("utf-16", "utf-32")) and not _is_plausible(text):
            continue
        return text
    return None


def _encodings(data: bytes, media_type: str) -> Iterator[str]:
    for mark, name in MARKS:
        if data.startswith(mark):
            yield name
    for zeros, name in (*_ZEROS, (b"\0[^\0]", "utf-16-be")):
        if re.match(zeros, data, re.DOTALL):
            yield name
    declared = _CHARSET.search(media_type)
    name = declared[1] if declared is not None else ""
    # Recordings keep text as UTF-8 whatever it had been; only these write other text in ASCII bytes.
    if name.lower().startswith(("utf-7", "iso-2022", "hz")):
        yield name
    yield "utf-8"
    if name and _is_text_encoding(name):
        yield name
    if _TEXTUAL.match(media_type):
        yield "latin-1"


def _is_text_encoding(name: str) -> bool:
    try:
        return "x".encode(name) != b""
    except (LookupError, UnicodeError, ValueError):
        return False


def _is_plausible(text: str) -> bool:
    plain = sum(char.isascii() for char in text[:4096])
    return plain * 4 >= min(len(text), 4096)


def _is_zlib(data: bytes) -> bool:
    return len(data) > 2 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0


def _inflations(data: bytes, limit: int) -> Iterator[bytes]:
    """Yield what compressed data may stand for."""
    forms = (
        (data.startswith(_GZIP), _GZIP_WINDOW, False),
        (_is_zlib(data), zlib.MAX_WBITS, False),
        (True, -zlib.MAX_WBITS, True),
    )
    for holds, window, whole in forms:
        plain = _inflated(data, window, limit, whole=whole) if holds else b""
        if plain:
            yield plain


def _inflated(data: bytes, window: int, limit: int, *, whole: bool) -> bytes:
    """Return what can be had of compressed data; nothing where that is too much, or, with `whole`, not all of it."""
    parts: list[bytes] = []
    size = 0
    rest = data
    while rest:
        decoder = zlib.decompressobj(window)
        for begin in range(0, len(rest), _CHUNK):
            try:
                part = decoder.decompress(rest[begin : begin + _CHUNK], limit + 1 - size)
            except zlib.error:
                return b"" if whole else b"".join(parts)
            parts.append(part)
            size += len(part)
            if size > limit or decoder.unconsumed_tail:
                return b""
            if decoder.eof:
                # A gzip file may be several, one behind the other.
                rest = decoder.unused_data + rest[begin + _CHUNK :]
                break
        else:
            return b"" if whole and size == 0 else b"".join(parts)
        if whole and rest:
            return b""
        if not rest.startswith(_GZIP):
            break
    return b"".join(parts)
