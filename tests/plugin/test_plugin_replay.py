"""The fixture umapi_replay: a recording in place of the service, and what the plugin says of mistakes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = "https://usermanagement.adobe.io/v2/usermanagement"


def _recording(*exchanges: tuple[str, str, Any]) -> str:
    entries = [
        {
            "request": {"method": method, "url": f"{ROOT}{path}", "headers": [{"name": "X-Api-Key", "value": "k"}]},
            "response": {"status": 200, "content": {"text": json.dumps(answer)}},
        }
        for method, path, answer in exchanges
    ]
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def _page(*emails: str, last: bool = True) -> dict[str, Any]:
    users = [
        {"email": email, "type": "federatedID", "status": "active", "username": email, "domain": "x.org"}
        for email in emails
    ]
    return {"lastPage": last, "result": "success", "users": users}


HAR = _recording(
    ("GET", "/users/7@AdobeOrg/0", _page("ada@x.org", last=False)), ("GET", "/users/7@AdobeOrg/1", _page("bob@x.org"))
)

READER = """
    import pytest
    from umapi_sdk import Connection, OAuthS2S, UsersQuery

    def emails(details):
        secrets = {"client_id": details.client_id, "client_secret": details.client_secret}
        auth = OAuthS2S(**secrets, auth_host=details.ims_url)
        options = {"endpoint": details.api_url, "ca_bundle": details.ca_cert}
        with Connection(details.org_id, auth, **options) as connection:
            return [user.email for user in UsersQuery(connection)]
"""


@pytest.mark.parametrize("options", ["", ", tls=True", ", ordered=True, complete=True"])
def test_a_client_reads_the_recording(run_pytest: Run, options: str) -> None:
    """The SDK, pointed at the fixture, sees the organisation of the recording, over HTTP and TLS."""
    test = f"""
    @pytest.mark.umapi_recording("users.har"{options})
    def test_it(umapi_replay):
        assert umapi_replay.details.org_id == "7@AdobeOrg"
        assert umapi_replay.environment()["UMAPI_CLIENT_ID"] == "k"
        assert emails(umapi_replay.details) == ["ada@x.org", "bob@x.org"]
        assert len(umapi_replay.replay.played) == 2
    """
    finished = run_pytest({"users.har": HAR, "test_it.py": READER + test}, "-q")
    assert "1 passed" in finished.stdout, finished.stdout


def test_a_request_that_was_not_recorded_fails_the_test(run_pytest: Run) -> None:
    """Even a program that swallows the answer 501 does not pass."""
    test = """
    import urllib.error, urllib.request

    @pytest.mark.umapi_recording("users.har")
    def test_it(umapi_replay):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.raises(urllib.error.HTTPError):
            opener.open(f"{umapi_replay.details.api_url}/users/7@AdobeOrg/5")
    """
    finished = run_pytest({"users.har": HAR, "test_it.py": READER + test}, "-q")
    assert "1 passed, 1 error" in finished.stdout
    assert "nearest is " in finished.stdout
    assert "path: recorded /v2/usermanagement/users/7@AdobeOrg/0, now /v2/usermanagement/users/7@AdobeOrg/5" in (
        finished.stdout
    )


def test_a_client_shows_which_request_was_not_recorded(run_pytest: Run) -> None:
    """The failure of the test is one line with the request and the nearest that is recorded, not a status alone."""
    test = """
    from umapi_sdk import UserQuery

    @pytest.mark.umapi_recording("users.har")
    def test_it(umapi_replay):
        details = umapi_replay.details
        auth = OAuthS2S(client_id=details.client_id, client_secret="x", auth_host=details.ims_url)
        with Connection(details.org_id, auth, endpoint=details.api_url) as connection:
            UserQuery(connection, "eve@x.org").result()
    """
    finished = run_pytest({"users.har": HAR, "test_it.py": READER + test}, "-q")
    assert "1 failed, 1 error" in finished.stdout, finished.stdout
    (failed,) = [line for line in finished.stdout.splitlines() if line.startswith("E  ") and "ResponseError" in line]
    assert "no recorded exchange fits GET " in failed
    assert "/users/eve@x.org; nearest is " in failed
    assert "status 501" in failed


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("", "names no file; write @pytest.mark.umapi_recording('file.har')"),
        ("@pytest.mark.umapi_recording()", "names no file; write @pytest.mark.umapi_recording('file.har')"),
        ("@pytest.mark.umapi_recording('none.har')", "none.har: cannot be read: No such file or directory; check its"),
        ("@pytest.mark.umapi_recording('bad.har')", "bad.har: is no recording; give a HAR 1.2 file, a vcrpy cassette"),
        ("@pytest.mark.umapi_recording('users.har', order=1)", "order=1 is not among ordered=, tls= and complete=, Tr"),
        ("@pytest.mark.umapi_recording('users.har', complete=True)", "never asked for: "),
    ],
)
def test_mistakes_are_one_line(run_pytest: Run, mark: str, message: str) -> None:
    """A marker that cannot be used, or a recording that was not used up, is told in one line with the test's name."""
    program = f"import pytest\n{mark}\ndef test_it(umapi_replay): pass\n"
    finished = run_pytest({"users.har": HAR, "bad.har": "{}", "test_it.py": program}, "-q")
    assert "1 error" in finished.stdout
    told = [line for line in finished.stdout.splitlines() if line.startswith("test_it.py::test_it: @pytest.mark")]
    assert len(told) == 1
    assert message in told[0]
