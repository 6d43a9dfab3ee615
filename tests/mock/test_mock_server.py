"""The server as a program uses it: start, details, TLS, end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from pathlib import Path

import attrs
import httpx
import pytest

from umapi_harness.common.shells import assignments, usual_shell
from umapi_harness.mock import InputError, Settings, build_seed
from umapi_harness.mock.serving.addresses import is_loopback
from umapi_harness.mock.serving.server import running_server, serve

FIELDS = {
    *("api_url", "ims_url", "ca_cert", "org_id", "client_id", "client_secret", "tech_account_id"),
    *("private_key_path", "domain", "sample_user", "sample_group", "sample_profile"),
}


def token(client: httpx.Client, details: dict[str, str]) -> str:
    """A token for the details of a ready file."""
    fields = {
        "grant_type": "client_credentials",
        "client_id": details["client_id"],
        "client_secret": details["client_secret"],
        "scope": "openid,AdobeID,user_management_sdk",
    }
    answer = client.post(f"{details['ims_url']}/ims/token/v3", data=fields)
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["access_token"]
    return found


def test_details_are_enough_to_call() -> None:
    """With the details alone a client gets a token and a page of users; the key file is the owner's."""
    with running_server() as server, httpx.Client() as client:
        details = server.details.as_dict()
        assert set(details) == FIELDS
        assert details["ca_cert"] is None
        headers = {
            "x-api-key": server.details.client_id,
            "Authorization": f"Bearer {token(client, attrs.asdict(server.details))}",
        }
        answer = client.get(f"{details['api_url']}/users/{details['org_id']}/0", headers=headers)
        assert answer.json()["lastPage"] is True
        key = Path(server.details.private_key_path)
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert not key.parent.exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/status")


def test_tls_with_an_authority_of_its_own() -> None:
    """The authority's certificate is all a client needs, for loopback and for Adobe's two hosts."""
    with running_server(tls=True) as server:
        assert server.details.ca_cert is not None
        context = ssl.create_default_context(cafile=server.details.ca_cert)
        assert httpx.get(f"{server.url}/status", verify=context).status_code == 200
        port = int(server.url.rpartition(":")[2])
        for name in ("localhost", "usermanagement.adobe.io", "ims-na1.adobelogin.com"):
            with (
                socket.create_connection(("127.0.0.1", port)) as plain,
                context.wrap_socket(plain, server_hostname=name) as wrapped,
            ):
                assert wrapped.version() is not None
        for file in Path(server.details.ca_cert).parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/status")


def test_export_lines_are_safe_for_a_shell() -> None:
    """Each line sets one variable to exactly its value, whatever characters that has."""
    seed = {
        "org_id": "1@AdobeOrg",
        "products": [{"name": "P"}],
        "profiles": [{"name": 'it\'s $HOME `x` "y"', "product": "P"}],
        "sample_profile": 'it\'s $HOME `x` "y"',
    }
    with running_server(seeds=[build_seed(seed)]) as server:
        lines = server.details.export_lines()
        assert not any(line.startswith("export UMAPI_DOMAIN") for line in lines)
        script = "\n".join([*lines, 'printf "%s|%s" "$UMAPI_SAMPLE_PROFILE" "$UMAPI_ENDPOINT"'])
        shell = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
        assert shell.stdout == f"{seed['sample_profile']}|{server.details.api_url}"
        assert server.details.client_secret not in repr(server.details)


AWKWARD = (
    "plain-1@AdobeOrg",
    "",
    'it\'s $HOME `x` "y"',
    "C:\\Temp\\a b",
    "100% & <b> ^",
    "\u2019\u2018 \u2019",
    "ends in \\",
    "a=b #c",
)


