"""Limits of one exchange: its time as a whole, the size of an answer, and the age of a connection kept from before."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import threading
import time as real_time
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fault_kit import ROUTES, TABLE, Listener, Plan, Route
from sdk_kit import Time
from wire_kit import Way, sending

from umapi_sdk.messages import Request, Response, TransportError
from umapi_sdk.transports.asynchronous import HttpxTransport
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
    settings = NetworkSettings(timeout=0.3)
    request = Request(method="POST", url=f"http://127.0.0.1:{dripping.port}/", headers={}, body=b"[]")
    with sending(kind, settings, None) as send:
        begin = real_time.monotonic()
        with pytest.raises(TransportError, match=r"time-out while receiving the answer .* after 0\.3 s") as caught:
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


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces, and fails in the end if it is to."""

    def __init__(self, body: bytes, failure: Exception | None = None) -> None:
        self.given = 0
        self._body = body
        self._failure = failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 1000):
            self.given += 1
            yield self._body[start : start + 1000]
        if self._failure:
            raise self._failure


def through_httpx(answer: httpx.Response, limit: int) -> Response:
    """Send a request through an httpx transport that gives an answer."""

    async def go() -> Response:
        transport = HttpxTransport(NetworkSettings(max_response_size=limit), httpx.MockTransport(lambda _: answer))
        try:
            return await transport.send(Request(method="POST", url="http://127.0.0.1/", headers={}, body=b"[]"))
        finally:
            await transport.close()

    return asyncio.run(go())


def test_httpx_transport_is_held_to_the_limit() -> None:
    """A transport given in place of the network gets no more than the limit into memory, packed or not."""
    endless = Pieces(b" " * 10_000_000)
    bomb = gzip.compress(b" " * 10_000_000)
    packed = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Pieces(bomb))
    for answer in (httpx.Response(200, stream=endless), packed, httpx.Response(200, content=b" " * 100_001)):
        with pytest.raises(TransportError, match="larger than 100000 bytes") as caught:
            through_httpx(answer, 100_000)
        assert (caught.value.sent, caught.value.permanent) == (True, True)
    assert endless.given < 110
    whole = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Pieces(bomb))
    assert through_httpx(whole, 10_000_000).body == b" " * 10_000_000
    assert through_httpx(httpx.Response(200, content=b"[]"), 2).body == b"[]"


@pytest.mark.parametrize("failure", [httpx.ReadError("reset"), OSError("gone"), TimeoutError()])
def test_status_of_an_httpx_transport_decides(failure: Exception) -> None:
    """As on the wire, a body that cannot be read takes nothing from a status but that of a success."""
    answer = httpx.Response(429, headers={"Retry-After": "38"}, stream=Pieces(b"x", failure))
    given = through_httpx(answer, 100)
    assert (given.status, given.headers["retry-after"], given.body) == (429, "38", b"")
    with pytest.raises(TransportError) as caught:
        through_httpx(httpx.Response(200, stream=Pieces(b"x", failure)), 100)
    assert caught.value.sent


def test_name_that_is_never_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that hangs holds a blocking request up for its time-out, and the reason names the name."""
    over, ask = threading.Event(), socket.getaddrinfo

    def hang(host: Any, *arguments: Any, **options: Any) -> Any:
        if host == "slow.example.com" and socket.AI_NUMERICHOST not in arguments:
            over.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        return ask(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    request = Request(method="POST", url="http://slow.example.com/", headers={}, body=b"[]")
    reason = r"^time-out while resolving the name slow\.example\.com, after 0\.05 s: do this machine's name servers"
    try:
        with sending("blocking", NetworkSettings(timeout=0.05), None) as send:
            with pytest.raises(TransportError, match=reason) as caught:
                send(request)
            assert not caught.value.sent
            over.set()
            with pytest.raises(TransportError, match=r"the name slow\.example\.com cannot be resolved"):
                send(request)
    finally:
        over.set()


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
