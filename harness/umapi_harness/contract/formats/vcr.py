"""Cassettes of vcrpy, of all its versions: a list of requests and responses in YAML or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from umapi_harness.contract.exchanges import Exchange, Headers, RecordedRequest, RecordedResponse, RecordingError
from umapi_harness.contract.formats import bodies
from umapi_harness.contract.formats.cursors import Cursor, is_list, is_map
from umapi_harness.contract.formats.leftovers import Leave
from umapi_harness.contract.formats.sources import Source

_REMEDY: Final = "correct it to a vcrpy cassette"
_OF_REQUEST: Final = frozenset({"method", "uri", "headers", "body"})
_PARTS: Final = frozenset({"protocol", "host", "path", "port"})
_OF_RESPONSE: Final = frozenset({"status", "status_code", "headers"})
_PORTS: Final = {"http": 80, "https": 443}


def exchanges(cursor: Cursor, place: str, leave: Leave | None = None) -> Iterator[Exchange]:
    """Return the exchanges of a cassette; the cursor stands before its list, whose JSON pointer is `place`.

    Raises:
        RecordingError: it is no cassette.
    """
    source = cursor.source
    if cursor.kind != "list":
        if cursor.kind == "scalar" and cursor.value() is None:
            return
        raise source.error("is no list", _REMEDY, line=cursor.line)
    for number in cursor.items():
        line = cursor.line
        source.at(f"#{place}/{number}")
        interaction = cursor.value()
        source.whole = source.place
        yield _Interaction(source, line).exchange(interaction)
        if leave is not None and is_map(interaction):
            for pointer, rest in _leftovers(interaction):
                leave(f"{source.path}#{place}/{number}{pointer}", rest)
        source.at(f"#{place}/{number + 1}")


def _leftovers(interaction: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Yield pointer and value of what is left of an interaction once its exchange has been read."""
    request, response = interaction.get("request"), interaction.get("response")
    if is_map(request) and is_map(response):
        status, body = response.get("status"), "body" if "body" in response else "content"
        built = _PARTS if not request.get("uri") else frozenset[str]()
        yield from _besides("", interaction, frozenset({"request", "response"}))
        yield from _besides("/request", request, _OF_REQUEST | built)
        yield from _besides("/response", response, _OF_RESPONSE | {body})
        if is_map(status):
            yield from _besides("/response/status", status, frozenset({"code", "message"}))
        for place, holder in (("/request/body", request.get("body")), (f"/response/{body}", response.get(body))):
            if is_map(holder):
                packed = holder.get("base64_string") is not None
                yield from _besides(place, holder, frozenset({"base64_string" if packed else "string", "encoding"}))


def _besides(place: str, members: dict[str, object], read: frozenset[str]) -> Iterator[tuple[str, object]]:
    return ((f"{place}/{name}", value) for name, value in members.items() if name not in read)


class _Interaction:
    """Reads one interaction, of which all messages name the place."""

    def __init__(self, source: Source, line: int | None) -> None:
        self._source = source
        self._line = line

    def exchange(self, value: object) -> Exchange:
        interaction = self._map(value, "the interaction")
        where = f"{self._source.path}{self._source.place}"
        return Exchange(
            name=where,
            where=where,
            request=self._request(self._map(interaction.get("request"), "request")),
            response=self._response(self._map(interaction.get("response"), "response")),
        )

    def _request(self, request: dict[str, object]) -> RecordedRequest:
        method, url = request.get("method"), request.get("uri") or self._built(request)
        if not isinstance(method, str) or not isinstance(url, str):
            raise self._error("request has no method and uri")
        try:
            urlsplit(url)
        except ValueError as error:
            raise self._error(f"request/uri: {error}") from None
        headers = self._headers(request.get("headers"))
        return RecordedRequest(
            method=method.upper(), url=url, headers=headers, body=self._body(request.get("body"), headers, "request")
        )

    def _built(self, request: dict[str, object]) -> str | None:
        """The URL from the parts in which version 0 wrote it."""
        scheme, host, path = request.get("protocol"), request.get("host"), request.get("path")
        if not isinstance(scheme, str) or not isinstance(host, str) or not isinstance(path, str):
            return None
        port = request.get("port")
        shown = f":{port}" if port is not None and port != _PORTS.get(scheme) else ""
        return f"{scheme}://{host}{shown}{path}"

    def _response(self, response: dict[str, object]) -> RecordedResponse:
        status = response.get("status")
        # Clients that speak asyncio wrote the number and the reason apart.
        code, reason = (status.get("code"), status.get("message")) if is_map(status) else (status, None)
        code = response.get("status_code") if code is None else code
        if isinstance(code, bool) or not isinstance(code, int):
            raise self._error("response/status has no code")
        headers = self._headers(response.get("headers"))
        body = response["body"] if "body" in response else response.get("content")
        return RecordedResponse(
            status=code,
            reason=reason if isinstance(reason, str) else "",
            headers=headers,
            body=self._body(body, headers, "response"),
        )

    def _headers(self, value: object) -> Headers:
        if value is None:
            return ()
        found: list[tuple[str, str]] = []
        pairs = value.items() if is_map(value) else self._listed(value)
        for name, given in pairs:
            for one in given if is_list(given) else [given]:
                if isinstance(one, (dict, list)):
                    raise self._error(f"the header {name[:40]} is no text")
                found.append((name, _text(one)))
        return tuple(found)

    def _listed(self, value: object) -> list[tuple[str, object]]:
        """The pairs of version 0: lines as they were on the wire, or a set of names and values."""
        if not is_list(value):
            raise self._error("headers are no map")
        pairs: list[tuple[str, object]] = []
        for one in value:
            if isinstance(one, str):
                name, colon, text = one.partition(":")
                if colon:
                    pairs.append((name, text.strip()))
            elif is_list(one) and len(one) == 2 and isinstance(one[0], str) and not is_list(one[1]):
                pairs.append((one[0], one[1]))
            else:
                pairs += self._listed(one)
        return pairs

    def _body(self, value: object, headers: Headers, side: str) -> bytes:
        if is_map(value):
            if value.get("base64_string") is not None:
                body = bodies.from_text(self._source, str(value["base64_string"]), "base64")
            else:
                return self._body(value.get("string"), headers, side)
        elif isinstance(value, bytes):
            body = bodies.bounded(self._source, value)
        elif isinstance(value, str):
            body = _gzip_as_text(value) or bodies.from_text(self._source, value)
        elif value is None:
            body = b""
        else:
            raise self._error(f"{side}/body is no text")
        return bodies.uncompressed(self._source, headers, body)

    def _map(self, value: object, name: str) -> dict[str, object]:
        if not is_map(value):
            raise self._error(f"{name} is no map")
        return value

    def _error(self, problem: str) -> RecordingError:
        return self._source.error(problem, _REMEDY, line=self._line)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return "" if value is None else str(value)


def _gzip_as_text(value: str) -> bytes:
    """The bytes that Python 2 wrote as characters of the same numbers; empty if it is no such text."""
    if not value.startswith("\x1f\x8b"):
        return b""
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return b""
