"""Outgoing requests: a request of the collection, its variables resolved, made ready for the wire."""

from __future__ import annotations

import base64
import random
import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import unquote

import attrs
from msgspec.structs import replace

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman.addresses import AddressError, address, host_of
from umapi_harness.postman.authorisation.kinds import authorised
from umapi_harness.postman.authorisation.plain import TOKEN_SETTINGS
from umapi_harness.postman.authorisation.unsigned import AuthorisationError, Unsigned
from umapi_harness.postman.behaviour import Behaviour
from umapi_harness.postman.bodies import Body, Parameter
from umapi_harness.postman.collection import Auth, Request
from umapi_harness.postman.files import FileAccess, FileRefusedError
from umapi_harness.postman.payloads import Payload, form_payload, payload
from umapi_harness.postman.sending.messages import FileContent, HttpBody, HttpRequest
from umapi_harness.postman.sending.sender import ACCEPTED
from umapi_harness.postman.targets import Target
from umapi_harness.postman.variables import Scopes

_BODILESS = frozenset({"GET", "HEAD", "COPY", "PURGE", "UNLOCK"})
_NO_LENGTH = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class RequestError(Exception):
    """A request cannot be made ready; the message says why."""


@attrs.frozen(kw_only=True)
class Maker:
    """Makes requests for the wire.

    `user_agent` is how the runner calls itself, `chance` makes what must be unique, `now` is seconds since 1970.
    """

    files: FileAccess
    chance: random.Random
    user_agent: str
    target: Target | None = None
    now: Callable[[], float] = time.time

    def make(self, request: Request, behaviour: Behaviour) -> HttpRequest:
        """The request as it goes out, from one whose variables are resolved.

        Raises RequestError, and ThirdHostError for what goes to a host that nobody let through. Headers stand in the
        order of Postman: those of the request, those of the runner, those of the body.
        """
        if not _TOKEN.fullmatch(request.method):
            raise RequestError(f"{request.method!r} is no method of HTTP: letters, digits and hyphens make one")
        try:
            url = address(request.url, as_it_stands=behaviour.as_it_stands)
            prunes = request.method in _BODILESS and not behaviour.keeps_body
            body = None if prunes or request.body is None else self._payload(request.body, request.headers)
            headers = tuple((one.key, one.value) for one in request.headers if one.key)
            unsigned = Unsigned(
                http=HttpRequest(
                    method=request.method, url=url, headers=headers, body=None if body is None else body.body
                ),
                mode="" if prunes or request.body is None else request.body.mode,
                now=self.now(),
                as_it_stands=behaviour.as_it_stands,
            )
            bare = _with_user(authorised(request.auth, unsigned))
        except (AddressError, AuthorisationError, FileRefusedError) as error:
            raise RequestError(str(error)) from None
        body = _signed(body, bare.body)
        if self.target is not None:
            bare = replace(bare, url=self.target.redirect(bare.url))
        return self._with_headers(bare, body, behaviour.disabled_headers)

    def _payload(self, body: Body, headers: tuple[Parameter, ...]) -> Payload | None:
        said = next((one.value for one in reversed(headers) if one.key.lower() == "content-type"), None)
        return payload(body, said, self.files, self.chance)

    def _with_headers(self, request: HttpRequest, body: Payload | None, disabled: frozenset[str]) -> HttpRequest:
        own = list(request.headers)
        if body is not None and body.imposed and "content-type" not in disabled:
            own = [_retyped(pair, body.content_type) for pair in own]
        named = {key.lower() for key, _ in own}
        late = body is not None and (body.imposed or isinstance(body.body.parts[0], FileContent))
        typed = [] if body is None or not body.content_type else [("Content-Type", body.content_type)]
        system = [*([] if late else typed), *self._system(request), *(typed if late else [])]
        if body is not None or request.method not in _NO_LENGTH:
            system.append(("Content-Length", str(0 if body is None else body.body.size)))
        if "transfer-encoding" in named:
            disabled |= {"content-length"}
        added = [pair for pair in system if pair[0].lower() not in named | disabled]
        headers = tuple((_checked_name(key), _wire_value(key, value)) for key, value in (*own, *added))
        return HttpRequest(
            method=request.method, url=request.url, headers=headers, body=None if body is None else body.body
        )

    def _system(self, request: HttpRequest) -> list[tuple[str, str]]:
        token = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        return [
            ("User-Agent", self.user_agent),
            ("Accept", "*/*"),
            ("Cache-Control", "no-cache"),
            ("Postman-Token", token),
            ("Host", host_of(request.url)),
            ("Accept-Encoding", ACCEPTED),
            ("Connection", "keep-alive"),
        ]


def _signed(payload: Payload | None, body: HttpBody | None) -> Payload | None:
    """The payload with the body that the authorisation has left; to one that was empty it has added a form."""
    if body is None or payload is None:
        return None if body is None else form_payload(body)
    return replace(payload, body=body)


