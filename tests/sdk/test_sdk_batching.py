"""Splitting and queueing: the service's limits, the caller's order, and errors that find their way back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import STEADY, Reply, ScriptedServer, Seen, action_answer, all_good, requests_for, wire_commands

from umapi_harness.mock.serving.server import RunningServer
from umapi_models.limits import MAX_COMMANDS, MAX_GROUPS, MAX_PROFILES, MAX_USER_GROUP_STEPS, MAX_USER_STEPS, MAX_USERS
from umapi_sdk import (
    Action,
    ActionError,
    Connection,
    GroupAction,
    OutcomeStatus,
    OutcomeUnknownError,
    UserAction,
)
from umapi_sdk.batches import encode
from umapi_sdk.outcomes import same_for_all
from umapi_sdk.queueing import ActionQueue, Share

Connect = Callable[..., Connection]

_PARTS = 2 * MAX_COMMANDS + 5
_MANY_USERS = _PARTS * MAX_USER_GROUP_STEPS * MAX_USERS
"""Users that one action takes to so many parts."""


def updates(count: int, name: str = "jo@example.com") -> UserAction:
    """An action with that many steps, numbered."""
    action = UserAction(name)
    for number in range(count):
        action.update(first_name=str(number))
    return action


def new_users(count: int, start: int = 0) -> list[Action]:
    """Actions that add users."""
    return [UserAction(f"u{number}@example.com").add_adobe_id() for number in range(start, start + count)]


def names_in(request: Seen) -> list[str]:
    """The users of the commands in a request."""
    return [command["user"] for command in request.json]


@pytest.mark.parametrize("count", [1, MAX_GROUPS - 1, MAX_GROUPS, MAX_GROUPS + 1, 2 * MAX_GROUPS, 25, 101])
def test_groups_are_split_by_the_limit(count: int) -> None:
    """Any number of groups becomes steps and commands within their limits, in the caller's order."""
    names = [f"g{number}" for number in range(count)]
    commands = wire_commands(UserAction("jo@example.com").add_to_groups(names))
    steps = [step["add"]["group"] for command in commands for step in command["do"]]
    assert [name for step in steps for name in step] == names
    assert max(len(step) for step in steps) <= MAX_GROUPS
    assert max(len(command["do"]) for command in commands) <= MAX_USER_STEPS


def test_members_and_profiles_of_a_group_are_split_by_their_limits() -> None:
    """Lists of users and of profiles keep the limit too."""
    users, profiles = 2 * MAX_USERS + 1, MAX_PROFILES + 1
    action = GroupAction("Team").add_users([f"u{n}@b.c" for n in range(users)])
    action.add_to_products([f"p{n}" for n in range(profiles)])
    (command,) = wire_commands(action)
    sizes = [{field: len(names) for field, names in step["add"].items()} for step in command["do"]]
    assert sizes == [
        *({"user": size} for size in (MAX_USERS, MAX_USERS, 1)),
        *({"productConfiguration": size} for size in (MAX_PROFILES, 1)),
    ]


@pytest.mark.parametrize(
    ("steps", "parts"),
    [
        (1, [1]),
        (MAX_USER_STEPS, [MAX_USER_STEPS]),
        (MAX_USER_STEPS + 1, [MAX_USER_STEPS, 1]),
        (3 * MAX_USER_STEPS, [MAX_USER_STEPS] * 3),
    ],
)
def test_steps_are_split_by_the_limit(steps: int, parts: list[int]) -> None:
    """More steps than a command takes become several commands on the same user, in order."""
    commands = wire_commands(updates(steps))
    assert [len(command["do"]) for command in commands] == parts
    flat = [step["update"]["firstname"] for command in commands for step in command["do"]]
    assert flat == [str(number) for number in range(steps)]


steps_of_users = st.lists(
    st.one_of(
        st.lists(st.text("abc", min_size=1, max_size=8), min_size=1, max_size=35, unique=True).map(
            lambda g: ("add", g)
        ),
        st.text("xyz", min_size=1).map(lambda name: ("update", name)),
        st.just(("all", None)),
    ),
    min_size=1,
    max_size=30,
)


