"""The blocking connection: it drives the calls over urllib3, and keeps the queue of actions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from umapi_sdk.actions import Action
from umapi_sdk.auth import Auth
from umapi_sdk.calls import fetch_token
from umapi_sdk.errors import UmapiError
from umapi_sdk.execution import Execution
from umapi_sdk.masking import shown_request_id
from umapi_sdk.messages import Authorize, Call, Consult, Elapsed, Message, Reply, Request, Sleep, TransportError, Turn
from umapi_sdk.options import OptionArguments, Options
from umapi_sdk.retries import RetryPolicy
from umapi_sdk.session import Described, Session
from umapi_sdk.tokens import Claim, Token
from umapi_sdk.transports.interface import Transport
from umapi_sdk.transports.recording import recorded
from umapi_sdk.waits import Wait, Waited, WaitHook, announce

if TYPE_CHECKING:
    from umapi_sdk.planning import Plan

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Connection(Described):
    """A connection to the User Management API for one organisation. Threads can share it.

    Args:
        org_id: the organisation's id, as in `12345@AdobeOrg`.
        auth: the credentials.
        retry: the retry policy as a whole, in place of `max_retries`, `max_wait` and the two delays.
        sleep, clock: how to wait and to tell the time in seconds since the epoch; tests replace them.
        transport: what sends the requests, to the token host too, in place of the network; `close` closes it.
        on_wait: is told of each wait before it begins.
        options: the fields of `umapi_sdk.options.Options`, with their defaults in `docs/reference/settings.md`.

    Raises:
        ConfigurationError: an argument cannot be used.
    """

    def __init__(
        self,
        org_id: str,
        auth: Auth,
        *,
        retry: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        transport: Transport | None = None,
        on_wait: WaitHook | None = None,
        **options: Unpack[OptionArguments],
    ) -> None:
        given = Options.of(options)
        network = given.network()
        self._elapsed = time.monotonic if clock is time.time else clock
        self._session = Session.build(org_id, auth, given, retry, self._elapsed)
        if transport is None:
            from umapi_sdk.transports.blocking import BlockingTransport  # noqa: PLC0415 - urllib3 is loaded when it is needed

            transport = BlockingTransport(network, network.for_tokens(auth.ssl_verify))
        self._transport = recorded(transport)
        self._sleep = sleep
        self._clock = clock
        self._on_wait = on_wait

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the network connections. Actions still queued are not sent: an `UnsentActionsWarning` says so."""
        self._session.warn_of_unsent()
        self._session.close_shared()
        self._transport.close()

    def status(self, remote: bool = False) -> tuple[dict[str, int], dict[str, Any]]:
        """Return what this connection has done, and the state of the service.

        With `remote`, the service is asked (once); otherwise the answer to the last such question is returned.
        """
        if remote:
            self._session.remember_status(self._try_drive(self._session.status_call()), self._clock())
        return self._session.local_status(), self._session.remote_status()

    def execute_single(self, action: Action, immediate: bool = False) -> Execution:
        """Queue an action; send the queue if that makes a full request, or at once with `immediate`.

        Raises:
            ActionError, ServiceError, NetworkError: as `execute_multiple`.
        """
        return self.execute_multiple([action], immediate)

    def execute_multiple(self, actions: Iterable[Action], immediate: bool = False) -> Execution:
        """Queue actions; send full requests, and with `immediate` the rest too.

        What became of each action is in the result and in the action's `outcome`. A failing action is no exception.
        With `immediate` the call returns when all its own actions have an outcome, whatever other threads do on
        this connection. Two actions on one user or user group are sent one after the other.

        Raises:
            ActionError: an action has no steps; none has been queued.
            ServiceError, NetworkError: a request of this call was refused or got no clear answer. The error's
                `outcomes` tells what became of each of its actions. Those that were not sent stay queued:
                `execute_queued` sends them, `take_queued` gives them back. Of an action with a part whose outcome
                is unknown nothing stays queued.
        """
        return self.drive(self._session.execution_call(actions, immediate=immediate))

    def execute_queued(self) -> Execution:
        """Send all queued actions at once.

        Raises:
            ServiceError, NetworkError: as `execute_multiple`.
        """
        return self.execute_multiple([], immediate=True)

    def execute_plan(self, plan: Plan) -> Execution:
        """Send what is queued, then the requests of a plan, and those in which failed steps are sent again, split.

        What became of each action is in the result, that of queued actions first, and in the action's `outcome`.

        Raises:
            ActionError: an action has taken a step since it was planned; nothing has been sent.
            ServiceError, NetworkError: a request was refused or got no clear answer. The error's `outcomes` tells
                what became of each action of the plan. None of them is queued: plan those again that were not sent.
        """
        return self.drive(self._session.plan_call(plan))

    def drive(self, call: Call[T]) -> T:
        """Carry out a call: send its requests, sit out its waits, and return its result.

        Raises:
            UmapiError: whatever the call raises.
        """
        waited = Waited()
        try:
            message = next(call)
            while True:
                try:
                    answer = self._answer(message)
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

    def _try_drive(self, call: Call[T]) -> T | UmapiError:
        try:
            return self.drive(call)
        except UmapiError as error:
            return error

    def _answer(self, message: Message) -> Reply:
        if isinstance(message, Request):
            response = self._transport.send(message)
            shown = shown_request_id(message, response)
            logger.debug("%s %s: %d, request id %s", message.method, message.url, response.status, shown)
            return response
        if isinstance(message, Sleep):
            if message.reason:
                seconds = message.whole or message.seconds
                until = self._clock() + seconds
                announce(Wait(seconds, message.reason, message.operation, until), self._on_wait)
            self._sleep(message.seconds)
            return None
        if isinstance(message, Turn):
            turn = threading.Event()
            message.subscribe(turn.set)
            turn.wait()
            return None
        if isinstance(message, Authorize):
            return self._authorize(message.refused)
        if isinstance(message, Consult):
            return message.question()
        return self._elapsed() if isinstance(message, Elapsed) else self._clock()

    def _authorize(self, refused: str | None) -> Mapping[str, str]:
        auth = self._session.auth
        while isinstance(claim := auth.claim(self._clock(), refused, blocking=True), Claim):
            if claim.mine:
                return auth.headers(self._fetch_token(auth, claim))
            claim.again(claim.done.result())
        return claim

    def _fetch_token(self, auth: Auth, claim: Claim) -> Token:
        token: Token | None = None
        failure: UmapiError | None = None
        try:
            logger.info("fetching an access token for %s from %s", auth.client_id, auth.host)
            token = self.drive(fetch_token(self._session.service, auth))
        except UmapiError as error:
            failure = error
            raise
        else:
            return token
        finally:
            auth.settle(claim, token, failure)
