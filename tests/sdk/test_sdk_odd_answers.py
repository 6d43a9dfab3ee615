"""Answers as gateways garble them: headers that come twice, chunks and lengths that are none, gzip in members."""

from __future__ import annotations

import contextlib
import gzip
import ssl
from typing import Any

import pytest
from fault_kit import Host, end
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import STEADY, Time
from wire_kit import Way, sending

from umapi_sdk.messages import Response, TransportError
from umapi_sdk.transports.bodies import Body, BodyError
from umapi_sdk.transports.exchange import MAX_HEADERS
from umapi_sdk.transports.headers import joined

KINDS = pytest.mark.parametrize("kind", ["blocking", "async"])
OK = b"HTTP/1.1 200 OK\r\n"
END = b"Content-Length: 2\r\n\r\n[]"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class Answering:
    """A host of which every answer is the same, and a transport that asks it."""

    def __init__(self, context: ssl.SSLContext, ca_file: str) -> None:
        self._way = Way("http", context, ca_file)

    def ask(self, kind: str, answer: bytes, time: Time) -> Response:
        """Send a request that gets the answer, after which the connection ends."""

        def serve(sock: Any) -> None:
            sock.recv(65_536)
            sock.sendall(answer)
            end(sock, "FIN")

        host: Host = self._way.host
        host.serve = serve  # type: ignore[method-assign]
        with contextlib.closing(self._way), sending(kind, self._way.settings, time) as send:
            return send(self._way.request("GET"))


@pytest.fixture
def answering(context: ssl.SSLContext, ca_file: str) -> Answering:
    """A host with answers of the test's own."""
    return Answering(context, ca_file)


@KINDS
def test_values_of_a_header_that_came_twice_are_all_there(kind: str, answering: Answering, time: Time) -> None:
    """Values that differ stand in one list, equal ones once: for both kinds of connection the same."""
    head = b"X-Total-Count: 30\r\nX-Total-Count: 3\r\nX-Page-Size: 3\r\nx-page-size: 3\r\nContent-Length: 2\r\n\r\n[]"
    response = answering.ask(kind, OK + head, time)
    assert (response.headers["x-total-count"], response.headers["x-page-size"]) == ("30, 3", "3")


@KINDS
def test_values_survive_an_answer_that_breaks_off(kind: str, answering: Answering, time: Time) -> None:
    """An answer of which only the head can be read has all values of its headers too."""
    head = b"HTTP/1.1 429 Slow\r\nRetry-After: 5\r\nRetry-After: 400\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello"
    response = answering.ask(kind, head, time)
    assert (response.status, response.headers["retry-after"], response.body) == (429, "5, 400", b"")


@KINDS
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", "chunks are not those of HTTP"),
        (CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n", "chunks are not those of HTTP"),
        (CHUNKED + b"5\r\nhel", "it ended too early"),
        (OK + b"Content-Length: 9\r\n\r\nhel", "it ended too early"),
        (OK + b"Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello", "Content-Length is not one number"),
        (OK + b"Content-Length: -5\r\n\r\nhello", "Content-Length is not one number"),
        (OK + b"no header\r\n\r\n", "its headers are not those of HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "it does not begin with a whole status line"),
        (b"garbage\r\n\r\n", "it does not begin with a whole status line"),
        (OK + b"X-Long: %s\r\n" % (b"x" * 1000) * 300 + b"\r\n", "its headers are too many or too long"),
        (OK + b"X-Long: %s\r\n" % (b"x" * 1000) * 70 + END, "its headers are too many or too long"),
        (OK + b"X: y\r\n" * 100 + END, "its headers are too many or too long"),
        (OK + b"X: y\r\n" * 150 + END, "its headers are too many or too long"),
        (OK + b"X: y\r\n" * 1000 + END, "its headers are too many or too long"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "answered with status 100 alone, which is no final answer"),
        (
            b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\nPRI",
            "answered with status 101 alone, which is no final answer",
        ),
    ],
)
def test_answer_that_cannot_be_read_is_told_in_plain_words(
    kind: str, answering: Answering, time: Time, answer: bytes, said: str
) -> None:
    """Whatever is wrong with an answer is said in words of HTTP, not of Python or of a library."""
    with pytest.raises(TransportError, match=said) as caught:
        answering.ask(kind, answer, time)
    assert caught.value.sent
    assert caught.value.answered is answer.startswith(OK)
    leaks = ("int()", "bytearray", "IncompleteRead", "Error", "b'", "InvalidChunk", "received")
    assert [leak for leak in leaks if leak in str(caught.value)] == []


