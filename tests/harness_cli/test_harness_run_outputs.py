"""What `umapi-harness run` writes: never over what it reads, and by the reporters that there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.harness_cli.conftest import Run
from umapi_harness.report.json_report import JsonReport
from umapi_harness.report.outcomes import Outcome

COLLECTION: dict[str, Any] = {
    "info": {"name": "C", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    "item": [{"name": "a", "request": {"url": "http://127.0.0.1:9/"}}],
}


@pytest.fixture(autouse=True)
def _inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory with inputs of a run, and a link to its collection."""
    monkeypatch.chdir(tmp_path)
    Path("c.json").write_text(json.dumps(COLLECTION), "utf-8")
    Path("link.json").symlink_to("c.json")
    for name in ("e.json", "g.json"):
        Path(name).write_text('{"name": "N", "values": []}', "utf-8")
    Path("d.csv").write_text("a\n1\n", "utf-8")
    Path("k.json").write_text('{"cookies": []}', "utf-8")
    Path("l.json").write_text("[]", "utf-8")
    Path("s.json").write_text('{"org_id": "1@AdobeOrg"}', "utf-8")


def test_a_report_is_written_where_a_link_points_also_where_nothing_is_yet(run: Run) -> None:
    """A link to no file is a place to write to, and stays a link."""
    Path("new.xml").symlink_to("report.xml")
    assert run("run", "c.json", "--junit", "new.xml").status == 1
    assert Path("new.xml").is_symlink()
    assert Path("report.xml").read_text("utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("line", "option", "source"),
    [
        ("--json c.json", "--json", "COLLECTION"),
        ("--html ./link.json", "--html", "COLLECTION"),
        ("-r har --reporter-har-export c.json", "--reporter-har-export", "COLLECTION"),
        ("-e e.json --export-environment c.json", "--export-environment", "COLLECTION"),
        ("-e e.json --junit e.json", "--junit", "--environment"),
        ("-e e.json --export-globals e.json", "--export-globals", "--environment"),
        ("-g g.json --export-environment g.json", "--export-environment", "--globals"),
        ("-d d.csv --json d.csv", "--json", "--iteration-data"),
        ("--cookie-jar k.json --export-collection k.json", "--export-collection", "--cookie-jar"),
        ("--ssl-client-cert-list l.json --json l.json", "--json", "--ssl-client-cert-list"),
        ("--mock --seed s.json --json s.json", "--json", "--seed"),
    ],
)
def test_no_output_takes_the_place_of_an_input(run: Run, line: str, option: str, source: str) -> None:
    """Whatever the two are called, the run is refused before the first request, and the files stay as they are."""
    before = {path.name: path.read_bytes() for path in Path().iterdir()}
    ran = run("run", "c.json", *line.split())
    assert (ran.status, ran.out) == (2, "")
    assert f"{option} would overwrite what {source} names" in ran.err
    assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


def test_exports_take_the_place_of_their_own_inputs(run: Run) -> None:
    """A run may carry its variables, collection and cookies on, as with Newman."""
    line = "-e e.json -g g.json --cookie-jar k.json --export-environment e.json --export-globals g.json"
    ran = run("run", "c.json", *line.split(), "--export-cookie-jar", "k.json", "--export-collection", "c.json")
    assert (ran.status, ran.err) == (1, "")
    assert json.loads(Path("c.json").read_text("utf-8"))["variable"] == []


def test_two_outputs_of_one_file_are_named(run: Run) -> None:
    """By both options, also where a link or a folder hides that they are one."""
    Path("there.json").touch()
    Path("out.json").symlink_to("there.json")
    ran = run("run", "c.json", "--json", "out.json", "--export-environment", "../" + Path.cwd().name + "/there.json")
    assert (ran.status, ran.out) == (2, "")
    assert "two files of the run would be written there (--json and --export-environment)" in ran.err


