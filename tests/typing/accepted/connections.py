"""Connections and queries, with the types of their results."""

from collections.abc import Iterable
from typing import Any, assert_type

from umapi_sdk import (
    Action,
    ActionOutcome,
    Completeness,
    Connection,
    ErrorCode,
    Execution,
    Group,
    GroupAction,
    GroupsQuery,
    JWTAuth,
    OAuthS2S,
    RetryPolicy,
    ServicePrincipalAuth,
    StepOutcome,
    StepStatus,
    User,
    UserAction,
    UserQuery,
    UsersQuery,
    connect,
)

oauth = OAuthS2S("id", "secret")
principal: ServicePrincipalAuth = oauth
jwt = JWTAuth(
    org_id="12345@AdobeOrg",
    client_id="id",
    client_secret="secret",
    tech_acct_id="t@techacct.adobe.com",
    priv_key_data="-----BEGIN",
    ssl_verify=True,
    auth_host="ims-na1.adobelogin.com",
    auth_endpoint="/ims/exchange/jwt/",
    passphrase="p",
)


def use(conn: Connection) -> None:
    """Use a connection in all ways."""
    actions: list[Action] = [
        UserAction("a@example.com").add_to_groups(["A"]),
        GroupAction("A").create(),
        UserAction("b@example.com").remove_from_organization(),
    ]
    result = conn.execute_multiple(actions, immediate=True)
    assert_type(result, Execution)
    queued, sent, completed = result
    assert_type(queued + sent + completed, int)
    assert_type(result.outcomes, tuple[ActionOutcome, ...])
    for outcome in result.not_completed:
        assert_type(outcome.steps, tuple[StepOutcome, ...])
        assert_type(outcome.steps[0].status, StepStatus)
        assert_type(outcome.rest, Action | None)
        for error in outcome.errors:
            assert_type(error.code, str)
            assert_type(error.known_code, ErrorCode | None)
            assert_type(error.step, int | None)
    assert_type(conn.execute_single(actions[0], True), Execution)
    assert_type(conn.execute_queued(), Execution)
    assert_type(conn.status(remote=True), tuple[dict[str, int], dict[str, Any]])

    users = UsersQuery(conn, "A", "example.com", False, status="inactive", exclude_groups=True)
    assert_type(users.all_results(), list[User])
    for user in users:
        assert_type(user.email, str)
        assert_type(user.first_name, str | None)
        assert_type(user.groups, tuple[str, ...] | None)
    assert_type(users.total, int | None)
    assert_type(users.complete, Completeness)
    assert_type(GroupsQuery(conn).all_results(), list[Group])
    assert_type(UserQuery(conn, "a", domain="example.com").result(), User | None)


def generated() -> Iterable[UserAction]:
    """Give actions one at a time."""
    yield UserAction("a@example.com")


with Connection("12345@AdobeOrg", oauth, retry=RetryPolicy(attempts=2), timeout=None) as connection:
    use(connection)
    connection.execute_multiple(generated())
with connect(profile="p", test_mode=True) as connection:
    use(connection)
