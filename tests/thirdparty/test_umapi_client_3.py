"""Adobe's umapi-client 3, unmodified, works against the mock server as against the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_harness.mock.settings import Settings

umapi_client = pytest.importorskip("umapi_client", reason="umapi-client is not installed: it goes in with --no-deps")
auth = pytest.importorskip("umapi_client.auth")

Connect = Callable[..., Any]


@pytest.fixture
def connect(server: RunningServer, host: str) -> Iterator[Connect]:
    """Opens connections of the client, which are closed at the end."""
    opened: list[Any] = []

    def open_connection(**options: Any) -> Any:
        details = server.details
        given = {"auth": auth.OAuthS2S(details.client_id, details.client_secret, auth_host=host), **options}
        connection = umapi_client.Connection(details.org_id, endpoint=f"https://{host}/v2/usermanagement", **given)
        opened.append(connection)
        return connection

    yield open_connection
    for connection in opened:
        connection.session.close()


@pytest.fixture
def conn(connect: Connect) -> Any:
    """A connection with OAuth server-to-server credentials."""
    return connect()


def user(conn: Any, email: str, domain: str | None = None) -> dict[str, Any]:
    """One user, as the client gives it."""
    found: dict[str, Any] = umapi_client.UserQuery(conn, email, domain).result()
    return found


def create(email: str, **more: Any) -> Any:
    """An action that creates a Federated ID."""
    return umapi_client.UserAction(email).create(email, firstname="F", lastname="L", country="US", **more)


def test_a_token_by_jwt(connect: Connect, server: RunningServer, host: str) -> None:
    """The JWT that the client makes is exchanged for a token that the queries accept."""
    details = server.details
    key = Path(details.private_key_path).read_text("utf-8")
    jwt_auth = auth.JWTAuth(
        details.org_id, details.client_id, details.client_secret, details.tech_account_id, key, auth_host=host
    )
    assert user(connect(auth=jwt_auth), "jdoe@example.com")["firstname"] == "John"


def test_a_token_by_oauth(conn: Any) -> None:
    """OAuth server-to-server gives a token that the queries accept."""
    assert user(conn, "jdoe@example.com")["firstname"] == "John"


def test_a_wrong_secret(connect: Connect, server: RunningServer, host: str) -> None:
    """With a wrong secret the client reports that it is not authorized, with the token host's words."""
    wrong = connect(auth=auth.OAuthS2S(server.details.client_id, "wrong", auth_host=host))
    with pytest.raises(RuntimeError, match="invalid client_secret parameter"):
        user(wrong, "jdoe@example.com")


def test_status(conn: Any) -> None:
    """The client's status call understands the service's state, and counts what it has done."""
    local, remote = conn.status(remote=True)
    assert remote["state"] == "LIVE"
    assert set(remote) == {"build", "version", "side", "environment", "state", "endpoint"}
    assert local["single-query-count"] == 0


def test_users(conn: Any) -> None:
    """All users are listed, and the page headers count the technical account with them, which is not."""
    query = umapi_client.UsersQuery(conn)
    users = query.all_results()
    assert len(users) == 13
    assert len(list(umapi_client.UsersQuery(conn))) == 13
    total, pages, size, number = query.stats()
    assert (total, pages, size, number) == (14, 1, 14, 0)


def test_users_over_many_pages(conn: Any, server: RunningServer) -> None:
    """Pages are followed to the last, and none of their users is lost or doubled."""
    server.world.settings = server.world.settings.changed({"users_page_size": 4})
    users = umapi_client.UsersQuery(conn).all_results()
    assert len({(entry["email"], entry["type"]) for entry in users}) == len(users) == 13
    assert conn.status()[0]["multiple-query-count"] == 4


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("DevOps", {"jdoe@example.com", "o'neil+test@example.org"}),
        ("U.S.FinanceOperations", {"jdoe@example.com"}),
        ("Équipe Zürich", {"Hélène.Müller@example.com"}),
        ("100% remote? #1 + more", {"o'neil+test@example.org"}),
        ("デザイン部", {"sato@example.org"}),
        ("_admin_Document Cloud 1", {"jane@example.com"}),
        ("No Such Group", set()),
    ],
)
def test_users_of_a_group(group: str, expected: set[str], conn: Any) -> None:
    """Members of a group are found whatever letters its name is made of; the client takes a 404 for none."""
    members = umapi_client.UsersQuery(conn, in_group=group).all_results()
    assert {entry["email"] for entry in members} == expected


def test_users_of_a_domain(conn: Any) -> None:
    """The filter by domain is obeyed, with `directOnly` as the client writes it: `True` or `False`."""
    for direct_only in (True, False):
        query = umapi_client.UsersQuery(conn, in_domain="example.org", direct_only=direct_only)
        assert {entry["email"] for entry in query.all_results()} == {"sato@example.org", "o'neil+test@example.org"}


def test_groups(conn: Any) -> None:
    """Groups are listed with type and number of members."""
    groups = {group["groupName"]: group for group in umapi_client.GroupsQuery(conn).all_results()}
    assert groups["DevOps"]["type"] == "USER_GROUP"
    assert groups["DevOps"]["memberCount"] == 2
    assert groups["Document Cloud 1"]["type"] == "PRODUCT_PROFILE"


