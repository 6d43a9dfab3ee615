"""The command line: bad input in one line, exit statuses, and where a run goes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import zipfile

import pytest

from umapi_harness.cli import main
from umapi_web import HANG_UP, reply

V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def small_collection(test="pm.test('ok', () => pm.response.to.be.ok);", url="{{api_url}}/x"):
    """A collection of one request."""
    event = {"listen": "test", "script": {"exec": [test]}}
    return {"info": {"name": "Small", "schema": V21}, "item": [{"name": "one", "request": url, "event": [event]}]}


@pytest.fixture
def collection(write_json):
    """The path of a small collection."""
    return str(write_json("small.json", small_collection()))


@pytest.fixture
def others(write_json, tmp_path):
    """The paths of files that are no collections."""
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("xl/workbook.xml", "<workbook/>")
    return {
        "env": write_json("env.json", {"name": "e", "values": []}),
        "har": write_json("b.har", {"log": {"entries": []}}),
        "plan": write_json("plan.json", {"faults": []}),
        "xlsx": tmp_path / "b.xlsx",
    }


@pytest.fixture
def away(monkeypatch):
    """No UMAPI_ variables and no proxy of the environment reach the run."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("UMAPI_ENDPOINT", "UMAPI_IMS_URL", "UMAPI_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def abroad(away, web, monkeypatch):
    """The proxy of the environment is a server that answers for every host: 200 until it is told otherwise."""
    monkeypatch.setenv("http_proxy", web.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    web.always(reply(200))
    return web


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["run", "{tmp}/none.json"],
            "(No such file or directory); give the path of a Postman collection",
        ),
        (
            ["run", "{c}", "--environment", "{c}"],
            "is a Postman collection, not a Postman environment; umapi-harness run",
        ),
        (["run", "{env}"], "is a Postman environment, not a Postman collection; give it with -e"),
        (["run", "{c}", "-d", "{env}"], "is a Postman environment, not a data file; give it with -e"),
        (["run", "{har}"], "is a HAR recording, not a Postman collection; umapi-harness verify and replay take it"),
        (["run", "{c}", "-e", "{plan}"], "is a fault plan, not a Postman environment; give it with --faults"),
        (["run", "{xlsx}"], "is a workbook of Excel; give the path of a Postman collection"),
        (["run", "{c}", "-d", "{xlsx}"], "is a workbook of Excel; save it as CSV UTF-8, or give the path of a data"),
        (["run", "{c}", "{env}"], "is a Postman environment, and run takes one collection; give it with -e"),
        (["run", "{c}", "rows.csv"], "rows.csv: run takes one collection; give data with -d"),
        (["run", "{c}", "--folder", "A", "folder"], "folder: run takes one collection; an environment goes with -e"),
        (["run", "{c}", "--reporter", "junit"], "there is no such option; is -r (--reporters) meant?"),
        (["run", "{c}", "--reporter=junit"], "there is no such option; is -r (--reporters) meant?"),
        (["run", "{c}", "--mock", "--no-fill", "api_ulr"], "has no variable 'api_ulr'; is 'api_url' meant?"),
        (["run", "{c}", "--mock", "--faults", "{c}"], "is a Postman collection, not a fault plan; umapi-harness run"),
        (["serve", "--seed", "{c}"], "is a Postman collection, not a seed file; umapi-harness run takes it"),
        (["serve", "--setting", "foo=1"], "there are forbidden_body and others; docs/reference/mock-settings.md lists"),
        (["serve", "--setting", "xyz=1"], "remove it or correct its name; docs/reference/mock-settings.md lists all"),
        (["run", "{c}", "--globals", "{tmp}/none.json"], "none.json: cannot be read (No such file"),
        (["run", "{c}", "--iteration-data", "{tmp}/none.csv"], "none.csv: cannot be read (No such file"),
        (["run", "{c}", "--folder", "X"], "no folder or request named 'X'"),
        (["run", "{c}", "--target", "http://h/path"], "--target: 'http://h/path' has a path"),
        (["run", "{c}", "--env-var", "s3cret"], "--env-var: write it as KEY=VALUE"),
        (["run", "{c}", "--iteration-count", "0"], "0 is not in the range"),
        (["run", "{c}", "--timeout", "1s"], "'1s' is not a valid number of milliseconds, such as 1000"),
        (["run", "{c}", "--timeout", "-1"], "-1 is not in the range"),
        (["run", "{c}", "--seed", "{c}"], "--seed needs the mock server of the run: add --mock"),
        (["run", "{c}", "--ca-bundle", "{c}"], "holds no certificate in PEM form"),
        (["run", "{c}", "--ca-bundle", "{tmp}/none.pem"], "none.pem: no such file"),
        (["run", "{c}", "--ca-bundle", "{c}", "--insecure"], "exclude each other"),
        (["run", "{c}", "{c}"], "small.json: run takes one collection; an environment goes with -e, data with -d"),
        (
            ["run", "{c}", "--env-var client_secret=x1y2"],
            "--env-var and its value are one word: make it two, in a list",
        ),
        (["run", "--junit", "--html", "r.html", "{c}"], "--html stands where the name of its file should"),
        (["run", "--bogus"], "No such option"),
        (["run", "--seed", "{tmp}/none.json"], "none.json"),
        (["run", "--seed", "{c}"], "small.json"),
        (["serve", "--seed", "{tmp}/none.json"], "none.json"),
        (["serve", "--port", "70000"], "70000 is not in the range"),
        (["serve", "--ready-file", "{tmp}/no/folder/ready.json"], "ready.json"),
        (["bogus"], "there is no command bogus: there are serve"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, message, tmp_path, collection, others, capsys, away):
    """Whatever is wrong with arguments and files, one line says so, and nothing has been run."""
    status = main([argument.format(tmp=tmp_path, c=collection, **others) for argument in arguments])
    captured = capsys.readouterr()
    assert status == 2
    assert message in captured.err
    assert captured.err.startswith("umapi-harness: ")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert "s3cret" not in captured.err


