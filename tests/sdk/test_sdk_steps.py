"""Steps of outcomes: what is said of each step is what the organisation shows, and what is left completes the rest."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from described_kit import Described, build
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plan_kit import Place
from sdk_kit import ORG_ID, STEADY, Reply, ScriptedServer, action_answer, credentials_for

from umapi_harness.mock import Settings
from umapi_harness.mock.api import actions as mock_actions
from umapi_harness.mock.api.user_steps import UserCommand
from umapi_harness.mock.api.usergroup_steps import UserGroupCommand
from umapi_runtime.converter import write
from umapi_sdk import (
    Action,
    ActionError,
    ActionOutcome,
    Connection,
    CreateOption,
    Execution,
    GroupAction,
    OutcomeStatus,
    UserAction,
    plan,
)
from umapi_sdk.actions import UserSteps
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.effects import StepPart, StepStatus

EXAMPLES = int(os.environ.get("TEST_UMAPI_STEP_EXAMPLES", "10"))
COMPLETED = OutcomeStatus.COMPLETED
TOOK_EFFECT, WOULD_SUCCEED, FAILED, PERHAPS, UNKNOWN, NOT_SENT = StepStatus

NEW = ["new@example.com", "other@example.com"]
USERS = ["ann@example.com", "bob@example.com", "cy@example.com", *NEW]
MISSING = ["Missing", "Lost"]
GROUPS = ["Red", "Blue", "Green", *MISSING]
ENDS = [("leave", None), ("delete", None)]
NOTHING_CHANGED = {"error.usergroup.user_list.invalid"}
"""A step on a group that may have been carried out says so, if it was, when it is sent again."""

FAULTY: dict[str, Any] = {
    "domains": [{"name": "example.com", "type": "federatedID"}],
    "user_groups": [{"name": "Red"}, {"name": "Blue"}, {"name": "Green"}],
    "users": [
        {"email": "ann@example.com", "type": "federatedID", "firstname": "Ann", "lastname": "A", "groups": ["Blue"]},
        {"email": "bob@example.com", "type": "federatedID", "groups": ["Red"]},
        {"email": "cy@example.com", "type": "federatedID", "groups": ["Green", "Red"]},
    ],
}

MOCKS = {
    "goes on": Settings(),
    "stops at the first failure": Settings(steps_after_failure=False),
    "live": Settings.live(),
    "known members fail": Settings(known_member_fails=True),
    "takes two names a step": Settings(memberships_per_step=2),
    "broken down": Settings(breakdown="error.internal.create_failed"),
}

Send = Callable[[Place, Sequence[Action]], Execution]

SENDING: dict[str, Send] = {
    "as they are": lambda here, actions: here.connection.execute_multiple(actions, immediate=True),
    "as a plan": lambda here, actions: here.connection.execute_plan(plan(actions)),
    "as a plan by group": lambda here, actions: here.connection.execute_plan(plan(actions, by_group=True)),
}

user_names = st.lists(st.sampled_from(USERS), min_size=1, max_size=4, unique=True)
group_names = st.lists(st.sampled_from(GROUPS), min_size=1, max_size=4, unique=True)
user_steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), group_names),
        st.tuples(st.just("add"), group_names),
        st.tuples(st.just("remove"), group_names),
        st.tuples(st.just("all"), st.none()),
        st.tuples(st.just("create"), st.sampled_from([None, *CreateOption])),
        st.tuples(st.just("first_name"), st.sampled_from("XYZ")),
        st.tuples(st.just("email"), st.sampled_from(["moved@example.com", *USERS[:1]])),
        st.tuples(st.just("leave"), st.none()),
    ),
    min_size=1,
    max_size=5,
)
memberships = st.lists(st.tuples(st.sampled_from(["add", "add", "add", "remove"]), group_names), min_size=1, max_size=2)
group_steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), user_names),
        st.tuples(st.just("add"), user_names),
        st.tuples(st.just("remove"), user_names),
        st.tuples(st.just("create"), st.sampled_from([None, *CreateOption])),
        st.tuples(st.just("name"), st.sampled_from(["Renamed", *GROUPS])),
        st.tuples(st.just("description"), st.sampled_from("xy")),
        st.tuples(st.just("delete"), st.none()),
    ),
    min_size=1,
    max_size=5,
)
on_a_user = st.tuples(st.just("user"), st.sampled_from(USERS), user_steps | memberships)
on_a_group = st.tuples(st.just("group"), st.sampled_from(GROUPS), group_steps)
anything = st.lists(on_a_user | on_a_group, min_size=1, max_size=8)


def build_all(described: Sequence[Described]) -> list[Action]:
    """The actions that are described."""
    return [action for action in map(build, described) if action is not None]


@contextmanager
def place(document: Mapping[str, Any] = FAULTY, **options: Any) -> Generator[Place]:
    """An organisation for the length of the context."""
    here = Place(dict(document), **options)
    try:
        yield here
    finally:
        here.close()


class Truth:
    """What the organisation has carried out, and what it was asked for: changes of one user or one membership."""

    def __init__(self) -> None:
        self.tried: set[tuple[str, ...]] = set()
        self.done: set[tuple[str, ...]] = set()

    @contextmanager
    def recording(self) -> Generator[None]:
        """Note each step that the organisation takes."""
        kinds: dict[str, Any] = {"UserCommand": self._noting(UserCommand, "user")}
        kinds["UserGroupCommand"] = self._noting(UserGroupCommand, "usergroup")
        with mock.patch.multiple(mock_actions, **kinds):
            yield

    def _noting(self, kind: Callable[..., Any], root: str) -> Callable[..., Any]:
        def begin(organization: Any, behaviour: Any, body: Any, **options: Any) -> Any:
            command = kind(organization, behaviour, body, **options)
            run = command.run

            def noted(name: str, fields: Any) -> None:
                found = changes(root, body[root], name, fields)
                self.tried |= found
                run(name, fields)
                self.done |= found

            command.run = noted
            return command

        return begin


def changes(root: str, target: str, name: str, fields: Any) -> set[tuple[str, ...]]:
    """What a step changes: one entry for each name in its list, in one form for users and groups."""
    if name in ("add", "remove") and fields != "all":
        if root == "user":
            return {(name, target.lower(), group.lower()) for group in fields["group"]}
        return {(name, user.lower(), target.lower()) for user in fields["user"]}
    return {(name, target.lower(), json.dumps(fields, sort_keys=True))}


def changes_of(action: Action, part: StepPart) -> set[tuple[str, ...]]:
    """What a step of an action would change."""
    ((name, fields),) = write(part.step).items()
    return changes("user" if isinstance(action, UserSteps) else "usergroup", action.target, name, fields)


def check(truth: Truth, outcomes: Sequence[ActionOutcome]) -> None:
    """Hold what outcomes say of steps against what the organisation did.

    A name can also have been tried in a list that a plan merged, of which nothing was carried out.
    """
    every = Counter(
        change for outcome in outcomes for part in outcome.step_parts for change in changes_of(outcome.action, part)
    )
    for outcome in outcomes:
        assert [step.place for step in outcome.steps] == list(range(outcome.action.step_count))
        for part in outcome.step_parts:
            mine = changes_of(outcome.action, part)
            own = {change for change in mine if every[change] == 1}
            if part.status is TOOK_EFFECT:
                assert mine <= truth.done, (outcome, part)
            elif part.status is FAILED:
                assert not own & truth.done, (outcome, part)
            elif part.status is PERHAPS:
                tried = truth.done if outcome.planned else truth.tried
                assert own <= truth.done or not own & tried, (outcome, part)
            else:
                assert part.status is UNKNOWN, (outcome, part)


@pytest.mark.parametrize("send", SENDING.values(), ids=SENDING.keys())
@pytest.mark.parametrize("behaviour", MOCKS.values(), ids=MOCKS.keys())
@settings(STEADY, max_examples=EXAMPLES)
@given(described=anything)
def test_what_is_said_of_each_step_is_what_was_done(
    behaviour: Settings, send: Send, described: Sequence[Described]
) -> None:
    """What took effect was carried out, what failed was not, and what was perhaps not reached did not fail."""
    sent = build_all(described)
    truth = Truth()
    with place(settings=behaviour) as here, truth.recording():
        outcomes = send(here, sent).outcomes
    assert [outcome.action for outcome in outcomes] == sent
    check(truth, outcomes)


one_each = st.one_of(
    st.lists(on_a_user, min_size=1, max_size=5, unique_by=lambda described: described[1]),
    st.lists(on_a_group, min_size=1, max_size=4, unique_by=lambda described: described[1]),
    st.lists(
        st.tuples(st.just("user"), st.sampled_from(USERS), memberships),
        min_size=3,
        max_size=5,
        unique_by=lambda described: described[1],
    ),
)


def mend(here: Place, groups: Sequence[str], users: Sequence[str]) -> None:
    """Make the groups and users whose absence was why steps failed."""
    made: list[Action] = [GroupAction(name).create() for name in groups]
    for email in users:
        made.append(UserAction(email).create_federated_id(first_name="N", last_name="N", country="DE"))
    done = here.connection.execute_multiple(made, immediate=True)
    assert done.completed == len(made)


@pytest.mark.parametrize("send", SENDING.values(), ids=SENDING.keys())
@pytest.mark.parametrize("goes_on", [True, False], ids=["goes on", "stops"])
@settings(STEADY, max_examples=EXAMPLES * 2)
@given(described=one_each, lacking=st.sets(st.sampled_from([*MISSING, *NEW]), min_size=1))
def test_the_rest_completes_what_failed(
    goes_on: bool, send: Send, described: Sequence[Described], lacking: set[str]
) -> None:
    """Once the cause is removed, sending what is left makes the organisation that there would be without it."""
    # Who or what is not there can be removed all the same, or after it was created.
    assume(not any(target in lacking and any(step in ENDS for step in steps) for _, target, steps in described))
    groups = [name for name in MISSING if name in lacking]
    users = [name for name in NEW if name in lacking]
    behaviour = Settings(steps_after_failure=goes_on)
    with place(settings=behaviour) as there:
        mend(there, groups, users)
        without_fault = send(there, build_all(described))
        assume(without_fault.completed == without_fault.sent)
        wanted = there.state()
    with place(settings=behaviour) as here:
        outcomes = send(here, build_all(described)).outcomes
        names = {group["name"] for group in here.state()["user_groups"]}
        emails = {user["email"] for user in here.state()["users"]}
        assume(not names & set(groups) and not emails & set(users))
        mend(here, groups, users)
        rest: list[Action] = []
        for outcome in outcomes:
            left = outcome.rest
            if left is not None:
                rest.append(left)
            elif outcome.status is not COMPLETED:
                assume("Nothing is left" in (outcome.remedy or ""))
        done = send(here, rest)
        assert {error.code for outcome in done.failed for error in outcome.errors} <= NOTHING_CHANGED
        assert here.state() == wanted


def created(email: str, **fields: Any) -> UserSteps:
    """An action that creates a user."""
    return UserAction(email).create_federated_id(first_name="F", last_name="L", country="DE", **fields)


def statuses(outcome: ActionOutcome) -> list[StepStatus]:
    """What became of each step of an action."""
    return [step.status for step in outcome.steps]


def test_in_test_mode_all_of_an_action_is_left() -> None:
    """Nothing is changed: what would succeed is in the rest as is what failed, and no remedy speaks of steps done."""
    with place(test_mode=True) as here:
        good, bad = (created(email).add_to_groups([group]) for email, group in zip(NEW, ("Red", "Lost"), strict=True))
        done = here.connection.execute_multiple([good, bad], immediate=True)
    assert [statuses(outcome) for outcome in done.outcomes] == [[WOULD_SUCCEED] * 2, [WOULD_SUCCEED, FAILED]]
    assert str(done.outcomes[1]).startswith("other@example.com: failed: step 0 would succeed, step 1 failed; ")
    assert [outcome.rest and outcome.rest.step_count for outcome in done.outcomes] == [2, 2]
    assert "done already" not in str(done.outcomes[1].remedy)


def test_an_action_that_was_completed_or_removed_its_user_has_no_rest() -> None:
    """Nothing is left of what is done, nor of memberships of somebody who was removed after them."""
    leaving = UserAction("bob@example.com").add_to_groups(["Lost"]).add_to_groups(["Lost", "Missing"])
    leaving.remove_from_organization()
    with place() as here:
        done = here.connection.execute_multiple([created(NEW[0]), leaving], immediate=True)
    assert [outcome.rest for outcome in done.outcomes] == [None, None]
    assert done.outcomes[1].remedy == (
        "Check the name against the list of groups, or create the user group first: product profiles are made in the "
        "Admin Console. Nothing is left to be sent."
    )


def test_what_would_do_harm_twice_is_not_in_a_rest() -> None:
    """A new address after a failing step may have been given: the remedy says to look, and nothing is offered."""
    action = UserAction("ann@example.com").add_to_groups(["Lost"]).update(email="moved@example.com")
    with place() as here:
        (outcome,) = here.connection.execute_single(action, immediate=True).outcomes
    assert statuses(outcome) == [FAILED, PERHAPS]
    assert outcome.rest is None
    assert outcome.rest_with({"Lost": "Red"}) is None
    assert str(outcome.remedy).endswith(
        "Look what has been done before sending anything again: step 1 must not run twice."
    )


def test_a_rest_is_on_the_name_that_the_steps_have_given() -> None:
    """A user with a new address, a group with a new name, and an Adobe ID beside another account are found."""
    others = [{"email": f"{name}@example.com", "type": "federatedID"} for name in ("new", "dee")]
    document = {**FAULTY, "users": [*FAULTY["users"], *others]}
    actions: list[Action] = [
        UserAction("ann@example.com").update(email="moved@example.com").add_to_groups(["Lost"]),
        GroupAction("Red").update(name="Crimson").add_users(["nobody@example.com"]),
        UserAction("new@example.com").add_adobe_id().add_to_groups(["Missing"]),
    ]
    with place(document) as here:
        outcomes = here.connection.execute_multiple(actions, immediate=True).outcomes
        names = {"Lost": "Blue", "nobody@example.com": "dee@example.com", "Missing": "Green"}
        left = [outcome.rest_with({old: names[old]}) for outcome, old in zip(outcomes, names, strict=True)]
        rest = [action for action in left if action is not None]
        assert [action.target for action in rest] == ["moved@example.com", "Crimson", "new@example.com"]
        assert here.connection.execute_multiple(rest, immediate=True).completed == 3
        groups = {(user["email"], user["type"]): user.get("groups") for user in here.state()["users"]}
    assert groups["moved@example.com", "federatedID"] == ["Blue"]
    assert groups["dee@example.com", "federatedID"] == ["Crimson"]
    assert (groups["new@example.com", "adobeID"], groups["new@example.com", "federatedID"]) == (["Green"], None)


def test_of_a_long_list_only_the_names_are_left_that_were_sent_with_the_wrong_one() -> None:
    """Of 25 groups, sent in three lists, one of the last five does not exist: five are left, and one is mended."""
    names = [f"g{number}" for number in range(24)]
    document = {**FAULTY, "user_groups": [{"name": name} for name in [*GROUPS[:3], *names]]}
    action = UserAction("ann@example.com").add_to_groups([*names, "g24"])
    with place(document) as here:
        (outcome,) = here.connection.execute_single(action, immediate=True).outcomes
        assert str(outcome).startswith("ann@example.com: failed: step 0 partly failed; Group g24 was not found")
        with pytest.raises(ActionError, match="what is left does not list g3"):
            outcome.rest_with({"g3": "Red"})
        left = outcome.rest_with({"G24": "Red"})
        assert left is not None
        assert [write(command)["do"] for command, _ in left.commands] == [[{"add": {"group": [*names[20:], "Red"]}}]]
        assert here.connection.execute_single(left, immediate=True).completed == 1


def test_a_command_refused_for_its_form_has_done_nothing() -> None:
    """Of two merged actions the second has a list that the service finds too long: the first is sent again alone."""
    actions = [
        UserAction("ann@example.com").update(first_name="Anna"),
        UserAction("ann@example.com").add_to_groups(["Red", "Green", "Blue"]),
    ]
    with place(settings=Settings(memberships_per_step=2)) as here:
        outcomes = here.connection.execute_plan(plan(actions)).outcomes
        assert [statuses(outcome) for outcome in outcomes] == [[TOOK_EFFECT], [FAILED]]
        assert here.state()["users"][0]["firstname"] == "Anna"


def test_two_errors_of_a_command_show_that_the_service_goes_on() -> None:
    """What follows the second error of the same kind took effect; after a single one that is not known."""
    two = UserAction("ann@example.com").add_to_groups(["Lost"]).add_to_groups(["Missing"]).add_to_groups(["Red"])
    one = UserAction("bob@example.com").add_to_groups(["Lost"]).add_to_groups(["Green"])
    with place() as here:
        done = [here.connection.execute_single(action, immediate=True).outcomes[0] for action in (one, two)]
    assert [statuses(outcome) for outcome in done] == [[FAILED, PERHAPS], [FAILED, FAILED, TOOK_EFFECT]]
    assert done[0].rest is not None
    assert done[0].rest.step_count == 2


async def _outcomes(details: Any, actions: Sequence[Action]) -> Sequence[ActionOutcome]:
    async with AsyncConnection(ORG_ID, credentials_for(details), endpoint=details.api_url) as connection:
        return (await connection.execute_multiple(actions, immediate=True)).outcomes


def test_an_async_connection_tells_of_steps_too(wire: ScriptedServer) -> None:
    """A creation before a failing step took effect, and the rest leaves it out."""
    missing = {"index": 0, "step": 1, "message": "no", "errorCode": "error.group.not_found"}
    wire.replies.append(Reply(body=action_answer(1, [missing])))
    (outcome,) = asyncio.run(_outcomes(wire.details, [created(NEW[0]).add_to_groups(["Lost"])]))
    assert statuses(outcome) == [TOOK_EFFECT, FAILED]
    assert outcome.rest is not None
    assert outcome.rest.step_count == 1


@pytest.mark.parametrize("code", ["", "error.brand.new", "error.command.malformed", "error.country.invalid"])
def test_an_error_that_does_not_tell_of_running_leaves_the_other_steps_unknown(
    wire: ScriptedServer, connect: Callable[..., Connection], code: str
) -> None:
    """Whether the creation before it was carried out is not known, so that no rest is offered."""
    wire.replies.append(Reply(body=action_answer(1, [{"index": 0, "step": 1, "message": "no", "errorCode": code}])))
    action = created(NEW[0]).add_to_groups(["Red"])
    (outcome,) = connect(wire).execute_single(action, immediate=True).outcomes
    assert statuses(outcome) == [UNKNOWN, FAILED]
    assert outcome.rest is None


def test_a_member_added_before_and_sent_again_did_not_fail() -> None:
    """After a failing step the others are sent again: a group that has its member is no failure."""
    first = GroupAction("Red").add_users(["nobody@example.com"])
    described = GroupAction("Red").update(description="red")
    last = GroupAction("Red").add_users(["ann@example.com"])
    with place() as here:
        outcomes = here.connection.execute_plan(plan([first, described, last])).outcomes
    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.FAILED, COMPLETED, OutcomeStatus.UNKNOWN]
    assert statuses(outcomes[2]) == [UNKNOWN]
    assert outcomes[2].errors[0].maybe_echo
