"""Answers to action requests: read field by field, and each error told to the command that it is of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import STEADY, Reply, ScriptedServer, Seen, action_answer, all_good

from umapi_sdk import Action, Connection, GroupAction, OutcomeStatus, UserAction
from umapi_sdk.answers import read_answer, read_outcomes
from umapi_sdk.batches import request_ids, split_action

Connect = Callable[..., Connection]
COMPLETED, FAILED, UNKNOWN = OutcomeStatus.COMPLETED, OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN


def users(count: int) -> list[Action]:
    """Actions on as many users."""
    return [UserAction(f"u{number}@example.com").add_to_groups(["g"]) for number in range(count)]


def entry(index: object = None, **fields: object) -> dict[str, Any]:
    """An error; fields of None are left out."""
    filled = {"index": index, "step": 0, "errorCode": "error.group.not_found", "message": "no group", **fields}
    return {name: value for name, value in filled.items() if value is not None}


def answer(total: int, errors: Sequence[object], failed: int = 1) -> dict[str, Any]:
    """An answer that counts `failed` commands as not completed."""
    result = "partial" if failed < total else "error"
    counts = {"completed": total - failed, "notCompleted": failed, "completedInTestMode": 0}
    return {**counts, "result": result, "errors": list(errors)}


def execute(wire: ScriptedServer, connect: Connect, actions: Sequence[Action], body: object) -> list[OutcomeStatus]:
    """Send actions in one request that gets this answer; return what became of them."""
    wire.replies.append(Reply(body=body))
    connect(wire).execute_multiple(actions, immediate=True)
    return [action.outcome.status for action in actions if action.outcome]


@pytest.mark.parametrize(
    ("changes", "step", "code"),
    [
        ({"errorCode": None}, 0, ""),
        ({"errorCode": 7}, 0, ""),
        ({"step": "x"}, None, "error.group.not_found"),
        ({"step": "0"}, 0, "error.group.not_found"),
        ({"step": None, "message": ["m"]}, None, "error.group.not_found"),
        ({"index": "2"}, 0, "error.group.not_found"),
        ({"requestID": 5, "user": {}}, 0, "error.group.not_found"),
    ],
    ids=str,
)
def test_odd_field_of_an_error_leaves_the_rest_readable(
    wire: ScriptedServer, connect: Connect, changes: dict[str, Any], step: int | None, code: str
) -> None:
    """An error with a field missing or of the wrong type fails its own command, and the other nine are completed."""
    actions = users(10)
    odd = entry(**{"index": 2, **changes})
    assert execute(wire, connect, actions, answer(10, [odd])) == [FAILED if at == 2 else COMPLETED for at in range(10)]
    assert actions[2].outcome is not None
    assert [(error.step, error.code) for error in actions[2].outcome.errors] == [(step, code)]
    assert str(actions[2].outcome).startswith("u2@example.com: failed: no ")


@pytest.mark.parametrize("missing", ["completedInTestMode", "result", "completed", "notCompleted", "warnings"])
def test_missing_field_is_not_missed(wire: ScriptedServer, connect: Connect, missing: str) -> None:
    """Without one of the counts, or the result, the rest still says what became of each command."""
    body = {name: value for name, value in answer(10, [entry(4)]).items() if name != missing}
    expected = [FAILED if at == 4 else COMPLETED for at in range(10)]
    assert execute(wire, connect, users(10), body) == expected


def test_without_any_count_nothing_is_completed(wire: ScriptedServer, connect: Connect) -> None:
    """What an error names has failed; the others are unknown, and the reason says why."""
    actions = users(3)
    assert execute(wire, connect, actions, {"result": "partial", "errors": [entry(1)]}) == [UNKNOWN, FAILED, UNKNOWN]
    assert "the service counts an unknown number of 3 commands as completed" in str(actions[0].outcome)


def test_run_goes_on_after_an_odd_answer(wire: ScriptedServer, connect: Connect) -> None:
    """An odd field in the first answer does not keep the other requests from being sent."""
    wire.replies.append(Reply(body=answer(10, [7], failed=1)))
    wire.answer = all_good
    actions = users(15)
    connect(wire).execute_multiple(actions, immediate=True)
    statuses = [action.outcome and action.outcome.status for action in actions]
    assert statuses == [UNKNOWN] * 10 + [COMPLETED] * 5


def test_every_command_of_several_has_an_id_of_its_own(wire: ScriptedServer, connect: Connect) -> None:
    """Where several commands share a request each has a requestID, the caller's own where there is one."""
    wire.answer = all_good
    connection = connect(wire)
    actions = [
        UserAction("a@example.com").add_to_groups(["g"]),
        UserAction("b@example.com", request_id="action_1").add_to_groups(["g"]),
        GroupAction("h").create(),
    ]
    connection.execute_multiple(actions, immediate=True)
    connection.execute_single(UserAction("d@example.com").add_to_groups(["g"]), immediate=True)
    assert [command["requestID"] for command in wire.seen[0].json] == ["action_1_", "action_1", "action_3"]
    assert [command.get("user") for command in wire.seen[0].json] == ["a@example.com", "b@example.com", None]
    assert "requestID" not in wire.seen[1].json[0]


