"""What every call has in common: headers, refusals before the operation, throttles, faults, the journal."""

from __future__ import annotations

import json
import threading
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from umapi_harness.mock import Settings, build_seed, default_seed
from umapi_harness.mock.faults.plans import Fault

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

CHALLENGE = 'Bearer realm="JIL", error="invalid_token", error_description="The access token is invalid"'
ADD = {"user": "sato@example.org", "do": [{"add": {"group": ["DevOps"]}}]}


def paths(mock: Mock) -> list[str]:
    """One path for each operation that needs a token."""
    return [
        f"users/{mock.org_id}/0",
        f"users/{mock.org_id}/0/DevOps",
        f"organizations/{mock.org_id}/users/jdoe@example.com",
        f"groups/{mock.org_id}/0",
        f"{mock.org_id}/users",
    ]


# Headers


def test_request_id_is_echoed_or_made(mock: Mock) -> None:
    """Every answer has an X-Request-Id: the client's own, or one of 32 characters."""
    for path in ("/status", f"/v2/usermanagement/users/{mock.org_id}/0", "/nowhere", "/ims/token/v2"):
        assert len(mock.client.get(path).headers["X-Request-Id"]) == 32
        assert mock.client.get(path, headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] == "mine"


def test_status_needs_no_token(mock: Mock) -> None:
    """/status tells that the service is live, to anybody."""
    answer = httpx.get(f"{mock.server.url}/status")
    assert answer.status_code == 200
    assert set(answer.json()) == {"build", "version", "side", "environment", "state"}


def test_unknown_paths_and_methods(mock: Mock) -> None:
    """What is not served is 404; the wrong method is 405 with the right ones."""
    for path in ("/", "/v2", "/v2/usermanagement/", "/v2/usermanagement/users", "/v2/usermanagement/groups/x", "/%0a"):
        assert mock.client.get(path).status_code == 404, path
    assert mock.client.get(f"/v2/usermanagement/action/{mock.org_id}").headers["Allow"] == "POST"
    assert mock.client.post(f"/v2/usermanagement/users/{mock.org_id}/0").status_code == 405


def test_head_is_get_without_a_body(mock: Mock) -> None:
    """HEAD gives the headers of GET."""
    path = f"/v2/usermanagement/users/{mock.org_id}/0"
    head, get = mock.client.head(path), mock.client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["X-Total-Count"] == get.headers["X-Total-Count"]


# Refusals


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic abc", "Bearer a b", "wrong"])
def test_unauthorized(mock: Mock, authorization: str) -> None:
    """A token missing or unknown is 401 with an empty body and the challenge; the live form has a body."""
    for path in paths(mock):
        answer = mock.client.get(f"/v2/usermanagement/{path}", headers={"Authorization": authorization})
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["WWW-Authenticate"] == CHALLENGE
    mock.set(unauthorized_body=True)
    answer = mock.client.get(f"/v2/usermanagement/users/{mock.org_id}/0", headers={"Authorization": authorization})
    assert answer.json() == {
        "lastPage": False,
        "result": "error.unauthorized",
        "message": "Failed to authenticate provided token",
    }


@pytest.mark.parametrize(
    ("headers", "number", "message"),
    [
        ({"x-api-key": ""}, "403000", "Api Key is required"),
        ({"x-api-key": "wrong"}, "403003", "Api Key is invalid"),
        ({"Authorization": ""}, "403010", "Oauth token is missing."),
    ],
)
def test_forbidden(mock: Mock, headers: dict[str, str], number: str, message: str) -> None:
    """An API key missing or wrong is 403, bare as documented; the gateway's live form has numbers."""
    path = f"/v2/usermanagement/users/{mock.org_id}/0"
    answer = mock.client.get(path, headers=headers)
    assert answer.content == b""
    assert answer.status_code == (401 if number == "403010" else 403)
    mock.set(forbidden_body=True)
    answer = mock.client.get(path, headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"error_code": number, "message": message})


def test_bad_organisation(mock: Mock) -> None:
    """An organisation that does not exist is 400."""
    for org_id in ("12345", "99999@AdobeOrg", "%00", "a b"):
        answer = mock.api(f"users/{org_id}/0")
        assert (answer.status_code, answer.json()) == (
            400,
            {"result": "error.organization.invalid_id", "message": "Bad organization Id"},
        )


def test_tokens_are_bound_to_client_and_organisation(mock: Mock) -> None:
    """A token of one organisation opens no other, and goes with its own client only."""
    other = default_seed() | {"org_id": "777@AdobeOrg"}
    other["credentials"] = [{"client_id": "c2", "client_secret": "s2", "tech_account_id": "t2"}]
    mock.world.put(build_seed(other))
    assert mock.api("users/777@AdobeOrg/0").status_code == 401
    token = mock.world.tokens.issue(mock.world.credential("777@AdobeOrg"), 60)
    good = {"x-api-key": "c2", "Authorization": f"Bearer {token}"}
    path = "/v2/usermanagement/users/777@AdobeOrg/0"
    assert mock.client.get(path, headers=good).status_code == 200
    assert mock.client.get(path, headers={"Authorization": good["Authorization"]}).status_code == 403


