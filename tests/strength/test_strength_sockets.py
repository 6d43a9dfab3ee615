"""Bytes on a socket that no honest client sends: refused, or the connection ended, and the next client is served."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from umapi_harness.mock.serving import listening
from umapi_harness.mock.serving.connections import Connection, Patience, PureConnection
from umapi_harness.mock.serving.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.strength.conftest import Target

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
ACTION = b"POST /v2/usermanagement/action/12345@AdobeOrg HTTP/1.1\r\n" + HOST + CLOSE
TOKEN = b"POST /ims/token/v3 HTTP/1.1\r\n" + HOST + CLOSE
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CLIENT_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(193)


def get(path: bytes, headers: bytes = HOST, version: bytes = b"1.1", method: bytes = b"GET") -> bytes:
    """A request for a path as it is."""
    return method + b" " + path + b" HTTP/" + version + b"\r\n" + headers + CLOSE + b"\r\n"


def sized(head: bytes, body: bytes) -> bytes:
    """A request with a body and its length."""
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


# What is no HTTP: 400 or no answer at all.
BROKEN: dict[str, bytes] = {
    "garbage": b"\x00\x01\x02\xff\xfe\r\n\r\n",
    "text": b"hello\r\n\r\n",
    "blank lines before garbage": b"\r\n\r\n\r\n?\r\n\r\n",
    "TLS": CLIENT_HELLO,
    "HTTP/0.9": b"GET /status\r\n\r\n",
    "null byte in the path": get(b"/status\0"),
    "space in the path": get(b"/sta tus"),
    "control byte in the path": get(b"/status\x01"),
    "no Host": get(b"/status", headers=b""),
    "two Hosts": get(b"/status", headers=HOST + b"Host: other\r\n"),
    "null byte in a header": get(b"/status", headers=HOST + b"X: a\0b\r\n"),
    "space in a header's name": get(b"/status", headers=HOST + b"X Y: 1\r\n"),
    "space after a header's name": get(b"/status", headers=HOST + b"X : 1\r\n"),
    "header without a name": get(b"/status", headers=HOST + b": 1\r\n"),
    "header without a colon": get(b"/status", headers=HOST + b"nothing\r\n"),
    "bytes in a header's name": get(b"/status", headers=HOST + b"\xff\xfe: 1\r\n"),
    "huge header": get(b"/status", headers=HOST + b"X: " + b"y" * 300_000 + b"\r\n"),
    "many headers": get(b"/status", headers=HOST + b"".join(b"X-%d: 1\r\n" % number for number in range(20_000))),
    "huge path": get(b"/" + b"a" * 300_000),
    "huge line without an end": b"GET /" + b"a" * 300_000,
    "negative length": ACTION + b"Content-Length: -5\r\n\r\n[]",
    "length that is no number": ACTION + b"Content-Length: two\r\n\r\n[]",
    "length with a sign": ACTION + b"Content-Length: +2\r\n\r\n[]",
    "endless length": ACTION + b"Content-Length: " + b"9" * 100 + b"\r\n\r\n[]",
    "two lengths": ACTION + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]]",
    "unknown coding": ACTION + b"Transfer-Encoding: gzip\r\n\r\n",
    "coding twice": ACTION + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunk without a size": ACTION + CHUNKED + b"ZZ\r\n[]\r\n0\r\n\r\n",
    "chunk of negative size": ACTION + CHUNKED + b"-2\r\n[]\r\n0\r\n\r\n",
    "chunk of endless size": ACTION + CHUNKED + b"F" * 40 + b"\r\n[]\r\n0\r\n\r\n",
    "chunk longer than its size": ACTION + CHUNKED + b"1\r\n[]\r\n0\r\n\r\n",
    "trailer that is none": ACTION + CHUNKED + b"2\r\n[]\r\n0\r\nno trailer\r\n\r\n",
}

# What is HTTP, however odd: an answer below 500.
ODD: dict[str, bytes] = {
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "HTTP/9.9": get(b"/status", version=b"9.9"),
    "HTTP/1.0": get(b"/status", headers=b"", version=b"1.0"),
    "absolute form": get(b"http://usermanagement.adobe.io/status"),
    "absolute form of another host": get(b"http://user:pass@example.com:99999/status?x=1"),
    "absolute form of a broken host": get(b"http://[::1/status"),
    "absolute form of no host": get(b"http:///status"),
    "absolute form of nothing": get(b"http:"),
    "authority form": get(b"example.com:443", method=b"CONNECT"),
    "asterisk": get(b"*", method=b"OPTIONS"),
    "no slash": get(b"status"),
    "two slashes": get(b"//status"),
    "broken host after two slashes": get(b"//[/status"),
    "dots": get(b"/../../etc/passwd"),
    "encoded dots": get(b"/v2/usermanagement/%2e%2e/%2e%2e/etc/passwd"),
    "fragment": get(b"/status#x"),
    "encoded null byte": get(b"/v2/usermanagement/users/12345@AdobeOrg/0/%00"),
    "lone percent sign": get(b"/v2/usermanagement/users/12345@AdobeOrg/%/%"),
    "half an escape": get(b"/v2/usermanagement/users/12345@AdobeOrg/0/%4"),
    "escape that is none": get(b"/v2/usermanagement/users/12345@AdobeOrg/0/%zz?%zz=%"),
    "invalid UTF-8, encoded": get(b"/v2/usermanagement/users/%FF%FE/0/%C3%28?domain=%FF"),
    "overlong UTF-8, encoded": get(b"/v2/usermanagement/organizations/12345@AdobeOrg/users/%C0%AF"),
    "surrogate, encoded": get(b"/v2/usermanagement/organizations/12345@AdobeOrg/users/%ED%A0%80"),
    "invalid UTF-8, bare": get(b"/v2/usermanagement/users/\xff\xfe/0"),
    "double encoding": get(b"/v2/usermanagement/users/12345%2540AdobeOrg/0/%2525"),
    "long path": get(b"/v2/usermanagement/users/12345@AdobeOrg/0/" + b"%41" * 18_000),
    "long page number": get(b"/v2/usermanagement/users/12345@AdobeOrg/" + b"9" * 30_000),
    "digits of another script": get(b"/v2/usermanagement/users/12345@AdobeOrg/%D9%A1"),
    "many parameters": get(b"/v2/usermanagement/users/12345@AdobeOrg/0?" + b"&".join([b"a=1"] * 15_000)),
    "unknown method": get(b"/status", method=b"BREW"),
    "method in lower case": get(b"/status", method=b"get"),
    "long method": get(b"/status", method=b"A" * 10_000),
    "body of a GET": b"GET /status HTTP/1.1\r\n" + HOST + CLOSE + b"Content-Length: 3\r\n\r\n???",
    "length and coding": ACTION + b"Content-Length: 2\r\n" + CHUNKED + b"2\r\n[]\r\n0\r\n\r\n",
    "bytes in a header": get(b"/status", headers=HOST + b"X-Request-Id: \xe9\xff\r\n"),
    "control bytes in a header": get(b"/status", headers=HOST + b"X-Request-Id: a\x01\x7f\x1bb\r\n"),
    "tab in a header": get(b"/status", headers=HOST + b"X-Request-Id: a\tb\r\n"),
    "empty header": get(b"/status", headers=HOST + b"X-Request-Id:\r\nAuthorization:\r\nx-api-key: \r\n"),
    "folded header": get(b"/status", headers=HOST + b"X-Request-Id: a\r\n b\r\n"),
    "long request id": get(b"/status", headers=HOST + b"X-Request-Id: " + b"i" * 50_000 + b"\r\n"),
    "bare line feeds": get(b"/status").replace(b"\r\n", b"\n"),
    "odd Host": get(b"/status", headers=b"Host: [::1\r\n"),
    "odd token": get(
        b"/v2/usermanagement/users/12345@AdobeOrg/0",
        headers=HOST + b"x-api-key: \xff\r\nAuthorization: Bearer \xff\xfe " + b"x" * 9_000 + b"\r\n",
    ),
    "upgrade": get(b"/status", headers=HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"),
    "upgrade to HTTP/2": get(b"/status", headers=HOST + b"Upgrade: h2c\r\nConnection: Upgrade\r\n"),
    "body over the limit": sized(ACTION, b"[" + b" " * 9_000_000 + b"]"),
    "chunked body over the limit": ACTION + CHUNKED + (b"F4240\r\n" + b" " * 1_000_000 + b"\r\n") * 9 + b"0\r\n\r\n",
    "chunk with an endless extension": ACTION + CHUNKED + b"2;" + b"x" * 300_000 + b"\r\n[]\r\n0\r\n\r\n",
    "many chunks": ACTION + CHUNKED + b"1\r\n[\r\n" * 20_000 + b"0\r\n\r\n",
    "form over the limit": sized(
        TOKEN + b"Content-Type: application/x-www-form-urlencoded\r\n", b"a=" + b"b" * 9_000_000
    ),
    "form of many fields": sized(
        TOKEN + b"Content-Type: application/x-www-form-urlencoded\r\n", b"&".join([b"client_id=x"] * 100_000)
    ),
    "form of percent signs": sized(TOKEN + b"Content-Type: application/x-www-form-urlencoded\r\n", b"%%%=%&%"),
    "form of bytes": sized(TOKEN + b"Content-Type: application/x-www-form-urlencoded\r\n", bytes(range(256))),
    "multipart without a boundary": sized(TOKEN + b"Content-Type: multipart/form-data\r\n", b"--x\r\n\r\n--x--"),
    "multipart with an odd boundary": sized(
        TOKEN + b"Content-Type: multipart/form-data; boundary=\xff\x80\r\n", b"--\xff\x80\r\n\r\n--\xff\x80--"
    ),
    **{
        f"multipart with the boundary {boundary!r}": sized(
            TOKEN + b"Content-Type: multipart/form-data; boundary=" + boundary + b"\r\n", b"--x\r\n\r\n--x--"
        )
        for boundary in (b"", b"\xff", b'"', b"x" * 300)
    },
    "multipart without an end": sized(
        TOKEN + b"Content-Type: multipart/form-data; boundary=x\r\n",
        b'--x\r\nContent-Disposition: form-data; name="client_id"\r\n\r\nabc',
    ),
    "multipart of nameless parts": sized(
        TOKEN + b"Content-Type: multipart/form-data; boundary=x\r\n",
        b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--x--\r\n",
    ),
    "multipart with a file": sized(
        TOKEN + b"Content-Type: multipart/form-data; boundary=x\r\n",
        b'--x\r\nContent-Disposition: form-data; name="jwt_token"; filename="a"\r\n\r\nabc\r\n--x--\r\n',
    ),
    "multipart of an odd charset": sized(
        TOKEN + b"Content-Type: multipart/form-data; boundary=x; charset=klingon\r\n",
        b'--x\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n\xff\xfe\r\n--x--\r\n',
    ),
    "multipart of many parts": sized(
        TOKEN + b"Content-Type: multipart/form-data; boundary=x\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 5_000 + b"--x--\r\n",
    ),
    "odd content type": sized(TOKEN + b'Content-Type: ;;;=";\xff\r\n', b"client_id=x"),
}


@pytest.fixture(scope="module", params=sorted({Connection, PureConnection}, key=str), ids=lambda kind: kind.__name__)
def attacked(
    request: pytest.FixtureRequest, attackable: Callable[[], AbstractContextManager[Target]]
) -> Iterator[Target]:
    """A server with each of the ways to read requests that are installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "Connection", request.param)
        with attackable() as target:
            yield target


