"""What the tests of the SDK stand on: a clock that never waits, servers with scripted behaviour, and proxies."""

from __future__ import annotations

import base64
import contextlib
import json
import selectors
import socket
import socketserver
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl

import attrs
from hypothesis import HealthCheck, settings

from umapi_harness.mock.clock import VirtualClock
from umapi_harness.mock.serving.details import ServerDetails
from umapi_sdk import Action, Connection, OutcomeStatus, RetryPolicy, ServicePrincipalAuth
from umapi_sdk.auth import Auth
from umapi_sdk.batches import WireCommand, split_action
from umapi_sdk.outcomes import same_for_all
from umapi_sdk.queueing import ActionQueue, Share

START = 1_800_000_000.0
"""The time at which every test begins: Friday, 15 January 2027, 08:00:00 UTC."""

ORG_ID = "12345@AdobeOrg"
CLIENT_ID = "kit-client-id"
SECRET = "kit s3cret/+&="
STEADY = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
"""For property tests: the same examples each time, however busy the machine."""

TOKEN_PATHS = ("/ims/token/v2", "/ims/exchange/jwt")


class Time:
    """A clock that stands still but for the waits, which it remembers instead of waiting."""

    def __init__(self, source: VirtualClock | None = None) -> None:
        self.source = source or VirtualClock(START, frozen=True)
        self.slept: list[float] = []
        self.during: Callable[[], None] | None = None
        """Runs while a wait is under way."""

    def clock(self) -> float:
        """Seconds since the epoch."""
        return self.source.now()

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.source.advance(seconds)
        if self.during:
            self.during()

    async def sleep_async(self, seconds: float) -> None:
        """As `sleep`, for an event loop."""
        self.sleep(seconds)

    def restart(self) -> None:
        """Go back to the start."""
        self.source.advance(START - self.source.now())
        self.slept.clear()
        self.during = None


def steady_policy(**options: Any) -> RetryPolicy:
    """The default policy, its chance replaced by none."""
    return RetryPolicy(**{"random": lambda: 0.0, **options})


@attrs.frozen(kw_only=True)
class Seen:
    """A request as it came over the wire."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON data."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body as the fields of a form."""
        return dict(parse_qsl(self.body.decode("ascii"), keep_blank_values=True))


@attrs.frozen(kw_only=True)
class Reply:
    """What the server does with a request."""

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: object = b""
    """Bytes are sent as they are, anything else as JSON."""
    cut: bool = False
    """The connection is reset in place of an answer."""
    missing: int = 0
    """Bytes that are announced and never sent."""

    @property
    def content(self) -> bytes:
        """The body as sent."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode("utf-8")


def action_answer(total: int, errors: Sequence[Mapping[str, Any]] = (), *, test_mode: bool = False) -> dict[str, Any]:
    """The answer to an action request with that many commands, of which those named in `errors` failed."""
    failed = len({error["index"] for error in errors})
    good = total - failed
    answer: dict[str, Any] = {
        "completed": 0 if test_mode else good,
        "notCompleted": failed,
        "completedInTestMode": good if test_mode else 0,
        "result": "success" if not failed else "partial" if good else "error",
    }
    return answer | ({"errors": list(errors)} if errors else {})


def all_good(request: Seen) -> Reply:
    """Answer that every command of the request succeeded."""
    return Reply(body=action_answer(len(request.json), test_mode="testOnly=true" in request.path))


def users_page(emails: Sequence[str], page: int, pages: int, total: int, **changes: str | None) -> Reply:
    """A page of users with its headers; `changes` replaces headers by name, or with None removes them."""
    headers = {
        "X-Total-Count": str(total),
        "X-Page-Count": str(pages),
        "X-Current-Page": str(page),
        "X-Page-Size": str(len(emails)),
    }
    for name, value in changes.items():
        header = "-".join(part.capitalize() for part in name.split("_"))
        headers.pop(header)
        headers |= {} if value is None else {header: value}
    common = {"status": "active", "domain": "example.com", "type": "federatedID"}
    users = [{"email": email, "username": email, **common} for email in emails]
    body = {"lastPage": page == pages - 1, "result": "success", "users": users}
    return Reply(headers=headers, body=body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ScriptedServer

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        self.server.connections += 1

    def handle(self) -> None:
        """Serve requests until the peer is gone."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class names it
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Seen(method=self.command, path=self.path, headers=headers, body=body)
        reply = self.server.reply_to(request)
        if reply.cut:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        self.send_response_only(reply.status)
        if "Date" not in reply.headers:
            self.send_header("Date", self.date_time_string())
        sent = {"Content-Length": str(len(reply.content) + reply.missing), "X-Request-Id": self.server.request_id}
        for name, value in {**sent, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.content)
        if reply.missing:
            self.close_connection = True

    do_DELETE = _serve
    do_GET = _serve
    do_POST = _serve


