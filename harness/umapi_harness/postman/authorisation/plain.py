"""Authorisation that shows a secret as it is: basic, bearer, API key, and the access token of OAuth 2."""

from __future__ import annotations

import base64

from msgspec.structs import replace

from umapi_harness.postman.addresses import without_parameters
from umapi_harness.postman.authorisation.unsigned import Settings, Unsigned, in_header, in_query, without_header
from umapi_harness.postman.sending.messages import HttpRequest

_ACCESS_TOKEN = "access_token"  # noqa: S105 - a name, no secret

TOKEN_SETTINGS = frozenset({"accessToken", "addTokenTo", "headerPrefix", "tokenType"})
"""The settings of OAuth 2 that count once there is a token."""


def basic(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """User name and password, as UTF-8 in base64."""
    pair = f"{settings.text('username')}:{settings.text('password')}"
    return in_header(unsigned.http, "Authorization", basic_credentials(pair))


def basic_credentials(pair: str) -> str:
    """The value of Authorization for `user:password`."""
    return "Basic " + base64.b64encode(pair.encode("utf-8", "replace")).decode("ascii")


def bearer(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """A token; without one the request goes as it is, as in Postman."""
    token = settings.text("token")
    return in_header(unsigned.http, "Authorization", f"Bearer {token}") if token else unsigned.http


def api_key(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """A key and its value, in a header or in the query."""
    place = in_query if settings.text("in") == "query" else in_header
    key, value = settings.text("key"), settings.text("value")
    return place(unsigned.http, key, value) if key else unsigned.http


def oauth2(settings: Settings, unsigned: Unsigned) -> HttpRequest:
    """An access token, in a header or in the query; without one the request goes as it is, as in Postman."""
    token = settings.text("accessToken")
    if not token or settings.text("tokenType").lower() == "mac":
        return unsigned.http
    bare = without_header(unsigned.http, "Authorization")
    bare = replace(bare, url=without_parameters(bare.url, {_ACCESS_TOKEN}))
    place = settings.text("addTokenTo", "header")
    if place == "queryParams":
        return in_query(bare, _ACCESS_TOKEN, token)
    given = settings.values.get("headerPrefix")
    prefix = "Bearer" if given is None else str(given).strip()
    return in_header(bare, "Authorization", f"{prefix} {token}".strip()) if place == "header" else bare
