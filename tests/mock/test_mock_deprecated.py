"""The deprecated operations, in the forms of their documentation pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

DOCUMENT_CLOUD = "Adobe Document Cloud for business"


def product(mock: Mock, name: str = DOCUMENT_CLOUD) -> str:
    """Id of a product."""
    found = {entry["name"]: entry["id"] for entry in mock.api(f"{mock.org_id}/products").json()}
    identifier: str = found[name]
    return identifier


def profile_path(mock: Mock) -> str:
    """Path of the product's only profile."""
    path = f"{mock.org_id}/products/{product(mock)}/configurations"
    (profile,) = mock.api(path).json()["licenseConfigurations"]
    return f"{path}/{profile['id']}"


def change(mock: Mock, body: Any) -> httpx.Response:
    """Update the profile."""
    return mock.client.post(f"/v2/usermanagement/{profile_path(mock)}", json=body)


def test_users(mock: Mock) -> None:
    """All users as a list, with the old names of the fields (getUsersREST.md)."""
    answer = mock.api(f"{mock.org_id}/users")
    users = {user["email"]: user for user in answer.json() if user["userType"] != "adobeID"}
    assert answer.headers["X-Current-Page"] == "1"
    jane = users["jane@example.com"]
    assert (jane["firstName"], jane["countryCode"]) == ("Jane", "US")
    assert jane["adminRoles"] == ["Document Cloud 1", "Marketing", "deployment"]
    assert "groups" not in users["mgarcia@enterprise.example.com"]


@pytest.mark.parametrize(("page", "current"), [("0", "1"), ("1", "1"), ("9", "1")])
def test_pages_count_from_one(mock: Mock, page: str, current: str) -> None:
    """Pages are 1-based here; 0 and pages past the end are taken kindly."""
    assert mock.api(f"{mock.org_id}/users", page=page).headers["X-Current-Page"] == current
    assert mock.api(f"{mock.org_id}/users", page="x").status_code == 400


def test_user_groups(mock: Mock) -> None:
    """User groups as a list, one by id, and its users (getUserGroups.md, getUserGroup.md, QueryUserGroups.md)."""
    groups = {group["name"]: group for group in mock.api(f"{mock.org_id}/user-groups").json()}
    marketing = groups["Marketing"]
    assert marketing["adminCount"] == "1"
    assert marketing["adminGroupName"] == "_admin_Marketing"
    assert groups["Parent Org Designers"]["isReadOnly"] is True
    assert "_org_admin" not in groups
    path = f"{mock.org_id}/user-groups/{marketing['groupId']}"
    assert mock.api(path).json() == marketing
    assert [user["email"] for user in mock.api(f"{path}/users").json()] == mock.members("Marketing")
    missing = mock.api(f"{mock.org_id}/user-groups/1")
    assert (missing.status_code, missing.json()) == (
        404,
        {"errorMessage": "GROUP_NOT_FOUND", "errorCode": "GROUP_NOT_FOUND"},
    )


def test_products_and_profiles(mock: Mock) -> None:
    """Products, the profiles of one, one profile, its users (QueryProducts.md to getProductProfileUsers.md)."""
    products = {entry["name"]: entry for entry in mock.api(f"{mock.org_id}/products/").json()}
    assert products[DOCUMENT_CLOUD]["userCount"] == 3
    path = profile_path(mock)
    profile = mock.api(path).json()
    assert (profile["userCount"], profile["adminCount"], profile["licenseQuota"]) == (3, 1, 2)
    assert (profile["orgId"], profile["productId"]) == (mock.org_id, product(mock))
    assert [user["email"] for user in mock.api(f"{path}/users").json()] == mock.members("Document Cloud 1")
    for missing, code in (
        (f"{path}0", "PLC_NOT_FOUND"),
        (f"{mock.org_id}/products/x/configurations", "error.command.product.not_found"),
    ):
        answer = mock.api(missing)
        assert (answer.status_code, answer.json()["errorCode"]) == (404, code)


def test_update_of_a_profile(mock: Mock) -> None:
    """Members, user groups and admins of a profile change in one call (updateProductProfile.md)."""
    body = {
        "addUsers": ["sato@example.org"],
        "removeUsers": ["jdoe@example.com"],
        "addUserGroups": ["Alumni"],
        "addAdminUsers": ["jdoe@example.com"],
        "removeAdminUsers": ["jane@example.com"],
    }
    assert change(mock, body).json()["userCount"] == 3
    assert "sato@example.org" in mock.members("Document Cloud 1")
    assert "jdoe@example.com" not in mock.members("Document Cloud 1")
    assert mock.members("_admin_Document Cloud 1") == ["jdoe@example.com"]
    assert "freelancer@example.net" not in mock.members("Document Cloud 1", directOnly="false")
    assert change(mock, {"removeUserGroups": ["Alumni"]}).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "error.command.malformed"),
        ({}, "error.command.add_remove.user_usergroup.missing"),
        ({"addUsers": []}, "error.command.add_remove.missing_list"),
        ({"add": ["x"]}, "error.command.add_remove.key.unknown"),
        ({"addUsers": "x"}, "error.command.add_remove.list_not_array"),
        ({"addUsers": [1]}, "error.command.add_remove.list_not_array"),
        ({"addUsers": ["a@example.com", "A@example.com"]}, "error.command.add_remove.duplicate.user_list"),
        ({"addUserGroups": ["x", "x"]}, "error.command.add_remove.duplicate.usergroup_list"),
        ({"addAdminUsers": ["x", "x"]}, "error.command.add_remove.duplicate.productadmin_list"),
        ({"addUsers": ["nobody@example.com"]}, "error.user.nonexistent"),
        ({"addUserGroups": ["Nowhere"]}, "error.command.add_remove.invalid.usergroup_list"),
        ({"addUserGroups": ["Alumni", "Nowhere"]}, "error.usergroup.not_found"),
        ({"addAdminUsers": ["jane@example.com"]}, "plc.admin.already_added"),
        ({"removeAdminUsers": ["jdoe@example.com"]}, "plc.remove.admin.error"),
    ],
)
def test_update_of_a_profile_refused(mock: Mock, body: Any, code: str) -> None:
    """A mistake in any list changes nothing."""
    before = mock.world.organization().changes.count
    answer = change(mock, body)
    assert (answer.status_code, answer.json()) == (400, {"errorMessage": code, "errorCode": code})
    assert mock.world.organization().changes.count == before


def test_methods(mock: Mock) -> None:
    """Only a profile can be posted to."""
    assert mock.client.post(f"/v2/usermanagement/{mock.org_id}/users").status_code == 405
    assert mock.api(f"{mock.org_id}/users/x").status_code == 404
    assert mock.api(f"{mock.org_id}/products/x/configurations/y/users/z").status_code == 404
