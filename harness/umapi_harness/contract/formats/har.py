"""HAR 1.2, as browsers, proxies and API clients write it: tolerant of what they leave out or add."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

import jsonschema_rs

from umapi_harness.common.pointers import pointer
from umapi_harness.contract import redaction
from umapi_harness.contract.exchanges import (
    UNDATED,
    Exchange,
    Headers,
    RecordedRequest,
    RecordedResponse,
    RecordingError,
)
from umapi_harness.contract.formats import bodies, leftovers
from umapi_harness.contract.formats.cursors import Cursor
from umapi_harness.contract.formats.leftovers import Leave
from umapi_harness.contract.formats.sources import Source
from umapi_harness.contract.paths import path_kinds
from umapi_harness.contract.personal_fields import Kind
from umapi_harness.contract.personal_names import is_public

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD"})
_BODILESS: Final = frozenset({204, 304})
_REFUSALS: Final = range(400, 500)
# net::ERR_ABORTED, NS_BINDING_ABORTED, ECONNRESET: of what else an error says, anything may be somebody's.
_ERROR_CODE: Final = re.compile(r"(?<![\w@.-])(?:net::)?[A-Z]{2,}[A-Z0-9]*(?:_[A-Z0-9]+)*(?![\w@.-])")

Skip = Callable[[str], None]
"""Told of each entry that is left out, with the reason."""
Unanswered = Callable[[Exchange], object]
"""Told of each request for a service that is left out, with status 0 in the place of an answer."""


def exchanges(
    cursor: Cursor, skip: Skip, leave: Leave | None = None, unanswered: Unanswered | None = None
) -> Iterator[Exchange]:
    """Return the exchanges of an archive; the cursor stands before the value of `log`.

    Raises:
        RecordingError: it is no HAR 1.2.
    """
    source = cursor.source
    source.at("#/log")
    if cursor.kind != "map":
        raise source.error("is no object", "correct it to HAR 1.2")
    entries = False
    for name in cursor.members():
        source.at(f"#/log/{name}")
        if name == "entries":
            entries = True
            yield from _entries(cursor, skip, leave, unanswered)
        elif name == "version":
            _check_version(source, cursor.value())
        elif leave is not None:
            leave(f"{source.path}#/log/{name}", cursor.value())
        else:
            cursor.skip()
    source.at("")
    if not entries:
        raise RecordingError(f'{source.path}#/log: "entries" is a required property; correct it to HAR 1.2')


def _check_version(source: Source, version: object) -> None:
    # An empty one stands for 1.1, says the specification of HAR; the versions differ in nothing that is read here.
    if version not in ("1.1", "1.2", "1.3", ""):
        raise source.error(f'{json.dumps(version)[:40]}: "1.2" was expected', "correct it to HAR 1.2")


def _entries(cursor: Cursor, skip: Skip, leave: Leave | None, unanswered: Unanswered | None) -> Iterator[Exchange]:
    source = cursor.source
    if cursor.kind != "list":
        raise source.error("is no array", "correct it to HAR 1.2")
    for number in cursor.items():
        source.at(f"#/log/entries/{number}")
        where = f"{source.path}#/log/entries/{number}"
        entry = _checked(cursor.value(), where)
        source.whole = f"#/log/entries/{number}"
        reason = _why_not(entry)
        told = unanswered is not None and _is_bare(entry)
        if leave is not None:
            for place, value in [("", entry)] if reason and not told else leftovers.of_entry(entry):
                if not (reason and place == "/response/_error"):
                    leave(f"{where}{place}", value)
        if reason:
            skip(f"{where}: skipped: {reason}")
            if unanswered is not None and _may_have_acted(entry):
                unanswered(_unanswered(entry, source, where))
        else:
            yield _exchange(entry, source, where)
        # What follows, if it is broken, is broken after this entry.
        source.at(f"#/log/entries/{number + 1}")


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    schema = json.loads(files("umapi_harness.contract").joinpath("har.json").read_text("utf-8"))
    return jsonschema_rs.Draft202012Validator(schema, mask="the value")  # which may be a secret


def _checked(entry: object, where: str) -> Mapping[str, Any]:
    try:
        problem = min(_validator().iter_errors(entry), key=_depth, default=None)
    except (ValueError, OverflowError) as error:
        raise RecordingError(f"{where}: cannot be checked ({error}); correct it to HAR 1.2") from None
    if problem is not None:
        place = where + pointer(problem.instance_path)
        raise RecordingError(f"{place}: {' '.join(problem.message.split())[:200]}; correct it to HAR 1.2")
    return cast("Mapping[str, Any]", entry)


def _depth(problem: jsonschema_rs.ValidationError) -> int:
    # Of several problems the outermost explains the others.
    return len(problem.instance_path)


def _shown(url: str) -> str:
    """Return an address as a message may tell it: without query, and without whose it is and whom its path names."""
    scheme, slashes, rest = redaction.url(url.partition("#")[0].partition("?")[0]).rpartition("://")
    host, *segments = rest.split("/")
    named = "." in host and not is_public(host.partition(":")[0])
    shown = ("*" if kind is Kind.PHRASE else segment for kind, segment in path_kinds(["", *segments]))
    return f"{scheme}{slashes}{'*' if named else host}{'/'.join(shown)}"[:100]


def _why_not(entry: Mapping[str, Any]) -> str:
    """Why an entry is no exchange with a service; empty if it is one."""
    request: Mapping[str, Any] = entry["request"]
    response: Mapping[str, Any] = entry.get("response") or {}
    target = f"{request['method']} {_shown(str(request['url']))}"
    if request["method"].upper() == "CONNECT":
        return f"{target} opens a tunnel"
    if not _is_http(str(request["url"])):
        return f"{target} is not HTTP"
    if not response.get("status") or response["status"] < 0:
        reason = response.get("_error") or entry.get("_error")
        code = _ERROR_CODE.search(str(reason))
        told = code[0] if code is not None else "the entry says why" if reason else "it was aborted"
        return f"{target} has no answer ({told})"
    bodies_apart: tuple[Mapping[str, Any], ...] = (request.get("postData") or {}, response.get("content") or {})
    if any(body.get("_file") and not body.get("text") for body in bodies_apart):
        return f"{target} has its body in another file; record with bodies embedded (Playwright: content 'embed')"
    for side, size in (("a request", _lost_of_request(request)), ("an answer", _lost_of_response(request, response))):
        if size > 0:
            remedy = "export again from a fresh capture, with bodies"
            return f"{target} has {side} whose body was not recorded ({size} bytes); {remedy}"
    return ""


def _may_have_acted(entry: Mapping[str, Any]) -> bool:
    """Whether an entry that is left out is a request for a service that, as far as it tells, did not refuse it."""
    url = str(entry["request"]["url"])
    response: Mapping[str, Any] = entry.get("response") or {}
    refused = (response.get("status") or 0) in _REFUSALS
    return _is_http(url) and entry["request"]["method"].upper() != "CONNECT" and not refused


def _is_bare(entry: Mapping[str, Any]) -> bool:
    """Whether an entry that is left out is a request of which all is told, and nothing of an answer but a reason."""
    response: Mapping[str, Any] = entry.get("response") or {}
    content: Mapping[str, Any] = response.get("content") or {}
    answered = response.get("status") or response.get("headers") or response.get("statusText") or content.get("text")
    return not answered and _may_have_acted(entry) and _lost_of_request(entry["request"]) <= 0


def _is_http(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _unanswered(entry: Mapping[str, Any], source: Source, where: str) -> Exchange:
    request: Mapping[str, Any] = entry["request"]
    answer: Mapping[str, Any] = entry.get("response") or {}
    try:
        urlsplit(request["url"])
        asked = _request(source, request)
    except RecordingError:
        # Without its body, of which nothing is then known.
        asked = RecordedRequest(method=request["method"].upper(), url=request["url"])
    except ValueError:
        # What is left out need not be readable.
        asked = RecordedRequest(method=request["method"].upper(), url=request["url"].partition("/")[0])
    source.at(where.removeprefix(source.path))
    return Exchange(
        name=where,
        where=where,
        request=asked,
        response=RecordedResponse(status=0, reason=str(answer.get("_error") or "")),
        started=_started(entry.get("startedDateTime")),
        notes=entry.get("_umapi") or {},
    )


def _lost_of_request(request: Mapping[str, Any]) -> int:
    """How large the body is that was sent, and is not there; not more than 0 if none is missing."""
    data: Mapping[str, Any] = request.get("postData") or {}
    bodiless = request["method"].upper() in _WITHOUT_BODY or data.get("text") or data.get("params")
    return 0 if bodiless else _size(request.get("bodySize"))


def _lost_of_response(request: Mapping[str, Any], response: Mapping[str, Any]) -> int:
    """The same of the answer: browsers let go of large and of old ones, or are told to leave all out."""
    content: Mapping[str, Any] = response.get("content") or {}
    if request["method"].upper() == "HEAD" or response["status"] in _BODILESS or content.get("text"):
        return 0
    return _size(content["size"] if content.get("size") is not None else response.get("bodySize"))


def _size(value: object) -> int:
    text = str(value)[:18]  # no body is larger
    return int(text) if text.isdecimal() else 0


def _exchange(entry: Mapping[str, Any], source: Source, where: str) -> Exchange:
    request, response = entry["request"], entry["response"]
    notes: Mapping[str, Any] = entry.get("_umapi") or {}
    try:
        urlsplit(request["url"])
    except ValueError as error:
        raise RecordingError(f"{where}/request/url: {error}; correct the URL") from None
    source.at(where.removeprefix(source.path))
    return Exchange(
        name=notes.get("name", where),
        where=where,
        request=_request(source, request),
        response=_response(source, response),
        operation=notes.get("operation"),
        source=notes.get("source") or entry.get("comment") or "",
        started=_started(entry.get("startedDateTime")),
        milliseconds=max(entry.get("time") or 0, 0),
        notes=notes,
    )


def _request(source: Source, request: Mapping[str, Any]) -> RecordedRequest:
    data: Mapping[str, Any] = request.get("postData") or {}
    headers = _typed(_pairs(request.get("headers")), data)
    place = source.place
    source.at(f"{place}/request/postData/text")
    if data.get("text"):
        body = bodies.from_text(source, data["text"], data.get("encoding"))
    else:
        fields = [(param.get("name") or "", param.get("value") or "") for param in data.get("params") or ()]
        body = bodies.bounded(source, urlencode(fields).encode())
    body = bodies.uncompressed(source, headers, body)
    source.at(place)
    return RecordedRequest(method=request["method"].upper(), url=request["url"], headers=headers, body=body)


def _response(source: Source, response: Mapping[str, Any]) -> RecordedResponse:
    content: Mapping[str, Any] = response.get("content") or {}
    headers = _typed(_pairs(response.get("headers")), content)
    place = source.place
    source.at(f"{place}/response/content/text")
    body = bodies.from_text(source, content.get("text") or "", content.get("encoding"))
    body = bodies.uncompressed(source, headers, body)
    source.at(place)
    return RecordedResponse(
        status=int(response["status"]), reason=response.get("statusText") or "", headers=headers, body=body
    )


def _pairs(pairs: Sequence[Mapping[str, Any]] | None) -> Headers:
    # HTTP/2 has pseudo-headers, such as :authority, which say again what method and URL say.
    listed = ((str(pair["name"]), pair.get("value")) for pair in pairs or ())
    return tuple((name, _text(value)) for name, value in listed if not name.startswith(":"))


def _typed(headers: Headers, content: Mapping[str, Any]) -> Headers:
    """Return headers with a Content-Type: where a program leaves the header out, `mimeType` has what it said."""
    kind = leftovers.media_type(content)
    if not kind or any(name.lower() == "content-type" for name, _ in headers):
        return headers
    return (*headers, ("Content-Type", kind))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _started(text: object) -> str:
    try:
        datetime.fromisoformat(str(text))
    except ValueError:
        return UNDATED
    return str(text)
