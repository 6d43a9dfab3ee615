"""`umapi-harness record`: what passes is passed on as it came, and what is written is clean and whole."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.recording.conftest import raw_server, recording
from umapi_harness.cli import main
from umapi_harness.contract.recordings import load
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import AuthenticationError, Connection, JWTAuth, UserQuery


def test_a_session_is_recorded_clean(mock: RunningServer, tmp_path: Path) -> None:
    """Token, listing and action of a client are passed on, and the recording holds no secret and no name."""
    out = tmp_path / "out.har"
    details = mock.details
    with recording(out, "--upstream", mock.url) as proxy:
        with httpx.Client(base_url=proxy.url, trust_env=False) as client:
            form = {
                "grant_type": "client_credentials",
                "client_id": details.client_id,
                "client_secret": details.client_secret,
                "scope": "openid,AdobeID,user_management_sdk",
            }
            token = client.post("/ims/token/v3", data=form).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}", "x-api-key": details.client_id}
            root = f"/v2/usermanagement/users/{details.org_id}/0"
            listing = client.get(root, headers=headers)
            command = [{"user": "zebulon@quagmire.example", "do": [{"add": {"group": ["No Such Group"]}}]}]
            answer = client.post(f"/v2/usermanagement/action/{details.org_id}", headers=headers, json=command)
        assert not out.exists()
        status, said = proxy.end()
    assert status == 0
    assert f"3 exchanges written to {out}" in said
    direct = httpx.get(f"{mock.url}{root}", headers=headers, trust_env=False)
    assert listing.json() == direct.json()
    assert listing.headers["x-total-count"] == direct.headers["x-total-count"]
    assert answer.json()["notCompleted"] == 1
    assert out.stat().st_mode & 0o777 == 0o600
    text = out.read_text("utf-8")
    for gone in (token, details.client_secret, details.client_id, details.org_id, "zebulon", "quagmire", "No Such"):
        assert gone not in text
    assert main(["redact", "--check", str(out)]) == 0
    exchanges = load(out).exchanges
    assert [one.response.status for one in exchanges] == [200, 200, 200]
    assert len(exchanges[1].response.body) == len(listing.content)
    error = json.loads(exchanges[2].response.body)["errors"][0]
    assert error["user"] == json.loads(exchanges[2].request.body)[0]["user"]


def test_accepted_words_stay(mock: RunningServer, tmp_path: Path) -> None:
    """Words of --accept and of a file are in the recording as they were, all others not."""
    out, words = tmp_path / "out.har", tmp_path / "words.txt"
    words.write_text("# ours\nbadgeHue\n")
    with recording(out, "--upstream", mock.url, "--accept", "seatTint", "--accept-file", str(words)) as proxy:
        query = {"badgeHue": "1", "seatTint": "2", "quibbler": "3"}
        httpx.get(f"{proxy.url}/v2/usermanagement/status", params=query, trust_env=False)
        assert proxy.end()[0] == 0
    text = out.read_text("utf-8")
    assert [word in text for word in query] == [True, True, False]
    assert main(["redact", "--check", "--accept", "badgeHue seatTint", str(out)]) == 0


def test_a_file_of_accepted_words_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says so before anything listens."""
    command = ["record", "--upstream", "http://127.0.0.1:9", "--out", str(tmp_path / "out.har")]
    assert main([*command, "--accept-file", str(tmp_path / "none")]) == 2
    assert "--accept-file" in capsys.readouterr().err


