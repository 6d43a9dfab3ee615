"""What all commands keep to: the exit statuses, and where the settings of a connection come from."""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import attrs
import click
from click.core import ParameterSource

import umapi_sdk

if TYPE_CHECKING:
    from umapi_sdk.connection import Connection

DONE: Final = 0
FAILED: Final = 1
BAD_INPUT: Final = 2
UNFINISHED: Final = 3
"""Something is left to be done, or not known."""
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
"""What a shell says of a program that ended because nobody reads on, as in `umapi users | head`."""

EXAMPLES: Final = "Examples:"


def examples(*lines: str) -> str:
    """Return the end of a command's help: lines that show how it is called."""
    return "\n".join(("\b", EXAMPLES, *(f"  {line}" for line in lines)))


_SAID: Final = {
    "it as an argument of connect(), as ": "it as ",
    "them as arguments of connect(), as ": "them as ",
    "in a file named by UMAPI_CONFIG": "in a file that --config or UMAPI_CONFIG names",
    "needs a file: give a path, or set UMAPI_CONFIG": "needs a file: name one with --config or UMAPI_CONFIG",
    "ListingRules(unlisted=...)": "--unlisted N",
    "set ssl_strict=False": "set UMAPI_SSL_STRICT=false",
}
"""What errors say to programs, and what is said of it to those who type commands."""


def said_to_people(message: str) -> str:
    """Return the message of an error with options and variables in place of what only programs can give."""
    for to_programs, to_people in _SAID.items():
        message = message.replace(to_programs, to_people)
    return message


class StrictCommand(click.Command):
    """A command that refuses an option given twice, of which the second would win, and one that stands too late."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words of the command line."""
        if not ctx.resilient_parsing:
            self._check_options(ctx, list(args))
        return super().parse_args(ctx, args)

    def _check_options(self, ctx: click.Context, args: list[str]) -> None:
        try:
            _, _, given = self.make_parser(ctx).parse_args(args)
        except click.NoSuchOption as error:
            if ctx.parent is not None and any(error.option_name in each.opts for each in ctx.parent.command.params):
                place = f"umapi {error.option_name} … {ctx.info_name}"
                raise click.UsageError(f"{error.option_name} stands before the command: {place}") from None
            return
        except click.UsageError:
            return
        seen: set[click.Parameter] = set()
        for parameter in given:
            single = isinstance(parameter, click.Option) and not (parameter.multiple or parameter.is_flag)
            if single and parameter in seen:
                raise click.UsageError(f"{parameter.opts[0]} is given twice, and counts once: leave one out")
            seen.add(parameter)


def words_given(context: click.Context, **changes: Any) -> list[str]:
    """Return the words of a command line as it was given, with other values for some of its parameters.

    A value of None leaves a parameter out, also one that was given.
    """
    options: list[str] = []
    arguments: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        value = changes.get(name, context.params.get(name) if given else None)
        if value is None or value is False:
            continue
        if isinstance(parameter, click.Argument):
            arguments.append(str(value))
        elif value is True:
            options.append(parameter.opts[0])
        else:
            several = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
            for each in several:
                options += [parameter.opts[0], str(each)]
    return [context.command.name or "", *options, *arguments]


@attrs.frozen
class Access:
    """Where the settings of a connection come from."""

    config: Path | None
    profile: str | None

    @property
    def test_mode_place(self) -> str | None:
        """Where settings say that the service changes nothing: a variable or a file; None where they do not."""
        if not umapi_sdk.load_settings(self.config, self.profile).test_mode:
            return None
        from umapi_sdk.config import PREFIX  # noqa: PLC0415 - loaded with the client

        variables = (f"{PREFIX}TEST_MODE", f"{PREFIX}CONFIG")
        mode, file = (os.environ.get(name) for name in variables)
        return variables[0] if mode else str(self.config or file)

    @contextmanager
    def connection(self, *, test_mode: bool | None = None) -> Generator[Connection]:
        """A connection for the length of a command."""
        # Named through the package, which loads the client only now: help and what works offline do without it.
        connection = umapi_sdk.load_settings(self.config, self.profile, test_mode=test_mode).connect()
        try:
            yield connection
        finally:
            # What was not sent is told command by command.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", umapi_sdk.UnsentActionsWarning)
                connection.close()
