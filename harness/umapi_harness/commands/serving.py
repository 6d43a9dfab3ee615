"""The commands that keep a mock server: `serve` until Ctrl-C, `exec` for as long as a command runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click

from umapi_harness.commands.conventions import FILE, say
from umapi_harness.commands.server_options import FAULTS, PROFILE, SEEDS, SHELL, THROTTLE, chosen_shell
from umapi_harness.common.errors import InputError
from umapi_harness.mock.clock import read_clock
from umapi_harness.mock.serving.details import ServerDetails
from umapi_harness.mock.serving.listening import DEFAULT_HOST
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_harness.mock.serving.server import serve as serve_mock
from umapi_harness.mock.settings import PROFILES, Settings
from umapi_harness.mock.state.seed_files import read_seeds

_Command = TypeVar("_Command", bound=Callable[..., Any])
_KEPT = frozenset(
    f"UMAPI_{name}"
    for name in (
        *("RECORD", "PSEUDONYM_KEY"),
        *("TIMEOUT", "MAX_RETRIES", "MAX_WAIT", "PACING", "USER_AGENT", "MAX_RESPONSE_SIZE"),
    )
)
"""UMAPI_ variables that the command inherits: none of them says whom to call, as whom, or to what effect."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_KILLED = 128  # what shells add to the number of the signal that ended a command

_OPTIONS = (
    click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on."),
    click.option(
        "--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks a free one."
    ),
    click.option("--tls", is_flag=True, help="Serve HTTPS, with an authority and a certificate made at start."),
    SEEDS,
    PROFILE,
    THROTTLE,
    click.option(
        "--setting", "changes", multiple=True, metavar="NAME=VALUE", help="Change a setting; may be repeated."
    ),
    FAULTS,
    click.option(
        "--clock",
        "clock_text",
        default="running",
        show_default=True,
        metavar="running|frozen|TIME|frozen:TIME",
        help="Where the clock starts (ISO 8601 or epoch seconds) and whether it stands still.",
    ),
    click.option(
        "--admin/--no-admin",
        default=None,
        help="Serve the interface and page under /_mock/; default: on a loopback host only.",
    ),
    click.option(
        "--allow-host",
        "allow_hosts",
        multiple=True,
        metavar="NAME",
        help="A name by which the server may be called, beside IP addresses, names without a dot and those that end in "
        "localhost, local, internal or test; may be repeated.",
    ),
)


def _takes_a_server(command: _Command) -> _Command:
    """Adds the options that `serve` and `exec` share."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _server(
    *,
    seed_paths: tuple[Path, ...],
    profile: str,
    throttle: bool,
    changes: tuple[str, ...],
    clock_text: str,
    **rest: Any,
) -> dict[str, Any]:
    """The arguments of `serve` and `running_server` from those options."""
    return {
        **rest,
        "settings": _settings(profile, throttle, changes),
        "clock": read_clock(clock_text, where="--clock"),
        "seeds": read_seeds(seed_paths),
    }


def _settings(profile: str, throttle: bool, changes: Sequence[str]) -> Settings:
    values: dict[str, Any] = {"throttle": True} if throttle else {}
    for text in changes:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"--setting: {text!r} is not NAME=VALUE; write it so")
        try:
            values[name] = json.loads(value)
        except (ValueError, RecursionError):
            values[name] = value
    return PROFILES[profile]().changed(values, where="--setting")


@click.command()
@_takes_a_server
@click.option("--ready-file", type=FILE, help="Receives the server's details as JSON once it listens.")
@SHELL
def serve(ready_file: Path | None, shell: str | None, **options: Any) -> int:
    """Start the mock server and keep it running until Ctrl-C.

    Prints what a client needs as lines that a shell can evaluate, and the address of its page for a browser.
    """

    def announce(server: RunningServer) -> None:
        click.echo("\n".join(server.details.export_lines(chosen_shell(shell))))
        page = f", page at {server.page_url}" if server.page_url is not None else ""
        say(f"listening at {server.url}{page}, stop with Ctrl-C")

    serve_mock(**_server(**options), ready_file=ready_file, on_ready=announce)
    return 0


@click.command("exec", context_settings={"allow_interspersed_args": False})
@_takes_a_server
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND...")
def execute(words: tuple[str, ...], **options: Any) -> int:
    """Run COMMAND with a mock server of its own.

    The server listens before COMMAND starts, which finds it in the UMAPI_ variables, and is gone when
    COMMAND has ended. The exit status is that of COMMAND; 2 if it could not be started.

    Of the UMAPI_ variables that are set, COMMAND gets those that lead nowhere else: the recorder's, and UMAPI_TIMEOUT,
    UMAPI_MAX_RETRIES, UMAPI_MAX_WAIT, UMAPI_PACING, UMAPI_USER_AGENT and UMAPI_MAX_RESPONSE_SIZE. To give it
    others: -- env NAME=VALUE COMMAND.
    """
    program = _program(words[0])
    with running_server(**_server(**options)) as server:
        return _status_of([program, *words[1:]], _environment(server.details, os.environ))


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise InputError(f"{name}: no such command; correct its name, or give its path")
    return found


def _environment(details: ServerDetails, inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables of the command: nothing inherited leads it past the server that was started for it."""
    values = details.variables()
    # On Windows the names of variables have no case.
    environment = {
        name: value
        for name, value in inherited.items()
        if not name.upper().startswith("UMAPI_") or (name.upper() in _KEPT and name.upper() not in values)
    }
    environment |= {name: value for name, value in values.items() if value is not None}
    if any(environment.get(name) or environment.get(name.lower()) for name in _PROXIES):
        host = details.ims_url.partition("://")[2].rpartition(":")[0].strip("[]")
        known = environment.get("NO_PROXY") or environment.get("no_proxy")
        environment["NO_PROXY"] = environment["no_proxy"] = f"{known},{host}" if known else host
    return environment


def _status_of(words: Sequence[str], environment: Mapping[str, str]) -> int:
    with _passing_on() as begun:
        try:
            process = subprocess.Popen(words, env=environment)  # noqa: S603 - the command is the user's own
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise InputError(f"{words[0]}: cannot be started ({reason}); give a program") from error
        begun(process)
        with process:
            status = process.wait()
    return status if status >= 0 else _KILLED - status


@contextmanager
def _passing_on() -> Generator[Callable[[subprocess.Popen[bytes]], None]]:
    """Leaves the end to the command: Ctrl-C reaches it by the terminal, and SIGTERM is passed on.

    Gives a function to call with the command once it has begun; what comes before that moment waits for it.
    """
    commands: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def terminate(number: int, _frame: FrameType | None) -> None:
        if commands:
            commands[0].terminate()
        else:
            early.append(number)

    def begun(process: subprocess.Popen[bytes]) -> None:
        commands.append(process)
        if early:
            process.terminate()

    if threading.current_thread() is not threading.main_thread():
        yield begun
        return
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, _wait_on),
        signal.SIGTERM: signal.signal(signal.SIGTERM, terminate),
    }
    try:
        yield begun
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_on(_number: int, _frame: FrameType | None) -> None:
    return None
