"""`umapi_sdk.compat` beside Adobe's umapi-client 3: the same programs, the same requests, the same results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest

import umapi_sdk.compat
from umapi_client_programs import PROGRAMS
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer

umapi_client = pytest.importorskip("umapi_client", reason="umapi-client is not installed: it goes in with --no-deps")

Asked = tuple[str, str, list[tuple[str, str]], str | None, Any]


def connect(api: Any, server: RunningServer, host: str, **options: Any) -> Any:
    """A connection of either module to the server."""
    details = server.details
    credentials = api.auth.OAuthS2S(details.client_id, details.client_secret, auth_host=host)
    return api.Connection(details.org_id, credentials, endpoint=f"https://{host}/v2/usermanagement", **options)


def close(connection: Any) -> None:
    """Close the network connections of either kind."""
    getattr(connection, "session", connection).close()


def asked(server: RunningServer) -> list[Asked]:
    """The requests that arrived, without what the SDK adds on purpose: an id to each command of several."""
    found: list[Asked] = []
    for entry in server.world.journal.as_list():
        if "/ims/" in entry["path"]:
            continue
        path, _, query = entry["path"].partition("?")
        body: Any = json.loads(entry["request_body"]) if entry["request_body"] else None
        for command in body or ():
            if command.get("requestID", "").startswith("action_"):  # as user-sync calls its own, too
                del command["requestID"]
        headers = {name.lower(): value for name, value in entry["request_headers"].items()}
        filters = sorted((name, value.lower()) for name, value in parse_qsl(query))
        found.append((entry["method"], unquote(path), filters, headers.get("pragma"), body))
    return found


ONE_AFTER_THE_OTHER = ("long_lists", "keep_items_beside_the_queue")
"""Programs with several actions on one user: the SDK sends these in requests of their own, as no order is promised."""


def commands(requests: list[Asked]) -> list[str]:
    """All commands that were sent, whichever requests they shared."""
    return sorted(json.dumps(command, sort_keys=True) for *_, body in requests for command in body or ())


def run(
    api: Any, name: str, server: RunningServer, host: str, setup: Callable[[RunningServer], object] | None = None
) -> Any:
    """What a program tells with a module, and what it has asked for, on the organisation as it is at first."""
    server.world.reset()
    server.world.tokens.revoke()
    if setup is not None:
        setup(server)
    connection = connect(api, server, host)
    try:
        return PROGRAMS[name](api, connection), asked(server)
    finally:
        close(connection)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_the_same(name: str, server: RunningServer, host: str) -> None:
    """What the program learns and what the server is asked are the same with both."""
    theirs, ours = (run(api, name, server, host) for api in (umapi_client, umapi_sdk.compat))
    assert ours[0] == theirs[0]
    if name in ONE_AFTER_THE_OTHER:
        assert commands(ours[1]) == commands(theirs[1])
    else:
        assert ours[1] == theirs[1]


@pytest.mark.parametrize("name", ["export_everybody", "iterate_and_go_on", "progress_of_a_listing", "plain_queries"])
def test_a_listing_of_many_pages_is_the_same(name: str, server: RunningServer, host: str) -> None:
    """Pages of four users and of three groups: the same entries in the same order, by the same requests."""

    def small(running: RunningServer) -> None:
        changes = {"users_page_size": 4, "groups_page_size": 3}
        running.world.settings = running.world.settings.changed(changes)

    theirs, ours = (run(api, name, server, host, small) for api in (umapi_client, umapi_sdk.compat))
    assert ours == theirs


def test_all_public_names_are_there() -> None:
    """Whatever the client exports, and each of its modules, the module has too; what programs call of them as well."""
    modules = ("api", "auth", "connection", "error", "functional")
    names = {name for name in dir(umapi_client) if not name.startswith("_")} - {"NullHandler", "logging", "version"}
    assert sorted(names - set(dir(umapi_sdk.compat))) == []
    for module in modules:
        theirs, ours = getattr(umapi_client, module), getattr(umapi_sdk.compat, module)
        public = {name for name, value in vars(theirs).items() if getattr(value, "__module__", "") == theirs.__name__}
        assert sorted(public - set(dir(ours)) - {"APIResult", "AdobeAuthBase"}) == []


@pytest.mark.parametrize(
    "kind", ["UserAction", "GroupAction", "Action", "QueryMultiple", "QuerySingle", "UsersQuery", "Connection"]
)
def test_all_public_members_are_there(kind: str, server: RunningServer, host: str) -> None:
    """Methods and attributes of the client's objects are there, but for the session of requests and its marks."""

    def made(api: Any) -> Any:
        connection = connect(api, server, host)
        close(connection)
        arguments: dict[str, tuple[Any, ...]] = {
            "UserAction": ("a@example.com",),
            "GroupAction": ("A",),
            "Action": (),
            "QueryMultiple": (connection, "user"),
            "QuerySingle": (connection, "user"),
            "UsersQuery": (connection,),
        }
        return connection if kind == "Connection" else getattr(api, kind)(*arguments[kind])

    missing = {name for name in dir(made(umapi_client)) if not name.startswith("_")} - set(dir(made(umapi_sdk.compat)))
    assert missing <= {"session", "mock_env_var", "uuid", "sync_started", "sync_ended"}


