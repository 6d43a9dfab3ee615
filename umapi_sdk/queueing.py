"""The queue of one connection, and which call sends what of it. Threads and tasks share it.

Each call of a connection has a share. A call that sends at once owns what it queued and what waited before it; any
other call owns only the full requests that it sends. A command belongs to one call at most, and what a call leaves
behind, however it ends, waits again for the next that sends, or for one that cannot go on without it.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

import msgspec

from umapi_models.limits import MAX_COMMANDS
from umapi_sdk.actions import Action
from umapi_sdk.batches import WireCommand, split_action
from umapi_sdk.outcomes import (
    AFTER_UNKNOWN,
    RUN_ENDED,
    ActionOutcome,
    CommandOutcome,
    OutcomeStatus,
    combine,
    same_for_all,
)
from umapi_sdk.turns import Turns

_TAKEN = "it was taken from the queue"


class _Job(msgspec.Struct, eq=False):
    """One execution of an action: what is known of its parts, and who wants to know."""

    serial: int
    action: Action
    commands: list[WireCommand]
    known: dict[int, CommandOutcome] = msgspec.field(default_factory=dict[int, CommandOutcome])
    """Outcomes of its parts, by part."""
    waiting: int = 0
    """Its parts that no call owns."""
    shares: list[Share] = msgspec.field(default_factory=list["Share"])
    """The calls that it concerns."""
    finisher: Share | None = None

    @property
    def finished(self) -> bool:
        return len(self.known) == len(self.commands)

    @property
    def begun(self) -> bool:
        return any(result.status is not OutcomeStatus.NOT_SENT for result in self.known.values())

    @property
    def doubtful(self) -> bool:
        return any(result.status is OutcomeStatus.UNKNOWN for result in self.known.values())


class _Entry(msgspec.Struct, eq=False):
    """A command that has no outcome yet."""

    serial: int
    command: WireCommand
    job: _Job
    owner: Share | None = None
    free: bool = False
    """True if nothing before it touches what it touches."""
    under_way: bool = False
    """True while its owner is sending it."""


class _Ready:
    """The commands that could be sent next, first come, first served. What is taken out is not looked for."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, _Entry]] = []
        self._there: set[_Entry] = set()

    def __len__(self) -> int:
        return len(self._there)

    def add(self, entry: _Entry) -> None:
        self._there.add(entry)
        heapq.heappush(self._heap, (entry.serial, entry))

    def discard(self, entry: _Entry) -> None:
        self._there.discard(entry)

    def pop(self) -> _Entry:
        while (entry := heapq.heappop(self._heap)[1]) not in self._there:
            continue
        self._there.remove(entry)
        return entry


class Share(msgspec.Struct, eq=False):
    """What one call has to do with the queue."""

    immediate: bool
    jobs: dict[_Job, None] = msgspec.field(default_factory=dict[_Job, None])
    """What concerns the call: what it queued, and what it owns."""
    open: int = 0
    """How many of its jobs are not finished."""
    owned: dict[_Entry, None] = msgspec.field(default_factory=dict[_Entry, None])
    ready: _Ready = msgspec.field(default_factory=_Ready)
    last: int = -1
    """Serial number of the last command it owned."""
    returns: int = 0
    """How often commands had been left behind when it last looked for them."""
    noticed: bool = False
    wake: Callable[[], None] | None = None

    def notify(self) -> None:
        """Let the call look again."""
        self.noticed = True
        wake, self.wake = self.wake, None
        if wake is not None:
            wake()


