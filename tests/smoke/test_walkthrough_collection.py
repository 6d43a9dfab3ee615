"""The walkthrough collection, run against the real mock server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from umapi_harness import walkthrough
from umapi_harness.cli import main
from umapi_harness.commands import running
from umapi_harness.mock.serving.server import running_server
from umapi_harness.postman.data import read_data
from umapi_harness.postman.environment import read_environment
from umapi_harness.postman.formats import read_collection
from umapi_harness.postman.runner import Runner
from umapi_harness.walkthrough import schemas

# Every sample of both walkthrough documents, by the name under which Adobe publishes it.
SAMPLES = (
    "get_oauth_token.py",
    "get_jwt_token.py",
    "add_Adobe_ID.py",
    "add_Enteprise_ID.py",
    "add_federated_id.py",
    "update_account.py",
    "get_groups_and_profiles.py",
    "get_users_in_org.py",
    "get_users_by_group.py",
    "get_user_info.py",
    "remove_account.py",
    "multi_action.py",
    "JWTExchange.py",
    "AddAdobeIDUser.py",
    "CreateEnterpriseUser.py",
    "CreateFederatedUser.py",
    "UpdateUser.py",
    "AddGroupsProducts.py",
    "RemoveGroups.py",
    "GroupInformation.py",
    "UserInformation.py",
    "UserInformationByGroup.py",
    "RemoveFromOrg.py",
    "UserMultipleOperations.py",
    "MultipleUsers.py",
    "create_FederatedID_of_format3",
    "make_call",
    "add_to_group",
    "remove_from_group",
    "remove_all_roles_and_groups",
    "mix_of_actions_for_one_user",
    "mix_of_actions_for_one_user_2",
    "create_user_group",
    "update_user_group",
    "remove_user_group",
    "Partial failure",
)


@pytest.fixture
def quick(monkeypatch):
    """Nobody waits for the retry after 429: the runner's sleep is taken out of the default."""
    waited: list[float] = []

    def runner(**given):
        return Runner(**given, sleep=waited.append)

    monkeypatch.setattr(running, "Runner", runner)
    return waited


@pytest.fixture
def report(tmp_path):
    """Reads the JSON report of a run."""

    def read():
        return json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))

    return read


def test_the_whole_walkthrough_passes_with_no_argument(quick, tmp_path, report, capsys):
    """`umapi-harness run` starts a server, runs everything in order, and all checks hold, twice over."""
    arguments = ["run", "--json", str(tmp_path / "report.json"), "--junit", str(tmp_path / "report.xml")]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert re.search(r"^passed: 94 requests, \d+ checks passed in ", out, re.MULTILINE)
    told = report()
    assert told["summary"]["checks_passed"] > 350
    assert (told["summary"]["skipped"], told["summary"]["errors"], told["summary"]["checks_failed"]) == (0, 0, 0)
    assert quick == [pytest.approx(1.0)]
    retries = [one for one in told["requests"] if one["name"] == "make_call: retry after 429"]
    retried = [one["exchanges"][-1]["response"]["status"] for one in retries]
    assert retried == [429, 200]
    assert ET.parse(tmp_path / "report.xml").getroot().get("failures") == "0"
    assert main(["run"]) == 0


def test_no_report_of_the_walkthrough_shows_a_secret(quick, tmp_path, capsys):
    """Neither the table nor a report holds a client secret, a token or a signed JWT."""
    junit, report = tmp_path / "r.xml", tmp_path / "r.json"
    assert (
        main(
            ["run", "-v", "--env-var", "client_secret=not-the-right-one", "--json", str(report), "--junit", str(junit)]
        )
        == 1
    )
    everything = capsys.readouterr().out + report.read_text(encoding="utf-8") + junit.read_text(encoding="utf-8")
    assert "not-the-right-one" not in everything
    assert main(["run", "-v", "--json", str(report), "--junit", str(junit)]) == 0
    everything = capsys.readouterr().out + report.read_text(encoding="utf-8") + junit.read_text(encoding="utf-8")
    assert "mock-client-secret" not in everything
    assert not re.search(r"eyJ[\w-]{5,}\.", everything)
    shown = re.findall(r'access_token\\*":\s*\\*"([^"\\]*)', everything)
    assert set(shown) == {"•••"}
    assert "•••" in everything


