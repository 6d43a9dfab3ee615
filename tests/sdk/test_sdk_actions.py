"""The builders of actions: what they write, and what they refuse with place and code."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from sdk_kit import wire_commands

from umapi_sdk import (
    Action,
    ActionError,
    ConfigurationError,
    Connection,
    CreateOption,
    GroupAction,
    IdentityType,
    OAuthS2S,
    UserAction,
)
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.characters import shown
from umapi_sdk.commands import read_action, read_actions

IGNORE, UPDATE = CreateOption.IGNORE_IF_ALREADY_EXISTS, CreateOption.UPDATE_IF_ALREADY_EXISTS
ENTERPRISE, FEDERATED = IdentityType.ENTERPRISE_ID, IdentityType.FEDERATED_ID


def user(name: Any = "jo@example.com", **options: Any) -> Any:
    """An action on a user, open to arguments of any type."""
    return UserAction(name, **options)


def group(name: Any = "Team", **options: Any) -> Any:
    """An action on a user group, open to arguments of any type."""
    return GroupAction(name, **options)


STEPS: list[tuple[Callable[[], Action], dict[str, Any]]] = [
    (lambda: user().add_adobe_id(), {"addAdobeID": {"email": "jo@example.com"}}),
    (
        lambda: user().add_adobe_id(email="x@y.z", first_name="J", last_name="D", country="DE", option=IGNORE),
        {
            "addAdobeID": {
                "email": "x@y.z",
                "firstname": "J",
                "lastname": "D",
                "country": "DE",
                "option": "ignoreIfAlreadyExists",
            }
        },
    ),
    (
        lambda: user().create_enterprise_id(first_name="", last_name="D"),
        {"createEnterpriseID": {"email": "jo@example.com", "firstname": "", "lastname": "D"}},
    ),
    (
        lambda: user().create_enterprise_id(first_name="J", last_name="D", country="US", option=UPDATE),
        {
            "createEnterpriseID": {
                "email": "jo@example.com",
                "firstname": "J",
                "lastname": "D",
                "country": "US",
                "option": "updateIfAlreadyExists",
            }
        },
    ),
    (
        lambda: user().create_federated_id(first_name="Жанна", last_name="😀", country="UD"),
        {"createFederatedID": {"email": "jo@example.com", "firstname": "Жанна", "lastname": "😀", "country": "UD"}},
    ),
    (
        lambda: user("jo", domain="example.com").create_federated_id(
            email="x" * 54 + "@a.com", first_name="J" * 250, last_name="D", country="CH", option=UPDATE
        ),
        {
            "createFederatedID": {
                "email": "x" * 54 + "@a.com",
                "firstname": "J" * 250,
                "lastname": "D",
                "country": "CH",
                "option": "updateIfAlreadyExists",
            }
        },
    ),
    (lambda: user().create(first_name="J"), {"addAdobeID": {"email": "jo@example.com", "firstname": "J"}}),
    (
        lambda: user().create(first_name="J", last_name="D", id_type=ENTERPRISE),
        {"createEnterpriseID": {"email": "jo@example.com", "firstname": "J", "lastname": "D"}},
    ),
    (
        lambda: user().create(first_name="J", last_name="D", country="DE", id_type=FEDERATED),
        {"createFederatedID": {"email": "jo@example.com", "firstname": "J", "lastname": "D", "country": "DE"}},
    ),
    (
        lambda: user().update(email="a@b.c", username="u", first_name="f", last_name="l"),
        {"update": {"email": "a@b.c", "username": "u", "firstname": "f", "lastname": "l"}},
    ),
    (lambda: user().update(first_name=""), {"update": {"firstname": ""}}),
    (lambda: user().add_to_groups(["a/b", "ü"]), {"add": {"group": ["a/b", "ü"]}}),
    (lambda: user().add_to_groups(("_support_admin",)), {"add": {"group": ["_support_admin"]}}),
    (lambda: user().add_to_groups({"b", "a"}), {"add": {"group": ["a", "b"]}}),
    (lambda: user().add_to_groups(frozenset({"x" * 255})), {"add": {"group": ["x" * 255]}}),
    (lambda: user().add_to_groups(["a", "b", "a"]), {"add": {"group": ["a", "b"]}}),
    (lambda: user().remove_from_groups(["a"]), {"remove": {"group": ["a"]}}),
    (lambda: user().remove_from_groups(all_groups=True), {"remove": "all"}),
    (lambda: user().remove_from_organization(), {"removeFromOrg": {"deleteAccount": False}}),
    (lambda: user().remove_from_organization(delete_account=True), {"removeFromOrg": {"deleteAccount": True}}),
    (lambda: group().create(), {"createUserGroup": {}}),
    (
        lambda: group().create(description="d", option=IGNORE),
        {"createUserGroup": {"description": "d", "option": "ignoreIfAlreadyExists"}},
    ),
    (lambda: group().update(name="n", description="d"), {"updateUserGroup": {"name": "n", "description": "d"}}),
    (lambda: group().update(description=""), {"updateUserGroup": {"description": ""}}),
    (lambda: group().delete(), {"deleteUserGroup": {}}),
    (lambda: group().add_users(["a@b.c"]), {"add": {"user": ["a@b.c"]}}),
    (lambda: group().remove_users({"a@b.c"}), {"remove": {"user": ["a@b.c"]}}),
    (lambda: group().add_to_products(["P"]), {"add": {"productConfiguration": ["P"]}}),
    (lambda: group("_admin_x").remove_from_products(["P"]), {"remove": {"productConfiguration": ["P"]}}),
]


@pytest.mark.parametrize(
    ("build", "step"), STEPS, ids=lambda value: next(iter(value)) if isinstance(value, dict) else ""
)
def test_each_builder_writes_its_step(build: Callable[[], Action], step: dict[str, Any]) -> None:
    """A builder's method writes one step, with the names of the wire and only what was given."""
    (command,) = wire_commands(build())
    assert command["do"] == [step]