def test_ids_are_the_same_for_a_repetition(wire: ScriptedServer, connect: Connect) -> None:
    """A request that is sent again is the same, byte for byte."""
    wire.replies.append(Reply(status=503))
    wire.answer = all_good
    connect(wire).execute_multiple(users(3), immediate=True)
    assert wire.seen[0].body == wire.seen[1].body


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"index": 1, "requestID": "action_2", "user": "u1@example.com"}, [COMPLETED, FAILED, COMPLETED]),
        ({"index": 1, "requestID": "action_2", "user": "U1@EXAMPLE.COM"}, [COMPLETED, FAILED, COMPLETED]),
        ({"index": 1, "requestID": "action_2", "user": "the-id-of-u1"}, [COMPLETED, FAILED, COMPLETED]),
        ({"index": 1, "requestID": "action_3"}, [COMPLETED, UNKNOWN, UNKNOWN]),
        ({"index": 1, "user": "u0@example.com"}, [UNKNOWN, UNKNOWN, COMPLETED]),
        ({"index": 1, "requestID": "action_2", "user": "u2@example.com"}, [COMPLETED, UNKNOWN, UNKNOWN]),
        ({"index": 0, "requestID": "action_2", "user": "u2@example.com"}, [UNKNOWN, UNKNOWN, UNKNOWN]),
        ({"index": None, "requestID": "action_2"}, [COMPLETED, FAILED, COMPLETED]),
        ({"index": 44, "requestID": "action_2"}, [COMPLETED, FAILED, COMPLETED]),
        ({"index": -1, "requestID": "action_2"}, [COMPLETED, FAILED, COMPLETED]),
        ({"index": 1, "requestID": "another"}, [UNKNOWN, UNKNOWN, UNKNOWN]),
        ({"index": 1, "requestID": "another", "user": "stranger@example.com"}, [UNKNOWN, UNKNOWN, UNKNOWN]),
        ({"index": 1, "requestID": "another", "user": "u1@example.com"}, [COMPLETED, FAILED, COMPLETED]),
        ({"index": 1, "user": "stranger@example.com"}, [COMPLETED, UNKNOWN, COMPLETED]),
        ({"index": None, "user": "u1@example.com"}, [COMPLETED, UNKNOWN, COMPLETED]),
        ({"index": None}, [UNKNOWN, UNKNOWN, UNKNOWN]),
        ({"index": 44}, [UNKNOWN, UNKNOWN, UNKNOWN]),
        ({"index": None, "requestID": "another"}, [UNKNOWN, UNKNOWN, UNKNOWN]),
    ],
    ids=str,
)
def test_error_is_told_to_the_command_that_all_its_names_agree_on(
    wire: ScriptedServer, connect: Connect, fields: dict[str, Any], expected: list[OutcomeStatus]
) -> None:
    """Index, requestID and user are compared; where they name different commands, each of those is unknown."""
    actions = users(3)
    assert execute(wire, connect, actions, answer(3, [entry(**fields)])) == expected
    doubtful = [action.outcome for action in actions if action.outcome and action.outcome.status is UNKNOWN]
    assert all(
        any(said in str(outcome) for said in ("no group", "names errors of", "may be of another request"))
        for outcome in doubtful
    )


def test_warning_of_another_request(wire: ScriptedServer, connect: Connect) -> None:
    """A warning with a requestID that no command has shows as well as an error that the answer may be another's."""
    body = answer(2, []) | {"warnings": [{"index": 0, "requestID": "another", "warningCode": "w", "message": "m"}]}
    assert execute(wire, connect, users(2), body) == [UNKNOWN] * 2