def broken(document, name, old, new):
    """The collection with one line of one request's scripts changed."""
    text = json.dumps(document, ensure_ascii=False)
    for folder in document["item"]:
        for item in folder["item"]:
            if item["name"] == name:
                before = json.dumps(item, ensure_ascii=False)
                assert old in before
                return json.loads(text.replace(before, before.replace(old, new)))
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("get_user_info.py: one user", "to.have.status(200)", "to.have.status(201)"),
        ("update_account.py: the name has changed", 'to.equal(\\"Joe\\")', 'to.equal(\\"Jo\\")'),
        ("get_users_in_org.py, UserInformation.py: users of the organisation", "schema_users_page", "schema_jwt_token"),
        ("Partial failure: one command fails, the others complete", "error.group.not_found", "error.group.found"),
    ],
)
def test_one_broken_expectation_fails_the_run(name, old, new, quick, tmp_path, report, capsys):
    """A status, a value, a schema or an error code that is not as expected ends in status 1 and is named."""
    document = json.loads(walkthrough.COLLECTION.read_text(encoding="utf-8"))
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken(document, name, old, new)), encoding="utf-8")
    with running_server() as server:
        env = [f"{key}={value}" for key, value in server.details.as_dict().items() if value is not None]
        env += [f"mock_admin_url={server.url}/_mock"]
        arguments = ["run", str(path), "-e", str(walkthrough.ENVIRONMENT), "-d", str(walkthrough.DATA)]
        for pair in env:
            arguments += ["--env-var", pair]
        assert main([*arguments, "--json", str(tmp_path / "report.json")]) == 1
    told = report()
    assert told["summary"]["checks_failed"] == 1
    assert [one["name"] for one in told["requests"] if any(c["state"] == "failed" for c in one["checks"])] == [name]
    assert name in capsys.readouterr().out.partition("Failures")[2]


def test_without_the_mock_s_own_means_nothing_fails(quick, tmp_path, report):
    """Where there is no admin interface and no key, two requests are skipped and all else passes, as in Postman."""
    with running_server() as server:
        arguments = ["run", "--target", server.url, "--json", str(tmp_path / "report.json")]
        for key, value in server.details.as_dict().items():
            if value is not None and key not in ("private_key_path", "ca_cert"):
                arguments += ["--env-var", f"{key}={value}"]
        assert main(arguments) == 0
    assert [one["name"] for one in report()["requests"] if one["skipped"]] == [
        "get_jwt_token.py, JWTExchange.py: exchange a JSON Web Token",
        "MOCK ONLY: plan a 429 for the next call",
    ]


def test_the_walkthrough_leaves_the_state_that_its_samples_describe(quick):
    """Read past the API: users and groups are as the last sample that touched them left them."""
    with running_server() as server:
        arguments = ["run", "--target", server.url]
        for key, value in server.details.as_dict().items():
            if value is not None:
                arguments += ["--env-var", f"{key}={value}"]
        before = httpx.get(f"{server.url}/_mock/state", trust_env=False).json()
        assert main(arguments) == 0
        after = httpx.get(f"{server.url}/_mock/state", trust_env=False).json()
    known = {(user["email"], user["type"]) for user in before["users"]}
    new = {user["email"]: user for user in after["users"] if (user["email"], user["type"]) not in known}
    assert sorted(new) == [
        "adobe.walker@example.net",
        "csv.first@example.com",
        "csv.second@example.com",
        "csv.third@example.com",
        "enterprise.walker@enterprise.example.com",
        "fed.walker@example.com",
        "jane.walker@enterprise.example.com",
        "john.walker@enterprise.example.com",
        "mixed.walker@example.com",
        "multi.walker@enterprise.example.com",
        "sam.walker@example.com",
    ]
    assert new["sam.walker@example.com"]["username"] == "sso.walker@example.com"
    assert new["fed.walker@example.com"]["firstname"] == "Josephine"
    assert new["fed.walker@example.com"]["groups"] == ["Walkthrough Artists"]
    assert new["csv.first@example.com"]["groups"] == [after["sample_group"], after["sample_profile"]]
    assert new["csv.third@example.com"]["lastname"] == "last3, the third"
    assert not [user for user in before["users"] if user not in after["users"]]
    groups = {group["name"] for group in after["user_groups"]} - {group["name"] for group in before["user_groups"]}
    assert groups == {"Walkthrough Artists"}


