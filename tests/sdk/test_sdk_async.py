"""The async connection: the same promises as the blocking one, over httpx."""

from __future__ import annotations

import asyncio
import logging
import warnings
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from sdk_kit import (
    SECRET,
    START,
    Behaviour,
    Reply,
    ScriptedServer,
    Time,
    TunnelProxy,
    action_answer,
    all_good,
    closed_port,
    credentials_for,
    serving,
    steady_policy,
    users_page,
)
from urllib3.exceptions import InsecureRequestWarning

from umapi_harness.mock import Settings
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import (
    ConfigurationError,
    JWTAuth,
    ListingError,
    NotFoundError,
    NotSentError,
    OutcomeStatus,
    OutcomeUnknownError,
    ServicePrincipalAuth,
    ThrottledError,
    UmapiError,
    UnsentActionsWarning,
    UsageError,
    UserAction,
)
from umapi_sdk.aio import AsyncConnection

T = TypeVar("T")
Work = Callable[[AsyncConnection], Coroutine[Any, Any, T]]
COMPLETED, FAILED, UNKNOWN, NOT_SENT, _ = OutcomeStatus


class Runner:
    """Runs coroutines on a connection of their own."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.local: dict[str, int] = {}
        """The local status at the end of the last run."""

    def __call__(self, server: RunningServer | ScriptedServer, work: Work[T], **options: Any) -> T:
        """Open a connection to a server, do the work on it, and close it."""

        async def run() -> T:
            details = server.details
            time = self._time
            defaults = {"endpoint": details.api_url, "sleep": time.sleep_async, "clock": time.clock}
            if "max_wait" not in options:
                defaults["retry"] = steady_policy()
            auth = options.pop("auth", None) or credentials_for(details)
            connection = AsyncConnection(details.org_id, auth, **{**defaults, **options})
            try:
                return await work(connection)
            finally:
                self.local = (await connection.status())[0]
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UnsentActionsWarning)
                    await connection.close()

        return asyncio.run(run())


@pytest.fixture
def run(time: Time) -> Runner:
    """Runs coroutines on the test's time."""
    return Runner(time)


def new_users(count: int) -> list[Any]:
    """Actions that add users."""
    return [UserAction(f"u{number}@example.com").add_adobe_id() for number in range(count)]


async def add(connection: AsyncConnection, count: int = 1) -> list[Any]:
    """Add users at once; return the actions."""
    actions = new_users(count)
    await connection.execute_multiple(actions, immediate=True)
    return actions


async def ask(connection: AsyncConnection) -> Any:
    """Make one query."""
    return await connection.user("jdoe@example.com")


def statuses(actions: list[Any]) -> list[OutcomeStatus]:
    """The status of each action."""
    return [action.outcome.status for action in actions]


def test_whole_path(mock: RunningServer, run: Runner) -> None:
    """Actions, a single user, lists of users and groups, and the status, over one token."""

    async def work(connection: AsyncConnection) -> None:
        done = await connection.execute_single(UserAction("new@example.com").add_adobe_id(), immediate=True)
        assert (tuple(done), done.outcomes[0].status) == ((0, 1, 1), COMPLETED)
        user = await connection.user("new@example.com")
        assert user is not None
        assert await connection.user("nobody@example.com") is None
        users = await connection.users().all_results()
        assert [user.email async for user in connection.users()] == [user.email for user in users]
        assert "Marketing" in [group.group_name for group in await connection.groups().all_results()]
        local, remote = await connection.status(remote=True)
        assert local["single-query-count"] == 2
        assert remote["status"]["state"] == "LIVE"

    run(mock, work)
    assert sum(entry["operation"] == "token" for entry in mock.world.journal.as_list()) == 1


def test_jwt_flow(mock: RunningServer, run: Runner) -> None:
    """The JWT flow works too."""
    details = mock.details
    key = Path(details.private_key_path).read_text("ascii")
    ids = (details.org_id, details.client_id, details.client_secret, details.tech_account_id)
    assert run(mock, ask, auth=JWTAuth(*ids, key, auth_host=details.ims_url)) is not None


def test_queue_rules(wire: ScriptedServer, run: Runner) -> None:
    """Full batches go at once, the rest waits."""
    wire.answer = all_good

    async def work(connection: AsyncConnection) -> None:
        assert tuple(await connection.execute_multiple(new_users(5))) == (5, 0, 0)
        assert tuple(await connection.execute_multiple(new_users(10))) == (5, 10, 10)
        assert tuple(await connection.execute_queued()) == (0, 5, 5)

    run(wire, work)
    assert [len(request.json) for request in wire.seen] == [10, 5]


