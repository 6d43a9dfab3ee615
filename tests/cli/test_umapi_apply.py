"""The command `umapi apply`, as a process of its own: every row's outcome, whatever ends the run."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from umapi_command import Result, write_profile
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import UserAction
from umapi_sdk.bulk import BulkRun

HEADER = "email,firstname,lastname,country,groups\n"
Apply = Callable[..., Result]


def rows(count: int, groups: str = "") -> str:
    """A file of that many people."""
    return HEADER + "".join(f"new{number}@example.com,A,B,DE,{groups}\n" for number in range(count))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def start(server: RunningServer, folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `umapi apply` with arguments."""
    started: list[subprocess.Popen[str]] = []

    def begin(
        *arguments: str, stdin: IO[Any] | None = None, stdout: IO[Any] | int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "umapi_sdk", "apply", *arguments],
            text=True,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def apply(start: Callable[..., subprocess.Popen[str]], server: RunningServer) -> Apply:
    """Runs `umapi apply` to its end. Whatever it does, it shows no secret and no traceback."""

    def run(*arguments: str, **options: Any) -> Result:
        process = start(*arguments, **options)
        out, err = process.communicate(timeout=100)
        assert server.details.client_secret not in (out or "") + err
        assert "Traceback" not in err
        return Result(process.returncode, out, err)

    return run


def posts(server: RunningServer) -> int:
    """How many action requests the server has seen."""
    return sum("/action/" in entry["path"] for entry in server.world.journal.as_list())


def emails(server: RunningServer) -> set[str]:
    """The users of the organisation whom these tests create."""
    return {user.email for user in server.world.organization().users if user.email.startswith("new")}


def wait_for_post(server: RunningServer, number: int, process: subprocess.Popen[str]) -> None:
    """Return when the planned failure has met so many requests."""
    while httpx.get(f"{server.url}/_mock/faults", trust_env=False).json()[0]["matched"] < number:
        assert process.poll() is None


def test_a_file_is_carried_out(apply: Apply, server: RunningServer, folder: Path) -> None:
    """Every row takes effect, the result has a row for each, the journal is for its owner alone, the end says so."""
    Path("people.csv").write_text(rows(25, "DevOps"), "utf-8")
    result = apply("people.csv", "--result", "result.csv")
    assert result.status == 0, result.err
    assert result.lines == [
        "25 rows in 25 commands, 0 of them merged, in 3 requests",
        "25 rows create users, and who is there already gets the names of the row: "
        "a column option with ignoreIfAlreadyExists keeps the old ones",
        "25 rows: 25 completed",
        "3 requests, and waits of 0 s in all",
        "Next: nothing, every row is completed.",
    ]
    assert len(emails(server)) == 25
    assert posts(server) == 3
    assert (Path("people.csv.journal").stat().st_mode & 0o777) == 0o600
    with Path("result.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["row"], row["line"], row["outcome"]) for row in found] == [
        (str(number), str(number + 1), "completed") for number in range(1, 26)
    ]
    assert found[0]["user"] == "new0@example.com"
    assert len(found[0]["request_ids"]) > 8


def test_bad_rows_send_nothing(apply: Apply, server: RunningServer, folder: Path) -> None:
    """One bad row keeps the file from being sent; every problem is told; no journal is left behind."""
    Path("people.csv").write_text(rows(3) + "q@example.com,A,B,XX,\n,A,B,DE,\n", "utf-8")
    result = apply("people.csv")
    assert (result.status, result.out) == (2, "")
    lines = result.err.splitlines()
    assert lines[0].startswith('umapi: people.csv: row 4 (line 5), column country: "XX" is no country code')
    assert lines[-1] == (
        "umapi: 2 problems in 5 rows: nothing was sent; "
        "correct the rows, or add --skip-bad-rows --bad bad.csv to send the others"
    )
    assert posts(server) == 0
    assert os.listdir() == ["people.csv"]


def test_bad_rows_can_be_left_out(apply: Apply, server: RunningServer, folder: Path) -> None:
    """With `--skip-bad-rows` the others are sent, the summary and the result say which were not; exit status 1."""
    Path("people.csv").write_text(rows(2) + "q@example.com,A,B,XX,\n", "utf-8")
    result = apply("people.csv", "--skip-bad-rows", "--result", "result.jsonl")
    assert result.status == 1
    assert result.lines[0] == "1 bad row of 3 left out"
    assert "3 rows: 2 completed, 1 bad" in result.lines
    assert result.lines[-1] == (
        "Next: umapi check --bad bad.csv people.csv writes the 1 bad row to a file, to be corrected."
    )
    told = [json.loads(line) for line in Path("result.jsonl").read_text("utf-8").splitlines()]
    assert [entry["outcome"] for entry in told] == ["completed", "completed", "bad row"]
    assert told[2]["message"].startswith('column country: "XX" is no country code')
    assert (told[2]["user"], told[2]["code"]) == ("q@example.com", "error.country.invalid")
    assert len(emails(server)) == 2


