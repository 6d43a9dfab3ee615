"""What a status says of the actions in a request, after all attempts: the table in docs/explanation/outcomes.md."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sdk_kit import Reply, ScriptedServer, Time, action_answer, all_good, steady_policy

from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import (
    Action,
    Connection,
    GroupAction,
    OutcomeStatus,
    UmapiError,
    UnavailableError,
    UserAction,
    UserQuery,
)
from umapi_sdk.echoes import ECHOES
from umapi_sdk.verdicts import STATUSES, Attempts

Connect = Callable[..., Connection]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "outcomes.md"
HISTORIES = {"clean": [], "clean after a refused token": [401], "clean after 429": [429], "503": [503]}
OPEN = {"502": [502], "504": [504], "502, then 503": [502, 503], "503, then 504": [503, 504], "502, 401": [502, 401]}
BODIES: dict[str, object] = {
    "": b"",
    "page": b"<html>",
    "organisation": {"result": "error.organization.invalid_id", "message": "Bad organization Id"},
    "refused": {"result": "error.group.not_found", "message": "Not found: Group g"},
}
ECHO = {"index": 0, "step": 0, "errorCode": "error.user.already_in_org", "message": "User is already in organization"}


def lines() -> Iterator[tuple[str, str, str, str]]:
    """The lines of the table: each last answer with its outcome after a clean, a 503 and an open history."""
    table = PAGE.read_text("utf-8").partition("| last answer |")[2].partition("\n\n")[0]
    for line in table.splitlines()[2:]:
        answers, clean, put_off, left_open, _ = (cell.strip() for cell in line.strip("|").split("|"))
        for answer in answers.split(", "):
            yield answer, clean, put_off, left_open


def cases() -> Iterator[tuple[str, list[int], str]]:
    """Each last answer after each history, with the outcome."""
    for answer, clean, put_off, left_open in lines():
        # A second 401 is the end, and after a first one no wait gives the service the time to go away.
        alone = {"401": [401], "not sent": [401]}.get(answer)
        for before in HISTORIES.values():
            if before != alone:
                yield answer, before, put_off if 503 in before else clean
        for before in OPEN.values():
            if answer == "not sent" and 401 in before:
                continue
            yield answer, before, left_open


def last_reply(answer: str) -> Reply:
    """What the service does in the end."""
    if answer == "lost":
        return Reply(cut=True)
    if answer == "200 unreadable":
        return Reply(body=b"<html>")
    if answer == "200 echo":
        return Reply(body=action_answer(1, [ECHO]))
    if answer == "200":
        return Reply(body=action_answer(1))
    status, _, kind = answer.partition(" ")
    return Reply(status=int(status), body=BODIES[kind])


@pytest.mark.parametrize(
    ("answer", "before", "outcome"), [pytest.param(*case, id=f"{case[1]} {case[0]}") for case in cases()]
)
def test_outcome_is_that_of_the_table(
    wire: ScriptedServer, connect: Connect, time: Time, answer: str, before: list[int], outcome: str
) -> None:
    """Whatever came before, the actions come to what the table says, with the SDK's own errors."""
    wire.replies += [Reply(status=status) for status in before]
    # A refused token is no attempt; the rest are as many as there are answers.
    attempts = sum(status != 401 for status in before) + 1
    connection = connect(wire, retry=steady_policy(attempts=attempts))
    action = UserAction("new@example.com").add_adobe_id()
    if answer != "not sent":
        wire.replies.append(last_reply(answer))
    elif before:
        time.during = lambda: None if wire.replies else wire.close_down()
    else:
        wire.close_down()
    wire.answer = lambda _: last_reply("401")
    with contextlib.suppress(UmapiError):
        connection.execute_single(action, immediate=True)
    assert action.outcome is not None
    assert str(action.outcome.status) == outcome
    assert connection.status()[0]["actions-queued"] == (outcome == "not sent")
    if outcome == "unknown":
        assert action.outcome.remedy == "Look whether it has been done before sending it again."


def test_table_names_every_status_that_is_judged() -> None:
    """No status is judged by the SDK without standing in the table."""
    assert {str(status) for status in STATUSES} <= {answer for answer, *_ in lines()}


@pytest.mark.parametrize("status", [502, 503, 504])
def test_actions_need_not_be_repeated(wire: ScriptedServer, connect: Connect, time: Time, status: int) -> None:
    """With repeat_after_5xx off, the first 5xx ends the call; a 429 is still waited for, and queries are repeated."""
    wire.replies += [Reply(status=429), Reply(status=status)]
    wire.answer = all_good
    connection = connect(wire, retry=steady_policy(repeat_after_5xx=False))
    with pytest.raises(UnavailableError) as caught:
        connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
    assert len(wire.seen) == 2
    expected = OutcomeStatus.NOT_SENT if status == 503 else OutcomeStatus.UNKNOWN
    assert [(each.status, each.maybe_repeated) for each in caught.value.outcomes] == [(expected, False)]
    wire.replies.append(Reply(status=status))
    wire.answer = lambda _: Reply(status=404, body={"result": "error.user.not_found"})
    assert UserQuery(connection, "a@example.com").result() is None
    assert time.slept == [3.0, 3.0]


