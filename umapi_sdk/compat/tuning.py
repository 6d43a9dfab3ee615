"""The SDK's connection below one of umapi-client, and what can be set of that while it is in use."""

from __future__ import annotations

import logging
import threading
from typing import Any, TypeVar, cast

from umapi_sdk.auth import Auth
from umapi_sdk.compat.failures import ArgumentError, ClientResult, translated
from umapi_sdk.connection import Connection
from umapi_sdk.errors import UmapiError
from umapi_sdk.masking import without
from umapi_sdk.messages import Call, Message, Reply, Request, Response
from umapi_sdk.retries import RetryPolicy
from umapi_sdk.waits import Wait, WaitHook

T = TypeVar("T")

logger = logging.getLogger(__name__)


class _Watched(Connection):
    """A connection that remembers the last answer to each thread, and how often that has asked."""

    def __init__(self, org_id: str, auth: Auth, **options: Any) -> None:
        self.notes = threading.local()
        super().__init__(org_id, auth, **options)

    def begin(self) -> None:
        """Forget what the thread has asked before."""
        self.notes.attempts, self.notes.result = 0, None

    def _answer(self, message: Message) -> Reply:
        of_api = isinstance(message, Request) and not message.for_token
        if of_api:
            self.notes.attempts += 1
            self.notes.result = None
        reply = super()._answer(message)
        if of_api and isinstance(message, Request) and isinstance(reply, Response):
            self.notes.result = ClientResult(message.url, without(reply, message.headers.get("Authorization", "")))
        return reply


class ClientSettings:
    """The settings of a connection, each of which can be changed: the SDK's connection below is made anew then.

    Args:
        org_id: the organisation's id.
        auth: the credentials.
        options: the SDK's options that can be set here.
        retry: the arguments of the retry policy.
        given: what else the SDK's connection is told, which stays as it is.
        on_wait: is told of each wait before it begins.

    Raises:
        ArgumentError: an argument cannot be used.
    """

    def __init__(
        self,
        org_id: str,
        auth: Auth,
        *,
        options: dict[str, Any],
        retry: dict[str, Any],
        given: dict[str, Any],
        on_wait: WaitHook | None,
    ) -> None:
        self.logger = logger
        """Where waits and the sending of empty actions are told."""
        self.auth = auth
        self._org_id = org_id
        self._options = options
        self._retry = retry
        self._given = given
        self._told_of_waits = on_wait
        self._sending = threading.RLock()
        self._connection = self._built()

    @property
    def native(self) -> Connection:
        """The SDK's connection underneath, for what a program does in the new way already."""
        return self._connection

    @property
    def org_id(self) -> str:
        """The organisation's id."""
        return self._org_id

    @property
    def endpoint(self) -> str:
        """Root of the API."""
        return self._connection.endpoint

    @property
    def test_mode(self) -> bool:
        """Whether the service only checks actions."""
        return bool(self._options["test_mode"])

    @test_mode.setter
    def test_mode(self, value: bool) -> None:
        self._change(self._options, test_mode=value)

    @property
    def ssl_verify(self) -> bool:
        """Whether the service's certificate is checked."""
        return bool(self._options["ssl_verify"])

    @ssl_verify.setter
    def ssl_verify(self, value: bool) -> None:
        self._change(self._options, ssl_verify=value)

    @property
    def timeout(self) -> float | None:
        """Longest time for one request, in seconds; None has no limit."""
        return cast("float | None", self._options["timeout"])

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self._change(self._options, timeout=seconds)

    @property
    def retry_max_attempts(self) -> int:
        """How often a request is sent at most, the first time included."""
        return int(self._retry["attempts"])

    @retry_max_attempts.setter
    def retry_max_attempts(self, value: int) -> None:
        self._change(self._retry, attempts=value)

    @property
    def retry_first_delay(self) -> float:
        """Wait after the first attempt, in seconds; it doubles with each further one."""
        return float(self._retry["first_delay"])

    @retry_first_delay.setter
    def retry_first_delay(self, seconds: float) -> None:
        self._change(self._retry, first_delay=seconds)

    @property
    def retry_random_delay(self) -> float:
        """Most seconds that chance adds to such a wait."""
        return float(self._retry["random_delay"])

    @retry_random_delay.setter
    def retry_random_delay(self, seconds: float) -> None:
        self._change(self._retry, random_delay=seconds)

    def _ask(self, call: Call[T]) -> T:
        """Carry out a call.

        Raises:
            UmapiError: of the kinds that programs for umapi-client know.
        """
        connection = self._fresh()
        try:
            return connection.drive(call)
        except UmapiError as error:
            raise translated(error, connection.notes.result, connection.notes.attempts) from error

    def _result(self) -> ClientResult:
        """Return the last answer to this thread."""
        result: ClientResult = self._connection.notes.result
        return result

    def _fresh(self) -> _Watched:
        """Return the connection, which knows of nothing that this thread has asked before."""
        self._connection.begin()
        return self._connection

    def _change(self, settings: dict[str, Any], **changes: Any) -> None:
        """Change settings, and connect anew with them.

        Raises:
            ArgumentError: one of them cannot be used; nothing has changed.
        """
        with self._sending:
            before = dict(settings)
            settings.update(changes)
            try:
                connection = self._built()
            except BaseException:
                settings.update(before)
                raise
            before_it, self._connection = self._connection, connection
            if self._given["transport"] is None:
                before_it.close()

    def _built(self) -> _Watched:
        options = dict(self._options)
        try:
            seconds = float(options["timeout"] or 0)
            retry = RetryPolicy(**self._retry)
        except (ValueError, TypeError) as error:
            raise ArgumentError(f"a setting of the connection cannot be used: {error}") from None
        options["timeout"] = seconds if seconds > 0 else None
        try:
            return _Watched(self._org_id, self.auth, retry=retry, on_wait=self._tell_wait, **{**options, **self._given})
        except UmapiError as error:
            raise ArgumentError(str(error)) from None

    def _tell_wait(self, wait: Wait) -> None:
        if self.logger is not logger:  # which the SDK's own log tells already
            self.logger.warning("%s", wait)
        if self._told_of_waits is not None:
            self._told_of_waits(wait)
