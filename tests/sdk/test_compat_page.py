"""docs/how-to/from-umapi-client.md: both programs print what the page says, and its table has all names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import umapi_sdk
import umapi_sdk.compat as umapi_client
from umapi_harness.mock.serving.server import RunningServer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "from-umapi-client.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = re.findall(r"^```(\S*)(?: \S+)?\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
BEFORE, AFTER = (content for kind, content in BLOCKS if kind == "python")
BEFORE_PRINTS, AFTER_PRINTS = (content for kind, content in BLOCKS if not kind)


@pytest.fixture(autouse=True)
def connected(mock: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the programs name leads to the mock server."""
    details = mock.details
    for line in details.export_lines():
        name, _, value = line.removeprefix("export ").partition("=")
        monkeypatch.setenv(name, value.removeprefix("'").removesuffix("'"))


@pytest.mark.parametrize(
    ("program", "prints"), [(BEFORE, BEFORE_PRINTS), (AFTER, AFTER_PRINTS)], ids=["before", "after"]
)
def test_a_program_prints_what_the_page_says(program: str, prints: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The program is run as it stands, on the mock server's organisation as it is at first."""
    names: dict[str, Any] = {}
    exec(compile(program, str(PAGE), "exec"), names)
    assert capsys.readouterr().out == prints
    if isinstance(names["conn"], umapi_client.connection.Connection):
        names["conn"].close()


def test_each_name_is_on_the_page() -> None:
    """The page tells of each class and error that the module exports."""
    told = set(re.findall(r"\w+", TEXT))
    modules = {"__version__", "api", "connection", "error", "functional", "auth"}
    assert sorted(set(umapi_client.__all__) - told - modules) == []
    assert {name for name in umapi_sdk.__all__ if name.endswith("Error")} - told <= {
        *("ActionError", "ConfigurationError", "JournalError", "StepError", "UmapiError"),
    }
