"""The command `umapi` itself: its subcommands, its options, and what becomes one line on standard error."""

from __future__ import annotations

import io
import logging
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from umapi_sdk.command_line.conventions import BAD_INPUT, DONE, FAILED, INTERRUPTED, PIPE_CLOSED, Access, said_to_people
from umapi_sdk.command_line.late_commands import CommandHome, LateGroup
from umapi_sdk.command_line.output import complain, open_streams, silence_output, tell_log, tell_warnings
from umapi_sdk.errors import UmapiError, UsageError
from umapi_sdk.version import __version__

COMMANDS: Final = {
    "apply": CommandHome(
        "applying", "apply", "Carry out FILE: CSV of people, a JSON array or JSON Lines of commands, of any length."
    ),
    "check": CommandHome(
        "checking",
        "check",
        "Check files of people or commands without a connection, and tell what `umapi apply` would need for each.",
    ),
    "completion": CommandHome("completion", "completion", "Print what makes a shell complete the commands of `umapi`."),
    "diff": CommandHome("comparing", "diff", "Show what differs between two exports, OLD and NEW, offline."),
    "export": CommandHome(
        "exporting", "export", "Write all groups and all users with their groups to FILE, whole or not at all."
    ),
    "groups": CommandHome(
        "listing", "groups", "List user groups, product profiles and admin groups, with the number of their members."
    ),
    "login": CommandHome("login", "login", "Try the credentials, and say what each part may do."),
    "send": CommandHome(
        "sending", "send", "Send the commands of FILE, a JSON list in the form of an action request, of any length."
    ),
    "status": CommandHome("status", "status", "Ask whether the service is live; the exit status is 0 only if it is."),
    "user": CommandHome("listing", "one_user", "Show one user, by e-mail address or user name."),
    "users": CommandHome("listing", "users", "List users."),
}


def run(arguments: Sequence[str] | None) -> int:
    """Run a command and return its exit status; whatever goes wrong becomes one line on standard error."""
    # A supervisor's request to end is told as Ctrl-C is: with what became of every command.
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for letters that its encoding lacks
    try:
        status = group.main(arguments, prog_name="umapi", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        message, status = error.format_message(), BAD_INPUT
    except UsageError as error:
        message, status = said_to_people(str(error)), BAD_INPUT
    except UmapiError as error:
        message, status = said_to_people(str(error)), FAILED
    except (click.Abort, KeyboardInterrupt):
        message, status = "interrupted", INTERRUPTED
    except _PipeClosedError:
        silence_output()
        return PIPE_CLOSED
    except OSError as error:
        silence_output()
        message, status = f"the output cannot be written: {error.strerror or error}", FAILED
    else:
        return status if isinstance(status, int) else DONE
    with suppress(OSError):
        complain(message)
    return status


class _PipeClosedError(Exception):
    """Whoever read the output has enough of it."""


class _Group(LateGroup):
    """Tells a pipe that was closed from a failure."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            status: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise _PipeClosedError from None  # click would make an exit status of it that says failure
        return status


@click.group(
    cls=_Group,
    homes=COMMANDS,
    package="umapi_sdk.command_line",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="File of settings; or UMAPI_CONFIG.")
@click.option("--profile", metavar="NAME", help="Table of a TOML file of settings; or UMAPI_PROFILE.")
@click.option("-v", "--verbose", is_flag=True, help="Tell of each request and wait on standard error.")
@click.version_option(__version__, prog_name="umapi")
@click.pass_context
def group(context: click.Context, config: Path | None, profile: str | None, verbose: bool) -> None:
    """Look after the users of an organisation through Adobe's User Management API.

    The connection comes from UMAPI_ environment variables or from a file of settings. Waits of five seconds and more
    are told on standard error before they begin.
    """
    context.obj = Access(config, profile)
    context.call_on_close(tell_warnings())
    context.call_on_close(tell_log(logging.DEBUG if verbose else logging.WARNING))
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
