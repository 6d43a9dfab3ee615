"""Listening: a port with a uvicorn server on it, with TLS if wanted, and its orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from types import FrameType
from typing import Any, Final

import attrs
import uvicorn
from starlette.types import ASGIApp

from umapi_harness.common.errors import InputError
from umapi_harness.mock.serving.certificates import Certificates, make_certificates
from umapi_harness.mock.serving.connections import Connection
from umapi_harness.mock.serving.endings import Abortable
from umapi_harness.mock.settings import KEEP_ALIVE_SECONDS

DEFAULT_HOST: Final = "127.0.0.1"

_START_SECONDS: Final = 30.0
_GRACE: Final = 0.2
"""Seconds that answers under way have at the end: many times what one takes that no plan delays."""
_CLEARING_SECONDS: Final = 3
"""Seconds after which uvicorn itself complains about what does not end: it takes no fraction."""
_LAST_PORT: Final = 65_535


@attrs.frozen(kw_only=True)
class Site:
    """A port that listens, before anything is served there."""

    url: str
    """Scheme, host and port."""
    authority: Path | None
    """The authority to trust; None without TLS."""
    folder: Path
    """A folder for files that are gone with the site."""
    server: Callable[[ASGIApp], Server]
    """Puts an application there."""


@contextlib.contextmanager
def site(host: str, port: int, *, tls: bool) -> Generator[Site]:
    """A site for an application, with its files; all is gone afterwards.

    Raises InputError for a host or port that cannot be used.
    """
    folder = Path(tempfile.mkdtemp(prefix="umapi-mock-"))
    try:
        with contextlib.closing(_bind(host, port)) as listener:
            certificates = make_certificates(folder, host) if tls else None
            yield Site(
                url=_url(listener, certificates),
                authority=certificates.authority if certificates is not None else None,
                folder=folder,
                server=lambda app: Server(app, listener, certificates),
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Server(uvicorn.Server):
    """Uvicorn on a socket of ours; tells when it listens and ends without raising the signal again."""

    grace = _GRACE
    """Seconds that answers under way have at the end, before their connections are cut."""

    def __init__(self, app: ASGIApp, listener: socket.socket, certificates: Certificates | None) -> None:
        config = server_config(app, certificates)
        if isinstance(config.app, Abortable):
            config.app.refuse = self.refuse
        super().__init__(config)
        self._listener = listener
        self._reopening: asyncio.Task[None] | None = None
        self.on_start: Callable[[], None] = _do_nothing

        self._failure: Exception | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to end. Raises what `on_start` raised, after an orderly end."""
        super().run(sockets if sockets is not None else [self._listener])
        if self._failure is not None:
            raise self._failure

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        await super().startup(sockets)
        try:
            self.on_start()
        except Exception as error:  # noqa: BLE001 - raised by run
            self._failure, self.should_exit = error, True
            # Uvicorn before 0.42 ends here without a shutdown, and uvloop waits for a port that is still open.
            for server in self.servers:
                server.close()

    def refuse(self, outage: Coroutine[Any, Any, None]) -> None:
        """Close the port, so that connections are refused, and open it again after the outage."""
        if self._reopening is None or self._reopening.done():
            host, port = self._listener.getsockname()[:2]
            for server in self.servers:
                server.close()
            self._reopening = asyncio.ensure_future(self._reopen(str(host), int(port), outage))
        else:
            outage.close()

    async def _reopen(self, host: str, port: int, outage: Coroutine[Any, Any, None]) -> None:
        await outage
        try:
            self._listener = _bind(host, port)
            await super().startup([self._listener])
        except InputError as error:
            self._failure, self.should_exit = error, True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; connections that are idle but kept alive, TLS ones above all, are not waited for.

        What is not answered within the grace is dropped in silence: uvicorn would tell of answers that a plan delays.
        """
        ending = asyncio.ensure_future(super().shutdown(sockets))
        await asyncio.sleep(0)
        self._abort(every=False)
        await asyncio.wait((ending,), timeout=self.grace)
        for task in self.server_state.tasks:
            task.cancel()
        self._abort(every=True)
        await ending
        await asyncio.sleep(0)

    def _abort(self, *, every: bool) -> None:
        """Cut connections: every one, or those that have said all and only wait for the peer's goodbye."""
        for connection in list(self.server_state.connections):
            transport: Any = getattr(connection, "transport", None)
            if transport is None:
                continue
            if every or (transport.is_closing() and not transport.get_write_buffer_size()):
                transport.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Let signals end the server; uvicorn knows no SIGHUP, and raises the others again before files are removed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = {signal.SIGINT, signal.SIGTERM}
        if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            numbers.add(signal.SIGHUP)
        before = {number: signal.signal(number, self._end) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True


@contextlib.contextmanager
def in_background(server: Server) -> Generator[None]:
    """Run a server in a thread of its own, from when it listens to the end of the context."""
    ready = threading.Event()
    server.on_start = ready.set
    failures: list[BaseException] = []

    def run() -> None:
        if os.name == "posix":
            # Signals are the main thread's: one that is taken here does not wake it from a wait for a process.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            server.run()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            failures.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="umapi-mock-server", daemon=True)
    thread.start()
    ready.wait(_START_SECONDS)
    try:
        if failures:
            raise failures[0]
        yield
    finally:
        server.should_exit = True
        thread.join()


def server_config(app: ASGIApp, certificates: Certificates | None) -> uvicorn.Config:
    """How uvicorn serves `app`, with TLS if there are certificates."""
    return uvicorn.Config(
        Abortable(app),
        http=Connection,
        loop="auto",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_CLEARING_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_certfile=str(certificates.chain) if certificates is not None else None,
        ssl_keyfile=str(certificates.key) if certificates is not None else None,
    )


def _bind(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _LAST_PORT:
        raise InputError(f"{host}:{port}: no such port; choose one up to {_LAST_PORT}, or 0 for any that is free")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise InputError(f"{host}:{port}: no address to listen on ({error}); correct host or port") from error
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"{host}:{port}: port in use; choose another, or 0 for any that is free") from error
        raise InputError(f"{host}:{port}: cannot listen there ({error}); correct host or port") from error
    return listener


def _url(listener: socket.socket, certificates: Certificates | None) -> str:
    bound_host, bound_port = str(listener.getsockname()[0]), int(listener.getsockname()[1])
    # A server on every interface is reached by a name of this machine.
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bound_host, bound_host)  # noqa: S104
    name = f"[{name}]" if ":" in name else name
    return f"{'http' if certificates is None else 'https'}://{name}:{bound_port}"


def _do_nothing() -> None:
    return None
