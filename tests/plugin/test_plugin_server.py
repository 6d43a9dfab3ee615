"""The fixture `umapi_server`: a server of the test's own on loopback, for any client."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from umapi_harness.mock.serving.hosting import Hosting
from umapi_harness.testing import Setup, UmapiOrg, UmapiServer
from umapi_sdk import (
    OutcomeUnknownError,
    RetryPolicy,
    UnavailableError,
    UserAction,
    UserQuery,
    UsersQuery,
    Wait,
    connect,
)

READY_FILE = (
    *("api_url", "ims_url", "ca_cert", "org_id", "client_id", "client_secret", "tech_account_id"),
    *("private_key_path", "domain", "sample_user", "sample_group", "sample_profile"),
)
CREATE = {
    "user": "new@example.com",
    "do": [{"createFederatedID": {"email": "new@example.com", "firstname": "N", "lastname": "E", "country": "DE"}}],
}


def oauth(server: UmapiServer, **changes: str) -> httpx.Response:
    """Ask for a token by the server-to-server flow."""
    fields = {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "scope": "openid,AdobeID,user_management_sdk",
    }
    return httpx.post(f"{server.ims_url}/ims/token/v2", data=fields | changes)


def users_url(server: UmapiServer) -> str:
    """Address of the first page of the users."""
    return f"{server.api_url}/users/{server.org_id}/0"


def test_the_server_has_the_names_of_the_ready_file(umapi_server: UmapiServer) -> None:
    """Each detail of the ready file is an attribute, and `details` holds the same values."""
    details = umapi_server.details.as_dict()
    assert {name: getattr(umapi_server, name) for name in READY_FILE} == details
    assert umapi_server.api_url == f"{umapi_server.url}/v2/usermanagement"
    assert umapi_server.ca_cert is None
    assert (umapi_server.domain, umapi_server.sample_group) == ("example.com", "DevOps")
    assert umapi_server.client_secret not in repr(umapi_server)


def test_the_environment_leads_the_sdk_to_the_server(
    umapi_server: UmapiServer, umapi_org: UmapiOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`connect()` takes all it needs from `environment()`."""
    for name, value in umapi_server.environment().items():
        monkeypatch.setenv(name, value)
    with connect() as conn:
        action = UserAction("new@example.com").create_federated_id(first_name="N", last_name="E", country="DE")
        action.add_to_groups(["DevOps"])
        assert conn.execute_single(action, immediate=True).completed == 1
        jane = UserQuery(conn, "new@example.com").result()
        assert jane is not None
        assert jane.groups == ("DevOps",)
    found = umapi_org.user("new@example.com")
    assert found is not None
    assert found.groups == ("DevOps",)


