"""The connection of umapi-client: its methods, counts and settings, over a connection of the SDK."""

from __future__ import annotations

import json
import re
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote, urlencode

from umapi_models.defaults import MAX_RETRIES, RANDOM_DELAY, TIMEOUT
from umapi_models.limits import MAX_COMMANDS, MAX_GROUPS, MAX_USER_STEPS
from umapi_models.operations import API_ROOT, OPERATIONS, Operation
from umapi_sdk.actions import Action
from umapi_sdk.auth import Auth
from umapi_sdk.calls import authorized
from umapi_sdk.compat.commands import ClientAction
from umapi_sdk.compat.failures import (
    ArgumentError,
    BatchError,
    ClientError,
    ClientResult,
    RequestError,
    translated,
)
from umapi_sdk.compat.naming import public
from umapi_sdk.compat.pages import (
    GROUP_OBJECT,
    NO_PAGE,
    OLD_GROUP_OBJECT,
    USER_OBJECT,
    ClientPage,
    ClientReading,
    Params,
    as_text,
    old_page_of,
    page_of,
    reading_of,
    unknown_kind,
    users_of,
)
from umapi_sdk.compat.surroundings import check_whom, trusted
from umapi_sdk.compat.tuning import ClientSettings
from umapi_sdk.errors import NotFoundError, UmapiError
from umapi_sdk.messages import Request
from umapi_sdk.mixtures import kind_of
from umapi_sdk.options import OptionArguments
from umapi_sdk.outcomes import OutcomeStatus
from umapi_sdk.queries import fetch_page, fetch_user, groups_listing
from umapi_sdk.session import UnsentActionsWarning
from umapi_sdk.transports.interface import Transport
from umapi_sdk.verdicts import Attempts
from umapi_sdk.waits import WaitHook
from umapi_sdk.wholeness import ListingRules

_FIRST_DELAY = 15.0  # seconds, as in umapi-client
_LONGEST_WAIT = 24 * 3600.0  # seconds; umapi-client waits for as long as the service says
_SUCCESS = (200, 201, 204)


