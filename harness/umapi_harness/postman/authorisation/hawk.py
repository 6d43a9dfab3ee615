"""Hawk: a signature over method, address and perhaps the body (https://github.com/mozilla/hawk)."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import string

from umapi_harness.postman.authorisation.unsigned import (
    AuthorisationError,
    Settings,
    Unsigned,
    body_hash,
    in_header,
)
from umapi_harness.postman.sending.messages import HttpRequest

_ALGORITHMS = ("sha256", "sha1")
_LETTERS = string.ascii_letters + string.digits
_MULTIPART = "formdata"


def hawk(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """The header of Hawk; without id or key the request goes as it is, as in Postman. Raises AuthorisationError."""
    id_, key = settings.text("authId"), settings.text("authKey")
    if not (id_ and key):
        return unsigned.http
    algorithm = settings.text("algorithm")
    if algorithm not in _ALGORITHMS:
        raise AuthorisationError(f"hawk: algorithm is {algorithm or 'missing'}; use {' or '.join(_ALGORITHMS)}")
    timestamp = settings.text("timestamp")
    stamp = timestamp if re.match(r"\s*[+-]?0*[1-9]", timestamp) else str(int(unsigned.now))
    nonce = settings.text("nonce") or "".join(secrets.choice(_LETTERS) for _ in range(6))
    hash_ = _payload_hash(unsigned, algorithm) if settings.flag("includePayloadHash") else ""
    text = _normalized(settings, unsigned, stamp, nonce, hash_)
    mac = _base64(hmac.digest(key.encode(), text.encode("utf-8", "replace"), algorithm))
    return in_header(unsigned.http, "Authorization", _header(settings, (id_, stamp, nonce, hash_, mac)))


def _normalized(settings: Settings, unsigned: Unsigned, stamp: str, nonce: str, hash_: str) -> str:
    parts = unsigned.parts
    # Postman escapes the first of each; a value has more than one only by mistake.
    extra = settings.text("extraData").replace("\\", "\\\\", 1).replace("\n", "\\n", 1)
    lines = [
        "hawk.1.header",
        stamp,
        nonce,
        unsigned.http.method,
        unsigned.target,
        parts.hostname or "",
        str(parts.port or (80 if parts.scheme == "http" else 443)),
        hash_,
        extra,
    ]
    if settings.text("app"):
        lines += [settings.text("app"), settings.text("delegation")]
    return "\n".join(lines) + "\n"


def _header(settings: Settings, values: tuple[str, str, str, str, str]) -> str:
    id_, stamp, nonce, hash_, mac = values
    extra = settings.text("extraData").replace("\\", "\\\\").replace('"', '\\"')
    named = [("id", id_), ("ts", stamp), ("nonce", nonce), ("hash", hash_), ("ext", extra), ("mac", mac)]
    if settings.text("app"):
        named += [("app", settings.text("app")), ("dlg", settings.text("delegation"))]
    return "Hawk " + ", ".join(f'{name}="{value}"' for name, value in named if value)


def _payload_hash(unsigned: Unsigned, algorithm: str) -> str:
    """The hash of the body with its type; none of multipart bodies, which Postman signs without it."""
    if unsigned.http.body is None or unsigned.mode == _MULTIPART:
        return ""
    kind = (unsigned.http.header("content-type") or "").split(";")[0].strip().lower()
    before = f"hawk.1.payload\n{kind}\n".encode("utf-8", "replace")
    return _base64(body_hash(unsigned.http.body, algorithm, before=before, after=b"\n"))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
