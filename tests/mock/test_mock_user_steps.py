"""What each step on a user does, and what makes the service refuse it (reference sections 4 to 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

FEDERATED = {"email": "new@example.com", "firstname": "New", "lastname": "One", "country": "DE"}
ENTERPRISE = {"email": "new@enterprise.example.com", "firstname": "New", "lastname": "One"}


def test_create_federated_id_makes_a_user_known_by_its_email(mock: Mock) -> None:
    """A new Federated ID can be asked for at once, with the e-mail as its user name."""
    assert mock.do("new@example.com", {"createFederatedID": FEDERATED}) == []
    user = mock.user("new@example.com")
    assert user is not None
    assert user.pop("id").endswith("@12345.e")
    assert user == {
        "email": "new@example.com",
        "status": "active",
        "username": "new@example.com",
        "domain": "example.com",
        "firstname": "New",
        "lastname": "One",
        "country": "DE",
        "type": "federatedID",
    }


def test_create_federated_id_with_user_name_and_domain(mock: Mock) -> None:
    """A user name without @ comes with its domain, and both find the user afterwards."""
    assert mock.do("newone", {"createFederatedID": FEDERATED}, domain="example.com") == []
    user = mock.user("newone", domain="example.com")
    assert user is not None
    assert (user["username"], user["email"], user["domain"]) == ("newone", "new@example.com", "example.com")
    assert mock.user("new@example.com") == user
    assert mock.do("NewOne", {"update": {"lastname": "Two"}}, domain="EXAMPLE.com") == []
    assert mock.user("newone", domain="example.com") == {**user, "lastname": "Two"}


def test_create_enterprise_id_shows_the_user_name_in_upper_case(mock: Mock) -> None:
    """The user name of an Enterprise ID is its e-mail in upper case; a setting leaves it as it is."""
    assert mock.do(ENTERPRISE["email"], {"createEnterpriseID": ENTERPRISE}) == []
    user = mock.user(ENTERPRISE["email"])
    assert user is not None
    assert (user["type"], user["username"]) == ("enterpriseID", "NEW@ENTERPRISE.EXAMPLE.COM")
    mock.set(upper_case_enterprise_usernames=False)
    other = {**ENTERPRISE, "email": "other@enterprise.example.com"}
    mock.do(other["email"], {"createEnterpriseID": other})
    user = mock.user(other["email"])
    assert user is not None
    assert user["username"] == other["email"]


def test_add_adobe_id_needs_no_claimed_domain(mock: Mock) -> None:
    """Anybody's Adobe ID can be added, and is asked for with the domain AdobeID."""
    assert mock.do("someone@example.net", {"addAdobeID": {"email": "someone@example.net"}}) == []
    user = mock.user("someone@example.net", domain="AdobeID")
    assert user is not None
    assert (user["type"], user["domain"]) == ("adobeID", "example.net")
    assert user["id"].endswith("@AdobeID")
    assert not {"firstname", "lastname", "country", "groups"} & set(user)


