"""Cookies: one jar for a run, by the rules of RFC 6265."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import attrs

from umapi_harness.postman.addresses import is_ip_address, is_this_machine

MAX_COOKIES = 5_000
"""A jar holds so many; the oldest makes room."""
_MAX_LENGTH = 16_384


class CookieError(Exception):
    """A cookie that nobody may set; the message says why."""


@attrs.frozen(kw_only=True)
class Cookie:
    """A cookie in the jar. `expires` is seconds since 1970; None means: with the run."""

    name: str
    value: str = attrs.field(repr=False)
    domain: str
    path: str = "/"
    host_only: bool = True
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    expires: float | None = None
    created: float = 0.0

    @property
    def place(self) -> tuple[str, str, str]:
        """By what the jar tells cookies apart."""
        return self.domain, self.path, self.name

    def goes_to(self, host: str, path: str, *, secure: bool) -> bool:
        """Whether a request to that address carries this cookie."""
        if self.secure and not secure:
            return False
        if host != self.domain and (self.host_only or not _is_below(host, self.domain)):
            return False
        return path == self.path or path.startswith(self.path if self.path.endswith("/") else f"{self.path}/")


@attrs.define
class CookieJar:
    """The cookies of a run; `now` is seconds since 1970."""

    now: Callable[[], float]
    _cookies: dict[tuple[str, str, str], Cookie] = attrs.field(factory=dict[tuple[str, str, str], Cookie], init=False)

    def take(self, url: str, lines: Iterable[str]) -> None:
        """Takes the Set-Cookie lines of an answer; a line that breaks the rules is passed over."""
        for line in lines:
            cookie = parse_cookie(line, url, self.now())
            if cookie is not None:
                self.put(cookie)

    def put(self, cookie: Cookie) -> None:
        """Takes a cookie; one that has expired takes its predecessor out."""
        if cookie.expires is not None and cookie.expires <= self.now():
            self.remove(cookie)
            return
        before = self._cookies.get(cookie.place)
        if before is not None:
            cookie = attrs.evolve(cookie, created=before.created)
        elif len(self._cookies) >= MAX_COOKIES:
            del self._cookies[next(iter(self._cookies))]
        self._cookies[cookie.place] = cookie

    def remove(self, cookie: Cookie) -> None:
        """Takes a cookie out."""
        self._cookies.pop(cookie.place, None)

    def matching(self, url: str) -> list[Cookie]:
        """The cookies that a request to an address carries: longer paths first, then older ones."""
        if not self._cookies:
            return []
        parts = urlsplit(url)
        host, path = (parts.hostname or "").lower(), parts.path or "/"
        # What goes to this machine is seen by nobody else.
        secure = parts.scheme == "https" or is_this_machine(host)
        found = [one for one in self.all() if one.goes_to(host, path, secure=secure)]
        return sorted(found, key=lambda one: (-len(one.path), one.created))

    def all(self) -> list[Cookie]:
        """All cookies that have not expired."""
        now = self.now()
        for one in [one for one in self._cookies.values() if one.expires is not None and one.expires <= now]:
            del self._cookies[one.place]
        return list(self._cookies.values())


def parse_cookie(line: str, url: str, now: float) -> Cookie | None:
    """The cookie of a Set-Cookie line, as an answer from `url` may set it; None when it may not, or is none."""
    pair, *rest = line[:_MAX_LENGTH].split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    name, value = name.strip(), value.strip()
    if not name and not value:
        return None
    attributes = {key.strip().lower(): value.strip() for key, _, value in (one.partition("=") for one in rest)}
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    domain = attributes.get("domain", "").lstrip(".").lower()
    if domain and domain != host and not may_set(host, domain):
        return None
    path = attributes.get("path", "")
    return Cookie(
        name=name,
        value=value,
        domain=domain or host,
        host_only=not domain or is_ip_address(host),
        path=path if path.startswith("/") else _default_path(parts.path),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=attributes.get("samesite", "").lower(),
        expires=_expiry(attributes, now),
        created=now,
    )


def cookie_header(cookies: Iterable[Cookie]) -> str:
    """The cookies as a request carries them."""
    return "; ".join(f"{one.name}={one.value}" if one.name else one.value for one in cookies)


def moment_text(seconds: float) -> str:
    """Seconds since 1970 as JavaScript writes dates; what lies past its calendar is the end of it."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        at = datetime.max.replace(tzinfo=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _expiry(attributes: dict[str, str], now: float) -> float | None:
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isdecimal() and len(age) <= 12:
        return now + int(age)
    if "expires" not in attributes:
        return None
    try:
        return parsedate_to_datetime(attributes["expires"]).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _default_path(path: str) -> str:
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def _is_below(host: str, domain: str) -> bool:
    return host.endswith(f".{domain}") and not is_ip_address(host)


def may_set(host: str, domain: str) -> bool:
    """Whether a host may set cookies for a domain above it; nobody may for a whole top-level domain."""
    return "." in domain and _is_below(host, domain)
