"""The programs in examples/ against the mock server, and the walkthrough beside the Postman collection."""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from umapi_harness import cli, walkthrough
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_sdk import Connection, load_settings

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """A mock server with its own organisation."""
    with running_server() as running:
        yield running


def variables(server: RunningServer) -> dict[str, str]:
    """The `UMAPI_*` variables that lead to a server, as `umapi-harness serve` prints them."""
    lines = (line.removeprefix("export ").partition("=") for line in server.details.export_lines())
    return {name: value.removeprefix("'").removesuffix("'") for name, _, value in lines}


def state(server: RunningServer) -> Any:
    """The organisation as the server tells it, without ids."""
    answer = httpx.get(f"{server.url}/_mock/state", trust_env=False)
    assert answer.status_code == 200
    return answer.json()


def run_example(server: RunningServer, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of examples/ as a user does."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("UMAPI_")}
    return subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        env={**kept, **variables(server), "NO_PROXY": "127.0.0.1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def load_walkthrough() -> ModuleType:
    """The walkthrough as a module."""
    spec = importlib.util.spec_from_file_location("umapi_example_walkthrough", EXAMPLES / "walkthrough.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def opener(server: RunningServer, waits: list[float]) -> Callable[..., Connection]:
    """Opens connections to a server that note their waits instead of sitting them out."""

    def open_connection(**given: Any) -> Connection:
        settings = load_settings(environment=variables(server), **given)
        return Connection(
            settings.org_id,
            settings.build_auth(),
            endpoint=settings.endpoint,
            test_mode=settings.test_mode,
            sleep=waits.append,
        )

    return open_connection


def run_collection(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the walkthrough collection against a server; return the exit status."""
    for name, value in {**variables(server), "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    return cli.main(["run", "--target", server.url])


def test_the_walkthrough_runs_as_a_program(server: RunningServer) -> None:
    """`python examples/walkthrough.py` ends with status 0, and says so, given nothing but the server's variables."""
    done = run_example(server, "walkthrough.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("All samples of the walkthrough ran as documented.\n")
    secrets = [server.details.client_secret, *(f"Bearer {letter}" for letter in "abc")]
    assert not any(secret in done.stdout for secret in secrets)


def test_the_walkthrough_fails_where_its_users_are_already(server: RunningServer) -> None:
    """A second run on the same organisation is told in one line, with status 1: nothing passes by accident."""
    assert run_example(server, "walkthrough.py").returncode == 0
    again = run_example(server, "walkthrough.py")
    assert again.returncode == 1
    assert again.stderr.startswith("walkthrough: expected to complete: ")
    assert again.stderr.count("\n") == 1


def test_collection_and_sdk_leave_the_same_organization(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Postman collection and the SDK's walkthrough, each on a fresh server, end in the same state."""
    start = state(server)
    module = load_walkthrough()
    module.walk(opener(server, []), module.Organization.from_environment())
    with running_server() as other:
        assert state(other) == start
        assert run_collection(other, monkeypatch) == 0
        assert state(other) == state(server)
    assert state(server) != start


def test_the_walkthrough_retries_after_429(server: RunningServer) -> None:
    """Throttled in the middle of the run, the walkthrough waits as long as it was told and ends as it would have."""
    for operation, number, seconds in (("users", 3, "38"), ("action", 5, "7")):
        server.world.faults.add(Fault(operation=operation, status=429, nth=number, retry_after=seconds))
    waits: list[float] = []
    module = load_walkthrough()
    module.walk(opener(server, waits), module.Organization.from_environment())
    assert waits == [7, 38]
    with running_server() as other:
        module.walk(opener(other, []), module.Organization.from_environment())
        assert state(other) == state(server)


def test_both_walkthroughs_read_the_same_users() -> None:
    """The CSV file of the examples and that of the collection hold the same rows."""
    names = {"{{domain}}": "example.com", "{{sample_group}}": "DevOps", "{{sample_profile}}": "Document Cloud 1"}
    template = walkthrough.DATA.read_text("utf-8")
    for placeholder, value in names.items():
        template = template.replace(placeholder, value)
    own = (EXAMPLES / "users.csv").read_text("utf-8")
    assert list(csv.reader(own.splitlines())) == list(csv.reader(template.splitlines()))


def test_the_quickstart(server: RunningServer) -> None:
    """The program of the README creates its user, with both memberships."""
    done = run_example(server, "quickstart.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("rosa@example.com: completed\n")
    user = server.world.organization().find_user("rosa@example.com")
    assert user is not None
    assert {group.name for group in user.groups} == {"DevOps", "Document Cloud 1"}


@pytest.mark.parametrize(("arguments", "first"), [((), "13 users in 1 pages"), (("DevOps",), "2 users in 1 pages")])
def test_list_users(server: RunningServer, arguments: tuple[str, ...], first: str) -> None:
    """The listing has one line for each user, of the organisation or of a group, and a total."""
    done = run_example(server, "list_users.py", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    *users, total = done.stdout.splitlines()
    assert total == first
    assert len(users) == int(first.split(maxsplit=1)[0])
    assert "jdoe@example.com\tfederatedID\t3" in users


def test_add_users_from_csv(server: RunningServer) -> None:
    """The users of a CSV file are added, and a second run finds nothing amiss."""
    for _ in range(2):
        done = run_example(server, "add_users_from_csv.py", str(EXAMPLES / "users.csv"))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "3 of 3 users added or updated\n"
    third = server.world.organization().find_user("csv.third@example.com")
    assert third is not None
    assert third.lastname == "last3, the third"


def test_add_users_from_csv_tells_what_failed(server: RunningServer, tmp_path: Path) -> None:
    """A row that the service refuses is told with its reason, a row that makes no sense with its line."""
    file = tmp_path / "users.csv"
    header = "upn,mail,firstname,lastname,country_code,groups\n"
    row = "a@example.com,a@example.com,A,B,US,"
    file.write_text(f'{header}{row}"DevOps,""Here, there"""\n', "utf-8")
    done = run_example(server, "add_users_from_csv.py", str(file))
    assert done.returncode == 1
    assert done.stdout == "0 of 1 users added or updated\n"
    reason = "step 0 took effect, step 1 failed; Group Here, there was not found (error.group.not_found at step 1)"
    assert f"a@example.com: failed: {reason}" in done.stderr
    file.write_text(f"{header}{row}\nb@example.com,b@example.com,A,B,USA,\n", "utf-8")
    done = run_example(server, "add_users_from_csv.py", str(file))
    assert done.returncode == 2
    assert "users.csv: line 3: b@example.com: /do/0/createFederatedID/country: " in done.stderr
    assert server.world.organization().find_user("b@example.com") is None
