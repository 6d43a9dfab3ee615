"""The server: the application on a socket, in the foreground or in a thread, with TLS if wanted."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import os
import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Callable, Coroutine, Generator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

import attrs
import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umapi_harness.common.errors import InputError
from umapi_harness.mock.api.routes import API_ROOT
from umapi_harness.mock.clock import Clock
from umapi_harness.mock.faults.plans import read_plan_file
from umapi_harness.mock.serving.addresses import Names, is_loopback
from umapi_harness.mock.serving.app import create_app
from umapi_harness.mock.serving.certificates import Certificates, make_certificates, write_private
from umapi_harness.mock.serving.connections import Connection
from umapi_harness.mock.serving.details import ServerDetails
from umapi_harness.mock.serving.service import ABORT, CLOSE, KEEP, REFUSE
from umapi_harness.mock.settings import KEEP_ALIVE_SECONDS, Settings
from umapi_harness.mock.state.seeds import Seed
from umapi_harness.mock.state.users import FEDERATED_ID
from umapi_harness.mock.world import World

DEFAULT_HOST: Final = "127.0.0.1"

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 1
_LAST_PORT: Final = 65_535


@attrs.frozen(kw_only=True)
class RunningServer:
    """A server that listens; its world can be looked at and changed between requests."""

    details: ServerDetails
    world: World
    url: str
    """Scheme, host and port."""


def serve(
    *,
    host: str = DEFAULT_HOST,
    port: int = 0,
    tls: bool = False,
    seeds: Sequence[Seed] = (),
    settings: Settings | None = None,
    clock: Clock | None = None,
    faults_path: Path | None = None,
    ready_file: Path | None = None,
    admin: bool | None = None,
    allow_hosts: Sequence[str] = (),
    on_ready: Callable[[ServerDetails], None] | None = None,
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP, then return.

    Once the server listens, the ready file is written and `on_ready` called; the ready file is removed
    at the end. `admin` is the interface under /_mock/, which None allows on loopback only; `allow_hosts` are
    names by which the server may be called, beside addresses and names of this machine and network. Raises
    InputError for a port, host, fault plan or ready file that cannot be used.
    """
    world = _world(seeds, settings, clock, faults_path)
    with _prepared(host, port, tls, world, admin, allow_hosts) as (server, running):

        def announce() -> None:
            if ready_file is not None:
                running.details.write(ready_file)
            if on_ready is not None:
                on_ready(running.details)

        server.on_start = announce
        # What is there now, stays: the garbage collector need not go through a million users again and again.
        gc.freeze()
        server.run()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


@contextlib.contextmanager
def running_server(
    *,
    host: str = DEFAULT_HOST,
    port: int = 0,
    tls: bool = False,
    seeds: Sequence[Seed] = (),
    settings: Settings | None = None,
    clock: Clock | None = None,
    faults_path: Path | None = None,
    admin: bool | None = None,
    allow_hosts: Sequence[str] = (),
) -> Generator[RunningServer]:
    """A server in a thread of this process, for the length of the context.

    The arguments are those of `serve`. Raises InputError likewise.
    """
    world = _world(seeds, settings, clock, faults_path)
    with _prepared(host, port, tls, world, admin, allow_hosts) as (server, running), in_background(server):
        yield running


@contextlib.contextmanager
def in_background(server: Server) -> Generator[None]:
    """Run a server in a thread of its own, from when it listens to the end of the context."""
    ready = threading.Event()
    server.on_start = ready.set
    failures: list[BaseException] = []

    def run() -> None:
        if os.name == "posix":
            # Signals are the main thread's: one that is taken here does not wake it from a wait for a process.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
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


def _world(seeds: Sequence[Seed], settings: Settings | None, clock: Clock | None, faults_path: Path | None) -> World:
    world = World(seeds, settings=settings, clock=clock)
    if faults_path is not None:
        world.start_with(read_plan_file(faults_path, clients=world.credentials))
    return world


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