@pytest.mark.parametrize(
    ("user", "step", "code"),
    [
        (
            "new@other.example",
            {"createFederatedID": {**FEDERATED, "email": "new@other.example"}},
            "domain.trust.nonexistent",
        ),
        (
            "new@other.example",
            {"createEnterpriseID": {**ENTERPRISE, "email": "new@other.example"}},
            "domain.trust.nonexistent",
        ),
        (
            "new@partner.example.net",
            {"createFederatedID": {**FEDERATED, "email": "new@partner.example.net"}},
            "api.user.not.parent.org",
        ),
        ("new@example.com", {"createEnterpriseID": {**ENTERPRISE, "email": "new@example.com"}}, "user.type_mismatch"),
        (ENTERPRISE["email"], {"createFederatedID": {**FEDERATED, "email": ENTERPRISE["email"]}}, "user.type_mismatch"),
        ("k@enterprise.example.com", {"createEnterpriseID": ENTERPRISE}, "user.must_match_email"),
        ("new@example.net", {"addAdobeID": {"email": "else@example.net"}}, "user.must_match_email"),
        ("new@example.com", {"createFederatedID": {**FEDERATED, "country": "ZZ"}}, "country.invalid"),
        ("new@example.com", {"createFederatedID": {**FEDERATED, "country": "USA"}}, "command.string.too_long"),
        ("new@example.com", {"createFederatedID": {**FEDERATED, "option": "merge"}}, "option.illegal"),
        ("jdoe@example.com", {"createFederatedID": {**FEDERATED, "email": "jdoe@example.com"}}, "user.already_in_org"),
        ("JDoe@Example.com", {"createFederatedID": {**FEDERATED, "email": "JDoe@Example.com"}}, "user.already_in_org"),
        ("admin@example.net", {"addAdobeID": {"email": "admin@example.net"}}, "user.already_in_org"),
    ],
)
def test_create_refused(mock: Mock, user: str, step: dict[str, Any], code: str) -> None:
    """A create step that breaks a rule gives that rule's code and creates nobody."""
    before = mock.world.organization().changes.count
    assert mock.do(user, step) == [(0, f"error.{code}")]
    assert mock.world.organization().changes.count == before


def test_create_with_a_new_user_name_but_a_known_email_is_refused(mock: Mock) -> None:
    """Two Federated IDs cannot share an e-mail address."""
    step = {"createFederatedID": {**FEDERATED, "email": "jdoe@example.com"}}
    assert mock.do("another", step, domain="example.com") == [(0, "error.user.email.name_in_use")]


def test_ignore_if_already_exists_skips_the_create_and_runs_the_rest(mock: Mock) -> None:
    """The existing user stays as it is, and the next step still applies."""
    before = mock.user("jdoe@example.com")
    assert before is not None
    create = {**FEDERATED, "email": "jdoe@example.com", "option": "ignoreIfAlreadyExists"}
    assert mock.do("jdoe@example.com", {"createFederatedID": create}, {"add": {"group": ["Marketing"]}}) == []
    assert mock.user("jdoe@example.com") == {**before, "groups": [*before["groups"], "Marketing"]}


def test_update_if_already_exists_rewrites_the_names_only(mock: Mock) -> None:
    """First and last name change; country and groups do not."""
    before = mock.user("jdoe@example.com")
    assert before is not None
    create = {**FEDERATED, "email": "jdoe@example.com", "option": "updateIfAlreadyExists"}
    assert mock.do("jdoe@example.com", {"createFederatedID": create}) == []
    assert mock.user("jdoe@example.com") == {**before, "firstname": "New", "lastname": "One"}


def test_create_over_an_adobe_id_succeeds_without_creating(mock: Mock) -> None:
    """Where the organisation has an Adobe ID of that e-mail, a create succeeds and changes nothing."""
    mock.do("new@example.com", {"addAdobeID": {"email": "new@example.com"}})
    before = mock.users().headers["X-Total-Count"]
    assert mock.do("new@example.com", {"createFederatedID": FEDERATED}) == []
    assert mock.users().headers["X-Total-Count"] == before
    mock.set(adobe_id_answers_create=False)
    assert mock.do("new@example.com", {"createFederatedID": FEDERATED}) == []
    assert int(mock.users().headers["X-Total-Count"]) == int(before) + 1


def test_an_adobe_id_may_share_the_email_of_another_account(mock: Mock) -> None:
    """Of two accounts with one e-mail the owned one is meant, unless useAdobeID says otherwise."""
    assert mock.do("jane@example.com", {"add": {"group": ["DevOps"]}}) == []
    assert mock.do("jane@example.com", {"add": {"group": ["デザイン部"]}}, useAdobeID=True) == []
    owned, adobe = mock.user("jane@example.com"), mock.user("jane@example.com", domain="AdobeID")
    assert owned is not None
    assert adobe is not None
    assert "DevOps" in owned["groups"]
    assert adobe["groups"] == ["Alumni", "デザイン部"]


