"""`umapi-harness exec`: a command with a mock server of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from umapi_sdk.config import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness_cli.conftest import Run

ASK = "ask = lambda path: json.load(urllib.request.urlopen(os.environ['UMAPI_IMS_URL'] + path))\n"


@pytest.mark.parametrize("status", [0, 1, 7])
def test_the_status_is_that_of_the_command(run: Run, python: Callable[[str], tuple[str, ...]], status: int) -> None:
    """The command finds the server in its variables, and its own status and output are all that is left."""
    ran = run("exec", *python(f"{ASK}print(ask('/status')['state'], os.environ['UMAPI_ORG_ID']); sys.exit({status})"))
    assert (ran.status, ran.out.split(), ran.err) == (status, ["LIVE", "12345@AdobeOrg"], "")


def test_words_of_the_command_are_left_alone(run: Run) -> None:
    """Options after the command are the command's, with -- before it or without."""
    for separator in (("--",), ()):
        ran = run("exec", *separator, sys.executable, "-c", "import sys; print(sys.argv[1:])", "--tls", "-h")
        assert (ran.status, ran.out.strip()) == (0, "['--tls', '-h']")


@pytest.mark.skipif(os.name != "posix", reason="signals end commands on POSIX")
def test_a_command_that_was_killed(run: Run, python: Callable[[str], tuple[str, ...]]) -> None:
    """The status of a command that a signal ended is the one that shells give it."""
    assert run("exec", *python("os.kill(os.getpid(), 9)")).status == 128 + 9


