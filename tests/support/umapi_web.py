"""The web of a test: one small server that, as a proxy, answers for every host by plain HTTP, byte for byte."""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import attrs

from umapi_harness.postman.sending.proxies import Proxies, Proxy


@attrs.frozen(kw_only=True)
class Call:
    """A request as it arrived: headers in order and spelling; `url` is absolute also where the request line is not."""

    method: str
    url: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    certified: bool = False
    """Whether the client showed a certificate."""

    def header(self, name: str) -> str | None:
        """The last value of a header; None when it is absent."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name.lower()), None)

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


@attrs.frozen(kw_only=True)
class Reply:
    """An answer; `raw` goes out in its place, byte for byte, and then the connection ends."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raw: bytes | None = None

    def as_bytes(self) -> bytes:
        """What goes over the wire."""
        if self.raw is not None:
            return self.raw
        try:
            reason = HTTPStatus(self.status).phrase
        except ValueError:
            reason = ""
        lines = [f"HTTP/1.1 {self.status} {reason}", *(f"{key}: {value}" for key, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


HANG_UP = Reply(raw=b"")
"""The connection ends without an answer."""


def reply(status: int = 200, *, json_: Any = None, text: str | bytes | None = None, **headers: str) -> Reply:
    """An answer with JSON or text; underscores in the names of headers are hyphens."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    if json_ is not None:
        body = json.dumps(json_, separators=(",", ":")).encode()
        return Reply(status=status, body=body, headers=(("Content-Type", "application/json"), *named))
    return Reply(status=status, body=text.encode() if isinstance(text, str) else text or b"", headers=named)


Answer = Callable[[Call], Reply]


def echo(call: Call) -> Reply:
    """Answers with what was asked, but for the token that is another one each time."""
    parts = call.url.partition("://")[2].partition("/")
    return reply(
        json_={
            "method": call.method,
            "path": f"/{parts[2]}",
            "headers": {key.lower(): value for key, value in call.headers if key != "Postman-Token"},
            "body": call.body.decode("utf-8", "replace"),
        }
    )


class Web:
    """The server; `answer` makes its answers, `calls` are those that it has had."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.answer: Answer = echo
        self.calls: list[Call] = []
        self.connections = 0
        self.trickle: tuple[bytes, float, threading.Event] | None = None
        """Bytes that go out in place of an answer, the seconds between two of them, and what ends that."""

    @property
    def proxies(self) -> Proxies:
        """This web in the place of every host that is asked for without TLS."""
        return Proxies({"http": Proxy(host="127.0.0.1", port=self.port)})

    @property
    def urls(self) -> list[str]:
        """The addresses that were asked for."""
        return [call.url for call in self.calls]

    def always(self, *replies: Reply) -> None:
        """Answers one after the other, whatever is asked; the last one for ever."""
        left = list(replies)
        self.answer = lambda _: left.pop(0) if len(left) > 1 else left[0]

    def site(self, pages: dict[str, Reply]) -> None:
        """Answers by address; 404 for those that are not there."""
        self.answer = lambda call: pages.get(call.url, reply(404))


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Serve one connection until either side ends it."""
        self.server.web.connections += 1
        with contextlib.suppress(OSError):
            while (call := self._call()) is not None:
                self.server.web.calls.append(call)
                if self.server.web.trickle is not None:
                    self._trickle(*self.server.web.trickle)
                    return
                answer = self.server.web.answer(call)
                content = answer.as_bytes()
                self.wfile.write(content[: content.find(b"\r\n\r\n") + 4] if call.method == "HEAD" else content)
                if answer.raw is not None:
                    return

    def _trickle(self, content: bytes, seconds: float, done: threading.Event) -> None:
        for byte in content:
            self.wfile.write(bytes([byte]))
            if done.wait(seconds):
                return

    def _call(self) -> Call | None:
        line = self.rfile.readline().decode("latin-1").rstrip("\r\n")
        if not line:
            return None
        method, target, _ = line.split(" ")
        headers = tuple(self._headers())
        known = {key.lower(): value for key, value in headers}
        url = target if "://" in target else f"http://{known.get('host', '')}{target}"
        peer = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        body = self._body(known)
        return Call(method=method, url=url, target=target, headers=headers, body=body, certified=bool(peer))

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self.rfile.readline().decode("latin-1").rstrip("\r\n"):
            key, _, value = line.partition(":")
            yield key, value.strip(" ")

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content
        return self.rfile.read(int(headers.get("content-length", 0)))


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    web: Web

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is no news."""


@contextlib.contextmanager
def a_web(context: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A web, for the length of a test; with a context, it speaks TLS."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.web = Web(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.web
        finally:
            server.shutdown()
            thread.join()


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