# Throttles


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("users/{}/0", 25),
        ("users/{}/0/DevOps", 25),
        ("organizations/{}/users/jdoe@example.com", 25),
        ("groups/{}/0", 5),
        ("{}/user-groups", 5),
    ],
)
def test_throttle_per_client(mock: Mock, path: str, allowed: int) -> None:
    """With throttling on, calls past the documented limit are 429 until the minute is over."""
    mock.set(throttle=True)
    call = path.format(mock.org_id)
    assert {mock.api(call).status_code for _ in range(allowed)} == {200}
    mock.clock.advance(22)
    answer = mock.api(call)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "38")
    assert answer.json() == {"error_code": "429050", "message": "Too many requests"}
    mock.clock.advance(38)
    assert mock.api(call).status_code == 200


def test_throttle_of_actions(mock: Mock) -> None:
    """Ten action calls a minute; a refused one has no effect."""
    mock.set(throttle=True)
    for _ in range(10):
        mock.act({"user": "jdoe@example.com", "do": [{"add": {"group": ["DevOps"]}}]})
    assert mock.post(json.dumps([ADD]).encode()).status_code == 429
    assert "sato@example.org" not in mock.members("DevOps")


def test_throttle_over_all_clients(mock: Mock) -> None:
    """A hundred calls a minute over all clients, whoever makes them."""
    mock.set(throttle=True)
    credentials = [{"client_id": f"c{n}", "client_secret": "s", "tech_account_id": "t"} for n in range(5)]
    mock.seed(default_seed() | {"credentials": credentials})
    statuses: list[int] = []
    for credential in mock.world.credentials.values():
        token = mock.world.tokens.issue(credential, 60)
        headers = {"x-api-key": credential.client_id, "Authorization": f"Bearer {token}"}
        path = f"/v2/usermanagement/users/{mock.org_id}/0/DevOps"
        statuses += [mock.client.get(path, headers=headers).status_code for _ in range(21)]
    assert statuses == [200] * 100 + [429] * 5


def test_retry_after_as_a_date(mock: Mock) -> None:
    """The other form of Retry-After is an HTTP date."""
    mock.set(throttle=True, retry_after_form="date")
    answer = [mock.api(f"groups/{mock.org_id}/0") for _ in range(6)][-1]
    date = parsedate_to_datetime(answer.headers["Retry-After"])
    assert date.timestamp() == pytest.approx(mock.clock.now() + 60, abs=1)


def test_long_lockouts(mock: Mock) -> None:
    """With the live setting a client that passed a limit stays out for half an hour."""
    mock.set(throttle=True, lockout_seconds=1800)
    answer = [mock.api(f"groups/{mock.org_id}/0") for _ in range(6)][-1]
    assert answer.headers["Retry-After"] == "1800"
    mock.clock.advance(1799)
    assert mock.api(f"groups/{mock.org_id}/0").headers["Retry-After"] == "1"
    mock.clock.advance(1)
    assert mock.api(f"groups/{mock.org_id}/0").status_code == 200


def test_lockout_of_the_first_page(mock: Mock) -> None:
    """Page 0 of the users has a lockout of its own, which the announcement of a sync run lifts."""
    mock.set(throttle=True, first_page_lockout_seconds=600)
    assert [mock.users(0).status_code, mock.users(0).status_code] == [200, 429]
    assert mock.users(0, "DevOps").status_code == 200
    path = f"/v2/usermanagement/users/{mock.org_id}/0"
    assert mock.client.get(path, headers={"Pragma": "umapi-sync-start"}).status_code == 200
    assert mock.users(0).status_code == 429
    mock.clock.advance(600)
    assert mock.users(0).status_code == 200


# Faults


def plan(mock: Mock, **fields: Any) -> None:
    """Put a fault in force."""
    mock.world.faults.replace([Fault(**fields)])


