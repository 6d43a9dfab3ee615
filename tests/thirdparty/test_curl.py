"""curl, as Adobe's pages show it, works against the mock server over TLS as against the service."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from umapi_harness.mock.serving.server import RunningServer

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

Json = Any
SCOPE = "openid,AdobeID,user_management_sdk"


@attrs.frozen
class Shown:
    """What curl showed."""

    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Json:
        """The body as data."""
        return json.loads(self.body)


Curl = Callable[..., Shown]


@pytest.fixture
def curl(server: RunningServer) -> Curl:
    """Runs curl with the server's authority to trust; a path is one below the server's root."""

    def run(path: str, *arguments: str) -> Shown:
        command = ["curl", "--silent", "--show-error", "--disable", "--noproxy", "*", "--max-time", "20"]
        command += ["--cacert", str(server.details.ca_cert), "--dump-header", "-", *arguments, f"{server.url}{path}"]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True, timeout=30)
        head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
        while head.startswith("HTTP/1.1 100"):
            head, _, body = body.partition("\n\n")
        first, *lines = head.splitlines()
        headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
        return Shown(int(first.split()[1]), headers, body)

    return run


@pytest.fixture
def credentials(server: RunningServer) -> list[str]:
    """The fields of a token request, without the word that sends them."""
    details = server.details
    return [
        "grant_type=client_credentials",
        f"client_id={details.client_id}",
        f"client_secret={details.client_secret}",
        f"scope={SCOPE}",
    ]


@pytest.fixture
def api(curl: Curl, server: RunningServer, credentials: list[str]) -> Curl:
    """Runs curl on a path below the API root with the headers of Adobe's pages; {org} is the organisation."""
    answer = curl("/ims/token/v3", *(word for field in credentials for word in ("--data", field)))
    token = answer.json()["access_token"]

    def run(path: str, *arguments: str) -> Shown:
        headers = (f"Authorization: Bearer {token}", f"X-Api-Key: {server.details.client_id}")
        path = path.replace("{org}", server.details.org_id)
        words = [word for header in headers for word in ("--header", header)]
        return curl(f"/v2/usermanagement/{path}", *words, *arguments)

    return run


@pytest.mark.parametrize("version", ["v2", "v3"])
@pytest.mark.parametrize("word", ["--data", "--data-urlencode", "--form"])
def test_a_token(word: str, version: str, curl: Curl, credentials: list[str]) -> None:
    """A token request is taken as a form of either kind, multipart as Postman sends it too."""
    answer = curl(f"/ims/token/{version}", *(part for field in credentials for part in (word, field)))
    assert answer.status == 200
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("bearer", 86399)


def test_a_token_with_the_fields_in_the_query(curl: Curl, credentials: list[str]) -> None:
    """The fields may stand in the address instead."""
    assert curl(f"/ims/token/v3?{'&'.join(credentials)}", "--request", "POST").status == 200


def test_a_wrong_secret(curl: Curl, server: RunningServer) -> None:
    """The token host refuses in its own words."""
    fields = ["grant_type=client_credentials", f"client_id={server.details.client_id}", "client_secret=x"]
    answer = curl("/ims/token/v3", *(word for field in fields for word in ("--form", field)))
    assert answer.status == 400
    assert answer.json() == {"error": "invalid_client", "error_description": "invalid client_secret parameter"}


def test_queries(api: Curl) -> None:
    """The queries of Adobe's pages give users, members, one user and groups."""
    users = api("users/{org}/0")
    assert (users.status, users.headers["content-type"]) == (200, "application/json")
    assert (users.headers["x-total-count"], users.headers["x-current-page"]) == ("14", "0")
    assert len(users.json()["users"]) == 13
    assert api("users/{org}/0?domain=example.org").json()["users"][0]["domain"] == "example.org"
    assert api("users/{org}/0?directOnly=TRUE").status == 200
    assert api("users/{org}/0/devops").json()["groupName"] == "DevOps"
    assert api("organizations/{org}/users/JDoe@Example.com").json()["user"]["email"] == "jdoe@example.com"
    assert api("organizations/{org}/users/jane@example.com?domain=AdobeID").json()["user"]["type"] == "adobeID"
    assert "DevOps" in {group["groupName"] for group in api("groups/{org}/0").json()["groups"]}


