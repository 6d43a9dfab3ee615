"""The corpus itself: what it covers, what it names, and that it holds no secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from umapi_harness.contract import redaction
from umapi_harness.contract.recordings import Exchange, Recording, write
from umapi_harness.contract.schema import operations
from umapi_models import schemas


def _commands(exchange: Exchange) -> list[dict[str, Any]]:
    """The commands of a request that has some."""
    commands: list[dict[str, Any]] = json.loads(exchange.request.body)
    return commands


def test_every_operation_has_every_documented_status(corpus: tuple[Exchange, ...]) -> None:
    """Each status of each operation in the OpenAPI document that is not deprecated is recorded at least once."""
    recorded = {(exchange.operation, exchange.response.status) for exchange in corpus}
    current = {name: operation for name, operation in operations().items() if not operation.deprecated}
    documented = {(name, status) for name, operation in current.items() for status in operation.answers}
    assert documented - recorded == set()


@pytest.mark.parametrize(
    ("root", "file", "name"),
    [
        ("user", "user-steps.json", "UserStep"),
        ("usergroup", "usergroup-steps.json", "UserGroupStep"),
    ],
)
def test_every_step_is_recorded_with_success(corpus: tuple[Exchange, ...], root: str, file: str, name: str) -> None:
    """Each step of the schema stands in a request of which every command completed."""
    recorded = {
        step
        for exchange in corpus
        if exchange.operation == "action" and exchange.response.body.endswith(b'"result": "success"}')
        for command in _commands(exchange)
        if root in command
        for steps in command["do"]
        for step in steps
    }
    assert recorded == set(schemas.read(file)["$defs"][name]["properties"])


def test_every_result_of_an_action_is_recorded(corpus: tuple[Exchange, ...]) -> None:
    """There are full success, partial success, failure, warnings, and test mode with and without errors."""
    seen: set[str] = set()
    for exchange in corpus:
        if exchange.operation == "action" and exchange.response.status == 200:
            answer = exchange.response.json()
            mode = "test " if "testOnly=true" in exchange.request.url else ""
            seen.add(mode + answer["result"])
            if answer.get("warnings"):
                seen.add(mode + "warning")
    assert {"success", "partial", "error", "warning", "test success", "test partial", "test error"} <= seen


def test_every_form_of_refusal_is_recorded(corpus: tuple[Exchange, ...]) -> None:
    """Both forms of 401, 403 and Retry-After, and the groups page past the end, are there for every query."""
    forms: dict[str, set[str | None]] = {}
    for exchange in corpus:
        status, body = exchange.response.status, exchange.response.body
        waits = (exchange.response.header("Retry-After") or "").isdigit()
        found = {
            "empty 401": status == 401 and not body,
            "401 with body": status == 401 and bool(body),
            "empty 403": status == 403 and not body,
            "403 with body": status == 403 and bool(body),
            "429 with seconds": status == 429 and waits,
            "429 with a date": status == 429 and not waits,
            "past the end": body.endswith(b'"Not found"}'),
        }
        for form in (form for form, holds in found.items() if holds):
            forms.setdefault(form, set()).add(exchange.operation)
    authorised = {"action", "users", "groupUsers", "user", "groups"}
    assert forms.pop("past the end") == {"groups"}
    assert all(names >= authorised for names in forms.values())
    assert len(forms) == 6


def test_both_token_flows_are_recorded_with_their_failures(corpus: tuple[Exchange, ...]) -> None:
    """Every token endpoint gives a token and refuses one, and the units of expires_in are told apart."""
    lives: dict[str | None, set[int]] = {}
    errors: dict[str | None, set[str]] = {}
    for exchange in (one for one in corpus if "/ims/" in one.request.url):
        answer = exchange.response.json()
        if exchange.response.status == 200:
            lives.setdefault(exchange.operation, set()).add(answer["expires_in"])
        elif exchange.response.status == 400:
            errors.setdefault(exchange.operation, set()).add(answer["error"])
    assert lives == {"oauthTokenV2": {86399}, "oauthTokenV3": {86399}, "exchangeJwt": {86399000}}
    assert errors == {
        "oauthTokenV2": {"invalid_client"},
        "oauthTokenV3": {"invalid_client"},
        "exchangeJwt": {"invalid_token", "invalid_scope"},
    }


def test_the_exchange_names_its_page(exchange: Exchange) -> None:
    """The comment names the page of the documentation or the sample that the exchange was made from."""
    assert re.match(r"[\w/ .-]+\.(md|py|json)\b", exchange.source)
    assert exchange.notes["operation"] in operations()
    assert exchange.notes["operation"] == exchange.operation


def test_the_comment_is_the_source(recordings: tuple[Recording, ...]) -> None:
    """Programs that know nothing of `_umapi` find the page in the entry's comment."""
    for recording in recordings:
        document = json.loads(Path(recording.path).read_text("utf-8"))
        entries: list[dict[str, Any]] = document["log"]["entries"]
        assert [entry["comment"] for entry in entries] == [entry["_umapi"]["source"] for entry in entries]


def test_files_are_as_the_harness_writes_them(recordings: tuple[Recording, ...]) -> None:
    """Reading a file and writing it again, which masks secrets, changes nothing."""
    for recording in recordings:
        assert write(recording.exchanges) == Path(recording.path).read_text("utf-8")


def test_no_recording_holds_a_secret(recordings: tuple[Recording, ...]) -> None:
    """Everything that could be a token, secret, JWT or key is the placeholder.

    Judged without the redaction's own patterns: by the places where the API's secrets stand, and by form.
    """
    for recording in recordings:
        text = Path(recording.path).read_text("utf-8")
        assert re.findall(r"eyJ[\w-]+|BEGIN [A-Z ]*KEY|BEGIN CERTIFICATE", text) == []
        assert set(re.findall(r"(?:client_secret|jwt_token|access_token)=([^&\"\\]*)", text)) <= {redaction.REDACTED}
        assert set(re.findall(r'access_token\\": \\"([^"\\]*)', text)) <= {redaction.REDACTED}
        parts = re.findall(r'name=\\"(?:client_secret|jwt_token)\\"(?:\\r\\n)+([^\\]*)', text)
        assert set(parts) <= {redaction.REDACTED}
        for exchange in recording.exchanges:
            assert exchange.request.header("Authorization") in (None, f"Bearer {redaction.REDACTED}")
            assert exchange.request.header("Cookie") is None
            assert exchange.response.header("Set-Cookie") is None
