"""Grants of OAuth 2 that need no person: what is asked of a token host, and what its answer says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

import attrs
from msgspec.structs import replace

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman.authorisation.plain import basic_credentials
from umapi_harness.postman.authorisation.unsigned import AuthorisationError, Settings
from umapi_harness.postman.bodies import Body, Parameter
from umapi_harness.postman.collection import Request
from umapi_harness.postman.sending.messages import HttpResponse

_GRANTS = {"client_credentials": "client_credentials", "password_credentials": "password", "password": "password"}
_PERSONAL = ("authorization_code", "authorization_code_with_pkce", "implicit")
_SHOWN = 200
"""So many characters of a refusal are told."""


@attrs.frozen(kw_only=True)
class Granted:
    """A token, and until when it lasts in seconds since 1970; None when the token host does not say."""

    token: str = attrs.field(repr=False)
    until: float | None = None

    def lasts(self, now: float) -> bool:
        """Whether the token is still good."""
        return self.until is None or now < self.until


def token_request(settings: Settings) -> Request | None:
    """What is asked of the token host; None when there is a token, or nothing says how to get one.

    Raises AuthorisationError for a grant that needs a person, and for one that lacks what it needs.
    """
    grant = settings.text("grant_type")
    if settings.text("accessToken") or not grant:
        return None
    if grant in _PERSONAL:
        raise AuthorisationError(f"oauth2: {grant} needs a person; get a token and set accessToken")
    if grant not in _GRANTS:
        raise AuthorisationError(f"oauth2: the grant {grant} is not supported; set accessToken")
    needed = ["accessTokenUrl", "clientId"]
    if _GRANTS[grant] == "password":
        needed += ["username", "password"]
    missing = [name for name in needed if not settings.text(name)]
    if missing:
        raise AuthorisationError(f"oauth2: {grant} needs {', '.join(missing)}; set what is missing, or accessToken")
    return _with_extras(_asked(settings, _GRANTS[grant]), settings)


def _asked(settings: Settings, grant: str) -> Request:
    fields = [("grant_type", grant)]
    if grant == "password":
        fields += [("username", settings.text("username")), ("password", settings.text("password"))]
    fields += [(name, settings.text(name)) for name in ("scope", "audience", "resource") if settings.text(name)]
    client, secret = settings.text("clientId"), settings.text("clientSecret")
    headers: tuple[Parameter, ...] = (Parameter(key="Accept", value="application/json"),)
    if settings.text("client_authentication", "header") == "body":
        fields += [("client_id", client)] + ([("client_secret", secret)] if secret else [])
    else:
        headers = (*headers, Parameter(key="Authorization", value=basic_credentials(f"{client}:{secret}")))
    body = Body(mode="urlencoded", fields=tuple(Parameter(key=key, value=value) for key, value in fields))
    return Request(method="POST", url=settings.text("accessTokenUrl"), headers=headers, body=body)


def _with_extras(request: Request, settings: Settings) -> Request:
    """The request with what the settings add to it: headers, fields, parameters of the query."""
    given = settings.values.get("tokenRequestParams")
    for entry in cast("list[JsonValue]", given) if isinstance(given, list) else []:
        if not isinstance(entry, dict):
            continue
        extra = cast("Mapping[str, JsonValue]", entry)
        if extra.get("enabled") is not False and extra.get("key"):
            request = _with_extra(request, str(extra["key"]), str(extra.get("value") or ""), extra.get("send_as"))
    return request


def _with_extra(request: Request, key: str, value: str, place: JsonValue) -> Request:
    one = Parameter(key=key, value=value)
    if place == "request_header":
        return replace(request, headers=(*request.headers, one))
    if place == "request_url":
        mark = "&" if "?" in request.url else "?"
        return replace(request, url=f"{request.url}{mark}{key}={value}")
    fields = request.body.fields if request.body else ()
    return replace(request, body=Body(mode="urlencoded", fields=(*fields, one)))


def granted(response: HttpResponse, url: str, now: float) -> Granted:
    """The token of an answer; raises AuthorisationError when it holds none."""
    try:
        found = json.loads(response.text)
    except (ValueError, RecursionError):
        found = None
    answer: Mapping[str, JsonValue] = cast("dict[str, JsonValue]", found) if isinstance(found, dict) else {}
    token = answer.get("access_token")
    if response.status >= 400 or not isinstance(token, str) or not token:
        said = " ".join(str(answer[name]) for name in ("error", "error_description") if answer.get(name))
        reason = f": {said[:_SHOWN]}" if said else ""
        raise AuthorisationError(f"oauth2: no token from {url}, which answered with {response.status}{reason}")
    seconds = _seconds(answer.get("expires_in"))
    return Granted(token=token, until=None if seconds is None else now + seconds)


def _seconds(lasts: JsonValue) -> float | None:
    """A number, or a text of digits, as seconds; None for anything else, and for one past all measure."""
    if not isinstance(lasts, int | float) and not (isinstance(lasts, str) and lasts.isdecimal()):
        return None
    try:
        return float(lasts)
    except OverflowError:
        return None
