"""Makes a release: version, changelog, packages, their checks, and the tag.

Usage: `python tools/release.py 0.2.0 [--dry-run]`, on the branch `main` of a clean clone. Everything is done in a clone
of its own, and the commit and its tag come back at the end, when all went well; with `--dry-run` nothing comes back.
Nothing is pushed and nothing uploaded: the last line says how. The packages are left in `dist/`.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

BRANCH: Final = "main"
VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:(?:a|b|rc)[0-9]+)?")
_UNRELEASED: Final = re.compile(r"^(## (\S+) \S) unreleased$", re.MULTILINE)
_FAILED: Final = 2


class ReleaseError(Exception):
    """What keeps a release back, as one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a release; gives the exit status, 2 where something keeps it back."""
    parser = argparse.ArgumentParser(prog="release.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("version", help="such as 0.2.0 or 1.0.0rc1")
    parser.add_argument("--dry-run", action="store_true", help="do everything but the last step: commit, tag and dist/")
    parser.add_argument("--no-install", action="store_true", help="leave out the installation, which needs an index")
    given = parser.parse_args(arguments)
    root = Path.cwd()
    try:
        release(root, given.version, dry_run=given.dry_run, install=not given.no_install)
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return _FAILED
    return 0


def release(root: Path, version: str, *, dry_run: bool, install: bool) -> None:
    """Make a release of the project in a folder.

    Raises:
        ReleaseError: something keeps it back; the folder is as it was.
    """
    check_place(root, version)
    with tempfile.TemporaryDirectory(prefix="release-") as folder:
        clone = Path(folder, "clone")
        git(root, "clone", "--quiet", "--branch", BRANCH, str(root), str(clone))
        for name in ("user.name", "user.email"):
            git(clone, "config", name, git(root, "config", name).strip())
        tell(f"version {version}")
        write_version(clone, version)
        collect_changes(clone, version, datetime.datetime.now(datetime.UTC).date())
        git(clone, "commit", "--quiet", "--all", "--message", f"Release {version}")
        packages = build_twice(clone, Path(folder))
        check_packages(clone, packages)
        if install:
            smoke(packages, version, Path(folder, "fresh"))
        git(clone, "tag", "--annotate", f"v{version}", "--message", f"umapi-sdk {version}")
        if dry_run:
            tell("dry run: nothing was changed")
            return
        for package in packages:
            (root / "dist").mkdir(exist_ok=True)
            shutil.copy2(package, root / "dist")
        git(root, "pull", "--quiet", "--ff-only", "--tags", str(clone), BRANCH)
    publish = f"git push --atomic origin {BRANCH} v{version} && twine upload dist/*{version}*"
    tell(f"tagged v{version}; to publish: {publish}")


def check_place(root: Path, version: str) -> None:
    """Refuse what cannot become a release, before anything is done.

    Raises:
        ReleaseError: the version, the branch, the tree, a tag or the changelog keeps it back.
    """
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"{version} is no version: give one such as 0.2.0 or 1.0.0rc1")
    branch = git(root, "rev-parse", "--abbrev-ref", "HEAD").strip()
    if branch != BRANCH:
        raise ReleaseError(f"this is the branch {branch}: releases are made on {BRANCH}, git switch {BRANCH}")
    changed = git(root, "status", "--porcelain").splitlines()
    if changed:
        raise ReleaseError(f"{len(changed)} files are not committed, {changed[0][3:]} first: commit or remove them")
    if git(root, "tag", "--list", f"v{version}").strip():
        raise ReleaseError(f"the tag v{version} is there already: choose the next version")
    written, changes = unreleased(root)
    if written not in (None, version):
        raise ReleaseError(f"CHANGELOG.md has the unreleased version {written}: release that one first")
    if not changes and not fragments(root):
        raise ReleaseError(f"nothing is told of {version}: add fragments to changelog.d/")


def write_version(clone: Path, version: str) -> None:
    """Put the version where it stands, which is `pyproject.toml` alone."""
    path = clone / "pyproject.toml"
    text, count = re.subn(r'(?m)^version = "[^"]*"$', f'version = "{version}"', path.read_text("utf-8"), count=1)
    if not count or tomllib.loads(text)["project"]["version"] != version:
        raise ReleaseError('pyproject.toml: has no line version = "…" in [project]')
    path.write_text(text, "utf-8")


def collect_changes(clone: Path, version: str, date: datetime.date) -> None:
    """Make the section of the release: of its fragments, or of the section that was written by hand."""
    day = date.isoformat()
    path = clone / "CHANGELOG.md"
    path.write_text(_UNRELEASED.sub(rf"\1 {day}", path.read_text("utf-8")), "utf-8")
    if fragments(clone):
        run(clone, sys.executable, "-m", "towncrier", "build", "--yes", "--version", version, "--date", day)
    git(clone, "add", "--all")


def build_twice(clone: Path, folder: Path) -> list[Path]:
    """Build the packages in two folders, zones and masks of permissions, and compare them byte by byte.

    Raises:
        ReleaseError: a build fails, or the second is not the first.
    """
    epoch = git(clone, "log", "-1", "--format=%ct").strip()
    made: list[list[Path]] = []
    for name, mask, zone in (("first", 0o022, "UTC"), ("second place", 0o077, "Asia/Tokyo")):
        tell(f"build, {name}")
        place = folder / name
        old = os.umask(mask)
        try:
            git(clone, "clone", "--quiet", str(clone), str(place))
            command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place / "dist")]
            run(place, *command, SOURCE_DATE_EPOCH=epoch, TZ=zone, PYTHONHASHSEED=str(mask))
        finally:
            os.umask(old)
        made.append(sorted((place / "dist").iterdir()))
    for one, other in zip(*made, strict=True):
        if one.name != other.name or one.read_bytes() != other.read_bytes():
            raise ReleaseError(
                f"{one.name} is not the same when it is built again: look for times, orders and modes in it"
            )
    return made[0]


def check_packages(clone: Path, packages: Sequence[Path]) -> None:
    """Check metadata and description as an index would, and that the files of the project are in, and no others."""
    tell("check")
    run(clone, sys.executable, "-m", "twine", "check", "--strict", *map(str, packages))
    wheel = next(path for path in packages if path.suffix == ".whl")
    run(
        clone, sys.executable, "-m", "check_wheel_contents", "--ignore", "W009", str(wheel)
    )  # several packages, on purpose
    tracked = git(clone, "ls-files", "-z").split("\0")[:-1]
    compare(wheel.name, expected_in_wheel(clone, tracked), names_in_wheel(wheel))
    source = next(path for path in packages if path.suffix == ".gz")
    compare(source.name, {*tracked, "PKG-INFO"}, names_in_source(source))


def expected_in_wheel(clone: Path, tracked: Sequence[str]) -> set[str]:
    """The files of the project that a wheel has, by the names that they have there."""
    settings: dict[str, Any] = tomllib.loads((clone / "pyproject.toml").read_text("utf-8"))
    folders: list[str] = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    cut = {folder: folder.rpartition("/")[0] for folder in folders}
    return {
        name.removeprefix(f"{above}/") if above else name
        for name in tracked
        for folder, above in cut.items()
        if name.startswith(f"{folder}/")
    }


def names_in_wheel(wheel: Path) -> set[str]:
    """The files of a wheel, its metadata apart."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def names_in_source(source: Path) -> set[str]:
    """The files of a source distribution, without the folder that they are all in."""
    with tarfile.open(source) as archive:
        return {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}


