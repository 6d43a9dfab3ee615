"""docs/how-to/from-umapi-client.md: both programs print what the page says, and its table has all names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from sdk_kit import closed_port

import umapi_sdk
import umapi_sdk.compat as umapi_client
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk.compat import naming
from umapi_sdk.session import UnsentActionsWarning

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "from-umapi-client.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = re.findall(r"^```(\S*)(?: (\S+))?\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
PROGRAMS = {name: content for kind, name, content in BLOCKS if kind == "python"}
BEFORE, AFTER = PROGRAMS["before.py"], PROGRAMS["after.py"]
BEFORE_PRINTS, AFTER_PRINTS = (content for kind, _, content in BLOCKS if not kind)


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


def test_both_ways_to_handle_errors_find_what_is_not_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody listens, both say that two actions were not sent; the SDK's own way has them among the rest."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    exec(compile(PROGRAMS["errors_before.py"], str(PAGE), "exec"), before)
    exec(compile(PROGRAMS["errors_after.py"], str(PAGE), "exec"), after)
    endpoint = f"http://127.0.0.1:{closed_port()}/v2/usermanagement"
    monkeypatch.setenv("UMAPI_ENDPOINT", endpoint)
    people = ("a@example.com", "b@example.com")
    old = [umapi_client.UserAction(email).add_to_groups(["DevOps"]) for email in people]
    auth = umapi_client.OAuthS2S(
        os.environ["UMAPI_CLIENT_ID"], os.environ["UMAPI_CLIENT_SECRET"], os.environ["UMAPI_IMS_URL"]
    )
    conn = umapi_client.Connection("1@AdobeOrg", auth, endpoint, max_retries=1)
    assert before["send"](conn, old) == []
    assert conn.action_queue == old
    with pytest.warns(UnsentActionsWarning):
        conn.close()
    assert " - 2 not sent\n" in capsys.readouterr().out
    new = [umapi_sdk.UserAction(email).add_to_groups(["DevOps"]) for email in people]
    with umapi_sdk.connect(max_retries=1) as connection:
        assert after["send"](connection, new) == new
    assert " - 2 not sent\n" in capsys.readouterr().out


def test_the_table_has_all_that_release_2_had() -> None:
    """Each name and argument of which `compat` says what became of it is in the table, to be moved in one round."""
    section = TEXT.partition("### From umapi-client 2")[2].partition("\n## ")[0]
    told = set(re.findall(r"\w+", section))
    gone = {name for arguments in vars(naming)["_FORMER"].values() for name in arguments}
    assert sorted((gone | set(vars(umapi_client)["_FORMER"])) - told) == []
