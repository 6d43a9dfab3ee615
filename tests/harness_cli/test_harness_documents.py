"""Documents that break careless readers: a number of thousands of digits, and nesting without end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.harness_cli.conftest import Run

DIGITS = "9" * 5000
NESTED = "[" * 100_000
COLLECTION = (
    '{"info": {"name": "x", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},'
    ' "item": [], "variable": [{"key": "a", "value": %s}]}'
)
COMMAND = ("--", sys.executable, "-c", "print('started')")
HERE = "{file}"


@pytest.mark.parametrize("value", [DIGITS, NESTED], ids=["digits", "nesting"])
@pytest.mark.parametrize(
    ("words", "document"),
    [
        (("exec", "--seed", HERE, *COMMAND), '{"users": [{"email": %s}]}'),
        (("exec", "--faults", HERE, *COMMAND), '[{"operation": "users", "nth": %s}]'),
        (("run", HERE), COLLECTION),
        (("run", "--environment", HERE), '{"values": [{"key": "a", "value": %s}]}'),
        (("run", "--globals", HERE), '{"values": [{"key": "a", "value": %s}]}'),
        (("run", "--iteration-data", HERE), '[{"a": %s}]'),
        (("verify", HERE), '{"log": {"version": "1.2", "entries": [{"time": %s}]}}'),
        (("diff", HERE, HERE), '{"log": {"version": "1.2", "entries": [{"time": %s}]}}'),
        (("redact", HERE, "clean.har"), '{"log": {"version": "1.2", "entries": [{"time": %s}]}}'),
        (("replay", HERE), '{"log": {"version": "1.2", "entries": [{"time": %s}]}}'),
    ],
    ids=["seed", "faults", "collection", "environment", "globals", "data", "verify", "diff", "redact", "replay"],
)
def test_files_that_python_cannot_hold(
    run: Run, tmp_path: Path, words: tuple[str, ...], document: str, value: str
) -> None:
    """Each is one line that names the file, with status 2, and speaks of the file, not of Python's settings."""
    path = tmp_path / "given.json"
    path.write_text(document % value, "utf-8")
    ran = run(*(word.format(file=path) for word in words))
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"umapi-harness: {path}")
    assert "sys." not in ran.err
    assert len(ran.err) < 400


@pytest.mark.parametrize("value", [DIGITS, NESTED], ids=["digits", "nesting"])
def test_settings_that_python_cannot_hold(run: Run, value: str) -> None:
    """A value on the command line is refused in one short line."""
    ran = run("exec", "--setting", f"body_limit={value}", *COMMAND)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("umapi-harness: --setting: /body_limit: ")
    assert len(ran.err) < 200


@pytest.mark.parametrize("body", [f'[{{"user": {DIGITS}}}]', "[" * 3000 + "]" * 3000], ids=["digits", "nesting"])
def test_bodies_that_python_cannot_hold(run: Run, tmp_path: Path, body: str) -> None:
    """A recorded body is judged like any other that breaks the schema, and the report is written."""
    url = "https://usermanagement.adobe.io/v2/usermanagement/action/12345@AdobeOrg"
    headers = [{"name": "Content-Type", "value": "application/json"}]
    request = {"method": "POST", "url": url, "httpVersion": "HTTP/1.1", "headers": headers, "queryString": []}
    content = {"size": len(body), "mimeType": "application/json", "text": body}
    answer = {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "headers": headers, "content": content}
    entry = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "time": 1,
        "request": {**request, "postData": {"mimeType": "application/json", "text": body}},
        "response": answer,
    }
    path = tmp_path / "recorded.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}), "utf-8")
    ran = run("verify", path)
    assert ran.status == 1, ran.err
    assert "1 exchange" in ran.out + ran.err


def test_a_message_on_standard_error_is_no_command_of_a_ci_service(run: Run) -> None:
    """The name of a file is anybody's, and some services look for commands anywhere in a line."""
    ran = run("run", "##[group]x.json")
    assert ran.status == 2
    assert ran.err.startswith(r"umapi-harness: #\x23[group]x.json: ")
