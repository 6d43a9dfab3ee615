"""The queries: pages, filters, names with any character, what is not there (reference section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from umapi_harness.mock import build_seed, generate_seed

if TYPE_CHECKING:
    from tests.mock.conftest import Mock


@pytest.fixture(scope="module")
def large() -> dict[str, Any]:
    """A seed of 2,500 users; the whole of them holds one profile, a team of 1,250 each the rest."""
    seed = generate_seed(2500, 2, random_seed=7)
    for user in seed["users"]:
        user["groups"] = [user["groups"][0], "All Apps"]
    return seed


def test_2500_users_come_in_two_pages(mock: Mock, large: dict[str, Any]) -> None:
    """Both query styles page through all users once, with the headers as strings."""
    mock.seed(large)
    expected = [user["email"] for user in large["users"]]
    for group in (None, "All Apps"):
        pages = [mock.users(page, group) for page in (0, 1)]
        assert [user["email"] for page in pages for user in page.json()["users"]] == expected
        assert [page.json()["lastPage"] for page in pages] == [False, True]
        assert [
            [page.headers[f"X-{name}"] for name in ("Total-Count", "Page-Count", "Current-Page", "Page-Size")]
            for page in pages
        ] == [["2500", "2", "0", "2000"], ["2500", "2", "1", "500"]]
    assert len(mock.members("Team 1")) == 1250


def test_a_page_past_the_end_is_the_last_page(mock: Mock, large: dict[str, Any]) -> None:
    """Asking for more users than there are gives the last page, with its own number in the header."""
    mock.seed(large)
    past, last = mock.users(9), mock.users(1)
    assert past.json() == last.json()
    assert past.headers["X-Current-Page"] == "1"


def test_generated_seeds_are_the_same_every_time() -> None:
    """The same numbers give the same organisation, and every group has members."""
    seed = generate_seed(50, 7, random_seed=3)
    assert seed == generate_seed(50, 7, random_seed=3)
    assert seed != generate_seed(50, 7, random_seed=4)
    organization = build_seed(seed).organization
    assert all(len(group.members) for group in organization.catalog.user_groups())


def test_users_of_a_domain(mock: Mock) -> None:
    """`domain` keeps the users whose account is in it; AdobeID means the Adobe IDs."""
    emails = [user["email"] for user in mock.users(domain="Example.org").json()["users"]]
    assert emails == ["sato@example.org", "o'neil+test@example.org"]
    adobe_ids = mock.users(domain="AdobeID").json()["users"]
    assert {user["type"] for user in adobe_ids} == {"adobeID"}
    unknown = mock.users(domain="elsewhere.example")
    assert unknown.status_code == 404
    assert unknown.json()["message"] == "Not found: Domain elsewhere.example"


def test_only_active_users_are_shown(mock: Mock) -> None:
    """A disabled user is in no answer."""
    assert mock.user("away@example.com") is None
    assert "away@example.com" not in mock.members("Alumni")
    assert "away@example.com" not in [user["email"] for user in mock.users().json()["users"]]


def test_fields_without_a_value_are_absent(mock: Mock) -> None:
    """No null, no empty list."""
    freelancer = mock.user("freelancer@example.net")
    assert freelancer is not None
    assert set(freelancer) == {"email", "status", "groups", "username", "domain", "country", "type", "id"}
    nobody = mock.user("mgarcia@enterprise.example.com")
    assert nobody is not None
    assert "groups" not in nobody


@pytest.mark.parametrize("name", ["Sales/EMEA", "U.S.FinanceOperations", "Équipe Zürich", "デザイン部"])
def test_group_names_arrive_intact(mock: Mock, name: str) -> None:
    """Slash, dot, accent and non-Latin letters in a group's name, percent-encoded."""
    answer = mock.users(group=name)
    assert answer.json()["groupName"] == name
    assert len(answer.json()["users"]) == 1


@pytest.mark.parametrize("name", ["a%2Fb", "a%b", "?", "#", "+", " ", "a/../b", "x%20y", "100% remote? #1 + more"])
def test_group_names_are_decoded_once(mock: Mock, name: str) -> None:
    """Names that look like syntax, or like their own encoding, are told apart."""
    mock.do_group(name, {"createUserGroup": {"option": "ignoreIfAlreadyExists"}})
    mock.act({"user": "sato@example.org", "do": [{"add": {"group": [name]}}]})
    answer = mock.users(group=name)
    assert answer.json()["groupName"] == name
    assert "sato@example.org" in mock.members(name)


