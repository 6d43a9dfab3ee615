"""The page "Connection Setup" of umapi-client's version 3 documentation: its programs run with umapi_sdk instead.

Each program stands here as the page prints it. Three things alone are changed before it is run: the name of the
package, the quoted descriptions of credentials, and each `...`, which the page leaves to its reader.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from urllib3.exceptions import InsecureRequestWarning

from umapi_hosts import Service
from umapi_sdk import Connection, UserAction, UserQuery, UsersQuery
from umapi_sdk.auth import JWTAuth, OAuthS2S, ServicePrincipalAuth
from umapi_sdk.options import Options

SETTING_UP = """
from umapi_client.auth import JWTAuth
from umapi_client import Connection

jwt_auth = JWTAuth(...)

conn = Connection(org_id="your org id", auth=jwt_auth)
"""

JWT_AUTH = """
from umapi_client.auth import JWTAuth
from umapi_client import Connection

jwt_auth = JWTAuth(
  org_id="your org ID",
  client_id="your client ID",
  client_secret="your client secret",
  tech_acct_id="your technical account ID (not email)",
  priv_key_data="contents of the private key file (as string)",
)

conn = Connection(org_id="your org id", auth=jwt_auth)
"""

NEW_CONNECTION = """
from umapi_client.auth import JWTAuth
from umapi_client import Connection

jwt_auth = JWTAuth(...)

# keyword arguments
conn = Connection(org_id="your org id", auth=jwt_auth)

# no keyword arguments
conn = Connection("your org id", jwt_auth)
"""

TEST_MODE = """
from umapi_client.auth import JWTAuth
from umapi_client import Connection, UsersQuery, UserAction

auth = JWTAuth(...)
conn = Connection('12345@AdobeOrg', auth, test_mode=True)

count_before = len(UsersQuery(conn).all_results())
conn.execute_single(UserAction(...).create(...), True)
count_after = len(UsersQuery(conn).all_results())

assert count_before == count_after
"""

STATUS_LOCAL = """
>>> conn = Connection(...)
>>> local, _ = conn.status()
>>> local
{"multiple-query-count": 5, "single-query-count": 1, "actions-sent": 25, "actions-completed": 20, "actions-queued": 5}
"""

STATUS_REMOTE = """
>>> conn = Connection(...)
>>> _, remote = conn.status(remote=True)
>>> remote
{"status": {"build": "d1d82f1e94503d7ba93872c34deda5037aa4a73d", "version": "2.7.42", "side": "A", "environment": "jil-prod-ue1", "state":"LIVE"}, "endpoint": "https://usermanagement.adobe.io/v2/usermanagement"}
"""  # noqa: E501

STATUS_CACHED = """
>>> conn = Connection(...)
>>> _, remote = conn.status()
>>> remote
{"status": "Never contacted", "endpoint": "https://usermanagement.adobe.io/v2/usermanagement"}
"""

EXECUTE_SINGLE = """
action = UserAction(email="user@example.com").create(first_name="Test", last_name="User")

# immediate is "False" by default so here the action will be queued
# and executed when batch limit is reached
conn.execute_single(action)

# when immediate=True, API call is dispatched immediately
conn.execute_single(action, immediate=True)
# ... API call happens ...
"""

EXECUTE_MULTIPLE = """
actions = [
    UserAction(email="user1@example.com").create(first_name="Test", last_name="User 1"),
    UserAction(email="user2@example.com").create(first_name="Test", last_name="User 2"),
    UserAction(email="user3@example.com").create(first_name="Test", last_name="User 3"),
]

# immediate is "False" by default so here the actions will be queued
# and executed when batch limit is reached
conn.execute_multiple(actions)

