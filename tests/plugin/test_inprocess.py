"""In-process use: httpx clients and respx routes that reach a world without a socket."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import httpx
import pytest

from umapi_harness.mock import Settings, VirtualClock, World, create_app
from umapi_harness.mock.faults.plans import read_plan
from umapi_harness.mock.serving.loops import process_loop
from umapi_harness.testing import AsyncWorldTransport, UmapiOrg, WorldTransport, respx_router
from umapi_sdk import OAuthS2S, OutcomeUnknownError, UserAction
from umapi_sdk.aio import AsyncConnection

ROOT = "https://usermanagement.adobe.io/v2/usermanagement"
IMS = "https://ims-na1.adobelogin.com"


@pytest.fixture
def world() -> World:
    """A world with the default organisation, whose pages are short."""
    return World(settings=Settings(users_page_size=5))


def headers(world: World) -> dict[str, str]:
    """The headers with which a call is let in."""
    credential = world.credential(world.organization().org_id)
    return {"x-api-key": credential.client_id, "Authorization": f"Bearer {world.tokens.issue(credential, 600)}"}


def users_url(world: World) -> str:
    """Address of the first page of the users."""
    return f"{ROOT}/users/{world.organization().org_id}/0"


def break_down(world: World, **fields: Any) -> None:
    """Put one fault in force."""
    world.faults.replace(read_plan({"operation": "*", **fields}).faults)


def in_loop(call: Callable[[], Coroutine[Any, Any, Any]], backend: str = "asyncio") -> Any:
    """What a coroutine function returns."""
    return anyio.run(call, backend=backend)


def credentials(world: World) -> dict[str, str]:
    """The fields of a token request."""
    credential = world.credential(world.organization().org_id)
    return {
        "grant_type": "client_credentials",
        "client_id": credential.client_id,
        "client_secret": credential.client_secret,
        "scope": "openid,AdobeID,user_management_sdk",
    }


def test_a_blocking_client_reaches_the_world(world: World) -> None:
    """Token, action and query work with `httpx.Client`, under whatever host."""
    with httpx.Client(transport=WorldTransport(world)) as client:
        token = client.post(f"{IMS}/ims/token/v2", data=credentials(world)).json()["access_token"]
        client.headers.update(headers(world) | {"Authorization": f"Bearer {token}"})
        step = {"addAdobeID": {"email": "new@example.net"}}
        done = client.post(
            f"{ROOT}/action/{world.organization().org_id}", json=[{"user": "new@example.net", "do": [step]}]
        )
        assert done.json()["completed"] == 1
        page = client.get(users_url(world))
    assert len(page.json()["users"]) == 4
    assert (page.headers["X-Page-Size"], page.headers["X-Total-Count"]) == ("5", "15")
    assert page.http_version == "HTTP/1.1"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_async_client_reaches_the_world(world: World, backend: str) -> None:
    """The async transport serves clients of asyncio and of trio, many requests at once."""
    if backend == "trio":
        pytest.importorskip("trio")
    statuses: list[int] = []

    async def ask() -> None:
        async with httpx.AsyncClient(transport=AsyncWorldTransport(world), headers=headers(world)) as client:

            async def one() -> None:
                statuses.append((await client.get(users_url(world))).status_code)

            async with anyio.create_task_group() as group:
                for _ in range(20):
                    group.start_soon(one)

    in_loop(ask, backend)
    assert statuses == [200] * 20


def test_the_transport_of_httpx_itself_will_do(world: World) -> None:
    """The application is plain ASGI: `httpx.ASGITransport` serves an async client."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(world))
        async with httpx.AsyncClient(transport=transport, headers=headers(world)) as client:
            return await client.get(users_url(world))

    assert in_loop(ask).status_code == 200


def test_the_async_sdk_works_without_a_socket(world: World) -> None:
    """`AsyncConnection(transport=…)` fetches its token, acts and reads with the default endpoints."""
    fields = credentials(world)

    async def act() -> tuple[int, int]:
        auth = OAuthS2S(client_id=fields["client_id"], client_secret=fields["client_secret"])
        async with AsyncConnection(
            world.organization().org_id, auth, transport=AsyncWorldTransport(world), pacing=False
        ) as connection:
            action = UserAction("new@example.com").create_federated_id(first_name="N", last_name="E", country="DE")
            done = await connection.execute_single(action, immediate=True)
            return done.completed, len([user async for user in connection.users()])

    assert in_loop(act) == (1, 14)