def test_one_user(conn: Any) -> None:
    """A user is found by e-mail address, by user name and domain, and by the domain that means Adobe IDs."""
    assert user(conn, "jsmith", "example.com")["email"] == "john.smith@example.com"
    assert user(conn, "jane@example.com")["type"] == "federatedID"
    assert user(conn, "jane@example.com", "AdobeID")["type"] == "adobeID"
    assert user(conn, "o'neil+test@example.org")["lastname"] == "O'Neil"
    assert user(conn, "Hélène.Müller@example.com")["country"] == "CH"
    assert user(conn, "nobody@example.com") == {}


@pytest.mark.parametrize(
    ("kind", "email"),
    [
        ("adobeID", "new@example.net"),
        ("enterpriseID", "new@enterprise.example.com"),
        ("federatedID", "new@example.com"),
    ],
)
def test_create(kind: str, email: str, conn: Any) -> None:
    """A user of each type is created, and there when looked up."""
    action = umapi_client.UserAction(email).create(
        email, firstname="New", lastname="User", country="US", id_type=umapi_client.IdentityType[kind]
    )
    assert conn.execute_single(action, immediate=True) == (0, 1, 1)
    assert action.execution_errors() == []
    found = user(conn, email)
    assert (found["type"], found["firstname"], found["email"]) == (kind, "New", email)


def test_create_with_user_name_and_domain(conn: Any) -> None:
    """A Federated ID with a user name of its own is created and found by it."""
    action = umapi_client.UserAction("newname", domain="example.com").create("new@example.com", "N", "U", "US")
    assert conn.execute_single(action, immediate=True) == (0, 1, 1)
    assert user(conn, "newname", "example.com")["email"] == "new@example.com"


def test_create_again(conn: Any) -> None:
    """What happens to a user who is there already follows the client's `on_conflict`."""
    conflict = umapi_client.IfAlreadyExistsOption
    conn.execute_single(create("new@example.com"), immediate=True)
    again = umapi_client.UserAction("new@example.com")
    again.create("new@example.com", "Other", "Name", "US", on_conflict=conflict.updateIfAlreadyExists)
    assert conn.execute_single(again, immediate=True) == (0, 1, 1)
    assert user(conn, "new@example.com")["firstname"] == "Other"
    refused = create("new@example.com", on_conflict=conflict.errorIfAlreadyExists)
    assert conn.execute_single(refused, immediate=True) == (0, 1, 0)
    assert [error["errorCode"] for error in refused.execution_errors()] == ["error.user.already_in_org"]


def test_update_groups_and_removal(conn: Any) -> None:
    """The steps of a user's life with an organisation are carried out, several of them in one action."""
    action = create("new@example.com").add_to_groups(["DevOps", "Document Cloud 1"]).update(firstname="Newer")
    assert conn.execute_single(action, immediate=True) == (0, 1, 1)
    found = user(conn, "new@example.com")
    assert (found["firstname"], set(found["groups"])) == ("Newer", {"DevOps", "Document Cloud 1"})
    conn.execute_single(umapi_client.UserAction("new@example.com").remove_from_groups(["DevOps"]), immediate=True)
    assert user(conn, "new@example.com")["groups"] == ["Document Cloud 1"]
    conn.execute_single(umapi_client.UserAction("new@example.com").remove_from_groups(all_groups=True), immediate=True)
    assert "groups" not in user(conn, "new@example.com")
    removal = umapi_client.UserAction("new@example.com")
    removal.remove_from_organization(delete_account=True)
    assert conn.execute_single(removal, immediate=True) == (0, 1, 1)
    assert user(conn, "new@example.com") == {}


def test_more_than_a_request_holds(conn: Any) -> None:
    """Twenty-five actions, and more than ten groups in one, are split by the client and all accepted."""
    names = [f"Group {number}" for number in range(12)]
    conn.execute_multiple([umapi_client.GroupAction(name).create() for name in names])
    actions = [create(f"new{number}@example.com") for number in range(24)]
    actions.append(umapi_client.UserAction("jdoe@example.com").add_to_groups(list(names)))
    assert conn.execute_multiple(actions) == (0, 25, 25)
    assert set(names) <= set(user(conn, "jdoe@example.com")["groups"])
    assert user(conn, "new23@example.com") != {}


def test_partial_failure(conn: Any) -> None:
    """In a request in which some actions fail, the client finds each error at the action and the step it is for."""
    good = create("new@example.com")
    bad = umapi_client.UserAction("jdoe@example.com").update(firstname="J").add_to_groups(["No Such Group"])
    nobody = umapi_client.UserAction("nobody@example.com").update(firstname="N")
    assert conn.execute_multiple([good, bad, nobody]) == (0, 3, 1)
    assert good.execution_errors() == []
    (error,) = bad.execution_errors()
    assert error["errorCode"] == "error.group.not_found"
    assert error["command"] == {"add": {"group": ["No Such Group"]}}
    assert error["message"] == "Group No Such Group was not found"
    assert [error["errorCode"] for error in nobody.execution_errors()] == ["error.user.nonexistent"]


