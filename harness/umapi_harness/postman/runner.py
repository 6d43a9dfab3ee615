"""The runner: executes a collection in order and tells its listeners what happens."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.postman import events
from umapi_harness.postman.choosing import chosen_items, shared_names
from umapi_harness.postman.collection import Collection, Item
from umapi_harness.postman.execution import Execution
from umapi_harness.postman.library_needs import check_libraries
from umapi_harness.postman.rules import Rule
from umapi_harness.postman.scripts import ScriptResult
from umapi_harness.postman.sending.sender import Sender
from umapi_harness.postman.session import CREDENTIAL_HEADERS, Options, Session, TimeUpError
from umapi_harness.postman.variables import value_text

_BROKEN_OFF: Final = "the run was ended before it was over"


@attrs.frozen(kw_only=True)
class Runner:
    """Runs one collection with a sender that is given to it.

    `now` is seconds since 1970, `sleep` waits a number of seconds, `chance` feeds the dynamic variables.
    Listeners receive every event in turn and must not raise.
    """

    collection: Collection
    sender: Sender
    options: Options = attrs.field(factory=Options)
    listeners: Sequence[events.Listener] = ()
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    chance: random.Random = attrs.field(factory=random.Random)
    on_begin: Callable[[Callable[[str], None]], None] | None = None
    """Receives what tells listeners of the run's end, with a reason, from another thread: for a run whose own thread
    does not come back from a call, and is not let go on."""
    on_end: Callable[[Session], None] | None = None
    """Receives what the run leaves: its variables and its cookies."""

    def run(self) -> events.Summary:
        """Runs to the end and returns the counts; raises DocumentError for nothing to run, or for libraries that lack.

        Whatever ends the run, listeners hear of its end: also when an exception leaves this method. None does for
        a fault of the runner itself, which breaks a rule.
        """
        items = chosen_items(self.collection, self.options.folders)
        check_libraries(items, self.collection.source)
        count = self.options.iteration_count()
        session = Session(
            sender=self.sender,
            options=self.options,
            listeners=self.listeners,
            sleep=self.sleep,
            now=self.now,
            chance=self.chance,
            collection_variables=dict(self.collection.variables),
            collection_source=self.collection.source,
            auths=[item.auth for item in items if item.auth is not None],
            credentials=list(_credentials(items)),
            collection_name=self.collection.name,
        )
        session.tell(
            events.RunStarted(
                collection=self.collection.name,
                source=self.collection.source,
                iterations=count,
                requests=len(items),
                environment=self.options.environment.name,
                at=self.now(),
                notes=tuple(
                    session.masker.text(note)
                    for note in (*self.options.notes, *shared_names(self.collection, self.options.folders))
                ),
            )
        )
        iterations = _Iterations(session, items, count)

        def abandon(reason: str) -> None:
            session.error(iterations.step, Rule.INTERRUPTED, reason, "")
            self._end(session, _BROKEN_OFF)

        if self.on_begin is not None:
            self.on_begin(abandon)
        stopped: str | None = _BROKEN_OFF
        try:
            stopped = self._work(session, iterations)
        except (KeyboardInterrupt, SystemExit) as error:
            # Also one that comes when the last request is over: the verdict is not told yet.
            session.error(iterations.step, Rule.INTERRUPTED, str(error) or "interrupted", "")
            raise
        finally:
            self._end(session, stopped)
        return session.summary

    def _end(self, session: Session, stopped: str | None) -> None:
        session.summary.seconds = time.monotonic() - session.began
        try:
            session.tell(events.RunFinished(summary=session.summary, stopped=stopped))
        finally:
            # Also where a signal comes while reports are told: what the run leaves is not theirs.
            if self.on_end is not None:
                self.on_end(session)

    def _work(self, session: Session, iterations: _Iterations) -> str | None:
        """Goes through the collection; returns why it stopped early. What ends the run is told before it is raised."""
        try:
            for unheard in self.collection.unheard:
                session.error(None, Rule.UNKNOWN_EVENT, unheard.problem, unheard.pointer)
            stopped = iterations.run()
        except TimeUpError:
            message = f"the run has taken the {self.options.seconds:g} seconds that it may; --timeout gives it more"
            session.error(iterations.step, Rule.LIMIT, message, "")
            return "the time of the run is used up"
        except InputError as error:
            session.error(iterations.step, Rule.INPUT, str(error), _pointer_of(iterations.step))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the run is over
            message = f"{type(error).__name__}: {error} ({_origin(error)})"
            session.error(iterations.step, Rule.INTERNAL_ERROR, message, _pointer_of(iterations.step))
            return "the runner failed"
        if stopped is None and self.options.unused_faults is not None:
            for fault in self.options.unused_faults():
                session.error(None, Rule.UNUSED_FAULT, fault, "")
        if session.summary.passed and not session.summary.checks_passed:
            what = "nothing was checked" if session.summary.sent else "no request was sent, and nothing was checked"
            message = f"{what}; write tests with pm.test, or allow it with --allow {Rule.NO_CHECKS}"
            session.error(None, Rule.NO_CHECKS, message, "")
        return stopped


def _pointer_of(step: events.Step | None) -> str:
    return "" if step is None else step.pointer


def _origin(error: Exception) -> str:
    """Where an exception was raised: file and line, for those who mend it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "nobody knows where"


