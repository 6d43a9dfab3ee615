"""`umapi_sdk.compat`: programs for umapi-client 3 find what they import, and no outcome is lost to them."""

from __future__ import annotations

import gc
import json
import logging
import pickle
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sdk_kit import Reply, ScriptedServer, Seen, Time, action_answer, all_good, closed_port, users_page

import umapi_sdk
import umapi_sdk.compat as umapi_client
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import ListingRules, OutcomeStatus, UmapiError, UnsentActionsWarning
from umapi_sdk.aio import AsyncConnection

Client = Callable[..., umapi_client.Connection]


@pytest.fixture
def client(time: Time) -> Iterator[Client]:
    """Opens connections as programs for umapi-client do, on the test's time; they are closed in the end."""
    opened: list[umapi_client.Connection] = []

    def open_one(server: Any, **options: Any) -> umapi_client.Connection:
        details = server.details
        auth = umapi_client.OAuthS2S(details.client_id, details.client_secret, auth_host=details.ims_url)
        given = {"endpoint": details.api_url, "sleep": time.sleep, "clock": time.clock, **options}
        connection = umapi_client.Connection(details.org_id, auth, **given)
        connection.retry_random_delay = 0
        opened.append(connection)
        return connection

    yield open_one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsentActionsWarning)
        for connection in opened:
            connection.close()


def member_of(email: str, *groups: str) -> umapi_client.UserAction:
    """An action that puts a user into groups."""
    return umapi_client.UserAction(email).add_to_groups(groups or ["DevOps"])


def codes(action: umapi_client.Action) -> list[str]:
    """The codes of an action's errors."""
    return [error["errorCode"] for error in action.execution_errors()]


def test_the_sdk_does_not_load_it() -> None:
    """Neither the SDK nor a connection of it costs more for the module."""
    code = "import sys; from umapi_sdk import Connection; print(*(name for name in sys.modules if 'compat' in name))"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert [name for name in told if name.startswith("umapi_sdk")] == []


