"""`umapi export`: the whole organisation in one file, or no file."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from umapi_command import Result
from umapi_harness.mock import InputError, build_seed, default_seed, export_seed
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_harness.mock.state.seed_files import read_seeds
from umapi_sdk.command_line.exports import COLUMNS
from umapi_sdk.sheets import open_sheet

Umapi = Callable[..., Result]


def entries(path: Path, kind: str) -> list[Any]:
    """The entries of a kind in an export as JSON Lines."""
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [line[kind] for line in lines if kind in line]


def test_json_lines(umapi: Umapi, tmp_path: Path) -> None:
    """JSON Lines have every group and every user as the listings show them, and nobody but the owner reads the file."""
    path = tmp_path / "all.jsonl"
    result = umapi("export", str(path))
    users, groups = entries(path, "user"), entries(path, "group")
    assert (result.status, result.out) == (0, f"{path}: {len(users)} users, {len(groups)} groups\n")
    assert users == json.loads(umapi("users", "--format", "json").out)
    assert groups == json.loads(umapi("groups", "--format", "json").out)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name == "nt"
    assert os.listdir(tmp_path) == ["all.jsonl"]


def test_csv_is_taken_by_apply(umapi: Umapi, server: RunningServer, tmp_path: Path) -> None:
    """Each row of the CSV is an action without a problem: user groups first, then users with their groups."""
    organization = server.world.organization()
    user = organization.find_user("jdoe@example.com")
    assert user is not None
    organization.name_user(user, firstname="=1+1", lastname="花;子")
    path = tmp_path / "all.csv"
    result = umapi("export", str(path))
    assert result.status == 0
    assert "left out, as CSV has only what the API can make" in result.out
    rows = list(open_sheet(path))
    # One user of the sample has no name: whoever lacks what a new account needs cannot be created anew.
    problems = [problem.message for row in rows for problem in row.problems]
    assert set(problems) == {"is blank, and a federatedID needs it"}
    assert len([row for row in rows if row.problems]) == 1
    groups = json.loads(umapi("groups", "--type", "USER_GROUP", "--format", "json").out)
    actions = [row.action for row in rows]
    assert [action.target for action in actions[: len(groups)] if action] == [group["groupName"] for group in groups]
    assert len(actions) == len(groups) + 13
    with path.open(encoding="utf-8-sig", newline="") as stream:
        cells = {row["email"]: row for row in csv.DictReader(stream)}
    assert (cells["jdoe@example.com"]["firstname"], cells["jdoe@example.com"]["lastname"]) == ("'=1+1", "花;子")
    assert cells["admin@example.net"]["other_groups"] == "_org_admin"


def test_many_pages(umapi: Umapi, server: RunningServer, tmp_path: Path) -> None:
    """A listing that changes while it is read is read again, and the file has everybody once."""
    server.world.settings = server.world.settings.changed({"users_page_size": 5})
    server.world.faults.add(Fault(operation="users", nth=2, status=404))
    path = tmp_path / "all.jsonl"
    result = umapi("export", str(path))
    assert result.status == 0
    assert result.err.startswith("umapi: reading from page 0 again: ")
    users = [(user["type"], user["username"], user["domain"]) for user in entries(path, "user")]
    assert len(set(users)) == len(users) == 13


@pytest.mark.parametrize("name", ["all.jsonl", "all.csv"])
def test_whole_or_not_at_all(umapi: Umapi, server: RunningServer, tmp_path: Path, name: str) -> None:
    """Where the last page fails, what was there before stays, nothing is left beside it, and the status is 1."""
    path = tmp_path / name
    before = {"all.csv": ",".join(COLUMNS), "all.jsonl": '{"group": {"groupName": "before"}}'}[name]
    path.write_text(before, "utf-8")
    server.world.settings = server.world.settings.changed({"users_page_size": 5})
    server.world.faults.add(Fault(operation="users", nth=3, status=503))
    result = umapi("export", str(path))
    assert (result.status, result.out) == (1, "")
    assert "status 503" in result.err
    assert path.read_text("utf-8") == before
    assert os.listdir(tmp_path) == [name]
    assert umapi("export", str(path)).status == 0


def test_files_of_others_are_not_replaced(umapi: Umapi, tmp_path: Path) -> None:
    """An export takes the place of an earlier one, and of nothing else."""
    path = tmp_path / "joiners.csv"
    path.write_text("email,groups\n", "utf-8")
    refused = umapi("export", str(path))
    assert (refused.status, refused.out, path.read_text("utf-8")) == (2, "", "email,groups\n")
    told = "is there already, and holds no export of `umapi`: it is not replaced, so name another file"
    assert refused.err == f"umapi: {path}: {told}\n"


def test_a_listing_that_is_never_whole(umapi: Umapi, server: RunningServer, tmp_path: Path) -> None:
    """After two restarts in vain, the error says what is missing, and there is no file."""
    server.world.put(build_seed({**default_seed(), "technical_accounts": 12}))
    result = umapi("export", str(tmp_path / "all.csv"))
    assert result.status == 1
    assert "12 are missing" in result.err.splitlines()[-1]
    assert len(result.err.splitlines()) == 3
    assert os.listdir(tmp_path) == []
    assert umapi("export", str(tmp_path / "all.csv"), "--unlisted", "12").status == 0


def test_doubts_are_told(umapi: Umapi, server: RunningServer, tmp_path: Path) -> None:
    """What could not be checked of the listings is one line on standard error."""
    page = json.dumps({"result": "success", "lastPage": True, "users": []})
    server.world.faults.add(Fault(operation="users", status=200, body=page))
    result = umapi("export", str(tmp_path / "all.jsonl"))
    assert result.status == 0
    assert result.err.startswith("umapi: the listing could not be checked in every way: the service sent no X-")


def test_files_that_cannot_be_written(umapi: Umapi, tmp_path: Path) -> None:
    """A folder that is not there, and what is no file, are told by name."""
    missing = tmp_path / "missing" / "all.csv"
    result = umapi("export", str(missing))
    assert (result.status, result.err) == (1, f"umapi: {missing}: cannot be written: No such file or directory\n")
    result = umapi("export", os.devnull)
    assert (result.status, result.err) == (
        2,
        f"umapi: {os.devnull} is no file that can be replaced: name another\n",
    )


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="streams have no names here")
def test_a_stream_is_not_replaced(umapi: Umapi) -> None:
    """Standard output is no file that can be replaced, also where a file stands behind it."""
    result = umapi("export", "/dev/stdout")
    assert (result.status, result.err) == (2, "umapi: /dev/stdout is no file that can be replaced: name another\n")


def test_a_link_that_leads_to_itself(umapi: Umapi, tmp_path: Path) -> None:
    """A link is followed to the place of the file; one without an end is no place, and stays."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    result = umapi("export", str(loop))
    assert (result.status, result.err) == (1, f"umapi: {loop}: cannot be written: Too many levels of symbolic links\n")
    assert os.listdir(tmp_path) == ["loop"]
    assert loop.is_symlink()


