"""Keeping under the throttle limits: never too many requests in a window, and no wait that is not needed."""

from __future__ import annotations

import asyncio
import gc
import pickle
import threading
from collections.abc import Callable, Iterable, Sequence
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sdk_kit import (
    ORG_ID,
    START,
    STEADY,
    Reply,
    ScriptedServer,
    Time,
    action_answer,
    all_good,
    credentials_for,
    steady_policy,
)

from umapi_harness.mock import Settings, VirtualClock
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_harness.mock.settings import PROFILES
from umapi_models.operations import ACTION, GROUPS, USER, Operation
from umapi_sdk import (
    Connection,
    OutcomeStatus,
    ServicePrincipalAuth,
    ThrottledError,
    UnavailableError,
    UserAction,
    UserQuery,
)
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.calls import Service, exchange
from umapi_sdk.messages import Consult, Request, Sleep, TransportError
from umapi_sdk.pacing import Pacer, Place, ServicePaces, least_time
from umapi_sdk.verdicts import Attempts
from umapi_sdk.waits import Cause, Waited

Connect = Callable[..., Connection]


def most_in_a_window(moments: Sequence[float], period: float) -> int:
    """The largest number of moments that lie within one period."""
    return max(sum(start <= moment < start + period for moment in moments) for start in moments)


def places(pacer: Pacer, operation: Operation, moments: Iterable[float]) -> list[float]:
    """Ask for a place at each moment, and wait for it; answers come at once; return the waits."""
    waits: list[float] = []
    for moment in moments:
        now = moment
        while not isinstance(found := pacer.take(operation, now), Place):
            assert found > 0
            now += found
        pacer.arrived(found, now)
        waits.append(now - moment)
    return waits


@STEADY
@given(
    st.integers(1, 30),
    st.integers(1, 40),
    st.floats(1, 100),
    st.lists(st.tuples(st.floats(0, 50), st.booleans()), min_size=1, max_size=120),
)
def test_no_window_holds_too_many_and_no_wait_is_needless(
    limit: int, overall: int, period: float, gaps: list[tuple[float, bool]]
) -> None:
    """In any window at most `limit` requests of a client and `overall` of both go out, as soon as that allows."""
    operation = Operation(name="o", method="GET", path="/", per_client=limit, overall=overall, period=period)
    paces = ServicePaces()
    one, other = Pacer("one", paces), Pacer("other", paces)
    now = START
    sent: dict[Pacer | None, list[float]] = {one: [], other: [], None: []}
    for gap, turn in gaps:
        now += gap
        pacer = one if turn else other
        (wait,) = places(pacer, operation, [now])
        full = [
            moments[-most] for moments, most in ((sent[pacer], limit), (sent[None], overall)) if len(moments) >= most
        ]
        assert wait == pytest.approx(max([0.0, *(moment + period - now for moment in full)]), abs=1e-5)
        now += wait
        for moments in (sent[pacer], sent[None]):
            moments.append(now)
    for moments, most in ((sent[one], limit), (sent[other], limit), (sent[None], overall)):
        for first, beyond in zip(moments, moments[most:], strict=False):
            assert beyond - first >= period - 1e-5


def test_first_requests_of_a_window_go_at_once() -> None:
    """Ten actions go without a wait, the eleventh waits for the rest of the minute."""
    assert places(Pacer("c"), ACTION, [START + second for second in range(11)]) == [0.0] * 10 + [50.0]


def test_operations_have_windows_of_their_own() -> None:
    """Full windows of one operation do not hold up another."""
    pacer = Pacer("c")
    assert places(pacer, ACTION, [START] * 11) == [0.0] * 10 + [60.0]
    assert places(pacer, GROUPS, [START]) == [0.0]


def test_place_that_was_not_used_is_free_again() -> None:
    """A request that was not sent after all leaves its place to the next."""
    pacer = Pacer("c")
    taken = [pacer.take(ACTION, START) for _ in range(10)]
    assert pacer.take(ACTION, START) == 61.0
    assert isinstance(taken[3], Place)
    pacer.give_back(taken[3])
    assert isinstance(pacer.take(ACTION, START), Place)
    assert pacer.take(ACTION, START) == 61.0


