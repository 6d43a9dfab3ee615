"""What answers and queries say of rows, noted at them: what is settled, what stays open, what is sent again. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from umapi_sdk.bulk.reconciling import Judged, Verdict, subjects
from umapi_sdk.bulk.rows import Fate, OpenRow, Portion, portions_in, portions_of
from umapi_sdk.echoes import may_be_echo
from umapi_sdk.effects import StepStatus
from umapi_sdk.kinds import name_of
from umapi_sdk.outcomes import OutcomeStatus, StepError
from umapi_sdk.tracing import Finding

_MOST_LOSSES: Final = 10
"""Requests without a clear answer after which a session does not send a row again."""
_ECHO_LOSSES: Final = 4
"""For how many of them it counts that an answer hides an earlier success: as its echo, or a refusal of the request."""
_UNCLEAR: Final = (
    "a part of it took effect, and after that it is not known who has which name, so that the rest is not sent"
)
_FATES: Final[Mapping[StepStatus, Fate]] = {
    StepStatus.TOOK_EFFECT: Fate.TOOK_EFFECT,
    StepStatus.WOULD_SUCCEED: Fate.TOOK_EFFECT,
    StepStatus.FAILED: Fate.FAILED,
    StepStatus.PERHAPS_NOT_REACHED: Fate.UNCLEAR,
    StepStatus.UNKNOWN: Fate.UNTOLD,
}
"""What the status of a step in a command that failed says of its portions."""


def note_finding(row: OpenRow, finding: Finding) -> bool:
    """Note a finding at its row; return whether it leaves open what became of it."""
    note = row.note
    note.add_request(finding.request_id)
    if finding.status is OutcomeStatus.NOT_SENT:
        return False
    # Refused as a whole without an error of a step: that is told of the last attempt alone.
    refused = finding.status is OutcomeStatus.FAILED and not finding.errors
    errors = _with_echoes(finding, note.before) if note.repeated else finding.errors
    echo = note.repeated and (refused or (bool(errors) and all(error.maybe_echo for error in errors)))
    if echo or finding.status is OutcomeStatus.UNKNOWN:
        leave_open(row, finding.reason, errors, echo=echo or bool(errors))
        return True
    note.warnings += [warning for warning in finding.warnings if warning not in note.warnings]
    note.errors += [error for error in errors if error not in note.errors]
    if finding.status is OutcomeStatus.COMPLETED:
        row.fates.update(dict.fromkeys(portions_in(finding.pieces), Fate.TOOK_EFFECT))
        return False
    if refused:
        note.refusal, note.refused_for = finding.refusal, finding.reason
    proven = {error.step for error in errors if not error.maybe_echo}
    echoed = {error.step for error in errors} - proven
    for piece, status in zip(finding.pieces, finding.fates, strict=True):
        fate = Fate.UNTOLD if piece.place in echoed and status is StepStatus.FAILED else _FATES[status]
        row.fates.update(dict.fromkeys(portions_of(piece.place, piece.step), fate))
    return False


def _with_echoes(finding: Finding, before: Iterable[str]) -> tuple[StepError, ...]:
    """Return the errors of a finding, with those marked that can come of what may have been done before."""
    kinds = {*before, *(name_of(piece.step) for piece in finding.pieces)}
    return tuple(
        replace(error, maybe_echo=error.maybe_echo or may_be_echo(error.code, kinds)) for error in finding.errors
    )


def leave_open(row: OpenRow, reason: str | None, errors: Sequence[StepError] = (), *, echo: bool = False) -> None:
    """Note that an answer told nothing certain of a row; `echo` says that it may hide an earlier success."""
    note = row.note
    note.reason = str(errors[0]) if errors else reason
    note.echoed = echo
    note.losses += _ECHO_LOSSES if echo else 1


def note_repetition(rows: Iterable[OpenRow]) -> None:
    """Note at rows that what is in doubt of them may have been carried out."""
    for items in subjects(rows):
        kinds = {name_of(item.step) for item in items}
        for item in items:
            item.row.note.repeat(kinds)


def send_again(row: OpenRow, portions: Iterable[Portion]) -> OpenRow:
    """Let portions be sent again, unless that has been done too often."""
    row.note.echoed = False
    for portion in portions:
        if row.note.losses >= _MOST_LOSSES:
            row.fates[portion] = Fate.UNKNOWN
        else:
            del row.fates[portion]
    return row


def note_verdicts(judged: Sequence[Judged]) -> list[OpenRow]:
    """Note at their rows what queries have shown of one user or group; return these."""
    kinds = {name_of(each.item.step) for each in judged}
    rows: dict[int, OpenRow] = {}
    again: dict[int, list[Portion]] = {}
    for each in judged:
        row = each.item.row
        rows[row.number] = row
        if each.verdict is Verdict.DONE:
            row.fates.update(dict.fromkeys(each.portions, Fate.FOUND))
        elif each.verdict is Verdict.UNKNOWN:
            row.fates.update(dict.fromkeys(each.portions, Fate.UNKNOWN))
            row.note.reason = each.reason
        else:
            again.setdefault(row.number, []).extend(each.portions)
    for number, portions in again.items():
        row = rows[number]
        if Fate.UNKNOWN in row.fates.values():
            row.fates.update(dict.fromkeys(portions, Fate.UNKNOWN))
        else:
            row.note.repeat(kinds)
            send_again(row, portions)
    return list(rows.values())


def give_up_unclear(rows: Iterable[OpenRow], *, test_mode: bool) -> list[OpenRow]:
    """Settle rows of which a part took effect, and of the rest it is not known on whom it is or what it is.

    Nothing of them is in doubt. Those that are settled by this are returned.
    """
    unclear: list[OpenRow] = []
    for row in rows:
        left = row.leftover(test_mode=test_mode)
        if row.fates and not (left.known and left.parts):
            row.fates[next(portion for portion in row.portions if portion not in row.fates)] = Fate.UNKNOWN
            row.note.reason = _UNCLEAR
            unclear.append(row)
    return unclear