@pytest.mark.parametrize("name", [".", ".."])
def test_dots_are_names_like_any_other(mock: Mock, name: str) -> None:
    """A group called by dots alone is reached where the client sends them as they are."""
    mock.do_group(name, {"createUserGroup": {}})
    target = f"/v2/usermanagement/users/{mock.org_id}/0/{name}".encode()
    assert mock.client.get("/", extensions={"target": target}).json()["groupName"] == name


def test_a_raw_slash_in_a_name_is_understood(mock: Mock) -> None:
    """Clients that leave `/` and `@` as they are reach the same group and user."""
    assert mock.api(f"users/{mock.org_id}/0/Sales/EMEA").json()["groupName"] == "Sales/EMEA"
    mock.do(
        "a/b",
        {"createFederatedID": {"email": "ab@example.com", "firstname": "A", "lastname": "B", "country": "DE"}},
        domain="example.com",
    )
    answer = mock.api(f"organizations/{mock.org_id}/users/a/b?domain=example.com")
    assert answer.json()["user"]["username"] == "a/b"
    assert mock.user("a/b", domain="example.com") == answer.json()["user"]


def test_the_at_of_the_organisation_may_be_encoded(mock: Mock) -> None:
    """`@` and `%40` in the organisation's id are the same."""
    encoded = mock.org_id.replace("@", "%40")
    assert mock.api(f"users/{encoded}/0").json() == mock.users().json()


def test_a_proxy_may_pass_on_the_whole_address(mock: Mock) -> None:
    """A request whose target is the absolute address is served like one with the path alone."""
    target = f"{mock.server.url}/status".encode()
    answer = mock.client.get("/status", extensions={"target": target})
    assert answer.json()["state"] == "LIVE"


@pytest.mark.parametrize(
    "string", ["jdoe@example.com", "JDOE@EXAMPLE.COM", "o'neil+test@example.org", "hélène.müller@example.com"]
)
def test_one_user_is_found_in_any_letter_case(mock: Mock, string: str) -> None:
    """The user string is matched without regard to case; the stored case is shown."""
    user = mock.user(string)
    assert user is not None
    assert user["email"].lower() == string.lower()


def test_one_user_by_domain(mock: Mock) -> None:
    """`domain` must be the user's, one of the same directory, or AdobeID for an Adobe ID."""
    assert mock.user("jdoe@example.com", domain="example.com") is not None
    assert mock.user("jdoe@example.com", domain="example.org") is not None
    assert mock.user("jdoe@example.com", domain="enterprise.example.com") is None
    assert mock.user("jdoe@example.com", domain="AdobeID") is None
    assert mock.user("jsmith", domain="example.com") == mock.user("jsmith")
    assert mock.user("jsmith", domain="example.org") is None


def test_unknown_user_and_group(mock: Mock) -> None:
    """The bodies of 404 name what was asked for."""
    answer = mock.api(f"organizations/{mock.org_id}/users/no%2Fbody@example.com")
    assert (answer.status_code, answer.json()) == (
        404,
        {"result": "error.user.not_found", "message": "User not found no/body@example.com"},
    )
    answer = mock.users(group="Not here")
    assert (answer.status_code, answer.json()) == (
        404,
        {"lastPage": False, "result": "error.group.not_found", "message": "Not found: Group Not here"},
    )


def test_groups_that_cannot_be_are_refused(mock: Mock) -> None:
    """A name longer than any is an invalid name."""
    answer = mock.users(group="x" * 300)
    assert (answer.status_code, answer.json()["result"]) == (400, "error.group.invalid_name")


def test_admin_groups_that_do_not_exist_are_empty(mock: Mock) -> None:
    """A group that exists, with an admin group that does not, gives an empty page."""
    answer = mock.users(group="_developer_DevOps")
    assert answer.json() == {"lastPage": True, "result": "success", "groupName": "_developer_DevOps", "users": []}
    assert mock.users(group="_admin_Nowhere").status_code == 404


