"""`umapi-harness record` between faults: wrong upstreams, odd answers, signals, disks that are full or slow."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.recording.conftest import Proxy, raw_server, recording
from umapi_harness.cli import main
from umapi_harness.contract.exchanges import Exchange, Limits
from umapi_harness.contract.proxy import RecordingProxy
from umapi_harness.contract.recorder import Recorder
from umapi_harness.contract.recordings import load
from umapi_harness.contract.upstreams import Upstream
from umapi_harness.mock.serving.server import RunningServer, running_server

HEAD = b"HTTP/1.1 200 OK\r\n"


def _ask(proxy: Proxy) -> httpx.Response:
    return httpx.get(f"{proxy.url}/status", trust_env=False)


def _lines(said: str) -> list[str]:
    """What was said between the first line and the last."""
    return [line.removeprefix("umapi-harness: ") for line in said.splitlines()[1:-1]]


UNPASSABLE = {
    "another status": (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", "answers with status 999, which HTTP does"),
    "control characters": (HEAD + b"X: hush\x01\r\nContent-Length: 0\r\n\r\n", "answers with control characters in a"),
    "a broken header": (HEAD + b"X hush: b\r\nContent-Length: 0\r\n\r\n", "the answer is no HTTP/1.1 that can be read"),
    "two lengths": (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "the answer is no HTTP/1.1 that can"),
    "HTTP/2": (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "the answer is no HTTP/1.1 that can be read"),
    "a header without end": (HEAD + b"X: " + b"a" * 300_000, "the answer is no HTTP/1.1 that can be read"),
    "nothing": (b"", "the connection ended without a whole answer; check the upstream's address, and whether it is"),
}


@pytest.mark.parametrize("how", UNPASSABLE)
def test_an_answer_that_cannot_be_passed_on(how: str, tmp_path: Path) -> None:
    """It is a 502 with one line that says why and nothing of the answer, and that line is the only one told."""
    data, reason = UNPASSABLE[how]
    with (
        raw_server(lambda peer, _: peer.sendall(data)) as upstream,
        recording(tmp_path / "out.har", "--upstream", upstream) as proxy,
    ):
        answer = _ask(proxy)
        status, said = proxy.end()
    (line,) = _lines(said)
    assert line.startswith(f"{upstream}: {reason}")
    assert (answer.status_code, answer.text, status) == (502, f"umapi-harness record: {line}\n", 0)
    assert "hush" not in said


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 20\r\nETag: a\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 20\r\nETag: a\r\n\r\n",
        HEAD + b"Content-Length: 20\r\nTransfer-Encoding: chunked\r\nETag: a\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ],
    ids=["304", "204", "two framings"],
)
def test_a_length_that_is_not_of_the_body(data: bytes, tmp_path: Path) -> None:
    """An answer whose length counts for nothing by HTTP is passed on without it, and recorded."""
    out = tmp_path / "out.har"
    with (
        raw_server(lambda peer, _: peer.sendall(data)) as upstream,
        recording(out, "--upstream", upstream) as proxy,
    ):
        answer = _ask(proxy)
        status, said = proxy.end()
    assert (status, _lines(said), answer.headers["etag"]) == (0, [], "a")
    assert load(out).exchanges[0].response.status == answer.status_code


def test_an_answer_that_breaks_off_is_one_line(tmp_path: Path) -> None:
    """That an answer broke off is told in one line, with none of the server's own beside it."""
    with (
        raw_server(lambda peer, _: peer.sendall(HEAD + b"Content-Length: 50\r\n\r\nhalf")) as upstream,
        recording(tmp_path / "out.har", "--upstream", upstream) as proxy,
    ):
        with pytest.raises(httpx.TransportError):
            _ask(proxy)
        _, said = proxy.end()
    reason = "recorded without an answer, for it broke off: the connection ended without a whole answer"
    assert _lines(said) == [f"GET /status: {reason}"]


def test_a_wrong_scheme_or_authority_is_told_with_its_remedy(tmp_path: Path) -> None:
    """A certificate that nobody trusts, TLS where there is none and none where there is: each has its own remedy."""
    with running_server(tls=True) as secure, running_server() as plain:
        cases = {
            secure.url: "its certificate is not trusted (unable to get local issuer certificate); give its authority "
            "with --ca-bundle, or check the address",
            secure.url.replace("https", "http"): "the connection ended without a whole answer; check the upstream's "
            "address, and whether it is http or https",
            plain.url.replace("http", "https"): "check the upstream's address, and whether it is http or https",
        }
        for number, (upstream, reason) in enumerate(cases.items()):
            with recording(tmp_path / f"{number}.har", "--upstream", upstream) as proxy:
                answer = _ask(proxy)
                _, said = proxy.end()
            (line,) = _lines(said)
            assert line.startswith(f"{upstream}: ")
            assert line.endswith(reason)
            assert (answer.status_code, answer.text) == (502, f"umapi-harness record: {line}\n")


