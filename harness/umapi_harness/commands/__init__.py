"""The commands of `umapi-harness`, one module for each subject, loaded when a command of it is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from umapi_harness.commands.conventions import BAD_INPUT, INTERRUPTED, PROGRAM, package_version
from umapi_harness.common.errors import InputError


def run_command_line(arguments: Sequence[str] | None) -> int:
    """Runs a command; everything that is the user's mistake becomes one line on standard error and status 2."""
    try:
        status = group.main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except click.ClickException as error:
        message = " ".join(error.format_message().split())
    except InputError as error:
        message = str(error)
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write(f"{PROGRAM}: interrupted\n")
        return INTERRUPTED
    except OSError as error:
        message = f"the output cannot be written: {error.strerror or error}"
    else:
        return status if isinstance(status, int) else 0
    sys.stderr.write(f"{PROGRAM}: {message}\n")
    return BAD_INPUT


# Command -> module and name there. `serve` would otherwise wait for all that the others need.
_COMMANDS: Final = {
    "serve": ("serving", "serve"),
    "exec": ("serving", "execute"),
    "run": ("running", "run"),
    "libraries": ("libraries", "libraries"),
    "seed": ("populating", "seed"),
    "export": ("populating", "export"),
    "replay": ("replaying", "replay"),
    "diff": ("diffing", "diff"),
    "redact": ("redacting", "redact"),
    "verify": ("verifying", "verify"),
    "record": ("recording", "record"),
}


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return command


@click.group(
    cls=_Group,
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_version(), prog_name=PROGRAM)
@click.pass_context
def group(context: click.Context) -> None:
    """Mock server and collection runner for Adobe's User Management API."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
