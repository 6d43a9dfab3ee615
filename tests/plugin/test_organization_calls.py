"""The fixture `umapi_org`: an organisation built and looked at by calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from umapi_harness.mock import InputError, build_seed
from umapi_harness.testing import UmapiOrg, UmapiServer

pytestmark = pytest.mark.umapi(seed="empty")


@pytest.fixture
def built(umapi_org: UmapiOrg) -> UmapiOrg:
    """An organisation with one of everything."""
    umapi_org.claim_domain("example.com")
    umapi_org.add_profile("Photoshop 1", product="Photoshop", quota=2)
    umapi_org.add_group("Team", description="All of us", profiles=["Photoshop 1"])
    umapi_org.add_user("ada@example.com", firstname="Ada", country="GB", groups=["Team"])
    umapi_org.add_user("ada@example.com", "adobeID")
    return umapi_org


def test_what_is_built_can_be_looked_at(built: UmapiOrg) -> None:
    """Users, groups and profiles are found with all that was given."""
    ada, private = built.users
    assert (ada.email, ada.type, ada.firstname, ada.country) == ("ada@example.com", "federatedID", "Ada", "GB")
    assert (ada.groups, ada.domain, ada.status, private.type) == (("Team",), "example.com", "active", "adobeID")
    assert built.user("ada@example.com") == ada
    assert built.user("ada@example.com", "adobeID") == private
    assert built.user("nobody@example.com") is None
    profile, team = built.groups
    assert (profile.kind, profile.product, profile.quota) == ("PRODUCT_PROFILE", "Photoshop", 2)
    assert (team.description, team.profiles, team.members) == ("All of us", ("Photoshop 1",), ("ada@example.com",))
    assert built.group("team") == team
    assert built.group("_admin_Team") is not None
    assert built.group("Nobody") is None


def test_the_state_is_a_seed(built: UmapiOrg) -> None:
    """What `state` gives can be seeded again, and gives the same state."""
    assert build_seed(built.state()).organization.org_id == built.org_id
    assert [user["email"] for user in built.state()["users"]] == ["ada@example.com", "ada@example.com"]


def test_memberships_and_users_end(built: UmapiOrg) -> None:
    """Users join and leave groups of every kind, and go."""
    built.join("ada@example.com", "_admin_Team", "Photoshop 1")
    built.leave("ada@example.com", "Team")
    ada = built.user("ada@example.com")
    assert ada is not None
    assert ada.groups == ("_admin_Team", "Photoshop 1")
    built.remove_user("ada@example.com")
    assert [user.type for user in built.users] == ["adobeID"]


def test_a_state_is_kept_and_put_back(built: UmapiOrg) -> None:
    """What happens after `save`, in the organisation or its settings, is undone by `restore`."""
    before = built.state()
    built.save()
    built.remove_user("ada@example.com")
    built.change_settings(users_page_size=1)
    assert built.settings.users_page_size == 1
    built.restore()
    assert (built.state(), built.settings.users_page_size) == (before, 2000)
    with pytest.raises(InputError, match="none is called 'other'"):
        built.restore("other")


def test_a_change_is_served_at_once(built: UmapiOrg, umapi_server: UmapiServer) -> None:
    """What a call changes, the next answer shows, and the other way round."""
    with umapi_server.client() as client:
        path = f"/v2/usermanagement/users/{built.org_id}/0/Team"
        assert len(client.get(path).json()["users"]) == 1
        built.add_user("bob@example.com", groups=["Team"])
        assert [user["email"] for user in client.get(path).json()["users"]] == ["ada@example.com", "bob@example.com"]
    assert umapi_server.domain == "example.com"


def test_requests_are_kept_with_secrets_masked(umapi_org: UmapiOrg, umapi_server: UmapiServer) -> None:
    """The journal tells what was asked and answered, and shows no token."""
    headers = umapi_org.headers()
    with umapi_server.client() as client:
        client.get(f"/v2/usermanagement/users/{umapi_org.org_id}/0", headers=headers)
        client.get("/status")
    first, second = umapi_org.requests()
    assert (first["operation"], first["status"], second["operation"]) == ("users", 200, "status")
    assert umapi_org.requests("status") == [second]
    assert headers["Authorization"] not in str(umapi_org.requests())


def test_what_was_received_is_verified(built: UmapiOrg, umapi_server: UmapiServer) -> None:
    """`verify` counts what came, and says what came nearest when it was not that."""
    person = {"email": "bob@example.com", "firstname": "Bob", "lastname": "B", "country": "DE"}
    command = {"user": "bob@example.com", "do": [{"createFederatedID": person}]}
    with umapi_server.client() as client:
        client.post(f"/v2/usermanagement/action/{built.org_id}", json=[command])
    found = built.verify(user="bob@example.com", step="createFederatedID", fields={"country": "DE"}, exactly=1)
    assert found["count"] == 1
    built.verify(operation="users", exactly=0)
    with pytest.raises(AssertionError, match=r'0 received; nearest is request 1, .*country is "DE", not "FR"'):
        built.verify(user="bob@example.com", step="createFederatedID", fields={"country": "FR"})
    with pytest.raises(InputError, match=r"verify: .*exactli"):
        built.verify(operation="users", exactli=1)


MISTAKES: dict[str, tuple[Callable[[UmapiOrg], object], str]] = {
    "domain not claimed": (
        lambda org: org.add_user("ada@example.org"),
        r'domain "example.org" is not claimed; call claim_domain\("example.org"\) before',
    ),
    "user there": (lambda org: org.add_user("ADA@example.com"), 'user "ADA@example.com" stands twice'),
    "unknown group": (
        lambda org: org.add_user("bob@example.com", groups=["None"]),
        'no group named "None"; call add_group or add_profile before, or correct the name',
    ),
    "unknown field": (lambda org: org.add_user("bob@example.com", fristname="Bob"), "fristname"),
    "wrong type": (lambda org: org.add_user("bob@example.com", "federated"), "/users/0/type"),
    "group there": (lambda org: org.add_group("team"), 'a group named "team" is there already'),
    "admin group": (lambda org: org.add_group("_admin"), "/user_groups/0/name"),
    "unknown profile": (
        lambda org: org.add_group("New", profiles=["Team"]),
        'no profile named "Team"; call add_profile before, or correct the name',
    ),
    "quota": (lambda org: org.add_profile("New", quota=-1), "/profiles/0/quota"),
    "domain there": (lambda org: org.claim_domain("Example.com"), 'domain "Example.com" is claimed already'),
    "kind of domain": (lambda org: org.claim_domain("example.org", "adobeID"), "/domains/0/type"),
    "no such user": (
        lambda org: org.join("bob@example.com", "Team"),
        'no user "bob@example.com"; call add_user before, or correct the address',
    ),
    "no such group": (lambda org: org.join("ada@example.com", "None"), 'no group named "None"'),
    "unknown setting": (lambda org: org.change_settings(throttel=True), "/throttel: no such setting"),
    "no operation": (lambda org: org.requests("acton"), r"requests: 'acton' is no operation; is action meant\?"),
    "no time": (lambda org: org.clock.advance(-5), "clock.advance: -5 is not a number of seconds from 0"),
    "no number": (lambda org: org.clock.advance(float("nan")), "clock.advance: nan is not a number of seconds"),
    "unknown fault": (lambda org: org.faults.add("users", kind="explode"), "faults.add: /0/kind"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_and_changes_nothing(built: UmapiOrg, mistake: str) -> None:
    """A call that cannot be done says what, where and the remedy, and leaves the organisation as it was."""
    call, problem = MISTAKES[mistake]
    before = built.state()
    with pytest.raises(InputError, match=problem) as caught:
        call(built)
    assert "\n" not in str(caught.value)
    assert built.state() == before
    assert built.faults.as_list() == []


def test_the_clock_stands_and_runs(umapi_org: UmapiOrg) -> None:
    """A frozen clock shows one time until it is set ahead; released, it runs on from there."""
    clock = umapi_org.clock
    clock.freeze()
    before = clock.now()
    assert clock.now() == before
    clock.advance(3600)
    assert clock.now() == before + 3600
    clock.resume()
    assert clock.now() >= before + 3600
