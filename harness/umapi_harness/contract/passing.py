"""Passing on: what of a request and its headers goes further than one connection."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from starlette.types import Scope

RawHeaders = list[tuple[bytes, bytes]]

# Of one connection, not of the message (RFC 9110, section 7.6.1).
_HOP_BY_HOP: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te"}
    | {b"trailer", b"transfer-encoding", b"upgrade"}
)
_ORIGIN: Final = re.compile(rb"^https?://[^/]*", re.IGNORECASE)


def target_of(scope: Scope) -> bytes | None:
    """Return the path that is asked for, without its query; None where that is none of this server."""
    raw: bytes = scope.get("raw_path") or str(scope["path"]).encode()
    # A client that has this for its HTTP proxy says the host too.
    path = _ORIGIN.sub(b"", raw.partition(b"?")[0]) or b"/"
    return path if path.startswith(b"/") and scope["method"] != "CONNECT" else None


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Return the headers that are not for one connection alone."""
    pairs = list(headers)
    named = {
        option.strip().lower() for name, value in pairs if name == b"connection" for option in value.split(b",")
    } - {b"content-length", b"content-type", b"authorization"}
    return [(name, value) for name, value in pairs if name not in _HOP_BY_HOP and name not in named]


def codings(value: bytes) -> bytes:
    """Return what of an Accept-Encoding can be read here too; a recording is of no use otherwise."""
    known = [
        one for one in value.split(b",") if one.strip().split(b";")[0].lower() in (b"gzip", b"deflate", b"identity")
    ]
    return b",".join(known).strip() or b"identity"


def header_text(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return headers as text, byte for character."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
