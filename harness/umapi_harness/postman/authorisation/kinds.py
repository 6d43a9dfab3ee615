"""The types of authorisation by name, and what of their settings is secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from umapi_harness.postman.authorisation.unsigned import AuthorisationError, Settings, Signer, Unsigned
from umapi_harness.postman.collection import Auth
from umapi_harness.postman.sending.messages import HttpRequest
from umapi_harness.postman.variables import PLACEHOLDER

_PLACES: Final[Mapping[str, tuple[str, str]]] = {
    "apikey": ("plain", "api_key"),
    "asap": ("web_tokens", "asap"),
    "awsv4": ("aws", "aws"),
    "basic": ("plain", "basic"),
    "bearer": ("plain", "bearer"),
    "digest": ("digest", "digest"),
    "edgegrid": ("edgegrid", "edgegrid"),
    "hawk": ("hawk", "hawk"),
    "jwt": ("web_tokens", "web_token"),
    "ntlm": ("ntlm", "ntlm"),
    "oauth1": ("oauth1", "oauth1"),
    "oauth2": ("plain", "oauth2"),
}
"""By type: module and function that sign. A module is loaded for the first request that needs it."""
_SECRET_SETTINGS: Final = (
    *("password", "token", "accessToken", "refreshToken", "clientSecret", "secret", "privateKey", "secretKey"),
    *("sessionToken", "authKey", "consumerSecret", "tokenSecret", "clientToken"),
)
_CLIENT_ID: Final = "x-api-key"
"""The API's gateway calls the client id so, which is no secret."""


def authorised(auth: Auth | None, unsigned: Unsigned) -> HttpRequest:
    """The request with what the authorisation adds to headers, address or body; the values of `auth` are resolved.

    Raises AuthorisationError for a type that is not supported, and for settings that cannot be used.
    """
    if auth is None or auth.type in ("", "noauth"):
        return unsigned.http
    place = _PLACES.get(auth.type)
    if place is None:
        remedy = f"use one of {', '.join(_PLACES)}, noauth, or set the header in a script"
        raise AuthorisationError(f"authorisation of type {auth.type} is not supported; {remedy}")
    module, name = place
    signer: Signer = getattr(import_module(f"umapi_harness.postman.authorisation.{module}"), name)
    return signer(Settings(auth.settings), unsigned)


def secrets_of(auth: Auth | None) -> Iterator[str]:
    """The settings of an authorisation that nobody may see."""
    if auth is None:
        return
    settings = Settings(auth.settings)
    yield from (value for name in _SECRET_SETTINGS if (value := settings.text(name)))
    if auth.type == "apikey" and settings.text("key").lower() != _CLIENT_ID:
        yield settings.text("value")


def secret_variables(auth: Auth) -> Iterator[str]:
    """The variables that stand in settings which nobody may see."""
    for secret in secrets_of(auth):
        yield from (name.strip() for name in PLACEHOLDER.findall(secret))
