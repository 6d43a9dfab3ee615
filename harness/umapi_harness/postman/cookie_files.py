"""Files of cookies, as Newman reads and writes them: JSON, serialised as tough-cookie does."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from umapi_harness.common.documents import Node, read_node
from umapi_harness.postman.cookies import Cookie, moment_text


def read_cookies(path: Path) -> tuple[Cookie, ...]:
    """The cookies of a file; raises DocumentError."""
    document = read_node(path, "cookie jar")
    document.mapping("the cookie jar")
    entries = document.get("cookies")
    if entries is None:
        raise document.fail('no "cookies": this is not a cookie jar', "give a file that --export-cookie-jar wrote")
    return tuple(_cookie(entry) for entry in entries.items("cookies"))


def _cookie(entry: Node) -> Cookie:
    entry.mapping("a cookie")
    domain = entry.text_of("domain")
    if not domain:
        raise entry.fail("a cookie needs a domain", "give it one, or take it out")
    created = _moment(entry, "creation") or 0.0
    host_only, given = entry.get("hostOnly"), entry.get("maxAge")
    age = given.value if given is not None and isinstance(given.value, int | float) else None
    return Cookie(
        name=entry.text_of("key"),
        value=entry.text_of("value"),
        domain=domain.lower(),
        path=entry.text_of("path") or "/",
        host_only=host_only is None or host_only.value is not False,
        secure=entry.flag("secure"),
        http_only=entry.flag("httpOnly"),
        same_site=entry.text_of("sameSite"),
        expires=_moment(entry, "expires") if age is None else created + age,
        created=created,
    )


def _moment(entry: Node, name: str) -> float | None:
    """Seconds since 1970; None where no time stands, or the one that never comes."""
    text = entry.text_of(name)
    if text in ("", "Infinity"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise entry.fail(f"{name} is no time: {text}", "write it as 2030-01-31T12:00:00.000Z") from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def written_cookies(cookies: Iterable[Cookie]) -> str:
    """The text of a file with these cookies."""
    document = {
        "version": "tough-cookie@4.1.3",
        "storeType": "MemoryCookieStore",
        "rejectPublicSuffixes": False,
        "enableLooseMode": True,
        "cookies": [_written(cookie) for cookie in cookies],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _written(cookie: Cookie) -> dict[str, object]:
    given: dict[str, object] = {
        "key": cookie.name,
        "value": cookie.value,
        "expires": None if cookie.expires is None else moment_text(cookie.expires),
        "domain": cookie.domain,
        "path": cookie.path,
        "secure": cookie.secure or None,
        "httpOnly": cookie.http_only or None,
        "hostOnly": cookie.host_only,
        "sameSite": cookie.same_site.lower() or None,
        "creation": moment_text(cookie.created),
        "lastAccessed": moment_text(cookie.created),
    }
    return {name: value for name, value in given.items() if value is not None}
