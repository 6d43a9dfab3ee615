"""Failures of scripts: the line that each one names, and the exchange that it is about."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.postman.conftest import Ran
from umapi_harness.postman import events
from umapi_harness.postman.rules import Rule
from umapi_harness.report.console import ConsoleReport
from umapi_harness.report.html_report import HtmlReport
from umapi_harness.report.json_report import JsonReport
from umapi_harness.report.junit import JunitReport
from umapi_harness.report.terminal import PlainConsole
from umapi_web import HANG_UP, Call, Reply, Web, reply

Run = Callable[[str], Ran]


@pytest.fixture
def run_test(
    web: Web, run_collection: Callable[..., Ran], collection_of: Callable[..., Any], item: Callable[..., Any]
) -> Run:
    """Runs one request, which is answered with 200, with a test script; paths say how scripts are answered."""

    def answer(call: Call) -> Reply:
        status = call.url.rpartition("/")[2]
        if status == "nobody":
            return HANG_UP
        return reply(int(status), text="") if status.isdigit() else reply(json_={"id": "main"})

    web.answer = answer
    return lambda test: run_collection(collection_of(item("a", "http://h/main", test=test)), allowed=frozenset())


def failed(ran: Ran) -> dict[str, events.CheckFailed]:
    """The failed checks by name."""
    return {one.name: one for one in ran.of(events.CheckFailed)}


def urls(ran: Ran, one: events.CheckFailed | events.ErrorRaised) -> list[str]:
    """The addresses of the exchanges that a failure names; those of the request itself as its number."""
    by_number = {sent.exchange: sent.url for sent in ran.of(events.RequestSent)}
    return [by_number.get(number, str(number)) for number in one.exchanges]


@pytest.mark.parametrize(
    ("test", "line"),
    [
        ("const a = 1;\npm.test('x', () => {\n  pm.expect(a).to.equal(2);\n});", 3),
        ("const not2 = (a) => {\n  pm.expect(a).to.equal(2);\n};\npm.test('x', () => not2(1));", 2),
        ("[1].forEach((a) => {\n  pm.test('x', () => pm.expect(a).to.equal(2)); });", 2),
        ("\npm.test('x', () => pm.response.to.have.status(500));", 2),
        ("\npm.test('x', async () => {\n  await null;\n  pm.expect(1).to.equal(2);\n});", 4),
        ("\npm.test('x', () => {\n  throw 'a text';\n});", 2),
        ("\npm.test('x', (done) => {\n});", 2),
        ("\npm.test('x', (done) => {\n  done('no error');\n});", 2),
        ("\npm.test('x', 'no function');", 2),
        ("\ntests.x = false;", 0),
    ],
)
def test_a_failed_check_names_the_line_of_its_script(run_test: Run, test: str, line: int) -> None:
    """It is the line of the script where the assertion stands, not one of the sandbox; else that of pm.test."""
    (check,) = run_test(test).of(events.CheckFailed)
    assert check.line == line
    assert bool(check.column) == bool(line)


SENDING = """
    const sent = (path) => new Promise((done) => pm.sendRequest(`http://h/${path}`, (error, answer) => done(answer)));
    pm.test("before", () => pm.expect(1).to.equal(2));
    pm.sendRequest("http://h/500", (error, answer) => {
        pm.test("inside", () => pm.expect(answer.code).to.equal(200));
        pm.test("main", () => pm.response.to.have.status(201));
        pm.test("both", () => pm.expect(answer.code).to.equal(pm.response.code));
        pm.test("neither", () => pm.expect(1).to.equal(2));
        setTimeout(() => pm.test("later", () => pm.expect(1).to.equal(2)), 100);
        pm.sendRequest("http://h/501", (error, inner) => pm.test("nested", () => pm.expect(inner.code).to.equal(200)));
    });
    const one = await sent(502), two = await sent(503);
    pm.test("first", () => pm.expect(one.code).to.equal(200));
    pm.test("second", () => pm.expect(two.code).to.equal(200));
    pm.test("headers", () => pm.expect(one.headers.has("nothing")).to.be.true);
    pm.test("waits", async () => pm.expect((await sent(504)).code).to.equal(200));
