"""`umapi_sdk.compat` beside Adobe's umapi-client 3: the same programs, the same requests, the same results."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest

import umapi_sdk.compat
from umapi_client_programs import PROGRAMS
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
