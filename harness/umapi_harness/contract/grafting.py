"""Grafting: an answer with what nobody could know put in from the recording, so that the rest can be compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import (
    JsonObject,
    body_object,
    flag,
    is_array,
    is_object,
    number,
    query_of,
    results_of,
)
from umapi_harness.contract.comparing import SIGNIFICANT_HEADERS
from umapi_harness.contract.doubts import Doubts
from umapi_harness.contract.recordings import Exchange, RecordedResponse

_STATELESS: Final = ("error.command.", "error.option.", "error.country.")
"""Codes of what is wrong with a command whatever the state is."""
_COUNTED: Final = tuple(name for name in SIGNIFICANT_HEADERS if name.startswith("X-"))


@attrs.frozen
class Graft:
    """An answer, and what was put in."""

    response: RecordedResponse
    doubtful: tuple[str, ...] = ()
    """Of whom or what something was put in, where it was not the same."""
    commands: tuple[JsonObject, ...] = ()
    """Commands whose outcome was put in."""
    presence: bool = False
    """True where an entry was put in that the answer did not have, or taken out."""


def graft_action(doubts: Doubts, exchange: Exchange, now: RecordedResponse) -> Graft:
    """Put in the outcome of commands on those in doubt, unless what differs is nothing that a state could decide."""
    recorded = body_object(exchange.response)
    mocked = dict(body_object(now))
    if exchange.response.status != now.status or not mocked or "result" not in recorded:
        return Graft(now)
    errors = _by_command(mocked.get("errors"))
    test_mode = flag(query_of(exchange.request), "testOnly", False)
    put: list[JsonObject] = []
    moved = 0
    for result in results_of(exchange):
        if not doubts.doubts_command(result, test_mode=test_mode):
            continue
        before, after = list(result.errors), errors.get(result.index, [])
        if not _decided_by_state(before, after):
            continue
        put.append(result.command)
        moved += bool(before) - bool(after)
        errors[result.index] = before
    if not put:
        return Graft(now)
    kept = [entry for _, entries in sorted(errors.items()) for entry in entries]
    mocked.pop("errors", None)
    if kept:
        mocked["errors"] = kept
    done = (
        "completedInTestMode"
        if recorded.get("completedInTestMode") or mocked.get("completedInTestMode")
        else "completed"
    )
    failed = (number(mocked.get("notCompleted")) or 0) + moved
    good = (number(mocked.get(done)) or 0) - moved
    mocked |= {"notCompleted": failed, done: good}
    mocked["result"] = "success" if not failed else "partial" if good else "error"
    about = tuple(str(command.get("user", command.get("usergroup"))) for command in put)
    return Graft(_with_body(now, mocked), about, tuple(put))


def _decided_by_state(before: Sequence[JsonObject], after: Sequence[JsonObject]) -> bool:
    ours, theirs = ([(number(one.get("step")), str(one.get("errorCode"))) for one in side] for side in (before, after))
    if ours == theirs:
        pairs = [(str(one.get("message")), str(other.get("message"))) for one, other in zip(before, after, strict=True)]
        return any(one != other for one, other in pairs) and all(_head(one) == _head(other) for one, other in pairs)
    odd = {code for _, code in set(ours) ^ set(theirs)}
    return not any(code.startswith(_STATELESS) for code in odd)


def _head(message: str) -> str:
    """The words of a message without the name that it is about."""
    return message.partition(": ")[0]


def graft_entries(
    recorded: RecordedResponse,
    now: RecordedResponse,
    field: str,
    identity: Callable[[object], object],
    doubtful: Callable[[Any], str | None],
    within: Callable[[Any, Any], tuple[Any, str | None]],
    missing: Callable[[Any], str | None],
) -> Graft:
    """Put entries in doubt into a page.

    `doubtful` names them, `missing` those that only the recording has, and `within` puts parts into all others.

    Where one side has an entry that the other one has not, what the headers count follows.
    """
    body = dict(body_object(now))
    before, after = body_object(recorded).get(field), body.get(field)
    if not is_array(before) or not is_array(after):
        return Graft(now)
    known: dict[object, Any] = {identity(one): one for one in before}
    names: list[str] = []
    kept: list[Any] = []
    presence = False
    for one in after:
        name = doubtful(one)
        twin = known.get(identity(one))
        if name is None:
            put, about = within(twin, one) if twin is not None else (one, None)
            kept.append(put)
            names += [about] if about is not None else []
        elif twin != one:
            names.append(name)
            presence = presence or twin is None
    mocked = {identity(one): one for one in after}
    for one in before:
        absent = identity(one) not in mocked
        name = doubtful(one) or (missing(one) if absent else None)
        if name is None:
            continue
        kept.append(one)
        if absent:
            names.append(name)
            presence = True
    if not names:
        return Graft(now)
    body[field] = kept
    response = _with_body(now, body)
    if presence:
        body["lastPage"] = body_object(recorded).get("lastPage", body.get("lastPage"))
        response = _with_headers(_with_body(now, body), recorded)
    return Graft(response, tuple(dict.fromkeys(names)), presence=presence)


def _with_body(response: RecordedResponse, body: Mapping[str, Any]) -> RecordedResponse:
    return attrs.evolve(response, body=json.dumps(body).encode())


def _with_headers(response: RecordedResponse, recorded: RecordedResponse) -> RecordedResponse:
    counted = {name.lower() for name in _COUNTED}
    own = [pair for pair in response.headers if pair[0].lower() not in counted]
    theirs = [pair for pair in recorded.headers if pair[0].lower() in counted]
    return attrs.evolve(response, headers=(*own, *theirs))


def _by_command(value: object) -> dict[int, list[JsonObject]]:
    found: dict[int, list[JsonObject]] = {}
    for one in value if is_array(value) else ():
        if is_object(one):
            found.setdefault(number(one.get("index")) or 0, []).append(one)
    return found
