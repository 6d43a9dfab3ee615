"""The command `completion`: what a shell needs to complete this program's commands."""

from __future__ import annotations

import click

from umapi_harness.commands.conventions import PROGRAM
from umapi_sdk.command_line.completion import SHELLS, completion_script
from umapi_sdk.command_line.conventions import examples


@click.command(
    epilog=examples(
        "umapi-harness completion bash > ~/.local/share/bash-completion/completions/umapi-harness",
        'eval "$(umapi-harness completion zsh)"',
        "umapi-harness completion fish > ~/.config/fish/completions/umapi-harness.fish",
    )
)
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete these commands.

    Put the script where the shell looks for such scripts, or evaluate it when the shell starts, and open a new shell.
    """
    click.echo(completion_script(context, PROGRAM, shell))
