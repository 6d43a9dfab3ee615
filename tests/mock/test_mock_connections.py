"""Requests whose framing is unusual: both of the parsers that can read them serve the same, body and all."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from umapi_harness.mock.serving import listening
from umapi_harness.mock.serving.connections import Connection, PureConnection
from umapi_harness.mock.serving.server import RunningServer, running_server

LAST: Final = b"GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
H2C: Final = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
LINE: Final = b"POST /ims/token/v3 HTTP/1.1\r\n"
HEAD: Final = LINE + b"Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
GET: Final = b"GET /status?a#b HTTP/1.1\r\nHost: x\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"


def sized(headers: bytes, body: bytes, head: bytes = HEAD) -> bytes:
    """A request for a token with a body of known length."""
    return head + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunks(body: bytes, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    """A body in two chunks."""
    cut = len(body) // 2
    parts = [b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in (body[:cut], body[cut:])]
    return b"".join(parts) + b"0\r\n" + trailers + b"\r\n"


def forms(body: bytes) -> dict[str, tuple[bytes, list[int]]]:
    """Requests by name, with the statuses that they and a last request behind them get."""
    good, bad = [200, 200], [400]
    return {
        "upgrade to HTTP/2": (sized(H2C, body), good),
        "upgrade to HTTP/2, in chunks": (HEAD + H2C + CHUNKED + b"\r\n" + chunks(body), good),
        "upgrade to HTTP/2, twice": (sized(H2C, body) * 2, [200, *good]),
        "upgrade without a body": ((GET + H2C + b"\r\n") * 3, [200, 200, *good]),
        "upgrade to TLS": (sized(b"Connection: upgrade\r\nUpgrade: TLS/1.2\r\n", body), good),
        "upgrade to WebSocket": (sized(b"Connection: Upgrade\r\nUpgrade: websocket\r\n", body), good),
        "upgrade without Connection": (sized(b"Upgrade: h2c\r\n", body), good),
        "upgrade by halves": (sized(H2C, body) + sized(H2C, b""), [200, 400, 200]),
        "authority form": (b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", [404]),
        "bare line feeds": (sized(b"", b"", head=HEAD).replace(b"\r\n", b"\n"), [400, 200]),
        "bare line feeds and a body": (sized(b"", body).replace(b"\r\n", b"\n"), good),
        "one bare line feed": (sized(b"", body).replace(b"Host: x\r", b"Host: x"), good),
        "folded header": (sized(b"X-A: a\r\n b\r\n\tc\r\n", body), good),
        "folded content type": (sized(b"", body).replace(b"Type: ", b"Type:\r\n "), good),
        "trailers": (HEAD + CHUNKED + b"Trailer: X-T\r\n\r\n" + chunks(body, trailers=b"X-T: 1\r\n"), good),
        "content type in the trailers": (
            LINE
            + b"Host: x\r\n"
            + CHUNKED
            + b"\r\n"
            + chunks(b"{}", trailers=b"Content-Type: application/x-www-form-urlencoded\r\n"),
            [400, 200],
        ),
        "host in the trailers": (HEAD + CHUNKED + b"\r\n" + chunks(body, trailers=b"Host: y\r\n"), good),
        "chunk extensions": (HEAD + CHUNKED + b"\r\n" + chunks(body, extension=b";a=b"), good),
        "blanks behind the size of a chunk": (HEAD + CHUNKED + b"\r\n" + chunks(body, extension=b" "), good),
        # Nothing behind it is read: two readers may not agree where it ends (RFC 9112, 6.1).
        "length and coding": (HEAD + b"Content-Length: 3\r\n" + CHUNKED + b"\r\n" + chunks(body), [200]),
        "coded in gzip": (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunks(body), bad),
        "empty lines before": (b"\r\n\r\n" + sized(b"", body), good),
        "empty line behind a body": (sized(b"", body) + b"\r\n", good),
        "pipelining": (sized(b"", body) * 3, [200, 200, *good]),
        "control characters": (sized(b"X-A: a\x01\x7fb\r\n", body), good),
        "null byte": (sized(b"X-A: a\0b\r\n", body), bad),
        "later version": (sized(b"", body).replace(b"HTTP/1.1", b"HTTP/1.2"), good),
        "body that the server must ask for": (sized(b"Expect: 100-continue\r\n", body), good),
        "fragment": (GET + b"\r\n", good),
    }


@pytest.fixture(scope="module", params=sorted({Connection, PureConnection}, key=str), ids=lambda kind: kind.__name__)
def server(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """A server with each of the ways to read requests that are installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "Connection", request.param)
        with running_server() as running:
            yield running


def form_of(server: RunningServer) -> bytes:
    """The body of a request for a token."""
    details = server.details
    fields = {"client_id": details.client_id, "client_secret": details.client_secret, "scope": "user_management_sdk"}
    return str(httpx.QueryParams({"grant_type": "client_credentials", **fields})).encode()


def statuses(server: RunningServer, pieces: list[bytes]) -> list[int]:
    """The final statuses of what is sent, in order, until the server closes or a target has been named to tunnel to."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
            if pieces[0].startswith(b"CONNECT"):
                break
    return [status for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer) if (status := int(each)) != 100]


@pytest.mark.parametrize("name", forms(b""))
def test_both_parsers_serve_the_same(server: RunningServer, name: str) -> None:
    """A request gets its answer with its body read, and so does the one behind it."""
    raw, expected = forms(form_of(server))[name]
    tail = b"" if name == "authority form" else LAST
    assert statuses(server, [raw + tail]) == expected


@pytest.mark.parametrize("name", ["upgrade to HTTP/2", "upgrade to HTTP/2, in chunks", "bare line feeds and a body"])
def test_requests_that_come_in_pieces(server: RunningServer, name: str) -> None:
    """Wherever the network cuts such a request in three, it is read whole."""
    raw, expected = forms(form_of(server))[name]
    for cut in (
        1,
        20,
        len(LINE) - 1,
        len(LINE),
        len(HEAD) + 40,
        raw.index(b"\n\r\n" if b"\r\n" in raw else b"\n\n") + 1,
    ):
        assert statuses(server, [raw[:cut], raw[cut:-5], raw[-5:] + LAST]) == expected, cut


def test_an_offer_to_upgrade_is_in_the_journal(server: RunningServer) -> None:
    """The journal shows the headers as they came, the offer that was not taken included."""
    statuses(server, [sized(H2C + b"X-Request-Id: offer\r\n", form_of(server)) + LAST])
    entries = httpx.get(f"{server.url}/_mock/requests", trust_env=False).json()
    sent = [each["request_headers"] for each in entries if each["request_headers"].get("x-request-id") == "offer"]
    assert [each["upgrade"] for each in sent] == ["h2c"]


def test_a_request_id_of_control_characters_is_not_sent_back(server: RunningServer) -> None:
    """Such an id is read and answered with one of the server's own, which can be sent."""
    assert statuses(server, [GET + b"X-Request-Id: a\x01\x1bb\r\n\r\n" + LAST]) == [200, 200]
