"""The command `record` in a process of its own, between a client and what stands upstream."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from umapi_harness.mock.serving.server import RunningServer, running_server


@attrs.frozen
class Proxy:
    """A proxy that runs."""

    url: str
    lines: list[str]
    process: subprocess.Popen[str]

    def end(self, number: int = 15) -> tuple[int, str]:
        """End it by a signal; returns exit status and what it said."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for its end; returns exit status and what it said."""
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def recording(out: Path, *arguments: str, shell: str = "") -> Generator[Proxy]:
    """Run `umapi-harness record`; `shell` is what a shell does before it."""
    command = [sys.executable, "-m", "umapi_harness", "record", "--out", str(out), *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UMAPI_")}
    with subprocess.Popen(
        ["/bin/sh", "-c", f'{shell} exec "$@"', "sh", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines: list[str] = []
        while not any(line.startswith("export UMAPI_IMS_URL=") for line in lines):
            line = process.stdout.readline()
            assert line, process.stderr.read()
            lines.append(line.strip())
        try:
            yield Proxy(lines[-1].partition("=")[2], lines, process)
        finally:
            process.kill()


@pytest.fixture
def mock() -> Generator[RunningServer]:
    """A mock server."""
    with running_server() as server:
        yield server


@contextmanager
def raw_server(answer: Callable[[socket.socket, bytes], None]) -> Generator[str]:
    """A server that gives a socket and the request's head to a function; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    head = b""
                    while b"\r\n\r\n" not in head and (part := peer.recv(65536)):
                        head += part
                    answer(peer, head)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
