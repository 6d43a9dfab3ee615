"""Plans whose commands fail, case by case: the answers on one side, what is sent and told then on the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest
from sdk_kit import Reply, ScriptedServer, Seen, action_answer

from umapi_sdk import (
    Action,
    ActionOutcome,
    Connection,
    ForbiddenError,
    GroupAction,
    OutcomeStatus,
    RequestRefusedError,
    StepStatus,
    UserAction,
    plan,
)

Errors = Mapping[int | None, str]
Sent = list[list[str]]

NOT_FOUND = "error.group.not_found"
NO_USER = "error.user.nonexistent"
MEMBER_ALREADY = "error.user.already_exists"
NOBODY = "error.usergroup.user_list.invalid"
READ_ONLY = "error.usergroup.readonly.add_user_not_allowed"
BAD_FORM = "error.country.invalid"
NEW_KIND = "error.brand.new"


def add(user: str, *groups: str) -> Action:
    """An action that puts a user into groups."""
    return UserAction(f"{user}@x.com").add_to_groups(list(groups))


def remove(user: str, *groups: str) -> Action:
    """An action that takes a user out of groups."""
    return UserAction(f"{user}@x.com").remove_from_groups(list(groups))


def named(user: str, first_name: str) -> Action:
    """An action that changes a user's name."""
    return UserAction(f"{user}@x.com").update(first_name=first_name)


def members(group: str, *users: str) -> Action:
    """An action that puts users into a group."""
    return GroupAction(group).add_users([f"{user}@x.com" for user in users])


def in_short(step: Mapping[str, Any]) -> str:
    """A step in a few letters: its name, and what it lists."""
    ((name, fields),) = step.items()
    if isinstance(fields, str):
        return f"{name} {fields}"
    listed = [value.removesuffix("@x.com") for value in fields.get("group") or fields.get("user") or ()]
    return f"{name} {','.join(listed)}" if listed else f"{name} {','.join(map(str, fields.values()))}"


class Run:
    """A plan that is carried out against answers that were laid down."""

    def __init__(self, wire: ScriptedServer, connection: Connection) -> None:
        self._wire = wire
        self._connection = connection
        self.outcomes: Sequence[ActionOutcome] = ()
        """Of each action, in order."""

    def __call__(self, actions: Sequence[Action], *answers: Errors, by_group: bool = False) -> Run:
        """Carry out a plan: the first command of each request has these errors by step, all others have none."""
        left = iter(answers)
        no_errors: Errors = {}

        def answer(request: Seen) -> Reply:
            found: list[dict[str, Any]] = [
                {"index": 0, "errorCode": code, "message": "no"} | ({} if step is None else {"step": step})
                for step, code in next(left, no_errors).items()
            ]
            return Reply(body=action_answer(len(request.json), found))

        self._wire.answer = answer
        self.outcomes = self._connection.execute_plan(plan(actions, by_group=by_group)).outcomes
        return self

    @property
    def sent(self) -> Sent:
        """The steps of each command, request by request."""
        return [[in_short(step) for step in command["do"]] for request in self._wire.seen for command in request.json]

    @property
    def users(self) -> list[str]:
        """The users of the commands on users."""
        return [command["user"] for request in self._wire.seen for command in request.json if "user" in command]

    @property
    def told(self) -> str:
        """What became of each action, by the first letter of its status."""
        return "".join(str(outcome.status)[0] for outcome in self.outcomes)

    @property
    def fates(self) -> list[str]:
        """What became of the steps of each action, by the first letters."""
        return ["".join(step.status[0] for step in outcome.steps) for outcome in self.outcomes]


@pytest.fixture
def run(wire: ScriptedServer, connect: Callable[..., Connection]) -> Run:
    """Carries out plans."""
    return Run(wire, connect(wire))


