"""Loops: the thread with an event loop in which worlds of this process live, away from the caller's own."""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """An event loop in a daemon thread. Whatever runs in it, runs one after the other: a world needs no locks."""

    def __init__(self) -> None:
        """Start the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="umapi-mock-loop", daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin to run a coroutine in the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop and wait for what it returns or raises."""
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("the loop of the mock server cannot wait for itself; call from another thread")
        return self.submit(coroutine).result()

    def call(self, function: Callable[[], T]) -> T:
        """Call a function in the loop's thread, between two requests, and wait for it."""
        if threading.current_thread() is self._thread:
            return function()

        async def called() -> T:
            return function()

        return self.run(called())

    def stop(self) -> None:
        """Cancel what still runs, and end the thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_forever()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            if left:
                self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        finally:
            self._loop.close()


def process_loop() -> LoopThread:
    """The loop of this process, started when it is first asked for."""
    return _loop_of(os.getpid())


@functools.cache
def _loop_of(_process: int) -> LoopThread:
    # A forked process has the loop of its parent as an object, but not the thread: it gets one of its own.
    loop = LoopThread()
    atexit.register(loop.stop)
    return loop
