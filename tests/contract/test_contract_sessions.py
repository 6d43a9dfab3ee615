"""Random sessions: whatever programs do on the SDK, their recordings verify.

`TEST_UMAPI_SESSIONS=2000 pytest tests/contract/test_contract_sessions.py` runs as many as that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from umapi_harness.contract import Grade, own_judges, verify
from umapi_harness.contract.exchanges import Limits
from umapi_harness.contract.recordings import RecordedResponse, Recording, read, write
from umapi_harness.mock.settings import PROFILES
from umapi_harness.reading import SdkJudge
from umapi_random_sessions import random_session
from umapi_sessions import ORG, SEED, Session

SESSIONS = int(os.environ.get("TEST_UMAPI_SESSIONS", "40"))
TOGETHER = 10  # sessions in one test


@pytest.mark.parametrize("first", range(0, SESSIONS, TOGETHER))
def test_random_sessions_verify(first: int) -> None:
    """No judge says MUST of sessions that are made up from numbers, in odd organisations under odd settings."""
    found: list[str] = []
    judged = 0
    for number in range(first, min(first + TOGETHER, SESSIONS)):
        session = random_session(number)
        judges = (*own_judges(settings=PROFILES[session.profile]()), SdkJudge())
        verification = verify([session.recording], judges)
        found += [f"{number}: {one}" for one in verification.findings if one.grade is Grade.MUST]
        judged += min(verdict.judged for file in verification.files for verdict in file.verdicts)
    assert found == []
    assert judged > TOGETHER


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("done", [True, False])
def test_a_failure_leaves_in_doubt_what_it_was_about(status: int, done: bool) -> None:
    """Whether the commands behind a 5xx took effect or not, neither is held against the mock server."""
    session = Session(SEED)
    session.users()
    session.groups()
    session.act([{"user": "bob@f.example", "do": [{"removeFromOrg": {}}]}], test_only=not done)
    failed = len(session.exchanges) - 1
    session.users()
    exchanges = list(session.exchanges)
    request = attrs.evolve(exchanges[failed].request, url=exchanges[failed].request.url.partition("?")[0])
    exchanges[failed] = attrs.evolve(exchanges[failed], request=request, response=RecordedResponse(status=status))
    recording = Recording(path="failed", exchanges=tuple(exchanges))
    assert [str(one) for one in verify([recording], own_judges()).findings if one.grade is Grade.MUST] == []


def _aborted(entry: dict[str, Any]) -> None:
    entry["response"] |= {"status": 0, "content": {"size": 0, "mimeType": ""}}


def _without_answer(entry: dict[str, Any]) -> None:
    del entry["response"]["content"]["text"]


def _without_request(entry: dict[str, Any]) -> None:
    entry["request"] |= {"bodySize": len(entry["request"].pop("postData")["text"])}


LOST: tuple[Callable[[dict[str, Any]], None], ...] = (_aborted, _without_answer, _without_request)
CHANGING: tuple[dict[str, Any], ...] = (
    {"user": "bob@f.example", "do": [{"removeFromOrg": {}}]},
    {
        "user": "new@mail.example",
        "do": [{"addAdobeID": {"email": "new@mail.example"}}, {"add": {"group": ["Artists"]}}],
    },
    {"user": "bob@f.example", "do": [{"update": {"email": "rob@f.example", "firstname": "Rob"}}]},
    {"usergroup": "Artists", "do": [{"updateUserGroup": {"name": "Painters"}}]},
    {"usergroup": "Late", "do": [{"createUserGroup": {}}, {"add": {"user": ["bob@f.example"]}}]},
)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("command", CHANGING, ids=lambda one: next(iter(one["do"][0])))
@pytest.mark.parametrize("lose", LOST)
def test_an_entry_that_is_left_out_leaves_in_doubt_what_it_was_about(
    lose: Callable[[dict[str, Any]], None], command: dict[str, Any], known: bool
) -> None:
    """What a request did whose answer or body was not recorded is not held against the mock server."""
    session = Session(SEED)
    session.users()
    session.groups()
    session.act([command])
    place = len(session.exchanges) - 1
    session.users()
    session.users("Artists")
    session.groups()
    session.user("bob@f.example")
    session.act([{"user": "bob@f.example", "do": [{"add": {"group": ["Artists"]}}]}])
    document = json.loads(write(session.exchanges))
    lose(document["log"]["entries"][place])
    recording = read(json.dumps(document), "lost.har")
    assert len(recording.exchanges) == len(session.exchanges) - 1
    verification = verify([recording], own_judges(seeds=[{"org_id": ORG, **SEED}] if known else []))
    assert [str(one) for one in verification.findings if one.grade is Grade.MUST] == []


def test_an_aborted_request_that_is_too_large_to_read_leaves_everybody_in_doubt() -> None:
    """Where it went is read all the same, and of a body that is not, nobody can say whom it was about."""
    session = Session(SEED)
    session.users()
    session.act([{"user": "bob@f.example", "do": [{"removeFromOrg": {}}]}])
    session.users()
    document = json.loads(write(session.exchanges))
    entry = document["log"]["entries"][1]
    _aborted(entry)
    entry["request"]["postData"]["text"] += " " * 10_000
    recording = read(json.dumps(document), "lost.har", limits=Limits(body_bytes=8_000))
    verification = verify([recording], own_judges())
    assert [str(one) for one in verification.findings if one.grade is Grade.MUST] == []


def test_a_refusal_whose_body_is_lost_leaves_nothing_in_doubt() -> None:
    """A status of 400 tells that nothing was done, so a difference in the next listing is one."""
    session = Session(SEED)
    session.users()
    session.act([])
    session.users()
    document = json.loads(write(session.exchanges))
    _without_answer(document["log"]["entries"][1])
    last = document["log"]["entries"][2]["response"]["content"]
    last["text"] = last["text"].replace("Young", "Old")
    verification = verify([read(json.dumps(document), "lost.har")], own_judges())
    assert [one.place for one in verification.findings if one.grade is Grade.MUST] == ["body /users/2/lastname"]
