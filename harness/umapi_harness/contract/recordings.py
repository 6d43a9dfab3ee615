"""Recordings: exchanges with the service, read from and written to HTTP Archives (HAR 1.2)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import attrs
import jsonschema_rs

from umapi_harness.contract import redaction

Headers = tuple[tuple[str, str], ...]

_CREATOR = {"name": "umapi-harness", "version": "1"}


class RecordingError(ValueError):
    """A recording that cannot be used; its text is one line naming file, place and remedy."""


@attrs.frozen(kw_only=True)
class RecordedRequest:
    """A request as it was sent, with its secrets masked."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, None without one."""
        return _header(self.headers, name)


@attrs.frozen(kw_only=True)
class RecordedResponse:
    """An answer as it came, with its secrets masked."""

    status: int
    reason: str = ""
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, None without one."""
        return _header(self.headers, name)

    def json(self) -> Any:
        """Return the body as JSON data.

        Raises:
            ValueError: the body is not JSON.
        """
        return json.loads(self.body)


@attrs.frozen(kw_only=True, eq=False)
class Exchange:
    """One request and its answer."""

    name: str
    """Names the exchange; unique in the corpus."""
    where: str
    """The file and the place in it."""
    request: RecordedRequest
    response: RecordedResponse
    operation: str | None = None
    """operationId in openapi.json; None where the recording does not say."""
    source: str = ""
    """The page that the exchange was made from."""
    started: str = "1970-01-01T00:00:00.000Z"
    """When the request was sent (ISO 8601)."""
    milliseconds: float = 0
    """How long the exchange took."""
    notes: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """The entry's `_umapi` object: among others the organisation's state and the mock server's settings."""


@attrs.frozen(kw_only=True, eq=False)
class Recording:
    """The exchanges of one file, in order."""

    path: str
    exchanges: tuple[Exchange, ...]


def load(path: Path) -> Recording:
    """Read one file.

    Raises:
        RecordingError: the file cannot be read, or is no HAR 1.2.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}; check its name and permissions") from None
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path}: byte {error.start} is not UTF-8; save the recording as UTF-8") from None
    return read(text, str(path))


def load_folder(folder: Path) -> tuple[Recording, ...]:
    """Read all `*.har` files of a folder, by name.

    Raises:
        RecordingError: there is none, one cannot be used, or two exchanges have the same name.
    """
    recordings = tuple(load(path) for path in sorted(folder.glob("*.har")))
    if not recordings:
        raise RecordingError(f"{folder}: has no *.har file; give the folder of the recordings")
    places: dict[str, str] = {}
    for exchange in (exchange for recording in recordings for exchange in recording.exchanges):
        first = places.setdefault(exchange.name, exchange.where)
        if first is not exchange.where:
            raise RecordingError(f"{exchange.where}: {exchange.name!r} is also the name of {first}; rename one")
    return recordings


def read(text: str, path: str) -> Recording:
    """Read the text of a file; `path` stands in messages.

    Raises:
        RecordingError: it is no HAR 1.2.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecordingError(
            f"{path}: line {error.lineno}, column {error.colno}: {error.msg}; a recording is a JSON file (HAR 1.2)"
        ) from None
    except RecursionError:
        raise RecordingError(f"{path}: is nested too deeply; a recording is a JSON file (HAR 1.2)") from None
    try:
        json.dumps(document, ensure_ascii=False).encode()  # fails on half a surrogate pair, which no text can hold
        problem = next(iter(sorted(_validator().iter_errors(document), key=_depth)), None)
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{path}: cannot be checked ({error}); a recording is a JSON file (HAR 1.2)") from None
    if problem is not None:
        raise RecordingError(f"{path}#{_pointer(problem.instance_path)}: {problem.message}; correct it to HAR 1.2")
    entries: list[dict[str, Any]] = document["log"]["entries"]
    return Recording(
        path=path,
        exchanges=tuple(_exchange(entry, f"{path}#/log/entries/{place}") for place, entry in enumerate(entries)),
    )


