"""Keeping secrets out of what is shown: errors that quote the service, and the locals of a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar, cast
from urllib.parse import parse_qsl, quote, quote_plus

from msgspec.structs import replace

from umapi_sdk.characters import shown
from umapi_sdk.messages import Request, Response

T = TypeVar("T")

MASK = "***"

_SHORTEST = 8  # characters; a shorter text stands in answers by chance
# A JWT, or as much of one as was quoted, and whatever is called a bearer token.
_TOKEN = re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]+){0,2}|(?<=\bBearer )[!-~]{8,}", re.ASCII)


class Secret(str):
    """A string that its repr, and so a traceback that shows locals, does not tell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK)


class SecretBytes(bytes):
    """Bytes that their repr does not tell."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(MASK.encode())


def hidden(value: T) -> T:
    """Return a secret as one that no repr tells; whatever is no text or bytes as it is."""
    if isinstance(value, str):
        return cast("T", Secret(value))
    return cast("T", SecretBytes(value)) if isinstance(value, bytes) else value


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the secrets, in any of their forms on the wire, and without anything like a token."""
    for secret in secrets:
        for form in {str(secret), quote(secret), quote(secret, safe=""), quote_plus(secret)}:
            text = text.replace(form, MASK)
    return _TOKEN.sub(MASK, text)


def without(response: Response, authorization: str) -> Response:
    """Return an answer without the token of an `Authorization` header, should the service have echoed it."""
    token = authorization.removeprefix("Bearer ")
    if len(token) < _SHORTEST:
        return response
    for form in {token, quote(token, safe="")}:
        if form.encode("ascii") in response.body:
            response = replace(response, body=response.body.replace(form.encode("ascii"), MASK.encode()))
        if any(form in value for value in response.headers.values()):
            headers = {name: value.replace(form, MASK) for name, value in response.headers.items()}
            response = replace(response, headers=headers)
    return response


def shown_request_id(request: Request, response: Response) -> str | None:
    """Return the request id of an answer for a log, without what was sent, should the service have echoed it."""
    if response.request_id is None:
        return None
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    secrets = [token] if len(token) >= _SHORTEST else []
    if request.for_token and request.body is not None:
        form = parse_qsl(request.body.decode("ascii", "replace"))
        secrets += [value for name, value in form if name in ("client_secret", "jwt_token")]
    return masked(shown(response.request_id), secrets)


def without_frames(error: BaseException) -> BaseException:
    """Return an error whose causes have lost their tracebacks: the frames of HTTP libraries hold requests as sent."""
    cause = error.__cause__ or error.__context__
    while cause is not None:
        cause.__traceback__ = None
        cause = cause.__cause__ or cause.__context__
    return error
