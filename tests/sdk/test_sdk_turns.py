"""Which actions may share a request: none whose order matters, as the service does not promise any."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import STEADY, requests_for

from umapi_sdk import Action, GroupAction, UserAction
from umapi_sdk.turns import Turns


def add(user: str, group: str = "g", *, domain: str | None = None) -> Action:
    """An action that puts a user into a group."""
    return UserAction(user, domain=domain).add_to_groups([group])


def create(user: str) -> Action:
    """An action that makes a user."""
    return UserAction(user).create_federated_id(first_name="J", last_name="D", country="DE")


APART = {
    "remove and create again": (UserAction("jo@b.c").remove_from_organization(), create("jo@b.c")),
    "letter case of an e-mail": (add("jo@b.c"), add("JO@B.C", "h")),
    "user name and domain in another case": (add("jo", domain="b.c"), add("Jo", "h", domain="B.C")),
    "user name with its domain, and the e-mail": (add("jo", domain="b.c"), add("jo@b.c", "h")),
    "Adobe ID and other account": (add("jo@b.c"), UserAction("jo@b.c", use_adobe_id=True).add_to_groups(["h"])),
    "created e-mail": (
        UserAction("jo", domain="b.c").create_federated_id(first_name="J", last_name="D", country="DE", email="d@e.f"),
        add("d@e.f"),
    ),
    "new e-mail": (UserAction("jo@b.c").update(email="d@e.f"), add("d@e.f")),
    "new user name": (UserAction("jo@b.c").update(username="jd"), add("jd", domain="b.c")),
    "group made and used": (GroupAction("Team").create(), add("jo@b.c", "team")),
    "group used and deleted": (add("jo@b.c", "Team"), GroupAction("Team").delete()),
    "group renamed and used": (GroupAction("Old").update(name="Team"), add("jo@b.c", "Team")),
    "group renamed, old name used": (GroupAction("Team").update(name="New"), add("jo@b.c", "Team")),
    "group made and its admins named": (GroupAction("Team").create(), add("jo@b.c", "_admin_Team")),
    "group used and taken from": (
        GroupAction("Team").create(),
        UserAction("jo@b.c").remove_from_groups(["Team"]),
    ),
    "group deleted and made again": (GroupAction("Team").delete(), GroupAction("TEAM").create()),
    "group and its members": (GroupAction("Team").create(), GroupAction("Team").add_users(["jo@b.c"])),
    "group added to and taken from": (
        GroupAction("Team").add_users(["jo@b.c"]),
        GroupAction("Team").remove_users(["jo@b.c"]),
    ),
    "group given a profile, and members": (
        GroupAction("Team").add_to_products(["P"]),
        GroupAction("Team").add_users(["jo@b.c"]),
    ),
    "group described, and members": (
        GroupAction("Team").update(description="x"),
        GroupAction("Team").add_users(["jo@b.c"]),
    ),
    "user added to a group and taken out, in another case": (
        GroupAction("Team").add_users(["jane@b.c", "jo@b.c"]),
        GroupAction("TEAM").remove_users(["Jo@B.c"]),
    ),
    "group made, and its admins from their side": (
        GroupAction("Team").create(),
        GroupAction("_admin_Team").add_users(["jo@b.c"]),
    ),
    "user made and added by a group": (create("jo@b.c"), GroupAction("Team").add_users(["Jo@b.c"])),
    "user added by a group and removed": (
        GroupAction("Team").add_users(["jo@b.c"]),
        UserAction("jo@b.c").remove_from_groups(["Team"]),
    ),
    "profile of one group, made as another": (
        GroupAction("Team").create(),
        GroupAction("Other").add_to_products(["Team"]),
    ),
}

TOGETHER = {
    "two users and one group": (add("jo@b.c"), add("jane@b.c")),
    "one user name in two domains": (add("jo", domain="b.c"), add("jo", domain="d.e")),
    "two groups and one user": (GroupAction("A").add_users(["jo@b.c"]), GroupAction("B").add_users(["jo@b.c"])),
    "two users added to one group": (GroupAction("A").add_users(["jo@b.c"]), GroupAction("A").add_users(["j@b.c"])),
    "one user added to a group, another taken out": (
        GroupAction("A").add_users(["jo@b.c"]),
        GroupAction("A").remove_users(["j@b.c"]),
    ),
    "members of a group, from both sides": (GroupAction("g").add_users(["jane@b.c"]), add("jo@b.c")),
    "description of a group, and its use": (GroupAction("g").update(description="x"), add("jo@b.c")),
    "one group made, another used": (GroupAction("h").create(), add("jo@b.c")),
}


@pytest.mark.parametrize("pair", APART.values(), ids=APART.keys())
def test_actions_whose_order_matters_go_one_after_the_other(pair: tuple[Action, Action]) -> None:
    """Neither order of two such actions puts them into one request, and each order is kept."""
    for actions in (pair, pair[::-1]):
        assert [[command.action for command in request] for request in requests_for(actions)] == [[a] for a in actions]


@pytest.mark.parametrize("pair", TOGETHER.values(), ids=TOGETHER.keys())
def test_actions_whose_order_does_not_matter_share_a_request(pair: tuple[Action, Action]) -> None:
    """What does not concern each other saves a request."""
    assert [[command.action for command in request] for request in requests_for(pair)] == [list(pair)]


def test_a_request_is_filled_up_with_later_actions() -> None:
    """A second action on one user waits, and those after it do not wait for it."""
    twice = [add("jo@b.c"), add("jo@b.c", "h")]
    others = [add(f"u{number}@b.c") for number in range(12)]
    requests = [[command.action for command in request] for request in requests_for([*twice, *others])]
    assert requests == [[twice[0], *others[:9]], [twice[1], *others[9:]]]


def test_a_thousand_users_go_into_one_group_with_one_request() -> None:
    """The parts of one action that concern different users fill a request: 10 commands of 10 steps of 10 users."""
    (request,) = requests_for([GroupAction("Team").add_users([f"u{number}@b.c" for number in range(1_000)])])
    assert [command.part for command in request] == list(range(10))


TOUCHES = st.lists(st.dictionaries(st.sampled_from("ab"), st.booleans(), min_size=1), min_size=2, max_size=20)


def excludes(one: Mapping[str, bool], other: Mapping[str, bool]) -> bool:
    """Whether two items may not be free at the same time."""
    return any(one[name] or other[name] for name in one.keys() & other.keys())


@STEADY
@given(TOUCHES, st.booleans(), st.data())
def test_turns_keep_order_and_let_everything_through(
    touches: list[dict[str, bool]], giving_up: bool, data: st.DataObject
) -> None:
    """An item is free when nothing earlier excludes it, in whatever order items are added, done and given up."""
    turns: Turns[int] = Turns()
    coming = list(range(len(touches)))
    there: list[int] = []
    free: set[int] = set()
    while coming or there:
        if coming and (not there or data.draw(st.booleans())):
            item = coming.pop(0)
            there.append(item)
            if turns.add(item, touches[item]):
                free.add(item)
        else:
            item = data.draw(st.sampled_from(there if giving_up else sorted(free)))
            there.remove(item)
            free.discard(item)
            freed = turns.remove(item)
            assert free.isdisjoint(freed)
            free.update(freed)
        possible = {
            item
            for place, item in enumerate(there)
            if not any(excludes(touches[item], touches[earlier]) for earlier in there[:place])
        }
        # Behind one that was given up, some may wait a little longer than they must; the first never does.
        assert free <= possible if giving_up else free == possible
        assert free.issuperset(there[:1])


def test_one_that_gives_up_behind_others_lets_none_of_them_go() -> None:
    """Who waits for one thing at the head of the line for another still waits when somebody behind him gives up."""
    turns: Turns[str] = Turns()
    assert turns.add("first", {"user": True})
    assert not turns.add("second", {"user": True, "group": True})
    assert not turns.add("third", {"group": True})
    assert turns.remove("third") == []
    assert turns.remove("first") == ["second"]