def test_the_program_of_the_page(
    server: RunningServer, host: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program of docs/how-to/from-umapi-client.md prints the same with either import."""
    for line in server.details.export_lines():
        name, _, value = line.removeprefix("export ").partition("=")
        monkeypatch.setenv(name, value)  # what the program reads, and the connection of the test has otherwise
    page = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "from-umapi-client.md"
    program = page.read_text("utf-8").partition("```python before.py\n")[2].partition("```")[0]
    printed = []
    for api in (umapi_client, umapi_sdk.compat):
        server.world.reset()
        server.world.tokens.revoke()
        connection = connect(api, server, host)
        names = {**vars(api), "Connection": lambda connection=connection, **_: connection, "OAuthS2S": lambda **_: None}
        body = program.replace("from umapi_sdk.compat import", "from os import path  #")
        exec(compile(body, str(page), "exec"), names)
        close(connection)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != ""


def outcome(api: Any, server: RunningServer, host: str, faults: list[Fault], **options: Any) -> Any:
    """What a program is told of an action that meets faults, and how often it was asked for."""
    server.world.reset()
    server.world.tokens.revoke()
    for fault in faults:
        server.world.faults.add(fault)
    connection = connect(api, server, host, **options)
    action = api.UserAction("jdoe@example.com").add_to_groups(["Marketing"])
    try:
        told = connection.execute_single(action, immediate=True)
    except api.BatchError as error:
        told = error.statistics
    posts = sum("/action/" in entry["path"] for entry in server.world.journal.as_list())
    codes = [error["errorCode"] for error in action.execution_errors()]
    left = len(connection.action_queue)
    connection.action_queue = []
    close(connection)
    return told, posts, codes, left


def test_a_lost_answer(server: RunningServer, host: str, waits: list[float]) -> None:
    """umapi-client sends again what may have been done; here the outcome is unknown, and says so."""
    faults = [Fault(operation="action", first=1, kind="drop", when="after")]
    assert outcome(umapi_client, server, host, faults) == ((0, 1, 1), 2, [], 0)
    assert outcome(umapi_sdk.compat, server, host, faults) == ((0, 1, 0), 1, ["unknown"], 0)
    assert len(waits) == 1


def test_a_service_that_lets_nobody_in(server: RunningServer, host: str, waits: list[float]) -> None:
    """umapi-client throws the actions away, without an error at any; here they stay queued."""
    faults = [Fault(operation="action", first=9, status=429, retry_after="1")]
    assert outcome(umapi_client, server, host, faults, max_retries=1) == ((0, 1, 0), 1, [], 0)
    assert outcome(umapi_sdk.compat, server, host, faults, max_retries=1) == ((1, 0, 0), 1, [], 1)


def test_a_refused_request(server: RunningServer, host: str) -> None:
    """umapi-client has no error at the actions of a request that was refused as a whole; here each has one."""
    body = '{"result": "error.request.malformed", "message": "no"}'
    faults = [Fault(operation="action", first=1, status=400, body=body)]
    assert outcome(umapi_client, server, host, faults) == ((0, 1, 0), 1, [], 0)
    assert outcome(umapi_sdk.compat, server, host, faults) == ((0, 1, 0), 1, ["error.request.malformed"], 0)


def test_a_wrong_address(server: RunningServer, host: str) -> None:
    """At a wrong endpoint umapi-client finds an organisation without people; here it is an error."""
    found: list[Any] = []
    for api in (umapi_client, umapi_sdk.compat):
        connection = connect(api, server, host)
        details = server.details
        wrong = api.Connection(details.org_id, connection.auth, endpoint=f"https://{host}/v2/usermanagment")
        try:
            found.append(api.UsersQuery(wrong).all_results())
        except api.RequestError as error:
            found.append(error.result.status_code)
        close(wrong)
        close(connection)
    assert found == [[], 404]


def test_an_option_that_the_api_does_not_have(server: RunningServer, host: str) -> None:
    """umapi-client sends `errorIfAlreadyExists` for a group; here an error is what happens without an option."""
    sent: list[Any] = []
    for api in (umapi_client, umapi_sdk.compat):
        action = api.GroupAction("Night shift").create(option=api.IfAlreadyExistsOption.errorIfAlreadyExists)
        sent.append(action.wire_dict()["do"])
    assert sent == [[{"createUserGroup": {"option": "errorIfAlreadyExists"}}], [{"createUserGroup": {}}]]
