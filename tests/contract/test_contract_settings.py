"""Settings: what a recording has from a mock server of other settings is explained by them, and no MUST is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from umapi_harness.contract import Grade, Verification, verify
from umapi_harness.contract.judges.simulation import MockJudge
from umapi_harness.mock import Settings
from umapi_sessions import SEED, Session


def _verified(session: Session) -> Verification:
    return verify([session.recording()], [MockJudge()])


def _explained(verification: Verification) -> Mapping[str, Any]:
    """All settings that findings name; no finding may be a MUST."""
    assert [str(one) for one in verification.findings if one.grade is Grade.MUST] == []
    found: dict[str, Any] = {}
    for one in verification.findings:
        found |= one.settings or {}
    return found


def test_a_setting_whose_effect_shows_late_is_found() -> None:
    """That a user name did not follow the e-mail shows only in a later query, and settings are tried on the update."""
    user = {"email": "amy@f.example", "type": "federatedID", "username": "amy@f.example"}
    session = Session({**SEED, "users": [*SEED["users"], user]}, Settings(username_follows_email=False))
    session.users()
    session.act([{"user": "amy@f.example", "do": [{"update": {"email": "amelie@f.example"}}]}])
    session.user("amelie@f.example")
    session.users()
    session.act([{"user": "amy@f.example", "do": [{"update": {"firstname": "Amelie"}}]}])
    assert _explained(_verified(session)) == {"username_follows_email": False}


def test_a_setting_that_acts_on_a_listing_of_several_pages_is_found() -> None:
    """All pages of the listing that shows it are compared with the answers under the setting."""
    users = [
        {"email": f"user{place}@f.example", "type": "federatedID", "username": f"user{place}@f.example"}
        for place in range(8)
    ]
    session = Session(
        {**SEED, "users": [*SEED["users"], *users]}, Settings(username_follows_email=False, users_page_size=3)
    )
    session.users()
    for place in range(8):
        change = {"update": {"email": f"other{place}@f.example"}}
        session.act([{"user": f"user{place}@f.example", "do": [change]}])
    session.users()
    assert _explained(_verified(session)) == {"username_follows_email": False}


@pytest.mark.parametrize(
    ("setting", "commands"),
    [
        ({"commands_per_request": 2}, [{"user": "bob@f.example", "do": [{"update": {"firstname": "X"}}]}] * 3),
        ({"memberships_per_step": 1}, [{"user": "bob@f.example", "do": [{"add": {"group": ["Artists", "Paint"]}}]}]),
        ({"steps_per_command": 3}, [{"user": "bob@f.example", "do": [{"update": {"firstname": "X"}}] * 4}]),
        ({"body_limit": 90}, [{"user": "bob@f.example", "do": [{"update": {"firstname": "X" * 30}}]}]),
    ],
)
def test_a_limit_is_taken_from_the_message_that_names_it(setting: dict[str, int], commands: list[Any]) -> None:
    """The number in `max 2` is the value of the setting that explains the refusal."""
    session = Session(SEED, Settings().changed(setting))
    session.users()
    session.act(commands)
    session.users()
    assert _explained(_verified(session)) == setting