def test_both_ways_of_importing() -> None:
    """Names come from the package, and from the modules that the client has them in."""
    code = (
        "import umapi_sdk.compat as umapi_client\n"
        "from umapi_sdk.compat import UserAction, IdentityType\n"
        "from umapi_sdk.compat.auth import OAuthS2S\n"
        "from umapi_sdk.compat.error import BatchError, UnsupportedError\n"
        "assert umapi_client.functional.UserAction is UserAction\n"
        "assert umapi_client.auth.OAuthS2S is OAuthS2S\n"
        "assert umapi_client.error.BatchError is umapi_client.BatchError is BatchError\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_execute_multiple_sends_at_once(client: Client, wire: ScriptedServer) -> None:
    """As in umapi-client, `execute_multiple` sends unless told otherwise, and `execute_single` queues."""
    wire.answer = all_good
    connection = client(wire)
    assert connection.execute_single(member_of("a@example.com")) == (1, 0, 0)
    assert connection.execute_multiple([member_of("b@example.com")]) == (0, 2, 2)
    assert connection.execute_multiple([member_of("c@example.com")], immediate=False) == (1, 0, 0)
    assert connection.execute_queued() == (0, 1, 1)
    assert connection.status()[0] == {
        "multiple-query-count": 0,
        "single-query-count": 0,
        "actions-sent": 3,
        "actions-completed": 3,
        "actions-queued": 0,
    }


def test_what_is_queued_at_the_end_is_told(client: Client, wire: ScriptedServer) -> None:
    """A connection that goes with actions in its queue warns, closed or not; umapi-client says nothing."""
    connection = client(wire)
    connection.execute_single(member_of("a@example.com"))
    with pytest.warns(UnsentActionsWarning, match="1 action was queued and not sent"):
        connection.close()
    forgotten = umapi_client.Connection("1@AdobeOrg", umapi_client.OAuthS2S("id", "secret"))
    forgotten.execute_single(member_of("a@example.com"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del forgotten
        gc.collect()
    assert [each.category for each in caught] == [UnsentActionsWarning]


def test_errors_have_the_members_that_the_service_gives_them(client: Client, mock: RunningServer) -> None:
    """Of an error, a program reads what the service tells of it, the user too, and which command it is of."""
    action = umapi_client.UserAction("jdoe@example.com").add_to_groups(["Nobody's"])
    client(mock).execute_single(action, immediate=True)
    (error,) = action.execution_errors()
    assert {"errorCode", "message", "user", "command", "target"} <= error.keys()
    assert error["user"] == "jdoe@example.com"


def test_what_the_service_would_refuse_is_not_sent(client: Client, wire: ScriptedServer) -> None:
    """An action with mistakes has its errors as if the service had told them, and the others of the request go out."""
    wire.answer = all_good
    bad = umapi_client.UserAction("b@example.com").add_to_groups([]).append(frobnicate={})
    bad.create("b@example.com", country="XX")
    empty = umapi_client.UserAction("e@example.com")
    strange = umapi_client.Action(user="s@example.com").append(frobnicate={"much": True})
    actions = [member_of("a@example.com"), bad, empty, strange]
    assert client(wire).execute_multiple(actions) == (0, 4, 1)
    assert [command["user"] for command in wire.seen[0].json] == ["a@example.com"]
    assert set(codes(bad)) >= {"error.user.firstname_missing", "error.country.invalid"}
    assert {tuple(error["command"]) for error in bad.execution_errors()} == {("createFederatedID",), ("frobnicate",)}
    assert bad.execution_errors()[-1]["target"] == {"user": "b@example.com"}
    assert codes(empty) == ["error.command.steps.malformed"]
    assert codes(strange) == ["error.command.step.unknown"]


def test_a_lost_answer_is_no_success(client: Client, wire: ScriptedServer) -> None:
    """Actions whose answer was lost are sent once, and say that they are unknown; what follows is sent."""
    wire.replies.append(Reply(cut=True))
    wire.answer = all_good
    connection = client(wire)
    actions = [member_of(f"u{number}@example.com") for number in range(12)]
    with pytest.raises(umapi_client.BatchError) as caught:
        connection.execute_multiple(actions)
    assert caught.value.statistics == (0, 12, 2)
    (cause,) = caught.value.causes
    assert isinstance(cause, umapi_client.UnavailableError)
    assert (cause.attempts, cause.result) == (1, None)
    assert [codes(action) for action in actions] == [["unknown"]] * 10 + [[]] * 2
    assert [len(seen.json) for seen in wire.seen] == [10, 2]
    assert actions[0].outcome is not None
    assert actions[0].outcome.status is OutcomeStatus.UNKNOWN


def test_what_was_not_sent_stays_queued(client: Client, wire: ScriptedServer, time: Time) -> None:
    """Where nobody lets a request in, the actions wait: none is lost, and the next call sends them."""
    wire.answer = lambda _: Reply(status=429)
    connection = client(wire, max_retries=2)
    actions = [member_of(f"u{number}@example.com") for number in range(12)]
    with pytest.raises(umapi_client.BatchError) as caught:
        connection.execute_multiple(actions)
    assert caught.value.statistics == (12, 0, 0)
    (cause,) = caught.value.causes
    assert isinstance(cause, umapi_client.UnavailableError)
    assert (cause.attempts, cause.seconds) == (2, 15)
    assert cause.result is not None
    assert cause.result.status_code == 429
    assert connection.action_queue == actions
    assert [codes(action) for action in actions] == [[]] * 12
    wire.answer = all_good
    assert connection.execute_queued() == (0, 12, 12)
    assert connection.status()[0]["actions-sent"] == 12


def test_a_refused_request_fails_its_actions(client: Client, wire: ScriptedServer) -> None:
    """A request that the service refuses as a whole is an error of each of its actions, and the next one is sent."""
    refusal = {"result": "error.request.malformed", "message": "no"}
    wire.replies.append(Reply(status=400, body=refusal))
    wire.answer = all_good
    actions = [member_of(f"u{number}@example.com") for number in range(11)]
    with pytest.raises(umapi_client.BatchError) as caught:
        client(wire).execute_multiple(actions)
    assert caught.value.statistics == (0, 11, 1)
    (cause,) = caught.value.causes
    assert isinstance(cause, umapi_client.RequestError)
    assert cause.result is not None
    assert cause.result.json() == refusal
    assert codes(actions[0]) == ["error.request.malformed"]
    assert codes(actions[10]) == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(status=404, body=b"<html>"), umapi_client.RequestError),
        (Reply(status=400, body={"result": "error", "message": "no"}), umapi_client.RequestError),
        (Reply(status=500, body=b"trouble"), umapi_client.ServerError),
        (Reply(status=200, body=b"no JSON"), umapi_client.ClientError),
        (Reply(status=200, body={"result": "error.unknown", "lastPage": True}), umapi_client.ClientError),
        (Reply(status=503), umapi_client.UnavailableError),
        (Reply(status=429, headers={"Retry-After": "5"}), umapi_client.UnavailableError),
        (Reply(cut=True), umapi_client.UnavailableError),
    ],
)
def test_errors_of_queries(client: Client, wire: ScriptedServer, reply: Reply, kind: type[UmapiError]) -> None:
    """Each failure is the error that programs catch, with the answer, and the SDK's own error as its cause."""
    wire.answer = lambda _: reply
    with pytest.raises(kind) as caught:
        umapi_client.UsersQuery(client(wire)).all_results()
    assert isinstance(caught.value, UmapiError)
    assert isinstance(caught.value.__cause__, UmapiError)
    result: Any = getattr(caught.value, "result")  # noqa: B009 - which all of them have
    if reply.cut:
        assert result is None
    else:
        assert (result.status_code, result.text, result.ok) == (
            reply.status,
            reply.content.decode(),
            reply.status < 400,
        )
        assert result.headers["X-REQUEST-ID"] == "kit-request-id"


