"""A program for umapi-client 3 whose imports were changed: its calls have types."""

from collections.abc import Iterable

import umapi_sdk.compat as umapi_client
from umapi_sdk.compat import BatchError, Connection, GroupAction, IdentityType, IfAlreadyExistsOption, UserAction
from umapi_sdk.compat.auth import OAuthS2S
from umapi_sdk.compat.error import UnavailableError


def connection(org_id: str, client_id: str, client_secret: str) -> Connection:
    """Connect, with settings of one's own."""
    conn = umapi_client.Connection(org_id=org_id, auth=OAuthS2S(client_id, client_secret), timeout=60, max_retries=3)
    conn.throttle_groups = 5
    conn.retry_first_delay = 3
    conn.test_mode = True
    return conn


def create(conn: Connection, emails: Iterable[str]) -> int:
    """Create people, and return how many are there."""
    actions: list[umapi_client.Action] = [GroupAction("Writers").create(description="Those who write")]
    for email in emails:
        action = UserAction(email, requestID=email).create(
            email,
            firstname="F",
            lastname="L",
            country="DE",
            id_type=IdentityType.federatedID,
            on_conflict=IfAlreadyExistsOption.updateIfAlreadyExists,
        )
        actions.append(action.add_to_groups(groups=["Writers"]))
    try:
        queued, sent, completed = conn.execute_multiple(actions)
    except BatchError as error:
        queued, sent, completed = error.statistics
        waits: list[int] = [cause.seconds for cause in error.causes if isinstance(cause, UnavailableError)]
        print(waits)
    print(queued, sent, [error["errorCode"] for action in actions for error in action.execution_errors()])
    names: list[str] = [user["email"] for user in umapi_client.UsersQuery(conn, in_group="Writers")]
    total, *_ = umapi_client.GroupsQuery(conn).stats()
    print(names, total, umapi_client.UserQuery(conn, "a@example.com").result().get("type"))
    return completed
