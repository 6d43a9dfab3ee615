"""What became of each action: no outcome is ever lost, whatever the service answers and whatever ends a call."""

from __future__ import annotations

import contextlib
import gc
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_kit import Place
from sdk_kit import STEADY, Reply, ScriptedServer, Time, action_answer, all_good, open_connection

from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import (
    Action,
    ActionError,
    ActionOutcome,
    AuthenticationError,
    ConfigurationError,
    Connection,
    ErrorCode,
    ForbiddenError,
    GroupAction,
    OutcomeStatus,
    OutcomeUnknownError,
    RequestRefusedError,
    ResponseError,
    StepStatus,
    ThrottledError,
    UmapiError,
    UnsentActionsWarning,
    UserAction,
)
from umapi_sdk.actions import UserSteps
from umapi_sdk.answers import read_answer, read_outcomes
from umapi_sdk.batches import split_action
from umapi_sdk.messages import Request, Response

Connect = Callable[..., Connection]
COMPLETED, FAILED, UNKNOWN, NOT_SENT, PARTLY_SENT = OutcomeStatus


def new_users(count: int) -> list[Action]:
    """Actions that add users."""
    return [UserAction(f"u{number}@example.com").add_adobe_id() for number in range(count)]


def statuses(actions: list[Action]) -> list[OutcomeStatus | None]:
    """The status of each action."""
    return [action.outcome.status if action.outcome else None for action in actions]


def error(index: int, step: Any = 0, code: str = "error.user.nonexistent", **more: Any) -> dict[str, Any]:
    """An entry of an answer's errors."""
    return {"index": index, "step": step, "errorCode": code, "message": f"wrong {index}", **more}


def execute(wire: ScriptedServer, connection: Connection, answer: object, count: int = 3) -> list[Action]:
    """Send actions in one request that gets this answer; return the actions."""
    wire.replies.append(Reply(body=answer))
    actions = new_users(count)
    connection.execute_multiple(actions, immediate=True)
    return actions


def test_partial_success_is_a_value(mock: RunningServer, connect: Connect) -> None:
    """One action of three fails: no exception, and each knows its outcome and the service's words."""
    actions = [
        UserAction("jdoe@example.com").add_to_groups(["Marketing"]),
        UserAction("nobody@example.com", request_id="mine").update(first_name="N"),
        UserAction("new@example.com").add_adobe_id(),
    ]
    done = connect(mock).execute_multiple(actions, immediate=True)
    assert statuses(list(actions)) == [COMPLETED, FAILED, COMPLETED]
    assert (done.queued, done.sent, done.completed, len(done.failed)) == (0, 3, 2, 1)
    (failure,) = done.failed
    (reason,) = failure.errors
    assert failure.action is actions[1]
    assert (reason.step, reason.code, reason.known_code) == (0, "error.user.nonexistent", ErrorCode.USER_NONEXISTENT)
    assert reason.message == "User Id does not exist: nobody@example.com"
    assert str(failure) == f"nobody@example.com: failed: {reason.message} (error.user.nonexistent at step 0)"
    assert actions[1].execution_errors() == (str(reason),)
    assert reason.remedy
    assert len(failure.request_ids) == 1


def test_all_failed(wire: ScriptedServer, connect: Connect) -> None:
    """An answer whose result is error fails each action that it names."""
    actions = execute(wire, connect(wire), action_answer(2, [error(0), error(1)]), 2)
    assert statuses(actions) == [FAILED, FAILED]


@pytest.mark.parametrize(
    "changes",
    [
        {"completed": 3},
        {"completed": 1},
        {"completed": 0, "notCompleted": 3},
        {"notCompleted": 0},
        {"notCompleted": 2},
        {"result": "success"},
        {"errors": [error(1), error(2)]},
        {"errors": [error(7)]},
        {"errors": [error(1), error(3)]},
        {"completed": 0, "completedInTestMode": 2},
    ],
    ids=str,
)
def test_contradicting_answer_leaves_actions_unknown(
    wire: ScriptedServer, connect: Connect, changes: dict[str, Any]
) -> None:
    """Where counts, result and errors disagree, no action without an error is taken for completed."""
    answer = {**action_answer(3, [error(1)]), **changes}
    actions = execute(wire, connect(wire), answer)
    named = {entry["index"] for entry in answer["errors"]}
    assert statuses(actions) == [FAILED if index in named else UNKNOWN for index in range(3)]
    unsure = [action.outcome for action in actions if action.outcome and action.outcome.status is UNKNOWN]
    assert all("the service counts" in str(outcome.reason) for outcome in unsure)


