"""The JSON report in Newman's form: its keys are those that Newman 6.2.2 writes, and programs that read them can."""

from __future__ import annotations

import json
import tracemalloc
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.postman.conftest import Ran
from umapi_events import exchange, plain_step, step, whole_run
from umapi_harness.postman import events
from umapi_harness.report.newman_json import NewmanJsonReport
from umapi_harness.report.newman_shapes import id_of
from umapi_web import HANG_UP, Web, reply

Keys = dict[str, Any]

CURSOR: Keys = dict.fromkeys(("position", "iteration", "length", "cycles", "ref"))
URL: Keys = dict.fromkeys(("protocol", "path", "host", "query", "variable"))
PAIR: Keys = dict.fromkeys(("key", "value"))
COUNT: Keys = dict.fromkeys(("total", "pending", "failed"))
ITEM: Keys = {"id": None, "name": None, "request": {"url": URL, "method": None}, "response": None, "event": None}
NEWMAN: Keys = {
    "collection": {
        "item": [{"id": None, "name": None, "event": None, "item": [ITEM]}],
        "event": None,
        "variable": None,
        "info": dict.fromkeys(("_postman_id", "name", "schema")),
    },
    "environment": dict.fromkeys(("id", "name", "values")),
    "globals": dict.fromkeys(("id", "values")),
    "run": {
        "stats": dict.fromkeys(
            (
                "iterations",
                "items",
                "scripts",
                "prerequests",
                "requests",
                "tests",
                "assertions",
                "testScripts",
                "prerequestScripts",
            ),
            COUNT,
        ),
        "timings": dict.fromkeys(
            (
                "responseAverage",
                "responseMin",
                "responseMax",
                "responseSd",
                "dnsAverage",
                "firstByteSd",
                "started",
                "completed",
            )
        ),
        "executions": [
            {
                "cursor": CURSOR,
                "item": ITEM,
                "id": None,
                "request": {
                    "url": URL,
                    "header": [PAIR],
                    "method": None,
                    "body": {"mode": None, "raw": None},
                },
                "response": {
                    "id": None,
                    "status": None,
                    "code": None,
                    "header": [PAIR],
                    "stream": {"type": None, "data": None},
                    "cookie": None,
                    "responseTime": None,
                    "responseSize": None,
                },
                "assertions": [{"assertion": None, "skipped": None}],
            }
        ],
        "transfers": {"responseTotal": None},
        "failures": [
            {
                "error": dict.fromkeys(("name", "index", "test", "message", "stack", "stacktrace")),
                "at": None,
                "source": ITEM,
                "parent": dict.fromkeys(("id", "name")),
                "cursor": CURSOR,
            }
        ],
        "error": None,
    },
}
"""The keys that programs look at, from a report of Newman 6.2.2; a list shows what its first entry must have."""


def missing(document: Any, keys: Any, place: str = "") -> Iterable[str]:
    """The keys that a document lacks."""
    if isinstance(keys, list):
        if not document:
            yield f"{place}: no entries"
        else:
            yield from missing(document[0], keys[0], f"{place}/0")
    elif isinstance(keys, dict):
        for key, inner in keys.items():
            if key not in document:
                yield f"{place}/{key}"
            elif inner is not None:
                yield from missing(document[key], inner, f"{place}/{key}")


def report_of(told: Iterable[events.Event], folder: Path) -> dict[str, Any]:
    """The report of a run."""
    path = folder / "n.json"
    report = NewmanJsonReport(path)
    for event in told:
        report(event)
    report.close()
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def test_the_keys_are_newman_s(mixed_run: Ran, tmp_path: Path) -> None:
    """Nothing is missing that programs look at, and nothing is there on top that Newman does not have."""
    report = report_of(mixed_run.told, tmp_path)
    assert list(missing(report, NEWMAN)) == []
    assert report.keys() == NEWMAN.keys()
    assert report["run"].keys() == NEWMAN["run"].keys()


