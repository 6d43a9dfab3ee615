"""The async connection: it drives the same calls over httpcore (extra `async`)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, Unpack

from umapi_models.models import Group, User
from umapi_sdk.actions import Action
from umapi_sdk.auth import Auth
from umapi_sdk.calls import fetch_token
from umapi_sdk.errors import ListingError, UmapiError
from umapi_sdk.execution import Execution
from umapi_sdk.listings import ListingReader, Progress
from umapi_sdk.masking import shown_request_id
from umapi_sdk.messages import Authorize, Call, Consult, Elapsed, Message, Reply, Request, Sleep, TransportError, Turn
from umapi_sdk.options import OptionArguments, Options
from umapi_sdk.queries import NOT_GIVEN, Listing, NotGiven, fetch_user, groups_listing, users_listing
from umapi_sdk.retries import RetryPolicy
from umapi_sdk.session import Described, Session
from umapi_sdk.tokens import Claim, Token
from umapi_sdk.transports.asynchronous import HttpxTransport, WireTransport
from umapi_sdk.transports.interface import AsyncTransport
from umapi_sdk.transports.recording import recorded_async
from umapi_sdk.waits import Wait, Waited, WaitHook, announce
from umapi_sdk.wholeness import ListingRules

if TYPE_CHECKING:
    import httpx

    from umapi_sdk.planning import Plan

T = TypeVar("T")
E = TypeVar("E", bound=User | Group)

logger = logging.getLogger(__name__)


class AsyncConnection(Described):
    """A connection to the User Management API for one organisation, for use in one event loop.

    The arguments are those of `Connection`; `sleep` is a coroutine function, and `transport` sends the
    requests in place of the network, or is an httpx transport that does.

    Raises:
        ConfigurationError: an argument cannot be used.
    """

    def __init__(
        self,
        org_id: str,
        auth: Auth,
        *,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
        transport: AsyncTransport | httpx.AsyncBaseTransport | None = None,
        on_wait: WaitHook | None = None,
        **options: Unpack[OptionArguments],
    ) -> None:
        given = Options.of(options)
        network = given.network()
        self._elapsed = time.monotonic if clock is time.time else clock
        self._session = Session.build(org_id, auth, given, retry, self._elapsed)
        if isinstance(transport, AsyncTransport):
            sending: AsyncTransport = transport
        elif transport is not None:
            sending = HttpxTransport(network, transport)
        else:
            sending = WireTransport(network, network.for_tokens(auth.ssl_verify))
        self._transport = recorded_async(sending)
        self._sleep = sleep
        self._clock = clock
        self._on_wait = on_wait

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the network connections. Actions still queued are not sent: an `UnsentActionsWarning` says so."""
        self._session.warn_of_unsent()
        self._session.close_shared()
        await self._transport.close()

    async def status(self, remote: bool = False) -> tuple[dict[str, int], dict[str, Any]]:
        """Return what this connection has done, and the state of the service; see `Connection.status`."""
        if remote:
            try:
                self._session.remember_status(await self.drive(self._session.status_call()), self._clock())
            except UmapiError as error:
                self._session.remember_status(error, self._clock())
        return self._session.local_status(), self._session.remote_status()

    async def execute_single(self, action: Action, immediate: bool = False) -> Execution:
        """Queue an action; send the queue if it is full, or at once with `immediate`; see `Connection`."""
        return await self.execute_multiple([action], immediate)

    async def execute_multiple(self, actions: Iterable[Action], immediate: bool = False) -> Execution:
        """Queue actions; send full batches, and with `immediate` the rest too; see `Connection`."""
        return await self.drive(self._session.execution_call(actions, immediate=immediate))

    async def execute_queued(self) -> Execution:
        """Send all queued actions at once; see `Connection`."""
        return await self.execute_multiple([], immediate=True)

    async def execute_plan(self, plan: Plan) -> Execution:
        """Send what is queued, then the requests of a plan; see `Connection`."""
        return await self.drive(self._session.plan_call(plan))

    def users(
        self,
        in_group: str | Literal[NotGiven.NOT_GIVEN] = NOT_GIVEN,
        in_domain: str | Literal[NotGiven.NOT_GIVEN] = NOT_GIVEN,
        direct_only: bool = True,
        *,
        status: Literal["active", "inactive"] | None = None,
        exclude_groups: bool = False,
        rules: ListingRules | None = None,
    ) -> AsyncListQuery[User]:
        """Return the users of the organisation, with the filters of `UsersQuery`, to iterate over.

        Raises:
            UsageError: a group or domain is given and blank, or the filters do not fit together.
        """
        listing = users_listing(
            in_group=in_group,
            in_domain=in_domain,
            direct_only=direct_only,
            status=status,
            exclude_groups=exclude_groups,
        )
        return AsyncListQuery(self, listing, rules)

    def groups(self, *, rules: ListingRules | None = None) -> AsyncListQuery[Group]:
        """Return the user groups, product profiles and admin groups of the organisation, to iterate over."""
        return AsyncListQuery(self, groups_listing(), rules)

    async def user(self, user_string: str, domain: str | None = None) -> User | None:
        """Return one user by e-mail address or user name, None when there is none; see `UserQuery`."""
        self._session.count_query(multiple=False)
        return await self.drive(fetch_user(self._session.service, user_string, domain))

    async def drive(self, call: Call[T]) -> T:
        """Carry out a call: send its requests, sit out its waits, and return its result.

        Raises:
            UmapiError: whatever the call raises.
        """
        waited = Waited()
        try:
            message = next(call)
            while True:
                try:
                    answer = await self._answer(message)
                except (TransportError, UmapiError) as error:
                    message = call.throw(error)
                else:
                    if isinstance(message, Sleep):
                        waited = waited.with_wait(message.seconds, message.cause, begins=message.begins)
                        self._session.count_wait(message)
                    message = call.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
        except UmapiError as error:
            error.waited += waited
            raise
        finally:
            call.close()

    async def _answer(self, message: Message) -> Reply:
        if isinstance(message, Request):
            response = await self._transport.send(message)
            shown = shown_request_id(message, response)
            logger.debug("%s %s: %d, request id %s", message.method, message.url, response.status, shown)
            return response
        if isinstance(message, Sleep):
            if message.reason:
                seconds = message.whole or message.seconds
                until = self._clock() + seconds
                announce(Wait(seconds, message.reason, message.operation, until), self._on_wait)
            await self._sleep(message.seconds)
            return None
        if isinstance(message, Turn):
            turn = asyncio.Event()
            message.subscribe(turn.set)
            await turn.wait()
            return None
        if isinstance(message, Authorize):
            return await self._authorize(message.refused)
        if isinstance(message, Consult):
            return await asyncio.to_thread(message.question)
        return self._elapsed() if isinstance(message, Elapsed) else self._clock()

    async def _authorize(self, refused: str | None) -> Mapping[str, str]:
        auth = self._session.auth
        while isinstance(claim := auth.claim(self._clock(), refused, blocking=False), Claim):
            if claim.mine:
                return auth.headers(await self._fetch_token(auth, claim))
            claim.again(await asyncio.shield(asyncio.wrap_future(claim.done)))
        return claim

    async def _fetch_token(self, auth: Auth, claim: Claim) -> Token:
        token: Token | None = None
        failure: UmapiError | None = None
        try:
            logger.info("fetching an access token for %s from %s", auth.client_id, auth.host)
            token = await self.drive(fetch_token(self._session.service, auth))
        except UmapiError as error:
            failure = error
            raise
        else:
            return token
        finally:
            auth.settle(claim, token, failure)


