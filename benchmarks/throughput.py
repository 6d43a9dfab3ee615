"""Requests per second of the mock server over 32 connections, beside its peers in the same run.

Usage: `python benchmarks/throughput.py [--seconds 3] [--prism FILE] [--moto FILE]`. The two files are the programs
`prism` (`npm install @stoplight/prism-cli@5.14`) and `moto_server` (`pip install 'moto[server]'` in an environment of
its own). By default they are looked for on the PATH; one that is not installed is left out, and said to be.

Measured are the query for one user and an action request of ten commands; of Prism the same two calls; of moto its
nearest (IAM: one user, and ten requests that change one, for it takes no ten in one); of a bare Starlette application
on the same server an answer of the same length. All servers listen on loopback, and one is loaded at a time.

Targets: the query at least 1/2 and the action at least 1/4 of bare Starlette; 3 times Prism; 20 times moto.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import attrs

CONNECTIONS = 32
ROUNDS = 3
COLUMNS = (("query/s", 9), ("action/s", 11))
LOOPBACK = "127.0.0.1"
DOCUMENT = Path(__file__).parents[1] / "schema" / "openapi.json"
BARE = Path(__file__).with_name("bare_starlette.py")
USER = {"email": "a@example.com", "firstname": "A", "lastname": "B", "country": "DE"}


@attrs.frozen
class Rate:
    """How fast a server answers."""

    per_second: float
    microseconds: float
    """Processor time of the server for each answer, which other work of the machine changes least; nan off Linux."""


@attrs.frozen(kw_only=True)
class Subject:
    """A server that listens, and the two requests to load it with, as they go over the wire."""

    name: str
    port: int
    query: bytes
    action: bytes
    process_id: int = 0
    requests_per_action: int = 1
    """How many of the requests it takes to do what ten commands do."""


class _Load:
    """Connections that each send the same request again as soon as the whole answer is there."""

    def __init__(self, port: int, request: bytes) -> None:
        self.port = port
        self.request = request
        self.answers: dict[bytes, int] = {}
        self.lost = 0
        self.transports: set[asyncio.Transport] = set()
        self.ended = False
        self._opening: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Make one connection."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().create_connection(lambda: _Connection(self), LOOPBACK, self.port)
            return
        self.lost += 1

    def open_soon(self) -> None:
        """Make one in the place of a connection that the server closed."""
        task = asyncio.get_running_loop().create_task(self.open())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def end(self) -> None:
        """Close all."""
        self.ended = True
        for transport in self.transports:
            transport.abort()


class _Connection(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._buffer = b""
        self._closing = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._load.transports.add(transport)
        transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        """Count each answer, and send the next request."""
        self._buffer = self._buffer + data if self._buffer else data
        end = _end_of_answer(self._buffer)
        if end is None or self._transport is None:
            return
        status = self._buffer[9:12]
        self._load.answers[status] = self._load.answers.get(status, 0) + 1
        # moto's server closes the connection after every answer, and says so.
        self._closing = b"\r\nConnection: close\r\n" in self._buffer
        self._buffer = self._buffer[end:]
        if not self._closing:
            self._transport.write(self._load.request)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio gives it
        """Go on with a new connection."""
        assert self._transport is not None
        self._load.transports.discard(self._transport)
        if self._load.ended:
            return
        self._load.lost += not self._closing
        self._load.open_soon()


def _end_of_answer(buffer: bytes) -> int | None:
    """Where the first answer ends; None while it is not complete."""
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return None
    headers = buffer[:head].lower()
    place = headers.find(b"\r\ncontent-length:")
    if place < 0:
        last = buffer.find(b"0\r\n\r\n", head + 4)
        return None if last < 0 else last + 5
    line = headers[place + 17 : headers.find(b"\r\n", place + 2) if b"\r\n" in headers[place + 2 :] else None]
    end = head + 4 + int(line)
    return end if len(buffer) >= end else None


async def _rate(port: int, request: bytes, seconds: float, process_id: int) -> Rate:
    """One round. Raises SystemExit when not all of them were successes."""
    load = _Load(port, request)
    for _ in range(CONNECTIONS):
        await load.open()
    await asyncio.sleep(seconds / 5)
    load.answers.clear()
    began, worked = time.perf_counter(), _processor_seconds(process_id)
    await asyncio.sleep(seconds)
    took, work = time.perf_counter() - began, _processor_seconds(process_id) - worked
    answers = dict(load.answers)
    load.end()
    await asyncio.sleep(0.05)
    if set(answers) != {b"200"} or load.lost:
        raise SystemExit(f"port {port}: answers by status {answers}, {load.lost} failures; not a fair measurement")
    return Rate(answers[b"200"] / took, 1e6 * work / answers[b"200"])


def _processor_seconds(process_id: int) -> float:
    try:
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {LOOPBACK}", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def commands() -> bytes:
    """Ten commands, each of one step, that leave the organisation as it is when they are repeated."""
    steps = ({"add": {"group": ["Team 1"]}}, {"update": {"firstname": "Ada", "lastname": "Lovelace"}})
    return json.dumps(
        [
            {"user": f"user{number}@example.com", "requestID": f"request_{number}", "do": [steps[number % 2]]}
            for number in range(1, 11)
        ]
    ).encode()


@contextlib.contextmanager
def program(arguments: list[str], port: int, folder: Path) -> Iterator[int]:
    """A server program, from when it accepts connections to the end of the context; gives its process id."""
    with (folder / "server.log").open("wb") as log, subprocess.Popen(arguments, stdout=log, stderr=log) as process:
        try:
            for _ in range(600):
                with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
                    break
                if process.poll() is not None:
                    raise SystemExit(f"{arguments[0]} ended: {(folder / 'server.log').read_text()[-2000:]}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def mock(folder: Path) -> Iterator[Subject]:
    """The mock server with a thousand users."""
    from umapi_harness.mock.state.populations import generate_seed  # noqa: PLC0415

    seed, ready, port = folder / "seed.json", folder / "ready.json", free_port()
    seed.write_text(json.dumps(generate_seed(1000, 20)))
    arguments = [*harness(), "serve", "--port", str(port), "--seed", str(seed), "--ready-file", str(ready)]
    with program(arguments, port, folder) as process_id:
        while not ready.exists():
            time.sleep(0.01)
        details = json.loads(ready.read_text())
        form = {"grant_type": "client_credentials", "scope": "openid,AdobeID,user_management_sdk"}
        form |= {"client_id": details["client_id"], "client_secret": details["client_secret"]}
        asked = urllib.request.Request(f"{details['ims_url']}/ims/token/v3", data=urllib.parse.urlencode(form).encode())
        with urllib.request.urlopen(asked) as answer:
            token = json.load(answer)["access_token"]
        headers = {"x-api-key": details["client_id"], "Authorization": f"Bearer {token}"}
        path = urllib.parse.urlsplit(details["api_url"]).path
        org_id = details["org_id"]
        yield Subject(
            name="umapi-harness",
            port=port,
            process_id=process_id,
            query=request("GET", f"{path}/organizations/{org_id}/users/user7%40example.com", headers),
            action=request(
                "POST", f"{path}/action/{org_id}", {**headers, "Content-Type": "application/json"}, commands()
            ),
        )


def harness() -> list[str]:
    """How the command line of this environment is started."""
    return [sys.executable, "-m", "umapi_harness"]


@contextlib.contextmanager
def bare(folder: Path, name: str, *, query_length: int, action_length: int) -> Iterator[Subject]:
    """A Starlette application that answers with that many bytes and does nothing else."""
    port = free_port()
    with program(
        [sys.executable, str(BARE), str(port), str(query_length), str(action_length)], port, folder
    ) as process_id:
        headers = {"Content-Type": "application/json"}
        yield Subject(
            name=name,
            port=port,
            process_id=process_id,
            query=request("GET", "/query", headers),
            action=request("POST", "/action", headers, commands()),
        )


@contextlib.contextmanager
def prism(folder: Path, file: str) -> Iterator[Subject]:
    """Prism's mock of the same API, with the examples of the document."""
    port = free_port()
    with program([file, "mock", "--host", LOOPBACK, "--port", str(port), str(DOCUMENT)], port, folder) as process_id:
        headers = {"x-api-key": "key", "Authorization": "Bearer token", "Accept": "application/json"}
        yield Subject(
            name="Prism",
            port=port,
            process_id=process_id,
            query=request("GET", "/organizations/12345@AdobeOrg/users/user7%40example.com", headers),
            action=request(
                "POST", "/action/12345@AdobeOrg", {**headers, "Content-Type": "application/json"}, commands()
            ),
        )


