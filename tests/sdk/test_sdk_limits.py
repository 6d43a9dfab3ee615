"""Limits of one exchange: its time as a whole, the size of an answer, and the age of a connection kept from before."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import threading
import time as real_time
import zlib
from collections.abc import Iterator

import pytest
from fault_kit import ROUTES, TABLE, Listener, Plan, Route
from sdk_kit import Time
from wire_kit import Way, sending

from umapi_sdk.messages import Request, TransportError
from umapi_sdk.transports.bodies import Body, BodyError
from umapi_sdk.transports.exchange import MAX_IDLE, uptime
from umapi_sdk.transports.settings import NetworkSettings

KINDS = pytest.mark.parametrize("kind", ["blocking", "async"])
AFTER_THE_REQUEST = next(fault for fault in TABLE if fault.where == "after the request")


@KINDS
@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_connection_that_was_idle_is_not_used_again(
    kind: str, route: Route, method: str, context: ssl.SSLContext, ca_file: str, time: Time
) -> None:
    """A request rides a connection that was idle for a moment, and a new one after a wait: to no gateway's limit."""
    way = Way(route, context, ca_file)
    front = way.proxy or way.host
    with contextlib.closing(way), sending(kind, way.settings, time) as send:
        send(way.request("GET"))
        time.sleep(MAX_IDLE)
        send(way.request(method))
        assert front.connections == 1
        time.sleep(MAX_IDLE + 0.001)
        # The one connection would be lost with the request that is written on it.
        way.host.plans.append(None)
        assert send(way.request(method)).status == 200
        assert front.connections == 2


@KINDS
@pytest.mark.parametrize("wait", [5.0, 60.0, 75.0])
def test_post_after_a_gateways_limit_is_not_lost(
    kind: str, wait: float, context: ssl.SSLContext, ca_file: str, time: Time
) -> None:
    """A server that cuts the idle connection just as the request is written on it never sees it there."""
    way = Way("http", context, ca_file)
    with contextlib.closing(way), sending(kind, way.settings, time) as send:
        send(way.request("GET"))
        time.sleep(wait)
        # Whatever is written on the old connection gets no answer; a new connection is served.
        old = way.host.connections
        way.host.answer = lambda request: whole() if way.host.connections > old else b""
        assert send(way.request("POST")).status == 200


def whole() -> bytes:
    """An answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


@KINDS
def test_query_on_a_connection_just_cut_costs_no_attempt(
    kind: str, context: ssl.SSLContext, ca_file: str, time: Time
) -> None:
    """A query is written once more, at once, and only once: a host that always cuts is reported."""
    way = Way("http", context, ca_file)
    with contextlib.closing(way), sending(kind, way.settings, time) as send:
        send(way.request("GET"))
        way.host.plans += [Plan(AFTER_THE_REQUEST, "RST"), Plan(AFTER_THE_REQUEST, "FIN")]
        with pytest.raises(TransportError, match=r"was closed by 127\.0\.0\.1") as caught:
            send(way.request("GET"))
        assert caught.value.sent
        assert len(way.host.requests) == 3


def test_uptime_grows() -> None:
    """The clock for idle times runs forward."""
    assert uptime() <= uptime()


class Dripping(Listener):
    """A host that sends its answer byte by byte, and never stops."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._gone = threading.Event()
        super().__init__()

    def serve(self, sock: socket.socket) -> None:
        """Drip."""
        sock.recv(65_536)
        sock.sendall(self._head)
        while not self._gone.wait(0.005):
            sock.sendall(b"1")

    def close(self) -> None:
        """Stop."""
        self._gone.set()
        super().close()


DRIPS = {
    "status line": b"",
    "headers": b"HTTP/1.1 200 OK\r\nX: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
}


