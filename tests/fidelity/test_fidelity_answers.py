"""Answers in every detail: headers, bodies and what is left out, as Adobe's pages show them."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.fidelity.conftest import Desk

ROOT = "/v2/usermanagement"


# Headers


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("organizations/{org}/users/nobody@example.com", "organizations/{orgId}/users/{userstring:.*}"),
        ("users/{org}/0?domain=nowhere.example", "users/{orgId}/{page}"),
        ("users/{org}/0/Nowhere", "users/{orgId}/{page}/{groupName}"),
        ("users/{org}/x/DevOps", "users/{orgId}/{page}/{groupName}"),
    ],
)
def test_canonical_resource(desk: Desk, path: str, resource: str) -> None:
    """The header that Adobe's samples of 400 and 404 show is there (partials/notFound.md)."""
    answer = desk.get(path)
    assert answer.status_code in (400, 404)
    assert answer.headers["Canonical-Resource"] == f"{ROOT}/{resource}"


def test_canonical_resource_of_an_action(desk: Desk) -> None:
    """An action's answer has it too (partials/badRequest.md)."""
    answer = desk.post([{"usergroup": "Parent Org Designers", "do": [{"deleteUserGroup": {}}]}])
    assert answer.headers["Canonical-Resource"] == f"{ROOT}/action/{{orgId}}"


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("lockout", [0, 3600])
def test_too_many_requests(desk: Desk, form: str, lockout: int) -> None:
    """A 429 says in either form when to come back, after the window or after a long lockout."""
    desk.set(throttle=True, retry_after_form=form, lockout_seconds=lockout)
    for _ in range(5):
        assert desk.get("groups/{org}/0").status_code == 200
    answer = desk.get("groups/{org}/0")
    assert answer.status_code == 429
    assert (answer.headers["Server"], answer.headers["Content-Type"]) == ("APIP", "application/json")
    wait: float = lockout or 60
    if form == "seconds":
        assert answer.headers["Retry-After"] == str(wait)
    else:
        until = parsedate_to_datetime(answer.headers["Retry-After"]).timestamp()
        assert until == pytest.approx(desk.clock.now() + wait, abs=1)
        wait = until - desk.clock.now()
    desk.clock.advance(wait)
    assert desk.get("groups/{org}/0").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "client", "overall"),
    [
        ("GET", "{org}/users", 25, 100),
        ("GET", "{org}/user-groups", 5, 50),
        ("GET", "{org}/user-groups/1", 5, 50),
        ("GET", "{org}/products", 5, 100),
        ("GET", "{org}/products/1/configurations", 5, 100),
        ("GET", "{org}/products/1/configurations/RGRP-1", 5, 100),
        ("POST", "{org}/products/1/configurations/RGRP-1", 5, 50),
        ("GET", "{org}/products/1/configurations/RGRP-1/users", 25, 100),
    ],
)
def test_limits_of_the_deprecated_calls(desk: Desk, method: str, path: str, client: int, overall: int) -> None:
    """Each deprecated call has the limits of its page, per client and over all."""
    count = overall // client + 1
    seed = [{"client_id": f"c{n}", "client_secret": "s", "tech_account_id": f"t{n}"} for n in range(count)]
    desk.seed({"credentials": seed})
    desk.set(throttle=True)
    allowed: list[int] = []
    for credential in [each for each in desk.world.credentials.values() if each.org_id == desk.org_id]:
        token = desk.world.tokens.issue(credential, 60)
        headers = {"x-api-key": credential.client_id, "Authorization": f"Bearer {token}"}
        url = f"{ROOT}/{path.replace('{org}', desk.org_id)}"
        statuses = [desk.client.request(method, url, headers=headers).status_code for _ in range(client + 1)]
        allowed.append(sum(status != 429 for status in statuses))
    assert allowed[0] == client
    assert sum(allowed) == overall


# Bodies


