"""The examples of docs/explanation/outcomes.md, as a reader would run them."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from unittest import mock

import pytest
from plan_kit import Place

import umapi_sdk
from umapi_harness.mock import default_seed
from umapi_sdk.messages import Request, Response

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "outcomes.md"
EXAMPLES = re.findall(r"```python\n(.*?)```.*?```\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
# The organisation that a reader has, who starts the mock server without a seed.
DOCUMENT = {name: value for name, value in default_seed().items() if name not in {"org_id", "credentials"}}


def printed_by(example: str, place: Place) -> list[str]:
    """The lines that an example prints for an organisation."""
    output = io.StringIO()
    connecting = mock.patch.object(umapi_sdk, "connect", return_value=place.connection, create=True)
    with connecting, contextlib.redirect_stdout(output):
        exec(compile(example, str(PAGE), "exec"), {})
    return output.getvalue().splitlines()


def test_an_error_is_told_by_its_code_as_the_page_says() -> None:
    """A misspelt group is found by the code, compared as a type checker allows it."""
    example, printed = EXAMPLES[0]
    assert printed_by(example, Place(DOCUMENT)) == printed.splitlines()


def test_what_is_left_is_sent_as_the_page_says() -> None:
    """Two users are created and their group is misspelt: mended and sent again, nothing fails, and both are in it."""
    example, printed = EXAMPLES[1]
    place = Place(DOCUMENT)
    assert printed_by(example, place) == printed.splitlines()
    users = {user["email"]: user.get("groups") for user in place.state()["users"]}
    assert users["one@example.com"] == users["two@example.com"] == ["DevOps", "Marketing"]


def test_an_interrupted_run_prints_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the second request is under way: each action has the outcome that the page names."""
    example, printed = EXAMPLES[2]
    place = Place(DOCUMENT)
    send = place.send

    def interrupted(request: Request) -> Response:
        response = send(request)
        if len(place.requests) == 2:
            raise KeyboardInterrupt
        return response

    monkeypatch.setattr(place, "send", interrupted)
    lines = printed_by(example, place)
    first, _, second, _, third, _ = printed.splitlines()
    assert [lines[0], lines[10], lines[20]] == [first, second, third]
    assert [line.split(": ")[1] for line in lines] == ["completed"] * 10 + ["unknown"] * 10 + ["not sent"] * 5
