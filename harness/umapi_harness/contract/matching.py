"""Matching: which recorded exchange a request belongs to, and why it belongs to none."""

from __future__ import annotations

import email.parser
import email.policy
import json
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard
from urllib.parse import parse_qsl, unquote, urlsplit

import attrs

from umapi_harness.common.departures import Departure, Path
from umapi_harness.contract import redaction
from umapi_harness.contract.api_paths import api_path
from umapi_harness.contract.recordings import Exchange, RecordedRequest
from umapi_harness.contract.schema import Operation, find_operation

_TOKEN_PATH = re.compile(r"/ims/token(/v[0-9]+)?")
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_SHOWN = 80  # characters of a value that a message shows


class NoMatchError(LookupError):
    """No recorded exchange fits a request; the text names the nearest one and the matchers that failed."""

    def __init__(self, message: str, nearest: Exchange | None, failures: Sequence[Departure]) -> None:
        super().__init__(message)
        self.nearest = nearest
        """The recorded exchange that comes nearest; None where nothing is recorded."""
        self.failures = tuple(failures)
        """Why that one does not fit."""


def fingerprint(request: RecordedRequest) -> Hashable:
    """Return what is the same for requests without a mismatch, and nearly always another thing for others.

    Not always: what is redacted in one request fits any value in the other.
    """
    return (*_route(request), str(_parameters(request)), _canonical_body(request))


def mismatches(recorded: RecordedRequest, sent: RecordedRequest) -> tuple[Departure, ...]:
    """Return where the two requests differ: method, path, query or body; empty when they are equivalent.

    Host, headers, secrets, the requestIDs of commands and the version in the path of a token request are not compared;
    a query parameter with its default value is as good as none.
    """
    found = ((name, matcher(recorded, sent)) for name, matcher in _MATCHERS)
    return tuple(attrs.evolve(one, part=name) for name, one in found if one is not None)


def match(exchanges: Iterable[Exchange], sent: RecordedRequest) -> tuple[Exchange, ...]:
    """Return the exchanges that fit a request, in the order in which they were recorded.

    Raises:
        NoMatchError: none does.
    """
    judged = [(exchange, mismatches(exchange.request, sent)) for exchange in exchanges]
    fitting = tuple(exchange for exchange, failures in judged if not failures)
    if fitting:
        return fitting
    raise _no_match(judged, sent)


def form_fields(request: RecordedRequest) -> dict[str, str] | None:
    """Return the fields of a form, urlencoded or multipart; None when the body is none."""
    kind = (request.header("Content-Type") or "").strip()
    if kind.lower().startswith(_FORM):
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if kind.lower().startswith(_MULTIPART):
        return _multipart_fields(kind, request.body)
    return None


def path_segments(url: str) -> list[str]:
    """Return the segments of a URL's path as the API documents it, decoded and without a slash at the end."""
    # Decoded after splitting, so that a slash inside a group's name is not taken for a separator.
    return [unquote(segment) for segment in api_path(url).rstrip("/").split("/")]


def is_token_request(request: RecordedRequest) -> bool:
    """Whether a request asks the token host for a token."""
    return api_path(request.url).startswith("/ims/")


def _first_difference(recorded: Any, sent: Any) -> Departure | None:
    """Return where two JSON values differ, with both sides; None when they are equal.

    What is redacted in the recording equals anything.
    """
    return next(differences(recorded, sent), None)


def differences(recorded: object, sent: object, path: Path = ()) -> Iterator[Departure]:
    """Return all places where two JSON values differ, with both sides.

    What is redacted in the recording equals anything.
    """
    if _is_object(recorded) and _is_object(sent):
        yield from _members(recorded, sent, path)
    elif _is_array(recorded) and _is_array(sent):
        yield from _items(recorded, sent, path)
    elif not _equal(recorded, sent):
        yield _departure(path, _show(recorded, path), _show(sent, path))


def _is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def _is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _equal(recorded: object, sent: object) -> bool:
    # True == 1 in Python, but not in JSON.
    return recorded == redaction.REDACTED or (type(recorded) is type(sent) and recorded == sent)


def _departure(path: Path, recorded: str, now: str) -> Departure:
    return Departure(path, f"recorded {recorded}, now {now}", expected=recorded, actual=now)


def _members(recorded: Mapping[str, object], sent: Mapping[str, object], path: Path) -> Iterator[Departure]:
    for name in dict.fromkeys((*recorded, *sent)):
        below = (*path, name)
        if name not in sent:
            shown = _show(recorded[name], below)
            yield Departure(below, f"recorded {shown}, absent now", expected=shown)
        elif name not in recorded:
            shown = _show(sent[name], below)
            yield Departure(below, f"not in the recording, now {shown}", actual=shown)
        else:
            yield from differences(recorded[name], sent[name], below)


def _items(recorded: Sequence[object], sent: Sequence[object], path: Path) -> Iterator[Departure]:
    for number, (before, after) in enumerate(zip(recorded, sent, strict=False)):
        yield from differences(before, after, (*path, number))
    if len(recorded) != len(sent):
        yield _departure(path, f"{len(recorded)} items", str(len(sent)))


def _method(recorded: RecordedRequest, sent: RecordedRequest) -> Departure | None:
    if recorded.method == sent.method.upper():
        return None
    return Departure((), f"recorded {recorded.method}, now {sent.method}")