@public("Connection")
class ClientConnection(ClientSettings):
    """A connection to the User Management API for one organisation. `Connection` of the client.

    Args:
        org_id: the organisation's id.
        auth: the credentials: `OAuthS2S` or `JWTAuth`.
        endpoint: root of the API.
        test_mode: if true, the service checks actions and changes nothing.
        ssl_verify: false turns off the check of the service's certificate.
        timeout: longest time for one request, in seconds; 0 or None has no limit.
        max_retries: how often a request is sent at most, the first time included.
        user_agent: name of the calling program.
        max_wait: longest single wait for the service, in seconds; a day unless said otherwise.
        listing_rules: what is taken for a whole listing.
        transport, sleep, clock, on_wait: as of the SDK's connection.
        options: what else the SDK's connection can be told, such as `{"proxy": ...}`.

    Raises:
        ArgumentError: an argument cannot be used, or Adobe would be called while `UMAPI_ENDPOINT` or `UMAPI_IMS_URL`
            names another server.
    """

    def __init__(
        self,
        org_id: str,
        auth: Auth,
        endpoint: str = API_ROOT,
        test_mode: bool = False,
        ssl_verify: bool = True,
        timeout: float | None = TIMEOUT,
        max_retries: int = MAX_RETRIES,
        user_agent: str | None = None,
        *,
        max_wait: float = _LONGEST_WAIT,
        listing_rules: ListingRules | None = None,
        transport: Transport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        on_wait: WaitHook | None = None,
        options: OptionArguments | None = None,
    ) -> None:
        authorities = trusted() if transport is None else {}
        self.throttle_actions = MAX_COMMANDS
        """Most actions in a request."""
        self.throttle_commands = MAX_USER_STEPS
        """Most commands in an action; one with more is divided."""
        self.throttle_groups = MAX_GROUPS
        """Most names in a command; one with more is divided."""
        self.listing_rules = listing_rules or ListingRules()
        """What is taken for a whole listing, and what to do about one that is not."""
        self.local_status: dict[str, int] = {
            "multiple-query-count": 0,
            "single-query-count": 0,
            "actions-sent": 0,
            "actions-completed": 0,
            "actions-queued": 0,
        }
        """What this connection has done."""
        self._queue: list[ClientAction] = []
        super().__init__(
            str(org_id),
            auth,
            options={
                "endpoint": endpoint,
                "test_mode": test_mode,
                "ssl_verify": ssl_verify,
                "timeout": timeout,
                "user_agent": user_agent,
            },
            retry={
                "attempts": max_retries,
                "first_delay": _FIRST_DELAY,
                "random_delay": RANDOM_DELAY,
                "max_wait": max_wait,
            },
            given={"transport": transport, "sleep": sleep, "clock": clock, **authorities, **(options or {})},
            on_wait=on_wait,
        )
        if transport is None:
            check_whom(endpoint, auth)
        self.server_status: dict[str, Any] = {"status": self._connection.status()[1]["status"], "endpoint": endpoint}
        """The state of the service, as last heard."""
        # Also runs when the program ends, so that actions are not lost without a word.
        self._finalizer = weakref.finalize(self, _warn_of_unsent, self._queue)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._org_id}>"

    def close(self) -> None:
        """Close the network connections. Actions still queued are not sent: an `UnsentActionsWarning` says so."""
        if self._finalizer.detach():
            _warn_of_unsent(self._queue)
        self._connection.close()

    @property
    def action_queue(self) -> list[ClientAction]:
        """The actions that wait to be sent, in order."""
        return self._queue

    @action_queue.setter
    def action_queue(self, actions: Iterable[ClientAction]) -> None:
        self._queue[:] = list(actions)

    def status(self, remote: bool = False) -> tuple[dict[str, int], dict[str, Any]]:
        """Return what this connection has done, and the state of the service, which is asked with `remote`."""
        if remote:
            told = self._fresh().status(remote=True)[1]
            state: Any = told["status"]
            found = cast("dict[str, Any]", state) if isinstance(state, dict) else {"status": state}
            self.server_status = {**found, "endpoint": told["endpoint"]}
        return self.local_status, self.server_status

    def start_sync(self) -> None:
        """Let the next request announce the start of a run, which opens page 0 of the users where that is locked."""
        self._connection.start_sync()

    def end_sync(self) -> None:
        """Let the next request announce the end of a run."""
        self._connection.end_sync()

    def execute_single(self, action: ClientAction, immediate: bool = False) -> tuple[int, int, int]:
        """Queue an action; send the queue if that makes a full request, or at once with `immediate`.

        Raises:
            BatchError: as `execute_multiple`.
        """
        return self.execute_multiple([action], immediate)

    def execute_queued(self) -> tuple[int, int, int]:
        """Send all queued actions at once.

        Raises:
            BatchError: as `execute_multiple`.
        """
        return self.execute_multiple([], immediate=True)

    def execute_multiple(self, actions: Iterable[ClientAction], immediate: bool = True) -> tuple[int, int, int]:
        """Queue actions and send them, or with `immediate=False` only full requests.

        Returns how many actions wait, were sent, and were completed, those into which one was divided counted each. An
        action that the service would refuse is not sent, and counts as sent and not completed: its errors are in
        `execution_errors`, as those of any action that was not completed.

        Raises:
            ArgumentError: something is no action; none has been queued.
            BatchError: requests were refused or got no clear answer. What was not sent is queued.
        """
        if not isinstance(actions, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ArgumentError(f"{kind_of(actions)} is no list of actions; for a single one call execute_single")
        given = list(actions)
        for each in given:
            _check_action(each)
        with self._sending:
            for each in self._queue:
                _check_action(each)  # programs change the list as they like
            for action in given:
                self._queue += self._divided(action)
            sent = completed = 0
            causes: list[Exception] = []
            while len(self._queue) >= (1 if immediate else self.throttle_actions):
                batch = self._queue[: self.throttle_actions]
                causes_before = len(causes)
                left, done = self._send(batch, causes)
                sent += len(batch) - len(left)
                completed += done
                if len(causes) > causes_before and len(left) == len(batch):
                    break  # nobody let anything in, and what follows would fare no better
            queued = len(self._queue)
            if causes:
                raise BatchError(causes, queued, sent, completed) from causes[0]
            return queued, sent, completed

    def query_single(
        self, object_type: str, url_params: Sequence[str], query_params: Params | None = None
    ) -> dict[str, Any]:
        """Return one object, an empty dict if there is none.

        Raises:
            ArgumentError: it is not named.
            ClientError, RequestError, ServerError, UnavailableError: as for any call.
        """
        self.local_status["single-query-count"] += 1
        filters = dict(query_params or {})
        if object_type == USER_OBJECT and len(url_params) == 1 and filters.keys() <= {"domain"}:
            call = fetch_user(self._connection.service, url_params[0], filters.get("domain"))
            if self._ask(call) is None:
                return {}
            result = self._result()
        else:
            places = "".join(f"/{quote(place, safe='@')}" for place in url_params)
            try:
                result = self.make_call(f"/organizations/{self._org_id}/{object_type}s{places}{_query(filters)}")
            except RequestError as error:
                if not _is_missing(error):
                    raise
                return {}
        return cast("dict[str, Any]", result.json().get(object_type, {}))

    def query_multiple(
        self,
        object_type: str,
        page: int = 0,
        url_params: Sequence[str] | None = None,
        query_params: Params | None = None,
    ) -> tuple[list[dict[str, Any]], bool, int, int, int, int]:
        """Return one page of a listing: its entries, whether it is the last, and what its headers say.

        These are the number of entries in all, that of pages, that of this page, and how many entries it has. Whether
        the pages are a whole is not judged: queries do that.

        Raises:
            ArgumentError: there is no such listing.
            ClientError, RequestError, ServerError, UnavailableError: as for any call.
        """
        found = self._page(object_type, page, list(url_params or ()), dict(query_params or {}))
        return found.entries, found.last, found.total, found.count, found.number, found.size

    def reading(self, object_type: str, url_params: Sequence[str], query_params: Params) -> ClientReading:
        """Return a reading of a listing that has not begun; for queries.

        Raises:
            ArgumentError: there is no such listing.
        """
        return reading_of(object_type, url_params, query_params, self.listing_rules)

    def next_page(self, reading: ClientReading) -> ClientPage:
        """Read one page more, which the SDK judges; for queries.

        Raises:
            ClientError: the listing is not whole, or the answer is not understood.
            RequestError, ServerError, UnavailableError: as for any call.
        """
        if reading.reader is None:
            page = self._page(reading.kind, reading.pages, reading.places, reading.filters)
            reading.pages += 1
            return page
        self.local_status["multiple-query-count"] += 1
        try:
            entries = self._ask(reading.reader.next_page(self._connection.service))
        except RequestError as error:
            if reading.reader.pages_read or not _is_missing(error):
                raise
            return NO_PAGE
        read, reading.page = reading.page, None
        assert read is not None
        return page_of(read, reading.kind, entries)

    def make_call(self, path: str, body: object = None, delete: bool = False) -> ClientResult:
        """Make one call below the endpoint and return the answer: a POST with a body, otherwise a GET or a DELETE.

        Raises:
            ClientError, RequestError, ServerError, UnavailableError: as for any call.
        """
        method = "POST" if body else "DELETE" if delete else "GET"
        request = Request(
            method=method,
            url=f"{self._connection.endpoint}{path}",
            headers={"Content-Type": "application/json"} if body else {},
            body=json.dumps(body).encode() if body else None,
        )
        attempts = Attempts(repeatable=method == "GET")
        call = authorized(self._connection.service, _operation(method, path), request, attempts)
        try:
            self._ask(call)
        except ClientError as error:
            # The SDK expects 200 of every operation that it knows.
            if error.result is None or error.result.status_code not in _SUCCESS[1:]:
                raise
        return self._result()

    def _page(self, kind: str, number: int, places: Sequence[str], filters: Params) -> ClientPage:
        self.local_status["multiple-query-count"] += 1
        service = self._connection.service
        try:
            if kind == USER_OBJECT:
                users = self._ask(fetch_page(service, users_of(places, filters), number))
                return page_of(users, kind, users.entries)
            if kind == GROUP_OBJECT:
                groups = self._ask(fetch_page(service, groups_listing(), number))
                return page_of(groups, kind, groups.entries)
            if kind == OLD_GROUP_OBJECT:
                path = "".join(f"/{quote(place, safe='')}" for place in (self._org_id, "user-groups", *places))
                return old_page_of(self.make_call(path + _query({"page": number + 1, **filters})))
        except RequestError as error:
            if not _is_missing(error):
                raise
            return NO_PAGE
        raise unknown_kind(kind)

    def _divided(self, action: ClientAction) -> list[ClientAction]:
        """Return an action, or those into which it has to be divided."""
        if not action.commands:
            self.logger.warning("an action without commands: %s", action.frame)
        action.maybe_split_groups(min(self.throttle_groups, MAX_GROUPS))
        most = min(self.throttle_commands, MAX_USER_STEPS)
        return action.split(most) if len(action.commands) > most else [action]

    def _send(self, batch: list[ClientAction], causes: list[Exception]) -> tuple[list[ClientAction], int]:
        """Send the first actions of the queue.

        Returns those of them that were not sent and wait again, and how many were completed.
        """
        settled: dict[int, bool] = {}
        try:
            for places in _rounds(batch):
                if not self._send_together(batch, places, settled, causes):
                    break
        finally:
            # Whatever ends the call, what is not settled waits again.
            left = [action for place, action in enumerate(batch) if place not in settled]
            self._queue[: len(batch)] = left
            self.local_status["actions-sent"] += len(settled)
            self.local_status["actions-completed"] += sum(settled.values())
            self.local_status["actions-queued"] = len(self._queue)
        return left, sum(settled.values())

    def _send_together(
        self, batch: list[ClientAction], places: list[int], settled: dict[int, bool], causes: list[Exception]
    ) -> bool:
        """Send the actions at some places; note there whether they were completed, and return whether all went well."""
        connection = self._fresh()
        ready: list[tuple[int, Action]] = []
        try:
            for place in places:
                action = batch[place].ready()
                if action is None:
                    settled[place] = False
                else:
                    ready.append((place, action))
            if ready:
                connection.execute_multiple([action for _, action in ready], immediate=True)
        except UmapiError as error:
            causes.append(translated(error, connection.notes.result, connection.notes.attempts))
            return False
        finally:
            connection.take_queued()
            for place, action in ready:
                outcome = action.outcome
                if outcome is not None and outcome.status is not OutcomeStatus.NOT_SENT:
                    batch[place].note(outcome)
                    settled[place] = outcome.status is OutcomeStatus.COMPLETED
        return True


def _check_action(given: object) -> None:
    if isinstance(given, ClientAction):
        return
    if isinstance(given, Action):
        where = "import UserAction and GroupAction from umapi_sdk.compat, or give it to the connection's `native`"
        raise ArgumentError(f"an action of umapi_sdk is no action of umapi_sdk.compat: {where}")
    raise ArgumentError(f"{kind_of(given)} is no action: give a UserAction or GroupAction")


def _warn_of_unsent(queue: list[ClientAction]) -> None:
    if queue:
        count = "1 action was" if len(queue) == 1 else f"{len(queue)} actions were"
        warnings.warn(f"{count} queued and not sent: call execute_queued()", UnsentActionsWarning, stacklevel=3)


def _rounds(batch: list[ClientAction]) -> list[list[int]]:
    """Return the places of actions in rounds, with one part in each of an action that was divided.

    What became of a part is known before the next one is sent.
    """
    rounds: list[list[int]] = []
    counts: dict[int, int] = {}
    for place, action in enumerate(batch):
        number = counts.get(id(action.whole), 0)
        counts[id(action.whole)] = number + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(place)
    return rounds


def _is_missing(error: RequestError) -> bool:
    """Return whether the service itself says that something is not there; any other 404 speaks of the address."""
    from umapi_models.error_codes import ERROR_CODES  # noqa: PLC0415 - loaded when something is not there

    cause = error.__cause__
    if not isinstance(cause, NotFoundError) or cause.code not in ERROR_CODES:
        return False
    return cause.code.lower().endswith(("not_found", "nonexistent"))


def _query(filters: Params) -> str:
    return f"?{urlencode({name: as_text(value) for name, value in filters.items()})}" if filters else ""


def _operation(method: str, path: str) -> Operation:
    """Return the operation that a path is of, whose limit counts; one without a limit where there is none."""
    plain = path.partition("?")[0]
    for operation in OPERATIONS:
        pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(operation.path))
        if operation.security and operation.method == method and re.fullmatch(pattern, plain):
            return operation
    return Operation(name=plain, method=method, path=plain, per_client=None, overall=None, period=60.0)
