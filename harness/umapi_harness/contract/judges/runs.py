"""The judge of a run's answers: what breaks the contract while a collection runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from umapi_harness.contract.answers import JsonObject, body_object, is_array, is_object, number
from umapi_harness.contract.exchanges import Exchange, RecordedRequest, RecordedResponse
from umapi_harness.contract.findings import Grade
from umapi_harness.contract.judges.responses import check_response, header_problems
from umapi_harness.contract.judging import CHANGES
from umapi_harness.contract.schema import Operation, find_operation
from umapi_harness.postman.oversight import Answered, Breach
from umapi_harness.postman.rules import Rule

_OK: Final = 200
_KEPT_LENGTH: Final = 4096
"""Bytes of bodies whose verdict is kept for the next answer of the same."""
_SHOWN: Final = 20
"""So many departures of one answer from its schema are told one by one."""


def judge_answer(answer: Answered) -> Iterator[Breach]:
    """The rules that an answer breaks by what the contract says of its operation; none for other services' answers."""
    operation = find_operation(answer.method, answer.url)
    if operation is None:
        return
    path = answer.url.partition("?")[0]
    of_body = _of_body if len(answer.body) <= _KEPT_LENGTH else _of_body.__wrapped__
    in_body, left = of_body(answer.method, path, answer.status, answer.body)
    found = [*_in_headers(answer, operation), *in_body]
    if found:
        more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        told = [found[0]] if len(found) == 1 else ["departures from its schema", *found[:_SHOWN], *more]
        yield Rule.SCHEMA, f"the answer of {operation.name}: " + "\n".join(told)
    if left:
        message = f"the answer of {operation.name} tells that commands were not completed: {left}; check it"
        yield Rule.NOT_COMPLETED, message


def _in_headers(answer: Answered, operation: Operation) -> Iterator[str]:
    known = operation.answers.get(answer.status)
    response = RecordedResponse(status=answer.status, headers=answer.headers)
    for grade, place, problem, _ in () if known is None else header_problems(response, known):
        if grade is Grade.MUST:
            yield f"{place} {problem}"


@lru_cache(maxsize=32)
def _of_body(method: str, path: str, status: int, body: bytes) -> tuple[tuple[str, ...], str]:
    """What is wrong with status and body, and what was not completed: in a run one answer comes again and again."""
    operation = find_operation(method, path)
    assert operation is not None
    exchange = Exchange(
        name=path,
        where="run",
        request=RecordedRequest(method=method, url=path),
        response=RecordedResponse(status=status, body=body),
    )
    found = check_response(exchange, operation, unknown_fields=False)
    return tuple(f"{one.place} {one.problem}" for one in found if one.grade is Grade.MUST), _left(exchange, operation)


def _left(exchange: Exchange, operation: Operation) -> str:
    """What an answer says was not done; empty where everything was, or where it is no answer to actions."""
    if operation.name not in CHANGES or exchange.response.status != _OK:
        return ""
    body = body_object(exchange.response)
    count, result = number(body.get("notCompleted")), body.get("result")
    if count:
        return f"notCompleted is {count}{_first_error(body)}"
    return f"result is {result}" if isinstance(result, str) and result not in ("", "success") else ""


def _first_error(body: JsonObject) -> str:
    """The first error of an answer to actions, with what parts it from the text before."""
    errors = body.get("errors")
    first = errors[0] if is_array(errors) and errors else None
    if not is_object(first):
        return ""
    told = [str(first[name]) for name in ("errorCode", "message") if first.get(name)]
    return f" ({', '.join(told)})" if told else ""