CASES: dict[str, tuple[Sequence[Callable[[], Action]], Sequence[Errors], Sent, str]] = {
    "a merged step, and the first name of it": (
        [lambda: named("jo", "J"), lambda: add("jo", "A"), lambda: add("jo", "B")],
        [{1: NOT_FOUND}, {0: NOT_FOUND}],
        [["update J", "add A,B"], ["add A", "add B"], ["add B"]],
        "cfc",
    ),
    "a merged step, and the last name of it": (
        [lambda: named("jo", "J"), lambda: add("jo", "A"), lambda: add("jo", "B")],
        [{1: NOT_FOUND}, {1: NOT_FOUND}],
        [["update J", "add A,B"], ["add A", "add B"]],
        "ccf",
    ),
    "a merged step, and two names of it": (
        [lambda: add("jo", "A"), lambda: add("jo", "B"), lambda: add("jo", "C")],
        [{0: NOT_FOUND}, {0: NOT_FOUND, 1: NOT_FOUND}],
        [["add A,B,C"], ["add A", "add B", "add C"]],
        "ffc",
    ),
    "a merged step and what follows it": (
        [lambda: add("jo", "A"), lambda: add("jo", "B"), lambda: named("jo", "J")],
        [{0: NOT_FOUND}],
        [["add A,B", "update J"], ["add A", "add B", "update J"]],
        "ccc",
    ),
    "a change of a user that fails when it is sent again": (
        [lambda: add("jo", "A"), lambda: add("jo", "B"), lambda: named("jo", "J")],
        [{0: NOT_FOUND}, {2: NO_USER}],
        [["add A,B", "update J"], ["add A", "add B", "update J"]],
        "ccf",
    ),
    "a step that failed before a merged one that did too": (
        [lambda: named("jo", "J"), lambda: add("jo", "A"), lambda: add("jo", "B")],
        [{0: NO_USER, 1: NOT_FOUND}],
        [["update J", "add A,B"], ["add A", "add B"]],
        "fcc",
    ),
    "a step before a merged one": (
        [lambda: named("jo", "J"), lambda: add("jo", "A"), lambda: add("jo", "B")],
        [{0: NO_USER}],
        [["update J", "add A,B"], ["add A,B"]],
        "fcc",
    ),
    "the last step": (
        [lambda: named("jo", "J"), lambda: add("jo", "A")],
        [{1: NOT_FOUND}],
        [["update J", "add A"]],
        "cf",
    ),
    "what follows in the same action": (
        [lambda: UserAction("jo@x.com").add_to_groups(["A"]).update(first_name="J"), lambda: remove("jo", "B")],
        [{0: NOT_FOUND}],
        [["add A", "update J", "remove B"], ["remove B"]],
        "fc",
    ),
    "the service went on after the same error before": (
        [lambda: add("jo", "A"), lambda: remove("jo", "B"), lambda: named("jo", "J")],
        [{0: NOT_FOUND, 1: NOT_FOUND}],
        [["add A", "remove B", "update J"]],
        "ffc",
    ),
    "the service went on after another error before": (
        [lambda: add("jo", "A"), lambda: remove("jo", "B"), lambda: named("jo", "J")],
        [{0: NOT_FOUND, 1: NO_USER}],
        [["add A", "remove B", "update J"], ["update J"]],
        "ffc",
    ),
    "an error of no step": (
        [lambda: add("jo", "A"), lambda: named("jo", "J")],
        [{None: NOT_FOUND}, {0: NOT_FOUND}],
        [["add A", "update J"], ["add A"], ["update J"]],
        "fc",
    ),
    "an error of no step, and one that may be an echo": (
        [lambda: add("jo", "A"), lambda: named("jo", "J")],
        [{None: NOT_FOUND}, {}, {0: NO_USER}],
        [["add A", "update J"], ["add A"], ["update J"]],
        "cu",
    ),
    "ten names of a merged step": (
        [partial(add, "jo", str(number)) for number in range(10)],
        [{0: NOT_FOUND}],
        [["add 0,1,2,3,4,5,6,7,8,9"], [f"add {number}" for number in range(10)]],
        "cccccccccc",
    ),
    "an error of a step that was not sent": (
        [lambda: add("jo", "A"), lambda: named("jo", "J")],
        [{2: NOT_FOUND}],
        [["add A", "update J"], ["add A"], ["update J"]],
        "cc",
    ),
    "an error of the form beside one of a step": (
        [lambda: add("jo", "A"), lambda: named("jo", "J")],
        [{0: NOT_FOUND, 1: BAD_FORM}, {0: NOT_FOUND}, {0: BAD_FORM}],
        [["add A", "update J"], ["add A"], ["update J"]],
        "ff",
    ),
    "an error of no step of one action": (
        [lambda: UserAction("jo@x.com").add_to_groups(["A"]).update(first_name="J")],
        [{None: NOT_FOUND}],
        [["add A", "update J"]],
        "f",
    ),
    "an error of no step of one action whose lists were merged": (
        [lambda: UserAction("jo@x.com").add_to_groups(["A"]).add_to_groups(["B"])],
        [{None: NOT_FOUND}, {1: NOT_FOUND}],
        [["add A,B"], ["add A", "add B"]],
        "f",
    ),
    "members of a group, merged": (
        [lambda: members("G", "a"), lambda: members("G", "b"), lambda: GroupAction("G").update(description="d")],
        [{0: NO_USER}, {1: NO_USER}],
        [["add a,b", "updateUserGroup d"], ["add a", "add b", "updateUserGroup d"], ["updateUserGroup d"]],
        "cuc",
    ),
    "members of a group who may have been added before": (
        [lambda: GroupAction("G").update(description="d"), lambda: members("G", "b")],
        [{0: NOT_FOUND}, {0: MEMBER_ALREADY}],
        [["updateUserGroup d", "add b"], ["add b"]],
        "fu",
    ),
    "members of a group who cannot have been added before": (
        [lambda: members("G", "a"), lambda: members("G", "b")],
        [{0: NO_USER}, {0: MEMBER_ALREADY}],
        [["add a,b"], ["add a", "add b"], ["add b"]],
        "fc",
    ),
    "merged members who may have been added before, for more follows": (
        [lambda: members("G", "a"), lambda: members("G", "b"), lambda: GroupAction("G").update(description="d")],
        [{0: NO_USER}, {2: MEMBER_ALREADY, 1: MEMBER_ALREADY}],
        [["add a,b", "updateUserGroup d"], ["add a", "add b", "updateUserGroup d"]],
        "cuu",
    ),
}


