"""Hosting: many worlds in one thread, each behind a port of its own that opens and closes within a millisecond."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import shutil
import socket
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import attrs
import uvicorn

from umapi_harness.mock.serving.app import create_app
from umapi_harness.mock.serving.certificates import Certificates, make_certificates, write_private
from umapi_harness.mock.serving.endings import Abortable
from umapi_harness.mock.serving.listening import DEFAULT_HOST, server_config
from umapi_harness.mock.serving.loops import LoopThread, process_loop
from umapi_harness.mock.state.keys import KeyPair, process_keys
from umapi_harness.mock.world import World


@attrs.frozen
class Door:
    """A port behind which a world answers."""

    url: str
    """Scheme, host and port."""
    listening: _Listening = attrs.field(repr=False)


class Hosting:
    """Opens and closes doors; its certificates and key files are made on first use and last until `close`."""

    def __init__(self, *, loop: LoopThread | None = None, keys: KeyPair | None = None) -> None:
        """Host in `loop`, with `keys` for the JWT flow; by default those of this process."""
        self.loop = loop if loop is not None else process_loop()
        self.keys = keys if keys is not None else process_keys()
        self._doors: list[Door] = []

    def open(self, world: World, *, tls: bool = False) -> Door:
        """Let `world` answer on a free port of the loopback interface, the interface under /_mock/ included."""
        certificates = self._certificates if tls else None
        listener = _listener(0)
        scheme = "https" if tls else "http"
        config = server_config(create_app(world), certificates)
        door = Door(f"{scheme}://{DEFAULT_HOST}:{listener.getsockname()[1]}", _Listening(config))
        self.loop.run(door.listening.start(listener))
        self._doors.append(door)
        return door

    def shut(self, door: Door) -> None:
        """Close the port and the connections that clients keep open to it."""
        if door in self._doors:
            self._doors.remove(door)
            self.loop.run(door.listening.stop())

    def close(self) -> None:
        """Shut all doors and remove the files."""
        for door in list(self._doors):
            self.shut(door)
        if "_folder" in self.__dict__:
            shutil.rmtree(self._folder, ignore_errors=True)
            self.__dict__.clear()

    @property
    def authority_path(self) -> Path:
        """File with the certificate of the authority that signs the servers' certificates."""
        return self._certificates.authority

    @functools.cached_property
    def private_key_path(self) -> Path:
        """File with the PEM that signs JWTs."""
        path = self._folder / "private.key"
        write_private(path, self.keys.private_pem.encode("ascii"))
        return path

    @functools.cached_property
    def _certificates(self) -> Certificates:
        return make_certificates(self._folder, DEFAULT_HOST)

    @functools.cached_property
    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="umapi-mock-"))


class _Listening:
    """One uvicorn server without the lifecycle of a process: it starts and stops inside a running loop."""

    def __init__(self, config: uvicorn.Config) -> None:
        self._server = uvicorn.Server(config)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._port = 0
        self._refusing = False
        if isinstance(config.app, Abortable):
            config.app.refuse = self._refuse

    async def start(self, listener: socket.socket) -> None:
        """Answer on a socket that listens."""
        config = self._server.config
        config.load()
        self._server.lifespan = config.lifespan_class(config)
        self._port = int(listener.getsockname()[1])
        await self._server.startup(sockets=[listener])
        self._begin(self._server.main_loop())

    def _refuse(self, outage: Coroutine[Any, Any, None]) -> None:
        """Have connections refused until the outage is over."""
        if self._refusing:
            outage.close()
            return
        self._refusing = True
        for server in self._server.servers:
            server.close()
        self._begin(self._reopen(outage))

    async def _reopen(self, outage: Coroutine[Any, Any, None]) -> None:
        await outage
        await self._server.startup(sockets=[_listener(self._port)])
        self._refusing = False

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Close socket and connections at once; requests under way get no answer."""
        state = self._server.server_state
        for server in self._server.servers:
            server.close()
        ending: list[asyncio.Task[Any]] = [*state.tasks, *self._tasks]
        for connection in list(state.connections):
            transport: Any = connection.transport
            transport.abort()
        for task in ending:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*ending, return_exceptions=True)
        await asyncio.sleep(0)


def _listener(port: int) -> socket.socket:
    # The protocol is named for asyncio's sake: only then does it send small packets at once.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((DEFAULT_HOST, port))
    listener.listen(1024)
    return listener
