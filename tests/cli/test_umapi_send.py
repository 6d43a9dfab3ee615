"""The command `umapi send`: every command of a file is told with what became of it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from umapi_command import Result
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_models.error_codes import ERROR_CODES
from umapi_sdk.cli import main
from umapi_sdk.connection import Connection

Umapi = Callable[..., Result]
Writer = Callable[[Any], str]


def create(number: int, **more: Any) -> dict[str, Any]:
    """A command that creates a user."""
    email = f"new{number}@example.com"
    step = {"email": email, "firstname": "New", "lastname": str(number), "country": "US"}
    return {"user": email, **more, "do": [{"createFederatedID": step}]}


def posts(server: RunningServer) -> int:
    """Number of action requests that the server has received."""
    return sum("/action/" in entry["path"] for entry in server.world.journal.as_list())


def emails(server: RunningServer) -> set[str]:
    """E-mail addresses of the users in the organisation."""
    return {user.email for user in server.world.organization().users}


def test_any_number_of_commands(umapi: Umapi, commands_file: Writer, server: RunningServer) -> None:
    """Twenty-three commands go out in three requests, and each has its line."""
    result = umapi("send", commands_file([create(number) for number in range(23)]))
    assert (result.status, result.err) == (0, "")
    assert result.lines[0] == "/0 new0@example.com: completed"
    assert result.lines[22:] == ["/22 new22@example.com: completed", "23 commands: 23 completed"]
    assert posts(server) == 3
    assert {f"new{number}@example.com" for number in range(23)} <= emails(server)


def test_all_kinds_of_commands(umapi: Umapi, commands_file: Writer, server: RunningServer) -> None:
    """Commands on users and on user groups reach the service with everything that they hold."""
    commands: list[dict[str, object]] = [
        {"user": "fwalker", "domain": "example.com", "requestID": "one", "do": [
            {"createFederatedID": {"email": "f@example.com", "firstname": "F", "lastname": "W", "country": "DE"}},
            {"add": {"group": ["DevOps", "Marketing"]}},
            {"remove": {"group": ["Marketing"]}},
        ]},
        {"usergroup": "Testers", "requestID": "two", "do": [
            {"createUserGroup": {"description": "Those who test"}},
            {"add": {"user": ["jdoe@example.com"], "productConfiguration": ["Document Cloud 1"]}},
        ]},
        {"user": "jane@example.com", "useAdobeID": True, "do": [{"removeFromOrg": {"deleteAccount": False}}]},
        {"user": "sato@example.org", "do": [{"remove": "all"}]},
    ]  # fmt: skip
    result = umapi("send", commands_file(commands))
    assert (result.status, result.err) == (0, "")
    sent = [entry for entry in server.world.journal.as_list() if "/action/" in entry["path"]]
    body = sent[0]["request_body"]
    labelled = [{"requestID": f"action_{place}"} | command for place, command in enumerate(commands, 1)]
    assert (json.loads(body) if isinstance(body, str) else body) == labelled
    group = server.world.organization().catalog.find("Testers")
    assert group is not None
    assert group.description == "Those who test"


def test_failures_name_their_place(umapi: Umapi, commands_file: Writer) -> None:
    """A failed command is told with command, step and code; the others are told as completed."""
    commands = [
        create(1),
        {"user": "jdoe@example.com", "do": [{"update": {"firstname": "J"}}, {"add": {"group": ["No Group"]}}]},
        {"user": "nobody@example.com", "do": [{"update": {"firstname": "N"}}]},
    ]
    result = umapi("send", commands_file(commands))
    assert (result.status, result.err) == (1, "")
    assert result.lines == [
        "/0 new1@example.com: completed",
        "/1 jdoe@example.com: failed: step 0 took effect, step 1 failed; /1/do/1/add: Group No Group was not found "
        "(error.group.not_found) - Check the name against the list of groups, or create the user group first: "
        "product profiles are made in the Admin Console. "
        "Leave out step 0 when sending it again: done already.",
        "/2 nobody@example.com: failed: /2/do/0/update: User Id does not exist: nobody@example.com "
        f"(error.user.nonexistent) - {ERROR_CODES['error.user.nonexistent'].remedy}",
        "3 commands: 1 completed, 2 failed",
    ]


def test_a_long_wait_is_told_before_it_begins(
    umapi: Umapi, commands_file: Writer, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 429 that asks for 120 seconds is told on standard error with its length and reason, and the run goes on."""
    defaults: Any = Connection.__init__.__kwdefaults__
    slept: list[float] = []
    monkeypatch.setitem(defaults, "sleep", slept.append)
    monkeypatch.setenv("UMAPI_MAX_RETRIES", "2")
    server.world.faults.add(Fault(operation="action", nth=1, status=429, retry_after="120"))
    result = umapi("send", commands_file([create(1)]))
    assert (result.status, result.lines[0]) == (0, "/0 new1@example.com: completed")
    assert (result.err, slept) == ("umapi: waiting 120 s: the service answered 429\n", [120.0])


