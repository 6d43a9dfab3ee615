"""The commands of `umapi` that look: status, users, user, groups."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from umapi_command import Result
from umapi_harness.mock import build_seed, default_seed
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer

Umapi = Callable[..., Result]


def test_status_of_a_live_service(umapi: Umapi, server: RunningServer) -> None:
    """`status` shows the endpoint and what the service says of itself."""
    result = umapi("status")
    assert result.status == 0
    assert result.lines[0] == f"endpoint: {server.details.api_url}"
    assert "state: LIVE" in result.lines


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            b"<html>Log in",
            "umapi: the service cannot be asked: the answer is not JSON: a web page came: is the endpoint ",
        ),
        (b"{}", "umapi: the service cannot be asked: the answer breaks the contract: "),
        (b'{"state": "MAINT\\u001b[2J"}', "umapi: the service is not live: its state is MAINT [2J\n"),
    ],
    ids=["page", "no state", "another state"],
)
def test_status_that_is_not_live(umapi: Umapi, server: RunningServer, answer: bytes, said: str) -> None:
    """A page in place of the state, no state, and any but LIVE: exit status 1 and one line that says what is wrong."""
    server.world.faults.add(Fault(operation="status", status=200, body=answer.decode()))
    result = umapi("status")
    assert (result.status, result.err[: len(said)]) == (1, said)


def test_status_of_a_dead_service(umapi: Umapi, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that gives no good answer, or none, is told with exit status 1."""
    server.world.faults.add(Fault(operation="status", status=503))
    result = umapi("status")
    assert result.status == 1
    assert result.lines[1].startswith("status: Unexpected HTTP status 503 at: ")
    monkeypatch.setenv("UMAPI_ENDPOINT", "http://127.0.0.1:1/v2/usermanagement")
    result = umapi("status")
    assert result.status == 1
    assert result.lines[1].startswith("status: Unreachable at: ")
    assert "127.0.0.1:1 refuses connections: does it run, and is the port of the URL right?" in result.err


def test_users(umapi: Umapi) -> None:
    """`users` has one line for each user, whatever letters the name is written in."""
    result = umapi("users")
    assert result.status == 0
    heading, *lines = result.lines
    assert heading.split() == ["EMAIL", "TYPE", "STATUS", "NAME"]
    assert len(lines) == 13
    told = {line[: heading.index("TYPE")].strip(): line for line in lines}
    assert told["sato@example.org"][heading.index("NAME") :] == "花子 佐藤"
    assert told["jdoe@example.com"].split() == ["jdoe@example.com", "federatedID", "active", "John", "Doe"]


def test_users_of_a_group_and_of_a_domain(umapi: Umapi) -> None:
    """`--group` and `--domain` narrow the listing, also for names that are hard to send."""
    assert {line.split()[0] for line in umapi("users", "--group", "DevOps").lines[1:]} == {
        "jdoe@example.com",
        "o'neil+test@example.org",
    }
    assert [line.split()[0] for line in umapi("users", "--group", "100% remote? #1 + more").lines[1:]] == [
        "o'neil+test@example.org"
    ]
    assert {line.split()[0] for line in umapi("users", "--domain", "example.org").lines[1:]} == {
        "sato@example.org",
        "o'neil+test@example.org",
    }


def test_users_as_csv(umapi: Umapi) -> None:
    """`--format csv` writes what is known of each user under the service's names, groups in one cell."""
    result = umapi("users", "--format", "csv", "--group", "DevOps")
    assert result.status == 0
    rows = {row["email"]: row for row in csv.DictReader(io.StringIO(result.out))}
    row = rows["jdoe@example.com"]
    assert (row["firstname"], row["lastname"], row["country"], row["status"]) == ("John", "Doe", "US", "active")
    assert row["groups"].split(",") == ["DevOps", "U.S.FinanceOperations", "Document Cloud 1"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ('=HYPERLINK("http://example.com","x")', '\'=HYPERLINK("http://example.com","x")'),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("  =1+1", "  '=1+1"),
        ("\t=1+1", " '=1+1"),
        ("x;=1+1;y", "x;'=1+1;y"),
        ('x"; "=1+1', 'x"; "\'=1+1'),
        ("\x1b]0;owned\x07\x9b2J", " ]0;owned  2J"),
        ("two\r\nlines\u2028more", "two  lines more"),
        ("Jean-Luc O'Neil-Müller", "Jean-Luc O'Neil-Müller"),
        ("a=b", "a=b"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
    ],
)
def test_cells_that_are_instructions(umapi: Umapi, server: RunningServer, name: str, cell: str) -> None:
    """No cell is a formula to a spreadsheet or a sequence to a terminal, names stay, and `--raw` changes nothing."""
    organization = server.world.organization()
    user = organization.find_user("jdoe@example.com")
    assert user is not None
    organization.name_user(user, firstname=name)
    cells: list[str] = []
    for arguments in ((), ("--raw",)):
        result = umapi("users", "--format", "csv", "--group", "DevOps", *arguments)
        assert result.status == 0, result.err
        rows = list(csv.DictReader(io.StringIO(result.out, newline="")))
        cells += [row["firstname"] for row in rows if row["email"] == "jdoe@example.com"]
    assert cells == [cell, name]


