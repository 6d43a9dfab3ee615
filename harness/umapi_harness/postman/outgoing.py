"""Outgoing requests: a request of the collection, its variables resolved, made ready for the wire."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from urllib.parse import quote, urlsplit

import attrs
import httpx

from umapi_harness.postman.bodies import Body, Parameter
from umapi_harness.postman.collection import Auth, Request
from umapi_harness.postman.variables import Scopes

_BODILESS = frozenset({"GET", "HEAD", "COPY", "PURGE", "UNLOCK"})
_TYPE_OF_LANGUAGE = {
    "json": "application/json",
    "xml": "application/xml",
    "html": "text/html",
    "javascript": "application/javascript",
}
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_SAFE_PATH = "/%:@!$&'()*+,;=~"
_SAFE_QUERY = _SAFE_PATH + "?"


class RequestError(Exception):
    """A request cannot be made ready; the message says why."""


@attrs.frozen(kw_only=True)
class Target:
    """Where requests go instead of the server that the collection names: scheme, host and port."""

    origin: str

    def redirect(self, url: str) -> str:
        """`url` with this origin."""
        parts = urlsplit(url)
        rest = parts._replace(scheme="", netloc="").geturl()
        return self.origin + ("" if rest.startswith(("/", "?")) or not rest else "/") + rest


def resolved(request: Request, scopes: Scopes) -> Request:
    """`request` with values in the place of all variables; raises UnresolvedError.

    Values are put in everywhere first, so that the error names all variables that have none.
    """
    return attrs.evolve(
        request,
        url=_with_path_variables(scopes.resolve(request.url), _all_resolved(request.path_variables, scopes)),
        path_variables=(),
        headers=_all_resolved(request.headers, scopes),
        body=None if request.body is None else _resolved_body(request.body, scopes),
        auth=None if request.auth is None else _resolved_auth(request.auth, scopes),
    )


def _all_resolved(parameters: tuple[Parameter, ...], scopes: Scopes) -> tuple[Parameter, ...]:
    return tuple(
        attrs.evolve(
            one,
            key=scopes.resolve(one.key),
            value=scopes.resolve(one.value),
            file=None if one.file is None else scopes.resolve(one.file),
        )
        for one in parameters
    )


def _resolved_body(body: Body, scopes: Scopes) -> Body:
    return attrs.evolve(
        body,
        raw=scopes.resolve(body.raw),
        fields=_all_resolved(body.fields, scopes),
        variables=scopes.resolve(body.variables),
    )


def _resolved_auth(auth: Auth, scopes: Scopes) -> Auth:
    if auth.type == "noauth":
        return auth
    return attrs.evolve(auth, settings={key: scopes.resolve(value) for key, value in auth.settings.items()})


def _with_path_variables(url: str, parameters: tuple[Parameter, ...]) -> str:
    """Fills the segments `:name`; a value may hold anything, so it is encoded as one segment."""
    values = {one.key: one.value for one in parameters if one.key}
    if not values:
        return url
    address, mark, query = url.partition("?")
    segments = [
        quote(_bytes(values[segment[1:]]), safe="%@:!$&'()*+,;=~")
        if segment[:1] == ":" and segment[1:] in values
        else segment
        for segment in address.split("/")
    ]
    return "/".join(segments) + mark + query


def wire_request(
    request: Request, client: httpx.Client, *, keep_body: bool, target: Target | None, folder: Path
) -> httpx.Request:
    """The request for `client` to send, from a request whose variables are resolved.

    `folder` is where relative names of files to upload start. Raises RequestError for an address or a file
    that cannot be used.
    """
    headers = [(one.key, one.value) for one in request.headers if one.key]
    url = _add_auth(request.auth, _encoded(request.url), headers)
    if target is not None:
        url = target.redirect(url)
    body = request.body if keep_body or request.method not in _BODILESS else None
    try:
        made = _with_body(request.method, url, body, client, folder)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise RequestError(f"the address {url} cannot be used: {error}") from None
    if made.url.scheme not in ("http", "https") or not made.url.host:
        raise RequestError(f"the address {url} cannot be used: http:// or https:// and a host are needed")
    seen: set[str] = set()
    for key, value in headers:
        lowered = key.lower()
        if lowered == "content-type" and body is not None and body.mode == "formdata":
            continue  # only the boundary that was made for this body makes sense
        if lowered in made.headers and lowered not in seen:
            del made.headers[lowered]
        seen.add(lowered)
        # Appended as bytes: header values may hold what is not ASCII, and one name may come twice.
        made.headers = httpx.Headers([*made.headers.raw, (_bytes(key), _bytes(value))])
    return made


def _encoded(url: str) -> str:
    """The address with all that may not stand in one percent-encoded; what is encoded already stays."""
    text = url.strip()
    if not _SCHEME.match(text):
        text = "http://" + text
    scheme, _, rest = text.partition("://")
    address, mark, query = rest.partition("?")
    authority, slash, path = address.partition("/")
    path = path.partition("#")[0]
    query = query.partition("#")[0]
    path, query = (_LONE_PERCENT.sub("%25", part) for part in (path, query))
    query = f"{mark}{quote(_bytes(query), safe=_SAFE_QUERY)}"
    return f"{scheme}://{authority}{slash}{quote(_bytes(path), safe=_SAFE_PATH)}{query}"


def _add_auth(auth: Auth | None, url: str, headers: list[tuple[str, str]]) -> str:
    """Adds what the authorisation asks for to the headers, or to the address, which is returned."""
    if auth is None or auth.type == "noauth":
        return url
    settings = auth.settings
    if auth.type == "basic":
        pair = f"{settings.get('username', '')}:{settings.get('password', '')}"
        value = "Basic " + base64.b64encode(_bytes(pair)).decode("ascii")
        return _place(url, headers, "Authorization", value, in_query=False)
    if auth.type == "apikey":
        in_query = settings.get("in") == "query"
        return _place(url, headers, settings.get("key", ""), settings.get("value", ""), in_query=in_query)
    if auth.type == "bearer":
        return _place(url, headers, "Authorization", f"Bearer {settings.get('token', '')}", in_query=False)
    if settings.get("addTokenTo") == "queryParams":
        return _place(url, headers, "access_token", settings.get("accessToken", ""), in_query=True)
    prefix = settings.get("headerPrefix", "Bearer").strip()
    value = f"{prefix} {settings.get('accessToken', '')}".strip()
    return _place(url, headers, "Authorization", value, in_query=False)


def _place(url: str, headers: list[tuple[str, str]], key: str, value: str, *, in_query: bool) -> str:
    if not key:
        return url
    if in_query:
        return f"{url}{'&' if '?' in url else '?'}{quote(_bytes(key), safe='')}={quote(_bytes(value), safe='')}"
    headers[:] = [pair for pair in headers if pair[0].lower() != key.lower()]
    headers.append((key, value))
    return url


def _with_body(method: str, url: str, body: Body | None, client: httpx.Client, folder: Path) -> httpx.Request:
    if body is None or not (body.raw or body.fields):
        return client.build_request(method, url)
    match body.mode:
        case "formdata":
            parts = [(one.key, _part(one, folder)) for one in body.fields]
            return client.build_request(method, url, files=parts)
        case "graphql":
            variables = _json_or_none(body.variables)
            return client.build_request(method, url, json={"query": body.raw, "variables": variables})
        case _:
            content, type_ = _plain_content(body, folder)
            headers = {"Content-Type": type_} if type_ else {}
            return client.build_request(method, url, content=content, headers=headers)


def _plain_content(body: Body, folder: Path) -> tuple[bytes, str]:
    """The bytes of a body that is written as one piece, and their type (empty when unknown)."""
    if body.mode == "urlencoded":
        text = "&".join(f"{_form(one.key)}={_form(one.value)}" for one in body.fields)
        return text.encode("ascii"), "application/x-www-form-urlencoded"
    if body.mode == "file":
        return (_file(body.fields[0].file or "", folder) if body.fields else _bytes(body.raw)), ""
    return _bytes(body.raw), _TYPE_OF_LANGUAGE.get(body.language, "text/plain")


def _bytes(text: str) -> bytes:
    """Text as UTF-8; half a surrogate pair, which JSON can hold, becomes a question mark."""
    return text.encode("utf-8", "replace")


def _form(text: str) -> str:
    return quote(_bytes(text), safe="-._~*")


def _json_or_none(text: str) -> object:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply, or a number is too long"
        raise RequestError(f"the GraphQL variables are no JSON: {reason}") from None


_Part = tuple[str | None, bytes] | tuple[str | None, bytes, str]


def _part(one: Parameter, folder: Path) -> _Part:
    name = None if one.file is None else Path(one.file).name
    content = _bytes(one.value) if one.file is None else _file(one.file, folder)
    return (name, content, one.content_type) if one.content_type else (name, content)


def _file(name: str, folder: Path) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise RequestError(f"the file {name} cannot be sent: {(error.strerror or 'unreadable').lower()}") from None


def read_target(text: str) -> Target:
    """A target from `scheme://host[:port]`; raises ValueError with the reason for anything else."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{text!r} is no address: give http:// or https://, a host and perhaps a port")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{text!r} has a path: give scheme, host and port only; the collection holds the paths")
    return Target(origin=f"{parts.scheme}://{parts.netloc}")