def test_exclude_groups(mock: Mock) -> None:
    """excludeGroups leaves out each user's groups."""
    assert all("groups" not in user for user in mock.users(group="DevOps", excludeGroups="TRUE").json()["users"])


def test_status_tells_members_with_a_licence_from_those_without(mock: Mock) -> None:
    """The first members of a profile, as many as its quota, are active; the others are inactive."""
    assert mock.members("Document Cloud 1", status="active") == ["jdoe@example.com", "jane@example.com"]
    assert mock.members("Document Cloud 1", status="inactive") == ["john.smith@example.com"]
    mock.do("jdoe@example.com", {"remove": {"group": ["Document Cloud 1"]}})
    assert mock.members("Document Cloud 1", status="inactive") == []


def test_direct_only_for_all_users(mock: Mock) -> None:
    """directOnly=false lists the profiles held through user groups with everybody's groups."""
    direct = {user["id"]: user.get("groups", []) for user in mock.users(domain="example.com").json()["users"]}
    every = mock.users(domain="example.com", directOnly="false").json()["users"]
    held = {
        user["email"]: set(user.get("groups", [])) - set(direct[user["id"]])
        for user in every
        if user["type"] == "federatedID"
    }
    assert held["jdoe@example.com"] == {"Default All Apps plan - 100 GB configuration"}
    assert held["jane@example.com"] == {"Photoshop - 2Gb"}


@pytest.mark.parametrize("page", ["x", "-", "1.5", "0x1", "99999999999", "%D9%A1", "1%20"])
def test_bad_page_numbers(mock: Mock, page: str) -> None:
    """A page that is no number is refused in the service's words, on every paged call."""
    for path in (f"users/{mock.org_id}/{page}/DevOps", f"users/{mock.org_id}/{page}"):
        answer = mock.api(path)
        assert answer.status_code == 400, path
        assert answer.json()["errorMessage"].startswith("For input string: ")


@pytest.mark.parametrize("page", ["-1", "+0", "00", "-99"])
def test_page_numbers_that_java_reads(mock: Mock, page: str) -> None:
    """What the service's language reads as a number is one; below zero there is only the first page."""
    assert mock.api(f"users/{mock.org_id}/{page}").headers["X-Current-Page"] == "0"


@pytest.mark.parametrize(("name", "value"), [("directOnly", "yes"), ("excludeGroups", ""), ("status", "any")])
def test_flags_that_are_none(mock: Mock, name: str, value: str) -> None:
    """A flag that is no documented word is read as Java reads it, and refused if the setting says so."""
    assert mock.users(0, "DevOps", **{name: value}).status_code == 200
    mock.set(odd_flags_fail=True)
    assert mock.users(0, "DevOps", **{name: value}).status_code == 400


def test_one_user_knows_no_direct_only(mock: Mock) -> None:
    """getUser.md has no such parameter, so that it changes nothing."""
    assert mock.user("jdoe@example.com", directOnly="false") == mock.user("jdoe@example.com")


def test_users_of_a_domain_are_those_shown_with_it(mock: Mock) -> None:
    """The filter by domain gives all users whose entry has that domain, Adobe IDs too."""
    users = mock.users(domain="Example.com").json()["users"]
    shown = {user["id"] for user in mock.users().json()["users"] if user["domain"] == "example.com"}
    assert {user["id"] for user in users} == shown
    assert {user["type"] for user in users} == {"adobeID", "federatedID"}


def test_fields_as_recorded_in_2017(mock: Mock) -> None:
    """With the settings for it, users have admin roles in the place of admin groups, and no ids."""
    mock.set(admin_roles=True, user_ids=False)
    by_type = {(user["email"], user["type"]): user for user in mock.users().json()["users"]}
    jane = by_type["jane@example.com", "federatedID"]
    assert jane["groups"] == ["Marketing", "Document Cloud 1"]
    assert jane["adminRoles"] == ["Document Cloud 1", "Marketing", "deployment"]
    assert by_type["admin@example.net", "adobeID"]["adminRoles"] == ["org"]
    assert not any("id" in user for user in by_type.values())