class ScriptedServer(ThreadingHTTPServer):
    """Answers with what the test has laid down, and remembers what it was asked; tokens it gives out by itself."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, context: ssl.SSLContext | None = None, name: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.connections = 0
        self.request_id = "kit-request-id"
        self.seen: list[Seen] = []
        """Requests of the API."""
        self.token_requests: list[Seen] = []
        self.replies: deque[Reply] = deque()
        """What to answer next; when there is nothing left, `answer` is asked."""
        self.answer: Callable[[Seen], Reply] = lambda _: Reply(status=500, body=b"nothing laid down")
        self.token_replies: deque[Reply] = deque()
        self.token_life = 86_399
        """In seconds."""
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if context else 'http'}://{name}:{self.server_address[1]}"
        self.lock = threading.Lock()

    @property
    def details(self) -> ServerDetails:
        """What a client must know, as of the mock server."""
        return ServerDetails(
            api_url=f"{self.url}/v2/usermanagement",
            ims_url=self.url,
            ca_cert=None,
            org_id=ORG_ID,
            client_id=CLIENT_ID,
            client_secret=SECRET,
            tech_account_id="kit@techacct.adobe.com",
            private_key_path="",
            domain=None,
            sample_user=None,
            sample_group=None,
            sample_profile=None,
        )

    def reply_to(self, request: Seen) -> Reply:
        """Note a request; return the answer to it."""
        with self.lock:
            if request.path.rstrip("/") in TOKEN_PATHS:
                self.token_requests.append(request)
                return self.token_replies.popleft() if self.token_replies else self._token(request)
            self.seen.append(request)
            return self.replies.popleft() if self.replies else self.answer(request)

    def _token(self, request: Seen) -> Reply:
        life = self.token_life * (1000 if "jwt" in request.path else 1)
        token = f"kit-token-{len(self.token_requests)}"
        return Reply(body={"access_token": token, "token_type": "bearer", "expires_in": life})

    def close_down(self) -> None:
        """Be reached by nobody any more; what is open ends with the answer under way."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away."""


Behaviour = Literal["tunnel", "drop before", "drop after", "refuse", "busy"]


class _Proxying(socketserver.StreamRequestHandler):
    server: TunnelProxy

    def handle(self) -> None:
        """Serve one connection: a tunnel, or a failure."""
        line = self.rfile.readline().decode("latin-1")
        headers: dict[str, str] = {}
        while header := self.rfile.readline().decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        method, target, _ = line.split()
        proxy = self.server
        proxy.asked.append(f"{method} {target}")
        credentials = headers.get("proxy-authorization", "").removeprefix("Basic ")
        proxy.credentials.append(base64.b64decode(credentials).decode("utf-8"))
        behaviour = proxy.behaviours.popleft() if proxy.behaviours else "tunnel"
        if behaviour == "drop before":
            return
        if behaviour == "busy":
            self.wfile.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return
        if behaviour == "refuse":
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if behaviour == "drop after":
            return
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", proxy.port)) as upstream:
            proxy.ends += [self.connection, upstream]
            _pump(self.connection, upstream)


class TunnelProxy(socketserver.ThreadingTCPServer):
    """A proxy that opens tunnels to one port of this host, whatever host it is asked for."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Proxying)
        self.port = port
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.asked: list[str] = []
        """Method and target of each request."""
        self.credentials: list[str] = []
        self.behaviours: deque[Behaviour] = deque()
        """What to do with the next connections; a tunnel when there is nothing left."""
        self.ends: list[socket.socket] = []

    def hang_up(self) -> None:
        """End all tunnels."""
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.ends.clear()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away."""


def _pump(one: socket.socket, other: socket.socket) -> None:
    peers = {one: other, other: one}
    with selectors.DefaultSelector() as selector:
        for sock in peers:
            selector.register(sock, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                source = one if key.fileobj is one else other
                data = source.recv(65536)
                if not data:
                    return
                peers[source].sendall(data)


@contextlib.contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """Run a server in a thread for the length of the context."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        for end in getattr(server, "ends", ()):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        server.server_close()


def closed_port() -> int:
    """A port of this host at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def credentials_for(details: ServerDetails, **options: Any) -> ServicePrincipalAuth:
    """OAuth credentials for a server."""
    return ServicePrincipalAuth(details.client_id, details.client_secret, details.ims_url, **options)


def open_connection(details: ServerDetails, time: Time, *, auth: Auth | None = None, **options: Any) -> Connection:
    """A connection to a server on the time given, without chance in its waits."""
    defaults: dict[str, Any] = {"endpoint": details.api_url, "sleep": time.sleep, "clock": time.clock}
    if "max_retries" not in options and "max_wait" not in options:
        defaults["retry"] = steady_policy()
    return Connection(details.org_id, auth or credentials_for(details), **{**defaults, **options})


def requests_for(actions: Iterable[Action]) -> list[list[WireCommand]]:
    """The requests that actions become, if each gets an answer before the next is sent."""
    queue, share = ActionQueue(), Share(immediate=True)
    queue.enlist(share, actions)
    requests: list[list[WireCommand]] = []
    while batch := queue.take(share):
        requests.append(batch)
        queue.settle(share, same_for_all(batch, OutcomeStatus.COMPLETED, ""))
    return requests


def wire_commands(action: Action) -> list[dict[str, Any]]:
    """The commands that an action becomes on the wire."""
    return [json.loads(command.body) for command in split_action(action)]
