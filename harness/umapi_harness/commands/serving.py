"""The commands that keep a mock server: `serve` until Ctrl-C, `exec` for as long as a command runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from umapi_harness.commands.conventions import FILE, say
from umapi_harness.commands.programs import led_to, program_of, status_of
from umapi_harness.commands.server_options import FAULTS, PROFILE, SEEDS, SHELL, THROTTLE, chosen_shell
from umapi_harness.common.errors import InputError
from umapi_harness.mock.clock import read_clock
from umapi_harness.mock.serving.listening import DEFAULT_HOST
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_harness.mock.serving.server import serve as serve_mock
from umapi_harness.mock.settings import PROFILES, Settings
from umapi_harness.mock.state.seed_files import read_seeds

_Command = TypeVar("_Command", bound=Callable[..., Any])
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
    program = program_of(words)
    with running_server(**_server(**options)) as server:
        return status_of(program, led_to(server.details, os.environ))
