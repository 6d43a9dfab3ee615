"""Random sessions: whatever programs do on the SDK, their recordings verify.

`UMAPI_SESSIONS=2000 pytest tests/contract/test_contract_sessions.py` runs as many as that.
"""

from __future__ import annotations

import os

import attrs
import pytest

from umapi_harness.contract import Grade, own_judges, verify
from umapi_harness.contract.recordings import RecordedResponse, Recording
from umapi_harness.mock.settings import PROFILES
from umapi_harness.reading import SdkJudge
from umapi_random_sessions import random_session
from umapi_sessions import SEED, Session

SESSIONS = int(os.environ.get("UMAPI_SESSIONS", "40"))
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
