"""Requests that came to the wrong place: nobody has carried them out, and the setting to correct is named."""

from __future__ import annotations

from typing import Any

import pytest
from kinds_kit import KINDS, calling
from sdk_kit import Reply, ScriptedServer, Time, all_good

from umapi_sdk import OutcomeStatus, ServiceError, UmapiError, UserAction

kinds = pytest.mark.parametrize("kind", KINDS)


def coded(code: str, **fields: Any) -> dict[str, Any]:
    """The body of a refusal by the service."""
    return {"result": code, "message": "its words", **fields}


PAGE = b"<!DOCTYPE html><title>Not here</title>"
WRONG_PLACES = {
    "organisation": (Reply(status=400, body=coded("error.organization.invalid_id")), "org_id (UMAPI_ORG_ID)"),
    "organisation's name": (Reply(status=404, body=coded("error.organization.invalid_name")), "UMAPI_ORG_ID"),
    "organisation that moves": (Reply(status=400, body=coded("error.organization.migrating")), "wait until"),
    "key": (Reply(status=400, body=coded("error.apikey.invalid")), "client_id (UMAPI_CLIENT_ID)"),
    "call switched off": (Reply(status=404, body=coded("error.api.not_available")), "wait until"),
    "no such path": (Reply(status=404), "endpoint (UMAPI_ENDPOINT)"),
    "no such path at a gateway": (
        Reply(status=404, body={"error_code": "404000", "message": "Resource not found"}), "endpoint (UMAPI_ENDPOINT)"
    ),
    "JSON of another service": (Reply(status=404, body={"detail": "Not Found"}), "endpoint (UMAPI_ENDPOINT)"),
    "text of another service": (Reply(status=404, body=b"404 page not found\n"), "endpoint (UMAPI_ENDPOINT)"),
    "another method": (Reply(status=405, body=PAGE), "endpoint (UMAPI_ENDPOINT)"),
    "gone": (Reply(status=410), "endpoint (UMAPI_ENDPOINT)"),
    "http to a port of https": (Reply(status=400, body=PAGE), "endpoint (UMAPI_ENDPOINT)"),
    "server of files": (Reply(status=501, body=PAGE), "endpoint (UMAPI_ENDPOINT)"),
    "sent elsewhere": (Reply(status=308, headers={"Location": "https://x/"}), "endpoint (UMAPI_ENDPOINT)"),
}  # fmt: skip


@kinds
@pytest.mark.parametrize("case", WRONG_PLACES)
def test_action_that_came_to_the_wrong_place_stays_queued(
    kind: str, case: str, wire: ScriptedServer, time: Time
) -> None:
    """A wrong organisation, key or address is no fault of the actions: they go out once it is right."""
    reply, setting = WRONG_PLACES[case]
    wire.replies.append(reply)
    wire.answer = all_good
    action = UserAction("a@example.com").add_adobe_id()
    with calling(kind, wire, time) as caller:
        with pytest.raises(ServiceError) as caught:
            caller.execute(action)
        assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.NOT_SENT]
        assert (caller.queued, setting in str(caught.value)) == ((action,), True)
        assert caller.execute().completed == 1


@kinds
@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404, body=coded("error.group.not_found")),
        Reply(status=400, body=coded("error.command.malformed")),
        Reply(status=400),
        Reply(status=413),
    ],
    ids=lambda reply: str(reply.status),
)
def test_action_that_the_service_refused_is_failed(kind: str, reply: Reply, wire: ScriptedServer, time: Time) -> None:
    """A refusal in the service's own words, or one that every web server can have for a request, fails the action."""
    wire.replies.append(reply)
    with calling(kind, wire, time) as caller:
        with pytest.raises(ServiceError) as caught:
            caller.execute(UserAction("a@example.com").add_adobe_id())
        assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.FAILED]
        assert caller.queued == ()


@kinds
@pytest.mark.parametrize("status", [200, 500])
def test_page_that_can_stand_before_an_answer_is_unknown(
    kind: str, status: int, wire: ScriptedServer, time: Time
) -> None:
    """A page with a status that can follow the work, as a proxy gives in place of an answer, proves nothing."""
    wire.replies.append(Reply(status=status, body=PAGE))
    with calling(kind, wire, time) as caller:
        with pytest.raises(ServiceError) as caught:
            caller.execute(UserAction("a@example.com").add_adobe_id())
        assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.UNKNOWN]


@kinds
@pytest.mark.parametrize("reply", [Reply(cut=True), Reply(status=408)], ids=["lost", "408"])
def test_lost_question_can_simply_be_asked_again(kind: str, reply: Reply, wire: ScriptedServer, time: Time) -> None:
    """A query that got no answer changed nothing: its error says so, and nothing of actions or of looking first."""
    wire.answer = lambda _: reply
    with calling(kind, wire, time) as caller, pytest.raises(UmapiError) as caught:
        caller.user("a@example.com")
    said = str(caught.value)
    assert "nothing was changed: it can be asked again" in said
    assert [word for word in ("action", "effect", "ook ", "sending", "applied") if word in said] == []


@kinds
def test_action_after_408_says_what_408_is(kind: str, wire: ScriptedServer, time: Time) -> None:
    """A 408 to an action is told as a time-out that leaves its effect open, not as a refusal."""
    wire.answer = lambda _: Reply(status=408)
    with calling(kind, wire, time) as caller, pytest.raises(ServiceError) as caught:
        caller.execute(UserAction("a@example.com").add_adobe_id())
    assert "timed out at the service, and may have taken effect" in str(caught.value)
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.UNKNOWN]