def test_fault_answers_the_first_calls(mock: Mock) -> None:
    """The first two calls fail with the planned answer, the third gets through."""
    plan(mock, operation="users", first=2, status=503, retry_after="7", body='{"x": 1}')
    answers = [mock.users() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert (answers[0].headers["Retry-After"], answers[0].json()) == ("7", {"x": 1})
    assert len(answers[0].headers["X-Request-Id"]) == 32


def test_fault_strikes_the_nth_call_of_its_operation_and_client(mock: Mock) -> None:
    """Only matching calls are counted."""
    plan(mock, operation="group_users", nth=2, status=502, client_id=mock.server.details.client_id)
    codes = [mock.users().status_code, *(mock.users(group="DevOps").status_code for _ in range(3))]
    assert codes == [200, 200, 502, 200]
    plan(mock, operation="*", client_id="another")
    assert mock.users().status_code == 200


@pytest.mark.parametrize(("when", "effect"), [("before", False), ("after", True)])
@pytest.mark.parametrize("kind", ["drop", "answer"])
def test_faults_before_and_after_the_effect(mock: Mock, kind: str, when: str, effect: bool) -> None:
    """A call that failed before had no effect; one whose answer was lost after had it."""
    plan(mock, operation="action", kind=kind, when=when, first=1)
    body = json.dumps([ADD]).encode()
    if kind == "drop":
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            mock.post(body)
    else:
        assert mock.post(body).status_code == 503
    assert ("sato@example.org" in mock.members("DevOps")) == effect
    assert mock.act(ADD)["result"] == "success"


def test_faults_on_tokens_and_status(mock: Mock) -> None:
    """Token requests and the status are operations too."""
    plan(mock, operation="token", status=500)
    assert mock.client.post("/ims/token/v2").status_code == 500
    plan(mock, operation="status", status=504)
    assert mock.client.get("/status").status_code == 504


# Journal


def test_journal_holds_no_secret(mock: Mock) -> None:
    """No client secret, JWT or token is in the journal, whichever way it came or went."""
    details = mock.server.details
    fields: dict[str, Any] = {
        "grant_type": "client_credentials",
        "client_id": details.client_id,
        "client_secret": details.client_secret,
        "scope": "user_management_sdk",
        "jwt_token": "secret.jwt.text",
    }
    multipart: dict[str, Any] = {name: (None, value) for name, value in fields.items()}
    tokens = [
        mock.client.post("/ims/token/v2", data=fields).json()["access_token"],
        mock.client.post("/ims/token/v2", params=fields).json()["access_token"],
        mock.client.post("/ims/token/v2", files=multipart).json()["access_token"],
    ]
    mock.client.post("/ims/exchange/jwt", json=fields)
    mock.client.post("/ims/exchange/jwt", data=fields)
    mock.users()
    text = json.dumps(mock.world.journal.as_list())
    sent = mock.client.headers["Authorization"].partition(" ")[2]
    for secret in (*tokens, sent, details.client_secret, "secret.jwt.text"):
        assert secret not in text
    assert details.client_id in text


def test_journal_keeps_request_and_answer(mock: Mock) -> None:
    """An entry has what is needed to see what happened."""
    mock.act(ADD)
    entry = mock.world.journal.as_list()[-1]
    assert (entry["operation"], entry["method"], entry["status"]) == ("action", "POST", 200)
    assert json.loads(entry["request_body"]) == [ADD]
    assert json.loads(entry["response_body"])["completed"] == 1
    assert entry["request_headers"]["authorization"] == "***"


# Concurrency


def test_concurrent_requests_each_take_effect_once(mock: Mock) -> None:
    """Fifty clients creating users and one group at the same time leave every user and one group."""
    headers = dict(mock.client.headers)
    results: list[Any] = []

    def create(number: int) -> None:
        email = f"c{number}@example.com"
        commands = [
            {"usergroup": "Shared", "do": [{"createUserGroup": {"option": "ignoreIfAlreadyExists"}}]},
            {
                "user": email,
                "do": [
                    {"createFederatedID": {"email": email, "firstname": "C", "lastname": "C", "country": "DE"}},
                    {"add": {"group": ["Shared"]}},
                ],
            },
        ]
        url = f"{mock.server.details.api_url}/action/{mock.org_id}"
        results.append(httpx.post(url, json=commands, headers=headers).json()["result"])

    threads = [threading.Thread(target=create, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["success"] * 50
    assert sorted(mock.members("Shared")) == sorted(f"c{number}@example.com" for number in range(50))


def test_live_settings_differ_from_the_documented() -> None:
    """The live profile changes every setting that the reference lists as different in service."""
    documented, live = Settings().as_dict(), Settings.live().as_dict()
    assert {name for name in live if live[name] != documented[name]} == {
        *("lockout_seconds", "first_page_lockout_seconds", "memberships_per_step"),
        *("users_page_size", "groups_page_size", "remove_absent_user_fails", "test_mode_needs_user"),
        *("username_follows_email", "unauthorized_body", "forbidden_body", "list_unused_admin_groups"),
    }


def test_journal_knows_every_name_of_a_secret(mock: Mock) -> None:
    """Secrets under names of other programs' making are masked too, in header, query and body."""
    names = ["X-Auth-Token", "X-Client-Secret", "Client-Secret", "refreshToken", "privateKey", "passphrase", "passwd"]
    for number, name in enumerate(names):
        mock.client.post(
            f"/nowhere?{name}=hush{number}q",
            headers={name: f"hush{number}h"},
            content=f"<r><{name}>hush{number}x</{name}><a {name}='hush{number}a'/></r>",
        )
    assert "hush" not in json.dumps(mock.world.journal.as_list())