def test_a_token_that_is_refused(client: Client, wire: ScriptedServer) -> None:
    """Without a token the error is a RuntimeError, as in umapi-client; actions stay queued."""
    wire.token_replies += [Reply(status=400, body={"error": "invalid_client"})] * 2
    connection = client(wire)
    with pytest.raises(RuntimeError, match="no access token"):
        umapi_client.UsersQuery(connection).all_results()
    with pytest.raises(umapi_client.BatchError) as caught:
        connection.execute_multiple([member_of("a@example.com")])
    assert isinstance(caught.value.causes[0], RuntimeError)
    assert caught.value.statistics == (1, 0, 0)


def test_no_token_is_told(client: Client, wire: ScriptedServer) -> None:
    """An answer that echoes the token does not bring it into a result."""
    wire.answer = lambda seen: Reply(status=400, body=seen.headers["authorization"].encode())
    with pytest.raises(umapi_client.RequestError) as caught:
        umapi_client.UsersQuery(client(wire)).all_results()
    assert caught.value.result is not None
    assert "kit-token" not in caught.value.result.text


def test_nobody_there(client: Client, wire: ScriptedServer) -> None:
    """A service that cannot be reached is not available, and nothing is lost."""
    connection = client(wire, endpoint=f"http://127.0.0.1:{closed_port()}/v2/usermanagement", max_retries=1)
    with pytest.raises(umapi_client.BatchError) as caught:
        connection.execute_multiple([member_of("a@example.com")])
    assert caught.value.statistics == (1, 0, 0)
    assert connection.status(remote=True)[1]["status"].startswith("Unreachable at: ")


def test_an_interruption_loses_nothing(client: Client, wire: ScriptedServer, time: Time) -> None:
    """Ctrl-C during a wait: what was sent has its outcome, what was not is queued."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    wire.replies.append(Reply(body=action_answer(10)))
    wire.answer = lambda _: Reply(status=429)
    time.during = interrupt
    connection = client(wire)
    actions = [member_of(f"u{number}@example.com") for number in range(12)]
    with pytest.raises(KeyboardInterrupt):
        connection.execute_multiple(actions)
    assert connection.action_queue == actions[10:]
    assert connection.status()[0]["actions-completed"] == 10


def test_actions_on_one_user_go_in_order(client: Client, wire: ScriptedServer) -> None:
    """Of actions on one user each waits for the one before, and the counts are those of the queue's order."""
    wire.answer = all_good
    actions = [member_of("a@example.com", f"G{number}") for number in range(3)] + [member_of("b@example.com")]
    assert client(wire).execute_multiple(actions) == (0, 4, 4)
    assert [[command["user"] for command in seen.json] for seen in wire.seen] == [
        ["a@example.com", "b@example.com"],
        ["a@example.com"],
        ["a@example.com"],
    ]


@pytest.mark.parametrize("reply", [Reply(cut=True), Reply(body={"completed": 5, "notCompleted": 0})])
def test_nothing_follows_an_unknown_part(client: Client, wire: ScriptedServer, reply: Reply) -> None:
    """Of an action that was divided nothing more is sent after a part whose outcome is unknown; others go on."""
    action = umapi_client.UserAction("a@example.com")
    for number in range(21):
        action.add_to_groups([f"G{number}"])
    connection = client(wire)
    connection.throttle_actions = 2
    wire.replies.append(reply)
    wire.answer = all_good
    told: tuple[int, int, int]
    try:
        told = connection.execute_multiple([action, member_of("b@example.com")])
    except umapi_client.BatchError as error:
        told = error.statistics
    assert told == (0, 4, 1)
    assert codes(action) == ["unknown", "not sent", "not sent"]
    assert [[command["user"] for command in seen.json] for seen in wire.seen] == [["a@example.com"], ["b@example.com"]]


def test_an_action_can_be_executed_twice(client: Client, wire: ScriptedServer) -> None:
    """As in umapi-client, the same action can be queued again and is sent again."""
    wire.answer = all_good
    connection = client(wire)
    connection.throttle_actions = 2
    action = member_of("a@example.com")
    assert [connection.execute_single(action) for _ in range(2)] == [(1, 0, 0), (0, 2, 2)]
    assert len(wire.seen) == 2