def build(number: int, steps: list[tuple[str, Any]]) -> UserAction:
    """The action for generated steps."""
    action = UserAction(f"u{number}@example.com")
    for kind, value in steps:
        if kind == "add":
            action.add_to_groups(value)
        elif kind == "update":
            action.update(first_name=value)
        else:
            action.remove_from_groups(all_groups=True)
    return action


@STEADY
@given(st.lists(steps_of_users, max_size=15))
def test_all_steps_arrive_once_in_order_and_within_limits(actions: list[list[tuple[str, Any]]]) -> None:
    """Whatever is queued arrives whole and in order; no request breaks a limit or holds two parts of one action."""
    built = [build(number, steps) for number, steps in enumerate(actions)]
    batches = requests_for(built)
    arrived: dict[str, list[Any]] = {}
    for batch in batches:
        commands = json.loads(encode(batch))
        assert len(commands) == len(batch) <= MAX_COMMANDS
        users = [command["user"] for command in commands]
        assert len(set(users)) == len(users)
        for command, sent in zip(commands, batch, strict=True):
            assert 1 <= len(command["do"]) == len(sent.steps) <= MAX_USER_STEPS
            arrived.setdefault(command["user"], []).extend(zip(sent.steps, command["do"], strict=True))
    for number, steps in enumerate(actions):
        found = arrived.pop(f"u{number}@example.com")
        places = [place for place, _ in found]
        assert places == sorted(places)
        for place, (kind, value) in enumerate(steps):
            mine = [step for where, step in found if where == place]
            if kind == "add":
                assert [name for step in mine for name in step["add"]["group"]] == value
                assert all(len(step["add"]["group"]) <= MAX_GROUPS for step in mine)
            else:
                assert mine == [{"update": {"firstname": value}} if kind == "update" else {"remove": "all"}]
    assert not arrived


