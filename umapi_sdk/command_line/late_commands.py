"""Groups that show their commands without loading any of them, each with its whole first sentence."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import attrs
import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_WHOLE: Final = 10_000
"""More letters than a first sentence has: click cuts what is longer."""


@attrs.frozen
class CommandHome:
    """Where a command is at home, and what the list of commands says of it."""

    module: str
    name: str
    summary: str
    """The first sentence of the command's help: said here too, so that the list is shown without loading any."""


class WholeGroup(click.Group):
    """Says of each command its first sentence, over as many lines as it takes."""

    def summary_of(self, ctx: click.Context, name: str) -> str:
        """What the list of commands says of one."""
        command = self.get_command(ctx, name)
        return "" if command is None else f"{command.get_short_help_str(limit=_WHOLE).removesuffix('.')}."

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.summary_of(ctx, name)) for name in self.list_commands(ctx)])


class LateGroup(WholeGroup):
    """Loads the module of a command when the command is called.

    Args:
        homes: The commands by name, in the order in which they are shown.
        package: The package that has their modules.
    """

    def __init__(self, *args: Any, homes: Mapping[str, CommandHome], package: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._homes = homes
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands."""
        return list(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of that name, loaded now."""
        home = self._homes.get(cmd_name)
        if home is None:
            return None
        command: click.Command = getattr(import_module(f"{self._package}.{home.module}"), home.name)
        return command

    def summary_of(self, ctx: click.Context, name: str) -> str:  # noqa: ARG002 - as of the base
        """What the list of commands says of one."""
        return self._homes[name].summary

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; of one that there is not, name the nearest."""
        if args and args[0] not in self._homes and args[0][:1].isalnum():
            from difflib import get_close_matches  # noqa: PLC0415 - loaded when a command is wrong

            near = get_close_matches(args[0].lower(), self._homes, n=1)
            advice = f"is {near[0]} meant?" if near else f"there are {', '.join(self._homes)}"
            ctx.fail(f"there is no command {args[0]}: {advice}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names of commands, and load none of them for it."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - loaded when a shell asks

        names = [name for name in self._homes if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=self._homes[name].summary) for name in names]
        return commands + click.Command.shell_complete(self, ctx, incomplete)
