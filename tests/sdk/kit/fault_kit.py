"""Servers and real proxies whose connections break where a test says, and the one table of what must come of it."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Literal

import attrs

How = Literal["FIN", "RST"]
Route = Literal["http", "https", "http by a proxy", "https by a proxy"]
ROUTES: tuple[Route, ...] = ("http", "https", "http by a proxy", "https by a proxy")
TUNNEL: tuple[Route, ...] = ("https by a proxy",)
TLS: tuple[Route, ...] = ("https", "https by a proxy")

WHOLE = b"HTTP/1.1 %d Some Reason\r\nRetry-After: 38\r\nContent-Length: 2\r\n\r\n[]"


@attrs.frozen(kw_only=True)
class Fault:
    """A row of the table: where an exchange breaks, and what must be made of it."""

    where: str
    sent: bool
    """Whether the request began to leave."""
    read: str = "nothing"
    """What was read of the answer."""
    status: int | None = None
    """The status that decides, None for a failure."""
    routes: tuple[Route, ...] = ROUTES
    answer: bytes = b""
    """What is written before the connection breaks, in the clear for the proxy and inside TLS for the host."""
    by: Literal["host", "proxy"] = "host"
    reads: Literal["nothing", "hello", "some", "all"] = "all"
    """How much is read of what the client writes before that."""
    permanent: bool = False
    """Whether another try is of no use."""
    headers: tuple[str, ...] = ()
    """Headers of the answer that were read."""

    @property
    def again(self) -> bool:
        """Whether a request that is written on a kept connection can be written once more if it does no harm."""
        return self.sent and self.read == "nothing"

    @property
    def action(self) -> str:
        """What becomes of an action (a POST) in words."""
        if self.status is not None:
            return f"as for a {self.status} without a body"
        if self.sent:
            return "**unknown**; not repeated"
        return "not sent; not repeated" if self.permanent else "not sent; repeated"

    @property
    def query(self) -> str:
        """What becomes of a query (a GET, a request for a token) in words."""
        if self.status is not None:
            return self.action
        once = ", at once on a connection kept from before" if self.again else ""
        return "not repeated" if self.permanent else f"repeated{once}"


def _head(status: int, rest: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d Some Reason\r\n" % status + rest


_LENGTH = b"Retry-After: 38\r\nContent-Length: 100\r\n\r\n"
_GZIP = b"Retry-After: 38\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain"
_CHUNKED = b"Retry-After: 38\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
_BAD_CHUNK = b"Retry-After: 38\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"


def _by_status(where: str, rest: bytes, read: str, headers: tuple[str, ...] = ()) -> list[Fault]:
    unknown = Fault(where=f"{where}, of a 200", sent=True, read=read, answer=_head(200, rest))
    decided = [
        Fault(
            where=f"{where}, of a {status}",
            sent=True,
            read=read,
            status=status,
            answer=_head(status, rest),
            headers=headers,
        )
        for status in (401, 429, 503)
    ]
    return [unknown, *decided]


TABLE: tuple[Fault, ...] = (
    Fault(where="before the connect: nobody listens", sent=False, reads="nothing", answer=b"closed"),
    Fault(where="after the connect", sent=False, routes=TLS[:1], reads="nothing"),
    Fault(where="after the connect, to the proxy", sent=False, routes=TUNNEL, by="proxy", reads="nothing"),
    Fault(where="when the proxy is asked for a tunnel", sent=False, routes=TUNNEL, by="proxy"),
    Fault(
        where="in the proxy's status line", sent=False, routes=TUNNEL, by="proxy", read="half a line",
        answer=b"HTTP/1.1 20",
    ),
    Fault(
        where="the proxy answers 407", sent=False, routes=TUNNEL, by="proxy", read="its status", permanent=True,
        answer=b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
    ),
    Fault(
        where="the proxy answers 502", sent=False, routes=TUNNEL, by="proxy", read="its status",
        answer=b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    ),
    Fault(
        where="when the tunnel is open", sent=False, routes=TUNNEL, by="proxy", read="its status",
        answer=b"HTTP/1.1 200 Connection established\r\n\r\n",
    ),
    Fault(where="in the TLS handshake", sent=False, routes=TLS, reads="hello"),
    Fault(where="in the request", sent=True, reads="some"),
    Fault(where="after the request", sent=True),
    Fault(where="in the status line", sent=True, read="half a line", answer=b"HTTP/1.1 50"),
    Fault(where="no HTTP", sent=True, read="a line", answer=b"garbage\r\n\r\n"),
    *_by_status("after the status line", b"", "the status"),
    *_by_status("in the headers", b"Retry-After: 38\r\nContent-Le", "the status, a header", ("retry-after",)),
    *_by_status("in a body with its length", _LENGTH + b"short", "a part of the body", ("retry-after",)),
    *_by_status("in a body in chunks", _CHUNKED, "a part of the body", ("retry-after",)),
    *_by_status("a body in broken chunks", _BAD_CHUNK, "the headers", ("retry-after",)),
    *_by_status("a body that is not the gzip it says", _GZIP, "all of it", ("retry-after",)),
)  # fmt: skip


def as_markdown() -> str:
    """The table as the page in docs shows it."""
    lines = ["| Where it broke | Sent | Read | An action | A query |", "|---|---|---|---|---|"]
    for row in TABLE:
        ways = "" if row.routes == ROUTES else f" ({', '.join(row.routes)})"
        sent = "yes" if row.sent else "no"
        lines.append(f"| {row.where}{ways} | {sent} | {row.read} | {row.action} | {row.query} |")
    return "\n".join(lines)


def end(sock: socket.socket, how: How) -> None:
    """End a connection with a FIN or with an RST."""
    with contextlib.suppress(OSError):
        if how == "RST":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            # What lies unread when a socket is closed would make an RST of it.
            sock.shutdown(socket.SHUT_WR)
            sock.settimeout(0.5)
            while socket.socket.recv(sock, 65_536):
                pass
    with contextlib.suppress(OSError):
        sock.close()


class Listener:
    """Accepts connections and serves each in a thread of its own."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            # What is written must leave at once: an RST takes back what waits to be sent.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(sock)
            thread = threading.Thread(target=self._guarded, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _guarded(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.serve(sock)

    def serve(self, sock: socket.socket) -> None:
        """Serve one connection."""
        raise NotImplementedError

    def close(self) -> None:
        """Close everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for sock in self._open:
            sock.close()


@attrs.define
class Plan:
    """What the next exchange meets."""

    fault: Fault
    how: How


class Host(Listener):
    """Answers requests, and breaks where the next of `plans` says."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self.plans: deque[Plan | None] = deque()
        """For each connection attempt or request to come; None, or nothing left, is an answer as it should be."""
        self.requests: list[bytes] = []
        """The requests that began to come in."""
        self.proxy: Proxy | None = None
        self.answer: Callable[[bytes], bytes] = lambda _: WHOLE % 200
        super().__init__()

    def serve(self, sock: socket.socket) -> None:
        """Serve requests until the connection ends."""
        if self._context is not None:
            plan = self.plans[0] if self.plans else None
            if plan is not None and plan.fault.by == "host" and plan.fault.reads in ("nothing", "hello"):
                self.plans.popleft()
                if plan.fault.reads == "hello":
                    sock.recv(5)
                return self._end(sock, plan.how)
            sock = self._context.wrap_socket(sock, server_side=True)
            self._open.append(sock)
        while True:
            begin = sock.recv(10)
            if not begin:
                return None
            self.requests.append(begin)
            plan = self.plans.popleft() if self.plans else None
            if plan is not None and plan.fault.reads == "some":
                return self._end(sock, plan.how)
            self.requests[-1] = self._whole(sock, begin)
            if plan is None:
                sock.sendall(self.answer(self.requests[-1]))
                continue
            sock.sendall(plan.fault.answer)
            return self._end(sock, plan.how)

    def _whole(self, sock: socket.socket, begin: bytes) -> bytes:
        request = begin
        while b"\r\n\r\n" not in request:
            request += self._more(sock)
        length = re.search(rb"\r\ncontent-length: *(\d+)", request, re.IGNORECASE)
        expected = request.index(b"\r\n\r\n") + 4 + (int(length[1]) if length else 0)
        while len(request) < expected:
            request += self._more(sock)
        return request

    @staticmethod
    def _more(sock: socket.socket) -> bytes:
        data = sock.recv(65_536)
        if not data:
            raise ConnectionError
        return data

    def _end(self, sock: socket.socket, how: How) -> None:
        if self.proxy is None:
            return end(sock, how)
        # The proxy ends its connection to the client in this way as soon as it sees the end of this one.
        self.proxy.endings[sock.getpeername()[1]] = how
        return end(sock, "FIN")


class Proxy(Listener):
    """A proxy for tunnels (CONNECT) and for plain requests, which leads to one host whatever it is asked for."""

    def __init__(self, host: Host) -> None:
        self._port = host.port
        self._host = host
        self.endings: dict[int, How] = {}
        self.credentials: list[str] = []
        super().__init__()

    @property
    def url(self) -> str:
        """URL of the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self, sock: socket.socket) -> None:
        """Lead one connection on, or break."""
        plan = self._host.plans[0] if self._host.plans else None
        own = plan if plan is not None and plan.fault.by == "proxy" else None
        if own is not None:
            self._host.plans.popleft()
            if own.fault.reads == "nothing":
                return end(sock, own.how)
        head = b""
        while b"\r\n\r\n" not in head:
            data = sock.recv(65_536)
            if not data:
                return None
            head += data
            if not head.startswith(b"CONNECT ") and plan is not None and plan.fault.reads == "some":
                break
        if own is not None:
            sock.sendall(own.fault.answer)
            return end(sock, own.how)
        with socket.create_connection(("127.0.0.1", self._port)) as upstream:
            if head.startswith(b"CONNECT "):
                sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                upstream.sendall(self._origin_form(head))
            self._lead(sock, upstream)
            return None

    @staticmethod
    def _origin_form(data: bytes) -> bytes:
        return re.sub(rb"^([A-Z]+) http://[^/ ]+", rb"\1 ", data)

    def _lead(self, sock: socket.socket, upstream: socket.socket) -> None:
        place = upstream.getsockname()[1]
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_READ)
            selector.register(upstream, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    try:
                        data = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                    except ConnectionError:
                        data = b""
                    if key.fileobj is sock:
                        if not data:
                            return
                        upstream.sendall(self._origin_form(data))
                    elif data:
                        sock.sendall(data)
                    else:
                        end(sock, self.endings.pop(place, "FIN"))
                        return


@contextlib.contextmanager
def closing(*listeners: Any) -> Iterator[None]:
    """Close listeners in the end."""
    try:
        yield
    finally:
        for listener in listeners:
            listener.close()