def test_roots_of_commands() -> None:
    """User, domain, account preference and request id stand beside the steps, and only where given."""
    named = user("jo", domain="example.com", request_id="r1").update(first_name="J")
    assert wire_commands(named)[0] == {
        "user": "jo",
        "domain": "example.com",
        "requestID": "r1",
        "do": [{"update": {"firstname": "J"}}],
    }
    preferred = UserAction(email="jo@example.com", use_adobe_id=True).update(first_name="J")
    assert wire_commands(preferred)[0].keys() == {"user", "useAdobeID", "do"}
    plain = user(use_adobe_id=False).update(first_name="J")
    assert wire_commands(plain)[0].keys() == {"user", "do"}
    on_group = group("Team", request_id="r2").delete()
    assert wire_commands(on_group)[0] == {"usergroup": "Team", "requestID": "r2", "do": [{"deleteUserGroup": {}}]}


MISTAKES: dict[str, list[Callable[[], object]]] = {
    "/user error.command.user.missing": [
        lambda: user(None),
        lambda: user("a@b.c", email="a@b.c"),
        lambda: user(""),
    ],
    "/user error.command.string_expected": [
        lambda: user(b"a@b.c"),
        lambda: user(["a@b.c"]),
        lambda: user(5),
    ],
    "/user error.command.string.too_long": [
        lambda: user("a" * 247 + "@b.c"),
    ],
    "/ error.command.domain.missing": [
        lambda: user("jo"),
    ],
    "/domain error.command.domain.missing": [
        lambda: user("jo", domain=""),
    ],
    "/domain error.command.domain.string_expected": [
        lambda: user("jo", domain=b"b.c"),
    ],
    "/domain error.command.string.too_long": [
        lambda: user("jo", domain="b" * 251),
    ],
    "/useAdobeID error.command.boolean_expected": [
        lambda: user(use_adobe_id="no"),
        lambda: user(use_adobe_id=0),
    ],
    "/requestID error.command.string.too_long": [
        lambda: user(request_id="r" * 251),
    ],
    "/requestID error.command.string_expected": [
        lambda: user(request_id=7),
    ],
    "/usergroup error.command.string_expected": [
        lambda: group(None),
        lambda: group(["g"]),
    ],
    "/usergroup error.command.user_usergroup.missing": [
        lambda: group(""),
    ],
    "/usergroup error.command.string.too_long": [
        lambda: group("g" * 256),
    ],
    "/do/0/addAdobeID/email error.user.email.invalid": [
        lambda: user().add_adobe_id(email="x" * 55 + "@a.com"),
        lambda: user().add_adobe_id(email="x y"),
        lambda: user("jo", domain="d").add_adobe_id(),
    ],
    "/do/0/addAdobeID/email error.command.create.string_expected": [
        lambda: user().add_adobe_id(email=b"a@b.c"),
    ],
    "/do/0/addAdobeID/firstname error.command.string.too_long": [
        lambda: user().add_adobe_id(first_name="x" * 251),
    ],
    "/do/0/addAdobeID/lastname error.command.create.string_expected": [
        lambda: user().add_adobe_id(last_name=["x"]),
    ],
    "/do/0/addAdobeID/country error.command.string.too_long": [
        lambda: user().add_adobe_id(country="USA"),
    ],
    "/do/0/addAdobeID/country error.country.invalid": [
        lambda: user().add_adobe_id(country="us"),
        lambda: user().add_adobe_id(country="XX"),
        lambda: user().add_adobe_id(country="UK"),
        lambda: user().add_adobe_id(country="EU"),
    ],
    "/do/0/addAdobeID/option error.option.illegal": [
        lambda: user().add_adobe_id(option="ignoreIfAlreadyExists"),
    ],
    "/do/0/addAdobeID/option error.command.create.string_expected": [
        lambda: user().add_adobe_id(option=1),
    ],
    "/do/0/createEnterpriseID/lastname error.command.create.string_expected": [
        lambda: user().create_enterprise_id(first_name="J", last_name=None),
    ],
    "/do/0/createFederatedID/country error.command.create.string_expected": [
        lambda: user().create_federated_id(first_name="J", last_name="D", country=None),
    ],
    "/do/0/createEnterpriseID error.user.firstname_missing": [
        lambda: user().create(last_name="D", id_type=ENTERPRISE),
    ],
    "/do/0/createFederatedID error.country.invalid": [
        lambda: user().create(first_name="J", last_name="D", id_type=FEDERATED),
    ],
    "/do/0 error.command.step.unknown": [
        lambda: user().create(id_type=IdentityType.UNKNOWN),
        lambda: user().create(first_name="J", last_name="D", country="DE", id_type="enterpriseID"),
        lambda: user().create(id_type=["adobeID"]),
    ],
    "/usergroup error.group.invalid_name": [
        lambda: group("_x").create(),
    ],
    "/do/0/createUserGroup/description error.command.create.string_expected": [
        lambda: group().create(description=b"d"),
    ],
    "/do/0/update error.user.command.missing.arguments": [
        lambda: user().update(),
    ],
    "/do/0/update/username error.user.name.invalid": [
        lambda: user().update(username=""),
    ],
    "/do/0/update/username error.command.string_expected": [
        lambda: user().update(username={"a"}),
    ],
    "/do/0/update/email error.user.email.invalid": [
        lambda: user().update(email="@"),
    ],
    "/do/0/updateUserGroup error.usergroup.command.missing.arguments": [
        lambda: group().update(),
    ],
    "/do/0/updateUserGroup/name error.group.invalid_name": [
        lambda: group().update(name="_x"),
    ],
    "/do/0/updateUserGroup/name error.command.string.too_long": [
        lambda: group().update(name="x" * 256),
    ],
    "/do/0/add/group error.command.add_remove.list_not_array": [
        lambda: user().add_to_groups("abc"),
        lambda: user().add_to_groups(b"abc"),
        lambda: user().add_to_groups(None),
        lambda: user().add_to_groups(n for n in "ab"),
        lambda: user().add_to_groups({"a": 1}),
    ],
    "/do/0/add/group error.group.invalid_list": [
        lambda: user().add_to_groups([]),
    ],
    "/do/0/add/group/1 error.group.invalid_list": [
        lambda: user().add_to_groups(["a", ""]),
        lambda: user().add_to_groups(["a", ["b"]]),
    ],
    "/do/0/add/group/0 error.group.invalid_list": [
        lambda: user().add_to_groups([None]),
        lambda: user().add_to_groups({"a", 5}),
    ],
    "/do/0/remove/group/0 error.group.invalid_list": [
        lambda: user().remove_from_groups([{}]),
    ],
    "/do/0/remove/group/0 error.command.add_remove.group_or_product_name_too_long": [
        lambda: user().remove_from_groups(["x" * 256]),
    ],
    "/do/0/remove error.command.add_remove.missing_list": [
        lambda: user().remove_from_groups(),
        lambda: user().remove_from_groups(["a"], all_groups=True),
    ],
    "/do/0/remove/group error.group.invalid_list": [
        lambda: user().remove_from_groups([]),
    ],
    "/do/0/remove error.command.add_remove.list": [
        lambda: user().remove_from_groups(all_groups="no"),
        lambda: user().remove_from_groups(all_groups=1),
    ],
    "/do/0/add/user error.usergroup.command.missing.arguments": [
        lambda: group().add_users([]),
    ],
    "/do/0/add/user error.command.add_remove.list_not_array": [
        lambda: group().add_users("a@b.c"),
    ],
    "/do/0/remove/user/0 error.user.user_list.invalid": [
        lambda: group().remove_users([""]),
        lambda: group().remove_users(["u" * 251]),
    ],
    "/do/0/add/productConfiguration error.usergroup.command.missing.arguments": [
        lambda: group().add_to_products(()),
    ],
    "/do/0/remove/productConfiguration/0 error.group.invalid_list": [
        lambda: group().remove_from_products([1]),
    ],
    "/do/1 error.command.create.not_first": [
        lambda: create_late(user().add_adobe_id()),
        lambda: create_late(user().update(first_name="a")),
        lambda: GroupAction.create(group().update(name="n")),
    ],
    "/do/3 error.command.create.not_first": [
        lambda: create_late(user().update(first_name="a").add_to_groups(["a"]).update(last_name="b")),
    ],
    "/do/0/removeFromOrg/deleteAccount error.command.boolean_expected": [
        lambda: user().remove_from_organization(delete_account="no"),
        lambda: user().remove_from_organization(delete_account=0),
    ],
    "/domain error.command.domain.must_be_used_with_nonemail_username": [
        lambda: user("a@b.c", domain="b.c"),
    ],
}
"""Calls that are refused, by pointer and code."""


