"""Programs that are killed with SIGKILL at random moments, against a server that fails in every way, and then go on.

The size is that of a quick test; TEST_UMAPI_KILLS=100 makes it 100 kills of a run of 5,000 rows.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from bulk_kit import Site, count_changes, people, rows_of_every_kind
from judging_kit import assert_true
from program_kit import serving_people, start

from umapi_harness.mock.faults.plans import read_plan
from umapi_harness.mock.serving.server import RunningServer
from umapi_harness.mock.state.exports import export_seed
from umapi_sdk import BulkRun

KILLS = int(os.environ.get("TEST_UMAPI_KILLS", "8"))
NEW, OLD = (1750, 1875) if KILLS >= 100 else (140, 150)
FAULTS = [
    {"operation": "action", "kind": "drop", "when": "after", "rate": 0.05},
    {"operation": "action", "kind": "drop", "when": "during", "rate": 0.05},
    {"operation": "action", "kind": "drop", "when": "before", "rate": 0.05},
    {"operation": "action", "status": 502, "when": "after", "rate": 0.05},
    {"operation": "action", "kind": "truncate", "rate": 0.03},
    {"operation": "*", "status": 503, "rate": 0.05},
    {"operation": "*", "status": 429, "retry_after": 2, "rate": 0.05},
    {"operation": "action", "status": 429, "retry_after": 2000, "rate": 0.02},
    {"operation": "*", "kind": "revoke", "rate": 0.05},
    {"operation": "user", "kind": "drop", "rate": 0.05},
    {"operation": "token", "status": 503, "rate": 0.1},
]


def ended(program: subprocess.Popen[str], server: RunningServer, further: int, pause: float) -> bool:
    """Whether a program ends before the server has had so many further requests, and a pause more in seconds."""
    wanted = server.world.journal.numbers.stop + further
    while server.world.journal.numbers.stop < wanted:
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(0.005)
            return True
    with contextlib.suppress(subprocess.TimeoutExpired):
        program.wait(pause)
        return True
    return False


@pytest.mark.parametrize("by_group", [False, True], ids=["by user", "by group"])
def test_kills_at_random_moments_lose_and_repeat_nothing(tmp_path: Path, by_group: bool) -> None:
    """After every kill the run goes on, and ends with the organisation and the results of a quiet run."""
    with serving_people(OLD) as server:
        quiet = Site(tmp_path / "quiet", people(OLD))
        _, expected = quiet.run(rows_of_every_kind(NEW, OLD), by_group=by_group)
        changes: Counter[tuple[str, str]] = Counter()
        count_changes(server.world.organization(), changes)
        plan = read_plan({"faults": FAULTS, "random_seed": KILLS}, where="test")
        server.world.faults.extend(plan.faults, plan.random_seed)
        journal = tmp_path / "run.umapi"
        details = server.details
        rows = rows_of_every_kind(NEW, OLD)
        with BulkRun.create(journal, rows, org_id=details.org_id, endpoint=details.api_url, by_group=by_group) as run:
            requests = run.plan_summary().requests
        chance = random.Random(KILLS)
        kills = sessions = 0
        code = -signal.SIGKILL
        while code != 0:
            sessions += 1
            program = start(server, journal, tmp_path)
            # By requests and not by time, so that a fast machine has as many kills as a slow one.
            further = chance.randrange(1, max(2, requests // KILLS)) if kills < KILLS else requests * 100
            if not ended(program, server, further, chance.random() * 0.02):
                program.send_signal(signal.SIGKILL)
                kills += 1
            code = program.wait()
            output, complaints = program.communicate()
            assert code in (0, -signal.SIGKILL), (output, complaints)
            assert sessions < 3 * KILLS + 10
        with BulkRun.open(journal) as run:
            results = list(run.results())
        told = Counter(f"{result.outcome}{', reconciled' if result.reconciled else ''}" for result in results)
        print(f"{len(rows)} rows, {kills} kills, {sessions} sessions, {len(changes)} changes: {dict(told)}")
        assert kills > KILLS // 2
        assert export_seed(server.world.organization()) == quiet.state()
        assert [change for change, times in changes.items() if times > 1] == []
        assert_true(results, expected)
        quiet.close()
