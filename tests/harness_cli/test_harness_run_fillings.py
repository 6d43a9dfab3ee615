"""`umapi-harness run --mock --no-fill NAME`: variables that stay empty until a script of the collection sets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness_cli.conftest import Run

V21 = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
FETCHES = """
if (!pm.environment.get('accessToken') && !pm.globals.get('accessToken')) { pm.environment.set('accessToken', 'own'); }
"""


def collection() -> dict[str, Any]:
    """A request whose script gets a token only where there is none."""
    scripts = [
        {"listen": "prerequest", "script": {"exec": [FETCHES]}},
        {
            "listen": "test",
            "script": {"exec": ["pm.test('own', () => pm.expect(pm.variables.get('accessToken')).to.equal('own'));"]},
        },
    ]
    request = {"url": "https://usermanagement.adobe.io/v2/usermanagement/users/{{org_id}}/0"}
    return {"info": {"name": "C", "schema": V21}, "item": [{"name": "a", "request": request, "event": scripts}]}


@pytest.mark.parametrize(
    ("words", "filled", "passed"), [((), True, False), (("--no-fill", "accessToken"), False, True)]
)
def test_the_token_script_of_a_collection_runs_where_nothing_is_filled(
    run: Run, tmp_path: Path, words: tuple[str, ...], filled: bool, passed: bool
) -> None:
    """A token of the mock server keeps such a script from its work; with the option it stays away, others come."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps(collection()), "utf-8")
    ran = run("run", path, "--mock", "--allow", "http-error", *words)
    assert ("accessToken had no value and is filled" in ran.out) is filled
    assert "org_id had no value and is filled" in ran.out
    assert (ran.status == 0) is passed
