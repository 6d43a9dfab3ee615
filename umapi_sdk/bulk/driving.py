"""How a session goes about its calls: waits that are told of before they begin, and places where a run can stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from umapi_models.operations import ACTION
from umapi_sdk.bulk.events import Event, Waiting
from umapi_sdk.errors import JournalError, UmapiError
from umapi_sdk.messages import Call, Now, Reply, Request, Sleep, TransportError
from umapi_sdk.waits import Cause

T = TypeVar("T")

_GLANCE = 0.5  # seconds of a wait after which it is looked whether the run is to stop


class StoppedError(Exception):
    """The run is to stop, and this was the place to do so."""

    def __init__(self) -> None:
        super().__init__("the run was stopped")


class Driver:
    """Carries out the calls of a session; `tell` hears of events, `stopped` says whether the run is to stop."""

    def __init__(self, tell: Callable[[Event], None] | None, stopped: Callable[[], bool]) -> None:
        self._on_event = tell
        self._is_stopped = stopped
        self.waited = 0.0
        """Seconds of all waits."""

    def tell(self, event: Event) -> None:
        """Tell of an event, if anybody listens."""
        if self._on_event is not None:
            self._on_event(event)

    def check_stopped(self) -> None:
        """End here if the run is to stop.

        Raises:
            StoppedError: it is.
        """
        if self._is_stopped():
            raise StoppedError

    def now(self) -> Call[float]:
        """Return the time, in seconds since the epoch."""
        return cast("float", (yield Now()))

    def wait(
        self, seconds: float, reason: str, operation: str | None = ACTION.name, cause: Cause = Cause.NO_ANSWER
    ) -> Call[None]:
        """Wait. If nobody is told of events, the connection tells of the wait.

        Raises:
            StoppedError: the run is to stop.
        """
        if seconds <= 0:
            return
        self.tell(Waiting(seconds, reason, (yield from self.now()) + seconds))
        said = reason if self._on_event is None else ""
        left = seconds
        while left > 0:
            self.check_stopped()
            part = min(left, _GLANCE)
            yield Sleep(part, said, operation, whole=seconds, cause=cause, begins=left == seconds)
            said = ""
            left -= part
            self.waited += part

    def watched(
        self,
        call: Call[T],
        on_request: Callable[[float], None] | None = None,
        on_wait: Callable[[], None] | None = None,
    ) -> Call[T]:
        """Carry out a call whose waits are told; the functions are called before each request, with the time, and wait.

        Raises:
            StoppedError: the run is to stop.
        """
        try:
            message = next(call)
            while True:
                answer: Reply = None
                try:
                    if isinstance(message, Sleep):
                        if on_wait is not None:
                            on_wait()
                        yield from self.wait(message.seconds, message.reason, message.operation, message.cause)
                    else:
                        if isinstance(message, Request) and on_request is not None:
                            on_request((yield from self.now()))
                        answer = yield message
                except JournalError:
                    raise
                except (TransportError, UmapiError) as error:
                    message = call.throw(error)
                else:
                    message = call.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            call.close()
