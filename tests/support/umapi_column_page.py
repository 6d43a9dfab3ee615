"""The tables of docs/how-to/apply.md that tell of the columns and actions of CSV files, as the code has them.

Run as a program to write them anew.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from umapi_sdk.sheets.columns import COLUMNS
from umapi_sdk.sheets.operations import OPERATIONS

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "apply.md"


def render() -> str:
    """The page with its tables as they ought to be."""
    page = PAGE.read_text("utf-8")
    for name, rows in (("columns", _columns()), ("actions", _actions())):
        table = "\n".join(rows)
        marked = re.compile(rf"(<!-- {name}: [^\n]* -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        found = marked.search(page)
        if found is None:
            raise SystemExit(f"{PAGE}: has no place for the {name}")
        page = f"{page[: found.start()]}{found[1]}{table}\n{found[2]}{page[found.end() :]}"
    return page


def _columns() -> list[str]:
    head = ["| column | also called | meaning |", "|---|---|---|"]
    return head + [f"| `{column.name}` | {_names(column.also)} | {column.meaning} |" for column in COLUMNS]


def _actions() -> list[str]:
    head = ["| action | also called | what it does | reads, beside who |", "|---|---|---|---|"]
    return head + [
        f"| `{operation.name}` | {_names(operation.also)} | {operation.summary} | {_names(operation.reads)} |"
        for operation in OPERATIONS
    ]


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE}\n")
    PAGE.write_text(render(), "utf-8")
