"""Startup: what a run loads before it sends anything, and what it leaves until it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import umapi_harness.contract
import umapi_harness.mock

UNNEEDED = (
    *("httpx", "uvicorn", "starlette", "jsonschema_rs", "jwt", "cryptography", "yaml", "trustme", "h11", "rich"),
    *("asyncio", "umapi_harness.mock.settings", "umapi_models.models"),
)
OF_RECORDINGS = ("recordings", "formats", "cleaning", "redaction", "pseudonyms", "paths", "mentions", "personal_names")


def test_a_run_loads_no_server_and_no_second_client(tmp_path: Path) -> None:
    """A run does without what only the mock server, recordings, signatures, terminals and other reporters need."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"info": {"name": "C"}, "item": []}), "utf-8")
    code = f"""
import sys
from umapi_harness.cli import main
main(["run", {str(path)!r}, "-r", "cli,junit,json"])
print([name for name in {UNNEEDED!r} if name in sys.modules])
"""
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_libraries_and_seeds_are_fetched_as_runs_fetch() -> None:
    """One HTTP library is enough to send a request and read its answer."""
    code = """
import sys
import umapi_harness.commands.libraries, umapi_harness.commands.populating
print([name for name in ("httpx", "httpcore") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "[]\n"


def test_the_judge_of_answers_loads_nothing_for_recordings() -> None:
    """What reads, cleans and writes recordings is heavy, and a run that judges its answers has none of them."""
    unneeded = ["yaml", "ijson", *(f"umapi_harness.contract.{name}" for name in OF_RECORDINGS)]
    code = f"""
import sys, umapi_harness.contract.judges.runs
print([name for name in {unneeded!r} if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "[]\n"


def test_the_packages_still_have_all_their_names() -> None:
    """Loaded when they are asked for, each from its place; other names are none."""
    for package in (umapi_harness.contract, umapi_harness.mock):
        for name in package.__all__:
            assert getattr(package, name).__name__ == name
        assert not hasattr(package, "nothing")
