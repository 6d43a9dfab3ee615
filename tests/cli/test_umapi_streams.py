"""`umapi` under conditions that whoever starts it has set: closed streams, signals that are ignored."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from umapi_harness.mock.serving.server import RunningServer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="streams and signals are those of POSIX")


def umapi(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which `umapi` stands for the command."""
    line = line.replace("umapi", f"'{sys.executable}' -m umapi_sdk", 1)
    return subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, cwd=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of people."""
    (tmp_path / "people.csv").write_text("email,firstname,lastname,country\nnew0@example.com,A,B,DE\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize("command", ["check people.csv", "users", "--help", "groups --format json", "login"])
@pytest.mark.usefixtures("server")
def test_a_closed_standard_output(command: str, folder: Path) -> None:
    """What cannot be told because standard output is closed is a failure of one line."""
    done = umapi(f"umapi {command} >&-", folder)
    assert (done.returncode, done.stderr) == (1, "umapi: the output cannot be written: Bad file descriptor\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_run_without_streams(server: RunningServer, folder: Path, closed: str) -> None:
    """A run is carried out, and its files are written, whatever is closed."""
    done = umapi(f"umapi apply people.csv --result result.csv {closed}", folder)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert len((folder / "result.csv").read_text("utf-8").splitlines()) == 2
    assert server.world.organization().find_user("new0@example.com") is not None


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("command", ["check -", "apply - --journal j", "apply --resume j -", "send -", "login --store"])
def test_a_closed_standard_input(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input that is closed is told as what cannot be read."""
    if command.startswith("apply --resume"):
        assert umapi("umapi apply people.csv --journal j", folder).returncode == 0
    if command == "login --store":
        monkeypatch.delenv("UMAPI_CLIENT_SECRET")
    done = umapi(f"umapi {command} <&-", folder)
    assert done.returncode == 2
    assert "cannot be read: Bad file descriptor" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("server")
def test_a_signal_that_is_ignored(folder: Path) -> None:
    """A request to end is ignored where whoever started the program has chosen so."""
    program = (
        "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "from umapi_sdk.cli import main; status = main(['check', 'people.csv']);"
        "signal.raise_signal(signal.SIGTERM); print(status)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=folder)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "0"), done.stderr
    program = program.replace("signal.SIG_IGN", "signal.SIG_DFL")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == -signal.SIGINT