"""


def test_a_failed_check_names_the_exchange_of_pm_send_request_whose_answer_it_looked_at(run_test: Run) -> None:
    """Also after an await, in a timer, and where it looked at both; one that looked at the own answer names none."""
    ran = run_test(SENDING)
    assert {name: urls(ran, one) for name, one in failed(ran).items()} == {
        "before": [],
        "inside": ["http://h/500"],
        "main": [],
        "both": ["http://h/500", "0"],
        "neither": [],
        "later": [],
        "nested": ["http://h/501"],
        "first": ["http://h/502"],
        "second": ["http://h/503"],
        "headers": ["http://h/502"],
        "waits": ["http://h/504"],
    }


def test_an_answer_that_never_came_and_an_error_of_a_callback_are_told_with_their_exchange(run_test: Run) -> None:
    """What fails for pm.sendRequest is not shown beside the answer of the request."""
    ran = run_test("""
        pm.sendRequest("http://h/nobody", (error) => pm.test("came", () => pm.expect(error).to.be.null));
        pm.sendRequest("http://h/503", (error, answer) => answer.json());
    """)
    assert urls(ran, failed(ran)["came"]) == ["http://h/nobody"]
    told = {one.kind: (urls(ran, one), one.message) for one in ran.of(events.ErrorRaised)}
    assert told[Rule.FAILED_SEND_REQUEST][0] == ["http://h/nobody"]
    addresses, message = told[Rule.SCRIPT_ERROR]
    assert addresses == ["http://h/503"]
    assert message.startswith(
        "pm.sendRequest was answered 503 with an empty body, so json() of that answer failed: JSONError: No data"
    )


def written(ran: Ran, folder: Path) -> Iterable[Path]:
    """The reports in files."""
    places = {one: folder / one.__name__ for one in (JunitReport, JsonReport, HtmlReport)}
    for kind, place in places.items():
        report = kind(place)
        for event in ran.told:
            report(event)
        report.close()
    return places.values()


TWO = """
pm.test("own", () => pm.response.to.have.status(201));
pm.sendRequest("http://h/503", (error, answer) => {
  pm.test("other", () => pm.expect(answer.code).to.equal(200));
});
"""


def test_reports_show_line_and_exchange_of_each_failed_check(
    run_test: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Console, JUnit, JSON and HTML; in JUnit, a check of pm.sendRequest has its answer and not the request's."""
    ran = run_test(TWO)
    console = ConsoleReport(PlainConsole(width=100))
    for event in ran.told:
        console(event)
    out = capsys.readouterr().out
    places = {name: f"line {one.line}, column {one.column} of the test script" for name, one in failed(ran).items()}
    assert f"  at {places['own']}\n" in out
    assert f"  at {places['other']}\n" in out
    assert "  about pm.sendRequest: GET http://h/503, answered 503 Service Unavailable\n" in out
    assert "sent: GET http://h/503 (pm.sendRequest)\n" in out
    junit, json_, html = written(ran, tmp_path)
    own, other = (str(one.text) for one in ET.parse(junit).iter("failure"))
    assert f"at /item/0/event/0/script/exec, {places['own']}\n" in own
    assert ("http://h/main" in own, "http://h/503" in own) == (True, False)
    assert "pm.sendRequest: GET http://h/503\n503 Service Unavailable" in other
    assert "http://h/main" not in other
    checks = json.loads(json_.read_text("utf-8"))["requests"][0]["checks"]
    assert [(one["line"], one["about"]) for one in checks] == [(2, []), (4, [2])]
    shown = html.read_text("utf-8")
    assert '"about":[[2,"pm.sendRequest: GET http://h/503, answered 503 Service Unavailable"]]' in shown
    assert f'"place":"{places["other"]}"' in shown
