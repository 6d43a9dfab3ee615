"""Redirects: the request that follows from an answer, as Postman makes it, and what another host must not get."""

from __future__ import annotations

import contextlib
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace

from umapi_harness.common.secret_names import is_secret
from umapi_harness.postman.addresses import AddressError, address, host_of
from umapi_harness.postman.behaviour import Behaviour
from umapi_harness.postman.sending.messages import HttpRequest, HttpResponse

_KEEP_METHOD = (307, 308)
_OF_THE_BODY = frozenset({"content-type", "content-length", "transfer-encoding"})


class RedirectError(Exception):
    """A redirect cannot be followed; the message says why."""


def is_redirect(response: HttpResponse) -> bool:
    """Whether an answer leads elsewhere."""
    return 300 <= response.status < 400 and response.header("location") is not None


def next_request(request: HttpRequest, response: HttpResponse, behaviour: Behaviour) -> HttpRequest:
    """The request that an answer leads to; raises RedirectError.

    Its method is GET (or HEAD), and it has no body, unless the status is 307 or 308 or the behaviour keeps the method.
    Another host gets no authorisation (unless the behaviour says so), no cookies, no header with the name of a
    secret, and no query in the Referer. Another port, and HTTP after HTTPS, is another host.
    """
    url = _location(request, response, behaviour)
    headers = [pair for pair in request.headers if pair[0].lower() not in ("host", "referer")]
    stays = _same_server(request.url, url)
    if not stays:
        headers = [pair for pair in headers if _may_go(pair[0], behaviour)]
    method, body = request.method, request.body
    if response.status not in _KEEP_METHOD and not behaviour.keeps_method:
        method = "HEAD" if method == "HEAD" else "GET"
        body = None
        headers = [pair for pair in headers if pair[0].lower() not in _OF_THE_BODY]
    if not behaviour.drops_referer:
        # Keys and tokens stand in queries.
        headers.append(("Referer", request.url if stays else request.url.partition("?")[0]))
    if request.header("host") is not None:
        headers.append(("Host", host_of(url)))
    return replace(request, method=method, url=url, headers=tuple(headers), body=body)


def _location(request: HttpRequest, response: HttpResponse, behaviour: Behaviour) -> str:
    location = response.header("location") or ""
    with contextlib.suppress(UnicodeError):  # no UTF-8: read as it came
        location = location.encode("latin-1").decode("utf-8")
    try:
        return address(urljoin(request.url, location.strip()), as_it_stands=behaviour.as_it_stands)
    except (AddressError, ValueError) as error:
        raise RedirectError(f"a redirect leads to no address: {error}") from None


def _may_go(name: str, behaviour: Behaviour) -> bool:
    """Whether another server gets this header too."""
    if name.lower() == "authorization":
        return behaviour.keeps_authorization
    return name.lower() == "postman-token" or not (is_secret(name) or name.lower().endswith(("apikey", "api-key")))


def _same_server(before: str, after: str) -> bool:
    """Whether both addresses are of one server; that of port 80 may move to TLS."""
    one, other = urlsplit(before), urlsplit(after)
    if one.hostname != other.hostname:
        return False
    if (one.scheme, other.scheme) == ("http", "https"):
        return one.port in (None, 80) and other.port in (None, 443)
    return one.scheme == other.scheme and one.port == other.port