@pytest.mark.parametrize("names", ["progress", "emojitrain", "cli,progress,progress"])
def test_newman_s_reporters_of_what_goes_on_are_the_console(run: Run, names: str) -> None:
    """A line of Newman that names them works: cli reports once, and that is said once."""
    ran = run("run", "c.json", "-r", names)
    assert ran.status == 1
    assert ran.out.count("FAILED: 1 request") == 1
    assert ran.err.count("the last line of cli shows what goes on, and cli reports") == 1
    assert ran.err.count("\n") == 1
    assert not Path("newman").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("teamcity", "there is no reporter 'teamcity'; use junit, which TeamCity reads"),
        ("junitfull", "there is no reporter 'junitfull'; use junit"),
        ("nobody", "there is no reporter 'nobody'; there are cli, json"),
    ],
)
def test_no_file_is_announced_for_a_reporter_that_is_not_there(run: Run, name: str, message: str) -> None:
    """One line refuses it, with what does its work here; nothing is said of files of the others either, or made."""
    ran = run("run", "c.json", "-r", f"json,{name}")
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert message in ran.err
    assert not Path("newman").exists()


def test_htmlextra_is_our_html_with_its_path(run: Run) -> None:
    """A usual line of Newman works as it stands; what the report has no option for is told."""
    ran = run(
        "run", "c.json", "-r", "htmlextra", "--reporter-htmlextra-export", "h.html", "--reporter-htmlextra-title", "x"
    )
    assert (ran.status, ran.err) == (1, "umapi-harness: --reporter-htmlextra-title: means nothing here\n")
    assert Path("h.html").read_text("utf-8").startswith("<!doctype html>")
    assert not Path("newman").exists()


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("-r cli,junit --junit f/b.xml", ["f/b.xml"]),
        ("-r html --html f/b.html --reporter-no-summary", ["f/b.html"]),
        ("-r htmlextra,umapi-json --html b.html --json b.json", ["b.html", "b.json"]),
        ("-r junit --reporter-junit-export a.xml --junit b.xml", ["a.xml", "b.xml"]),
        ("-r junit --reporter-export a.xml", ["a.xml"]),
        ("-r junit,har --reporter-export a.xml --reporter-har-export b.har", ["a.xml", "b.har"]),
    ],
)
def test_a_report_that_is_asked_for_twice_is_written_where_the_one_path_says(
    run: Run, line: str, files: list[str]
) -> None:
    """An option such as --junit is the path of the reporter of -r; two paths are two files."""
    before = set(Path().rglob("*"))
    run("run", "c.json", *line.split())
    assert sorted(map(str, (one for one in set(Path().rglob("*")) - before if one.is_file()))) == files


def test_two_forms_of_json_are_told_apart(run: Run) -> None:
    """`-r json` is Newman's, --json ours: of the one without a path it is said where it goes, and why."""
    ran = run("run", "c.json", "-r", "json", "--json", "ours.json")
    assert " (--json writes umapi-json); --reporter-json-export FILE chooses another place" in ran.err
    assert '"format"' in Path("ours.json").read_text("utf-8")


def test_short_options_for_all_reporters_are_taken_as_newman_takes_them(run: Run) -> None:
    """Flags of Newman mean nothing, a path needs a reporter with a file, and what is none is told as that."""
    line = "--reporter-no-summary --reporter-export a.xml --reporter-allure-export b"
    assert run("run", "c.json", *line.split()).err.splitlines() == [
        "umapi-harness: --reporter-export: no reporter that writes a file is asked for; add -r NAME",
        "umapi-harness: --reporter-allure-export: there is no reporter allure; write --reporter-NAME-export FILE",
        "umapi-harness: --reporter-no-summary: means nothing here",
    ]
    assert not Path("a.xml").exists()
    ran = run("run", "c.json", *["-r", "junit,har", "--reporter-export", "a.xml"])
    assert (ran.status, ran.out) == (2, "")
    assert "two files of the run would be written there" in ran.err


def test_a_slip_in_the_option_of_a_reporter_is_told(run: Run) -> None:
    """Else the report would go somewhere else, and the step that publishes it would find none."""
    ran = run("run", "c.json", "-r", "junit", "--reporter-junit-exprot", "j.xml")
    message = "--reporter-junit-exprot: there is no such option; is --reporter-junit-export meant?"
    assert (ran.status, ran.out, ran.err) == (2, "", f"umapi-harness: {message}\n")


ALL_REPORTS = "-r cli,json --reporter-json-export n.json --json u.json --junit j.xml --html h.html"
"""A run with all reports of failures."""


