"""Differences: what a step changed in an organisation, in lines for people."""

from __future__ import annotations

from umapi_harness.mock.state import differences
from umapi_harness.mock.world import World
from umapi_models.names import FEDERATED_ID


def test_each_change_is_a_line_and_told_once() -> None:
    """Users that came, left or changed are told, with the groups that they went into and out of."""
    world = World()
    organization = world.organization()
    watch = differences.Watch(world.organizations)
    assert watch.changes() == ()
    group = next(one for one in organization.catalog.user_groups() if one.name == "DevOps")
    user = organization.add_user(type=FEDERATED_ID, email="new@example.com", firstname="A", lastname="B", country="US")
    organization.join(user, group)
    (line,) = watch.changes()
    assert line.startswith("user new@example.com (federatedID): added (")
    assert "groups DevOps" in line
    organization.leave(user, group)
    organization.name_user(user, firstname="C")
    assert watch.changes() == ("user new@example.com (federatedID): firstname A → C, out of DevOps",)
    organization.remove_user(user, delete_account=True)
    assert watch.changes() == ("user new@example.com (federatedID): removed",)
    assert watch.changes() == ()


def test_of_a_large_organisation_only_the_number_of_changes_is_told(monkeypatch) -> None:
    """Comparing a million users at each step would cost more than the run."""
    monkeypatch.setattr(differences, "_COMPARED", 0)
    world = World()
    watch = differences.Watch(world.organizations)
    world.organization().changes.add()
    assert watch.changes() == ("the organisation 12345@AdobeOrg changed 1 times; it is too large to compare",)
