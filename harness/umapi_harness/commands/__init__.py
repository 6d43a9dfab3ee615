"""The commands of `umapi-harness`, one module for each subject, loaded when a command of it is called."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import Final

import click

from umapi_harness.commands.conventions import BAD_INPUT, INTERRUPTED, PIPE_CLOSED, PROGRAM, package_version
from umapi_harness.common.errors import InputError
from umapi_harness.common.lines import one_line, without_commands
from umapi_sdk.command_line.late_commands import CommandHome, LateGroup


def run_command_line(arguments: Sequence[str] | None) -> int:
    """Runs a command; everything that is the user's mistake becomes one line on standard error and status 2."""
    try:
        status = group.main(arguments, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        message = " ".join(error.format_message().split())
    except InputError as error:
        message = str(error)
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write(f"{PROGRAM}: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        from umapi_harness.report.terminal import give_up_on_reader  # noqa: PLC0415 - not for `--help`

        with contextlib.suppress(BrokenPipeError):
            give_up_on_reader(sys.stdout)
        return PIPE_CLOSED
    except OSError as error:
        message = f"the output cannot be written: {error.strerror or error}"
    else:
        return status if isinstance(status, int) else 0
    sys.stderr.write(f"{PROGRAM}: {without_commands(one_line(message))}\n")
    return BAD_INPUT


# `serve` would otherwise wait for all that the others need.
COMMANDS: Final = {
    "serve": CommandHome("serving", "serve", "Start the mock server and keep it running until Ctrl-C."),
    "exec": CommandHome("serving", "execute", "Run COMMAND with a mock server of its own."),
    "run": CommandHome("running", "run", "Run a Postman collection and report on its checks."),
    "libraries": CommandHome(
        "libraries", "libraries", "Bring the libraries that Postman has for scripts, list or remove them."
    ),
    "seed": CommandHome("populating", "seed", "Make up an organisation, as a seed for `serve --seed`."),
    "export": CommandHome("populating", "export", "Write the present state of a running mock server as a seed."),
    "replay": CommandHome("replaying", "replay", "Serve recordings in place of the service, until Ctrl-C."),
    "diff": CommandHome("diffing", "diff", "Show what has drifted between two recordings of one scenario."),
    "redact": CommandHome(
        "redacting",
        "redact",
        "Write the recording IN to OUT, as HAR, without secrets and with pseudonyms for names, addresses and ids.",
    ),
    "verify": CommandHome(
        "verifying",
        "verify",
        "Judge recordings: our schemas, the SDK's reading and the mock server against what the service said.",
    ),
    "record": CommandHome("recording", "record", "Pass requests on to the service and record them, until Ctrl-C."),
    "completion": CommandHome("completing", "completion", "Print what makes a shell complete these commands."),
}


@click.group(
    cls=LateGroup,
    homes=COMMANDS,
    package=__name__,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_version(), prog_name=PROGRAM)
@click.pass_context
def group(context: click.Context) -> None:
    """Mock server and collection runner for Adobe's User Management API."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