def test_a_run_elsewhere_takes_its_values_from_all_sources(collection, write_json, capsys, abroad):
    """Environment, globals and --env-var fill the variables; the exit status is 0 when all passed."""
    environment = write_json("e.json", {"values": [{"key": "api_url", "value": "http://{{host}}/{{v}}"}]})
    variables = write_json("g.json", {"values": [{"key": "v", "value": "global"}, {"key": "host", "value": "no"}]})
    arguments = ["run", collection, "-e", str(environment), "-g", str(variables), "--env-var", "host=h.example"]
    assert main(arguments) == 0
    assert "passed: 1 request, 1 check passed" in capsys.readouterr().out


def test_a_failed_check_is_status_1_and_the_reports_are_written(collection, tmp_path, capsys, abroad):
    """A broken check makes status 1; JUnit and JSON files tell of it all the same."""
    junit, report = tmp_path / "j.xml", tmp_path / "j.json"
    abroad.always(reply(500))
    arguments = ["run", collection, "--target", "http://127.0.0.1:9", "--junit", str(junit), "--json", str(report)]
    assert main(arguments) == 1
    assert "expected response to have status reason 'OK' but got 'INTERNAL SERVER ERROR'" in capsys.readouterr().out
    assert json.loads(report.read_text(encoding="utf-8"))["passed"] is False
    assert "<failure" in junit.read_text(encoding="utf-8")


def test_a_token_in_the_text_of_a_script_is_shown_nowhere(write_json, tmp_path, capsys, abroad):
    """What scripts throw, log and assert is masked on screen and in every report; the sentence stays."""
    script = """
        console.log("sent Authorization: Bearer pl4nted-one-Xk9");
        pm.test("no Bearer pl4nted-two-Xk9", () => pm.expect("Bearer pl4nted-three-Xk9").to.equal("other"));
        pm.test("throws", () => { throw new Error("sent Authorization: Bearer pl4nted-four-Xk9"); });
        throw new Error("got {'Authorization': 'Bearer pl4nted-five-Xk9'}");
    """
    event = {"listen": "test", "script": {"exec": script.splitlines()}}
    item = {"name": "x", "request": {"method": "GET", "url": "http://h.example/x"}, "event": [event]}
    path = write_json("c.json", {"info": {"name": "c", "schema": V21}, "item": [item]})
    reports = {name: tmp_path / name for name in ("junit", "umapi-json", "json", "html")}
    exports = [word for name, file in reports.items() for word in (f"--reporter-{name}-export", str(file))]
    assert main(["run", str(path), "-v", "-r", f"cli,{','.join(reports)}", *exports]) == 1
    said = capsys.readouterr()
    shown = [said.out + said.err, *(file.read_text(encoding="utf-8") for file in reports.values())]
    assert [text for text in shown if "pl4nted" in text] == []
    assert all("sent Authorization: Bearer •••" in text for text in shown)


def test_a_report_that_cannot_be_written_is_bad_input(collection, tmp_path, capsys, abroad):
    """A path that cannot be written is named in one line, with status 2, before anything is sent."""
    (tmp_path / "file").touch()
    assert main(["run", collection, "--target", "http://h", "--json", str(tmp_path / "file" / "no" / "j.json")]) == 2
    assert abroad.calls == []
    assert "j.json: not a directory; give a path that can be written" in capsys.readouterr().err


def test_an_unreachable_server_is_status_1(collection, capsys, abroad):
    """Nobody at the other end is a failure of the run, not of its input."""
    abroad.always(HANG_UP)
    assert main(["run", collection, "--target", "http://h"]) == 1
    assert (
        "network: GET http://h/v2/usermanagement/x: the server closed the connection without an answer"
        in capsys.readouterr().out
    )


