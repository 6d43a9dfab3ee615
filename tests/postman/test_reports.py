"""Reports: the table, the JUnit file and the JSON file that come out of the events of a run."""

from __future__ import annotations

import io
import json
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from umapi_harness.report.console import ConsoleReport
from umapi_harness.report.json_report import json_document, write_json
from umapi_harness.report.junit import junit_element, write_junit
from umapi_harness.report.outcomes import Outcomes
from umapi_web import reply

TEST = """
    pm.test("good", () => {});
    pm.test("bad [bold]x[/bold]", () => pm.expect("a", "\\u0001").to.equal("c"));
    pm.test.skip("not now", () => {});
    console.warn("look here");
"""


@pytest.fixture
def ran(web, run_collection, collection_of, item):
    """A run with something of everything in it."""
    web.always(reply(json_={"x": 1}))
    folder = {
        "name": "Folder",
        "item": [
            item(
                "mixed",
                {"method": "POST", "url": "http://h/a", "body": {"mode": "raw", "raw": "sent body"}},
                test=TEST,
            ),
            item("unresolved", "{{nothing}}/x"),
        ],
    }
    skipped = item("skipped", "http://h", before="pm.execution.skipRequest();")
    return run_collection(collection_of(folder, skipped, item("plain", "http://h/b")), iterations=2)


def table(ran, *, width=100, verbose=False):
    """The console report as text."""
    out = io.StringIO()
    report = ConsoleReport(Console(file=out, width=width), verbose)
    for event in ran.told:
        report(event)
    return out.getvalue()


def gathered(ran):
    """The events gathered by request."""
    outcomes = Outcomes()
    for event in ran.told:
        outcomes(event)
    return outcomes


def test_the_table_has_a_row_for_each_request_and_tells_the_failures(ran):
    """Rows show status, checks and time; failures name request, place, check, and what was sent and got."""
    text = table(ran)
    lines = text.splitlines()
    assert lines[0] == "C: 4 requests, 2 iterations"
    assert lines[1].split() == ["request", "status", "checks", "time"]
    assert lines[2] == "Folder"
    assert lines[3].startswith("  ✗ mixed")
    assert lines[3].split()[2:4] == ["200", "1/2"]
    assert any(line.split()[1:3] == ["skipped", "skip"] for line in lines)
    assert any(line.startswith("  ✓ plain") for line in lines)
    assert "iteration 2" in lines
    assert "  1. Folder / mixed  /item/0/item/0" in lines
    assert "     bad [bold]x[/bold]: �: expected 'a' to equal 'c'" in text
    assert "sent: POST http://h/a" in text
    assert "sent body" in text
    assert 'got:  200 OK {"x":1}' in text
    assert "[warn] look here" in text
    assert "unresolved-variable: no value for {{nothing}}" in text
    assert "Folder / unresolved (iteration 2)" in text
    assert lines[-1].startswith(
        "FAILED: 4 requests, 2 checks passed, 2 checks failed, 2 errors, 2 checks skipped, 2 requests skipped in "
    )


def test_a_narrow_table_cuts_names_and_a_verbose_one_shows_the_console(ran):
    """Rows fit the width of the terminal; what scripts write is shown under its request when asked for."""
    rows = [line for line in table(ran, width=60).splitlines() if line[2:3] in "✓✗-" and line.startswith("  ")]
    assert rows
    assert all(len(row) <= 60 for row in rows)
    assert "      [warn] look here" in table(ran, verbose=True)


def test_junit_counts_checks_as_cases_and_errors_as_errors(ran, tmp_path):
    """Each request is a suite, each check a case; failures, errors and skips are told apart."""
    path = tmp_path / "j.xml"
    write_junit(gathered(ran), path)
    root = ET.parse(path).getroot()
    assert {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "12",
        "failures": "2",
        "errors": "2",
        "skipped": "4",
    }
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites[:2]] == ["Folder / mixed", "Folder / unresolved"]
    failure = suites[0].find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "\ufffd: expected 'a' to equal 'c'"
    assert "POST http://h/a\nsent body\n200 OK" in (failure.text or "")
    assert suites[1].find("testcase/error") is not None
    assert suites[0].findtext("system-out") == "[warn] look here"
    assert suites[4].findall("testcase")[0].get("classname") == "Folder / mixed [2]"


def test_the_json_report_tells_everything(ran, tmp_path):
    """Counts, requests, responses, checks, errors and console are all there, as plain JSON."""
    path = tmp_path / "j.json"
    write_json(gathered(ran), path)
    report = json.loads(path.read_text(encoding="utf-8"))
    assert report["passed"] is False
    assert report["summary"]["checks_failed"] == 2
    first, second, third = report["requests"][:3]
    assert first["request"]["body"] == "sent body"
    assert first["response"]["status"] == 200
    assert [check["state"] for check in first["checks"]] == ["passed", "skipped", "failed"]
    assert second["errors"][0]["kind"] == "unresolved-variable"
    assert second["request"] is None
    assert third["skipped"] is True


def test_reports_of_a_run_that_never_began_are_still_reports():
    """Writers do not stumble over a run without events."""
    assert json_document(Outcomes())["requests"] == []
    assert junit_element(Outcomes()).get("tests") == "0"


def test_the_answer_of_a_redirected_request_is_the_last_one(web, run_collection, collection_of, item):
    """Reports show where a request ended, not the hop that led there."""
    web.site({"http://h/here": reply(302, Location="/there"), "http://h/there": reply(json_={})})
    ran = run_collection(collection_of(item("a", "http://h/here", test="pm.test('x', () => {});")))
    [outcome] = gathered(ran).steps
    assert outcome.request is not None
    assert outcome.response is not None
    assert (outcome.request.url, outcome.response.status) == ("http://h/here", 200)