def test_large_numbers_are_told_alike(umapi: Umapi, server: RunningServer, tmp_path: Path) -> None:
    """Numbers of four digits have a mark between thousands, as everywhere."""
    seed = default_seed()
    user = {"type": "federatedID", "firstname": "A", "lastname": "B", "country": "US"}
    seed["users"] += [{**user, "email": f"u{each}@example.com"} for each in range(1000)]
    server.world.put(build_seed(seed))
    result = umapi("export", str(tmp_path / "all.jsonl"))
    assert ": 1,013 users, " in result.out


MEASURED = """
import sys, tracemalloc
from umapi_sdk.cli import main
tracemalloc.start()
status = main(sys.argv[1:])
print(status, tracemalloc.get_traced_memory()[1])
"""


def test_memory(server: RunningServer, tmp_path: Path) -> None:
    """Ten times as many users take little more memory: they are written as they come."""
    used: list[int] = []
    for number in (1000, 11000):
        seed = default_seed()
        user = {"type": "federatedID", "firstname": "A" * 240, "lastname": "B" * 240, "country": "US"}
        seed["users"] += [{**user, "email": f"u{each}@example.com"} for each in range(number)]
        server.world.put(build_seed(seed))
        server.world.settings = server.world.settings.changed({"users_page_size": 200})
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, "export", str(tmp_path / "all.jsonl")],
            capture_output=True,
            text=True,
            check=False,
        )
        status, peak = done.stdout.split()[-2:]
        assert status == "0", done.stderr
        used.append(int(peak))
    # Held, they would take 15 MB; of each, a number is kept by which a repetition is noticed.
    assert used[1] - used[0] < 4_000_000