def test_waits_are_as_long_as_the_service_says(client: Client, wire: ScriptedServer, time: Time) -> None:
    """A lockout of half an hour is sat out, as by umapi-client, and told to its logger; `max_wait` ends it."""
    told: list[str] = []
    wire.replies += [Reply(status=429, headers={"Retry-After": "1800"}), Reply(status=503)]
    wire.answer = lambda _: users_page(["a@example.com"], 0, 1, 1)
    connection = client(wire)
    connection.logger = logging.getLogger("a program's own")
    connection.logger.addHandler(handler := logging.Handler())
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    assert len(umapi_client.UsersQuery(connection).all_results()) == 1
    assert time.slept == [1800, 30]
    assert told == ["waiting 1800 s: the service answered 429", "waiting 30 s: the service answered 503"]
    wire.replies.append(Reply(status=429, headers={"Retry-After": "1800"}))
    with pytest.raises(umapi_client.UnavailableError, match="come back in 1800 s"):
        umapi_client.UsersQuery(client(wire, max_wait=60)).all_results()


def test_settings_can_be_changed(client: Client, wire: ScriptedServer, time: Time) -> None:
    """Settings of a connection hold from when they are set; one that cannot be used changes nothing."""
    wire.answer = lambda _: Reply(status=503)
    connection = client(wire, timeout=0, user_agent="program/1.0")
    connection.retry_max_attempts, connection.retry_first_delay, connection.timeout = 3, 1, 7
    with pytest.raises(umapi_client.UnavailableError):
        umapi_client.GroupsQuery(connection).all_results()
    assert time.slept == [1, 2]
    assert wire.seen[0].headers["user-agent"].startswith("program/1.0 umapi-sdk/")
    for name, value in {"retry_max_attempts": 0, "retry_random_delay": -1, "timeout": "soon"}.items():
        before = getattr(connection, name)
        with pytest.raises(umapi_client.ArgumentError):
            setattr(connection, name, value)
        assert getattr(connection, name) == before
    assert (connection.native.endpoint, connection.ssl_verify) == (connection.endpoint, True)
    wire.answer = all_good
    connection.test_mode = True
    assert connection.execute_multiple([member_of("a@example.com")]) == (0, 1, 1)
    assert "testOnly=true" in wire.seen[-1].path


@pytest.mark.parametrize(
    "arguments", [{"max_retries": 0}, {"endpoint": "ftp://x"}, {"org_id": "12345"}, {"auth": "none"}, {"timeout": "x"}]
)
def test_connections_that_cannot_be(arguments: dict[str, Any]) -> None:
    """An argument that cannot be used is an ArgumentError in one line."""
    given = {"org_id": "1@AdobeOrg", "auth": umapi_client.OAuthS2S("id", "secret"), **arguments}
    with pytest.raises(umapi_client.ArgumentError) as caught:
        umapi_client.Connection(**given)
    assert "\n" not in str(caught.value)


def test_a_listing_that_is_not_whole(client: Client, wire: ScriptedServer) -> None:
    """A page that loses people is an error, never a shorter list; `all_results` starts again, an iteration does not."""
    short = [users_page(["a@example.com"], 0, 2, 3), users_page(["b@example.com"], 1, 2, 30)]
    whole = [users_page(["a@example.com", "b@example.com"], 0, 2, 3), users_page(["c@example.com"], 1, 2, 3)]
    wire.replies += [*short, *whole]
    connection = client(wire)
    query = umapi_client.UsersQuery(connection)
    assert [user["email"] for user in query.all_results()] == ["a@example.com", "b@example.com", "c@example.com"]
    assert query.stats() == (3, 2, 1, 1)
    wire.replies += short
    with pytest.raises(umapi_client.ClientError):
        list(umapi_client.UsersQuery(connection))
    connection.listing_rules = ListingRules(restarts=0)
    wire.replies += short
    with pytest.raises(umapi_client.ClientError):
        umapi_client.UsersQuery(connection).all_results()
    assert connection.status()[0]["multiple-query-count"] == 8


def test_a_listing_goes_on_after_a_failure(client: Client, wire: ScriptedServer) -> None:
    """What was read before a page that could not be had is not read again."""
    wire.replies += [users_page(["a@example.com"], 0, 2, 2), Reply(status=500, body=b"trouble")]
    wire.answer = lambda _: users_page(["b@example.com"], 1, 2, 2)
    query = umapi_client.UsersQuery(client(wire))
    with pytest.raises(umapi_client.ServerError):
        query.all_results()
    assert [user["email"] for user in query.all_results()] == ["a@example.com", "b@example.com"]
    assert len(wire.seen) == 3