@STEADY
@given(st.lists(st.integers(1, 45), max_size=25))
def test_requests_are_as_full_as_can_be(sizes: list[int]) -> None:
    """A request holds as many commands as it may, or one of each action that has any left."""
    batches = requests_for([updates(size, f"u{number}@example.com") for number, size in enumerate(sizes)])
    left = {f"u{number}@example.com": -(-size // MAX_USER_STEPS) for number, size in enumerate(sizes)}
    for batch in batches:
        users = [command.action.target for command in batch]
        assert len(users) == min(MAX_COMMANDS, len(left))
        for user in users:
            left[user] -= 1
            if not left[user]:
                del left[user]
    assert not left


def test_error_in_the_third_chunk_points_to_the_callers_step(mock: RunningServer, connect: Connect) -> None:
    """Of 25 groups in one step, the 23rd does not exist: the error names the caller's step, and nothing else failed."""
    names = [f"Team {number}" for number in range(25)]
    connection = connect(mock)
    for name in names[:22] + names[23:]:
        connection.execute_single(GroupAction(name).create())
    connection.execute_queued()
    action = UserAction("jdoe@example.com").update(first_name="Jo").add_to_groups(names).update(last_name="Doe")
    done = connection.execute_single(action, immediate=True)
    (outcome,) = done.outcomes
    assert (outcome.status, done.sent, done.completed) == (OutcomeStatus.FAILED, 1, 0)
    assert [(error.step, error.code) for error in outcome.errors] == [(1, "error.group.not_found")]
    assert "Team 22" in outcome.errors[0].message
    user = mock.world.organization().owned_account("jdoe@example.com")
    assert user is not None
    assert user.lastname == "Doe"
    # The chunk with the bad name may have failed as a whole; the two before it did not.
    assert set(names[:20]) <= {group.name for group in user.groups}


def test_error_in_a_later_part_points_to_the_callers_step(wire: ScriptedServer, connect: Connect) -> None:
    """In the third request of an action with 25 steps, step 2 is the caller's step 22."""
    wire.replies += [
        Reply(body=action_answer(1)),
        Reply(body=action_answer(1, [{"index": 0, "step": 9, "errorCode": "error.update.no", "message": "m"}])),
        Reply(body=action_answer(1, [{"index": 0, "step": "2", "errorCode": "error.update.no", "message": "n"}])),
    ]
    done = connect(wire).execute_single(updates(25), immediate=True)
    (outcome,) = done.outcomes
    assert [(error.step, error.message) for error in outcome.errors] == [(19, "m"), (22, "n")]
    assert [len(request.json) for request in wire.seen] == [1, 1, 1]
    assert (done.sent, done.completed, outcome.status) == (1, 0, OutcomeStatus.FAILED)


def test_seed_page_example_of_five_then_ten(wire: ScriptedServer, connect: Connect) -> None:
    """5 actions wait; 10 more send the 5 and the first 5 of them, and the other 5 wait."""
    wire.answer = all_good
    connection = connect(wire)
    assert tuple(connection.execute_multiple(new_users(5))) == (5, 0, 0)
    assert wire.seen == []
    assert tuple(connection.execute_multiple(new_users(10, start=5))) == (5, 10, 10)
    assert [names_in(request) for request in wire.seen] == [[f"u{number}@example.com" for number in range(10)]]
    assert tuple(connection.execute_queued()) == (0, 5, 5)
    assert names_in(wire.seen[1]) == [f"u{number}@example.com" for number in range(10, 15)]


def test_the_single_action_that_fills_a_request_sends_the_queue(wire: ScriptedServer, connect: Connect) -> None:
    """Single actions wait; the one that fills a request sends them all."""
    wire.answer = all_good
    connection = connect(wire)
    for action in new_users(MAX_COMMANDS - 1):
        assert connection.execute_single(action).sent == 0
    assert connection.execute_single(new_users(1, start=MAX_COMMANDS - 1)[0]).sent == MAX_COMMANDS
    assert len(wire.seen) == 1


@pytest.mark.parametrize(
    ("queued", "more", "immediate", "sizes", "left"),
    [
        (0, 0, True, [], 0),
        (3, 0, True, [3], 0),
        (3, 1, True, [4], 0),
        (MAX_COMMANDS - 1, 1, False, [MAX_COMMANDS], 0),
        (MAX_COMMANDS - 1, 0, False, [], MAX_COMMANDS - 1),
        (0, 2 * MAX_COMMANDS + 5, False, [MAX_COMMANDS] * 2, 5),
        (0, 2 * MAX_COMMANDS + 5, True, [MAX_COMMANDS, MAX_COMMANDS, 5], 0),
        (5, 3 * MAX_COMMANDS, True, [*[MAX_COMMANDS] * 3, 5], 0),
    ],
)
def test_queue_rules(
    wire: ScriptedServer, connect: Connect, queued: int, more: int, immediate: bool, sizes: list[int], left: int
) -> None:
    """Full batches are sent at once, the rest waits for more or for `immediate`."""
    wire.answer = all_good
    connection = connect(wire)
    connection.execute_multiple(new_users(queued))
    result = connection.execute_multiple(new_users(more, start=queued), immediate=immediate)
    assert [len(request.json) for request in wire.seen] == sizes
    assert (result.queued, result.sent, connection.status()[0]["actions-queued"]) == (left, sum(sizes), left)


def test_the_same_action_can_be_executed_twice(wire: ScriptedServer, connect: Connect) -> None:
    """As on the page: an action that is queued and then executed at once is sent twice, one after the other."""
    wire.answer = all_good
    connection = connect(wire)
    (action,) = new_users(1)
    connection.execute_single(action)
    done = connection.execute_single(action, immediate=True)
    assert [names_in(request) for request in wire.seen] == [["u0@example.com"]] * 2
    assert (tuple(done), len(done.outcomes)) == ((0, 2, 2), 2)


LATE: dict[str, Callable[[Any], object]] = {
    "update": lambda action: action.update(last_name="late"),
    "add": lambda action: action.add_to_groups(["late"]),
    "remove": lambda action: action.remove_from_groups(all_groups=True),
    "leave": lambda action: action.remove_from_organization(),
}


@pytest.mark.parametrize("step", LATE)
def test_a_queued_action_takes_no_further_step(wire: ScriptedServer, connect: Connect, step: str) -> None:
    """A step that would not be sent is refused: while the action is queued, and after it was sent."""
    wire.answer = all_good
    connection = connect(wire)
    action = updates(1)
    connection.execute_single(action)
    with pytest.raises(ActionError, match=r"^jo@example.com: /do/1: the action is queued, and takes no further"):
        LATE[step](action)
    connection.execute_queued()
    assert wire.seen[0].json[0]["do"] == [{"update": {"firstname": "0"}}]
    with pytest.raises(ActionError, match=r"^jo@example.com: /do/1: the action has been sent, .*begin a new action$"):
        LATE[step](action)
    assert (action.step_count, action.outcome and action.outcome.status) == (1, OutcomeStatus.COMPLETED)


def test_a_queued_group_action_takes_no_further_step(wire: ScriptedServer, connect: Connect) -> None:
    """What holds for actions on users holds for those on user groups."""
    action = GroupAction("Team").create()
    connect(wire).execute_single(action)
    with pytest.raises(ActionError, match=r"^Team: /do/1: the action is queued"):
        action.add_users(["a@b.c"])


def test_an_action_in_two_queues_stays_closed_until_it_has_left_both(wire: ScriptedServer, connect: Connect) -> None:
    """Taken from one connection's queue, an action is still queued on the other."""
    first, second = connect(wire), connect(wire)
    action = updates(1)
    first.execute_multiple([action, action])
    second.execute_single(action)
    assert first.take_queued() == [action, action]
    with pytest.raises(ActionError, match="is queued"):
        action.update(last_name="late")
    assert second.take_queued() == [action]
    assert action.update(last_name="in time").step_count == 2


def test_a_refused_list_leaves_its_actions_open(wire: ScriptedServer, connect: Connect) -> None:
    """Where one action of a list is refused, none is queued, and all take further steps."""
    action = updates(1)
    with pytest.raises(ActionError, match="has no steps"):
        connect(wire).execute_multiple([action, UserAction("a@b.c")])
    assert action.update(last_name="in time").step_count == 2


def test_a_step_cannot_be_added_between_the_parts(wire: ScriptedServer, connect: Connect) -> None:
    """While a later part of an action waits, no step can slip in behind the parts that were made of it."""
    action = updates(15)
    refused: list[str] = []

    def change(request: Seen) -> Reply:
        with pytest.raises(ActionError) as caught:
            action.update(last_name="late")
        refused.append(str(caught.value))
        return all_good(request)

    wire.answer = change
    connect(wire).execute_single(action, immediate=True)
    assert (len(refused), [len(request.json[0]["do"]) for request in wire.seen]) == (2, [10, 5])


@pytest.mark.parametrize(
    "actions",
    [
        [UserAction("a@b.c")],
        [GroupAction("g")],
        [updates(1), UserAction("a@b.c")],
        [updates(1), None],
        [updates(1), {"user": "a@b.c"}],
        ["a@b.c"],
        updates(1),
        None,
        5,
    ],
    ids=str,
)
def test_what_is_no_action_is_refused_and_nothing_is_queued(
    wire: ScriptedServer, connect: Connect, actions: Any
) -> None:
    """An action without steps, or what is none, raises ActionError; the actions beside it are not queued either."""
    connection = connect(wire)
    with pytest.raises(ActionError):
        connection.execute_multiple(actions, immediate=True)
    assert (wire.seen, connection.status()[0]["actions-queued"]) == ([], 0)


def test_actions_may_come_from_a_generator(wire: ScriptedServer, connect: Connect) -> None:
    """Any iterable of actions will do."""
    wire.answer = all_good
    done = connect(wire).execute_multiple((action for action in new_users(12)), immediate=True)
    assert done.completed == 12


def test_text_that_cannot_be_written_is_refused() -> None:
    """Half of a surrogate pair is no character: the step is refused when it is added."""
    action = UserAction("a@b.c")
    with pytest.raises(ActionError, match=r"^a@b.c: /do/0/update/firstname: .*surrogate"):
        action.update(first_name="x\ud800")
    assert action.step_count == 0


def test_every_character_arrives(mock: RunningServer, connect: Connect) -> None:
    """Names in any script reach the service as they were written."""
    name = 'Ünï Жанна 佐藤 😀 \\ " / \u200d'
    connect(mock).execute_single(UserAction("jdoe@example.com").update(first_name=name), immediate=True)
    user = mock.world.organization().owned_account("jdoe@example.com")
    assert user is not None
    assert user.firstname == name


def test_threads_share_a_queue_without_loss(wire: ScriptedServer, connect: Connect) -> None:
    """Actions that several threads queue at once are each sent once."""
    wire.answer = all_good
    connection = connect(wire)

    def work(start: int) -> None:
        for action in new_users(13, start):
            connection.execute_single(action)

    threads = [threading.Thread(target=work, args=(number * 100,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.execute_queued()
    sent = sorted(name for request in wire.seen for name in names_in(request))
    assert sent == sorted(f"u{n * 100 + i}@example.com" for n in range(8) for i in range(13))
    assert connection.status()[0] | {"actions-sent": 104, "actions-completed": 104} == connection.status()[0]


def test_threads_do_not_disturb_the_order_of_steps(wire: ScriptedServer, connect: Connect) -> None:
    """The parts of a large action go out one after the other, however many threads send the queue."""
    wire.answer = all_good
    connection = connect(wire)
    action = updates(95)
    connection.execute_multiple(new_users(3))
    work: list[Callable[[], object]] = [lambda: connection.execute_single(action, immediate=True)]
    work += [connection.execute_queued] * 6
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    commands = [command for request in wire.seen for command in request.json if command["user"] == action.target]
    assert [step["update"]["firstname"] for command in commands for step in command["do"]] == [
        str(n) for n in range(95)
    ]
    assert (action.outcome and action.outcome.status) is OutcomeStatus.COMPLETED
    assert connection.status()[0]["actions-queued"] == 0


def test_parts_that_share_a_lost_request_are_all_unknown(wire: ScriptedServer, connect: Connect) -> None:
    """Parts that go in a request whose answer is lost are unknown, and none follows."""
    wire.replies.append(Reply(cut=True))
    action = GroupAction("Team").add_users([f"u{number}@b.c" for number in range(_MANY_USERS)])
    connection = connect(wire)
    with pytest.raises(OutcomeUnknownError) as caught:
        connection.execute_single(action, immediate=True)
    (outcome,) = caught.value.outcomes
    assert [part.status for part in outcome.parts] == [OutcomeStatus.UNKNOWN] * MAX_COMMANDS + [
        OutcomeStatus.NOT_SENT
    ] * (_PARTS - MAX_COMMANDS)
    assert connection.queued == ()


def test_nothing_follows_when_parts_of_a_request_are_in_doubt(wire: ScriptedServer, connect: Connect) -> None:
    """The counts contradict themselves for parts that share a request: those that could go next are not sent."""
    wire.replies.append(Reply(body=action_answer(MAX_COMMANDS - 1)))
    wire.answer = all_good
    action = GroupAction("Team").add_users([f"u{number}@b.c" for number in range(_MANY_USERS)])
    other = UserAction("jo@b.c").add_to_groups(["Other"])
    result = connect(wire).execute_multiple([action, other], immediate=True)
    assert [outcome.status for outcome in result.outcomes] == [OutcomeStatus.UNKNOWN, OutcomeStatus.COMPLETED]
    parts = [part.status for part in result.outcomes[0].parts]
    assert parts == [OutcomeStatus.UNKNOWN] * MAX_COMMANDS + [OutcomeStatus.NOT_SENT] * (_PARTS - MAX_COMMANDS)
    assert [[next(iter(command.values())) for command in request.json] for request in wire.seen][1:] == [["jo@b.c"]]


@pytest.mark.parametrize("second", [OutcomeStatus.COMPLETED, OutcomeStatus.NOT_SENT])
def test_parts_that_another_call_is_sending_keep_their_own_outcomes(second: OutcomeStatus) -> None:
    """Two calls send parts of one action at once, and the answer of the first is lost: the second tells of its own."""
    queue, first, other = ActionQueue(), Share(immediate=False), Share(immediate=False)
    action = GroupAction("Team").add_users([f"u{number}@b.c" for number in range(_MANY_USERS)])
    queue.enlist(first, [action])
    queue.enlist(other, [])
    lost, sent = queue.take(first), queue.take(other)
    queue.settle(first, same_for_all(lost, OutcomeStatus.UNKNOWN, "lost"))
    if second is OutcomeStatus.COMPLETED:
        queue.settle(other, same_for_all(sent, second, ""))
    queue.leave(first, {})
    queue.leave(other, {})
    assert action.outcome is not None
    parts = [part.status for part in action.outcome.parts]
    assert parts == [
        *[OutcomeStatus.UNKNOWN] * MAX_COMMANDS,
        *[second] * MAX_COMMANDS,
        *[OutcomeStatus.NOT_SENT] * (_PARTS - 2 * MAX_COMMANDS),
    ]
    assert len(queue) == 0