@pytest.mark.parametrize(("actions", "answers", "sent", "told"), CASES.values(), ids=CASES.keys())
def test_what_is_sent_after_an_error(
    run: Run, actions: Sequence[Callable[[], Action]], answers: Sequence[Errors], sent: Sent, told: str
) -> None:
    """What may not have been tried is sent again, what failed of several is sent apart, and what is known is not."""
    run([make() for make in actions], *answers)
    assert (run.sent, run.told) == (sent, told)


USERS = [f"u{number:02}" for number in range(12)]


def all_of(users: Sequence[str]) -> str:
    """The step that adds users."""
    return f"add {','.join(users)}"


def singly(users: Sequence[str]) -> list[str]:
    """A step for each of ten users at most, and a witness."""
    return [*(all_of([user]) for user in users), all_of(users)]


FULL = [all_of(USERS[:10]), all_of(USERS[10:])]
BY_GROUP: dict[str, tuple[Sequence[Errors], Sent, Sequence[str], str]] = {
    "a user who is not there, and the service goes on": (
        [{0: NO_USER}, {1: NO_USER, 5: NO_USER}],
        [FULL, singly(USERS[:5]), singly(USERS[5:10])],
        [],
        "cfcccccccccc",
    ),
    "a user who is not there, and the service may not go on": (
        [{0: NO_USER}, {1: NO_USER}],
        [FULL, singly(USERS[:5]), singly(USERS[5:10]), [all_of([user]) for user in USERS[2:5]], FULL[1:]],
        [],
        "cfcccccccccc",
    ),
    "two users who are not there show that it goes on": (
        [{0: NO_USER, 1: NO_USER}, {0: NO_USER, 9: NO_USER}],
        [FULL, [all_of([user]) for user in USERS[:10]], [all_of([user]) for user in USERS[10:]]],
        [],
        "fccccccccfcc",
    ),
    "the group is none": ([{0: NOT_FOUND}], [FULL, *[["add G"]] * 10, FULL[1:]], USERS[:10], "cccccccccccc"),
    "the second step finds the group to be read only": (
        [{1: READ_ONLY}],
        [FULL, ["add G"], ["add G"]],
        USERS[10:],
        "cccccccccccc",
    ),
    "an error of no step": ([{None: NO_USER}], [FULL, *[["add G"]] * 12], USERS, "cccccccccccc"),
    "a member is there already": ([{0: MEMBER_ALREADY}], [FULL, *[["add G"]] * 10, FULL[1:]], USERS[:10], "c" * 12),
    "a user who is there already, and another who is not": (
        [{0: NO_USER}, {0: NO_USER, 1: MEMBER_ALREADY}],
        [FULL, singly(USERS[:5]), singly(USERS[5:10]), ["add G"], [all_of([user]) for user in USERS[2:5]]],
        USERS[1:2],
        "fccccccccccc",
    ),
    "all users of the last step are there by now": (
        [{1: NO_USER}, {}],
        [FULL, [*map(all_of, [USERS[10:11], USERS[11:], USERS[10:]])]],
        [],
        "cccccccccccc",
    ),
}


