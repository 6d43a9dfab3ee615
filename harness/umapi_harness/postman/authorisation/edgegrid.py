"""EdgeGrid: Akamai's signature (https://techdocs.akamai.com/developer/docs/authenticate-with-edgegrid)."""

from __future__ import annotations

import base64
import hmac
import time
import uuid
from urllib.parse import urlsplit

from umapi_harness.postman.authorisation.unsigned import AuthorisationError, Settings, Unsigned, in_header, one_line
from umapi_harness.postman.sending.messages import HttpRequest

_MAX_BODY = 131_072
"""So many bytes of a body are hashed unless the settings say otherwise."""


def edgegrid(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """The header of EdgeGrid; without its three tokens the request goes as it is, as in Postman.

    Raises AuthorisationError.
    """
    client, access, secret = (settings.text(name) for name in ("clientToken", "accessToken", "clientSecret"))
    if not (client and access and secret):
        return unsigned.http
    stamp = settings.text("timestamp") or time.strftime("%Y%m%dT%H:%M:%S+0000", time.gmtime(unsigned.now))
    nonce = settings.text("nonce") or str(uuid.uuid4())
    begin = f"EG1-HMAC-SHA256 client_token={client};access_token={access};timestamp={stamp};nonce={nonce};"
    signed = [
        unsigned.http.method,
        unsigned.parts.scheme,
        _host(settings.text("baseURL")) or unsigned.host,
        unsigned.target,
        _headers(settings.entries("headersToSign"), unsigned.http),
        _content_hash(settings, unsigned),
        begin,
    ]
    signature = _hmac("\t".join(signed), _hmac(stamp, secret))
    return in_header(unsigned.http, "Authorization", f"{begin}signature={signature}")


def _host(base_url: str) -> str:
    """The host that is signed instead of the one that is called."""
    try:
        return urlsplit(base_url if "://" in base_url else f"//{base_url}").netloc.rpartition("@")[2].lower()
    except ValueError as error:
        raise AuthorisationError(f"edgegrid: baseURL is no address: {error}") from None


def _headers(names: list[str], request: HttpRequest) -> str:
    values = ((name.strip().lower(), request.header(name.strip()) or "") for name in names)
    return "\t".join(f"{name}:{one_line(value)}" for name, value in values if value)


def _content_hash(settings: Settings, unsigned: Unsigned) -> str:
    """Only bodies of POST are hashed, and of long ones the beginning."""
    if unsigned.http.method != "POST":
        return ""
    most = settings.text("maxBodySize") or str(_MAX_BODY)
    if not most.isdecimal():
        raise AuthorisationError(f"edgegrid: maxBodySize is {most!r}; give a number of bytes")
    digest = unsigned.hashed("sha256", int(most) or _MAX_BODY)
    return "" if digest is None else base64.b64encode(digest).decode("ascii")


def _hmac(text: str, key: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode("utf-8", "replace"), "sha256")).decode("ascii")