def test_user_groups(conn: Any) -> None:
    """User groups are created, given members and profiles, renamed and deleted."""
    group = umapi_client.GroupAction("Testers").create(description="Those who test")
    group.add_users(["jdoe@example.com", "sato@example.org"]).add_to_products(["Document Cloud 1"])
    assert conn.execute_single(group, immediate=True) == (0, 1, 1)
    rename = umapi_client.GroupAction("Testers").remove_users(["sato@example.org"]).update(name="Tüfter & Co.")
    assert conn.execute_single(rename, immediate=True) == (0, 1, 1)
    members = umapi_client.UsersQuery(conn, in_group="Tüfter & Co.").all_results()
    assert [member["email"] for member in members] == ["jdoe@example.com"]
    assert conn.execute_single(umapi_client.GroupAction("Tüfter & Co.").delete(), immediate=True) == (0, 1, 1)
    assert "Tüfter & Co." not in {group["groupName"] for group in umapi_client.GroupsQuery(conn).all_results()}


def test_test_mode(connect: Connect) -> None:
    """In test mode the client's actions are accepted, and nothing changes."""
    testing = connect(test_mode=True)
    queued, sent, _ = testing.execute_single(create("new@example.com"), immediate=True)
    assert (queued, sent) == (0, 1)
    assert user(testing, "new@example.com") == {}


def test_throttling(conn: Any, server: RunningServer, waits: list[float]) -> None:
    """The client waits as long as Retry-After says after a 429, and backs off without it after a 503."""
    server.world.faults.add(Fault(operation="action", first=1, status=429, retry_after="38"))
    assert conn.execute_single(create("new@example.com"), immediate=True) == (0, 1, 1)
    assert waits == [38]
    server.world.faults.add(Fault(operation="users", first=1, status=503))
    assert len(umapi_client.UsersQuery(conn).all_results()) == 14
    assert 15 <= waits[1] <= 20


def test_the_documented_limit(conn: Any, server: RunningServer, waits: list[float]) -> None:
    """With the service's limits in force the eleventh request of a minute is refused, and the client gives up."""
    server.world.settings = server.world.settings.changed({"throttle": True})
    for number in range(10):
        conn.execute_single(create(f"new{number}@example.com"), immediate=True)
    with pytest.raises(umapi_client.BatchError) as caught:
        conn.execute_single(create("new10@example.com"), immediate=True)
    assert isinstance(caught.value.causes[0], umapi_client.UnavailableError)
    assert len(waits) == 3
    assert all(0 < wait <= 60 for wait in waits)


def test_sync_signals(conn: Any, server: RunningServer) -> None:
    """The headers that announce the start and the end of a run arrive, and do no harm."""
    conn.start_sync()
    umapi_client.UsersQuery(conn).all_results()
    conn.end_sync()
    umapi_client.UsersQuery(conn).all_results()
    queries = [entry for entry in server.world.journal.as_list() if "/users/" in entry["path"]]
    signals = [{k.lower(): v for k, v in entry["request_headers"].items()}.get("pragma") for entry in queries]
    assert signals == ["umapi-sync-start", "umapi-sync-end"]


def test_the_live_profile(conn: Any, server: RunningServer) -> None:
    """With everything as seen from the live service, the client's calls lead to the same results."""
    server.world.settings = Settings.live()
    names = [f"Group {number}" for number in range(12)]
    conn.execute_multiple([umapi_client.GroupAction(name).create() for name in names])
    assert conn.execute_single(create("new@example.com").add_to_groups(list(names)), immediate=True)[2] == 1
    assert set(user(conn, "new@example.com")["groups"]) == set(names)
    gone = umapi_client.UserAction("nobody@example.com")
    gone.remove_from_organization()
    conn.execute_single(gone, immediate=True)
    assert [error["errorCode"] for error in gone.execution_errors()] == ["error.user.nonexistent"]


def test_the_lockout_of_the_first_page(conn: Any, server: RunningServer, waits: list[float]) -> None:
    """Page 0 is locked for half an hour after it was read, and the announcement of a run opens it."""
    server.world.settings = Settings.live().changed({"throttle": True})
    assert len(umapi_client.UsersQuery(conn).all_results()) == 13
    with pytest.raises(umapi_client.UnavailableError):
        umapi_client.UsersQuery(conn).all_results()
    assert waits
    assert all(wait <= 1800 for wait in waits)
    conn.start_sync()
    assert len(umapi_client.UsersQuery(conn).all_results()) == 13


def test_a_token_that_ends_in_the_middle_of_a_run(conn: Any, server: RunningServer) -> None:
    """When all tokens are revoked, the client is refused: it trusts in the life that it was told."""
    assert user(conn, "jdoe@example.com") != {}
    server.world.tokens.revoke()
    with pytest.raises(umapi_client.RequestError) as caught:
        user(conn, "jdoe@example.com")
    assert caught.value.result.status_code == 401
