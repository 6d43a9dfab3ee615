"""The example of docs/reference/running.md."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness_cli.conftest import Run

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "running.md").read_text("utf-8")


def block(language: str) -> str:
    """The example of the page in a language."""
    found = re.search(rf"<!-- (?:example: |executed by )[^\n]* -->\n```{language}\n(.*?)\n```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def on_a_server(command: str, folder: Path) -> str:
    """What a command of a shell prints in a folder; it succeeds."""
    ran = subprocess.run(
        ["/bin/sh", "-ec", command], cwd=folder, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_example_does_what_the_page_says(run: Run, tmp_path: Path) -> None:
    """The collection of the page passes on a mock server, and the output has the lines that stand there."""
    output = re.search(r"<!-- output: [^\n]* -->\n```\n(.*?)\n```", PAGE, re.DOTALL)
    assert output is not None
    path = tmp_path / "mine.json"
    path.write_text(block("json"), "utf-8")
    ran = run("run", path, "--mock")
    assert ran.status == 0, ran.out + ran.err
    assert [line for line in output[1].splitlines() if line not in ran.out] == []


@pytest.mark.skipif(sys.platform == "win32", reason="the page is written for a POSIX shell")
def test_a_run_goes_to_a_server_with_settings_of_its_own(tmp_path: Path) -> None:
    """The collection of the page passes on a server that has options which `run --mock` does not have."""
    (tmp_path / "mine.json").write_text(block("json"), "utf-8")
    assert "passed: 2 requests, 2 checks passed" in on_a_server(block("sh"), tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="the page is written for a POSIX shell")
def test_a_script_that_moves_the_clock_gets_through_the_limits(tmp_path: Path) -> None:
    """Thirty readings of users pass where 25 a minute are allowed, and fail without the script of the page."""
    collection = json.loads(block("json"))
    script = f"if (pm.info.iteration === 25) {block('javascript')}"
    collection["item"][1]["event"].append({"listen": "prerequest", "script": {"exec": script.splitlines()}})
    (tmp_path / "mine.json").write_text(json.dumps(collection), "utf-8")
    command = block("sh").replace("exec ", "exec --throttle ", 1).replace("mine.json ", "mine.json -n 30 ", 1)
    moved = command.replace("--target", '--env-var "MOCK=$UMAPI_IMS_URL" --target', 1)
    assert "passed: 60 requests, 60 checks passed" in on_a_server(moved, tmp_path)
    collection["item"][1]["event"].pop()
    (tmp_path / "mine.json").write_text(json.dumps(collection), "utf-8")
    assert "got:  429" in on_a_server(command.replace("-n 30 ", "-n 30 -x ", 1), tmp_path)
