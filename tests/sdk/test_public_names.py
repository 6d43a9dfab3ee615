"""The public names and their signatures: a change here is a change for every user."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections import defaultdict
from importlib import import_module
from pkgutil import walk_packages

import pytest

import umapi_models
import umapi_runtime
import umapi_sdk
import umapi_sdk.aio
import umapi_sdk.auth
import umapi_sdk.compat
from umapi_api_page import MODULES, PAGE, public_names, render


def test_public_interface() -> None:
    """Names, parameters, types, options and fixtures are those of the page, where a change shows in a diff."""
    assert PAGE.read_text("utf-8") == render(), "run: python tests/support/umapi_api_page.py"


@pytest.mark.parametrize("name", MODULES)
def test_public_names(name: str) -> None:
    """Each name that a public module exports is there, and classes and functions are documented."""
    module = import_module(name)
    for public in public_names(module):
        value = getattr(module, public)
        assert value.__doc__ or not callable(value), public


def test_no_class_has_the_name_of_another() -> None:
    """Of the classes of the client, its models and what these stand on, each has a name of its own.

    `umapi_sdk.compat` shows some under the names of umapi-client, which it alone may have too.
    """
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for package in (umapi_sdk, umapi_models, umapi_runtime):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue  # which runs the command
            if module.name == umapi_sdk.compat.__name__:
                continue
            for name, value in inspect.getmembers(import_module(module.name), inspect.isclass):
                if value.__module__ == module.name and not name.startswith("_"):
                    homes[name].add(module.name)
    assert {"UserAction", "UserCommand", "Model"} <= homes.keys()
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


@pytest.mark.parametrize("name", [name for name in umapi_sdk.__all__ if inspect.isclass(getattr(umapi_sdk, name))])
def test_public_members_are_documented(name: str) -> None:
    """Every public method and property of a public class has a docstring."""
    for member, value in inspect.getmembers(getattr(umapi_sdk, name)):
        own = getattr(value, "__module__", None) or getattr(getattr(value, "fget", None), "__module__", "")
        if not member.startswith("_") and str(own).startswith("umapi_sdk") and callable(value):
            assert value.__doc__, f"{name}.{member}"


def test_credentials_come_from_the_module_of_the_page_too() -> None:
    """`from umapi_sdk.auth import JWTAuth` works as on the page."""
    assert umapi_sdk.auth.JWTAuth is umapi_sdk.JWTAuth


@pytest.mark.parametrize("code", ["import umapi_sdk", "from umapi_sdk import Connection, UserAction, connect"])
def test_import_loads_nothing_that_a_first_call_may_not_need(code: str) -> None:
    """What only some programs need, or only those that connect, is loaded when it is first used."""
    heavy = ("attr", "cattrs", "cryptography", "email", "httpx", "jwt", "ssl", "umapi_models.error_codes", "urllib3")
    command = [sys.executable, "-c", f"{code}\nimport sys\nprint(*sorted(sys.modules))"]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert [name for name in heavy if name in loaded] == []


def test_public_modules_are_attributes_of_the_package() -> None:
    """A module with public names is reached through the package alone, and a name that there is not is an error."""
    code = "import umapi_sdk\nprint(umapi_sdk.errors.UmapiError is umapi_sdk.UmapiError, hasattr(umapi_sdk, 'nothing'))"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.split() == ["True", "False"]