@KINDS
def test_headers_up_to_the_limit_are_read(kind: str, answering: Answering, time: Time) -> None:
    """An answer of as many headers as are allowed is an answer like any other."""
    response = answering.ask(kind, OK + b"X: y\r\n" * (MAX_HEADERS - 1) + END, time)
    assert (response.headers["x"], response.body) == ("y", b"[]")


@KINDS
def test_refusal_with_too_many_headers_is_a_refusal(kind: str, answering: Answering, time: Time) -> None:
    """The status counts, and of the headers as many as are read of any answer."""
    many = b"".join(b"X-%d: y\r\n" % number for number in range(150))
    response = answering.ask(kind, b"HTTP/1.1 429 Slow\r\nRetry-After: 5\r\n" + many + END, time)
    assert (response.status, response.headers["retry-after"], response.body) == (429, "5", b"")
    assert len(response.headers) == MAX_HEADERS


@KINDS
def test_gzip_of_several_members_is_read_whole(kind: str, answering: Answering, time: Time) -> None:
    """A body that a gateway compressed piece by piece (RFC 1952, 2.2) is all of them together."""
    body = gzip.compress(b'{"users":') + gzip.compress(b"[]}")
    response = answering.ask(
        kind, OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body, time
    )
    assert response.body == b'{"users":[]}'


@STEADY
@given(st.lists(st.binary(max_size=50), min_size=1, max_size=8), st.integers(1, 60), st.integers(0, 3))
def test_members_may_be_cut_anywhere(parts: list[bytes], size: int, zeros: int) -> None:
    """However the members of a gzip fall into pieces on the wire, and with zeros after them, the body is whole."""
    wire = b"".join(map(gzip.compress, parts)) + b"\0" * zeros
    body = Body({"content-encoding": "gzip"}, 10_000)
    for start in range(0, len(wire), size):
        body.feed(wire[start : start + size])
    assert body.finish() == b"".join(parts)


@STEADY
@given(st.lists(st.binary(max_size=50), min_size=2, max_size=4), st.integers(1, 15))
def test_gzip_whose_last_member_is_cut_is_not_whole(parts: list[bytes], missing: int) -> None:
    """The members before one that broke off are no whole body."""
    body = Body({"content-encoding": "gzip"}, 10_000)
    body.feed(b"".join(map(gzip.compress, parts))[:-missing])
    with pytest.raises(BodyError, match="broke off"):
        body.finish()


def test_members_together_are_held_to_the_limit() -> None:
    """Many members are decoded no further than one would be."""
    body = Body({"content-encoding": "gzip"}, 100)
    with pytest.raises(BodyError, match="larger than 100 bytes"):
        body.feed(gzip.compress(b"x" * 60) + gzip.compress(b"y" * 60))


def test_what_follows_a_gzip_and_is_none_is_refused() -> None:
    """Bytes after the last member that begin no other one are not passed over in silence."""
    body = Body({"content-encoding": "gzip"}, 100)
    with pytest.raises(BodyError, match="not gzip"):
        body.feed(gzip.compress(b"x") + b"more")


@STEADY
@given(st.lists(st.tuples(st.sampled_from(["A", "a", "B"]), st.sampled_from(["1", "2"]))))
def test_joined_headers_lose_no_value(pairs: list[tuple[str, str]]) -> None:
    """Each value that came stands once in the list of its name, in the order it came."""
    for name, value in joined(pairs).items():
        came = [each for key, each in pairs if key.lower() == name]
        assert value.split(", ") == list(dict.fromkeys(came))