@contextlib.contextmanager
def _prepared(
    host: str, port: int, tls: bool, world: World, admin: bool | None, allow_hosts: Sequence[str]
) -> Generator[tuple[Server, RunningServer]]:
    """A server bound to its port and ready to run, with its files; all is gone afterwards."""
    with site(host, port, tls=tls) as place:
        key_path = place.folder / "private.key"
        write_private(key_path, world.keys.private_pem.encode("ascii"))
        details = server_details(world, place.url, authority=place.authority, private_key=key_path)
        app = create_app(
            world,
            admin=is_loopback(host) if admin is None else admin,
            names=Names({host, socket.gethostname(), *allow_hosts}),
        )
        yield place.server(app), RunningServer(details=details, world=world, url=place.url)


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


def server_details(world: World, url: str, *, authority: Path | None, private_key: Path) -> ServerDetails:
    """What a client must know of the first organisation of `world`, served under `url`."""
    organization = world.organization()
    credential = world.credential(organization.org_id)
    own = [domain.name for domain in organization.domains.values() if not domain.trusted]
    federated = [name for name in own if organization.domains[name].type == FEDERATED_ID]
    return ServerDetails(
        api_url=f"{url}{API_ROOT}",
        ims_url=url,
        ca_cert=str(authority) if authority is not None else None,
        org_id=organization.org_id,
        client_id=credential.client_id,
        client_secret=credential.client_secret,
        tech_account_id=credential.tech_account_id,
        private_key_path=str(private_key),
        domain=next(iter([*federated, *own]), None),
        sample_user=organization.samples.get("sample_user"),
        sample_group=organization.samples.get("sample_group"),
        sample_profile=organization.samples.get("sample_profile"),
    )


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
        timeout_graceful_shutdown=_STOP_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ssl_certfile=str(certificates.chain) if certificates is not None else None,
        ssl_keyfile=str(certificates.key) if certificates is not None else None,
    )


class Server(uvicorn.Server):
    """Uvicorn on a socket of ours; tells when it listens and ends without raising the signal again."""

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
        """End; connections that are idle but kept alive, TLS ones above all, are not waited for."""
        ending = asyncio.ensure_future(super().shutdown(sockets))
        await asyncio.sleep(0)
        self._abort(every=False)
        await ending
        self._abort(every=True)
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


class Abortable:
    """Gives the application ways to close connections without an answer, which ASGI has none for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.refuse: Callable[[Coroutine[Any, Any, None]], None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport: Any = getattr(getattr(send, "__self__", None), "transport", None)

        def abort() -> None:
            plain = transport.get_extra_info("socket")
            if plain is not None:
                # The peer sees a reset rather than an orderly end.
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

        def keep(seconds: float) -> None:
            protocol: Any = getattr(getattr(send, "__self__", None), "on_response", None)
            protocol.__self__.timeout_keep_alive = seconds

        outgoing = _ending(send) if _is_framed_twice(scope) else send
        if transport is not None:
            ends: dict[str, Any] = {ABORT: abort, CLOSE: transport.close, REFUSE: self.refuse, KEEP: keep}
            scope.setdefault("extensions", {}).update(ends)
        try:
            await self._app(scope, receive, outgoing)
        except RuntimeError:
            # The client left while it was being answered: uvloop then raises where asyncio drops what is written.
            if transport is None or not transport.is_closing():
                raise
            cycle: Any = getattr(send, "__self__", None)
            cycle.disconnected = True
        except asyncio.CancelledError:
            # The server ends while a client is still sending: it gets no answer, least of all a 500.
            if transport is not None:
                transport.abort()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)


def _is_framed_twice(scope: Scope) -> bool:
    """Whether a request gives its length in both ways: where it ends, two readers may not agree (RFC 9112, 6.1)."""
    names = {name for name, _ in scope.get("headers", ())}
    return b"content-length" in names and b"transfer-encoding" in names


def _ending(send: Send) -> Send:
    """Answers, and ends the connection with the answer."""

    async def channel(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Connection"] = "close"
        await send(message)

    return channel


def _do_nothing() -> None:
    return None
