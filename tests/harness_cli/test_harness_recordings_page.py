"""The page docs/how-to/recordings.md: each of its commands and programs does what the page says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from umapi_harness.mock.serving.server import running_server

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "recordings.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(sys.platform == "win32", reason="the page is written for a POSIX shell")
def test_every_command_and_program_of_the_page_works(tmp_path: Path) -> None:
    """Recorded from a mock server, the worked example ends with no drift; its programs pass on what it recorded."""
    shell = shutil.which("sh")
    assert shell is not None
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("UMAPI_", "PYTEST_"))}
    clean["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{clean.get('PATH', '')}"
    clean = {name: value for name, value in clean.items() if not name.lower().endswith("_proxy")}
    with running_server() as server:
        details = {name: value for name, value in server.details.variables().items() if value is not None}
        environment = clean | details | {"SERVICE": server.url}
        # Twice: whoever pastes the blocks again goes on with the new recordings.
        script = "set -e\n" + "\n".join(_blocks("sh") * 2)
        ran = subprocess.run(
            [shell, "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.rstrip().endswith("exchanges compared: nothing has drifted")

    said = re.search(r"Of a clean file it says `(.+)`", PAGE.read_text("utf-8"))
    assert said is not None
    assert f"umapi-harness: {said[1]}\n" in ran.stderr
    assert sorted(path.name for path in tmp_path.glob("*.har")) == ["monday.har", "tuesday.har"]
    listed, replayed = ((tmp_path / name).read_text("utf-8").splitlines() for name in ("users.txt", "pseudonyms.txt"))
    assert len(listed) == len(replayed) > 1
    assert listed[0] == replayed[0], "the line of headings"
    assert not set(listed[1:]) & set(replayed[1:])

    entries = json.loads((tmp_path / "monday.har").read_text("utf-8"))["log"]["entries"]
    operations = {entry["request"]["url"].partition("/v2/usermanagement/")[2].partition("/")[0] for entry in entries}
    assert operations == {"", "users", "groups"}

    unset = {name: value for name, value in environment.items() if name != "SERVICE"}
    first = subprocess.run([shell, "-c", _blocks("sh")[0]], cwd=tmp_path, env=unset, timeout=30, check=False)
    assert first.returncode == 2, "an address that was forgotten ends the block"

    (tmp_path / "test_page.py").write_text("\n".join(_blocks("python")), "utf-8")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "umapi_harness.pytest_plugin"]
    alone = clean | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(words, cwd=tmp_path, env=alone, capture_output=True, text=True, timeout=120, check=False)
    assert "2 passed" in ran.stdout, ran.stdout
