"""The judge of requests: whether what was sent keeps to our request schema, or was refused for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

import attrs

from umapi_harness.common.departures import Departure
from umapi_harness.contract import redaction
from umapi_harness.contract.api_paths import api_path
from umapi_harness.contract.findings import Finding, Grade, finding
from umapi_harness.contract.judging import Verdict, operation_of
from umapi_harness.contract.matching import form_fields
from umapi_harness.contract.recordings import Exchange, RecordedRequest, Recording
from umapi_harness.contract.schema import Operation, Parameter

NAME: Final = "request"
_BAD_REQUEST: Final = 400
_JSON: Final = "application/json"
_SHOWN: Final = 200  # characters of a message from the schema library, which can quote the whole of a body


@attrs.frozen
class RequestJudge:
    """Compares each request with the request schema of its operation."""

    name: str = NAME

    def judge(self, recording: Recording) -> Verdict:
        """Return where requests depart from the schema without having been refused for it."""
        found = tuple(one for exchange in recording.exchanges for one in check_request(exchange))
        return Verdict(judge=self.name, judged=len(recording.exchanges), findings=found)


def check_request(exchange: Exchange) -> tuple[Finding, ...]:
    """Return where the request departs from the contract without having been refused for it.

    A departure is no finding when the service refused the request as a whole, or reported an error for the
    command that holds it: then contract and service agree.
    """
    operation = operation_of(exchange)
    if exchange.response.status >= _BAD_REQUEST:
        return ()
    if operation is None:
        problem = f"{exchange.request.method} {urlsplit(exchange.request.url).path} is no operation of the contract"
        remedy = "the service answers it: describe it in schema/openapi.json"
        return (finding(NAME, exchange, None, Grade.SHOULD, "URL", problem, remedy=remedy),)
    parameters = _parameter_problems(operation, exchange.request)
    refused = _refused_commands(exchange)
    body = (
        (Grade.MUST, f"body {one.place}", _shortened(one.problem))
        for one in _request_body_problems(operation, exchange.request)
        if str(next(iter(one.path), "")) not in refused
    )
    remedy = "the service took it: either it tolerates this, or our schema asks for too much"
    return tuple(
        finding(NAME, exchange, operation.name, grade, place, problem, remedy=remedy)
        for grade, place, problem in (*parameters, *body)
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[-_SHOWN // 2 :]}"


def _parameter_problems(operation: Operation, request: RecordedRequest) -> Iterator[tuple[Grade, str, str]]:
    parts = urlsplit(request.url)
    values = operation.path_values(api_path(request.url))
    if request.method != operation.method or values is None:
        yield Grade.MUST, "URL", f"{request.method} {parts.path} is not {operation.method} {operation.path}"
        return
    given = [("path", name, text) for name, text in values.items()]
    given += [("query", name, text) for name, text in parse_qsl(parts.query, keep_blank_values=True)]
    documented = [one.name for one in operation.parameters if one.place == "header"]
    given += [("header", name, text) for name in documented if (text := request.header(name)) is not None]
    for place, name, text in given:
        parameter = operation.parameter(name, place)
        if parameter is None:
            yield Grade.SHOULD, f"{place} {name}", "is no parameter of the operation"
        else:
            yield from ((Grade.MUST, f"{place} {name}", problem) for problem in _value_problems(parameter, text))


def _value_problems(parameter: Parameter, text: str) -> list[str]:
    return [one.problem for one in parameter.schema.problems(parameter.value(text))]


def _request_body_problems(operation: Operation, request: RecordedRequest) -> tuple[Departure, ...]:
    if not request.body:
        return (Departure((), "is missing"),) if operation.body_required else ()
    if not operation.request_bodies:
        return (Departure((), f"{operation.name} takes none"),)
    kind = (request.header("Content-Type") or _JSON).partition(";")[0].strip().lower()
    schema = operation.request_bodies.get(kind)
    if schema is None:
        return (Departure((), f"{kind} is not among {', '.join(operation.request_bodies)}"),)
    if kind != _JSON:
        return schema.problems(redaction.data(form_fields(request)))  # a message quotes what it is about
    try:
        return schema.problems(json.loads(request.body))
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        return (Departure((), f"is not JSON: {reason}"),)


def _refused_commands(exchange: Exchange) -> frozenset[str]:
    """The commands of an action request that the service reported an error for, by their places."""
    try:
        data: Any = exchange.response.json()
    except ValueError:
        return frozenset()
    entries: Any = cast("dict[str, Any]", data).get("errors") if isinstance(data, dict) else None
    errors = cast("list[object]", entries) if isinstance(entries, list) else []
    return frozenset(str(cast("dict[str, object]", one).get("index")) for one in errors if isinstance(one, dict))
