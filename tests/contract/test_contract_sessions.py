"""Random sessions: whatever programs do on the SDK, their recordings verify.

`UMAPI_SESSIONS=2000 pytest tests/contract/test_contract_sessions.py` runs as many as that.
"""

from __future__ import annotations

import os

import pytest

from umapi_harness.contract import Grade, own_judges, verify
from umapi_harness.mock.settings import PROFILES
from umapi_harness.reading import SdkJudge
from umapi_random_sessions import random_session

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
