"""The container: its file as hadolint judges it, and the commands that it names, run outside of one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.ci.conftest import ROOT, clean, judged
from umapi_harness.mock.serving.server import running_server

FILE: Final = ROOT / "Containerfile"
TEXT: Final = re.sub(r"\\\n\s*", "", FILE.read_text("utf-8"))


def words(instruction: str) -> list[str]:
    """The words of an instruction that is written as a JSON array."""
    (found,) = re.findall(rf"^{instruction}\b.*?(\[.*\])$", TEXT, re.MULTILINE)
    listed: list[str] = json.loads(found)
    return listed


def test_it_is_sound() -> None:
    """hadolint finds nothing, and shellcheck, which it asks, neither."""
    assert judged("hadolint", "--failure-threshold", "info", FILE) == ""


def test_the_recipe_of_the_page() -> None:
    """shellcheck finds nothing in it, and its port is the one that the image serves."""
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text("utf-8")
    blocks = re.findall(r"test_ci_container\.py -->\n```sh\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        assert judged("shellcheck", "--shell", "sh", "-", text=block) == ""
        assert f":{words('CMD')[-1]} " in block
    # What takes the place of the default has all that it had, and one option more.
    assert blocks[1].partition(" umapi-mock ")[2].split()[:-1] == words("CMD")


def test_the_job_beside_it_reaches_its_organisation(tmp_path: Path) -> None:
    """GitLab's schema takes the job of the page, and its variables are what the image serves."""
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text("utf-8")
    (block,) = re.findall(r"test_ci_container\.py -->\n```yaml\n(.*?)```", page, re.DOTALL)
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(block, "utf-8")
    assert judged("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path) == ""
    job = yaml.safe_load(block)["tests"]
    (service,) = job["services"]
    with running_server() as server:
        own = server.details.variables().items()
        shown = {name: str(value).replace(server.url, f"http://{service['alias']}:8080") for name, value in own}
    assert job["variables"].items() <= shown.items()
    assert words("CMD")[-1] == "8080"


def test_it_runs_as_nobody_in_particular() -> None:
    """The last user is a number other than root's, by which orchestrators can tell."""
    assert int(re.findall(r"^USER (\d+)$", TEXT, re.MULTILINE)[-1]) > 0


def test_the_base_has_a_tag() -> None:
    """The base is a release of Python with its distribution, and all stages have the same."""
    assert re.search(r"^ARG BASE=docker\.io/library/python:3\.\d+-slim-\w+$", TEXT, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE)) == {"${BASE}"}


def test_only_wheels_are_sent_to_the_builder() -> None:
    """Nothing else of a clone, such as settings that lie there, can come into an image."""
    assert (ROOT / ".dockerignore").read_text("utf-8").split() == ["*", "!dist/*.whl"]
    assert re.findall(r"^(?:COPY|ADD) (?!--from)(\S+)", TEXT, re.MULTILINE) == ["dist/*.whl"]


@pytest.mark.skipif(os.name != "posix", reason="containers end programs with SIGTERM")
def test_it_serves_and_is_healthy(programs: Path, tmp_path: Path) -> None:
    """The default command serves, the health check tells whether it does, and SIGTERM, as on `podman stop`, ends it."""
    ready = tmp_path / "ready.json"
    os.mkfifo(ready)
    command = [*words("ENTRYPOINT"), *words("CMD")]
    assert command[-1] == re.findall(r"^EXPOSE (\d+)$", TEXT, re.MULTILINE)[0]
    assert command[-4:-1] == ["--host", "0.0.0.0", "--port"]
    program = [str(programs / command[0]), *command[1:-4], "--port", "0", "--ready-file", str(ready)]
    with subprocess.Popen(program, env=clean(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            details = json.loads(ready.read_text("utf-8"))
            code = words("HEALTHCHECK")[-1]
            assert "127.0.0.1:8080" in code
            check = [sys.executable, "-c", code.replace("127.0.0.1:8080", details["ims_url"].rpartition("/")[2])]
            assert subprocess.run(check, env=clean(), check=False).returncode == 0
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate()
        assert subprocess.run(check, env=clean(), stderr=subprocess.DEVNULL, check=False).returncode != 0
