"""Upstreams: where a recording proxy passes requests on to, and what is wrong with one that does not answer well."""

from __future__ import annotations

import re
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import httpx

from umapi_models.operations import API_PATH

_STATUSES: Final = range(200, 600)  # with which an exchange can end
_UNSAYABLE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_CHECK: Final = "check the upstream's address"


@attrs.frozen
class Upstream:
    """Where requests go."""

    origin: str
    """Scheme, host and port."""
    path: str
    """What stands there in place of /v2/usermanagement; empty where that itself does."""

    @classmethod
    def read(cls, text: str) -> Upstream:
        """Read a URL; raises ValueError with the reason for anything that cannot be an upstream."""
        parts = urlsplit(text.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{text!r} is no address: give http:// or https://, a host and perhaps a port")
        if parts.username is not None:
            raise ValueError("the address has a user part, which no request of UMAPI needs: leave it out")
        if parts.query or parts.fragment:
            raise ValueError(f"{text!r} has a query or fragment: leave it out")
        _ = parts.port  # raises for one that is none
        return cls(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"))

    def target(self, path: bytes) -> bytes:
        """Return the path at the upstream for one at the proxy."""
        root = API_PATH.encode()
        if self.path and (path == root or path.startswith(root + b"/")):
            return self.path.encode() + path[len(root) :]
        return path


def unpassable(answer: httpx.Response) -> str:
    """Why an answer cannot be passed on, with what to do; empty if it can."""
    if answer.status_code not in _STATUSES:
        return f"answers with status {answer.status_code}, which HTTP does not have; {_CHECK}"
    if any(_UNSAYABLE.search(value) for _, value in answer.headers.raw):
        return f"answers with control characters in a header; {_CHECK}"
    return ""


def cause_of(error: httpx.HTTPError) -> tuple[str, str]:
    """Return what went wrong and the remedy that fits it; nothing of the answer, which may hold a secret."""
    if isinstance(error, httpx.TimeoutException):
        connecting = isinstance(error, httpx.ConnectTimeout)
        return ("no connection in time", _CHECK) if connecting else ("no answer in time", "raise --timeout")
    if isinstance(error, httpx.RemoteProtocolError):
        if "disconnected" in str(error) or "closed" in str(error):
            return "the connection ended without a whole answer", f"{_CHECK}, and whether it is http or https"
        return "the answer is no HTTP/1.1 that can be read", _CHECK
    cause: BaseException = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        below = cause.__cause__ or cause.__context__
        assert below is not None
        cause = below
    if isinstance(cause, ssl.SSLCertVerificationError):
        reason = cause.verify_message.rstrip(".")
        return f"its certificate is not trusted ({reason})", "give its authority with --ca-bundle, or check the address"
    if isinstance(cause, ssl.SSLError):
        reason = (cause.reason or "no TLS").replace("_", " ").lower()
        return f"TLS failed ({reason})", f"{_CHECK}, and whether it is http or https"
    text: Any = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return " ".join(str(text).split()).rstrip("."), _CHECK
