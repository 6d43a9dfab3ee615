"""The commands `replay` and `diff`: recordings in place of the service, and beside each other."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import attrs
import httpx
import pytest

from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse, save
from umapi_sdk import Connection, OAuthS2S, UsersQuery

Run = Callable[..., Any]

USER = {"email": "ada@x.org", "username": "ada@x.org", "domain": "x.org", "type": "federatedID", "status": "active"}
PAGE = {"lastPage": True, "result": "success", "users": [USER]}


def _listing(answer: object = PAGE, org: str = "7@AdobeOrg") -> Exchange:
    url = f"https://usermanagement.adobe.io/v2/usermanagement/users/{org}/0"
    request = RecordedRequest(method="GET", url=url, headers=(("X-Api-Key", "k"),))
    response = RecordedResponse(
        status=200,
        headers=(("Content-Type", "application/json"), ("Date", "Mon, 12 Jun 2017 23:00:15 GMT")),
        body=json.dumps(answer).encode(),
    )
    return Exchange(name="listing", where="here", request=request, response=response)


@attrs.define
class Replaying:
    """A running command."""

    variables: dict[str, str]
    process: subprocess.Popen[str]
    status: int | None = None
    err: str = ""


@contextmanager
def _replaying(*arguments: str | Path) -> Generator[Replaying]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UMAPI_")}
    words = [sys.executable, "-m", "umapi_harness", "replay", *map(str, arguments)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stderr.readline()  # said once the port is listened on
        process.send_signal(0)
        replaying = Replaying({}, process)
        lines = iter(process.stdout.readline, "")
        for line in lines:
            name, _, value = line.removeprefix("export ").strip().partition("=")
            replaying.variables[name] = shlex.split(value)[0]
            if name == "UMAPI_PRIVATE_KEY_PATH":  # the last one
                break
        try:
            yield replaying
        finally:
            process.send_signal(signal.SIGTERM)
            replaying.err = first + process.stderr.read()
            replaying.status = process.wait(30)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a signal")
@pytest.mark.parametrize("options", [(), ("--tls",), ("--ordered",)])
def test_a_client_is_pointed_at_a_recording_by_the_lines_printed(tmp_path: Path, options: tuple[str, ...]) -> None:
    """The SDK takes the variables as they are, over HTTP and TLS, and reads what was recorded, date and all."""
    save([_listing()], tmp_path / "a.har")
    with _replaying(tmp_path / "a.har", *options) as replaying:
        variables = replaying.variables
        auth = OAuthS2S(
            client_id=variables["UMAPI_CLIENT_ID"],
            client_secret=variables["UMAPI_CLIENT_SECRET"],
            auth_host=variables["UMAPI_IMS_URL"],
        )
        bundle, endpoint = variables.get("UMAPI_CA_BUNDLE"), variables["UMAPI_ENDPOINT"]
        with Connection(variables["UMAPI_ORG_ID"], auth, ca_bundle=bundle, endpoint=endpoint) as connection:
            assert [user.email for user in UsersQuery(connection)] == ["ada@x.org"]
    assert (variables["UMAPI_ORG_ID"], variables["UMAPI_CLIENT_ID"]) == ("7@AdobeOrg", "k")
    assert replaying.status == 0
    assert replaying.err.splitlines()[-1] == (
        "umapi-harness: 1 answers given, 0 exchanges never asked for, 0 requests not recorded"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a signal")
def test_headers_come_as_recorded_and_what_was_not_recorded_is_explained(tmp_path: Path) -> None:
    """The server adds no date of its own; a request that fits nothing gets 501, a line on stderr, and status 1."""
    save([_listing()], tmp_path / "a.har")
    ready = tmp_path / "ready.json"
    with _replaying(tmp_path / "a.har", "--ready-file", ready) as replaying, httpx.Client(trust_env=False) as client:
        root = replaying.variables["UMAPI_ENDPOINT"]
        assert json.loads(ready.read_text("utf-8"))["api_url"] == root
        answer = client.get(f"{root}/users/7@AdobeOrg/0")
        assert answer.headers.get_list("date") == ["Mon, 12 Jun 2017 23:00:15 GMT"]
        refusal = client.get(f"{root}/users/7@AdobeOrg/1")
    assert refusal.status_code == 501
    assert refusal.json()["mismatches"][0]["matcher"] == "path"
    assert replaying.status == 1
    assert f"umapi-harness: {refusal.json()['message']}\n" in replaying.err
    assert not ready.exists()


def test_recordings_that_cannot_be_replayed_are_one_line(run: Run, tmp_path: Path) -> None:
    """A missing file, one that is no recording, and one without an exchange end the command with status 2."""
    (tmp_path / "bad.har").write_text("{}", encoding="utf-8")
    save([], tmp_path / "empty.har")
    for name, message in (
        ("none.har", "cannot be read: No such file or directory; check its name and permissions"),
        (
            "bad.har",
            "is no recording; give a HAR 1.2 file, a vcrpy cassette or a Postman collection with saved examples",
        ),
        ("empty.har", "holds no exchange; give a recording with a request and its answer"),
    ):
        ran = run("replay", tmp_path / name)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err == f"umapi-harness: {tmp_path / name}: {message}\n"


def test_two_recordings_of_one_scenario_are_compared(run: Run, tmp_path: Path) -> None:
    """Nothing has drifted: status 0. Something has: status 1, a line for each on the console, and all of it as JSON."""
    before, after, report = (tmp_path / name for name in ("before.har", "after.har", "report.json"))
    save([_listing()], before)
    save([_listing(org="8@AdobeOrg")], after)
    ran = run("diff", before, after)
    assert (ran.status, ran.out) == (0, "1 exchange compared: nothing has drifted\n")

    save([_listing({**PAGE, "users": [{**USER, "type": 5}]})], after)
    ran = run("diff", before, after, "--json", report)
    place = f"{before}#/log/entries/0"
    assert ran.status == 1
    assert (
        ran.out.splitlines()
        == [
            "users",
            f"  MUST response body /users/*/type: was string, is number; {place}",
            "1 exchange compared: 1 MUST, 0 SHOULD, 0 MAY",
        ]
        or ran.out.splitlines()[0] == "users"
    )
    document = json.loads(report.read_text("utf-8"))
    assert document["summary"]["MUST"] == 1
    assert {"operation": "users", "place": "body /users/*/type", "first": place}.items() <= (
        document["drifts"][0].items()
    )


def test_drifts_below_a_grade_neither_show_nor_fail(run: Run, tmp_path: Path) -> None:
    """With --grade only what is as grave ends with 1; the JUnit report tells the lesser drifts, and fails none."""
    before, after, report = (tmp_path / name for name in ("before.har", "after.har", "report.xml"))
    save([_listing()], before)
    save([_listing({**PAGE, "users": [{**USER, "extra": 5}]})], after)
    ran = run("diff", before, after, "--junit", report)
    assert (ran.status, ran.out.count("MAY response body")) == (1, 1)
    assert (suite := ElementTree.parse(report).getroot()).get("failures") == "1"
    assert suite[0][0][0].get("type") == "MAY"
    ran = run("diff", before, after, "--grade", "SHOULD", "--junit", report)
    assert (ran.status, ran.out) == (0, "1 exchange compared: 0 MUST, 0 SHOULD, 1 MAY\n")
    suite = ElementTree.parse(report).getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    assert "MAY users response body /users/*/extra" in (suite[0][0][0].text or "")


def test_recordings_that_cannot_be_compared_are_one_line(run: Run, tmp_path: Path) -> None:
    """A broken side ends the command with status 2 and writes no report."""
    save([_listing()], tmp_path / "a.har")
    (tmp_path / "b.har").write_bytes((tmp_path / "a.har").read_bytes()[:300])
    ran = run("diff", tmp_path / "a.har", tmp_path / "b.har", "--json", tmp_path / "report.json")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"umapi-harness: {tmp_path / 'b.har'}#/log/entries/0: the file ends in ")
    assert not (tmp_path / "report.json").exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            bytes(range(1, 200)),
            "is a binary file, and no recording; give a HAR 1.2 file, a vcrpy cassette or a Postman",
        ),
        (b"%PDF-1.7\n\xff", "is a PDF document, and no recording; give a HAR 1.2 file"),
        (b"PK\x03\x04[\0\xff xl/workbook.xml", "is a workbook of Excel, and no recording; give a HAR 1.2 file"),
        (b"a note: [", "line 2: did not find expected node content; a HAR file is JSON, and begins with {"),
    ],
)
def test_a_file_that_is_no_recording_is_told_as_what_it_is(
    run: Run, tmp_path: Path, content: bytes, problem: str
) -> None:
    """Nothing calls it a cassette whose name ends in .har."""
    path = tmp_path / "b.har"
    path.write_bytes(content)
    ran = run("verify", path)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"umapi-harness: {path}")
    assert problem in ran.err


def test_what_is_left_in_a_recording_of_nothing_is_a_finding_as_any_other(run: Run, tmp_path: Path) -> None:
    """A secret beside no exchange is shown with status 1, as the page says; only where nothing is left it is 2."""
    path = tmp_path / "a.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [], "comment": "Bearer pl4nted-Xk9"}}), "utf-8")
    ran = run("redact", "--check", path)
    assert ran.status == 1
    assert f"{path}#/log/comment" in ran.out


def test_a_report_of_diff_that_cannot_be_written_is_told_before_anything_is_compared(run: Run, tmp_path: Path) -> None:
    """Neither is a recording overwritten."""
    path = tmp_path / "a.har"
    save([_listing()], path)
    ran = run("diff", path, path, "--json", tmp_path / "none" / "x.json")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("no such file or directory; give a path that can be written\n")
    ran = run("diff", path, path, "--json", path)
    assert (ran.status, ran.out) == (2, "")
    assert "--json would overwrite a recording" in ran.err


def test_redact_without_files_says_what_it_wants(run: Run) -> None:
    """Neither with --check nor without it."""
    ran = run("redact")
    assert ran.err == "umapi-harness: give two files, IN and OUT; with --check, the files to look at\n"


@pytest.mark.parametrize(
    "words", ["diff {full} {empty}", "diff {empty} {full}", "redact --check {empty}", "redact {empty} {out}"]
)
def test_a_recording_of_nothing_is_neither_alike_nor_clean(run: Run, tmp_path: Path, words: str) -> None:
    """Of a recording without an exchange nothing is said to be so: status 2, one line, and nothing is written."""
    names = {name: tmp_path / f"{name}.har" for name in ("full", "empty", "out")}
    save([_listing()], names["full"])
    save([], names["empty"])
    ran = run(*words.format(**names).split())
    assert (ran.status, ran.out) == (2, "")
    line = "holds no exchange; give a recording with a request and its answer"
    assert ran.err == f"umapi-harness: {names['empty']}: {line}\n"
    assert not names["out"].exists()


def test_a_program_runs_with_a_replay_of_its_own(
    run: Run, python: Callable[[str], tuple[str, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program after -- finds the recording; the status is its own, or 1 for what was not recorded."""
    recording = tmp_path / "a.har"
    save([_listing()], recording)
    monkeypatch.setenv("UMAPI_ORG_ID", "another@AdobeOrg")
    ask = "ask = lambda path: urllib.request.urlopen(os.environ['UMAPI_ENDPOINT'] + path).status"
    code = f"{ask}\nprint(ask('/users/' + os.environ['UMAPI_ORG_ID'] + '/0'))"
    ran = run("replay", recording, *python(code))
    assert (ran.status, ran.out) == (0, "200\n"), ran.err
    assert "1 answers given, 0 exchanges never asked for" in ran.err
    assert run("replay", recording, *python(f"{code}\nsys.exit(5)")).status == 5
    missed = f"{ask}\ntry: ask('/groups/7@AdobeOrg/0')\nexcept OSError: pass"
    assert run("replay", recording, *python(missed)).status == 1