@pytest.mark.parametrize(
    ("shell", "command", "show"),
    [
        ("sh", "/bin/sh", 'printf "%s" "$UMAPI_X"'),
        ("fish", "fish", 'printf "%s" "$UMAPI_X"'),
        ("powershell", "pwsh", "[Console]::Out.Write($env:UMAPI_X)"),
    ],
)
@pytest.mark.parametrize("value", AWKWARD)
def test_each_shell_reads_what_was_meant(shell: str, command: str, show: str, value: str) -> None:
    """A shell that evaluates its line has the variable with exactly its value."""
    if shutil.which(command) is None:
        pytest.skip(f"there is no {command}")
    script = "\n".join([*assignments({"UMAPI_X": value, "UMAPI_Y": None}, shell), show])
    ran = subprocess.run([command, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == value


def test_files_of_settings_are_read_as_meant(tmp_path: Path) -> None:
    """A reader of .env files finds exactly the values."""
    dotenv = pytest.importorskip("dotenv")
    values = {f"UMAPI_X{place}": value for place, value in enumerate(AWKWARD)}
    (tmp_path / ".env").write_text("\n".join(assignments(values, "dotenv")), "utf-8")
    assert dotenv.dotenv_values(tmp_path / ".env", interpolate=False) == values


def test_lines_for_shells_of_windows() -> None:
    """PowerShell takes every kind of single quote for one; cmd has its own use for %, quotes and &."""
    values = {"A": "it's \u2019", "B": '100% & "x" (^)', "C": "a & b", "D": "50%"}
    assert assignments(values, "powershell")[:2] == ["$env:A = 'it''s \u2019\u2019'", "$env:B = '100% & \"x\" (^)'"]
    assert assignments(values, "cmd") == [
        'set "A=it\'s \u2019"',
        'set B=100%% ^& ^"x^" ^(^^^)',
        'set "C=a & b"',
        'set "D=50%%"',
    ]
    with pytest.raises(InputError, match=r"^A: cmd cannot be given a line break; choose another shell"):
        assignments({"A": "a\nb"}, "cmd")


def test_the_usual_shell() -> None:
    """Windows has PowerShell, unless the command runs in Git Bash or the like; everywhere else it is sh."""
    assert usual_shell({}, "nt") == "powershell"
    assert usual_shell({"MSYSTEM": "MINGW64"}, "nt") == "sh"
    assert usual_shell({"SHELL": "/usr/bin/fish"}, "posix") == "sh"


def test_the_server_knows_the_address_of_its_page() -> None:
    """A server with the admin interface has a page where it says, and another has none."""
    with running_server() as server:
        page_url = f"{server.url}/_mock/"
        assert server.page_url == page_url
        assert "<title>UMAPI mock</title>" in httpx.get(page_url, trust_env=False).text
    with running_server(admin=False) as server:
        assert server.page_url is None


def test_a_port_in_use_is_told() -> None:
    """The second server on a port is refused in one line."""
    with running_server() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(InputError, match=f"^127.0.0.1:{port}: port in use; choose another, or 0 for any"):
            serve(port=port)


@pytest.mark.parametrize("port", [-1, 65_536, 70_000])
def test_ports_that_do_not_exist(port: int) -> None:
    """A port out of range is refused in one line."""
    with pytest.raises(InputError, match=f"^127.0.0.1:{port}: no such port; choose one up to 65535"):
        serve(port=port)


@pytest.mark.parametrize(("host", "port"), [("x" * 64, 0), ("203.0.113.7", 0)])
def test_addresses_that_cannot_be_listened_on(host: str, port: int) -> None:
    """A host or port that cannot be is refused in one line."""
    with pytest.raises(InputError, match=r"correct host or port$"):
        serve(host=host, port=port)


def test_a_ready_file_that_cannot_be_written(tmp_path: Path) -> None:
    """The server ends at once, with one line that names the file."""
    missing = tmp_path / "nowhere" / "ready.json"
    with pytest.raises(InputError, match=r"ready\.json: ready file cannot be written .* choose another path$"):
        serve(ready_file=missing)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)],
)
def test_admin_interface_is_for_loopback(host: str, local: bool) -> None:
    """Only a server that this machine alone can reach has the admin interface without being asked."""
    assert is_loopback(host) is local