def _credentials(items: Iterable[Item]) -> Iterator[str]:
    """What stands in headers that hold a credential."""
    for item in items:
        yield from (one.value for one in item.request.headers if one.key.strip().lower() in CREDENTIAL_HEADERS)


@attrs.define
class _Iterations:
    """Goes through the requests, once per iteration, wherever setNextRequest leads."""

    session: Session
    items: Sequence[Item]
    count: int
    steps: int = 0
    step: events.Step | None = None
    """The step that is under way."""

    def run(self) -> str | None:
        """Returns why the run stopped early, or None."""
        for iteration in range(self.count):
            stopped = self._iterate(iteration)
            if stopped is not None:
                return stopped
        return None

    def _iterate(self, iteration: int) -> str | None:
        session, options = self.session, self.session.options
        session.scopes.begin_iteration(options.row(iteration), options.row_origin(iteration))
        session.learn_secrets()
        row = session.scopes.data.items()
        shown = tuple((name, session.shown_value(name, value_text(value))) for name, value in row)
        session.tell(events.IterationStarted(iteration=iteration, data=shown))
        place: int | None = 0
        done = 0
        while place is not None and place < len(self.items):
            session.check_time()
            if self.steps and options.delay:
                session.pause(options.delay)
            step = self.step = self._next_step(self.items[place], iteration)
            if done == options.max_requests:
                message = (
                    f"setNextRequest goes round in circles: {done} requests in one iteration; --max-steps has more"
                )
                session.error(step, Rule.LIMIT, message, step.pointer)
                return "setNextRequest goes round in circles"
            done += 1
            following = Execution(session, self.items[place], step, self.count).execute()
            jumps = following is not None and following.next_request is not None
            session.end_step(step, self.items[place], jumps=jumps)
            place = place + 1 if following is None else self._place_of(following, step, place)
            # A signal that comes while reports are told of the end is an error of the run: they are done with the step.
            self.step = None
            session.tell(events.RequestFinished(step=step))
            if options.bail and session.summary.failures:
                return "a check or request failed"
        return None

    def _next_step(self, item: Item, iteration: int) -> events.Step:
        self.steps += 1
        self.session.summary.requests += 1
        return events.Step(
            number=self.steps,
            iteration=iteration,
            name=self.session.masker.text(item.name),
            folders=tuple(self.session.masker.text(name) for name in item.folders),
            pointer=item.pointer,
        )

    def _place_of(self, following: ScriptResult, step: events.Step, place: int) -> int | None:
        name, left = following.next_request, len(self.items) - place - 1
        if name is None:
            if left:
                message = f"setNextRequest(null) ends the iteration; requests after this one that do not run: {left}"
                self.session.error(step, Rule.REQUESTS_LEFT, message, step.pointer)
            return None
        for index, item in reversed(tuple(enumerate(self.items))):
            if item.is_called(name):
                return index
        ends = f"; the iteration ends here, and requests after this one that do not run: {left}" if left else ""
        message = f"setNextRequest: there is no request named {name!r} in this run{ends}"
        self.session.error(step, Rule.UNKNOWN_NEXT_REQUEST, message, step.pointer)
        return None
