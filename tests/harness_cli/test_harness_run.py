"""`umapi-harness run`: Newman's command line, any collection on a mock of its own, and reports whatever happens."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from tests.harness_cli.conftest import Run
from umapi_harness.commands import run_signals
from umapi_models.error_codes import ERROR_CODES

V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ROOT = "https://{{UMAPI_ENDPOINT}}/v2/usermanagement"
TOKEN = "https://{{UMAPI_IMS}}/ims/token/v3"
HEADERS = [{"key": "x-api-key", "value": "{{UMAPI_API_KEY}}"}, {"key": "Authorization", "value": "Bearer {{TOKEN}}"}]
CREATE = [
    {
        "user": "new@{{UMAPI_DOMAIN}}",
        "do": [
            {
                "createFederatedID": {
                    "email": "new@{{UMAPI_DOMAIN}}",
                    "country": "US",
                    "firstname": "A",
                    "lastname": "B",
                }
            },
            {"add": {"group": ["{{UMAPI_GROUP_NAME}}"]}},
        ],
    }
]

Write = Callable[..., Path]


def step(name: str, request: Any, test: str = "", **more: Any) -> dict[str, Any]:
    """A request of a collection."""
    return {"name": name, "request": request, "event": [{"listen": "test", "script": {"exec": [test]}}], **more}


def form(**fields: str) -> dict[str, Any]:
    """A body of a form."""
    return {"mode": "urlencoded", "urlencoded": [{"key": key, "value": value} for key, value in fields.items()]}


def own_steps() -> list[dict[str, Any]]:
    """Requests as Adobe's own collection has them: a token, a query, a change."""
    token = form(
        client_id="{{UMAPI_API_KEY}}",
        client_secret="{{UMAPI_CLIENT_SECRET}}",
        grant_type="client_credentials",
        scope="openid,AdobeID,user_management_sdk",
    )
    body = {"mode": "raw", "raw": json.dumps(CREATE)}
    change = {
        "method": "POST",
        "url": f"{ROOT}/action/{{{{UMAPI_IMS_ORG}}}}",
        "header": [*HEADERS, {"key": "Content-Type", "value": "application/json"}],
        "body": body,
    }
    return [
        step(
            "token",
            {"method": "POST", "url": TOKEN, "body": token},
            "pm.collectionVariables.set('TOKEN', pm.response.json().access_token);"
            "pm.test('t', () => pm.response.to.be.ok);",
        ),
        step(
            "users",
            {"url": f"{ROOT}/users/{{{{UMAPI_IMS_ORG}}}}/{{{{UMAPI_PAGE}}}}", "header": HEADERS},
            "pm.test('u', () => pm.response.to.be.ok);",
        ),
        step("change", change, "pm.test('c', () => pm.expect(pm.response.json().result).to.equal('success'));"),
    ]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a collection of some steps, and returns its path."""

    def make(*steps: dict[str, Any], name: str = "mine.json", **more: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"info": {"name": "Mine", "schema": V21}, "item": list(steps), **more}), "utf-8")
        return path

    return make


def test_a_collection_of_one_s_own_needs_nothing_but_mock(run: Run, write: Write, tmp_path: Path) -> None:
    """Adobe's names are filled and told, every host goes to the mock, and what changed there is in the report."""
    variables = [
        {"key": name, "value": ""} for name in ("UMAPI_API_KEY", "UMAPI_CLIENT_SECRET", "UMAPI_IMS_ORG", "TOKEN")
    ]
    report = tmp_path / "r.html"
    ran = run("run", write(*own_steps(), variable=variables), "--mock", "--html", report)
    assert ran.status == 0, ran.out
    assert (
        "UMAPI_IMS_ORG had no value and is filled with the organisation of the mock server: 12345@AdobeOrg" in ran.out
    )
    assert "UMAPI_CLIENT_SECRET had no value and is filled with the client secret of the mock server\n" in ran.out
    assert (
        "UMAPI_IMS had no value and is filled with ims-na1.adobelogin.com, which the mock server stands for" in ran.out
    )
    assert "user new@example.com (federatedID): added" in report.read_text("utf-8")


