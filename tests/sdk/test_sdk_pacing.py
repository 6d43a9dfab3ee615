"""Keeping under the throttle limits: never too many requests in a window, and no wait that is not needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import ORG_ID, START, STEADY, Reply, ScriptedServer, Time, action_answer, all_good, credentials_for

from umapi_harness.mock import Settings
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_models.operations import ACTION, GROUPS, STATUS, USER, Operation
from umapi_sdk import (
    Connection,
    OutcomeStatus,
    ServicePrincipalAuth,
    ThrottledError,
    UnavailableError,
    UserAction,
    UserQuery,
)
from umapi_sdk.pacing import Pacer

Connect = Callable[..., Connection]


def most_in_a_window(moments: Sequence[float], period: float) -> int:
    """The largest number of moments that lie within one period."""
    return max(sum(start <= moment < start + period for moment in moments) for start in moments)


@STEADY
@given(
    st.integers(1, 30),
    st.floats(1, 100),
    st.lists(st.floats(0, 50), min_size=1, max_size=120),
)
def test_no_window_holds_too_many_and_no_wait_is_needless(limit: int, period: float, gaps: list[float]) -> None:
    """In any window at most `limit` requests go out, each as soon as the window allows, in the order asked for."""
    operation = Operation(name="o", method="GET", path="/", per_client=limit, overall=None, period=period)
    pacer = Pacer()
    now = START
    sent: list[float] = []
    for gap in gaps:
        now += gap
        wait = pacer.reserve(operation, now)
        assert wait >= 0
        if wait > 0:
            assert now + wait == pytest.approx(sent[-limit] + period)
        sent.append(now + wait)
    assert all(before <= after + 1e-6 for before, after in pairwise(sent))
    for first, beyond in zip(sent, sent[limit:], strict=False):
        assert beyond - first >= period - 1e-6


def test_first_requests_of_a_window_go_at_once() -> None:
    """Ten actions go without a wait, the eleventh waits for the rest of the minute."""
    pacer = Pacer()
    assert [pacer.reserve(ACTION, START + second) for second in range(11)] == [0.0] * 10 + [50.0]


def test_operations_have_windows_of_their_own() -> None:
    """Full windows of one operation do not hold up another, and what is not throttled never waits."""
    pacer = Pacer()
    for _ in range(10):
        pacer.reserve(ACTION, START)
    assert pacer.reserve(ACTION, START) == 60.0
    assert pacer.reserve(GROUPS, START) == 0.0
    assert [pacer.reserve(STATUS, START) for _ in range(100)] == [0.0] * 100


def test_threads_keep_the_limit_together() -> None:
    """Places that 8 threads ask for at one moment are as many in each window as one thread would get."""
    pacer = Pacer()
    waits: list[float] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(10):
            waits.append(pacer.reserve(USER, START))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [60.0 * (number // 25) for number in range(80)]


def test_paced_connection_is_never_throttled(mock: RunningServer, connect: Connect, time: Time) -> None:
    """Against a service that throttles, 60 queries and 25 requests with actions go through without one 429."""
    mock.world.settings = Settings(throttle=True)
    connection = connect(mock, pacing=True)
    for number in range(60):
        UserQuery(connection, f"user{number}@example.com").result()
    assert time.slept == [60.0, 60.0]
    for number in range(25):
        connection.execute_single(UserAction("jdoe@example.com").update(first_name=str(number)), immediate=True)
    assert time.slept == [60.0] * 4
    statuses = [entry["status"] for entry in mock.world.journal.as_list()]
    assert (len(statuses), 429 in statuses) == (86, False)


def test_unpaced_connection_is_throttled(mock: RunningServer, connect: Connect, time: Time) -> None:
    """Without pacing the service's own Retry-After sets the wait."""
    mock.world.settings = Settings(throttle=True)
    connection = connect(mock, pacing=False)
    for _ in range(26):
        UserQuery(connection, "jdoe@example.com").result()
    assert time.slept == [60.0]


def test_repeated_attempts_count_in_the_window(mock: RunningServer, connect: Connect, time: Time) -> None:
    """A request that is tried again takes a place for each attempt, so that retries cannot break the limit."""
    mock.world.faults.replace([Fault(operation="action", status=503, retry_after="1")])
    connection = connect(mock, pacing=True)
    connection.execute_single(UserAction("jdoe@example.com").update(first_name="x"))
    for _ in range(6):
        with pytest.raises(UnavailableError):
            connection.execute_queued()
    moments = [entry["time"] for entry in mock.world.journal.as_list() if entry["operation"] == "action"]
    assert len(moments) == 24
    assert most_in_a_window(moments, ACTION.period) <= 10


def test_lockout_is_reported_not_sat_out(mock: RunningServer, connect: Connect, time: Time) -> None:
    """A lockout of half an hour, as seen live, ends the call with the time to come back."""
    mock.world.settings = Settings(throttle=True, lockout_seconds=1800)
    connection = connect(mock, pacing=False)
    for _ in range(25):
        UserQuery(connection, "jdoe@example.com").result()
    with pytest.raises(ThrottledError) as caught:
        UserQuery(connection, "jdoe@example.com").result()
    assert (caught.value.retry_after, caught.value.retry_at, time.slept) == (1800.0, START + 1800, [])


