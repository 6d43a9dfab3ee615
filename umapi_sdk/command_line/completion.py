"""The command `umapi completion`, and the scripts that it prints."""

from __future__ import annotations

import re
from typing import Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from umapi_sdk.command_line.conventions import StrictCommand, examples


class _ZshComplete(ZshComplete):
    """As click's, for a zsh too whose completion was never set up, as it is where nobody has written a .zshrc."""

    source_template = re.sub(
        "^( *)compdef ",
        r"\1(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }\n\1compdef ",
        ZshComplete.source_template,
        flags=re.MULTILINE,
    )


SHELLS: Final[dict[str, type[ShellComplete]]] = {"bash": BashComplete, "fish": FishComplete, "zsh": _ZshComplete}


@click.command(
    cls=StrictCommand,
    epilog=examples(
        "umapi completion bash > ~/.local/share/bash-completion/completions/umapi",
        'eval "$(umapi completion zsh)"',
        "umapi completion fish > ~/.config/fish/completions/umapi.fish",
    ),
)
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete the commands of `umapi`.

    Put the script where the shell looks for such scripts, or evaluate it when the shell starts, and open a new shell.
    """
    click.echo(completion_script(context, "umapi", shell))


def completion_script(context: click.Context, program: str, shell: str) -> str:
    """Return what makes a shell of `SHELLS` complete the commands of a program."""
    variable = f"_{program}_COMPLETE".replace("-", "_").upper()
    maker = SHELLS[shell](context.find_root().command, {}, program, variable)
    # Not `maker.source()`, which for bash would run a shell to learn its version.
    return ShellComplete.source(maker)
