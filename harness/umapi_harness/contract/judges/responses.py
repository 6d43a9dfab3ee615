"""The judge of answers: whether status, headers and body keep to what the contract says of the operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import page_of
from umapi_harness.contract.exchanges import Exchange, RecordedResponse, Recording
from umapi_harness.contract.findings import Finding, Grade, finding
from umapi_harness.contract.judging import Verdict, operation_of
from umapi_harness.contract.pseudonym_notes import NOTE, holds_pseudonym
from umapi_harness.contract.schema import Answer, Operation

NAME: Final = "response"
_OK: Final = 200
_SERVER_ERRORS: Final = 500
_BODY_OPTIONAL: Final = frozenset({401, 403, 429, 502, 503, 504})
"""Statuses that come from in front of the service, whose bodies are often empty."""
_OF_GATEWAYS: Final = frozenset({407, 408, 411, 413, 414, 421, 425, 426, 431, 451, 494, 495, 496, 497, 499})
"""Refusals by what stands in front of the service, for the request's form; those from 494 on are nginx's own."""
_DRIFT: Final = "the service has changed: note it, and add it to the schema once it is documented"
_PSEUDONYM: Final = f"the name is a pseudonym: record or redact with --accept NAME to keep it; {_DRIFT}"


@attrs.frozen
class ResponseJudge:
    """Compares each answer with the response schema of its operation and status."""

    name: str = NAME

    def judge(self, recording: Recording) -> Verdict:
        """Return where answers depart from the schema; what is not documented is drift."""
        known = [one for one in recording.exchanges if operation_of(one) is not None]
        found = tuple(one for exchange in known for one in check_response(exchange))
        left = len(recording.exchanges) - len(known)
        unjudged = {"no operation of the contract, so no schema": left} if left else {}
        return Verdict(judge=self.name, judged=len(known), unjudged=unjudged, findings=found)


def check_response(
    exchange: Exchange, operation: Operation | None = None, *, unknown_fields: bool = True
) -> tuple[Finding, ...]:
    """Return where the answer departs from the contract of its operation and status.

    Args:
        exchange: request and answer.
        operation: the one that the request is for, where that is known.
        unknown_fields: whether fields that the schema does not know are looked for, which takes longest.
    """
    operation = operation or operation_of(exchange)
    if operation is None:
        return ()
    status = exchange.response.status
    answer = operation.answers.get(status)
    if answer is None:
        known = ", ".join(str(status) for status in sorted(operation.answers))
        problem = f"{status} is not documented for {operation.name}; known are {known}"
        # Whatever stands between client and service can fail in ways of its own.
        grade = Grade.SHOULD if status >= _SERVER_ERRORS or status in _OF_GATEWAYS else Grade.MUST
        return (finding(NAME, exchange, operation.name, grade, "status", problem, expected=known, actual=str(status)),)
    return tuple(
        finding(NAME, exchange, operation.name, grade, place, problem, remedy=remedy)
        for grade, place, problem, remedy in (
            *header_problems(exchange.response, answer),
            *_body_problems(exchange, operation, answer, unknown_fields=unknown_fields),
        )
    )


_Found = tuple[Grade, str, str, str]


def header_problems(response: RecordedResponse, answer: Answer) -> Iterator[_Found]:
    """Where headers depart from those that the contract has for the status: grade, place, problem, remedy."""
    for name, schema in answer.headers.items():
        value = response.header(name)
        if value is None:
            # In failures every header is optional: which of them come depends on who refused.
            if answer.status == _OK:
                yield Grade.SHOULD, f"header {name}", "is documented, but absent", ""
        else:
            for one in schema.problems(value):
                yield Grade.MUST, f"header {name}", one.problem, ""


def _body_problems(
    exchange: Exchange, operation: Operation, answer: Answer, *, unknown_fields: bool
) -> Iterator[_Found]:
    body = exchange.response.body
    if not body.strip():
        if answer.body is not None and answer.status not in _BODY_OPTIONAL:
            yield Grade.MUST, "body", f"is empty, where {operation.name} answers with JSON", ""
        return
    if answer.body is None:
        return
    try:
        data: Any = exchange.response.json()
    except ValueError as error:
        # A gateway's own page is no answer of the service, and programs go by its status.
        grade = Grade.SHOULD if answer.status in _BODY_OPTIONAL else Grade.MUST
        yield grade, "body", f"is not JSON: {error}", ""
        return
    for one in answer.body.problems(data):
        remedy = _DRIFT if one.drift else ""
        yield Grade.MAY if one.drift else Grade.MUST, f"body {one.place}", one.problem, remedy
    page = page_of(exchange, 0, operation)
    if page is not None and page.field not in page.body:
        # The schema holds for pages of refusals too, which have no list.
        yield Grade.MUST, f"body /{page.field}", f"is missing, where {operation.name} answers with a list", ""
    for place in answer.body.unknown_fields(data) if unknown_fields else ():
        is_pseudonym = holds_pseudonym(place, exchange.notes.get(NOTE))
        yield Grade.MAY, f"body {place}", "field is not in the schema", _PSEUDONYM if is_pseudonym else _DRIFT