def status_of(answer: bytes) -> int | None:
    """The status of the first answer; None where nothing came."""
    if not answer:
        return None
    line = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    assert line is not None, answer[:200]
    return int(line[1])


@pytest.mark.parametrize("name", BROKEN)
def test_bytes_that_are_no_http(target: Target, name: str) -> None:
    """The connection ends, with a 4xx or nothing, and nothing reaches the service."""
    before = len(target.server.world.journal)
    assert status_of(target.answer_to(BROKEN[name])) in (None, 400, 404, 431)
    assert len(target.server.world.journal) == before


@pytest.mark.parametrize("name", ODD)
def test_http_that_is_odd(target: Target, name: str) -> None:
    """It is answered below 500, and the answer can be kept in the journal and read there."""
    status = status_of(target.answer_to(ODD[name]))
    assert status is None or 200 <= status < 500
    assert httpx.get(f"{target.server.url}/_mock/requests", timeout=10).status_code == 200


def test_bodies_over_the_limit_are_refused_by_their_status(target: Target) -> None:
    """A body of nine million bytes gets 413, whether its length was announced or not."""
    for name in ("body over the limit", "chunked body over the limit"):
        assert status_of(target.answer_to(ODD[name].replace(b"\r\n", b"\r\n" + target.head(), 1))) == 413


