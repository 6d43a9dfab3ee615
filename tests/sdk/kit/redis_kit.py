"""A Redis of one's own for tests: Debian's redis-server, on a free port of loopback."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path
from typing import Final

PASSWORD: Final = "r3dis s3cret/+@:"
QUOTED: Final = "r3dis%20s3cret%2F%2B%40%3A"
PROGRAM: Final = shutil.which("redis-server")
MISSING: Final = "there is no redis-server: install Debian's package redis-server"


class RedisServer:
    """A redis-server with a password, which can be killed and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.starts = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Its URL, with the password."""
        return f"redis://:{QUOTED}@127.0.0.1:{self.port}/0"

    @property
    def running(self) -> bool:
        """Whether it has been started and not killed."""
        return self._process is not None

    def start(self) -> None:
        """Start it, with nothing in it, and come back when it is ready."""
        assert PROGRAM is not None
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "no",
            "dir": str(self._folder),
        }
        settings = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [PROGRAM, *settings, "--requirepass", PASSWORD], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None
        said: list[str] = []
        for line in self._process.stdout:
            said.append(line)
            if "eady to accept connections" in line:
                self.starts += 1
                return
        raise AssertionError("".join(said))

    def kill(self) -> None:
        """End it without warning, as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