def test_raw_goes_with_csv(umapi: Umapi) -> None:
    """`--raw` alone is refused, for it would change nothing."""
    assert umapi("users", "--raw").err == "umapi: --raw goes with --format csv: add that, or leave --raw out\n"


def test_all_memberships(umapi: Umapi) -> None:
    """With `--all-memberships`, profiles that a user holds through a user group are among the groups."""
    through = "Default All Apps plan - 100 GB configuration"
    assert through not in umapi("users", "--format", "csv", "--group", "DevOps").out
    assert through in umapi("users", "--format", "csv", "--group", "DevOps", "--all-memberships").out


def test_a_broken_listing_prints_nothing(umapi: Umapi, server: RunningServer) -> None:
    """A listing that breaks off after its first page is an error, and no part of it is shown."""
    server.world.settings = server.world.settings.changed({"users_page_size": 5})
    server.world.faults.add(Fault(operation="users", nth=2, status=503))
    result = umapi("users", "--format", "csv")
    assert result.status == 1
    assert result.out == ""
    assert "status 503" in result.err


def test_technical_accounts(umapi: Umapi, server: RunningServer) -> None:
    """More technical accounts than usual are an error that says so, and `--unlisted` allows for them."""
    server.world.put(build_seed({**default_seed(), "technical_accounts": 12}))
    refused = umapi("users")
    assert (refused.status, refused.out) == (1, "")
    assert "12 are missing, more than 10 taken for technical accounts" in refused.err
    assert "or allow for more with --unlisted N" in refused.err
    assert "--unlisted" in umapi("users", "--help").out
    assert len(umapi("users", "--unlisted", "12").lines[1:]) == len(server.world.organization().listed_users)


def test_an_unknown_group(umapi: Umapi) -> None:
    """A group that is not there is an error with the service's words."""
    result = umapi("users", "--group", "No Such Group")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("umapi: Not found: Group No Such Group (GET ")


def test_one_user(umapi: Umapi) -> None:
    """`user` shows one user, a line for each field and each group; `--domain` goes with a user name."""
    result = umapi("user", "jdoe@example.com")
    assert result.status == 0
    assert {"email: jdoe@example.com", "firstname: John", "groups: DevOps", "groups: Document Cloud 1"} <= set(
        result.lines
    )
    assert "email: john.smith@example.com" in umapi("user", "jsmith", "--domain", "example.com").lines
    assert "type: adobeID" in umapi("user", "jane@example.com", "--domain", "AdobeID").lines


def test_a_user_who_is_not_there(umapi: Umapi) -> None:
    """Exit status 1 and one line tell that there is no such user."""
    result = umapi("user", "nobody@example.com")
    assert (result.status, result.out) == (1, "")
    assert result.err == "umapi: no user nobody@example.com in the organisation\n"


def test_groups(umapi: Umapi) -> None:
    """`groups` lists every group with its type and the number of its members."""
    result = umapi("groups")
    assert result.status == 0
    rows = [line.rsplit(maxsplit=2) for line in result.lines]
    assert rows[0] == ["NAME", "TYPE", "MEMBERS"]
    assert ["DevOps", "USER_GROUP", "2"] in rows
    assert ["デザイン部", "USER_GROUP", "1"] in rows
    assert {kind for name, kind, _ in rows if name == "Document Cloud 1"} == {"PRODUCT_PROFILE"}