def test_what_is_known_at_any_moment() -> None:
    """Whoever is interrupted hears of each attempt what its place says: on its way, answered, lost or never begun."""
    attempts = Attempts()
    known = [attempts.fate]
    attempts.begin()
    known.append(attempts.fate)
    attempts.answered(429)
    known.append(attempts.fate)
    attempts.begin()
    known.append(attempts.fate)
    attempts.answered(400)
    known.append(attempts.fate)
    attempts.begin()
    attempts.lost(sent=False)
    known.append(attempts.fate)
    attempts.lost(sent=True)
    known.append(attempts.fate)
    not_sent, unknown = OutcomeStatus.NOT_SENT, OutcomeStatus.UNKNOWN
    assert known == [not_sent, unknown, not_sent, unknown, OutcomeStatus.FAILED, not_sent, unknown]
    assert (attempts.made, attempts.repeated) == (3, False)
    attempts.forgive()
    assert attempts.made == 2


@pytest.mark.parametrize(
    ("repeatable", "statuses", "fate", "repeated"),
    [
        (False, [503], OutcomeStatus.NOT_SENT, False),
        (False, [503, 403], OutcomeStatus.NOT_SENT, True),
        (False, [503, 400], OutcomeStatus.UNKNOWN, True),
        (False, [502, 503], OutcomeStatus.UNKNOWN, True),
        (False, [429, 400], OutcomeStatus.FAILED, False),
        (True, [502], OutcomeStatus.NOT_SENT, False),
        (True, [502, 400], OutcomeStatus.FAILED, False),
        (True, [200], OutcomeStatus.UNKNOWN, False),
    ],
)
def test_what_an_answer_leaves_open(repeatable: bool, statuses: list[int], fate: OutcomeStatus, repeated: bool) -> None:
    """What may have been done before makes a refusal unknown, but for what does no harm twice."""
    attempts = Attempts(repeatable=repeatable)
    for status in statuses:
        attempts.begin()
        attempts.answered(status)
    assert (attempts.fate, attempts.repeated) == (fate, repeated)


def test_an_answer_from_the_wrong_place_leaves_nothing_open() -> None:
    """Nobody there can have carried anything out; the next answer, from the right place, counts by itself."""
    attempts = Attempts()
    attempts.begin()
    attempts.answered(200, misdirected=True)
    assert attempts.fate is OutcomeStatus.NOT_SENT
    attempts.begin()
    attempts.answered(400)
    assert (attempts.fate, attempts.repeated) == (OutcomeStatus.FAILED, False)


def test_refused_token_is_no_attempt(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """A token that has run out takes no attempt away: with two of them, a 503 after it is still repeated."""
    wire.replies += [Reply(status=401), Reply(status=503)]
    wire.answer = all_good
    connection = connect(wire, retry=steady_policy(attempts=2))
    assert connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True).completed == 1
    assert (len(wire.seen), time.slept) == (3, [3.0])


def group(name: str) -> Action:
    """An action that makes a group."""
    return GroupAction(name).create()


TWICE: dict[str, tuple[list[Action], Action]] = {
    "create": ([], UserAction("once@example.com").create_federated_id(
        email="once@example.com", first_name="O", last_name="N", country="US")),
    "rename": ([], UserAction("jdoe@example.com").update(email="other@example.com", username="other@example.com")),
    "create group": ([], group("Once")),
    "rename group": ([group("Old")], GroupAction("Old").update(name="New")),
    "delete group": ([group("Old")], GroupAction("Old").delete()),
}  # fmt: skip


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("name", TWICE)
def test_echo_of_an_own_success_is_unknown(mock: RunningServer, connect: Connect, name: str, status: int) -> None:
    """What the service did before a 5xx and refuses the second time is unknown, with the advice to look."""
    before, action = TWICE[name]
    action.outcome = None
    connection = connect(mock)
    connection.execute_multiple(before, immediate=True)
    mock.world.faults.replace([Fault(operation="action", status=status, when="after", first=1)])
    (outcome,) = connection.execute_single(action, immediate=True).outcomes
    assert outcome.status is OutcomeStatus.UNKNOWN, outcome
    assert [error.maybe_echo for error in outcome.errors] == [True]
    assert outcome.errors[0].remedy == outcome.remedy == "Look whether it has been done before sending it again."
    assert "echo" in str(outcome)


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (UserAction("nobody@example.com").add_to_groups(["Marketing"]), "error.user.nonexistent"),
        (UserAction("jdoe@example.com").add_to_groups(["No such group"]), "error.group.not_found"),
    ],
)
def test_error_that_no_success_explains_is_failed(
    mock: RunningServer, connect: Connect, action: Action, code: str
) -> None:
    """After a repetition too, an action is failed by what would have failed it the first time."""
    mock.world.faults.replace([Fault(operation="action", status=502, when="after", first=1)])
    (outcome,) = connect(mock).execute_single(action, immediate=True).outcomes
    assert (outcome.status, [error.code for error in outcome.errors]) == (OutcomeStatus.FAILED, [code])


@pytest.mark.parametrize("code", ["error.internal.create_failed", "error.throttled_by_external_service", "x.new", ""])
def test_error_that_proves_nothing_is_unknown(wire: ScriptedServer, connect: Connect, code: str) -> None:
    """Trouble of the service itself, or an unknown code, in the second attempt says nothing of the first."""
    entry = {"index": 0, "step": 0, "errorCode": code, "message": "m"}
    for before, expected in (([], OutcomeStatus.FAILED), ([502], OutcomeStatus.UNKNOWN)):
        wire.replies += [*(Reply(status=status) for status in before), Reply(body=action_answer(1, [entry]))]
        (outcome,) = connect(wire).execute_single(UserAction("a@b.c").add_adobe_id(), immediate=True).outcomes
        assert outcome.status is expected


def test_tables_of_echoes_agree() -> None:
    """Each code that the SDK takes for an echo stands in the page."""
    page = PAGE.read_text("utf-8")
    missing = [code for code in ECHOES if not re.search(rf"[ ,]{re.escape(code.removeprefix('error.'))}\b", page)]
    assert missing == []