def create_late(action: Any) -> object:
    """Create where a type checker would not allow it."""
    return action.add_adobe_id()


@pytest.mark.parametrize(
    ("build", "place_and_code"), [(build, key) for key, builds in MISTAKES.items() for build in builds]
)
def test_each_mistake_is_refused_with_pointer_and_code(build: Callable[[], object], place_and_code: str) -> None:
    """A value that the service would refuse raises one ActionError, on one line, with its place and the code."""
    pointer, code = place_and_code.split()
    with pytest.raises(ActionError) as caught:
        build()
    assert (pointer, code) in {(violation.pointer or "/", violation.code) for violation in caught.value.violations}
    assert f"{pointer}: " in str(caught.value)
    assert f"({code})" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_message_has_the_documented_form() -> None:
    """The message reads: user, pointer, problem, code."""
    with pytest.raises(ActionError) as caught:
        user().create_federated_id(first_name="J", last_name="D", country="USA")
    problem = '"USA" is no country code of ISO 3166-1: give "US" (error.command.string.too_long)'
    assert str(caught.value) == f"{caught.value.target}: /do/0/createFederatedID/country: {problem}"
    assert (caught.value.target, pickle.loads(pickle.dumps(caught.value)).target) == ("jo@example.com",) * 2


def test_all_missing_fields_are_named_at_once() -> None:
    """A create that lacks several fields says so of each."""
    with pytest.raises(ActionError) as caught:
        user().create(id_type=FEDERATED)
    assert [violation.problem for violation in caught.value.violations] == [
        '"firstname" is missing',
        '"lastname" is missing',
        '"country" is missing',
    ]