def test_groups_of_a_type(umapi: Umapi) -> None:
    """`--type` leaves the groups of one type, or of several, in whatever letters it is written."""
    one = json.loads(umapi("groups", "--type", "user_group", "--format", "json").out)
    assert {group["type"] for group in one} == {"USER_GROUP"}
    two = json.loads(umapi("groups", "--type", "USER_GROUP", "--type", "PRODUCT_PROFILE", "--format", "json").out)
    assert {group["type"] for group in two} == {"USER_GROUP", "PRODUCT_PROFILE"}
    assert umapi("groups", "--type", "TEAM").status == 2


def test_an_empty_group_is_no_wish_for_everybody(umapi: Callable[..., Result]) -> None:
    """An option that a script filled with nothing is refused, not taken for all users."""
    result = umapi("users", "--group", "")
    assert (result.status, result.out) == (2, "")
    assert result.err == "umapi: --group is empty: name one, or leave the option out\n"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize(
    "command",
    ["users", "users --format csv", "users --format csv --raw", "user jdoe@example.com"],
)
def test_names_that_no_output_can_hold(server: RunningServer, encoding: str, command: str) -> None:
    """Half of a surrogate pair, or a letter that the output's encoding lacks, is replaced and ends no command."""
    organization = server.world.organization()
    user = organization.find_user("jdoe@example.com")
    assert user is not None
    organization.name_user(user, firstname="Jos\u00e9 \u5c71 \ud800!\u202e")
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "umapi_sdk", *command.split()], env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    letters = "\ufffd".encode(encoding, "backslashreplace")
    assert letters in done.stdout
    assert "\u5c71".encode(encoding, "backslashreplace") in done.stdout


def test_a_listing_soon_after_another(umapi: Umapi, server: RunningServer) -> None:
    """A second listing is refused while the first page is locked, with the way out; `--announce` is let through."""
    server.world.settings = server.world.settings.changed({"throttle": True, "first_page_lockout_seconds": 1800})
    assert umapi("users").status == 0
    refused = umapi("users")
    assert refused.status == 1
    assert (
        "start_sync() before the listing opens its first page at once, as does --announce of umapi users" in refused.err
    )
    assert umapi("users", "--announce").lines == umapi("users", "--announce").lines != []


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("Devopps", ": is DevOps meant?"),
        ("DEV OPS", ": is DevOps meant?"),
        ("Nothing at all", "error.group.not_found"),
    ],
)
def test_a_group_that_is_not_there(umapi: Umapi, name: str, end: str) -> None:
    """The group that is spelt much like it is asked after; where none is, nothing is added."""
    result = umapi("users", "--group", name)
    assert (result.status, result.out) == (1, "")
    assert end in result.err
    assert ("meant?" in result.err) == end.endswith("meant?")


def test_the_nearest_group_is_a_help_alone(umapi: Umapi, server: RunningServer) -> None:
    """Where the groups cannot be listed, what is told is still that the group is not there."""
    server.world.faults.add(Fault(operation="groups", status=500))
    result = umapi("users", "--group", "Devopps")
    assert result.status == 1
    assert "error.group.not_found" in result.err
    assert "meant" not in result.err


@pytest.mark.parametrize(
    ("written", "meant"),
    [("USERGROUP", "USER_GROUP"), ("product-profiles", "PRODUCT_PROFILE")],
)
def test_a_type_of_group_that_is_misspelt(umapi: Umapi, written: str, meant: str) -> None:
    """The type that must be meant is asked after."""
    result = umapi("groups", "--type", written)
    assert result.status == 2
    assert result.err.rstrip().endswith(f": is {meant} meant?")
    assert "x is no type of group; types: USER_GROUP, PRODUCT_PROFILE, " in umapi("groups", "--type", "x").err


def test_what_is_missing_is_told_for_the_command_line(umapi: Umapi, monkeypatch: pytest.MonkeyPatch) -> None:
    """No message of a command speaks of what only programs can give."""
    assert "needs a file: name one with --config or UMAPI_CONFIG" in umapi("--profile", "x", "users").err
    for name in ("UMAPI_ORG_ID", "UMAPI_CLIENT_ID", "UMAPI_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    told = umapi("users").err
    assert told.endswith("UMAPI_CLIENT_SECRET, or in a file that --config or UMAPI_CONFIG names\n")
    assert "are not set: give them as UMAPI_ORG_ID, " in told
