"""Accounts: user names, e-mail addresses, domains and types, as Adobe's pages describe them (ActionsCmds.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from umapi_harness.mock import default_seed

if TYPE_CHECKING:
    from tests.fidelity.conftest import Desk


def create(email: str, **more: Any) -> dict[str, Any]:
    """A step that creates a Federated ID."""
    return {"createFederatedID": {"email": email, "firstname": "F", "lastname": "L", "country": "US", **more}}


def do(name: str, *steps: Any, **root: Any) -> dict[str, Any]:
    """A command on a user."""
    return {"user": name, **root, "do": list(steps)}


# The three ways to create a Federated ID (Adobe's Postman collection, create_FederatedID_of_format1 to 3)


@pytest.mark.parametrize(
    ("command", "username"),
    [
        (do("one@example.com", create("one@example.com")), "one@example.com"),
        (do("one", create("one@example.com"), domain="example.com"), "one"),
        (do("sso@example.com", create("one@example.com")), "sso@example.com"),
    ],
)
def test_formats_of_a_federated_id(desk: Desk, command: dict[str, Any], username: str) -> None:
    """Each format makes an account that is found by its e-mail and shows its user name."""
    assert desk.codes(command, test_mode=True) == []
    assert desk.user("one@example.com") is None
    assert desk.codes(command) == []
    user = desk.user("one@example.com")
    assert user is not None
    assert (user["username"], user["domain"], user["type"]) == (username, "example.com", "federatedID")


def test_a_user_name_in_another_domain_takes_the_account_there(desk: Desk) -> None:
    """Of user name and e-mail in different domains, the user name's is the account's."""
    assert desk.codes(do("sso@example.org", create("one@example.com"))) == []
    user = desk.user("one@example.com")
    assert user is not None
    assert (user["username"], user["domain"]) == ("sso@example.org", "example.org")


def test_a_user_name_that_is_an_address_identifies_nobody_in_requests(desk: Desk) -> None:
    """Adobe says of user names that are addresses that they never identify a user; the e-mail does."""
    desk.act(do("sso@example.com", create("one@example.com")))
    add = {"add": {"group": ["Alumni"]}}
    assert desk.codes(do("sso@example.com", add)) == [(0, 0, "error.user.nonexistent")]
    assert desk.codes(do("one@example.com", add)) == []


def test_later_steps_in_test_mode_mean_the_account_that_would_be_created(desk: Desk) -> None:
    """A user name that somebody has in another domain is no conflict for the one who would be created."""
    steps = [create("j@example.org"), {"update": {"firstname": "J"}}, {"add": {"group": ["Alumni"]}}]
    for test_mode in (True, False):
        assert desk.codes(do("jsmith", *steps, domain="example.org"), test_mode=test_mode) == []
    assert desk.emails("Alumni")[-1] == "j@example.org"


def test_later_steps_mean_the_account_just_created(desk: Desk) -> None:
    """Within the command that creates it, the account is the one that all steps are for."""
    command = do("sso@example.com", create("one@example.com"), {"add": {"group": ["Alumni"]}})
    assert desk.codes(command) == []
    assert "one@example.com" in desk.emails("Alumni")


@pytest.mark.parametrize("option", [None, "ignoreIfAlreadyExists", "updateIfAlreadyExists"])
def test_the_third_format_again(desk: Desk, option: str | None) -> None:
    """Sent a second time, the option decides as it does for the other formats."""
    desk.act(do("sso@example.com", create("one@example.com")))
    more = {} if option is None else {"option": option}
    command = do("sso@example.com", create("one@example.com", **{**more, "firstname": "Again"}))
    expected = [] if option else [(0, 0, "error.user.already_in_org")]
    assert desk.codes(command) == expected
    user = desk.user("one@example.com")
    assert user is not None
    assert user["firstname"] == ("Again" if option == "updateIfAlreadyExists" else "F")


def test_a_user_name_that_is_an_address_is_taken(desk: Desk) -> None:
    """Nobody else can have it as e-mail and user name, neither by a create step nor by an update."""
    desk.act(do("sso@example.com", create("one@example.com")))
    refused = [(0, 0, "error.user.name_in_use")]
    assert desk.codes(do("SSO@example.com", create("SSO@example.com"))) == refused
    assert desk.codes(do("jdoe@example.com", {"update": {"email": "sso@example.com"}})) == refused
    assert desk.codes(do("jdoe@example.com", {"update": {"username": "Sso@example.com"}})) == refused


@pytest.mark.parametrize(
    ("name", "email", "code"),
    [
        ("sso@example.com", "jdoe@example.com", "error.user.email.name_in_use"),
        ("jdoe@example.com", "one@example.com", "error.user.name_in_use"),
        ("sso@other.example", "one@example.com", "error.domain.trust.nonexistent"),
        ("sso@example.com", "one@other.example", "error.domain.trust.nonexistent"),
        ("sso@enterprise.example.com", "one@example.com", "error.user.type_mismatch"),
        ("sso@partner.example.net", "one@example.com", "error.api.user.not.parent.org"),
    ],
)
def test_the_third_format_refused(desk: Desk, name: str, email: str, code: str) -> None:
    """Neither the e-mail nor the user name may be another's, and both domains must be claimed for the type."""
    before = desk.world.organization().changes.count
    assert desk.codes(do(name, create(email))) == [(0, 0, code)]
    assert desk.world.organization().changes.count == before