def test_over_tls_and_with_the_root_of_the_api(tmp_path: Path) -> None:
    """The proxy serves TLS with an authority of its own, and an upstream may stand under another path."""
    seen: list[bytes] = []

    def answer(peer: socket.socket, head: bytes) -> None:
        seen.append(head)
        peer.sendall(b"HTTP/1.1 204 No Content\r\nX-One: a\r\nx-one: b\r\n\r\n")

    with (
        raw_server(answer) as upstream,
        recording(tmp_path / "out.har", "--upstream", f"{upstream}/gate/way", "--tls") as proxy,
    ):
        assert proxy.process.stdout is not None
        authority = proxy.process.stdout.readline().strip().partition("UMAPI_CA_BUNDLE=")[2]
        context = ssl.create_default_context(cafile=authority)
        with httpx.Client(verify=context, trust_env=False) as client:
            got = client.get(
                f"{proxy.url}/v2/usermanagement/users/a%40AdobeOrg/0/x%2Fy%20z?a=%7e&b=+",
                headers={"Connection": "x-mine", "X-Mine": "1", "X-Other": "2", "Accept-Encoding": "br, gzip"},
            )
        status, _ = proxy.end(signal.SIGINT)
    assert status == 0
    assert got.status_code == 204
    assert got.headers.get_list("x-one") == ["a", "b"]
    (head,) = seen
    assert head.startswith(b"GET /gate/way/users/a%40AdobeOrg/0/x%2Fy%20z?a=%7e&b=+ HTTP/1.1\r\n")
    lowered = head.lower()
    assert f"host: {upstream.partition('://')[2]}".encode() in lowered
    assert b"x-other: 2" in lowered
    assert b"x-mine" not in lowered
    assert b"accept-encoding: gzip\r\n" in lowered


def test_compressed_answers_pass_as_they_came(tmp_path: Path) -> None:
    """A compressed answer reaches the client compressed, and the recording plain with the sizes of what it holds."""
    plain = json.dumps({"lastPage": True, "result": "success", "users": []}).encode()
    packed = gzip.compress(plain)

    def answer(peer: socket.socket, head: bytes) -> None:
        lines = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
        peer.sendall(lines + f"Content-Length: {len(packed)}\r\n\r\n".encode() + packed)

    out = tmp_path / "out.har"
    with raw_server(answer) as upstream, recording(out, "--upstream", upstream) as proxy:
        with httpx.Client(trust_env=False) as client, client.stream("GET", f"{proxy.url}/status") as got:
            assert b"".join(got.iter_raw()) == packed
        proxy.end()
    (exchange,) = load(out).exchanges
    assert exchange.response.body == plain
    assert exchange.response.header("Content-Encoding") is None
    assert exchange.response.header("Content-Length") == str(len(plain))


@pytest.mark.parametrize(("packed", "coding"), [(b"\x1b\x02\xf0\x80", "br"), (b"\x28\xb5\x2f\xfd\x04\x00", "zstd")])
def test_an_answer_that_cannot_be_read_is_left_out_and_counted(packed: bytes, coding: str, tmp_path: Path) -> None:
    """The client gets what came; the file has a mark in its place, and the summary says so."""

    def answer(peer: socket.socket, head: bytes) -> None:
        lines = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: {coding}\r\n"
        peer.sendall(lines.encode() + f"Content-Length: {len(packed)}\r\n\r\n".encode() + packed)

    out = tmp_path / "out.har"
    with raw_server(answer) as upstream, recording(out, "--upstream", upstream) as proxy:
        with httpx.Client(trust_env=False) as client, client.stream("GET", f"{proxy.url}/status") as got:
            assert b"".join(got.iter_raw()) == packed
        _, said = proxy.end()
    assert "1 body left out in whole or in part, which could not be inspected" in said
    body = load(out).exchanges[0].response.body
    assert body == f"left out: {len(packed)} bytes of application/json could not be inspected".encode()


BROKEN = {
    "closes at once": b"",
    "speaks no HTTP": b"220 mail.example ESMTP\r\n",
    "breaks off in the headers": b"HTTP/1.1 200 OK\r\nContent-Le",
}