def test_doubtful_error_beside_counts_that_do_not_fit(wire: ScriptedServer, connect: Connect) -> None:
    """Where the counts have one failure more than the errors can explain, nothing is completed."""
    odd, actions = entry(1, requestID="action_3"), users(4)
    assert execute(wire, connect, actions, answer(4, [odd], failed=2)) == [UNKNOWN] * 4
    assert "no group (error.group.not_found) has index 1, requestID action_3" in str(actions[1].outcome)


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"completed": "many"}, 'the service\'s completed is no count: "many"'),
        ({"completed": "2" * 19}, "the service's completed is no count"),
        ({"completed": "²"}, "the service's completed is no count"),
        ({"completed": 1.5}, "the service's completed is no count"),
        ({"notCompleted": -1}, "the service's notCompleted is no count"),
        (
            {"completed": 1, "completedInTestMode": 1},
            "1 of 2 commands as completed and 0 as not completed, 1 in",
        ),
        ({"completed": 1, "result": None}, "and names errors of 0: no result"),
        ({"result": ["success"]}, "the service's result is none"),
        ({"success": False}, 'the answer has a field "success", which speaks of an error: false'),
        ({"status": 400}, 'the answer has a field "status"'),
        ({"Status": "failed"}, 'the answer has a field "Status"'),
        ({"exception": "x"}, 'the answer has a field "exception"'),
        ({"failures": [1]}, 'the answer has a field "failures"'),
        ({"warnings": [{"index": 0, "errorCode": "x.new"}]}, 'an error stands among the warnings: "x.new"'),
        ({"warnings": [{"index": 0, "errorCode": None}]}, "an error stands among the warnings"),
        ({"warnings": [{"index": 0, "warningCode": "error.group.not_found"}]}, "an error stands among the warnings"),
    ],
    ids=str,
)
def test_success_beside_what_speaks_of_an_error_is_unknown(
    wire: ScriptedServer, connect: Connect, odd: dict[str, Any], said: str
) -> None:
    """Two commands counted as completed are not believed where a count, the result or another field denies it."""
    actions = users(2)
    assert execute(wire, connect, actions, action_answer(2) | odd) == [UNKNOWN] * 2
    assert all(said in str(action.outcome) for action in actions)


@pytest.mark.parametrize(
    "fields",
    [
        *({"success": True}, {"status": 200}, {"status": "399"}, {"status": "ok"}, {"comment": "x"}, {"took": 5}),
        *(
            {"errorCount": 0},
            {"failed": []},
            {"hasErrors": False},
            {"exception": None},
            {"fault": ""},
            {"problems": {}},
        ),
        *({"completed": "2"}, {"completed": 2.0}, {"completed": "0" * 17 + "2"}, {"completedInTestMode": None}),
        *({"warnings": [{"index": 0, "warningCode": "warning.command.deprecated"}]}, {"warnings": ["old", None]}),
    ],
    ids=str,
)
def test_success_beside_what_says_nothing_of_an_error_is_completed(
    wire: ScriptedServer, connect: Connect, fields: dict[str, Any]
) -> None:
    """New fields, counts in other notations and mere warnings take nothing away from a success."""
    assert execute(wire, connect, users(2), action_answer(2) | fields) == [COMPLETED] * 2


def test_result_that_is_not_that_of_the_counts(wire: ScriptedServer, connect: Connect) -> None:
    """Where one of two commands is counted as completed and the result says that none is, nothing is completed."""
    body = answer(2, [entry(0)])
    assert execute(wire, connect, users(2), body) == [FAILED, COMPLETED]
    assert execute(wire, connect, users(2), body | {"result": "error"}) == [FAILED, UNKNOWN]


@pytest.mark.parametrize("tested", [0, 2])
def test_what_was_executed_in_test_mode_is_not_believed(wire: ScriptedServer, connect: Connect, tested: int) -> None:
    """A service that really executed what was sent in test mode is not believed, even if it counts it as tested too."""
    wire.replies.append(Reply(body=action_answer(2) | {"completedInTestMode": tested}))
    done = connect(wire, test_mode=True).execute_multiple(users(2), immediate=True)
    assert [outcome.status for outcome in done.outcomes] == [UNKNOWN] * 2
    assert all(", 2 outside test mode, and" in str(outcome) for outcome in done.outcomes)


def test_error_of_a_group_command_may_name_anybody(wire: ScriptedServer, connect: Connect) -> None:
    """The user of an error on a group is a member in question, who need not be in the request."""
    actions: list[Action] = [GroupAction("h").add_users(["a@example.com"]), *users(1)]
    for name in ("a@example.com", "h", "someone-else"):
        assert execute(wire, connect, actions, answer(2, [entry(0, user=name)])) == [FAILED, COMPLETED]
    assert execute(wire, connect, actions, answer(2, [entry(0, user="u0@example.com")])) == [UNKNOWN, UNKNOWN]


