"""Throttle windows that processes share through Redis, on a redis-server that the tests start themselves."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from redis_kit import MISSING, PASSWORD, PROGRAM, QUOTED, RedisServer
from sdk_kit import ORG_ID, Reply, ScriptedServer, all_good, credentials_for, steady_policy

from umapi_harness.mock import Settings
from umapi_harness.mock.api.throttles import LIMITS, Limit, Throttles
from umapi_harness.mock.serving.server import RunningServer, running_server
from umapi_models.operations import ACTION, GROUPS
from umapi_sdk import (
    ConfigurationError,
    Connection,
    NotSentError,
    OutcomeStatus,
    ServicePrincipalAuth,
    ThrottledError,
    UserAction,
    UserQuery,
)
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.bulk import BulkRun, Ending
from umapi_sdk.redis_windows import RedisWindows

SHORT = replace(ACTION, period=1.0)  # whose windows here are of two seconds
NAMES = iter(range(1_000_000))


@pytest.fixture(scope="module")
def _redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if PROGRAM is None:
        pytest.skip(MISSING)
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis(_redis: RedisServer) -> RedisServer:
    """A redis-server that has been running for longer than the windows of `SHORT`."""
    if not _redis.running:
        _redis.start()
    windows = RedisWindows(_redis.url, "warm", "up")
    while (wait := windows.take(SHORT)) > 0:
        time.sleep(wait)
    windows.close()
    return _redis


@pytest.fixture
def open_windows(redis: RedisServer) -> Iterator[Callable[..., RedisWindows]]:
    """Open windows as another process would; of a service of this test's own unless one is named."""
    opened: list[RedisWindows] = []
    own = f"service-{next(NAMES)}"

    def make(client: str = "client", service: str = own) -> RedisWindows:
        opened.append(RedisWindows(redis.url, service, client))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def short_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits for each second instead of each minute."""
    monkeypatch.setattr("umapi_sdk.calls.ACTION", SHORT)


@pytest.fixture
def throttled(redis: RedisServer) -> Iterator[RunningServer]:
    """A mock server that throttles by the second, and locks out for an hour."""
    with running_server(settings=Settings(throttle=True, lockout_seconds=3600)) as server:
        limits = {name: Limit(limit.per_client, limit.overall, 1.0) for name, limit in LIMITS.items()}
        server.world.throttles = Throttles(server.world.clock, limits)
        yield server


class OwnClock:
    """The time of the machine by a clock of one's own, for connections that share nothing within the process."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


def statuses(server: RunningServer) -> list[int]:
    """The statuses of the answers to actions."""
    return [entry["status"] for entry in server.world.journal.as_list() if entry["operation"] == "action"]


def options(server: RunningServer, redis: RedisServer) -> dict[str, Any]:
    """Arguments of a connection that shares nothing with another one but what is in Redis, as in another process."""
    return {"endpoint": server.details.api_url, "pacing_url": redis.url, "clock": OwnClock().now}


def send(connection: Connection, count: int) -> None:
    """Send so many requests, each with one action."""
    for number in range(count):
        connection.execute_single(UserAction("jdoe@example.com").update(first_name=str(number)), immediate=True)


def credentials(server: RunningServer) -> ServicePrincipalAuth:
    """The credential of the mock server."""
    return ServicePrincipalAuth(server.details.client_id, server.details.client_secret, server.details.ims_url)


def test_window_is_that_of_all_processes(open_windows: Callable[..., RedisWindows]) -> None:
    """Two processes have ten places together; who comes later is told when the first is free again."""
    one, other = open_windows(), open_windows()
    assert [each.take(SHORT) for each in (one, other) * 5] == [0.0] * 10
    wait = other.take(SHORT)
    assert 0 < wait <= 2.1
    assert other.take(replace(SHORT, name="another operation")) == 0
    assert open_windows("another client").take(SHORT) == 0
    time.sleep(wait)
    assert other.take(SHORT) == 0