# when immediate=True, API call is dispatched immediately
conn.execute_multiple(actions, immediate=True)
# ... API call happens ...
"""

INSECURE_WARNING = """
InsecureRequestWarning: Unverified HTTPS request is being made to host
'{host}'. Adding certificate verification is strongly 
advised. See: https://urllib3.readthedocs.io/en/latest/advanced-usage.html#ssl-warnings
"""  # noqa: W291

ENDPOINT = "https://usermanagement.adobe.io/v2/usermanagement"
API_HOST = "usermanagement.adobe.io:443"
TOKEN_HOST = "ims-na1.adobelogin.com:443"


def run(program: str, service: Service, **names: Any) -> dict[str, Any]:
    """Run a program of the page, and return the names that it defines."""
    given = service.credentials
    text = program.replace("umapi_client", "umapi_sdk")
    for described, value in (
        ("your org ID", given["org_id"]),
        ("your org id", given["org_id"]),
        ("your client ID", given["client_id"]),
        ("your client secret", given["client_secret"]),
        ("your technical account ID (not email)", given["tech_acct_id"]),
        ("contents of the private key file (as string)", given["priv_key_data"]),
    ):
        text = text.replace(f'"{described}"', repr(value))
    text = text.replace("JWTAuth(...)", "JWTAuth(**credentials)")
    text = text.replace("UserAction(...).create(...)", "UserAction('tested@example.com').create(first_name='T')")
    assert "(...)" not in text
    namespace: dict[str, Any] = {"credentials": given, **names}
    exec(compile(text, "page", "exec"), namespace)
    return namespace


def run_dialogue(dialogue: str, service: Service, conn: Connection) -> tuple[Any, Any]:
    """Run what the page types at the prompt with a connection; return what it shows last, here and on the page."""
    lines = dialogue.strip().splitlines()
    assert lines[0] == ">>> conn = Connection(...)"
    statements = [line.removeprefix(">>> ") for line in lines[1:-1]]
    namespace = run("\n".join(statements[:-1]), service, conn=conn)
    return eval(statements[-1], namespace), json.loads(lines[-1])


@pytest.fixture
def conn(service: Service) -> Iterator[Connection]:
    """A connection as the page makes it."""
    connection: Connection = run(JWT_AUTH, service)["conn"]
    yield connection
    connection.take_queued()


def new_user(number: int) -> UserAction:
    """An action whose one step succeeds."""
    action = UserAction(email=f"new{number}@example.com")
    action.create(first_name="New", last_name=f"User {number}")
    return action


@pytest.mark.parametrize("program", [SETTING_UP, JWT_AUTH, NEW_CONNECTION], ids=["setup", "jwt", "connection"])
def test_a_connection_of_the_page_reaches_the_service(program: str, service: Service) -> None:
    """Each way of the page to make a connection gives one that reads from Adobe's hosts with a JWT."""
    conn = run(program, service)["conn"]
    assert len(UsersQuery(conn).all_results()) > 10
    assert service.contacted == [TOKEN_HOST, API_HOST]


def test_arguments_by_name_and_by_place(service: Service) -> None:
    """The two required arguments of a connection can be given by name or by place, with the same meaning."""
    auth = JWTAuth(**service.credentials)
    for conn in (Connection(org_id="12345@AdobeOrg", auth=auth), Connection("12345@AdobeOrg", auth)):
        assert conn.org_id == "12345@AdobeOrg"
        assert UserQuery(conn, "jdoe@example.com").result() is not None


def test_the_defaults_are_those_of_the_page() -> None:
    """Options that the page describes have the defaults that it states."""
    auth = inspect.signature(JWTAuth).parameters
    assert auth["ssl_verify"].default is True
    assert auth["auth_host"].default == "ims-na1.adobelogin.com"
    assert auth["auth_endpoint"].default == "/ims/exchange/jwt/"
    options = Options()
    assert options.endpoint == ENDPOINT
    assert options.test_mode is False
    assert options.timeout == 120
    assert options.ssl_verify is True


def test_every_option_of_jwt_auth_is_used(service: Service) -> None:
    """`auth_host`, `auth_endpoint` and `ssl_verify` of `JWTAuth` decide where the token comes from, and how."""
    host = service.server.url.removeprefix("https://")
    auth = JWTAuth(**service.credentials, ssl_verify=False, auth_host=host, auth_endpoint="/ims/exchange/jwt")
    conn = Connection("12345@AdobeOrg", auth)
    with pytest.warns(InsecureRequestWarning, match=re.escape(host.partition(":")[0])):
        assert UserQuery(conn, "jdoe@example.com").result() is not None
    assert service.contacted == [host, API_HOST]


def test_every_option_of_a_connection_is_used(service: Service) -> None:
    """`endpoint`, `test_mode`, `timeout` and `ssl_verify` of `Connection` are accepted together and obeyed."""
    details = service.server.details
    auth = JWTAuth(**service.credentials)
    conn = Connection(
        org_id=details.org_id, auth=auth, endpoint=details.api_url, test_mode=True, timeout=30, ssl_verify=False
    )
    with pytest.warns(InsecureRequestWarning):
        assert conn.execute_single(new_user(1), immediate=True) == (0, 1, 1)
    assert "new1@example.com" not in service.emails()
    assert conn.status()[1]["endpoint"] == details.api_url
    assert service.contacted[-1] == details.api_url.removeprefix("https://").partition("/")[0]