def test_user_of_a_plain_name_is_known_with_his_domain(wire: ScriptedServer, connect: Connect) -> None:
    """An error may name a user by what the command's user, domain, email or username says."""
    action = UserAction("jo", domain="example.com").update(email="new@example.com", username="new")
    for name in ("jo", "jo@example.com", "new@example.com", "NEW"):
        assert execute(wire, connect, [action], answer(1, [entry(0, user=name)])) == [FAILED]


def test_ids_that_the_caller_gave_twice_prove_nothing(wire: ScriptedServer, connect: Connect) -> None:
    """Two commands with one requestID are told apart by index; without it, both are unknown."""
    actions: list[Action] = [
        UserAction(f"u{number}@example.com", request_id="same").add_to_groups(["g"]) for number in range(2)
    ]
    assert execute(wire, connect, actions, answer(2, [entry(1, requestID="same")])) == [COMPLETED, FAILED]
    assert execute(wire, connect, actions, answer(2, [entry(None, requestID="same")])) == [UNKNOWN, UNKNOWN]


def test_errors_come_with_the_id_of_their_command(wire: ScriptedServer, connect: Connect) -> None:
    """The requestID that the service names stands at the error, for whoever looks it up in a log."""

    def refuse(request: Seen) -> Reply:
        errors = [entry(at, requestID=command["requestID"]) for at, command in enumerate(request.json)]
        return Reply(body=action_answer(len(errors), errors))

    wire.answer = refuse
    actions = [UserAction("a@example.com", request_id="mine").add_to_groups(["g"]), *users(1)]
    done = connect(wire).execute_multiple(actions, immediate=True)
    assert [error.request_id for outcome in done.outcomes for error in outcome.errors] == ["mine", "action_2"]


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4), lambda items: (
    st.lists(items, max_size=3) | st.dictionaries(st.text(max_size=4), items, max_size=3)
), max_leaves=5)  # fmt: skip
ENTRIES = st.fixed_dictionaries({}, optional={
    "index": st.integers(-1, 5) | JSON,
    "requestID": st.sampled_from(["action_1", "action_2", "action_9"]) | JSON,
    "user": st.sampled_from(["u0@example.com", "u2@example.com", "x"]) | JSON,
    "step": JSON,
    "errorCode": JSON,
})  # fmt: skip


@STEADY
@given(st.lists(ENTRIES | JSON, max_size=4) | JSON, st.integers(0, 4) | JSON, st.integers(0, 4) | JSON, st.booleans())
def test_whatever_comes_is_judged_and_never_completed_against_the_counts(
    errors: object, completed: object, failed: object, test_mode: bool
) -> None:
    """No answer, however odd, ends the reading; and where something is completed, counts and outcomes agree."""
    commands = [command for action in users(4) for command in split_action(action)]
    name = "completedInTestMode" if test_mode else "completed"
    read = read_answer({name: completed, "notCompleted": failed, "errors": errors})
    if read is None:
        return
    outcomes = read_outcomes(commands, read, test_mode=test_mode, request_id=None, maybe_repeated=False)
    assert [outcome.command for outcome in outcomes] == commands
    good = sum(outcome.status is COMPLETED for outcome in outcomes)
    if good:
        counted = (read.completed_in_test_mode if test_mode else read.completed, read.not_completed)
        assert counted != (None, None)
        assert counted[0] is None or good <= counted[0]
        assert counted[1] is None or 4 - good >= counted[1]
        bad = sum(outcome.status is FAILED for outcome in outcomes)
        assert counted[1] is None or bad <= counted[1]


@STEADY
@given(st.lists(st.none() | st.sampled_from(["action_1", "action_2", "action_2_", "x"]), min_size=2, max_size=10))
def test_made_ids_are_never_those_of_the_caller(given_ids: list[str | None]) -> None:
    """Whatever ids the caller gave, those made by the SDK are unique in the request."""
    actions = [
        UserAction(f"u{number}@example.com", request_id=own).add_to_groups(["g"])
        for number, own in enumerate(given_ids)
    ]
    ids = request_ids([command for action in actions for command in split_action(action)])
    made = [name for name, own in zip(ids, given_ids, strict=True) if own is None]
    assert [own for own in given_ids if own] == [name for name, own in zip(ids, given_ids, strict=True) if own]
    assert len(set(made)) == len(made)
    assert set(made).isdisjoint(own for own in given_ids if own)