@pytest.mark.parametrize("answer", [{"result": "error"}, {"result": "partial"}, {"completed": 2}, {"notCompleted": 1}])
def test_success_that_the_counts_deny_is_unknown(
    wire: ScriptedServer, connect: Connect, answer: dict[str, Any]
) -> None:
    """An answer without errors completes nothing unless result and counts say so too."""
    actions = execute(wire, connect(wire), {**action_answer(3), **answer})
    assert statuses(actions) == [UNKNOWN] * 3


@STEADY
@given(
    st.integers(1, 10),
    st.integers(0, 12),
    st.integers(0, 12),
    st.sampled_from(["success", "partial", "error", "odd"]),
    st.lists(st.integers(0, 12), max_size=12),
)
def test_completed_is_never_said_without_proof(
    total: int, completed: int, failed: int, result: str, indexes: list[int]
) -> None:
    """Whatever numbers an answer holds, an action is completed only if counts, result and errors all agree."""
    commands = [command for action in new_users(total) for command in split_action(action)]
    data = {
        "completed": completed,
        "notCompleted": failed,
        "completedInTestMode": 0,
        "result": result,
        "errors": [error(index) for index in indexes],
    }
    answer = read_answer(data)
    assert answer is not None
    read = read_outcomes(commands, answer, test_mode=False, request_id=None, maybe_repeated=False)
    assert [outcome.command for outcome in read] == commands
    assert [outcome.status is FAILED for outcome in read] == [index in indexes for index in range(total)]
    good = sum(outcome.status is COMPLETED for outcome in read)
    if good:
        assert good == completed
        assert good + failed == total
        assert (result == "success") == (not indexes)
        assert all(index < total for index in indexes)


@pytest.mark.parametrize("step", [0, "0", 0.0, None])
def test_step_comes_as_number_or_string(wire: ScriptedServer, connect: Connect, step: object) -> None:
    """`step` is documented as a string and seen as a number; absent, the error belongs to the whole action."""
    (action,) = execute(wire, connect(wire), action_answer(1, [error(0, step)]), 1)
    assert action.outcome is not None
    assert [each.step for each in action.outcome.errors] == [None if step is None else 0]


def test_step_out_of_range_stays_as_it_is(wire: ScriptedServer, connect: Connect) -> None:
    """A step that the action does not have is shown as the service named it."""
    (action,) = execute(wire, connect(wire), action_answer(1, [error(0, 44)]), 1)
    assert action.outcome is not None
    assert action.outcome.errors[0].step == 44


def test_unknown_codes_and_fields_are_kept(wire: ScriptedServer, connect: Connect) -> None:
    """A code that no list has, an error without message and new fields do not disturb the reading."""
    entry = {"index": 0, "step": 0, "errorCode": "error.brand.new", "severity": "high"}
    (action,) = execute(wire, connect(wire), {**action_answer(1, [entry]), "took": 5}, 1)
    assert action.outcome is not None
    (failure,) = action.outcome.errors
    assert (failure.code, failure.known_code, failure.message) == ("error.brand.new", None, "no message")


def test_several_errors_of_one_action(wire: ScriptedServer, connect: Connect) -> None:
    """An action can fail in several steps: all of them are told."""
    wire.replies.append(Reply(body=action_answer(1, [error(0, 1), error(0, 2, "error.group.not_found")])))
    action = UserAction("jo@example.com").add_adobe_id().update(first_name="a").add_to_groups(["g"])
    connect(wire).execute_single(action, immediate=True)
    assert action.outcome is not None
    assert [each.step for each in action.outcome.errors] == [1, 2]
    assert len(action.execution_errors()) == 2


def test_warnings_do_not_fail_an_action(wire: ScriptedServer, connect: Connect) -> None:
    """A warning is kept with its step, and the action is completed."""
    warning = {"index": 0, "step": "0", "warningCode": "warning.command.deprecated", "message": "old"}
    (action,) = execute(wire, connect(wire), {**action_answer(1), "warnings": [warning]}, 1)
    assert action.outcome is not None
    assert (action.outcome.status, action.outcome.errors) == (COMPLETED, ())
    assert [(each.step, each.code) for each in action.outcome.warnings] == [(0, "warning.command.deprecated")]