def _retyped(pair: tuple[str, str], content_type: str) -> tuple[str, str]:
    """An own Content-Type gives way to the one that the form needs, unless it says the same."""
    if pair[0].lower() != "content-type":
        return pair
    kind = content_type.partition(";")[0]
    own = pair[1].strip()
    fits = own.lower().startswith(kind) and ("boundary=" in own or "boundary=" not in content_type)
    return pair if fits else (pair[0], content_type)


def _with_user(request: HttpRequest) -> HttpRequest:
    """User and password of an address go into the header of basic authorisation, unless there is one."""
    scheme, _, rest = request.url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, place = authority.rpartition("@")
    if not at:
        return request
    bare = replace(request, url=f"{scheme}://{place}{slash}{path}")
    if request.header("authorization") is not None or not user:
        return bare
    value = "Basic " + base64.b64encode(unquote(user).encode("utf-8", "replace")).decode("ascii")
    return replace(bare, headers=(*bare.headers, ("Authorization", value)))


def _checked_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise RequestError(f"{name!r} is no name of a header: letters, digits and hyphens make one")
    return name


def _wire_value(name: str, value: str) -> str:
    """A value as one character a byte: as Latin-1 where that holds it, as Postman sends it, else as UTF-8."""
    if _NO_VALUE.search(value):
        raise RequestError(f"the value of the header {name} holds a line end or another control character")
    try:
        value.encode("latin-1")
    except UnicodeError:
        return value.encode("utf-8", "replace").decode("latin-1")
    return value


def resolved(request: Request, scopes: Scopes) -> Request:
    """`request` with values in the place of all variables that have one; raises TooLongError."""
    return Request(
        method=request.method,
        url=resolved_address(request, scopes),
        path_variables=(),
        headers=_all_resolved(request.headers, scopes),
        body=None if request.body is None else _resolved_body(request.body, scopes),
        auth=None if request.auth is None else _resolved_auth(request.auth, scopes),
        description=request.description,
    )


def resolved_address(request: Request, scopes: Scopes) -> str:
    """The address of `request` with values in the place of all variables that have one; raises TooLongError."""
    return _with_path_variables(scopes.resolve(request.url), _all_resolved(request.path_variables, scopes))


def _all_resolved(parameters: tuple[Parameter, ...], scopes: Scopes) -> tuple[Parameter, ...]:
    return tuple(_resolved_parameter(one, scopes) for one in parameters)


def _resolved_parameter(one: Parameter, scopes: Scopes) -> Parameter:
    key, value = scopes.resolve(one.key), scopes.resolve(one.value)
    if not one.files and one.file_name is None and key is one.key and value is one.value:
        return one  # most headers hold no variable
    return Parameter(
        key=key,
        value=value,
        bare=one.bare,
        is_file=one.is_file,
        files=tuple(scopes.resolve(name) for name in one.files),
        file_name=None if one.file_name is None else scopes.resolve(one.file_name),
        content_type=one.content_type,
    )


def _resolved_body(body: Body, scopes: Scopes) -> Body:
    return Body(
        mode=body.mode,
        raw=scopes.resolve(body.raw),
        language=body.language,
        fields=_all_resolved(body.fields, scopes),
        variables=scopes.resolve(body.variables),
        operation=scopes.resolve(body.operation),
    )


def _resolved_auth(auth: Auth, scopes: Scopes) -> Auth:
    if auth.type == "noauth":
        return auth
    settings = auth.settings
    if auth.type == "oauth2" and _resolved_value(settings.get("accessToken"), scopes):
        # How the token came about is nobody's matter any more, and its variables need no values.
        settings = {key: value for key, value in settings.items() if key in TOKEN_SETTINGS}
    return attrs.evolve(auth, settings={key: _resolved_value(value, scopes) for key, value in settings.items()})


def _resolved_value(value: JsonValue, scopes: Scopes) -> JsonValue:
    """A value of JSON with variables resolved in all its texts."""
    if isinstance(value, str):
        return scopes.resolve(value)
    if isinstance(value, list):
        return [_resolved_value(one, scopes) for one in cast("list[JsonValue]", value)]
    if isinstance(value, dict):
        members = cast("dict[str, JsonValue]", value)
        return {scopes.resolve(key): _resolved_value(one, scopes) for key, one in members.items()}
    return value


def _with_path_variables(url: str, parameters: tuple[Parameter, ...]) -> str:
    """Fills the segments `:name`; what a value holds of `?` and `#` does not end the path."""
    values = {one.key: one.value for one in parameters if one.key and one.value}
    if not values:
        return url
    address, mark, query = url.partition("?")
    segments = [_filled(segment, values) if segment[:1] == ":" else segment for segment in address.split("/")]
    return "/".join(segments) + mark + query


def _filled(segment: str, values: Mapping[str, str]) -> str:
    """A segment `:name`, or `:name.suffix`, with the value of that name; without one it stays as it is."""
    name, dot, suffix = segment[1:].partition(".")
    if name not in values:
        return segment
    return values[name].replace("?", "%3F").replace("#", "%23") + dot + suffix