@pytest.mark.parametrize(("answers", "sent", "users", "told"), BY_GROUP.values(), ids=BY_GROUP.keys())
def test_what_is_sent_after_an_error_of_memberships_by_group(
    run: Run, answers: Sequence[Errors], sent: Sent, users: Sequence[str], told: str
) -> None:
    """An error of a user is looked for user by user, any other by the users' own commands."""
    run([add(user, "G") for user in USERS], *answers, by_group=True)
    assert (run.sent, run.told) == (sent, told)
    assert run.users == [f"{user}@x.com" for user in users]


def test_an_error_that_may_be_an_echo_is_not_looked_into(run: Run, wire: ScriptedServer) -> None:
    """After a 503 the whole request may have been done before: nothing is sent apart, and each has the error."""
    wire.replies.append(Reply(status=503))
    run([add("jo", "A"), add("jo", "B")], {0: NEW_KIND})
    assert (run.sent, run.told) == ([["add A,B"], ["add A,B"]], "uu")
    assert [[error.code for error in outcome.errors] for outcome in run.outcomes] == [[NEW_KIND]] * 2


@pytest.mark.parametrize("by_group", [True, False])
def test_a_request_that_is_refused_as_a_whole_failed_with_all_its_actions(
    wire: ScriptedServer, connect: Callable[..., Connection], by_group: bool
) -> None:
    """Nothing of it was carried out, by user or by group, and each outcome says how it was refused."""
    wire.answer = lambda _: Reply(status=400, body={"result": "error.command.malformed"})
    with pytest.raises(RequestRefusedError) as caught:
        connect(wire).execute_plan(plan([add(user, "G") for user in USERS[:10]], by_group=by_group))
    assert len(wire.seen) == 1
    outcomes = caught.value.outcomes
    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.FAILED] * 10
    assert {outcome.refusal.status for outcome in outcomes if outcome.refusal} == {400}
    assert {step.status for outcome in outcomes for step in outcome.steps} == {StepStatus.FAILED}


def test_what_follows_errors_that_show_that_the_service_goes_on_is_done(run: Run) -> None:
    """Two of three full lists have an error of a kind: the third took effect, and is not sent again."""
    users = [f"u{number:02}" for number in range(22)]
    run([add(user, "G") for user in users], {0: NO_USER, 1: NO_USER}, by_group=True)
    assert run.told == "c" * 22
    assert all("add u20,u21" not in steps for steps in run.sent[1:])


def test_commands_on_different_members_of_a_group_share_a_request(run: Run, wire: ScriptedServer) -> None:
    """A list of ten that failed is sent as two commands at once, and what each shows is found out by itself."""
    run([add(user, "G") for user in USERS], {0: NO_USER}, by_group=True)
    assert [len(request.json) for request in wire.seen] == [1, 2, 1]


def test_a_membership_that_was_asked_for_twice_is_sent_as_it_was_written(run: Run) -> None:
    """Two actions put the same user into a group that is none: each has a step of its own, and its own outcome."""
    run([*(add(user, "G") for user in USERS[:10]), add("u00", "G")], {0: NOT_FOUND}, {1: NOT_FOUND}, by_group=True)
    assert run.sent[1] == ["add G", "add G"]
    assert run.told == "ccccccccccf"