def test_a_wrong_address_is_not_an_empty_organisation(client: Client, wire: ScriptedServer) -> None:
    """A 404 that the service itself gives means none; any other is an error, where umapi-client finds nobody."""
    wire.replies.append(Reply(status=404, body={"result": "error.group.not_found", "message": "no such group"}))
    wire.replies.append(Reply(status=404, body={"result": "error.domain.trust.nonexistent", "message": "no"}))
    wire.answer = lambda _: Reply(status=404, body=b"<html>not here</html>")
    connection = client(wire)
    assert umapi_client.UsersQuery(connection, in_group="Nobody's").all_results() == []
    assert umapi_client.UsersQuery(connection, in_domain="nobody.example").all_results() == []
    wire.replies.append(Reply(status=404, body={"error_code": "404000", "message": "no such path"}))
    wire.replies.append(Reply(status=404, body={"result": "error.organization.not_found", "message": "who?"}))
    for _ in range(2):
        with pytest.raises(umapi_client.RequestError):
            umapi_client.UsersQuery(connection).all_results()
    for ask in (
        umapi_client.UsersQuery(connection).all_results,
        umapi_client.GroupsQuery(connection).all_results,
        umapi_client.UserQuery(connection, "a@example.com").result,
        lambda: connection.query_single("team", ["a"]),
        lambda: connection.query_multiple("user-group"),
    ):
        with pytest.raises(umapi_client.RequestError):
            ask()


def test_calls_by_path(client: Client, wire: ScriptedServer) -> None:
    """A call by its path is made with token and id, keeps the limit of its operation, and takes any 2xx for success."""
    connection = client(wire)
    wire.replies += [Reply(status=201, body={"made": True}), Reply(status=204), Reply(status=200, body=[1])]
    assert connection.make_call("/things", {"a": 1}).json() == {"made": True}
    assert connection.make_call("/things/1", delete=True).status_code == 204
    assert connection.make_call("/things?page=1").json() == [1]
    assert [(seen.method, seen.path) for seen in wire.seen] == [
        ("POST", "/v2/usermanagement/things"),
        ("DELETE", "/v2/usermanagement/things/1"),
        ("GET", "/v2/usermanagement/things?page=1"),
    ]
    assert wire.seen[0].headers["authorization"].startswith("Bearer ")


def test_the_announcement_of_a_run(client: Client, mock: RunningServer, time: Time) -> None:
    """start_sync opens the first page on the live profile, and end_sync is said by the next request."""
    mock.world.settings = mock.world.settings.changed({"throttle": True, "first_page_lockout_seconds": 1800})
    connection = client(mock, max_wait=60)
    umapi_client.UsersQuery(connection).all_results()
    with pytest.raises(umapi_client.UnavailableError):
        umapi_client.UsersQuery(connection).all_results()
    connection.start_sync()
    assert len(umapi_client.UsersQuery(connection).all_results()) == 13
    connection.end_sync()
    umapi_client.GroupsQuery(connection).all_results()
    headers = [entry["request_headers"] for entry in mock.world.journal.as_list() if "/ims/" not in entry["path"]]
    said = [{name.lower(): value for name, value in each.items()}.get("pragma") for each in headers]
    assert said == [None, None, "umapi-sync-start", "umapi-sync-end"]


def test_errors_reported_by_hand() -> None:
    """A program that reads answers itself can report errors in the service's form."""
    action = umapi_client.UserAction("a@example.com").add_to_groups(["A"])
    action.report_command_error({"index": 3, "step": 0, "errorCode": "error.group.not_found", "message": "no A"})
    assert (
        action.execution_errors()
        == action.errors
        == [
            {
                "errorCode": "error.group.not_found",
                "message": "no A",
                "command": {"add": {"group": ["A"]}},
                "target": {"user": "a@example.com"},
            }
        ]
    )


def test_lists_of_any_kind_are_taken(client: Client, wire: ScriptedServer) -> None:
    """Names come as a list, tuple, set or generator, and are sent as a list."""
    wire.answer = all_good
    for names in (["A"], ("A",), {"A"}, (name for name in ["A"])):
        client(wire).execute_multiple([umapi_client.UserAction("a@example.com").add_to_groups(names)])
    assert {json.dumps(seen.json[0]["do"]) for seen in wire.seen} == {'[{"add": {"group": ["A"]}}]'}


