"""`UMAPI_RECORD`: connections record what they exchange, each into a file of its own, and never fail for it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from umapi_harness.cli import main
from umapi_harness.contract.recordings import load
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import ConfigurationError, Connection, ServicePrincipalAuth, UserAction, UserQuery, UsersQuery
from umapi_sdk.aio import AsyncConnection


def _auth(mock: RunningServer) -> ServicePrincipalAuth:
    return ServicePrincipalAuth(mock.details.client_id, mock.details.client_secret, mock.details.ims_url)


def _connection(mock: RunningServer) -> Connection:
    return Connection(mock.details.org_id, _auth(mock), endpoint=mock.details.api_url)


@pytest.fixture
def tape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that UMAPI_RECORD names."""
    path = tmp_path / "tape.har"
    monkeypatch.setenv("UMAPI_RECORD", str(path))
    return path


def _run(program: str, mock: RunningServer) -> subprocess.CompletedProcess[str]:
    details = mock.details
    words = [details.org_id, details.client_id, details.client_secret, details.ims_url, details.api_url]
    command = [sys.executable, "-c", program, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_connection_is_recorded(mock: RunningServer, tape: Path) -> None:
    """Token, listing and action are in the file once the connection is closed, without secrets and names."""
    with _connection(mock) as connection:
        list(UsersQuery(connection))
        connection.execute_single(
            UserAction(email="zebulon@quagmire.example").remove_from_organization(), immediate=True
        )
        assert not tape.exists()
    exchanges = load(tape).exchanges
    assert [one.request.method for one in exchanges] == ["POST", "GET", "POST"]
    text = tape.read_text("utf-8")
    for gone in (mock.details.client_secret, mock.details.client_id, mock.details.org_id, "zebulon", "quagmire"):
        assert gone not in text
    assert main(["redact", "--check", str(tape)]) == 0
    assert tape.stat().st_mode & 0o777 == 0o600


def test_an_async_connection_is_recorded(mock: RunningServer, tape: Path) -> None:
    """The async twin records the same."""

    async def ask() -> None:
        async with AsyncConnection(mock.details.org_id, _auth(mock), endpoint=mock.details.api_url) as connection:
            assert [user async for user in connection.users()]

    asyncio.run(ask())
    assert [one.response.status for one in load(tape).exchanges] == [200, 200]


def test_accepted_words_of_the_environment_stay(
    mock: RunningServer, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UMAPI_RECORD_ACCEPT has words, with blanks between them, that whoever records vouches for."""
    monkeypatch.setenv("UMAPI_RECORD_ACCEPT", "Quibbler fallback")
    with Connection(mock.details.org_id, _auth(mock), endpoint=mock.details.api_url, user_agent="quibbler-zorn") as one:
        list(UsersQuery(one))
    agents = {exchange.request.header("User-Agent") or "" for exchange in load(tape).exchanges}
    assert all("quibbler" in agent and "zorn" not in agent for agent in agents)
    assert main(["redact", "--check", "--accept", "quibbler", str(tape)]) == 0


def test_many_connections_each_have_a_file(mock: RunningServer, tape: Path) -> None:
    """Connections in threads, and one file that was there before, all stay whole."""
    tape.write_text("was here before")

    def ask(number: int) -> None:
        with _connection(mock) as connection:
            UserQuery(connection, f"nobody{number}@example.com").result()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(6)))
    assert tape.read_text() == "was here before"
    others = sorted(path.name for path in tape.parent.iterdir() if path != tape)
    assert others == [f"tape-{number}.har" for number in range(2, 8)]
    assert all(len(load(tape.with_name(name)).exchanges) == 2 for name in others)


PROGRAM = """
import os, sys
from umapi_sdk import Connection, ServicePrincipalAuth, UserQuery
org, client, secret, ims, api = sys.argv[1:]
connection = Connection(org, ServicePrincipalAuth(client, secret, ims), endpoint=api)
UserQuery(connection, "one@example.com").result()
child = os.fork()
if not child:
    connection.close()  # its sockets are the parent's too
UserQuery(connection, f"two{child == 0}@example.com").result()
if child:
    os.waitpid(child, 0)
else:
    connection.close()
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_processes_do_not_destroy_each_other(mock: RunningServer, tape: Path) -> None:
    """A forked process writes a file of its own, and a connection that nobody closes ends with its process."""
    done = _run(PROGRAM, mock)
    assert (done.returncode, done.stderr) == (0, "")
    counts = sorted(len(load(path).exchanges) for path in tape.parent.iterdir())
    assert counts == [1, 3]


def test_a_place_that_cannot_be_written(mock: RunningServer, tape: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not there is told before anything is sent."""
    monkeypatch.setenv("UMAPI_RECORD", str(tape.parent / "none" / "tape.har"))
    with pytest.raises(ConfigurationError, match=r"UMAPI_RECORD: .*none/tape\.har: cannot be written: No such file"):
        _connection(mock)


def test_a_directory_is_refused(mock: RunningServer, tape: Path) -> None:
    """A directory in place of the file is told before anything is sent, and nothing is made beside it."""
    tape.mkdir()
    with pytest.raises(ConfigurationError, match=r"UMAPI_RECORD: .*tape\.har: is a directory; give the name of a file"):
        _connection(mock)
    assert [path.name for path in tape.parent.iterdir()] == ["tape.har"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused(mock: RunningServer, tape: Path) -> None:
    """A pipe in place of the file, which cannot hold the recordings of several connections, is refused at the start."""
    os.mkfifo(tape)
    with pytest.raises(ConfigurationError, match=r"UMAPI_RECORD: .*tape\.har: is a pipe or device"):
        _connection(mock)
    assert [path.name for path in tape.parent.iterdir()] == ["tape.har"]


def test_a_file_system_without_links(mock: RunningServer, tape: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without links, as of memory cards, recordings are kept and numbered all the same."""

    def refused(*_arguments: object, **_options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    for _ in range(2):
        with _connection(mock) as connection:
            UserQuery(connection, "nobody@example.com").result()
    assert sorted(path.name for path in tape.parent.iterdir()) == ["tape-2.har", "tape.har"]
    assert all(len(load(path).exchanges) == 2 for path in tape.parent.iterdir())


FULL = """
import signal, sys, warnings
import resource
from umapi_sdk import Connection, ServicePrincipalAuth, UserAction
org, client, secret, ims, api = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
with Connection(org, ServicePrincipalAuth(client, secret, ims), endpoint=api) as connection:
    for number in range(10):
        action = UserAction(email=f"u{number}@example.com").remove_from_organization()
        connection.execute_single(action, immediate=True)
        assert action.outcome.status.value == "completed", action.outcome
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process as POSIX has them")
def test_a_full_disk_fails_no_call(mock: RunningServer, tape: Path) -> None:
    """When nothing more can be written, one warning says so, every outcome arrives, and what came before is kept."""
    done = _run(FULL, mock)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("RecordingWarning: UMAPI_RECORD: ") == 1
    assert list(tape.parent.iterdir()) == [tape]
    count = len(load(tape).exchanges)
    assert f"tape.har: cannot be written: File too large; the recording ends with {count} exchanges" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process as POSIX has them")
def test_a_warning_that_is_an_error_fails_no_call(mock: RunningServer, tape: Path) -> None:
    """Where a program makes errors of warnings, as tests do, the answer of the service arrives all the same."""
    done = _run("import logging, warnings; warnings.simplefilter('error'); logging.basicConfig()\n" + FULL, mock)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("UMAPI_RECORD: ") == 1
    assert load(tape).exchanges


WITHOUT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("httpx", "ahocorasick_rs", "jsonschema_rs"):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Blocked())
from umapi_sdk import Connection, ServicePrincipalAuth, ConfigurationError
try:
    Connection("1@AdobeOrg", ServicePrincipalAuth("a", "b"))
except ConfigurationError as error:
    print(error)
"""


def test_without_the_harness(tape: Path) -> None:
    """Where the recorder is not installed, the command that installs it is told."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, check=True)
    assert "pip install 'umapi-sdk[harness]'" in done.stdout
    assert "UMAPI_RECORD" in done.stdout


def test_nothing_is_recorded_unasked(mock: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable, or with an empty one, no file appears."""
    monkeypatch.setenv("UMAPI_RECORD", "")
    monkeypatch.chdir(tmp_path)
    with _connection(mock) as connection:
        UserQuery(connection, "nobody@example.com").result()
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_sent_nothing_leaves_nothing(mock: RunningServer, tape: Path) -> None:
    """A connection that exchanged nothing writes no file."""
    _connection(mock).close()
    assert list(tape.parent.iterdir()) == []
