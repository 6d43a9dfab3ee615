"""The JUnit report: its cases and their times, and that the schema that build servers go by holds for it."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from tests.postman.conftest import Ran
from umapi_events import SAID, exchange, plain_step, step, whole_run
from umapi_harness.postman import events
from umapi_harness.report.junit import JunitReport
from umapi_web import Web, reply

TIME = re.compile(r"[0-9]+\.[0-9]{3}")
NUMBER = re.compile(r"[0-9]+")
ANY = re.compile(r".*", re.DOTALL)
RULES: dict[str, tuple[dict[str, re.Pattern[str]], dict[str, re.Pattern[str]], str]] = {
    # element: required attributes, further ones, and its children in order
    "testsuites": (
        {},
        {"name": ANY, "time": TIME, "tests": NUMBER, "failures": NUMBER, "errors": NUMBER, "disabled": NUMBER},
        r"(testsuite )*",
    ),
    "testsuite": (
        {"name": ANY, "tests": NUMBER},
        {
            "failures": NUMBER,
            "errors": NUMBER,
            "skipped": NUMBER,
            "time": TIME,
            "timestamp": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
            "id": NUMBER,
        },
        r"(properties )?(testcase )*(system-out )?(system-err )?",
    ),
    "properties": ({}, {}, r"(property )+"),
    "property": ({"name": ANY, "value": ANY}, {}, ""),
    "testcase": (
        {"name": re.compile(r".+", re.DOTALL), "classname": re.compile(r".+", re.DOTALL)},
        {"time": TIME},
        r"(skipped )?(error )*(failure )*(system-out )*(system-err )*",
    ),
    "skipped": ({}, {"message": ANY}, ""),
    "error": ({}, {"message": ANY, "type": ANY}, ""),
    "failure": ({}, {"message": ANY, "type": ANY}, ""),
    "system-out": ({}, {}, ""),
    "system-err": ({}, {}, ""),
}


def departures(element: ET.Element) -> Iterable[str]:
    """What in a document breaks the schema of JUnit reports that Jenkins publishes."""
    required, further, children = RULES[element.tag]
    for name in required.keys() - element.attrib.keys():
        yield f"{element.tag} without {name}"
    for name, value in element.attrib.items():
        pattern = {**required, **further}.get(name)
        if pattern is None or not pattern.fullmatch(value):
            yield f"{element.tag} {name}={value!r}"
    if not re.fullmatch(children, "".join(f"{child.tag} " for child in element)):
        yield f"{element.tag}: {[child.tag for child in element]}"
    if children and (element.text or "").strip():
        yield f"text in {element.tag}"
    for child in element:
        yield from departures(child)


def report_of(told: Iterable[events.Event], folder: Path) -> ET.Element:
    """The report of a run, which keeps to the schema, and whose counts are those of its cases."""
    path = folder / "j.xml"
    report = JunitReport(path)
    for event in told:
        report(event)
    report.close()
    root = ET.parse(path).getroot()
    assert list(departures(root)) == []
    tags = {
        "tests": "testcase",
        "failures": "testcase/failure",
        "errors": "testcase/error",
        "skipped": "testcase/skipped",
    }
    suites = root.findall("testsuite")
    for suite in suites:
        assert {name: suite.get(name) for name in tags} == {
            name: str(len(suite.findall(tag))) for name, tag in tags.items()
        }
    for name in ("tests", "failures", "errors"):
        assert root.get(name) == str(sum(int(suite.get(name, "0")) for suite in suites))
    return root


def run_steps(*steps: Sequence[events.Event]) -> Iterable[events.Event]:
    """A run of these steps."""
    return whole_run(steps)


def test_each_request_is_a_suite_and_each_check_a_case(mixed_run: Ran, tmp_path: Path) -> None:
    """Failures, errors and skips are told apart; console lines are the suite's output."""
    root = report_of(mixed_run.told, tmp_path)
    assert {key: root.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "12",
        "failures": "2",
        "errors": "2",
    }
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites[:2]] == ["Folder / mixed", "Folder / unresolved"]
    failure = suites[0].find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "expected 'a\\u0001b' to equal 'c'"
    assert "POST http://h/a\nsent body\n200 OK" in (failure.text or "")
    assert suites[1].find("testcase/error") is not None
    assert suites[0].findtext("system-out") == "[warn] look here"
    assert suites[4].findall("testcase")[0].get("classname") == "Folder / mixed [2]"
    assert suites[2].find("testcase/skipped") is not None