def test_domain_enforcement_refuses_adobe_ids_in_claimed_domains(mock: Mock) -> None:
    """With the setting on, an Adobe ID in a claimed domain is refused."""
    mock.set(domain_enforcement=True)
    step = {"addAdobeID": {"email": "new@example.com"}}
    assert mock.do("new@example.com", step) == [(0, "error.user.domain_enforcement")]


# Update


def test_update_changes_only_the_fields_it_names(mock: Mock) -> None:
    """A new last name leaves the rest as it was."""
    before = mock.user("jdoe@example.com")
    assert before is not None
    assert mock.do("jdoe@example.com", {"update": {"lastname": "Neu"}}) == []
    assert mock.user("jdoe@example.com") == {**before, "lastname": "Neu"}


def test_update_of_the_email_moves_an_equal_user_name(mock: Mock) -> None:
    """Where user name and e-mail are equal, a new e-mail is the new user name too, with its domain."""
    assert mock.do("jdoe@example.com", {"update": {"email": "john@example.org"}}) == []
    assert mock.user("jdoe@example.com") is None
    user = mock.user("john@example.org")
    assert user is not None
    assert (user["username"], user["domain"]) == ("john@example.org", "example.org")
    assert "john@example.org" in mock.members("DevOps")


def test_update_of_the_email_leaves_a_user_name_of_its_own(mock: Mock) -> None:
    """A user name that is not the e-mail stays when the e-mail changes."""
    assert mock.do("jsmith", {"update": {"email": "smith@example.com"}}, domain="example.com") == []
    user = mock.user("jsmith", domain="example.com")
    assert user is not None
    assert (user["email"], user["username"]) == ("smith@example.com", "jsmith")


def test_the_user_name_need_not_follow_the_email(mock: Mock) -> None:
    """With the live setting, only the e-mail changes."""
    mock.set(username_follows_email=False)
    assert mock.do("jdoe@example.com", {"update": {"email": "john@example.com"}}) == []
    user = mock.user("john@example.com")
    assert user is not None
    assert user["username"] == "jdoe@example.com"


def test_update_of_the_user_name_apart_from_the_email(mock: Mock) -> None:
    """A Federated ID can have a user name in another domain of its directory; the e-mail still finds it."""
    assert mock.do("jdoe@example.com", {"update": {"username": "jdoe@example.org"}}) == []
    user = mock.user("jdoe@example.com")
    assert user is not None
    assert (user["username"], user["domain"]) == ("jdoe@example.org", "example.org")


def test_update_follows_the_account_through_a_command(mock: Mock) -> None:
    """After a change of e-mail the later steps of the command still mean the same account."""
    steps = ({"update": {"email": "john@example.com"}}, {"add": {"group": ["Marketing"]}})
    assert mock.do("jdoe@example.com", *steps) == []
    assert "john@example.com" in mock.members("Marketing")


def test_a_change_of_letter_case_is_a_silent_no_op(mock: Mock) -> None:
    """Changing only the case of an e-mail succeeds and keeps the stored case."""
    assert mock.do("JDOE@example.com", {"update": {"email": "JDoe@Example.com"}}) == []
    user = mock.user("jdoe@EXAMPLE.com")
    assert user is not None
    assert user["email"] == "jdoe@example.com"


def test_update_of_an_enterprise_email_moves_its_user_name(mock: Mock) -> None:
    """An Enterprise ID's user name follows in upper case."""
    new = "kim@enterprise.example.org"
    assert mock.do("kjones@enterprise.example.com", {"update": {"email": new}}) == []
    user = mock.user(new)
    assert user is not None
    assert (user["username"], user["domain"]) == (new.upper(), "enterprise.example.org")


def test_update_without_a_field(mock: Mock) -> None:
    """An update that names nothing changes nothing, as umapi-cli needs it, or with the setting is refused."""
    assert mock.do("jdoe@example.com", {"update": {}}, {"add": {"group": ["Alumni"]}}) == []
    mock.set(empty_update_fails=True)
    assert mock.do("jdoe@example.com", {"update": {}}) == [(0, "error.user.command.missing.arguments")]


