"""A mock server for the tests of the command line, and a way to run the command."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from umapi_command import Result
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_sdk.cli import main


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """A mock server with its own organisation, to which the environment leads."""
    with running_server() as running:
        for name in ("UMAPI_CONFIG", "UMAPI_PROFILE", "UMAPI_TEST_MODE", "UMAPI_AUTH"):
            monkeypatch.delenv(name, raising=False)
        for line in running.details.export_lines():
            name, _, value = line.removeprefix("export ").partition("=")
            monkeypatch.setenv(name, value.removeprefix("'").removesuffix("'"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("UMAPI_MAX_RETRIES", "1")
        yield running


@pytest.fixture
def umapi(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs `umapi` with arguments. Whatever it does, it shows no secret and no traceback."""

    def run(*arguments: str) -> Result:
        capsys.readouterr()
        status = main(arguments)
        out, err = capsys.readouterr()
        assert server.details.client_secret not in out + err
        assert "Traceback" not in err
        # One line for what is wrong, after those for what was waited for or started again.
        assert all(line.startswith("umapi: ") for line in err.strip().splitlines())
        return Result(status, out, err)

    return run


@pytest.fixture
def commands_file(tmp_path: Path) -> Callable[[Any], str]:
    """Writes commands to a file, as JSON or as the text given, and returns its path."""

    def write(commands: Any) -> str:
        path = tmp_path / "commands.json"
        path.write_text(commands if isinstance(commands, str) else json.dumps(commands), "utf-8")
        return str(path)

    return write
