"""What each request says of itself: an id of its own, and the start or end of a run that it belongs to."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sdk_kit import Reply, ScriptedServer, Seen, Time, all_good, credentials_for, users_page

import umapi_sdk
from umapi_harness.mock.serving.server import RunningServer
from umapi_harness.mock.settings import Settings
from umapi_sdk import (
    AuthenticationError,
    Connection,
    GroupsQuery,
    NotFoundError,
    OutcomeUnknownError,
    ThrottledError,
    UserAction,
    UserQuery,
    UsersQuery,
)
from umapi_sdk.aio import AsyncConnection

Connect = Callable[..., Connection]

ID = re.compile("[0-9a-f]{32}")


def said(seen: Seen) -> str | None:
    """What a request announces."""
    return seen.headers.get("pragma")


def page(_: Seen) -> Reply:
    """A listing of one page."""
    return users_page(["one@example.com"], 0, 1, 1)


def test_each_attempt_has_an_id_of_its_own(connect: Connect, wire: ScriptedServer) -> None:
    """Every attempt at a call carries another X-Request-Id; a request for a token carries none."""
    wire.replies.append(Reply(status=503))
    wire.answer = page
    UsersQuery(connect(wire)).all_results()
    ids = [seen.headers["x-request-id"] for seen in wire.seen]
    assert len(set(ids)) == len(ids) == 2
    assert all(ID.fullmatch(each) for each in ids)
    assert "x-request-id" not in wire.token_requests[0].headers


def test_a_lost_request_is_named(connect: Connect, wire: ScriptedServer) -> None:
    """Of a request whose answer is lost, error and outcome have the id that it carried, to ask Adobe about it."""
    wire.replies.append(Reply(cut=True))
    action = UserAction("one@example.com").add_to_groups(["Writers"])
    with pytest.raises(OutcomeUnknownError) as caught:
        connect(wire).execute_single(action, immediate=True)
    (seen,) = wire.seen
    assert caught.value.request_id == seen.headers["x-request-id"]
    assert action.outcome is not None
    assert action.outcome.request_ids == (seen.headers["x-request-id"],)


def test_the_service_gives_the_id_back(connect: Connect, mock: RunningServer) -> None:
    """The id in an outcome is the one that the request carried."""
    action = UserAction("jdoe@example.com").add_to_groups(["Marketing"])
    connect(mock).execute_single(action, immediate=True)
    (entry,) = [each for each in mock.world.journal.as_list() if "/action/" in each["path"]]
    sent = {name.lower(): value for name, value in entry["request_headers"].items()}["x-request-id"]
    assert action.outcome is not None
    assert action.outcome.request_ids == (sent,)


def test_a_run_is_announced_once(connect: Connect, wire: ScriptedServer) -> None:
    """The request after start_sync says so, that after end_sync says that, and no other says anything."""
    wire.answer = page
    connection = connect(wire)
    for announce in (None, connection.start_sync, None, connection.end_sync, None):
        if announce is not None:
            announce()
        UsersQuery(connection).all_results()
    assert [said(seen) for seen in wire.seen] == [None, "umapi-sync-start", None, "umapi-sync-end", None]


def test_start_and_end_at_once(connect: Connect, wire: ScriptedServer) -> None:
    """Where both wait, the start is said first; what is asked for twice is said once."""
    wire.answer = page
    connection = connect(wire)
    connection.end_sync()
    connection.start_sync()
    connection.start_sync()
    for _ in range(3):
        UsersQuery(connection).all_results()
    assert [said(seen) for seen in wire.seen] == ["umapi-sync-start", "umapi-sync-end", None]


def test_each_attempt_announces(connect: Connect, wire: ScriptedServer) -> None:
    """A request that is repeated announces again, also with the new token after a 401."""
    wire.replies += [Reply(status=401), Reply(status=503)]
    wire.answer = page
    connection = connect(wire)
    connection.start_sync()
    UsersQuery(connection).all_results()
    assert [said(seen) for seen in wire.seen] == ["umapi-sync-start"] * 3


def test_actions_announce_too(connect: Connect, wire: ScriptedServer) -> None:
    """Any call announces, not listings alone, but neither the request for a token nor that for the state."""
    wire.answer = all_good
    connection = connect(wire)
    connection.start_sync()
    connection.status(remote=True)
    connection.execute_single(UserAction("one@example.com").add_to_groups(["A"]), immediate=True)
    assert [said(seen) for seen in wire.seen] == [None, "umapi-sync-start"]
    assert said(wire.token_requests[0]) is None


def test_what_nobody_heard_is_said_again(connect: Connect, wire: ScriptedServer) -> None:
    """What a call could announce to nobody, for want of a token or in a lockout, the next call announces."""
    wire.answer = page
    wire.token_replies.append(Reply(status=400, body={"error": "invalid_client"}))
    connection = connect(wire)
    connection.start_sync()
    with pytest.raises(AuthenticationError):
        UsersQuery(connection).all_results()
    wire.replies.append(Reply(status=429, headers={"Retry-After": "1800"}))
    with pytest.raises(ThrottledError):
        UsersQuery(connection).all_results()
    UsersQuery(connection).all_results()
    UsersQuery(connection).all_results()
    assert [said(seen) for seen in wire.seen] == ["umapi-sync-start", "umapi-sync-start", None]


def test_a_refusal_has_heard_it(connect: Connect, wire: ScriptedServer) -> None:
    """What the service has read and refused is not announced again."""
    wire.replies.append(Reply(status=404, body={"result": "error.group.not_found", "message": "no such group"}))
    wire.answer = page
    connection = connect(wire)
    connection.start_sync()
    with pytest.raises(NotFoundError):
        UsersQuery(connection, in_group="Writers").all_results()
    UsersQuery(connection).all_results()
    assert [said(seen) for seen in wire.seen] == ["umapi-sync-start", None]


@pytest.fixture
def live(mock: RunningServer) -> RunningServer:
    """The mock server with the limits of the live service, and pages of four users."""
    mock.world.settings = Settings.live().changed({"throttle": True, "users_page_size": 4})
    return mock


def test_the_announcement_opens_the_first_page(connect: Connect, live: RunningServer, time: Time) -> None:
    """Page 0 is locked for half an hour after it was read, and an announced listing waits for none of it."""
    connection = connect(live, pacing=True)
    users = UsersQuery(connection).all_results()
    with pytest.raises(ThrottledError) as caught:
        UsersQuery(connection).all_results()
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 1700
    assert "start_sync() before the listing opens its first page at once" in str(caught.value)
    with pytest.raises(ThrottledError):  # which this process now knows, and does not ask for
        UsersQuery(connection).all_results()
    connection.start_sync()
    assert UsersQuery(connection).all_results() == users
    assert time.slept == []


def test_only_a_listing_of_users_goes_before_its_time(connect: Connect, wire: ScriptedServer) -> None:
    """A lockout of another operation is kept though the request would announce a run."""
    wire.replies.append(Reply(status=429, headers={"Retry-After": "1800"}))
    connection = connect(wire, pacing=True)
    with pytest.raises(ThrottledError):
        GroupsQuery(connection).all_results()
    connection.start_sync()
    with pytest.raises(ThrottledError) as caught:
        GroupsQuery(connection).all_results()
    assert len(wire.seen) == 1
    assert "start_sync" not in str(caught.value)


def test_a_lockout_that_stays_is_kept(connect: Connect, wire: ScriptedServer) -> None:
    """Where the announcement opens nothing, the wait that the service asks for holds for all others as before."""
    wire.answer = lambda _: Reply(status=429, headers={"Retry-After": "1800"})
    connection = connect(wire, pacing=True)
    connection.start_sync()
    with pytest.raises(ThrottledError):
        UsersQuery(connection).all_results()
    with pytest.raises(ThrottledError):
        UserQuery(connection, "one@example.com").result()
    other = connect(wire, pacing=True)
    with pytest.raises(ThrottledError):
        UsersQuery(other).all_results()
    assert len(wire.seen) == 2


def test_an_async_connection_announces(wire: ScriptedServer, time: Time) -> None:
    """The async connection has the same two methods."""
    wire.answer = page

    async def listing() -> None:
        details: Any = wire.details
        connection = AsyncConnection(details.org_id, credentials_for(details), endpoint=details.api_url)
        async with connection:
            connection.start_sync()
            await connection.users().all_results()
            connection.end_sync()
            await connection.users().all_results()

    asyncio.run(listing())
    assert [said(seen) for seen in wire.seen] == ["umapi-sync-start", "umapi-sync-end"]


def test_the_example_of_the_page(
    connect: Connect, live: RunningServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The listing of docs/explanation/pacing.md is not held up by the one before."""
    page = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "pacing.md"
    (example,) = re.findall(r"test_sdk_announcements.py -->\n```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    connection = connect(live, pacing=True)
    UsersQuery(connection).all_results()
    monkeypatch.setattr(umapi_sdk, "connect", lambda: connection, raising=False)
    exec(compile(example, str(page), "exec"), {})
    assert capsys.readouterr().out == "13\n"
