"""CONTRIBUTING.md names what is there: files, folders, and environments of tox."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
HARNESS = ROOT / "harness" / "umapi_harness"
ROOMS = ("mock/", "contract/", "postman/", "report/", "reading/", "commands/", "common/")
PATH = re.compile(r"\.?[\w./-]+/(?:[\w.-]*)|[\w-]+\.(?:md|py|toml|json)")


def test_each_path_exists() -> None:
    """Every file and folder that the page names is there, in the room that its first word names."""
    named = {word for code in re.findall(r"`([^`\n]+)`", TEXT) for word in code.split() if PATH.fullmatch(word)}
    named |= set(re.findall(r"\]\(([^)#]+)\)", TEXT))
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL):
        named |= {word for word in block.split() if "/" in word}
    assert len(named) > 60
    assert [one for one in sorted(named) if not ((HARNESS if one.startswith(ROOMS) else ROOT) / one).exists()] == []


def test_each_environment_of_tox_exists() -> None:
    """Every `tox -e` that the page names can be run."""
    known = configparser.ConfigParser(interpolation=None)
    known.read(ROOT / "tox.ini", "utf-8")
    named = {one for found in re.findall(r"tox -e ([\w,-]+)", TEXT) for one in found.split(",")}
    sections = [
        re.sub(r"\{([\d,]+)\}", lambda match: f"({match[1].replace(',', '|')})", one) for one in known.sections()
    ]
    assert named
    assert [one for one in sorted(named) if not any(re.fullmatch(each, f"testenv:{one}") for each in sections)] == []


def test_each_recipe_names_a_file() -> None:
    """A recipe says where the change is made."""
    _, _, recipes = TEXT.partition("## Recipes\n")
    parts = re.split(r"^### ", recipes, flags=re.MULTILINE)[1:]
    assert parts
    assert [part.partition("\n")[0] for part in parts if not re.search(r"`[\w./-]+\.\w+`", part)] == []
