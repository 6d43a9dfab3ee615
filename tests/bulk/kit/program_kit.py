"""Programs of their own that go on with a run, and the server that they ask."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bulk_kit import people
from plan_kit import ORG

from umapi_harness.mock import Settings, build_seed
from umapi_harness.mock.serving.server import RunningServer, running_server

_CHILD = Path(__file__).resolve().parent / "bulk_child.py"


@contextmanager
def serving_people(count: int) -> Generator[RunningServer]:
    """A server with an organisation of so many people, whose tokens last for minutes."""
    credentials = [{"client_id": "kill", "client_secret": "s3cret", "tech_account_id": "t@techacct.adobe.com"}]
    seed = build_seed({"org_id": ORG, "credentials": credentials, **people(count)})
    with running_server(seeds=[seed], settings=Settings(token_seconds=600)) as running:
        yield running


def start(server: RunningServer, journal: Path, folder: Path, room: int | None = None) -> subprocess.Popen[str]:
    """A program that goes on with the run; it is about to send when this returns. Its files hold `room` bytes."""
    details = folder / "details.json"
    server.details.write(details)
    command = [sys.executable, str(_CHILD), str(details), str(journal), *([] if room is None else [str(room)])]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout is not None
    if program.stdout.readline() != "ready\n":
        raise AssertionError(program.communicate())
    return program
