"""What the outcome of a command says of each action in it, and what has to be sent again to know more.

Of a command that failed, three things are sent again, and harm nobody by it:

- the pieces of a merged step that failed, each as a step of its own, and all that follows them;
- what follows the last error, for nobody has published whether steps after one that failed are tried;
- memberships that were turned around, by the users' own commands, where the error may be of the group alone.

What would not do the same a second time is never merged (`planning`), so that it is sent again in one case alone: where
the errors do not say which steps failed. Its own errors then prove nothing, as after any repetition.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import groupby

import attrs
from msgspec.structs import replace

from umapi_models.limits import MAX_USER_GROUP_STEPS
from umapi_models.models import UserGroupCommand
from umapi_sdk.actions import UserSteps
from umapi_sdk.echoes import may_be_echo
from umapi_sdk.effects import Knowledge, StepFailure, StepStatus, statuses_of_failed, worst_step
from umapi_sdk.kinds import name_of
from umapi_sdk.outcomes import ECHO, CommandOutcome, OutcomeStatus, Refusal, StepError
from umapi_sdk.pieces import Piece, PlannedAction, PlannedCommand, PlannedStep, most_steps, with_steps
from umapi_sdk.resources import touched

_IN_DOUBT = "another step of its command failed, and whether this one was carried out was not found out"
_ALONE = "error.user."
_MEMBER_ALREADY = "error.user.already_exists"


@attrs.frozen(kw_only=True)
class Finding:
    """What is known of pieces of one action."""

    owner: PlannedAction
    pieces: tuple[Piece, ...]
    fates: tuple[StepStatus, ...]
    """What became of each piece."""
    status: OutcomeStatus
    errors: tuple[StepError, ...] = ()
    warnings: tuple[StepError, ...] = ()
    request_id: str | None = None
    reason: str | None = None
    maybe_repeated: bool = False
    refusal: Refusal | None = None
    test_mode: bool = False


@attrs.frozen
class Doubt:
    """Steps after the last error: done, if the service goes on after such an error."""

    code: str
    outcome: CommandOutcome


@attrs.frozen(eq=False, kw_only=True)
class Again:
    """A command to send, for the first time or once more."""

    command: PlannedCommand
    before: bool = True
    """True if its steps have been sent before."""
    repeated: bool = False
    """True if an error can be the echo of what the first time did."""
    doubt: Doubt | None = None
    """Why it may not have to be sent at all; None if it must be."""
    witness: bool = False
    """True if its last step is all others over again: after an error of one of them, it is to show whether the
    service goes on."""

    def steps(self) -> list[PlannedStep]:
        """Return the steps to send, in order."""
        steps = self.command.steps()
        return [*steps, *attrs.evolve(self.command, merging=True).steps()] if self.witness else steps


Chain = list[Again]
"""Commands to send one after the other."""


def trace(
    sent: Again, steps: Sequence[PlannedStep], outcome: CommandOutcome, knowledge: Knowledge
) -> tuple[list[Finding], list[Chain]]:
    """Return what is known after a command, and what to send again for the rest.

    `steps` are those that were sent, with the witness, if there is one.
    """
    errors = _by_step(outcome.errors, len(steps))
    if outcome.status is not OutcomeStatus.FAILED or not outcome.errors:
        return _findings(sent, steps, range(len(sent.command.pieces)), outcome, errors or {}, knowledge), []
    failures = _failures(outcome)
    if errors is None or not outcome.whole or not all(failure.tells_of_running for failure in failures):
        return _vague(sent, steps, outcome, knowledge)
    knowledge.learn(failures)
    if sent.witness:
        steps = steps[:-1]
        errors = {step: found for step, found in errors.items() if step < len(steps)}
    if sent.command.by_group:
        return _by_group(sent, steps, outcome, errors, knowledge)
    return _by_root(sent, steps, outcome, errors, knowledge)


def _by_root(
    sent: Again,
    steps: Sequence[PlannedStep],
    outcome: CommandOutcome,
    errors: Mapping[int, Sequence[StepError]],
    knowledge: Knowledge,
) -> tuple[list[Finding], list[Chain]]:
    """A command on the user or group of the actions themselves."""
    pieces = sent.command.pieces
    merged = next((step for step in sorted(errors) if steps[step].merged), None)
    if merged is not None:
        start = steps[merged].sources[0]
        findings = _findings(sent, steps, range(start), outcome, errors, knowledge)
        parts = [_part(sent.command, part, merging=False) for part in _apart(pieces[start:])]
        followed = steps[merged].sources[-1] + 1 < len(pieces)
        return findings, [[Again(command=part, repeated=followed and _notices(part)) for part in parts]]
    last = max(errors)
    start = steps[last].sources[-1] + 1
    while start < len(pieces) and pieces[start].owner is pieces[start - 1].owner:
        start += 1  # what follows in the same action has failed with it
    proven = all(error.code in knowledge.goes_on for error in errors[last])
    if start == len(pieces) or proven:
        return _findings(sent, steps, range(len(pieces)), outcome, errors, knowledge), []
    findings = _findings(sent, steps, range(start), outcome, errors, knowledge)
    rest = _part(sent.command, pieces[start:], merging=sent.command.merging)
    return findings, [[Again(command=rest, repeated=not rest.merging or _notices(rest))]]


def _notices(command: PlannedCommand) -> bool:
    """Whether the service refuses a step that changes nothing, as one that was carried out before does."""
    return isinstance(command.frame, UserGroupCommand)


def _by_group(
    sent: Again,
    steps: Sequence[PlannedStep],
    outcome: CommandOutcome,
    errors: Mapping[int, Sequence[StepError]],
    knowledge: Knowledge,
) -> tuple[list[Finding], list[Chain]]:
    """A command on a group that stands for commands on its users."""
    pieces = sent.command.pieces
    last = max(errors, default=-1)
    code = str(errors[last][0].code) if last >= 0 else ""
    proven = code in knowledge.goes_on
    findings: list[Finding] = []
    chains: list[Chain] = []
    doubtful: list[Piece] = []
    for step, planned in enumerate(steps):
        mine = [pieces[place] for place in planned.sources]
        if step not in errors:
            if step < last or proven:
                findings += _findings(sent, steps, planned.sources, outcome, {}, knowledge)
            else:
                doubtful += mine
            continue
        of_a_user = all(_is_of_a_user(error) for error in errors[step])
        if len({piece.owner.action.target.lower() for piece in mine}) == 1 and of_a_user:
            findings += _findings(sent, steps, planned.sources, outcome, errors, knowledge)
        elif of_a_user:
            chains += _singly(sent.command, mine, knowledge, code)
        else:
            chains += _by_user(mine)
    if doubtful:
        part = _part(sent.command, doubtful, merging=sent.command.merging)
        rest = Again(command=part, doubt=Doubt(code, outcome))
        # After the steps that may show whether it is needed at all.
        showing = next((chain for chain in reversed(chains) if chain[0].witness), None)
        if showing is None:
            chains.append([rest])
        else:
            showing.append(rest)
    return findings, chains


def _is_of_a_user(error: StepError) -> bool:
    return error.code.startswith(_ALONE) and error.code != _MEMBER_ALREADY


def _singly(command: PlannedCommand, pieces: Sequence[Piece], knowledge: Knowledge, code: str) -> list[Chain]:
    """Return commands that have a step for each user of a step that failed.

    As long as it is not known whether the service goes on after such an error, there is room for a witness.
    """
    witness = code not in knowledge.goes_on
    most = MAX_USER_GROUP_STEPS // 2 if witness else MAX_USER_GROUP_STEPS
    users: dict[str, list[Piece]] = {}
    for piece in pieces:
        users.setdefault(piece.owner.action.target.lower(), []).append(piece)
    groups = list(users.values())
    parts = [groups[start : start + most] for start in range(0, len(groups), most)]
    singles = [_part(command, [piece for group in part for piece in group], merging=False) for part in parts]
    return [[Again(command=single, witness=witness)] for single in singles]


def _by_user(pieces: Sequence[Piece]) -> list[Chain]:
    """Return the commands that the users' own actions would have been."""
    users: dict[str, list[Piece]] = {}
    for piece in pieces:
        users.setdefault(piece.owner.action.target.lower(), []).append(piece)
    return [[Again(command=_own(mine))] for mine in users.values()]