def test_every_sample_of_both_documents_has_a_request_and_every_request_has_checks():
    """Requests are named after their samples; none is without status and content checks."""
    collection = read_collection(walkthrough.COLLECTION)
    names = " | ".join(item.name for item in collection.items)
    assert [sample for sample in SAMPLES if sample not in names] == []
    assert len({item.name for item in collection.items}) == len(collection.items)
    for item in collection.items:
        own = item.tests[-1].source
        assert "pm.test(" in own, item.name
        assert "to.have.status(" in own or "MOCK ONLY" in item.name, item.name


def test_the_files_of_the_walkthrough_hold_no_secret_and_are_complete():
    """The environment lists what the collection uses, with empty secrets; the data file has the sample's columns."""
    environment = read_environment(walkthrough.ENVIRONMENT)
    assert {"client_secret", "access_token", "jwt_token"} == environment.secret
    assert all(environment.values[name] == "" for name in environment.secret)
    made_by_scripts = {"csv_commands", "upn", "sample_product", "$guid"}
    text = walkthrough.COLLECTION.read_text(encoding="utf-8")
    used = set(re.findall(r"\{\{([\w$]+)\}\}", text))
    assert used - set(environment.values) - made_by_scripts == set()
    columns = ["upn", "mail", "firstname", "lastname", "country_code", "groups"]
    assert all(list(row) == columns for row in read_data(walkthrough.DATA))


def test_the_schemas_inside_the_collection_are_the_schemas_of_the_package(tmp_path, capsys):
    """The embedded schemas are fresh; the check notices a change, and the command puts it right."""
    assert schemas.main(["--check"]) == 0
    copy = tmp_path / "c.json"
    fresh = walkthrough.COLLECTION.read_text(encoding="utf-8")
    copy.write_text(fresh.replace('\\"minimum\\":0', '\\"minimum\\":1'), encoding="utf-8")
    assert schemas.main(["--check"], copy) == 1
    assert "its schemas differ; run python -m umapi_harness.walkthrough.schemas" in capsys.readouterr().err
    assert schemas.main([], copy) == 0
    assert copy.read_text(encoding="utf-8") == fresh


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    """Waits until the server has written its ready file."""
    until = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("tls", [False, True])
def test_serve_prints_what_run_needs_and_ends_cleanly(tls, tmp_path):
    """A shell can evaluate what `serve` prints; `run --target` then passes, over TLS too; Ctrl-C ends it with 0."""
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "umapi_harness"]
    with subprocess.Popen(
        [*command, "serve", "--ready-file", str(ready), *(["--tls"] if tls else [])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            wait_for(ready, server)
            details = json.loads(ready.read_text(encoding="utf-8"))
            env = {**os.environ, "NO_PROXY": "127.0.0.1"}
            for name, value in details.items():
                if value is not None:
                    special = {"api_url": "ENDPOINT", "ca_cert": "CA_BUNDLE"}
                    env[f"UMAPI_{special.get(name, name.upper())}"] = value
            ran = subprocess.run(
                [*command, "run", "--target", details["ims_url"], "--folder", "Access tokens", "--folder", "Queries"],
                env=env,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert ran.returncode == 0, ran.stdout + ran.stderr
            assert details["ims_url"].startswith("https" if tls else "http:")
        finally:
            server.send_signal(signal.SIGINT)
            out, err = server.communicate(timeout=30)
    assert server.returncode == 0
    assert f"export UMAPI_ENDPOINT={details['api_url']}" in out.splitlines()
    assert "Traceback" not in err
    assert not ready.exists()


def test_headers_that_cannot_be_sent_are_errors_of_their_request(tmp_path, capsys):
    """Line ends and odd names in headers are refused on this side of the wire, and the run goes on."""
    headers = [{"key": "X", "value": "a\r\nY: b"}, {"key": "X Y", "value": "1"}, {"key": "X", "value": "fine"}]
    items = [
        {"name": str(place), "request": {"url": "{{api_url}}/groups/1@AdobeOrg/0", "header": [header]}}
        for place, header in enumerate(headers)
    ]
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"info": {"name": "Headers \ud800"}, "item": items}), encoding="utf-8")
    with running_server() as server:
        assert main(["run", str(path), "--target", server.url]) == 1
    out = capsys.readouterr().out
    assert "FAILED: 3 requests, 2 not sent, 0 checks passed, 3 errors" in out
    assert "request: the value of the header X holds a line end" in out
    assert "request: 'X Y' is no name of a header" in out
