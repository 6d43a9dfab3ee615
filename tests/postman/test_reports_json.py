"""Our JSON report: that it keeps to its schema, tells everything, and is there whole whatever happens."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest

from tests.postman.conftest import Ran
from umapi_events import SAID, exchange, plain_step, step, whole_run
from umapi_harness.postman import events
from umapi_harness.postman.rules import allowed_rules
from umapi_harness.report import json_report
from umapi_harness.report.console import ConsoleReport
from umapi_harness.report.html_report import HtmlReport
from umapi_harness.report.json_report import JsonReport
from umapi_harness.report.junit import JunitReport
from umapi_harness.report.newman_json import NewmanJsonReport
from umapi_harness.report.terminal import PlainConsole
from umapi_web import Web

SCHEMA = json.loads(Path(json_report.__file__).with_name("run.schema.json").read_text("utf-8"))


def report_of(told: Iterable[events.Event], path: Path) -> dict[str, Any]:
    """The report of a run, which keeps to its schema."""
    report = JsonReport(path)
    for event in told:
        report(event)
    report.close()
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    jsonschema_rs.validator_for(SCHEMA).validate(document)
    return document


def test_the_report_tells_everything(mixed_run: Ran, tmp_path: Path) -> None:
    """Counts, exchanges, checks with both values, errors and console are all there."""
    report = report_of(mixed_run.told, tmp_path / "j.json")
    assert (report["passed"], report["stopped"], report["format"]) == (False, None, 4)
    assert report["summary"]["checks_failed"] == 2
    first, second, third = report["requests"][:3]
    [one] = first["exchanges"]
    assert (one["cause"], one["body"], one["response"]["status"]) == ("collection", "sent body", 200)
    assert [check["state"] for check in first["checks"]] == ["passed", "failed", "skipped"]
    assert first["checks"][1]["expected"] is not None
    assert first["console"] == [{"level": "warn", "text": "look here"}]
    assert second["errors"][0]["kind"] == "unresolved-variable"
    assert second["exchanges"] == []
    assert (third["skipped"], third["state"]) == (True, "skipped")


def test_all_reports_count_requests_alike(mixed_run: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Executions of requests, and how many of them were not sent: one pair of numbers wherever somebody looks."""
    reports = {name: tmp_path / name for name in ("html", "junit", "newman")}
    writers = (
        HtmlReport(reports["html"]),
        JunitReport(reports["junit"]),
        NewmanJsonReport(reports["newman"]),
        ConsoleReport(PlainConsole(width=100)),
    )
    for event in mixed_run.told:
        for writer in writers:
            writer(event)
    for writer in writers:
        writer.close()
    report = report_of(mixed_run.told, tmp_path / "j.json")
    summary = report["summary"]
    assert (summary["requests"], summary["requests"] - summary["sent"], summary["skipped"]) == (8, 4, 2)
    assert len(report["requests"]) == 8
    assert "8 requests, 4 not sent (2 skipped by a script), " in capsys.readouterr().out
    html = reports["html"].read_text("utf-8")
    assert html.count('"spans":') == 8
    assert "8 requests, 4 not sent (2 skipped by a script), " in html
    assert '"requests":8,"sent":4,"skipped":2,' in html
    suites = ElementTree.parse(reports["junit"]).findall("testsuite[@id]")
    assert (len(suites), len([one for one in suites if one.get("timestamp")])) == (8, 4)
    run = json.loads(reports["newman"].read_text("utf-8"))["run"]
    # Newman counts as requests what was sent or could not be, not what a script skipped.
    assert (run["stats"]["items"]["total"], run["stats"]["requests"]["total"]) == (8, 6)