@contextlib.contextmanager
def moto(folder: Path, file: str) -> Iterator[Subject]:
    """moto's IAM, which takes one change of one user in a request."""
    port = free_port()
    with program([file, "--host", LOOPBACK, "--port", str(port)], port, folder) as process_id:
        iam = _signed("iam", {"Content-Type": "application/x-www-form-urlencoded"})
        _once(port, iam, b"Action=CreateUser&Version=2010-05-08&UserName=user7")
        yield Subject(
            name="moto",
            port=port,
            process_id=process_id,
            query=request("POST", "/", iam, b"Action=GetUser&Version=2010-05-08&UserName=user7"),
            action=request("POST", "/", iam, b"Action=UpdateUser&Version=2010-05-08&UserName=user7&NewPath=/people/"),
            requests_per_action=10,
        )


def _signed(service: str, headers: dict[str, str]) -> dict[str, str]:
    scope = f"Credential=key/20260101/us-east-1/{service}/aws4_request"
    return {**headers, "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}


def _once(port: int, headers: dict[str, str], body: bytes) -> None:
    with urllib.request.urlopen(
        urllib.request.Request(f"http://{LOOPBACK}:{port}/", data=body, headers=headers)
    ) as answer:
        answer.read()


def length(port: int, sent: bytes) -> int:
    """Bytes of the body of one answer."""
    with socket.create_connection((LOOPBACK, port), 10) as connection:
        connection.sendall(sent)
        received = b""
        while (end := _end_of_answer(received)) is None:
            received += connection.recv(65_536)
    return end - received.find(b"\r\n\r\n") - 4


def measure(subject: Subject, seconds: float) -> tuple[Rate, Rate]:
    """The best rounds of the query and of the action: what else the machine did counts least in those."""
    query, action = (
        max(
            (asyncio.run(_rate(subject.port, sent, seconds, subject.process_id)) for _ in range(ROUNDS)),
            key=lambda rate: rate.per_second,
        )
        for sent in (subject.query, subject.action)
    )
    each = subject.requests_per_action
    return query, Rate(action.per_second / each, action.microseconds * each)


def main() -> int:
    """Measure one server after the other and print the rates, with ratios to the targets."""
    parser = argparse.ArgumentParser(description="Requests per second, beside peers.")
    parser.add_argument("--seconds", type=float, default=3.0, help=f"length of each of the {ROUNDS} rounds")
    parser.add_argument("--prism", default=shutil.which("prism"), help="the program prism")
    parser.add_argument("--moto", default=shutil.which("moto_server"), help="the program moto_server")
    given = parser.parse_args()
    print(f"{'':16}" + "".join(f"{name:>{width}}{'CPU us':>8}{'ratio':>7}{'target':>7}" for name, width in COLUMNS))
    with tempfile.TemporaryDirectory(prefix="umapi-benchmark-") as name:
        folder = Path(name)
        with mock(folder) as subject:
            lengths = {"query_length": length(subject.port, subject.query)}
            lengths["action_length"] = length(subject.port, subject.action)
            ours = measure(subject, given.seconds)
        _show("umapi-harness", ours)
        peers: list[tuple[str, Callable[[], contextlib.AbstractContextManager[Subject]], tuple[float, float]]] = [
            ("bare Starlette", lambda: bare(folder, "bare Starlette", **lengths), (0.5, 0.25))
        ]
        for peer, file, start, target in (("Prism", given.prism, prism, 3.0), ("moto", given.moto, moto, 20.0)):
            if file is None:
                print(f"{peer:16}not installed")
            else:
                peers.append((peer, _starting(start, folder, file), (target, target)))
        missed = False
        for peer, start_peer, targets in peers:
            with start_peer() as subject:
                theirs = measure(subject, given.seconds)
            ratios = [mine.per_second / other.per_second for mine, other in zip(ours, theirs, strict=True)]
            missed = missed or any(ratio < target for ratio, target in zip(ratios, targets, strict=True))
            _show(peer, theirs, ratios, targets)
    print("a target is missed" if missed else "all targets are met")
    return 1 if missed else 0


def _show(
    name: str, rates: Sequence[Rate], ratios: Sequence[float] | None = None, targets: Sequence[float] | None = None
) -> None:
    line = f"{name:16}"
    for place, rate in enumerate(rates):
        line += f"{rate.per_second:{COLUMNS[place][1]}.0f}{rate.microseconds:8.0f}"
        line += f"{ratios[place]:7.2f}{targets[place]:7.2f}" if ratios and targets else f"{'':14}"
    print(line, flush=True)


def _starting(
    start: Callable[[Path, str], contextlib.AbstractContextManager[Subject]], folder: Path, file: str
) -> Callable[[], contextlib.AbstractContextManager[Subject]]:
    return lambda: start(folder, file)


if __name__ == "__main__":
    sys.exit(main())
