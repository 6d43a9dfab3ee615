"""What CI services have where a job runs: a folder with collections, and the programs of the project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
EXPECTED: Final = {"green.json": 200, "red.json": 418}


def tool(name: str) -> str:
    """The path of a program that a package of the group `ci` brings."""
    path = shutil.which(name, path=os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]))
    assert path is not None, f"{name} is missing: install the dependency group ci"
    return path


def judged(*command: str | Path, text: str | None = None) -> str:
    """What a linter says; the empty text when it finds nothing."""
    done = subprocess.run(
        [tool(str(command[0])), *map(str, command[1:])], input=text, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def collection(status: int) -> dict[str, Any]:
    """A collection of one request, with one check of the status of its answer."""
    script = f"pm.test('st|ate', () => pm.response.to.have.status({status}))"
    event = {"listen": "test", "script": {"exec": script}}
    return {
        "info": {"name": "C", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "item": [{"name": "status", "request": "https://usermanagement.adobe.io/status", "event": [event]}],
    }


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a collection that passes and one that fails."""
    folder = tmp_path / "check out"
    folder.mkdir()
    for name, status in EXPECTED.items():
        (folder / name).write_text(json.dumps(collection(status)), "utf-8")
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder laid out like a virtual environment that the project is installed in."""
    folder = tmp_path / "umapi-harness" / "bin"
    folder.mkdir(parents=True)
    for name, words in {"python": "", "umapi-harness": " -m umapi_harness", "umapi": " -m umapi_sdk"}.items():
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n', "utf-8")
        program.chmod(0o755)
    return folder


def clean(**more: str) -> Mapping[str, str]:
    """The environment of the test without settings, proxies and what a CI service set, and with more variables."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("UMAPI_", "GITHUB_", "RUNNER_", "CI_")) and not name.upper().endswith("_PROXY")
    }
    return {**kept, **more}