def test_a_seed_faults_and_a_third_host(run: Run, write: Write, tmp_path: Path) -> None:
    """The mock's options are there; a host that is nobody's business is refused by name."""
    seed, faults = tmp_path / "s.json", tmp_path / "f.json"
    seed.write_text(
        json.dumps({"org_id": "99@AdobeOrg", "domains": [{"name": "mine.example", "type": "federatedID"}]}), "utf-8"
    )
    faults.write_text(json.dumps({"faults": [{"operation": "users", "status": 503, "first": 1}]}), "utf-8")
    check = "pm.test(pm.response.code + ' ' + pm.variables.get('org_id') + ' ' + pm.variables.get('domain'), () => {});"
    query = {
        "url": "https://usermanagement.adobe.io/v2/usermanagement/users/{{org_id}}/0/?d={{domain}}",
        "header": HEADERS,
    }
    report = tmp_path / "r.json"
    path = write(step("users", query, check), step("third", "https://third.example/x"))
    ran = run("run", path, "--mock", "--seed", seed, "--faults", faults, "--throttle", "--json", report)
    assert ran.status == 1
    document = json.loads(report.read_text("utf-8"))
    assert document["requests"][0]["checks"][0]["name"] == "503 99@AdobeOrg mine.example"
    assert document["requests"][1]["errors"][0]["kind"] == "third-host"


def test_the_codes_of_an_answer_are_explained_where_a_check_fails(run: Run, write: Write, tmp_path: Path) -> None:
    """In every report for people: the meaning and remedy of each code, and why a token was refused."""
    junit, html = tmp_path / "r.xml", tmp_path / "r.html"
    check = "pm.test('x', () => pm.expect(pm.response.json().result).to.equal('success'));"
    url = "https://usermanagement.adobe.io/v2/usermanagement"
    body = [{"user": "jdoe@example.com", "do": [{"add": {"group": ["Nope"]}}]}]
    action = {
        "method": "POST",
        "url": f"{url}/action/{{{{org_id}}}}",
        "header": [*HEADERS, {"key": "Content-Type", "value": "application/json"}],
        "body": {"mode": "raw", "raw": json.dumps(body)},
    }
    refused = {
        "url": f"{url}/groups/{{{{org_id}}}}/0",
        "header": [*HEADERS[:1], {"key": "Authorization", "value": "Bearer nope"}],
    }
    ran = run(
        "run",
        write(step("add", action, check), step("token", refused, check)),
        "--mock",
        "--junit",
        junit,
        "--html",
        html,
    )
    assert ran.status == 1
    hint = "error.group.not_found: The request names a group or profile that the organization does not have. Check the"
    why = 'error="invalid_token", error_description="The access token is invalid"'
    cases = ElementTree.parse(junit).getroot().iter()
    texts = "".join(one.text or "" for one in cases if one.tag in ("failure", "error"))
    for told in (ran.out, texts):
        assert told.count(hint) == 1
        assert told.count(why) == 1
    assert f'"hints":["{hint}' in html.read_text("utf-8")


@pytest.mark.parametrize(
    ("path", "code"), [("user-of", "error.user.not_found"), ("users-of-group", "error.group.not_found")]
)
def test_a_read_that_finds_nothing_is_explained(run: Run, write: Write, tmp_path: Path, path: str, code: str) -> None:
    """The result of a query that is answered with 404 has a meaning and a remedy in every report for people."""
    junit, html = tmp_path / "r.xml", tmp_path / "r.html"
    places = {"user-of": "organizations/{{org_id}}/users/no@example.com", "users-of-group": "users/{{org_id}}/0/Nope"}
    query = {"url": f"https://usermanagement.adobe.io/v2/usermanagement/{places[path]}", "header": HEADERS}
    check = "pm.test('x', () => pm.response.to.have.status(200));"
    ran = run("run", write(step("read", query, check)), "--mock", "--junit", junit, "--html", html)
    assert ran.status == 1
    hint = f"{code}: {ERROR_CODES[code].meaning} {ERROR_CODES[code].remedy}"
    for told in (ran.out, junit.read_text("utf-8"), html.read_text("utf-8")):
        assert hint in told


