"""What `umapi-harness run` writes: never over what it reads, and by the reporters that there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.harness_cli.conftest import Run

COLLECTION = {
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
    assert ran.out.count("FAILED: 1 requests") == 1
    assert ran.err.count("the last line of cli shows what goes on, and cli reports") == 1
    assert ran.err.count("\n") == 1
    assert not Path("newman").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("htmlextra", "there is no reporter 'htmlextra'; use html, which is one file for people"),
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
