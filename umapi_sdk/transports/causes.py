"""Why there was no answer, in one line with the remedy that fits; for both transports, from the exception at the root.

What may have been sent is no matter of this module: the exchange knows it.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from umapi_sdk.messages import Request, TransportError
from umapi_sdk.transports.bodies import BodyError
from umapi_sdk.transports.exchange import Exchange
from umapi_sdk.transports.names import NameTimeoutError
from umapi_sdk.transports.settings import NetworkSettings

_STATUS_OF_TUNNEL = {
    401: "it wants a login as web servers do, not as proxies do: is its URL right?",
    407: "it wants a user and password: give them in the proxy's URL, http://user:password@host:port",
    **dict.fromkeys((400, 404, 405, 501), "it takes no such requests: is it a proxy, and its URL right?"),
    403: "it does not let this host through: ask who runs it to allow it",
    502: "it cannot reach the host: is the host's name right, and does the proxy lead there?",
    503: "it cannot reach the host now",
    504: "the host did not answer it in time",
}
_TRANSIENT_TUNNEL_STATUSES = frozenset({408, 425, 429})

# Results of OpenSSL's check (x509_vfy.h), of which Python gives numbers and texts but no names.
_SELF_SIGNED, _SELF_SIGNED_ROOT = 18, 19
_NO_ISSUER = (2, 20, 21)
_STRICT = range(76, 95)
"""What only X509_V_FLAG_X509_STRICT looks at, which Python sets by default from 3.13 on."""
_CERTIFICATE = (
    ((62, 64), " belongs to another name: write the name that it was made for"),
    ((10,), " or of its authority has expired: check this machine's clock, else it must be renewed there"),
    ((9,), " is not valid yet: check this machine's clock"),
    ((23,), " has been revoked: it must be replaced there"),
    ((26,), " is not made for hosts: it must be replaced there by one for TLS servers"),
    ((66, 67, 68), " or of its authority is too weak for this machine's OpenSSL: it must be replaced there"),
)

_FOR_GOOD = (
    *("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED"),
    *("UNKNOWN_CA", "CERTIFICATE_REVOKED", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNKNOWN", "UNRECOGNIZED_NAME"),
    *("INSUFFICIENT_SECURITY", "NO_APPLICATION_PROTOCOL", "TOO_SMALL", "TOO_WEAK", "UNSAFE_LEGACY_RENEGOTIATION"),
    *("NO_SHARED_CIPHER", "NO_CIPHERS", "WRONG_CIPHER", "UNKNOWN_PROTOCOL", "BAD_ECPOINT", "WRONG_CURVE"),
)
"""What OpenSSL says of two sides that do not come together however often they try."""
_OF_OUR_CERTIFICATE = (
    *("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED"),
    *("UNKNOWN_CA", "CERTIFICATE_REVOKED", "CERTIFICATE_EXPIRED", "CERTIFICATE_UNKNOWN"),
)

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "RECORD_LAYER_FAILURE"})
"""What OpenSSL says of bytes that are none of TLS."""
# Ends of a connection that reach Python as errors of OpenSSL.
_TLS_ENDINGS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
# FIN and RST are not told apart: through TLS not every library does, and what to do is the same.
_ENDINGS = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, EOFError, *_TLS_ENDINGS)
# The libraries' words for an answer that cannot be read, which speak of their own insides.
_PLAIN_WORDS = tuple(
    (re.compile(said, re.IGNORECASE), plain)
    for said, plain in (
        ("IncompleteRead|complete message body|incomplete chunk|prematurely|closed connection", "it ended too early"),
        ("got more than|too long|too many", "its headers are too many or too long"),
        ("chunk|invalid literal", "its chunks are not those of HTTP: the length of one is no number"),
        ("content-length", "its Content-Length is not one number"),
        ("bytearray|header", "its headers are not those of HTTP"),
    )
)
_LIBRARY_NAME = re.compile(r"<?[\w.]*(?:HTTPS?)?Connection(?:Pool)?\(.*?\)( at 0x[0-9a-f]+)?>?:? ?")


class _Place(msgspec.Struct, frozen=True):
    """Who is at the other end, and by which way."""

    host: str
    proxy: str | None
    """Host and port of the proxy, without its password."""
    exchange: Exchange
    settings: NetworkSettings
    https: bool
    has_credentials: bool
    """Whether the proxy's URL has a user."""

    @property
    def peer(self) -> str:
        """What the connection goes to at the point that was reached."""
        return f"the proxy {self.proxy}" if self.before_tunnel else self.host

    @property
    def before_tunnel(self) -> bool:
        """Whether the failure lies between here and the proxy."""
        return self.proxy is not None and not self.exchange.sent and self.exchange.tunnel_status is None


