"""Judges one and two: both sides of every recorded exchange keep to the schemas."""

from __future__ import annotations

import json

import attrs
import pytest

from umapi_harness.contract.findings import Finding, Grade
from umapi_harness.contract.judges.requests import check_request
from umapi_harness.contract.judges.responses import check_response
from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse
from umapi_models.requests import read_action_request
from umapi_runtime.constraints import ContractError

KNOWN_DRIFT = {
    "users.undocumented-field": ["body /users/0/tags"],
    "groups.past-the-end": [f"header X-{name}" for name in ("Total-Count", "Page-Count", "Current-Page", "Page-Size")],
}


def test_the_request_fits_the_schema_or_was_refused(exchange: Exchange) -> None:
    """A request that departs from the request schema is one that the service refused for it."""
    assert check_request(exchange) == ()


def test_the_answer_fits_the_schema(exchange: Exchange) -> None:
    """An answer departs from its schema only where Adobe has withdrawn a field or shows no headers: no MUST."""
    found = check_response(exchange)
    assert [finding.place for finding in found] == KNOWN_DRIFT.get(exchange.name, [])
    assert all(finding.grade in (Grade.SHOULD, Grade.MAY) for finding in found)


def test_a_refused_request_is_refused_with_the_code_of_the_schema(by_name: dict[str, Exchange]) -> None:
    """The code that the schema names for a broken constraint is the one that the service answered with."""
    exchange = by_name["result.error"]
    with pytest.raises(ContractError) as caught:
        read_action_request(json.loads(exchange.request.body))
    codes = [violation.code for violation in caught.value.violations]
    assert codes == [error["errorCode"] for error in exchange.response.json()["errors"]]
    assert codes == ["error.command.string.too_long"]


def _sent(body: object, url: str = "https://h/v2/usermanagement/action/1@AdobeOrg") -> RecordedRequest:
    headers = (("Content-Type", "application/json"),)
    return RecordedRequest(method="POST", url=url, headers=headers, body=json.dumps(body).encode())


def _came(body: object, status: int = 200) -> RecordedResponse:
    return RecordedResponse(status=status, headers=(("X-Request-Id", "x"),), body=json.dumps(body).encode())


def _exchange(request: RecordedRequest, response: RecordedResponse) -> Exchange:
    return Exchange(name="one", where="here", request=request, response=response)


SUCCESS = {"completed": 1, "notCompleted": 0, "completedInTestMode": 0, "result": "success"}
NO_SUCH_STEP: list[dict[str, object]] = [{"user": "a@example.com", "do": [{"addEnterpriseID": {}}]}]


def test_a_bad_request_that_the_service_took_is_an_error() -> None:
    """What our schema refuses and the service accepts is reported with its JSON pointer."""
    found = check_request(_exchange(_sent(NO_SUCH_STEP), _came(SUCCESS)))
    assert [(one.grade, one.judge, one.place) for one in found] == [(Grade.MUST, "request", "body /0/do/0")]
    assert "addEnterpriseID" in found[0].problem


def test_only_the_refused_command_is_excused() -> None:
    """An error for one command does not excuse another one that breaks the schema."""
    answer = {
        "completed": 1,
        "notCompleted": 1,
        "completedInTestMode": 0,
        "result": "partial",
        "errors": [{"index": 0, "step": 0, "message": "m", "errorCode": "error.command.step.unknown"}],
    }
    found = check_request(_exchange(_sent(NO_SUCH_STEP * 2), _came(answer)))
    assert [one.place for one in found] == ["body /1/do/0"]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://h/v2/usermanagement/action/1@AdobeOrg?testOnly=perhaps", "query testOnly"),
        ("https://h/v2/usermanagement/action/1@AdobeOrg?test=true", "query test"),
        ("https://h/v2/usermanagement/action/AdobeOrg", "path orgId"),
        ("https://h/v2/usermanagement/actions/1@AdobeOrg", "URL"),
    ],
)
def test_parameters_are_checked(url: str, place: str) -> None:
    """Parameters that are unknown or of the wrong form, and paths of no operation, are errors."""
    body = [{"user": "a@example.com", "do": [{"remove": "all"}]}]
    assert place in [one.place for one in check_request(_exchange(_sent(body, url), _came(SUCCESS)))]


