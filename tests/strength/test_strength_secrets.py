"""Secrets: after a run with every flow, none stands in a log, the journal, the interface's answers or an error."""

from __future__ import annotations

import json
import logging
import os
import signal
import ssl
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest

from umapi_harness.mock import create_app

if TYPE_CHECKING:
    from tests.strength.conftest import Target

SCOPE = "openid,AdobeID,user_management_sdk"


def signed(details: dict[str, Any], **changes: Any) -> str:
    """A JWT as a client signs it."""
    claims = {
        "exp": int(time.time()) + 3600,
        "iss": details["org_id"],
        "sub": details["tech_account_id"],
        "aud": f"https://ims-na1.adobelogin.com/c/{details['client_id']}",
        "https://ims-na1.adobelogin.com/s/ent_user_sdk": True,
    }
    key = Path(details["private_key_path"]).read_text("ascii")
    return jwt.encode({**claims, **changes}, key, algorithm="RS256")


def run_every_flow(client: httpx.Client, details: dict[str, Any]) -> tuple[set[str], list[str]]:
    """Tokens by every way, calls that succeed and calls that fail; returns the secrets used, and all answers."""
    known = {"client_id": details["client_id"], "client_secret": details["client_secret"]}
    oauth = {"grant_type": "client_credentials", "scope": SCOPE, **known}
    good, expired, foreign = signed(details), signed(details, exp=1), signed(details, sub="somebody else")
    secrets = {details["client_secret"], good, expired, foreign, "guessed-secret-4711", "stolen-token-0815"}
    key = "".join(Path(details["private_key_path"]).read_text("ascii").splitlines()[1:-1])
    secrets |= {key[place : place + 40] for place in range(0, len(key) - 40, 40)}
    bodies: list[str] = []

    def ask(method: str, path: str, *, token: bool = False, **arguments: Any) -> str:
        answer = client.request(method, path, **arguments)
        assert answer.status_code < 500, answer.text
        bodies.append("" if token else f"{answer.headers} {answer.text}")
        return str(answer.json().get("access_token", "")) if token and answer.status_code == 200 else ""

    tokens = [
        ask("POST", "/ims/token/v2", token=True, data=oauth),
        ask("POST", "/ims/token/v3", token=True, params=oauth),
        ask("POST", "/ims/token/v3", token=True, files={name: (None, value) for name, value in oauth.items()}),
        ask("POST", "/ims/exchange/jwt", token=True, data={**known, "jwt_token": good}),
        ask(
            "POST",
            "/ims/exchange/jwt",
            token=True,
            files={name: (None, value) for name, value in {**known, "jwt_token": good}.items()},
        ),
    ]
    assert all(tokens)
    secrets |= set(tokens)
    ask("POST", "/ims/token/v3", data={**oauth, "client_secret": "guessed-secret-4711"})
    ask("POST", "/ims/token/v3", data={**oauth, "scope": "everything"})
    ask("POST", "/ims/token/v3", json=oauth)
    ask("POST", "/ims/token/v3", content=json.dumps(oauth), headers={"Content-Type": "text/plain"})
    ask("GET", "/ims/token/v3", params=oauth)
    for bad in (expired, foreign, good[:-9], good.rpartition(".")[0]):
        ask("POST", "/ims/exchange/jwt", data={**known, "jwt_token": bad})
    api, org_id = "/v2/usermanagement", details["org_id"]
    for token in (*tokens, "stolen-token-0815"):
        headers = {"x-api-key": details["client_id"], "Authorization": f"Bearer {token}"}
        for path in (f"users/{org_id}/0", f"groups/{org_id}/0", f"organizations/{org_id}/users/x%40example.com"):
            ask("GET", f"{api}/{path}", headers=headers)
        ask("POST", f"{api}/action/{org_id}", headers=headers, content=b"[{]")
        commands = [{"user": "x@example.com", "do": [{"removeFromOrg": {}}, {"add": {}}]}]
        ask("POST", f"{api}/action/{org_id}", headers=headers, json=commands)
        ask("GET", f"{api}/users/other@AdobeOrg/0", headers=headers)
        # A client that is set up wrongly sends its secrets to the wrong places.
        ask("GET", f"{api}/users/{org_id}/0", headers=headers, params={"access_token": token})
        ask("POST", f"{api}/action/{org_id}", headers=headers, data=oauth)
        ask("GET", "/nowhere", headers={**headers, "Cookie": f"token={token}"}, params=oauth)
    ask("GET", f"{api}/users/{org_id}/0", headers={"x-api-key": "wrong", "Authorization": f"Bearer {tokens[0]}"})
    return secrets - {""}, bodies