def test_the_sample_of_a_partial_failure(desk: Desk) -> None:
    """Ten commands of which five fail, as in ActionsRef.md: each error with its place, words and request id."""
    good = [
        {"user": email, "do": [{"add": {"group": ["Alumni"]}}]}
        for email in ("jdoe@example.com", "jane@example.com", "sato@example.org", "admin@example.net")
    ]
    bad: list[dict[str, Any]] = [
        {"user": "test@test_fake.us", "requestID": "Two2_123456", "do": [{"add": {"group": ["Alumni"]}}]},
        {"user": "jdoe@example.com", "requestID": "Four4_123456", "do": [{"add": {"product": ["NON_EXISTING_GROUP"]}}]},
        {
            "user": "fake8@faketest.com",
            "requestID": "Eight8_123456",
            "do": [
                {
                    "createFederatedID": {
                        "email": "fake8@faketest.com",
                        "firstname": "F",
                        "lastname": "L",
                        "country": "US",
                    }
                }
            ],
        },
    ]
    commands = [good[0], bad[0], good[1], bad[1], good[2], bad[2], good[3]]
    answer = desk.act(*commands)
    assert answer == {
        "completed": 4,
        "notCompleted": 3,
        "completedInTestMode": 0,
        "errors": [
            {
                "index": 1,
                "step": 0,
                "requestID": "Two2_123456",
                "message": "User Id does not exist: test@test_fake.us",
                "user": "test@test_fake.us",
                "errorCode": "error.user.nonexistent",
            },
            {
                "index": 3,
                "step": 0,
                "requestID": "Four4_123456",
                "message": "Group NON_EXISTING_GROUP was not found",
                "user": "jdoe@example.com",
                "errorCode": "error.group.not_found",
            },
            {
                "index": 5,
                "step": 0,
                "requestID": "Eight8_123456",
                "message": "Changes to users are only allowed in claimed domains.",
                "user": "fake8@faketest.com",
                "errorCode": "error.domain.trust.nonexistent",
            },
        ],
        "result": "partial",
        "warnings": [
            {
                "warningCode": "warning.command.deprecated",
                "requestID": "Four4_123456",
                "index": 3,
                "step": 0,
                "message": "'product' command is deprecated. Please use productConfiguration.",
                "user": "jdoe@example.com",
            }
        ],
    }


def test_the_sample_of_a_country_too_long(desk: Desk) -> None:
    """The answer to a country of three letters is that of ActionsRef.md, to the letter."""
    step = {"createFederatedID": {"email": "n@example.com", "firstname": "F", "lastname": "L", "country": "USA"}}
    answer = desk.act({"user": "n@example.com", "do": [step]})
    assert answer["errors"][0]["message"] == "String too long in command for field: country, max length 2"
    assert "requestID" not in answer["errors"][0]


def test_admin_and_developer_groups_name_what_they_belong_to(desk: Desk) -> None:
    """Admins of a product, of a profile and its developers name what they belong to alike (group.md, the sample)."""
    groups = {group["groupName"]: group for group in desk.get("groups/{org}/0").json()["groups"]}
    product = "Adobe Document Cloud for business"
    assert groups[f"_product_admin_{product}"]["productProfileName"] == product
    assert groups["_developer_Document Cloud 1"]["productProfileName"] == "Document Cloud 1"
    assert "licenseQuota" not in groups["_developer_Document Cloud 1"]
    assert not any(value in (None, "", []) for group in groups.values() for value in group.values())


# Licences


def test_a_licence_that_is_given_back_goes_to_the_next(desk: Desk) -> None:
    """A profile has more members than licences; whoever leaves makes the first of those without one active."""
    profile = "Document Cloud 1"
    active, inactive = (desk.emails(profile, status=status) for status in ("active", "inactive"))
    assert (len(active), len(inactive)) == (2, 1)
    assert desk.codes({"user": active[0], "do": [{"remove": {"group": [profile]}}]}) == []
    assert desk.emails(profile, status="active") == [active[1], *inactive]
    assert desk.emails(profile, status="inactive") == []


def test_a_profile_without_limit_has_no_inactive_members(desk: Desk) -> None:
    """Where licences are unlimited, every member has one."""
    assert desk.emails("Photoshop - 2Gb", status="inactive") == []
    assert desk.emails("Photoshop - 2Gb", status="active") == desk.emails("Photoshop - 2Gb")