def transport_error(
    error: BaseException, request: Request, exchange: Exchange, settings: NetworkSettings, proxy: str | None
) -> TransportError:
    """Return what to throw into the call for a failed exchange."""
    user, _, address = ("", "", None) if proxy is None else urlsplit(proxy).netloc.rpartition("@")
    https = urlsplit(request.url).scheme == "https"
    place = _Place(request.host, address, exchange, settings, https, bool(user))
    reason, permanent = _explain(list(_roots(error)), place)
    return TransportError(reason, sent=exchange.sent, permanent=permanent, answered=exchange.status is not None)


def _explain(roots: list[BaseException], place: _Place) -> tuple[str, bool]:
    """Return the reason, and whether another try is of no use."""
    for error in roots:
        if isinstance(error, BodyError):
            return str(error), error.permanent
        if isinstance(error, ssl.SSLCertVerificationError):
            return _certificate(error, place), True
        if isinstance(error, ssl.SSLError) and (_speaks_no_tls(error) or _has_no_version(error) or _is_for_good(error)):
            return _tls(error, place), True
    status = place.exchange.tunnel_status
    if status is not None and not 200 <= status < 300:
        return _no_tunnel(status, place), 400 <= status < 500 and status not in _TRANSIENT_TUNNEL_STATUSES
    reasons = (_from_system(error, place) for error in roots)
    return next((reason for reason in reasons if reason), None) or _cut(roots, place), False


def _no_tunnel(status: int, place: _Place) -> str:
    advice = _STATUS_OF_TUNNEL.get(status)
    if status == 407 and place.has_credentials:
        advice = "the user or password in the proxy's URL is wrong, or it wants another way than Basic"
    elif status < 200:
        advice = "which is no final answer: is its URL right?"
    elif 300 <= status < 400:
        advice = "it sends elsewhere, as login pages do: does this network want a login first, or is its URL wrong?"
    reason = f"the proxy {place.proxy} refused a way to {place.host} with status {status}"
    return f"{reason}: {advice}" if advice else reason


def _from_system(error: BaseException, place: _Place) -> str | None:
    """Return the reason that an exception of the system or of OpenSSL tells, None for any other."""
    if isinstance(error, socket.gaierror):
        return _name(place)
    if isinstance(error, TimeoutError):
        return _late_name(place) if isinstance(error, NameTimeoutError) else _time_out(place)
    if isinstance(error, ssl.SSLError):
        return None if isinstance(error, _TLS_ENDINGS) else _tls(error, place)
    if isinstance(error, ConnectionRefusedError):
        port = "its port" if place.before_tunnel else "the port of the URL"
        return f"{place.peer} refuses connections: does it run, and is {port} right?"
    if isinstance(error, OSError) and error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return f"no route leads to {place.peer}: is this machine online, or does it need a proxy?"
    return None


def _name(place: _Place) -> str:
    if place.before_tunnel:
        return f"the name of the proxy {place.proxy} cannot be resolved: check the proxy's URL"
    name = urlsplit(f"//{place.host}").hostname
    advice = "check its spelling; in a network that leads out by a proxy only, set `proxy`"
    return f"the name {name} cannot be resolved: {advice}"


def _late_name(place: _Place) -> str:
    name = urlsplit(f"//{place.proxy if place.before_tunnel else place.host}").hostname
    limit = f"{place.settings.timeout or 0:g} s"
    return f"time-out while resolving the name {name}, after {limit}: do this machine's name servers answer?"


def _time_out(place: _Place) -> str:
    exchange, limit = place.exchange, f"{place.settings.timeout or 0:g} s"
    if exchange.sent:
        what = "receiving the answer of" if exchange.answered else "waiting for an answer of"
        return f"time-out while {what} {place.host}: it was not there whole after {limit}, the `timeout`"
    if place.before_tunnel:
        doing = "waiting for the proxy" if exchange.tunnel_asked else "connecting to the proxy"
        return f"time-out while {doing} {place.proxy}, after {limit}: is it the right one?"
    if place.proxy is not None:
        return f"time-out while connecting to {place.host} through the proxy {place.proxy}, after {limit}"
    advice = "a firewall may drop what is sent there; does this network need a proxy?"
    return f"time-out while connecting to {place.host}, after {limit}: {advice}"


def _after_request(said: str, place: _Place) -> str:
    """Return the reason for a failure after the request left; `said` is empty where the connection just ended."""
    exchange = place.exchange
    if exchange.status is not None:
        return f"the answer of {place.host} broke off: {said or 'it ended too early'}"
    if exchange.interim is not None:
        return f"{place.host} answered with status {exchange.interim} alone, which is no final answer"
    if exchange.answered:
        return f"the answer of {place.host} is no HTTP: it does not begin with a whole status line"
    by = f", or by the proxy {place.proxy}," if place.proxy else ""
    return f"the connection was closed by {place.host}{by} before an answer came{f': {said}' if said else ''}"


