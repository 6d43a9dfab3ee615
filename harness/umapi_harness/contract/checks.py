"""Checks: whether the two sides of an exchange keep to the documented contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import attrs

from umapi_harness.contract.matching import form_fields
from umapi_harness.contract.recordings import Exchange, RecordedRequest
from umapi_harness.contract.schema import Answer, Operation, Parameter, Problem, find_operation, operations

_OK = 200
_BAD_REQUEST = 400
_JSON = "application/json"

# Statuses that come from in front of the service, whose bodies are often empty.
_BODY_OPTIONAL = frozenset({401, 403, 429, 502, 503, 504})


class Grade(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """The contract is broken."""
    WARNING = "warning"
    """The other side says more, or less, than is documented; tolerant programs work all the same."""


class Side(StrEnum):
    """Which side of the exchange a finding is about."""

    REQUEST = "request"
    RESPONSE = "response"


@attrs.frozen(kw_only=True)
class Finding:
    """One departure from the contract."""

    grade: Grade
    side: Side
    exchange: str
    """Name of the exchange."""
    place: str
    """Where: status, body, header X or query x, with a JSON pointer for places inside a body."""
    problem: str

    def __str__(self) -> str:
        return f"{self.grade}: {self.exchange}: {self.side} {self.place}: {self.problem}"


def check(exchange: Exchange) -> tuple[Finding, ...]:
    """Return the findings on both sides of an exchange, the request's first; empty when it keeps to the contract."""
    return check_request(exchange) + check_response(exchange)


def check_request(exchange: Exchange) -> tuple[Finding, ...]:
    """Return where the request departs from the contract without having been refused for it.

    A departure is no finding when the service refused the request as a whole, or reported an error for the
    command that holds it: then contract and service agree.
    """
    operation = operation_of(exchange)
    if operation is None:
        problem = f"{exchange.request.method} {exchange.request.url} is no operation of the API"
        return (_finding(exchange, Side.REQUEST, "URL", problem),) if exchange.response.status < _BAD_REQUEST else ()
    if exchange.response.status >= _BAD_REQUEST:
        return ()
    parameters = _parameter_problems(operation, exchange.request)
    refused = _refused_commands(exchange)
    body = (
        (f"body {problem.pointer or '/'}", problem.message)
        for problem in _request_body_problems(operation, exchange.request)
        if problem.pointer.partition("/")[2].partition("/")[0] not in refused
    )
    return tuple(_finding(exchange, Side.REQUEST, place, problem) for place, problem in (*parameters, *body))


def check_response(exchange: Exchange) -> tuple[Finding, ...]:
    """Return where the answer departs from the contract of its operation and status."""
    operation = operation_of(exchange)
    if operation is None:
        return ()
    status = exchange.response.status
    answer = operation.answers.get(status)
    if answer is None:
        known = ", ".join(str(status) for status in sorted(operation.answers))
        problem = f"{status} is not documented for {operation.name}; known are {known}"
        return (_finding(exchange, Side.RESPONSE, "status", problem),)
    return (*_header_findings(exchange, answer), *_body_findings(exchange, answer))


def operation_of(exchange: Exchange) -> Operation | None:
    """Return the operation that the recording names, else the one that its method and path are of."""
    if exchange.operation is not None:
        return operations().get(exchange.operation)
    return find_operation(exchange.request.method, exchange.request.url)


def _finding(exchange: Exchange, side: Side, place: str, problem: str, grade: Grade = Grade.ERROR) -> Finding:
    return Finding(grade=grade, side=side, exchange=exchange.name, place=place, problem=problem)


def _parameter_problems(operation: Operation, request: RecordedRequest) -> Iterator[tuple[str, str]]:
    parts = urlsplit(request.url)
    values = operation.path_values(parts.path)
    if request.method != operation.method or values is None:
        yield "URL", f"{request.method} {parts.path} is not {operation.method} {operation.path}"
        return
    given = [("path", name, text) for name, text in values.items()]
    given += [("query", name, text) for name, text in parse_qsl(parts.query, keep_blank_values=True)]
    for place, name, text in given:
        parameter = operation.parameter(name, place)
        if parameter is None:
            yield f"{place} {name}", "is no parameter of the operation"
        else:
            yield from ((f"{place} {name}", problem) for problem in _value_problems(parameter, text))


def _value_problems(parameter: Parameter, text: str) -> list[str]:
    return [problem.message for problem in parameter.schema.problems(parameter.value(text))]


def _request_body_problems(operation: Operation, request: RecordedRequest) -> tuple[Problem, ...]:
    if not request.body:
        return (Problem("", "is missing", False),) if operation.body_required else ()
    if not operation.request_bodies:
        return (Problem("", f"{operation.name} takes none", False),)
    kind = (request.header("Content-Type") or _JSON).partition(";")[0].strip().lower()
    schema = operation.request_bodies.get(kind)
    if schema is None:
        return (Problem("", f"{kind} is not among {', '.join(operation.request_bodies)}", False),)
    if kind != _JSON:
        return schema.problems(form_fields(request))
    try:
        return schema.problems(json.loads(request.body))
    except ValueError as error:
        return (Problem("", f"is not JSON: {error}", False),)


def _refused_commands(exchange: Exchange) -> frozenset[str]:
    """The commands of an action request that the service reported an error for, by their places."""
    try:
        data: Any = exchange.response.json()
    except ValueError:
        return frozenset()
    entries: Any = cast("dict[str, Any]", data).get("errors") if isinstance(data, dict) else None
    errors = cast("list[object]", entries) if isinstance(entries, list) else []
    return frozenset(str(cast("dict[str, object]", one).get("index")) for one in errors if isinstance(one, dict))


def _header_findings(exchange: Exchange, answer: Answer) -> Iterator[Finding]:
    for name, schema in answer.headers.items():
        value = exchange.response.header(name)
        if value is None:
            # In failures every header is optional: which of them come depends on who refused.
            if answer.status == _OK:
                yield _finding(exchange, Side.RESPONSE, f"header {name}", "is documented, but absent", Grade.WARNING)
        else:
            for problem in schema.problems(value):
                yield _finding(exchange, Side.RESPONSE, f"header {name}", problem.message)


def _body_findings(exchange: Exchange, answer: Answer) -> Iterator[Finding]:
    body = exchange.response.body
    if not body.strip():
        if answer.body is not None and answer.status not in _BODY_OPTIONAL:
            yield _finding(exchange, Side.RESPONSE, "body", "is empty")
        return
    if answer.body is None:
        return
    try:
        data: Any = exchange.response.json()
    except ValueError as error:
        yield _finding(exchange, Side.RESPONSE, "body", f"is not JSON: {error}")
        return
    for problem in answer.body.problems(data):
        grade = Grade.WARNING if problem.drift else Grade.ERROR
        yield _finding(exchange, Side.RESPONSE, f"body {problem.pointer or '/'}", problem.message, grade)
    for place in answer.body.unknown_fields(data):
        yield _finding(exchange, Side.RESPONSE, f"body {place}", "field is not in the schema", Grade.WARNING)
