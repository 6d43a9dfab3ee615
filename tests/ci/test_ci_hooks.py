"""The hooks of pre-commit: their form, and their commands, called as pre-commit would."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.conftest import ROOT, clean, judged

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HOOKS: dict[str, dict[str, Any]] = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text("utf-8"))}
GOOD = "email,firstname,lastname,country,groups\na@x.com,A,B,DE,\n"
BAD = GOOD.replace("DE", "XX")


def called(identifier: str, programs: Path, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What the command of a hook does with arguments and files."""
    name, *rest = shlex.split(HOOKS[identifier]["entry"])
    command = [str(programs / name), *rest, *words]
    return subprocess.run(command, cwd=place, env=clean(), capture_output=True, text=True, check=False)


def test_the_manifest_is_sound() -> None:
    """pre-commit takes it, and each hook asks for an extra that there is."""
    assert judged("pre-commit", "validate-manifest", MANIFEST) == ""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for hook in HOOKS.values():
        (wanted,) = hook["additional_dependencies"]
        match = re.fullmatch(r"\.\[(\w+)\]", wanted)
        assert match is not None
        assert match[1] in extras


@pytest.mark.parametrize(("second", "status"), [(GOOD, 0), (BAD, 2)])
def test_files_are_checked(programs: Path, place: Path, second: str, status: int) -> None:
    """All changed files come at once, and one bad row keeps the commit back, with its place."""
    (place / "a.csv").write_text(GOOD, "utf-8")
    (place / "b c.csv").write_text(second, "utf-8")
    done = called("umapi-check", programs, place, "a.csv", "b c.csv")
    assert done.returncode == status
    assert ("b c.csv: row 1 (line 2), column country: " in done.stdout) == (status != 0)


def test_arguments_come_before_the_files(programs: Path, place: Path) -> None:
    """`args` of the hook are options of `umapi check`."""
    (place / "leavers.csv").write_text("email\na@x.com\n", "utf-8")
    assert called("umapi-check", programs, place, "--action", "remove_from_org", "leavers.csv").returncode == 0


@pytest.mark.parametrize(("name", "status"), [("green.json", 0), ("red.json", 1)])
def test_collections_are_run(programs: Path, place: Path, name: str, status: int) -> None:
    """The collection of `args` runs on a mock server; a failed check keeps the commit back."""
    assert HOOKS["umapi-collection"]["pass_filenames"] is False
    assert called("umapi-collection", programs, place, name).returncode == status
    assert re.search(HOOKS["umapi-collection"]["files"], "api/mine.postman_collection.json")
