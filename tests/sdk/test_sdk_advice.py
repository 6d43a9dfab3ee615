"""What messages advise: in the words of the SDK, and to the cause that there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sdk_kit import Reply, ScriptedServer

from umapi_models.error_codes import ERROR_CODES
from umapi_models.names import USER_GROUP_STEPS, USER_STEPS
from umapi_sdk import ActionError, Connection, GroupAction, OutcomeUnknownError, UserAction, read_action
from umapi_sdk.remedies import remedy_for

Connect = Callable[..., Connection]


def in_country(country: str) -> UserAction:
    """An action that creates somebody in a country."""
    action = UserAction("jo@example.com")
    action.create_federated_id(first_name="J", last_name="D", country=country)
    return action


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "two letters of no country": (
        lambda: in_country("XX"),
        'country: "XX" is no country code of ISO 3166-1: give one of the two-letter codes, such as "US"',
    ),
    "a letter of another script": (
        lambda: in_country("D\u0415"),
        "its character 2 is CYRILLIC CAPITAL LETTER IE; give one of the two-letter codes",
    ),
    "no user": (lambda: UserAction(""), "/user: the user is not named: give an e-mail address, or a user name"),
    "no user group": (lambda: GroupAction(""), "/usergroup: the user group is not named: give its name"),
    "an empty name": (lambda: UserAction("jo@example.com").add_to_groups([""]), '/do/0/add/group/0: "" is empty'),
    "a misspelt user": (
        lambda: read_action({"usr": "jo@example.com", "do": [{"add": {"group": ["Team"]}}]}),
        'must be present in each command, and "usr" is unknown: is user meant?',
    ),
    "a misspelt user group": (
        lambda: read_action({"usergrp": "Team", "do": [{"add": {"user": ["jo@example.com"]}}]}),
        'must be present in each command, and "usergrp" is unknown: is usergroup meant?',
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_message_tells_the_cause(mistake: str) -> None:
    """A value that is refused is told what is wrong with it, not what it fulfils already."""
    call, told = MISTAKES[mistake]
    with pytest.raises(ActionError, match=re.escape(told)):
        call()


def test_a_remedy_names_the_methods_of_builders() -> None:
    """A step that a remedy names by its name on the wire has the method that adds it beside."""
    assert remedy_for("error.user.type_mismatch") == (
        "Use createFederatedID (create_federated_id()) for a federated domain and "
        "createEnterpriseID (create_enterprise_id()) for an enterprise domain."
    )
    told = [remedy_for(code) for code in ERROR_CODES]
    steps = "|".join(name for name in (*USER_STEPS, *USER_GROUP_STEPS) if not name.islower())
    named: list[Any] = [found for text in told for found in re.findall(rf"\b(?:{steps})\b(?: \((\w+)\(\)\))?", text)]
    assert named
    for method in named:
        assert hasattr(UserAction, method) or hasattr(GroupAction, method)


def test_a_profile_that_is_missing_is_not_to_be_created() -> None:
    """Where a name was not found that may be of a product profile, the remedy says that no step makes one."""
    assert "product profiles are made in the Admin Console" in remedy_for("error.group.not_found", step="add")


def test_an_error_that_leaves_actions_unknown_says_what_to_do(wire: ScriptedServer, connect: Connect) -> None:
    """A lost answer that nobody catches ends the program with a line that says to look first."""
    wire.replies.append(Reply(cut=True))
    with pytest.raises(OutcomeUnknownError) as lost:
        connect(wire).execute_single(in_country("DE"), immediate=True)
    assert str(lost.value).endswith("actions: 1 unknown. Look whether it has been done before sending it again.")