@pytest.mark.parametrize(
    ("user", "fields", "code"),
    [
        ("nobody@example.com", {"lastname": "X"}, "user.nonexistent"),
        ("admin@example.net", {"lastname": "X"}, "update.adobeid.no"),
        ("jdoe@example.com", {"country": "DE"}, "update.country.no_update"),
        ("jdoe@example.com", {"option": "ignoreIfAlreadyExists"}, "command.update.option.no"),
        ("jdoe@example.com", {"email": "jdoe@other.example"}, "domain.trust.nonexistent"),
        ("jdoe@example.com", {"username": "jdoe@other.example"}, "domain.trust.nonexistent"),
        ("jdoe@example.com", {"email": "jdoe@enterprise.example.com"}, "user.change_domain_update.no"),
        ("jdoe@example.com", {"email": "JANE@example.com"}, "user.email.name_in_use"),
        ("jdoe@example.com", {"username": "jane@example.com"}, "user.name_in_use"),
        ("jdoe@example.com", {"username": "jsmith"}, "user.name_in_use"),
        ("kjones@enterprise.example.com", {"username": "kim"}, "update.username.no"),
        ("guest@partner.example.net", {"lastname": "X"}, "api.user.not.parent.org"),
    ],
)
def test_update_refused(mock: Mock, user: str, fields: dict[str, str], code: str) -> None:
    """An update that breaks a rule gives that rule's code and changes nothing."""
    before = mock.world.organization().changes.count
    assert mock.do(user, {"update": fields}) == [(0, f"error.{code}")]
    assert mock.world.organization().changes.count == before


def test_update_in_the_wrong_domain(mock: Mock) -> None:
    """A user name that another domain has is told apart from one that nobody has."""
    assert mock.do("jsmith", {"update": {"lastname": "X"}}, domain="example.org") == [
        (0, "error.update.domain.mismatch")
    ]
    assert mock.do("xsmith", {"update": {"lastname": "X"}}, domain="example.org") == [(0, "error.user.nonexistent")]


# Groups


def test_add_and_remove_groups_of_every_kind(mock: Mock) -> None:
    """User groups, profiles and admin groups are given and taken by name, in any letter case."""
    names = ["Marketing", "photoshop - 2gb", "_admin_Marketing", "_product_admin_Photoshop", "_support_admin"]
    assert mock.do("mgarcia@enterprise.example.com", {"add": {"group": names}}) == []
    user = mock.user("mgarcia@enterprise.example.com")
    assert user is not None
    assert user["groups"] == [
        *("Marketing", "Photoshop - 2Gb", "_admin_Marketing", "_product_admin_Photoshop", "_support_admin"),
    ]
    assert mock.do("mgarcia@enterprise.example.com", {"remove": {"group": names[1:]}}) == []
    user = mock.user("mgarcia@enterprise.example.com")
    assert user is not None
    assert user["groups"] == ["Marketing"]


def test_adding_twice_and_removing_what_is_not_there_succeed(mock: Mock) -> None:
    """A membership that is there already, or is not there, is no error."""
    steps = ({"add": {"group": ["DevOps"]}}, {"remove": {"group": ["Marketing"]}})
    assert mock.do("jdoe@example.com", *steps) == []


def test_remove_all_leaves_system_administrators(mock: Mock) -> None:
    """Every membership ends but that of _org_admin."""
    assert mock.do("admin@example.net", {"remove": "all"}) == []
    user = mock.user("admin@example.net")
    assert user is not None
    assert user["groups"] == ["_org_admin"]


