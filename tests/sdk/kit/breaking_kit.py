"""A proxy that breaks at any byte between a connection and the mock server, and the judge of what outcomes then say.

Where it breaks is a number of bytes in one direction, TLS or not: it knows of HTTP only what a proxy must. What was
applied is seen in the organisation's own state, and how often in the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, Literal

import attrs
from fault_kit import How, Listener, end
from sdk_kit import Time, credentials_for, steady_policy

from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import Action, ActionOutcome, Connection, OutcomeStatus, UmapiError, UnsentActionsWarning, UserAction
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.transports.asynchronous import WireTransport
from umapi_sdk.transports.blocking import BlockingTransport
from umapi_sdk.transports.settings import NetworkSettings

Path = Literal["direct", "proxy"]
Kind = Literal["blocking", "async"]
Direction = Literal["to the server", "to the client"]
GROUP = "DevOps"
_BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@attrs.frozen
class Break:
    """What happens to the connection that is used next."""

    direction: Direction
    after: int
    """Bytes that still pass in that direction; none passes after them. Below 0: at once, before any byte."""
    how: How | Literal["stall", "502"]
    """502 is what a gateway says that has lost the service; only in the clear, where it can say so."""


class Breaker(Listener):
    """Leads connections to a server, directly or as a proxy for tunnels and plain requests, until one is to break."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._armed: deque[Break] = deque()
        self._lock = threading.Lock()
        self.broken = 0
        """How many connections were broken."""
        self.passed = {"to the server": 0, "to the client": 0}
        """Bytes that passed since the last `arm`."""
        super().__init__()

    def arm(self, planned: Iterable[Break]) -> None:
        """Let the connections break that are used next, one after the other."""
        with self._lock:
            self._armed = deque(planned)
            self.passed = dict.fromkeys(self.passed, 0)

    def cut_idle(self) -> None:
        """Cut the connections that are open, as a gateway does with idle ones."""
        for sock in tuple(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _take(self, *, at_once: bool = False) -> Break | None:
        with self._lock:
            if not self._armed or at_once != (self._armed[0].after < 0):
                return None
            return self._armed.popleft()

    def serve(self, sock: socket.socket) -> None:
        """Lead one connection on."""
        if planned := self._take(at_once=True):
            return self._break(sock, planned)
        with socket.create_connection(("127.0.0.1", self._port)) as upstream:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._lead(sock, upstream)

    def _lead(self, sock: socket.socket, upstream: socket.socket) -> None:
        planned: Break | None = None
        passed = dict.fromkeys(self.passed, 0)
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            selector.register(upstream, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    from_client = key.fileobj is sock
                    data = (sock if from_client else upstream).recv(65_536)
                    if not data:
                        return None
                    if from_client and planned is None and (planned := self._take()):
                        passed = dict.fromkeys(passed, 0)
                    direction: Direction = "to the server" if from_client else "to the client"
                    if planned and planned.direction == direction and passed[direction] + len(data) > planned.after:
                        self._pass(sock, upstream, data[: planned.after - passed[direction]], from_client)
                        return self._break(sock, planned)
                    passed[direction] += len(data)
                    self.passed[direction] += len(data)
                    self._pass(sock, upstream, data, from_client)

    def _pass(self, sock: socket.socket, upstream: socket.socket, data: bytes, from_client: bool) -> None:
        if from_client and data.startswith(b"CONNECT "):
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        elif from_client:
            method, found, rest = data.partition(b" http://127.0.0.1:")
            upstream.sendall(method + b" /" + rest.partition(b"/")[2] if found else data)
        else:
            sock.sendall(data)

    def _break(self, sock: socket.socket, planned: Break) -> None:
        self.broken += 1
        if planned.how == "stall":
            while sock.recv(65_536):
                pass
            return
        if planned.how == "502":
            sock.sendall(_BAD_GATEWAY)
        end(sock, "RST" if planned.how == "RST" else "FIN")


@attrs.define
class Deed:
    """An action, and how to see in the organisation that it was carried out."""

    email: str
    action: Action
    done: Callable[[Any], bool]
    """Given the organisation."""


class Deeds:
    """Makes actions, each on a user of its own."""

    def __init__(self, server: RunningServer) -> None:
        self._organization = server.world.organization()
        self._count = 0

    def make(self, kind: int) -> Deed:
        """Make one: a creation, a membership, a new name, or a removal, by the number."""
        self._count += 1
        email = f"deed{self._count:06}@example.com"
        person: dict[str, Any] = {"email": email, "firstname": "F", "lastname": "L", "country": "DE"}
        if kind % 4 == 0:
            create = UserAction(email).create_federated_id(email=email, first_name="F", last_name="L", country="DE")
            return Deed(email, create, lambda org: org.find_user(email) is not None)
        user = self._organization.add_user(type="federatedID", **person)
        if kind % 4 == 1:
            return Deed(email, UserAction(email).add_to_groups([GROUP]), lambda _: bool(user.groups))
        if kind % 4 == 2:
            return Deed(email, UserAction(email).update(first_name="New"), lambda _: user.firstname == "New")
        return Deed(email, UserAction(email).remove_from_organization(), lambda org: org.find_user(email) is None)


def lies(server: RunningServer, deeds: Sequence[Deed], outcomes: dict[int, ActionOutcome]) -> list[str]:
    """What the outcomes, by the id of their action, say against the organisation's state."""
    organization = server.world.organization()
    bodies = [entry.commands for entry in server.world.journal if entry.status == 200]
    found: list[str] = []
    for deed in deeds:
        outcome = outcomes.get(id(deed.action))
        done = deed.done(organization)
        times = sum(deed.email.encode() in body for body in bodies)
        if outcome is None:
            found.append(f"{deed.email}: no outcome")
            continue
        truth = f"{outcome}, but done is {done}, and the service had it {times} times"
        if outcome.status is OutcomeStatus.COMPLETED and not done:
            found.append(truth)
        if outcome.status in (OutcomeStatus.FAILED, OutcomeStatus.NOT_SENT, OutcomeStatus.PARTLY_SENT) and done:
            found.append(truth)
        if outcome.status is OutcomeStatus.NOT_SENT and times:
            found.append(truth)
        if times > 1 and not outcome.maybe_repeated:
            found.append(f"{truth}, not said to be repeated")
    return found


class Line:
    """A connection of either kind, to use as if it were blocking, by way of a proxy that breaks."""

    def __init__(self, server: RunningServer, kind: Kind, path: Path, time: Time, **options: Any) -> None:
        details = server.details
        real = int(server.url.rpartition(":")[2])
        self.breaker = Breaker(real)
        self.secure = server.url.startswith("https")
        if path == "direct":
            new = str(self.breaker.port)
            details = attrs.evolve(
                details,
                api_url=details.api_url.replace(str(real), new),
                ims_url=details.ims_url.replace(str(real), new),
            )
        proxy = f"http://127.0.0.1:{self.breaker.port}" if path == "proxy" else None
        network = NetworkSettings(timeout=0.4, ca_bundle=details.ca_cert, proxy=proxy)
        given: dict[str, Any] = {"endpoint": details.api_url, "clock": time.clock, "retry": steady_policy(), **options}
        credentials = credentials_for(details)
        self._runner: asyncio.Runner | None = None
        self._connection: Any
        if kind == "blocking":
            wire = BlockingTransport(network, clock=time.clock)
            self._connection = Connection(details.org_id, credentials, transport=wire, sleep=time.sleep, **given)
        else:
            self._runner = asyncio.Runner()
            async_wire = WireTransport(network, clock=time.clock)
            given = {"transport": async_wire, "sleep": time.sleep_async, **given}
            self._connection = AsyncConnection(details.org_id, credentials, **given)

    def _result(self, waiting: Any) -> Any:
        return self._runner.run(waiting) if self._runner else waiting

    def execute(self, deeds: Sequence[Deed]) -> dict[int, ActionOutcome]:
        """Execute actions; return the outcomes that the call gave, by the ids of their actions."""
        try:
            outcomes = self._result(
                self._connection.execute_multiple([deed.action for deed in deeds], immediate=True)
            ).outcomes
        except UmapiError as error:
            outcomes = error.outcomes
        self._connection.take_queued()
        return {id(outcome.action): outcome for outcome in outcomes}

    def close(self) -> None:
        """Close everything."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnsentActionsWarning)
            self._result(self._connection.close())
        if self._runner:
            self._runner.close()
        self.breaker.close()


@contextlib.contextmanager
def open_line(server: RunningServer, kind: Kind, path: Path, time: Time, **options: Any) -> Generator[Line]:
    """A line for the length of the context."""
    line = Line(server, kind, path, time, **options)
    try:
        yield line
    finally:
        line.close()
