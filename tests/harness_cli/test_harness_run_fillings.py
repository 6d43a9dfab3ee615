"""`umapi-harness run --mock`: the variables that it fills, those that `--no-fill` leaves empty, and exports of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness_cli.conftest import Run

V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
FETCHES = """
if (!pm.environment.get('accessToken') && !pm.globals.get('accessToken')) { pm.environment.set('accessToken', 'own'); }
"""


def collection() -> dict[str, Any]:
    """A request whose script gets a token only where there is none."""
    scripts = [
        {"listen": "prerequest", "script": {"exec": [FETCHES]}},
        {
            "listen": "test",
            "script": {"exec": ["pm.test('own', () => pm.expect(pm.variables.get('accessToken')).to.equal('own'));"]},
        },
    ]
    request = {"url": "https://usermanagement.adobe.io/v2/usermanagement/users/{{org_id}}/0"}
    return {"info": {"name": "C", "schema": V21}, "item": [{"name": "a", "request": request, "event": scripts}]}


@pytest.mark.parametrize(
    ("words", "filled", "passed"), [((), True, False), (("--no-fill", "accessToken"), False, True)]
)
def test_the_token_script_of_a_collection_runs_where_nothing_is_filled(
    run: Run, tmp_path: Path, words: tuple[str, ...], filled: bool, passed: bool
) -> None:
    """A token of the mock server keeps such a script from its work; with the option it stays away, others come."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps(collection()), "utf-8")
    ran = run("run", path, "--mock", "--allow", "http-error", *words)
    assert ("accessToken had no value and is filled" in ran.out) is filled
    assert "org_id had no value and is filled" in ran.out
    assert (ran.status == 0) is passed


def test_what_the_mock_server_has_lent_is_in_no_export(run: Run, tmp_path: Path) -> None:
    """Exports have what files had and scripts have set; their folders are made, as Newman makes them."""
    values = [{"key": "org_id", "value": ""}, {"key": "client_secret", "value": "", "type": "secret"}]
    (tmp_path / "e.json").write_text(json.dumps({"name": "E", "values": values}), "utf-8")
    document = collection()
    document["variable"] = [{"key": "group", "value": ""}]
    document["item"][0]["request"]["url"] += "?group={{group}}&secret={{client_secret}}"
    (tmp_path / "c.json").write_text(json.dumps(document), "utf-8")
    names = ("environment", "globals", "collection")
    files = {name: tmp_path / "out" / "new" / f"{name}.json" for name in names}
    exports = [word for name, file in files.items() for word in (f"--export-{name}", file)]
    ran = run("run", tmp_path / "c.json", "--mock", "-e", tmp_path / "e.json", "--no-fill", "accessToken", *exports)
    assert ran.out.count("had no value and is filled") == 3
    written = {name: json.loads(file.read_text("utf-8")) for name, file in files.items()}
    assert [(one["key"], one["value"], one["type"]) for one in written["environment"]["values"]] == [
        ("org_id", "", "any"),
        ("client_secret", "", "secret"),
        ("accessToken", "own", "any"),
    ]
    assert written["globals"]["values"] == []
    assert written["collection"]["variable"] == [{"key": "group", "value": "", "type": "any"}]


NOWHERE = "http://127.0.0.1:9"


def needy(script: str = "") -> dict[str, Any]:
    """A collection that goes where its variables lead, with a credential and a token."""
    headers = [{"key": "x-api-key", "value": "{{client_id}}"}, {"key": "Authorization", "value": "Bearer {{token}}"}]
    request = {"url": "{{base_url}}/v2/usermanagement/users/{{org_id}}/0", "header": headers}
    event = {"listen": "prerequest", "script": {"exec": [script]}}
    return {"info": {"name": "C", "schema": V21}, "item": [{"name": "a", "request": request, "event": [event]}]}


@pytest.mark.parametrize(
    ("words", "script", "said"),
    [
        ((), "", "base_url, org_id, client_id have no value; set them in an environment (-e) or with --env-var"),
        (("-e", "e.json"), "", "client_id has no value and org_id has a placeholder for a value; set them in "),
        (("-e", "e.json", "--env-var", "client_id=1", "--env-var", "org_id=1@AdobeOrg"), "", ""),
        (("--env-var", f"base_url={NOWHERE}", "--env-var", "client_id=1"), "pm.environment.set('org_id', '1')", ""),
        (("--mock",), "", ""),
    ],
)
def test_a_run_that_fails_for_want_of_values_says_which_and_names_the_mock_server(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], script: str, said: str
) -> None:
    """Empty variables and placeholders of this API are told, and not those that scripts have set."""
    monkeypatch.chdir(tmp_path)
    values = {"base_url": NOWHERE, "org_id": "<your org id>", "client_id": "", "other": ""}
    entries = [{"key": key, "value": value} for key, value in values.items()]
    (tmp_path / "e.json").write_text(json.dumps({"name": "E", "values": entries}), "utf-8")
    (tmp_path / "c.json").write_text(json.dumps(needy(script)), "utf-8")
    ran = run("run", "c.json", *words)
    assert ran.status == 1
    assert (f"umapi-harness: {said}" in ran.err) if said else ("no value" not in ran.err)
    assert ("--mock runs the collection against a mock server" in ran.err) is bool(said)


def test_the_advice_names_every_variable_that_the_failures_name(run: Run, tmp_path: Path) -> None:
    """Also those that this API has no meaning for, as columns of data, and data as a place for them; no token."""
    collection = needy()
    collection["item"][0]["request"]["url"] = f"{NOWHERE}/v2/usermanagement/users/{{{{org_id}}}}/0/{{{{firstname}}}}"
    (tmp_path / "c.json").write_text(json.dumps(collection), "utf-8")
    ran = run("run", tmp_path / "c.json")
    assert "no value for {{org_id}}, {{firstname}}, {{client_id}}, {{token}}: " in ran.out
    assert ran.err.startswith(
        "umapi-harness: org_id, client_id, firstname have no value; "
        "set them in an environment (-e), in data (-d) or with --env-var NAME=VALUE, or leave org_id, client_id empty: "
        "--mock runs the collection against a mock server, which has values for them"
    )
    data = tmp_path / "d.csv"
    data.write_text("lastname\nA\n", "utf-8")
    assert f"set them in an environment (-e), in {data} or with " in run("run", tmp_path / "c.json", "-d", data).err