def test_retries_and_waits(mock: RunningServer, run: Runner, time: Time) -> None:
    """Retry-After and backoff hold, on the injected clock."""
    faults = [
        Fault(operation="user", nth=1, status=429, retry_after="38"),
        Fault(operation="user", nth=2, status=503),
        Fault(operation="user", nth=3, kind="drop"),
    ]
    mock.world.faults.replace(faults)
    assert run(mock, ask) is not None
    assert time.slept == [38.0, 6.0]  # the drop of a kept connection costs no wait


def test_long_lockout_says_when_to_come_back(mock: RunningServer, run: Runner, time: Time) -> None:
    """A wait beyond the cap is not sat out."""
    mock.world.faults.replace([Fault(operation="user", status=429, retry_after="3600")])
    with pytest.raises(ThrottledError, match="come back in 3600 s") as caught:
        run(mock, ask)
    assert (caught.value.retry_at, time.slept) == (START + 3600, [])


def test_cut_after_a_post_is_unknown(mock: RunningServer, run: Runner, time: Time) -> None:
    """A connection cut after an action was sent is not tried again."""
    mock.world.faults.replace([Fault(operation="action", kind="drop", when="after")])
    with pytest.raises(OutcomeUnknownError) as caught:
        run(mock, add)
    assert [outcome.status for outcome in caught.value.outcomes] == [UNKNOWN]
    assert (time.slept, mock.world.faults.as_list()[0]["matched"]) == ([], 1)


def test_refused_connection_was_not_sent(wire: ScriptedServer, run: Runner, time: Time) -> None:
    """Where nobody listens, the actions stay queued after all attempts."""
    with pytest.raises(NotSentError, match="in 4 attempts"):
        run(wire, add, endpoint=f"http://127.0.0.1:{closed_port()}/v2")
    assert (time.slept, run.local["actions-queued"]) == ([3.0, 6.0, 12.0], 1)


@pytest.mark.parametrize(
    "answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"], ids=repr
)
def test_answer_that_is_no_http_is_unknown(wire: ScriptedServer, run: Runner, answer: bytes) -> None:
    """Garbage and broken framing after a POST leave the action unknown, with an error on one line."""

    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def work(connection: AsyncConnection) -> None:
        async with await asyncio.start_server(odd, "127.0.0.1", port):
            with pytest.raises(OutcomeUnknownError) as caught:
                await add(connection)
            assert [outcome.status for outcome in caught.value.outcomes] == [UNKNOWN]
            assert "\n" not in str(caught.value)

    port = closed_port()
    run(wire, work, endpoint=f"http://127.0.0.1:{port}/v2")


def test_error_in_the_second_batch_of_three(wire: ScriptedServer, run: Runner) -> None:
    """Completed, unknown, not sent; and execute_queued sends just the rest."""
    wire.replies += [Reply(body=action_answer(10)), Reply(cut=True)]
    wire.answer = all_good

    async def work(connection: AsyncConnection) -> None:
        actions = new_users(25)
        with pytest.raises(OutcomeUnknownError):
            await connection.execute_multiple(actions, immediate=True)
        assert statuses(actions) == [COMPLETED] * 10 + [UNKNOWN] * 10 + [NOT_SENT] * 5
        await connection.execute_queued()
        assert statuses(actions[20:]) == [COMPLETED] * 5

    run(wire, work)


def test_cancelled_while_the_answer_is_awaited(wire: ScriptedServer, run: Runner) -> None:
    """A task that is cancelled after the request went out leaves its actions unknown, the others queued."""
    held: list[asyncio.StreamWriter] = []

    async def work(connection: AsyncConnection) -> None:
        arrived = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            held.append(writer)
            await reader.readuntil(b"\r\n\r\n")
            arrived.set()

        async with await asyncio.start_server(silent, "127.0.0.1", port):
            actions = new_users(12)
            task = asyncio.create_task(connection.execute_multiple(actions, immediate=True))
            await arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert statuses(actions) == [UNKNOWN] * 10 + [NOT_SENT] * 2
            for writer in held:
                writer.close()

    port = closed_port()
    run(wire, work, endpoint=f"http://127.0.0.1:{port}/v2")
    assert run.local["actions-queued"] == 2


def test_tasks_share_one_token(wire: ScriptedServer, run: Runner) -> None:
    """Sixteen tasks that begin at once fetch one token, and one more after it was refused."""

    async def work(connection: AsyncConnection) -> None:
        await asyncio.gather(*(add(connection) for _ in range(16)))

    wire.answer = all_good
    run(wire, work)
    assert len(wire.token_requests) == 1
    wire.token_requests.clear()
    wire.answer = lambda request: Reply(status=401) if "-token-1" in str(request.headers) else all_good(request)
    run(wire, work)
    assert len(wire.token_requests) == 2