@pytest.mark.parametrize(
    ("name", "options", "text", "kept"),
    [
        (
            "people.csv",
            ("--encoding", "cp1252", "--ignore-column", "x"),
            "sep=;\nemail;firstname;lastname;country;groups;x\nn@example.com;A;B;DE;Missing;\n"
            'q@example.com;Zoë;"B\nC";XX;;1\ny@example.com;A;B;DE;;\nr@example.com;A;B;YY;;',
            "sep=;\nproblem;email;firstname;lastname;country;groups;x\n"
            '"row 2 (line 4), column country: …";q@example.com;Zoë;"B\nC";XX;;1\n'
            '"row 4 (line 7), column country: …";r@example.com;A;B;YY;;\n',
        ),
        (
            "people.jsonl",
            (),
            '{"user": "n@example.com", "do": [{"add": {"group": ["Missing"]}}]}\n{"user": "q@example.com"}\n{"user":\n',
            '{"user": "q@example.com"}\n{"user":\n',
        ),
        (
            "people.json",
            (),
            '[{"user": "n@example.com", "do": [{"add": {"group": ["Missing"]}}]}, {"user":\n"q@example.com"},'
            '{"user": "r@example.com", "do": []}]',
            '[\n{"user":\n"q@example.com"},\n{"user": "r@example.com", "do": []}\n]\n',
        ),
    ],
)
def test_bad_rows_are_kept_as_they_were(
    apply: Apply, folder: Path, name: str, options: tuple[str, ...], text: str, kept: str
) -> None:
    """`--bad` has every row that was left out, readable as the file was; the last line names it beside `--left`."""
    Path(name).write_text(text, "cp1252")
    written = ("--skip-bad-rows", "--bad", "bad", "--left", "left.jsonl")
    said = apply(name, *options, *written)
    shown = shlex.join(["umapi", "apply", *options[2:], "bad"])
    assert said.lines[-1] == (
        "Next: correct what failed in left.jsonl, then: umapi apply left.jsonl; "
        f"and correct the 2 bad rows in bad, then: {shown}"
    ), said.err
    assert re.sub(r'(, column \w+: )[^;]*?[^"](";)', r"\1…\2", Path("bad").read_text("utf-8")) == kept
    assert "problems in 2 rows: nothing was sent" in apply("bad", *options[2:]).err
    again = Path("bad").read_text("utf-8").replace("(line 4)", "(line 3)").replace("row 2 (", "row 1 (")
    assert apply("bad", *options[2:], "--skip-bad-rows", "--bad", "worse").status == 1
    assert Path("worse").read_text("utf-8") == again.replace("row 4 (line 7)", "row 2 (line 5)")


def test_a_file_of_bad_rows_must_be_possible(apply: Apply, server: RunningServer, folder: Path) -> None:
    """Without --skip-bad-rows there are none to write, and one that cannot be written keeps all from being sent."""
    Path("people.csv").write_text(rows(2) + "q@example.com,A,B,XX,\n", "utf-8")
    assert "--bad needs --skip-bad-rows" in apply("people.csv", "--bad", "bad.csv").err
    said = apply("people.csv", "--skip-bad-rows", "--bad", "/dev/full")
    assert (said.status, said.out) == (2, "")
    assert said.err.endswith("umapi: /dev/full: cannot be written: No space left on device: nothing was sent\n")
    assert (posts(server), os.listdir()) == (0, ["people.csv"])