def test_groups_page(mock: Mock) -> None:
    """Each kind of group has its own fields; what has no value is absent."""
    groups = mock.groups()
    for group in groups.values():
        assert isinstance(group.pop("groupId"), int)
    assert groups["_org_admin"] == {"type": "SYSADMIN_GROUP", "groupName": "_org_admin", "memberCount": 1}
    assert groups["DevOps"] == {"type": "USER_GROUP", "groupName": "DevOps", "memberCount": 2}
    assert groups["Marketing"]["adminGroupName"] == "_admin_Marketing"
    assert groups["Document Cloud 1"] == {
        "type": "PRODUCT_PROFILE",
        "groupName": "Document Cloud 1",
        "memberCount": 3,
        "adminGroupName": "_admin_Document Cloud 1",
        "productName": "Adobe Document Cloud for business",
        "licenseQuota": "2",
    }
    assert groups["Photoshop - 2Gb"]["licenseQuota"] == "UNLIMITED"
    assert groups["_admin_Marketing"]["userGroupName"] == "Marketing"
    assert groups["_admin_Document Cloud 1"]["productProfileName"] == "Document Cloud 1"
    assert groups["_developer_Document Cloud 1"]["type"] == "DEVELOPER_GROUP"
    assert groups["_product_admin_Photoshop"]["productProfileName"] == "Photoshop"


def test_groups_past_the_end(mock: Mock) -> None:
    """A page of groups past the end is not the last page, but `Not found`."""
    answer = mock.api(f"groups/{mock.org_id}/7")
    assert (answer.status_code, answer.json()) == (200, {"lastPage": True, "result": "Not found"})


def test_groups_past_the_end_by_setting(mock: Mock) -> None:
    """With the setting the last page comes again, its own number in the header."""
    mock.set(groups_page_size=10, last_groups_page_repeats=True)
    past = mock.api(f"groups/{mock.org_id}/77")
    last = mock.api(f"groups/{mock.org_id}/{past.headers['X-Current-Page']}")
    assert past.json() == last.json()
    assert (past.json()["lastPage"], past.json()["result"]) == (True, "success")
    assert past.json()["groups"]


def test_the_path_of_a_user_without_a_user(mock: Mock) -> None:
    """Whoever takes the path for a listing is told where users are listed."""
    for path in (f"organizations/{mock.org_id}/users", f"organizations/{mock.org_id}/users/"):
        answer = mock.api(path)
        assert (answer.status_code, answer.json()["result"]) == (400, "error.user.email.invalid")
        assert "GET users/{orgId}/{page} lists users" in answer.json()["message"]


def test_groups_come_in_pages(mock: Mock) -> None:
    """The size of a page of groups is a setting."""
    mock.set(groups_page_size=10)
    total = int(mock.api(f"groups/{mock.org_id}/0").headers["X-Total-Count"])
    pages = [mock.api(f"groups/{mock.org_id}/{page}").json() for page in range(-(-total // 10))]
    assert [page["lastPage"] for page in pages] == [False] * (len(pages) - 1) + [True]
    assert sum(len(page["groups"]) for page in pages) == total


def test_admin_groups_never_used_can_be_left_out(mock: Mock) -> None:
    """With the live setting the list has only the admin groups that somebody was ever given."""
    mock.set(list_unused_admin_groups=False)
    names = set(mock.groups())
    assert "_admin_Marketing" in names
    assert "_admin_DevOps" not in names
    mock.do("jdoe@example.com", {"add": {"group": ["_admin_DevOps"]}}, {"remove": {"group": ["_admin_DevOps"]}})
    assert "_admin_DevOps" in mock.groups()


def test_an_empty_organisation(mock: Mock) -> None:
    """No users at all make one empty page."""
    mock.seed({"org_id": mock.org_id})
    answer = mock.users()
    assert answer.json() == {"lastPage": True, "result": "success", "users": []}
    assert answer.headers["X-Total-Count"] == "0"


def test_deleting_while_paging_keeps_the_order(mock: Mock) -> None:
    """Those who stay keep their order when somebody leaves between two pages."""
    mock.set(users_page_size=4)
    first = [user["email"] for user in mock.users(0).json()["users"]]
    mock.do(first[1], {"removeFromOrg": {}})
    again = [user["email"] for user in mock.users(0).json()["users"]]
    assert again[:2] == [first[0], *first[2:]]
