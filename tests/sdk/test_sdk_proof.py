"""What proves that an action is completed: no answer that contradicts itself, or hides an error, does."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from kinds_kit import KINDS, calling
from sdk_kit import Reply, ScriptedServer, Time

from umapi_sdk import OutcomeStatus, UmapiError, UserAction

kinds = pytest.mark.parametrize("kind", KINDS)
GOOD = {"completed": 1, "notCompleted": 0, "completedInTestMode": 0, "result": "success"}
ERROR = {"index": 0, "step": 0, "errorCode": "error.group.not_found", "message": "no group"}
WITHOUT_PROOF: dict[str, Any] = {
    "errors under another name": {**GOOD, "errorList": [ERROR]},
    "errors in capitals": {**GOOD, "Errors": [ERROR]},
    "failures": {**GOOD, "failures": {"0": "no group"}},
    "an error at the top": {**GOOD, "error": "no group"},
    "errorCode at the top": {**GOOD, "errorCode": "error.group.not_found"},
    "error_code at the top": {**GOOD, "error_code": "500"},
    "errorMessage at the top": {**GOOD, "errorMessage": "no group"},
    "an error among warnings": {**GOOD, "warnings": [ERROR]},
    "a warning with the code of an error": {**GOOD, "warnings": [{**ERROR, "warningCode": "error.group.not_found"}]},
    "success is false": {**GOOD, "success": False},
    "a status of failure": {**GOOD, "status": 500},
    "a status in words": {**GOOD, "status": "FAILED"},
    "a result of error": {**GOOD, "result": "error"},
    "a result of partial": {**GOOD, "result": "partial"},
    "a result of no text": {**GOOD, "result": {"value": "success"}},
    "a result of nothing": {**GOOD, "result": ""},
    "an unknown result": {**GOOD, "result": "queued"},
    "a count of no number": {**GOOD, "completed": "all"},
    "a count below 0": {**GOOD, "notCompleted": -1},
    "the other count of no number": {**GOOD, "completedInTestMode": []},
    "too many completed": {**GOOD, "completed": 2},
    "none completed": {**GOOD, "completed": 0},
    "completed in test mode too": {**GOOD, "completedInTestMode": 1},
    "notCompleted alone": {"notCompleted": 0},
    "result alone": {"result": "success"},
    "no count of those completed": {"notCompleted": 0, "completedInTestMode": 0},
}


def outcome_of(kind: str, body: object, wire: ScriptedServer, time: Time) -> OutcomeStatus:
    """What an action comes to whose request gets this answer."""
    wire.replies.append(Reply(body=body))
    action = UserAction("a@example.com").add_to_groups(["g"])
    with calling(kind, wire, time) as caller, contextlib.suppress(UmapiError):
        caller.execute(action)
    assert action.outcome is not None
    assert action.outcome.status is not OutcomeStatus.UNKNOWN or action.outcome.reason
    return action.outcome.status


@kinds
@pytest.mark.parametrize("case", WITHOUT_PROOF)
def test_answer_without_proof_completes_nothing(kind: str, case: str, wire: ScriptedServer, time: Time) -> None:
    """An error anywhere in the answer, a field that makes no sense or too few of them: the outcome is unknown."""
    assert outcome_of(kind, WITHOUT_PROOF[case], wire, time) is OutcomeStatus.UNKNOWN


@kinds
def test_answer_that_came_and_cannot_be_read(kind: str, wire: ScriptedServer, time: Time) -> None:
    """A body that is not the gzip it says is an answer all the same: that none came would be untrue."""
    wire.replies.append(Reply(body=b"plain", headers={"Content-Encoding": "gzip"}))
    said = "^the answer cannot be read, and the request may have taken effect: the answer's body is not gzip"
    with calling(kind, wire, time) as caller, pytest.raises(UmapiError, match=said):
        caller.execute(UserAction("a@example.com").add_to_groups(["g"]))


@kinds
def test_field_that_stands_twice_proves_nothing(kind: str, wire: ScriptedServer, time: Time) -> None:
    """Where a field stands twice and differently, which of the two holds is not known."""
    body = json.dumps({**GOOD, "errors": [ERROR]})[:-1] + ', "errors": []}'
    assert outcome_of(kind, body.encode(), wire, time) is OutcomeStatus.UNKNOWN


@kinds
@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        {**GOOD, "result": "Success"},
        {**GOOD, "errors": []},
        {**GOOD, "errors": None, "warnings": None, "error": None, "errorCode": ""},
        {**GOOD, "failedCommands": 0, "success": True, "status": 200, "message": "error-free"},
        {**GOOD, "warnings": [{"index": 0, "warningCode": "warning.command.deprecated", "message": "m"}]},
        {"completed": 1},
        {"notCompleted": 0, "result": "success"},
        {"completed": "1", "notCompleted": 0.0},
    ],
    ids=str,
)
def test_answer_with_proof_completes(kind: str, body: object, wire: ScriptedServer, time: Time) -> None:
    """Counts that fit, with nothing that speaks against them, are the proof; fields that say nothing do no harm."""
    assert outcome_of(kind, body, wire, time) is OutcomeStatus.COMPLETED
