"""The HTML report as a file: what is in it, that nothing in it is markup, and how large it may grow."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tracemalloc
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from umapi_events import SAID, exchange, plain_step, step, whole_run
from umapi_harness.cli import main
from umapi_harness.postman import events
from umapi_harness.report.files import ReportFile, unfinished
from umapi_harness.report.html_report import Bounds, HtmlReport
from umapi_harness.report.html_steps import BODY_LIMIT, CHECK_LIMIT, EXCHANGE_LIMIT, LINE_LIMIT, TEXT_LIMIT


class Document(HTMLParser):
    """A report as a browser without scripts reads it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.style = ""
        self.text = ""
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        self._open = tag
        if tag == "script":
            self.scripts.append((dict(attributes), ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self._open == "style":
            self.style += data
        else:
            self.text += data

    def data(self, kind: str) -> list[Any]:
        """What the blocks of one kind hold."""
        return [json.loads(text) for attributes, text in self.scripts if attributes.get("class") == kind]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of all steps."""
        return [row for block in self.data("rows") for row in block["rows"]]

    @property
    def steps(self) -> list[Any]:
        """The details of all steps."""
        return [one for block in self.data("details") for one in block["steps"]]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies, in the order of their numbers."""
        return [body for block in self.data("details") for body in block["bodies"]]

    @property
    def end(self) -> dict[str, Any]:
        """How the run ended."""
        end: dict[str, Any] = self.data("end")[0]
        return end


@pytest.fixture
def reported(tmp_path: Path) -> Callable[..., Document]:
    """Writes the report of some events and reads it."""

    def write(told: Iterable[events.Event], bounds: Bounds | None = None) -> Document:
        path = tmp_path / "report.html"
        report = HtmlReport(path, bounds)
        for event in told:
            report(event)
        report.close()
        return Document(path.read_text(encoding="utf-8"))

    return write


def test_the_file_needs_nothing_else(reported):
    """Style and script are inside, allowed by their hashes alone, and no attribute runs or fetches anything."""
    document = reported(whole_run([plain_step(1)]))
    policy = next(value for name, value in document.attributes if value.startswith("default-src"))
    script = next(text for attributes, text in document.scripts if attributes.get("type") == "module")
    for kind, text in (("style", document.style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not any(name.startswith("on") for name, _ in document.attributes)
    fetched = [value for name, value in document.attributes if name in ("src", "href")]
    assert all(value.startswith(("data:", "#")) for value in fetched), fetched
    assert ("lang", "en") in document.attributes
    assert "url(" not in document.style
    assert "import " not in script.replace("important", "")


def test_the_page_s_modules_fit_together(reported):
    """All modules are in the script, each after those that it imports; what is imported is there and is used."""
    places = [files("umapi_harness.common").joinpath("page"), files("umapi_harness.report").joinpath("html")]
    modules = {
        entry.name: entry.read_text("utf-8")
        for place in places
        for entry in place.iterdir()
        if entry.name.endswith(".js")
    }
    exported = {
        name: set(re.findall(r"^export (?:async )?(?:function|const|class) (\w+)", text, re.MULTILINE))
        for name, text in modules.items()
    }
    document = reported(whole_run([]))
    script = next(text for attributes, text in document.scripts if attributes.get("type") == "module")
    order = {name: script.find(text.splitlines()[0]) for name, text in modules.items()}
    for name, text in modules.items():
        body = re.sub(r"^import [^;]*;$", "", text, flags=re.MULTILINE)
        assert body.strip().splitlines()[-1] in script
        for names, source in re.findall(r'^import \{([^}]*)\} from "\./([\w.]+)";$', text, re.MULTILINE):
            wanted = {one.strip() for one in names.split(",") if one.strip()}
            assert wanted <= exported[source], name
            assert 0 <= order[source] < order[name]
            assert [one for one in wanted if not re.search(rf"\b{one}\b", body)] == [], name


def test_a_step_is_told_in_full(reported):
    """Exchanges, checks, errors, console, changes, variables and notes of a step are in its details."""
    one = step(1)
    used = events.VariableUse(name="api", value="https://h", scope="environment", origin="test.json")
    told = [
        events.NoteTaken(step=one, text="sent with testOnly=true"),
        *exchange(one, 1, status=302, variables=(used,)),
        *exchange(one, 2, cause=events.Cause.REDIRECT, answer='{"a":1}'),
        *list(exchange(one, 3, cause=events.Cause.SCRIPT))[:1],
        events.RequestFailed(step=one, exchange=3, message="no route", seconds=1.5),
        events.CheckPassed(step=one, name="good"),
        events.CheckSkipped(step=one, name="later"),
        events.CheckFailed(
            step=one, name="bad", message="expected 1 to equal 2", pointer="/x", expected="2", actual="1"
        ),
        events.ErrorRaised(step=one, kind="schema", message="does not fit", pointer="/y", allowed=True),
        events.ErrorRaised(step=one, kind="http-error", message="302", pointer="/z"),
        events.ConsoleMessage(step=one, level="warn", text="look"),
        events.OrganizationChanged(step=one, changes=("user added",)),
        events.RequestFinished(step=one),
    ]
    document = reported(whole_run([told], notes=["all requests go to http://h"]))
    (details,) = document.steps
    assert [one["cause"] for one in details["exchanges"]] == ["collection", "redirect", "script"]
    assert details["exchanges"][0]["variables"] == [["api", "https://h", "environment", "test.json"]]
    assert document.bodies[details["exchanges"][1]["answer"]["body"]] == {"text": '{"a":1}'}
    assert details["exchanges"][2]["failure"] == {"message": "no route", "seconds": 1.5}
    assert [(check["state"], check["name"]) for check in details["checks"]] == [
        ("failed", "bad"),
        ("passed", "good"),
        ("skipped", "later"),
    ]
    assert details["checks"][0]["expected"] == "2"
    assert details["checks"][0]["pointer"] == "/x"
    assert [(error["kind"], error["allowed"]) for error in details["errors"]] == [
        ("http-error", False),
        ("schema", True),
    ]
    assert details["console"] == [{"level": "warn", "text": "look"}]
    assert details["changes"] == ["user added"]
    assert details["notes"] == ["sent with testOnly=true"]
    (row,) = document.rows
    assert (row["state"], row["status"], row["failed"], row["errors"], row["allowed"]) == ("failed", 200, 1, 1, 1)
    assert row["problem"] == "bad: expected 1 to equal 2"
    assert [span[2:] for span in row["spans"]] == [[302, "collection", 1], [200, "redirect", 2], [0, "script", 3]]
    assert document.end["passed"] is False
    assert json.loads(document.scripts[1][1])["notes"] == ["all requests go to http://h"]


def test_what_belongs_to_no_step_is_told_at_the_end(reported):
    """Errors and notes of the run as a whole are in its end, and among the failures for browsers without scripts."""
    run = [*whole_run([plain_step(1)])]
    run.insert(-1, events.ErrorRaised(step=None, kind="no-checks", message="nothing was checked", pointer=""))
    run.insert(-1, events.NoteTaken(step=None, text="it was late"))
    document = reported(run)
    assert [error["kind"] for error in document.end["errors"]] == ["no-checks"]
    assert document.end["notes"] == ["it was late"]
    assert "no-checks: nothing was checked" in document.text


def test_nothing_that_is_told_becomes_markup(reported):
    """What ends scripts or begins comments elsewhere comes back as it was, from every place, and adds no element."""
    one = step(1, name=SAID, folders=(SAID,))
    told = [
        *exchange(one, 1, url=SAID, method=SAID, body=SAID, answer=SAID, headers=((SAID, SAID),)),
        events.CheckFailed(step=one, name=SAID, message=SAID, expected=SAID, actual=SAID, pointer=SAID),
        events.ErrorRaised(step=one, kind=SAID, message=SAID, pointer=SAID),
        events.ConsoleMessage(step=one, level=SAID, text=SAID),
        events.OrganizationChanged(step=one, changes=(SAID,)),
        events.RequestFinished(step=one),
    ]
    harmless = reported(whole_run([plain_step(1, failing=True)], notes=[""]))
    document = reported(whole_run([told], name=SAID, notes=[SAID]))
    assert document.tags.count("script") == harmless.tags.count("script")
    assert "alert(1)" in document.text
    assert document.bodies[document.steps[0]["exchanges"][0]["body"]]["text"] == SAID
    assert document.rows[0]["name"] == SAID
    assert [text for attributes, text in document.scripts if attributes.get("type") != "module" and "<" in text] == []


def test_halves_of_characters_are_kept(reported):
    """A lone surrogate, which UTF-8 cannot hold, is in the data and breaks nothing."""
    one = step(1, name="half \ud83e of a fox")
    document = reported(whole_run([[*exchange(one, 1, answer="\udc80"), events.RequestFinished(step=one)]]))
    assert document.rows[0]["name"] == one.name
    assert document.bodies[-1]["text"] == "\udc80"


def test_a_body_that_comes_again_is_written_once(reported):
    """Equal bodies share a number, across chunks of the file too."""
    steps = [[*exchange(step(number), number, answer="x" * 1000)] for number in range(1, 301)]
    document = reported(whole_run(steps))
    assert len(document.bodies) == 1
    assert len(document.data("details")) > 1
    assert {one["exchanges"][0]["answer"]["body"] for one in document.steps} == {0}
    assert {tuple(row["bodies"]) for row in document.rows} == {(0,)}


def test_numbers_of_bodies_begin_where_the_chunk_says(reported):
    """The first number of each chunk leads to its bodies."""
    document = reported(whole_run([plain_step(number) for number in range(1, 200)]))
    firsts = [
        int(attributes["data-body"] or "") for attributes, _ in document.scripts if attributes.get("class") == "details"
    ]
    sizes = [len(block["bodies"]) for block in document.data("details")]
    assert firsts == [sum(sizes[:place]) for place in range(len(sizes))]
    assert len(firsts) > 2


def test_long_things_are_cut_and_told(reported):
    """Bodies, texts and numbers of things have bounds; what is past them is counted."""
    one = step(1)
    many = LINE_LIMIT + 7
    told = [
        *exchange(one, 1, answer="b" * (BODY_LIMIT + 5), url="https://h/" + "u" * TEXT_LIMIT),
        *(event for number in range(2, EXCHANGE_LIMIT + 4) for event in exchange(one, number)),
        *(events.CheckPassed(step=one, name=f"check {number}") for number in range(CHECK_LIMIT)),
        events.CheckFailed(step=one, name="the last", message="no"),
        *(events.ConsoleMessage(step=one, level="log", text="line") for _ in range(many)),
    ]
    document = reported(whole_run([told]))
    (details,) = document.steps
    assert document.bodies[0] == {"text": "b" * BODY_LIMIT, "length": BODY_LIMIT + 5}
    assert details["exchanges"][0]["url"].endswith("… (10 more characters)")
    assert details["checks"][0]["name"] == "the last"
    assert details["left_out"] == {"exchanges": 3, "checks": 1, "console": 7}
    assert document.rows[0]["passed"] == CHECK_LIMIT


def test_the_file_is_bounded_and_failures_are_the_last_to_go(reported):
    """Past its bound the report lists steps without details, then none; those that failed have room of their own."""
    steps = [plain_step(number, failing=number % 100 == 0) for number in range(1, 1001)]
    bounds = Bounds(details=200_000, failures=200_000, rows=800)
    document = reported(whole_run(steps), bounds)
    with_details = [row["number"] for row, details in zip(document.rows, document.steps, strict=True) if details]
    assert 50 < len(with_details) < 400
    assert [number for number in range(100, 1001, 100) if number not in with_details] == []
    assert [row["number"] for row in document.rows][-2:] == [900, 1000]
    assert document.end["omitted"] == 1000 - 802
    assert document.end["bare"] == 802 - len(with_details)
    assert document.end["summary"]["requests"] == 1000


def test_a_run_that_is_killed_leaves_a_report_beside_the_older_one(tmp_path):
    """What was written before the end can be read; only the end is missing, and the older report is whole."""
    path = tmp_path / "report.html"
    path.write_text("the older one", "utf-8")
    report = HtmlReport(path)
    for event in list(whole_run([plain_step(number) for number in range(1, 200)]))[:-1]:
        report(event)
    assert path.read_text("utf-8") == "the older one"
    (part,) = unfinished(path)
    document = Document(part.read_text(encoding="utf-8"))
    assert len(document.rows) >= 128
    assert document.data("end") == []
    report.close()
    assert len(Document(path.read_text(encoding="utf-8")).rows) == 199


def test_a_run_that_never_began_leaves_a_report(reported):
    """The file of a run that ended before its first event is a document that says so."""
    document = reported([])
    assert "A run that did not begin" in document.text
    assert document.rows == []


def test_without_scripts_verdict_and_failures_are_readable(reported):
    """The text of the document has the verdict and each failure with its place."""
    document = reported(whole_run([plain_step(1), plain_step(2, failing=True)]))
    assert "noscript" in document.tags
    assert "Failed" in document.text
    assert "2 requests, checks passed: 1, checks failed: 1, errors: 0" in document.text
    assert "Users / Part 2 / request 2" in document.text
    assert "expected 404 to equal 200" in document.text


def test_iterations_bring_their_data(reported):
    """The values of each row of data are kept, under the iteration's number."""
    run = list(whole_run([plain_step(1), plain_step(2, iteration=1)], iterations=2))
    run.insert(1, events.IterationStarted(iteration=0, data=(("mail", "a@example.com"),)))
    run.insert(6, events.IterationStarted(iteration=1, data=(("mail", "b@example.com"),)))
    document = reported(run)
    data = dict(pair for block in document.data("rows") for pair in block["iterations"])
    assert data == {0: [["mail", "a@example.com"]], 1: [["mail", "b@example.com"]]}
    assert [row["iteration"] for row in document.rows] == [0, 1]


def test_memory_does_not_grow_with_the_run(tmp_path):
    """Of a run of four times the length, nearly all is in the file and not in memory."""

    def peak(length: int) -> int:
        report = HtmlReport(tmp_path / "report.html")
        tracemalloc.start()
        report(next(whole_run([])))
        for number in range(length):
            for event in exchange(step(number + 1), number + 1, answer=f"{number:04}" * 1000):
                report(event)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        report.close()
        return most

    peak(100)
    assert peak(1600) - peak(400) < 1200 * 4000 / 10


def test_a_step_holds_no_large_bodies(tmp_path):
    """A step that receives much, many times, keeps of each body what the report shows."""
    report = HtmlReport(tmp_path / "report.html")
    report(next(whole_run([])))
    one = step(1)
    tracemalloc.start()
    for number in range(1, 41):
        for event in exchange(one, number, answer=f"{number:04}" * 250_000):
            report(event)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    report.close()
    assert held < 40 * 2 * BODY_LIMIT


def test_a_path_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path, capsys):
    """A file in the place of its folder is bad input, in one line."""
    (tmp_path / "file").touch()
    assert main(["run", "--html", str(tmp_path / "file" / "report.html")]) == 2
    told = capsys.readouterr()
    assert "report.html: file exists; give a path that can be written" in told.err
    assert "status" not in told.out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_at_the_end(capsys):
    """What could not be written makes the command fail, and the run goes on to its end all the same."""
    assert main(["run", "--folder", "Access tokens", "--html", "/dev/full"]) == 2
    told = capsys.readouterr()
    assert "passed: " in told.out
    assert "/dev/full: no space left on device" in told.err


def test_the_walkthrough_s_report_holds_no_secret(tmp_path, capsys):
    """The command writes the report, and neither secret nor token is in it."""
    path = tmp_path / "report.html"
    assert main(["run", "--folder", "Access tokens", "--html", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    document = Document(text)
    assert len(document.rows) == int(document.end["summary"]["requests"])
    assert "client_secret=•••" in text
    assert "eyJ" not in "".join(body["text"] for body in document.bodies)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["\U0001f600" * 61, "a[1]" * 16, "\u5c71" * 80])
def test_reports_of_long_names_are_written(tmp_path, name):
    """A name that the system takes has room for its report in the making too, which is found by that name."""
    report = tmp_path / name
    file = ReportFile(report)
    file.write("text")
    assert len(unfinished(report)) == 1
    file.finish()
    assert (report.read_text("utf-8"), unfinished(report)) == ("text", [])
