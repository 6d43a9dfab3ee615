"""Failures: what went wrong on the network, in one clause for people."""

from __future__ import annotations

import http.client
import ssl

from urllib3 import exceptions as failed


def is_timeout(error: BaseException) -> bool:
    """Whether it was the time that ran out."""
    return isinstance(error, TimeoutError | failed.TimeoutError) and not isinstance(error, failed.NewConnectionError)


def reason_of(error: BaseException) -> str:
    """Why no answer came, from the exception with which urllib3 or Python says so."""
    known = next((reason.format(error) for kind, reason in _REASONS.items() if isinstance(error, kind)), None)
    if known is None and isinstance(error, OSError) and error.strerror:
        known = error.strerror.lower()
    if known is None:
        wrapped = error.__cause__ or next((one for one in error.args if isinstance(one, BaseException)), None)
        known = reason_of(wrapped) if wrapped is not None else str(error) or type(error).__name__
    return known


_REASONS: dict[type[BaseException], str] = {
    failed.NameResolutionError: "the name of the host is not known",
    http.client.RemoteDisconnected: "the server closed the connection without an answer",
    failed.IncompleteRead: "the answer broke off",
    http.client.IncompleteRead: "the answer broke off",
    failed.DecodeError: "the answer is not encoded as its Content-Encoding says",
    ssl.SSLCertVerificationError: (
        "the certificate of the server is not trusted ({0.verify_message}); name its authority with "
        "--ssl-extra-ca-certs FILE, or trust all with -k"
    ),
    ssl.SSLError: (
        "TLS failed ({0.reason}); check whether the address is one of https, and whether the server asks for "
        "--ssl-client-cert FILE"
    ),
    http.client.HTTPException: "the answer is not HTTP ({0!r})",
}
