"""The command `umapi completion`."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from umapi_sdk.command_line.conventions import examples

_SHELLS: Final[dict[str, type[ShellComplete]]] = {"bash": BashComplete, "fish": FishComplete, "zsh": ZshComplete}


@click.command(
    epilog=examples(
        "umapi completion bash > ~/.local/share/bash-completion/completions/umapi",
        'eval "$(umapi completion zsh)"',
        "umapi completion fish > ~/.config/fish/completions/umapi.fish",
    )
)
@click.argument("shell", type=click.Choice(list(_SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete the commands of `umapi`.

    Put the script where the shell looks for such scripts, or evaluate it when the shell starts, and open a new shell.
    """
    maker = _SHELLS[shell](context.find_root().command, {}, "umapi", "_UMAPI_COMPLETE")
    # Not `maker.source()`, which for bash would run a shell to learn its version.
    click.echo(ShellComplete.source(maker))