@pytest.fixture(params=DRIPS)
def dripping(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    """A host for each part of an answer."""
    host = Dripping(DRIPS[request.param])
    yield host
    host.close()


@KINDS
def test_time_limit_is_for_the_exchange_as_a_whole(kind: str, dripping: Dripping) -> None:
    """An answer that comes byte by byte does not outlast the time-out, though each byte comes in time."""
    settings = NetworkSettings(timeout=0.1)
    request = Request(method="POST", url=f"http://127.0.0.1:{dripping.port}/", headers={}, body=b"[]")
    with sending(kind, settings, None) as send:
        begin = real_time.monotonic()
        with pytest.raises(TransportError, match=r"time-out while receiving the answer .* after 0\.1 s") as caught:
            send(request)
    assert caught.value.sent
    assert real_time.monotonic() - begin < 2


@KINDS
@pytest.mark.parametrize("status", [401, 429, 503])
def test_status_counts_though_time_ran_out(kind: str, status: int) -> None:
    """A refusal whose body drips is a refusal."""
    host = Dripping(b"HTTP/1.1 %d No\r\nRetry-After: 38\r\nContent-Length: 1000000\r\n\r\n" % status)
    request = Request(method="POST", url=f"http://127.0.0.1:{host.port}/", headers={}, body=b"[]")
    with contextlib.closing(host), sending(kind, NetworkSettings(timeout=0.1), None) as send:
        answer = send(request)
    assert (answer.status, answer.headers["retry-after"], answer.body) == (status, "38", b"")


def answer_of(body: bytes, *headers: bytes, status: int = 200) -> bytes:
    """An answer on the wire."""
    lines = [b"HTTP/1.1 %d Some Reason" % status, *headers, b"Content-Length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)


@KINDS
@pytest.mark.parametrize("packed", [True, False])
def test_answer_that_is_too_large_is_refused(
    kind: str, packed: bool, context: ssl.SSLContext, ca_file: str, time: Time
) -> None:
    """An answer over the limit, as sent or as decoded, is one clear error that is not worth another try."""
    way = Way("http", context, ca_file, max_response_size=100_000)
    bomb = gzip.compress(b" " * 10_000_000)
    assert len(bomb) < 100_000
    answer = answer_of(bomb, b"Content-Encoding: gzip") if packed else answer_of(b" " * 100_001)
    way.host.answer = lambda _: answer
    with contextlib.closing(way), sending(kind, way.settings, time) as send:
        with pytest.raises(TransportError, match="larger than 100000 bytes: raise max_response_size") as caught:
            send(way.request("GET"))
        assert (caught.value.sent, caught.value.permanent) == (True, True)
        way.host.answer = lambda _: answer_of(b" " * 100_000)
        assert len(send(way.request("GET")).body) == 100_000


@KINDS
def test_packed_answers_are_read(kind: str, context: ssl.SSLContext, ca_file: str, time: Time) -> None:
    """Answers come packed where the service can: it is told so, and they are unpacked."""
    way = Way("http", context, ca_file)
    body = b"[1, 2, 3]" * 1000
    way.host.answer = lambda _: answer_of(gzip.compress(body), b"Content-Encoding: gzip")
    with contextlib.closing(way), sending(kind, way.settings, time) as send:
        assert send(way.request("GET")).body == body
    assert b"accept-encoding: gzip\r\n" in way.host.requests[0].lower()


@KINDS
def test_interim_answers_are_passed_over(kind: str, context: ssl.SSLContext, ca_file: str, time: Time) -> None:
    """100, 102 and 103 are no answers."""
    way = Way("http", context, ca_file)
    interim = b"".join(b"HTTP/1.1 %d Wait\r\nLink: </x>\r\n\r\n" % status for status in (100, 102, 103))
    way.host.answer = lambda _: interim + answer_of(b"[]", status=404)
    with contextlib.closing(way), sending(kind, way.settings, time) as send:
        assert (send(way.request("GET")).status, send(way.request("POST")).body) == (404, b"[]")


def test_bomb_is_not_unpacked() -> None:
    """No more is unpacked than may be kept."""
    bomb = zlib.compress(b" " * 50_000_000)
    body = Body({"content-encoding": "deflate"}, limit=100_000)
    with pytest.raises(BodyError, match="larger than 100000"):
        body.feed(bomb)


@pytest.mark.parametrize(
    ("headers", "chunks", "reason"),
    [
        ({"content-encoding": "gzip"}, [gzip.compress(b"[]")[:-1]], "broke off"),
        ({"content-encoding": "gzip"}, [b"[]"], "is not gzip"),
        ({"content-encoding": "br"}, [b"[]"], "'br' was not asked for"),
        ({"content-length": "1" + "0" * 5000}, [], "larger than 9 bytes"),
        ({}, [b"1" * 5, b"2" * 5], "larger than 9 bytes"),
    ],
)
def test_bodies_that_cannot_be_read(headers: dict[str, str], chunks: list[bytes], reason: str) -> None:
    """Each says why."""

    def read() -> None:
        body = Body(headers, limit=9 if "9 bytes" in reason else 1000)
        for chunk in chunks:
            body.feed(chunk)
        body.finish()

    with pytest.raises(BodyError, match=reason):
        read()


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "x-gzip", "GZIP"])
def test_bodies_that_are_empty(encoding: str) -> None:
    """No bytes are no body, whatever the encoding."""
    assert Body({"content-encoding": encoding} if encoding else {}, 10).finish() == b""
