"""Verification: what was received is counted, and what came close is explained."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from umapi_harness.mock.control.verification import verify
from umapi_harness.mock.faults.plans import read_plan
from umapi_harness.mock.state.journal import Journal

if TYPE_CHECKING:
    from tests.mock.conftest import Mock


CREATE = {"user": "new@example.com", "step": "createFederatedID"}


def create(email: str, country: str = "DE") -> dict[str, Any]:
    """A command that creates a Federated ID and puts it into two groups."""
    fields = {"email": email, "firstname": "A", "lastname": "B", "country": country}
    return {"user": email, "do": [{"createFederatedID": fields}, {"add": {"group": ["DevOps", "Marketing"]}}]}


def asked(mock: Mock, **wanted: Any) -> dict[str, Any]:
    """The answer to a verification."""
    answer = mock.client.post("/_mock/verify", json=wanted)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def test_exactly_one_create(mock: Mock) -> None:
    """One create step for a user is found whatever the letter case, and a second one is one too many."""
    mock.act(create("new@example.com"), create("other@example.com"))
    wanted = {"user": "New@Example.com", "step": "createFederatedID", "fields": {"country": "DE"}, "exactly": 1}
    result = asked(mock, **wanted)
    assert (result["passed"], result["count"], result["counted"]) == (True, 1, "steps")
    assert {"command": 0, "step": 0, "status": 200, "effect": "all"}.items() <= result["matches"][0].items()
    mock.act(create("new@example.com"))
    result = asked(mock, **wanted)
    assert (result["passed"], result["count"], result["near_misses"]) == (False, 2, [])


@pytest.mark.parametrize(
    ("wanted", "but"),
    [
        (
            {"user": "new@example.com", "step": "createFederatedID", "fields": {"country": "US"}},
            'country is "DE", not "US"',
        ),
        (
            {"user": "new@example.com", "step": "createFederatedID", "fields": {"option": "x"}},
            'option is absent, not "x"',
        ),
        ({"user": "mew@example.com", "step": "createFederatedID"}, 'user is "new@example.com", not "mew@example.com"'),
        ({"user": "new@example.com", "step": "update"}, 'step is "add", not "update"'),
        ({"usergroup": "DevOps", "step": "add"}, 'usergroup is absent, not "DevOps"'),
        ({"user": "new@example.com", "step": "add", "status": 503}, "status is 200, not 503"),
        ({"user": "new@example.com", "test_mode": True}, "test_mode is false, not true"),
    ],
)
def test_near_misses_are_explained(mock: Mock, wanted: dict[str, Any], but: str) -> None:
    """What differs in one point is shown with that point."""
    mock.act(create("new@example.com"))
    result = asked(mock, **wanted)
    assert (result["passed"], result["count"]) == (False, 0)
    assert but in result["near_misses"][0]["but"]
    assert but in result["message"]
    assert "\n" not in result["message"]


def test_the_fewest_differences_come_first(mock: Mock) -> None:
    """Of several near misses the nearest and latest is the first, and there are five at most."""
    for country in ("DE", "FR", "GB", "JP", "BR", "IN"):
        mock.act(create(f"{country}@example.com", country))
    result = asked(mock, user="in@example.com", step="createFederatedID", fields={"country": "CH"})
    assert len(result["near_misses"]) == 5
    assert result["near_misses"][0]["but"] == ['country is "IN", not "CH"']


def test_lists_may_be_in_any_order(mock: Mock) -> None:
    """Names in a list are a set; one name more makes another list."""
    mock.act(create("new@example.com"))
    assert asked(mock, step="add", fields={"group": ["Marketing", "DevOps"]})["passed"]
    assert not asked(mock, step="add", fields={"group": ["Marketing"]})["passed"]


def test_requests_and_commands_are_counted(mock: Mock) -> None:
    """Without a step, commands are counted; without a user or group, requests."""
    mock.act(create("a@example.com"), create("b@example.com"))
    mock.users()
    mock.users()
    assert asked(mock, operation="users", exactly=2)["counted"] == "requests"
    assert asked(mock, user="a@example.com", exactly=1)["counted"] == "commands"
    assert asked(mock, operation="groups", exactly=0)["passed"]
    assert asked(mock, operation="users", at_least=1, at_most=2)["passed"]
    assert not asked(mock, operation="users", at_most=1)["passed"]
    assert asked(mock)["count"] == 3
    assert asked(mock, client_id=mock.server.details.client_id, org_id=mock.org_id)["count"] == 3


def test_what_was_received_but_not_applied(mock: Mock) -> None:
    """A create whose first sending had no effect was received twice and applied once."""
    mock.world.faults.replace(read_plan({"operation": "action", "first": 1}).faults)
    for _ in range(2):
        mock.post(json.dumps([create("new@example.com")]).encode())
    wanted = {"user": "new@example.com", "step": "createFederatedID"}
    assert asked(mock, **wanted)["count"] == 2
    assert asked(mock, **wanted, effect="all", exactly=1)["passed"]


def test_a_step_that_failed_took_no_effect(mock: Mock) -> None:
    """Of a request that was carried out in part, `effect` tells of each command and step whether that was."""
    foreign = create("new@unclaimed.example")
    lost = {"user": "new@example.com", "do": [create("new@example.com")["do"][0], {"add": {"group": ["Nope"]}}]}
    answer = mock.act(foreign, lost, create("good@example.com"))
    assert (answer["completed"], answer["notCompleted"]) == (1, 2)
    step = {"step": "createFederatedID", "effect": "all", "exactly": 1}
    assert asked(mock, **step, user="new@example.com")["passed"]
    failed = asked(mock, **step, user="new@unclaimed.example")
    assert (failed["passed"], failed["near_misses"][0]["fate"]) == (False, "failed")
    assert failed["message"].endswith('but effect is "none", not "all" (the step failed)')
    assert asked(mock, user="new@unclaimed.example", step="add", effect="none", exactly=1)["passed"]
    assert asked(mock, user="new@example.com", step="add", effect="all", exactly=0)["passed"]
    effects = {
        user: effect
        for user in ("new@unclaimed.example", "new@example.com", "good@example.com")
        for effect in ("all", "part", "none")
        if asked(mock, user=user, effect=effect, exactly=1)["passed"]
    }
    assert list(effects.values()) == ["none", "part", "all"]
    assert asked(mock, operation="action", effect="part", exactly=1)["passed"]


def test_what_a_fault_left_out_took_no_effect(mock: Mock) -> None:
    """A step of the half that a fault left out was not tried, though its request took effect in part."""
    mock.world.faults.replace(read_plan({"operation": "action", "when": "during", "first": 1}).faults)
    mock.post(json.dumps([create("new@example.com"), create("other@example.com")]).encode())
    assert asked(mock, step="add", user="new@example.com", effect="all", exactly=1)["passed"]
    left = asked(mock, step="add", user="other@example.com", effect="all")
    assert not left["passed"]
    assert left["message"].endswith("(the step was not tried)")


def test_in_test_mode_nothing_takes_effect(mock: Mock) -> None:
    """A step that was only checked is told as such, and its request has no effect."""
    mock.act(create("new@example.com"), test_mode=True)
    assert not asked(mock, **CREATE, effect="all")["passed"]
    assert asked(mock, **CREATE, effect="none", test_mode=True, exactly=1)["matches"][0]["fate"] == "checked"
    assert asked(mock, operation="action", effect="none", exactly=1)["passed"]


def test_bodies_that_are_no_commands(mock: Mock) -> None:
    """Whatever was posted, verification goes past what it cannot read."""
    bodies = (
        b"{",
        b"[]",
        b"{}",
        b"[1]",
        b'[{"do": 1}]',
        b'[{"do": [1]}]',
        b'[{"user": 5, "do": [{"add": 7}]}]',
        b"\xff",
    )
    for body in bodies:
        mock.post(body)
    assert asked(mock, operation="action", exactly=len(bodies))["passed"]
    assert asked(mock, step="add", fields={"group": []})["near_misses"][0]["but"] == ["group is absent, not []"]


def test_what_the_journal_has_forgotten_is_told() -> None:
    """A bounded journal says how many requests it no longer holds."""
    journal = Journal(size=2)
    entry: dict[str, Any] = {"time": 0.0, "org_id": "", "method": "GET", "path": "/", "query": "", "client_id": None}
    entry |= {"request_headers": {}, "request_body": b"", "status": 200, "response_headers": {}, "response_body": b""}
    for _ in range(5):
        journal.record(operation="status", fault=None, effect="all", **entry)
    result = verify(journal, {"exactly": 5})
    assert (result["passed"], result["forgotten"]) == (False, 3)
    assert "the journal has forgotten 3 older requests" in result["message"]
    journal.clear()
    assert verify(journal, {"exactly": 0})["forgotten"] == 0


def test_the_journal_is_bounded_by_size_too() -> None:
    """Large bodies push older entries out, and the numbers go on."""
    journal = Journal(room=100_000)
    entry: dict[str, Any] = {"time": 0.0, "org_id": "", "method": "POST", "path": "/", "query": "", "client_id": None}
    entry |= {"request_headers": {}, "status": 200, "response_headers": {}, "response_body": b""}
    for _ in range(10):
        journal.record(operation="action", fault=None, effect="all", request_body=b"x" * 30_000, **entry)
    assert [one["number"] for one in journal.as_list()] == [8, 9, 10]
    assert list(journal.numbers) == [8, 9, 10]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "body: /: [] is not of type"),
        ({"steps": "add"}, "body: /: Additional properties are not allowed ('steps' was unexpected)"),
        ({"step": "createFederatedId"}, 'body: /step: "createFederatedId" is not one of "addAdobeID"'),
        ({"operation": "actions"}, 'body: /operation: "actions" is not one of'),
        ({"exactly": -1}, "body: /exactly: -1 is less than the minimum of 0"),
        ({"exactly": 1, "at_most": 2}, "body: exactly and at_most exclude each other; remove one"),
        ({"at_least": 3, "at_most": 2}, "body: at_least is more than at_most; correct one of them"),
        ({"user": "a", "usergroup": "b"}, "body: a command has user or usergroup, never both; remove one"),
        ({"fields": {}}, "body: fields belong to a step; add step"),
        ({"operation": "users", "user": "a"}, "body: /user: only action calls have commands; remove it or operation"),
    ],
)
def test_bad_verifications(mock: Mock, document: Any, message: str) -> None:
    """A verification that makes no sense is 400 with one line."""
    answer = mock.client.post("/_mock/verify", json=document)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)


def test_a_misspelt_step_leads_to_the_right_one(mock: Mock) -> None:
    """The error about a name that is almost one of those known ends with that name."""
    answer = mock.client.post("/_mock/verify", json={"step": "createFederatedId"})
    assert answer.json()["error"].endswith("; is createFederatedID meant?")
