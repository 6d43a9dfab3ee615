"""Redaction: taking tokens, secrets, JWTs and private keys out of a recording before anything is written."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, cast
from urllib.parse import unquote_plus, urlsplit, urlunsplit

from umapi_models import schemas

REDACTED = "REDACTED"
"""What stands in place of a secret."""

_NAMES = re.compile(r"secret|token|jwt|assertion|passw|passphrase|priv(ate)?_?key|credential|auth_?code|cookie")
_OPEN_NAMES = re.compile(r"(type|format|count|index|length|path|file(name)?|url|uri|expir\w*|_in|_at|seconds)$")
_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-auth-token"})

_JWT = re.compile(r"\beyJ[\w-]+(?:\.[\w-]*){1,4}")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL)
_SCHEME = re.compile(r"\b(Bearer|Basic)\s+(?!REDACTED\b|realm\b)[\w.~+/=%-]{8,}", re.IGNORECASE)
_JSON_MEMBER = re.compile(r'("(?P<name>[\w.-]+)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[^\s,}\]"]+)', re.DOTALL)
_FORM_FIELD = re.compile(r"(?P<before>^|[?&;\s])(?P<name>[\w.%+-]+)=(?P<value>[^&\s\"'<>]*)")
_PART = re.compile(
    r"(?P<head>content-disposition:[^\r\n]*?\bname=\"?(?P<name>[^\";\r\n]+)\"?.*?\r?\n\r?\n)"
    r"(?P<value>.*?)(?P<tail>\r?\n--|\Z)",
    re.IGNORECASE | re.DOTALL,
)


@cache
def _declared_names() -> frozenset[str]:
    """The properties that a schema marks as secret, such as client_secret."""
    return frozenset(name for file in schemas.names() for name in _marked(schemas.read(file)))


def _marked(schema: object) -> Iterable[str]:
    if isinstance(schema, dict):
        for key, value in cast("dict[str, object]", schema).items():
            if _is_marked(value):
                yield key
            yield from _marked(value)
    elif isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from _marked(item)


def _is_marked(schema: object) -> bool:
    return isinstance(schema, dict) and cast("dict[str, object]", schema).get("x-umapi-secret") is True


def is_secret(name: str) -> bool:
    """Whether a field, parameter or header of this name holds a secret."""
    plain = unquote_plus(name).strip().lower()
    snake = plain.replace("-", "_")
    if plain in _HEADERS or snake in _declared_names():
        return True
    return bool(_NAMES.search(snake)) and not _OPEN_NAMES.search(snake)


def text(value: str) -> str:
    """Return any text - a body, a message - without its secrets."""
    # Masking one thing can lay open the form of another (JSON that becomes readable), hence until nothing changes.
    while (masked := _once(value)) != value:
        value = masked
    return value


def body(value: bytes) -> bytes:
    """Return a body without its secrets, whatever its encoding."""
    try:
        return text(value.decode()).encode()
    except UnicodeDecodeError:
        return text(value.decode("latin-1")).encode("latin-1")


def _once(value: str) -> str:
    if value.lstrip()[:1] in ("{", "["):
        # What is no JSON, or nested too deeply to walk, is masked as plain text.
        with suppress(ValueError, RecursionError):
            parsed = json.loads(value)
            masked = data(parsed)
            # Written anew only where something was masked, so that all other bodies stay as they came.
            return value if masked == parsed else _written(masked)
    return _plain(value)


def _written(value: Any) -> str:
    # A lone surrogate cannot be encoded; its escape, which stays, is good JSON.
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


def data(value: Any) -> Any:
    """Return JSON data without its secrets."""
    if isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        return {_tokens(name): _member(name, member) for name, member in members.items()}
    if isinstance(value, list):
        return [data(item) for item in cast("list[object]", value)]
    return text(value) if isinstance(value, str) else value


def _member(name: str, value: Any) -> Any:
    if is_secret(name) and value is not None and not isinstance(value, bool) and value != "":
        return REDACTED
    return data(value)


def url(value: str) -> str:
    """Return a URL without the secrets in its query, its fragment, its path and its user part."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return _plain(value)
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{REDACTED}@{host}" if at and user else parts.netloc
    return urlunsplit((parts.scheme, netloc, _tokens(parts.path), _plain(parts.query), _plain(parts.fragment)))


def header(name: str, value: str) -> str:
    """Return the value of a header without its secrets."""
    if name.strip().lower() in ("authorization", "proxy-authorization"):
        scheme, blank, credentials = value.strip().partition(" ")
        return f"{scheme} {REDACTED}" if blank and credentials else REDACTED
    return REDACTED if is_secret(name) else _plain(value)


def document(har: Mapping[str, Any]) -> dict[str, Any]:
    """Return an HTTP Archive without secrets: in URLs, headers, cookies, queries, forms and bodies."""
    return cast("dict[str, Any]", _archive(har, ""))


def _archive(value: Any, place: str) -> Any:
    if isinstance(value, list):
        return [_archive(item, place) for item in cast("list[object]", value)]
    if not isinstance(value, Mapping):
        return _texts.get(place, text)(value) if isinstance(value, str) else value
    members = cast("Mapping[str, Any]", value)
    if "name" in members and isinstance(members.get("value"), str):
        mask = REDACTED if place == "cookies" else header(str(members["name"]), members["value"])
        return {**_members(members), "name": members["name"], "value": mask if members["value"] else ""}
    if members.get("encoding") == "base64" and isinstance(members.get("text"), str):
        content = body(base64.b64decode(members["text"]))
        return {**_members(members), "text": base64.b64encode(content).decode("ascii")}
    return _members(members)


def _members(members: Mapping[str, Any]) -> dict[str, Any]:
    # Names of HAR's own structure, such as "cookies", are no secrets; `_umapi` and other notes are plain data.
    return {key: data(value) if key.startswith("_") else _archive(value, key) for key, value in members.items()}


def _plain(value: str) -> str:
    value = _PART.sub(_masked_part, value)
    value = _FORM_FIELD.sub(_masked_field, value)
    value = _JSON_MEMBER.sub(_masked_member, value)
    return _SCHEME.sub(rf"\1 {REDACTED}", _tokens(value))


def _tokens(value: str) -> str:
    return _JWT.sub(REDACTED, _PRIVATE_KEY.sub(REDACTED, value))


def _masked_part(match: re.Match[str]) -> str:
    secret = is_secret(match["name"]) and match["value"]
    return f"{match['head']}{REDACTED if secret else match['value']}{match['tail']}"


def _masked_field(match: re.Match[str]) -> str:
    secret = is_secret(match["name"]) and match["value"]
    return f"{match['before']}{match['name']}={REDACTED}" if secret else match[0]


def _masked_member(match: re.Match[str]) -> str:
    return f'{match[1]}"{REDACTED}"' if is_secret(match["name"]) else match[0]


_texts: dict[str, Callable[[str], str]] = {"url": url, "redirectURL": url}
