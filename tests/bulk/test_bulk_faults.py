"""Runs under faults: the organisation ends as without them, and each row is told what became of it."""

from __future__ import annotations

import pytest
from bulk_kit import MakeSite, rows_of_every_kind
from judging_kit import Truth, assert_true, truth

NEW, OLD = 60, 48

FAULTS = {
    "answers lost after the effect": [{"operation": "action", "kind": "drop", "when": "after", "rate": 0.3}],
    "answers lost half-way": [{"operation": "action", "kind": "drop", "when": "during", "rate": 0.3}],
    "requests lost before the effect": [{"operation": "action", "kind": "drop", "when": "before", "rate": 0.3}],
    "answers cut off": [{"operation": "action", "kind": "truncate", "rate": 0.3}],
    "gateways that lost the service": [
        {"operation": "action", "status": 502, "when": "after", "rate": 0.2},
        {"operation": "action", "status": 504, "when": "during", "rate": 0.2},
    ],
    "everything": [
        {"operation": "action", "kind": "drop", "when": "after", "rate": 0.1},
        {"operation": "action", "kind": "drop", "when": "during", "rate": 0.1},
        {"operation": "action", "status": 502, "when": "after", "rate": 0.1},
        {"operation": "*", "status": 503, "rate": 0.1},
        {"operation": "*", "status": 429, "retry_after": 5, "rate": 0.1},
        {"operation": "*", "kind": "revoke", "rate": 0.1},
        {"operation": "user", "kind": "drop", "rate": 0.1},
    ],
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """What runs without faults leave and tell."""
    return truth(tmp_path_factory.mktemp("undisturbed"), NEW, OLD)


@pytest.mark.parametrize("by_group", [False, True], ids=["by user", "by group"])
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("seed", [1, 2])
def test_faults_change_neither_what_is_done_nor_what_is_told(
    make_site: MakeSite,
    undisturbed: Truth,
    faults: list[dict[str, object]],
    by_group: bool,
    seed: int,
) -> None:
    """Whatever strikes the requests, the organisation ends the same, nothing is done twice, and no row lies."""
    site = make_site()
    for fault in faults:
        site.fault(**fault, seed=seed)
    _, results = site.run(rows_of_every_kind(NEW, OLD), by_group=by_group)
    assert site.state() == undisturbed[by_group].state
    assert max(site.changes.values()) == 1
    assert_true(results, undisturbed[by_group].results)
