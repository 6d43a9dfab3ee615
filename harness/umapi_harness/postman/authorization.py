"""Authorisation: what a request carries to prove who sends it."""

from __future__ import annotations

import base64
from urllib.parse import quote

import attrs

from umapi_harness.postman.collection import Auth
from umapi_harness.postman.sending.messages import HttpRequest

TYPES = ("apikey", "basic", "bearer", "noauth", "oauth2")


class AuthorizationError(Exception):
    """A request cannot be authorised; the message says why."""


def authorized(auth: Auth | None, request: HttpRequest) -> HttpRequest:
    """`request` with what the authorisation adds to its headers or its address; the values of `auth` are resolved.

    Raises AuthorizationError for a type that is not supported.
    """
    if auth is None or auth.type in ("", "noauth"):
        return request
    settings = auth.settings
    if auth.type not in TYPES:
        remedy = f"use one of {', '.join(TYPES)}, or set the header in a script"
        raise AuthorizationError(f"authorisation of type {auth.type} is not supported; {remedy}")
    if auth.type == "basic":
        pair = f"{settings.get('username', '')}:{settings.get('password', '')}"
        value = "Basic " + base64.b64encode(pair.encode("utf-8", "replace")).decode("ascii")
        return _in_header(request, "Authorization", value)
    if auth.type == "apikey":
        place = _in_query if settings.get("in") == "query" else _in_header
        return place(request, settings.get("key", ""), settings.get("value", ""))
    if auth.type == "bearer":
        # Postman sends no header for an empty token.
        token = settings.get("token", "")
        return _in_header(request, "Authorization", f"Bearer {token}") if token else request
    if settings.get("addTokenTo") == "queryParams":
        return _in_query(request, "access_token", settings.get("accessToken", ""))
    prefix = settings.get("headerPrefix", "Bearer").strip()
    token = settings.get("accessToken", "")
    return _in_header(request, "Authorization", f"{prefix} {token}".strip()) if token else request


def _in_query(request: HttpRequest, key: str, value: str) -> HttpRequest:
    if not key:
        return request
    pair = f"{_encoded(key)}={_encoded(value)}"
    return attrs.evolve(request, url=f"{request.url}{'&' if '?' in request.url else '?'}{pair}")


def _in_header(request: HttpRequest, key: str, value: str) -> HttpRequest:
    if not key:
        return request
    others = tuple(pair for pair in request.headers if pair[0].lower() != key.lower())
    return attrs.evolve(request, headers=(*others, (key, value)))


def _encoded(text: str) -> str:
    return quote(text.encode("utf-8", "replace"), safe="")