def test_a_slow_upstream_is_told_with_the_option_for_it(tmp_path: Path) -> None:
    """No answer in time is 502, and the remedy is more time and no other address."""
    done = threading.Event()

    def wait(_peer: socket.socket, _head: bytes) -> None:
        done.wait(30)

    with (
        raw_server(wait) as upstream,
        recording(tmp_path / "out.har", "--upstream", upstream, "--timeout", "0.2") as proxy,
    ):
        answer = _ask(proxy)
        done.set()
        proxy.end()
    assert answer.text == f"umapi-harness record: {upstream}: no answer in time; raise --timeout\n"


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", "localhost"), ("0.0.0.0", "127.0.0.2")])
def test_the_proxy_is_not_its_own_upstream(host: str, name: str, tmp_path: Path) -> None:
    """Itself under another name is refused at the start: it would ask itself without end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    words = ["--upstream", f"http://{name}:{port}", "--host", host, "--port", str(port), "--out", str(tmp_path / "o")]
    command = [sys.executable, "-m", "umapi_harness", "record", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    line = f"umapi-harness: http://{name}:{port}: is the proxy itself; give the service's address as upstream\n"
    assert (done.returncode, done.stderr) == (2, line)
    assert list(tmp_path.iterdir()) == []


def test_a_loop_over_a_second_proxy_ends(tmp_path: Path) -> None:
    """Two proxies that have each other as upstream tell so at the first request, which goes round once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    there = f"http://127.0.0.1:{port}"
    with (
        recording(tmp_path / "a.har", "--upstream", there) as first,
        recording(tmp_path / "b.har", "--upstream", first.url, "--port", str(port)) as second,
    ):
        answer = _ask(first)
        ended = [one.end() for one in (first, second)]
    problem = "leads back to this proxy, over another one; give the service's address as upstream"
    assert (answer.status_code, answer.text) == (508, f"umapi-harness record: {there}: {problem}\n")
    assert _lines(ended[0][1]) == [f"{there}: {problem}"]


def test_what_has_passed_another_proxy_is_passed_on(tmp_path: Path, mock: RunningServer) -> None:
    """Proxies in a row are no loop: each adds itself to Via for the next one, and to no recording."""
    heads: list[bytes] = []

    def answer(peer: socket.socket, head: bytes) -> None:
        heads.append(head.lower())
        peer.sendall(HEAD + b"Content-Length: 0\r\n\r\n")

    out = tmp_path / "out.har"
    with raw_server(answer) as upstream, recording(out, "--upstream", upstream) as proxy:
        got = httpx.get(f"{proxy.url}/status", headers={"Via": "1.0 fred, 1.1 umapi-harness-x"}, trust_env=False)
        proxy.end()
    assert got.status_code == 200
    assert b"via: 1.0 fred, 1.1 umapi-harness-x\r\n" in heads[0]
    assert heads[0].count(b"via:") == 2
    (via,) = (value for name, value in load(out).exchanges[0].request.headers if name.lower() == "via")
    assert re.fullmatch(r"1\.0 [a-z]{4}, 1\.1 umapi-harness-[a-z]", via)


def test_a_port_in_use_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where somebody listens already, nothing is begun."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        words = ["--upstream", "http://h", "--port", str(port), "--out", str(tmp_path / "out.har")]
        assert main(["record", *words]) == 2
    line = f"umapi-harness: 127.0.0.1:{port}: port in use; choose another, or 0 for any that is free\n"
    assert capsys.readouterr().err == line
    assert list(tmp_path.iterdir()) == []