@pytest.mark.parametrize("step", ["add", "remove"])
@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["DevOps", "Nowhere"], "group.not_found"),
        (["_admin_Nowhere"], "group.not_found"),
        (["_org_admin"], "group.not_found"),
        (["_compartment_admin"], "group.not_found"),
        (["DevOps", "devops"], "command.add_remove.duplicate.usergroup_list"),
        (["DevOps"] * 11, "command.add_remove.list_too_long"),
        ([], "group.invalid_list"),
        ([""], "group.invalid_list"),
        ([None], "group.invalid_list"),
        (["x" * 256], "command.add_remove.group_or_product_name_too_long"),
    ],
)
def test_membership_refused(mock: Mock, step: str, names: list[Any], code: str) -> None:
    """A list of groups that breaks a rule fails the whole step."""
    before = mock.world.organization().changes.count
    assert mock.do("psmith", {step: {"group": names}}, domain="example.com") == [(0, f"error.{code}")]
    assert mock.world.organization().changes.count == before


def test_read_only_groups_keep_their_members(mock: Mock) -> None:
    """Users are neither put into a shared group nor taken out, each with its own code."""
    shared = {"group": ["Parent Org Designers"]}
    assert mock.do("jdoe@example.com", {"add": shared}) == [(0, "error.usergroup.readonly.add_user_not_allowed")]
    errors = mock.act({"user": "psmith@example.com", "do": [{"remove": shared}]})["errors"]
    assert errors == [
        {
            "index": 0,
            "step": 0,
            "message": "User cannot be removed from group as owned by another org and readonly: Parent Org Designers",
            "errorCode": "error.usergroup.readonly.remove_user_not_allowed",
            "user": "psmith@example.com",
        }
    ]
    assert mock.members("Parent Org Designers") == ["psmith@example.com"]


def test_live_setting_allows_twenty_memberships(mock: Mock) -> None:
    """The length of a list follows the setting, in the code and in its message."""
    mock.set(memberships_per_step=20)
    for number in range(21):
        mock.do_group(f"Extra {number}", {"createUserGroup": {}})
    names = [f"Extra {number}" for number in range(21)]
    assert mock.do("jdoe@example.com", {"add": {"group": names[:20]}}) == []
    answer = mock.act({"user": "jdoe@example.com", "do": [{"add": {"group": names}}]})
    assert answer["errors"][0]["message"] == "Too many products, users or groups in Add or Remove: max is 20"


def test_product_is_an_alias_with_a_warning(mock: Mock) -> None:
    """The old key works and is warned about, with the command's request id."""
    answer = mock.act(
        {"user": "jdoe@example.com", "requestID": "r1", "do": [{"add": {"product": ["Marketing"]}}]},
    )
    assert answer == {
        "completed": 1,
        "notCompleted": 0,
        "completedInTestMode": 0,
        "result": "success",
        "warnings": [
            {
                "index": 0,
                "step": 0,
                "message": "'product' command is deprecated. Please use productConfiguration.",
                "warningCode": "warning.command.deprecated",
                "requestID": "r1",
                "user": "jdoe@example.com",
            }
        ],
    }
    assert "jdoe@example.com" in mock.members("Marketing")


# Removal from the organisation


@pytest.mark.parametrize("fields", [{}, {"deleteAccount": False}, {"deleteAccount": True}])
def test_remove_from_org_takes_the_user_out_of_everything(mock: Mock, fields: dict[str, bool]) -> None:
    """The user is gone from the organisation and its groups; doing so again succeeds."""
    assert mock.do("jdoe@example.com", {"removeFromOrg": fields}) == []
    assert mock.user("jdoe@example.com") is None
    assert "jdoe@example.com" not in mock.members("DevOps")
    assert mock.do("jdoe@example.com", {"removeFromOrg": fields}) == []
    mock.set(remove_absent_user_fails=True)
    assert mock.do("jdoe@example.com", {"removeFromOrg": fields}) == [(0, "error.user.nonexistent")]


# The answer