def write(exchanges: Iterable[Exchange]) -> str:
    """Return the text of a file that holds the exchanges, with every secret masked."""
    entries = [_entry(_without_secrets(one)) for one in exchanges]
    document = {"log": {"version": "1.2", "creator": _CREATOR, "entries": entries}}
    return json.dumps(redaction.document(document), indent=2, ensure_ascii=False) + "\n"


def save(exchanges: Iterable[Exchange], path: Path) -> None:
    """Write the exchanges to a file, with every secret masked.

    Raises:
        RecordingError: the file cannot be written.
    """
    try:
        path.write_text(write(exchanges), "utf-8")
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written: {error.strerror}; choose another place") from None


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    schema = json.loads(files(__name__.rpartition(".")[0]).joinpath("har.json").read_text("utf-8"))
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _depth(problem: jsonschema_rs.ValidationError) -> int:
    # Of several problems the outermost explains the others.
    return len(problem.instance_path)


def _pointer(path: Sequence[str | int]) -> str:
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _header(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name.lower()), None)


def _exchange(entry: Mapping[str, Any], where: str) -> Exchange:
    request, response = entry["request"], entry["response"]
    notes: Mapping[str, Any] = entry.get("_umapi", {})
    try:
        query = parse_qsl(urlsplit(str(request["url"])).query, keep_blank_values=True)
    except ValueError as error:
        raise RecordingError(f"{where}/request/url: {error}; correct the URL") from None
    listed = [(pair["name"], pair["value"]) for pair in request["queryString"]]
    if sorted(query) != sorted(listed):
        raise RecordingError(f"{where}/request/queryString: differs from the query in url; make them agree")
    return Exchange(
        name=notes.get("name", where),
        where=where,
        request=RecordedRequest(
            method=request["method"],
            url=request["url"],
            headers=_pairs(request["headers"]),
            body=_request_body(request),
        ),
        response=RecordedResponse(
            status=response["status"],
            reason=response["statusText"],
            headers=_pairs(response["headers"]),
            body=_response_body(response["content"], where),
        ),
        operation=notes.get("operation"),
        source=notes.get("source", entry.get("comment", "")),
        started=entry["startedDateTime"],
        milliseconds=entry["time"],
        notes=notes,
    )


def _pairs(pairs: Sequence[Mapping[str, str]]) -> Headers:
    return tuple((pair["name"], pair["value"]) for pair in pairs)


def _request_body(request: Mapping[str, Any]) -> bytes:
    data: Mapping[str, Any] = request.get("postData", {})
    if data.get("text"):
        return str(data["text"]).encode()
    return urlencode([(param["name"], param.get("value", "")) for param in data.get("params", ())]).encode()


def _response_body(content: Mapping[str, Any], where: str) -> bytes:
    text: str = content.get("text", "")
    if "encoding" not in content:
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise RecordingError(f"{where}/response/content/text: {error}; write it as base64, as encoding says") from None


def _without_secrets(exchange: Exchange) -> Exchange:
    """Mask what goes into the file while it is still in the form of the wire, so that sizes are those of the file."""
    request, response = exchange.request, exchange.response
    return attrs.evolve(
        exchange,
        request=attrs.evolve(request, url=redaction.url(request.url), body=redaction.body(request.body)),
        response=attrs.evolve(response, body=redaction.body(response.body)),
    )


def _entry(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    sent: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in request.headers],
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        text = request.body.decode("utf-8", "replace")  # HAR has no place for another encoding here
        sent["postData"] = {"mimeType": request.header("Content-Type") or "", "text": text}
    content: dict[str, Any] = {"size": len(response.body), "mimeType": response.header("Content-Type") or ""}
    try:
        content["text"] = response.body.decode()
    except UnicodeDecodeError:
        content |= {"text": base64.b64encode(response.body).decode("ascii"), "encoding": "base64"}
    entry: dict[str, Any] = {
        "startedDateTime": exchange.started,
        "time": exchange.milliseconds,
        "request": sent,
        "response": {
            "status": response.status,
            "statusText": response.reason,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [{"name": name, "value": value} for name, value in response.headers],
            "content": content,
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": len(response.body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": exchange.milliseconds, "receive": 0},
    }
    if exchange.source:
        entry["comment"] = exchange.source
    if exchange.notes:
        entry["_umapi"] = dict(exchange.notes)
    return entry