def test_pointer_counts_names_as_the_caller_gave_them() -> None:
    """In a list that is split, and of which doubles are dropped, the pointer is the place in the caller's list."""
    names = [*(f"g{number}" for number in range(15)), "g0", "g1", "", "z"]
    with pytest.raises(ActionError, match=r"^[^ /]+: /do/0/add/group/17: "):
        user().add_to_groups(names)
    with pytest.raises(ActionError, match=r"^[^/]+: /do/0/remove/user/17: "):
        group().remove_users(names)


FOLLOWING: list[Callable[[Any], object]] = [
    lambda action: action.update(first_name="x"),
    lambda action: action.add_to_groups(["a"]),
    lambda action: action.remove_from_groups(all_groups=True),
    lambda action: action.remove_from_organization(),
    lambda action: action.add_adobe_id(),
]


@pytest.mark.parametrize("follow", FOLLOWING)
def test_nothing_follows_a_removal(follow: Callable[[Any], object]) -> None:
    """After removeFromOrg each further step is refused, with the service's code."""
    action = user().update(first_name="J").remove_from_organization()
    with pytest.raises(ActionError, match=r"error\.command\.(removefromorg.not_last|create.not_first)"):
        follow(action)
    assert action.step_count == 2


def test_nothing_follows_a_deletion_of_a_group() -> None:
    """After deleteUserGroup no step would run: it is refused."""
    action: Any = group().delete()
    for follow in (lambda: action.update(name="n"), action.delete, lambda: action.add_users(["a@b.c"])):
        with pytest.raises(ActionError, match=r"^[^/]+: /do/1: no step runs after deleteUserGroup"):
            follow()
    assert action.step_count == 1


