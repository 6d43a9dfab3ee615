"""What is left of an action, case by case: its errors on one side, the command that would complete it on the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from sdk_kit import Reply, ScriptedServer, action_answer

from umapi_models.models import AddToGroups, UserStep
from umapi_runtime.converter import write
from umapi_sdk import ActionError, ActionOutcome, Connection, StepStatus
from umapi_sdk.commands import read_action
from umapi_sdk.effects import Knowledge, StepFailure, StepPart, by_caller, in_words, statuses_of_failed

Connect = Callable[..., Connection]
Steps = Sequence[Mapping[str, Any]]

NOT_FOUND = "error.group.not_found"
INTERNAL = "error.internal.update_failed"
BAD_LIST = "error.command.add_remove.duplicate.group_list"
NEW_KIND = "error.brand.new"
MEMBER_ALREADY = "error.user.already_exists"
TOOK_EFFECT, _, FAILED, PERHAPS, UNKNOWN, _ = StepStatus


def add(*groups: str) -> dict[str, Any]:
    """A step that puts a user into groups."""
    return {"add": {"group": list(groups)}}


def remove(*groups: str) -> dict[str, Any]:
    """A step that takes a user out of groups."""
    return {"remove": {"group": list(groups)}}


def update(**fields: str) -> dict[str, Any]:
    """A step that changes a user."""
    return {"update": fields}


def created(option: str | None = None, name: str = "createFederatedID") -> dict[str, Any]:
    """A step that creates a user."""
    fields = {"email": "ann@example.com", "firstname": "A", "lastname": "B", "country": "DE"}
    return {name: fields | ({"option": option} if option else {})}


LOST, MISSING, RED = add("Lost"), add("Missing"), add("Red")
ALL: dict[str, Any] = {"remove": "all"}
LEAVE: dict[str, Any] = {"removeFromOrg": {"deleteAccount": False}}
IGNORE = {"option": "ignoreIfAlreadyExists"}
USER = {"user": "ann@example.com"}
NAMED = {"user": "ann", "domain": "example.com"}
GROUP = {"usergroup": "Red"}
MEMBER: dict[str, Any] = {"add": {"user": ["x@example.com"]}}
OTHER: dict[str, Any] = {"add": {"user": ["y@example.com"]}}
NOT_A_MEMBER: dict[str, Any] = {"remove": {"productConfiguration": ["x@example.com"]}}
PROFILE: dict[str, Any] = {"add": {"productConfiguration": ["P"]}}


@pytest.fixture
def send(wire: ScriptedServer, connect: Connect) -> Callable[..., ActionOutcome]:
    """Sends a command, which gets an error at each of some steps; returns its outcome."""

    def send_one(frame: Mapping[str, Any], steps: Steps, errors: Mapping[int | None, str]) -> ActionOutcome:
        found: list[dict[str, Any]] = [
            {"index": 0, "errorCode": code, "message": "no"} | ({} if step is None else {"step": step})
            for step, code in errors.items()
        ]
        wire.replies.append(Reply(body=action_answer(1, found)))
        action = read_action({**frame, "do": [*steps]})
        (outcome,) = connect(wire).execute_single(action, immediate=True).outcomes
        return outcome

    return send_one


def as_command(outcome: ActionOutcome) -> dict[str, Any] | None:
    """The command that would do what is left; None where that is not known or nothing is."""
    rest = outcome.rest
    if rest is None:
        return None
    ((command, _),) = rest.commands
    return write(command)


TWICE = {0: NOT_FOUND, 1: NOT_FOUND}
"""Two errors that show that the service goes on, so that what follows took effect."""

LEFT: dict[str, tuple[Mapping[str, Any], Steps, Mapping[int, str], str]] = {
    "what took effect last": (USER, [LOST, MISSING, RED], TWICE, "01"),
    "what follows a creation that failed": (USER, [created("ignoreIfAlreadyExists"), LOST, RED], TWICE, "012"),
    "what is added after a failed removal of all": (USER, [ALL, LOST, RED], TWICE, "012"),
    "what is removed after a failed removal of all": (USER, [ALL, LOST, remove("Red")], TWICE, "01"),
    "a removal of all after what was not added": (USER, [LOST, MISSING, ALL], TWICE, "012"),
    "a removal of all after one that was not added": (USER, [LOST, remove("Missing"), ALL], TWICE, "012"),
    "a removal of all after what was not removed": (USER, [remove("Lost"), remove("Missing"), ALL], TWICE, "01"),
    "an update of the same field": (USER, [update(firstname="A"), LOST, update(firstname="B")], TWICE, "012"),
    "an update of another field": (USER, [update(firstname="A"), LOST, update(lastname="B")], TWICE, "01"),
    "a removal of what was not added": (USER, [LOST, MISSING, remove("LOST ")], TWICE, "012"),
    "a removal of one of two": (USER, [add("Blue", "Lost"), MISSING, remove("Green", "Lost")], TWICE, "012"),
    "a removal of another": (USER, [LOST, MISSING, remove("Red")], TWICE, "01"),
    "the same once more": (USER, [LOST, MISSING, LOST], TWICE, "01"),
    "a profile of the name of a user": (GROUP, [MEMBER, OTHER, NOT_A_MEMBER], TWICE, "01"),
    "a profile after a failed member": (GROUP, [MEMBER, OTHER, PROFILE], TWICE, "01"),
    "a member after a description": (GROUP, [{"updateUserGroup": {"description": "d"}}, MEMBER], {1: NOT_FOUND}, "1"),
    "a group that was not created": (GROUP, [{"createUserGroup": {}}, MEMBER], {0: NOT_FOUND}, "01"),
    "a group that may exist": (GROUP, [{"createUserGroup": IGNORE}, MEMBER], {1: NEW_KIND}, "01"),
    "a user who may exist": (USER, [created("updateIfAlreadyExists"), LOST], {1: NEW_KIND}, "01"),
    "memberships that may have been changed": (USER, [RED, LOST, remove("Blue")], {1: NEW_KIND}, "012"),
    "a user who got no new address": (USER, [update(email="new@example.com"), LOST], {0: NOT_FOUND}, "01"),
    "a removal that failed": (USER, [RED, LEAVE], {1: NOT_FOUND}, "1"),
}


@pytest.mark.parametrize(("frame", "steps", "errors", "left"), LEFT.values(), ids=LEFT.keys())
def test_what_is_left(
    send: Callable[..., ActionOutcome],
    frame: Mapping[str, Any],
    steps: Steps,
    errors: Mapping[int, str],
    left: str,
) -> None:
    """What failed is left, and of what took effect only that which a step before it would undo."""
    assert as_command(send(frame, steps, errors)) == {**frame, "do": [steps[int(place)] for place in left]}


RENAMED: dict[str, tuple[Mapping[str, Any], Steps, Mapping[str, Any]]] = {
    "a new address": (USER, [update(email="new@example.com")], {"user": "new@example.com"}),
    "a user named by user name gets a new address": (NAMED, [update(email="new@example.com")], NAMED),
    "a new first name": (USER, [update(firstname="A")], USER),
    "an Adobe ID": (USER, [{"addAdobeID": {"email": "Ann@example.com"}}], {**USER, "useAdobeID": True}),
    "a federated ID": ({**USER, "useAdobeID": True}, [created()], USER),
    "an Enterprise ID": ({**USER, "useAdobeID": True}, [created(name="createEnterpriseID")], USER),
    "a user name that is created": (NAMED, [created()], NAMED),
    "a group with a new name": (GROUP, [{"updateUserGroup": {"name": "Crimson"}}], {"usergroup": "Crimson"}),
    "a group with a new description": (GROUP, [{"updateUserGroup": {"description": "d"}}], GROUP),
    "a group that is created": (GROUP, [{"createUserGroup": {"description": "d"}}], GROUP),
}


@pytest.mark.parametrize(("frame", "steps", "found"), RENAMED.values(), ids=RENAMED.keys())
def test_who_is_asked_for_what_is_left(
    send: Callable[..., ActionOutcome], frame: Mapping[str, Any], steps: Steps, found: Mapping[str, Any]
) -> None:
    """After the steps that took effect, the rest is on whoever the user or group is by then."""
    last = LOST if "user" in frame else MEMBER
    assert as_command(send(frame, [*steps, last], {len(steps): NOT_FOUND})) == {**found, "do": [last]}


NAMELESS: dict[str, tuple[Mapping[str, Any], Steps]] = {
    "a new user name": (NAMED, [update(username="anna")]),
    "a new user name of somebody named by address": (USER, [update(username="anna")]),
    "a new user name and address": (NAMED, [update(username="anna", email="new@example.com")]),
    "a new address of an Adobe ID": ({**USER, "useAdobeID": True}, [update(email="new@example.com")]),
    "a group created under another name": (GROUP, [{"createUserGroup": {"name": "Crimson"}}]),
}


@pytest.mark.parametrize(("frame", "steps"), NAMELESS.values(), ids=NAMELESS.keys())
def test_nothing_is_offered_for_whom_nobody_can_name(
    send: Callable[..., ActionOutcome], frame: Mapping[str, Any], steps: Steps
) -> None:
    """Where the service may know the user or group by another name now, there is no rest, and the remedy says why."""
    last = LOST if "user" in frame else MEMBER
    outcome = send(frame, [*steps, last], {len(steps): NOT_FOUND})
    assert (outcome.rest, outcome.rest_with({"Lost": "Red"})) == (None, None)
    assert str(outcome.remedy).endswith("Look who has the new name before sending anything again.")


HARMFUL: dict[str, tuple[Mapping[str, Any], Steps, Mapping[int, str]]] = {
    "a creation without an option": (USER, [created(), LOST], {1: NEW_KIND}),
    "an Enterprise ID without an option": (USER, [created(name="createEnterpriseID"), LOST], {1: NEW_KIND}),
    "an Adobe ID without an option": (USER, [{"addAdobeID": {"email": "ann@example.com"}}, LOST], {1: NEW_KIND}),
    "a removal": (USER, [LOST, LEAVE], {0: NOT_FOUND}),
    "a new address": (USER, [update(email="new@example.com"), LOST], {1: NEW_KIND}),
    "a creation of a group without an option": (GROUP, [{"createUserGroup": {}}, MEMBER], {1: NEW_KIND}),
    "a creation of a group under another name": (
        GROUP,
        [{"createUserGroup": IGNORE | {"name": "Crimson"}}, MEMBER],
        {1: NEW_KIND},
    ),
    "a deletion of a group": (GROUP, [MEMBER, {"deleteUserGroup": {}}], {0: NOT_FOUND}),
    "a new name of a group": (GROUP, [MEMBER, {"updateUserGroup": {"name": "Crimson"}}], {0: NOT_FOUND}),
    "a new address after one that failed": (
        USER,
        [update(email="new@example.com"), LOST, update(email="newer@example.com")],
        TWICE,
    ),
}


@pytest.mark.parametrize(("frame", "steps", "errors"), HARMFUL.values(), ids=HARMFUL.keys())
def test_what_does_harm_twice_is_not_offered(
    send: Callable[..., ActionOutcome], frame: Mapping[str, Any], steps: Steps, errors: Mapping[int, str]
) -> None:
    """A step that may have run, or would have to run again, is not sent again by itself; the remedy names it."""
    outcome = send(frame, steps, errors)
    (harmful,) = {*range(len(steps))} - errors.keys()
    assert outcome.rest is None
    assert str(outcome.remedy).endswith(f"before sending anything again: step {harmful} must not run twice.")


def test_nothing_is_left_of_somebody_who_was_removed(send: Callable[..., ActionOutcome]) -> None:
    """The removal took effect after two steps that failed: there is no rest, and the remedy says so."""
    outcome = send(USER, [LOST, MISSING, LEAVE], TWICE)
    assert outcome.rest is None
    assert str(outcome.remedy).endswith("Nothing is left to be sent.")


def test_other_names_are_checked_where_they_stand(send: Callable[..., ActionOutcome]) -> None:
    """A new name that is invalid is refused with its place, and one that the list has already stands there once."""
    outcome = send(USER, [RED, add("Lost", "Blue"), update(firstname="A")], {1: NOT_FOUND})
    with pytest.raises(ActionError) as caught:
        outcome.rest_with({"Lost": ""})
    assert [violation.pointer for violation in caught.value.violations] == ["/do/1/add/group/0"]
    with pytest.raises(ActionError, match="what is left does not list Red"):
        outcome.rest_with({"Red": "Green", "lost": "Green"})
    mended = outcome.rest_with({"lost": "Blue"})
    assert mended is not None
    ((command, places),) = mended.commands
    assert write(command) == {**USER, "do": [add("Blue"), update(firstname="A")]}
    assert places == (0, 1)


def test_nothing_that_is_completed_lists_a_name(send: Callable[..., ActionOutcome]) -> None:
    """Other names for what is left of a completed action are a mistake, whoever the action is on by now."""
    outcome = send(NAMED, [update(username="anna"), LOST], {})
    with pytest.raises(ActionError, match="what is left does not list Lost"):
        outcome.rest_with({"Lost": "Red"})


FATES: dict[str, tuple[Steps, Mapping[int | None, str], str]] = {
    "before and after an error": ([RED, LOST, RED], {1: NOT_FOUND}, "EFP"),
    "two errors of a kind": ([LOST, RED, LOST, RED], {0: NOT_FOUND, 2: NOT_FOUND}, "FEFE"),
    "two errors, the last of a kind that may end it": ([LOST, RED, LOST, RED], {0: NOT_FOUND, 2: INTERNAL}, "FEUP"),
    "an error of no step": ([RED, LOST, RED], {1: NOT_FOUND, None: NOT_FOUND}, "UFU"),
    "an error of a step that was not sent": ([RED, LOST, RED], {1: NOT_FOUND, 3: NOT_FOUND}, "UFU"),
    "an error of no step where there is one only": ([LOST], {None: NOT_FOUND}, "F"),
    "an error of another step where there is one only": ([LOST], {4: NOT_FOUND}, "F"),
    "a value that is refused when a command is read": ([RED, LOST, RED], {1: "error.country.invalid"}, "UFU"),
    "a list that is refused when a command is read": ([RED, LOST, RED], {1: BAD_LIST}, "UFU"),
    "an error of a new kind before two of a known one": (
        [LOST, RED, LOST, RED, LOST, RED],
        {0: NEW_KIND, 2: NOT_FOUND, 4: NOT_FOUND},
        "FEFEFU",
    ),
    "trouble of the service's own": ([RED, LOST, RED], {1: INTERNAL}, "EUP"),
    "an error of a new kind after a known one": ([LOST, RED, LOST, RED], {0: NOT_FOUND, 2: NEW_KIND}, "FUFU"),
    "an error of a new kind before a known one": ([LOST, RED, LOST, RED], {0: NEW_KIND, 2: NOT_FOUND}, "FEFU"),
}
SHORT = {"E": TOOK_EFFECT, "F": FAILED, "P": PERHAPS, "U": UNKNOWN}


@pytest.mark.parametrize(("steps", "errors", "fates"), FATES.values(), ids=FATES.keys())
def test_what_became_of_each_step(
    send: Callable[..., ActionOutcome], steps: Steps, errors: Mapping[int | None, str], fates: str
) -> None:
    """What came before an error that was met at its step took effect; what follows did where the service goes on."""
    wanted = [SHORT[fate] for fate in fates]
    assert [step.status for step in send(USER, steps, errors).steps] == wanted


SHOWN: dict[str, tuple[Sequence[tuple[int | None, str]], set[str]]] = {
    "two steps": ([(0, NOT_FOUND), (1, INTERNAL)], {NOT_FOUND}),
    "three, as they come": ([(4, NOT_FOUND), (5, INTERNAL), (2, MEMBER_ALREADY)], {NOT_FOUND, MEMBER_ALREADY}),
    "one step twice": ([(0, NOT_FOUND), (0, INTERNAL)], set()),
    "no step before one": ([(None, NOT_FOUND), (2, INTERNAL)], set()),
    "a new kind after a known one": ([(0, NOT_FOUND), (2, NEW_KIND)], set()),
    "a new kind before a known one": ([(0, NEW_KIND), (2, NOT_FOUND)], set()),
    "nothing": ([], set()),
}


@pytest.mark.parametrize(("errors", "shown"), SHOWN.values(), ids=SHOWN.keys())
def test_what_errors_show_of_the_service(errors: Sequence[tuple[int | None, str]], shown: set[str]) -> None:
    """After an error it goes on, as far as an error of a later step was met while steps ran."""
    knowledge = Knowledge()
    knowledge.learn(StepFailure(step, code) for step, code in errors)
    assert knowledge.goes_on == shown


def test_an_error_that_may_be_an_echo_leaves_its_step_unknown() -> None:
    """Only an error that no earlier attempt explains shows that a step failed, also beside one that it does."""
    echo, own = StepFailure(0, NOT_FOUND, maybe_echo=True), StepFailure(0, NOT_FOUND)
    fates = [statuses_of_failed(errors, 2, Knowledge(), test_mode=False)[0] for errors in ([echo], [echo, own])]
    assert fates == [UNKNOWN, FAILED]


def test_steps_are_told_as_their_caller_wrote_them() -> None:
    """A long list has the status of its worst part, partly if the others fared better; neighbours share words."""
    fates = [(0, FAILED), (1, TOOK_EFFECT), (1, UNKNOWN), (2, PERHAPS), (2, PERHAPS), (3, PERHAPS), (4, PERHAPS)]
    step = UserStep(add=AddToGroups(group=("Red",)))
    told = by_caller([StepPart(place, step, fate) for place, fate in [*fates, (5, FAILED), (6, FAILED)]])
    assert [each.partly for each in told] == [False, True, False, False, False, False, False]
    assert str(told[1]) == "step 1 partly unknown"
    assert in_words(told) == (
        "step 0 failed, step 1 partly unknown, steps 2 to 4 perhaps not reached, steps 5 to 6 failed"
    )