def test_organizations_that_require_user_and_email_to_match(desk: Desk) -> None:
    """The setting refuses the third format alone; Adobe and Enterprise IDs must match without it."""
    desk.set(federated_user_must_match_email=True)
    assert desk.codes(do("sso@example.com", create("one@example.com"))) == [(0, 0, "error.user.must_match_email")]
    assert desk.codes(do("One@Example.com", create("one@example.com"))) == []
    assert desk.codes(do("two", create("two@example.com"), domain="example.com")) == []
    desk.set(federated_user_must_match_email=False)
    adobe = {"addAdobeID": {"email": "other@example.net"}}
    assert desk.codes(do("some@example.net", adobe)) == [(0, 0, "error.user.must_match_email")]


def test_organizations_whose_identity_provider_sends_user_names(desk: Desk) -> None:
    """With user names by SAML an address is refused as user name, and a name with its domain is taken."""
    desk.set(saml_user_names=True)
    assert desk.codes(do("one@example.com", create("one@example.com"))) == [(0, 0, "error.user.name.contains.email")]
    assert desk.codes(do("one", create("one@example.com"), domain="example.com")) == []


# Two accounts with one e-mail address


def test_use_adobe_id(desk: Desk) -> None:
    """Of two accounts with one address `useAdobeID` picks the Adobe ID, in every step."""
    name = "jane@example.com"
    assert desk.codes(do(name, {"add": {"group": ["Alumni"]}})) == []
    assert desk.codes(do(name, {"update": {"firstname": "J"}}, useAdobeID=True)) == [(0, 0, "error.update.adobeid.no")]
    assert desk.codes(do(name, {"update": {"firstname": "J"}}, useAdobeID=False)) == []
    assert desk.codes(do(name, {"removeFromOrg": {"deleteAccount": True}}, useAdobeID=True)) == []
    assert desk.user(name, domain="AdobeID") is None
    user = desk.user(name)
    assert user is not None
    assert (user["type"], user["firstname"]) == ("federatedID", "J")


def test_one_address_twice_in_a_list(desk: Desk) -> None:
    """Both accounts with one address are in the list of users, with different ids."""
    users = [user for user in desk.get("users/{org}/0").json()["users"] if user["email"] == "jane@example.com"]
    assert {user["type"] for user in users} == {"adobeID", "federatedID"}
    assert len({user["id"] for user in users}) == 2


# Renames (the samples of ActionsCmds.md#update)


@pytest.mark.parametrize(
    ("fields", "email", "username", "domain"),
    [
        ({"email": "jnew@example.com", "lastname": "new"}, "jnew@example.com", "jnew@example.com", "example.com"),
        ({"email": "jdoe@example.org"}, "jdoe@example.org", "jdoe@example.org", "example.org"),
        ({"username": "jdoe@example.org"}, "jdoe@example.com", "jdoe@example.org", "example.org"),
        (
            {"email": "new@example.org", "username": "other@example.com"},
            "new@example.org",
            "other@example.com",
            "example.com",
        ),
    ],
)
def test_the_samples_of_update(desk: Desk, fields: dict[str, str], email: str, username: str, domain: str) -> None:
    """Each of Adobe's samples changes what it says, and the memberships stay."""
    assert desk.codes(do("jdoe@example.com", {"update": fields})) == []
    user = desk.user(email)
    assert user is not None
    assert (user["email"], user["username"], user["domain"]) == (email, username, domain)
    assert {"DevOps", "U.S.FinanceOperations", "Document Cloud 1"} == set(user["groups"])