@pytest.mark.parametrize(
    "refused",
    [
        lambda action: action.update(),
        lambda action: action.update(email="x"),
        lambda action: action.add_to_groups([f"g{n}" for n in range(24)] + [""]),
        lambda action: action.remove_from_groups([None]),
        lambda action: action.remove_from_groups(),
        lambda action: action.remove_from_organization(delete_account="yes"),
        lambda action: action.add_adobe_id(),
        lambda action: action.create(id_type=FEDERATED),
    ],
)
def test_refused_step_leaves_the_action_as_it_was(refused: Callable[[Any], object]) -> None:
    """After a refusal the action has the steps of before, and takes further ones."""
    action = user().add_adobe_id().add_to_groups(["a"])
    before = wire_commands(action)
    with pytest.raises(ActionError):
        refused(action)
    assert (wire_commands(action), action.step_count) == (before, 2)
    assert [next(iter(step)) for step in wire_commands(action.update(first_name="J"))[0]["do"]] == [
        "addAdobeID",
        "add",
        "update",
    ]


def test_names_are_copied_when_given() -> None:
    """A list that the caller changes later does not change the action."""
    names = ["a"]
    action = user().add_to_groups(names)
    names.append("b")
    assert wire_commands(action)[0]["do"] == [{"add": {"group": ["a"]}}]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda action: pickle.loads(pickle.dumps(action))])
def test_actions_can_be_copied_and_pickled(copied: Callable[[Any], Any]) -> None:
    """A copy of an action is independent of it, and as usable."""
    action = user("jo", domain="example.com").update(first_name="J")
    twin = copied(action)
    twin.update(last_name="D")
    assert (action.step_count, twin.step_count) == (1, 2)
    assert wire_commands(twin)[0]["user"] == "jo"
    assert copied(group().delete()).target == "Team"


def test_repr_says_what_it_is() -> None:
    """The repr names target and size."""
    assert repr(user().update(first_name="J")) == "<UserAction 'jo@example.com', 1 step: update>"
    told = '<UserAction \'jo@example.com\', 2 steps: update, add "g", "h">'
    assert repr(user().update(first_name="J").add_to_groups(["g", "h"])) == told
    assert repr(user().remove_from_groups(all_groups=True)) == "<UserAction 'jo@example.com', 1 step: remove all>"
    group_action = group().add_users(["a@b.c"]).add_to_products(["P"])
    assert repr(group_action) == '<GroupAction \'Team\', 2 steps: add "a@b.c", add "P">'
    assert repr(UserAction("jo@example.com")) == "<UserAction 'jo@example.com', 0 steps>"
    assert len(repr(user().add_to_groups([f"group {number}" for number in range(5000)]))) < 200
    assert repr(user().add_to_groups(["\u202e"])).isprintable()
    assert user().update(first_name="J").execution_errors() == ()