def test_counts_failures_and_bodies_are_where_programs_look(mixed_run: Ran, tmp_path: Path) -> None:
    """As in `jq .run.stats.assertions.failed`, and in what dashboards show."""
    report = report_of(mixed_run.told, tmp_path)
    run = report["run"]
    stats = run["stats"]
    assert {name: (one["total"], one["failed"]) for name, one in stats.items()} == {
        "iterations": (2, 0),
        "items": (8, 0),
        "scripts": (2, 0),
        "prerequests": (8, 0),
        "requests": (6, 2),
        "tests": (6, 0),
        "assertions": (6, 2),
        "testScripts": (2, 0),
        "prerequestScripts": (0, 0),
    }
    first, unresolved = run["executions"][:2]
    assert bytes(first["response"]["stream"]["data"]) == b'{"x":1}'
    assert first["request"]["url"]["host"] == ["h"]
    assert [one["skipped"] for one in first["assertions"]] == [False, False, True]
    assert first["assertions"][1]["error"]["name"] == "AssertionError"
    assert unresolved["requestError"]["name"] == "unresolved-variable"
    assert [failure["at"] for failure in run["failures"][:2]] == ["assertion:1 in test-script", "request"]
    assert (run["failures"][0]["source"]["name"], run["failures"][0]["parent"]["name"]) == ("mixed", "Folder")
    assert run["transfers"]["responseTotal"] == 28
    assert report["collection"]["item"][0]["name"] == "Folder"
    assert [item["name"] for item in report["collection"]["item"][0]["item"]] == ["mixed", "unresolved"]
    assert report["environment"]["name"] == "Test"


def test_errors_bear_the_name_of_what_was_thrown(
    run_collection: Callable[..., Ran], collection_of: Callable[..., Any], item: Callable[..., Any], tmp_path: Path
) -> None:
    """As in Newman: an assertion that did not hold is an AssertionError, and so is what is thrown and no error."""
    thrown = ("undefined.foo", "throw new RangeError('r')", "throw 'text'", "pm.expect(1, 'Error: x').to.equal(2)")
    test = "".join(f"pm.test('x', () => {{ {one}; }});" for one in thrown) + "nope();"
    report = report_of(run_collection(collection_of(item("a", "http://h", test=test))).told, tmp_path)
    errors = [failure["error"] for failure in report["run"]["failures"]]
    names = ["TypeError", "RangeError", "AssertionError", "AssertionError", "ReferenceError"]
    assert [error["name"] for error in errors] == names
    assert [errors[at]["message"] for at in (1, 3)] == ["r", "Error: x: expected 1 to equal 2"]
    assert errors[4]["message"].startswith("nope is not defined")


def test_script_errors_stand_beside_the_script(
    run_collection: Callable[..., Ran], collection_of: Callable[..., Any], item: Callable[..., Any], tmp_path: Path
) -> None:
    """As in Newman, by the event of the script."""
    broken = item("a", "http://h", before="pm.test('ok', () => {});", test="nope();")
    report = report_of(run_collection(collection_of(broken, item("b", "http://h", before="gone();"))).told, tmp_path)
    first, second = report["run"]["executions"]
    assert "nope" in first["testScript"][0]["error"]["message"]
    assert "gone" in second["prerequestScript"][0]["error"]["message"]
    assert [one["at"] for one in report["run"]["failures"]] == ["test-script", "prerequest-script"]
    stats = report["run"]["stats"]
    assert (stats["testScripts"]["failed"], stats["prerequestScripts"]["failed"]) == (1, 1)


