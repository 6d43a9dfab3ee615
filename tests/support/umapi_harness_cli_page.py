"""Generates docs/reference/harness-cli.md: what each command of `umapi-harness` takes, as its `--help` says.

Run it after a change of a command: `python tests/support/umapi_harness_cli_page.py`. A test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from umapi_command_pages import command_of, options, sections
from umapi_harness.commands import COMMANDS, group

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "harness-cli.md"
_HEAD: Final = """\
# The command umapi-harness

Mock server, runner and recordings: the command `umapi-harness` comes with the extra `harness`. This page is generated
from the commands by `python tests/support/umapi_harness_cli_page.py`; `umapi-harness COMMAND --help` says the same.
What the commands are for is told on other pages: [the mock server](mock-server.md), [running collections](running.md),
[recordings](../how-to/recordings.md), [verifying them](verify.md).

Results go to standard output; what is wrong is one line on standard error. Exit statuses, unless a command says
otherwise: 0, all is well; 1, a check failed, or recordings differ; 2, bad input; 130, interrupted; 141,
whoever read the output went away, as `head` does. `exec` ends with the status of its command.
"""
_NOT_EXECUTED: Final = "<!-- not executed: they are for the files of a shell's user -->"


def render() -> str:
    """The page as Markdown."""
    parts = [_HEAD, "## Options of umapi-harness itself\n", *options(group)]
    for name in COMMANDS:
        parts += sections(f"umapi-harness {name}", command_of(group, name), _NOT_EXECUTED)
    return "\n".join(parts).rstrip() + "\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
