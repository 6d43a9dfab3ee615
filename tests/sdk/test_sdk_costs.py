"""Batching and queueing cost time in proportion to the work, counted in steps of the interpreter, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from cProfile import Profile
from types import FrameType
from typing import Any

import pytest
from sdk_kit import requests_for

from umapi_sdk import Action, GroupAction, OutcomeStatus, UserAction, plan
from umapi_sdk.fulfilment import Fulfilment
from umapi_sdk.outcomes import same_for_all
from umapi_sdk.queueing import ActionQueue, Share
from umapi_sdk.turns import Turns

TENFOLD = 11
"""What ten times the work may cost, where the work is in proportion to it; a heap's levels are allowed for."""


def users_apart(count: int) -> list[Action]:
    """One action for each of many users, each with a group of its own."""
    return [UserAction(f"u{n}@a.b").add_to_groups([f"g{n}"]) for n in range(count)]


def users_to_one_group(count: int) -> list[Action]:
    """One action for each of many users, all with one group."""
    return [UserAction(f"u{n}@a.b").add_to_groups(["g"]) for n in range(count)]


def one_group_again_and_again(count: int) -> list[Action]:
    """Many actions on one group, none of which may share a request with another."""
    return [GroupAction("g").add_users([f"u{n}@a.b"]) for n in range(count)]


def one_user_again_and_again(count: int) -> list[Action]:
    """Many actions on one user."""
    return [UserAction("u@a.b").add_to_groups([f"g{n}"]) for n in range(count)]


def readers_and_writers(count: int) -> list[Action]:
    """Uses of a group with changes of it between them."""
    return [
        GroupAction("g").update(description=str(n)) if n % 3 == 0 else UserAction(f"u{n}@a.b").add_to_groups(["g"])
        for n in range(count)
    ]


def one_action_on_many(count: int) -> list[Action]:
    """A single action that names everybody."""
    return [GroupAction("g").add_users([f"u{n}@a.b" for n in range(20 * count)])]


def all_at_once(actions: list[Action]) -> None:
    """Queue and send everything in one call."""
    requests_for(actions)


def one_by_one(actions: list[Action]) -> None:
    """Queue each action in a call of its own, which sends what is ten; then send the rest."""
    queue = ActionQueue()
    for share, given in [*((Share(immediate=False), [action]) for action in actions), (Share(immediate=True), [])]:
        queue.enlist(share, given)
        while batch := queue.take(share):
            queue.settle(share, same_for_all(batch, OutcomeStatus.COMPLETED, ""))
        queue.leave(share)
    assert len(queue) == 0


def after_a_failure(actions: list[Action]) -> None:
    """Queue everything, lose the answer to the first request, take out the rest."""
    queue, share = ActionQueue(), Share(immediate=True)
    queue.enlist(share, actions)
    queue.settle(share, same_for_all(queue.take(share), OutcomeStatus.UNKNOWN, "lost"))
    queue.leave(share, {})
    queue.withdraw_waiting()
    assert len(queue) == 0


def instructions(work: Callable[[], None]) -> int:
    """How many instructions of Python the work takes: whatever loops over something shows."""
    count = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def calls(work: Callable[[], None]) -> int:
    """How many functions the work calls, those written in C among them."""
    profile = Profile()
    profile.runcall(work)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("way", [all_at_once, one_by_one, after_a_failure])
@pytest.mark.parametrize(
    "make",
    [
        users_apart,
        users_to_one_group,
        one_group_again_and_again,
        one_user_again_and_again,
        readers_and_writers,
        one_action_on_many,
    ],
)
def test_ten_times_the_actions_take_ten_times_the_work(
    make: Callable[[int], list[Action]], way: Callable[[list[Action]], None]
) -> None:
    """However the actions depend on one another, and however they are queued, each costs as much as the one before."""
    few, many = make(50), make(500)
    assert instructions(lambda: way(many)) < TENFOLD * instructions(lambda: way(few))


@pytest.mark.parametrize("make", [users_apart, users_to_one_group])
def test_twenty_thousand_actions_cost_ten_times_two_thousand(make: Callable[[int], list[Action]]) -> None:
    """20,000 actions, over as many users and groups or over one group, go the way of 2,000."""
    many = make(20_000)
    assert calls(lambda: all_at_once(many)) < TENFOLD * calls(lambda: all_at_once(many[:2_000]))


def one_list(count: int) -> list[Action]:
    """One action for each of many users, with few groups among them all: what can be turned around."""
    return [UserAction(f"u{n}@a.b").add_to_groups([f"g{n % 3}"]) for n in range(count)]


@pytest.mark.parametrize("by_group", [False, True], ids=["by user", "by group"])
@pytest.mark.parametrize(
    "make", [users_apart, one_list, one_group_again_and_again, one_user_again_and_again, readers_and_writers]
)
def test_planning_and_carrying_out_ten_times_the_actions_takes_ten_times_the_work(
    make: Callable[[int], list[Action]], by_group: bool
) -> None:
    """However the actions depend on one another, each costs as much as the one before: planned, and carried out."""

    def work(actions: list[Action]) -> None:
        fulfilment = Fulfilment(plan(actions, by_group=by_group))
        while batch := fulfilment.take():
            fulfilment.settle(same_for_all(batch, OutcomeStatus.COMPLETED, ""))
        assert len(fulfilment.outcomes) == len(actions)

    few, many = make(100), make(1_000)
    assert calls(lambda: work(many)) < TENFOLD * calls(lambda: work(few))


class Counted:
    """An item that counts how often it, or another, is looked up or compared."""

    looks = 0

    def __hash__(self) -> int:
        Counted.looks += 1
        return id(self)

    def __eq__(self, other: object) -> bool:
        Counted.looks += 1
        return self is other


LINES: dict[str, Callable[[int], dict[str, bool]]] = {
    "apart": lambda n: {f"u{n}": True, f"g{n}": False},
    "one thing together": lambda n: {f"u{n}": True, "g": False},
    "one thing, each alone": lambda n: {f"u{n}": False, "g": True},
    "together and alone": lambda n: {f"u{n}": True, "g": n % 3 == 0},
}
"""What items touch, by their number."""


@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "from the end"])
@pytest.mark.parametrize("line", LINES)
def test_twenty_thousand_in_a_line_are_each_looked_at_a_few_times(line: str, backwards: bool) -> None:
    """Whatever 20,000 items share, and whichever leaves first, none is looked for among the others."""
    turns, items = Turns[Counted](), [Counted() for _ in range(20_000)]
    Counted.looks = 0
    freed = sum(turns.add(item, LINES[line](n)) for n, item in enumerate(items))
    for item in reversed(items) if backwards else items:
        freed += len(turns.remove(item))
    assert freed <= len(items)
    assert Counted.looks < 20 * len(items)