def test_a_lost_answer_is_unknown_to_the_sdk(world: World) -> None:
    """A connection that is dropped after the effect reaches the SDK as a failure of the network."""
    fields = credentials(world)
    world.faults.replace(read_plan({"operation": "action", "kind": "drop", "when": "after"}).faults)

    async def act() -> None:
        auth = OAuthS2S(client_id=fields["client_id"], client_secret=fields["client_secret"])
        transport = AsyncWorldTransport(world)
        async with AsyncConnection(world.organization().org_id, auth, transport=transport, pacing=False) as connection:
            await connection.execute_single(UserAction("new@example.net").add_adobe_id(), immediate=True)

    with pytest.raises(OutcomeUnknownError):
        in_loop(act)
    assert world.organization().adobe_id("new@example.net") is not None


def test_names_reach_the_world_as_they_are(world: World) -> None:
    """Group names with slashes, per cent signs and other letters are not decoded twice."""
    org_id = world.organization().org_id
    with httpx.Client(transport=WorldTransport(world), headers=headers(world)) as client:
        for name in ("Sales%2FEMEA", "100%25%20remote%3F%20%231%20%2B%20more", "%C3%89quipe%20Z%C3%BCrich"):
            assert client.get(f"{ROOT}/users/{org_id}/0/{name}").json()["users"], name


def test_a_head_request_has_no_body(world: World) -> None:
    """The answer to HEAD has the length of the body, and no body."""
    with httpx.Client(transport=WorldTransport(world), headers=headers(world)) as client:
        answer = client.head(f"{ROOT.removesuffix('/v2/usermanagement')}/status")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "drop"}, httpx.ReadError),
        ({"kind": "drop", "when": "after"}, httpx.ReadError),
        ({"kind": "truncate"}, httpx.RemoteProtocolError),
        ({"kind": "delay", "delay": 60}, httpx.ReadTimeout),
        ({"kind": "drip", "seconds": 60, "pieces": 2}, httpx.ReadTimeout),
    ],
)
@pytest.mark.parametrize("kind", ["blocking", "async", "respx"])
def test_failures_look_as_on_the_network(
    world: World, fault: dict[str, Any], error: type[httpx.TransportError], kind: str
) -> None:
    """A planned failure raises the exception that httpx has for it, with the request, on every way to the world."""
    break_down(world, **fault)
    ask = {"blocking": ask_blocking, "async": ask_async, "respx": ask_respx}[kind]
    with pytest.raises(error) as caught:
        ask(world)
    assert caught.value.request.url == users_url(world)


def ask_blocking(world: World) -> None:
    """Ask for the users by the blocking transport."""
    with httpx.Client(transport=WorldTransport(world), headers=headers(world), timeout=0.2) as client:
        client.get(users_url(world))


def ask_async(world: World) -> None:
    """Ask for the users by the async transport."""

    async def ask() -> None:
        async with httpx.AsyncClient(
            transport=AsyncWorldTransport(world), headers=headers(world), timeout=0.2
        ) as client:
            await client.get(users_url(world))

    in_loop(ask)


def ask_respx(world: World) -> None:
    """Ask for the users by a client that knows of no transport."""
    with respx_router(world), httpx.Client(headers=headers(world), timeout=0.2) as client:
        client.get(users_url(world))


def test_an_outage_ends() -> None:
    """While connections are refused, every request fails to connect; afterwards they are answered."""
    clock = VirtualClock()
    world = World(clock=clock)
    break_down(world, kind="refuse", seconds=3600, first=1)
    with httpx.Client(transport=WorldTransport(world)) as client:
        with pytest.raises(httpx.ReadError):
            client.get("http://umapi.test/status")
        with pytest.raises(httpx.ConnectError):
            client.get("http://umapi.test/status")
        clock.advance(3600)
        deadline, answered = time.monotonic() + 20, False
        while not answered and time.monotonic() < deadline:
            with contextlib.suppress(httpx.ConnectError):
                answered = client.get("http://umapi.test/status").status_code == 200
    assert answered