class AsyncListQuery(Progress[E]):
    """A listing that is read page by page as it is needed; see `ListQuery`."""

    def __init__(self, connection: AsyncConnection, listing: Listing[E], rules: ListingRules | None = None) -> None:
        self._connection = connection
        self._listing = listing
        self._rules = rules or ListingRules()
        self._reading = asyncio.Lock()  # two tasks that want the whole read it once
        self.reload()

    async def __aiter__(self) -> AsyncIterator[E]:
        """Start anew, and give the entries one by one.

        Raises:
            ListingError, ServiceError, NetworkError: as `all_results`; what was given out before is not the whole.
        """
        reader = self._reader = ListingReader(self._listing, self._rules, keep=False)
        while not reader.finished:
            for entry in await self._next_page(reader):
                yield entry

    async def all_results(self) -> list[E]:
        """Read the listing, or what a failure left of it, and return all of it; see `ListQuery.all_results`.

        Raises:
            NotFoundError: the group does not exist.
            ListingError: the listing is not whole.
            ServiceError, NetworkError: as for any call.
        """
        async with self._reading:
            reader = self._reader = self._whole
            while not reader.finished:
                await self._next_page(reader)
            return list(reader.entries)

    def reload(self) -> None:
        """Forget what was read, so that the next use asks the service again."""
        self._reader = self._whole = ListingReader(self._listing, self._rules, keep=True)

    async def _next_page(self, reader: ListingReader[E]) -> tuple[E, ...]:
        self._connection.count_query(multiple=True)
        try:
            return await self._connection.drive(reader.next_page(self._connection.service))
        except ListingError:
            # The pages read before may belong to another state of the organisation: none is used again.
            if reader is self._whole:
                self._whole = ListingReader(self._listing, self._rules, keep=True)
            raise
