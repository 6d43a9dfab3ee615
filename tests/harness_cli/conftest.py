"""The command line in the process of the test, away from the variables of whoever runs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from umapi_harness.cli import main


@attrs.frozen
class Ran:
    """What a command left."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `umapi-harness` with some arguments."""
    for name in list(os.environ):
        if name.startswith("UMAPI_") or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)

    def execute(*arguments: str | Path) -> Ran:
        capfd.readouterr()
        status = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Ran(status, captured.out, captured.err)

    return execute


@pytest.fixture
def python(tmp_path: Path) -> Callable[[str], tuple[str, ...]]:
    """The words of a command that runs some Python."""

    def words(code: str) -> tuple[str, ...]:
        path = tmp_path / "command.py"
        path.write_text(f"import json, os, sys, urllib.request\n{code}\n", encoding="utf-8")
        return ("--", sys.executable, str(path))

    return words
