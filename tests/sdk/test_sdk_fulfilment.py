"""Plans in the order of their commands: what waits for what is sent again, and what each action hears in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from sdk_kit import Reply, ScriptedServer, Seen, action_answer

from umapi_sdk import (
    Action,
    ActionError,
    ActionOutcome,
    Connection,
    ForbiddenError,
    GroupAction,
    OutcomeStatus,
    OutcomeUnknownError,
    UserAction,
    plan,
)

Connect = Callable[..., Connection]
Errors = Mapping[tuple[int, int], str]

NOT_FOUND = "error.group.not_found"
NO_USER = "error.user.nonexistent"
COMPLETED, FAILED, UNKNOWN, NOT_SENT, PARTLY_SENT = OutcomeStatus
USERS = [f"u{number:02}@x.com" for number in range(12)]


def add(user: str, *groups: str) -> Action:
    """An action that puts a user into groups, each with a step of its own."""
    action = UserAction(user)
    for group in groups:
        action.add_to_groups([group])
    return action


def renamed(count: int) -> Any:
    """An action of so many steps, which cannot become one."""
    action = UserAction("jo@x.com")
    for number in range(count):
        action.update(first_name=str(number))
    return action


def carry_out(
    wire: ScriptedServer, connection: Connection, actions: Sequence[Action], *answers: Errors, by_group: bool = False
) -> Sequence[ActionOutcome]:
    """Carry out a plan; the answers have these errors by command and step, and after them none."""
    left = iter(answers)
    no_errors: Errors = {}

    def answer(request: Seen) -> Reply:
        found = [
            {"index": index, "step": step, "errorCode": code, "message": "no"}
            for (index, step), code in next(left, no_errors).items()
        ]
        return Reply(body=action_answer(len(request.json), found))

    wire.answer = answer
    return connection.execute_plan(plan(actions, by_group=by_group)).outcomes


def names(wire: ScriptedServer) -> list[list[str]]:
    """The names of the steps of each request."""
    return [[name for command in request.json for step in command["do"] for name in step] for request in wire.seen]


WAITING: dict[str, tuple[list[Errors], list[int]]] = {
    "the users' own commands, and what was perhaps not reached": ([{(0, 0): NOT_FOUND}], [1, 10, 1, 1]),
    "two users' own commands": ([{(0, 1): NOT_FOUND}], [1, 2, 1]),
    "user by user, and what shows whether the rest is needed": ([{(0, 0): NO_USER}], [1, 2, 1, 1]),
    "user by user, and the rest is not needed": ([{(0, 0): NO_USER}, {(0, 1): NO_USER, (0, 5): NO_USER}], [1, 2, 1]),
    "user by user, and what follows one who is not there": ([{(0, 0): NO_USER}, {(0, 1): NO_USER}], [1, 2, 2, 1]),
}


@pytest.mark.parametrize(("answers", "requests"), WAITING.values(), ids=WAITING.keys())
def test_what_comes_after_a_group_waits_for_all_that_is_sent_again(
    wire: ScriptedServer, connect: Connect, answers: list[Errors], requests: list[int]
) -> None:
    """The group gets its new description when nothing of its members is open, and not before."""
    actions = [*(add(user, "G") for user in USERS), GroupAction("G").update(description="d")]
    outcomes = carry_out(wire, connect(wire), actions, *answers, by_group=True)
    assert [len(request.json) for request in wire.seen] == requests
    assert ["updateUserGroup" in sent for sent in names(wire)] == [False] * (len(requests) - 1) + [True]
    assert outcomes[-1].status is COMPLETED
    assert sum(outcome.status is COMPLETED for outcome in outcomes) == 13 - (len(answers) - 1)


def test_a_new_address_waits_for_all_that_is_sent_again(wire: ScriptedServer, connect: Connect) -> None:
    """Of 12 names in one command the first fails: ten are sent again, then two, and only then the new address."""
    actions = [*(add("jo@x.com", f"g{n}") for n in range(12)), UserAction("jo@x.com").update(email="new@x.com")]
    outcomes = carry_out(wire, connect(wire), actions, {(0, 0): NOT_FOUND})
    assert names(wire) == [["add", "add"], ["add"] * 10, ["add"] * 2, ["update"]]
    assert [outcome.status for outcome in outcomes] == [COMPLETED] * 13


def test_what_follows_an_unknown_part_is_left_out_of_a_command_that_others_share(
    wire: ScriptedServer, connect: Connect
) -> None:
    """Of 12 steps ten are in doubt: the other two are not sent, but another action's step of the same command is."""
    wire.replies.append(Reply(body=action_answer(0)))
    other = UserAction("jo@x.com").update(last_name="L")
    outcomes = carry_out(wire, connect(wire), [renamed(12), other])
    assert wire.seen[1].json[0]["do"] == [{"update": {"lastname": "L"}}]
    assert [outcome.status for outcome in outcomes] == [UNKNOWN, COMPLETED]
    assert [part.status for part in outcomes[0].parts] == [UNKNOWN, NOT_SENT]


