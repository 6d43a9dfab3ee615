"""Addresses: what a collection writes, made a URL as Postman makes it: only what must be is percent-encoded."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Set
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:[/\\]{2}", re.IGNORECASE)
_ALWAYS = "".join(chr(code) for code in range(0x21, 0x7F))
_PATH = _ALWAYS.translate({ord(one): None for one in '"#<>?`{}'})
_QUERY = _ALWAYS.translate({ord(one): None for one in "\"#'<>"})
_USER = _PATH.translate({ord(one): None for one in "/:;=@[\\]^|"})


class AddressError(Exception):
    """What is written leads nowhere; the message says why."""


def address(text: str, *, as_it_stands: bool = False) -> str:
    """The URL that a text means: http:// is added where no scheme is written; raises AddressError.

    With `as_it_stands` nothing of path and query is encoded, as disableUrlEncoding asks; what no request line can
    hold (spaces, controls, what is not ASCII) is all the same.
    """
    text = text.lstrip()
    if not _SCHEME.match(text):
        text = f"http://{text}"
    scheme, _, rest = text.partition("://" if "://" in text[:12] else ":\\\\")
    rest = rest.partition("#")[0]
    before, mark, query = rest.partition("?")
    authority, _, path = before.replace("\\", "/").partition("/")
    safe_path, safe_query = (_ALWAYS, _ALWAYS) if as_it_stands else (_PATH, _QUERY)
    url = (
        f"{scheme.lower()}://{_authority(authority, text)}/{_quoted(path, safe_path)}{mark}{_quoted(query, safe_query)}"
    )
    if scheme.lower() not in ("http", "https"):
        raise AddressError(f"the address {text} cannot be used: http:// or https:// and a host are needed")
    return url


def host_of(url: str) -> str:
    """Host and port of an address, as the header Host has them; a port that goes without saying is left out."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return place.removesuffix(":80" if parts.scheme == "http" else ":443")


@lru_cache(maxsize=256)
def is_ip_address(host: str) -> bool:
    """Whether a host is named by its address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)
def is_this_machine(host: str) -> bool:
    """Whether a host, in small letters, is the machine that the run is on (RFC 6761 for the names)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return is_ip_address(host) and ipaddress.ip_address(host).is_loopback


def _authority(text: str, whole: str) -> str:
    """Host and port, in the form of the wire; user and password, which become a header, stay where they are."""
    user, at, place = text.rpartition("@")
    if user:
        name, colon, password = user.partition(":")
        user = _quoted(name, _USER) + colon + _quoted(password, _USER)
    problem = f"the address {whole} cannot be used"
    try:
        parts = urlsplit(f"//{place}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f"{problem}: {error}") from None
    if not host:
        raise AddressError(f"{problem}: http:// or https:// and a host are needed")
    name = _host(host, problem)
    shown = f"[{name}]" if ":" in name else name
    return f"{user}{at}{shown}" + (f":{port}" if port is not None else "")


def _host(host: str, problem: str) -> str:
    if host.isascii():
        if re.search(r"[\x00-\x20\x7f<>\"{}|\\^`%]", host):
            raise AddressError(f"{problem}: {host!r} is no name of a host")
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise AddressError(f"{problem}: {host!r} is no name of a host") from None


def _quoted(text: str, safe: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe=safe)


def with_parameter(url: str, key: str, value: str) -> str:
    """The URL with one more parameter in its query; the two are written as Postman writes them."""
    key = key.replace("=", "%3D")
    pair = "=".join(text.replace("&", "%26").replace("#", "%23") for text in (key, value))
    return f"{url}{'&' if '?' in url else '?'}{_quoted(pair, _QUERY)}"


def without_parameters(url: str, names: Set[str]) -> str:
    """The URL without the parameters of these names."""
    place, mark, query = url.partition("?")
    kept = [pair for pair in query.split("&") if unquote(pair.partition("=")[0]) not in names]
    return f"{place}?{'&'.join(kept)}" if mark and kept else place
