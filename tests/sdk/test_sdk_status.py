"""The status of a connection: what it has done, and the service's state as last heard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sdk_kit import Reply, ScriptedServer, Time, all_good, closed_port, users_page

from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import Connection, GroupsQuery, UserAction, UserQuery, UsersQuery

Connect = Callable[..., Connection]
LIVE = {
    "build": "d1d82f1e94503d7ba93872c34deda5037aa4a73d",
    "version": "2.7.42",
    "side": "A",
    "environment": "jil-prod-ue1",
    "state": "LIVE",
}


def test_status_of_a_new_connection(wire: ScriptedServer, connect: Connect) -> None:
    """Nothing done, nobody asked: zeros under exactly the documented keys, and "Never contacted"."""
    assert connect(wire).status() == (
        {
            "multiple-query-count": 0,
            "single-query-count": 0,
            "actions-sent": 0,
            "actions-completed": 0,
            "actions-queued": 0,
        },
        {"status": "Never contacted", "endpoint": wire.details.api_url},
    )
    assert wire.token_requests == []


def test_local_status_counts(mock: RunningServer, connect: Connect) -> None:
    """Each page and each single query counts, and each action by what became of it."""
    connection = connect(mock)
    list(UsersQuery(connection))
    list(GroupsQuery(connection))
    UserQuery(connection, "jdoe@example.com").result()
    connection.execute_multiple([UserAction(f"u{n}@example.com").add_adobe_id() for n in range(9)])
    connection.execute_single(UserAction("nobody@example.com").update(first_name="N"))
    connection.execute_multiple([UserAction(f"v{n}@example.com").add_adobe_id() for n in range(2)])
    assert connection.status()[0] == {
        "multiple-query-count": 2,
        "single-query-count": 1,
        "actions-sent": 10,
        "actions-completed": 9,
        "actions-queued": 2,
    }


def test_remote_status_is_asked_without_a_token_and_kept(wire: ScriptedServer, connect: Connect) -> None:
    """The service's state comes from /status of its host, just as it says it, and is told again without asking."""
    wire.replies.append(Reply(body=LIVE))
    connection = connect(wire)
    _, remote = connection.status(remote=True)
    assert remote == {"status": LIVE, "endpoint": wire.details.api_url}
    assert connection.status()[1] == remote
    (request,) = wire.seen
    assert (request.method, request.path) == ("GET", "/status")
    assert "authorization" not in request.headers
    assert wire.token_requests == []


def test_remote_status_of_the_mock(mock: RunningServer, connect: Connect) -> None:
    """The mock server's state has the documented keys."""
    remote: Any = connect(mock).status(remote=True)[1]["status"]
    assert remote.keys() == LIVE.keys()
    assert remote["state"] == "LIVE"


def test_unknown_fields_of_the_state_are_kept(wire: ScriptedServer, connect: Connect) -> None:
    """What the service adds to its state is told too."""
    wire.replies.append(Reply(body={"state": "LIVE", "mood": "good"}))
    assert connect(wire).status(remote=True)[1]["status"] == {"state": "LIVE", "mood": "good"}


@pytest.mark.parametrize("status", [503, 500, 404, 429, 302])
def test_status_other_than_200_is_told_not_raised(
    wire: ScriptedServer, connect: Connect, time: Time, status: int
) -> None:
    """A service that answers otherwise is asked once, without waits, and its HTTP status told with the time."""
    wire.replies.append(Reply(status=status))
    remote = connect(wire).status(remote=True)[1]["status"]
    assert remote == f"Unexpected HTTP status {status} at: Fri, 15 Jan 2027 08:00:00 -0000"
    assert (len(wire.seen), time.slept) == (1, [])


def test_unreachable_service_is_told_not_raised(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """A service that cannot be reached is said to be so, at once, and why."""
    host = f"127.0.0.1:{closed_port()}"
    connection = connect(wire, endpoint=f"http://{host}/v2/usermanagement")
    why = f"the request could not be sent: {host} refuses connections: does it run, and is the port of the URL right?"
    assert connection.status(remote=True)[1]["status"] == f"Unreachable at: Fri, 15 Jan 2027 08:00:00 -0000: {why}"
    assert time.slept == []


def test_state_is_replaced_by_the_next_answer(wire: ScriptedServer, connect: Connect) -> None:
    """Each question replaces the state that was heard before."""
    wire.replies += [Reply(body=LIVE), Reply(cut=True), Reply(cut=True), Reply(body={"state": "DOWN"})]
    connection = connect(wire)
    states = [connection.status(remote=True)[1]["status"] for _ in range(3)]
    assert states[0] == LIVE
    assert states[1].startswith("Unreachable at: ")
    assert states[2] == {"state": "DOWN"}


def test_questions_do_not_count_as_queries(wire: ScriptedServer, connect: Connect) -> None:
    """Asking for the state changes no count, and a page counts even if it then fails."""
    wire.replies += [Reply(body=LIVE), users_page(["a@b.c"], 0, 2, 2)]
    wire.answer = all_good
    connection = connect(wire)
    assert connection.status(remote=True)[0]["multiple-query-count"] == 0
    next(iter(UsersQuery(connection)))
    assert connection.status()[0]["multiple-query-count"] == 1