def test_letters_outside_ascii_as_they_are(api: Curl) -> None:
    """Names are percent-encoded as UTF-8, and come back as UTF-8."""
    answer = api("users/{org}/0/%C3%89quipe%20Z%C3%BCrich")
    assert answer.json()["groupName"] == "Équipe Zürich"
    assert "Équipe Zürich" in answer.body


def test_a_command(api: Curl) -> None:
    """A POST changes the organisation, and the request's id comes back."""
    step = {"email": "new@example.com", "country": "US", "firstname": "N", "lastname": "U"}
    body = json.dumps([{"user": "new@example.com", "requestID": "one", "do": [{"createFederatedID": step}]}])
    kind = ("--header", "Content-Type: application/json")
    answer = api("action/{org}", *kind, "--header", "X-Request-Id: Mine-1", "--data", body)
    assert answer.json() == {"completed": 1, "notCompleted": 0, "completedInTestMode": 0, "result": "success"}
    assert answer.headers["x-request-id"] == "mine-1"
    assert api("organizations/{org}/users/new@example.com").status == 200
    # curl calls a body a form unless told otherwise; what counts is what is in it.
    again = api("action/{org}", "--data", body)
    assert again.json()["errors"][0] == {
        "index": 0,
        "step": 0,
        "message": "User is already a member of the organization: new@example.com",
        "errorCode": "error.user.already_in_org",
        "requestID": "one",
        "user": "new@example.com",
    }


def test_test_mode(api: Curl) -> None:
    """`testOnly` checks and changes nothing."""
    body = '[{"user": "jdoe@example.com", "do": [{"removeFromOrg": {}}]}]'
    answer = api("action/{org}?testOnly=true", "--data", body)
    assert (answer.json()["completed"], answer.json()["completedInTestMode"]) == (0, 1)
    assert api("organizations/{org}/users/jdoe@example.com").status == 200


def test_products_by_their_old_name(api: Curl) -> None:
    """A client that sends `product` is understood, and warned in Adobe's words."""
    steps = [{"add": {"product": ["Document Cloud 1"]}}, {"remove": {"product": ["Photoshop - 2Gb"]}}]
    body = json.dumps([{"user": "sato@example.org", "requestID": "Four4_123456", "do": steps}])
    answer = api("action/{org}", "--data", body).json()
    assert answer["result"] == "success"
    assert answer["warnings"] == [
        {
            "warningCode": "warning.command.deprecated",
            "requestID": "Four4_123456",
            "index": 0,
            "step": step,
            "message": "'product' command is deprecated. Please use productConfiguration.",
            "user": "sato@example.org",
        }
        for step in (0, 1)
    ]
    body = json.dumps([{"usergroup": "Alumni", "do": [{"add": {"product": ["Document Cloud 1"]}}]}])
    assert api("action/{org}", "--data", body).json()["warnings"][0]["user"] == "Alumni"


def test_refusals(api: Curl, curl: Curl, server: RunningServer) -> None:
    """No key, no token and an unknown group are refused as Adobe's pages show it."""
    key = ("--header", f"X-Api-Key: {server.details.client_id}")
    path = f"/v2/usermanagement/groups/{server.details.org_id}/0"
    bare = curl(path)
    assert (bare.status, bare.headers["content-length"], bare.body) == (403, "0", "")
    without_token = curl(path, *key)
    assert (without_token.status, without_token.body) == (401, "")
    assert without_token.headers["www-authenticate"].startswith('bearer realm="jil", error="invalid_token"')
    unknown = api("users/{org}/0/Nowhere")
    assert unknown.status == 404
    assert unknown.json() == {
        "lastPage": False,
        "result": "error.group.not_found",
        "message": "Not found: Group Nowhere",
    }


def test_throttling(api: Curl, server: RunningServer) -> None:
    """With the limits in force a 429 tells the wait in Retry-After, as Adobe's sample has it."""
    server.world.settings = server.world.settings.changed({"throttle": True})
    answers = [api("groups/{org}/0") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert answers[-1].headers["server"] == "apip"
    assert answers[-1].json() == {"error_code": "429050", "message": "Too many requests"}


def test_a_server_that_is_not_trusted(server: RunningServer) -> None:
    """Without the mock server's authority curl refuses the connection."""
    command = ["curl", "--silent", "--disable", "--noproxy", "*", "--max-time", "20", f"{server.url}/status"]
    assert subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 60