def _vague(
    sent: Again, steps: Sequence[PlannedStep], outcome: CommandOutcome, knowledge: Knowledge
) -> tuple[list[Finding], list[Chain]]:
    """A command with an error that does not tell which of its steps were tried.

    It names no step, or is of the kind for which a command can be refused as a whole, or another error is missing. Only
    if the command is of one action alone is it known which failed.
    """
    pieces = sent.command.pieces
    owners = dict.fromkeys(piece.owner for piece in pieces)
    if sent.command.by_group:
        return [], _by_user(pieces)
    if len(owners) == 1 and not any(step.merged for step in steps):
        errors: dict[int, list[StepError]] = {}
        for error in outcome.errors:
            known = error.step is not None and 0 <= error.step < len(steps)
            placed = error if known else replace(error, step=None)
            errors.setdefault(placed.step or 0, []).append(placed)
        return _findings(sent, steps, range(len(pieces)), outcome, errors, knowledge), []
    chain: Chain = []
    for owner in owners:
        parts = _apart([piece for piece in pieces if piece.owner is owner])
        chain += [Again(command=_part(sent.command, part, merging=False), repeated=True) for part in parts]
    return [], [chain]


def _apart(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Divide pieces among commands with a step for each; an action is divided only if it is too long for one."""
    parts: list[list[Piece]] = [[]]
    most = most_steps(pieces[0].step)
    for _, group in groupby(pieces, lambda piece: piece.owner):
        mine = list(group)
        if len(parts[-1]) + len(mine) <= most:
            parts[-1] += mine
        else:
            parts += [mine[start : start + most] for start in range(0, len(mine), most)]
    return [part for part in parts if part]


def _part(command: PlannedCommand, pieces: Sequence[Piece], *, merging: bool) -> PlannedCommand:
    part = attrs.evolve(command, pieces=tuple(pieces), merging=merging)
    if command.by_group:
        # Parts of such a command are on different users, and may share a request.
        part.touches = touched(with_steps(command.frame, [step.step for step in part.steps()]))
    return part


def _own(pieces: Sequence[Piece]) -> PlannedCommand:
    """Return the command for pieces of one user, as it would be without the group."""
    action = pieces[0].owner.action
    assert isinstance(action, UserSteps)
    frame = with_steps(action.commands[0][0], [piece.step for piece in pieces])
    return PlannedCommand(frame=frame, pieces=tuple(pieces), touches=touched(frame), merging=False)


def settle_doubt(sent: Again, doubt: Doubt) -> list[Finding]:
    """Return what is known of a command that has not to be sent again: all of it is done."""
    done = replace(doubt.outcome, status=OutcomeStatus.COMPLETED, errors=(), warnings=(), divided=())
    return _findings(sent, sent.steps(), range(len(sent.command.pieces)), done, {}, Knowledge())


def not_sent(pieces: Sequence[Piece], reason: str, *, before: bool) -> list[Finding]:
    """Return findings for pieces that are not sent, or if they have been before, not sent again."""
    owned: dict[PlannedAction, list[Piece]] = {}
    for piece in pieces:
        owned.setdefault(piece.owner, []).append(piece)
    status, fate = OutcomeStatus.NOT_SENT, StepStatus.NOT_SENT
    if before:
        status, fate, reason = OutcomeStatus.UNKNOWN, StepStatus.UNKNOWN, _IN_DOUBT
    return [
        Finding(owner=owner, pieces=tuple(mine), fates=(fate,) * len(mine), status=status, reason=reason)
        for owner, mine in owned.items()
    ]


def _findings(
    sent: Again,
    steps: Sequence[PlannedStep],
    places: Sequence[int],
    outcome: CommandOutcome,
    errors: Mapping[int, Sequence[StepError]],
    knowledge: Knowledge,
) -> list[Finding]:
    """Return a finding for each action that has pieces at these places."""
    pieces = sent.command.pieces
    fates = _fates(sent, steps, outcome, knowledge)
    wanted = set(places)
    owned: dict[PlannedAction, list[Piece]] = {}
    own_fates: dict[PlannedAction, list[StepStatus]] = {}
    for place in places:
        owned.setdefault(pieces[place].owner, []).append(pieces[place])
        own_fates.setdefault(pieces[place].owner, []).append(fates[place])
    own_errors = _shared_out(steps, pieces, wanted, errors)
    own_warnings = _shared_out(steps, pieces, wanted, _by_step(outcome.warnings, len(steps)) or {})
    findings: list[Finding] = []
    for owner, mine in owned.items():
        found = own_errors.get(owner, [])
        status, reason = outcome.status, outcome.reason
        if outcome.errors and status is OutcomeStatus.FAILED:
            status = OutcomeStatus.FAILED if found else OutcomeStatus.COMPLETED
        elif sent.before and status in (OutcomeStatus.FAILED, OutcomeStatus.NOT_SENT):
            status, reason = OutcomeStatus.UNKNOWN, f"{_IN_DOUBT}: {reason}"
        if sent.repeated:
            kinds = {name_of(piece.step) for piece in pieces}
            found = [replace(each, maybe_echo=each.maybe_echo or may_be_echo(each.code, kinds)) for each in found]
        if status is OutcomeStatus.FAILED and found and all(error.maybe_echo for error in found):
            status, reason = OutcomeStatus.UNKNOWN, ECHO
        findings.append(
            Finding(
                owner=owner,
                pieces=tuple(mine),
                fates=tuple(own_fates[owner]),
                status=status,
                errors=tuple(found),
                warnings=tuple(own_warnings.get(owner, ())),
                request_id=outcome.request_id,
                reason=reason,
                maybe_repeated=outcome.maybe_repeated,
                refusal=outcome.refusal,
                test_mode=outcome.test_mode,
            )
        )
    return findings


def _fates(
    sent: Again, steps: Sequence[PlannedStep], outcome: CommandOutcome, knowledge: Knowledge
) -> dict[int, StepStatus]:
    """Return what became of each piece of a command, by its place in it."""
    fates: Sequence[StepStatus] = outcome.steps
    if outcome.errors and outcome.status is OutcomeStatus.FAILED:
        kinds = {name_of(piece.step) for piece in sent.command.pieces} if sent.repeated else set[str]()
        failures = [
            replace(failure, maybe_echo=failure.maybe_echo or (sent.repeated and may_be_echo(failure.code, kinds)))
            for failure in _failures(outcome)
        ]
        fates = statuses_of_failed(
            failures, len(outcome.command.steps), knowledge, test_mode=outcome.test_mode, whole=outcome.whole
        )
    elif sent.before and outcome.status in (OutcomeStatus.FAILED, OutcomeStatus.NOT_SENT):
        fates = (StepStatus.UNKNOWN,) * len(outcome.command.steps)
    sources: dict[int, list[StepStatus]] = {}
    for planned, fate in zip(steps, fates, strict=False):  # a witness is not among the steps
        for place in planned.sources:
            sources.setdefault(place, []).append(fate)
    return {place: worst_step(found) for place, found in sources.items()}


def _failures(outcome: CommandOutcome) -> list[StepFailure]:
    return [StepFailure(error.step, error.code, maybe_echo=error.maybe_echo) for error in outcome.errors]


def _shared_out(
    steps: Sequence[PlannedStep],
    pieces: Sequence[Piece],
    wanted: Container[int],
    errors: Mapping[int, Sequence[StepError]],
) -> dict[PlannedAction, list[StepError]]:
    """Return the errors of each action, with the steps as its caller wrote them."""
    shared: dict[PlannedAction, list[StepError]] = {}
    for step, found in errors.items():
        for place in steps[step].sources:
            if place in wanted:
                piece = pieces[place]
                mine = [
                    replace(
                        error,
                        step=None if error.step is None else piece.place,
                        request_id=piece.owner.request_id or error.request_id,
                    )
                    for error in found
                ]
                own = shared.setdefault(piece.owner, [])
                own += [error for error in mine if error not in own]
    return shared


def _by_step(errors: Iterable[StepError], count: int) -> dict[int, list[StepError]] | None:
    """Return errors by their steps; None if one names no step that was sent."""
    found: dict[int, list[StepError]] = {}
    for error in errors:
        if error.step is None or not 0 <= error.step < count:
            return None
        found.setdefault(error.step, []).append(error)
    return found