def test_pipelined_requests(target: Target) -> None:
    """Requests sent without waiting for answers are answered in order."""
    names = [b"a%d" % number for number in range(20)]
    raw = b"".join(b"GET /status HTTP/1.1\r\n" + HOST + b"X-Request-Id: " + name + b"\r\n\r\n" for name in names)
    answer = target.answer_to(raw + get(b"/status", headers=HOST + b"X-Request-Id: last\r\n"))
    assert re.findall(rb"x-request-id: (\w+)", answer) == [*names, b"last"]


def test_a_length_given_in_both_ways(target: Target) -> None:
    """The connection ends, so that nothing behind such a request is taken for another (RFC 9112, 6.1)."""
    head = ACTION.replace(CLOSE, b"") + target.head() + b"Content-Length: 2\r\n"
    behind = b"GET /status HTTP/1.1\r\n" + HOST + b"\r\n"
    answer = target.answer_to(head + CHUNKED + b"2\r\n[]\r\n0\r\n\r\n" + behind)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"400"]  # no commands
    assert b"Expected at least one command" in answer
    assert b"connection: close" in answer.lower()


def test_a_request_and_garbage_behind_it(target: Target) -> None:
    """The request may be answered still; what follows it ends the connection."""
    answer = target.answer_to(b"GET /status HTTP/1.1\r\n" + HOST + b"\r\n" + b"\0garbage\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) in ([b"200", b"400"], [b"400"])


def test_expecting_to_be_asked_for_the_body(target: Target) -> None:
    """A client that waits for 100 is told to go on."""
    head = ACTION + target.head() + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with target.connect() as connection:
        connection.sendall(head)
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(b"[]")
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")


REMOVAL = json.dumps([{"user": "jdoe@example.com", "do": [{"removeFromOrg": {}}]}]).encode("ascii")


@pytest.mark.parametrize(
    "end", [b"", b"ZZ\r\n", b"0\r\nno trailer\r\n\r\n"], ids=["client leaves", "no chunk", "no trailer"]
)
def test_a_request_without_its_end_has_no_effect(target: Target, end: bytes) -> None:
    """The command is there in full, but not the request: nobody is removed and nothing stands in the journal."""
    target.server.world.organization().add_user(email="jdoe@example.com", type="federatedID")
    raw = ACTION.replace(CLOSE, b"") + target.head() + CHUNKED + b"%x\r\n%s\r\n" % (len(REMOVAL), REMOVAL) + end
    with target.connect() as connection:
        connection.sendall(raw)
        if not end:
            connection.shutdown(socket.SHUT_WR)
        while connection.recv(1000):
            pass
    for _ in range(3):
        assert httpx.get(f"{target.server.url}/status", timeout=10).status_code == 200
    assert target.server.world.organization().find_user("jdoe@example.com") is not None
    operations = [entry["operation"] for entry in target.server.world.journal.as_list()]
    assert operations == ["status"] * 3


# Slow senders

HALVES: dict[str, tuple[bytes, int | None]] = {
    "nothing": (b"", None),
    "half a line": (b"GET /sta", 408),
    "half a head": (b"GET /status HTTP/1.1\r\nHost: x\r\n", 408),
    "half a body": (ACTION + b"Content-Length: 10\r\n\r\n[", 408),
    "no body": (ACTION + b"Content-Length: 10\r\n\r\n", 408),
    "half a chunk": (ACTION + CHUNKED + b"5\r\n[", 408),
    "no last chunk": (ACTION + CHUNKED + b"2\r\n[]\r\n", 408),
    "second request": (b"GET /status HTTP/1.1\r\n" + HOST + b"\r\nGET /status HT", 200),
}


@pytest.fixture
def impatient(target: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    """The server with patience for a fifth of a second."""
    monkeypatch.setattr(Patience, "seconds", 0.2)
    return target


@pytest.mark.parametrize("name", HALVES)
def test_senders_who_stop(impatient: Target, name: str) -> None:
    """Whoever stops in the middle is told so, and the connection ended."""
    raw, status = HALVES[name]
    answer = impatient.answer_to(raw)
    assert status_of(answer) == status
    if name == "second request":
        assert b"HTTP/1.1 408" in answer


def test_senders_who_trickle(impatient: Target) -> None:
    """One byte at a time does not renew the server's patience."""
    with impatient.connect() as connection:
        connection.sendall(ACTION + b"Content-Length: 1000\r\n\r\n")
        connection.settimeout(0.02)
        answer = b""
        for _ in range(1000):
            with contextlib.suppress(TimeoutError):
                answer = connection.recv(1000)
                break
            connection.sendall(b"[")
    assert status_of(answer) == 408


def test_many_idle_connections_are_no_obstacle(target: Target) -> None:
    """With three hundred clients in the middle of a request, the next one is served."""
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            connection = stack.enter_context(target.connect())
            connection.sendall(ACTION + b"Content-Length: 10\r\n\r\n[")
        assert httpx.get(f"{target.server.url}/status", timeout=5).status_code == 200


def test_clients_who_never_read(target: Target) -> None:
    """A client that asks for much and reads nothing holds up nobody else."""
    target.server.world.settings = target.server.world.settings.changed({"users_page_size": 5000})
    organization = target.server.world.organization()
    for number in range(3000):
        organization.add_user(email=f"many{number}@example.com", type="federatedID")
    page = b"GET /v2/usermanagement/users/%s/0 HTTP/1.1\r\n" % target.org_id.encode() + HOST + target.head() + b"\r\n"
    with target.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(page * 20)
        assert httpx.get(f"{target.server.url}/status", timeout=10).status_code == 200


def test_clients_who_leave_at_once(target: Target) -> None:
    """Connections reset in every state leave no trace but their own end."""
    linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
    for raw in (b"", b"GET /st", get(b"/status"), ACTION + b"Content-Length: 9\r\n\r\n[", CLIENT_HELLO):
        for _ in range(10):
            with target.connect() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.sendall(raw)


# TLS

GARBAGE = {
    "plain HTTP": get(b"/status"),
    "zeros": bytes(100),
    "half a hello": CLIENT_HELLO[:50],
    "broken hello": CLIENT_HELLO,
    "alert": bytes.fromhex("15030300020228"),
    "huge record": bytes.fromhex("160301ffff") + bytes(65_535),
}


def test_garbage_to_a_tls_port() -> None:
    """Whatever comes instead of a handshake, the connection ends, and a good client is served."""
    with running_server(tls=True) as server:
        assert server.details.ca_cert is not None
        port = int(server.url.rpartition(":")[2])
        context = ssl.create_default_context(cafile=server.details.ca_cert)
        for raw in GARBAGE.values():
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
                with contextlib.suppress(ConnectionError):
                    while part := connection.recv(1000):
                        assert not part.startswith(b"HTTP/1.1 5")
            assert httpx.get(f"{server.url}/status", verify=context, timeout=10).status_code == 200
