"""Releases: what keeps one back, what it leaves, and that packages are the same whoever builds them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tools" / "release.py"
FILES = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "small"
version = "0.1.0"
description = "A small project."
readme = "README.md"
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["small"]

[tool.towncrier]
directory = "changelog.d"
filename = "CHANGELOG.md"
start_string = "<!-- releases -->\\n"
title_format = "## {version} \u2013 {project_date}"
underlines = ["", "", ""]
ignore = ["README.md"]

[tool.towncrier.fragment.added]
""",
    "README.md": "# Small\n",
    "CHANGELOG.md": "# Changelog\n\n<!-- releases -->\n\n## 0.1.0 \u2013 2026-01-01\n\n### Added\n- All.\n",
    "changelog.d/README.md": "Fragments.\n",
    "changelog.d/+one.added.md": "One more thing.\n",
    ".gitignore": "dist/\n",
    "small/__init__.py": "VALUE = 1\n",
}
UNRELEASED = FILES["CHANGELOG.md"].replace("2026-01-01", "unreleased")
HOOK = """\
import os
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        Path(self.root, "small", "zone.txt").write_text(os.environ["TZ"])
        build_data["artifacts"].append("small/zone.txt")
"""


@attrs.frozen
class Ran:
    """What the program left."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


def git(place: Path, *words: str) -> str:
    """What git says in a folder."""
    done = subprocess.run(["git", *words], cwd=place, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(place: Path, **files: str) -> None:
    """Write files and commit them."""
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "State")


def prepared(place: Path) -> None:
    """Give a repository an author of its own, and no signatures."""
    for name, value in {"user.name": "A", "user.email": "a@example.com", "commit.gpgsign": "false"}.items():
        git(place, "config", name, value)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with a release and a fragment for the next one."""
    place = tmp_path / "project"
    place.mkdir()
    git(place, "init", "--quiet", "--initial-branch", "main")
    prepared(place)
    write(place, **FILES)
    return place


@pytest.fixture
def run() -> Run:
    """Runs the program in a folder, without an installation."""

    def execute(place: Path, *words: str) -> Ran:
        command = [sys.executable, str(PROGRAM), *words, "--no-install"]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    return execute


@pytest.mark.parametrize(
    ("change", "version", "told"),
    [
        (lambda place: None, "1.0", "1.0 is no version: give one such as 0.2.0"),
        (
            lambda place: git(place, "switch", "-qc", "other"),
            "0.2.0",
            "this is the branch other: releases are made on main",
        ),
        (lambda place: (place / "new.txt").write_text("x"), "0.2.0", "1 files are not committed, new.txt first"),
        (lambda place: git(place, "tag", "v0.2.0"), "0.2.0", "the tag v0.2.0 is there already"),
        (lambda place: git(place, "rm", "-q", "changelog.d/+one.added.md"), "0.2.0", "1 files are not committed"),
        (lambda place: write(place, **{"CHANGELOG.md": UNRELEASED}), "0.2.0", "has the unreleased version 0.1.0"),
    ],
    ids=["version", "branch", "dirty", "tag", "removed", "earlier"],
)
def test_what_keeps_a_release_back(
    change: Callable[[Path], object], version: str, told: str, project: Path, run: Run
) -> None:
    """One line says what keeps a release back, and nothing has changed."""
    change(project)
    before = (git(project, "log", "-1", "--format=%H"), git(project, "status", "--porcelain"))
    ran = run(project, version, "--dry-run")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert told in ran.err
    assert (git(project, "log", "-1", "--format=%H"), git(project, "status", "--porcelain")) == before


def test_nothing_to_tell(project: Path, run: Run) -> None:
    """A release without a fragment, and with nothing in a section of its own, is refused."""
    git(project, "rm", "-q", "changelog.d/+one.added.md")
    git(project, "commit", "-qm", "None")
    ran = run(project, "0.2.0")
    assert (ran.status, ran.err) == (2, "release: nothing is told of 0.2.0: add fragments to changelog.d/\n")
    write(project, **{"CHANGELOG.md": UNRELEASED.replace("\n- All.", "")})
    assert run(project, "0.1.0").status == 2


def test_a_release(project: Path, run: Run) -> None:
    """Version, changelog, packages and tag are there, the fragment is gone, and the tree is clean."""
    ran = run(project, "0.2.0")
    assert ran.status == 0, ran.err
    assert ran.out.splitlines()[-1].startswith(
        "release: tagged v0.2.0; to publish: git push --atomic origin main v0.2.0 "
    )
    assert 'version = "0.2.0"' in (project / "pyproject.toml").read_text("utf-8")
    changelog = (project / "CHANGELOG.md").read_text("utf-8")
    assert changelog.index("## 0.2.0 \u2013 20") < changelog.index("- One more thing.") < changelog.index("## 0.1.0")
    assert sorted(path.name for path in (project / "changelog.d").iterdir()) == ["README.md"]
    assert sorted(path.name for path in (project / "dist").iterdir()) == [
        "small-0.2.0-py3-none-any.whl",
        "small-0.2.0.tar.gz",
    ]
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "rev-parse", "v0.2.0^{commit}") == git(project, "rev-parse", "main")
    assert git(project, "log", "-1", "--format=%s") == "Release 0.2.0"
    assert run(project, "0.2.0").err.startswith("release: the tag v0.2.0 is there already")


def test_a_section_that_was_written_by_hand(project: Path, run: Run) -> None:
    """It becomes that of the release, with its date in the place of `unreleased`."""
    git(project, "rm", "-q", "changelog.d/+one.added.md")
    write(project, **{"CHANGELOG.md": UNRELEASED})
    ran = run(project, "0.1.0")
    assert ran.status == 0, ran.err
    assert "unreleased" not in (project / "CHANGELOG.md").read_text("utf-8")
    assert "- All." in git(project, "show", "v0.1.0:CHANGELOG.md")


def test_a_build_that_depends_on_where_it_is(project: Path, run: Run) -> None:
    """Packages that are not the same when they are built again are refused, by name."""
    settings = FILES["pyproject.toml"] + "\n[tool.hatch.build.hooks.custom]\n"
    write(project, **{"pyproject.toml": settings, "hatch_build.py": HOOK})
    ran = run(project, "0.2.0")
    assert ran.status == 2
    assert ran.err.startswith("release: small-0.2.0")
    assert "is not the same when it is built again" in ran.err
    assert git(project, "tag", "--list") == ""


def test_a_file_that_is_left_out(project: Path, run: Run) -> None:
    """A package that lacks a file of the project is refused."""
    settings = FILES["pyproject.toml"].replace('["small"]', '["small"]\nexclude = ["*.json"]')
    write(project, **{"small/schema.json": "{}", "pyproject.toml": settings})
    ran = run(project, "0.2.0")
    lacking = "small-0.2.0-py3-none-any.whl lacks 1 files, small/schema.json first"
    assert (ran.status, ran.err) == (2, f"release: {lacking}\n")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone")
def test_this_project_could_be_released(tmp_path: Path, run: Run) -> None:
    """A dry run on what is committed: the packages are whole, sound, and the same when they are built again."""
    clone = tmp_path / "clone"
    git(ROOT, "clone", "--quiet", "--no-local", str(ROOT), str(clone))
    prepared(clone)
    git(clone, "checkout", "--quiet", "-B", "main")
    ran = run(clone, "0.1.0", "--dry-run")
    assert ran.status == 0, ran.err
    assert git(clone, "tag", "--list", "v0.1.0") == ""
