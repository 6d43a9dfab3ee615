"""What a plan says before anything is sent: how many requests, and which actions meet in one command."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import STEADY

from umapi_sdk import Action, ActionError, GroupAction, Plan, UserAction, plan
from umapi_sdk.commands import read_actions


def add(user: str, *groups: str) -> Action:
    """An action that puts a user into groups."""
    return UserAction(user).add_to_groups(list(groups))


def create(user: str) -> Any:
    """An action that makes a user."""
    return UserAction(user).create_federated_id(first_name="J", last_name="D", country="DE")


def wire(made: Plan) -> list[list[Any]]:
    """The steps of each command, as sent."""
    return [json.loads(command.write(command.steps()).body)["do"] for command in made.commands]


def test_onboardings_need_a_command_each_and_fill_requests() -> None:
    """1,004 people are created with three groups each: 1,004 commands, 101 requests, ten minutes at ten a minute."""
    made = plan([create(f"u{n}@b.c").add_to_groups(["A", "B", "C"]) for n in range(1_004)])
    assert (len(made.actions), len(made.commands), len(made.requests), made.merged) == (1_004, 1_004, 101, ())
    assert made.least_seconds == 600.0
    assert str(made) == (
        "1,004 actions in 1,004 commands, 0 of them merged, in 101 requests: "
        "10 min 0 s at least, at 10 requests in 60 s"
    )


@pytest.mark.parametrize(("count", "seconds"), [(0, 0), (1, 0), (100, 0), (101, 60), (200, 60), (201, 120)])
def test_the_least_time_is_that_of_the_throttle_limits(count: int, seconds: float) -> None:
    """Ten requests go at once, and ten more for each minute; the last of them ends the run."""
    assert plan([create(f"u{n}@b.c") for n in range(count)]).least_seconds == seconds


def test_single_additions_of_one_user_become_full_lists() -> None:
    """100 users with 12 actions of one group each are 100 commands of two steps, not 1,200 commands."""
    made = plan([add(f"u{n}@b.c", f"g{group}") for group in range(12) for n in range(100)])
    assert (len(made.commands), len(made.requests), len(made.merged)) == (100, 10, 100)
    first = [step["add"]["group"] for step in wire(made)[0]]
    assert first == [[f"g{group}" for group in range(10)], ["g10", "g11"]]
    assert [action.target for action in made.merged[0].actions] == ["u0@b.c"] * 12


def test_lists_keep_each_name_once_and_the_order_of_adding_and_removing() -> None:
    """Neighbours of a kind become one list with each name once, whatever its case; another kind divides them."""
    action = UserAction("jo@b.c").add_to_groups(["A", "B"]).remove_from_groups(["C"])
    made = plan([add("jo@b.c", "A"), add("JO@B.C", "a", "D"), action])
    assert wire(made) == [[{"add": {"group": ["A", "D", "B"]}}, {"remove": {"group": ["C"]}}]]


def test_actions_on_one_group_become_full_lists_too() -> None:
    """1,000 actions that put one user each into a group are ten commands, which share a request."""
    made = plan([GroupAction("Team").add_users([f"u{n}@b.c"]) for n in range(1_000)])
    assert (len(made.commands), len(made.requests)) == (10, 1)
    assert [len(step["add"]["user"]) for step in wire(made)[0]] == [10] * 10


def rename(user: str) -> Action:
    """An action that gives a user another e-mail address."""
    return UserAction(user).update(email="new@b.c")


APART: dict[str, Sequence[Action]] = {
    "removal, then creation": (UserAction("jo@b.c").remove_from_organization(), create("jo@b.c")),
    "removal, then anything": (UserAction("jo@b.c").remove_from_organization(), add("jo@b.c", "A")),
    "anything, then creation": (add("jo@b.c", "A"), create("jo@b.c")),
    "new name, then the old": (rename("jo@b.c"), add("jo@b.c", "A")),
    "new name at the end": (add("jo@b.c", "A"), rename("jo@b.c")),
    "another kind of account": (add("jo@b.c", "A"), UserAction("jo@b.c", use_adobe_id=True).add_to_groups(["B"])),
    "a domain": (add("jo@b.c", "A"), UserAction("jo", domain="b.c").add_to_groups(["B"])),
    "an Adobe ID, then the name": (UserAction("jo@b.c").add_adobe_id(), add("jo@b.c", "A")),
    "a Federated ID with the Adobe ID meant": (
        UserAction("jo@b.c", use_adobe_id=True).create_federated_id(first_name="J", last_name="D", country="DE"),
        UserAction("jo@b.c", use_adobe_id=True).add_to_groups(["A"]),
    ),
    "group deleted, then made": (GroupAction("Team").delete(), GroupAction("Team").create()),
    "group renamed, then its name": (GroupAction("Team").update(name="New"), GroupAction("Team").add_users(["a@b.c"])),
}


@pytest.mark.parametrize("actions", APART.values(), ids=APART.keys())
def test_actions_that_would_mean_something_else_never_meet(actions: Sequence[Action]) -> None:
    """They stay commands of their own, in requests one after the other."""
    made = plan(actions)
    assert [[command.actions for command in request] for request in made.requests] == [[(one,)] for one in actions]


TOGETHER: dict[str, Sequence[Action]] = {
    "creation, then groups": (create("jo@b.c"), add("jo@b.c", "A"), add("jo@b.c", "B")),
    "Adobe ID, meant as such": (
        UserAction("jo@b.c", use_adobe_id=True).add_adobe_id(),
        UserAction("jo@b.c", use_adobe_id=True).add_to_groups(["A"]),
    ),
    "groups, then removal": (add("jo@b.c", "A"), UserAction("jo@b.c").remove_from_organization()),
    "group made, then filled": (GroupAction("Team").create(), GroupAction("team").add_users(["a@b.c"])),
    "read from JSON": read_actions(
        [{"user": "jo@b.c", "do": [{"add": {"group": ["A"]}}]}, {"user": "jo@b.c", "do": [{"remove": "all"}]}]
    ),
}


@pytest.mark.parametrize("actions", TOGETHER.values(), ids=TOGETHER.keys())
def test_actions_that_mean_the_same_together_become_one_command(actions: Sequence[Action]) -> None:
    """One command carries them all out, in order."""
    assert [command.actions for command in plan(actions).commands] == [tuple(actions)]


def test_what_lies_between_two_actions_stays_between_them() -> None:
    """A group is made between two additions to it: the second waits for it, the first does not meet it."""
    before, made_group, after = add("jo@b.c", "Team"), GroupAction("Team").create(), add("jo@b.c", "Team")
    made = plan([before, made_group, after])
    assert [[command.actions for command in request] for request in made.requests] == [
        [(before,)],
        [(made_group,)],
        [(after,)],
    ]


def test_a_creation_waits_for_a_group_if_that_saves_a_command() -> None:
    """People are created, then a group, then they are put into it: each is one command after that of the group."""
    people = [f"u{n}@b.c" for n in range(50)]
    made = plan([*map(create, people), GroupAction("Team").create(), *(add(user, "Team") for user in people)])
    assert (len(made.commands), len(made.requests)) == (51, 6)


def test_steps_that_undo_each_other_stay_in_order() -> None:
    """Of two actions that add and remove, both steps are sent, the later one last."""
    made = plan([add("jo@b.c", "A"), UserAction("jo@b.c").remove_from_groups(["A"])])
    assert wire(made) == [[{"add": {"group": ["A"]}}, {"remove": {"group": ["A"]}}]]


def test_what_is_too_long_for_a_command_is_divided_and_actions_are_not() -> None:
    """Twelve steps need two commands, though a shorter action of the user would fit the second."""
    long, short = UserAction("jo@b.c"), UserAction("jo@b.c")
    for number in range(12):
        long.update(first_name=str(number))
    for number in range(9):
        short.update(last_name=str(number))
    made = plan([long, short])
    assert [(command.actions, len(steps)) for command, steps in zip(made.commands, wire(made), strict=True)] == [
        ((long,), 10),
        ((long,), 2),
        ((short,), 9),
    ]


def test_the_longest_row_goes_first() -> None:
    """One user with five commands after 45 others costs no request more: he is in each of the first five."""
    long = UserAction("jo@b.c")
    for number in range(50):
        long.update(first_name=str(number))
    made = plan([*(create(f"u{n}@b.c") for n in range(45)), long])
    assert len(made.requests) == 5
    assert all(long in [action for command in request for action in command.actions] for request in made.requests)


def test_a_thousand_memberships_are_ten_commands_by_group() -> None:
    """Only if asked for: 1,000 users into one group are 100 requests by user, and one by group."""
    actions = [add(f"u{n}@b.c", "Team") for n in range(1_000)]
    assert len(plan(actions).requests) == 100
    made = plan(actions, by_group=True)
    assert (len(made.commands), len(made.requests)) == (10, 1)
    assert [command.target for command in made.commands] == ["Team"] * 10


def test_groups_by_group_are_those_that_were_named() -> None:
    """Names that differ by more than the case of their letters may be two groups: nobody is put into the other one."""
    actions = {
        name: [add(f"u{place}{n}@b.c", name) for n in range(20)] for place, name in enumerate(("Straße", "Strasse"))
    }
    made = plan([action for pair in zip(*actions.values(), strict=True) for action in pair], by_group=True)
    assert {action for command in made.commands if command.target == "Straße" for action in command.actions} == set(
        actions["Straße"]
    )


def test_spellings_of_a_group_are_one_group() -> None:
    """The service does not tell letters by their case, so 40 users in two spellings are one command."""
    made = plan([add(f"u{n}@b.c", ("Team", "TEAM")[n % 2]) for n in range(40)], by_group=True)
    assert [command.target for command in made.commands] == ["Team"]


def test_users_by_group_are_counted_as_they_are_named() -> None:
    """Two spellings that may be two users take two places in a step: 2,000 of them fill 20 commands."""
    actions = [add(f"{user}{n}@b.c", "Team") for n in range(1_000) for user in ("straße", "strasse")]
    made = plan(actions, by_group=True)
    assert len(made.commands) == 20
    assert sorted(str(action.target) for command in made.commands for action in command.actions) == sorted(
        str(action.target) for action in actions
    )


BY_USER: dict[str, Sequence[Action]] = {
    "whom anything else is done to": (UserAction("jo@b.c").update(first_name="J"), add("jo@b.c", "Team")),
    "who is created": (create("jo@b.c"), add("jo@b.c", "Team")),
    "who leaves all groups": (UserAction("jo@b.c").remove_from_groups(all_groups=True), add("jo@b.c", "Team")),
    "who leaves the group first": (UserAction("jo@b.c").remove_from_groups(["Team"]), add("jo@b.c", "Team")),
    "with a domain": (UserAction("jo", domain="b.c").add_to_groups(["Team"]),),
    "whose Adobe ID is meant": (UserAction("jo@b.c", use_adobe_id=True).add_to_groups(["Team"]),),
    "for an admin group": (add("jo@b.c", "_admin_Team"),),
}


@pytest.mark.parametrize("actions", BY_USER.values(), ids=BY_USER.keys())
def test_users_of_whom_order_matters_keep_commands_of_their_own(actions: Sequence[Action]) -> None:
    """Turned around is nobody of whom more is known than memberships of one kind."""
    others = [add(f"u{n}@b.c", "Team") for n in range(20)]
    made = plan([*others, *actions], by_group=True)
    assert sorted(command.target for command in made.commands) == ["Team", actions[0].target]


def test_memberships_are_turned_around_only_where_that_saves_commands() -> None:
    """A user in 30 groups of his own stays one command; 20 users in two groups become two."""
    many = add("jo@b.c", *(f"own {n}" for n in range(30)))
    made = plan([many, *(add(f"u{n}@b.c", "A", "B") for n in range(20))], by_group=True)
    assert sorted(command.target for command in made.commands) == ["A", "B", "jo@b.c"]


def test_memberships_wait_for_their_group_and_go_before_its_end() -> None:
    """A group is made, filled, and deleted: three requests, in this order."""
    fill = [add(f"u{n}@b.c", "Team") for n in range(20)]
    begin, end = GroupAction("Team").create(), GroupAction("Team").delete()
    made = plan([begin, *fill, end], by_group=True)
    assert [[command.actions for command in request] for request in made.requests] == [
        [(begin,)],
        [tuple(fill)],
        [(end,)],
    ]


@pytest.mark.parametrize("given", [[add("jo@b.c", "A"), UserAction("x@b.c")], [add("jo@b.c", "A"), {"user": "x@b.c"}]])
def test_what_is_no_action_is_named_by_its_place(given: list[Any]) -> None:
    """An action without steps, or what is none, is an error that begins with its place in the list."""
    with pytest.raises(ActionError, match=r"^/1"):
        plan(given)


def test_one_action_is_no_list() -> None:
    """A single action in place of a list is an error, as it is for connections."""
    with pytest.raises(ActionError, match="not a list of actions"):
        plan(add("jo@b.c", "A"))  # type: ignore[arg-type]


@STEADY
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 40), st.booleans()), max_size=200), st.booleans())
def test_no_limit_is_broken_and_no_piece_lost(described: list[tuple[int, int, bool]], by_group: bool) -> None:
    """Whatever is planned keeps every limit, and each membership is in one command, each user once in a request."""
    actions = [
        (UserAction(f"u{user}@b.c").add_to_groups if adding else UserAction(f"u{user}@b.c").remove_from_groups)(
            [f"g{group}", f"h{group}"]
        )
        for user, group, adding in described
    ]
    made = plan(actions, by_group=by_group)
    pieces = [piece for command in made.commands for piece in command.pieces]
    sent = sorted((piece.owner.place, name) for piece in pieces for name in _names(piece.step))
    assert sent == sorted((place, f"{kind}{group}") for place, (_, group, _) in enumerate(described) for kind in "gh")
    assert sorted(map(id, made.commands)) == sorted(id(command) for request in made.requests for command in request)
    for steps in wire(made):
        assert 1 <= len(steps) <= 10
        assert all(1 <= len(names) <= 10 for step in steps for fields in step.values() for names in fields.values())
    for request in made.requests:
        assert len(request) <= 10
        alone = [name for command in request for name, only in command.touches.items() if only]
        assert len(alone) == len(set(alone))


def _names(step: Any) -> Sequence[str]:
    names: Sequence[str] = (step.add or step.remove).group
    return names