def test_the_walkthrough_takes_the_lines_that_serve_prints(monkeypatch, capsys, abroad):
    """With a target and no collection, the walkthrough runs with the UMAPI_ variables of the environment."""
    for name, value in {"ORG_ID": "1@AdobeOrg", "CLIENT_ID": "c", "CLIENT_SECRET": "very-secret"}.items():
        monkeypatch.setenv(f"UMAPI_{name}", value)
    abroad.always(reply(400, json_={"error": "invalid_client"}))
    status = main(
        [
            "run",
            "--target",
            "http://h:81",
            "--folder",
            "get_oauth_token.py: the same as url-encoded form, version 3",
        ]
    )
    assert status == 1
    sent = abroad.calls[0].body.decode()
    assert abroad.urls == ["http://h:81/ims/token/v3"]
    assert "client_secret=very-secret" in sent
    out = capsys.readouterr().out
    assert "client_secret=•••" in out
    assert "very-secret" not in out


def test_ctrl_c_ends_a_run_without_a_traceback(collection, capsys, abroad):
    """An interrupted run ends with the status that shells expect, and says nothing more."""

    def interrupted(_call):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return HANG_UP

    abroad.answer = interrupted
    assert main(["run", collection, "--target", "http://h"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("package", "command"), [("click", "--version"), ("quickjs", "run"), ("jsonschema_rs", "serve")]
)
def test_a_missing_extra_is_told_with_the_command_that_installs_it(package, command):
    """Without the extra's packages, one line says what to install."""
    # In a process of its own: modules that are loaded without the package would stay for other tests.
    missing = f"import sys; sys.modules[{package!r}] = None"
    program = f"{missing}; from umapi_harness.cli import main; sys.exit(main([{command!r}]))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    message = f"umapi-harness: the package '{package}' is not installed; run: pip install 'umapi-sdk[harness]'\n"
    assert (ran.returncode, ran.stderr) == (2, message)


def test_help_and_version_are_there_as_a_module_too():
    """`python -m umapi_harness` is the same program."""
    shown = subprocess.run(
        [sys.executable, "-m", "umapi_harness", "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.startswith("umapi-harness, version ")


def test_a_target_is_no_place_for_requests_to_third_hosts(web, tmp_path, capsys):
    """As with the mock server of a run: what is meant for somebody else goes nowhere, unless it is let through."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps(small_collection(url="https://hooks.third.example/services/x")), "utf-8")
    assert main(["run", str(path), "--target", web.url]) == 1
    assert "hooks.third.example is no host of the API, so nothing is sent there" in capsys.readouterr().out
    assert web.calls == []


@pytest.mark.parametrize("arguments", [[], ["--help"], ["run", "--help"], ["serve", "-h"]])
def test_help_is_shown(arguments, capsys):
    """Each command explains itself."""
    assert main(arguments) == 0
    assert "Usage: umapi-harness" in capsys.readouterr().out


def test_documents_of_the_web_are_fetched_as_the_run_sends(tls_site, away, capsys):
    """By the authorities that the options name; without them the certificate is not trusted."""
    assert main(["run", f"{tls_site.url}/c.json"]) == 2
    assert "is not trusted" in capsys.readouterr().err
    assert main(["run", f"{tls_site.url}/c.json", "--ca-bundle", str(tls_site.bundle)]) == 2
    assert "c.json: not JSON" in capsys.readouterr().err
    assert main(["run", f"{tls_site.url}/c.json", "--ssl-extra-ca-certs", str(tls_site.bundle)]) == 2
    assert "c.json: not JSON" in capsys.readouterr().err


def test_keys_in_the_addresses_of_documents_are_shown_nowhere(web, away, tmp_path, capsys):
    """Neither in reports nor in errors; user and password go along as basic authorisation."""
    document = small_collection(url=f"{web.url}/x")
    pages = {
        f"{web.url}/c?apikey=PMAK-1234": reply(302, Location="/moved?apikey=PMAK-1234"),
        f"{web.url}/moved?apikey=PMAK-1234": reply(json_=document),
        f"{web.url}/round?k=PMAK-1234": reply(302, Location="/round?k=PMAK-1234"),
        f"{web.url}/lost?k=PMAK-1234": reply(302, Location="gopher://x/PMAK-1234"),
        f"{web.url}/d?k=PMAK-1234": reply(text="a,b\n1\n"),
    }
    web.answer = lambda call: pages.get(call.url, reply())
    place = web.url.replace("http://", "http://me:PMAK-1234@")
    report = tmp_path / "r.json"
    assert main(["run", f"{place}/c?apikey=PMAK-1234", "--json", str(report)]) == 0
    assert {call.header("authorization") for call in web.calls[:2]} == {"Basic bWU6UE1BSy0xMjM0"}
    text = capsys.readouterr().out + report.read_text("utf-8")
    for page, problem in (("round", "more than 10 redirects"), ("lost", "is no address"), ("none", "not JSON")):
        assert main(["run", f"{place}/{page}?k=PMAK-1234"]) == 2
        text += capsys.readouterr().err
        assert problem in text
    assert main(["run", str(tmp_path / "none.json"), "-d", f"{place}/d?k=PMAK-1234"]) == 2
    (tmp_path / "mine.json").write_text(json.dumps(document), "utf-8")
    assert main(["run", str(tmp_path / "mine.json"), "-d", f"{place}/d?k=PMAK-1234"]) == 2
    told = capsys.readouterr().err
    assert f"{web.url}/d?…: line 2 has 1 cells" in told
    assert "PMAK" not in text + told
