"""ARCHITECTURE.md names the modules that there are: no other, and in the rooms that it lists in full, all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
HARNESS = ROOT / "harness" / "umapi_harness"
PATH = re.compile(r"[\w.-][\w./-]*/[\w.-]*|[\w-]+\.(?:md|py|toml|json)")
ROOMS = (
    *("schema", "generated", "umapi_runtime", "umapi_sdk", "harness", "examples", "benchmarks", "ci", "templates"),
    "tools",
    *("docs", "tests"),
)
MOCK_ROOMS = ("serving", "control", "faults", "api", "state")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table after the words `heading`."""
    _, _, after = TEXT.partition(heading)
    lines = after.partition("\n|")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def words(text: str) -> set[str]:
    """The names of modules and packages among what stands in backticks."""
    found = (re.fullmatch(r"(\w+)(?:\.py|/)?", code) for code in re.findall(r"`([^`\n]+)`", text))
    return {match[1] for match in found if match is not None}


def modules(folder: Path) -> set[str]:
    """The modules of a folder."""
    return {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}


def packages(folder: Path) -> set[str]:
    """The folders in it that hold something of the project."""
    return {path.name for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__"}


def test_each_path_exists() -> None:
    """Every file and folder that the page names is there, below the root or in the room that is spoken of."""
    named = {code for code in re.findall(r"`([^`\n]+)`", TEXT) if PATH.fullmatch(code)}
    files = {
        str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / room).rglob("*") if ".pyc" not in path.name
    }
    known = {f"/{path}" for path in (*files, *ROOMS, *(path.name for path in ROOT.glob("*.*")))}
    assert len(named) > 30
    assert [one for one in sorted(named) if not any(path.endswith(f"/{one.rstrip('/')}") for path in known)] == []


@pytest.mark.parametrize("room", MOCK_ROOMS)
def test_the_rooms_of_the_mock_are_listed_in_full(room: str) -> None:
    """Each floor of the mock server names all of its modules, and nothing that is not there."""
    (told,) = [cells[1] for cells in rows("In `mock/`") if cells[0] == f"`{room}/`"]
    folder = HARNESS / "mock" / room
    assert sorted(modules(folder) - words(told)) == []
    assert sorted(words(told) - modules(folder) - packages(folder)) == []


def test_the_mock_is_listed_in_full() -> None:
    """Every floor has its line, and so has every module beside them."""
    named = set[str]().union(*(words(cells[0]) for cells in rows("In `mock/`")))
    folder = HARNESS / "mock"
    floors = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert named == modules(folder) | floors


def test_the_sdk_is_listed_in_full() -> None:
    """Every module of the SDK has its line, and every line its module."""
    folder = ROOT / "umapi_sdk"
    named = set[str]().union(*(words(cells[0]) for cells in rows("### `umapi_sdk/`")))
    assert named == modules(folder) | {path.parent.name for path in folder.glob("*/__init__.py")}


def test_the_harness_is_listed_in_full() -> None:
    """Every package of the harness has its line, and every line its package or module."""
    named = set[str]().union(*(words(cells[0]) for cells in rows("### `harness/umapi_harness/`")))
    assert named - packages(HARNESS) - modules(HARNESS) == set()
    assert {path.parent.name for path in HARNESS.glob("*/__init__.py")} - named == set()


def test_contract_is_listed_in_full() -> None:
    """The table of `contract/` names all of its modules, and nothing that is not there."""
    told = set[str]().union(*(words(cells[1]) for cells in rows("In `contract/`:")))
    folder = HARNESS / "contract"
    inner = set[str]().union(*(modules(folder / name) for name in packages(folder)))
    assert sorted(told - modules(folder) - packages(folder) - inner) == []
    assert sorted(modules(folder) - told) == []
