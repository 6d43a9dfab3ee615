"""What commands write: pipes and devices are written to and stay what they are, and links go on pointing."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import httpx
import pytest

from tests.recording.conftest import recording
from umapi_harness.cli import main
from umapi_harness.common.errors import InputError
from umapi_harness.contract.recordings import load, read
from umapi_harness.mock.serving.server import running_server

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")

RECORDING = Path(__file__).parents[1] / "contract" / "recordings" / "status.har"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("UMAPI_")}


@pytest.fixture
def pipe(tmp_path: Path) -> Generator[tuple[Path, Callable[[], str]]]:
    """A named pipe with a reader, and what has come through it."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # neither end waits for the other, nor comes to its end

    def come() -> str:
        assert stat.S_ISFIFO(path.stat().st_mode)
        assert [one.name for one in tmp_path.iterdir()] == ["pipe"]
        return os.read(reader, 65536).decode("utf-8")

    yield path, come
    os.close(reader)


WRITERS = {
    "redact": ("redact", str(RECORDING), "{}"),
    "verify --json": ("verify", str(RECORDING), "--json", "{}"),
    "verify --junit": ("verify", str(RECORDING), "--junit", "{}"),
    "diff --json": ("diff", str(RECORDING), str(RECORDING), "--json", "{}"),
    "seed": ("seed", "--users", "3", "--output", "{}"),
}


@pytest.mark.parametrize("command", WRITERS)
def test_commands_write_to_a_pipe(command: str, pipe: tuple[Path, Callable[[], str]]) -> None:
    """Each command that writes a file gives it whole to a pipe, and the pipe is a pipe afterwards."""
    path, come = pipe
    assert main([word.format(path) for word in WRITERS[command]]) == 0
    text = come()
    if command == "redact":
        assert read(text, "pipe").exchanges
    elif command.endswith("junit"):
        assert text.rstrip().endswith("</testsuites>")
    else:
        assert json.loads(text)


def test_redact_writes_to_standard_output() -> None:
    """/dev/stdout into a pipe is a place to write to."""
    words = [sys.executable, "-m", "umapi_harness", "redact", str(RECORDING), "/dev/stdout"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=CLEAN)
    assert done.returncode == 0, done.stderr
    assert len(read(done.stdout, "stdout").exchanges) == len(load(RECORDING).exchanges)


def test_record_writes_to_a_pipe(pipe: tuple[Path, Callable[[], str]]) -> None:
    """A recording into a pipe is whole at its end, and no file takes the pipe's place."""
    path, come = pipe
    with running_server() as mock, recording(path, "--upstream", mock.url) as proxy:
        httpx.get(f"{proxy.url}/status", trust_env=False)
        status, said = proxy.end()
    assert (status, f"1 exchange written to {path}" in said) == (0, True)
    assert len(read(come(), "pipe").exchanges) == 1


def test_a_ready_file_can_be_a_pipe(pipe: tuple[Path, Callable[[], str]]) -> None:
    """The server's details come through a pipe that somebody reads."""
    path, come = pipe
    with running_server() as mock:
        mock.details.write(path)
        assert json.loads(come())["api_url"] == mock.details.api_url


def test_a_ready_file_that_is_a_pipe_without_a_reader(tmp_path: Path) -> None:
    """A pipe that nobody reads is refused rather than waited for."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with running_server() as mock, pytest.raises(InputError, match="ready file cannot be written"):
        mock.details.write(path)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_links_go_on_pointing(tmp_path: Path) -> None:
    """What a link names is written where the link points."""
    target = tmp_path / "target"
    link = tmp_path / "link"
    link.symlink_to(target)
    for words in WRITERS.values():
        target.unlink(missing_ok=True)
        assert main([word.format(link) for word in words]) == 0
        assert link.is_symlink()
        assert target.read_text("utf-8")
    with running_server() as mock:
        mock.details.write(link)
    assert link.is_symlink()
