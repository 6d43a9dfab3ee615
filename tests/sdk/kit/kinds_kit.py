"""Connections of either kind, used as if both were blocking: what one promises, the other does too."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import Iterator
from typing import Any, Protocol

from sdk_kit import Time, credentials_for, open_connection, steady_policy

from umapi_harness.mock.serving.details import ServerDetails
from umapi_sdk import (
    Action,
    Connection,
    Execution,
    Group,
    GroupsQuery,
    UnsentActionsWarning,
    User,
    UserQuery,
    UsersQuery,
)
from umapi_sdk.aio import AsyncConnection

KINDS = ("blocking", "async")


class Server(Protocol):
    """Anything that tells how to reach it."""

    @property
    def details(self) -> ServerDetails:
        """What a client must know."""
        ...


class Caller:
    """Calls a connection of either kind."""

    def __init__(self, runner: asyncio.Runner, connection: Connection | AsyncConnection) -> None:
        self._runner = runner
        self._connection = connection

    @property
    def queued(self) -> tuple[Action, ...]:
        """The actions that wait."""
        return self._connection.queued

    def execute(self, *actions: Action) -> Execution:
        """Send actions at once."""
        if isinstance(self._connection, Connection):
            return self._connection.execute_multiple(actions, immediate=True)
        return self._runner.run(self._connection.execute_multiple(actions, immediate=True))

    def user(self, name: str, domain: str | None = None) -> User | None:
        """Ask for one user."""
        if isinstance(self._connection, Connection):
            return UserQuery(self._connection, name, domain).result()
        return self._runner.run(self._connection.user(name, domain))

    def users(self, **filters: Any) -> list[User]:
        """List users."""
        if isinstance(self._connection, Connection):
            return UsersQuery(self._connection, **filters).all_results()
        return self._runner.run(self._connection.users(**filters).all_results())

    def groups(self) -> list[Group]:
        """List groups."""
        if isinstance(self._connection, Connection):
            return GroupsQuery(self._connection).all_results()
        return self._runner.run(self._connection.groups().all_results())


@contextlib.contextmanager
def calling(kind: str, server: Server, time: Time, **options: Any) -> Iterator[Caller]:
    """A connection of a kind to a server, on the test's time."""
    details = server.details
    with asyncio.Runner() as runner, warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsentActionsWarning)
        if kind == "blocking":
            with open_connection(details, time, **options) as blocking:
                yield Caller(runner, blocking)
            return
        own = {"endpoint": details.api_url, "retry": steady_policy(), **options}
        times: Any = {"sleep": time.sleep_async, "clock": time.clock}
        connection = AsyncConnection(details.org_id, credentials_for(details), **times, **own)
        yield Caller(runner, connection)
        runner.run(connection.close())