def compare(package: str, wanted: set[str], there: set[str]) -> None:
    """Raise ReleaseError where a package lacks a file or has one too many."""
    for problem, names in (("lacks", wanted - there), ("should not have", there - wanted)):
        if names:
            raise ReleaseError(f"{package} {problem} {len(names)} files, {min(names)} first")


def smoke(packages: Sequence[Path], version: str, place: Path) -> None:
    """Install the wheel in a fresh environment, and run the walkthrough with it."""
    tell("install and run")
    wheel = next(path for path in packages if path.suffix == ".whl")
    venv.create(place, with_pip=True)
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    run(place, str(scripts / "python"), "-m", "pip", "install", "--quiet", f"{wheel}[cli,harness]")
    for program in ("umapi", "umapi-harness"):
        said = run(place, str(scripts / program), "--version")
        if version not in said:
            raise ReleaseError(f"{program} --version says {said.strip()}, not {version}")
    run(place, str(scripts / "umapi-harness"), "run", "--silent")


def fragments(root: Path) -> list[str]:
    """The files that wait in `changelog.d/`."""
    return sorted(path.name for path in (root / "changelog.d").glob("*.md") if path.name != "README.md")


def unreleased(root: Path) -> tuple[str | None, int]:
    """The version of the section of `CHANGELOG.md` that is not released yet, if there is one, and how much it tells."""
    text = (root / "CHANGELOG.md").read_text("utf-8")
    match = _UNRELEASED.search(text)
    if match is None:
        return None, 0
    return match[2], text[match.end() :].partition("\n## ")[0].count("\n- ")


def git(root: Path, *words: str) -> str:
    """What git says."""
    return run(root, "git", *words)


def run(folder: Path, *command: str, **variables: str) -> str:
    """What a command writes to standard output.

    Raises:
        ReleaseError: it fails; the last lines that it wrote are told.
    """
    environment = {**os.environ, **variables}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()[-3:]
        shown = " ".join(Path(command[0]).name if place == 0 else word for place, word in enumerate(command))
        raise ReleaseError(f"{shown} failed with status {done.returncode}: {' / '.join(lines) or 'it said nothing'}")
    return done.stdout


def tell(step: str) -> None:
    """Say what is going on."""
    print(f"release: {step}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
