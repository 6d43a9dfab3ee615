"""Stepped runs: a run of a collection in a thread of its own, which goes on when somebody waits for a request."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Final

import attrs

from umapi_harness.commands.conventions import BAD_INPUT
from umapi_harness.commands.run_options import RunArguments
from umapi_harness.commands.running import execute
from umapi_harness.common.errors import InputError
from umapi_harness.report.failures import FailedStep, failed_step, failure_lines
from umapi_harness.report.outcomes import Gathering, Outcome

_PATIENCE: Final = 10.0
"""Seconds that a run has to end once nobody waits for it."""


@attrs.frozen
class Place:
    """A request of the collection in one iteration."""

    pointer: str
    iteration: int


@attrs.frozen
class Told:
    """What there is to tell of a step that is over."""

    failed: FailedStep | None
    skipped: bool


class _StoppedError(SystemExit):
    """Nobody waits for the rest of the run."""


class SteppedRun:
    """One run. Nothing begins before the first request is waited for."""

    def __init__(self, arguments: RunArguments) -> None:
        # The console is pytest's.
        self._arguments = attrs.evolve(arguments, silent=True)
        self._gathering = Gathering(self._over)
        self._thread: threading.Thread | None = None
        self._turns = threading.Semaphore(0)
        self._steps: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
        self._told: dict[Place, Told] = {}
        self._again: list[FailedStep] = []
        self._iteration = -1
        self._ended = False
        self._stopping = False
        self._stopped = False
        self._status = 0
        self._error: BaseException | None = None

    def until(self, place: Place) -> Told | None:
        """What became of a request; the run goes on until it is over, and None means that it does not come to it.

        Raises:
            InputError: the run cannot begin.
        """
        while place not in self._told and not self._ended and self._iteration <= place.iteration:
            self._advance()
        return self._told.get(place)

    def finish(self) -> list[FailedStep]:
        """Go on to the end; returns what failed beside the first executions of requests.

        Raises:
            InputError: the run cannot begin.
        """
        while not self._ended:
            self._advance()
        if self._status == BAD_INPUT:
            raise InputError("a report of the run could not be written; standard error says which, and why")
        failures = tuple((one.pointer, tuple(failure_lines(one))) for one in self._gathering.failures)
        of_the_run = [FailedStep("the run", failures, (), 0)] if failures else []
        return [*self._again, *of_the_run]

    def told(self) -> Iterator[tuple[Place, Told]]:
        """All requests that are over."""
        yield from self._told.items()

    def stop(self) -> None:
        """End the run, and wait until its server and its reports are closed."""
        if self._thread is not None and self._thread.is_alive():
            self._stopping = True
            self._turns.release()
            self._thread.join(_PATIENCE)
        self._ended = True

    def _advance(self) -> None:
        """Let one step happen, and take in what it tells."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="collection", daemon=True)
            self._thread.start()
        else:
            self._turns.release()
        outcome = self._steps.get()
        if outcome is None:
            self._ended = True
            if self._error is not None:
                raise self._error
            return
        self._keep(outcome)

    def _keep(self, outcome: Outcome) -> None:
        place = Place(outcome.step.pointer, outcome.step.iteration)
        self._iteration = place.iteration
        failed = failed_step(outcome) if outcome.failures else None
        if place not in self._told:
            self._told[place] = Told(failed, outcome.skipped)
        elif failed is not None:
            self._again.append(failed)

    def _work(self) -> None:
        """The thread: runs to the end, step by step."""
        try:
            self._status = execute(self._arguments, (self._gathering,))
        except _StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised where the run is waited for
            self._error = error
        self._steps.put(None)

    def _over(self, outcome: Outcome) -> None:
        """A step is over: tell, and wait until the next one is wanted."""
        if self._stopped:
            return
        if not self._stopping:
            self._steps.put(outcome)
            self._turns.acquire()
        if self._stopping:
            self._stopped = True
            raise _StoppedError("the tests are over")