def test_what_would_have_been_sent_later_again_is_unknown(
    wire: ScriptedServer, connect: Callable[..., Connection]
) -> None:
    """Of 12 names in two lists the first list fails, and the next request is refused: the last two may be done."""
    missing = {"index": 0, "step": 0, "message": "no", "errorCode": NOT_FOUND}
    wire.replies += [Reply(body=action_answer(1, [missing])), Reply(status=403)]
    with pytest.raises(ForbiddenError) as caught:
        connect(wire).execute_plan(plan([add("jo", str(number)) for number in range(12)]))
    assert {outcome.status for outcome in caught.value.outcomes} == {OutcomeStatus.UNKNOWN}
    assert {step.status for outcome in caught.value.outcomes for step in outcome.steps} == {StepStatus.UNKNOWN}
    assert "whether this one was carried out was not found out" in str(caught.value.outcomes[-1].reason)


def test_a_warning_is_told_to_the_actions_of_its_step(wire: ScriptedServer, connect: Callable[..., Connection]) -> None:
    """Of a merged list, each action has the warning, at its own step; the action before it has none."""
    warning = {"index": 0, "step": 1, "message": "old", "warningCode": "warning.command.deprecated"}
    wire.replies.append(Reply(body=action_answer(1) | {"warnings": [warning]}))
    actions = [named("jo", "J"), add("jo", "A"), add("jo", "B")]
    done = connect(wire).execute_plan(plan(actions))
    assert [[(each.code, each.step) for each in outcome.warnings] for outcome in done.outcomes] == [
        [],
        [("warning.command.deprecated", 0)],
        [("warning.command.deprecated", 0)],
    ]


STEPS: dict[str, tuple[Sequence[Callable[[], Action]], Sequence[Errors], Sequence[str]]] = {
    "a merged step": ([lambda: add("jo", "A"), lambda: add("jo", "B")], [{0: NOT_FOUND}, {0: NOT_FOUND}], ["f", "t"]),
    "what follows in the same action": (
        [lambda: UserAction("jo@x.com").add_to_groups(["A"]).update(first_name="J"), lambda: remove("jo", "B")],
        [{0: NOT_FOUND}],
        ["fp", "t"],
    ),
    "what follows in the same action, and the service goes on": (
        [lambda: add("jo", "A"), lambda: UserAction("jo@x.com").remove_from_groups(["B"]).update(first_name="J")],
        [{0: NOT_FOUND, 1: NOT_FOUND}],
        ["f", "ft"],
    ),
    "what is sent again and may have been done": (
        [lambda: GroupAction("G").update(description="d"), lambda: members("G", "b")],
        [{0: NOT_FOUND}, {0: MEMBER_ALREADY}],
        ["f", "u"],
    ),
    "what is sent again and fails for itself": (
        [lambda: GroupAction("G").update(description="d"), lambda: members("G", "b")],
        [{0: NOT_FOUND}, {0: READ_ONLY}],
        ["f", "f"],
    ),
    "what was not sent before and fails as if it had been": (
        [lambda: GroupAction("G").update(description="d"), lambda: members("G", "b")],
        [{0: NOT_FOUND, 1: MEMBER_ALREADY}],
        ["f", "f"],
    ),
}


@pytest.mark.parametrize(("actions", "answers", "fates"), STEPS.values(), ids=STEPS.keys())
def test_what_became_of_the_steps_of_a_plan(
    run: Run, actions: Sequence[Callable[[], Action]], answers: Sequence[Errors], fates: Sequence[str]
) -> None:
    """Each step took effect, failed, was perhaps not reached, or is unknown, as its own action alone would show it."""
    run([make() for make in actions], *answers)
    assert run.fates == fates
    letters = {"t": "c", "f": "f", "fp": "f", "ft": "f", "u": "u"}
    assert run.told == "".join(letters[fate] for fate in fates)


def test_an_echo_beside_an_error_that_is_none_leaves_its_action_unknown(run: Run, wire: ScriptedServer) -> None:
    """After a 503 one action of a command fails for itself; the other's only error may come of its own success."""
    wire.replies.append(Reply(status=503))
    actions = [members("G", "b"), GroupAction("G").update(description="d")]
    run(actions, {0: MEMBER_ALREADY, 1: READ_ONLY})
    assert (run.told, run.fates) == ("uf", ["u", "f"])
    assert [error.maybe_echo for outcome in run.outcomes for error in outcome.errors] == [True, False]
    assert run.outcomes[0].reason == "an earlier attempt may have been applied, and this error be its echo"