def test_pacing(mock: RunningServer, run: Runner, time: Time) -> None:
    """With pacing, a throttled service never has to say so."""
    mock.world.settings = Settings(throttle=True)

    async def work(connection: AsyncConnection) -> None:
        for _ in range(60):
            await ask(connection)

    run(mock, work, pacing=True)
    assert time.slept == [60.0, 60.0]
    assert 429 not in [entry["status"] for entry in mock.world.journal.as_list()]


@pytest.mark.parametrize("eager", [True, False])
def test_listing_that_breaks_off_is_an_error(wire: ScriptedServer, run: Runner, eager: bool) -> None:
    """A changed total in the middle raises, whichever way the listing is read."""
    pages = [users_page(["a@b.c"], 0, 2, 2), users_page(["b@b.c"], 1, 2, 3)]
    wire.answer = lambda request: pages[int(request.path.split("?")[0].rpartition("/")[2])]

    async def work(connection: AsyncConnection) -> None:
        query = connection.users()
        if eager:
            await query.all_results()
        else:
            _ = [user async for user in query]

    with pytest.raises(ListingError):
        run(wire, work)


def test_large_organisation_arrives_whole(mock: RunningServer, run: Runner) -> None:
    """All pages come, once each."""
    mock.world.settings = Settings(users_page_size=3)

    async def work(connection: AsyncConnection) -> tuple[int, int]:
        query = connection.users()
        return len({user.id async for user in query}), len(await query.all_results())

    expected = len([user for user in mock.world.organization().users if user.active])
    assert run(mock, work) == (expected, expected)


@pytest.mark.parametrize("name", ["a/b?c#d%e+f", "..", ".", " a ", "Жанна 😀", "%2F"], ids=ascii)
def test_names_reach_the_server_intact(mock: RunningServer, run: Runner, name: str) -> None:
    """httpx leaves names in a path as they are, too."""

    async def work(connection: AsyncConnection) -> None:
        assert await connection.user(name) is None
        with pytest.raises(NotFoundError) as caught:
            await connection.users(in_group=name).all_results()
        assert " ".join(f"Not found: Group {name}".split()) == caught.value.message

    run(mock, work)
    assert f"User not found {name}" in mock.world.journal.as_list()[-2]["response_body"]


def test_filters_are_checked(wire: ScriptedServer, run: Runner) -> None:
    """Filters that make no sense are refused as for the blocking connection."""

    async def work(connection: AsyncConnection) -> None:
        connection.users(status="active")

    with pytest.raises(UsageError):
        run(wire, work)


def test_tls(secure: RunningServer, run: Runner, time: Time) -> None:
    """A private authority is trusted with ca_bundle, and refused at once without."""
    assert run(secure, ask, ca_bundle=secure.details.ca_cert) is not None
    with pytest.raises(NotSentError, match=r"is not trusted.*authority"):
        run(secure, ask)
    assert time.slept == []


@pytest.mark.parametrize(("api", "tokens"), [(True, False), (False, True), (False, False)])
def test_unchecked_tls_warns(secure: RunningServer, run: Runner, api: bool, tokens: bool) -> None:
    """Checks that are off give the same warning as in the blocking connection, for each host apart."""
    auth = credentials_for(secure.details, ssl_verify=tokens)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(secure, ask, auth=auth, ssl_verify=api, ca_bundle=secure.details.ca_cert)
    insecure = [warning for warning in caught if warning.category is InsecureRequestWarning]
    assert len(insecure) == (not api) + (not tokens or not api)
    assert all("Unverified HTTPS request is being made to host '127.0.0.1" in str(each.message) for each in insecure)


@pytest.fixture
def proxy(secure: RunningServer) -> Iterator[TunnelProxy]:
    """A proxy that leads to the mock server, whatever host it is asked for."""
    server = TunnelProxy(int(secure.url.rpartition(":")[2]))
    with serving(server):
        yield server


def through(secure: RunningServer, **options: Any) -> dict[str, Any]:
    """Options for a connection to Adobe's hosts."""
    auth = ServicePrincipalAuth(secure.details.client_id, secure.details.client_secret)
    endpoint = "https://usermanagement.adobe.io/v2/usermanagement"
    return {"auth": auth, "endpoint": endpoint, "ca_bundle": secure.details.ca_cert, "pacing": False, **options}


