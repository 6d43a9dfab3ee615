"""When a request is sent again, how long the SDK waits before, and when it gives up."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sdk_kit import START, STEADY, Reply, ScriptedServer, Time, all_good, closed_port, serving, steady_policy

from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import (
    AuthenticationError,
    Connection,
    NotSentError,
    OutcomeStatus,
    OutcomeUnknownError,
    RetryPolicy,
    ThrottledError,
    UmapiError,
    UnavailableError,
    UserAction,
    UserQuery,
)
from umapi_sdk.retries import parse_retry_after

Connect = Callable[..., Connection]
FOUND = {
    "result": "success",
    "user": {"email": "a@example.com", "status": "active", "type": "federatedID", "username": "a", "domain": "b"},
}


def new_user(email: str = "new@example.com") -> Any:
    """An action that adds a user."""
    return UserAction(email).add_adobe_id(first_name="New", last_name="User")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("38", 38.0),
        ("0", 0.0),
        ("2.5", 2.5),
        (" 7 ", 7.0),
        ("7.", 7.0),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60.0),
        ("Friday, 15-Jan-27 08:01:00 GMT", 60.0),
        ("Fri Jan 15 08:01:00 2027", 60.0),
        ("Fri, 15 Jan 2027 08:01:00 -0000", 60.0),
        ("Fri, 15 Jan 2027 09:01:00 +0100", 60.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("1800000300", 1_800_000_300.0),
        ("9" * 20, 2e9),
        ("1" * 5000, 2e9),
        ("5, 400", 400.0),
        ("400,5", 400.0),
        ("Fri, 15 Jan 2027 08:01:00 GMT, Fri, 15 Jan 2027 08:02:00 GMT", 120.0),
        ("7, Fri, 15 Jan 2027 08:01:00 GMT, 8", 60.0),
    ],
)
def test_retry_after_is_understood_as_seconds_fraction_or_date(value: str, seconds: float) -> None:
    """Each form of Retry-After gives its seconds from now, the longest of several; a date that has passed none."""
    assert parse_retry_after(value, START) == seconds


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", " ", "soon", "-1", "-0.5", "nan", "NaN", "inf", "-inf", "Infinity", "1e3", "1_000", "0x10"),
        *("5 s", "१२", "Fri, 99 Jan 2027 08:00:00 GMT", "32 Nov 99999"),
        *("Fri, 15 Foo 2027 08:01:00 GMT", "Fri, 15 Jan 2027 08:01:00 +9999999999", "\x00", "0 0 0 0 0"),
    ],
)
def test_retry_after_that_means_nothing_is_ignored(value: str | None) -> None:
    """A Retry-After that is neither seconds nor a date counts as none at all."""
    assert parse_retry_after(value, START) is None


@STEADY
@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,3} [A-Z][a-z]{2} [0-9]{1,6} [0-9:]{1,12} [-+A-Z0-9]*"))
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("1 jan")
def test_retry_after_never_fails_and_never_gives_nonsense(value: str) -> None:
    """Whatever a Retry-After holds, the wait is None or a finite number of seconds from 0."""
    seconds = parse_retry_after(value, START)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@STEADY
@given(st.integers(0, 999_999_999), st.integers(0, 999))
def test_retry_after_in_seconds_is_exact(whole: int, thousandths: int) -> None:
    """Seconds and thousandths of them come out as they went in."""
    assert parse_retry_after(f"{whole}.{thousandths:03}", START) == pytest.approx(whole + thousandths / 1000)


@STEADY
@given(st.integers(631_152_000, 7_258_118_400))
def test_retry_after_as_a_date_is_exact(moment: int) -> None:
    """A date gives the seconds that are left until it."""
    assert parse_retry_after(formatdate(moment, usegmt=True), START) == max(0.0, moment - START)


@STEADY
@given(st.integers(1, 5000), st.floats(0, 1), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_backoff_doubles_and_keeps_its_limit(
    attempt: int, chance: float, first: float, spread: float, cap: float
) -> None:
    """The wait after an attempt is the first delay doubled each time, plus chance, never above the limit."""
    policy = RetryPolicy(first_delay=first, random_delay=spread, max_wait=cap, random=lambda: chance)
    wait = policy.backoff(attempt)
    assert 0 <= wait <= cap
    if attempt <= 50:
        assert wait == min(cap, first * 2 ** (attempt - 1) + spread * chance)


def test_backoff_defaults_are_those_of_the_walkthrough() -> None:
    """By default: 4 attempts, 3 s doubling, up to 5 s of chance, no wait above 300 s."""
    lowest, highest = RetryPolicy(random=lambda: 0.0), RetryPolicy(random=lambda: 1.0)
    assert RetryPolicy().attempts == 4
    assert [lowest.backoff(attempt) for attempt in (1, 2, 3, 9)] == [3.0, 6.0, 12.0, 300.0]
    assert [highest.backoff(attempt) for attempt in (1, 2, 3)] == [8.0, 11.0, 17.0]


def test_backoff_is_not_the_same_for_all_clients() -> None:
    """Without a source of chance given, waits differ."""
    assert len({RetryPolicy().backoff(1) for _ in range(20)}) > 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_transient_statuses_are_retried_with_backoff(
    mock: RunningServer, connect: Connect, time: Time, status: int
) -> None:
    """429, 502, 503 and 504 without Retry-After are tried again after 3, 6 and 12 seconds."""
    mock.world.faults.replace([Fault(operation="user", status=status, first=3)])
    assert UserQuery(connect(mock), "jdoe@example.com").result() is not None
    assert time.slept == [3.0, 6.0, 12.0]


@pytest.mark.parametrize("status", [400, 403, 404, 500, 501])
def test_other_statuses_are_not_retried(wire: ScriptedServer, connect: Connect, time: Time, status: int) -> None:
    """What another try cannot mend is reported at once."""
    wire.answer = lambda _: Reply(status=status)
    with pytest.raises(UmapiError, match=str(status)):
        UserQuery(connect(wire), "a@example.com").result()
    assert (len(wire.seen), time.slept) == (1, [])


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("38", 38.0),
        ("2.5", 2.5),
        (formatdate(START + 90, usegmt=True), 90.0),
        (formatdate(START - 90, usegmt=True), 3.0),
        ("later", 3.0),
        ("-4", 3.0),
        ("nan", 3.0),
        ("inf", 3.0),
        ("", 3.0),
    ],
)
def test_retry_after_is_obeyed_and_junk_falls_back_to_backoff(
    mock: RunningServer, connect: Connect, time: Time, header: str, wait: float
) -> None:
    """The wait is what the service asks for; if that means nothing, the usual one."""
    mock.world.faults.replace([Fault(operation="user", status=429, retry_after=header, first=1)])
    UserQuery(connect(mock), "jdoe@example.com").result()
    assert time.slept == [wait]


def test_attempts_end_after_four(mock: RunningServer, connect: Connect, time: Time) -> None:
    """After four attempts the error says so, and there is no wait after the last."""
    mock.world.faults.replace([Fault(operation="user", status=503)])
    with pytest.raises(UnavailableError, match="after 4 attempts") as caught:
        UserQuery(connect(mock), "jdoe@example.com").result()
    assert (caught.value.status, time.slept) == (503, [3.0, 6.0, 12.0])
    assert mock.world.faults.as_list()[0]["matched"] == 4


@pytest.mark.parametrize("attempts", [1, 2, 7])
def test_attempts_can_be_set(mock: RunningServer, connect: Connect, time: Time, attempts: int) -> None:
    """`max_retries` is the number of times that a request is sent at most."""
    mock.world.faults.replace([Fault(operation="user", status=503, retry_after="1")])
    with pytest.raises(UnavailableError):
        UserQuery(connect(mock, max_retries=attempts), "jdoe@example.com").result()
    assert mock.world.faults.as_list()[0]["matched"] == attempts
    assert time.slept == [1.0] * (attempts - 1)


def test_wait_beyond_the_cap_says_when_to_come_back(mock: RunningServer, connect: Connect, time: Time) -> None:
    """A lockout of an hour ends the call at once, with the moment to return in message and fields."""
    mock.world.faults.replace([Fault(operation="user", status=429, retry_after="3600")])
    with pytest.raises(ThrottledError, match=r"come back in 3600 s, at Fri, 15 Jan 2027 09:00:00 GMT") as caught:
        UserQuery(connect(mock), "jdoe@example.com").result()
    assert (caught.value.retry_after, caught.value.retry_at, time.slept) == (3600.0, START + 3600, [])


@pytest.mark.parametrize(("cap", "asked", "waits"), [(300, "300", True), (300, "300.5", False), (4000, "3600", True)])
def test_cap_on_a_wait_is_exact_and_can_be_set(
    mock: RunningServer, connect: Connect, time: Time, cap: float, asked: str, waits: bool
) -> None:
    """A wait as long as `max_wait` is sat out, a longer one is not."""
    mock.world.faults.replace([Fault(operation="user", status=429, retry_after=asked, first=1)])
    query = UserQuery(connect(mock, max_wait=cap), "jdoe@example.com")
    with contextlib.nullcontext() if waits else pytest.raises(ThrottledError):
        query.result()
    assert bool(time.slept) == waits


def test_absurd_retry_after_of_the_mock_ends_the_call(mock: RunningServer, connect: Connect, time: Time) -> None:
    """A Retry-After of more years than a date can hold is longer than allowed, and breaks nothing."""
    mock.world.faults.replace([Fault(operation="user", status=429, retry_after="9" * 30)])
    with pytest.raises(ThrottledError) as caught:
        UserQuery(connect(mock), "jdoe@example.com").result()
    assert (caught.value.retry_after, time.slept) == (2e9, [])


def test_throttle_on_the_last_attempt_keeps_what_the_service_asked(mock: RunningServer, connect: Connect) -> None:
    """When attempts run out on 429, the last Retry-After is still told."""
    mock.world.faults.replace([Fault(operation="user", status=429, retry_after="10", body='{"error_code":"429050"}')])
    with pytest.raises(ThrottledError, match="come back in 10 s") as caught:
        UserQuery(connect(mock), "jdoe@example.com").result()
    assert (caught.value.retry_after, caught.value.retry_at, caught.value.code) == (10.0, START + 30 + 10, "429050")


def test_refused_connection_is_tried_again(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """A service that comes up while the SDK waits is reached, though its first connection was refused."""
    late = ScriptedServer(port=closed_port())
    late.answer = lambda _: Reply(body=FOUND)
    late.server_close()
    with contextlib.ExitStack() as stack:

        def come_up() -> None:
            if len(time.slept) == 2:
                again = ScriptedServer(port=late.server_address[1])
                again.answer = late.answer
                stack.enter_context(serving(again))

        time.during = come_up
        connection = connect(wire, endpoint=late.details.api_url)
        assert UserQuery(connection, "a@example.com").result() is not None
        assert time.slept == [3.0, 6.0]
        connection.close()


@pytest.mark.parametrize("send", ["query", "action"])
def test_connection_refused_to_the_end_was_not_sent(
    wire: ScriptedServer, connect: Connect, time: Time, send: str
) -> None:
    """Where nobody listens, the error is NotSentError after all attempts, for an action too, which stays queued."""
    connection = connect(wire, endpoint=f"http://127.0.0.1:{closed_port()}/v2/usermanagement")
    calls: dict[str, Callable[[], object]] = {
        "query": UserQuery(connection, "a@example.com").result,
        "action": lambda: connection.execute_single(new_user(), immediate=True),
    }
    with pytest.raises(NotSentError, match="in 4 attempts") as caught:
        calls[send]()
    assert time.slept == [3.0, 6.0, 12.0]
    assert connection.status()[0]["actions-queued"] == len(caught.value.outcomes) == (send == "action")


def test_cut_after_a_post_is_not_sent_again(mock: RunningServer, connect: Connect, time: Time) -> None:
    """A connection cut after an action was sent leaves its outcome unknown, and the action is sent no second time."""
    mock.world.faults.replace([Fault(operation="action", kind="drop", when="after")])
    connection = connect(mock)
    action = new_user()
    with pytest.raises(OutcomeUnknownError, match="may have taken effect") as caught:
        connection.execute_single(action, immediate=True)
    (outcome,) = caught.value.outcomes
    assert (outcome.status, action.outcome) == (OutcomeStatus.UNKNOWN, outcome)
    assert (time.slept, mock.world.faults.as_list()[0]["matched"]) == ([], 1)
    assert mock.world.organization().adobe_id("new@example.com") is not None
    assert connection.status()[0]["actions-queued"] == 0


def test_truncated_answer_to_a_post_is_unknown(wire: ScriptedServer, connect: Connect) -> None:
    """An answer that breaks off tells nothing of the actions, which may have taken effect."""
    wire.answer = lambda _: Reply(body=b'{"completed": 1, "not', missing=50)
    with pytest.raises(OutcomeUnknownError) as caught:
        connect(wire).execute_single(new_user(), immediate=True)
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.UNKNOWN]
    assert len(wire.seen) == 1


def test_cut_in_test_mode_is_tried_again(mock: RunningServer, connect: Connect, time: Time) -> None:
    """In test mode an action changes nothing, so that a cut connection is no reason to stop."""
    mock.world.faults.replace([Fault(operation="action", kind="drop", when="after", first=2)])
    done = connect(mock, test_mode=True).execute_single(new_user(), immediate=True)
    assert (done.completed, time.slept) == (1, [3.0, 6.0])


def test_cut_on_a_get_is_tried_again(mock: RunningServer, connect: Connect, time: Time) -> None:
    """A query whose connection is cut is asked again; the first time, on a kept connection, without a wait."""
    mock.world.faults.replace([Fault(operation="user", kind="drop", first=3)])
    assert UserQuery(connect(mock), "jdoe@example.com").result() is not None
    assert time.slept == [3.0, 6.0]


def test_cut_on_a_get_to_the_end_is_an_error(mock: RunningServer, connect: Connect) -> None:
    """A query that is cut at every attempt ends in an error that counts them."""
    mock.world.faults.replace([Fault(operation="user", kind="drop")])
    with pytest.raises(OutcomeUnknownError, match="in 4 attempts"):
        UserQuery(connect(mock), "jdoe@example.com").result()


def test_cut_on_a_token_request_is_tried_again(mock: RunningServer, connect: Connect, time: Time) -> None:
    """A token request does no harm twice, so that a cut one is repeated."""
    mock.world.faults.replace([Fault(operation="token", kind="drop", when="after", first=2)])
    assert connect(mock).execute_single(new_user(), immediate=True).completed == 1
    assert time.slept == [3.0, 6.0]


def test_token_that_cannot_be_had_leaves_the_action_unsent(mock: RunningServer, connect: Connect) -> None:
    """When the token request fails to the end, the action was not sent and waits in the queue."""
    mock.world.faults.replace([Fault(operation="token", kind="drop")])
    connection = connect(mock)
    with pytest.raises(NotSentError, match="no access token") as caught:
        connection.execute_single(new_user(), immediate=True)
    assert "may have taken effect" not in str(caught.value)
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.NOT_SENT]
    mock.world.faults.replace([])
    assert connection.execute_queued().completed == 1


def test_throttled_token_host_is_retried_too(mock: RunningServer, connect: Connect, time: Time) -> None:
    """The token host's Retry-After counts like the service's."""
    mock.world.faults.replace([Fault(operation="token", status=429, retry_after="7", first=1)])
    assert UserQuery(connect(mock), "jdoe@example.com").result() is not None
    assert time.slept == [7.0]


def test_gateway_error_on_a_post_says_that_it_may_be_a_repetition(wire: ScriptedServer, connect: Connect) -> None:
    """After a 502, an action that then completes is marked as perhaps done twice."""
    wire.replies.append(Reply(status=502))
    wire.answer = all_good
    (outcome,) = connect(wire).execute_single(new_user(), immediate=True).outcomes
    assert (outcome.status, outcome.maybe_repeated) == (OutcomeStatus.COMPLETED, True)


@pytest.mark.parametrize(("status", "repeated"), [(429, False), (502, True), (503, True), (504, True)])
def test_a_post_sent_again_after_a_5xx_says_so(
    wire: ScriptedServer, connect: Connect, status: int, repeated: bool
) -> None:
    """After a 429 nothing can have been done twice; after a 5xx it can, and the outcome says so."""
    wire.replies += [Reply(status=status)]
    wire.answer = all_good
    (outcome,) = connect(wire).execute_single(new_user(), immediate=True).outcomes
    assert (outcome.status, outcome.maybe_repeated) == (OutcomeStatus.COMPLETED, repeated)


@pytest.mark.parametrize(
    ("replies", "status"),
    [
        ([502, 502, 502, 502], OutcomeStatus.UNKNOWN),
        ([504, 503, 503, 503], OutcomeStatus.UNKNOWN),
        ([503, 503, 503, 503], OutcomeStatus.NOT_SENT),
        ([429, 429, 429, 429], OutcomeStatus.NOT_SENT),
        ([502, 429, 429, 429], OutcomeStatus.UNKNOWN),
    ],
)
def test_action_after_all_attempts_failed(
    wire: ScriptedServer, connect: Connect, replies: list[int], status: OutcomeStatus
) -> None:
    """An action is still queued only if no answer leaves open whether it took effect."""
    wire.replies += [Reply(status=code) for code in replies]
    connection = connect(wire)
    with pytest.raises((UnavailableError, ThrottledError)) as caught:
        connection.execute_single(new_user(), immediate=True)
    assert [outcome.status for outcome in caught.value.outcomes] == [status]
    assert connection.status()[0]["actions-queued"] == (status is OutcomeStatus.NOT_SENT)
    unclear = getattr(caught.value, "may_have_been_applied", status is OutcomeStatus.UNKNOWN)
    assert unclear == (status is OutcomeStatus.UNKNOWN)


def test_service_that_goes_away_after_a_gateway_error_leaves_it_open(
    wire: ScriptedServer, connect: Connect, time: Time
) -> None:
    """When nobody listens any more after a 502, the error does not say that the request was not sent."""
    wire.replies.append(Reply(status=502, headers={"Connection": "close"}))
    time.during = lambda: None if len(time.slept) > 1 else wire.close_down()
    with pytest.raises(OutcomeUnknownError, match=r"in 4 attempts, and the request may have taken effect") as caught:
        connect(wire).execute_single(new_user(), immediate=True)
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.UNKNOWN]


def test_words_of_a_busy_service_are_told(wire: ScriptedServer, connect: Connect) -> None:
    """What the service or a gateway says with its 503 stands in the error, with its code."""
    wire.answer = lambda _: Reply(status=503, body={"error_code": "503004", "message": "Planned maintenance"})
    with pytest.raises(UnavailableError, match="Planned maintenance, after 4 attempts") as caught:
        UserQuery(connect(wire), "a@b.c").result()
    assert caught.value.code == "503004"


def test_cut_after_a_gateway_error_is_unknown(wire: ScriptedServer, connect: Connect) -> None:
    """A refused token after a 502 does not make the action unsent."""
    wire.replies += [Reply(status=502), Reply(status=401)]
    wire.token_replies += [
        Reply(body={"access_token": "one", "token_type": "bearer", "expires_in": 86399}),
        Reply(status=400, body={"error": "invalid_client", "error_description": "invalid client_secret parameter"}),
    ]
    with pytest.raises(AuthenticationError) as caught:
        connect(wire).execute_single(new_user(), immediate=True)
    assert [outcome.status for outcome in caught.value.outcomes] == [OutcomeStatus.UNKNOWN]


@pytest.mark.parametrize("options", [{"attempts": 0}, {"first_delay": -1}, {"max_wait": -1}, {"max_wait": math.nan}])
def test_policy_that_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    """A policy needs one attempt at least, and no negative waits."""
    with pytest.raises(ValueError, match="must be"):
        steady_policy(**options)


@pytest.mark.parametrize("asked", ["0", "0.2", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_wait_of_nothing_is_the_usual_wait(wire: ScriptedServer, connect: Connect, time: Time, asked: str) -> None:
    """A Retry-After that asks for no wait does not let attempts follow each other at once."""
    wire.replies += [Reply(status=503, headers={"Retry-After": asked})] * 3
    wire.answer = all_good
    assert connect(wire).execute_single(new_user(), immediate=True).completed == 1
    assert time.slept == [3.0, 6.0, 12.0]


@pytest.mark.parametrize("skew", [-86_400, -600, 600, 86_400])
def test_date_of_retry_after_is_read_by_the_clock_of_the_answer(
    wire: ScriptedServer, connect: Connect, time: Time, skew: int
) -> None:
    """A date to come back at is as far off as the answer's own Date says, however wrong this machine's clock is."""
    headers = {"Date": formatdate(START + skew, usegmt=True), "Retry-After": formatdate(START + skew + 38, usegmt=True)}
    wire.replies.append(Reply(status=429, headers=headers))
    wire.answer = all_good
    assert connect(wire).execute_single(new_user(), immediate=True).completed == 1
    assert time.slept == [38.0]


@pytest.mark.parametrize("asked", ["99999999999999999999", "1800000300", "9" * 5000])
def test_wait_that_makes_no_sense_is_longer_than_allowed(
    wire: ScriptedServer, connect: Connect, time: Time, asked: str
) -> None:
    """A Retry-After of decades, as from a unit mistaken, ends the call: the service is not asked again in seconds."""
    wire.answer = lambda _: Reply(status=429, headers={"Retry-After": asked})
    with pytest.raises(ThrottledError, match=r"come back in \d{10} s, at \w{3}, \d\d \w{3} 20") as caught:
        UserQuery(connect(wire), "a@b.c").result()
    assert (len(wire.seen), time.slept) == (1, [])
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 1e9
