"""Both ways to read requests, h11 and httptools, answer whatever comes alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest

from tests.strength.conftest import Target
from tests.strength.test_strength_sockets import ACTION, BROKEN, CHUNKED, CLOSE, HOST, ODD, get
from umapi_harness.mock.serving import listening
from umapi_harness.mock.serving.connections import Connection, Patience, PureConnection, plain

OTHERS: dict[str, bytes] = {
    **{
        f"method {name.decode()}": get(b"/status", method=name)
        for name in (b"GE", b"GETT", b"G!T", b"G(T", b"QUERY", b"PATCH", b"OPTIONS", b"DESCRIBE", b"LINK")
    },
    "unknown method and path": get(b"/nowhere", method=b"BREW"),
    "unknown method with a body": b"BREW /status HTTP/1.1\r\n" + HOST + CLOSE + b"Content-Length: 3\r\n\r\nabc",
    "CONNECT to a path": get(b"/status", method=b"CONNECT"),
    "lengths that are equal": ACTION + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]",
    "a list of equal lengths": ACTION + b"Content-Length: 2, 2\r\n\r\n[]",
    "a list of other lengths": ACTION + b"Content-Length: 2, 3\r\n\r\n[]",
    "a length that begins with zero": ACTION + b"Content-Length: 02\r\n\r\n[]",
    "a length of many zeros": ACTION + b"Content-Length: " + b"2".zfill(22) + b"\r\n\r\n[]",
    "a length of 20 digits": ACTION + b"Content-Length: " + b"9" * 20 + b"\r\n\r\n[]",
    "an empty length": ACTION + b"Content-Length: \r\n\r\n",
    "a folded length": ACTION + b"Content-Length:\r\n 2\r\n\r\n[]",
    "two spaces before the path": get(b" /status"),
    "two spaces behind the path": get(b"/status "),
    "a space behind the version": get(b"/status", version=b"1.1 "),
    "a tab in the line": b"GET\t/status\tHTTP/1.1\r\n" + HOST + CLOSE + b"\r\n",
    "a space before the method": get(b"/status", method=b" GET"),
    "another protocol": b"GET /status RTSP/1.0\r\n" + HOST + CLOSE + b"\r\n",
    "HTTP/0.9 with headers": get(b"/status", version=b"0.9"),
    "HTTP/1.2 without Host": get(b"/status", headers=b"", version=b"1.2"),
    "HTTP/1.0 kept alive": b"GET /status HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get(b"/status", version=b"1.0"),
    "HTTP/1.0 in chunks": ACTION.replace(b"1.1", b"1.0") + CHUNKED + b"2\r\n[]\r\n0\r\n\r\n",
    "absolute form in capitals": get(b"HTTP://h/status"),
    "absolute form without a path": get(b"http://h?x"),
    "absolute form of an odd host": get(b'http://h"x/status'),
    "a query alone": get(b"?x=1"),
    "a backslash": get(b"\\status"),
    "an at sign": get(b"@h/status"),
    "a port": get(b":80/status"),
    "a digit": get(b"1status"),
    "a header folded by a tab": get(b"/status", headers=HOST + b"X-Request-Id: a\r\n\tb\r\n"),
    "a header folded twice": get(b"/status", headers=HOST + b"X-Request-Id: a\r\n b\r\n   c\r\n"),
    "a header folded into nothing": get(b"/status", headers=HOST + b"X-Request-Id: a\r\n  \r\n"),
    "a fold before the headers": get(b"/status", headers=b" X: 1\r\n" + HOST),
    "spaces behind a header": get(b"/status", headers=HOST + b"X-Request-Id:   a  \t \r\n"),
    "a vertical tab in a header": get(b"/status", headers=HOST + b"X-Request-Id: \x0ba\x0b\r\n"),
    "a form feed in a header": get(b"/status", headers=HOST + b"X-Request-Id: a\x0c\r\n"),
    "a chunk with an extension": ACTION + CHUNKED + b'2;a="b;c"\r\n[]\r\n0\r\n\r\n',
    "a chunk with an empty extension": ACTION + CHUNKED + b"2;\r\n[]\r\n0\r\n\r\n",
    "a chunk with an odd extension": ACTION + CHUNKED + b"2;\x01\xe4\r\n[]\r\n0\r\n\r\n",
    "a chunk with a long extension": ACTION + CHUNKED + b"2;" + b"x" * 30_000 + b"\r\n[]\r\n0\r\n\r\n",
    "chunks between line feeds": ACTION + CHUNKED + b"2\n[]\n0\n\n",
    "a large trailer": ACTION + CHUNKED + b"2\r\n[]\r\n0\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    "carriage returns alone": get(b"/status").replace(b"\r\n", b"\r"),
    "a path of 66 kB": get(b"/" + b"a" * 66_000),
    "a header of 66 kB": get(b"/status", headers=HOST + b"X: " + b"y" * 66_000 + b"\r\n"),
    "Proxy-Connection": b"GET /status HTTP/1.1\r\n" + HOST + b"Proxy-Connection: close\r\n\r\n" + get(b"/status"),
    "an odd request behind a plain one": b"GET /status HTTP/1.1\r\n" + HOST + b"\r\n" + get(b"/status", method=b"BREW"),
    "a request behind the last one": get(b"/status") + get(b"/status"),
}
CASES = {**BROKEN, **ODD, **OTHERS}


@pytest.fixture(scope="module")
def both(attackable: Callable[[], AbstractContextManager[Target]]) -> Iterator[list[Target]]:
    """A server with each of the two."""
    if Connection is PureConnection:
        pytest.skip("httptools is not installed")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Patience, "seconds", 1.0)
        targets: list[Target] = []
        for kind in (PureConnection, Connection):
            patch.setattr(listening, "Connection", kind)
            targets.append(stack.enter_context(attackable()))
        yield targets


def _seen(target: Target, raw: bytes) -> tuple[bytes, list[Any]]:
    """What the client gets, without what is another each time, and what has reached the service."""
    target.server.world.reset()
    answer = re.sub(rb"(?im)^date: .*\r\n|(?<=^x-request-id: )[A-Za-z0-9]{32}(?=\r)", b"", target.answer_to(raw))
    entries = target.server.world.journal.as_list()
    return answer.replace(b"\r\nConnection:", b"\r\nconnection:"), [(one["method"], one["path"]) for one in entries]


@pytest.mark.parametrize("name", CASES)
def test_both_parsers_answer_alike(both: list[Target], name: str) -> None:
    """Status, headers and body of each answer are the same, and so is what the service was asked."""
    pure, fast = (_seen(target, CASES[name]) for target in both)
    assert fast == pure


@pytest.mark.parametrize("pieces", range(2, 5))
def test_a_request_in_pieces_is_read_by_either(both: list[Target], pieces: int) -> None:
    """In halves, thirds or quarters, a plain request with a body is the same request."""
    org = both[0].org_id.encode()
    for target in both:
        raw = b"POST /v2/usermanagement/action/%s HTTP/1.1\r\n" % org + HOST + CLOSE + target.head()
        raw += b"Content-Length: 2\r\n\r\n[]"
        with target.connect() as connection:
            for start in range(0, len(raw), len(raw) // pieces + 1):
                connection.sendall(raw[start : start + len(raw) // pieces + 1])
            assert connection.recv(1000).startswith(b"HTTP/1.1 400")


def test_what_clients_usually_send_is_plain() -> None:
    """Requests of common libraries are read by the faster parser, to the end of their body and no further."""
    raw = (
        b"POST /v2/usermanagement/action/1@AdobeOrg?testOnly=true HTTP/1.1\r\nHost: localhost:80\r\n"
        b"User-Agent: python-requests/2.32\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n"
        b"Connection: keep-alive\r\nx-api-key: abc\r\nAuthorization: Bearer e.y.J\r\nContent-Length: 2\r\n\r\n"
    )
    assert plain(raw + b"[]GET /") == (len(raw), 2)
    assert plain(raw[:-1]) is None