def test_proxy_with_credentials(secure: RunningServer, run: Runner, proxy: TunnelProxy) -> None:
    """A proxy is asked for tunnels, with the credentials of its URL."""
    url = f"http://j%40o:p%3Aw@127.0.0.1:{proxy.server_address[1]}"
    assert run(secure, ask, **through(secure, proxy=url)) is not None
    assert proxy.credentials == ["j@o:p:w"] * 2


def test_proxy_of_the_environment(
    secure: RunningServer, run: Runner, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTPS_PROXY counts, and NO_PROXY excludes."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    assert run(secure, ask, **through(secure)) is not None
    assert len(proxy.asked) == 2
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert run(secure, ask, ca_bundle=secure.details.ca_cert) is not None
    assert len(proxy.asked) == 2


@pytest.mark.parametrize("behaviour", ["drop before", "drop after", "busy"])
def test_proxy_that_drops_connections(
    secure: RunningServer, run: Runner, proxy: TunnelProxy, time: Time, behaviour: Behaviour
) -> None:
    """A tunnel that fails before the request went out costs a wait; to the end, the action stays queued."""

    async def work(connection: AsyncConnection) -> None:
        await ask(connection)
        proxy.hang_up()
        proxy.behaviours += [behaviour] * 2
        assert statuses(await add(connection)) == [COMPLETED]
        assert time.slept == [3.0, 6.0]
        proxy.hang_up()
        proxy.behaviours += [behaviour] * 4
        with pytest.raises(NotSentError) as caught:
            await add(connection)
        assert [outcome.status for outcome in caught.value.outcomes] == [NOT_SENT]
        await connection.execute_queued()

    run(secure, work, **through(secure, proxy=proxy.url))


def test_one_connection_serves_many_calls(wire: ScriptedServer, run: Runner) -> None:
    """Calls in a row share one TCP connection."""
    wire.answer = all_good

    async def work(connection: AsyncConnection) -> None:
        for _ in range(20):
            await add(connection)

    run(wire, work)
    assert wire.connections == 1


def test_transport_in_place_of_the_network(wire: ScriptedServer, run: Runner) -> None:
    """With an httpx transport given, nothing goes over the network, and its failures count as the network's."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/ims/"):
            return httpx.Response(200, json={"access_token": "t", "token_type": "bearer", "expires_in": 86399})
        raise httpx.ReadError("gone")

    with pytest.raises(OutcomeUnknownError, match="gone"):
        run(wire, add, transport=httpx.MockTransport(answer))
    assert (wire.connections, wire.token_requests) == (0, [])


def test_nothing_secret_is_logged_or_raised(
    wire: ScriptedServer, run: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    """With every logger at DEBUG, neither secret nor token shows."""
    wire.replies.append(Reply(cut=True))
    with caplog.at_level(logging.DEBUG), pytest.raises(UmapiError) as caught:
        run(wire, add)
    said = caplog.text + str([record.args for record in caplog.records]) + repr(caught.value)
    assert SECRET not in said
    assert "kit-token" not in said
    assert "umapi_sdk.aio" in said


def test_status_that_cannot_be_had(wire: ScriptedServer, run: Runner) -> None:
    """Never contacted, unexpected and unreachable are told as by the blocking connection."""
    wire.replies += [Reply(status=503), Reply(cut=True), Reply(cut=True)]

    async def work(connection: AsyncConnection) -> list[Any]:
        return [(await connection.status(remote=remote))[1]["status"] for remote in (False, True, True)]

    *known, unreachable = run(wire, work)
    assert known == ["Never contacted", "Unexpected HTTP status 503 at: Fri, 15 Jan 2027 08:00:00 -0000"]
    assert unreachable.startswith("Unreachable at: Fri, 15 Jan 2027 08:00:00 -0000: no answer came: the connection was")


def test_closing_with_queued_actions_warns(wire: ScriptedServer) -> None:
    """Leaving the context over queued actions warns."""

    async def work() -> None:
        async with AsyncConnection("1@AdobeOrg", credentials_for(wire.details)) as connection:
            await connection.execute_multiple(new_users(2))

    with pytest.warns(UnsentActionsWarning, match="2 actions"):
        asyncio.run(work())


@pytest.mark.parametrize("options", [{"timeout": -1}, {"endpoint": "x"}, {"proxy": "socks5://h"}, {"ca_bundle": "/no"}])
def test_arguments_that_cannot_be_used(wire: ScriptedServer, options: dict[str, Any]) -> None:
    """Wrong arguments are refused as for the blocking connection."""
    with pytest.raises(ConfigurationError):
        AsyncConnection("1@AdobeOrg", credentials_for(wire.details), **options)
