"""What pages say of commands of click, as their `--help` does: usage, prose, options and examples, in Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Final

import click

from umapi_sdk.command_line.conventions import EXAMPLES

_RANGES: Final = (click.IntRange, click.FloatRange)


def sections(name: str, command: click.Command, mark: str) -> list[str]:
    """The section of a command, and those of the commands below it; `mark` says what tests its examples."""
    parts = [f"## {name}\n", f"`{name} {_usage(command)}`".replace(" `", "`") + "\n"]
    parts += [f"{_coded(inspect.cleandoc(command.help or ''))}\n"]
    parts += options(command)
    examples = examples_of(command)
    parts += [mark, "```sh", *examples, "```\n"] if examples else []
    if isinstance(command, click.Group):
        for below in command.list_commands(click.Context(command)):
            parts += sections(f"{name} {below}", command_of(command, below), mark)
    return parts


def command_of(group: click.Group, name: str) -> click.Command:
    """A command of a group, by its name."""
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


def examples_of(command: click.Command) -> list[str]:
    """The lines of a command's help that show how it is called."""
    _, _, lines = (command.epilog or "").partition(f"{EXAMPLES}\n")
    return [line.strip() for line in lines.splitlines()]


def options(command: click.Command) -> list[str]:
    """The table of a command's options; nothing if it has none."""
    rows = list(_rows(command))
    return ["| option | meaning |\n|---|---|", *rows, ""] if rows else []


def _usage(command: click.Command) -> str:
    words = ["[OPTIONS]"] * any(isinstance(one, click.Option) for one in command.params)
    words += [_argument(one) for one in command.params if isinstance(one, click.Argument)]
    # click keeps the option of help that it makes here, for whoever calls the command later in this process.
    context = click.Context(command, help_option_names=["-h", "--help"])
    words += [one for one in command.collect_usage_pieces(context) if one.startswith("[-- ")]
    return " ".join(words + ["COMMAND"] * isinstance(command, click.Group))


def _argument(argument: click.Argument) -> str:
    if isinstance(argument.type, click.Choice):
        return "|".join(map(str, argument.type.choices))
    word = argument.metavar or str(argument.name).upper() + ("..." if argument.nargs < 0 else "")
    return word if argument.required else f"[{word}]"


def _rows(command: click.Command) -> Iterator[str]:
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            names = ", ".join(sorted([*option.opts, *option.secondary_opts], key=len))
            value = "" if option.is_flag or option.count else f" {_value(option)}"
            default = f" By default: `{option.default}`." if option.show_default else ""
            yield f"| `{_cell(names + value)}` | {_cell(_coded(option.help or ''))}{_range(option)}{default} |"


def _value(option: click.Option) -> str:
    if option.metavar is None and isinstance(option.type, click.Choice):
        return "|".join(map(str, option.type.choices))
    return option.metavar or ("N" if isinstance(option.type, _RANGES) else option.type.name.upper())


def _range(option: click.Option) -> str:
    if not isinstance(option.type, _RANGES) or option.type.min is None:
        return ""
    return f" From {option.type.min}" + ("." if option.type.max is None else f" to {option.type.max}.")


def _coded(text: str) -> str:
    """Prose with its options in backticks, without which two hyphens become a dash."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"(?<!\S)--(?:[a-z][\w-]*)?", r"`\g<0>`", part) for part in parts[::2]]
    return "`".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