class ActionQueue:
    """Actions that wait to be sent or are being sent."""

    def __init__(self) -> None:
        # Reentrant: garbage collection can close a call that was given up, in whichever thread it strikes.
        self._lock = threading.RLock()
        self._serial = count()
        self._turns: Turns[_Entry] = Turns()
        self._entries: dict[WireCommand, _Entry] = {}
        self._unowned: dict[_Entry, None] = {}
        self._ready = _Ready()
        """The unowned commands whose turn it is."""
        self._waiting: dict[_Job, None] = {}
        self._returns = 0
        self._shares: dict[Share, None] = {}
        self.sent = 0
        """Actions sent so far."""
        self.completed = 0
        """Actions completed so far."""

    def __len__(self) -> int:
        """The number of actions that wait, wholly or in part, and that no call is about to send."""
        return len(self._waiting)

    @property
    def waiting(self) -> tuple[Action, ...]:
        """The actions that wait, wholly or in part, and that no call is about to send, in order."""
        with self._lock:
            return tuple(job.action for job in self._waiting_jobs())

    def enlist(self, share: Share, actions: Iterable[Action]) -> None:
        """Queue actions for a call; give it, if it sends at once, all that waits.

        Raises:
            ActionError: an action has no steps, or is none; not one of them has been queued.
        """
        held: list[Action] = []
        queued: list[tuple[Action, list[WireCommand]]] = []
        try:
            for action in actions:
                if isinstance(action, Action):  # pyright: ignore[reportUnnecessaryIsInstance]
                    action.hold()
                    held.append(action)
                queued.append((action, split_action(action)))
        except BaseException:
            for action in held:
                action.let_go(sent=False)
            raise
        with self._lock:
            self._shares[share] = None
            share.returns = self._returns
            if share.immediate:
                self._claim(share, list(self._unowned))
            for action, commands in queued:
                job = _Job(next(self._serial), action, commands)
                action.outcome = None
                self._concern(share, job)
                for command in commands:
                    entry = _Entry(next(self._serial), command, job)
                    self._entries[command] = entry
                    entry.free = self._turns.add(entry, command.touches)
                    self._give(entry, share if share.immediate else None)

    def take(self, share: Share) -> list[WireCommand]:
        """Return the commands for the call's next request, none if there is nothing to send just now.

        They are the first whose turn it is, as many as fit in a request: of those that the call owns, or if it does
        not send at once, of those that nobody owns, when they fill one.
        """
        with self._lock:
            share.noticed = False
            if share.immediate and share.returns != self._returns:
                share.returns = self._returns
                self._claim(share, [entry for entry in self._unowned if entry.serial < share.last])
            if not share.immediate and len(self._ready) < MAX_COMMANDS:
                return []
            ready = share.ready if share.immediate else self._ready
            taken = [ready.pop() for _ in range(min(MAX_COMMANDS, len(ready)))]
            for entry in taken:
                entry.under_way = True
                if entry.owner is None:
                    self._own(entry, share)
            return [entry.command for entry in taken]

    def subscribe(self, share: Share, wake: Callable[[], None]) -> None:
        """Call `wake` once the call can get on: at once, if something has happened since it last took commands."""
        with self._lock:
            if share.noticed or not share.open:
                wake()
            else:
                share.wake = wake

    def settle(self, share: Share, results: Sequence[CommandOutcome]) -> None:
        """Note the outcomes of commands that were sent. Nothing is sent of an action after an unknown part."""
        with self._lock:
            unknown: dict[_Job, None] = {}
            for result in results:
                entry = self._entries.get(result.command)
                if entry is None:
                    continue
                if result.status is OutcomeStatus.UNKNOWN:
                    unknown[entry.job] = None
                self._finish(entry, result, share)
            # Parts of an action can be on their way together: those have outcomes of their own.
            for job in unknown:
                for command in job.commands:
                    following = self._entries.get(command)
                    if following is not None and not following.under_way:
                        self._withdraw(following, AFTER_UNKNOWN, share)

    def leave(self, share: Share, reasons: Mapping[WireCommand, str | None] | None = None) -> list[ActionOutcome]:
        """End a call's part in the queue; return the outcomes that it has to tell, in order.

        `reasons` are given if an error ended it: then what it leaves behind is told too, with the reasons of those
        that it tried to send. That waits again, for this call's caller or any other.
        """
        with self._lock:
            share.wake = None
            self._shares.pop(share, None)
            if share.owned:
                for entry in list(share.owned):
                    if entry.job.doubtful:
                        self._withdraw(entry, AFTER_UNKNOWN, share)
                    else:
                        self._give(entry, None)
                self._returns += 1
                for other in self._shares:
                    other.notify()
            outcomes: list[ActionOutcome] = []
            for job in sorted(share.jobs, key=lambda job: job.serial):
                if job.finished:
                    told = share.immediate or job.finisher is share
                else:
                    told = reasons is not None and job.waiting == len(job.commands) - len(job.known)
                    if told:
                        job.action.outcome = self._unfinished(job, reasons or {})
                if told and job.action.outcome is not None:
                    outcomes.append(job.action.outcome)
            return outcomes

    def count(self, sent: int, completed: int) -> None:
        """Count actions that were sent without having been queued."""
        with self._lock:
            self.sent += sent
            self.completed += completed

    def withdraw_waiting(self) -> list[Action]:
        """Take out of the queue what no call is about to send; return the actions, in order."""
        with self._lock:
            jobs = self._waiting_jobs()
            for entry in sorted(self._unowned, key=lambda entry: -entry.serial):
                self._withdraw(entry, _TAKEN, None)
            return [job.action for job in jobs]

    def _waiting_jobs(self) -> list[_Job]:
        return sorted(self._waiting, key=lambda job: job.serial)

    @staticmethod
    def _concern(share: Share, job: _Job) -> None:
        if job not in share.jobs:
            share.jobs[job] = None
            share.open += 1
            job.shares.append(share)

    def _claim(self, share: Share, entries: Sequence[_Entry]) -> None:
        for entry in entries:
            self._own(entry, share)
            if entry.free:
                share.ready.add(entry)

    def _own(self, entry: _Entry, share: Share) -> None:
        del self._unowned[entry]
        self._ready.discard(entry)
        entry.job.waiting -= 1
        if not entry.job.waiting:
            del self._waiting[entry.job]
        entry.owner = share
        share.owned[entry] = None
        share.last = max(share.last, entry.serial)
        self._concern(share, entry.job)

    def _give(self, entry: _Entry, owner: Share | None) -> None:
        """Give a command that is new, or that a call leaves behind, to its owner, or to nobody."""
        if entry.owner is not None:
            del entry.owner.owned[entry]
        entry.owner, entry.under_way = owner, False
        if owner is None:
            self._unowned[entry] = None
            entry.job.waiting += 1
            self._waiting[entry.job] = None
        else:
            owner.owned[entry] = None
            owner.last = max(owner.last, entry.serial)
        if entry.free:
            self._line_up(entry)

    def _line_up(self, entry: _Entry) -> None:
        (self._ready if entry.owner is None else entry.owner.ready).add(entry)
        if entry.owner is not None:
            entry.owner.notify()

    def _withdraw(self, entry: _Entry, reason: str, share: Share | None) -> None:
        (result,) = same_for_all([entry.command], OutcomeStatus.NOT_SENT, reason)
        self._finish(entry, result, share)

    def _finish(self, entry: _Entry, result: CommandOutcome, share: Share | None) -> None:
        """Take a command out of the queue with its outcome, and with the last part, the action."""
        job = entry.job
        if entry.owner is None:
            del self._unowned[entry]
            self._ready.discard(entry)
            job.waiting -= 1
            if not job.waiting:
                del self._waiting[job]
        else:
            del entry.owner.owned[entry]
            entry.owner.ready.discard(entry)
        del self._entries[entry.command]
        for freed in self._turns.remove(entry):
            freed.free = True
            self._line_up(freed)
        job.known[result.command.part] = result
        if not job.finished:
            return
        job.finisher = share
        if job.begun:
            job.action.outcome = combine(job.action, self._parts(job))
            self.sent += 1
            self.completed += job.action.outcome.status is OutcomeStatus.COMPLETED
        job.action.let_go(sent=job.begun)
        for concerned in job.shares:
            concerned.open -= 1
            concerned.notify()
        job.shares.clear()

    @staticmethod
    def _parts(job: _Job) -> list[CommandOutcome]:
        return [job.known[part] for part in range(len(job.commands))]

    @staticmethod
    def _unfinished(job: _Job, reasons: Mapping[WireCommand, str | None]) -> ActionOutcome:
        parts: list[CommandOutcome] = []
        for command in job.commands:
            known = job.known.get(command.part)
            reason = reasons.get(command) or RUN_ENDED
            parts += [known] if known else same_for_all([command], OutcomeStatus.NOT_SENT, reason)
        return combine(job.action, parts)
