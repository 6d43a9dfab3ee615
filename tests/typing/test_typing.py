"""What type checkers make of programs that use the SDK: right ones pass, and each mistake that types show is found.

The programs in accepted/ and refused/ are checked against the installed package by mypy and pyright, both strict, in
one run each. A line of a refused program ends in `# error:` and what the two call the mistake: the names beginning
with `report` are pyright's. Each name given must be reported for that line, and nothing else for any line.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ACCEPTED = sorted((HERE / "accepted").glob("*.py"))
REFUSED = sorted((HERE / "refused").glob("*.py"))
EXPECTATION = re.compile(r"# error: ([\w, -]+)$")

Findings = dict[tuple[str, int], set[str]]
"""Names of the mistakes by folder with file, and line from 1."""


def expected(paths: list[Path]) -> Findings:
    """What the comments in programs say, by both checkers' names."""
    lines = (
        (f"{path.parent.name}/{path.name}", number, EXPECTATION.search(line))
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
    )
    return {(file, number): set(found[1].split(", ")) for file, number, found in lines if found}


def of_checker(findings: Findings, *, pyright: bool) -> Findings:
    """The findings that one of the checkers has a name for."""
    kept = {
        place: {name for name in names if name.startswith("report") is pyright} for place, names in findings.items()
    }
    return {place: names for place, names in kept.items() if names}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A copy of the programs away from the sources, so that the installed package is what they import."""
    folder = tmp_path / "programs"
    for name in ("accepted", "refused"):
        shutil.copytree(HERE / name, folder / name)
    return folder


def collect(entries: Iterator[tuple[Path, int, str]], folder: Path) -> Findings:
    """Sort a checker's findings by place."""
    findings: Findings = {}
    for path, line, name in entries:
        findings.setdefault((path.resolve().relative_to(folder.resolve()).as_posix(), line), set()).add(name)
    return findings


def mypy_findings(programs: Path) -> Findings:
    """What mypy --strict finds in all programs."""
    config = programs / "mypy.ini"
    config.write_text("[mypy]\n", "utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--output", "json", "--config-file", str(config)),
            *("--python-executable", sys.executable, "--explicit-package-bases", "accepted", "refused"),
        ],
        cwd=programs,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    errors = [entry for entry in entries if entry["severity"] == "error"]
    return collect(((programs / entry["file"], entry["line"], entry["code"]) for entry in errors), programs)


def pyright_findings(programs: Path) -> Findings:
    """What pyright finds in all programs, in strict mode."""
    settings = {
        "include": ["accepted", "refused"],
        "typeCheckingMode": "strict",
        # What follows from a mistake is not the mistake.
        "reportUnusedExpression": "none",
        "reportUnknownMemberType": "none",
        "reportUnknownVariableType": "none",
        "reportUnknownArgumentType": "none",
    }
    (programs / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=programs,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr or done.stdout
    errors = json.loads(done.stdout)["generalDiagnostics"]
    return collect(
        (
            (Path(error["file"]), error["range"]["start"]["line"] + 1, error.get("rule", "error"))
            for error in errors
            if error["severity"] == "error"
        ),
        programs,
    )


@pytest.mark.parametrize("checker", [mypy_findings, pyright_findings])
def test_programs_are_judged_rightly(checker: Callable[[Path], Findings], programs: Path) -> None:
    """Each checker finds nothing in right programs, and in wrong ones the marked mistakes and nothing else."""
    findings = checker(programs)
    assert {place: names for place, names in findings.items() if place[0].startswith("accepted/")} == {}
    assert findings == of_checker(expected(REFUSED), pyright=checker is pyright_findings)


def test_each_mistake_is_expected_of_both_checkers() -> None:
    """Every marked line names the mistake for mypy and for pyright, and no accepted program is marked."""
    marks = expected(REFUSED)
    assert len(marks) > 50
    for place, names in marks.items():
        assert {name.startswith("report") for name in names} == {True, False}, place
    assert expected(ACCEPTED) == {}