def _cut(roots: list[BaseException], place: _Place) -> str:
    ended = place.exchange.ended or any(isinstance(error, _ENDINGS) for error in roots)
    said = "" if ended else _said(roots)
    if place.exchange.sent:
        return _after_request(said, place)
    reason = f": {said}" if said else ""
    if place.before_tunnel:
        what = "failed" if said else "closed the connection"
        return (
            f"the proxy {place.proxy} {what} when it was asked for a way to {place.host}{reason}: is it the right one?"
        )
    if place.https:
        advice = "a proxy or firewall that inspects or blocks TLS does so: ask those who run it for a way out"
        return f"the connection to {place.host} was cut before TLS stood{reason}: {advice}"
    return f"the connection to {place.host} failed{reason}"


def _tls(error: ssl.SSLError, place: _Place) -> str:
    reason = (error.reason or "").upper()
    peer = place.peer
    if _speaks_no_tls(error):
        if place.before_tunnel:
            return f"{peer} does not speak TLS: write its URL with http:// (it can lead to https hosts all the same)"
        return f"{peer} does not speak TLS: is the port right, and should the URL begin with http://?"
    if any(each in reason for each in _OF_OUR_CERTIFICATE):
        given = place.settings.client_cert is not None
        advice = "the one in client_cert is not accepted" if given else "give client_cert, if it wants one"
        return f"{peer} broke the TLS handshake off ({_plain(error)}): {advice}"
    if _has_no_version(error):
        return (
            f"{peer} and this Python have no version of TLS in common ({_plain(error)}): the older side needs an update"
        )
    if _is_for_good(error):
        wrong_host = "UNRECOGNIZED_NAME" in reason
        advice = "check the host in the URL" if wrong_host else "the side with older keys or ciphers needs an update"
        return f"{peer} and this machine's OpenSSL do not come to TLS together ({_plain(error)}): {advice}"
    return f"TLS with {peer} failed: {_plain(error)}"


def _is_for_good(error: ssl.SSLError) -> bool:
    reason = (error.reason or "").upper()
    return any(each in reason for each in _FOR_GOOD)


def _speaks_no_tls(error: ssl.SSLError) -> bool:
    return (error.reason or "").upper() in _NO_TLS


def _has_no_version(error: ssl.SSLError) -> bool:
    reason = (error.reason or "").upper()
    return "PROTOCOL" in reason and ("VERSION" in reason or "UNSUPPORTED" in reason)


def _plain(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).lower().replace("_", " ")


def _certificate(error: ssl.SSLCertVerificationError, place: _Place) -> str:
    code, said = error.verify_code, error.verify_message
    whose = f"the certificate of {place.peer}"
    for codes, what in _CERTIFICATE:
        if code in codes:
            return f"{whose}{what} ({said})"
    if code in _STRICT and place.settings.ssl_strict:
        advice = "have it made anew, or set ssl_strict=False, which turns off these rules and nothing else"
        return f"{whose} or its authority breaks a rule that Python checks from 3.13 on ({said}): {advice}"
    if code == _SELF_SIGNED:
        return f"{whose} is signed by itself and not trusted ({said}): {_add(place, 'it')}"
    if code == _SELF_SIGNED_ROOT or code in _NO_ISSUER:
        advice = _add(place, "that authority")
        chain = "" if code == _SELF_SIGNED_ROOT else "; or the host leaves out the certificates in between"
        return f"{whose} is not trusted, for its authority is unknown ({said}): {advice}{chain}"
    inspects = "" if place.before_tunnel else ", or the proxy or firewall that inspects TLS,"
    return f"{whose} is not accepted ({said}): who runs that{inspects} must replace it by one that OpenSSL accepts"


def _add(place: _Place, what: str) -> str:
    """Return how to make a certificate trusted, wherever the trusted ones come from."""
    trusted = place.settings.chosen_authorities()
    inspected = "" if place.before_tunnel else ", of the proxy or firewall where one inspects TLS"
    if trusted is None:
        return f"give ca_bundle, a PEM file with the certificate of {what}{inspected}"
    return f"add the certificate of {what}{inspected} to {trusted}, which does not have it"


def _roots(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that stand behind it, the last of which is the reason."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        behind = [each.__cause__, each.__context__, *each.args, getattr(each, "reason", None)]
        behind += getattr(each, "exceptions", ())
        waiting += [other for other in behind if isinstance(other, BaseException)]


def _said(roots: list[BaseException]) -> str:
    """Return what the exception nearest to the wire says, without the libraries' names for their objects."""
    for error in reversed(roots):
        text = _LIBRARY_NAME.sub("", str(getattr(error, "strerror", None) or error)).strip()
        for pattern, plain in _PLAIN_WORDS:
            if pattern.search(text):
                return plain
        if text:
            return " ".join(text.split())
    return type(roots[0]).__name__
