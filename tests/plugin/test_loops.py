"""The thread in which worlds live: what runs there, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from umapi_harness.mock.serving.loops import LoopThread, process_loop


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    """A loop of the test's own."""
    loop = LoopThread()
    yield loop
    loop.stop()


def test_functions_and_coroutines_run_in_the_thread(loop: LoopThread) -> None:
    """What they return comes back, and all of them run in the one thread that is not the caller's."""

    async def where() -> threading.Thread:
        return threading.current_thread()

    thread = loop.run(where())
    assert loop.call(threading.current_thread) is loop.submit(where()).result() is thread
    assert thread is not threading.current_thread()
    assert thread.daemon


def test_what_is_raised_comes_back(loop: LoopThread) -> None:
    """An exception reaches the caller as it is, and the loop goes on."""
    with pytest.raises(ZeroDivisionError):
        loop.call(lambda: 1 // 0)
    assert loop.call(lambda: 1) == 1


def test_the_thread_does_not_wait_for_itself(loop: LoopThread) -> None:
    """Inside the thread a function is called at once, and waiting for a coroutine is refused, not a deadlock."""

    async def nothing() -> None:
        return None

    assert loop.call(lambda: loop.call(lambda: "inner")) == "inner"
    with pytest.raises(RuntimeError, match="cannot wait for itself"):
        loop.call(lambda: loop.run(nothing()))


def test_the_end_cancels_what_still_runs() -> None:
    """A loop that is stopped cancels its tasks and ends; stopping it again does nothing."""
    loop = LoopThread()
    ended: list[str] = []
    begun = threading.Event()

    async def forever() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    under_way = loop.submit(forever())
    assert begun.wait(20)
    loop.stop()
    loop.stop()
    assert ended == ["cancelled"]
    assert under_way.cancelled()


def test_there_is_one_loop_for_the_process() -> None:
    """Whoever asks, gets the same loop."""
    assert process_loop() is process_loop()