def test_the_cause_stands_before_what_follows_from_it(run: Run) -> None:
    """A check that fails because no answer came is told after the reason why none did, in every report."""
    test = "pm.test('answered', () => pm.response.to.have.status(200));"
    item = COLLECTION["item"][0] | {"event": [{"listen": "test", "script": {"exec": [test]}}]}
    Path("c.json").write_text(json.dumps(COLLECTION | {"item": [item]}), "utf-8")
    ran = run("run", "c.json", *ALL_REPORTS.split())
    failures = ran.out.partition("Failures")[2]
    assert failures.index("network: ") < failures.index("failed because no answer came: answered")
    cases = ET.parse("j.xml").getroot().iter("testcase")
    assert [case.get("name") for case in cases] == ["network", "answered"]
    told = json.loads(Path("n.json").read_text("utf-8"))["run"]["failures"]
    assert [one["error"]["name"] for one in told] == ["network", "AssertionError"]
    page = Path("h.html").read_text("utf-8")
    assert '"problem":"network: ' in page
    assert '"kind":"network"' in page
    assert '"before":0' in page
    assert page.index("<b>a (iteration 1)</b> network: ") < page.index(
        "<b>a (iteration 1)</b> failed because no answer came: answered"
    )


@pytest.mark.parametrize("reporter", ["json", "umapi-json", "junit", "har", "html"])
def test_a_run_that_cannot_begin_leaves_older_reports(run: Run, reporter: str) -> None:
    """What another report's place refuses costs no file that is there."""
    Path("old").write_text("the older one", "utf-8")
    ran = run("run", "c.json", "-r", reporter, f"--reporter-{reporter}-export", "old", "--junit", "c.json/j.xml")
    assert ran.status == 2
    assert Path("old").read_text("utf-8") == "the older one"


def test_unfinished_reports_are_told_of(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both one of a run that was killed, and one whose reporter fails, with the places of what was written."""
    killed = Path(".u.json.0123456789abcdef.part")
    killed.write_text("{", "utf-8")

    def fail(_report: JsonReport, _outcome: Outcome) -> None:
        raise ZeroDivisionError("no")

    monkeypatch.setattr(JsonReport, "_add", fail)
    ran = run("run", "c.json", "--silent", "--json", "u.json")
    first, second = ran.err.splitlines()
    assert first.endswith(
        f"{killed}: the unfinished report of a run that was killed, or is under way; read it or remove it"
    )
    (part,) = [path for path in Path().glob(".u.json.*.part") if path != killed]
    assert "u.json: the report failed (ZeroDivisionError: no); what was written of it is in " in second
    assert second.endswith(str(part))


def test_no_name_breaks_a_line(run: Run) -> None:
    """Controls and ends of lines in names of all kinds show as escapes, and names in JSON stay as they are."""
    name = "a\n  ✓ forged \x1b[2J\u2028"
    test = f"pm.test({json.dumps(name)}, () => pm.expect(1).to.equal(2)); pm.test('x\\ty', () => {{}});"
    item = {"name": name, "request": "http://127.0.0.1:9/", "event": [{"listen": "test", "script": {"exec": [test]}}]}
    document = {"info": {**COLLECTION["info"], "name": name}, "item": [{"name": name, "item": [item]}]}
    Path("c.json").write_text(json.dumps(document), "utf-8")
    ran = run("run", "c.json", *ALL_REPORTS.split())
    escaped = "a\\n  ✓ forged \\x1b[2J\\u2028"
    lines = ran.out.splitlines()
    assert (lines[0], lines[2]) == (f"{escaped}: 1 request", escaped)
    assert lines[3].startswith(f"  ✗ {escaped} ")
    assert f"     failed because no answer came: {escaped}" in lines
    assert not any("forged" in line and "\\x1b" not in line for line in lines)
    root = ET.parse("j.xml").getroot()
    names = {one.get("name") for one in root.iter() if one.tag != "property"} - {None}
    assert names == {escaped, f"{escaped} / {escaped}", "x\\ty", "network"}
    assert json.loads(Path("u.json").read_text("utf-8"))["requests"][0]["name"] == name
    assert run("run", "c.json", "--folder", "none").err.count("\n") == 1


def test_a_run_that_cannot_begin_leaves_no_empty_folder(run: Run) -> None:
    """The folders of reports are there when a report is."""
    ran = run("run", "c.json", "-r", "json", "--html", "new/folder/h.html", "--junit", "c.json/j.xml")
    assert (ran.status, Path("newman").exists(), Path("new").exists()) == (2, False, False)
    assert run("run", "c.json", "-r", "json").status == 1
    assert len(list(Path("newman").iterdir())) == 1
