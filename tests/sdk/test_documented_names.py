"""Each public name has a place in the reference: docs/reference, and pages beside it."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from umapi_api_page import MODULES, public_names

ROOT = Path(__file__).parents[2]
VARIABLES = {"umapi_sdk.aio": {"E", "T"}}
"""Type variables, which nobody imports."""


def documented() -> set[str]:
    """The names that autodoc is told to write of, dotted."""
    names: set[str] = set()
    for page in (ROOT / "docs").rglob("*.md"):
        module = ""
        for kind, given in re.findall(r"^\.\. (?:py:)?(\w+):: ([\w.]+)", page.read_text("utf-8"), re.MULTILINE):
            if kind == "currentmodule":
                module = given
            elif kind == "automodule" and given in MODULES:
                exported = getattr(import_module(given), "__all__", ())
                names |= {f"{given}.{name}" for name in exported} if given != "umapi_sdk.compat" else set()
            elif kind.startswith(("auto", "data")):
                names.add(given if given.startswith("umapi_") else f"{module}.{given}")
    return names


@pytest.mark.parametrize("module", MODULES)
def test_public_names_are_documented(module: str) -> None:
    """Each name that a public module exports is in the reference, under that module or as one of `umapi_sdk`."""
    names = documented()
    homes = (module, "umapi_sdk")
    missing = [name for name in public_names(import_module(module)) if not {f"{one}.{name}" for one in homes} & names]
    modules = {"api", "auth", "connection", "error", "functional"} if module == "umapi_sdk.compat" else set[str]()
    assert set(missing) - VARIABLES.get(module, set()) - modules == set()