def test_a_plan_sends_nothing(
    apply: Apply, server: RunningServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--plan` tells of requests, and of time where they are paced, and leaves neither requests nor files."""
    Path("people.csv").write_text(rows(25), "utf-8")
    result = apply("people.csv", "--plan")
    assert (result.status, len(result.lines)) == (0, 3)
    assert result.lines[0] == "25 rows in 25 commands, 0 of them merged, in 3 requests"
    assert result.lines[2] == "Nothing was sent."
    monkeypatch.setenv("UMAPI_PACING", "true")
    paced = apply("people.csv", "--plan").lines[0]
    assert paced == f"{result.lines[0]}: 0 s at least, at 10 requests in 60 s"
    assert posts(server) == 0
    assert os.listdir() == ["people.csv"]


def test_a_dry_run_changes_nothing(apply: Apply, server: RunningServer, folder: Path) -> None:
    """`--dry-run` has the service check all, says so, and can be repeated and followed by the real run."""
    Path("people.csv").write_text(rows(2), "utf-8")
    for _ in range(2):
        result = apply("people.csv", "--dry-run")
        assert result.status == 0, result.err
        assert result.lines[0].endswith(". Test mode: the service checks, and changes nothing")
        assert "2 rows in test mode, so that nothing was changed: 2 completed" in result.lines
        assert emails(server) == set()
    assert posts(server) == 2
    assert apply("people.csv").status == 0
    assert len(emails(server)) == 2


def test_who_had_test_mode_is_told_what_does_the_work(
    apply: Apply, server: RunningServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The advice names where test mode comes from, and a command that does the work, which it does."""
    Path("people.csv").write_text(rows(2).replace("firstname", "firstname,x y").replace(",A,", ",A,,"), "utf-8")
    options = ("--ignore-column", "x y", "--max-removals", "5%", "people.csv")
    told = apply("--dry-run", *options).lines[-1]
    assert told == (
        "Next: nothing was changed; what carries it out: umapi apply --max-removals 5% --ignore-column 'x y' people.csv"
    )
    monkeypatch.setenv("UMAPI_TEST_MODE", "true")
    told = apply("--journal", "mine.journal", *options).lines[-1]
    first, command = told.split(", then: ")
    assert first == "Next: nothing was changed, for test_mode is set in UMAPI_TEST_MODE; take it out there"
    monkeypatch.delenv("UMAPI_TEST_MODE")
    again = apply("--journal", "mine.journal", *options)
    assert (
        "mine.journal: is of a run in test mode, which changed nothing: --journal mine-2.journal begins the real"
        in again.err
    )
    resumed = apply("--resume", "mine.journal")
    assert resumed.lines[-1] == (
        "Next: nothing was changed, for mine.journal is the journal of a run in test mode; "
        "apply people.csv itself, with --journal NAME if there is one already."
    )
    assert emails(server) == set()
    assert apply(*shlex.split(command)[2:]).status == 0
    assert len(emails(server)) == 2


def test_the_file_that_sets_test_mode_is_named(apply: Apply, server: RunningServer, folder: Path) -> None:
    """With test_mode in the file of settings, the advice names that file."""
    write_profile(Path("umapi.toml"), server, "default")
    with Path("umapi.toml").open("a", encoding="utf-8") as file:
        file.write("\ntest_mode = true\n")
    Path("people.csv").write_text(rows(1), "utf-8")
    command = [sys.executable, "-m", "umapi_sdk", "--config", "umapi.toml", "apply", "people.csv"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.splitlines()[-1] == (
        "Next: nothing was changed, for test_mode is set in umapi.toml; take it out there, "
        "then: umapi --config umapi.toml apply people.csv"
    )


def test_a_remedy_is_that_of_the_step_that_failed(apply: Apply, umapi: Any, folder: Path) -> None:
    """Nobody is told to create whom he wants to be rid of, in a file or in commands."""
    Path("leavers.csv").write_text("email\nnobody@example.com\n", "utf-8")
    gone = "if they are right, there is nobody to be removed, and nothing is left to do."
    assert apply("--action", "remove_all", "leavers.csv").lines[1].endswith(gone)
    for step, remedy in (("add", "and create the user first if it is really missing."), ("remove", gone)):
        command = {"user": "nobody@example.com", "do": [{step: {"group": ["DevOps"]}}]}
        Path("commands.json").write_text(json.dumps([command]), "utf-8")
        assert remedy in umapi("send", "commands.json").out


def test_a_failure_and_what_is_left_of_it(apply: Apply, server: RunningServer, folder: Path) -> None:
    """The line of a failed row has steps and remedy; `--left` holds only the step left; sent again, it completes."""
    Path("people.csv").write_text(rows(2) + "new2@example.com,A,B,DE,Missing\n", "utf-8")
    result = apply("people.csv", "--left", "left.jsonl")
    assert result.status == 1
    line = result.lines[2]
    assert line.startswith(
        "row 3 (line 4), new2@example.com: failed: Group Missing was not found (error.group.not_found)"
    )
    assert "step 0 (createFederatedID) took effect; step 1 (add) failed" in line
    assert "create the user group first" in line
    assert result.lines[-1] == "Next: correct what failed in left.jsonl, then: umapi apply left.jsonl"
    left = Path("left.jsonl").read_text("utf-8")
    assert json.loads(left) == {"user": "new2@example.com", "do": [{"add": {"group": ["Missing"]}}]}
    Path("left.jsonl").write_text(left.replace("Missing", "DevOps"), "utf-8")
    assert apply("left.jsonl").status == 0
    user = server.world.organization().find_user("new2@example.com")
    assert user is not None


def test_a_journal_is_never_replaced(apply: Apply, server: RunningServer, folder: Path) -> None:
    """A file that was applied is not sent a second time: its journal is there, and can be gone on with."""
    Path("people.csv").write_text(rows(2), "utf-8")
    assert apply("people.csv").status == 0
    result = apply("people.csv")
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "umapi: journal people.csv.journal: its run is over (2 completed), and nothing is left to go on with: "
        "--journal people.csv-2.journal carries out people.csv once more\n"
    )
    assert apply("people.csv", "--journal", "people.csv-2.journal").status == 0  # every row updates what is there
    assert posts(server) == 2


def test_a_journal_of_a_run_that_is_not_over_is_to_be_resumed(apply: Apply, folder: Path) -> None:
    """Of a run of which rows are left, the refusal says how to go on, and how to begin another."""
    Path("people.csv").write_text(rows(2), "utf-8")
    leaver = UserAction("a@example.com").remove_from_organization()
    BulkRun.create("people.csv.journal", [leaver], org_id="12345@AdobeOrg", endpoint="http://127.0.0.1:1").close()
    result = apply("people.csv")
    assert result.err == (
        "umapi: journal people.csv.journal: exists already: umapi apply --resume people.csv.journal goes on with it; "
        "if people.csv has changed since, --journal people.csv-2.journal begins another\n"
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_after_the_present_request(
    name: str, start: Callable[..., subprocess.Popen[str]], apply: Apply, server: RunningServer, folder: Path
) -> None:
    """The request under way is waited for; the rest is left; the last line says how to go on; nothing is doubled."""
    Path("people.csv").write_text(rows(25), "utf-8")
    server.world.faults.add(Fault(operation="action", kind="delay", delay=1.5, nth=2))
    process = start("people.csv", "--result", "result.csv")
    wait_for_post(server, 2, process)
    process.send_signal(getattr(signal, name))
    if name == "SIGHUP":  # shell and terminal both send it
        process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert "ending after the present request; once more ends at once" in err
    lines = out.splitlines()
    assert "25 rows: 20 completed, 5 left" in lines
    assert lines[-1] == "Next: umapi apply --resume people.csv.journal --result result.csv"
    assert posts(server) == 2
    plan = apply("--resume", "people.csv.journal", "--plan")
    assert plan.lines[-2:] == ["So far, of 25 rows: 20 completed, 5 left", "Nothing more was sent."]
    result = apply("--resume", "people.csv.journal", "--result", "result.csv")
    assert result.status == 0, result.err
    assert result.lines[0].startswith("5 rows in 5 commands")
    assert posts(server) == 3
    assert len(emails(server)) == 25


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_ends_at_once_is_resumed(
    second: signal.Signals,
    start: Callable[..., subprocess.Popen[str]],
    apply: Apply,
    server: RunningServer,
    folder: Path,
) -> None:
    """After a second Ctrl-C, or `kill -9`, what was under way is looked at: all is done, and nothing sent twice."""
    lines = "".join(f"new{number}@example.com,A,B,DE,fail\n" for number in range(25))
    Path("people.csv").write_text(f"email,firstname,lastname,country,option\n{lines}", "utf-8")
    server.world.faults.add(Fault(operation="action", kind="delay", delay=30.0, nth=2, when="after"))
    process = start("people.csv")
    wait_for_post(server, 2, process)
    while len(emails(server)) < 20:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    while "ending after" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(second)
    out, _ = process.communicate(timeout=60)
    if second is signal.SIGINT:
        assert process.returncode == 3
        assert out.splitlines()[-1] == "Next: umapi apply --resume people.csv.journal"
    result = apply("--resume", "people.csv.journal", "--settling", "0", "--result", "result.jsonl")
    assert result.status == 0, result.out + result.err
    assert posts(server) == 2  # the first and the last: that which was under way is still being answered
    told = [json.loads(line) for line in Path("result.jsonl").read_text("utf-8").splitlines()]
    assert [entry["reconciled"] for entry in told] == [False] * 10 + [True] * 10 + [False] * 5


def test_a_wait_that_is_too_long(apply: Apply, server: RunningServer, folder: Path) -> None:
    """A 429 of an hour ends the run in a state that can be resumed, with the time to come back in the last line."""
    Path("people.csv").write_text(rows(25), "utf-8")
    server.world.faults.add(Fault(operation="action", nth=2, status=429, retry_after="3600"))
    result = apply("people.csv")
    assert result.status == 3
    assert "25 rows: 10 completed, 15 left" in result.lines
    assert result.lines[-1].startswith("Next: after 2")
    assert result.lines[-1].endswith(": umapi apply --resume people.csv.journal")


def test_a_result_that_cannot_be_written(apply: Apply, server: RunningServer, folder: Path) -> None:
    """A full disk under the result loses nothing: the run is done, and the message says how to write it again."""
    Path("people.csv").write_text(rows(3), "utf-8")
    result = apply("people.csv", "--result", "/dev/full")
    assert result.status == 1
    again = "umapi apply --resume people.csv.journal --result /dev/full writes it again"
    assert f"umapi: /dev/full: cannot be written: No space left on device; {again}" in result.err
    assert "3 rows: 3 completed" in result.lines
    assert apply("--resume", "people.csv.journal", "--result", "result.csv").status == 0
    assert len(Path("result.csv").read_text("utf-8").splitlines()) == 4
    assert posts(server) == 1


def test_an_output_that_fails(apply: Apply, server: RunningServer, folder: Path) -> None:
    """With a standard output that cannot be written, everything is done all the same, and the result tells of it."""
    Path("people.csv").write_text(rows(15), "utf-8")
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        result = apply("people.csv", "--result", "result.csv", stdout=full)
    assert result.status == 0
    assert "umapi: the output cannot be written: No space left on device" in result.err
    assert len(Path("result.csv").read_text("utf-8").splitlines()) == 16
    assert len(emails(server)) == 15


def test_files_that_cannot_be_written_are_found_out_first(apply: Apply, server: RunningServer, folder: Path) -> None:
    """Nothing is sent if there will be no place for the result, for what is left, or for the journal."""
    Path("people.csv").write_text(rows(3), "utf-8")
    for option in ("--result", "--left", "--journal"):
        result = apply("people.csv", option, "missing/file")
        assert (result.status, result.out) == (2, "")
        assert "missing/file: " in result.err
    assert posts(server) == 0


@pytest.mark.parametrize("option", ["--result", "--left"])
@pytest.mark.parametrize("name", ["people.csv", "folder/../people.csv", "link.csv", "people.csv.journal"])
def test_no_output_takes_the_place_of_the_file_or_its_journal(
    apply: Apply, server: RunningServer, folder: Path, option: str, name: str
) -> None:
    """What would be written over the rows or the journal is refused before anything is sent, by whatever name."""
    people = Path("people.csv")
    people.write_text(rows(3), "utf-8")
    Path("folder").mkdir()
    Path("link.csv").symlink_to(people)
    refused = apply("people.csv", option, name)
    assert (refused.status, refused.out) == (2, "")
    assert f"{option} {name}: is " in refused.err
    assert "name another file" in refused.err
    assert posts(server) == 0
    assert apply("people.csv").status == 0
    resumed = apply("--resume", "people.csv.journal", option, name)
    assert (resumed.status, resumed.out) == (2, "")
    assert people.read_text("utf-8") == rows(3)
    assert apply("--resume", "people.csv.journal").status == 0


def test_result_and_left_are_two_files(apply: Apply, server: RunningServer, folder: Path) -> None:
    """One file cannot hold both the result and what is left; a device can take both."""
    Path("people.csv").write_text(rows(3), "utf-8")
    refused = apply("people.csv", "--result", "out", "--left", "./out")
    assert (refused.status, refused.out) == (2, "")
    assert "--left out: is the file of --result too" in refused.err
    assert posts(server) == 0
    assert apply("people.csv", "--result", os.devnull, "--left", os.devnull).status == 0


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="there is no file system in memory")
def test_a_file_below_dev_is_a_file(apply: Apply, server: RunningServer, folder: Path) -> None:
    """Files of /dev/shm are like any other: the rows are not written over, and a result is written whole."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        people = Path(place, "people.csv")
        people.write_text(rows(3), "utf-8")
        refused = apply(str(people), "--result", str(people))
        assert (refused.status, refused.out) == (2, "")
        assert f"--result {people}: is the file of the rows too" in refused.err
        assert people.read_text("utf-8") == rows(3)
        result = Path(place, "result.csv")
        result.touch(0o644)
        assert apply(str(people), "--result", str(result)).status == 0
        assert len(result.read_text("utf-8").splitlines()) == 4
        assert (result.stat().st_mode & 0o777) == 0o600
        assert sorted(os.listdir(place)) == ["people.csv", "people.csv.journal", "result.csv"]


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="streams have no names here")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/dev/./fd/1"])
def test_a_result_on_standard_output(apply: Apply, folder: Path, name: str) -> None:
    """Where standard output is a file, the result stands in it among the other lines, and nothing is written over."""
    Path("people.csv").write_text(rows(3), "utf-8")
    with Path("out").open("w", encoding="utf-8") as out:
        assert apply("people.csv", "--result", name, stdout=out).status == 0
    lines = Path("out").read_text("utf-8").splitlines()
    assert [line.split(",")[0].split()[0] for line in lines] == ["3", "3", "row", "1", "2", "3", "3", "1", "Next:"]
    assert lines[2].startswith("row,line,user")


def test_a_result_where_a_link_leads(apply: Apply, server: RunningServer, folder: Path) -> None:
    """Whether a result can be written is found out where it will be: in the folder to which a link leads."""
    Path("people.csv").write_text(rows(3), "utf-8")
    Path("link.csv").symlink_to("missing/result.csv")
    refused = apply("people.csv", "--result", "link.csv")
    assert (refused.status, refused.out) == (2, "")
    assert "link.csv: cannot be written: No such file or directory" in refused.err
    assert posts(server) == 0
    Path("missing").mkdir()
    assert apply("people.csv", "--result", "link.csv").status == 0
    assert len(Path("missing/result.csv").read_text("utf-8").splitlines()) == 4


def test_a_result_with_a_long_name(apply: Apply, folder: Path) -> None:
    """A name of as many bytes as a file system takes is no hindrance."""
    Path("people.csv").write_text(rows(3), "utf-8")
    assert apply("people.csv", "--result", "r" * 255).status == 0
    assert len(Path("r" * 255).read_text("utf-8").splitlines()) == 4


@pytest.mark.parametrize("name", ["r" * 256, "loop"], ids=["too long", "loop"])
def test_a_result_with_a_name_that_no_file_can_have(
    apply: Apply, server: RunningServer, folder: Path, name: str
) -> None:
    """A name that is too long, and a link that leads to itself, are found out before anything is sent."""
    Path("people.csv").write_text(rows(3), "utf-8")
    Path("loop").symlink_to("loop")
    refused = apply("people.csv", "--result", name)
    assert (refused.status, refused.out) == (2, "")
    assert f"umapi: {name}: cannot be written: " in refused.err
    assert posts(server) == 0
    assert Path("loop").is_symlink()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such name")
def test_a_file_whose_name_is_no_text(apply: Apply, server: RunningServer, folder: Path) -> None:
    """The name of a file may be bytes that are no text: its journal knows it all the same, and keeps it from harm."""
    name = os.fsdecode(b"\xe9.csv")
    Path(name).write_text(rows(3), "utf-8")
    done = apply(name, "--result", os.fsdecode(b"\xe9.result"))
    assert done.status == 0, done.err
    assert len(emails(server)) == 3
    refused = apply("--resume", f"{name}.journal", "--result", name)
    assert "is the file of the rows too, which would be lost" in refused.err
    assert apply("--resume", f"{name}.journal", name).status == 0


@pytest.mark.usefixtures("server")
def test_a_plan_without_a_temporary_folder(folder: Path) -> None:
    """Where there is no temporary folder for a plan, one line says so."""
    Path("people.csv").write_text(rows(3), "utf-8")
    program = (
        "import os, sys, tempfile; tempfile.tempdir = os.path.abspath('missing');"
        "from umapi_sdk.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    line = [sys.executable, "-c", program, "apply", "people.csv", "--plan"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("umapi: there is no temporary folder to plan in: No such file or directory")


def test_results_move_no_cursor(apply: Apply, server: RunningServer, folder: Path) -> None:
    """What a terminal would take for an instruction is escaped in JSON Lines, and nothing is lost."""
    name = "G\u202eH"
    message = json.dumps(
        {"result": "error", "errors": [{"index": 0, "step": 0, "message": name, "errorCode": "e\x9bx"}]}
    )
    server.world.faults.add(Fault(operation="action", status=200, body=message))
    command = {"user": "jdoe@example.com", "do": [{"add": {"group": [name]}}]}
    Path("commands.jsonl").write_text(json.dumps(command) + "\n", "utf-8")
    apply("commands.jsonl", "--result", "result.jsonl", "--left", "left.jsonl")
    for file in ("result.jsonl", "left.jsonl"):
        text = Path(file).read_text("utf-8")
        assert not {"\x9b", "\u202e"} & set(text)
    assert json.loads(Path("left.jsonl").read_text("utf-8")) == command
    assert json.loads(Path("result.jsonl").read_text("utf-8"))["code"] == "e\x9bx"


def test_the_journal_of_a_dry_run_stays_while_it_is_needed(apply: Apply, server: RunningServer, folder: Path) -> None:
    """A journal that the output names, or that has unknown rows, is not deleted; nor is that of a real run."""
    Path("people.csv").write_text(rows(3), "utf-8")
    said = apply("people.csv", "--dry-run", "--result", "/dev/full")
    again = "umapi apply --resume people.csv.dry-run.journal --result /dev/full writes it again"
    assert said.err.strip().endswith(again)
    resumed = apply("--resume", "people.csv.dry-run.journal", "--result", "result.csv")
    assert resumed.status == 0, resumed.err
    assert len(Path("result.csv").read_text("utf-8").splitlines()) == 4
    assert not Path("people.csv.dry-run.journal").exists()
    assert apply("people.csv", "--journal", "my.dry-run.journal").status == 0
    assert apply("--resume", "my.dry-run.journal").status == 0
    assert Path("my.dry-run.journal").exists()


def test_the_journal_of_a_dry_run_with_unknown_rows_stays(apply: Apply, server: RunningServer, folder: Path) -> None:
    """The advice to list unknown rows of a dry run names a journal that is there."""
    Path("people.csv").write_text(rows(1), "utf-8")
    page = json.dumps({"result": "success", "completed": 0, "notCompleted": 0, "completedInTestMode": 7})
    server.world.faults.add(Fault(operation="action", status=200, body=page))
    said = apply("people.csv", "--dry-run")
    assert said.status == 3
    assert "1 row in test mode, so that nothing was changed: 1 unknown" in said.lines
    listing = "umapi apply --resume people.csv.dry-run.journal --result result.csv"
    assert f"{listing} lists them" in said.lines[-1]
    apply(*listing.split()[2:])
    assert "unknown" in Path("result.csv").read_text("utf-8")


def test_what_is_no_journal_is_not_to_be_resumed(apply: Apply, server: RunningServer, folder: Path) -> None:
    """Of another file in the place of the journal, the refusal says so, and does not advise to resume it."""
    Path("people.csv").write_text(rows(3), "utf-8")
    Path("people.csv.journal").write_text("Dear diary", "utf-8")
    refused = apply("people.csv")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == (
        "umapi: journal people.csv.journal: exists already, and is no journal of a run: give another name\n"
    )
    assert Path("people.csv.journal").read_text("utf-8") == "Dear diary"


def test_a_run_needs_no_temporary_folder(apply: Apply, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be written but beside the file, it is carried out all the same."""
    Path("people.csv").write_text(rows(3), "utf-8")
    monkeypatch.setattr(tempfile, "tempdir", None)
    program = (
        "import sys, tempfile; tempfile.TemporaryDirectory = None; tempfile.mkdtemp = None;"
        "from umapi_sdk.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "apply", "people.csv"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--action", "create"),
        ("--encoding", "utf-8"),
        ("--format", "csv"),
        ("--delimiter", ","),
        ("--ignore-column", "x"),
        ("--all-problems",),
        ("--skip-bad-rows",),
        ("--bad", "bad.csv"),
        ("--journal", "other.journal"),
    ],
)
def test_options_of_the_file_do_not_go_with_resume(apply: Apply, folder: Path, options: tuple[str, ...]) -> None:
    """What only a file that is read anew would need is refused when a journal is resumed, and not passed over."""
    refused = apply("--resume", "people.csv.journal", *options)
    assert (refused.status, refused.out) == (2, "")
    assert f"umapi: {options[0]} does not go with --resume" in refused.err


@pytest.mark.parametrize(
    "options", [("--result", "r"), ("--left", "l"), ("--journal", "j"), ("--settling", "3")], ids=lambda each: each[0]
)
def test_options_of_a_run_do_not_go_with_a_plan(apply: Apply, folder: Path, options: tuple[str, ...]) -> None:
    """A plan writes no results, so that it refuses to be asked for them."""
    Path("people.csv").write_text(rows(3), "utf-8")
    refused = apply("people.csv", "--plan", *options)
    assert (refused.status, refused.out) == (2, "")
    assert f"umapi: {options[0]} does not go with --plan" in refused.err
    assert os.listdir() == ["people.csv"]


def test_standard_input_is_compared_with_a_journal(apply: Apply, folder: Path) -> None:
    """Whether a journal is that of a file is found out of standard input too."""
    Path("people.csv").write_text(rows(3), "utf-8")
    Path("others.csv").write_text(rows(4), "utf-8")
    assert apply("people.csv").status == 0
    with Path("people.csv").open("rb") as stdin:
        assert apply("--resume", "people.csv.journal", "-", stdin=stdin).status == 0
    with Path("others.csv").open("rb") as stdin:
        refused = apply("--resume", "people.csv.journal", "-", stdin=stdin)
    assert refused.status == 2
    assert "is of a run of another file or another state of it" in refused.err


def test_many_failures_are_counted(apply: Apply, server: RunningServer, folder: Path) -> None:
    """Of rows that failed, the first 20 have a line, and the others are counted."""
    Path("people.csv").write_text(rows(25, "No such group"), "utf-8")
    said = apply("people.csv")
    assert sum(line.startswith("row ") for line in said.lines) == 20
    assert "... and 5 more, all of them with --result" in said.lines


def test_advice_names_no_file_that_is_there(apply: Apply, folder: Path) -> None:
    """What is left of a file left.jsonl is to be written beside it, and not over it."""
    command = {"user": "jdoe@example.com", "do": [{"add": {"group": ["No such group"]}}]}
    Path("left.jsonl").write_text(json.dumps(command) + "\n", "utf-8")
    said = apply("left.jsonl")
    assert said.status == 1
    assert "Next: umapi apply --resume left.jsonl.journal --left left-2.jsonl writes" in said.out
    assert apply("--resume", "left.jsonl.journal", "--left", "left-2.jsonl").status == 1
    assert json.loads(Path("left-2.jsonl").read_text("utf-8")) == command


def test_a_run_begun_with_the_wrong_organisation_can_be_begun_anew(
    apply: Apply, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal of a run that has sent nothing may be deleted, and the refusal says so; no other is called so."""
    Path("people.csv").write_text(rows(3), "utf-8")
    with monkeypatch.context() as wrong:
        wrong.setenv("UMAPI_ORG_ID", "999@AdobeOrg")
        result = apply("people.csv")
    assert result.status == 3
    anew = "if the organisation or server was the wrong one, begin anew with --journal people.csv-2.journal"
    assert result.lines[-1] == f"Next: remove the cause, then: umapi apply --resume people.csv.journal; {anew}"
    assert "nothing was sent, so it may also be deleted" in apply("--resume", "people.csv.journal").err
    Path("people.csv.journal").unlink()
    assert apply("people.csv").status == 0
    monkeypatch.setenv("UMAPI_ORG_ID", "999@AdobeOrg")
    refused = apply("--resume", "people.csv.journal")
    assert "is of a run for the organisation" in refused.err
    assert "deleted" not in refused.err


@pytest.mark.parametrize("seconds", ["nan", "inf"])
def test_settling_ends(apply: Apply, server: RunningServer, folder: Path, seconds: str) -> None:
    """A wait without an end, or of no length at all, is refused."""
    Path("people.csv").write_text(rows(3), "utf-8")
    refused = apply("people.csv", "--settling", seconds)
    assert (refused.status, refused.out) == (2, "")
    assert "--settling" in refused.err
    assert posts(server) == 0


def test_what_a_journal_refuses(
    apply: Apply, server: RunningServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file, another organisation, another mode, and what is no journal, are refused with one line."""
    Path("people.csv").write_text(rows(3), "utf-8")
    assert apply("people.csv").status == 0
    assert apply("people.csv", "--resume", "people.csv.journal").status == 0
    Path("others.csv").write_text(rows(4), "utf-8")
    refused = [
        (apply("others.csv", "--resume", "people.csv.journal"), "is of a run of another file or another state of it"),
        (apply("--dry-run", "--resume", "people.csv.journal"), "is of a run for the mode real changes, not test mode"),
        (apply("--resume", "others.csv"), "is not the journal of a bulk run\n"),
        (apply("--resume", "people.csv"), "is not the journal of a bulk run: is people.csv.journal meant?"),
        (apply("--resume", "missing"), "there is no such file"),
        (apply("--resume", "people.csv.journal", "--by-group"), "--by-group does not go with --resume"),
        (apply(), "name a FILE, or a journal to go on with"),
        (apply("missing.csv"), "missing.csv: cannot be read: No such file or directory"),
        (apply("people.csv", "--result", "-"), "the summary goes to standard output: name a file"),
        (apply("-"), "standard input has no name for a journal to go by: give --journal"),
    ]
    monkeypatch.setenv("UMAPI_ORG_ID", "999@AdobeOrg")
    refused.append((apply("--resume", "people.csv.journal"), "is of a run for the organisation"))
    for result, said in refused:
        assert (result.status, result.out) == (2, ""), said
        assert said in result.err
    assert posts(server) == 1


def test_standard_input(apply: Apply, server: RunningServer, folder: Path) -> None:
    """A pipe is read like a file, if the journal has a name."""
    Path("people.csv").write_text(rows(3), "utf-8")
    with Path("people.csv").open("rb") as stdin:
        assert apply("-", "--journal", "run.journal", stdin=stdin).status == 0
    assert len(emails(server)) == 3


def test_the_next_command_has_the_settings(
    apply: Apply, server: RunningServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command of the last line is whole: with the file of settings, and quoted for a shell."""
    write_profile(Path("my umapi.toml"), server, "sandbox")
    Path("my umapi.toml").chmod(0o600)
    Path("people.csv").write_text(rows(25), "utf-8")
    server.world.faults.add(Fault(operation="action", nth=2, status=429, retry_after="3600"))
    done = subprocess.run(
        [sys.executable, "-m", "umapi_sdk", "--config", "my umapi.toml", "--profile", "sandbox", "apply", "people.csv"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout.rstrip().endswith(
        "umapi --config 'my umapi.toml' --profile sandbox apply --resume people.csv.journal"
    )


def test_what_is_left_has_nothing_that_may_have_been_done(apply: Apply, server: RunningServer, folder: Path) -> None:
    """What was not sent is left to who resumes; a removal after a failed step, which may have happened, is not."""
    commands = [
        {"user": "new0@example.com", "do": [{"add": {"group": ["DevOps"]}}, {"removeFromOrg": {}}]},
        {"user": "new1@example.com", "do": [{"add": {"group": ["DevOps"]}}, {"remove": {"group": ["Sales"]}}]},
        *({"user": f"new{number}@example.com", "do": [{"remove": "all"}]} for number in range(2, 12)),
    ]
    Path("commands.json").write_text(json.dumps(commands), "utf-8")
    server.world.faults.add(Fault(operation="action", nth=2, status=429, retry_after="3600"))
    assert apply("commands.json", "--left", "left.jsonl").status == 3
    left = [json.loads(line) for line in Path("left.jsonl").read_text("utf-8").splitlines()]
    assert left == commands[1:10]
    with BulkRun.open("commands.json.journal") as run:
        rest = [action.target for action in run.rest()]
    assert rest == [f"new{number}@example.com" for number in range(1, 12)]


def test_neither_of_two_creations_is_sent_by_chance(apply: Apply, server: RunningServer, folder: Path) -> None:
    """Where two rows create one user with other names, `--skip-bad-rows` leaves both out; equal rows are sent once."""
    people = "new0@example.com,A,B,DE,\nnew1@example.com,C,D,DE,\nNEW1@example.com,X,D,DE,\nnew0@example.com,A,B,DE,\n"
    Path("people.csv").write_text(HEADER + people, "utf-8")
    result = apply("people.csv", "--skip-bad-rows", "--bad", "bad.csv")
    assert result.lines[-2] == "1 request, and waits of 0 s in all"
    assert emails(server) == {"new0@example.com"}
    bad = [line.split('",')[1] for line in Path("bad.csv").read_text("utf-8").splitlines()[1:]]
    assert bad == people.splitlines()[1:]


def test_files_of_others_are_not_replaced(apply: Apply, server: RunningServer, folder: Path) -> None:
    """A result takes the place of an earlier one, and of no other file, which may be the only one."""
    Path("people.csv").write_text(rows(1), "utf-8")
    Path("movers.csv").write_text(rows(2), "utf-8")
    for option, noun in (("--result", "results"), ("--left", "commands")):
        refused = apply("people.csv", option, "movers.csv")
        assert (refused.status, refused.out) == (2, "")
        told = f"movers.csv: is there already, and holds no {noun} of `umapi`: it is not replaced, so name another file"
        assert refused.err == f"umapi: {told}\n"
    assert (posts(server), Path("movers.csv").read_text("utf-8")) == (0, rows(2))
    for number, name in enumerate(("result.csv", "result.jsonl") * 2):
        assert apply("people.csv", "--journal", f"{number}", "--result", name, "--left", "left.jsonl").status == 0
    assert len(Path("result.csv").read_text("utf-8").splitlines()) == 2


def test_a_file_without_rows_is_no_mistake(apply: Apply, server: RunningServer, folder: Path) -> None:
    """A day on which nobody comes is told, and leaves no journal that would be in the way of the next day's run."""
    Path("people.csv").write_text(HEADER, "utf-8")
    result = apply("people.csv", "--result", "result.csv")
    assert (result.status, result.err) == (0, "")
    assert result.lines == ["people.csv has no rows: there was nothing to do."]
    assert len(Path("result.csv").read_text("utf-8").splitlines()) == 1
    assert sorted(os.listdir()) == ["people.csv", "result.csv"]


def test_what_was_not_sent_is_left_to_the_journal(apply: Apply, server: RunningServer, folder: Path) -> None:
    """`--left` of a run that is not over has the failed rows alone: the others are sent by who resumes, and once."""
    more = "".join(f"late{number}@example.com,A,B,DE,\n" for number in range(3))
    Path("people.csv").write_text(f"{rows(9)}new9@example.com,A,B,DE,Missing\n{more}", "utf-8")
    server.world.faults.add(Fault(operation="action", status=429, retry_after=1800, nth=2))
    result = apply("people.csv", "--left", "left.jsonl")
    assert (result.status, "13 rows: 9 completed, 1 failed, 3 left" in result.lines) == (3, True), result.out
    assert [json.loads(line)["user"] for line in Path("left.jsonl").read_text("utf-8").splitlines()] == [
        "new9@example.com"
    ]


def test_what_remarks_count(apply: Apply, folder: Path) -> None:
    """Remarks are about the rows that are sent, and not about those that are left out."""
    Path("people.csv").write_text(rows(1) + "q@example.com,A,B,XX\n", "utf-8")
    assert apply("people.csv", "--plan", "--skip-bad-rows").lines[1:3] == [
        "1 row in 1 command, 0 of them merged, in 1 request",
        "1 row creates a user, and who is there already gets the names of the row: "
        "a column option with ignoreIfAlreadyExists keeps the old ones",
    ]


def test_what_is_left_is_no_table(apply: Apply, server: RunningServer, folder: Path) -> None:
    """A name of a table for `--left`, which is written as JSON Lines, is refused before anything is sent."""
    Path("people.csv").write_text(rows(1), "utf-8")
    refused = apply("people.csv", "--left", "left.csv")
    assert (refused.status, posts(server)) == (2, 0)
    assert refused.err == "umapi: --left left.csv: what is left is written as JSON Lines: name a .jsonl\n"


@pytest.mark.parametrize(
    "content",
    ["sep=;\nemail;groups\n", '[\n{"price": 1}\n]\n', '{"user":{"email":"a@example.com"}}\n', "problems,email\n"],
)
def test_a_file_that_begins_like_bad_rows(apply: Apply, folder: Path, content: str) -> None:
    """A file of people from Excel, an export and any other JSON are none; one of bad rows is replaced."""
    Path("people.csv").write_text(rows(1) + "q@example.com,A,B,XX,\n", "utf-8")
    Path("kept").write_text(content, "utf-8")
    refused = apply("people.csv", "--skip-bad-rows", "--bad", "kept")
    assert (refused.status, Path("kept").read_text("utf-8")) == (2, content)
    for name, text in (("bad.csv", "sep=;\nproblem;email\n"), ("bad.json", '[\n{"user":\n"q@example.com"}\n]\n')):
        Path(name).write_text(text, "utf-8")
        apply("people.csv", "--journal", f"{name}.journal", "--skip-bad-rows", "--bad", name)
        assert Path(name).read_text("utf-8").startswith("problem,email,")
