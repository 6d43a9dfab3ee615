"""The server: the application on a socket, in the foreground or in a thread, with TLS if wanted."""

from __future__ import annotations

import contextlib
import gc
import socket
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import attrs

from umapi_harness.mock.clock import Clock
from umapi_harness.mock.control.page_files import PAGE_PATH
from umapi_harness.mock.faults.plans import read_plan_file
from umapi_harness.mock.serving.addresses import Names, is_loopback
from umapi_harness.mock.serving.app import create_app
from umapi_harness.mock.serving.certificates import write_private
from umapi_harness.mock.serving.details import ServerDetails
from umapi_harness.mock.serving.listening import DEFAULT_HOST, Server, in_background, site
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.seeds import Seed
from umapi_harness.mock.world import World
from umapi_models.names import FEDERATED_ID
from umapi_models.operations import API_PATH


@attrs.frozen(kw_only=True)
class RunningServer:
    """A server that listens; its world can be looked at and changed between requests."""

    details: ServerDetails
    world: World
    url: str
    """Scheme, host and port."""
    page_url: str | None
    """Where the page is, for a browser; None without the admin interface."""


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
    on_ready: Callable[[RunningServer], None] | None = None,
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
                on_ready(running)

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


def _world(seeds: Sequence[Seed], settings: Settings | None, clock: Clock | None, faults_path: Path | None) -> World:
    world = World(seeds, settings=settings, clock=clock)
    if faults_path is not None:
        world.start_with(read_plan_file(faults_path, clients=world.credentials))
    return world


@contextlib.contextmanager
def _prepared(
    host: str, port: int, tls: bool, world: World, admin: bool | None, allow_hosts: Sequence[str]
) -> Generator[tuple[Server, RunningServer]]:
    """A server bound to its port and ready to run, with its files; all is gone afterwards."""
    with site(host, port, tls=tls) as place:
        key_path = place.folder / "private.key"
        write_private(key_path, world.keys.private_pem.encode("ascii"))
        details = server_details(world, place.url, authority=place.authority, private_key=key_path)
        with_page = is_loopback(host) if admin is None else admin
        app = create_app(world, admin=with_page, names=Names({host, socket.gethostname(), *allow_hosts}))
        page_url = f"{place.url}{PAGE_PATH}" if with_page else None
        yield place.server(app), RunningServer(details=details, world=world, url=place.url, page_url=page_url)


def server_details(world: World, url: str, *, authority: Path | None, private_key: Path) -> ServerDetails:
    """What a client must know of the first organisation of `world`, served under `url`."""
    organization = world.organization()
    credential = world.credential(organization.org_id)
    own = [domain.name for domain in organization.domains.values() if not domain.trusted]
    federated = [name for name in own if organization.domains[name].type == FEDERATED_ID]
    return ServerDetails(
        api_url=f"{url}{API_PATH}",
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
