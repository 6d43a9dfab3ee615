"""Carrying out a plan: which commands go next, what became of each action, and what is sent again. No I/O.

    Schedule ──▶ take ──▶ (sent) ──▶ settle ──▶ trace ──▶ findings ──▶ outcomes
                  ▲                               └─────▶ chains of commands to send again
                  └───────────────────────────────────────┘

A command of the plan is done, and what waits for it can go, when nothing of it has to be sent again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import attrs

from umapi_models.limits import MAX_COMMANDS
from umapi_sdk.batches import WireCommand
from umapi_sdk.effects import Knowledge, StepPart
from umapi_sdk.outcomes import (
    AFTER_UNKNOWN,
    ActionOutcome,
    CommandOutcome,
    OutcomeStatus,
    PartOutcome,
    divided,
    worst_of,
)
from umapi_sdk.pieces import Piece, PlannedAction, PlannedCommand, PlannedStep
from umapi_sdk.planning import Plan
from umapi_sdk.schedules import Schedule
from umapi_sdk.tracing import Again, Chain, Finding, not_sent, settle_doubt, trace

_LOOKED_AT = 10 * MAX_COMMANDS
"""Commands to send again that are looked at, at most, to fill a request with those that may share it."""


@attrs.define(eq=False)
class _Ticket:
    """What is known of one action."""

    owner: PlannedAction
    open: int
    """Pieces of which nothing is known."""
    findings: list[tuple[int, Finding]] = attrs.field(factory=list[tuple[int, Finding]])
    """With the place of the command in the plan."""


@attrs.define(eq=False)
class _Origin:
    """A command of the plan that has been sent: how many chains of it are open."""

    command: PlannedCommand
    place: int
    chains: int = 0


@attrs.define(eq=False)
class _Sent:
    again: Again
    origin: _Origin
    chain: deque[Again]
    steps: list[PlannedStep]


class Fulfilment:
    """The state of a plan that is being carried out. `notice` is told of each finding."""

    def __init__(self, plan: Plan, notice: Callable[[Finding], None] | None = None) -> None:
        self._plan = plan
        self._notice = notice
        self._schedule = Schedule(plan.commands)
        self._places = {command: place for place, command in enumerate(plan.commands)}
        self._tickets: dict[PlannedAction, _Ticket] = {owner: _Ticket(owner, 0) for owner in plan.planned}
        for command in plan.commands:
            for piece in command.pieces:
                self._tickets[piece.owner].open += 1
        self._stopped: set[PlannedAction] = set()
        """Actions with a part whose outcome is unknown."""
        self._knowledge = Knowledge()
        self._again: deque[tuple[_Origin, deque[Again]]] = deque()
        """Chains of which the next command can be sent."""
        self._under_way: dict[WireCommand, _Sent] = {}
        self._outcomes: dict[PlannedAction, ActionOutcome] = {}
        self._sent: set[PlannedCommand] = set()
        """Commands of the plan that may have reached the service."""
        self.begun: set[PlannedAction] = set()
        """Actions of which something may have reached the service."""

    def take(self) -> list[WireCommand]:
        """Return the commands of the next request; none when everything is done."""
        while not self._under_way:
            touched: dict[str, bool] = {}
            taken = self._take_again(touched)
            for command in self._schedule.take(MAX_COMMANDS - len(taken)):
                if _clashes(touched, command.touches):
                    self._schedule.put_back(command)
                    continue
                origin = _Origin(command, self._places[command], 1)
                taken.append((origin, deque([Again(command=command, before=False)])))
            if not taken:
                return []
            for origin, chain in taken:
                self._prepare(origin, chain)
        return list(self._under_way)

    def pieces_of(self, command: WireCommand) -> tuple[Piece, ...]:
        """Return what a command that was taken last carries out."""
        return self._under_way[command].again.command.pieces

    def _take_again(self, touched: dict[str, bool]) -> list[tuple[_Origin, deque[Again]]]:
        """Return chains whose next commands may share a request; note in `touched` what they touch."""
        taken: list[tuple[_Origin, deque[Again]]] = []
        skipped: list[tuple[_Origin, deque[Again]]] = []
        while self._again and len(taken) < MAX_COMMANDS and len(skipped) < _LOOKED_AT:
            origin, chain = self._again.popleft()
            touches = chain[0].command.touches
            if _clashes(touched, touches):
                skipped.append((origin, chain))
                continue
            for name, alone in touches.items():
                touched[name] = touched.get(name, False) or alone
            taken.append((origin, chain))
        self._again.extendleft(reversed(skipped))
        return taken

    def _prepare(self, origin: _Origin, chain: deque[Again]) -> None:
        """Write the next command of a chain, without what is not to be sent."""
        again = chain.popleft()
        left = [piece for piece in again.command.pieces if piece.owner not in self._stopped]
        if len(left) < len(again.command.pieces):
            gone = [piece for piece in again.command.pieces if piece.owner in self._stopped]
            self._note(origin, not_sent(gone, AFTER_UNKNOWN, before=again.before))
            again = attrs.evolve(again, command=attrs.evolve(again.command, pieces=tuple(left)))
        if left and again.doubt is not None and again.doubt.code in self._knowledge.goes_on:
            self._note(origin, settle_doubt(again, again.doubt))
        elif left:
            steps = again.steps()
            self._under_way[again.command.write(steps)] = _Sent(again, origin, chain, steps)
            return
        self._go_on(origin, chain)

    def settle(self, results: Sequence[CommandOutcome]) -> None:
        """Note the outcomes of the commands that were taken last."""
        for result in results:
            sent = self._under_way.pop(result.command)
            self._begin(sent)
            findings, chains = trace(sent.again, sent.steps, result, self._knowledge)
            self._note(sent.origin, findings)
            self._open(sent, chains)
            self._go_on(sent.origin, sent.chain)

    def _open(self, sent: _Sent, chains: Sequence[Chain]) -> None:
        """Let commands be sent again: before the rest of the chain, if it is a chain of its own."""
        if len(chains) == 1 and not sent.again.command.by_group:
            sent.chain.extendleft(reversed(chains[0]))
            return
        for chain in chains:
            sent.origin.chains += 1
            self._again.append((sent.origin, deque(chain)))

    def _begin(self, sent: _Sent) -> None:
        self._sent.add(sent.origin.command)
        self.begun.update(piece.owner for piece in sent.again.command.pieces)

    def _go_on(self, origin: _Origin, chain: deque[Again]) -> None:
        if chain:
            self._again.append((origin, chain))
            return
        origin.chains -= 1
        if not origin.chains:
            self._schedule.done(origin.command)

    def _note(self, origin: _Origin, findings: Sequence[Finding]) -> None:
        for finding in findings:
            if self._notice is not None:
                self._notice(finding)
            if finding.status is OutcomeStatus.UNKNOWN:
                self._stopped.add(finding.owner)
            ticket = self._tickets[finding.owner]
            ticket.findings.append((origin.place, finding))
            ticket.open -= len(finding.pieces)
            if not ticket.open:
                self._outcomes[finding.owner] = _outcome(ticket)
                del self._tickets[finding.owner]

    def give_up(self, results: Sequence[CommandOutcome], reason: str) -> None:
        """Note what is known of the commands that were taken last, and that no other will be sent."""
        fates = {result.command: result for result in results}
        under_way, self._under_way = self._under_way, {}
        for wire, sent in under_way.items():
            result = fates[wire]
            if result.status is not OutcomeStatus.NOT_SENT:
                self._begin(sent)
            findings, _ = trace(sent.again, sent.steps, result, self._knowledge)
            self._note(sent.origin, findings)
        known = {
            piece for ticket in self._tickets.values() for _, finding in ticket.findings for piece in finding.pieces
        }
        for command, place in self._places.items():
            left = [piece for piece in command.pieces if piece.owner in self._tickets and piece not in known]
            before = command in self._sent
            self._note(_Origin(command, place), not_sent(left, reason, before=before))

    @property
    def outcomes(self) -> list[ActionOutcome]:
        """What became of each action that has an outcome, in the order given."""
        return [self._outcomes[owner] for owner in self._plan.planned if owner in self._outcomes]


def _clashes(touched: Mapping[str, bool], touches: Mapping[str, bool]) -> bool:
    """Whether what touches these may not share a request with what has touched those."""
    return bool(touched) and any(name in touched and (alone or touched[name]) for name, alone in touches.items())


def _outcome(ticket: _Ticket) -> ActionOutcome:
    """Return what became of an action. What was sent again counts for the command of the plan that it comes of."""
    findings = sorted(ticket.findings, key=lambda found: found[0])
    parts: list[PartOutcome] = []
    for _, found in groupby(findings, lambda found: found[0]):
        mine = [finding for _, finding in found]
        steps = sorted({piece.place for finding in mine for piece in finding.pieces})
        parts.append(PartOutcome(tuple(steps), worst_of([finding.status for finding in mine])))
    known = [finding for _, finding in findings]
    status = worst_of([part.status for part in parts])
    test_mode = any(finding.test_mode for finding in known)
    sent = [
        StepPart(piece.place, piece.step, fate)
        for finding in known
        for piece, fate in zip(finding.pieces, finding.fates, strict=True)
    ]
    # The parts of one step, which are on different groups or of one long list, can come in any order.
    sent.sort(key=lambda step: step.place)
    errors = dict.fromkeys(error for finding in known for error in finding.errors)
    return ActionOutcome(
        action=ticket.owner.action,
        status=status,
        parts=tuple(parts) if len(parts) > 1 else (),
        errors=tuple(sorted(errors, key=lambda error: -1 if error.step is None else error.step)),
        warnings=tuple(dict.fromkeys(warning for finding in known for warning in finding.warnings)),
        request_ids=tuple(dict.fromkeys(finding.request_id for finding in known if finding.request_id)),
        reason=next((finding.reason for finding in known if finding.reason), None),
        maybe_repeated=any(finding.maybe_repeated for finding in known),
        refusal=next((finding.refusal for finding in known if finding.refusal), None),
        planned=True,
        test_mode=test_mode,
        divided=divided(sent, status, test_mode=test_mode),
    )
