"""Forms of cookies: what scripts see of them, and what they hand over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import cast

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman.cookies import Cookie, CookieError, may_set, moment_text, parse_cookie
from umapi_harness.postman.variables import value_text


def cookie_view(cookie: Cookie) -> Mapping[str, JsonValue]:
    """A cookie as scripts see it."""
    return {
        "key": cookie.name,
        "name": cookie.name,
        "value": cookie.value,
        "domain": cookie.domain,
        "path": cookie.path,
        "expires": None if cookie.expires is None else moment_text(cookie.expires),
        "session": cookie.expires is None,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
        "hostOnly": cookie.host_only,
    }


def described_cookie(described: JsonValue, url: str, now: float) -> Cookie:
    """The cookie that a script sets for an address: the text of a Set-Cookie line, or an object; raises CookieError."""
    if not isinstance(described, dict):
        cookie = parse_cookie(value_text(described), url, now)
        if cookie is None:
            raise CookieError("this is no cookie that the address may set")
        return cookie
    given = cast("Mapping[str, JsonValue]", described)
    bare = parse_cookie("x=", url, now)
    if bare is None:
        raise CookieError("the address has no host")
    domain = value_text(given.get("domain")).lstrip(".").lower()
    if domain and domain != bare.domain and not may_set(bare.domain, domain):
        raise CookieError(f"the domain {domain} is not that of the address")
    age = given.get("maxAge")
    whole = isinstance(age, int | float) and not isinstance(age, bool)
    return Cookie(
        name=value_text(given.get("name") or given.get("key")),
        value=value_text(given.get("value")),
        domain=domain or bare.domain,
        host_only=not domain,
        path=value_text(given.get("path")) or bare.path,
        secure=given.get("secure") is True,
        http_only=given.get("httpOnly") is True,
        same_site=value_text(given.get("sameSite")).lower(),
        expires=now + cast("float", age) if whole else _seconds(given.get("expires")),
        created=now,
    )


def _seconds(text: JsonValue) -> float | None:
    """Seconds since 1970 of a date as JavaScript or a header writes it; None for what is no date."""
    if not isinstance(text, str):
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(text).timestamp()
        except (ValueError, OverflowError, OSError, TypeError):
            continue
    return None