def test_a_status_is_seen_before_the_body_breaks_off(world: World) -> None:
    """Whoever reads an answer as it comes, sees status and headers, then the failure."""
    break_down(world, kind="truncate")
    with (
        httpx.Client(transport=WorldTransport(world), headers=headers(world)) as client,
        client.stream("GET", users_url(world)) as answer,
    ):
        assert answer.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            answer.read()


def test_what_timed_out_may_still_take_effect() -> None:
    """A client's time-out does not undo the call: its effect is there once the delay has passed."""
    clock = VirtualClock()
    world = World(clock=clock)
    org_id = world.organization().org_id
    break_down(world, kind="delay", delay=100, first=1)
    command = {"user": "late@example.net", "do": [{"addAdobeID": {"email": "late@example.net"}}]}
    with httpx.Client(transport=WorldTransport(world), headers=headers(world), timeout=0.1) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post(f"{ROOT}/action/{org_id}", json=[command])
        address = f"{ROOT}/organizations/{org_id}/users/late@example.net"
        assert client.get(address).status_code == 404
        clock.advance(100)
        deadline = time.monotonic() + 20
        while (status := client.get(address).status_code) == 404 and time.monotonic() < deadline:
            continue
    assert status == 200


def test_respx_routes_answer_for_adobes_hosts(world: World) -> None:
    """Code that knows nothing of a test, blocking or async, gets the world's answers under Adobe's addresses."""

    async def ask() -> int:
        async with httpx.AsyncClient(headers=headers(world)) as client:
            return (await client.get(users_url(world))).status_code

    with respx_router(world) as router:
        token = httpx.post(f"{IMS}/ims/token/v3", data=credentials(world))
        assert token.status_code == 200
        assert httpx.get(users_url(world), headers=headers(world)).status_code == 200
        assert asyncio.run(ask()) == 200
        assert router.calls.call_count == 3


def test_respx_routes_answer_for_other_hosts_if_told(world: World) -> None:
    """The hosts can be chosen; the interface under /_mock/ is not among what they serve."""
    with respx_router(world, hosts=["umapi.test"]), httpx.Client(headers=headers(world)) as client:
        assert client.get("http://umapi.test/status").status_code == 200
        assert client.get("http://umapi.test/_mock/state").status_code == 404


@pytest.mark.umapi(seed="empty")
def test_the_fixture_gives_transports(umapi_org: UmapiOrg) -> None:
    """An organisation that a test built can be asked in process, and leaves its traces in the journal."""
    umapi_org.add_user("ada@example.net", "adobeID")
    with httpx.Client(transport=umapi_org.transport(), headers=umapi_org.headers()) as client:
        page = client.get(f"{ROOT}/users/{umapi_org.org_id}/0").json()
    assert [user["email"] for user in page["users"]] == ["ada@example.net"]

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=umapi_org.async_transport(), headers=umapi_org.headers()) as client:
            return await client.get(f"{ROOT}/groups/{umapi_org.org_id}/0")

    assert in_loop(ask).status_code == 200
    assert [entry["operation"] for entry in umapi_org.requests()] == ["users", "groups"]


def test_an_organization_ends_with_its_calls(umapi_org: UmapiOrg) -> None:
    """Calls that go on although their client gave up, and outages, are over once the organisation is closed."""
    before = process_loop().call(asyncio.all_tasks)
    umapi_org.faults.add("status", kind="delay", delay=1000, first=1)
    umapi_org.faults.add("users", kind="refuse", seconds=1000)
    with httpx.Client(transport=umapi_org.transport(), headers=umapi_org.headers(), timeout=0.1) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{ROOT.removesuffix('/v2/usermanagement')}/status")
        with pytest.raises(httpx.ReadError):
            client.get(f"{ROOT}/users/{umapi_org.org_id}/0")
        left = process_loop().call(asyncio.all_tasks) - before
        left = {task for task in left if not task.done()}
        assert len(left) == 2
        umapi_org.close()
        deadline = time.monotonic() + 20
        while not all(task.done() for task in left) and time.monotonic() < deadline:
            continue
    assert all(task.cancelled() for task in left)