@pytest.mark.parametrize(
    ("endpoint", "pacing", "paced"),
    [
        ("https://usermanagement.adobe.io/v2/usermanagement", None, True),
        ("https://usermanagement.adobe.io/v2/usermanagement", False, False),
        ("https://localhost/v2/usermanagement", None, False),
        ("https://localhost/v2/usermanagement", True, True),
    ],
)
def test_pacing_is_for_adobes_host_unless_said(
    mock: RunningServer, connect: Connect, endpoint: str, pacing: bool | None, paced: bool
) -> None:
    """By default Adobe's host is paced and any other is not."""
    connection = connect(mock, endpoint=endpoint, pacing=pacing)
    assert (connection.service.pacer is not None) == paced


def test_clock_that_is_set_back_does_not_stretch_a_wait(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """An hour less on the clock in the middle of a run makes no wait longer than the window."""
    wire.answer = all_good
    connection = connect(wire, pacing=True)
    for number in range(25):
        if number == 5:
            time.source.advance(-3600)
        connection.execute_single(UserAction("jdoe@example.com").update(first_name=str(number)), immediate=True)
    assert time.slept == [60.0, 60.0]


@pytest.mark.parametrize(
    "second", [9.5, 5.0], ids=["of two threads in the wrong order", "of a clock that was set back"]
)
def test_reading_from_the_past_makes_no_longer_wait(second: float) -> None:
    """Who takes a place with an earlier reading than the one before waits one window, not more."""
    operation = Operation(name="o", method="GET", path="/", per_client=1, overall=None, period=60.0)
    pacer = Pacer()
    assert pacer.reserve(operation, 10.0) == 0.0
    assert pacer.reserve(operation, second) == 60.0


def test_lockout_is_no_longer_when_the_clock_is_set_back() -> None:
    """An hour less on the clock in the middle of a lockout of half an hour leaves as much of it as there was."""
    pacer = Pacer()
    assert pacer.held(USER, START) == 0.0
    pacer.hold(USER, START, 1800)
    assert pacer.held(USER, START + 600) == 1200.0
    assert pacer.held(USER, START + 600 - 3600) == 1200.0
    assert pacer.reserve(USER, START + 1000 - 3600) == 800.0
    assert pacer.held(USER, START + 1801 - 3600) == 0.0


def test_nobody_is_held_for_longer_than_an_hour() -> None:
    """A lockout of a day, which may be a mistake, is tried again after the longest that has been seen."""
    pacer = Pacer()
    pacer.hold(USER, START, 86_400)
    assert pacer.held(USER, START) == 3600.0
    assert pacer.held(GROUPS, START) == 0.0


def test_pacing_does_not_read_the_clock_of_the_day(wire: ScriptedServer) -> None:
    """With the clocks of the machine, windows are kept by the one that nobody can set."""
    wire.answer = all_good
    slept: list[float] = []
    auth = ServicePrincipalAuth(wire.details.client_id, wire.details.client_secret, wire.url)
    with Connection(ORG_ID, auth, endpoint=wire.details.api_url, pacing=True, sleep=slept.append) as connection:
        action = [UserAction("jdoe@example.com").update(first_name=str(number)) for number in range(11)]
        for each in action:
            connection.execute_single(each, immediate=True)
        pacer = connection.service.pacer
        assert pacer is not None
        assert pacer.reserve(ACTION, monotonic()) == pytest.approx(60, abs=30)
    assert slept == [pytest.approx(60, abs=30)]


def test_429_holds_all_who_share_the_credentials(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """After a 429 every connection of the same Auth waits for that operation, and for no other."""
    auth = credentials_for(wire.details)
    one, other = (connect(wire, auth=auth, pacing=True, max_retries=1) for _ in range(2))
    wire.replies.append(Reply(status=429, headers={"Retry-After": "200"}))
    wire.answer = lambda _: Reply(status=404, body={"result": "error.user.not_found"})
    with pytest.raises(ThrottledError):
        UserQuery(one, "a@example.com").result()
    wire.replies.append(Reply(body=action_answer(1)))
    other.execute_single(UserAction("b@example.com").add_adobe_id(), immediate=True)
    assert time.slept == []
    UserQuery(other, "a@example.com").result()
    assert time.slept == [200.0]


def test_lockout_is_told_to_the_other_connections_without_asking(
    wire: ScriptedServer, connect: Connect, time: Time
) -> None:
    """While a lockout lasts that is too long to wait for, no request is sent into it, and actions stay queued."""
    auth = credentials_for(wire.details)
    one, other = (connect(wire, auth=auth, pacing=True) for _ in range(2))
    wire.replies.append(Reply(status=429, headers={"Retry-After": "1800"}))
    wire.answer = all_good
    for connection in (one, other):
        with pytest.raises(ThrottledError, match="come back in 1800 s") as caught:
            connection.execute_single(UserAction("b@example.com").add_adobe_id(), immediate=True)
        assert (caught.value.retry_after, caught.value.retry_at) == (1800.0, START + 1800)
        assert [each.status for each in caught.value.outcomes] == [OutcomeStatus.NOT_SENT]
    assert len(wire.seen) == 1
    time.source.advance(1801)
    assert other.execute_queued().completed == 1


def test_connections_that_share_credentials_share_the_windows(
    wire: ScriptedServer, connect: Connect, time: Time
) -> None:
    """Two connections of one Auth keep the limit together; those of another Auth have their own."""
    auth = credentials_for(wire.details)
    wire.answer = all_good
    for number in range(12):
        connection = connect(wire, auth=auth, pacing=True)
        connection.execute_single(UserAction("a@example.com").update(first_name=str(number)), immediate=True)
    connect(wire, pacing=True).execute_single(UserAction("a@example.com").update(first_name="z"), immediate=True)
    assert time.slept == [60.0]