def test_an_export_soon_after_a_listing(umapi: Umapi, server: RunningServer, tmp_path: Path) -> None:
    """`--announce` announces the listing of users, not that of groups before it, and is let through."""
    server.world.settings = server.world.settings.changed({"throttle": True, "first_page_lockout_seconds": 1800})
    assert umapi("users").status == 0
    assert umapi("export", str(tmp_path / "all.jsonl")).status == 1
    assert umapi("export", "--announce", str(tmp_path / "all.jsonl")).status == 0
    assert len(entries(tmp_path / "all.jsonl", "user")) == 13
    headers = [entry["request_headers"] for entry in server.world.journal.as_list() if "/ims/" not in entry["path"]]
    said = [{name.lower(): value for name, value in each.items()}.get("pragma") for each in headers]
    assert said[-2:] == [None, "umapi-sync-start"]


def test_a_sandbox_is_made_of_what_was_listed(server: RunningServer, umapi: Umapi, tmp_path: Path) -> None:
    """A seed reads the exports and the list of users: the same people, in the same groups."""
    users, table, lines, other = (tmp_path / name for name in ("users.csv", "org.csv", "org.jsonl", "org.json"))
    users.write_text(umapi("users", "--format", "csv").out, "utf-8")
    for path in (table, lines, other):
        assert umapi("export", str(path)).status == 0
    listed = tmp_path / "users.jsonl"
    listed.write_text(umapi("users", "--format", "jsonl").out, "utf-8")
    wanted = export_seed(server.world.organization())
    people = [user for user in wanted["users"] if "status" not in user]
    for path in (users, listed, table, lines, other):
        (seed,) = read_seeds([path])
        document = export_seed(seed.organization)
        assert [{**user, "id": ""} for user in document["users"]] == [{**user, "id": ""} for user in people]
        if path in (lines, other):
            names = {kind: [each["name"] for each in wanted[kind]] for kind in ("products", "user_groups")}
            assert {kind: [each["name"] for each in document[kind]] for kind in names} == names
            assert document["profiles"] == wanted["profiles"]
    (seed,) = read_seeds([table])
    document = export_seed(seed.organization)
    assert [each["name"] for each in document["user_groups"]] == [each["name"] for each in wanted["user_groups"]]
    assert "Photoshop - 2Gb" in [each["name"] for each in document["profiles"]]


def test_lines_that_are_no_seed_are_told_by_line_and_pointer(tmp_path: Path) -> None:
    """What is wrong with an export is said in the words of the export."""
    group = '{"group": {"groupName": "G", "type": "USER_GROUP"}}\n'
    for text, message in (
        ('{"user": {"email": "a", "type": "federatedID"}}', r'line 2: /user/email: "a" does not match'),
        ('{"group": {"groupName": "_x", "type": "USER_GROUP"}}', r'line 2: /group/groupName: "_x" does not match'),
        ('{"people": []}', "line 2: holds neither a user nor a group; export it again"),
        ("{", r"line 2: not JSON \(.*\); export it again"),
    ):
        path = tmp_path / "org.jsonl"
        path.write_text(group + text, "utf-8")
        with pytest.raises(InputError, match=message):
            read_seeds([path])