@pytest.mark.parametrize(
    ("kind", "body", "problem"),
    [
        ("application/json", b"[", "is not JSON"),
        ("text/plain", b"[]", "text/plain is not among application/json"),
        ("application/json", b"", "is missing"),
    ],
)
def test_bodies_that_cannot_be_read_are_errors(kind: str, body: bytes, problem: str) -> None:
    """A request body that is missing, no JSON or of another media type is reported as such."""
    request = attrs.evolve(_sent([]), headers=(("Content-Type", kind),), body=body)
    (found,) = check_request(_exchange(request, _came(SUCCESS)))
    assert found.problem.startswith(problem)


def _answer_findings(response: RecordedResponse, operation: str = "users") -> tuple[Finding, ...]:
    request = RecordedRequest(method="GET", url="https://h/v2/usermanagement/users/1@AdobeOrg/0")
    return check_response(attrs.evolve(_exchange(request, response), operation=operation))


@pytest.mark.parametrize(
    ("body", "place", "grade"),
    [
        ({"lastPage": "yes", "result": "success", "users": []}, "body /lastPage", Grade.MUST),
        ({"lastPage": True}, "body /", Grade.MUST),
        ({"lastPage": True, "result": "success", "users": [], "next": 1}, "body /next", Grade.MAY),
        (
            {
                "lastPage": True,
                "result": "success",
                "users": [
                    {"email": "a", "status": "paused", "username": "a", "domain": "d", "type": "federatedID"},
                ],
            },
            "body /users/0/status",
            Grade.MAY,
        ),
    ],
)
def test_answers_are_graded(body: object, place: str, grade: Grade) -> None:
    """A missing field or wrong type is an error; unknown fields and new members of open enums are drift."""
    found = [one for one in _answer_findings(_came(body)) if one.place.startswith("body")]
    assert [(one.place, one.grade) for one in found] == [(place, grade)]
    assert str(found[0]).startswith(f"{grade} response: here one: {place}: ")


def test_missing_headers_are_drift_and_wrong_ones_errors() -> None:
    """A page without its counts is a lesser finding for each; a count that is no number breaks the contract."""
    page = {"lastPage": True, "result": "success", "users": []}
    response = attrs.evolve(_came(page), headers=(("x-page-size", "many"),))
    found = {one.place: one.grade for one in _answer_findings(response)}
    assert found == {
        "header X-Request-Id": Grade.SHOULD,
        "header X-Total-Count": Grade.SHOULD,
        "header X-Page-Count": Grade.SHOULD,
        "header X-Current-Page": Grade.SHOULD,
        "header X-Page-Size": Grade.MUST,
    }


@pytest.mark.parametrize(
    ("response", "place", "problem"),
    [
        (RecordedResponse(status=418), "status", "418 is not documented for users"),
        (RecordedResponse(status=200, body=b""), "body", "is empty"),
        (RecordedResponse(status=200, body=b"<html>"), "body", "is not JSON"),
        (RecordedResponse(status=200, body=b'{"result": "", "\\ud800": 1}'), "body /", "cannot be checked"),
    ],
)
def test_answers_that_cannot_be_read_are_errors(response: RecordedResponse, place: str, problem: str) -> None:
    """An unknown status, an empty body where one is due and a body that is no JSON are errors."""
    found = [one for one in _answer_findings(response) if one.grade is Grade.MUST]
    assert [one.place for one in found] == [place]
    assert found[0].problem.startswith(problem)


def test_refusals_in_front_of_the_service_need_no_body() -> None:
    """An empty 401, 403, 429 or 5xx keeps to the contract."""
    for status in (401, 403, 429, 502, 503, 504):
        assert _answer_findings(RecordedResponse(status=status)) == ()


@pytest.mark.parametrize("status", [408, 413, 414, 431, 451, 494, 499, 500, 503, 508, 520])
def test_statuses_of_gateways_are_no_errors_of_the_service(status: int) -> None:
    """What stands in front of the service may refuse in ways that nobody documents for it: that is never a MUST."""
    found = _answer_findings(RecordedResponse(status=status, body=b"<html>no</html>"))
    assert {one.grade for one in found} <= {Grade.SHOULD}