def test_parts_and_steps_are_told_in_their_order(wire: ScriptedServer, connect: Connect) -> None:
    """One group refuses a user, and is asked last: its part and step are told where they stand in plan and action."""
    actions = [add("zz@x.com", "H"), *(add(user, "G", "H") for user in USERS)]
    errors = {(index, 1): NOT_FOUND for index in range(2)}
    outcomes = carry_out(wire, connect(wire), actions, errors, {(0, 0): NOT_FOUND}, by_group=True)
    (failed,) = [outcome for outcome in outcomes if outcome.status is FAILED]
    assert [part.place for part in failed.step_parts] == [0, 1]
    assert sorted(str(part.status) for part in failed.parts) == ["completed", "failed"]
    assert all(outcome.parts == () for outcome in outcomes[:1])


def test_errors_are_told_in_the_order_of_the_steps(wire: ScriptedServer, connect: Connect) -> None:
    """The service names the second step first; the outcome does not, and says which request it was."""
    action = UserAction("jo@x.com").add_to_groups(["A"]).remove_from_groups(["B"])
    (outcome,) = carry_out(wire, connect(wire), [action], {(0, 1): NOT_FOUND, (0, 0): NOT_FOUND})
    assert [error.step for error in outcome.errors] == [0, 1]
    assert (outcome.parts, outcome.request_ids) == ((), (wire.request_id,))


def test_what_was_known_before_the_end_is_told_once(wire: ScriptedServer, connect: Connect) -> None:
    """Of three commands of an action the first is done, the second refused, and the third never sent."""
    wire.replies += [Reply(body=action_answer(1)), Reply(status=403)]
    with pytest.raises(ForbiddenError) as caught:
        connect(wire).execute_plan(plan([renamed(25)]))
    (outcome,) = caught.value.outcomes
    assert outcome.status is PARTLY_SENT
    assert [part.status for part in outcome.parts] == [COMPLETED, NOT_SENT, NOT_SENT]


def test_an_action_that_may_have_been_carried_out_takes_no_more_steps(wire: ScriptedServer, connect: Connect) -> None:
    """After a lost answer its steps may be done; after a refusal at the door it can grow and be planned again."""
    lost, refused = renamed(1), renamed(1)
    wire.replies += [Reply(cut=True), Reply(status=403)]
    connection = connect(wire)
    with pytest.raises(OutcomeUnknownError):
        connection.execute_plan(plan([lost]))
    with pytest.raises(ForbiddenError):
        connection.execute_plan(plan([refused]))
    with pytest.raises(ActionError, match="has been sent"):
        lost.update(last_name="L")
    assert refused.update(last_name="L").step_count == 2
    assert (lost.outcome.status, refused.outcome.status) == (UNKNOWN, NOT_SENT)
    assert connection.status()[0]["actions-sent"] == 1


def test_what_the_queue_had_done_is_told_with_a_plan_that_is_refused(wire: ScriptedServer, connect: Connect) -> None:
    """The action that waited was carried out first: the error tells of it before those of the plan, and all count."""
    wire.replies += [Reply(body=action_answer(1)), Reply(status=403)]
    early, late = add("jo@x.com", "A"), add("jo@x.com", "B")
    connection = connect(wire)
    connection.execute_single(early)
    with pytest.raises(ForbiddenError) as caught:
        connection.execute_plan(plan([late]))
    told = [(outcome.action, outcome.status) for outcome in caught.value.outcomes]
    assert told == [(early, COMPLETED), (late, NOT_SENT)]
    assert (connection.status()[0]["actions-sent"], connection.status()[0]["actions-completed"]) == (1, 1)


def test_actions_of_a_plan_are_counted(wire: ScriptedServer, connect: Connect) -> None:
    """Of three actions one failed: the status says three sent and two completed, as for actions that were queued."""
    connection = connect(wire)
    carry_out(wire, connection, [add(user, "A") for user in USERS[:3]], {(0, 0): NOT_FOUND})
    assert (connection.status()[0]["actions-sent"], connection.status()[0]["actions-completed"]) == (3, 2)