def test_what_fails_for_want_of_an_answer_stands_below_its_cause(
    web: Web,
    run_collection: Callable[..., Ran],
    collection_of: Callable[..., Any],
    item: Callable[..., Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Checks and errors of test scripts drown no cause; the counts and Newman's form keep them as failed.

    A cause that is allowed fails nothing, so that what follows from it fails by itself.
    """
    test = "pm.test('status', () => pm.response.to.have.status(200)); pm.test('true', () => {}); pm.response.json();"
    before = "pm.test('before', () => pm.expect(1).to.equal(2));"
    collection = collection_of(item("refused", "http://[::1", before=before, test=test))
    ran = run_collection(collection)
    junit, newman, html = tmp_path / "junit", tmp_path / "newman", tmp_path / "html"
    writers = (JunitReport(junit), NewmanJsonReport(newman), ConsoleReport(PlainConsole(width=100)), HtmlReport(html))
    for event in ran.told:
        for writer in writers:
            writer(event)
    for writer in writers:
        writer.close()
    report = report_of(ran.told, tmp_path / "j.json")
    (request,) = report["requests"]
    followed = [(one["name"], one.get("follows_from")) for one in request["checks"]]
    assert followed == [("before", ""), ("status", "request"), ("true", None)]
    assert [(one["kind"], one["follows_from"]) for one in request["errors"]] == [
        ("request", ""),
        ("script-error", "request"),
    ]
    assert [report["summary"][name] for name in ("checks_failed", "errors", "consequent")] == [2, 2, 2]
    out = capsys.readouterr().out
    assert [line.split("  ")[1] for line in out.splitlines() if re.match(r"  \d\.", line)] == [
        "1. refused",
        "2. refused",
    ]
    assert "     failed because no answer came: status, script-error\n" in out
    assert "2 checks failed, 2 errors (2 of these 4 only because no answer came)" in out
    tree = ElementTree.parse(junit).getroot()
    assert (tree.get("failures"), tree.get("errors")) == ("1", "1")
    skipped = {one.get("name"): one.find("skipped") for one in tree.iter("testcase")}
    assert "no answer came (request): " in str(getattr(skipped["status"], "attrib", {}))
    run = json.loads(newman.read_text("utf-8"))["run"]
    assert (run["stats"]["assertions"]["failed"], len(run["failures"])) == (2, 4)
    shown = html.read_text("utf-8")
    assert "failed because no answer came: status, script-error" in shown
    assert '"follows":"request"' in shown
    assert "more.</p>" not in shown

    allowed = report_of(
        run_collection(collection, allowed=allowed_rules(["request"], [])).told, tmp_path / "allowed.json"
    )
    assert allowed["summary"]["consequent"] == 0
    assert not allowed["passed"]


def test_causes_variables_changes_and_failures_of_exchanges_are_told(tmp_path: Path) -> None:
    """Each exchange with why it went out, what it was made with, and why no answer came."""
    one = step(1)
    used = events.VariableUse(name="host", value="h", scope="environment", origin="e.json")
    told = [
        events.IterationStarted(iteration=0, data=(("n", "5"),)),
        *exchange(one, 1, cause=events.Cause.TOKEN, variables=(used,)),
        next(iter(exchange(one, 2))),
        events.RequestFailed(step=one, exchange=2, message="no connection", seconds=0.5),
        events.OrganizationChanged(step=one, changes=("user added",)),
        events.ErrorRaised(step=one, kind="script-error", message="m", pointer="/x", event="prerequest", allowed=True),
        events.RequestFinished(step=one),
    ]
    [request] = report_of(whole_run([told]), tmp_path / "j.json")["requests"]
    token, main = request["exchanges"]
    assert token["cause"] == "token"
    assert token["variables"] == [{"name": "host", "value": "h", "scope": "environment", "origin": "e.json"}]
    assert (main["response"], main["failure"]) == (None, {"message": "no connection", "seconds": 0.5})
    assert (request["changes"], request["data"]) == (["user added"], [["n", "5"]])
    assert (request["errors"][0]["event"], request["errors"][0]["allowed"]) == ("prerequest", True)


def test_whatever_is_said_the_file_is_json(tmp_path: Path) -> None:
    """Also half a surrogate pair."""
    one = step(1, name=SAID)
    told = [*exchange(one, 1, body="\ud800", answer=SAID), events.RequestFinished(step=one)]
    [request] = report_of(whole_run([told]), tmp_path / "j.json")["requests"]
    assert request["name"] == SAID
    assert request["exchanges"][0]["body"] == "\ud800"


def test_a_run_that_did_not_begin_leaves_a_report(tmp_path: Path) -> None:
    """It has no requests, did not pass, and says why."""
    report = report_of([], tmp_path / "j.json")
    assert (report["requests"], report["passed"], report["summary"]) == ([], False, None)
    assert report["stopped"] == "the run did not begin"


def test_what_was_there_stays_until_the_report_is_whole(tmp_path: Path) -> None:
    """A reader sees the old report or the new one; a link, its target and the rights of the file stay."""
    path, link = tmp_path / "j.json", tmp_path / "link.json"
    path.write_text("old", "utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    report = JsonReport(link)
    for event in whole_run([plain_step(1)]):
        report(event)
        assert path.read_text("utf-8") == "old"
    report.close()
    assert json.loads(path.read_text("utf-8"))["passed"] is True
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["j.json", "link.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_written_to_as_it_is(tmp_path: Path) -> None:
    """Its reader gets the whole report."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text("utf-8")))
    reader.start()
    report = JsonReport(pipe)
    for event in whole_run([plain_step(1)]):
        report(event)
    report.close()
    reader.join()
    assert json.loads(read[0])["passed"] is True
    assert pipe.is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device on this system")
def test_a_full_disk_is_an_error_of_the_report() -> None:
    """It is raised by what cannot be written, and not hidden."""
    report = JsonReport(Path("/dev/full"))

    def write() -> None:
        for event in whole_run([plain_step(number) for number in range(200)]):
            report(event)
        report.close()

    with pytest.raises(OSError, match="No space"):
        write()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="rights do not bind here")
def test_a_file_in_a_folder_that_takes_no_others_is_written_to(tmp_path: Path) -> None:
    """Where no file can be made beside it."""
    path = tmp_path / "closed" / "j.json"
    path.parent.mkdir()
    path.write_text("old", "utf-8")
    path.parent.chmod(0o500)
    try:
        assert report_of(whole_run([plain_step(1)]), path)["passed"] is True
    finally:
        path.parent.chmod(0o700)
