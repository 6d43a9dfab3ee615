"""Parts of a world that a test may touch while the world is served: its clock and its faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from umapi_harness.common.errors import InputError
from umapi_harness.mock.clock import VirtualClock
from umapi_harness.mock.faults.plans import read_plan
from umapi_harness.mock.serving.loops import LoopThread
from umapi_harness.mock.world import World

T = TypeVar("T")
_LONGEST: Final = 10 * 365 * 86_400  # seconds, as on the page


class Part:
    """A part of a world that is reached only in the world's own thread, between two requests."""

    def __init__(self, world: World, loop: LoopThread) -> None:
        self._world = world
        self._loop = loop

    def _do(self, function: Callable[[], T]) -> T:
        return self._loop.call(function)


class OrgClock(Part):
    """The organisation's time. It runs on with the machine's unless frozen, and can be set ahead."""

    @property
    def _clock(self) -> VirtualClock:
        clock = self._world.clock
        if not isinstance(clock, VirtualClock):
            raise InputError("clock: the world runs on the system's clock; give it a VirtualClock")
        return clock

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._do(self._world.clock.now)

    def advance(self, seconds: float) -> None:
        """Move ahead by `seconds`: tokens run out, throttle windows and lockouts end.

        Raises InputError for what is no number of seconds from 0: a server's time does not go back.
        """
        if not 0 <= seconds <= _LONGEST:
            raise InputError(f"clock.advance: {seconds!r} is not a number of seconds from 0 to {_LONGEST}; give one")
        self._do(lambda: self._clock.advance(seconds))

    def freeze(self) -> None:
        """Stand still from now on."""
        self._do(self._clock.freeze)

    def resume(self) -> None:
        """Run on."""
        self._do(self._clock.resume)


class OrgFaults(Part):
    """The failures planned for the organisation's clients."""

    def add(self, operation: str = "*", **fields: Any) -> None:
        """Plan a fault for the calls of `operation`, with the fields of a fault plan, such as `status=503, first=2`.

        Raises InputError for a field or value that does not exist.
        """
        planned = read_plan({"operation": operation, **fields}, where="faults.add")

        def add() -> None:
            for fault in planned.faults:
                self._world.faults.add(fault)

        self._do(add)

    def clear(self) -> None:
        """End all faults."""
        self._do(lambda: self._world.faults.replace([]))

    def unused(self) -> tuple[str, ...]:
        """The faults that have struck no call, in words; those with a rate are left out, which may strike nothing."""
        return self._do(lambda: self._world.faults.unused(chance=False))

    def as_list(self) -> list[dict[str, Any]]:
        """The faults as data, each with the number of calls that it has `matched` and `struck`."""
        return self._do(self._world.faults.as_list)
