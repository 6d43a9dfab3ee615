"""What each step on a user group does, and what makes the service refuse it (usergroupActionCommands.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock.conftest import Mock


def test_create_update_and_delete_a_user_group(mock: Mock) -> None:
    """A group's whole life, with its admin group beside it."""
    assert mock.do_group("Painters", {"createUserGroup": {"description": "d"}}) == []
    assert mock.groups()["Painters"]["type"] == "USER_GROUP"
    assert mock.groups()["_admin_Painters"]["userGroupName"] == "Painters"
    mock.do("jdoe@example.com", {"add": {"group": ["Painters", "_admin_Painters"]}})
    assert mock.do_group("Painters", {"updateUserGroup": {"name": "Sculptors"}}) == []
    groups = mock.groups()
    assert "Painters" not in groups
    assert groups["Sculptors"]["adminGroupName"] == "_admin_Sculptors"
    assert mock.members("Sculptors") == mock.members("_admin_Sculptors") == ["jdoe@example.com"]
    assert mock.do_group("Sculptors", {"deleteUserGroup": {}}) == []
    assert not {"Sculptors", "_admin_Sculptors"} & set(mock.groups())
    user = mock.user("jdoe@example.com")
    assert user is not None
    assert not {"Sculptors", "_admin_Sculptors"} & set(user["groups"])


def test_the_name_in_the_step_wins_over_the_root(mock: Mock) -> None:
    """createUserGroup with a name creates that, and the next steps act on it."""
    steps = ({"createUserGroup": {"name": "Real"}}, {"add": {"user": ["jdoe@example.com"]}})
    assert mock.do_group("Draft", *steps) == []
    assert mock.members("Real") == ["jdoe@example.com"]
    assert "Draft" not in mock.groups()


def test_steps_follow_a_renamed_group(mock: Mock) -> None:
    """After a rename, later steps of the command act on the same group."""
    steps = ({"updateUserGroup": {"name": "Ops"}}, {"add": {"user": ["jane@example.com"]}})
    assert mock.do_group("DevOps", *steps) == []
    assert "jane@example.com" in mock.members("Ops")


def test_nothing_runs_after_the_deletion(mock: Mock) -> None:
    """Steps after deleteUserGroup are passed over without an error."""
    assert mock.do_group("Alumni", {"deleteUserGroup": {}}, {"add": {"user": ["nobody@example.com"]}}) == []
    assert "Alumni" not in mock.groups()


@pytest.mark.parametrize("option", ["ignoreIfAlreadyExists", "updateIfAlreadyExists"])
def test_options_of_create_concern_the_description(mock: Mock, option: str) -> None:
    """Ignoring keeps the description, updating replaces it; neither is an error."""
    assert mock.do_group("DevOps", {"createUserGroup": {"option": option, "description": "new"}}) == []
    group = mock.world.organization().catalog.find("DevOps")
    assert group is not None
    assert (group.description == "new") == (option == "updateIfAlreadyExists")


def test_profiles_are_held_through_the_group(mock: Mock) -> None:
    """Members gain a profile with the group, which only directOnly=false shows, and lose it with it."""
    profile = "Illustrator - 20Gb"
    assert mock.do_group("DevOps", {"add": {"productConfiguration": [profile]}}) == []
    user = mock.user("jdoe@example.com")
    assert user is not None
    assert profile not in user["groups"]
    listed = mock.users(group="DevOps", directOnly="false").json()["users"]
    assert all(profile in user["groups"] for user in listed)
    assert mock.members(profile) == ["sato@example.org"]
    assert "jdoe@example.com" in mock.members(profile, directOnly="False")
    assert mock.do_group("DevOps", {"remove": {"productConfiguration": [profile]}}) == []
    assert mock.members(profile, directOnly="false") == ["sato@example.org"]


def test_add_and_remove_users(mock: Mock) -> None:
    """Users are named by e-mail, in any letter case."""
    assert mock.do_group("Alumni", {"add": {"user": ["JDOE@example.com", "sato@example.org"]}}) == []
    assert {"jdoe@example.com", "sato@example.org"} <= set(mock.members("Alumni"))
    assert mock.do_group("Alumni", {"remove": {"user": ["jdoe@example.com"]}}) == []
    assert "jdoe@example.com" not in mock.members("Alumni")


def test_admin_groups_take_users_through_a_usergroup_command(mock: Mock) -> None:
    """An admin group as the root can be given members, but no profiles."""
    assert mock.do_group("_admin_DevOps", {"add": {"user": ["jdoe@example.com"]}}) == []
    assert mock.members("_admin_DevOps") == ["jdoe@example.com"]
    profile = {"add": {"productConfiguration": ["Document Cloud 1"]}}
    assert mock.do_group("_admin_DevOps", profile) == [(0, "error.usergroup.not_found")]