def test_who_takes_it_for_a_forward_proxy_is_told(mock: RunningServer, tmp_path: Path) -> None:
    """CONNECT is refused with what to do; a request that names the host is one for this server all the same."""
    out = tmp_path / "out.har"
    with recording(out, "--upstream", mock.url) as proxy:
        with (
            httpx.Client(proxy=proxy.url, trust_env=False) as client,
            pytest.raises(httpx.ProxyError, match=r"405"),
        ):
            client.get("https://usermanagement.adobe.io/status")
        with httpx.Client(proxy=proxy.url, trust_env=False) as client:
            assert client.get("http://usermanagement.adobe.io/status").status_code == 200
        _, said = proxy.end()
    (line,) = _lines(said)
    assert line.startswith("this is a server in place of the service, and no proxy for others: point the client at")
    assert [one.request.url for one in load(out).exchanges] == [f"{mock.url}/status"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a signal")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_each_signal_that_ends_a_program_writes_the_file(name: str, mock: RunningServer, tmp_path: Path) -> None:
    """Whether stopped, interrupted or left by its terminal: the file is there, whole, and nothing beside it."""
    out = tmp_path / "out.har"
    with recording(out, "--upstream", mock.url) as proxy:
        _ask(proxy)
        status, said = proxy.end(getattr(signal, name))
    assert (status, said.splitlines()[-1]) == (0, f"umapi-harness: 1 exchange written to {out}")
    assert [path.name for path in tmp_path.iterdir()] == ["out.har"]
    assert len(load(out).exchanges) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_under_nohup_a_recording_goes_on(mock: RunningServer, tmp_path: Path) -> None:
    """A signal that whoever started the program had it ignore does not end it."""
    out = tmp_path / "out.har"
    with recording(out, "--upstream", mock.url, shell="trap '' HUP;") as proxy:
        _ask(proxy)
        proxy.process.send_signal(signal.SIGHUP)
        assert _ask(proxy).status_code == 200
        proxy.end()
    assert len(load(out).exchanges) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a signal")
def test_what_a_kill_leaves_is_a_whole_recording(mock: RunningServer, tmp_path: Path) -> None:
    """After kill -9 the hidden file holds all that was written, and the next recording names the command for it."""
    out = tmp_path / "out.har"
    with recording(out, "--upstream", mock.url) as proxy:
        for _ in range(12):
            assert _ask(proxy).status_code == 200
        proxy.end(signal.SIGKILL)
    (part,) = tmp_path.iterdir()
    found = len(load(part).exchanges)
    assert found >= 12 - 5  # one that is being written, and those that wait
    with recording(out, "--upstream", mock.url) as proxy:
        _, said = proxy.end()
    assert f"umapi-harness redact --salvage --no-pseudonyms {part} NEW.har keeps it" in said
    new = tmp_path / "new.har"
    assert main(["redact", "--salvage", "--no-pseudonyms", str(part), str(new)]) == 0
    assert len(load(new).exchanges) == found
    assert main(["redact", "--check", str(new)]) == 0


class _Stuck(Recorder):
    """A disk that takes nothing until it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, None)
        self.goes_on = threading.Event()

    def add(self, exchange: Exchange) -> None:
        self.goes_on.wait(30)
        super().add(exchange)


def test_no_more_than_a_few_exchanges_wait_for_a_slow_disk(mock: RunningServer, tmp_path: Path) -> None:
    """Where nothing is written, the client is held up rather than memory filled; then all of it is written."""
    recorder = _Stuck(tmp_path / "out.har")
    said: list[str] = []

    async def ask() -> None:
        upstream = httpx.AsyncClient(trust_env=False)
        api = Upstream.read(mock.url)
        proxy = RecordingProxy(
            api=api,
            tokens=api,
            client=upstream,
            recorder=recorder,
            limits=Limits(),
            say=said.append,
            stop=recorder.goes_on.set,
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(proxy), base_url="http://p") as client:
            asked = [asyncio.ensure_future(client.get("/status")) for _ in range(10)]
            _, waiting = await asyncio.wait(asked, timeout=1)
            assert len(waiting) >= 5
            recorder.goes_on.set()
            assert [(await one).status_code for one in asked] == [200] * 10
        await asyncio.to_thread(proxy.close)
        await upstream.aclose()

    asyncio.run(ask())
    recorder.finish()
    assert said == []
    assert len(load(tmp_path / "out.har").exchanges) == 10


def test_an_exchange_that_cannot_be_cleaned_costs_itself(
    mock: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong with one exchange, the recording goes on, and a line says which is missing."""
    said: list[str] = []
    add = Recorder.add

    def failing(self: Recorder, exchange: Exchange) -> None:
        if urlsplit(exchange.request.url).path == "/odd":
            raise RecursionError
        add(self, exchange)

    monkeypatch.setattr(Recorder, "add", failing)

    async def ask() -> None:
        api = Upstream.read(mock.url)
        async with httpx.AsyncClient(trust_env=False) as upstream:
            proxy = RecordingProxy(
                api=api,
                tokens=api,
                client=upstream,
                recorder=recorder,
                limits=Limits(),
                say=said.append,
                stop=lambda: said.append("stopped"),
            )
            async with httpx.AsyncClient(transport=httpx.ASGITransport(proxy), base_url="http://p") as client:
                for path in ("/odd?a=hush", "/status"):
                    await client.get(path)
            await asyncio.to_thread(proxy.close)

    recorder = Recorder(tmp_path / "out.har", None)
    asyncio.run(asyncio.wait_for(ask(), 60))
    recorder.finish()
    assert said == [f"GET {mock.url}/odd: not recorded: RecursionError while it was cleaned"]
    assert len(load(tmp_path / "out.har").exchanges) == 1
