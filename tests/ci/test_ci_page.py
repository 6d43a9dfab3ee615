"""docs/how-to/ci.md: each recipe is what the service takes, or does what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
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


def recipe(heading: str, number: int = 0) -> str:
    """A block of the page below a heading, counted from 0; without a number, the first."""
    _, _, after = PAGE.partition(f"## {heading}\n")
    blocks: list[str] = re.findall(r"```\w+\n(.*?)```", after.partition("\n## ")[0], re.DOTALL)
    return blocks[number]


def cells(heading: str) -> set[str]:
    """The names in the first column of the table whose heading begins with a word."""
    _, _, after = PAGE.partition(f"| {heading} |")
    rows = after.partition("\n\n")[0].splitlines()[2:]
    return {name for row in rows for name in re.findall("`(.*?)`", row.split("|")[1])}


def github(text: str, folder: Path) -> dict[str, Any]:
    """The last step of a workflow that GitHub's schema and zizmor take."""
    path = folder / ".github" / "workflows" / "umapi.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    assert judged("check-jsonschema", "--builtin-schema", "vendor.github-workflows", path) == ""
    (folder / "zizmor.yml").write_text("rules: {unpinned-uses: {config: {policies: {OWNER/umapi-sdk: ref-pin}}}}\n")
    assert judged("zizmor", "--offline", "--quiet", "--config", folder / "zizmor.yml", path) == ""
    step: dict[str, Any] = yaml.safe_load(text)["jobs"]["umapi"]["steps"][-1]
    return step


def gitlab(text: str, folder: Path) -> dict[str, Any]:
    """The inputs of an include that GitLab's schema takes."""
    path = folder / ".gitlab-ci.yml"
    path.write_text(text, "utf-8")
    assert judged("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", path) == ""
    (included,) = yaml.safe_load(text)["include"]
    inputs: dict[str, Any] = included["inputs"]
    return inputs


def test_github(tmp_path: Path) -> None:
    """The recipe is a workflow, and gives inputs that the action has; so does the step with an environment and data."""
    assert github(recipe("GitHub Actions"), tmp_path)["with"] == {"collection": COLLECTION}
    (step,) = yaml.safe_load(textwrap.dedent(recipe("GitHub Actions", 1)))
    assert step["with"].keys() == {"collection", "environment", "data"} <= ACTION["inputs"].keys()


def test_the_preview_of_a_summary(place: Path, programs: Path) -> None:
    """The commands of the page, beside a clone, leave the summary of a run that failed, and print no annotation."""
    (place.parent / "umapi-sdk").symlink_to(ROOT)
    (place / "api").mkdir()
    (place / "red.json").rename(place / COLLECTION)
    path = f"{programs}:{os.environ['PATH']}"
    commands = recipe("GitHub Actions", 3)
    assert judged("shellcheck", "--shell", "sh", "-", text=commands) == ""
    done = subprocess.run(
        ["sh", "-c", commands], cwd=place, env=clean(PATH=path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "::error" not in done.stdout
    assert (place / "summary.md").read_text("utf-8").startswith("### C: failed\n")


def test_a_secret_reaches_a_run_against_adobe_by_its_name(tmp_path: Path, place: Path, programs: Path) -> None:
    """Both recipes hand it over in the environment, under the name that the arguments have, and nowhere else."""
    step = github(recipe("Against Adobe"), tmp_path / "github")
    inputs = gitlab(recipe("Against Adobe", 1), tmp_path)
    assert step["with"].keys() <= ACTION["inputs"].keys()
    assert inputs.keys() <= TEMPLATE["spec"]["inputs"].keys()
    assert (step["with"]["mock"], inputs["mock"]) == ("false", False)
    assert step["with"]["args"] == inputs["args"]
    assert step["env"].keys() <= set(inputs["args"].split())
    words = [*inputs["args"].split(), "--mock", "--export-environment", str(place / "out.json")]
    environment = clean(client_secret="from the store")
    done = subprocess.run(
        [programs / "umapi-harness", "run", *words, place / "green.json"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"from the store" not in done.stdout + done.stderr
    assert '"value": "from the store"' in (place / "out.json").read_text("utf-8")


def test_the_tables_have_all_inputs_and_outputs() -> None:
    """The page names each input and output of the action, and no other."""
    assert cells("input") == ACTION["inputs"].keys()
    assert cells("output") == ACTION["outputs"].keys()


def test_gitlab(tmp_path: Path) -> None:
    """The recipe gives the inputs that have no default; an environment and data are inputs, too."""
    inputs = TEMPLATE["spec"]["inputs"]
    given = gitlab(recipe("GitLab CI"), tmp_path)
    assert given.keys() == {name for name, one in inputs.items() if "default" not in one}
    assert yaml.safe_load(textwrap.dedent(recipe("GitLab CI", 1))).keys() == {"environment", "data"} <= inputs.keys()


def test_the_page_names_the_files_that_are_kept() -> None:
    """Those that action and component have the run write, in the folder that both keep."""
    for heading, source in (("GitHub Actions", "action.yml"), ("GitLab CI", "templates/umapi-collection.yml")):
        text = (ROOT / source).read_text("utf-8")
        files = re.findall(r"--(?:junit|html|json) \"?[\w$-]+/([\w.]+)", text)
        section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
        assert len(files) == 3
        assert [one for one in files if f"`{one}`" not in section] == []
        assert "`umapi-reports`" in section


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
