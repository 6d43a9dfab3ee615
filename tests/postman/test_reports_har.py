"""The HAR report: every exchange of a run, in a form that `umapi-harness verify` reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tests.postman.conftest import Ran
from umapi_events import SAID, exchange, step, whole_run
from umapi_harness.cli import main
from umapi_harness.contract.recordings import load
from umapi_harness.postman import events
from umapi_harness.report.har_report import HarReport


def entries_of(told: Iterable[events.Event], path: Path) -> list[dict[str, Any]]:
    """The entries of the report of a run."""
    report = HarReport(path)
    for event in told:
        report(event)
    report.close()
    log = json.loads(path.read_text("utf-8"))["log"]
    assert log["version"] == "1.2"
    entries: list[dict[str, Any]] = log["entries"]
    return entries


def test_the_walkthrough_s_report_is_a_recording_without_a_must(tmp_path: Path) -> None:
    """What a run sends and gets keeps the contract."""
    har, verdict = tmp_path / "run.har", tmp_path / "v.json"
    assert main(["run", "-r", "har", "--reporter-har-export", str(har)]) == 0
    main(["verify", str(har), "--json", str(verdict)])
    counts = json.loads(verdict.read_text("utf-8"))
    assert counts["counts"]["MUST"] == 0
    assert sum(file["exchanges"] for file in counts["files"]) > 80


def test_every_exchange_is_an_entry_with_its_cause(tmp_path: Path) -> None:
    """Those of scripts and hops too, in order, with the time at which each began."""
    one = step(1)
    told = [
        *exchange(one, 1, cause=events.Cause.SCRIPT),
        *exchange(one, 2, body=SAID, answer=SAID, at=1.5),
        events.RequestFinished(step=one),
    ]
    first, second = entries_of(whole_run([told]), tmp_path / "r.har")
    assert first["comment"] == "Users / request 1 (script)"
    assert second["startedDateTime"] == "2023-11-14T22:13:21.500Z"
    assert (second["time"], second["request"]["postData"]["text"], second["response"]["content"]["text"]) == (
        20,
        SAID,
        SAID,
    )


def test_a_request_without_an_answer_says_why(tmp_path: Path) -> None:
    """As browsers write one that was aborted; readers of recordings leave it out and say so."""
    one = step(1)
    sent = next(iter(exchange(one, 1)))
    failed = events.RequestFailed(step=one, exchange=1, message="no connection")
    path = tmp_path / "r.har"
    [entry] = entries_of(whole_run([[sent, failed, events.RequestFinished(step=one)]]), path)
    assert (entry["response"]["status"], entry["response"]["_error"]) == (0, "no connection")
    assert load(path).exchanges == ()


def test_a_run_that_did_not_begin_leaves_a_report(tmp_path: Path) -> None:
    """An archive without entries."""
    assert entries_of([], tmp_path / "r.har") == []


def test_no_secret_is_in_the_archive(
    run_collection: Callable[..., Ran], collection_of: Callable[..., Any], item: Callable[..., Any], tmp_path: Path
) -> None:
    """Neither in addresses, nor in headers, bodies or what scripts send."""
    token = "pl4nted-Xk9"
    header = [{"key": "Authorization", "value": "Bearer {{t}}"}]
    request = {"method": "POST", "url": "http://h/{{t}}", "header": header, "body": {"mode": "raw", "raw": "{{t}}"}}
    script = "pm.sendRequest('http://h/?t=' + pm.environment.get('t'), () => {});"
    ran = run_collection(collection_of(item("a", request, test=script)), env={"t": token}, secret=["t"])
    entries = entries_of(ran.told, tmp_path / "r.har")
    assert len(entries) == 2
    assert token not in (tmp_path / "r.har").read_text("utf-8")