def test_nothing_inherited_leads_past_the_server(
    run: Run, python: Callable[[str], tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables of another server are replaced or gone, others stay, and no proxy stands between."""
    for name, value in {
        "UMAPI_CLIENT_SECRET": "production",
        "UMAPI_CA_BUNDLE": "/elsewhere.pem",
        "UMAPI_MAX_WAIT": "5",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "NO_PROXY": "intranet.example",
    }.items():
        monkeypatch.setenv(name, value)
    ran = run("exec", *python("print(json.dumps(dict(os.environ)))"))
    found = json.loads(ran.out)
    assert found["UMAPI_CLIENT_SECRET"] == "mock-client-secret"
    assert "UMAPI_CA_BUNDLE" not in found
    assert found["UMAPI_MAX_WAIT"] == "5"
    assert found["NO_PROXY"] == found["no_proxy"] == "intranet.example,127.0.0.1"


SETTINGS = Settings.__struct_fields__
HARMLESS = [
    "TIMEOUT",
    "MAX_RETRIES",
    "MAX_WAIT",
    "PACING",
    "USER_AGENT",
    "MAX_RESPONSE_SIZE",
    "RECORD",
    "PSEUDONYM_KEY",
]


def test_no_setting_of_another_server_is_inherited(
    run: Run, python: Callable[[str], tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all that the SDK reads, only what says neither whom to call nor to what effect reaches the command."""
    names = [*map(str.upper, SETTINGS), "CONFIG", "PROFILE", "IMS_ENDPOINT", "ANYTHING", *HARMLESS]
    for name in names:
        monkeypatch.setenv(f"UMAPI_{name}", "inherited")
    ran = run("exec", *python("print(json.dumps({n: v for n, v in os.environ.items() if v == 'inherited'}))"))
    assert sorted(json.loads(ran.out)) == sorted(f"UMAPI_{name}" for name in HARMLESS)


def test_a_hostile_environment_changes_nothing(
    run: Run, python: Callable[[str], tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxy, test mode, file and token endpoint of another server do not lead the SDK past this one."""
    for name, value in {
        "UMAPI_PROXY": "http://127.0.0.1:1",
        "UMAPI_TEST_MODE": "true",
        "UMAPI_CONFIG": "/nowhere.toml",
        "UMAPI_IMS_ENDPOINT": "elsewhere",
        "UMAPI_PRIVATE_KEY_PASSPHRASE": "w0rd",
    }.items():
        monkeypatch.setenv(name, value)
    code = (
        "import umapi_sdk\n"
        "with umapi_sdk.connect() as connection:\n"
        "    action = umapi_sdk.UserAction('new@example.com').add_adobe_id()\n"
        "    connection.execute_single(action, immediate=True)\n"
        "    print(action.outcome.status, umapi_sdk.UserQuery(connection, 'new@example.com').result() is not None)"
    )
    ran = run("exec", *python(code))
    assert (ran.status, ran.out.strip()) == (0, "completed True"), ran.err


def test_other_settings_can_be_given(run: Run) -> None:
    """A command that wants more UMAPI_ variables gets them from env, as the help says."""
    words = ("env", "UMAPI_TEST_MODE=true", sys.executable, "-c", "import os; print(os.environ['UMAPI_TEST_MODE'])")
    assert run("exec", "--", *words).out.strip() == "true"
    assert "-- env NAME=VALUE COMMAND" in " ".join(run("exec", "--help").out.split())


def test_tls_comes_with_an_authority(run: Run, python: Callable[[str], tuple[str, ...]]) -> None:
    """With --tls the address is https, and the authority is in UMAPI_CA_BUNDLE while the command runs."""
    code = "print(os.environ['UMAPI_ENDPOINT'][:8], open(os.environ['UMAPI_CA_BUNDLE']).readline().strip())"
    ran = run("exec", "--tls", *python(code))
    assert (ran.status, ran.out.strip()) == (0, "https:// -----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["exec"], "Missing argument '-- COMMAND...'"),
        (["exec", "--", "no-such-command-here"], "no-such-command-here: no such command; correct its name, or give"),
        (["exec", "--bogus", "--", "true"], "No such option"),
        (
            ["exec", "--seed", "none.json", "--", sys.executable],
            "none.json: cannot be read (No such file or directory)",
        ),
        (["exec", "--port", "70000", "--", sys.executable], "70000 is not in the range"),
    ],
)
def test_bad_input_is_one_line(run: Run, words: list[str], message: str) -> None:
    """What cannot be started is told in one line with status 2."""
    ran = run(*words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"umapi-harness: {message}") or message in ran.err


@pytest.mark.skipif(os.name != "posix", reason="files are programs by their mode on POSIX")
def test_a_file_that_is_no_program(run: Run, tmp_path: Path) -> None:
    """What the system refuses to start is named with its reason."""
    path = tmp_path / "broken"
    path.write_bytes(b"\x7fELF")
    path.chmod(0o755)
    ran = run("exec", "--", path)
    assert ran.status == 2
    assert ran.err == f"umapi-harness: {path}: cannot be started (exec format error); give a program\n"


@pytest.mark.skipif(os.name != "posix", reason="signals end commands on POSIX")
def test_signals_are_left_to_the_command(tmp_path: Path) -> None:
    """SIGTERM reaches the command, which may end as it likes; the server's files are gone afterwards."""
    # Blocked and waited for, so that it cannot come too early for the command to see it.
    code = (
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
        "print(os.environ['UMAPI_PRIVATE_KEY_PATH'], flush=True)\n"
        "signal.sigwait([signal.SIGTERM])\n"
        "sys.exit(5)\n"
    )
    words = [sys.executable, "-m", "umapi_harness", "exec", "--", sys.executable, "-c", code]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            key = Path(process.stdout.readline().strip())
            assert key.exists()
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 5
        finally:
            process.kill()
    assert not key.exists()


def settings_of(ran: Any) -> dict[str, Any]:
    """The settings that a command printed."""
    assert ran.status == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_settings(run: Run, python: Callable[[str], tuple[str, ...]]) -> None:
    """Profile, throttle and single settings go together; the single ones count most."""
    words = python(f"{ASK}print(json.dumps(ask('/_mock/settings')))")
    plain = settings_of(run("exec", *words))
    assert (plain["throttle"], plain["lockout_seconds"]) == (False, 0)
    changed = settings_of(
        run(
            *("exec", "--profile", "live", "--throttle", "--setting", "lockout_seconds=90"),
            *("--setting", "retry_after_form=date", "--setting", "username_follows_email=true", *words),
        )
    )
    expected = {"throttle": True, "lockout_seconds": 90, "retry_after_form": "date", "username_follows_email": True}
    assert expected.items() <= changed.items()
    assert changed["users_page_size"] == 400


def test_clock_faults_and_admin(run: Run, python: Callable[[str], tuple[str, ...]], tmp_path: Path) -> None:
    """The clock starts where it was told, the plan is in force, and the admin interface can be switched off."""
    plan = tmp_path / "plan.json"
    plan.write_text('[{"operation": "status", "nth": 1, "status": 504}]', encoding="utf-8")
    code = f"""{ASK}
try:
    ask('/status')
except urllib.error.HTTPError as error:
    print(error.code)
print(ask('/status')['state'], ask('/_mock/clock')['time'])
"""
    ran = run("exec", "--clock", "frozen:2030-01-31", "--faults", plan, *python(code))
    assert ran.out.split() == ["504", "LIVE", "2030-01-31T00:00:00+00:00"], ran.err
    code = f"{ASK}\ntry:\n    ask('/_mock/clock')\nexcept urllib.error.HTTPError as error:\n    print(error.code)"
    assert run("exec", "--no-admin", *python(code)).out.split() == ["404"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--setting", "throttle"], "--setting: 'throttle' is not NAME=VALUE; write it so"),
        (
            ["--setting", "colour=1"],
            "--setting: /colour: no such setting; remove it or correct its name; docs/reference/",
        ),
        (["--setting", "throtle=true"], "--setting: /throtle: no such setting; is throttle meant?"),
        (["--setting", "throttle=often"], "--setting: /throttle: must be true or false, not 'often'"),
        (["--setting", "users_page_size=0"], "--setting: /users_page_size: 0 is too small; give 1 or more"),
        (["--profile", "wild"], "'wild' is not one of 'documented', 'live'"),
        (["--clock", "yesterday"], "--clock: 'yesterday' is no time; give ISO 8601"),
        (["--faults", "{tmp}/none.json"], "none.json: cannot be read (No such file or directory); give the path"),
        (["--faults", "{tmp}/plan.json"], 'plan.json: /0/operation: "everything" is not one of "action"'),
        (["--faults", "{tmp}/client.json"], "client.json: /0/client_id: no client nobody; known are 88ce0309"),
        (["--seed", "{tmp}/users.csv"], "users.csv: row 1 (line 2), column groups: "),
    ],
)
@pytest.mark.parametrize("command", ["serve", "exec"])
def test_bad_options_start_nothing(run: Run, tmp_path: Path, command: str, options: list[str], message: str) -> None:
    """Each bad option and file is one line with place and remedy, for serve as for exec."""
    (tmp_path / "plan.json").write_text('{"operation": "everything"}', encoding="utf-8")
    (tmp_path / "client.json").write_text('{"operation": "users", "client_id": "nobody"}', encoding="utf-8")
    (tmp_path / "users.csv").write_text("email,groups\na@example.com,A;B\n", encoding="utf-8")
    words = ["--", sys.executable, "-c", "print('started')"] if command == "exec" else []
    ran = run(command, *(option.format(tmp=tmp_path) for option in options), *words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert message in ran.err