def test_admin_interface_can_be_refused() -> None:
    """On loopback, the interface can be left out."""
    with running_server(admin=False) as server:
        assert httpx.get(f"{server.url}/_mock/state").status_code == 404


def test_settings_are_taken_from_the_start() -> None:
    """Settings given at the start are in force, and come back with a reset."""
    with running_server(settings=Settings(throttle=True)) as server:
        httpx.patch(f"{server.url}/_mock/settings", json={"throttle": False})
        httpx.post(f"{server.url}/_mock/reset")
        assert httpx.get(f"{server.url}/_mock/settings").json()["throttle"] is True


PROGRAM = """
import pathlib, sys
from umapi_harness.mock.serving.server import serve
serve(ready_file=pathlib.Path(sys.argv[1]), on_ready=lambda server: print(server.details.api_url, flush=True))
print("ended", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_the_server_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """The ready file is there once the server listens, and gone with the key after Ctrl-C."""
    ready = tmp_path / "ready.json"
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(ready)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        details = json.loads(ready.read_text())
        assert (details["api_url"], stat.S_IMODE(ready.stat().st_mode)) == (url, 0o600)
        with httpx.Client() as client:
            assert token(client, details)
            process.send_signal(number)
            assert process.stdout.read() == "ended\n"
        assert process.wait(10) == 0
        assert process.stderr.read() == ""
    assert not ready.exists()
    assert not Path(details["private_key_path"]).exists()


def test_a_stuck_client_does_not_keep_the_server_from_ending() -> None:
    """A connection that sent half a request is closed when the server ends."""
    before = threading.active_count()
    with running_server() as server:
        port = int(server.url.rpartition(":")[2])
        half = socket.create_connection(("127.0.0.1", port))
        half.sendall(
            b"POST /v2/usermanagement/action/12345@AdobeOrg HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n["
        )
        httpx.get(f"{server.url}/status")
    with half:
        half.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert half.recv(1000) == b""
    assert threading.active_count() == before


@pytest.mark.parametrize("client_left", [True, False])
def test_an_answer_that_a_plan_delays_does_not_keep_the_server_from_ending(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], client_left: bool
) -> None:
    """It is dropped in silence, whether its client still waits for it or has given up."""
    plan = tmp_path / "faults.json"
    plan.write_text('[{"operation": "status", "kind": "delay", "delay": 3600}]', "utf-8")
    with running_server(faults_path=plan) as server:
        waiting = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
        waiting.sendall(b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while not server.world.faults.take_strikes():
            httpx.get(f"{server.url}/_mock/faults")
        if client_left:
            waiting.close()
    with waiting:
        if not client_left:
            waiting.settimeout(10)
            with contextlib.suppress(ConnectionResetError):
                assert waiting.recv(1000) == b""
    assert capfd.readouterr() == ("", "")


RAW = [
    b"GARBAGE\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /status HTTP/1.1\r\n\r\n",
    b"GET /status HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"POST /v2/usermanagement/action/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST /ims/token/v2 HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"GET /v2/usermanagement/users/\xff\xfe/0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /v2/usermanagement/users/%FF/0/%ZZ%C3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /status HTTP/1.1\r\nHost: x\r\nX-Request-Id: \xe9\xff\r\nConnection: close\r\n\r\n",
]


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
def test_bytes_that_are_no_good_request(raw: bytes) -> None:
    """Whatever comes over the socket, the answer is no 5xx, and the next client is served."""
    with running_server() as server:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.settimeout(10)
            connection.sendall(raw)
            answer = connection.recv(10_000)
        assert answer[:10] in (b"HTTP/1.1 2", b"HTTP/1.1 4"), answer
        assert httpx.get(f"{server.url}/status").status_code == 200