def leaks(secrets: set[str], text: str) -> list[str]:
    """Which secrets stand in a text, by their beginnings."""
    return sorted(secret[:6] for secret in secrets if secret in text)


def test_nothing_secret_in_journal_interface_and_errors(
    target: Target, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """After every flow, no answer but that to a good token request holds a secret, nor does any log."""
    caplog.set_level(logging.DEBUG, "umapi_harness")
    secrets, bodies = run_every_flow(target.client, target.server.details.as_dict())
    for body in bodies:
        assert leaks(secrets, body) == []
    assert leaks(secrets, json.dumps(target.server.world.journal.as_list())) == []
    paths = [
        path
        for route in create_app(target.server.world).routes
        if "GET" in (getattr(route, "methods", None) or ()) and "{" not in (path := getattr(route, "path", "{"))
    ]
    assert len(paths) >= 6
    for path in paths:
        if path.endswith(("events", "stream")):
            continue
        answer = target.client.get(path)
        assert answer.status_code < 500, path
        assert leaks(secrets, f"{answer.headers} {answer.text}") == [], path
    written = capfd.readouterr()
    records = "".join(record.getMessage() for record in caplog.records if record.name.startswith(("u", "starlette")))
    assert leaks(secrets, records + written.out + written.err) == []
    assert leaks(secrets, repr(target.server) + repr(target.server.world.credentials)) == []


def test_interface_and_service_are_apart(target: Target) -> None:
    """The interface needs no credentials and takes none for others; the service is not to be had under its path."""
    api = f"/v2/usermanagement/users/{target.org_id}/0"
    assert target.client.get(f"/_mock{api}", headers=target.headers()).status_code == 404
    assert target.client.get(api).status_code in (401, 403)
    for path in (
        "/_mock/../v2/usermanagement/users/x/0",
        "/v2/usermanagement/_mock/state",
        "/_mockery",
        "//_mock/state",
    ):
        raw = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("ascii")
        assert target.answer_to(raw).startswith(b"HTTP/1.1 404"), path
    operations = [entry["path"] for entry in target.server.world.journal.as_list()]
    target.client.get("/_mock/state")
    assert [entry["path"] for entry in target.server.world.journal.as_list()] == operations


PROGRAM = [sys.executable, "-m", "umapi_harness", "serve", "--port", "0"]


@pytest.mark.skipif(os.name != "posix", reason="file modes and signals as POSIX has them")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_files_are_the_owners_and_gone_at_the_end(tmp_path: Path, number: signal.Signals) -> None:
    """Keys and ready file are the owner's alone, in a folder of the owner's, and no signal leaves one behind."""
    ready, temporary = tmp_path / "ready.json", tmp_path / "temporary"
    temporary.mkdir()
    arguments = [*PROGRAM, "--tls", "--ready-file", str(ready)]
    with subprocess.Popen(
        ["/bin/sh", "-c", 'umask 000; exec "$@"', "sh", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline()]
        while ready.exists() is False:
            lines.append(process.stdout.readline())
        details = json.loads(ready.read_text("utf-8"))
        folder = Path(details["private_key_path"]).parent
        assert folder.parent == temporary
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        files = [ready, *folder.iterdir()]
        assert len(files) >= 5
        assert {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in files} == {
            file.name: "0o600" for file in files
        }
        context = ssl.create_default_context(cafile=details["ca_cert"])
        with httpx.Client(base_url=details["ims_url"], verify=context, trust_env=False) as client:
            secrets, _ = run_every_flow(client, details)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert not ready.exists()
    assert list(temporary.iterdir()) == []
    assert leaks(secrets, err) == []
    # What a shell is to evaluate is there for the client secret's sake; nothing else secret is.
    assert leaks(secrets - {details["client_secret"]}, "".join(lines) + out) == []
