"""The answer to an action request: read field by field, and what it says of each command.

A field that is missing or makes no sense takes nothing away from the others. A command is failed when an error names
it, and completed when the counts leave no room for an error that has not been named; what is neither is unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from umapi_models.models import ActionResult
from umapi_models.names import ADD, REMOVE
from umapi_runtime.constraints import show
from umapi_sdk.batches import WireCommand, request_ids
from umapi_sdk.echoes import may_be_echo
from umapi_sdk.effects import Knowledge, StepFailure, StepStatus, statuses_of_failed
from umapi_sdk.outcomes import ECHO, CommandOutcome, OutcomeStatus, StepError

_COUNTS = ("completed", "notCompleted", "completedInTestMode")
_FIELDS = frozenset({*_COUNTS, "result", "errors", "warnings"})
_FAILURE = re.compile("error|fail|fault|exception|reject|problem", re.IGNORECASE)
_FIRST_ERROR_STATUS = 400
_LONGEST_NUMBER = 18  # digits of a number in a string, so that no answer can cost the time of a huge one


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One error or warning, as far as it can be read; what cannot be read is None."""

    index: int | None
    """Place of the command in the request, from 0, as the service counts."""
    request_id: str | None
    user: str | None
    step: int | None
    code: str
    """Empty when there is none."""
    message: str

    def __str__(self) -> str:
        named = {"index": self.index, "requestID": self.request_id, "user": self.user}
        names = ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)
        return f"{self.message}{f' ({self.code})' if self.code else ''} has {names}"


class ActionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an action request, as far as it can be read; what cannot be read is None."""

    result: str | None
    completed: int | None
    not_completed: int | None
    completed_in_test_mode: int | None
    errors: tuple[Entry, ...]
    warnings: tuple[Entry, ...]
    doubt: str | None = None
    """Why it proves of no command that it is completed; None when nothing speaks against it."""

    @property
    def says_nothing(self) -> bool:
        """True when there is nothing in it from which to judge a command."""
        counts = (self.completed, self.not_completed, self.completed_in_test_mode)
        return self.result is None and not self.errors and all(count is None for count in counts)


def read_answer(data: object) -> ActionAnswer | None:
    """Return what can be read of an answer, None when there is nothing: no object, or none of the known fields."""
    if not isinstance(data, Mapping):
        return None
    fields = cast("Mapping[str, object]", data)
    answer = ActionAnswer(
        result=_text(fields.get("result")),
        completed=_integer(fields.get("completed")),
        not_completed=_integer(fields.get("notCompleted")),
        completed_in_test_mode=_integer(fields.get("completedInTestMode")),
        errors=_entries(fields.get("errors"), "errorCode"),
        warnings=_entries(fields.get("warnings"), "warningCode"),
        doubt=_doubt(fields),
    )
    return None if answer.says_nothing else answer


def read_outcomes(
    commands: Sequence[WireCommand],
    answer: ActionAnswer,
    *,
    test_mode: bool,
    request_id: str | None,
    maybe_repeated: bool,
) -> list[CommandOutcome]:
    """Return what the service says of each command.

    After a repetition, a command is failed only if one of its errors cannot be the echo of its own earlier success.
    """
    roll = _Roll(commands)
    errors, doubts, nameless = _share_out(roll, answer.errors)
    warnings = _share_out(roll, answer.warnings)[0]
    contradiction = _of_another(roll, (*answer.errors, *answer.warnings)) or _contradiction(
        len(commands), answer, errors, doubts, nameless, test_mode=test_mode
    )
    knowledge = Knowledge()
    for entries in errors.values():
        knowledge.learn(_failure(entry) for entry in entries)
    outcomes: list[CommandOutcome] = []
    for index, command in enumerate(commands):
        steps = roll.steps(index) if maybe_repeated and index in errors else frozenset[str]()
        own = tuple(
            _step_error(command, entry, echo=maybe_repeated and may_be_echo(entry.code, steps))
            for entry in errors.get(index, ())
        )
        doubt = next((entry for entry, suspects in doubts if index in suspects), None)
        if own and all(error.maybe_echo for error in own):
            status, reason = OutcomeStatus.UNKNOWN, ECHO
        elif own:
            status, reason = OutcomeStatus.FAILED, None
        elif doubt is not None:
            status, reason = OutcomeStatus.UNKNOWN, f"an error that may be of this command: {doubt}"
        elif contradiction:
            status, reason = OutcomeStatus.UNKNOWN, contradiction
        else:
            status, reason = OutcomeStatus.COMPLETED, None
        fates: tuple[StepStatus, ...] = ()
        whole = doubt is None and contradiction is None
        if own:
            failures = [_failure(entry, error) for entry, error in zip(errors[index], own, strict=True)]
            fates = statuses_of_failed(failures, len(command.steps), knowledge, test_mode=test_mode, whole=whole)
        outcomes.append(
            CommandOutcome(
                command=command,
                status=status,
                errors=own,
                warnings=tuple(_step_error(command, entry, echo=False) for entry in warnings.get(index, ())),
                request_id=request_id,
                reason=reason,
                maybe_repeated=maybe_repeated,
                test_mode=test_mode,
                divided=fates,
                whole=whole,
            )
        )
    return outcomes


class _Roll:
    """The commands of a request by what an answer can call them; looked up only when it names errors."""

    def __init__(self, commands: Sequence[WireCommand]) -> None:
        self._commands = commands
        self._ids = request_ids(commands)
        self._bodies: list[dict[str, Any]] | None = None

    def by_index(self, index: int | None) -> set[int]:
        """The command at a place."""
        return {index} if index is not None and 0 <= index < len(self._commands) else set()

    def by_id(self, request_id: str | None) -> set[int]:
        """The commands of a requestID: one, unless the caller gave several the same."""
        return {place for place, own in enumerate(self._ids) if request_id is not None and own == request_id}

    def by_user(self, user: str | None) -> set[int]:
        """The commands on a user, and those on groups that put him in or take him out."""
        if user is None:
            return set()
        return {place for place, body in enumerate(self._read()) if user.casefold() in _names(body)}

    def on_group(self, index: int | None) -> bool:
        """Whether the command at a place is on a user group, whose errors can name anybody."""
        return any("usergroup" in self._read()[place] for place in self.by_index(index))

    def steps(self, index: int) -> frozenset[str]:
        """The kinds of step of a command."""
        return frozenset(name for step in self._read()[index]["do"] for name in step)

    def _read(self) -> list[dict[str, Any]]:
        if self._bodies is None:
            self._bodies = [json.loads(command.body) for command in self._commands]
        return self._bodies


def _names(body: Mapping[str, Any]) -> set[str]:
    root, domain = body.get("user", body.get("usergroup")), body.get("domain")
    names = {str(root), f"{root}@{domain}"}
    for step in body["do"]:
        for name, value in step.items():
            fields = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
            names |= set(fields.get("user", ()))
            if name not in (ADD, REMOVE):
                names |= {str(fields[key]) for key in ("email", "username") if key in fields}
    return {name.casefold() for name in names}


def _share_out(
    roll: _Roll, entries: Sequence[Entry]
) -> tuple[dict[int, list[Entry]], list[tuple[Entry, set[int]]], list[Entry]]:
    """Return the entries of each command, those that may be of one of several, and those of no command at all.

    An entry names its command by index, requestID and user. What contradicts itself is of none for certain.
    """
    certain: dict[int, list[Entry]] = {}
    doubtful: list[tuple[Entry, set[int]]] = []
    nameless: list[Entry] = []
    for entry in entries:
        place, name, user = roll.by_index(entry.index), roll.by_id(entry.request_id), roll.by_user(entry.user)
        votes = [vote for vote in (place, name, user) if vote]
        if not votes:
            nameless.append(entry)
            continue
        meant = votes[0].intersection(*votes)
        stranger = (entry.request_id is not None and not name) or (
            entry.user is not None and not user and not roll.on_group(entry.index)
        )
        # A requestID is of one command of this request and no other; index and user can be those of another answer.
        proven = len(name) == 1 or not stranger or bool(place and user)
        if len(meant) == 1 and proven and (place or name):
            certain.setdefault(meant.pop(), []).append(entry)
        else:
            doubtful.append((entry, votes[0].union(*votes)))
    return certain, doubtful, nameless


def _of_another(roll: _Roll, entries: Sequence[Entry]) -> str | None:
    """Return why an answer may be of another request, whose counts prove nothing of this one; None when it is not."""
    for entry in entries:
        known = entry.request_id is None or roll.by_id(entry.request_id)
        if not known and not roll.by_index(entry.index) & roll.by_user(entry.user):
            return (
                f"the answer may be of another request: it names the requestID {entry.request_id}, which none here has"
            )
    return None


def _contradiction(
    total: int,
    answer: ActionAnswer,
    errors: Mapping[int, Sequence[Entry]],
    doubts: Sequence[tuple[Entry, set[int]]],
    nameless: Sequence[Entry],
    *,
    test_mode: bool,
) -> str | None:
    """Return why a command without an error is not proven to be completed, None when it is."""
    failed = set(errors)
    count = len(failed)
    for _, suspects in doubts:
        if suspects.isdisjoint(failed):  # one of them failed, and none that has been counted
            failed |= suspects
            count += 1
    if answer.doubt is not None:
        return answer.doubt
    counted, other = answer.completed, answer.completed_in_test_mode
    if test_mode:
        counted, other = other, counted
    if (
        not nameless
        and (counted is not None or None not in (answer.not_completed, answer.result))
        and counted in (None, total - count)
        and answer.not_completed in (None, count)
        and other in (None, 0)
        and (answer.result is None or _fits(answer.result.casefold(), answer, total - count))
    ):
        return None
    said = f"{_shown(counted)} of {total} commands as completed and {_shown(answer.not_completed)} as not completed"
    if other:
        said += f", {other} {'outside' if test_mode else 'in'} test mode"
    names = f"names errors of {count}" + (f" and {len(nameless)} of none of them" if nameless else "")
    return f"the service counts {said}, and {names}: {answer.result or 'no result'}"


def _fits(result: str, answer: ActionAnswer, completed: int) -> bool:
    """Return whether the result is what the counts and errors make of it."""
    if result == ActionResult.SUCCESS:
        return not answer.errors
    return bool(answer.errors) and result == (ActionResult.PARTIAL if completed else ActionResult.ERROR)


def _doubt(fields: Mapping[str, object]) -> str | None:
    """Return what speaks against an answer: a field that makes no sense, or an error where none belongs."""
    for name in _COUNTS:
        value = fields.get(name)
        if value is not None and (_integer(value) is None or (_integer(value) or 0) < 0):
            return f"the service's {name} is no count: {show(value)}"
    result = fields.get("result")
    if result is not None and _text(result) is None:
        return f"the service's result is none: {show(result)}"
    for name in sorted(fields.keys() - _FIELDS):
        if _tells_of_failure(name, fields[name]):
            return f"the answer has a field {show(name)}, which speaks of an error: {show(fields[name])}"
    listed = fields.get("warnings")
    for warning in cast("list[object]", listed) if isinstance(listed, list) else ():
        entry = cast("dict[str, object]", warning) if isinstance(warning, dict) else {}
        code = entry.get("errorCode") or entry.get("warningCode")
        if "errorCode" in entry or str(code).startswith("error."):
            return f"an error stands among the warnings: {show(code)}"
    return None


def _tells_of_failure(name: str, value: object) -> bool:
    """Return whether a field that the contract does not have speaks of a failure."""
    word = name.casefold()
    if word == "success":
        return value is False
    if word == "status":
        number = _integer(value)
        return number >= _FIRST_ERROR_STATUS if number is not None else bool(_FAILURE.search(str(value)))
    return bool(_FAILURE.search(name)) and value not in (None, False, 0, "", [], {})


def _shown(count: int | None) -> str:
    return "an unknown number" if count is None else str(count)


def _failure(entry: Entry, error: StepError | None = None) -> StepFailure:
    return StepFailure(entry.step, entry.code, maybe_echo=error is not None and error.maybe_echo)


def _step_error(command: WireCommand, entry: Entry, *, echo: bool) -> StepError:
    return StepError(
        step=None if entry.step is None else command.caller_step(entry.step),
        code=entry.code,
        message=entry.message,
        request_id=entry.request_id,
        maybe_echo=echo,
    )


def _entries(value: object, code: str) -> tuple[Entry, ...]:
    if value is None:
        return ()
    listed = cast("list[object]", value) if isinstance(value, list) else [value]
    return tuple(_entry(item, code) for item in listed)


def _entry(value: object, code: str) -> Entry:
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    return Entry(
        index=_integer(fields.get("index")),
        request_id=_text(fields.get("requestID")),
        user=_text(fields.get("user")),
        step=_integer(fields.get("step")),
        code=_text(fields.get(code)) or "",
        message=_text(fields.get("message")) or "no message",
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _integer(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