def test_requests_of_scripts_count_as_in_newman(
    web: Web,
    run_collection: Callable[..., Ran],
    collection_of: Callable[..., Any],
    item: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Each is a request and an execution of its item, a chain of redirects is one; what is skipped is none.

    The numbers are those of Newman 6.2.2 for this collection.
    """

    def answer(call: Any) -> Any:
        if call.url.endswith("/gone"):
            return HANG_UP
        redirects = call.url.endswith("/redirects")
        return reply(302, Location="/there") if redirects else reply(json_={"ok": True})

    web.answer = answer
    send = "pm.sendRequest('http://h/{0}', () => pm.test('{0}', () => {{}}));"
    collection = collection_of(
        item("plain", "http://h/plain", test="pm.test('t', () => {});"),
        item(
            "sends", "http://h/main", before=send.format("before"), test=send.format("redirects") + send.format("gone")
        ),
        item("redirected", "http://h/redirects"),
        item("refused", "http://h/gone"),
        item("unsendable", "http://[::1"),
        item("skipped", "http://h/skipped", before="pm.execution.skipRequest();"),
    )
    run = report_of(run_collection(collection).told, tmp_path)["run"]
    assert {
        name: (run["stats"][name]["total"], run["stats"][name]["failed"]) for name in ("items", "requests", "tests")
    } == {
        "items": (6, 0),
        "requests": (8, 3),
        "tests": (5, 0),
    }
    assert run["transfers"]["responseTotal"] == 5 * len('{"ok":true}')
    told = [
        (
            one["item"]["name"],
            *one.get("request", {}).get("url", {}).get("path", []),
            one.get("response", {}).get("code"),
        )
        for one in run["executions"]
    ]
    assert told == [
        ("plain", "plain", 200),
        ("sends", "before", 200),
        ("sends", "main", 200),
        ("sends", "redirects", 200),
        ("sends", "gone", None),
        ("redirected", "redirects", 200),
        ("refused", "gone", None),
        ("unsendable", None),
    ]
    assert {tuple(check["assertion"] for check in one["assertions"]) for one in run["executions"][1:5]} == {
        ("before", "redirects", "gone")
    }
    assert ["requestError" in one for one in run["executions"]] == [*[False] * 4, True, False, True, True]


def test_a_run_that_broke_a_rule_has_a_failure_for_it(
    run_collection: Callable[..., Ran], collection_of: Callable[..., Any], item: Callable[..., Any], tmp_path: Path
) -> None:
    """Also one that belongs to no request, so that no program takes the run for green."""
    report = report_of(run_collection(collection_of(item("a", "http://h"))).told, tmp_path)
    assert [one["error"]["name"] for one in report["run"]["failures"]] == ["no-checks"]


def test_identifiers_are_those_of_rfc_9562() -> None:
    """They are UUIDs of version 5, made of a name."""
    for name in ("step 1", "/item/0", "Ordner/ü"):
        assert id_of(name) == str(uuid.uuid5(uuid.NAMESPACE_URL, f"umapi-harness:{name}"))


def test_a_run_that_did_not_begin_leaves_a_report(tmp_path: Path) -> None:
    """It has nothing but the reason."""
    assert report_of([], tmp_path)["run"]["error"] == {"message": "the run did not begin"}


@pytest.mark.parametrize("url", ["not an address", "http://[::1]:80/x", "", "h/x?y"])
def test_any_address_has_parts(url: str, tmp_path: Path) -> None:
    """Whatever was sent to."""
    one = step(1)
    told = [*exchange(one, 1, url=url), events.RequestFinished(step=one)]
    assert "url" in report_of(whole_run([told]), tmp_path)["run"]["executions"][0]["request"]


def test_nothing_grows_with_the_run_in_memory(tmp_path: Path) -> None:
    """Executions are written when they are over, and failures wait in a file."""
    report = NewmanJsonReport(tmp_path / "n.json")
    tracemalloc.start()
    try:
        for event in whole_run([plain_step(1)]):
            report(event)
        for number in range(1_000):
            for event in plain_step(number % 5, failing=True):
                report(event)
            report(events.IterationStarted(iteration=number))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    report.close()
    assert peak < 4_000_000
