"""Token requests and old-fashioned commands as other programs send them, over TLS."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from umapi_harness.mock.serving.server import RunningServer

requests = pytest.importorskip("requests", reason="requests is not installed")

Fields = dict[str, str]


@pytest.fixture
def oauth(server: RunningServer) -> Fields:
    """The fields of an OAuth server-to-server request."""
    return {
        "grant_type": "client_credentials",
        "client_id": server.details.client_id,
        "client_secret": server.details.client_secret,
        "scope": "openid,AdobeID,user_management_sdk",
    }


@pytest.fixture
def exchange(server: RunningServer) -> Fields:
    """The fields of a JWT exchange."""
    details = server.details
    host = "ims-na1.adobelogin.com"
    claims = {
        "exp": int(time.time()) + 3600,
        "iss": details.org_id,
        "sub": details.tech_account_id,
        "aud": f"https://{host}/c/{details.client_id}",
        f"https://{host}/s/ent_user_sdk": True,
    }
    signed = jwt.encode(claims, Path(details.private_key_path).read_text("utf-8"), algorithm="RS256")
    return {"client_id": details.client_id, "client_secret": details.client_secret, "jwt_token": signed}


def multipart(fields: Fields) -> dict[str, Any]:
    """The fields as Postman's form-data has them: parts without a file name."""
    return {name: (None, value) for name, value in fields.items()}


@pytest.mark.parametrize("path", ["/ims/token/v2", "/ims/token/v3", "/ims/token/v3/"])
def test_oauth_as_form_data(path: str, server: RunningServer, oauth: Fields) -> None:
    """A multipart request for a token gives one whose life is told in seconds."""
    answer = requests.post(f"{server.url}{path}", files=multipart(oauth), timeout=20)
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 86_399
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}", "x-api-key": oauth["client_id"]}
    groups = requests.get(f"{server.details.api_url}/groups/{server.details.org_id}/0", headers=headers, timeout=20)
    assert groups.json()["result"] == "success"


@pytest.mark.parametrize("path", ["/ims/exchange/jwt", "/ims/exchange/jwt/"])
@pytest.mark.parametrize("as_parts", [True, False])
def test_a_jwt_as_form_data(as_parts: bool, path: str, server: RunningServer, exchange: Fields) -> None:
    """A JWT is exchanged, sent in either kind of form; the life of that token is told in milliseconds."""
    given: dict[str, Any] = {"files": multipart(exchange)} if as_parts else {"data": exchange}
    answer = requests.post(f"{server.url}{path}", **given, timeout=20)
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 86_399_000


def test_a_form_with_a_file(server: RunningServer, oauth: Fields) -> None:
    """A part with a file name is no field: the request is refused like one that lacks it."""
    parts = {**multipart(oauth), "client_secret": ("secret.txt", oauth["client_secret"])}
    answer = requests.post(f"{server.url}/ims/token/v3", files=parts, timeout=20)
    assert answer.status_code == 400


def test_product_in_the_place_of_group(server: RunningServer, oauth: Fields) -> None:
    """Commands of old clients name profiles under `product`; they are carried out, each with a warning."""
    token = requests.post(f"{server.url}/ims/token/v3", data=oauth, timeout=20).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "X-Api-Key": oauth["client_id"]}
    commands = [
        {"user": "sato@example.org", "do": [{"add": {"product": ["Document Cloud 1"], "group": ["Alumni"]}}]},
        {"usergroup": "Alumni", "do": [{"add": {"product": ["Photoshop - 2Gb"]}}]},
    ]
    url = f"{server.details.api_url}/action/{server.details.org_id}"
    answer = requests.post(url, json=commands, headers=headers, timeout=20).json()
    assert (answer["completed"], answer["result"]) == (2, "success")
    assert [warning["index"] for warning in answer["warnings"]] == [0, 1]
    user = server.world.organization().find_user("sato@example.org")
    assert user is not None
    assert {"Document Cloud 1", "Alumni"} <= {group.name for group in user.groups}
