"""What a blocking and an async connection have in common: settings, queue and counts."""

from __future__ import annotations

import platform
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from umapi_models.models import ServiceStatus
from umapi_models.operations import API_ROOT
from umapi_runtime.converter import write
from umapi_sdk.actions import Action
from umapi_sdk.addresses import check_service
from umapi_sdk.auth import Auth
from umapi_sdk.calls import Service, service_status
from umapi_sdk.errors import ConfigurationError, NetworkError, ServiceError, UmapiError
from umapi_sdk.execution import Execution, run
from umapi_sdk.messages import Call, Sleep
from umapi_sdk.options import Options
from umapi_sdk.pacing import SharedWindows, pacer_of
from umapi_sdk.queueing import ActionQueue
from umapi_sdk.retries import RetryPolicy
from umapi_sdk.waits import Waited

if TYPE_CHECKING:
    from umapi_sdk.planning import Plan

NEVER_CONTACTED = "Never contacted"


class UnsentActionsWarning(UserWarning):
    """A connection was closed, or dropped without being closed, while actions were queued."""


class Session:
    """The state of one connection. It does no I/O."""

    def __init__(self, service: Service, auth: Auth, *, test_mode: bool) -> None:
        self.service = service
        self.auth = auth
        self.test_mode = test_mode
        self.queue = ActionQueue()
        self._lock = threading.Lock()
        self._single_queries = 0
        self._multiple_queries = 0
        self._remote: dict[str, Any] | str = NEVER_CONTACTED
        self.waited = Waited()
        """The waits of all calls that are over."""
        # Also runs when the program ends, so that actions are not lost without a word for want of close().
        self._finalizer = weakref.finalize(self, _warn_of_unsent, self.queue, 1)

    @classmethod
    def build(
        cls, org_id: str, auth: Auth, options: Options, retry: RetryPolicy | None, clock: Callable[[], float]
    ) -> Session:
        """Return the session for the arguments of a connection; `clock` is the one that answers `Elapsed`.

        Raises:
            ConfigurationError: one of them cannot be used.
        """
        if not isinstance(auth, Auth):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError("auth must be a JWTAuth or ServicePrincipalAuth object")
        if not isinstance(org_id, str) or "@" not in org_id:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"org_id must look like 12345@AdobeOrg, not {org_id!r}")
        endpoint, user_agent = options.endpoint, options.user_agent
        host = check_service("endpoint", endpoint, endpoint)
        if retry is None:
            try:
                retry = RetryPolicy(
                    attempts=options.max_retries,
                    first_delay=options.first_delay,
                    random_delay=options.random_delay,
                    max_wait=options.max_wait,
                )
            except (ValueError, TypeError):
                raise ConfigurationError(
                    "max_retries must be 1 or more, and max_wait, first_delay and random_delay 0 or more"
                ) from None
        by_default = host == urlsplit(API_ROOT).hostname or options.pacing_url is not None
        paced = by_default if options.pacing is None else options.pacing
        parts = urlsplit(endpoint)
        place = f"{host}:{parts.port or {'https': 443, 'http': 80}[parts.scheme]}"
        from umapi_sdk.version import __version__  # noqa: PLC0415 - it is looked up among the distributions installed

        own_agent = f"umapi-sdk/{__version__} Python/{platform.python_version()}"
        agent = f"{user_agent.strip()} {own_agent}" if user_agent and user_agent.strip() else own_agent
        if not agent.isprintable() or not agent.isascii():
            raise ConfigurationError("user_agent must be printable ASCII")
        service = Service(
            endpoint=endpoint.rstrip("/"),
            org_id=org_id,
            retry=retry,
            pacer=pacer_of(place, auth.client_id, clock) if paced else None,
            headers={"Accept": "application/json", "User-Agent": agent},
            shared=_shared(options.pacing_url, place, auth.client_id) if paced and options.pacing_url else None,
        )
        return cls(service, auth, test_mode=options.test_mode)

    def execution_call(self, actions: Iterable[Action], *, immediate: bool) -> Call[Execution]:
        """Return the call that queues actions and sends what is due."""
        return run(self.queue, self.service, actions, immediate=immediate, test_mode=self.test_mode)

    def plan_call(self, plan: Plan) -> Call[Execution]:
        """Return the call that carries out a plan."""
        from umapi_sdk.planned import run_plan  # noqa: PLC0415 - loaded when there is a plan

        return run_plan(self.queue, self.service, plan, test_mode=self.test_mode)

    def status_call(self) -> Call[ServiceStatus]:
        """Return the call that asks for the service's state, once and without waiting."""
        parts = urlsplit(self.service.endpoint)
        once = replace(self.service, retry=replace(self.service.retry, attempts=1))
        return service_status(once, f"{parts.scheme}://{parts.netloc}")

    def remember_status(self, answer: ServiceStatus | UmapiError, now: float) -> None:
        """Keep the service's state, or what went wrong when it was asked; `now` in seconds since the epoch."""
        from email.utils import formatdate  # noqa: PLC0415 - loaded when there is a date

        if isinstance(answer, ServiceStatus):
            self._remote = {**write(answer), **answer.unknown_fields}
        elif isinstance(answer, ServiceError) and answer.status == 200:
            self._remote = f"{answer.message} at: {formatdate(now)}"
        elif isinstance(answer, ServiceError):
            self._remote = f"Unexpected HTTP status {answer.status} at: {formatdate(now)}"
        else:
            why = answer.message if isinstance(answer, NetworkError) else answer
            self._remote = f"Unreachable at: {formatdate(now)}: {why}"

    def remote_status(self) -> dict[str, Any]:
        """Return the service's state as last heard, and the endpoint."""
        return {"status": self._remote, "endpoint": self.service.endpoint}

    def local_status(self) -> dict[str, int]:
        """Return how much this connection has done."""
        return {
            "multiple-query-count": self._multiple_queries,
            "single-query-count": self._single_queries,
            "actions-sent": self.queue.sent,
            "actions-completed": self.queue.completed,
            "actions-queued": len(self.queue),
        }

    def count_query(self, *, multiple: bool) -> None:
        """Count one query: for a page of a listing, or for one user."""
        with self._lock:
            if multiple:
                self._multiple_queries += 1
            else:
                self._single_queries += 1

    def count_wait(self, wait: Sleep) -> None:
        """Count a wait that is over."""
        with self._lock:
            self.waited = self.waited.with_wait(wait.seconds, wait.cause, begins=wait.begins)

    def close_shared(self) -> None:
        """Close the network connections to what processes share, if any."""
        if self.service.shared is not None:
            self.service.shared.close()

    def warn_of_unsent(self) -> None:
        """Warn, once, if actions are queued that will not be sent any more."""
        if self._finalizer.detach():
            _warn_of_unsent(self.queue, 4)


