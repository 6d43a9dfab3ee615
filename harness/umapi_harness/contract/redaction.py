"""Redaction of recordings: secrets are taken out of an HTTP Archive, wherever it holds them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from umapi_harness.common.secret_names import is_secret
from umapi_harness.common.secrets import REDACTED, Masker

__all__ = ["REDACTED", "Masker", "body", "data", "document", "entry", "header", "is_secret", "shown", "text", "url"]

_MASKER: Final = Masker()

text = _MASKER.text
body = _MASKER.body
data = _MASKER.data
url = _MASKER.url
header = _MASKER.header

_URLS: Final = frozenset({"url", "redirectURL"})
# Places of HAR's own; what stands there is no text of the exchange.
_STRUCTURE: Final = frozenset({"startedDateTime", "httpVersion", "method", "encoding", "version", "pageref", "id"})


def member(name: str, value: object, masker: Masker) -> Any:
    """Return a member of an HTTP Archive, whatever it is, without secrets; the masker learns from it."""
    return _notes(value, masker) if name.startswith("_") else _known(_archive(value, name, masker), masker)


def shown(value: object, path: Iterable[str | int]) -> object:
    """Return a value as a message may show it: masked whole where a key that leads to it is the name of a secret."""
    hidden = bool(value) and value is not True and any(is_secret(str(name)) for name in path)
    return REDACTED if hidden else value


def document(har: Mapping[str, Any]) -> dict[str, Any]:
    """Return an HTTP Archive without secrets: in URLs, headers, cookies, queries, forms and bodies.

    A token or secret that is named in one place is taken out of all others.
    """
    masker = Masker(learning=True)
    once = _archive(har, "", masker)
    # What the last entry has taught stands perhaps in the first.
    return cast("dict[str, Any]", _known(once, masker))


def entry(har_entry: Mapping[str, Any], masker: Masker) -> dict[str, Any]:
    """Return one entry of an HTTP Archive without secrets; the masker learns from it."""
    return cast("dict[str, Any]", _known(_archive(har_entry, "", masker), masker))


def _archive(value: Any, place: str, masker: Masker) -> Any:
    if isinstance(value, list):
        return [_archive(item, place, masker) for item in cast("list[object]", value)]
    if isinstance(value, Mapping):
        return _object(dict(cast("Mapping[str, Any]", value)), place, masker)
    if not isinstance(value, str) or place in _STRUCTURE:
        return value
    return masker.url(value) if place in _URLS else masker.text(value)


def _object(members: dict[str, Any], place: str, masker: Masker) -> dict[str, Any]:
    name, content = members.get("name"), members.get("value")
    if isinstance(name, str) and isinstance(content, str):
        members["value"] = _pair(place, name, content, masker)
        del members["name"]
        return {"name": masker.text(name), **_members(members, masker, done=("value",))}
    if members.get("encoding") == "base64" and isinstance(members.get("text"), str):
        members["text"] = _base64(members["text"], masker)
        return _members(members, masker, done=("text",))
    return _members(members, masker)


def _pair(place: str, name: str, value: str, masker: Masker) -> str:
    if not value:
        return value
    if place == "cookies":
        return masker.value("cookie", value)
    return masker.header(name, value) if place == "headers" else masker.value(name, value)


def _base64(value: str, masker: Masker) -> str:
    try:
        content = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return masker.text(value)
    return base64.b64encode(masker.body(content)).decode("ascii")


def _members(members: Mapping[str, Any], masker: Masker, done: tuple[str, ...] = ()) -> dict[str, Any]:
    # Names of HAR's own structure, such as "cookies", are no secrets; `_umapi` and other notes are plain data.
    return {
        key: value if key in done else _notes(value, masker) if key.startswith("_") else _archive(value, key, masker)
        for key, value in members.items()
    }


def _notes(value: Any, masker: Masker) -> Any:
    masked = masker.data(value)
    if isinstance(value, Mapping) and isinstance(title := cast("Mapping[str, Any]", value).get("session"), str):
        masked["session"] = masker.text(title)  # what exchanges that belong together are called, in our own notes
    return masked


def _known(value: Any, masker: Masker) -> Any:
    """Mask what has been learnt; the shape of the data is HAR's, and so not deep."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        if members.get("encoding") == "base64" and isinstance(members.get("text"), str):
            return {**members, "text": _known_base64(members["text"], masker)}
        return {key: _known(member, masker) for key, member in members.items()}
    if isinstance(value, list):
        return [_known(item, masker) for item in cast("list[object]", value)]
    return masker.known(value) if isinstance(value, str) else value


def _known_base64(value: str, masker: Masker) -> str:
    try:
        content = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return masker.known(value)
    return base64.b64encode(masker.known(content).encode()).decode("ascii")
