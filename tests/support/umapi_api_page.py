"""Generates docs/reference/public-api.txt: every public name with its signature, so that a change shows in a diff.

Run it after such a change: `python tests/support/umapi_api_page.py`. A test compares. docs/explanation/deprecation.md
says what may change when.
"""

from __future__ import annotations

import ast
import enum
import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import click

from umapi_harness import pytest_plugin
from umapi_harness.commands import group as harness_group
from umapi_sdk.command_line.group import group as sdk_group
from umapi_sdk.config import SettingArguments
from umapi_sdk.options import OptionArguments

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "reference" / "public-api.txt"
MODULES: Final = (
    *("umapi_sdk", "umapi_sdk.aio", "umapi_sdk.auth", "umapi_sdk.bulk", "umapi_sdk.compat", "umapi_sdk.sheets"),
    *("umapi_harness.contract", "umapi_harness.mock", "umapi_harness.strategies", "umapi_harness.testing"),
)
OURS: Final = ("umapi_models", "umapi_runtime", "umapi_sdk", "umapi_harness")
_HEAD: Final = """\
The public interface, written by `python tests/support/umapi_api_page.py`.
docs/explanation/deprecation.md says how it may change.
"""


def render() -> str:
    """The page."""
    parts = [_HEAD]
    for name in MODULES:
        parts += ["", f"== {name}", *_module(import_module(name))]
    for title, arguments in (("options of connections", OptionArguments), ("settings", SettingArguments)):
        kinds: dict[str, Any] = {key: kind for base in arguments.__mro__ for key, kind in _annotations(base).items()}
        parts += ["", f"== {title}", *(f"{key}: {_kind(kind)}" for key, kind in sorted(kinds.items()))]
    parts += ["", "== pytest", *_plugin()]
    for program, commands in (("umapi", sdk_group), ("umapi-harness", harness_group)):
        parts += ["", f"== {program}", *_command(program, commands)]
    return "\n".join(parts) + "\n"


def public_names(module: ModuleType) -> list[str]:
    """The names that a module exports, or else those of what it defines."""
    exported: list[str] | None = getattr(module, "__all__", None)
    if exported is not None:
        return sorted(exported)
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    return sorted(name for name in own if not name.startswith("_"))


def _module(module: ModuleType) -> Iterator[str]:
    for name in public_names(module):
        value = getattr(module, name)
        if inspect.isclass(value):
            bases = [base.__name__ for base in value.__bases__ if base is not object]
            yield f"class {name}({', '.join(bases)})"
            yield from (f"    {line}" for line in _members(value))
        elif callable(value):
            yield f"{name}{signature(value)}"
        else:
            yield f"{name}: {type(value).__name__}"


def _members(owner: type) -> Iterator[str]:
    if issubclass(owner, enum.Enum):
        yield from (f"{one.name} = {one.value!r}" for one in owner)
    elif hasattr(owner, "__struct_fields__"):
        yield from _fields(owner)
    elif "__init__" in vars(owner) or not issubclass(owner, BaseException):
        yield f"__init__{signature(owner)}"
    for name in sorted(dir(owner)):
        home = next((base for base in owner.__mro__ if name in vars(base)), object)
        if (
            name.startswith("_")
            or name in getattr(owner, "__struct_fields__", ())
            or home.__module__.partition(".")[0] not in OURS
        ):
            continue
        value = inspect.getattr_static(owner, name)
        if isinstance(value, (staticmethod, classmethod)):
            yield f"{name}{signature(value.__func__)}"
        elif inspect.isfunction(value):
            yield f"{name}{signature(value)}"
        elif not (issubclass(owner, enum.Enum) and name in owner.__members__):
            yield name


def _fields(owner: Any) -> Iterator[str]:
    """The fields of a class of msgspec, whose signature would need every type that is imported for checkers alone."""
    kinds = {name: kind for base in reversed(owner.__mro__) for name, kind in inspect.get_annotations(base).items()}
    optional = len(owner.__struct_fields__) - len(owner.__struct_defaults__)
    for place, name in enumerate(owner.__struct_fields__):
        yield f"{name}: {_kind(kinds[name])}{' = ...' if place >= optional else ''}"


def signature(value: Any) -> str:
    """Parameters and what comes back, with the types as they are written; defaults that have no words show as `...`."""
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return "(...)"
    shown: list[str] = []
    star = False
    for parameter in found.parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            star = True
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            shown.append("*")
            star = True
        mark = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        mark = "**" if parameter.kind is parameter.VAR_KEYWORD else mark
        kind = "" if parameter.annotation is parameter.empty else f": {_kind(parameter.annotation)}"
        default = "" if parameter.default is parameter.empty else f" = {_default(parameter.default)}"
        shown.append(f"{mark}{parameter.name}{kind}{default}")
    if found.return_annotation is found.empty or inspect.isclass(value):
        return f"({', '.join(shown)})"
    return f"({', '.join(shown)}) -> {_kind(found.return_annotation)}"


def _annotations(owner: type) -> dict[str, Any]:
    return inspect.get_annotations(owner) if owner is not dict else {}


def _kind(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    written = getattr(annotation, "__forward_arg__", None)
    return str(written) if written is not None else inspect.formatannotation(annotation).replace("typing.", "")


def _default(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    text = repr(value)
    return "..." if callable(value) or re.search(r"\bat 0x|<", text) else text


class _Parser:
    """Takes the options of the plugin in place of pytest's parser."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def getgroup(self, name: str, description: str) -> _Parser:
        return self

    def addoption(self, name: str, **attributes: Any) -> None:
        self.lines.append(f"option {name} {attributes.get('metavar', '')}".rstrip())

    def addini(self, name: str, description: str, kind: str, default: object) -> None:
        self.lines.append(f"setting {name}: {kind} = {default!r}")


def _plugin() -> Iterator[str]:
    source = Path(inspect.getfile(pytest_plugin)).read_text("utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            marks = [ast.unparse(one) for one in node.decorator_list if "pytest.fixture" in ast.unparse(one)]
            back = ast.unparse(node.returns) if node.returns is not None else ""
            yield from (f"fixture {node.name}: {back} {mark.removeprefix('pytest.fixture')}".rstrip() for mark in marks)
    yield from (f"marker {text}" for text in re.findall(r"\"(umapi\w*\([^)]*\)):", source))
    parser: Any = _Parser()
    pytest_plugin.pytest_addoption(parser)
    yield from parser.lines


def _command(name: str, command: click.Command) -> Iterator[str]:
    words = [_parameter(one) for one in command.params if not getattr(one, "hidden", False)]
    yield " ".join([name, *words])
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in sorted(command.list_commands(context)):
            found = command.get_command(context, below)
            assert found is not None
            yield from _command(f"{name} {below}", found)


def _parameter(one: click.Parameter) -> str:
    many = "..." if one.nargs < 0 or one.multiple else ""
    if isinstance(one, click.Argument):
        word = (one.metavar or str(one.name)).upper().removesuffix("...")
        return f"{word}{many}" if one.required else f"[{word}{many}]"
    assert isinstance(one, click.Option)
    names = "|".join(sorted([*one.opts, *one.secondary_opts], key=len))
    choices = one.type.choices if isinstance(one.type, click.Choice) else ()
    word = "{" + ",".join(map(str, choices)) + "}" if choices else one.metavar or one.type.name.upper()
    value = "" if one.is_flag or one.count else f" {word}"
    return f"{names}{value}{many}" if one.required else f"[{names}{value}{many}]"


def main() -> int:
    """Write the page."""
    PAGE.write_text(render(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
