"""Generates docs/reference/cli.md: what each command of `umapi` takes, and how it is called, as its `--help` says.

Run it after a change of a command: `python tests/support/umapi_cli_page.py`. A test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from umapi_command_pages import command_of, options, sections
from umapi_sdk.command_line.group import COMMANDS, group

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
_HEAD: Final = """\
# The command umapi

It comes with the extra `cli`. This page is generated from the commands by
`python tests/support/umapi_cli_page.py`; `umapi COMMAND --help` says the same.

Results go to standard output; what is wrong is one line on standard error. Exit statuses, unless a command says
otherwise: 0, all that was asked for was done; 1, something was not; 2, bad input or settings; 130, interrupted; 141,
nobody read the output to its end, as in `umapi users | head`.
"""
_EXECUTED: Final = "<!-- executed by tests/cli/test_umapi_examples.py -->"


def render() -> str:
    """The page as Markdown."""
    parts = [_HEAD, "## Options of all commands\n", *options(group)]
    for name in sorted(COMMANDS):
        parts += sections(f"umapi {name}", command_of(group, name), _EXECUTED)
    return "\n".join(parts).rstrip() + "\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
