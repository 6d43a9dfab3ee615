"""Plans carried out: the same is done as one action at a time would do, with fewer requests and every outcome told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from described_kit import Described, build
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_kit import Place
from sdk_kit import ORG_ID, STEADY, Reply, ScriptedServer, action_answer, all_good, credentials_for

from umapi_harness.mock import Settings
from umapi_sdk import (
    Action,
    ActionError,
    Connection,
    CreateOption,
    Execution,
    ForbiddenError,
    OutcomeStatus,
    OutcomeUnknownError,
    Plan,
    UserAction,
    plan,
)
from umapi_sdk.aio import AsyncConnection

Connect = Callable[..., Connection]

USERS = [
    "ann@example.com",
    "Bob@example.com",
    "cy@example.com",
    "new@example.com",
    "out@other.example",
    "dee@gmail.com",
]
GROUPS = ["Red", "Blue", "Green", "Shared", "Profile", "Missing"]

SEED: dict[str, Any] = {
    "domains": [{"name": "example.com", "type": "federatedID"}],
    "products": [{"name": "Product"}],
    "profiles": [{"name": "Profile", "product": "Product"}],
    "user_groups": [{"name": "Red"}, {"name": "Blue"}, {"name": "Green"}, {"name": "Shared", "read_only": True}],
    "users": [
        {"email": "ann@example.com", "type": "federatedID", "firstname": "Ann", "lastname": "A", "country": "DE"},
        {"email": "bob@example.com", "type": "federatedID", "firstname": "Bob", "lastname": "B", "groups": ["Red"]},
        {"email": "cy@example.com", "type": "federatedID", "groups": ["Green", "Profile"]},
        {"email": "dee@gmail.com", "type": "adobeID", "groups": ["Blue"]},
    ],
}

names = st.lists(st.sampled_from(GROUPS), min_size=1, max_size=3, unique=True)
people = st.lists(st.sampled_from(USERS), min_size=1, max_size=3, unique=True)
user_steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), names),
        st.tuples(st.just("add"), names),
        st.tuples(st.just("remove"), names),
        st.tuples(st.just("all"), st.none()),
        st.tuples(st.just("create"), st.sampled_from([None, *CreateOption])),
        st.tuples(st.just("first_name"), st.sampled_from("XYZ")),
        st.tuples(st.just("email"), st.sampled_from(USERS)),
        st.tuples(st.just("leave"), st.none()),
    ),
    min_size=1,
    max_size=3,
)
group_steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), people),
        st.tuples(st.just("remove"), people),
        st.tuples(st.just("create"), st.sampled_from([None, *CreateOption])),
        st.tuples(st.just("name"), st.sampled_from(GROUPS)),
        st.tuples(st.just("description"), st.sampled_from("xy")),
        st.tuples(st.just("profile"), st.just(["Profile"])),
        st.tuples(st.just("delete"), st.none()),
    ),
    min_size=1,
    max_size=3,
)
one_membership = st.tuples(st.sampled_from(["add", "remove"]), names.map(lambda listed: listed[:1]))
memberships = st.tuples(st.just("user"), st.sampled_from(USERS), st.lists(one_membership, min_size=1, max_size=1))
one_action = st.one_of(
    st.tuples(st.just("user"), st.sampled_from(USERS), user_steps),
    st.tuples(st.just("user"), st.sampled_from(USERS), user_steps),
    st.tuples(st.just("group"), st.sampled_from(GROUPS), group_steps),
)


def build_all(described: Sequence[Described]) -> list[Action]:
    """The actions that are described."""
    return [action for action in map(build, described) if action is not None]


@contextmanager
def place(document: dict[str, Any] = SEED, **options: Any) -> Iterator[Place]:
    """An organisation for the length of the context."""
    here = Place(document, **options)
    try:
        yield here
    finally:
        here.close()


lists = st.lists(one_action, min_size=1, max_size=14) | st.lists(memberships, min_size=1, max_size=25)
lists_with_memberships = st.lists(
    st.integers(0, 9).flatmap(lambda number: one_action if number == 0 else memberships), min_size=6, max_size=40
)
EXAMPLES = int(os.environ.get("TEST_UMAPI_PLAN_EXAMPLES", "25"))

MOCKS = {
    "documented": Settings(),
    "stops at the first failure": Settings(steps_after_failure=False),
    "live": Settings.live(),
    "known members fail": Settings(known_member_fails=True),
}


NOTHING_CHANGED = {"error.usergroup.user_list.invalid", "error.user.already_exists"}
"""A step of one user fails so where nothing is left to do, and a longer list, into which it was merged, does not."""


def compare(mock: Settings, described: Sequence[Described], *, by_group: bool) -> None:
    """Hold a plan, carried out, against the same actions one at a time."""
    with place(settings=mock) as there:
        alone = [there.connection.execute_single(action, immediate=True).outcomes[0] for action in build_all(described)]
        state, most = there.state(), len(there.requests)
    actions = build_all(described)
    made = plan(actions, by_group=by_group)
    with place(settings=mock) as here:
        done = here.connection.execute_plan(made)
        assert here.state() == state
    assert [outcome.action for outcome in done.outcomes] == actions
    for outcome, wanted in zip(done.outcomes, alone, strict=True):
        assert outcome.action.outcome is outcome
        if outcome.status is OutcomeStatus.UNKNOWN:
            assert all(error.maybe_echo for error in outcome.errors)
        elif not (wanted.errors and {error.code for error in wanted.errors} <= NOTHING_CHANGED):
            assert outcome.status is wanted.status, (outcome, wanted)
    assert len(made.requests) <= most


@pytest.mark.parametrize("mock", MOCKS.values(), ids=MOCKS.keys())
@settings(STEADY, max_examples=EXAMPLES)
@given(described=lists)
def test_a_plan_does_what_one_action_at_a_time_does(mock: Settings, described: Sequence[Described]) -> None:
    """The organisation is the same afterwards, whatever fails, and each action has the outcome that it has alone."""
    compare(mock, described, by_group=False)


@pytest.mark.parametrize("mock", MOCKS.values(), ids=MOCKS.keys())
@settings(STEADY, max_examples=EXAMPLES)
@given(described=lists_with_memberships)
def test_memberships_by_group_do_what_one_action_at_a_time_does(mock: Settings, described: Sequence[Described]) -> None:
    """The same holds where memberships are turned around, among other actions on the same users and groups."""
    compare(mock, described, by_group=True)


PEOPLE = [f"p{number}@example.com" for number in range(1_000)]
CROWD: dict[str, Any] = {
    "domains": [{"name": "example.com", "type": "federatedID"}],
    "products": [{"name": "Product"}],
    "profiles": [{"name": "Profile", "product": "Product"}],
    "user_groups": [{"name": "Team"}, {"name": "Other"}],
    "users": [{"email": email, "type": "federatedID"} for email in PEOPLE],
}


def add(user: str, *groups: str) -> Action:
    """An action that puts a user into groups."""
    return UserAction(user).add_to_groups(list(groups))


def test_onboardings_take_the_least_requests_and_the_least_time() -> None:
    """500 creations with three groups under the throttle: 50 requests, no 429, and four minutes by the clock."""
    document = {**SEED, "user_groups": [{"name": name} for name in "ABC"], "users": []}
    actions = [
        UserAction(f"n{n}@example.com")
        .create_federated_id(first_name="N", last_name="N", country="DE")
        .add_to_groups(["A", "B", "C"])
        for n in range(500)
    ]
    made = plan(actions)
    with place(document, settings=Settings.live().changed({"throttle": True}), pacing=True) as here:
        start = here.clock.now()
        done = here.connection.execute_plan(made)
        assert (done.sent, done.completed) == (500, 500)
        assert here.statuses == [200] * 50
        assert here.clock.now() - start == pytest.approx(made.least_seconds)


def test_a_thousand_users_come_into_a_group_with_one_request() -> None:
    """Memberships turned around are in the organisation as if each user had had his own command."""
    with place(CROWD) as here:
        done = here.connection.execute_plan(plan([add(user, "Team") for user in PEOPLE], by_group=True))
        assert (done.completed, here.requests) == (1_000, [10])
        assert len(here.world.organization().catalog.find("Team").members) == 1_000  # type: ignore[union-attr]


@pytest.mark.parametrize("mock", [Settings(), Settings(steps_after_failure=False)], ids=["goes on", "stops"])
def test_a_failure_among_a_thousand_is_traced_to_its_user(mock: Settings) -> None:
    """Three of 1,003 users do not exist: they alone failed, and the failing steps alone are sent again."""
    users = PEOPLE.copy()
    for place_in_list, name in ((5, "x@example.com"), (6, "y@example.com"), (777, "z@example.com")):
        users.insert(place_in_list, name)
    with place(CROWD, settings=mock) as here:
        done = here.connection.execute_plan(plan([add(user, "Team") for user in users], by_group=True))
        assert [outcome.action.target for outcome in done.failed] == ["x@example.com", "y@example.com", "z@example.com"]
        assert done.completed == 1_000
        assert {(error.code, error.step) for outcome in done.failed for error in outcome.errors} == {
            ("error.user.nonexistent", 0)
        }
        assert here.requests[0] == 10
        assert sum(here.requests[2:]) <= 25  # the steps that failed are 20 users, beside what follows them
        assert len(here.world.organization().catalog.find("Team").members) == 1_000  # type: ignore[union-attr]


def test_members_of_a_profile_are_added_by_their_own_commands() -> None:
    """A product profile is no user group: what was turned around in vain is sent again as it was written."""
    with place(CROWD) as here:
        done = here.connection.execute_plan(plan([add(user, "Profile") for user in PEOPLE[:20]], by_group=True))
        assert (done.completed, here.requests) == (20, [1, 10, 10])


def test_a_name_that_fails_takes_no_other_with_it() -> None:
    """Of 12 single additions that were merged, one group does not exist: its action failed, and no other."""
    document = {**SEED, "user_groups": [{"name": f"g{number}"} for number in range(12) if number != 3]}
    document["users"] = [{"email": "jo@example.com", "type": "federatedID"}]
    actions = [add("jo@example.com", f"g{number}") for number in range(12)]
    with place(document) as here:
        done = here.connection.execute_plan(plan(actions))
        assert [outcome.action for outcome in done.failed] == [actions[3]]
        assert str(done.failed[0]) == "jo@example.com: failed: Group g3 was not found (error.group.not_found at step 0)"
        assert done.completed == 11
        assert here.requests == [1, 1, 1, 1]  # merged; ten apart; what follows the failure; the last two


def test_a_removal_that_may_have_been_done_before_is_unknown() -> None:
    """After a failing step it is not known whether a removal was done; sent again, it finds nobody, and says so."""
    actions = [add("ann@example.com", "Missing"), UserAction("ann@example.com").remove_from_organization()]
    with place(settings=Settings.live()) as here:
        done = here.connection.execute_plan(plan(actions))
        assert [outcome.status for outcome in done.outcomes] == [OutcomeStatus.FAILED, OutcomeStatus.UNKNOWN]
        assert done.outcomes[1].errors[0].maybe_echo


def test_what_is_queued_goes_first() -> None:
    """An action that waits in the queue is sent before a plan, of which nothing is queued."""
    with place() as here:
        early = UserAction("ann@example.com").update(first_name="Early")
        here.connection.execute_single(early)
        done = here.connection.execute_plan(plan([UserAction("ann@example.com").update(first_name="Late")]))
        assert early.outcome is not None
        assert here.requests == [1, 1]
        assert here.world.organization().find_user("ann@example.com").firstname == "Late"  # type: ignore[union-attr]
        assert (done.sent, done.queued) == (2, 0)
        assert done.outcomes[0].action is early
        assert here.connection.status()[0]["actions-sent"] == 2


def test_no_outcome_is_lost_when_the_queue_cannot_be_sent(wire: ScriptedServer, connect: Connect) -> None:
    """The request of what was queued is refused: the error tells of it and of the plan, and it is still queued."""
    wire.replies.append(Reply(status=403))
    early, late = add("jo@example.com", "A"), add("jo@example.com", "B")
    connection = connect(wire)
    connection.execute_single(early)
    with pytest.raises(ForbiddenError) as caught:
        connection.execute_plan(plan([late]))
    assert [(outcome.action, outcome.status) for outcome in caught.value.outcomes] == [
        (early, OutcomeStatus.NOT_SENT),
        (late, OutcomeStatus.NOT_SENT),
    ]
    assert connection.queued == (early,)


def test_a_step_taken_after_planning_is_not_lost() -> None:
    """A plan whose action has changed since is refused before anything is sent, and can be made again."""
    action = UserAction("ann@example.com").update(first_name="A")
    made = plan([action])
    action.update(last_name="B")
    with place() as here:
        with pytest.raises(ActionError, match=r"/0/do/1: the action for ann@example.com has taken a step"):
            here.connection.execute_plan(made)
        assert here.requests == []
        assert here.connection.execute_plan(plan([action])).completed == 1
        with pytest.raises(ActionError, match="has been sent"):
            action.update(last_name="C")


def test_an_error_without_a_step_is_looked_into(wire: ScriptedServer, connect: Connect) -> None:
    """Which of two merged actions failed is not said: each is sent again alone, and its own answer tells."""
    vague = {"index": 0, "message": "no", "errorCode": "error.group.not_found"}
    wire.replies += [
        Reply(body=action_answer(1, [vague])),
        Reply(body=action_answer(1)),
        Reply(body=action_answer(1, [vague | {"step": 0}])),
    ]
    actions = [add("jo@example.com", "A"), UserAction("jo@example.com").remove_from_groups(["B"])]
    done = connect(wire).execute_plan(plan(actions))
    assert [outcome.status for outcome in done.outcomes] == [OutcomeStatus.COMPLETED, OutcomeStatus.FAILED]
    sent = [[list(step) for step in request.json[0]["do"]] for request in wire.seen]
    assert sent == [[["add"], ["remove"]], [["add"]], [["remove"]]]


def test_a_lost_answer_ends_the_run_with_every_outcome(wire: ScriptedServer, connect: Connect) -> None:
    """What was on its way is unknown, what was to come not sent; none of it is queued, and the rest can be planned."""
    wire.replies += [Reply(body=action_answer(10)), Reply(cut=True)]
    wire.answer = all_good
    actions = [add(f"u{number}@example.com", "A") for number in range(25)]
    connection = connect(wire)
    with pytest.raises(OutcomeUnknownError) as caught:
        connection.execute_plan(plan(actions))
    outcomes = caught.value.outcomes
    assert [outcome.action for outcome in outcomes] == actions
    assert [outcome.status for outcome in outcomes] == (
        [OutcomeStatus.COMPLETED] * 10 + [OutcomeStatus.UNKNOWN] * 10 + [OutcomeStatus.NOT_SENT] * 5
    )
    assert connection.queued == ()
    assert {outcome.remedy for outcome in outcomes if outcome.status is OutcomeStatus.NOT_SENT} == {
        "It was not sent, and nothing of a plan is queued: remove the cause, then plan it again."
    }
    left = [outcome.action for outcome in outcomes if outcome.status is OutcomeStatus.NOT_SENT]
    assert connection.execute_plan(plan(left)).completed == 5


def test_a_lost_answer_in_test_mode_lets_everything_be_planned_again(wire: ScriptedServer, connect: Connect) -> None:
    """In test mode nothing was changed: what is unknown need not be looked at before it is planned again."""
    wire.answer = lambda _: Reply(cut=True)
    with pytest.raises(OutcomeUnknownError) as caught:
        connect(wire, test_mode=True).execute_plan(plan([add("jo@example.com", "A")]))
    (outcome,) = caught.value.outcomes
    assert outcome.status is OutcomeStatus.UNKNOWN
    assert outcome.remedy == "It was sent in test mode, where nothing is changed: send it again."


def test_the_rest_of_an_action_of_a_plan_is_not_queued(wire: ScriptedServer, connect: Connect) -> None:
    """Of an action whose second command was not sent, the remedy says that its steps have to be planned anew."""
    wire.replies += [Reply(body=action_answer(1)), Reply(status=403)]
    long: Any = UserAction("jo@example.com")
    for number in range(12):
        long.update(first_name=str(number))
    with pytest.raises(ForbiddenError) as caught:
        connect(wire).execute_plan(plan([long]))
    (outcome,) = caught.value.outcomes
    assert outcome.status is OutcomeStatus.PARTLY_SENT
    assert outcome.remedy == (
        "The steps that were not sent are not queued: remove the cause, then plan an action with them."
    )


def test_what_was_to_be_sent_again_and_is_not_is_unknown(wire: ScriptedServer, connect: Connect) -> None:
    """A merged step failed, and the second request, which would tell more, is refused: nobody knows."""
    missing = {"index": 0, "step": 0, "message": "no", "errorCode": "error.group.not_found"}
    wire.replies += [Reply(body=action_answer(1, [missing])), Reply(status=403)]
    actions = [add("jo@example.com", "A"), add("jo@example.com", "B")]
    with pytest.raises(ForbiddenError) as caught:
        connect(wire).execute_plan(plan(actions))
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.UNKNOWN] * 2


def test_nothing_of_an_action_follows_its_unknown_part(wire: ScriptedServer, connect: Connect) -> None:
    """The first of two commands of an action is in doubt: the second is not sent, and another user's is."""
    wire.replies += [Reply(body=action_answer(0, [])), Reply(body=action_answer(1))]
    wire.answer = all_good
    long: Any = UserAction("jo@example.com")
    for number in range(12):
        long.update(first_name=str(number))
    done = connect(wire).execute_plan(plan([long, *(add(f"u{n}@example.com", "A") for n in range(10))]))
    first = done.outcomes[0]
    assert first.status is OutcomeStatus.UNKNOWN
    assert [part.status for part in first.parts] == [OutcomeStatus.UNKNOWN, OutcomeStatus.NOT_SENT]
    assert [len(request.json) for request in wire.seen] == [10, 1]


def test_errors_carry_the_request_ids_of_the_callers() -> None:
    """Two actions with requestIDs of their own are merged; the error of each comes back with its own."""
    actions = [UserAction("ann@example.com", request_id=name).add_to_groups([f"No {name}"]) for name in ("one", "two")]
    with place() as here:
        done = here.connection.execute_plan(plan(actions))
        assert [outcome.errors[0].request_id for outcome in done.outcomes] == ["one", "two"]


async def _execute(wire: ScriptedServer, made: Plan) -> Execution:
    async with AsyncConnection(ORG_ID, credentials_for(wire.details), endpoint=wire.details.api_url) as connection:
        return await connection.execute_plan(made)


def test_an_async_connection_carries_out_plans_too(wire: ScriptedServer) -> None:
    """The same plan goes the same way over an async connection."""
    wire.answer = all_good
    done = asyncio.run(_execute(wire, plan([add(f"u{number}@example.com", "A") for number in range(11)])))
    assert (done.completed, [len(request.json) for request in wire.seen]) == (11, [10, 1])
