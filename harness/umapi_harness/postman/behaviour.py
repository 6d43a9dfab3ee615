"""Behaviour: what Postman calls protocolProfileBehavior, as the runner keeps to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman.sending.certificates import TlsProfile

MAX_REDIRECTS = 10


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """How a request is made and sent, where it differs from the usual way.

    Args:
        follows: whether redirects are followed.
        max_redirects: how many of them.
        keeps_method: redirects are followed with the method and the body of the request.
        keeps_authorization: another host gets the authorisation too.
        drops_referer: redirects are followed without the header Referer.
        keeps_body: methods that have none send a body all the same.
        as_it_stands: the address is not encoded.
        cookies: whether cookies are sent and kept.
        disabled_headers: headers, in small letters, that the runner does not add.
        tls: what is asked of TLS.
    """

    follows: bool = True
    max_redirects: int = MAX_REDIRECTS
    keeps_method: bool = False
    keeps_authorization: bool = False
    drops_referer: bool = False
    keeps_body: bool = False
    as_it_stands: bool = False
    cookies: bool = True
    disabled_headers: frozenset[str] = frozenset()
    tls: TlsProfile = msgspec.field(default_factory=TlsProfile)


def behaviour_of(settings: Mapping[str, JsonValue]) -> Behaviour:
    """Reads a protocolProfileBehavior, its levels already laid over each other."""
    disabled = settings.get("disabledSystemHeaders")
    names = cast("dict[str, JsonValue]", disabled) if isinstance(disabled, dict) else {}
    limit = settings.get("maxRedirects")
    strict = settings.get("strictSSL")
    return Behaviour(
        follows=settings.get("followRedirects") is not False,
        max_redirects=limit if isinstance(limit, int) and not isinstance(limit, bool) else MAX_REDIRECTS,
        keeps_method=settings.get("followOriginalHttpMethod") is True,
        keeps_authorization=settings.get("followAuthorizationHeader") is True,
        drops_referer=settings.get("removeRefererHeaderOnRedirect") is True,
        keeps_body=settings.get("disableBodyPruning") is True,
        as_it_stands=settings.get("disableUrlEncoding") is True,
        cookies=settings.get("disableCookies") is not True,
        disabled_headers=frozenset(name.lower() for name, off in names.items() if off is True),
        tls=TlsProfile(
            strict=strict if isinstance(strict, bool) else None,
            disabled_protocols=_texts(settings.get("tlsDisabledProtocols")),
            ciphers=_texts(settings.get("tlsCipherSelection")),
        ),
    )


def _texts(value: JsonValue) -> tuple[str, ...]:
    entries = cast("list[JsonValue]", value) if isinstance(value, list) else []
    return tuple(entry for entry in entries if isinstance(entry, str))