@pytest.mark.parametrize("how", BROKEN)
def test_an_upstream_that_fails_is_told(how: str, tmp_path: Path) -> None:
    """What cannot be had from the upstream is 502 with one line that names it, and the proxy goes on."""
    answers = [BROKEN[how], b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]
    out = tmp_path / "out.har"
    with (
        raw_server(lambda peer, _: peer.sendall(answers.pop(0))) as upstream,
        recording(out, "--upstream", upstream) as proxy,
    ):
        failed = httpx.get(f"{proxy.url}/status?access_token=hush-hush-1", trust_env=False)
        good = httpx.get(f"{proxy.url}/status", trust_env=False)
        status, said = proxy.end()
    assert failed.status_code == 502
    assert failed.text.startswith(f"umapi-harness record: {upstream}: ")
    assert len(failed.text.splitlines()) == 1
    assert failed.text.partition("record: ")[2] in said.replace("umapi-harness: ", "")
    assert "hush" not in failed.text + said
    assert (good.text, status) == ("ok", 0)
    assert len(load(out).exchanges) == 1


def test_an_answer_that_breaks_off_is_no_whole_one(tmp_path: Path) -> None:
    """The client sees that an answer is cut off, and the recording does not hold it as whole."""
    out = tmp_path / "out.har"
    with (
        raw_server(lambda peer, _: peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")) as upstream,
        recording(out, "--upstream", upstream) as proxy,
    ):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{proxy.url}/status", trust_env=False)
        _, said = proxy.end()
    assert "/status: recorded without an answer, for it broke off: the connection ended without a whole answer" in said
    assert "0 exchanges, and 1 request without an answer written to" in said
    held = load(out)
    assert held.exchanges == ()
    assert [(one.request.method, one.response.reason) for _, one in held.unanswered] == [
        ("GET", "the answer broke off")
    ]


@pytest.mark.parametrize("end", ["in the body", "in the headers", "before the answer"])
def test_an_action_without_an_answer_leaves_doubt(end: str, mock: RunningServer, tmp_path: Path) -> None:
    """Who was created by an action whose answer was lost may stand in the next listing: `verify` holds it for no fault.

    `redact` keeps the request, and `--check` looks through it.
    """
    answers = {
        "in the body": b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{",
        "in the headers": b"HTTP/1.1 200 OK\r\nCo",
    }

    def pass_on(peer: socket.socket, head: bytes) -> None:
        top, _, body = head.partition(b"\r\n\r\n")
        method, target, _ = top.partition(b"\r\n")[0].decode().split(" ")
        headers = dict(line.split(": ", 1) for line in top.decode().split("\r\n")[1:])
        headers = {name.lower(): value for name, value in headers.items() if name.lower() != "host"}
        while len(body) < int(headers.get("content-length", "0")):
            body += peer.recv(65536)
        done = httpx.request(method, mock.url + target, headers=headers, content=body, trust_env=False)
        if "/action/" in target:
            peer.sendall(answers.get(end, b""))
            return
        kept = (f"{name}: {value}\r\n" for name, value in done.headers.items() if name.lower() != "transfer-encoding")
        lines = [f"HTTP/1.1 {done.status_code} OK\r\n", *kept, "Connection: close\r\n\r\n"]
        peer.sendall("".join(lines).encode() + done.content)

    out, shared = tmp_path / "out.har", tmp_path / "shared.har"
    details = mock.details
    form = {"grant_type": "client_credentials", "client_id": details.client_id, "client_secret": details.client_secret}
    form["scope"] = "openid,AdobeID,user_management_sdk"
    token = httpx.post(f"{mock.url}/ims/token/v3", data=form, trust_env=False).json()["access_token"]
    with raw_server(pass_on) as upstream, recording(out, "--upstream", upstream) as proxy:
        headers = {"Authorization": f"Bearer {token}", "x-api-key": details.client_id, "Accept-Encoding": "identity"}
        with httpx.Client(base_url=f"{proxy.url}/v2/usermanagement", headers=headers, trust_env=False) as client:
            assert client.get(f"/users/{details.org_id}/0").status_code == 200
            step = {"addAdobeID": {"email": "zebulon@quagmire.example", "country": "US"}}
            try:
                client.post(f"/action/{details.org_id}", json=[{"user": "zebulon@quagmire.example", "do": [step]}])
            except httpx.TransportError:
                assert end == "in the body"
            assert "zebulon" in client.get(f"/users/{details.org_id}/0").text
        proxy.end()
    assert main(["redact", "--check", str(out)]) == 0
    assert "zebulon" not in out.read_text("utf-8")
    assert main(["redact", str(out), str(shared)]) == 0
    for path in (out, shared):
        assert [len(load(path).exchanges), len(load(path).unanswered)] == [2, 1]
        assert main(["verify", str(path)]) == 0


def test_nobody_upstream(tmp_path: Path) -> None:
    """An upstream where nobody listens is told at the first request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with recording(tmp_path / "out.har", "--upstream", address) as proxy:
        failed = httpx.get(f"{proxy.url}/status", trust_env=False)
        proxy.end()
    assert (failed.status_code, failed.text) == (
        502,
        f"umapi-harness record: {address}: Connection refused; check the upstream's address\n",
    )


@pytest.mark.parametrize("bad", ["host", "ftp://h/", "http://u:hush-hush@h/", "http://h:99999/", "http://h/?a=1"])
def test_addresses_that_cannot_be_upstream(bad: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no address is told at the start in one line, without a password in it."""
    assert main(["record", "--upstream", bad, "--out", str(tmp_path / "out.har")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--upstream" in said
    assert "hush" not in said
    assert list(tmp_path.iterdir()) == []


def test_large_bodies(tmp_path: Path) -> None:
    """A request past the limit is refused, an answer past it is passed on and not recorded, both with a line."""
    large = b"x" * (2 * 1024 * 1024)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(large)}\r\n\r\n".encode()
    out = tmp_path / "out.har"
    with (
        raw_server(lambda peer, _: peer.sendall(head + large)) as upstream,
        recording(out, "--upstream", upstream, "--max-body", "1") as proxy,
    ):
        refused = httpx.post(f"{proxy.url}/status", content=large, trust_env=False)
        passed = httpx.get(f"{proxy.url}/status", trust_env=False)
        _, said = proxy.end()
    assert refused.status_code == 413
    assert passed.content == large
    assert "recorded without an answer, for it is larger than 1048576 bytes: raise --max-body" in said
    assert [one.response.reason for _, one in load(out).unanswered] == ["the answer was too large"]


def test_a_killed_recording_leaves_no_file(mock: RunningServer, tmp_path: Path) -> None:
    """After kill -9 there is no recording, only a hidden part that the next one tells of."""
    out = tmp_path / "out.har"
    with recording(out, "--upstream", mock.url) as proxy:
        httpx.get(f"{proxy.url}/status", trust_env=False)
        proxy.end(signal.SIGKILL)
    assert not out.exists()
    (part,) = tmp_path.iterdir()
    assert part.stat().st_mode & 0o777 == 0o600
    with recording(out, "--upstream", mock.url) as proxy:
        httpx.get(f"{proxy.url}/status", trust_env=False)
        _, said = proxy.end()
    assert f"{part}: left by a recording that was killed" in said
    assert out.exists()


def test_a_full_disk_ends_the_recording(mock: RunningServer, tmp_path: Path) -> None:
    """When nothing more can be written, every client has its answer, and the file is whole with what came before."""
    out = tmp_path / "out.har"
    answers = 0
    with recording(out, "--upstream", mock.url, shell="trap '' XFSZ; ulimit -f 8;") as proxy:
        for _ in range(50):
            try:
                assert httpx.get(f"{proxy.url}/status", trust_env=False).status_code == 200
            except httpx.ConnectError:
                break
            answers += 1
        status, said = proxy.wait()
    assert status == 2
    count = len(load(out).exchanges)
    assert 0 < count < answers < 50
    problem = f"{out}: cannot be written: File too large; the recording ends with {count} exchanges, whole in {out}"
    assert said.splitlines()[1:] == [f"umapi-harness: {problem}"]
    assert [path.name for path in tmp_path.iterdir()] == ["out.har"]
    assert main(["redact", "--check", str(out)]) == 0


def test_a_full_disk_before_the_first_exchange(mock: RunningServer, tmp_path: Path) -> None:
    """When not even one exchange could be written, there is no file, and the line says so."""
    out = tmp_path / "out.har"
    with recording(out, "--upstream", mock.url, shell="trap '' XFSZ; ulimit -f 1;") as proxy:
        assert httpx.get(f"{proxy.url}/status", trust_env=False).status_code == 200
        status, said = proxy.wait()
    assert status == 2
    assert said.splitlines()[1:] == [
        f"umapi-harness: {out}: cannot be written: File too large; choose another place (nothing has been kept)"
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(
    mock: RunningServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that is not there is told before anything is served."""
    assert main(["record", "--upstream", mock.url, "--out", str(tmp_path / "none" / "out.har")]) == 2
    assert "none/out.har: cannot be written: No such file or directory" in capsys.readouterr().err


def test_two_recordings_of_one_name_both_stay(mock: RunningServer, tmp_path: Path) -> None:
    """Of two recorders with one name the second to end takes a number, and says so; so does one that comes later."""
    out = tmp_path / "out.har"
    with recording(out, "--upstream", mock.url) as first, recording(out, "--upstream", mock.url) as second:
        httpx.get(f"{first.url}/status", trust_env=False)
        httpx.get(f"{second.url}/status?second", trust_env=False)
        _, said_first = first.end()
        _, said_second = second.end()
    assert f"1 exchange written to {out}\n" in said_first
    assert f"1 exchange written to {tmp_path / 'out-2.har'}\n" in said_second
    assert load(out).exchanges[0].request.url.endswith("/status")
    assert load(tmp_path / "out-2.har").exchanges[0].request.url.endswith("second")
    with recording(out, "--upstream", mock.url) as third:
        httpx.get(f"{third.url}/status", trust_env=False)
        _, said = third.end()
    assert f"{out}: is there already and stays" in said
    assert f"written to {tmp_path / 'out-3.har'}" in said


def _recorded(out: Path, upstream: str, *words: str) -> subprocess.CompletedProcess[str]:
    """What `record` leaves that runs a program."""
    command = [sys.executable, "-m", "umapi_harness", "record", "--out", str(out), "--upstream", upstream]
    return subprocess.run([*command, *words], capture_output=True, text=True, timeout=60, check=False)


ASK = "import os, sys, urllib.request; urllib.request.urlopen(os.environ['UMAPI_IMS_URL'] + '/status')"


@pytest.mark.parametrize("status", [0, 3])
def test_a_program_is_recorded_to_its_end(
    mock: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """What the program after -- asks is recorded; its variables, words, output and status are its own."""
    out = tmp_path / "out.har"
    monkeypatch.setenv("UMAPI_CLIENT_ID", "its-own")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    code = f"{ASK}; print(os.environ['UMAPI_CLIENT_ID'], *sys.argv[1:]); sys.exit({status})"
    ran = _recorded(out, mock.url, "--", sys.executable, "-c", code, "--", "--help")
    assert (ran.returncode, ran.stdout) == (status, "its-own -- --help\n"), ran.stderr
    assert f"1 exchange written to {out}\n" in ran.stderr
    assert [one.response.status for one in load(out).exchanges] == [200]


def test_the_file_that_is_written_is_named_from_the_start(mock: RunningServer, tmp_path: Path) -> None:
    """Where a recording stays, the line that says where the new one goes has the name that it gets."""
    out = tmp_path / "out.har"
    for name in ("out.har", "out-2.har"):
        (tmp_path / name).write_text("was here before")
    ran = _recorded(out, mock.url, "--", sys.executable, "-c", ASK)
    assert f"recording to {tmp_path / 'out-3.har'} at http" in ran.stderr
    assert f"1 exchange written to {tmp_path / 'out-3.har'}" in ran.stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--"], "nothing follows --; give the program to run, or leave -- out"),
        (["--", "no-such-program"], "no-such-program: no such command"),
        (["python", "ask.py"], "unexpected extra arguments (python ask.py); a program to run comes after --"),
    ],
)
def test_a_program_that_cannot_start_is_told(tmp_path: Path, words: list[str], problem: str) -> None:
    """One line says so, and nothing is recorded."""
    ran = _recorded(tmp_path / "out.har", "http://127.0.0.1:9", *words)
    assert (ran.returncode, list(tmp_path.iterdir())) == (2, [])
    assert problem in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals end programs on POSIX")
def test_a_signal_ends_the_program_and_completes_the_recording(mock: RunningServer, tmp_path: Path) -> None:
    """SIGHUP goes to the program, and what it asked until then is written."""
    out = tmp_path / "out.har"
    code = f"{ASK}; import signal; print('asked', flush=True); signal.pause()"
    command = [sys.executable, "-m", "umapi_harness", "record", "--out", str(out), "--upstream", mock.url]
    with subprocess.Popen([*command, "--", sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGHUP)
        assert process.wait(30) == 128 + signal.SIGHUP
    assert len(load(out).exchanges) == 1


def test_a_recording_of_nothing_ends_with_1(tmp_path: Path) -> None:
    """Where the service cannot be reached, no file is written, and a script that goes on with it stops."""
    out = tmp_path / "out.har"
    with recording(out, "--upstream", "http://127.0.0.1:1") as proxy:
        assert httpx.get(f"{proxy.url}/v2/usermanagement/status", trust_env=False).status_code == 502
        status, said = proxy.end()
    assert (status, out.exists()) == (1, False)
    assert f"nothing was recorded, so nothing is written to {out}" in said


def test_a_recording_is_replaced_only_when_told(mock: RunningServer, tmp_path: Path) -> None:
    """With --overwrite the new recording takes the old one's name, but for one of nothing, which leaves the old."""
    out = tmp_path / "out.har"
    out.write_text("was here before")
    with recording(out, "--upstream", mock.url, "--overwrite") as proxy:
        status, said = proxy.end()
    assert (status, out.read_text()) == (1, "was here before")
    assert f"nothing was recorded, so nothing is written to {out}" in said
    with recording(out, "--upstream", mock.url, "--overwrite") as proxy:
        httpx.get(f"{proxy.url}/status", trust_env=False)
        proxy.end()
    assert len(load(out).exchanges) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.har"]


def test_a_jwt_for_the_proxy_is_explained(mock: RunningServer, tmp_path: Path) -> None:
    """That a JWT was signed for the proxy, which the service refuses, is told with what to do instead."""
    details = mock.details
    key = Path(details.private_key_path).read_text("utf-8")

    def auth(host: str) -> JWTAuth:
        words = (details.org_id, details.client_id, details.client_secret, details.tech_account_id, key)
        return JWTAuth(*words, auth_host=host)

    out = tmp_path / "out.har"
    with recording(out, "--upstream", mock.url) as proxy:
        endpoint = f"{proxy.url}/v2/usermanagement"
        with (
            Connection(details.org_id, auth(proxy.url), endpoint=endpoint) as refused,
            pytest.raises(AuthenticationError),
        ):
            UserQuery(refused, "nobody@example.com").result()
        with Connection(details.org_id, auth(details.ims_url), endpoint=endpoint) as connection:
            assert UserQuery(connection, "nobody@example.com").result() is None
        _, said = proxy.end()
    own = proxy.url.partition("://")[2]
    (line,) = [line for line in said.splitlines() if "JWT" in line]
    assert line.startswith(f"umapi-harness: POST /ims/exchange/jwt/: the client signed its JWT for {own}, which the ")
    assert f"let the client ask {mock.url} for its token" in line
    assert [one.response.status for one in load(out).exchanges] == [400, 404]
