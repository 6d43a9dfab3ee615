"""The generated package is what the generator makes of the schemas now."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from umapi_samples import ROOT

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("datamodel_code_generator", "ruff")),
    reason="the generator needs datamodel-code-generator and ruff",
)


def check(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the generator's check in a checkout, without the import path of the tests."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-m", "schema.codegen", "--check"]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_generated_package_is_fresh() -> None:
    """No generated file is stale, edited by hand, missing or left over."""
    result = check(ROOT)
    assert (result.stderr, result.returncode) == ("", 0)


def test_check_finds_what_is_stale(tmp_path: Path) -> None:
    """In another folder too, exactly the edited, missing and left-over files are named, and the command for it."""
    without_caches = shutil.ignore_patterns("__pycache__")
    for folder in ("schema", "generated/umapi_models"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=without_caches)
    target = tmp_path / "generated" / "umapi_models"
    (target / "models.py").write_text("edited = True\n", "utf-8")
    (target / "requests.py").unlink()
    (target / "leftover.py").write_text("", "utf-8")
    result = check(tmp_path)
    assert result.returncode == 1
    named = {line.partition(" ")[0] for line in result.stderr.splitlines()}
    assert named == {f"generated/umapi_models/{name}" for name in ("models.py", "requests.py", "leftover.py")}
    assert "tox -e codegen" in result.stderr
