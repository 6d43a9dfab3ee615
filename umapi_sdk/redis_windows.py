"""Throttle windows that processes and hosts share through Redis (extra `redis`); asking them is I/O that blocks.

`limits` keeps a window as a list of moments, which one script of Redis checks and extends. The moments are told by the
clock of Redis here, for hosts differ in theirs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
from redis.retry import Retry

from umapi_models.operations import Operation
from umapi_sdk.characters import shown
from umapi_sdk.errors import ConfigurationError
from umapi_sdk.masking import hidden, masked
from umapi_sdk.messages import TransportError
from umapi_sdk.pacing import LONGEST_HOLD, LONGEST_WAY

_PREFIX: Final = "umapi-sdk"
_TIMEOUT: Final = 5.0  # seconds in which Redis must answer
_GRAIN: Final = 0.01  # seconds added to a wait, for the script wants more than the window to be over


_DATABASE = re.compile("/?[0-9]*")


class _Pipeline(Protocol):
    """Commands that Redis runs together."""

    def __enter__(self) -> _Pipeline: ...
    def __exit__(self, *error: object) -> None: ...
    def set(self, name: str, value: int, *, px: int, nx: bool) -> object: ...
    def pexpire(self, name: str, time: int, *, gt: bool) -> object: ...
    def execute(self) -> object: ...


class _Redis(Protocol):
    """What is used of a client of Redis, with the types of its answers."""

    def time(self) -> tuple[int, int]: ...
    def info(self, section: str) -> Mapping[str, str | int]: ...
    def pttl(self, name: str) -> int: ...
    def delete(self, name: str) -> object: ...
    def pipeline(self) -> _Pipeline: ...


class _Script(Protocol):
    """A script of `limits`, on a window."""

    def __call__(self, keys: list[str], args: list[float]) -> Any: ...


class _Storage(RedisStorage):
    """The storage of `limits`, by the clock of Redis in place of the one of this host."""

    @property
    def redis(self) -> _Redis:
        """The client."""
        return cast("_Redis", self.get_connection())

    def now(self) -> float:
        """Return the time of Redis, in seconds since the epoch."""
        seconds, microseconds = self.redis.time()
        return seconds + microseconds / 1e6

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take places in a window, if there are so many."""
        script: _Script = getattr(self, "lua_acquire_moving_window")  # noqa: B009 - it has no type
        return bool(script([self.prefixed_key(key)], [self.now(), limit, expiry, amount]))

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return the moment of the oldest place in a window, and how many are taken."""
        now = self.now()
        script: _Script = getattr(self, "lua_moving_window")  # noqa: B009 - it has no type
        window = script([self.prefixed_key(key)], [now - expiry, limit])
        return (float(window[0]), int(window[1])) if window else (now, 0)


class RedisWindows:
    """The windows of one client at one service, for all processes that are told the same Redis."""

    def __init__(self, url: str, service: str, client_id: str) -> None:
        """Take the URL of the Redis; it is asked nothing yet.

        Raises:
            ConfigurationError: the URL cannot be used.
        """
        pool = _pool(hidden(url))
        known = pool.connection_kwargs
        self._password = hidden(known.get("password"))
        self._place = known.get("path") or f"{known.get('host', 'localhost')}:{known.get('port', 6379)}"
        self._pool = pool
        self._storage = _Storage("redis://", connection_pool=pool)
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._service, self._client_id = service, client_id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} at {self._place}>"

    def take(self, operation: Operation) -> float:
        """Take a place in the operation's windows, and return 0; or the seconds after which to ask again.

        Raises:
            TransportError: Redis cannot be reached.
            ConfigurationError: it refuses password or user.
        """
        return self._asked(lambda: self._take(operation))

    def held(self, operation: Operation) -> float:
        """Return the seconds for which nobody may send.

        Raises:
            TransportError, ConfigurationError: as `take`.
        """
        return self._asked(lambda: self._held(operation))

    def hold(self, operation: Operation, seconds: float) -> float:
        """Let nobody send for so long, an hour at most; return 0.

        Raises:
            TransportError, ConfigurationError: as `take`.
        """
        return self._asked(lambda: self._hold(operation, seconds))

    def release(self, operation: Operation) -> float:
        """Let requests go again, whatever was asked before; return 0.

        Raises:
            TransportError, ConfigurationError: as `take`.
        """
        return self._asked(lambda: self._release(operation))

    def close(self) -> None:
        """Close the network connections."""
        self._pool.disconnect()

    def _take(self, operation: Operation) -> float:
        client, overall = self._items(operation)
        young = self._youth(operation)
        if young > 0:
            return young
        if not self._limiter.test(client, *self._name(operation)):
            return self._wait(client, *self._name(operation))
        if overall is not None and not self._limiter.hit(overall, *self._name_for_all(operation)):
            return self._wait(overall, *self._name_for_all(operation))
        # Another process may have been faster since the test; its place among all clients then stays unused.
        return 0.0 if self._limiter.hit(client, *self._name(operation)) else self._wait(client, *self._name(operation))

    def _items(self, operation: Operation) -> tuple[RateLimitItem, RateLimitItem | None]:
        period = _length(operation)
        overall = None if operation.overall is None else RateLimitItemPerSecond(operation.overall, period, _PREFIX)
        return RateLimitItemPerSecond(operation.per_client or 1, period, _PREFIX), overall

    def _youth(self, operation: Operation) -> float:
        """Return how long what was sent may not be known yet: a Redis that has been started anew may have lost it."""
        uptime = int(self._storage.redis.info("server")["uptime_in_seconds"])
        return float(_length(operation) + 1 - uptime)  # which is cut to whole seconds

    def _wait(self, item: RateLimitItem, *names: str) -> float:
        reset = self._limiter.get_window_stats(item, *names).reset_time
        return max(0.0, reset - self._storage.now()) + _GRAIN

    def _held(self, operation: Operation) -> float:
        return max(0, self._storage.redis.pttl(self._hold_key(operation))) / 1000

    def _hold(self, operation: Operation, seconds: float) -> float:
        key, left = self._hold_key(operation), math.ceil(min(seconds, LONGEST_HOLD) * 1000)
        if left > 0:
            with self._storage.redis.pipeline() as pipeline:
                pipeline.set(key, 1, px=left, nx=True)
                pipeline.pexpire(key, left, gt=True)  # a longer one stays
                pipeline.execute()
        return 0.0

    def _release(self, operation: Operation) -> float:
        self._storage.redis.delete(self._hold_key(operation))
        return 0.0

    def _name(self, operation: Operation) -> tuple[str, ...]:
        return self._service, self._client_id, operation.name

    def _name_for_all(self, operation: Operation) -> tuple[str, ...]:
        return self._service, operation.name

    def _hold_key(self, operation: Operation) -> str:
        return "/".join((_PREFIX, "held", *self._name(operation)))

    def _asked(self, question: Callable[[], float]) -> float:
        failure: TransportError | ConfigurationError
        try:
            return question()
        except (AuthenticationError, NoPermissionError) as error:
            said = f"pacing_url: Redis at {self._place} refuses this user or password: {self._said(error)}"
            failure = ConfigurationError(said)
        except RedisError as error:
            said = f"Redis at {self._place}, which pacing_url names, cannot be used: {self._said(error)}"
            failure = TransportError(said, sent=False)
        raise failure  # outside, for the frames of the library hold the password

    def _said(self, error: RedisError) -> str:
        return shown(masked(" ".join(str(error).split()), [self._password] if self._password else []))


def _length(operation: Operation) -> int:
    """Return the length of a window: of the period, and what one request may travel longer than another."""
    return math.ceil(operation.period + LONGEST_WAY)


def _pool(url: str) -> ConnectionPool:
    try:
        parts = urlsplit(url)
        if parts.scheme != "unix" and not _DATABASE.fullmatch(parts.path):
            raise ValueError("what is no number of a database, redis-py takes for 0")  # noqa: TRY301
        pool: ConnectionPool = ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
            url, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 0)
        )
        pool.connection_class(**pool.connection_kwargs)  # which refuses options that there are not
    except (ValueError, TypeError, RedisError):
        failure = ConfigurationError(
            "pacing_url must be the URL of a Redis, as in redis://:password@host:6379/0 (or rediss://, unix://), with "
            "a password that is percent-encoded"
        )
    else:
        return pool
    raise failure  # outside, for the frames of the library hold the password