def test_partial_success_counts_commands_and_names_the_failed(mock: Mock) -> None:
    """Commands are counted, not steps; each error has index, step, request id and user."""
    answer = mock.act(
        {"user": "jdoe@example.com", "do": [{"add": {"group": ["Marketing"]}}]},
        {
            "user": "jane@example.com",
            "requestID": "two",
            "do": [{"add": {"group": ["Nowhere"]}}, {"add": {"group": ["DevOps"]}}, {"remove": {"group": ["Nope"]}}],
        },
    )
    assert answer == {
        "completed": 1,
        "notCompleted": 1,
        "completedInTestMode": 0,
        "errors": [
            {
                "index": 1,
                "step": step,
                "message": f"Group {name} was not found",
                "errorCode": "error.group.not_found",
                "requestID": "two",
                "user": "jane@example.com",
            }
            for step, name in ((0, "Nowhere"), (2, "Nope"))
        ],
        "result": "partial",
    }
    # Steps after a failed one are still tried.
    assert "jane@example.com" in mock.members("DevOps")


def test_result_is_error_when_every_command_failed(mock: Mock) -> None:
    """Nothing completed means error."""
    command = {"user": "nobody@example.com", "do": [{"add": {"group": ["DevOps"]}}]}
    answer = mock.act(command, command)
    assert (answer["result"], answer["completed"], answer["notCompleted"]) == ("error", 0, 2)
    assert [error["message"] for error in answer["errors"]] == ["User Id does not exist: nobody@example.com"] * 2


def test_test_mode_changes_nothing(mock: Mock) -> None:
    """Every kind of step passes, is counted as completed in test mode, and leaves no trace."""
    before = mock.world.organization().changes.count
    commands: list[Any] = [
        {
            "user": "new@example.com",
            "do": [{"createFederatedID": FEDERATED}, {"add": {"group": ["DevOps"]}}, {"update": {"lastname": "X"}}],
        },
        {"user": "jdoe@example.com", "do": [{"update": {"email": "x@example.com"}}, {"remove": "all"}]},
        {"user": "jane@example.com", "do": [{"remove": {"group": ["Marketing"]}}, {"removeFromOrg": {}}]},
        {"user": "nobody@example.com", "do": [{"add": {"group": ["DevOps"]}}, {"remove": "all"}]},
        {
            "usergroup": "Fresh",
            "do": [
                {"createUserGroup": {}},
                {"add": {"user": ["jdoe@example.com"], "productConfiguration": ["Document Cloud 1"]}},
                {"updateUserGroup": {"description": "d"}},
                {"deleteUserGroup": {}},
            ],
        },
        {"usergroup": "DevOps", "do": [{"remove": {"user": ["jdoe@example.com"]}}, {"deleteUserGroup": {}}]},
    ]
    answer = mock.act(*commands, test_mode=True)
    assert answer == {"completed": 0, "notCompleted": 0, "completedInTestMode": 6, "result": "success"}
    assert mock.world.organization().changes.count == before


def test_test_mode_still_finds_mistakes(mock: Mock) -> None:
    """Syntax, unknown groups and unclaimed domains are reported in test mode too."""
    answer = mock.act(
        {"user": "nobody@example.com", "do": [{"add": {"group": ["Nowhere"]}}]},
        {"user": "a@other.example", "do": [{"createFederatedID": {**FEDERATED, "email": "a@other.example"}}]},
        {"user": "jdoe@example.com", "do": [{"removeFromOrg": {}}]},
        test_mode=True,
    )
    assert [error["errorCode"] for error in answer["errors"]] == [
        "error.group.not_found",
        "error.domain.trust.nonexistent",
    ]
    assert (answer["result"], answer["completedInTestMode"]) == ("partial", 1)


def test_live_test_mode_needs_the_user(mock: Mock) -> None:
    """With the live setting, an unknown user is an error in test mode, but not one just created."""
    mock.set(test_mode_needs_user=True)
    add = {"add": {"group": ["DevOps"]}}
    assert mock.do("nobody@example.com", add, test_mode=True) == [(0, "error.user.nonexistent")]
    assert mock.do("new@example.com", {"createFederatedID": FEDERATED}, add, test_mode=True) == []
