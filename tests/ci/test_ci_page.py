"""docs/how-to/ci.md: each recipe is what the service takes, or does what the page says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.conftest import ROOT, clean, judged

PAGE = (ROOT / "docs" / "how-to" / "ci.md").read_text("utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
TEMPLATE = next(yaml.safe_load_all((ROOT / "templates" / "umapi-collection.yml").read_text("utf-8")))
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
COLLECTION = "api/mine.postman_collection.json"


def recipe(heading: str) -> str:
    """The first block of the page below a heading."""
    _, _, after = PAGE.partition(f"## {heading}\n")
    match = re.search(r"```\w+\n(.*?)```", after, re.DOTALL)
    assert match is not None
    return match[1]


def cells(heading: str) -> set[str]:
    """The names in the first column of the table whose heading begins with a word."""
    _, _, after = PAGE.partition(f"| {heading} |")
    rows = after.partition("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall("`(.*?)`", row.split("|")[1])}


def test_github(tmp_path: Path) -> None:
    """GitHub's schema of workflows and zizmor take the recipe, and it gives inputs that the action has."""
    path = tmp_path / ".github" / "workflows" / "umapi.yml"
    path.parent.mkdir(parents=True)
    path.write_text(recipe("GitHub Actions"), "utf-8")
    assert judged("check-jsonschema", "--builtin-schema", "vendor.github-workflows", path) == ""
    (tmp_path / "zizmor.yml").write_text("rules: {unpinned-uses: {config: {policies: {OWNER/umapi-sdk: ref-pin}}}}\n")
    assert judged("zizmor", "--offline", "--quiet", "--config", tmp_path / "zizmor.yml", path) == ""
    used = yaml.safe_load(path.read_text("utf-8"))["jobs"]["umapi"]["steps"][-1]["with"]
    assert used == {"collection": COLLECTION}


def test_the_tables_have_all_inputs_and_outputs() -> None:
    """The page names each input and output of the action, and no other."""
    assert cells("input") == ACTION["inputs"].keys()
    assert cells("output") == ACTION["outputs"].keys()


def test_gitlab(tmp_path: Path) -> None:
    """GitLab's schema takes the recipe, and it gives the inputs that have no default."""
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(recipe("GitLab CI"), "utf-8")
    assert judged("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path) == ""
    (included,) = yaml.safe_load(path.read_text("utf-8"))["include"]
    inputs = TEMPLATE["spec"]["inputs"]
    assert included["inputs"].keys() == {name for name, one in inputs.items() if "default" not in one}


@pytest.mark.parametrize(("name", "status"), [("green.json", 0), ("red.json", 1)])
def test_jenkins(name: str, status: int, place: Path, programs: Path) -> None:
    """The shell step has the exit status of the run, and leaves the reports that the pipeline keeps."""
    match = re.search(r"sh '''\n(.*?)'''", recipe("Jenkins"), re.DOTALL)
    assert match is not None
    *before, install, run = match[1].strip().splitlines()
    assert judged("shellcheck", "--shell", "sh", "-", text=match[1]) == ""
    # The images that are slim have no Git.
    assert install.strip().startswith(".umapi/bin/python -m pip install ")
    assert "git+" not in recipe("Jenkins") + recipe("GitLab CI")
    assert [line.strip() for line in before] == ["rm -f junit.xml report.html", "python3 -m venv .umapi"]
    (place / ".umapi").symlink_to(programs.parent)
    (place / "api").mkdir()
    (place / name).rename(place / COLLECTION)
    done = subprocess.run(["sh", "-e", "-c", run], cwd=place, env=clean(), capture_output=True, check=False)
    assert done.returncode == status
    kept = re.findall(r"(?:testResults|artifacts): '(.*?)'", recipe("Jenkins"))
    assert len(kept) == 2
    assert all((place / one).exists() for one in kept)


def test_pre_commit(tmp_path: Path) -> None:
    """pre-commit takes the recipe, and its hooks are those that the manifest has."""
    path = tmp_path / ".pre-commit-config.yaml"
    path.write_text(recipe("pre-commit"), "utf-8")
    assert judged("pre-commit", "validate-config", path) == ""
    (repository,) = yaml.safe_load(path.read_text("utf-8"))["repos"]
    hooks: list[dict[str, Any]] = repository["hooks"]
    assert {hook["id"] for hook in hooks} == HOOKS.keys()
    assert all(re.search(HOOKS[hook["id"]].get("files", ""), COLLECTION) for hook in hooks if "args" in hook)