def test_without_tls_checks_the_warning_is_that_of_the_page(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ssl_verify=False` works with a host whose certificate nobody trusts; each request gives the page's warning."""
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("no_proxy", "*")  # through a proxy, urllib3 names the proxy in the place of the host
    details = service.server.details
    auth = JWTAuth(**service.credentials, ssl_verify=False, auth_host=details.ims_url)
    with (
        Connection(details.org_id, auth, endpoint=details.api_url, ssl_verify=False) as conn,
        pytest.warns(InsecureRequestWarning) as warned,
    ):
        assert UserQuery(conn, "jdoe@example.com").result() is not None
    said = [f"{warning.category.__name__}: {warning.message}" for warning in warned]
    # The address of the explanation has moved within urllib3's own documentation since the page was written.
    promised = " ".join(INSECURE_WARNING.format(host="127.0.0.1").split()).partition(" See: ")[0]
    assert [line.partition(" See: ")[0] for line in said] == [promised, promised]


def test_test_mode_leaves_the_count_of_users_as_it_is(service: Service) -> None:
    """The test-mode program of the page runs to its end, and its assertion holds for a good reason."""
    names = run(TEST_MODE, service)
    assert names["count_before"] == len(UsersQuery(names["conn"]).all_results())
    posted = [entry for entry in service.server.world.journal.as_list() if entry["method"] == "POST"]
    assert any("testOnly=true" in json.dumps(entry) for entry in posted)


def test_local_status(service: Service, conn: Connection) -> None:
    """After the history that the page's numbers tell, the local status is the page's, key for key."""
    for _ in range(5):
        UsersQuery(conn).all_results()
    UserQuery(conn, "jdoe@example.com").result()
    failing = [UserAction("jdoe@example.com").add_to_groups([f"No Group {number}"]) for number in range(5)]
    conn.execute_multiple([*map(new_user, range(20)), *failing], immediate=True)
    conn.execute_multiple(map(new_user, range(100, 105)))
    shown, expected = run_dialogue(STATUS_LOCAL, service, conn)
    assert shown == expected
    assert list(shown) == list(expected)


def test_remote_status(service: Service, conn: Connection) -> None:
    """Asked live, the service's status and the endpoint are returned under the page's keys, without a token."""
    shown, expected = run_dialogue(STATUS_REMOTE, service, conn)
    assert shown.keys() == expected.keys()
    assert shown["status"].keys() == expected["status"].keys()
    assert shown["status"] == {**expected["status"], "environment": shown["status"]["environment"]}
    assert shown["endpoint"] == expected["endpoint"]
    assert service.contacted == [API_HOST]
    assert conn.status()[1] == shown


def test_remote_status_before_any_contact(service: Service, conn: Connection) -> None:
    """Without `remote=True` and before any contact, the special message of the page is returned."""
    shown, expected = run_dialogue(STATUS_CACHED, service, conn)
    assert shown == expected
    assert service.contacted == []


def test_execute_single(service: Service, conn: Connection) -> None:
    """The first call of the page's program queues, the second sends what is queued together with its action."""
    before, after = EXECUTE_SINGLE.split("# when immediate=True")
    names = run(before, service, conn=conn, UserAction=UserAction)
    assert service.contacted == []
    assert conn.status()[0]["actions-queued"] == 1
    run("# when immediate=True" + after, service, **names)
    assert "user@example.com" in service.emails()
    assert conn.status()[0]["actions-queued"] == 0
    assert conn.status()[0]["actions-sent"] == 2


def test_execute_single_sends_when_ten_are_queued(service: Service, conn: Connection) -> None:
    """Nine single actions wait, and the tenth sends them all in one request."""
    for number in range(9):
        assert conn.execute_single(new_user(number)) == (number + 1, 0, 0)
    assert service.contacted == []
    assert conn.execute_single(new_user(9)) == (0, 10, 10)
    assert sum("/action/" in entry["path"] for entry in service.server.world.journal.as_list()) == 1


def test_execute_multiple(service: Service, conn: Connection) -> None:
    """The page's program queues its three users, then sends them, with those that it gives a second time."""
    before, after = EXECUTE_MULTIPLE.split("# when immediate=True")
    names = run(before, service, conn=conn, UserAction=UserAction)
    assert service.contacted == []
    run("# when immediate=True" + after, service, **names)
    assert {"user1@example.com", "user2@example.com", "user3@example.com"} <= service.emails()
    assert conn.status()[0]["actions-sent"] == 6


def test_five_actions_then_ten(service: Service, conn: Connection) -> None:
    """As the page tells: five are queued, ten more send the five with the first five, and five stay queued."""
    assert conn.execute_multiple([new_user(number) for number in range(5)]) == (5, 0, 0)
    assert service.contacted == []
    assert conn.execute_multiple([new_user(number) for number in range(5, 15)]) == (5, 10, 10)
    assert {f"new{number}@example.com" for number in range(10)} <= service.emails()
    assert "new10@example.com" not in service.emails()


def test_execute_queued_sends_the_rest(service: Service, conn: Connection) -> None:
    """`execute_queued` does what `execute_multiple([], immediate=True)` does: it sends all that is pending."""
    conn.execute_multiple([new_user(1), new_user(2)])
    assert conn.execute_queued() == (0, 2, 2)
    conn.execute_multiple([new_user(3)])
    assert conn.execute_multiple([], immediate=True) == (0, 1, 1)
    assert conn.execute_queued() == (0, 0, 0)
    assert {f"new{number}@example.com" for number in (1, 2, 3)} <= service.emails()


@pytest.mark.parametrize("auth_class", [ServicePrincipalAuth, OAuthS2S])
def test_service_principal_auth(auth_class: type[ServicePrincipalAuth], service: Service) -> None:
    """What the page announces as coming soon is there: OAuth server-to-server, under both of its names."""
    given = service.credentials
    conn = Connection(org_id=given["org_id"], auth=auth_class(given["client_id"], given["client_secret"]))
    assert UserQuery(conn, "jdoe@example.com").result() is not None
    assert service.contacted == [TOKEN_HOST, API_HOST]