def test_cases_of_one_name_within_an_iteration_are_numbered(tmp_path: Path) -> None:
    """A build server takes class and name for one case, so a request that runs again would hide what it was before."""

    def checked(number: int, iteration: int, *names: str) -> list[events.Event]:
        one = step(number, iteration=iteration, name="poll")
        passed = (events.CheckPassed(step=one, name=name) for name in names)
        return [*exchange(one, number), *passed, events.RequestFinished(step=one)]

    root = report_of(
        run_steps(
            checked(1, 0, "is done (2)", "is done"),
            checked(2, 0, "is done"),
            checked(3, 0, "is done", "else"),
            checked(4, 1, "is done"),
        ),
        tmp_path,
    )
    cases = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert cases == [
        ("Users / poll", "is done (2)"),
        ("Users / poll", "is done"),
        ("Users / poll", "is done (3)"),
        ("Users / poll", "is done (4)"),
        ("Users / poll", "else"),
        ("Users / poll [2]", "is done"),
    ]


def test_a_500_that_nothing_checked_is_a_case_that_fails(
    web: Web,
    run_collection: Callable[..., Ran],
    collection_of: Callable[..., Any],
    item: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """So is a run in which nothing was checked, in a suite of its own."""
    web.always(reply(500, json_={}))
    root = report_of(run_collection(collection_of(item("a", "http://h"))).told, tmp_path)
    [suite] = root.findall("testsuite")
    [error] = suite.findall("testcase/error")
    assert error.get("type") == "http-error"
    web.always(reply(200, json_={}))
    of_the_run = report_of(run_collection(collection_of(item("a", "http://h"))).told, tmp_path).findall("testsuite")[1]
    assert [error.get("type") for error in of_the_run.findall("testcase/error")] == ["no-checks"]


def test_times_add_up_and_properties_hold_notes_data_and_what_was_allowed(tmp_path: Path) -> None:
    """The time of a request is counted once; notes, rows, allowed rules and changes go with their suite."""
    one = step(1)
    told = [
        events.IterationStarted(iteration=0, data=(("n", "5"),)),
        *exchange(one, 1, cause=events.Cause.SCRIPT),
        *exchange(one, 2, at=60.0),
        events.CheckPassed(step=one, name="a"),
        events.CheckPassed(step=one, name="b"),
        events.NoteTaken(step=one, text="sent otherwise"),
        events.ErrorRaised(step=one, kind="schema", message="odd", pointer="", allowed=True),
        events.OrganizationChanged(step=one, changes=("user added",)),
        events.RequestFinished(step=one),
    ]
    [suite] = report_of(run_steps(told), tmp_path).findall("testsuite")
    assert suite.get("time") == "0.020"
    assert [case.get("time") for case in suite.findall("testcase")] == ["0.020", "0.000"]
    assert suite.get("timestamp") == "2023-11-14T22:13:20"
    properties = {one.get("name"): one.get("value") for one in suite.findall("properties/property")}
    assert properties == {
        "pointer": "/item/0/item/1",
        "iteration": "1",
        "data.n": "5",
        "note": "sent otherwise",
        "allowed": "schema: odd",
        "changed": "user added",
    }


def test_a_failure_tells_what_the_runner_did_to_its_request(tmp_path: Path) -> None:
    """Services of CI show the text of a failure, and hide the properties of its suite."""
    one = step(1)
    failed = events.CheckFailed(step=one, name="completed", message="m", pointer="/x")
    told = [*exchange(one, 1), events.NoteTaken(step=one, text="sent otherwise"), failed]
    [failure] = report_of(run_steps([*told, events.RequestFinished(step=one)]), tmp_path).iter("failure")
    assert (failure.text or "").splitlines()[-1] == "note: sent otherwise"


def test_both_values_of_a_failed_check_are_told(tmp_path: Path) -> None:
    """Below the message, in the text of the failure."""
    root = report_of(run_steps(plain_step(1, failing=True)), tmp_path)
    assert "expected: 200\nactual:   404\n" in (root.findtext("testsuite/testcase/failure") or "")


def test_a_failure_tells_how_long_an_answer_asks_to_wait(tmp_path: Path) -> None:
    """The Retry-After of a 429 stands beside its status."""
    one = step(1)
    sent, came = exchange(one, 1, status=429, answer="")
    assert isinstance(came, events.ResponseReceived)
    busy = msgspec.structs.replace(came, headers=(("Retry-After", "1800"),))
    failed = events.CheckFailed(step=one, name="n", message="m", pointer="/item/0")
    root = report_of(run_steps([sent, busy, failed, events.RequestFinished(step=one)]), tmp_path)
    assert "\n429 Refused (Retry-After: 1800)" in (root.findtext(".//failure") or "")


def test_a_long_body_is_cut_where_it_stands_at_each_failure(tmp_path: Path) -> None:
    """Of an answer of a mebibyte each failure has the beginning, with how much is left out."""
    one = step(1)
    failed = events.CheckFailed(step=one, name="x", message="no", pointer="/item/0")
    told = [*exchange(one, 1, answer="a" * 1_048_576), failed, failed, events.RequestFinished(step=one)]
    texts = [case.text or "" for case in report_of(run_steps(told), tmp_path).iter("failure")]
    assert len(texts) == 2
    assert all(text.endswith("aaa… (1044576 more characters)") for text in texts)


@pytest.mark.parametrize("said", [SAID, "\ud800 half", "]]>", "a\nb\tc\r", "\x1b[31m\ufffe\uffff"])
def test_whatever_is_said_the_file_is_xml(said: str, tmp_path: Path) -> None:
    """Characters that XML cannot hold are replaced, wherever they come from."""
    one = step(1, name=said or "x", folders=(said,))
    told = [
        *exchange(one, 1, body=said, answer=said),
        events.CheckFailed(step=one, name=said, message=said, expected=said, actual=said),
        events.ConsoleMessage(step=one, level="log", text=said),
        events.NoteTaken(step=one, text=said),
        events.ErrorRaised(step=one, kind="script-error", message=said, pointer=""),
        events.RequestFinished(step=one),
    ]
    root = report_of(whole_run([told], name=said), tmp_path)
    assert len(root.findall("testsuite/testcase")) == 2


def test_the_file_is_written_as_elementtree_writes_it(mixed_run: Ran, tmp_path: Path) -> None:
    """Characters with a meaning are escaped in attributes and texts, and empty elements end at once."""
    path = tmp_path / "report.xml"
    report = JunitReport(path)
    odd = step(9)
    note = events.NoteTaken(step=odd, text='a < b & "c"\t>\r\n')
    for event in (*mixed_run.told[:-1], note, *exchange(odd, 9), events.RequestFinished(step=odd), mixed_run.told[-1]):
        report(event)
    report.close()
    head, _, text = path.read_bytes().decode().partition("\n")
    assert head == '<?xml version="1.0" encoding="utf-8"?>'
    assert "a &lt; b &amp; &quot;c&quot;&#09;&gt;&#13;&#10;" in text
    root = ET.fromstring(text)
    assert ET.tostring(root, encoding="unicode") + "\n" == text


def test_a_run_that_did_not_begin_leaves_a_report(tmp_path: Path) -> None:
    """It has no suites, and keeps to the schema."""
    assert report_of([], tmp_path).get("tests") == "0"


def test_a_run_that_was_ended_says_why(tmp_path: Path) -> None:
    """In the suite of the run as a whole."""
    *before, end = whole_run([plain_step(1)])
    assert isinstance(end, events.RunFinished)
    error = events.ErrorRaised(step=None, kind="interrupted", message="SIGTERM", pointer="")
    last = events.RunFinished(summary=end.summary, stopped="the run was ended")
    suite = report_of([*before, error, last], tmp_path).findall("testsuite")[-1]
    assert [one.get("value") for one in suite.findall("properties/property")] == ["the run was ended"]
    assert suite.find("testcase/error") is not None


def test_nothing_grows_with_the_run_in_memory(tmp_path: Path) -> None:
    """Suites wait in a file."""
    report = JunitReport(tmp_path / "j.xml")
    tracemalloc.start()
    try:
        for event in whole_run([plain_step(1)]):
            report(event)
        for number in range(2, 3_000):
            for event in plain_step(number, failing=True):
                report(event)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    report.close()
    assert (tmp_path / "j.xml").stat().st_size > 2 * 1024 * 1024
    assert peak < 4_000_000
