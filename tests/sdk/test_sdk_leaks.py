"""What failures leave behind: no place in the pool is kept, and no connection stays open."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
import threading

import pytest
from fault_kit import ROUTES, TABLE, Fault, How, Listener, Plan, Route
from sdk_kit import Time
from wire_kit import Way, sending

from umapi_sdk.messages import Request, TransportError
from umapi_sdk.transports.settings import NetworkSettings

KINDS = pytest.mark.parametrize("kind", ["blocking", "async"])
MORE_THAN_A_POOL_HOLDS = 120

CASES = [
    pytest.param(fault, route, id=f"{fault.where}-{route}")
    for fault in TABLE
    for route in ROUTES
    if route in fault.routes
    and not fault.permanent
    and fault.status is None
    and fault.answer != b"closed"
    # What is left of an exchange that was sent is the same by each route.
    and (not fault.sent or route == "http")
]


# As in test_sdk_faults: Python itself leaves the socket of a handshake to the garbage collector, where it met an RST.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@KINDS
@pytest.mark.parametrize(("fault", "route"), CASES)
def test_failures_leave_room(
    kind: str, fault: Fault, route: Route, context: ssl.SSLContext, ca_file: str, time: Time
) -> None:
    """However many exchanges have failed at one place, the next one finds a connection."""
    way = Way(route, context, ca_file)
    how: How = "RST"
    with contextlib.closing(way), sending(kind, way.settings, time) as send:
        for _ in range(MORE_THAN_A_POOL_HOLDS):
            way.host.plans.append(Plan(fault, how))
            with pytest.raises(TransportError, match=r"^(?!time-out)"):
                send(way.request("POST"))
            way.host.plans.clear()
        # A query: the reset of the last connection can be on its way yet, and a POST would rightly not be repeated.
        assert send(way.request("GET")).status == 200


class Mute(Listener):
    """A host that says nothing more after what it begins with, and notes who hangs up."""

    def __init__(self, begin: bytes = b"") -> None:
        self._begin = begin
        self.hung_up = threading.Semaphore(0)
        super().__init__()

    def serve(self, sock: socket.socket) -> None:
        """Read until the client is gone."""
        sock.recv(65_536)
        sock.sendall(self._begin)
        with contextlib.suppress(ConnectionError):
            while sock.recv(65_536):
                pass
        self.hung_up.release()


@KINDS
@pytest.mark.parametrize("way", ["http", "https", "a proxy", "a tunnel"])
def test_time_out_hangs_up(kind: str, way: str, time: Time) -> None:
    """What did not answer in time is left at once: in the request, in TLS, before the tunnel and in it."""
    mute = Mute(b"HTTP/1.1 200 Connection established\r\n\r\n" if way == "a tunnel" else b"")
    proxy = f"http://127.0.0.1:{mute.port}" if way in ("a proxy", "a tunnel") else None
    url = f"{'http' if way == 'http' else 'https'}://127.0.0.1:{mute.port}/"
    request = Request(method="POST", url=url, headers={}, body=b"[]")
    gc.disable()  # which would hang up for whoever forgot to
    try:
        with contextlib.closing(mute), sending(kind, NetworkSettings(timeout=0.02, proxy=proxy), time) as send:
            for _ in range(3):
                with pytest.raises(TransportError, match=r"time-out"):
                    send(request)
            assert all(mute.hung_up.acquire(timeout=5) for _ in range(3))
    finally:
        gc.enable()
