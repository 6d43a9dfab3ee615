"""Keeping under the service's throttle limits: how long to wait before the next request of an operation.

The service locks out a client that exceeds a limit, sometimes for most of an hour, so that not exceeding it is
faster than being told.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol
from weakref import WeakValueDictionary

import msgspec

from umapi_models.operations import Operation
from umapi_sdk.records import Record

LONGEST_HOLD = 3600.0  # seconds; lockouts of up to an hour have been seen, and a longer one may be a mistake
LONGEST_WAY: Final = 1.0
"""Seconds that a request may take to the service: it counts there when it arrives, and not all travel equally long."""

_JITTER = 1.0  # seconds by which the readings of several threads can come in the wrong order
_GRAIN = 1e-6  # seconds; a shorter wait is one of rounding
_MOST_WINDOWS = 1000  # past which those that nobody needs any more are looked for
_MOST_SERVICES = 1000


def least_time(operation: Operation, requests: int) -> float:
    """Return the seconds from the first of so many requests to the last, at the limit of one client."""
    if operation.per_client is None or not requests:
        return 0.0
    return (requests - 1) // operation.per_client * operation.period


class Place(msgspec.Struct, eq=False):
    """The place of one request in the windows of its operation, and since when it counts."""

    client_id: str
    operation: Operation
    moment: float

    def windows(self) -> list[tuple[tuple[str, str | None], int]]:
        """Return the windows that it is in, by operation and client, with the limit of each."""
        name, limits = (
            self.operation.name,
            ((self.client_id, self.operation.per_client), (None, self.operation.overall)),
        )
        return [((name, client), limit) for client, limit in limits if limit is not None]


class ServicePaces:
    """The windows of one service, by operation and client, and those of all its clients together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str | None], list[Place]] = {}
        self._held: dict[tuple[str, str], float] = {}
        self._latest = float("-inf")

    def take(self, client_id: str, operation: Operation, now: float) -> Place | float:
        """Take a place, or return the seconds until one may be free."""
        with self._lock:
            now = self._forward(now)
            place = Place(client_id, operation, now + LONGEST_WAY)
            if len(self._windows) > _MOST_WINDOWS:
                self._drop_old(now)
            free = now
            for name, limit in place.windows():
                window = self._windows.setdefault(name, [])
                window[:] = [each for each in window if each.moment + operation.period - now > _GRAIN]
                if len(window) >= limit:
                    free = max(free, sorted(each.moment for each in window)[-limit] + operation.period)
            if free > now:
                return free - now
            for name, _ in place.windows():
                self._windows[name].append(place)
            return place

    def give_back(self, place: Place) -> None:
        """Free the place of a request that was not sent after all."""
        with self._lock:
            for name, _ in place.windows():
                window = self._windows.get(name, [])
                window[:] = [each for each in window if each is not place]

    def arrived(self, place: Place, now: float) -> None:
        """Count a request from now, for it is answered or has failed; until then it counts from its latest arrival."""
        with self._lock:
            place.moment = min(place.moment, max(self._forward(now), place.moment - LONGEST_WAY))

    def hold(self, client_id: str, operation: Operation, now: float, seconds: float) -> None:
        """Let a client not send for so long."""
        with self._lock:
            until = self._forward(now) + min(seconds, LONGEST_HOLD)
            name = (operation.name, client_id)
            self._held[name] = max(until, self._held.get(name, until))

    def held(self, client_id: str, operation: Operation, now: float) -> float:
        """Return the seconds for which a client may not send."""
        with self._lock:
            now = self._forward(now)
            left = self._held.get((operation.name, client_id), now) - now
            return left if left > _GRAIN else 0.0

    def release(self, client_id: str, operation: Operation) -> None:
        """Let a client send again: the service has let a request through."""
        with self._lock:
            self._held.pop((operation.name, client_id), None)

    def _drop_old(self, now: float) -> None:
        for name, window in list(self._windows.items()):
            if all(each.moment + each.operation.period <= now for each in window):
                del self._windows[name]
        self._held = {name: until for name, until in self._held.items() if until > now}

    def _forward(self, now: float) -> float:
        back = self._latest - now
        if back > _JITTER:
            for place in {place for window in self._windows.values() for place in window}:
                place.moment -= back
            self._held = {name: until - back for name, until in self._held.items()}
            self._latest = now
        self._latest = max(self._latest, now)
        return self._latest


class Pacer(Record, frozen=True):
    """Keeps the limits of one client, whose requests may be those of many connections and threads.

    `now` is in seconds of a clock that only goes forward; should it go back, what was remembered goes back with it.
    """

    unshown = frozenset({"_paces"})

    client_id: str
    _paces: ServicePaces = msgspec.field(default_factory=ServicePaces)

    def take(self, operation: Operation, now: float) -> Place | float:
        """Take a place in the operation's windows, or return the seconds after which to ask again.

        Who has waited asks again, for others may have been first, or the service may have asked one of them to wait.
        """
        return self._paces.take(self.client_id, operation, now)

    def give_back(self, place: Place) -> None:
        """Free the place of a request that was not sent after all."""
        self._paces.give_back(place)

    def arrived(self, place: Place, now: float) -> None:
        """Count a request from when it can have arrived at the service: it is answered now, or has failed."""
        self._paces.arrived(place, now)

    def hold(self, operation: Operation, now: float, seconds: float) -> None:
        """Let nobody send for as long as the service has asked one of us to wait, an hour at most."""
        self._paces.hold(self.client_id, operation, now, seconds)

    def held(self, operation: Operation, now: float) -> float:
        """Return the seconds for which nobody may send."""
        return self._paces.held(self.client_id, operation, now)

    def release(self, operation: Operation) -> None:
        """Let requests go again: the service has let one through that did not wait."""
        self._paces.release(self.client_id, operation)


class SharedWindows(Protocol):
    """The windows of one client as other processes see them too. Whoever calls its methods may have to wait for I/O."""

    def take(self, operation: Operation) -> float:
        """Take a place in the operation's windows, and return 0; or the seconds after which to ask again."""
        ...

    def held(self, operation: Operation) -> float:
        """Return the seconds for which nobody may send."""
        ...

    def hold(self, operation: Operation, seconds: float) -> float:
        """Let nobody send for so long, an hour at most; return 0."""
        ...

    def release(self, operation: Operation) -> float:
        """Let requests go again, whatever was asked before; return 0."""
        ...

    def close(self) -> None:
        """Close the network connections."""
        ...


class _Clock(msgspec.Struct, frozen=True):
    """A clock to look up by; it may be a callable that has no hash."""

    now: Callable[[], float]

    def __hash__(self) -> int:
        return hash(type(self.now))


class _Process:
    """The services that connections of this process have gone to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._services: WeakValueDictionary[tuple[str, _Clock], ServicePaces] = WeakValueDictionary()
        # Kept though no connection is open: the next one may be made within the same minute.
        self._recent: deque[ServicePaces] = deque(maxlen=_MOST_SERVICES)

    def pacer(self, service: str, client_id: str, clock: Callable[[], float]) -> Pacer:
        with self._lock:
            key = (service, _Clock(clock))
            paces = self._services.get(key)
            if paces is None:
                paces = self._services[key] = ServicePaces()
                self._recent.append(paces)
            return Pacer(client_id, paces)


_process = _Process()


def pacer_of(service: str, client_id: str, clock: Callable[[], float]) -> Pacer:
    """Return what keeps the limits of a client at a service, the same for all connections of this process.

    `service` is the host and port of the API; what is read from different clocks has nothing in common.
    """
    return _process.pacer(service, client_id, clock)