def test_verbose_tells_of_requests(umapi: Umapi, commands_file: Writer, capsys: pytest.CaptureFixture[str]) -> None:
    """With `-v` each request has a line on standard error; the next run without it has none."""
    umapi("status")  # for the environment of the server
    assert main(["-v", "send", commands_file([create(1)])]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["umapi"] * len(lines)
    assert any("POST" in line and "/action/" in line and ": 200, request id " in line for line in lines)
    assert umapi("send", commands_file([create(2)])).err == ""


def test_warnings_are_told(umapi: Umapi, commands_file: Writer, server: RunningServer) -> None:
    """A command that completes with a warning says so, with its place."""
    warning = {"index": 0, "step": "0", "warningCode": "warning.command.deprecated", "message": "An old\nname"}
    counts = {"completed": 1, "notCompleted": 0, "completedInTestMode": 0, "result": "success"}
    body = json.dumps({**counts, "warnings": [warning]})
    server.world.faults.add(Fault(operation="action", status=200, body=body))
    result = umapi("send", commands_file([create(1)]))
    assert result.status == 0
    assert result.lines[0] == (
        "/0 new1@example.com: completed: warning: /0/do/0/createFederatedID: An old name (warning.command.deprecated)"
    )


def test_test_mode(umapi: Umapi, commands_file: Writer, server: RunningServer) -> None:
    """With `--test-mode` nothing changes, and every line says that it is about test mode."""
    result = umapi("send", commands_file([create(1)]), "--test-mode")
    assert (result.status, result.err) == (0, "")
    assert result.lines == ["/0 new1@example.com: completed in test mode", "1 command in test mode: 1 completed"]
    assert "new1@example.com" not in emails(server)


def test_a_throttled_run_tells_what_was_not_sent(umapi: Umapi, commands_file: Writer, server: RunningServer) -> None:
    """After a 429 on the second request the first ten are completed and the others not sent, with the reason."""
    server.world.faults.add(Fault(operation="action", nth=2, status=429, retry_after="3000"))
    result = umapi("send", commands_file([create(number) for number in range(25)]))
    assert result.status == 1
    assert result.lines[9] == "/9 new9@example.com: completed"
    for number in range(10, 25):
        assert result.lines[number].startswith(f"/{number} new{number}@example.com: not sent: ")
        assert "come back in 3000 s" in result.lines[number]
    assert result.lines[25] == "25 commands: 10 completed, 15 not sent"
    assert "come back in 3000 s" in result.err
    assert "new10@example.com" not in emails(server)


def test_a_lost_answer_is_unknown(umapi: Umapi, commands_file: Writer, server: RunningServer) -> None:
    """Commands whose answer got lost are unknown, never completed or failed; nothing more is sent after them."""
    server.world.faults.add(Fault(operation="action", kind="drop", when="after", first=1))
    result = umapi("send", commands_file([create(number) for number in range(11)]))
    assert result.status == 1
    assert result.lines[0].startswith("/0 new0@example.com: unknown: no answer came")
    assert result.lines[10].startswith("/10 new10@example.com: not sent: ")
    assert result.lines[11] == "11 commands: 10 unknown, 1 not sent"
    assert posts(server) == 1


def test_wrong_credentials_send_nothing(
    umapi: Umapi, commands_file: Writer, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a token every command is told as not sent, and the cause stands on standard error."""
    monkeypatch.setenv("UMAPI_CLIENT_SECRET", "another-secret")
    result = umapi("send", commands_file([create(1)]))
    assert result.status == 1
    assert result.lines[1] == "1 command: 1 not sent"
    assert "check the client secret" in result.err
    assert "another-secret" not in result.err + result.out
    assert posts(server) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"user": "a@example.com"}', "is not a list of commands (error.command.malformed)"),
        ("[1]", "/0: "),
        ('[{"user": "a@example.com", "do": [{"add": {"group": ["A"]}, "add": {}}]}]', 'the key "add" stands twice'),
        ("[", "is not JSON: "),
        ("[" * 100_000, "is not JSON: "),
        (json.dumps([create(1), create(2, colour="red")]), "/1/colour: "),
        (json.dumps([*map(create, range(12)), {"user": "a@example.com", "do": []}]), "/12/do: "),
        (json.dumps([*map(create, range(12)), {"user": "a@example.com", "do": [{"dance": {}}]}]), "/12/do/0/dance: "),
        (json.dumps([create(1), {"user": "\ud800@example.com", "do": [{"remove": "all"}]}]), "/1"),
        (json.dumps([{"user": "jdoe", "do": [{"remove": "all"}]}]), "/0"),
    ],
    ids=["object", "number", "twice", "broken", "deep", "field", "empty", "step", "surrogate", "domain"],
)
def test_bad_input_sends_nothing(
    content: str, said: str, umapi: Umapi, commands_file: Writer, server: RunningServer
) -> None:
    """A file with anything wrong in it is refused whole, in one line with file and place, and exit status 2."""
    path = commands_file(content)
    result = umapi("send", path)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"umapi: {path}: ")
    assert said in result.err
    assert posts(server) == 0


def test_every_mistake_of_a_file_is_told(umapi: Umapi, commands_file: Writer) -> None:
    """Mistakes in different parts of a long file are told together, a line each, with how many there are."""
    wrong = {"user": "a@example.com", "do": [{"update": {}}]}
    path = commands_file([wrong, *map(create, range(14)), wrong])
    result = umapi("send", path)
    assert result.status == 2
    first, second, last = result.err.splitlines()
    assert first.startswith(f"umapi: {path}: /0/do/0/update: ")
    assert second.startswith(f"umapi: {path}: /15/do/0/update: ")
    assert last == f"umapi: {path}: 2 problems: nothing was sent"


def test_of_many_mistakes_the_first_are_told(umapi: Umapi, commands_file: Writer) -> None:
    """A file that is wrong in every command does not fill the terminal: a hundred are shown, and counted are all."""
    wrong = {"user": "a@example.com", "do": [{"update": {}}]}
    result = umapi("send", commands_file([wrong] * 150))
    lines = result.err.splitlines()
    assert len(lines) == 101
    assert lines[-1].endswith(": 150 problems, 50 of them not shown: nothing was sent")


def test_a_file_that_cannot_be_read(umapi: Umapi, tmp_path: Any) -> None:
    """A missing file, and one that is no text, are told in one line with exit status 2."""
    result = umapi("send", str(tmp_path / "missing.json"))
    assert result.status == 2
    assert result.err == f"umapi: {tmp_path}/missing.json: cannot be read: No such file or directory\n"
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    result = umapi("send", str(binary))
    assert (result.status, result.err) == (2, f"umapi: {binary}: is not UTF-8 text\n")


def test_standard_input(umapi: Umapi, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads the commands from standard input; a byte order mark does no harm, and no commands are no mistake."""
    stdin = io.BytesIO(b"\xef\xbb\xbf" + json.dumps([create(1)]).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stdin))
    assert umapi("send", "-").status == 0
    assert "new1@example.com" in emails(server)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"[]")))
    result = umapi("send", "-")
    assert (result.status, result.lines) == (0, ["0 commands"])