def test_actions_of_the_sdk_are_refused(client: Client, wire: ScriptedServer) -> None:
    """An action of the SDK's own is no action here: the message says so, and nothing was queued."""
    from umapi_sdk import UserAction  # noqa: PLC0415 - the name means another class here

    connection = client(wire)
    other: Any = UserAction("a@example.com").add_to_groups(["A"])
    with pytest.raises(umapi_client.ArgumentError, match=r"import UserAction and GroupAction from umapi_sdk\.compat"):
        connection.execute_multiple([member_of("b@example.com"), other])
    assert connection.action_queue == []
    connection.action_queue.append(other)
    with pytest.raises(umapi_client.ArgumentError, match=r"an action of umapi_sdk is no action of umapi_sdk\.compat"):
        connection.execute_queued()
    connection.action_queue.clear()
    with pytest.raises(umapi_client.ArgumentError, match=r"umapi_sdk\.UserAction is no list of actions"):
        connection.execute_multiple(other)


def test_options_of_the_sdk_are_there(client: Client, wire: ScriptedServer) -> None:
    """What the SDK's connection can be told beside, goes in as options; a wrong one is named."""
    seen: list[Seen] = []
    wire.answer = lambda each: seen.append(each) or users_page(["a@example.com"], 0, 1, 1)  # type: ignore[func-returns-value]
    assert len(umapi_client.UsersQuery(client(wire, options={"pacing": True})).all_results()) == 1
    with pytest.raises(TypeError, match="unexpected keyword argument 'proxi': is proxy meant"):
        client(wire, options={"proxi": "http://localhost"})


def test_what_asks_for_nothing_is_left_out(client: Client, wire: ScriptedServer) -> None:
    """An empty list and an update of no field are left out, the rest is done, and errors name their commands."""
    wire.replies.append(Reply(body=action_answer(1, [{"index": 0, "step": 1, "errorCode": "error.group.not_found"}])))
    action = umapi_client.UserAction("a@example.com").update().add_to_groups(["A"]).add_to_groups([])
    action.remove_from_groups(["B"])
    connection = client(wire)
    assert connection.execute_multiple([action]) == (0, 1, 0)
    assert wire.seen[0].json[0]["do"] == [{"add": {"group": ["A"]}}, {"remove": {"group": ["B"]}}]
    assert [error["command"] for error in action.execution_errors()] == [{"remove": {"group": ["B"]}}]
    nothing = umapi_client.UserAction("a@example.com").add_to_groups([])
    assert connection.execute_multiple([nothing]) == (0, 1, 0)
    assert codes(nothing) == ["error.group.invalid_list"]


@pytest.mark.parametrize("forgotten", ["endpoint", "auth_host"])
def test_adobe_is_not_called_where_the_environment_names_another_server(
    forgotten: str, mock: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program under `exec` that forgets a host is refused, and the message says what it has to give."""
    details = mock.details
    variable, host = {
        "endpoint": ("UMAPI_ENDPOINT", "usermanagement.adobe.io"),
        "auth_host": ("UMAPI_IMS_URL", "ims-na1.adobelogin.com"),
    }[forgotten]
    monkeypatch.setenv("UMAPI_ENDPOINT", details.api_url)
    monkeypatch.setenv("UMAPI_IMS_URL", details.ims_url)
    tokens: dict[str, Any] = {} if forgotten == "auth_host" else {"auth_host": details.ims_url}
    auth = umapi_client.OAuthS2S(details.client_id, details.client_secret, **tokens)
    given: dict[str, Any] = {} if forgotten == "endpoint" else {"endpoint": details.api_url}
    with pytest.raises(umapi_client.ArgumentError) as caught:
        umapi_client.Connection(details.org_id, auth, **given)
    assert f'at {host}, while {variable} names another server: give {forgotten}=os.environ["{variable}"]' in str(
        caught.value
    )


def test_the_authority_of_the_environment_is_trusted(
    secure: RunningServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `exec --tls` exports is enough for a program."""
    assert secure.details.ca_cert is not None
    monkeypatch.setenv("UMAPI_CA_BUNDLE", str(secure.details.ca_cert))
    assert client(secure).execute_single(member_of("jdoe@example.com"), immediate=True) == (0, 1, 1)


def test_a_placeholder_is_told_as_one() -> None:
    """Credentials that nobody has filled in are told as such."""
    with pytest.raises(UmapiError, match="is it still a placeholder"):
        umapi_client.OAuthS2S("your client id", "a secret")


@pytest.mark.parametrize("add", ["add_to_groups", "remove_from_groups", "add_users", "remove_users"])
def test_a_text_is_no_list_of_names(add: str) -> None:
    """One name in place of a list is refused, where each of its letters would be one."""
    of_user = add.endswith("groups")
    action = umapi_client.UserAction("jo@example.com") if of_user else umapi_client.GroupAction("DevOps")
    with pytest.raises(umapi_client.ArgumentError, match=r"give a list of names: \['DevOps'\], not 'DevOps'"):
        getattr(action, add)("DevOps")
    assert action.commands == []


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ("IdentityTypes", "IdentityType"),
        ("IfAlreadyExistsOptions", "IfAlreadyExistsOption"),
        ("UserGroupAction", "GroupAction"),
        ("UserGroupsQuery", "GroupsQuery"),
    ],
)
def test_names_of_release_2_lead_to_those_of_release_3(former: str, now: str) -> None:
    """The import of a former name says which name is there instead; of any other it says that there is none."""
    with pytest.raises(ImportError, match=f"{former} is of umapi-client 2: .* have {now} in its place"):
        exec(f"from umapi_sdk.compat import {former}")
    assert hasattr(umapi_client, now)
    with pytest.raises(ImportError, match="cannot import name 'NoSuchName'"):
        exec("from umapi_sdk.compat import NoSuchName")


