"""Signals that end a run: in its own thread, or beside it where that thread does not come back from a call."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from types import FrameType
from typing import Final

import attrs

from umapi_harness.commands.conventions import say
from umapi_harness.postman.events import Event, Listener, RunFinished

_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_KILLED: Final = 128  # what shells add to the number of the signal that ended a command
_GRACE: Final = 0.5
"""Seconds that the thread of the run has to hear of a signal; where a script computes, or a name is looked up, it does
not."""


class SignalExit(SystemExit):
    """A signal ends the run; the text names it."""


@attrs.define
class Ending:
    """Which signal has ended the run, if one has."""

    number: int = 0
    waits: bool = False
    """Whether signals wait until the reports are written."""
    give_up: Callable[[], None] | None = None
    """Ends the run from another thread, its reports written; the process ends when it returns."""
    _settled: bool = attrs.field(default=False, init=False)
    """Whether the verdict is told, which no signal changes any more: status and reports are to say the same."""
    _telling: bool = attrs.field(default=False, init=False)
    _pending: bool = attrs.field(default=False, init=False)
    _given_up: bool = attrs.field(default=False, init=False)
    _heard: threading.Event = attrs.field(factory=threading.Event, init=False)
    _turn: list[None] = attrs.field(factory=lambda: [None], init=False)
    """Whoever takes the one entry ends the run; a lock would keep a second signal waiting for the first."""

    def undisturbed(self, listener: Listener) -> Listener:
        """The listener, which no signal strikes in the middle of an event: a report would lose a request."""

        def tell(event: Event) -> None:
            self._telling = True
            self._settled = self._settled or isinstance(event, RunFinished)
            try:
                listener(event)
            finally:
                self._telling = False
            if self._pending:
                self._pending = False
                self._end()

        return tell

    def reason(self) -> str:
        """The signal, as reports tell of it."""
        return "interrupted" if self.number == signal.SIGINT else signal.Signals(self.number).name

    def status(self) -> int:
        """The exit status of a run that a signal has ended, told of; 0 without one."""
        if not self.number:
            return 0
        say(self.reason() if self.number == signal.SIGINT else f"ended by {self.reason()}")
        return _KILLED + self.number

    def take(self, number: int, _frame: FrameType | None) -> None:
        """Let the first signal end the run; those that follow end nothing, so that the reports are written."""
        self._heard.set()
        if self._settled and not self._given_up:
            return
        if not self._is_first():
            while self._given_up:
                threading.Event().wait(_GRACE)  # the process is about to end
            return
        self.number = number
        if self.waits:
            return
        if self._telling:
            self._pending = True
            return
        self._end()

    def watch(self, signals: socket.socket) -> None:
        """See the signals of the process as bytes, and give the run up where its own thread does not hear of one."""
        while told := signals.recv(1):
            while told[0] in _SIGNALS and not self._heard.wait(_GRACE):
                if self._telling or self._settled or self.waits or self.give_up is None:
                    continue
                self._given_up = True  # before the turn is taken: the run, if it comes back now, must not go on
                if self._is_first():
                    self.number = told[0]
                    self._leave(self.give_up)
                self._given_up = False

    def _is_first(self) -> bool:
        try:
            self._turn.pop()
        except IndexError:
            return False
        return True

    def _end(self) -> None:
        if self.number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SignalExit(self.reason())

    def _leave(self, give_up: Callable[[], None]) -> None:
        """End the process, since the thread of the run cannot be brought back."""
        status = _KILLED + self.number
        try:
            give_up()
            status = self.status()
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
        finally:
            os._exit(status)


@contextlib.contextmanager
def ended_by_signals() -> Generator[Ending]:
    """Lets a signal end the run, with its reports."""
    ending = Ending()
    if threading.current_thread() is not threading.main_thread():
        yield ending
        return
    before = {one: signal.getsignal(one) for one in _SIGNALS}
    told, tells = socket.socketpair()
    tells.setblocking(False)
    watcher = threading.Thread(target=ending.watch, args=(told,), name="signals", daemon=True)
    watcher.start()
    descriptor = signal.set_wakeup_fd(tells.fileno(), warn_on_full_buffer=False)
    for one in _SIGNALS:
        if before[one] is not signal.SIG_IGN:
            signal.signal(one, ending.take)
    try:
        yield ending
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        signal.set_wakeup_fd(descriptor)
        tells.close()
        watcher.join()
        told.close()
