"""Requests of Postman collections as items of pytest: ids, failures, -k, -x, xdist, and what is sent."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from umapi_web import Call, Reply, Web, a_web, reply

Run = Callable[..., subprocess.CompletedProcess[str]]

V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
SEEN = "pm.test('seen', () => pm.response.to.be.ok);"
FAILING = "pm.test('small', () => pm.expect(3).to.equal(2));"


@pytest.fixture
def web() -> Iterator[Web]:
    """A server that answers each request with 200."""
    with a_web() as there:
        there.always(reply(json_={}))
        yield there


def step(name: str, url: str, test: str = SEEN, before: str = "") -> dict[str, Any]:
    """A request of a collection."""
    scripts = {"prerequest": before, "test": test}
    events = [{"listen": event, "script": {"exec": [source]}} for event, source in scripts.items() if source]
    return {"name": name, "request": url, "event": events}


def collection(*steps: dict[str, Any]) -> str:
    """The text of a collection."""
    return json.dumps({"info": {"name": "C", "schema": V21}, "item": list(steps)})


def some_steps(web: Web) -> str:
    """Requests that pass, fail, are skipped, jump, are never come to, and have one name."""
    folder = {"name": "Users", "item": [step("get", f"{web.url}/1"), step("get", f"{web.url}/2", FAILING)]}
    return collection(
        folder,
        step("skipped", f"{web.url}/3", before="pm.execution.skipRequest();"),
        step("jumps", f"{web.url}/4", SEEN + "pm.execution.setNextRequest('last');"),
        step("never", f"{web.url}/5"),
        step("last", f"{web.url}/6"),
    )


def results(finished: subprocess.CompletedProcess[str]) -> list[str]:
    """The items of a run with -v, each with what became of it."""
    lines = [line for line in finished.stdout.splitlines() if line.startswith("c.json::")]
    return [re.sub(r" +\[ *[0-9]+%\]$", "", line) for line in lines]


def paths(web: Web) -> list[str]:
    """What was asked for, in order."""
    return [call.url.rpartition("/")[2] for call in web.calls]


def test_each_request_is_an_item_and_shows_what_failed(run_pytest: Run, web: Web) -> None:
    """Pass, failure and skip are told apart; a failure has both values, what was sent and came, and no traceback."""
    files = {"c.json": some_steps(web), "test_it.py": "def test_it(): raise AssertionError('not asked for')"}
    finished = run_pytest(files, "--umapi-collection", "c.json", "-v")
    assert results(finished) == [
        "c.json::Users / get PASSED",
        "c.json::Users / get (2) FAILED",
        "c.json::skipped SKIPPED (a script skipped the request)",
        "c.json::jumps PASSED",
        "c.json::never SKIPPED (the run did not come to this request)",
        "c.json::last PASSED",
        "c.json::the run PASSED",
    ], finished.stdout + finished.stderr
    shown = finished.stdout.partition("= FAILURES =")[2].splitlines()
    assert shown[2:7] == [
        "small: expected 3 to equal 2",
        "  expected: 2",
        "  actual:   3",
        "  at line 1, column 40 of the test script",
        "in Users / get  /item/0/item/1/event/0/script/exec",
    ]
    assert f"  sent: GET {web.url}/2" in shown
    assert "FAILED c.json::Users / get (2) - small: expected 3 to equal 2" in shown
    assert "Traceback" not in finished.stdout
    assert "1 failed, 4 passed, 2 skipped" in finished.stdout
    assert paths(web) == ["1", "2", "4", "6"]


def test_x_ends_the_run_at_the_failure(run_pytest: Run, web: Web) -> None:
    """Nothing more is sent."""
    finished = run_pytest({"c.json": some_steps(web)}, "--umapi-collection", "c.json", "-x", "-q")
    assert "1 failed, 1 passed" in finished.stdout
    assert paths(web) == ["1", "2"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_ctrl_c_while_a_request_is_under_way_ends_the_run(run_pytest: Run, web: Web) -> None:
    """Nothing more is sent, whether the answer comes before pytest has ended or after it."""

    def interrupt(call: Call) -> Reply:
        os.kill(int(call.url.rpartition("/")[2]), signal.SIGINT)
        return reply(json_={})

    web.answer = interrupt
    files = {
        "c.json": collection(step("a", web.url + "/{{pid}}"), step("b", f"{web.url}/0"), step("c", f"{web.url}/0")),
        "conftest.py": """
            import os

            def pytest_configure(config):
                config.option.umapi_run_options = f"--env-var pid={os.getpid()}"
        """,
    }
    finished = run_pytest(files, "--umapi-collection", "c.json", "-q")
    assert finished.returncode == pytest.ExitCode.INTERRUPTED, finished.stdout + finished.stderr
    assert len(web.calls) == 1


def test_a_chosen_request_has_those_before_it_executed_and_none_after_it(run_pytest: Run, web: Web) -> None:
    """By -k and by its id; what failed before and was not chosen is told of below its failure."""
    text = collection(
        step("login", f"{web.url}/1", FAILING),
        step("wanted", f"{web.url}/2", FAILING),
        step("after", f"{web.url}/3"),
    )
    finished = run_pytest({"c.json": text}, "--umapi-collection", "c.json", "-k", "wanted", "-v")
    assert results(finished) == ["c.json::wanted FAILED"]
    lines = finished.stdout.splitlines()
    assert lines.index("not selected, but executed before:") < lines.index("in login  /item/0/event/0/script/exec")
    assert paths(web) == ["1", "2"]
    by_id = run_pytest({}, "--umapi-collection", "c.json", "c.json::after", "-v")
    assert results(by_id) == ["c.json::after PASSED"]


def test_settings_of_pytest_ini_and_a_row_of_data_for_each_iteration(run_pytest: Run, web: Web) -> None:
    """A collection of pytest.ini is tested where pytest comes by its file, with its environment and options."""
    step_of_row = step(
        "row", web.url + "/{{n}}", SEEN + "pm.test('e', () => pm.expect(pm.environment.get('e')).to.eql('x'));"
    )
    files = {
        "c.json": collection(step_of_row),
        "e.json": json.dumps({"name": "E", "values": [{"key": "e", "value": "x"}]}),
        "d.csv": "n\n7\n8\n",
        "test_it.py": "def test_it(): pass",
    }
    ini = ("umapi_collection=c.json", "umapi_environment=e.json", "umapi_run_options=-d d.csv --bail")
    options = [word for setting in ini for word in ("-o", setting)]
    finished = run_pytest(files, *options, "-v")
    assert results(finished) == ["c.json::row [1] PASSED", "c.json::row [2] PASSED", "c.json::the run PASSED"]
    assert "4 passed" in finished.stdout
    assert paths(web) == ["7", "8"]


def test_workers_of_xdist_share_no_collection(run_pytest: Run, web: Web) -> None:
    """All requests of one go to one worker, in order, beside other tests."""
    files = {"c.json": some_steps(web), "test_it.py": "def test_it(): pass"}
    finished = run_pytest(files, "-p", "xdist", "-n", "2", "--umapi-collection", "c.json", "test_it.py")
    assert "1 failed, 5 passed, 2 skipped" in finished.stdout, finished.stdout
    assert paths(web) == ["1", "2", "4", "6"]


def test_the_run_as_a_whole_is_an_item(run_pytest: Run, web: Web) -> None:
    """It fails for rules that belong to no request, and for a request that failed when it was executed again."""
    again = (
        "pm.globals.set('n', (pm.globals.get('n') || 0) + 1);"
        "if (pm.globals.get('n') < 2) pm.execution.setNextRequest('a');"
    )
    files = {
        "c.json": collection(
            step("a", f"{web.url}/1", again + "pm.test('once', () => pm.expect(pm.globals.get('n')).to.equal(1));")
        ),
        "d.json": collection(step("b", f"{web.url}/2", "")),
    }
    finished = run_pytest(files, "--umapi-collection", "c.json", "--umapi-collection", "d.json", "-q")
    summary = finished.stdout.partition("short test summary info")[2]
    assert "FAILED c.json::the run - once: expected 2 to equal 1" in summary
    assert "FAILED d.json::the run - no-checks: " in summary
    assert "2 failed, 2 passed" in summary


def test_a_mock_server_answers_for_the_hosts_of_a_collection(run_pytest: Run) -> None:
    """With --umapi-mock every host of the collection leads to a server of the run."""
    url = "https://{{UMAPI_ENDPOINT}}/v2/usermanagement/users/{{UMAPI_IMS_ORG}}/0"
    refused = "pm.test('no token', () => pm.response.to.have.status(403));"
    files = {"c.json": collection(step("users", url, refused))}
    finished = run_pytest(files, "--umapi-collection", "c.json", "--umapi-mock", "-v")
    assert results(finished) == ["c.json::users PASSED", "c.json::the run PASSED"], finished.stdout


@pytest.mark.parametrize(
    ("files", "options", "line"),
    [
        ({"c.json": "{"}, [], "c.json: not JSON ("),
        ({"c.json": collection()}, [], "c.json#/item: the collection holds no requests; add one"),
        ({"c.json": collection()}, ["--umapi-run-options=--nope"], "c.json: No such option"),
        ({}, [], "file or directory not found"),
        (
            {"c.json": collection()},
            ["--umapi-environment", "a", "--umapi-environment", "b"],
            "--umapi-environment: give one for all collections, or one for each",
        ),
    ],
)
def test_a_mistake_is_one_line(run_pytest: Run, files: dict[str, str], options: list[str], line: str) -> None:
    """What, where, and no traceback."""
    finished = run_pytest(files, "--umapi-collection", "c.json", *options, "-q")
    assert finished.returncode not in (0, 1)
    assert line in finished.stdout + finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr


def test_without_the_extra_one_line_names_it(run_pytest: Run) -> None:
    """It says what to install."""
    files = {"c.json": collection(), "conftest.py": 'import sys\n\nsys.modules["starlette"] = None\n'}
    finished = run_pytest(files, "--umapi-collection", "c.json")
    assert (
        "--umapi-collection needs the extra harness (starlette is not installed): "
        "python -m pip install 'umapi-sdk[harness]'" in finished.stderr
    )
