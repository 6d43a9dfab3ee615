"""Requests as public clients put them on the wire, sent byte by byte: the mock serves what their authors rely on."""

from __future__ import annotations

import json
import socket
import time
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import jwt
import pytest

from umapi_harness.mock.serving import listening
from umapi_harness.mock.serving.connections import Connection, PureConnection
from umapi_harness.mock.serving.details import ServerDetails
from umapi_harness.mock.serving.server import RunningServer, running_server

FOLDER = Path(__file__).parent / "shapes"
SHAPES = [
    pytest.param(shape, id=f"{file.stem}-{place}-{shape['program']}")
    for file in sorted(FOLDER.glob("*.json"))
    for place, shape in enumerate(json.loads(file.read_text("utf-8")))
]
IMS_HOST = "ims-na1.adobelogin.com"


def _jwt(details: ServerDetails, changes: dict[str, Any]) -> str:
    """A JWT with the usual claims, changed as the program at hand does."""
    claims: dict[str, Any] = {
        "iss": details.org_id,
        "sub": details.tech_account_id,
        "aud": f"https://{IMS_HOST}/c/{details.client_id}",
        f"https://{IMS_HOST}/s/ent_user_sdk": True,
        **changes,
    }
    header = claims.pop("header", None)
    for name in ("exp", "iat", "nbf"):
        if name in claims:
            claims[name] += time.time() if isinstance(claims[name], float) else int(time.time())
    return jwt.encode(claims, Path(details.private_key_path).read_text("utf-8"), algorithm="RS256", headers=header)


def _token(details: ServerDetails) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": details.client_id,
        "client_secret": details.client_secret,
        "scope": "openid,AdobeID,user_management_sdk",
    }
    answer = httpx.post(f"{details.ims_url}/ims/token/v3", data=form, trust_env=False)
    return str(answer.json()["access_token"])


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value).replace(f"{{{name}:quoted}}", quote(value, safe=""))
    return text


def _send(server: RunningServer, request: dict[str, Any], values: dict[str, str]) -> tuple[int, Any]:
    """Write a request exactly as it is spelt, and read the answer."""
    body = _filled(request["body"], values).encode()
    headers = [(name, _filled(value, values)) for name, value in request["headers"]]
    chunked = ("Transfer-Encoding", "chunked") in headers
    if body and not chunked:
        headers.append(("Content-Length", str(len(body))))
    address = urlsplit(server.url)
    lines = [f"{request['method']} {_filled(request['target'], values)} HTTP/1.1", f"Host: {address.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers]
    content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        answer = HTTPResponse(connection, method=request["method"])
        answer.begin()
        text = answer.read()
    return answer.status, json.loads(text) if text else None


@pytest.fixture(scope="module", params=sorted({Connection, PureConnection}, key=str), ids=lambda kind: kind.__name__)
def details_and_server(request: pytest.FixtureRequest) -> Any:
    """A server without TLS, whose organisation each test puts back, with each of the ways to read requests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "Connection", request.param)
        with running_server() as running:
            yield running


@pytest.mark.parametrize("shape", SHAPES)
def test_the_mock_serves_what_public_clients_send(shape: dict[str, Any], details_and_server: RunningServer) -> None:
    """Each shape gets the status and the members of the body that its author relies on."""
    server = details_and_server
    details = server.details
    httpx.post(f"{server.url}/_mock/reset", trust_env=False).raise_for_status()
    values = {
        "org": details.org_id,
        "client_id": details.client_id,
        "client_secret": details.client_secret,
        "tech_account_id": details.tech_account_id,
        "token": _token(details),
        "jwt": _jwt(details, {"exp": 3600, **shape.get("jwt", {})}),
    }
    status, answer = _send(server, shape["send"], values)
    expected = shape["expect"]
    assert status == expected["status"], answer
    seen = {name: answer.get(name) for name in expected["json"]} if "json" in expected else {}
    assert seen == expected.get("json", {}), answer


def test_the_corpus_covers_ten_programs_and_eight_ways_to_write_them() -> None:
    """The corpus is as broad as it claims: at least ten programs, and each of the languages people use."""
    programs: set[str] = {shape.values[0]["program"] for shape in SHAPES}  # type: ignore[index]
    languages = {file.stem for file in FOLDER.glob("*.json")}
    assert len(programs) >= 10
    assert languages >= {"python", "javascript", "go", "powershell", "php", "java", "ruby", "postman"}
