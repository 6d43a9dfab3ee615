"""Adobe's umapi-client 2.22, unmodified, works against the mock server as against the service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer

umapi_client = pytest.importorskip("umapi_client", reason="umapi-client is not installed: it goes in with --no-deps")


@pytest.fixture
def conn(server: RunningServer, host: str) -> Iterator[Any]:
    """A connection by JWT, which is the only way that this version knows."""
    details = server.details
    connection = umapi_client.Connection(
        details.org_id,
        auth_dict={
            "tech_acct_id": details.tech_account_id,
            "api_key": details.client_id,
            "client_secret": details.client_secret,
            "private_key_file": details.private_key_path,
        },
        ims_host=host,
        user_management_endpoint=f"https://{host}/v2/usermanagement",
    )
    yield connection
    connection.session.close()


def federated(email: str, **more: Any) -> Any:
    """An action on a Federated ID."""
    return umapi_client.UserAction(id_type=umapi_client.IdentityTypes.federatedID, email=email, **more)


def user(conn: Any, email: str) -> dict[str, Any]:
    """One user, as the client gives it."""
    found: dict[str, Any] = umapi_client.UserQuery(conn, email).result()
    return found


def test_status(conn: Any) -> None:
    """The client's status call understands the service's state."""
    assert conn.status(remote=True)[1]["state"] == "LIVE"


def test_queries(conn: Any, server: RunningServer) -> None:
    """Users and groups are listed over several pages, and one user is found."""
    server.world.settings = server.world.settings.changed({"users_page_size": 4, "groups_page_size": 7})
    assert len(umapi_client.UsersQuery(conn).all_results()) == 13
    assert {entry["email"] for entry in umapi_client.UsersQuery(conn, in_group="DevOps").all_results()} == {
        "jdoe@example.com",
        "o'neil+test@example.org",
    }
    names = [group["groupName"] for group in umapi_client.GroupsQuery(conn).all_results()]
    assert len(names) == len(set(names))
    assert {"DevOps", "Document Cloud 1", "デザイン部"} <= set(names)
    assert user(conn, "jdoe@example.com")["lastname"] == "Doe"
    assert user(conn, "nobody@example.com") == {}


def test_user_groups_by_the_deprecated_listing(conn: Any) -> None:
    """The listing of user groups that this version still uses is served."""
    groups = umapi_client.UserGroupsQuery(conn).all_results()
    assert {"DevOps", "Marketing"} <= {group.get("name") or group.get("groupName") for group in groups}


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
    action = umapi_client.UserAction(id_type=kind, email=email)
    action.create(first_name="New", last_name="User", country="US")
    assert conn.execute_single(action, immediate=True) == (0, 1, 1)
    assert user(conn, email)["type"] == kind


def test_update_groups_and_removal(conn: Any) -> None:
    """The steps of a user's life with an organisation are carried out."""
    action = federated("new@example.com").create(first_name="New", last_name="User", country="US")
    action.add_to_groups(["DevOps", "Document Cloud 1"]).update(first_name="Newer")
    assert conn.execute_single(action, immediate=True) == (0, 1, 1)
    assert user(conn, "new@example.com")["firstname"] == "Newer"
    assert set(user(conn, "new@example.com")["groups"]) == {"DevOps", "Document Cloud 1"}
    conn.execute_single(federated("new@example.com").remove_from_groups(all_groups=True), immediate=True)
    assert "groups" not in user(conn, "new@example.com")
    removal = federated("new@example.com")
    removal.remove_from_organization(delete_account=True)
    assert conn.execute_single(removal, immediate=True) == (0, 1, 1)
    assert user(conn, "new@example.com") == {}


def test_products_by_their_old_name(conn: Any) -> None:
    """`product` in the place of `group` is taken, as the service takes it."""
    kind = umapi_client.GroupTypes.product
    action = federated("jdoe@example.com").add_to_groups(["Illustrator - 20Gb"], group_type=kind)
    assert conn.execute_single(action, immediate=True) == (0, 1, 1)
    assert "Illustrator - 20Gb" in user(conn, "jdoe@example.com")["groups"]


def test_partial_failure(conn: Any) -> None:
    """The client finds each error at the action and the step it is for."""
    good = federated("jdoe@example.com").update(first_name="Jack")
    bad = federated("jane@example.com").update(first_name="J").add_to_groups(["No Such Group"])
    assert conn.execute_multiple([good, bad]) == (0, 2, 1)
    assert good.execution_errors() == []
    (error,) = bad.execution_errors()
    assert error["errorCode"] == "error.group.not_found"
    assert error["command"] == {"add": {"group": ["No Such Group"]}}


def test_user_groups(conn: Any) -> None:
    """User groups are created, given members and profiles, renamed and deleted."""
    group = umapi_client.UserGroupAction(group_name="Testers").create(description="Those who test")
    group.add_users(["jdoe@example.com"]).add_to_products(["Document Cloud 1"])
    assert conn.execute_single(group, immediate=True) == (0, 1, 1)
    rename = umapi_client.UserGroupAction(group_name="Testers").update(name="Checkers")
    assert conn.execute_single(rename, immediate=True) == (0, 1, 1)
    members = umapi_client.UsersQuery(conn, in_group="Checkers").all_results()
    assert [member["email"] for member in members] == ["jdoe@example.com"]
    assert conn.execute_single(umapi_client.UserGroupAction(group_name="Checkers").delete(), immediate=True) == (
        0,
        1,
        1,
    )


def test_throttling(conn: Any, server: RunningServer, waits: list[float]) -> None:
    """The client waits as long as Retry-After says after a 429."""
    server.world.faults.add(Fault(operation="action", first=1, status=429, retry_after="38"))
    assert conn.execute_single(federated("jdoe@example.com").update(first_name="J"), immediate=True) == (0, 1, 1)
    assert waits == [38]