def _sender(file: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "umapi_sdk", "send", file],
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_request_to_end_is_told_like_an_interrupt(server: RunningServer, commands_file: Writer) -> None:
    """After SIGTERM in mid-run, every command still gets its line: completed, unknown or not sent."""
    server.world.faults.add(Fault(operation="action", kind="delay", delay=30.0, nth=2))
    process = _sender(commands_file([create(number) for number in range(30)]), stdout=subprocess.PIPE)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(10)]
    while httpx.get(f"{server.url}/_mock/faults", trust_env=False).json()[0]["matched"] < 2:
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    rest, complaint = process.communicate(timeout=30)
    lines += rest.splitlines()
    assert process.returncode == 130
    assert complaint.strip() == "umapi: interrupted"
    assert lines[-1] == "30 commands: 10 completed, 10 unknown, 10 not sent"


@pytest.mark.usefixtures("server")
def test_outcomes_are_told_when_the_output_fails(commands_file: Writer) -> None:
    """With an output that cannot be written, the outcomes go to standard error, and the status is not 0."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        process = _sender(commands_file([create(number) for number in range(12)]), stdout=full)
        _, complaint = process.communicate(timeout=30)
    assert process.returncode == 1
    lines = complaint.splitlines()
    assert lines[0].startswith("umapi: the output cannot be written")
    assert lines[-1] == "12 commands: 12 completed"
    assert len(lines) == 14