def test_a_planned_fault_that_struck_nothing_is_told(run: Run, write: Write, tmp_path: Path) -> None:
    """As a note, or as what fails the run where it is denied; of one that struck nothing is said."""
    faults = tmp_path / "f.json"
    plan = [
        {"operation": "users", "first": 1},
        {"operation": "users", "nth": 3, "when": "after"},
        {"operation": "action", "kind": "drop"},
    ]
    faults.write_text(json.dumps(plan), "utf-8")
    url = "https://usermanagement.adobe.io/v2/usermanagement/users/{{org_id}}/0"
    path = write(step("users", {"url": url, "header": HEADERS}, "pm.test('x', () => pm.response.to.be.error);"))
    ran = run("run", path, "--mock", "--faults", faults)
    assert ran.status == 0
    told = [
        "planned fault /1, 503, struck no request, for only 1 call of users came",
        "planned fault /2, drop (the connection is reset without an answer), struck no request, for no call of action",
    ]
    assert all(f"note: {one}" in ran.out for one in told)
    assert "planned fault /0" not in ran.out
    denied = run("run", path, "--mock", "--faults", faults, "--deny", "unused-fault")
    assert denied.status == 1
    assert all(f"unused-fault: {one}" in denied.out for one in told)


def test_a_planned_fault_is_told_beside_the_request_that_met_it(run: Run, write: Write, tmp_path: Path) -> None:
    """Console, JUnit, HTML and JSON tell a planned failure from a real one; a real one has no such words."""
    faults, junit, html = tmp_path / "f.json", tmp_path / "r.xml", tmp_path / "r.html"
    faults.write_text(json.dumps([{"operation": "users", "nth": 2}]), "utf-8")
    url = "https://usermanagement.adobe.io/v2/usermanagement"
    ok = "pm.test('ok', () => pm.response.to.have.status(200));"
    users = step("users", {"url": f"{url}/users/{{{{org_id}}}}/0", "header": HEADERS}, ok)
    missing = step("missing", {"url": f"{url}/users/none@AdobeOrg/0", "header": HEADERS}, ok)
    path = write(users, {**users, "name": "again"}, missing)
    report = tmp_path / "r.json"
    ran = run(
        "run", path, "--mock", "--faults", faults, "--json", report, "--html", html, "-r", "cli,junit",
        "--reporter-junit-export", junit,
    )  # fmt: skip
    assert ran.status == 1
    told = "planned fault: 503 on request 2 of users"
    assert ran.out.count(told) == 2, ran.out  # below its row, and below its failure
    first, again, last = json.loads(report.read_text("utf-8"))["requests"]
    assert [one["exchanges"][0]["faults"] for one in (first, again, last)] == [[], [told.partition(": ")[2]], []]
    schema = json.loads(files("umapi_harness.report").joinpath("run.schema.json").read_text("utf-8"))
    jsonschema_rs.validator_for(schema).validate(json.loads(report.read_text("utf-8")))
    messages = [one.get("message", "") for one in ElementTree.parse(junit).iter("failure")]
    assert [message.endswith(f" ({told})") for message in messages] == [True, False], messages
    assert html.read_text("utf-8").count(told.partition(": ")[2]) >= 3  # row, exchange, and without scripts


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            {"kind": "refuse", "seconds": 60},
            "refuse (the connection is reset and new ones are refused for some seconds) on request 1 of users",
        ),
        ({"kind": "delay", "delay": 60}, "delay (the true answer, late) on request 1 of users"),
    ],
)
def test_a_planned_fault_is_told_where_no_answer_comes(
    run: Run, write: Write, tmp_path: Path, fault: dict[str, Any], told: str
) -> None:
    """Connections that an outage refuses meet the fault that began it; one that delays is told before its answer."""
    faults, report = tmp_path / "f.json", tmp_path / "r.json"
    faults.write_text(json.dumps([{"operation": "users", "first": 1, **fault}]), "utf-8")
    url = "https://usermanagement.adobe.io/v2/usermanagement/users/{{org_id}}/0"
    users = step("users", {"url": url, "header": HEADERS})
    refused = fault["kind"] == "refuse"
    path = write(users, *[users] * refused)
    run("run", path, "--mock", "--faults", faults, "--timeout-request", "300", "--json", report)
    met = [one["exchanges"][0]["faults"] for one in json.loads(report.read_text("utf-8"))["requests"]]
    assert met == [[told]] * (1 + refused)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mock", "--target", "http://h"], "--mock and --target exclude each other"),
        (["--throttle"], "--throttle needs the mock server of the run: add --mock"),
        (["--faults", "f.json"], "--faults needs the mock server of the run: add --mock"),
        (["--no-fill", "v"], "--no-fill needs the mock server of the run: add --mock"),
        (["--mock", "--no-fill", "v"], "--no-fill: the collection has no variable 'v'"),
        (["--allow-host", "h"], "--allow-host needs --mock or --target"),
        (["--bail", "never"], "--bail: 'never' is none of folder, failure"),
        (["-r", "cli,nobody"], "--reporters: there is no reporter 'nobody'; there are cli, json, umapi-json, junit"),
        (["--allow", "all"], "--allow: 'all' is no rule that can be allowed"),
        (["--ssl-client-key", "k.pem"], "--ssl-client-key needs --ssl-client-cert"),
        (["--global-var", "x"], "--global-var: write it as KEY=VALUE"),
        (["--json", "{tmp}/a", "--junit", "{tmp}/a"], "two files of the run would be written there"),
        (["--export-environment", "{tmp}"], "is a directory"),
        (["--cookie-jar", "{tmp}/none.json"], "none.json: cannot be read"),
    ],
)  # fmt: skip
def test_contradictions_are_told_before_anything_is_sent(
    run: Run, write: Write, tmp_path: Path, words: list[str], message: str
) -> None:
    """One line, status 2."""
    given = [word.format(tmp=tmp_path) for word in words]
    ran = run("run", write(step("a", "http://127.0.0.1:9")), *given)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err


