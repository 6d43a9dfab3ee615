"""The tables of names in docs/reference/sdk.md, compat.md and testing.md, with the first words of their docstrings.

The built site has all that the docstrings say; who reads the pages in the repository has these tables. Run as a program
to write them anew.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

from umapi_api_page import public_names
from umapi_harness import pytest_plugin

_REFERENCE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGES: Final = tuple(_REFERENCE / name for name in ("sdk.md", "compat.md", "testing.md"))
FIXTURES: Final = "fixtures"
"""What stands in a mark in place of a module, for the fixtures of pytest."""

_MARKED: Final = re.compile(r"(<!-- names of ([\w.]+): [^\n]* -->\n).*?(<!-- end of names -->)", re.DOTALL)


def render(page: Path) -> str:
    """The page with its tables as they ought to be."""
    return _MARKED.sub(lambda found: f"{found[1]}{table(found[2])}\n{found[3]}", page.read_text("utf-8"))


def table(home: str) -> str:
    """The names of a module, each with the first paragraph of its docstring."""
    rows = [f"| `{name}` | {_first(text)} |" for name, text in (_fixtures() if home == FIXTURES else _names(home))]
    return "\n".join(["| name | what it is |", "|---|---|", *rows])


def _names(home: str) -> Iterator[tuple[str, str | None]]:
    module = import_module(home)
    for name in public_names(module):
        value = getattr(module, name)
        # A constant has no docstring of its own, and a module a section.
        if inspect.isclass(value) or inspect.isroutine(value):
            yield name, inspect.getdoc(value)


def _fixtures() -> Iterator[tuple[str, str | None]]:
    """Read in the source, for what a fixture is as an object differs between releases of pytest."""
    for node in ast.parse(Path(inspect.getfile(pytest_plugin)).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("umapi_") and node.decorator_list:
            yield node.name, ast.get_docstring(node)


def _first(text: str | None) -> str:
    """The first paragraph, without the page of Adobe's that it comes from."""
    assert text
    return re.sub(r" Source: .*", "", " ".join(text.partition("\n\n")[0].split())).replace("|", "\\|")


def main() -> int:
    """Write the tables."""
    for page in PAGES:
        page.write_text(render(page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