@pytest.mark.parametrize(("answered", "counts"), [(0.4, 0.4), (30.0, 1.0)], ids=["fast", "slow"])
def test_request_counts_from_when_it_can_have_arrived(answered: float, counts: float) -> None:
    """The service counts a request when it arrives: with its answer at the latest, or a second after it was sent."""
    pacer = Pacer("c")
    taken = [pacer.take(ACTION, START) for _ in range(10)]
    for place in taken:
        assert isinstance(place, Place)
        pacer.arrived(place, START + answered)
    assert pacer.take(ACTION, START + 60) == pytest.approx(counts)
    assert isinstance(pacer.take(ACTION, START + 60 + counts), Place)


@pytest.mark.parametrize("answered", [None, 61.5], ids=["never", "after the window"])
def test_request_without_an_answer_counts_from_its_latest_arrival(answered: float | None) -> None:
    """What is still under way after a minute, or was given up, may have arrived up to a second after it was sent."""
    pacer = Pacer("c")
    taken = [pacer.take(ACTION, START) for _ in range(10)]
    assert pacer.take(ACTION, START + 60) == pytest.approx(1.0)
    for place in taken if answered is not None else ():
        assert isinstance(place, Place)
        pacer.arrived(place, START + (answered or 0))
    assert isinstance(pacer.take(ACTION, START + 61), Place)


def test_windows_that_nobody_needs_are_dropped() -> None:
    """The windows of thousands of clients take no memory once they are over."""
    paces = ServicePaces()
    for number in range(20_000):
        Pacer(f"client {number}", paces).take(ACTION, START + number)
    windows: dict[object, object] = vars(paces)["_windows"]
    assert len(windows) < 2_000


def test_threads_keep_the_limit_together() -> None:
    """Places that 8 threads ask for at one moment are as many as one thread would get."""
    pacer = Pacer("c")
    found: list[Place | float] = []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(10):
            found.append(pacer.take(USER, START))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(each, Place) for each in found) == 25
    assert {each for each in found if not isinstance(each, Place)} == {61.0}


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
    """Who takes a place with an earlier reading than the one before waits one window and a request's way, not more."""
    operation = Operation(name="o", method="GET", path="/", per_client=1, overall=None, period=60.0)
    pacer = Pacer("c")
    assert isinstance(pacer.take(operation, 10.0), Place)
    assert pacer.take(operation, second) == 61.0


def test_pacing_does_not_read_the_clock_of_the_day(wire: ScriptedServer) -> None:
    """With the clocks of the machine, windows are kept by the one that nobody can set."""
    wire.answer = all_good
    slept: list[float] = []
    auth = ServicePrincipalAuth(wire.details.client_id, wire.details.client_secret, wire.url)
    with Connection(ORG_ID, auth, endpoint=wire.details.api_url, pacing=True, sleep=slept.append) as connection:
        for number in range(10):
            connection.execute_single(UserAction("jdoe@example.com").update(first_name=str(number)), immediate=True)
        pacer = connection.service.pacer
        assert pacer is not None
        assert pacer.take(ACTION, monotonic()) == pytest.approx(60, abs=30)
        connection.execute_single(UserAction("jdoe@example.com").update(first_name="x"), immediate=True)
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


@pytest.mark.parametrize("shared", ["one Auth", "one client id", "one after the other"])
def test_connections_of_one_client_share_the_windows(
    wire: ScriptedServer, connect: Connect, time: Time, shared: str
) -> None:
    """Connections of one client id keep its limit together, whatever objects they have; another has its own."""
    auth = credentials_for(wire.details)
    wire.answer = all_good
    for number in range(12):
        own = auth if shared == "one Auth" else credentials_for(wire.details)
        connection = connect(wire, auth=own, pacing=True)
        connection.execute_single(UserAction("a@example.com").update(first_name=str(number)), immediate=True)
        if shared == "one after the other":
            connection.close()
            del own, connection
            gc.collect()
    assert time.slept == [60.0]
    other = ServicePrincipalAuth("another-client", "secret", wire.url)
    connect(wire, auth=other, pacing=True).execute_single(UserAction("a@example.com").update(first_name="z"), True)
    assert time.slept == [60.0]


