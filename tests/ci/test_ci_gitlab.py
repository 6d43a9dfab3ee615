"""The component of GitLab CI: its form, and its script, run in the shells that an image may have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.conftest import ROOT, clean, judged

TEMPLATE = ROOT / "templates" / "umapi-collection.yml"
SPEC, BODY = yaml.safe_load_all(TEMPLATE.read_text("utf-8"))
INPUTS: dict[str, dict[str, Any]] = SPEC["spec"]["inputs"]


def filled(node: Any, inputs: dict[str, Any]) -> Any:
    """The template with inputs, as GitLab puts them in: into what the YAML says, not into its text."""
    if isinstance(node, dict):
        return {filled(key, inputs): filled(value, inputs) for key, value in node.items()}
    if isinstance(node, list):
        return [filled(one, inputs) for one in node]
    if isinstance(node, str):
        return re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda match: text(inputs[match[1]]), node)
    return node


def text(value: Any) -> str:
    """An input as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def job(**inputs: Any) -> dict[str, Any]:
    """The job that comes of the template."""
    given = {name: one.get("default") for name, one in INPUTS.items()} | {"requirement": "umapi-sdk"} | inputs
    (made,) = filled(BODY, given).values()
    assert isinstance(made, dict)
    return made


def script(made: dict[str, Any]) -> str:
    """The script of a job."""
    return "\n".join(made["script"])


def test_it_has_the_form_of_a_pipeline(tmp_path: Path) -> None:
    """GitLab's schema takes the header, and the job that the template makes."""
    for name, told in {"header.yml": SPEC, "pipeline.yml": {"umapi": job(collection="c.json")}}.items():
        path = tmp_path / name
        path.write_text(yaml.safe_dump(told), "utf-8")
        assert judged("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path) == ""


def test_scripts_are_sound() -> None:
    """shellcheck finds nothing, for a shell that knows POSIX alone, and no input is written into the text."""
    (template,) = BODY.values()
    lines = [*template["before_script"], *template["script"]]
    assert judged("shellcheck", "--shell", "sh", "-", text="\n".join(lines)) == ""
    assert [line for line in lines if "[[" in line] == []


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize(("name", "status"), [("green.json", 0), ("red.json", 1), ("missing.json", 2)])
def test_runs(shell: str, name: str, status: int, place: Path, programs: Path) -> None:
    """The exit status is that of the run, and the job's artefacts are there, the JUnit report among them."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    trap = "$(touch pwned);touch pwned *"
    made = job(collection=name, args=f"--env-var\nword={trap}\n--export-environment\n{place / 'out.json'}")
    variables = {key: one["value"] for key, one in made["variables"].items()}
    assert all(one["expand"] is False for one in made["variables"].values())
    environment = clean(**variables, CI_BUILDS_DIR=str(programs.parents[1]))
    done = subprocess.run(
        [shell, "-e", "-c", script(made)], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert made["artifacts"]["when"] == "always"
    assert not (place / "pwned").exists()
    if status != 2:
        junit = place / made["artifacts"]["reports"]["junit"]
        assert len(list(ET.parse(junit).getroot().iter("testcase"))) == 1
        assert junit.parent.name in made["artifacts"]["paths"]
        values = {one["key"]: one["value"] for one in json.loads((place / "out.json").read_text("utf-8"))["values"]}
        assert values["word"] == trap
