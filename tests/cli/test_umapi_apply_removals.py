"""`umapi apply --max-removals`: a file that removes too many people is not sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from umapi_command import Result
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk.cli import main

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def apply(server: RunningServer, folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `umapi apply` with arguments."""

    def run(*arguments: str) -> Result:
        status = main(["apply", *arguments])
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return run


def leavers(folder: Path, count: int) -> str:
    """A file of that many people who are to go."""
    text = "email\n" + "".join(f"leaver{number}@example.com\n" for number in range(count))
    (folder / "leavers.csv").write_text(text, "utf-8")
    return "leavers.csv"


def posts(server: RunningServer) -> int:
    """How many action requests the server has seen."""
    return sum("/action/" in entry["path"] for entry in server.world.journal.as_list())


@pytest.mark.parametrize("action", ["remove_from_org", "delete_account", "remove_all"])
def test_more_than_a_number(apply: Run, server: RunningServer, folder: Path, action: str) -> None:
    """One removal more than allowed: nothing is sent, no journal is left, and one line says why."""
    told = apply("--action", action, "--max-removals", "2", leavers(folder, 3))
    assert told.status == 2
    assert told.err.splitlines() == [
        "umapi: leavers.csv: 3 rows remove people, and --max-removals allows 2: nothing was sent. "
        "Is the file whole? If it is right, raise the limit"
    ]
    assert posts(server) == 0
    assert [path.name for path in folder.iterdir()] == ["leavers.csv"]


def test_as_many_as_allowed(apply: Run, server: RunningServer, folder: Path) -> None:
    """So many removals as allowed are sent."""
    apply("--action", "remove_from_org", "--max-removals", "3", leavers(folder, 3))
    assert posts(server) == 1


def test_a_percentage_of_the_users(apply: Run, server: RunningServer, folder: Path) -> None:
    """Of 14 users 20 % are 2, and 21.5 % are 3; the service is asked how many there are."""
    file = leavers(folder, 3)
    told = apply("--action", "remove_from_org", "--max-removals", "20%", file)
    assert "allows 20% of 14 users, which is 2: nothing was sent" in told.err
    assert (told.status, posts(server)) == (2, 0)
    apply("--action", "remove_from_org", "--max-removals", "21.5%", file)
    assert posts(server) == 1


def test_nothing_is_asked_for_without_removals(apply: Run, server: RunningServer, folder: Path) -> None:
    """A file that removes nobody needs no number of users, whatever the limit."""
    (folder / "joiners.csv").write_text("email,firstname,lastname,country\nj@example.com,J,O,DE\n", "utf-8")
    assert apply("--max-removals", "0%", "joiners.csv").status == 0
    assert not any("/users/" in entry["path"] for entry in server.world.journal.as_list())
    assert posts(server) == 1


def test_removals_among_commands(apply: Run, server: RunningServer, folder: Path) -> None:
    """Commands of JSON are counted too; memberships that end one by one are not, nor are user groups."""
    commands = [
        {"user": "jdoe@example.com", "do": [{"remove": {"group": ["DevOps"]}}]},
        {"user": "jane@example.com", "do": [{"update": {"firstname": "J"}}, {"remove": "all"}]},
        {"user": "sato@example.org", "do": [{"removeFromOrg": {}}]},
        {"usergroup": "Alumni", "do": [{"deleteUserGroup": {}}]},
    ]
    (folder / "all.json").write_text(json.dumps(commands), "utf-8")
    told = apply("--max-removals", "1", "all.json")
    assert told.err.startswith("umapi: all.json: 2 rows remove people, and --max-removals allows 1: ")
    assert posts(server) == 0
    apply("--max-removals", "2", "all.json")
    assert posts(server) == 1


def test_a_plan_tells_it_too(apply: Run, folder: Path) -> None:
    """A mere plan of too many removals says so."""
    told = apply("--plan", "--action", "remove_from_org", "--max-removals", "0", leavers(folder, 1))
    assert told.status == 2
    assert told.err.startswith("umapi: leavers.csv: 1 row removes people, and --max-removals allows 0: ")


def test_a_service_that_does_not_say(apply: Run, server: RunningServer, folder: Path) -> None:
    """Where the number of users cannot be had, nothing is sent, and no journal is left."""
    server.world.faults.add(Fault(operation="users", first=9, status=500))
    told = apply("--action", "remove_from_org", "--max-removals", "5%", leavers(folder, 1))
    assert told.status == 1
    assert posts(server) == 0
    assert [path.name for path in folder.iterdir()] == ["leavers.csv"]


def test_a_percentage_soon_after_a_listing(apply: Run, server: RunningServer, folder: Path) -> None:
    """While the page that says the number of users is locked, a number is asked for, since apply announces nothing."""
    server.world.settings = server.world.settings.changed({"throttle": True, "first_page_lockout_seconds": 1800})
    assert apply("--plan", "--action", "remove_from_org", "--max-removals", "100%", leavers(folder, 1)).status == 0
    told = apply("--action", "remove_from_org", "--max-removals", "100%", leavers(folder, 1))
    assert (told.status, posts(server)) == (2, 0)
    asked = "how many users there are cannot be asked now: give --max-removals a number ("
    assert told.err.startswith(f"umapi: leavers.csv: {asked}")
    assert [path.name for path in folder.iterdir()] == ["leavers.csv"]


@pytest.mark.parametrize("limit", ["-1", "five", "101%", "%", "5 %", "1e3", ""])
def test_limits_that_mean_nothing(apply: Run, folder: Path, limit: str) -> None:
    """What is neither a number nor a percentage is refused in one line."""
    told = apply(f"--max-removals={limit}", leavers(folder, 1))
    assert told.status == 2
    assert "is no number of people, as 200, and no percentage, as 5%." in told.err


def test_a_run_that_goes_on_was_looked_at(apply: Run, server: RunningServer, folder: Path) -> None:
    """The limit does not go with --resume: what is in a journal has passed it."""
    apply("--action", "remove_from_org", "--max-removals", "3", leavers(folder, 3))
    told = apply("--resume", "leavers.csv.journal", "--max-removals", "1")
    assert told.status == 2
    assert "--max-removals does not go with --resume" in told.err