# Read-only groups, admin roles and limits of membership


def test_profiles_of_a_read_only_group_can_change(desk: Desk) -> None:
    """Of a group that another organisation shares, the profiles are ours to change, and the members are not."""
    shared = "Parent Org Designers"
    profiles = {"productConfiguration": ["Photoshop - 2Gb"]}
    assert desk.codes({"usergroup": shared, "do": [{"add": profiles}]}) == []
    assert "psmith@example.com" in desk.emails("Photoshop - 2Gb", directOnly="false")
    assert desk.codes({"usergroup": shared, "do": [{"remove": profiles}]}) == []
    assert "psmith@example.com" not in desk.emails("Photoshop - 2Gb", directOnly="false")
    step = {"add": {"group": [shared]}}
    assert desk.codes({"user": "jdoe@example.com", "do": [step]}) == [
        (0, 0, "error.usergroup.readonly.add_user_not_allowed")
    ]


def test_remove_all_leaves_the_system_admins_alone(desk: Desk) -> None:
    """`remove: all` ends every membership but that of _org_admin."""
    assert desk.codes({"user": "admin@example.net", "do": [{"remove": "all"}]}) == []
    user = desk.user("admin@example.net")
    assert user is not None
    assert user["groups"] == ["_org_admin"]


@pytest.mark.parametrize("role", ["_org_admin", "_compartment_admin", "_compartment_viewer"])
@pytest.mark.parametrize("step", ["add", "remove"])
def test_roles_that_cannot_be_given_or_taken(desk: Desk, step: str, role: str) -> None:
    """System and compartment roles are beyond the API."""
    command = {"user": "admin@example.net", "do": [{step: {"group": [role]}}]}
    assert desk.codes(command) == [(0, 0, "error.group.not_found")]


def test_admin_groups_follow_a_rename(desk: Desk) -> None:
    """The admin group of a user group changes its name with it, and keeps its members."""
    step = {"updateUserGroup": {"name": "Publicity"}}
    assert desk.codes({"usergroup": "Marketing", "do": [step]}) == []
    assert desk.emails("_admin_Publicity") == ["jane@example.com"]
    assert desk.get("users/{org}/0/_admin_Marketing").status_code == 404


def test_a_group_at_its_limit(desk: Desk) -> None:
    """A group of as many members as allowed can still be given profiles; one member more, and it cannot."""
    profiles = {"add": {"productConfiguration": ["Photoshop - 2Gb"]}}
    desk.set(group_member_limit=2)
    assert desk.codes({"usergroup": "DevOps", "do": [profiles]}) == []
    assert desk.codes({"usergroup": "DevOps", "do": [{"add": {"user": ["sato@example.org"]}}, profiles]}) == [
        (0, 1, "error.usergroup.exceeds_maximum_member_count")
    ]


def test_members_named_again(desk: Desk) -> None:
    """A list that changes something completes although one is a member already, unless the setting says no."""
    step = {"add": {"user": ["jdoe@example.com", "sato@example.org"]}}
    desk.set(known_member_fails=True)
    assert desk.codes({"usergroup": "DevOps", "do": [step]}) == [(0, 0, "error.user.already_exists")]
    assert "sato@example.org" not in desk.emails("DevOps")
    desk.set(known_member_fails=False)
    assert desk.codes({"usergroup": "DevOps", "do": [step]}) == []
    assert "sato@example.org" in desk.emails("DevOps")


def test_a_user_name_with_the_wrong_domain(desk: Desk) -> None:
    """Somebody's user name with a domain that is not theirs is a conflict; with no such name, nobody."""
    add = {"add": {"group": ["Alumni"]}}
    conflict = "error.user.nonexistent_or_has_conflicting_parameters"
    assert desk.codes({"user": "jsmith", "domain": "example.org", "do": [add]}) == [(0, 0, conflict)]
    assert desk.codes({"user": "nobody", "domain": "example.org", "do": [add]}) == [(0, 0, "error.user.nonexistent")]
    assert desk.codes({"user": "JSmith", "domain": "Example.com", "do": [add]}) == []