DOUBTFUL: dict[str, tuple[Callable[[], object], str]] = {
    "blank before the user": (lambda: UserAction(" jo@b.c"), "/user"),
    "blank after the user name": (lambda: UserAction("jo ", domain="b.c"), "/user"),
    "blank before the domain": (lambda: UserAction("jo", domain=" b.c"), "/domain"),
    "line break after the user": (lambda: UserAction("jo@b.c\n"), "/user"),
    "NUL in a request id": (lambda: UserAction("jo@b.c", request_id="\x00"), "/requestID"),
    "surrogate in the user": (lambda: UserAction("\ud800@b.c"), "/user"),
    "group of blanks": (lambda: GroupAction(" "), "/usergroup"),
    "new name of blanks": (lambda: GroupAction("Team").update(name="  "), "/do/0/updateUserGroup/name"),
    "NUL in a description": (lambda: GroupAction("Team").create(description="\0"), "/do/0/createUserGroup/description"),
    "blank name in a list": (lambda: user().add_to_groups(["a", " "]), "/do/0/add/group/1"),
    "blank in a list's third chunk": (
        lambda: user().update(first_name="J").add_to_groups([*(f"g{n}" for n in range(22)), "  "]),
        "/do/1/add/group/22",
    ),
    "blank in a list of users": (lambda: GroupAction("T").add_users(["jo@b.c "]), "/do/0/add/user/0"),
    "blank in a list of profiles": (
        lambda: GroupAction("T").remove_from_products(["p\t"]),
        "/do/0/remove/productConfiguration/0",
    ),
    "first name of blanks": (lambda: user().update(first_name=" "), "/do/0/update/firstname"),
    "line break in a last name": (
        lambda: user().add_adobe_id(last_name="D\r\n"),
        "/do/0/addAdobeID/lastname",
    ),
    "user name with a line separator": (lambda: user().update(username="a\u2028b"), "/do/0/update/username"),
    "role that cannot be given": (lambda: user().add_to_groups(["g", "_org_admin"]), "/do/0/add/group/1"),
    "role that cannot be taken": (lambda: user().remove_from_groups(["_Compartment_Admin"]), "/do/0/remove/group/0"),
    "viewer": (lambda: user().add_to_groups(["_compartment_viewer"]), "/do/0/add/group/0"),
    "removed and added": (lambda: user().remove_from_groups(["a", "B"]).add_to_groups(["b"]), "/do/1"),
    "added and removed": (lambda: user().add_to_groups(["a"]).remove_from_groups(["c", "a"]), "/do/1"),
    "user added and removed": (lambda: GroupAction("T").add_users(["a@b.c"]).remove_users(["A@b.c"]), "/do/1"),
    "profile removed and added": (
        lambda: GroupAction("T").remove_from_products(["p"]).add_to_products(["p"]),
        "/do/1",
    ),
}