@pytest.mark.umapi(faults=[{"operation": "users", "status": 503}, {"operation": "action", "kind": "truncate"}])
def test_a_program_of_a_test_does_not_wait_between_attempts(
    umapi_server: UmapiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection by `environment()` tries as often as ever, and sends again at once where no answer says when."""
    for name, value in umapi_server.environment().items():
        monkeypatch.setenv(name, value)
    waits: list[Wait] = []
    with connect(on_wait=waits.append) as conn:
        with pytest.raises(UnavailableError):
            UsersQuery(conn).all_results()
        action = UserAction("new@example.com").create_federated_id(first_name="N", last_name="E", country="DE")
        with pytest.raises(OutcomeUnknownError):
            conn.execute_single(action, immediate=True)
    assert [entry["operation"] for entry in umapi_server.organization.requests()].count("users") == 4
    assert {wait.seconds for wait in waits} == {0}


@pytest.mark.umapi(faults=[{"operation": "users", "status": 429, "retry_after": 1, "first": 1}])
def test_what_an_answer_asks_for_is_waited_for(umapi_server: UmapiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry-After counts, whatever the delays are."""
    for name, value in umapi_server.environment().items():
        monkeypatch.setenv(name, value)
    waits: list[Wait] = []
    with connect(on_wait=waits.append) as conn:
        assert UsersQuery(conn).all_results()
    assert [wait.seconds for wait in waits] == [1]


@pytest.mark.umapi(faults=[{"operation": "users", "status": 503}])
def test_connect_takes_a_retry_policy(umapi_server: UmapiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`connect(retry=…)` goes before the settings, as an argument of Connection does."""
    for name, value in umapi_server.environment().items():
        monkeypatch.setenv(name, value)
    retry = RetryPolicy(attempts=2, first_delay=0, random_delay=0)
    with connect(retry=retry) as conn, pytest.raises(UnavailableError):
        UsersQuery(conn).all_results()
    assert [entry["operation"] for entry in umapi_server.organization.requests()].count("users") == 2


def test_both_token_flows_prove_the_client(umapi_server: UmapiServer) -> None:
    """The client's secret gives a token, and so does a JWT signed with the private key."""
    claims = {
        "exp": int(time.time()) + 600,
        "iss": umapi_server.org_id,
        "sub": umapi_server.tech_account_id,
        "aud": f"{umapi_server.ims_url}/c/{umapi_server.client_id}",
        f"{umapi_server.ims_url}/s/ent_user_sdk": True,
    }
    fields = {"client_id": umapi_server.client_id, "client_secret": umapi_server.client_secret}
    signed = jwt.encode(claims, Path(umapi_server.private_key_path).read_text(), algorithm="RS256")
    exchanged = httpx.post(f"{umapi_server.ims_url}/ims/exchange/jwt", data={**fields, "jwt_token": signed})
    for answer in (oauth(umapi_server), exchanged):
        headers = {"x-api-key": umapi_server.client_id, "Authorization": f"Bearer {answer.json()['access_token']}"}
        assert httpx.get(users_url(umapi_server), headers=headers).status_code == 200
    assert oauth(umapi_server, client_secret="wrong").json()["error"] == "invalid_client"


@pytest.mark.parametrize("turn", range(3))
def test_each_test_has_a_fresh_organization(umapi_server: UmapiServer, umapi_org: UmapiOrg, turn: int) -> None:
    """What one test does, no other sees: the users and the journal are as at the start."""
    assert umapi_org.requests() == []
    with umapi_server.client() as client:
        answer = client.post(f"/v2/usermanagement/action/{umapi_org.org_id}", json=[CREATE])
    assert answer.json()["completed"] == 1
    assert [user.email for user in umapi_org.users].count("new@example.com") == 1
    assert len(umapi_org.users) == 15


def test_a_server_is_gone_after_its_context(umapi_org: UmapiOrg) -> None:
    """Once a server is shut, its port refuses connections, those that were kept alive included."""
    with umapi_org.served() as server:
        client = server.client()
        assert client.get("/status").status_code == 200
    with contextlib.closing(client), pytest.raises(httpx.ConnectError):
        client.get("/status")


def test_a_server_costs_milliseconds() -> None:
    """A hundred organisations are made, served, asked and removed in seconds at most, however busy the machine is."""
    started = time.perf_counter()
    with contextlib.closing(Hosting()) as hosting:
        for _ in range(100):
            with UmapiOrg(Setup.from_document(), hosting).served() as server, server.client() as client:
                assert client.get("/status").status_code == 200
    assert time.perf_counter() - started < 10


def test_tls_and_plain_servers_answer_for_one_organization(
    umapi_server: UmapiServer, umapi_tls_server: UmapiServer, umapi_org: UmapiOrg
) -> None:
    """Both lead to the same organisation; TLS is trusted by `ca_cert` alone."""
    assert umapi_tls_server.url.startswith("https://")
    with umapi_tls_server.client() as client:
        client.post(f"/v2/usermanagement/action/{umapi_org.org_id}", json=[CREATE])
    with umapi_server.client() as client:
        page = client.get(f"/v2/usermanagement/users/{umapi_org.org_id}/0").json()
    assert "new@example.com" in [user["email"] for user in page["users"]]
    assert umapi_tls_server.environment()["UMAPI_CA_BUNDLE"] == umapi_tls_server.ca_cert
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{umapi_tls_server.url}/status")


def test_the_page_and_the_admin_interface_are_there(umapi_server: UmapiServer, umapi_org: UmapiOrg) -> None:
    """A person who stops in a test can look at its organisation in a browser."""
    assert httpx.get(f"{umapi_server.url}/_mock/").status_code == 200
    assert httpx.get(f"{umapi_server.url}/_mock/state").json() == umapi_org.state()


@pytest.mark.umapi(profile="live", settings={"throttle": True})
class TestMarked:
    """A marker on a class counts for its tests, and the nearest one wins."""

    def test_the_class_counts(self, umapi_org: UmapiOrg) -> None:
        """Profile and settings are those of the class."""
        settings = umapi_org.settings
        assert (settings.throttle, settings.memberships_per_step) == (True, 20)

    @pytest.mark.umapi(profile="documented")
    def test_the_nearest_wins(self, umapi_org: UmapiOrg) -> None:
        """An argument of the test's own marker counts; the others stay."""
        settings = umapi_org.settings
        assert (settings.throttle, settings.memberships_per_step) == (True, 10)


@pytest.mark.umapi(settings={"throttle": True}, seed="empty")
def test_the_clock_ends_a_throttle_window(umapi_server: UmapiServer, umapi_org: UmapiOrg) -> None:
    """A client that passed a limit is let in again when the clock is past Retry-After; nobody waits."""
    umapi_org.clock.freeze()
    with umapi_server.client() as client:
        url = f"/v2/usermanagement/groups/{umapi_org.org_id}/0"
        statuses = [client.get(url).status_code for _ in range(6)]
        assert statuses[-1] == 429
        umapi_org.clock.advance(float(client.get(url).headers["Retry-After"]))
        assert client.get(url).status_code == 200


def test_the_clock_ends_a_token(umapi_server: UmapiServer, umapi_org: UmapiOrg) -> None:
    """A token is refused a day later, by the organisation's clock."""
    with umapi_server.client() as client:
        url = f"/v2/usermanagement/users/{umapi_org.org_id}/0"
        assert client.get(url).status_code == 200
        before = umapi_org.clock.now()
        umapi_org.clock.advance(86_400)
        assert umapi_org.clock.now() >= before + 86_400
        assert client.get(url).status_code == 401
        client.headers.update(umapi_org.headers())
        assert client.get(url).status_code == 200
        assert umapi_org.revoke_tokens() == 2
        assert client.get(url).status_code == 401


@pytest.mark.umapi(faults=[{"operation": "users", "status": 503, "retry_after": "7", "first": 1}])
def test_faults_of_the_marker_strike(umapi_server: UmapiServer, umapi_org: UmapiOrg) -> None:
    """The plan is in force from the start and can be changed by calls."""
    url = f"/v2/usermanagement/users/{umapi_org.org_id}/0"
    with umapi_server.client() as client:
        first, second = client.get(url), client.get(url)
        assert (first.status_code, first.headers["Retry-After"], second.status_code) == (503, "7", 200)
        umapi_org.faults.add("users", kind="drop")
        with pytest.raises(httpx.ReadError):
            client.get(url)
        assert [fault["matched"] for fault in umapi_org.faults.as_list()] == [3, 1]
        umapi_org.faults.clear()
        assert client.get(url).status_code == 200
    assert [entry["status"] for entry in umapi_org.requests("users")] == [503, 200, None, 200]


def test_refused_connections_come_back(umapi_server: UmapiServer, umapi_org: UmapiOrg) -> None:
    """While an outage lasts, by the organisation's clock, connections are refused; then the port answers again."""
    umapi_org.faults.add("status", kind="refuse", seconds=3600, first=1)
    with umapi_server.client() as client:
        with pytest.raises(httpx.ReadError):
            client.get("/status")
        for _ in range(3):
            with pytest.raises(httpx.ConnectError):
                client.get("/status")
        umapi_org.clock.advance(3600)
        deadline, answered = time.monotonic() + 20, False
        while not answered and time.monotonic() < deadline:
            with contextlib.suppress(httpx.ConnectError):
                answered = client.get("/status").status_code == 200
    assert answered


SEED: dict[str, Any] = {
    "org_id": "777@AdobeOrg",
    "credentials": [{"client_id": "mine", "client_secret": "s3cret", "tech_account_id": "T@techacct.adobe.com"}],
    "domains": [{"name": "example.edu", "type": "enterpriseID"}],
}


@pytest.mark.umapi(seed=SEED)
def test_a_seed_of_ones_own(umapi_server: UmapiServer) -> None:
    """A dictionary is taken as it is, with its organisation and its credentials."""
    assert (umapi_server.org_id, umapi_server.client_id, umapi_server.domain) == ("777@AdobeOrg", "mine", "example.edu")
    assert umapi_server.sample_user is None
    assert "UMAPI_SAMPLE_USER" not in umapi_server.environment()
    assert oauth(umapi_server).status_code == 200


@pytest.mark.umapi(seed="seeds/small.json")
def test_a_seed_file_is_found_beside_the_test(umapi_org: UmapiOrg) -> None:
    """A path counts from the folder of the test's file."""
    assert [user.email for user in umapi_org.users] == ["ada@example.com"]


@pytest.mark.umapi(seed="seeds/people.csv")
def test_a_seed_can_be_a_table(umapi_org: UmapiOrg) -> None:
    """A CSV file gives users, with the groups and domains that they name."""
    assert [(user.email, user.groups) for user in umapi_org.users] == [("ada@example.com", ("Team",))]


def test_the_sdk_reads_every_user(umapi_server: UmapiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing over the wire is complete, whatever the page size."""
    umapi_server.organization.change_settings(users_page_size=4)
    for name, value in umapi_server.environment().items():
        monkeypatch.setenv(name, value)
    with connect() as conn:
        assert len(UsersQuery(conn).all_results()) == 13
