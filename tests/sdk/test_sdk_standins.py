"""Transports in place of the network, as a recorder or a test of one's own gives them to a connection."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sdk_kit import SECRET, Time, action_answer, credentials_for, steady_policy

from umapi_harness.mock.serving.server import RunningServer
from umapi_sdk import Connection, OutcomeUnknownError, ServicePrincipalAuth, UserAction, UserQuery
from umapi_sdk.aio import AsyncConnection
from umapi_sdk.messages import Request, Response, TransportError
from umapi_sdk.transports.asynchronous import WireTransport
from umapi_sdk.transports.blocking import BlockingTransport
from umapi_sdk.transports.interface import AsyncTransport, Transport
from umapi_sdk.transports.settings import NetworkSettings


class Standin:
    """Answers by itself, keeps what it was asked, and loses the answer to the request that is named."""

    def __init__(self, lose: str = "") -> None:
        self.asked: list[Request] = []
        self.closed = 0
        self._lose = lose

    def answer(self, request: Request) -> Response:
        """Give the answer to a request."""
        self.asked.append(request)
        if self._lose and self._lose in request.url:
            raise TransportError("lost", sent=True)
        token = {"access_token": "t", "token_type": "bearer", "expires_in": 86399}
        body = token if request.for_token else action_answer(len(json.loads(request.body or b"[]")))
        return Response(status=200, headers={}, body=json.dumps(body).encode())


class BlockingStandin(Standin):
    """For a `Connection`."""

    def send(self, request: Request) -> Response:
        """Answer."""
        return self.answer(request)

    def close(self) -> None:
        """Count."""
        self.closed += 1


class AsyncStandin(Standin):
    """For an `AsyncConnection`."""

    async def send(self, request: Request) -> Response:
        """Answer."""
        return self.answer(request)

    async def close(self) -> None:
        """Count."""
        self.closed += 1


def new_user() -> Any:
    """An action that adds a user."""
    return UserAction("new@example.com").add_adobe_id()


def test_blocking_standin_gets_every_request(mock: RunningServer, time: Time) -> None:
    """With a transport given, token and API requests go to it and nowhere else, and close closes it."""
    standin = BlockingStandin()
    credentials = credentials_for(mock.details)
    with Connection("1@AdobeOrg", credentials, transport=standin, pacing=False, clock=time.clock) as connection:
        assert connection.execute_single(new_user(), immediate=True).completed == 1
    assert [request.for_token for request in standin.asked] == [True, False]
    assert standin.closed == 1
    assert mock.world.journal.as_list() == []


def test_async_standin_gets_every_request(mock: RunningServer, time: Time) -> None:
    """The async connection takes a transport of its own kind in the same way."""
    standin = AsyncStandin()

    async def work() -> None:
        options: dict[str, Any] = {"transport": standin, "pacing": False, "clock": time.clock}
        async with AsyncConnection("1@AdobeOrg", credentials_for(mock.details), **options) as connection:
            assert (await connection.execute_single(new_user(), immediate=True)).completed == 1

    asyncio.run(work())
    assert [request.for_token for request in standin.asked] == [True, False]
    assert standin.closed == 1
    assert mock.world.journal.as_list() == []


def test_standin_says_what_was_sent(time: Time, mock: RunningServer) -> None:
    """What a transport says of a lost request decides, as it does for the network."""
    standin = BlockingStandin(lose="/action/")
    credentials = credentials_for(mock.details)
    with (
        Connection("1@AdobeOrg", credentials, transport=standin, pacing=False, clock=time.clock) as connection,
        pytest.raises(OutcomeUnknownError, match="lost"),
    ):
        connection.execute_single(new_user(), immediate=True)


def test_wire_can_be_wrapped(mock: RunningServer, time: Time) -> None:
    """A wrapper round the transport of the network, as a recorder is one, sees every request and answer."""

    class Tape:
        def __init__(self) -> None:
            self.wire = BlockingTransport(NetworkSettings())
            self.seen: list[tuple[str, int]] = []

        def send(self, request: Request) -> Response:
            response = self.wire.send(request)
            self.seen.append((request.method, response.status))
            return response

        def close(self) -> None:
            self.wire.close()

    tape = Tape()
    details = mock.details
    options: dict[str, Any] = {"endpoint": details.api_url, "retry": steady_policy(), "clock": time.clock}
    with Connection(details.org_id, credentials_for(details), transport=tape, **options) as connection:
        assert UserQuery(connection, "jdoe@example.com").result() is not None
    assert tape.seen == [("POST", 200), ("GET", 200)]


def test_both_wires_are_transports() -> None:
    """What a connection uses by itself is of the kind that can be given to it."""
    settings = NetworkSettings()
    assert isinstance(BlockingTransport(settings), Transport)
    assert isinstance(WireTransport(settings), AsyncTransport)


def test_connection_that_was_not_made_can_be_shown() -> None:
    """A traceback that shows the locals of a constructor that failed does not fail itself."""
    half_built = Connection.__new__(Connection)
    assert repr(half_built) == "<Connection that was not made>"
    with pytest.raises(ValueError, match="endpoint"):
        half_built.__init__("1@AdobeOrg", ServicePrincipalAuth("id", SECRET), endpoint="x")  # type: ignore[misc]
    assert SECRET not in repr(half_built)