def test_a_ci_line_of_newman_just_works(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual options are taken; what means nothing here is said once; exports hold the variables of the end."""
    monkeypatch.chdir(tmp_path)
    script = "pm.environment.set('e', 5); pm.globals.set('g', pm.globals.get('G')); pm.collectionVariables.set('c', 1);"
    variables = [{"id": "1", "key": "c", "value": 0, "description": "d"}, {"key": "off", "value": 0, "disabled": True}]
    path = write(step("a", {"url": "http://127.0.0.1:9/{{E}}"}, script), variable=variables)
    Path("env.json").write_text('{"id": "e1", "name": "N", "values": [{"key": "E", "value": "x"}]}', "utf-8")
    line = "-e env.json -n 2 --delay-request 1 --timeout-request 5000 --timeout-script 4000 --timeout 60000 --bail"
    line += " --global-var G=gg --env-var E=y --ignore-redirects --no-insecure-file-read --working-dir . -k --color off"
    line += " -r cli,junit,json --reporter-junit-export j.xml --reporter-json-export=j.json --reporter-cli-no-summary"
    line += " --export-environment e.json --export-globals g.json --export-collection c.json --export-cookie-jar k.json"
    line += " --disable-unicode --verbose --postman-api-key K --suppress-exit-code"
    ran = run("run", path, *line.split())
    assert ran.status == 0
    assert ran.err.splitlines() == [
        "umapi-harness: --postman-api-key is not supported: nothing is fetched from Postman's cloud",
        "umapi-harness: --reporter-cli-no-summary: means nothing here",
    ]
    assert "FAIL" in ran.out
    assert ran.out.isascii()
    assert json.loads(Path("j.json").read_text("utf-8"))["run"]["failures"][0]["error"]["name"] == "network"
    assert "<error" in Path("j.xml").read_text("utf-8")
    assert {one["key"]: one["value"] for one in json.loads(Path("e.json").read_text("utf-8"))["values"]} == {
        "E": "y",
        "e": 5,
    }
    assert json.loads(Path("e.json").read_text("utf-8"))["id"] == "e1"
    variables[0] |= {"value": 1, "type": "any"}
    assert json.loads(Path("c.json").read_text("utf-8"))["variable"] == variables
    assert json.loads(Path("k.json").read_text("utf-8"))["cookies"] == []
    assert oct(Path("g.json").stat().st_mode & 0o777) == "0o600"


def test_a_variable_may_take_its_value_from_the_environment_of_the_process(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name alone, so that a secret of a CI service stands on no command line; also an empty one."""
    monkeypatch.setenv("who", "me=you")
    monkeypatch.setenv("nothing", "")
    checks = (
        "pm.test('there', () => pm.expect([pm.environment.get('who'), pm.globals.get('nothing')]).eql(['me=you', '']));"
    )
    ran = run("run", write(step("a", "http://127.0.0.1:9", checks)), "--env-var", "who", "--global-var", "nothing")
    assert "1 check passed" in ran.out


def test_an_export_takes_the_place_of_a_file_that_others_could_read(run: Run, write: Write, tmp_path: Path) -> None:
    """A run that writes its own environment anew leaves nobody else a way to read it, and no other file."""
    environment = tmp_path / "env.json"
    environment.write_text('{"name": "N", "values": []}', "utf-8")
    environment.chmod(0o644)
    path = write(step("a", "http://127.0.0.1:9", "pm.environment.set('half', '\\ud800');"))
    before = sorted(tmp_path.iterdir())
    run("run", path, "-e", environment, "--export-environment", environment)
    assert oct(environment.stat().st_mode & 0o777) == "0o600"
    assert json.loads(environment.read_text("utf-8"))["values"][0]["key"] == "half"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
@pytest.mark.parametrize(
    "option", ["", "--environment", "--globals", "--iteration-data", "--cookie-jar", "--ca-bundle"]
)
def test_an_input_that_is_a_pipe_without_a_writer_is_one_line(
    run: Run, write: Write, tmp_path: Path, option: str
) -> None:
    """Nothing is waited for that cannot come."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ran = run("run", pipe) if not option else run("run", write(step("a", "http://127.0.0.1:9")), option, pipe)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "nobody writes to this pipe" in ran.err


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd on this system")
def test_an_input_may_be_what_another_program_writes(run: Run, write: Write) -> None:
    """As bash hands over `<(command)`: a pipe that bears the name of a descriptor."""
    reader, writer = os.pipe()
    os.write(writer, write(step("a", "http://127.0.0.1:9")).read_bytes())
    os.close(writer)
    assert run("run", f"/dev/fd/{reader}").status == 1
    os.close(reader)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_an_export_that_fails_keeps_no_other_from_being_written(run: Run, write: Write, tmp_path: Path) -> None:
    """What cannot be written is told, each file in its line, and the status is 2."""
    path = write(step("a", "http://127.0.0.1:9"))
    full, after = Path("/dev/full"), tmp_path / "globals.json"
    ran = run("run", path, "--export-environment", full, "--export-globals", after, "--junit", full)
    assert ran.status == 2
    lines = [line for line in ran.err.splitlines() if "/dev/full" in line]
    assert len(lines) == 2
    assert after.exists()


def test_options_of_a_reporter_that_nobody_asks_for_are_told(run: Run, write: Write, tmp_path: Path) -> None:
    """As with Newman nothing is written, but that is said."""
    path = tmp_path / "r.html"
    ran = run("run", write(step("a", "http://127.0.0.1:9")), "--reporter-html-export", path)
    assert ran.err == "umapi-harness: --reporter-html-export: nobody asks for the reporter html; add -r html\n"
    assert not path.exists()


def test_reports_without_a_path_go_where_newman_puts_them(
    run: Run, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into the folder newman, and that is said; without cli nothing is printed."""
    monkeypatch.chdir(tmp_path)
    ran = run("run", write(step("a", "http://127.0.0.1:9")), "-r", "json,junit")
    assert (ran.status, ran.out) == (1, "")
    assert sorted(path.suffix for path in Path("newman").iterdir()) == [".json", ".xml"]
    assert "the report of json goes to newman" in ran.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_that_nobody_reads_is_told_before_and_hangs_nothing(run: Run, write: Write, tmp_path: Path) -> None:
    """The other reports would be written all the same."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ran = run("run", write(step("a", "http://127.0.0.1:9")), "--json", pipe)
    assert ran.status == 2
    assert "pipe: nobody reads from the pipe; give a path that can be written" in ran.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_report_goes_through_a_pipe(run: Run, write: Write, tmp_path: Path) -> None:
    """Who reads before the run begins gets the whole report at its end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        deadline = time.monotonic() + 30
        while True:
            ran = run("run", write(step("a", "http://127.0.0.1:9")), "--json", pipe)
            if ran.status == 1 or time.monotonic() > deadline:
                break
        text, _ = reader.communicate(timeout=30)
    assert json.loads(text)["collection"] == "Mine"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_report_that_cannot_be_written_keeps_no_other_from_it(run: Run, write: Write, tmp_path: Path) -> None:
    """What went wrong is one line, the other report is there, and the status is 2."""
    other = tmp_path / "r.xml"
    ran = run("run", write(step("a", "http://127.0.0.1:9")), "--json", "/dev/full", "--junit", other)
    assert ran.status == 2
    assert "/dev/full: no space left on device; give a path that can be written" in ran.err
    assert "<testsuites" in other.read_text("utf-8")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no SIGHUP on this system")
@pytest.mark.parametrize("script", ["setTimeout(() => {}, 60000);", "while (true) {}"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_run_with_its_reports(write: Write, tmp_path: Path, name: str, script: str) -> None:
    """Also while a script computes: the report tells what was done and what ended it; the status is that of shells."""
    report, variables = tmp_path / "r.json", tmp_path / "variables.json"
    steps = [
        step("first", "http://127.0.0.1:9", "pm.environment.set('a', 1);"),
        step("goes on", "http://127.0.0.1:9", event=[{"listen": "prerequest", "script": {"exec": [script]}}]),
    ]
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "from umapi_harness.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = [sys.executable, "-c", code, "run", str(write(*steps)), "--json", str(report), "--timeout-script", "0"]
    words += ["--export-environment", str(variables)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as program:
        assert program.stdout is not None
        while "first" not in program.stdout.readline():
            pass
        program.send_signal(getattr(signal, name))
        out, err = program.communicate(timeout=60)
    assert program.returncode == {"SIGINT": 130}.get(name, 128 + getattr(signal, name))
    ended = "interrupted" if name == "SIGINT" else f"ended by {name}"
    assert err.strip() == f"umapi-harness: {ended}"
    assert "stopped: the run was ended before it was over" in out
    assert [one["key"] for one in json.loads(variables.read_text("utf-8"))["values"]] == ["a"]
    document = json.loads(report.read_text("utf-8"))
    assert document["passed"] is False
    kinds = [error["kind"] for one in document["requests"] for error in one["errors"]]
    assert kinds == ["network", "interrupted"] or (kinds, document["errors"][0]["kind"]) == (["network"], "interrupted")


SIGNALLED = """
import json, os, signal, sys
from umapi_harness.commands.running import execute, read_arguments
from umapi_harness.postman import events
from umapi_harness.report.json_report import JsonReport

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

if sys.argv[1] == "close":
    close = JsonReport.close
    JsonReport.close = lambda self: (interrupt(), close(self))

heard = []

def listener(event):
    if type(event).__name__ == sys.argv[1]:
        interrupt()
    heard.append(type(event).__name__)

others = []
try:
    status = execute(read_arguments(sys.argv[2:]), (listener, lambda event: others.append(type(event).__name__)))
except KeyboardInterrupt:
    status = 130
print(json.dumps([status, heard == others, heard]))
"""


@pytest.mark.parametrize(
    ("moment", "status"), [("RequestSent", 130), ("RequestFinished", 130), ("RunFinished", 0), ("close", 0)]
)
def test_status_and_reports_of_a_run_tell_the_same_whenever_a_signal_comes(
    write: Write, tmp_path: Path, moment: str, status: int
) -> None:
    """Once the verdict is told no signal changes it; before, all listeners have heard of the event that it came in."""
    report = tmp_path / "r.json"
    url = "https://usermanagement.adobe.io/status"
    path = write(step("a", url, "pm.test('ok', () => pm.response.to.have.status(200));"))
    command = [sys.executable, "-c", SIGNALLED, moment, str(path), "--mock", "--json", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr in ("", "interrupted\n", "umapi-harness: interrupted\n")
    was, same, heard = json.loads(done.stdout.splitlines()[-1])
    assert (was, same) == (status, True)
    assert moment == "close" or moment in heard
    assert heard[-1] == "RunFinished"
    document = json.loads(report.read_text("utf-8"))
    assert document["passed"] is (status == 0)
    told = [one["kind"] for one in [*document["errors"], *(e for r in document["requests"] for e in r["errors"])]]
    assert told == ([] if status == 0 else ["interrupted"])


def test_a_run_that_is_given_up_does_not_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever its own thread finds that another ends the run, it finds as well that it must stay."""
    monkeypatch.setattr(run_signals, "_GRACE", 0)
    stays: list[bool] = []

    class Watched(run_signals.Ending):
        def _is_first(self) -> bool:
            first = super()._is_first()
            stays.append(self._given_up)
            return first

        def _leave(self, give_up: Callable[[], None]) -> None:
            give_up()
            self._heard.set()

    ended: list[str] = []
    ending = Watched(give_up=lambda: ended.append(ending.reason()))
    told, tells = socket.socketpair()
    with told, tells:
        tells.send(bytes([signal.SIGTERM]))
        tells.shutdown(socket.SHUT_WR)
        ending.watch(told)
    assert (stays, ended) == ([True], ["SIGTERM"])


def test_everything_can_come_from_the_web(run: Run, write: Write, tmp_path: Path) -> None:
    """Collection and environment by their addresses; what is not there is one line."""
    write(step("a", {"url": "http://127.0.0.1:9/{{E}}"}))
    (tmp_path / "env.json").write_text('{"name": "N", "values": [{"key": "E", "value": "from-the-web"}]}', "utf-8")
    words = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().partition("(")[2].partition("/)")[0]
            ran = run("run", f"{url}/mine.json", "-e", f"{url}/env.json")
            assert "http://127.0.0.1:9/from-the-web" in ran.out
            ran = run("run", f"{url}/none.json")
            assert (ran.status, ran.out) == (2, "")
            assert "none.json: answered with 404; give the address or the path of a Postman collection" in ran.err
        finally:
            server.terminate()


def test_a_run_has_its_time(run: Run, write: Write) -> None:
    """--timeout is the budget of the whole run, in milliseconds, as for Newman."""
    began = time.monotonic()
    waits = "setTimeout(() => {}, 60000);"
    ran = run(
        "run",
        write(step("a", "http://127.0.0.1:9", event=[{"listen": "prerequest", "script": {"exec": [waits]}}])),
        "--timeout",
        "300",
    )
    assert ran.status == 1
    assert "limit: the run has taken the 0.3 seconds that it may; --timeout gives it more" in ran.out
    assert time.monotonic() - began < 30


def test_certificates_are_shown_by_host(run: Run, write: Write, tmp_path: Path) -> None:
    """A list as Newman has it names the hosts; a file that is not there is one line before anything is sent."""
    listed = tmp_path / "certificates.json"
    entry = {"matches": ["https://*.example.com/*"], "cert": {"src": "none.pem"}, "key": {"src": "none.key"}}
    listed.write_text(json.dumps([entry]), "utf-8")
    ran = run("run", write(step("a", "http://127.0.0.1:9")), "--ssl-client-cert-list", listed)
    assert (ran.status, ran.out) == (2, "")
    assert f"{tmp_path / 'none.pem'}: no such file or directory" in ran.err
    listed.write_text(json.dumps([{"matches": []}]), "utf-8")
    ran = run("run", write(step("a", "http://127.0.0.1:9")), "--ssl-client-cert-list", listed)
    assert "#/0: a certificate without cert; write" in ran.err


def test_cookies_of_a_file_go_along_and_those_of_the_end_are_written(run: Run, write: Write, tmp_path: Path) -> None:
    """What one run leaves, the next begins with."""
    jar = tmp_path / "jar.json"
    cookie = {"key": "flavour", "value": "ginger", "domain": "127.0.0.1", "path": "/"}
    jar.write_text(json.dumps({"cookies": [cookie]}), "utf-8")
    report = tmp_path / "r.json"
    ran = run(
        "run",
        write(step("a", "http://127.0.0.1:9/x")),
        "--cookie-jar",
        jar,
        "--export-cookie-jar",
        jar,
        "--json",
        report,
    )
    assert ran.status == 1
    (request,) = json.loads(report.read_text("utf-8"))["requests"]
    assert "Cookie" in [name for name, _ in request["exchanges"][0]["headers"]]
    assert json.loads(jar.read_text("utf-8"))["cookies"][0]["key"] == "flavour"


def test_what_is_filled_in_and_secret_is_shown_nowhere(run: Run, write: Write, tmp_path: Path) -> None:
    """Also under a name that no secret has; the report says what a step changed."""
    variables = [{"key": "jwt", "value": ""}, {"key": "bearer", "value": ""}]
    log = "console.log(pm.variables.get('jwt'), pm.variables.get('bearer'));"
    steps = [
        {**one, "event": [*one["event"], {"listen": "prerequest", "script": {"exec": [log]}}]} for one in own_steps()
    ]
    report = tmp_path / "r.json"
    ran = run("run", write(*steps, variable=variables), "--mock", "--json", report, "-v")
    assert ran.status == 0, ran.out
    assert "••• •••" in ran.out
    assert "eyJ" not in ran.out + report.read_text("utf-8")
    (changed,) = [one["changes"] for one in json.loads(report.read_text("utf-8"))["requests"] if one["changes"]]
    assert changed[0].startswith("user new@example.com (federatedID): added")


def test_a_run_loads_no_mock_server_and_no_contract_without_need(write: Write, tmp_path: Path) -> None:
    """What takes long to load is loaded by runs that use it."""
    code = (
        "import sys\n"
        "from umapi_harness.cli import main\n"
        "status = main(sys.argv[1:])\n"
        "heavy = ('uvicorn', 'starlette', 'cryptography', 'httpx', 'jsonschema_rs', 'rich')\n"
        "print(status, [name for name in heavy if name in sys.modules])\n"
    )
    words = [sys.executable, "-c", code, "run", str(write(step("a", "http://127.0.0.1:9"))), "--silent"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "1 []\n"


def test_a_reader_that_goes_away_costs_the_console_alone(tmp_path: Path) -> None:
    """With `| head` the run goes on to its end, its other reports tell of it, and it ends as a closed pipe ends it."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "umapi_harness", "run", "--json", str(report)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
    document = json.loads(report.read_text("utf-8"))
    assert (process.returncode, told) == (141, "")
    assert (document["passed"], document["stopped"], document["summary"]["requests"]) == (True, None, 94)