def answer_first(wire: ScriptedServer, errors: Sequence[tuple[int, int]]) -> None:
    """Let the first request have errors, by command and step, and all others none."""
    found = [{"index": index, "step": step, "errorCode": NOT_FOUND, "message": "no"} for index, step in errors]

    def answer(request: Seen) -> Reply:
        return Reply(body=action_answer(len(request.json), found if len(wire.seen) == 1 else []))

    wire.answer = answer


def test_a_group_waits_while_its_users_have_commands_of_their_own(run: Run, wire: ScriptedServer) -> None:
    """Two users are put into the first of 11 groups by their own commands: the last group's comes after them."""
    groups = [f"g{number:02}" for number in range(11)]
    run([add(user, *groups) for user in USERS], {1: NOT_FOUND}, by_group=True)
    sent = [[command.get("usergroup", command.get("user")) for command in request.json] for request in wire.seen]
    assert sent == [groups[:10], ["u10@x.com", "u11@x.com"], groups[10:]]
    assert run.told == "c" * 12


def test_two_commands_of_one_user_that_are_sent_again_never_meet(
    wire: ScriptedServer, connect: Callable[..., Connection]
) -> None:
    """Two groups refuse the same users: the users' own commands for the second group come after those for the first."""
    answer_first(wire, [(0, 1), (1, 1)])
    done = connect(wire).execute_plan(plan([add(user, "G", "H") for user in USERS], by_group=True))
    sent = [[(command["user"], *map(in_short, command["do"])) for command in request.json] for request in wire.seen[1:]]
    assert sent == [[(f"{user}@x.com", f"add {group}") for user in USERS[10:]] for group in "GH"]
    assert done.completed == 12


def test_what_is_sent_again_leaves_room_for_what_was_not_sent(run: Run, wire: ScriptedServer) -> None:
    """The second request has ten commands at most, though one of the first is in it again."""
    actions = [add(f"u{number:02}", group) for number in range(25) for group in "AB"]
    run(actions, {0: NOT_FOUND})
    assert [len(request.json) for request in wire.seen] == [10, 10, 6]
    assert run.told == "c" * 50


CONTRADICTING = Reply(
    body={
        "result": "error",
        "completed": 0,
        "notCompleted": 2,
        "completedInTestMode": 0,
        "errors": [{"index": 0, "step": 1, "errorCode": NOT_FOUND, "message": "no"}],
    }
)
"""Two commands failed, and an error of one of them is named: one is missing, and can be of either."""


def test_an_answer_that_contradicts_itself_shows_nothing_of_other_steps(run: Run, wire: ScriptedServer) -> None:
    """An error can be missing: the step before the one that failed is unknown, and so is the other command."""
    wire.replies.append(CONTRADICTING)
    run([UserAction("jo@x.com").update(first_name="J").add_to_groups(["A"]), named("al", "X")])
    assert (run.told, run.fates) == ("fu", ["uf", "u"])


def test_actions_of_a_command_whose_answer_contradicts_itself_are_sent_apart(run: Run, wire: ScriptedServer) -> None:
    """Nothing proves that the action without an error was carried out: each is sent again by itself."""
    wire.replies.append(CONTRADICTING)
    run([named("jo", "J"), add("jo", "A"), named("al", "X")])
    assert run.sent[2:] == [["update J"], ["add A"]]
    assert run.told == "ccu"


@pytest.mark.parametrize(
    ("errors", "places"),
    [({2: NEW_KIND}, [2]), ({1: BAD_FORM, 2: NOT_FOUND}, [1, 2]), ({None: NOT_FOUND, 2: NEW_KIND}, [None, 2])],
)
def test_an_error_that_tells_of_no_running_keeps_its_step(run: Run, errors: Errors, places: list[int | None]) -> None:
    """A new code, or one of the form, is told at the step that the service names, and at none if it names none."""
    action = UserAction("jo@x.com").create_federated_id(first_name="J", last_name="L", country="DE")
    run([action.update(first_name="K").add_to_groups(["A"])], errors)
    assert [error.step for error in run.outcomes[0].errors] == places
