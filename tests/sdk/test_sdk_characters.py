"""Texts of the service that are shown: whatever is in them, they are one line of text and nothing else."""

from __future__ import annotations

import json
import logging
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds_kit import KINDS, calling
from sdk_kit import STEADY, Reply, ScriptedServer, Time, action_answer, users_page

from umapi_sdk import OutcomeStatus, ServiceError, UserAction
from umapi_sdk.characters import encodable, shown

kinds = pytest.mark.parametrize("kind", KINDS)
NASTY = "half \ud800 pair \x1b[2J\x00 \u202eevil\u2069\u2028 next\r\nline \U0001f468\u200d\U0001f469 Jos\u00e9"
FIT = "half \ufffd pair  [2J   evil   next  line \U0001f468\u200d\U0001f469 Jos\u00e9"


@STEADY
@given(st.text(st.characters()))
def test_what_is_shown_is_one_line_of_text(text: str) -> None:
    """Every text becomes one that can be encoded, of one line, without controls, marks of direction and halves."""
    fit = shown(text)
    fit.encode("utf-8")
    assert shown(fit) == fit
    assert {unicodedata.category(letter) for letter in fit}.isdisjoint({"Cc", "Zl", "Zp", "Cs"})
    assert {unicodedata.bidirectional(letter) for letter in fit}.isdisjoint({"LRE", "RLE", "RLO", "LRO", "RLI", "LRI"})
    assert encodable(text).encode("utf-8").decode("utf-8") == encodable(text)


def test_names_stay_as_they_are() -> None:
    """Letters of all scripts, symbols, joiners and combining accents are text."""
    for name in ("Jose\u0301 O'Neil", "\u0645\u06cc\u200c\u062e", "\u5c71\u7530", FIT):
        assert shown(name) == name


@kinds
def test_outcomes_and_errors_can_be_printed(
    kind: str, wire: ScriptedServer, time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    """An outcome and an exception with words of the service print as one safe line; its words are kept."""
    failure = {"index": 0, "step": 0, "errorCode": NASTY, "message": NASTY}
    wire.replies += [
        Reply(body=json.dumps(action_answer(1, [failure])).encode()),
        Reply(status=400, body={"result": "error.command.malformed", "message": NASTY}),
    ]
    with calling(kind, wire, time) as caller:
        (outcome,) = caller.execute(UserAction("a@example.com").add_to_groups(["g"])).outcomes
        with pytest.raises(ServiceError) as caught:
            caller.execute(UserAction("b@example.com").add_to_groups(["g"]))
    assert (outcome.status, outcome.errors[0].message) == (OutcomeStatus.FAILED, NASTY)
    print(outcome, outcome.errors[0], outcome, caught.value, caught.value.outcomes[0], sep="\n")
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), [line for line in lines if shown(line) != line]) == (5, [])
    assert all("Jos\u00e9" in line for line in lines)


@kinds
def test_objects_can_be_printed(
    kind: str, wire: ScriptedServer, time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user with such a name is read as it came, and prints."""
    page: Any = users_page(["a@example.com"], 0, 1, 1)
    page.body["users"][0]["firstname"] = NASTY
    wire.replies.append(page)
    with calling(kind, wire, time) as caller:
        (user,) = caller.users()
    assert user.first_name == NASTY
    print(user)
    assert len(capsys.readouterr().out.splitlines()) == 1


@kinds
def test_log_has_one_line_for_an_answer(
    kind: str, wire: ScriptedServer, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """A request id from the wire forges no line and no colour in a log."""
    wire.request_id = "one\x9b31mtwo"
    wire.replies.append(users_page(["a@example.com"], 0, 1, 1))
    with caplog.at_level(logging.DEBUG, "umapi_sdk"), calling(kind, wire, time) as caller:
        caller.users()
    assert [record for record in caplog.messages if shown(record) != record] == []
