"""The types of authorisation by name, and what of their settings is secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from umapi_harness.postman.authorisation.aws import aws
from umapi_harness.postman.authorisation.digest import digest
from umapi_harness.postman.authorisation.edgegrid import edgegrid
from umapi_harness.postman.authorisation.hawk import hawk
from umapi_harness.postman.authorisation.ntlm import ntlm
from umapi_harness.postman.authorisation.oauth1 import oauth1
from umapi_harness.postman.authorisation.plain import api_key, basic, bearer, oauth2
from umapi_harness.postman.authorisation.unsigned import AuthorisationError, Settings, Signer, Unsigned
from umapi_harness.postman.authorisation.web_tokens import asap, web_token
from umapi_harness.postman.collection import Auth
from umapi_harness.postman.sending.messages import HttpRequest

SIGNERS: Final[Mapping[str, Signer]] = {
    "apikey": api_key,
    "asap": asap,
    "awsv4": aws,
    "basic": basic,
    "bearer": bearer,
    "digest": digest,
    "edgegrid": edgegrid,
    "hawk": hawk,
    "jwt": web_token,
    "ntlm": ntlm,
    "oauth1": oauth1,
    "oauth2": oauth2,
}
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
    signer = SIGNERS.get(auth.type)
    if signer is None:
        remedy = f"use one of {', '.join(SIGNERS)}, noauth, or set the header in a script"
        raise AuthorisationError(f"authorisation of type {auth.type} is not supported; {remedy}")
    return signer(Settings(auth.settings), unsigned)


def secrets_of(auth: Auth | None) -> Iterator[str]:
    """The settings of an authorisation that nobody may see."""
    if auth is None:
        return
    settings = Settings(auth.settings)
    yield from (value for name in _SECRET_SETTINGS if (value := settings.text(name)))
    if auth.type == "apikey" and settings.text("key").lower() != _CLIENT_ID:
        yield settings.text("value")
