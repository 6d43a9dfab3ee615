"""The walkthrough recorded under UMAPI_RECORD against the mock server, and verified: no setting leaves a MUST."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.contract import Grade, own_judges, verify
from umapi_harness.mock.serving.server import running_server
from umapi_harness.mock.settings import PROFILES, Settings
from umapi_harness.reading import SdkJudge

WALKTHROUGH = Path(__file__).resolve().parents[2] / "examples" / "walkthrough.py"


def _recorded(settings: Settings, folder: Path) -> list[str]:
    """Run the walkthrough as far as it comes against a server of these settings; return the recordings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("UMAPI_")}
    record = {"UMAPI_RECORD": str(folder / "walk.har"), "UMAPI_PSEUDONYM_KEY": "k", "NO_PROXY": "127.0.0.1"}
    with running_server(settings=settings) as server:
        lines = (line.removeprefix("export ").partition("=") for line in server.details.export_lines())
        given = {name: value.removeprefix("'").removesuffix("'") for name, _, value in lines}
        subprocess.run(
            [sys.executable, str(WALKTHROUGH)],
            env={**kept, **given, **record},
            capture_output=True,
            check=False,
            timeout=120,
        )
    return sorted(map(str, folder.glob("*.har")))


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"username_follows_email": False},
        {"upper_case_enterprise_usernames": False},
        {"adobe_id_answers_create": False},
        {"steps_after_failure": False},
        {"memberships_per_step": 1},
        {"commands_per_request": 2},
    ],
    ids=lambda changes: next(iter(changes), "none"),
)
def test_the_recorded_walkthrough_verifies(profile: str, changes: dict[str, Any], tmp_path: Path) -> None:
    """Whoever records the walkthrough and knows nothing of the server's settings is told of no broken contract."""
    files = _recorded(PROFILES[profile]().changed(changes), tmp_path)
    assert files
    verification = verify(files, [*own_judges(), SdkJudge()])
    assert [str(one) for one in verification.findings if one.grade is Grade.MUST] == []