@pytest.mark.parametrize(
    ("group", "step", "code"),
    [
        ("DevOps", {"createUserGroup": {}}, "usergroup.already_exists"),
        ("Document Cloud 1", {"createUserGroup": {"option": "ignoreIfAlreadyExists"}}, "usergroup.already_exists"),
        ("_mine", {"createUserGroup": {}}, "group.invalid_name"),
        ("DevOps", {"updateUserGroup": {"name": "_mine"}}, "group.invalid_name"),
        ("DevOps", {"updateUserGroup": {"name": "marketing"}}, "usergroup.already_exists"),
        ("DevOps", {"updateUserGroup": {}}, "usergroup.command.missing.arguments"),
        ("Nowhere", {"updateUserGroup": {"name": "X"}}, "usergroup.not_found"),
        ("Nowhere", {"deleteUserGroup": {}}, "usergroup.not_found"),
        ("Nowhere", {"add": {"user": ["jdoe@example.com"]}}, "usergroup.not_found"),
        ("Nowhere", {"remove": {"user": ["jdoe@example.com"]}}, "usergroup.not_found"),
        ("Document Cloud 1", {"add": {"user": ["sato@example.org"]}}, "usergroup.not_found"),
        ("Document Cloud 1", {"deleteUserGroup": {}}, "usergroup.not_found"),
        ("DevOps", {"deleteUserGroup": {"really": True}}, "command.object_not_empty"),
        ("DevOps", {"add": {"user": ["nobody@example.com"]}}, "user.nonexistent"),
        ("DevOps", {"add": {"productConfiguration": ["Nowhere"]}}, "group.not_found"),
        ("DevOps", {"add": {"productConfiguration": ["Marketing"]}}, "group.not_found"),
        ("DevOps", {"add": {"user": ["jdoe@example.com"]}}, "usergroup.user_list.invalid"),
        ("DevOps", {"remove": {"user": ["jane@example.com"]}}, "usergroup.user_list.invalid"),
        ("DevOps", {"add": {"user": ["a@example.com", "A@example.com"]}}, "command.add_remove.duplicate.user_list"),
        ("DevOps", {"add": {"user": []}}, "usergroup.command.missing.arguments"),
        ("DevOps", {"add": {"user": "jdoe@example.com"}}, "command.add_remove.list_not_array"),
        ("DevOps", {"add": {"group": ["Marketing"]}}, "command.add_remove.key.unknown"),
        ("Parent Org Designers", {"updateUserGroup": {"name": "X"}}, "usergroup.readonly.update_not_allowed"),
        ("Parent Org Designers", {"deleteUserGroup": {}}, "usergroup.readonly.remove_not_allowed"),
        (
            "Parent Org Designers",
            {"add": {"user": ["jdoe@example.com"]}},
            "usergroup.readonly.add_user_not_allowed",
        ),
        (
            "Parent Org Designers",
            {"remove": {"user": ["psmith@example.com"]}},
            "usergroup.readonly.remove_user_not_allowed",
        ),
        (
            "Parent Org Designers",
            {"createUserGroup": {"option": "updateIfAlreadyExists", "description": "x"}},
            "usergroup.readonly.update_not_allowed",
        ),
    ],
)
def test_refused(mock: Mock, group: str, step: dict[str, Any], code: str) -> None:
    """A step that breaks a rule gives that rule's code and changes nothing."""
    before = mock.world.organization().changes.count
    assert mock.do_group(group, step) == [(0, f"error.{code}")]
    assert mock.world.organization().changes.count == before


def test_read_only_groups_take_profiles(mock: Mock) -> None:
    """A shared group can be given product profiles, though no users."""
    step = {"add": {"productConfiguration": ["Illustrator - 20Gb"]}}
    assert mock.do_group("Parent Org Designers", step) == []
    assert "psmith@example.com" in mock.members("Illustrator - 20Gb", directOnly="false")


def test_large_groups_take_no_profiles(mock: Mock) -> None:
    """A group with more members than the limit cannot be given a profile."""
    mock.set(group_member_limit=1)
    step = {"add": {"productConfiguration": ["Illustrator - 20Gb"]}}
    assert mock.do_group("DevOps", step) == [(0, "error.usergroup.exceeds_maximum_member_count")]


def test_unchanged_user_lists_can_be_allowed(mock: Mock) -> None:
    """With the setting off, adding a member again succeeds."""
    mock.set(unchanged_user_list_fails=False)
    assert mock.do_group("DevOps", {"add": {"user": ["jdoe@example.com"]}}) == []


def test_errors_name_the_group_as_user(mock: Mock) -> None:
    """The error repeats the command's root under `user`, as the documented samples do."""
    answer = mock.act({"usergroup": "Parent Org Designers", "do": [{"deleteUserGroup": {}}]})
    assert answer["errors"] == [
        {
            "index": 0,
            "step": 0,
            "message": "User group owned by another organization. Remove not allowed: Parent Org Designers",
            "errorCode": "error.usergroup.readonly.remove_not_allowed",
            "user": "Parent Org Designers",
        }
    ]


def test_product_is_an_alias_for_product_configuration(mock: Mock) -> None:
    """The old key works for user groups too, with a warning."""
    answer = mock.act({"usergroup": "Alumni", "do": [{"add": {"product": ["Illustrator - 20Gb"]}}]})
    assert answer["result"] == "success"
    assert [warning["warningCode"] for warning in answer["warnings"]] == ["warning.command.deprecated"]
