"""The programs of the pages about tests pass strict type checking, once their arguments have types."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```python(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BARE = re.compile(r"^( *def (\w+))\(([\w, ]*)\):$", re.MULTILINE)
TYPES = {
    "umapi_org": "UmapiOrg",
    "umapi_server": "UmapiServer",
    "monkeypatch": "pytest.MonkeyPatch",
    "email": "str",
    "first_name": "str",
    "last_name": "str",
    "group": "str",
}
RESULTS = {"onboard": "Outcome"}
IMPORTS = "import pytest\nfrom umapi_harness.testing import UmapiOrg, UmapiServer\nfrom umapi_sdk import Outcome\n"


def annotated(program: str) -> str:
    """A program whose functions have types where they have none."""

    def typed(found: re.Match[str]) -> str:
        names = [name.strip() for name in found[3].split(",") if name.strip()]
        arguments = ", ".join(f"{name}: {TYPES[name]}" for name in names)
        return f"{found[1]}({arguments}) -> {RESULTS.get(found[2], 'None')}:"

    return IMPORTS + BARE.sub(typed, program)


@pytest.mark.parametrize("page", ["how-to/pytest.md", "tutorial.md"])
def test_programs_of_a_page_pass_mypy_strict(page: str, tmp_path: Path) -> None:
    """Whoever copies a program of the page, and gives its functions types, has nothing to mend."""
    programs = FENCE.findall((DOCS / page).read_text("utf-8"))
    assert programs
    files: dict[str, str] = {}
    for name, program in programs:
        files[name or "test_page.py"] = files.get(name or "test_page.py", "") + program
    for name, program in files.items():
        (tmp_path / name).write_text(annotated(program), "utf-8")
    (tmp_path / "mypy.ini").write_text("[mypy]\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "mypy.ini", *files],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