def test_actions_of_umapi_client_are_refused_by_the_sdk(client: Client, wire: ScriptedServer) -> None:
    """The SDK's own connection and plans say of an action of this module where it belongs."""
    action: Any = member_of("a@example.com")
    told = "umapi_sdk.compat.UserAction is not a UserAction or GroupAction of umapi_sdk: import these from umapi_sdk"
    with pytest.raises(umapi_sdk.ActionError, match=told):
        client(wire).native.execute_single(action)
    with pytest.raises(umapi_sdk.ActionError, match=told):
        umapi_sdk.plan([action])


def test_queries_say_by_which_connection_they_ask(client: Client, wire: ScriptedServer) -> None:
    """A query of this module wants a connection of it, and one of the SDK a connection of the SDK."""
    theirs: Any = client(wire)
    for kind in (umapi_sdk.UsersQuery, umapi_sdk.GroupsQuery):
        with pytest.raises(TypeError, match=f"give its `native`, or import {kind.__name__} from umapi_sdk.compat"):
            kind(theirs)
    with pytest.raises(TypeError, match=r"not by umapi_sdk\.compat\.Connection: give its `native`"):
        umapi_sdk.UserQuery(theirs, "a@example.com")
    ours: Any = umapi_sdk.Connection("1@AdobeOrg", umapi_client.OAuthS2S("id", "secret"))
    for asked in (umapi_client.UsersQuery, umapi_client.GroupsQuery):
        with pytest.raises(TypeError, match=f"Connection of umapi_sdk: .* import {asked.__name__} from umapi_sdk"):
            asked(ours)
    with pytest.raises(TypeError, match=r"UserQuery asks by a Connection of umapi_sdk\.compat, not by str: give one"):
        umapi_client.UserQuery("no connection", "a@example.com")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_an_async_connection_has_no_blocking_queries(wire: ScriptedServer) -> None:
    """A query object over an async connection says what to await instead."""
    details = wire.details
    auth = umapi_client.OAuthS2S(details.client_id, details.client_secret, auth_host=details.ims_url)
    connection: Any = AsyncConnection(details.org_id, auth, endpoint=details.api_url)
    with pytest.raises(TypeError, match=r"not by umapi_sdk.aio.AsyncConnection: await its own users\(\)"):
        umapi_sdk.UsersQuery(connection)


def test_enums_of_the_other_kind_are_told() -> None:
    """An identity type or option of this module is none of the SDK's, which says what to give."""
    type_of_theirs: Any = umapi_client.IdentityType.federatedID
    option_of_theirs: Any = umapi_client.IfAlreadyExistsOption.updateIfAlreadyExists
    with pytest.raises(umapi_sdk.ActionError, match=r"IdentityType\.FEDERATED_ID, not umapi_sdk\.compat\.Identity"):
        umapi_sdk.UserAction("a@example.com").create(id_type=type_of_theirs)
    with pytest.raises(umapi_sdk.ActionError, match=r"of another enum: give CreateOption\.UPDATE_IF_ALREADY_EXISTS"):
        umapi_sdk.GroupAction("DevOps").create(option=option_of_theirs)
    action = umapi_client.UserAction("a@example.com").create(
        "a@example.com", id_type=umapi_sdk.IdentityType.ENTERPRISE_ID
    )
    assert [*action.commands[0]] == ["createEnterpriseID"]


def told_of(make: Callable[..., object], **keywords: Any) -> str:
    """What a call says of keywords that it does not have."""
    with pytest.raises(TypeError) as caught:
        make(**keywords)
    return str(caught.value)


