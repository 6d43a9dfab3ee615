"""Runs that are cut off at any request, before the service has it or after: what is resumed ends as if nothing was."""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from bulk_kit import MakeSite, Site, rows_of_every_kind
from judging_kit import Truth, assert_true, truth

from umapi_sdk import CreateOption, GroupAction, UserAction
from umapi_sdk.bulk import BulkRun
from umapi_sdk.bulk.journal import Journal

NEW, OLD = 40, 32


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """What runs without faults leave and tell."""
    return truth(tmp_path_factory.mktemp("undisturbed"), NEW, OLD)


@pytest.mark.parametrize("by_group", [False, True], ids=["by user", "by group"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_is_killed_at_every_request_ends_as_one_that_is_not(
    site: Site, undisturbed: Truth, when: str, by_group: bool
) -> None:
    """However often the program dies with a request under way, nothing is lost or done twice, and no row lies."""
    site.create(rows_of_every_kind(NEW, OLD), by_group=by_group).close()
    kills = 0
    while True:
        with BulkRun.open(site.journal) as run:
            if not site.killed(run, len(site.requests) + 1 + kills % 4, when):
                results = list(run.results())
                break
        kills += 1
    assert kills >= 5
    assert site.state() == undisturbed[by_group].state
    assert max(site.changes.values()) == 1
    assert_true(results, undisturbed[by_group].results)


@pytest.mark.parametrize("seed", range(4))
def test_kills_and_faults_together_change_nothing(make_site: MakeSite, undisturbed: Truth, seed: int) -> None:
    """Kills at random requests of a run under drops, 429s, 5xx and revoked tokens leave what a quiet run leaves."""
    site = make_site()
    for fault in (
        {"operation": "action", "kind": "drop", "when": "after", "rate": 0.1},
        {"operation": "action", "kind": "drop", "when": "during", "rate": 0.1},
        {"operation": "action", "status": 502, "when": "after", "rate": 0.1},
        {"operation": "*", "status": 429, "retry_after": 5, "rate": 0.1},
        {"operation": "*", "kind": "revoke", "rate": 0.1},
    ):
        site.fault(**fault, seed=seed)
    chance, by_group = random.Random(seed), seed % 2 == 1
    site.create(rows_of_every_kind(NEW, OLD), by_group=by_group).close()
    for _ in range(15):
        with BulkRun.open(site.journal) as run:
            site.killed(run, len(site.requests) + chance.randint(1, 5), chance.choice(["before", "after"]))
        site.clock.advance(chance.choice([1, 40]))
    with BulkRun.open(site.journal) as run:
        _, results = site.finish(run)
    assert site.state() == undisturbed[by_group].state
    assert max(site.changes.values()) == 1
    assert_true(results, undisturbed[by_group].results)


@pytest.mark.parametrize("status", [502, 503])
def test_a_run_that_is_killed_between_any_two_writes_ends_as_one_that_is_not(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Whichever write to the journal a program dies before, with the service lost half-way, no row lies after it."""
    rows = [
        UserAction("new0@example.com").create_federated_id(first_name="F", last_name="L", country="DE"),
        UserAction("old0@example.com").update(email="moved@example.com").add_to_groups(["Designers"]),
        GroupAction("Readers").create().add_users(["old1@example.com"]),
        UserAction("old2@example.com").add_to_groups(["Designers", "No such group"]),
        UserAction("old3@example.com").create_federated_id(
            first_name="N", last_name="L", country="DE", option=CreateOption.UPDATE_IF_ALREADY_EXISTS
        ),
    ]
    quiet = make_site()
    _, expected = quiet.run(rows)
    transaction = Journal._transaction  # noqa: SLF001 - the one place that all writes pass
    for write in range(1, 100):
        site = make_site()
        site.fault(operation="action", status=status, when="after", nth=1)
        site.create(rows).close()
        left = write

        @contextmanager
        def dying(journal: Journal, problem: str, site: Site = site) -> Generator[None]:
            nonlocal left
            left -= 1
            if left == 0:
                site.die()
            with transaction(journal, problem):
                yield

        with monkeypatch.context() as patch, BulkRun.open(site.journal) as run:
            patch.setattr(Journal, "_transaction", dying)
            died = site.killed(run)
        with BulkRun.open(site.journal) as run:
            _, results = site.finish(run)
        assert site.state() == quiet.state(), write
        assert [change for change, times in site.changes.items() if times > 1] == []
        assert_true(results, expected)
        if not died:
            break
    assert write > 5