def test_window_of_all_clients(open_windows: Callable[..., RedisWindows]) -> None:
    """Clients of one service keep the limit of all clients together, and each its own."""
    operation = replace(SHORT, per_client=3, overall=5)
    waits = [open_windows(client).take(operation) for client in "aaaabbbb"]
    assert [wait > 0 for wait in waits] == [False] * 3 + [True] + [False] * 2 + [True] * 2


def test_longest_hold_counts(open_windows: Callable[..., RedisWindows]) -> None:
    """A wait that one process was told holds the operation for all; a shorter one does not end it."""
    one, other = open_windows(), open_windows()
    one.hold(SHORT, 100)
    one.hold(SHORT, 10)
    assert 90 < other.held(SHORT) <= 100
    one.hold(SHORT, 1_000_000)
    assert 3590 < other.held(SHORT) <= 3600
    one.hold(SHORT, 0.0)
    assert other.held(replace(SHORT, name="another operation")) == 0
    assert open_windows("another client").held(SHORT) == 0


def test_windows_are_kept_by_the_clock_of_redis(
    open_windows: Callable[..., RedisWindows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host whose clock is hours ahead or behind takes no place too many, and waits no longer."""
    one = open_windows()
    assert [one.take(SHORT) for _ in range(10)] == [0.0] * 10
    real = time.time
    for hours in (-5, 5):
        monkeypatch.setattr("time.time", lambda hours=hours: real() + hours * 3600)
        assert 0 < open_windows().take(SHORT) <= 2.1


CHILD = """
import json, sys
from msgspec.structs import force_setattr
from umapi_models.operations import ACTION
force_setattr(ACTION, "period", 1.0)
from umapi_sdk import Connection, OAuthS2S, UserAction
told = json.load(sys.stdin)
auth = OAuthS2S(told["client_id"], told["client_secret"], told["ims_url"])
with Connection(told["org_id"], auth, endpoint=told["api_url"], pacing_url=told["redis"]) as connection:
    for number in range(15):
        connection.execute_single(UserAction("jdoe@example.com").update(first_name=str(number)), immediate=True)
    print(json.dumps(connection.status()[0]["actions-completed"]))
"""


def test_two_processes_get_no_429(throttled: RunningServer, redis: RedisServer) -> None:
    """Two processes with one credential send 30 requests where 10 a second are allowed: none of them is refused."""
    details = throttled.details
    told = {
        "redis": redis.url,
        "ims_url": details.ims_url,
        "api_url": details.api_url,
        "org_id": details.org_id,
        "client_id": details.client_id,
        "client_secret": details.client_secret,
    }
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(json.dumps(told))
        child.stdin.close()
        child.stdin = None
    assert [child.communicate(timeout=120)[0].strip() for child in children] == ["15", "15"]
    assert statuses(throttled) == [200] * 30


@pytest.mark.usefixtures("short_periods")
def test_blocking_and_async_share(throttled: RunningServer, redis: RedisServer) -> None:
    """A blocking connection and an async one that share nothing but Redis get no 429."""

    async def work() -> None:
        async with AsyncConnection(
            throttled.details.org_id, credentials(throttled), **options(throttled, redis)
        ) as conn:
            for number in range(8):
                await conn.execute_single(UserAction("jdoe@example.com").update(first_name=str(number)), immediate=True)

    with Connection(throttled.details.org_id, credentials(throttled), **options(throttled, redis)) as connection:
        send(connection, 8)
        asyncio.run(work())
    assert statuses(throttled) == [200] * 16


@pytest.mark.usefixtures("short_periods")
def test_redis_that_is_killed_and_restarted(throttled: RunningServer, redis: RedisServer) -> None:
    """A run outlives the restart of a Redis that forgets all: it waits until the windows are known again."""
    reasons: list[float] = []

    def sleep(seconds: float) -> None:
        reasons.append(seconds)
        if not redis.running:
            redis.start()
            return
        time.sleep(seconds)

    made = partial(Connection, throttled.details.org_id, retry=steady_policy(), sleep=sleep)
    with (
        made(credentials(throttled), **options(throttled, redis)) as one,
        made(credentials(throttled), **options(throttled, redis)) as other,
    ):
        send(one, 5)
        send(other, 5)
        redis.kill()
        send(one, 10)
        send(other, 5)
    assert statuses(throttled) == [200] * 25
    assert len(reasons) >= 2


def test_redis_that_stays_away_ends_the_call_before_anything_is_sent(
    wire: ScriptedServer, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """After five minutes of attempts the call ends; its actions stay queued, and the password is told to nobody."""
    wire.answer = all_good
    slept: list[float] = []
    policy = replace(steady_policy(), max_wait=300.0)
    made = partial(Connection, ORG_ID, credentials_for(wire.details), endpoint=wire.details.api_url, retry=policy)
    redis.kill()
    with caplog.at_level(logging.DEBUG), made(pacing_url=redis.url, sleep=slept.append) as connection:
        with pytest.raises(NotSentError, match=rf"127\.0\.0\.1:{redis.port}, which pacing_url names") as caught:
            connection.execute_single(UserAction("a@example.com").add_adobe_id(), immediate=True)
        assert [each.status for each in caught.value.outcomes] == [OutcomeStatus.NOT_SENT]
        assert len(connection.take_queued()) == 1
    assert wire.seen == []
    assert 100 < sum(slept) <= 300
    told = f"{caught.value!r} {caught.value} {connection!r} {caplog.text}"
    assert not any(secret in told for secret in (PASSWORD, QUOTED, redis.url))


@pytest.mark.parametrize("patience", [{"max_wait": 0.0}, {"first_delay": 0.0, "random_delay": 0.0}])
def test_redis_is_not_asked_for_ever_without_a_wait(wire: ScriptedServer, patience: dict[str, float]) -> None:
    """Where no wait is allowed, or waits are of no length, a Redis that is away ends the call at once."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert len(slept) < 100

    made = partial(Connection, ORG_ID, credentials_for(wire.details), endpoint=wire.details.api_url, sleep=sleep)
    policy = replace(steady_policy(), **patience)
    with made(pacing_url="redis://127.0.0.1:1", retry=policy) as connection, pytest.raises(NotSentError):
        UserQuery(connection, "a@example.com").result()
    assert (slept, wire.seen) == ([], [])


@pytest.mark.usefixtures("short_periods")
def test_bulk_run_outlives_a_redis_that_is_away(throttled: RunningServer, redis: RedisServer, tmp_path: Path) -> None:
    """A run that ends for want of Redis has sent nothing, and goes on from its journal when Redis is back."""
    actions = [UserAction("jdoe@example.com").update(first_name=str(number)) for number in range(12)]
    details = throttled.details
    made = partial(Connection, details.org_id, credentials(throttled), retry=steady_policy())
    journal = tmp_path / "journal"
    redis.kill()
    with BulkRun.create(journal, actions, org_id=details.org_id, endpoint=details.api_url) as run:
        with made(sleep=lambda _: None, **options(throttled, redis)) as connection:
            ended = run.run(connection).ended
        assert (ended.why, run.counts.left) == (Ending.FAILED, 12)
        assert "pacing_url" in str(ended.error)
    assert statuses(throttled) == []
    redis.start()
    with BulkRun.open(journal) as run:
        with made(**options(throttled, redis)) as connection:
            assert run.run(connection).ended.why is Ending.FINISHED
        assert run.counts.completed == 12
    assert set(statuses(throttled)) == {200}


@pytest.mark.usefixtures("short_periods")
def test_wait_that_one_process_was_told_holds_the_others(wire: ScriptedServer, redis: RedisServer) -> None:
    """After a lockout of one, another process sends nothing of that operation and says when to come back."""
    one, other = (
        Connection(
            ORG_ID,
            ServicePrincipalAuth(f"held-{redis.port}-{redis.starts}", "secret", wire.url),
            endpoint=wire.details.api_url,
            pacing_url=redis.url,
            clock=OwnClock().now,
        )
        for _ in range(2)
    )
    wire.replies.append(Reply(status=429, headers={"Retry-After": "1800"}))
    with one, other:
        for connection in (one, other):
            with pytest.raises(ThrottledError) as caught:
                connection.execute_single(UserAction("b@example.com").add_adobe_id(), immediate=True)
            assert caught.value.retry_at == pytest.approx(time.time() + 1800, abs=60)
            connection.take_queued()
        assert len(wire.seen) == 1
        assert other.service.shared is not None
        assert other.service.shared.held(GROUPS) == 0


@pytest.mark.parametrize("password", ["", "wrong-one"])
def test_wrong_password_is_told_at_once(redis: RedisServer, wire: ScriptedServer, password: str) -> None:
    """A password that Redis refuses, or none, ends the call with the setting's name, and is not shown."""
    user = f":{password}@" if password else ""
    url = f"redis://{user}127.0.0.1:{redis.port}/0"
    slept: list[float] = []
    made = partial(Connection, ORG_ID, credentials_for(wire.details), endpoint=wire.details.api_url, sleep=slept.append)
    with made(pacing_url=url) as connection:
        with pytest.raises(ConfigurationError, match=r"pacing_url: Redis at .* refuses") as caught:
            connection.execute_single(UserAction("b@example.com").add_adobe_id(), immediate=True)
        assert len(connection.take_queued()) == 1
    assert (slept, wire.seen) == ([], [])
    assert not password or password not in f"{caught.value!r}"


@pytest.mark.parametrize(
    "url",
    [
        "http://:s3cret@localhost:6379",
        "localhost:6379",
        "redis://:s3cret@localhost:99999",
        "redis://:s3c/ret@localhost",
        "redis://:s3cret@localhost?no_such_option=1",
        "redis://:s3cret@localhost/zero",
    ],
)
def test_url_that_names_no_redis_is_refused(connect: Callable[..., Connection], wire: ScriptedServer, url: str) -> None:
    """A URL that cannot be used is told when the connection is made, with its setting, and is not shown."""
    with pytest.raises(ConfigurationError, match="pacing_url must be the URL of a Redis") as caught:
        connect(wire, pacing_url=url)
    assert "s3c" not in "".join(traceback.format_exception(caught.value))


def test_pacing_that_is_off_asks_no_redis(connect: Callable[..., Connection], wire: ScriptedServer) -> None:
    """`pacing=False` counts more than a URL in the environment; a URL alone turns pacing on for any host."""
    url = "redis://:s3cret@127.0.0.1:1"
    service = connect(wire, pacing=False, pacing_url=url).service
    assert (service.pacer, service.shared) == (None, None)
    shown = connect(wire, pacing_url=url)
    assert shown.service.pacer is not None
    assert "127.0.0.1:1" in repr(shown.service.shared)
    assert "s3cret" not in repr(shown.service)


def test_missing_extra_is_named(
    connect: Callable[..., Connection], wire: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the libraries the message says which extra to install."""
    monkeypatch.setitem(sys.modules, "limits", None)
    monkeypatch.delitem(sys.modules, "umapi_sdk.redis_windows", raising=False)
    with pytest.raises(ConfigurationError, match=r"pip install umapi-sdk\[redis\]"):
        connect(wire, pacing_url="redis://localhost")


def test_a_lockout_that_is_over_is_over_for_all(redis: RedisServer) -> None:
    """What one process has released, another does not wait for any more."""
    one, other = (RedisWindows(redis.url, "released", "by-one") for _ in range(2))
    one.hold(ACTION, 1800)
    assert other.held(ACTION) > 1700
    assert one.release(ACTION) == 0
    assert other.held(ACTION) == 0
    one.close()
    other.close()