def test_keywords_of_release_2_lead_to_those_of_release_3() -> None:
    """An argument of umapi-client 2 is named, with what to do instead; any other is refused under the public name."""
    make, auth = umapi_client.Connection, umapi_client.OAuthS2S("id", "secret")
    for name, remedy in {
        "auth_dict": r"give auth=OAuthS2S\(…\) or auth=JWTAuth",
        "ims_host": "give auth_host to OAuthS2S",
        "user_management_endpoint": "give endpoint",
        "logger": "set conn.logger = …",
        "retry_max_attempts": "give max_retries",
        "retry_first_delay": "set conn.retry_first_delay = …",
        "timeout_seconds": "give timeout",
        "throttle_actions": "set conn.throttle_actions = …",
    }.items():
        told = told_of(make, org_id="1@AdobeOrg", **{name: None} if name == "auth_dict" else {name: None, "auth": auth})
        assert re.match(rf"Connection\({name}=…\) is of umapi-client 2: {remedy}", told)
    action = umapi_client.UserAction("a@example.com")
    of_create = told_of(action.create, email="a@example.com", first_name="A")
    assert of_create == "UserAction.create(first_name=…) is of umapi-client 2: give firstname"
    assert "give lastname" in told_of(action.update, last_name="A")
    assert "leave it out" in told_of(action.add_to_groups, groups=["A"], group_type="product")
    assert "give it to create()" in told_of(umapi_client.UserAction, user="a@example.com", id_type="federatedID")
    assert "as user" in told_of(umapi_client.UserAction, email="a@example.com")
    assert action.commands == []
    unknown = told_of(make, org_id="1@AdobeOrg", auth=auth, endpoin="x")
    assert unknown == "Connection.__init__() got an unexpected keyword argument 'endpoin': is endpoint meant?"
    unlike = told_of(make, org_id="1@AdobeOrg", auth=auth, colour="x")
    assert unlike == "Connection.__init__() got an unexpected keyword argument 'colour'"
    assert told_of(action.create, fristname="A").endswith(
        "unexpected keyword argument 'fristname': is firstname meant?"
    )
    assert told_of(umapi_client.UserAction) == "UserAction.__init__() missing 1 required positional argument: 'user'"


def test_classes_are_called_what_programs_call_them() -> None:
    """No repr, traceback or pickle has a name that only this project knows."""
    action = umapi_client.UserAction("a@example.com")
    assert repr(action) == "<UserAction {'user': 'a@example.com'}, no commands>"
    action.add_to_groups(["A"])
    assert repr(action) == "<UserAction {'user': 'a@example.com'}, [{'add': {'group': ['A']}}]>"
    assert len(repr(action.add_to_groups([f"group {number}" for number in range(500)]))) < 200
    assert umapi_client.UnavailableError.__name__ == "UnavailableError"
    for name in umapi_client.__all__:
        known: Any = getattr(umapi_client, name)
        assert not isinstance(known, type) or known.__name__ in (name, "ServicePrincipalAuth")
    again = pickle.loads(pickle.dumps((action, umapi_client.IdentityType.adobeID)))
    assert (again[0].frame, again[1]) == (action.frame, umapi_client.IdentityType.adobeID)


@pytest.mark.parametrize("user", [None, 5])
def test_a_user_is_a_text(user: Any) -> None:
    """What is no text is told as such, instead of by an error about what Python cannot do with it."""
    with pytest.raises(TypeError, match="user must be an e-mail address or a user name, not "):
        umapi_client.UserAction(user)


def test_an_auth_host_needs_no_scheme(secure: RunningServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in umapi-client, the token host is given by its name; half a URL is no host."""
    assert secure.details.ca_cert is not None
    monkeypatch.setenv("UMAPI_CA_BUNDLE", str(secure.details.ca_cert))
    details = secure.details
    host = details.ims_url.removeprefix("https://")
    auth = umapi_client.OAuthS2S(details.client_id, details.client_secret, auth_host=host)
    connection = umapi_client.Connection(details.org_id, auth, endpoint=details.api_url)
    assert umapi_client.UserQuery(connection, "jdoe@example.com").result()["email"] == "jdoe@example.com"
    connection.close()
    with pytest.raises(UmapiError, match=r"auth_host must be an http or https URL, not 'https:/ims\.example\.com'"):
        umapi_client.OAuthS2S("id", "secret", auth_host="https:/ims.example.com")


def test_values_are_refused_where_they_are_sent(client: Client, wire: ScriptedServer) -> None:
    """A country or address that is none is an error of its action, as in umapi-client; the other actions are done."""
    wire.answer = all_good
    country = umapi_client.UserAction("a@example.com").create("a@example.com", "A", "B", "Sweden")
    address = umapi_client.UserAction("b@example.com").create("mailto:b@example.com", "A", "B", "SE")
    assert client(wire).execute_multiple([country, address, member_of("c@example.com")]) == (0, 3, 1)
    assert [
        error["message"].partition(": ")[2] for each in (country, address) for error in each.execution_errors()
    ] == [
        '"Sweden" is no country code of ISO 3166-1: give "SE" (error.command.string.too_long)',
        '"mailto:b@example.com" is no e-mail address: is b@example.com meant?',
    ]
