"""What is shown of raw recordings: comparing, verifying and replaying them tells no secret that they hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.cli import main
from umapi_harness.contract.comparing import compare
from umapi_harness.contract.matching import NoMatchError, match
from umapi_harness.contract.recordings import RecordedRequest, RecordedResponse, RecordingError, load, read

NAMES = (
    *("client_secret", "refresh_token", "id_token", "password", "sessionToken", "clientSecret", "PRIVATE-KEY"),
    *("passwordHash", "jwt_token", "tokens", "credentials"),
)
LISTING = "https://usermanagement.adobe.io/v2/usermanagement/users/1@AdobeOrg/0"
TOKEN = "https://ims-na1.adobelogin.com/ims/token/v3"
ELSEWHERE = "https://usermanagement.adobe.io/v2/usermanagement/elsewhere"


def _secret(run: str, place: str) -> str:
    return f"Zq-{run}-{place}"


def _message(run: str, place: str, *, wrapped: Callable[[str], Any] = str) -> dict[str, Any]:
    data = {name: wrapped(_secret(run, f"{place}{name}")) for name in NAMES}
    data["tokens"], data["credentials"] = [_secret(run, "a")], {"inner": _secret(run, "b")}
    if run == "2":
        del data["clientSecret"], data["credentials"]  # what has vanished is shown as well
    return data


def _entry(run: str, url: str, method: str = "POST", kind: str = "application/json") -> dict[str, Any]:
    sent = _message(run, "sent ")
    body = (
        json.dumps(sent) if kind == "application/json" else "&".join(f"{name}={value}" for name, value in sent.items())
    )
    headers = [{"name": "X-Auth-Token", "value": _secret(run, "header")}, {"name": "Content-Type", "value": kind}]
    headers.append({"name": "WWW-Authenticate", "value": f"Bearer token={_secret(run, 'www')}"})
    answer = {"result": "success", "lastPage": True, "users": [{"email": "a@b.de", **_message(run, "got ")}]}
    return {
        "request": {
            "method": method,
            "url": f"{url}?access_token={_secret(run, 'query')}&page={run}",
            "headers": headers,
            "postData": {"mimeType": kind, "text": body},
        },
        "response": {
            "status": 200,
            "headers": headers,
            "content": {"text": json.dumps({**answer, **_message(run, "")})},
        },
    }


@pytest.fixture
def raw(tmp_path: Path) -> tuple[Path, Path]:
    """Two raw recordings of one scenario, with other secrets each."""
    paths = tmp_path / "1.har", tmp_path / "2.har"
    for path in paths:
        run = path.stem
        entries = [
            _entry(run, TOKEN, kind="application/x-www-form-urlencoded"),
            _entry(run, TOKEN),
            _entry(run, LISTING, "GET"),
            _entry(run, ELSEWHERE),
        ]
        if run == "2":
            entries.append(
                _entry(run, f"https://ada:{_secret(run, 'user')}@usermanagement.adobe.io/v2/usermanagement/x")
            )
            aborted = _entry(run, f"https://ada:{_secret(run, 'aborted')}@usermanagement.adobe.io/x")
            entries.append({**aborted, "response": {"status": 0, "_error": f"password={_secret(run, 'error')}"}})
        path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    return paths


def test_diff_shows_no_secret(raw: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the console nor the JSON report of `diff` has a secret; drift is told all the same."""
    report = tmp_path / "report.json"
    assert main(["diff", *map(str, raw), "--json", str(report)]) == 1
    captured = capsys.readouterr()
    told = captured.out + captured.err + report.read_text("utf-8")
    assert "Zq-" not in told
    assert "query page" in told
    assert "/clientSecret" in told


@pytest.mark.parametrize("number", [0, 1])
def test_verify_shows_no_secret(
    raw: tuple[Path, Path], number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the console nor the reports of `verify` have a secret; findings are told all the same."""
    junit, report = tmp_path / "report.xml", tmp_path / "report.json"
    main(["verify", str(raw[number]), "--junit", str(junit), "--json", str(report)])
    captured = capsys.readouterr()
    told = captured.out + captured.err + junit.read_text("utf-8") + report.read_text("utf-8")
    assert "Zq-" not in told
    assert "/passwordHash" in told
    assert "elsewhere" in told


def test_an_answer_that_differs_is_told_without_secrets() -> None:
    """A secret is masked for the name beside it, in the body, in a header, and in what is shown of a failure."""
    old, new = (
        RecordedResponse(
            status=200,
            headers=(("WWW-Authenticate", f"Bearer token={_secret(run, 'www')}"),),
            body=json.dumps(_message(run, "")).encode(),
        )
        for run in "12"
    )
    failed = RecordedResponse(status=500, body=json.dumps(_message("1", "")).encode())
    found = [*compare(old, new), *compare(old, failed)]
    assert len(found) > len(NAMES) - 2
    assert "Zq-" not in repr(found)


def test_a_request_that_fits_none_is_told_without_secrets(raw: tuple[Path, Path]) -> None:
    """Why no recorded exchange fits is said without the secrets of either side."""
    exchanges = load(raw[1]).exchanges
    path = f"/x/https://ada:{_secret('3', 'path')}@x.example/"
    sent = RecordedRequest(
        method="POST", url=f"{LISTING}{path}?token={_secret('3', 'query')}", body=b'{"password":"Zq-3"}'
    )
    with pytest.raises(NoMatchError) as caught:
        match(exchanges, sent)
    assert "Zq-" not in str(caught.value)


def test_a_broken_recording_is_told_without_secrets() -> None:
    """A message about a HAR that is none names the place and quotes nothing of what stands there."""
    entry = _entry("1", LISTING)
    entry["request"]["headers"] = f"Authorization: {_secret('1', 'raw')}"
    with pytest.raises(RecordingError) as caught:
        read(json.dumps({"log": {"version": "1.2", "entries": [entry]}}), "broken.har")
    assert "Zq-" not in str(caught.value)
    assert "#/log/entries/0/request/headers: the value is not" in str(caught.value)