def test_test_mode_counts_its_own(mock: RunningServer, connect: Connect) -> None:
    """In test mode actions complete by the count of that mode, and nothing changes."""
    connection = connect(mock, test_mode=True)
    done = connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
    assert (done.completed, connection.status()[0]["actions-completed"]) == (1, 1)
    assert str(done.outcomes[0]) == "new@example.com: completed in test mode"
    assert mock.world.organization().adobe_id("new@example.com") is None
    assert mock.world.journal.as_list()[-1]["query"] == "testOnly=true"


def test_real_execution_in_test_mode_is_a_contradiction(wire: ScriptedServer, connect: Connect) -> None:
    """A service that really executed what was sent in test mode is not believed."""
    actions = execute(wire, connect(wire, test_mode=True), action_answer(3))
    assert statuses(actions) == [UNKNOWN] * 3


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b"[]",
        b"{}",
        b"null",
        b'{"completed": 3',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"completed": "x", "notCompleted": [], "result": {}, "errors": []}',
        b'{"completed": ' + b"9" * 5000 + b', "notCompleted": 0, "completedInTestMode": 0, "result": "success"}',
    ],
    ids=lambda body: repr(body[:40]),
)
def test_answer_that_breaks_the_contract_leaves_actions_unknown(
    wire: ScriptedServer, connect: Connect, body: bytes
) -> None:
    """After an answer that cannot be read, the actions may have taken effect; no further batch is sent."""
    wire.replies.append(Reply(body=body))
    actions = new_users(12)
    connection = connect(wire)
    with pytest.raises(ResponseError, match="actions: 10 unknown, 2 not sent") as caught:
        connection.execute_multiple(actions, immediate=True)
    assert statuses(actions) == [UNKNOWN] * 10 + [NOT_SENT] * 2
    assert [outcome.action for outcome in caught.value.outcomes] == actions
    assert len(wire.seen) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "second"),
    [
        (Reply(cut=True), OutcomeUnknownError, UNKNOWN),
        (Reply(status=500), ResponseError, UNKNOWN),
        (Reply(status=302, headers={"Location": "http://elsewhere/"}), ResponseError, UNKNOWN),
        (Reply(status=429, headers={"Retry-After": "3600"}), ThrottledError, NOT_SENT),
        (Reply(status=403), ForbiddenError, NOT_SENT),
        (Reply(status=400, body={"result": "error.command.malformed", "message": "m"}), RequestRefusedError, FAILED),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_error_in_the_second_batch_of_three(
    wire: ScriptedServer, connect: Connect, reply: Reply, kind: type[UmapiError], second: OutcomeStatus
) -> None:
    """The first ten are completed, the next ten as far as is known, the rest waits; execute_queued sends just that."""
    wire.replies += [Reply(body=action_answer(10)), reply]
    wire.answer = all_good
    actions = new_users(25)
    connection = connect(wire)
    with pytest.raises(kind) as caught:
        connection.execute_multiple(actions, immediate=True)
    assert statuses(actions) == [COMPLETED] * 10 + [second] * 10 + [NOT_SENT] * 5
    outcomes = caught.value.outcomes
    assert [outcome.action for outcome in outcomes] == actions
    assert [outcome.status for outcome in outcomes] == statuses(actions)
    rest = actions[10:] if second is NOT_SENT else actions[20:]
    assert connection.status()[0]["actions-queued"] == len(rest)
    done = connection.execute_queued()
    assert [outcome.action for outcome in done.outcomes] == rest
    again = [command["user"] for request in wire.seen[2:] for command in request.json]
    assert again == [action.target for action in rest]
    assert statuses(rest) == [COMPLETED] * len(rest)


def long_action() -> UserAction:
    """An action in three parts."""
    action = UserAction("jo@example.com")
    for number in range(25):
        action.update(first_name=str(number))
    return action


@pytest.mark.parametrize("reply", [Reply(cut=True), Reply(body=action_answer(2))], ids=["no answer", "contradiction"])
def test_nothing_of_an_action_is_sent_after_an_unknown_part(
    wire: ScriptedServer, connect: Connect, reply: Reply
) -> None:
    """Of three parts the second is unknown: the outcome says what took effect, and the third is not queued."""
    wire.replies += [Reply(body=action_answer(1)), reply]
    wire.answer = all_good
    action = long_action()
    connection = connect(wire)
    if reply.cut:
        with pytest.raises(OutcomeUnknownError) as caught:
            connection.execute_single(action, immediate=True)
        outcomes = caught.value.outcomes
    else:
        outcomes = connection.execute_single(action, immediate=True).outcomes
    assert outcomes == (action.outcome,)
    (outcome,) = outcomes
    assert (outcome.status, [part.status for part in outcome.parts]) == (UNKNOWN, [COMPLETED, UNKNOWN, NOT_SENT])
    assert [part.steps for part in outcome.parts] == [tuple(range(10)), tuple(range(10, 20)), tuple(range(20, 25))]
    assert "unknown: steps 0 to 9 took effect, steps 10 to 19 unknown, steps 20 to 24 not sent: " in (
        str(outcome).replace(";", ":", 1)
    )
    assert (connection.queued, tuple(connection.execute_queued()), len(wire.seen)) == ((), (0, 0, 0), 2)


def test_a_part_that_waits_is_told_with_what_the_part_before_became(wire: ScriptedServer, connect: Connect) -> None:
    """An action whose first part failed and whose second was not sent is partly sent, and says both."""
    wire.replies += [Reply(body=action_answer(1, [error(0, 3)])), Reply(status=403)]
    wire.answer = all_good
    action = UserAction("jo@example.com")
    for number in range(15):
        action.update(first_name=str(number))
    connection = connect(wire)
    with pytest.raises(ForbiddenError, match="actions: 1 partly sent"):
        connection.execute_single(action, immediate=True)
    assert action.outcome is not None
    assert (action.outcome.status, [each.step for each in action.outcome.errors]) == (PARTLY_SENT, [3])
    first = "steps 0 to 2 took effect, step 3 failed, steps 4 to 9 perhaps not reached"
    assert str(action.outcome).startswith(f"jo@example.com: partly sent: {first}, steps 10 to 14 not sent; ")
    assert connection.queued == (action,)
    assert tuple(connection.execute_queued()) == (0, 1, 0)
    assert (action.outcome.status, [each.step for each in action.outcome.errors]) == (FAILED, [3])
    assert str(action.outcome).startswith(f"jo@example.com: failed: {first}, steps 10 to 14 took effect; ")


def test_the_rest_of_a_partly_sent_action_can_be_taken(wire: ScriptedServer, connect: Connect) -> None:
    """Taken from the queue, a partly sent action keeps its outcome, is not sent on, and takes no further step."""
    wire.replies += [Reply(body=action_answer(1)), Reply(status=403)]
    wire.answer = all_good
    action = long_action()
    connection = connect(wire)
    with pytest.raises(ForbiddenError):
        connection.execute_single(action, immediate=True)
    assert connection.take_queued() == [action]
    assert action.outcome is not None
    statuses_of_parts = [part.status for part in action.outcome.parts]
    assert (action.outcome.status, statuses_of_parts) == (PARTLY_SENT, [COMPLETED, NOT_SENT, NOT_SENT])
    assert action.outcome.reason == "it was taken from the queue"
    assert [step.status for step in action.outcome.steps] == [StepStatus.TOOK_EFFECT] * 10 + [StepStatus.NOT_SENT] * 15
    assert action.outcome.rest is not None
    assert action.outcome.rest.step_count == 15
    with pytest.raises(ActionError, match="has been sent"):
        action.update(last_name="late")
    assert (tuple(connection.execute_queued()), len(wire.seen)) == ((0, 0, 0), 2)


def test_the_queue_can_be_seen_and_taken(wire: ScriptedServer, connect: Connect) -> None:
    """What waits is shown in order; once taken it is neither sent nor warned of, and takes further steps."""
    wire.replies += [Reply(body=action_answer(10)), Reply(status=403)]
    actions = new_users(25)
    connection = connect(wire)
    with pytest.raises(ForbiddenError):
        connection.execute_multiple(actions)
    assert connection.queued == tuple(actions[10:])
    assert connection.take_queued() == actions[10:]
    assert (connection.queued, connection.status()[0]["actions-queued"], len(wire.seen)) == ((), 0, 2)
    assert isinstance(actions[-1], UserSteps)
    assert actions[-1].update(first_name="J").step_count == 2
    connection.close()


def test_counts_are_of_actions(wire: ScriptedServer, connect: Connect) -> None:
    """An action of three parts counts once: queued, sent, completed, and in the status."""
    wire.answer = all_good
    connection = connect(wire)
    assert tuple(connection.execute_single(long_action())) == (1, 0, 0)
    assert connection.status()[0]["actions-queued"] == 1
    assert tuple(connection.execute_queued()) == (0, 1, 1)
    counts = {"actions-sent": 1, "actions-completed": 1, "actions-queued": 0}
    assert connection.status()[0] | counts == connection.status()[0]


def test_results_tell_failed_from_unknown(wire: ScriptedServer, connect: Connect) -> None:
    """`failed` has what failed, `unknown` what is not known, and `not_completed` both."""
    wire.replies.append(Reply(body={**action_answer(3, [error(1)]), "completed": 1}))
    done = connect(wire).execute_multiple(new_users(3), immediate=True)
    names = [[outcome.action.target[:2] for outcome in some] for some in (done.failed, done.unknown)]
    assert names == [["u1"], ["u0", "u2"]]
    assert done.not_completed == done.outcomes


def test_interrupt_while_the_answer_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C after the request was sent leaves its actions unknown and the others queued."""
    place = Place({})
    connection, send = place.connection, place.send
    connection.execute_multiple(new_users(1), immediate=True)

    def interrupted(request: Request) -> Response:
        send(request)
        raise KeyboardInterrupt

    monkeypatch.setattr(place, "send", interrupted)
    actions = new_users(12)
    with pytest.raises(KeyboardInterrupt):
        connection.execute_multiple(actions, immediate=True)
    assert statuses(actions) == [UNKNOWN] * 10 + [NOT_SENT] * 2
    assert connection.status()[0]["actions-queued"] == 2
    monkeypatch.undo()
    assert connection.execute_queued().completed == 2
    place.close()


@pytest.mark.parametrize(("status", "kept"), [(429, True), (503, True), (502, False)])
def test_interrupt_while_waiting(mock: RunningServer, connect: Connect, time: Time, status: int, kept: bool) -> None:
    """Ctrl-C during a wait leaves the actions queued, unless an earlier attempt may have taken effect."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    mock.world.faults.replace([Fault(operation="action", status=status, first=1)])
    time.during = interrupt
    connection = connect(mock)
    actions = new_users(3)
    with pytest.raises(KeyboardInterrupt):
        connection.execute_multiple(actions, immediate=True)
    time.during = None
    assert statuses(actions) == [NOT_SENT if kept else UNKNOWN] * 3
    assert connection.execute_queued().completed == (3 if kept else 0)


def test_settings_that_fail_while_sending_leave_the_actions_queued(
    mock: RunningServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unusable proxy in the environment is found when sending: nothing was sent, and nothing is lost."""
    connection = connect(mock)
    actions = new_users(2)
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(ConfigurationError):
        connection.execute_multiple(actions, immediate=True)
    assert statuses(actions) == [NOT_SENT] * 2
    monkeypatch.delenv("http_proxy")
    assert connection.execute_queued().completed == 2


def test_refused_token_leaves_the_actions_queued(wire: ScriptedServer, connect: Connect) -> None:
    """A wrong client secret sends nothing; the actions wait for better settings."""
    refusal = {"error": "invalid_client", "error_description": "invalid client_secret parameter"}
    wire.token_replies.append(Reply(status=400, body=refusal))
    wire.answer = all_good
    connection = connect(wire)
    actions = new_users(2)
    with pytest.raises(AuthenticationError, match="actions: 2 not sent"):
        connection.execute_multiple(actions, immediate=True)
    assert connection.execute_queued().completed == 2


def test_exceptions_with_outcomes_can_be_pickled(wire: ScriptedServer, connect: Connect) -> None:
    """An error that crosses a process keeps message, facts and the outcomes of its actions."""
    wire.replies.append(Reply(status=429, headers={"Retry-After": "3600"}))
    connection = connect(wire)
    actions: list[Action] = [*new_users(1), GroupAction("g").create()]
    with pytest.raises(ThrottledError) as caught:
        connection.execute_multiple(actions, immediate=True)
    twin = pickle.loads(pickle.dumps(caught.value))
    assert (str(twin), twin.retry_after, twin.url) == (str(caught.value), 3600.0, caught.value.url)
    assert [outcome.action.target for outcome in twin.outcomes] == ["u0@example.com", "g"]


def test_execution_can_be_pickled_and_unpacked(wire: ScriptedServer, connect: Connect) -> None:
    """The result unpacks into three numbers and survives pickling with its outcomes."""
    wire.answer = all_good
    done = connect(wire).execute_multiple(new_users(3), immediate=True)
    queued, sent, completed = done
    assert (queued, sent, completed) == (0, 3, 3)
    twin = pickle.loads(pickle.dumps(done))
    assert (tuple(twin), len(twin.outcomes), repr(twin)) == ((0, 3, 3), 3, repr(done))


def test_closing_with_queued_actions_warns(wire: ScriptedServer, connect: Connect) -> None:
    """Whoever closes a connection over queued actions is told how many will not be sent."""
    connection = connect(wire)
    connection.execute_multiple(new_users(3))
    with pytest.warns(UnsentActionsWarning, match="3 actions"):
        connection.close()


def test_one_warning_is_enough(wire: ScriptedServer, connect: Connect) -> None:
    """A connection that is closed twice, or closed and dropped, warns once, at the line that closes it."""
    connection = connect(wire)
    connection.execute_multiple(new_users(1))
    with pytest.warns(UnsentActionsWarning, match="1 action was queued and not sent") as caught:
        connection.close()
    assert caught[0].filename == __file__
    connection.close()


def test_dropping_a_connection_with_queued_actions_warns(wire: ScriptedServer, time: Time) -> None:
    """A connection that is forgotten with queued actions says so when it is collected."""

    def forget() -> None:
        open_connection(wire.details, time).execute_multiple(new_users(2))
        gc.collect()

    with pytest.warns(UnsentActionsWarning, match="2 actions were queued and not sent"):
        forget()


PROGRAM = """
from umapi_sdk import Connection, ServicePrincipalAuth, UserAction
connection = Connection("12345@AdobeOrg", ServicePrincipalAuth("id", "secret"))
connection.execute_single(UserAction("jo@example.com").add_adobe_id())
"""


def test_a_program_that_ends_with_queued_actions_warns() -> None:
    """A program that never closes its connection still says at its end what it did not send."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert "UnsentActionsWarning: 1 action was queued and not sent: call execute_queued()" in ended.stderr


def error_of(code: str) -> dict[str, Any]:
    """An error of the first command."""
    return {"index": 0, "step": 0, "errorCode": code, "message": "no"}


REFUSALS: dict[str, tuple[Reply, str]] = {
    "no code": (Reply(body=action_answer(1, [{"index": 0, "message": "no"}])), "as its message says"),
    "a new code": (Reply(body=action_answer(1, [error_of("new.code")])), "as its message says"),
    "of a user": (Reply(body=action_answer(1, [error_of("error.user.new_kind")])), "Check the user"),
    "of a user group": (Reply(body=action_answer(1, [error_of("error.usergroup.new_kind")])), "list of groups"),
    "of a command": (Reply(body=action_answer(1, [error_of("error.command.new_kind")])), "form of the command"),
    "of the service": (Reply(body=action_answer(1, [error_of("error.internal.new_kind")])), "own trouble"),
    "a known code": (Reply(status=400, body={"result": "error.command.malformed", "message": "no"}), "valid JSON"),
    "a whole request": (Reply(status=400), "as its message says"),
    "too large": (Reply(status=413), "too large"),
    "a proxy's": (Reply(status=411), "proxy or gateway"),
    "unknown": (Reply(status=500), "Look whether"),
    "not sent": (Reply(status=403), "still queued"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_whatever_is_not_completed_has_a_remedy(wire: ScriptedServer, connect: Connect, case: str) -> None:
    """By code, by the kind of code, by the status: there is always something that can be done."""
    reply, remedy = REFUSALS[case]
    wire.replies.append(reply)
    action = UserAction("a@example.com").add_to_groups(["g"])
    with contextlib.suppress(UmapiError):
        connect(wire).execute_single(action, immediate=True)
    assert action.outcome is not None
    assert remedy in (action.outcome.remedy or ""), action.outcome
    assert all(error.remedy for error in action.outcome.errors)


def test_completed_is_told_of_completed_actions_alone() -> None:
    """`outcome.completed` is true for one status and false for each of the others."""
    told = {status: ActionOutcome(action=new_users(1)[0], status=status).completed for status in OutcomeStatus}
    assert [status for status, completed in told.items() if completed] == [COMPLETED]
    assert len(told) > 1