class Described:
    """What a connection of either kind tells of its session."""

    _session: Session

    @property
    def org_id(self) -> str:
        """The organisation's id."""
        return self._session.service.org_id

    @property
    def endpoint(self) -> str:
        """Root of the API."""
        return self._session.service.endpoint

    @property
    def test_mode(self) -> bool:
        """Whether the service only checks actions."""
        return self._session.test_mode

    @property
    def waited(self) -> Waited:
        """How long all calls together have waited so far, for what: for the service, its limits or another attempt."""
        return self._session.waited

    @property
    def queued(self) -> tuple[Action, ...]:
        """The actions that wait to be sent, wholly or in part, in order; not those that a call is sending just now."""
        return self._session.queue.waiting

    def take_queued(self) -> list[Action]:
        """Take out of the queue what `queued` shows, and return it: it is not sent any more.

        The steps of a partly sent action that were not sent are dropped; its outcome says which were.
        """
        return self._session.queue.withdraw_waiting()

    def start_sync(self) -> None:
        """Let the next request announce the start of a run (`Pragma: umapi-sync-start`).

        It opens page 0 of the users, which the live service locks for half an hour after it was read: a listing of
        users that follows does not wait for that. What the request could say to nobody, the next one says.
        """
        self._session.service.announcements.start()

    def end_sync(self) -> None:
        """Let the next request announce the end of a run (`Pragma: umapi-sync-end`)."""
        self._session.service.announcements.end()

    @property
    def service(self) -> Service:
        """What calls need to know of the service; for the query classes."""
        return self._session.service

    def count_query(self, *, multiple: bool) -> None:
        """Count a query for the local status; for the query classes."""
        self._session.count_query(multiple=multiple)

    def __repr__(self) -> str:
        name = type(self).__name__
        if not hasattr(self, "_session"):  # as in a traceback of its constructor
            return f"<{name} that was not made>"
        return f"<{name} {self.org_id} at {self.endpoint}{', test mode' if self.test_mode else ''}>"


def _shared(url: str, place: str, client_id: str) -> SharedWindows:
    try:
        from umapi_sdk.redis_windows import RedisWindows  # noqa: PLC0415 - its libraries come with an extra
    except ModuleNotFoundError as error:
        missing = error.name
    else:
        return RedisWindows(url, place, client_id)
    raise ConfigurationError(f"pacing_url needs {missing}, which is missing: pip install umapi-sdk[redis]")


def _warn_of_unsent(queue: ActionQueue, level: int) -> None:
    if len(queue):
        count = "1 action was" if len(queue) == 1 else f"{len(queue)} actions were"
        message = f"{count} queued and not sent: call execute_queued(), or take_queued(), before closing"
        warnings.warn(message, UnsentActionsWarning, stacklevel=level)