def test_a_host_in_other_words_has_the_same_windows(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """Letter case, and a port that is the usual one, make no other service of a host."""
    auth = ServicePrincipalAuth("one-client", "secret", wire.url)
    spelled = ("https://service.example/v2", "https://SERVICE.example:443/v2")
    pacers = [
        Connection("1@AdobeOrg", auth, endpoint=endpoint, pacing=True, clock=time.clock).service.pacer
        for endpoint in spelled
    ]
    assert pacers[0] is not None
    assert pacers[0] == pacers[1]


def test_a_lockout_that_began_while_nobody_told_of_the_windows_is_kept(time: Time) -> None:
    """After a Redis that was away a request asks from the beginning, for another may have been locked out meanwhile."""

    class Away:
        """Windows that are not to be reached at first."""

        asked = 0

        def held(self, _: Operation) -> float:
            return 0.0

        def take(self, _: Operation) -> float:
            self.asked += 1
            if self.asked == 1:
                raise TransportError("it is away", sent=False)
            return 0.0

        def hold(self, _: Operation, __: float) -> float:
            return 0.0

        def release(self, _: Operation) -> float:
            return 0.0

        def close(self) -> None:
            pass

    pacer = Pacer("c")
    service = Service(
        endpoint="https://s.example", org_id="1@O", retry=steady_policy(), pacer=pacer, headers={}, shared=Away()
    )
    request = Request(method="POST", url="https://s.example/action", headers={})
    call = exchange(service, request, Attempts(repeatable=False), ACTION)

    def drive() -> None:
        message = next(call)
        while not isinstance(message, Request):
            try:
                answer = message.question() if isinstance(message, Consult) else time.clock()
            except TransportError as error:
                message = call.throw(error)
                continue
            if isinstance(message, Sleep):
                pacer.hold(ACTION, time.clock(), 1800)
            message = call.send(None if isinstance(message, Sleep) else answer)

    with pytest.raises(ThrottledError, match="come back in"):
        drive()


def test_clients_keep_the_limit_of_all_together(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """Eleven clients of one process, each within its own limit, stay within the one for all clients."""
    wire.answer = all_good
    for client in range(11):
        auth = ServicePrincipalAuth(f"client-{client}", "secret", wire.url)
        connection = connect(wire, auth=auth, pacing=True)
        for number in range(10):
            connection.execute_single(UserAction("a@example.com").update(first_name=str(number)), immediate=True)
    assert time.slept == [60.0]


def test_call_that_waits_for_its_turn_hears_of_a_lockout(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """Who waits for the window when another is locked out does not send into the lockout, nor all at once after it."""
    auth = credentials_for(wire.details)
    one, other = (connect(wire, auth=auth, pacing=True, max_retries=1) for _ in range(2))
    wire.answer = all_good
    for number in range(10):
        one.execute_single(UserAction("a@example.com").update(first_name=str(number)), immediate=True)
    pacer = other.service.pacer
    assert pacer is not None
    waits = iter([lambda: pacer.hold(ACTION, time.clock(), 200.0), lambda: None])
    time.during = lambda: next(waits)()  # noqa: PLW0108 - another function each time
    other.execute_single(UserAction("b@example.com").update(first_name="x"), immediate=True)
    assert time.slept == [60.0, 200.0]


class Wave:
    """A clock for several threads that stands still until all of them wait, and then goes to the end of the first."""

    def __init__(self, threads: int) -> None:
        self.source = VirtualClock(START, frozen=True)
        self._changed = threading.Condition()
        self._running = threads
        self._ends: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Wait for the others to wait too."""
        with self._changed:
            end = self.source.now() + seconds
            self._ends.append(end)
            self._running -= 1
            self._go_on()
            self._changed.wait_for(lambda: self.source.now() >= end)

    def stop(self) -> None:
        """Wait no more: a thread has finished."""
        with self._changed:
            self._running -= 1
            self._go_on()

    def _go_on(self) -> None:
        if self._running == 0 and self._ends:
            self.source.advance(min(self._ends) - self.source.now())
            now = self.source.now()
            self._running = sum(end <= now for end in self._ends)
            self._ends = [end for end in self._ends if end > now]
            self._changed.notify_all()


@pytest.mark.parametrize("profile", ["documented", "live"])
def test_threads_and_connections_get_no_429(profile: str) -> None:
    """Six threads with a connection each, on one credential: no 429, and no more time than one of them would take."""
    threads, requests = 6, 12
    wave = Wave(threads)
    with running_server(clock=wave.source, settings=PROFILES[profile]().changed({"throttle": True})) as server:
        failures: list[BaseException] = []

        def work(person: int) -> None:
            try:
                details = server.details
                auth = ServicePrincipalAuth(details.client_id, details.client_secret, details.ims_url)
                with Connection(
                    details.org_id,
                    auth,
                    endpoint=details.api_url,
                    pacing=True,
                    sleep=wave.sleep,
                    clock=wave.source.now,
                ) as connection:
                    for number in range(requests):
                        action = UserAction("jdoe@example.com").update(first_name=f"{person} {number}")
                        connection.execute_single(action, immediate=True)
            except BaseException as error:  # noqa: BLE001 - told at the end
                failures.append(error)
            finally:
                wave.stop()

        running = [threading.Thread(target=work, args=(person,)) for person in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join(120)
        statuses = [entry["status"] for entry in server.world.journal.as_list() if entry["operation"] == "action"]
    assert failures == []
    assert statuses == [200] * threads * requests
    assert wave.source.now() - START == pytest.approx(least_time(ACTION, threads * requests))


def test_sums_of_waits_are_told(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """A call that gives up says how long it had waited in all, and a connection how long all calls have, for what."""
    connection = connect(wire, pacing=True)
    wire.answer = all_good
    for number in range(11):
        connection.execute_single(UserAction("a@example.com").update(first_name=str(number)), immediate=True)
    assert connection.waited == Waited(60.0, 1, {Cause.LIMIT: 60.0})
    wire.replies += [Reply(status=429, headers={"Retry-After": "200"}), Reply(status=503)]
    wire.replies += [Reply(status=429, headers={"Retry-After": "1800"})]
    with pytest.raises(ThrottledError, match=r"waited 206 s in 2 waits") as caught:
        connection.execute_single(UserAction("a@example.com").update(first_name="x"), immediate=True)
    assert caught.value.waited == Waited(206.0, 2, {Cause.SERVICE: 206.0})
    assert pickle.loads(pickle.dumps(caught.value)).waited == caught.value.waited
    assert connection.waited == Waited(266.0, 3, {Cause.LIMIT: 60.0, Cause.SERVICE: 206.0})
    assert sum(time.slept) == connection.waited.seconds
    with pytest.raises(ThrottledError) as caught:
        connection.execute_queued()
    assert caught.value.waited == Waited()
    assert "waited" not in str(caught.value)
    connection.take_queued()


def test_waits_for_a_token_count_for_the_call(wire: ScriptedServer, connect: Connect, time: Time) -> None:
    """The waits of a token request belong to the call that needed the token."""
    wire.token_replies += [Reply(status=503)] * 4
    connection = connect(wire, pacing=True)
    with pytest.raises(UnavailableError, match=r"waited 21 s in 3 waits"):
        UserQuery(connection, "a@example.com").result()
    assert connection.waited == Waited(21.0, 3, {Cause.SERVICE: 21.0})
    assert time.slept == [3.0, 6.0, 12.0]


def test_sums_of_waits_are_told_by_async_connections(wire: ScriptedServer, time: Time) -> None:
    """An async connection counts its waits, those of a call and those of all, as a blocking one does."""

    async def work() -> None:
        async with AsyncConnection(
            ORG_ID,
            credentials_for(wire.details),
            endpoint=wire.details.api_url,
            retry=steady_policy(),
            sleep=time.sleep_async,
            clock=time.clock,
        ) as connection:
            wire.replies += [Reply(status=503), Reply(status=429, headers={"Retry-After": "1800"})] * 2
            for _ in range(2):
                with pytest.raises(ThrottledError) as caught:
                    await connection.user("a@example.com")
                assert caught.value.waited == Waited(3.0, 1, {Cause.SERVICE: 3.0})
            assert connection.waited == Waited(6.0, 2, {Cause.SERVICE: 6.0})

    asyncio.run(work())
    assert time.slept == [3.0, 3.0]