def test_create_and_rename_in_one_command(desk: Desk) -> None:
    """A create followed by an update of the user name is Adobe's own example."""
    assert desk.codes(do("n@example.com", create("n@example.com"), {"update": {"username": "n@example.org"}})) == []
    user = desk.user("n@example.com")
    assert user is not None
    assert user["username"] == "n@example.org"


def test_an_address_that_became_free_can_be_used(desk: Desk) -> None:
    """Whoever takes an old address is another account."""
    before = desk.user("jdoe@example.com")
    desk.act(do("jdoe@example.com", {"update": {"email": "john@example.com"}}))
    assert desk.codes(do("jdoe@example.com", create("jdoe@example.com"))) == []
    after = desk.user("jdoe@example.com")
    assert before is not None
    assert after is not None
    assert before["id"] != after["id"]
    assert "groups" not in after


# Domains, types and accounts that are not ours


def test_a_trusted_domain(desk: Desk) -> None:
    """Users of a trusted domain are listed and can be members; only its owner creates and changes them."""
    guests = desk.get("users/{org}/0", params={"domain": "partner.example.net"}).json()["users"]
    assert [user["email"] for user in guests] == ["guest@partner.example.net"]
    assert desk.codes(do("guest@partner.example.net", {"add": {"group": ["Alumni"]}})) == []
    refused = [(0, 0, "error.api.user.not.parent.org")]
    assert desk.codes(do("guest@partner.example.net", {"update": {"firstname": "G"}})) == refused
    assert desk.codes(do("jdoe@example.com", {"update": {"email": "jdoe@partner.example.net"}})) == refused
    assert desk.codes(do("guest@partner.example.net", {"removeFromOrg": {}})) == []


def test_outsiders(desk: Desk) -> None:
    """Accounts outside the organisation are in no list, and every step on them but a removal is refused."""
    outsiders = [
        {"email": "theirs@example.com", "state": "elsewhere"},
        {"email": "Invited@example.net", "state": "invited"},
    ]
    desk.seed({"outsiders": outsiders})
    add = {"add": {"group": ["Alumni"]}}
    not_in = [(0, 0, "error.user.not_in_org")]
    assert desk.user("theirs@example.com") is None
    assert desk.codes(do("Theirs@example.com", add)) == not_in
    assert desk.codes(do("Theirs@example.com", add), test_mode=True) == not_in
    assert desk.codes(do("theirs@example.com", {"removeFromOrg": {}})) == []
    assert desk.codes({"usergroup": "Alumni", "do": [{"add": {"user": ["invited@example.net"]}}]}) == not_in
    exported = desk.client.get("/_mock/state").json()
    assert exported["outsiders"] == [
        {"email": "invited@example.net", "state": "invited"},
        {"email": "theirs@example.com", "state": "elsewhere"},
    ]
    desk.seed({"outsiders": exported["outsiders"]})
    assert desk.client.get("/_mock/state").json() == exported


def test_types_that_the_organization_may_not_have(desk: Desk) -> None:
    """Where only Federated IDs are available, no Adobe ID can be added, and the others remain."""
    desk.seed({"identity_types": ["federatedID"]})
    adobe = do("a@example.net", {"addAdobeID": {"email": "a@example.net"}})
    assert desk.codes(adobe) == [(0, 0, "error.user.type_not_available")]
    assert desk.codes(do("n@example.com", create("n@example.com"))) == []
    assert desk.client.get("/_mock/state").json()["identity_types"] == ["federatedID"]


def test_an_organization_that_migrates(desk: Desk) -> None:
    """While it migrates, nothing in an organisation can be changed; the queries go on."""
    desk.seed({"migrating": True})
    before = desk.get("users/{org}/0").json()
    answer = desk.post([do("jdoe@example.com", {"removeFromOrg": {}})])
    assert (answer.status_code, answer.json()["result"]) == (403, "error.organization.migrating")
    assert desk.get("users/{org}/0").json() == before
    assert desk.client.get("/_mock/state").json()["migrating"] is True
    desk.seed({})
    assert desk.codes(do("jdoe@example.com", {"removeFromOrg": {}})) == []
    assert set(default_seed()) & {"migrating", "outsiders", "identity_types"} == set()
