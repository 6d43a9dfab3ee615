"""Leftovers: what a HAR entry holds besides the exchange that is read of it, and that no recording of ours has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import parse_qsl

Leave = Callable[[str, object], None]
"""Told of each value that becomes no part of an exchange: the place in the file, and the value."""

_PROTOCOL: Final = re.compile(r"(?:HTTP/|h)[0-9.]{1,4}", re.IGNORECASE)
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]++/[\w.+-]++\s*+(?:;|$)")
_DATE: Final = re.compile(
    r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r"(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ENCODINGS: Final = frozenset({"", "base64", "utf-8", "utf8"})
_READ: Final = frozenset({"time", "comment", "_umapi"})
_READ_OF_REQUEST: Final = frozenset({"method", "url"})
_READ_OF_RESPONSE: Final = frozenset({"status", "statusText"})


def has_text(value: object) -> bool:
    """Whether there is any text in JSON data, names of members apart; numbers of sizes and times are none."""
    if isinstance(value, Mapping):
        return any(has_text(member) for member in cast("Mapping[str, object]", value).values())
    if isinstance(value, list):
        return any(has_text(item) for item in cast("list[object]", value))
    return isinstance(value, (str, bytes)) and bool(value)


def of_entry(entry: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield pointer and value of what is left of an entry once its exchange has been read."""
    request: Mapping[str, Any] = entry["request"]
    response: Mapping[str, Any] = entry.get("response") or {}
    for name, value in entry.items():
        dated = name == "startedDateTime" and _DATE.fullmatch(str(value))
        if name not in _READ | {"request", "response"} and not dated:
            yield f"/{name}", value
    yield from _of_message("/request", request, _READ_OF_REQUEST)
    yield from _of_message("/response", response, _READ_OF_RESPONSE)


def _of_message(place: str, message: Mapping[str, Any], read: frozenset[str]) -> Iterator[tuple[str, object]]:
    for name, value in message.items():
        below = f"{place}/{name}"
        if name in read or (name == "httpVersion" and _PROTOCOL.fullmatch(str(value))):
            continue
        if name == "headers":
            yield from _of_pairs(below, value or ())
        elif name in ("postData", "content"):
            yield from _of_body(below, value or {}, _said_type(message) or media_type(value or {}))
        elif name != "queryString" or not _is_said_by(str(message.get("url")), value or ()):
            yield below, value


def _of_pairs(place: str, pairs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, object]]:
    for number, pair in enumerate(pairs):
        if str(pair.get("name")).startswith(":"):
            yield f"{place}/{number}", pair
        else:
            yield from ((f"{place}/{number}/{name}", pair[name]) for name in pair if name not in ("name", "value"))


def _of_body(place: str, body: Mapping[str, Any], media_type: str) -> Iterator[tuple[str, object]]:
    for name, value in body.items():
        if name == "params" and not body.get("text"):
            yield from _of_pairs(f"{place}/{name}", value or ())
        elif name == "text" or (name == "encoding" and str(value).lower() in _ENCODINGS):
            continue
        elif name != "mimeType" or value != media_type:
            yield f"{place}/{name}", value


def media_type(content: Mapping[str, Any]) -> str:
    """Return the `mimeType` of a body; empty where it is no media type, such as Chrome's x-unknown, or has no body."""
    kind = str(content.get("mimeType") or "")
    return kind if _MEDIA_TYPE.match(kind) and (content.get("text") or content.get("params")) else ""


def _said_type(message: Mapping[str, Any]) -> str:
    kinds = (pair.get("value") for pair in message.get("headers") or () if str(pair["name"]).lower() == "content-type")
    return str(next(kinds, ""))


def _is_said_by(url: str, pairs: Sequence[Mapping[str, Any]]) -> bool:
    query = url.partition("#")[0].partition("?")[2]
    given = [(pair.get("name"), pair.get("value")) for pair in pairs if set(pair) == {"name", "value"}]
    return len(given) == len(pairs) and given == parse_qsl(query, keep_blank_values=True)
