"""A mock server that stands where Adobe's hosts are: a proxy leads every connection to it."""

from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from umapi_harness.mock.serving.server import RunningServer, running_server


@attrs.frozen(kw_only=True)
class Service:
    """The mock server behind the names of Adobe's hosts, with the credentials that a page's reader would have."""

    server: RunningServer
    contacted: list[str]
    """Host and port of each connection that was asked for, in order."""

    @property
    def credentials(self) -> dict[str, Any]:
        """The arguments of `JWTAuth`."""
        details = self.server.details
        return {
            "org_id": details.org_id,
            "client_id": details.client_id,
            "client_secret": details.client_secret,
            "tech_acct_id": details.tech_account_id,
            "priv_key_data": Path(details.private_key_path).read_text("utf-8"),
        }

    def emails(self) -> set[str]:
        """E-mail addresses of the users in the organisation."""
        return {user.email for user in self.server.world.organization().users}


class _Relay(socketserver.StreamRequestHandler):
    """Answers CONNECT for any host, and passes the bytes on to the mock server."""

    server: _RelayServer

    def handle(self) -> None:
        """Serve one tunnel until either side closes it."""
        _, target, _ = self.rfile.readline().decode("ascii").split()
        while self.rfile.readline().strip():
            pass
        self.server.contacted.append(target)
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.server.port)) as upstream:
            self.server.tunnels += [self.connection, upstream]
            _pump(self.connection, upstream)


class _RelayServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.port = port
        self.contacted: list[str] = []
        self.tunnels: list[socket.socket] = []

    def end_tunnels(self) -> None:
        """Close all tunnels, so that the mock server need not wait for clients that keep theirs open."""
        for end in self.tunnels:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def _pump(one: socket.socket, other: socket.socket) -> None:
    peers = {one: other, other: one}
    with selectors.DefaultSelector() as selector:
        for sock in peers:
            selector.register(sock, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                sock = next(sock for sock in peers if sock is key.fileobj)
                data = sock.recv(65536)
                if not data:
                    return
                peers[sock].sendall(data)


@contextlib.contextmanager
def adobe_hosts() -> Iterator[tuple[Service, str]]:
    """The service, and the URL of the proxy that leads to it."""
    with running_server(tls=True) as server, _RelayServer(int(server.url.rpartition(":")[2])) as relay:
        thread = threading.Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield Service(server=server, contacted=relay.contacted), f"http://127.0.0.1:{relay.server_address[1]}"
        finally:
            relay.shutdown()
            thread.join()
            relay.end_tunnels()