@pytest.mark.parametrize(("build", "pointer"), DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_slips_are_refused_when_they_are_made(build: Callable[[], object], pointer: str) -> None:
    """What can only be a slip is refused at its place, on one line, though the service may take it."""
    with pytest.raises(ActionError) as caught:
        build()
    assert [violation.pointer for violation in caught.value.violations] == [pointer]
    assert len(str(caught.value).splitlines()) == 1


def test_what_only_looks_like_a_slip_is_taken() -> None:
    """Lines in a description, blanks within names, empty names, and a name that two unlike lists share."""
    GroupAction("My Team").create(description="one\r\n\ttwo")
    GroupAction(" My Team ").add_users(["a@b.c"]).remove_from_products(["a@b.c"])
    user().update(first_name="Mary Ann", last_name="").add_to_groups(["a b"]).remove_from_groups(["c"])
    user().add_to_groups(["a"]).update(first_name="J").remove_from_groups(["a"])


def test_slips_in_commands_that_exist_as_data_are_refused() -> None:
    """Commands from a file are checked for the same slips, each at its place."""
    data = [
        {"user": "a@b.c", "do": [{"add": {"group": ["g"]}}]},
        {"user": "a@b.c ", "do": [{"add": {"group": ["g", "_org_admin"]}}]},
    ]
    with pytest.raises(ActionError) as caught:
        read_actions(data)
    assert [violation.pointer for violation in caught.value.violations] == ["/1/user", "/1/do/0/add/group/1"]


@pytest.mark.parametrize("address", ["mailto:a@example.com", "a@example,com", "a.@example.com", "<a@example.com>"])
def test_an_address_that_no_mailbox_can_have_is_refused(address: str) -> None:
    """It creates nobody and becomes nobody's, as in files of people; who has it already is within reach."""
    told = f'"{address}" is no e-mail address: is a@example.com meant?'
    builders: list[Callable[[], Action]] = [
        lambda: UserAction(address).add_adobe_id(),
        lambda: UserAction("b@example.com").add_adobe_id(email=address),
        lambda: UserAction(address).create_enterprise_id(first_name="A", last_name="B", email="b@example.com"),
        lambda: UserAction("b@example.com").update(email=address),
        lambda: read_action({"user": address, "do": [{"addAdobeID": {"email": "b@example.com"}}]}),
        lambda: read_action({"user": "b@example.com", "do": [{"update": {"email": address}}]}),
    ]
    for build in builders:
        with pytest.raises(ActionError) as caught:
            build()
        assert told in str(caught.value)
    assert UserAction(address).update(email="a@example.com").step_count == 1
    assert UserAction("a@example").add_adobe_id().step_count == 1


def test_what_an_address_or_name_must_be_is_said_in_words() -> None:
    """No message shows the pattern that a text does not fit, and one on a missing domain names who needs it."""
    with pytest.raises(ActionError, match=r'email: "a b@example.com" is no e-mail address \(error\.user\.email'):
        UserAction("a@example.com").add_adobe_id(email="a b@example.com")
    with pytest.raises(ActionError, match='"_new" is no name for a user group, which never begins with an underscore'):
        GroupAction("DevOps").update(name="_new")
    with pytest.raises(ActionError, match=r'^jo example: /: "jo example" is no e-mail address: give its domain'):
        UserAction("jo example")
    steps: dict[str, Any] = {"do": [{"add": {"group": ["A"]}}]}
    with pytest.raises(ActionError, match=r'^/1: "jo" is no e-mail address: give its domain') as caught:
        read_actions([{"user": "a@example.com", **steps}, {"user": "jo", **steps}, {"user": "", **steps}])
    assert "give its domain" in str(caught.value)
    assert str(caught.value).count("give its domain") == 1


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: user("jo\u200be@b.com").create_federated_id(first_name="A", last_name="B", country="DE"), "\\u200b"),
        (lambda: user().update(first_name="\ufeffA"), "\\ufeff"),
        (lambda: GroupAction("Team\u200b").create(), "\\u200b"),
        (lambda: GroupAction("Team ").create(), "begins or ends with a blank"),
        (lambda: GroupAction("Team").update(name="Team\u2060"), "\\u2060"),
    ],
)
def test_what_cannot_be_seen_is_not_made(build: Callable[[], object], told: str) -> None:
    """New names and addresses hold no invisible characters, and the message shows which it is."""
    with pytest.raises(ActionError) as caught:
        build()
    assert told in str(caught.value)


def test_who_has_an_invisible_name_is_within_reach() -> None:
    """Users and groups that are there already can be named as they are; reprs and messages show the character."""
    action = user("jo\u200be@b.com").remove_from_organization()
    assert "\\u200b" in repr(action)
    GroupAction("Team\u200b ").add_users(["a@b.com"])
    user().add_to_groups(["DevOps\u200b"])
    assert shown("Group DevOps\u200b was not found") == "Group DevOps\\u200b was not found"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"test_mode": "false"}, "test_mode must be True or False, not 'false'"),
        ({"ssl_verify": "no"}, "ssl_verify must be True or False, not 'no'"),
        ({"max_retries": "3"}, "max_retries must be a whole number, not '3'"),
        ({"max_wait": True}, "max_wait must be a number of seconds, not True"),
    ],
)
def test_options_of_another_type_are_refused(options: dict[str, Any], told: str) -> None:
    """A text in the place of a boolean would be true, whatever it says."""
    for kind in (Connection, AsyncConnection):
        with pytest.raises(ConfigurationError) as caught:
            kind("12345@AdobeOrg", OAuthS2S("client", "secret"), **options)
        assert str(caught.value) == told
