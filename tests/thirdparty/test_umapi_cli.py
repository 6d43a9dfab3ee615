"""Adobe's command line umapi-cli, unmodified, against the mock server: `pip install --no-deps umapi-cli`.

It runs on Adobe's umapi-client, and on `umapi_sdk.compat` in its place.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from umapi_harness.mock.serving.server import RunningServer

pytest.importorskip("umapi_cli", reason="umapi-cli is not installed: pip install --no-deps umapi-cli")

Environment = dict[str, str]


CLIENTS = {
    "umapi_client": "",
    "compat": "import sys, umapi_sdk.compat; sys.modules['umapi_client'] = umapi_sdk.compat; ",
}
"""What goes before the program, by the client that it runs on."""


@pytest.fixture(params=CLIENTS)
def environment(server: RunningServer, host: str, request: pytest.FixtureRequest) -> Environment:
    """The variables that umapi-cli reads its connection from, and ours that says on which client it runs."""
    details = server.details
    return {
        "PATH": os.environ["PATH"],
        "UMAPI_CLIENT_ID": details.client_id,
        "UMAPI_CLIENT_SECRET": details.client_secret,
        "UMAPI_ORG_ID": details.org_id,
        "UMAPI_URL": f"https://{host}/v2/usermanagement",
        "UMAPI_AUTH_HOST": host,
        "REQUESTS_CA_BUNDLE": str(details.ca_cert),
        "NO_PROXY": "localhost",
        "CLIENT": request.param,
    }


def run(environment: Environment, *arguments: str, folder: Path | None = None) -> str:
    """What one command prints; its own script's name is also ours, so that its module is called."""
    code = f"{CLIENTS[environment['CLIENT']]}from umapi_cli.cli import entry; entry()"
    program = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        program, env=environment, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_user_from_creation_to_removal(environment: Environment, server: RunningServer) -> None:
    """A user is created with groups, read, updated and deleted, each command with the mock's blessing."""
    email = "cli.user@example.com"
    names = ("--email", email, "--firstname", "Cli", "--lastname", "User", "--country", "US")
    assert "succeeded" in run(environment, "user-create", *names, "--groups", "DevOps,Marketing")
    shown = json.loads(run(environment, "user-read", "-f", "json", "--email", email))
    assert shown["groups"] == ["DevOps", "Marketing"]
    changes = ("--firstname", "Changed", "--groups-add", "Alumni", "--groups-remove", "Marketing")
    assert "succeeded" in run(environment, "user-update", "--email", email, *changes)
    shown = json.loads(run(environment, "user-read", "-f", "json", "--email", email))
    assert (shown["firstname"], sorted(shown["groups"])) == ("Changed", ["Alumni", "DevOps"])
    assert "succeeded" in run(environment, "user-delete", "--email", email, "--hard")
    assert server.world.organizations[server.details.org_id].find_user(email) is None


def test_users_in_bulk_from_a_csv_file(environment: Environment, server: RunningServer, tmp_path: Path) -> None:
    """A file of twelve users goes out in two requests, and all of them are there afterwards."""
    rows = [f"federatedID,u{n}@example.com,U,Number {n},US,u{n}@example.com,,DevOps" for n in range(12)]
    header = "type,email,firstname,lastname,country,username,domain,groups"
    (tmp_path / "users.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    assert "12" in run(environment, "user-create-bulk", "-f", "csv", "-i", "users.csv", folder=tmp_path)
    listed = run(environment, "user-read-all", "-f", "csv", "--in-group", "DevOps")
    assert sum(line.split(",")[2].startswith("u") for line in listed.splitlines()[1:]) >= 12


def test_groups(environment: Environment) -> None:
    """A user group is created, filled with users and a profile, and listed among the others."""
    assert "succeeded" in run(environment, "group-create", "--name", "Night shift", "--description", "On call")
    changes = ("--users-add", "jdoe@example.com,jane@example.com", "--profiles-add", "Photoshop - 2Gb")
    assert "succeeded" in run(environment, "group-update", "--name", "Night shift", *changes)
    listed = run(environment, "group-read-all", "-f", "csv")
    assert any(line.startswith("Night shift,USER_GROUP") and ",2," in line for line in listed.splitlines())


def test_an_error_of_the_service(environment: Environment) -> None:
    """What the service refuses is shown with its code, in the form that the tool expects."""
    shown = run(environment, "user-update", "--email", "jdoe@example.com", "--groups-add", "Nowhere")
    assert "error.group.not_found" in shown
    assert "Group Nowhere was not found" in shown


def test_a_user_without_groups(environment: Environment, server: RunningServer) -> None:
    """The tool's empty list of groups is refused as documented, or with the setting is no membership at all.

    `compat` leaves it out.
    """
    names = ("--firstname", "J", "--lastname", "D", "--country", "US")
    told = run(environment, "user-create", "--email", "one@example.com", *names)
    assert ("succeeded" if environment["CLIENT"] == "compat" else "error.group.invalid_list") in told
    server.world.settings = server.world.settings.changed({"empty_group_list_fails": False})
    assert "succeeded" in run(environment, "user-create", "--email", "two@example.com", *names)
