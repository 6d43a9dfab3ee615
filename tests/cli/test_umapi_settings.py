"""How `umapi` finds its settings, and what it makes of arguments that it does not understand."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from umapi_command import Result, write_profile
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk.cli import main

Umapi = Callable[..., Result]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, server: RunningServer) -> None:
    """An environment without settings."""
    for line in server.details.export_lines():
        monkeypatch.delenv(line.removeprefix("export ").partition("=")[0])


@pytest.mark.usefixtures("bare")
def test_config_and_profile(umapi: Umapi, server: RunningServer, tmp_path: Path) -> None:
    """`--config` and `--profile` name a file of settings and the table in it."""
    path = tmp_path / "umapi.toml"
    write_profile(path, server, "sandbox")
    assert umapi("--config", str(path), "--profile", "sandbox", "user", "jdoe@example.com").status == 0
    result = umapi("--config", str(path), "--profile", "other", "groups")
    assert result.status == 2
    assert result.err == f"umapi: {path}: has no profile [other]; its profiles: sandbox\n"


@pytest.mark.usefixtures("bare")
def test_missing_settings(umapi: Umapi) -> None:
    """Without settings, one line says which are missing and how to give them."""
    result = umapi("users")
    assert (result.status, result.out) == (2, "")
    assert "UMAPI_ORG_ID" in result.err
    assert "UMAPI_CLIENT_SECRET" in result.err


def test_a_file_of_settings_that_is_missing(umapi: Umapi, tmp_path: Path) -> None:
    """A file of settings that cannot be read is told by its name, with exit status 2."""
    result = umapi("--config", str(tmp_path / "missing.toml"), "users")
    assert result.status == 2
    assert str(tmp_path / "missing.toml") in result.err


@pytest.mark.parametrize("arguments", [("dance",), ("users", "--colour"), ("user",), ("send",), ("--profile",)])
def test_arguments_that_are_not_understood(arguments: tuple[str, ...], umapi: Umapi) -> None:
    """A wrong command, option or number of arguments is one line on standard error, with exit status 2."""
    result = umapi(*arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("umapi: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("usrs",), "there is no command usrs: is users meant?"),
        (("Groups",), "there is no command Groups: is groups meant?"),
        (("dance",), "there is no command dance: there are "),
        (("users", "--formt", "csv"), "No such option"),  # click's own words, which differ from release to release
    ],
)
def test_the_nearest_name(arguments: tuple[str, ...], said: str, umapi: Umapi) -> None:
    """A command or option that is not there is told with the nearest that is."""
    result = umapi(*arguments)
    assert result.status == 2
    assert result.err.startswith(f"umapi: {said}")
    assert "--format" in result.err or "command" in said


DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"max_retries = {DIGITS}", "has a number that is too long: correct the file"),
        (f"timeout = {DIGITS}", "has a number that is too long: correct the file"),
        (f"proxy = {'[' * 100_000}", "is nested too deeply: correct the file"),
        ("max_retries = 1000000000001", "[default] max_retries: must be a whole number from 1 to 1000000000000, not"),
        ("timeout = 1e300", "[default] timeout: must be a number of seconds from 0 to 1000000000, not 1e+300"),
    ],
)
def test_files_that_python_cannot_hold(umapi: Umapi, tmp_path: Path, line: str, reason: str) -> None:
    """A number without end, or nesting without end, is one line that names the file."""
    path = tmp_path / "umapi.toml"
    path.write_text(f"[default]\n{line}\n", "utf-8")
    result = umapi("--config", str(path), "status")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"umapi: {path}: {reason}")


@pytest.mark.parametrize("name", ["MAX_RETRIES", "MAX_RESPONSE_SIZE", "TIMEOUT", "MAX_WAIT", "TEST_MODE", "AUTH"])
def test_variables_that_python_cannot_hold(umapi: Umapi, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A variable of thousands of digits is one short line that names it."""
    monkeypatch.setenv(f"UMAPI_{name}", DIGITS)
    result = umapi("status")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"umapi: UMAPI_{name}: must be ")
    assert len(result.err) < 200


def test_commands_that_python_cannot_hold(umapi: Umapi, commands_file: Callable[[object], str]) -> None:
    """A number without end in a file of commands is told without Python's own words."""
    path = commands_file(f'[{{"user": {DIGITS}}}]')
    assert umapi("send", path).err == f"umapi: {path}: is not JSON: a number is too long\n"


@pytest.mark.parametrize("arguments", [(), ("--help",), ("send", "-h"), ("--version",)])
def test_help_and_version(arguments: tuple[str, ...], umapi: Umapi) -> None:
    """Help and version are shown with exit status 0, without a connection."""
    result = umapi(*arguments)
    assert (result.status, result.err) == (0, "")
    assert "umapi" in result.out


@pytest.mark.usefixtures("bare")
def test_a_home_of_nobody(umapi: Umapi) -> None:
    """A tilde before the name of nobody leads to no file."""
    result = umapi("--config", "~nobody-of-this-name/x", "login")
    said = "umapi: ~nobody-of-this-name/x: cannot be read: No such file or directory\n"
    assert (result.status, result.err) == (2, said)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("path", ["k" * 300, "k\\u0000", "~nobody-of-this-name/key"], ids=["long", "NUL", "tilde"])
def test_a_key_file_that_cannot_be(umapi: Umapi, server: RunningServer, tmp_path: Path, path: str) -> None:
    """A key's file of a name that no file can have is told by its setting."""
    config = tmp_path / "umapi.toml"
    write_profile(config, server, "default")
    more = f'\nauth = "jwt"\ntech_account_id = "a@techacct.adobe.com"\nprivate_key_path = "{path}"\n'
    config.write_text(config.read_text("utf-8") + more, "utf-8")
    result = umapi("--config", str(config), "users")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("umapi: private_key_path ")
    assert len(result.err.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
@pytest.mark.usefixtures("bare")
def test_a_warning_is_one_line(server: RunningServer, tmp_path: Path) -> None:
    """What the SDK warns of is told as everything else is."""
    config = tmp_path / "umapi.toml"
    write_profile(config, server, "default")
    config.chmod(0o606)
    line = [sys.executable, "-m", "umapi_sdk", "--config", str(config), "user", "jdoe@example.com"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.startswith(f"umapi: {config}: every user of this machine can change this file")
    assert len(done.stderr.splitlines()) == 1


def test_an_interrupt(umapi: Umapi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ctrl-C in the middle of a run tells the commands' fate, and ends with status 130 without a traceback."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("umapi_sdk.transports.blocking.BlockingTransport.send", interrupt)
    path = tmp_path / "commands.json"
    path.write_text(json.dumps([{"user": "jdoe@example.com", "do": [{"remove": "all"}]}]), "utf-8")
    result = umapi("send", str(path))
    assert result.status == 130
    assert result.lines[-1].startswith("1 command: 1 ")
    assert result.lines[-1] != "1 command: 1 completed"
    assert result.err == "\numapi: interrupted\n"  # the terminal shows ^C, and then a new line


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where click is not installed, one line says what to install."""
    load = importlib.import_module

    def without_click(name: str) -> object:
        if name == "umapi_sdk.command_line.group":
            raise ModuleNotFoundError("No module named 'click'", name="click")
        return load(name)

    monkeypatch.setattr(importlib, "import_module", without_click)
    monkeypatch.delitem(sys.modules, "umapi_sdk.command_line.group", raising=False)
    assert main(["users"]) == 2
    assert capsys.readouterr().err == (
        "umapi: the package 'click' is not installed; run: pip install 'umapi-sdk[cli]'\n"
    )
