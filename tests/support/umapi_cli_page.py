"""Generates docs/reference/cli.md: what each command of `umapi` takes, and how it is called, as its `--help` says.

Run it after a change of a command: `python tests/support/umapi_cli_page.py`. A test compares.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from umapi_sdk.command_line.conventions import EXAMPLES
from umapi_sdk.command_line.group import COMMANDS, group

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
_HEAD: Final = """\
# The command line

The command `umapi` comes with the extra `cli`. This page is generated from the commands by
`python tests/support/umapi_cli_page.py`; `umapi COMMAND --help` says the same.

Results go to standard output; what is wrong is one line on standard error. Exit statuses, unless a command says
otherwise: 0, all that was asked for was done; 1, something was not; 2, bad input or settings; 130, interrupted; 141,
nobody read the output to its end, as in `umapi users | head`.
"""
_EXECUTED: Final = "<!-- executed by tests/cli/test_umapi_examples.py -->"


def render() -> str:
    """The page as Markdown."""
    parts = [_HEAD, *_options(group, "## Options of all commands")]
    for name in sorted(COMMANDS):
        command = command_of(name)
        parts += [f"## umapi {name}\n", f"`umapi {name} {_usage(command)}`".replace(" `", "`") + "\n"]
        parts += [f"{inspect.cleandoc(command.help or '')}\n"]
        parts += _options(command, "")
        parts += [_EXECUTED, "```sh", *examples_of(command), "```\n"]
    return "\n".join(parts).rstrip() + "\n"


def command_of(name: str) -> click.Command:
    """A command, by its name."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


def examples_of(command: click.Command) -> list[str]:
    """The lines of a command's help that show how it is called."""
    _, _, lines = (command.epilog or "").partition(f"{EXAMPLES}\n")
    return [line.strip() for line in lines.splitlines()]


def _usage(command: click.Command) -> str:
    arguments = [_argument(one) for one in command.params if isinstance(one, click.Argument)]
    return " ".join(["[OPTIONS]"] * any(isinstance(one, click.Option) for one in command.params) + arguments)


def _argument(argument: click.Argument) -> str:
    if isinstance(argument.type, click.Choice):
        return "|".join(map(str, argument.type.choices))
    return argument.metavar or str(argument.name).upper() + ("..." if argument.nargs < 0 else "")


def _options(command: click.Command, heading: str) -> list[str]:
    rows = list(_rows(command))
    if not rows:
        return []
    return [*([f"{heading}\n"] if heading else []), "| option | meaning |\n|---|---|", *rows, ""]


def _rows(command: click.Command) -> Iterator[str]:
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            names = ", ".join(option.opts)
            value = "" if option.is_flag or option.count else f" {_value(option)}"
            default = f" By default: `{option.default}`." if option.show_default else ""
            yield f"| `{names}{value}` | {option.help}{default} |"


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "\\|".join(map(str, option.type.choices))
    return option.metavar or option.type.name.upper()


def main() -> int:
    """Write the page."""
    PAGE.write_text(render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