def _path(recorded: RecordedRequest, sent: RecordedRequest) -> Departure | None:
    before, after = (urlsplit(request.url).path for request in (recorded, sent))
    if _addressed(recorded) == _addressed(sent):
        return None
    return Departure((), f"recorded {redaction.url(before)}, now {redaction.url(after)}")


def _addressed(request: RecordedRequest) -> list[str]:
    segments = path_segments(request.url)
    # Which version of the token host's interface a client asks is its own affair: the answers are the same.
    return segments[:3] if _TOKEN_PATH.fullmatch("/".join(segments)) else segments


def _query(recorded: RecordedRequest, sent: RecordedRequest) -> Departure | None:
    before, after = (_parameters(request) for request in (recorded, sent))
    if before == after:
        return None
    return _first_difference(dict(before), dict(after)) or Departure((), "a parameter is repeated")


def _parameters(request: RecordedRequest) -> list[tuple[str, Any]]:
    operation = find_operation(request.method, request.url)
    pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    values = ((name, _parameter_value(operation, name, text)) for name, text in pairs)
    return sorted((pair for pair in values if pair[1] is not None), key=lambda pair: (pair[0], str(pair[1])))


def _parameter_value(operation: Operation | None, name: str, text: str) -> Any:
    """The value that a parameter stands for; None for its default, which might as well be absent."""
    if redaction.is_secret(name):
        return redaction.REDACTED
    known = operation.parameter(name, "query") if operation else None
    if known is None:
        return text
    value = known.value(text)
    return None if known.default is not None and value == known.default else value


def _body(recorded: RecordedRequest, sent: RecordedRequest) -> Departure | None:
    before, after = form_fields(recorded), form_fields(sent)
    if before is not None and after is not None:
        return _first_difference(redaction.data(before), redaction.data(after))
    try:
        old, new = _content(recorded), _content(sent)
    except (ValueError, RecursionError):
        if redaction.body(recorded.body) == redaction.body(sent.body):
            return None
        return Departure((), f"recorded {_show_body(recorded.body)}, now {_show_body(sent.body)}")
    return _first_difference(redaction.data(old), redaction.data(new))


def _content(request: RecordedRequest) -> object:
    """Return what a JSON body asks for. The requestID of a command is a label that clients number as they like."""
    data: object = json.loads(request.body)
    if not _is_array(data):
        return data
    return [_unlabelled(item) if _is_object(item) else item for item in data]


def _unlabelled(command: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in command.items() if name != "requestID"}


_MATCHERS: Sequence[tuple[str, Callable[[RecordedRequest, RecordedRequest], Departure | None]]] = (
    ("method", _method),
    ("path", _path),
    ("query", _query),
    ("body", _body),
)


def _no_match(judged: Sequence[tuple[Exchange, Sequence[Departure]]], sent: RecordedRequest) -> NoMatchError:
    request = f"{sent.method} {redaction.url(sent.url)}"
    if not judged:
        return NoMatchError(f"no recorded exchange fits {request}: the recording is empty", None, ())
    kin = _kin(judged, sent)
    if not kin:
        asked = _operation_name(sent)
        wanted = f"no request of the operation {asked}" if asked else f"no {sent.method} request but for tokens"
        others = dict.fromkeys(_operation_name(one.request) or one.label for one, _ in judged)
        has = _shorten(", ".join(others))
        message = f"no recorded exchange fits {request}: the recording has {wanted}, only {has}"
        return NoMatchError(message, None, ())
    order = [name for name, _ in _MATCHERS]
    # Fewest failures first; among equals the one that fails latest, for a wrong body is nearer than a wrong path.
    nearest, failures = min(kin, key=lambda one: (len(one[1]), -order.index(one[1][0].part)))
    reasons = "; ".join(str(failure) for failure in failures)
    message = f"no recorded exchange fits {request}; nearest is {nearest.label}, but {reasons}"
    return NoMatchError(message, nearest, failures)


def _kin(
    judged: Sequence[tuple[Exchange, Sequence[Departure]]], sent: RecordedRequest
) -> Sequence[tuple[Exchange, Sequence[Departure]]]:
    """Those that can be the nearest: of the operation that is asked for, else of its method, tokens apart."""
    operation = _operation_name(sent)
    named = [one for one in judged if operation is not None and _operation_name(one[0].request) == operation]
    return named or [
        one
        for one in judged
        if one[0].request.method == sent.method.upper() and is_token_request(one[0].request) == is_token_request(sent)
    ]


def _operation_name(request: RecordedRequest) -> str | None:
    operation = find_operation(request.method, request.url)
    return None if operation is None else operation.name


def _route(request: RecordedRequest) -> tuple[str, tuple[str, ...]]:
    return request.method.upper(), tuple(_addressed(request))


def _canonical_body(request: RecordedRequest) -> str:
    fields = form_fields(request)
    if fields is not None:
        return json.dumps(redaction.data(fields), sort_keys=True)
    try:
        return json.dumps(redaction.data(_content(request)), sort_keys=True)
    except (ValueError, RecursionError):
        return redaction.body(request.body).decode("latin-1")


def _multipart_fields(kind: str, body: bytes) -> dict[str, str]:
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    fields: dict[str, str] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name] = content.decode("utf-8", "replace")
    return fields


def _show(value: Any, path: Path) -> str:
    return _shorten(json.dumps(redaction.data(redaction.shown(value, path)), ensure_ascii=False))


def _show_body(body: bytes) -> str:
    return _shorten(redaction.body(body).decode("utf-8", "replace")) or "no body"


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
