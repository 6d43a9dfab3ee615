"""Actions: recorded action requests, sent again by the SDK and answered as recorded."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from umapi_harness.contract.answers import (
    JsonObject,
    body_object,
    commands_of,
    flag,
    is_array,
    is_object,
    number,
    places_of,
    query_of,
    steps_of,
)
from umapi_harness.contract.findings import Finding
from umapi_harness.contract.judging import operation_of
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.reading.expectations import NOT_SENT, Fate, StepReport, fates_of, refusal_of
from umapi_harness.reading.reports import UnjudgedError, refusal_differences, report, told
from umapi_harness.reading.standin import StandIn, connect
from umapi_models.names import ADD, DELETE_USER_GROUP, REMOVE
from umapi_sdk import Action, ActionError, UmapiError, UnsentActionsWarning
from umapi_sdk.commands import read_actions
from umapi_sdk.messages import Request

_OUTLINES: Final[Mapping[str, Mapping[str, Any]]] = {"user": {REMOVE: "all"}, "usergroup": {DELETE_USER_GROUP: {}}}
_LEFT: Final = Fate(statuses=frozenset({NOT_SENT}))
_LISTS: Final = {"user": "group", "usergroup": "productConfiguration"}


def read_action(exchange: Exchange) -> Iterator[Finding]:
    """Yield where the SDK's outcomes are not what the answer says. Raises UnjudgedError."""
    commands = commands_of(exchange)
    operation = operation_of(exchange)
    if not commands or operation is None or not all(is_object(command) for command in commands):
        raise UnjudgedError("the SDK writes no request like this one")
    written = [_written(command) for command in commands]
    actions = [action for action, _ in written]
    play = _Play(exchange, [command for _, command in written])
    org_id = places_of(exchange, operation).get("orgId", "")
    test_mode = flag(query_of(exchange.request), "testOnly", False)
    error: UmapiError | None = None
    with warnings.catch_warnings():
        # What was not sent is judged below.
        warnings.simplefilter("ignore", UnsentActionsWarning)
        with connect(exchange, org_id, StandIn(play.answer), test_mode=test_mode) as connection:
            try:
                connection.execute_multiple(actions, immediate=True)
            except UmapiError as raised:
                error = raised
    if exchange.response.status != 200:
        yield from refusal_differences(exchange, refusal_of(exchange), error, "outcomes")
    elif error is not None and all("unknown" not in fate.statuses for fate in fates_of(exchange)):
        yield report(exchange, "body", f"the answer is not read: {told(error)}", "outcomes", told(error))
    for place, (action, fate) in enumerate(zip(actions, fates_of(exchange), strict=True)):
        if exchange.response.status != 200 and place not in play.sent:
            fate = _LEFT  # noqa: PLW2901 - the SDK takes fewer into one request, and the refusal ended its run
        yield from _judged(exchange, place, action, fate)


def _judged(exchange: Exchange, place: int, action: Action, fate: Fate) -> Iterator[Finding]:
    outcome = action.outcome
    status = outcome.status.value if outcome is not None else "none"
    wanted = " or ".join(sorted(fate.statuses))
    if outcome is None or status not in fate.statuses:
        yield report(exchange, f"outcome /{place}", f"the answer says {wanted}, the SDK says {status}", wanted, status)
        return
    for name, recorded, read in (
        ("errors", fate.errors, outcome.errors),
        ("warnings", fate.warnings, outcome.warnings),
    ):
        shown: list[StepReport] = [(one.step, one.code, one.message) for one in read]
        if exchange.response.status == 200 and len(fate.statuses) == 1 and list(recorded) != shown:
            problem = f"{name} {list(recorded)} were read as {shown}"
            yield report(exchange, f"outcome /{place}/{name}", problem, str(list(recorded)), str(shown))


def _written(command: JsonObject) -> tuple[Action, JsonObject]:
    """The action for a recorded command, and the command; where the SDK refuses to write it, one on the same target."""
    kind = "user" if "user" in command else "usergroup"
    outline: dict[str, Any] = {
        **{name: value for name, value in command.items() if name != "do"},
        "do": [_OUTLINES[kind]],
    }
    bare: dict[str, Any] = {kind: command.get(kind), "do": [_OUTLINES[kind]]}
    for said in (_in_sdk_words(command, kind), outline, bare):
        try:
            (action,) = read_actions([said])
        except ActionError:
            continue
        return action, said
    raise UnjudgedError("the SDK writes no command for a target like this one")


def _in_sdk_words(command: JsonObject, kind: str) -> dict[str, Any]:
    """The command without the deprecated names, which the SDK does not have."""
    steps: list[Any] = []
    for _, name, fields in steps_of(command):
        if name in (ADD, REMOVE) and is_object(fields) and "product" in fields:
            rest = {key: value for key, value in fields.items() if key != "product"}
            steps.append({name: {**rest, _LISTS[kind]: [*rest.get(_LISTS[kind], ()), *fields["product"]]}})
        else:
            steps.append({name: fields})
    return {**command, "do": steps}


@attrs.define
class _Play:
    """Gives the recorded answer, or the parts of it that belong to the commands of a request."""

    exchange: Exchange
    commands: Sequence[JsonObject]
    sent: set[int] = attrs.field(factory=set[int])
    """Places of the commands that were sent."""

    def answer(self, request: Request) -> RecordedResponse | None:
        """Return the recorded answer for the commands that the SDK sends."""
        recorded = self.exchange.response
        if recorded.status != 200 and self.sent:
            return recorded  # a refused request is sent again, with a new token or after a while
        places = self._places(json.loads(request.body or b"[]"))
        whole = places == list(range(len(self.commands)))
        return recorded if whole or recorded.status != 200 else self._part(places)

    def _places(self, sent: Sequence[JsonObject]) -> list[int]:
        """Which commands those are that were sent: of those on the same target the first with the same steps.

        The SDK may change the order of commands that do not touch each other, and writes some steps in other words.
        """
        places: list[int] = []
        for command in sent:
            target = command.get("user"), command.get("usergroup")
            free = [
                place
                for place, recorded in enumerate(self.commands)
                if (recorded.get("user"), recorded.get("usergroup")) == target and place not in self.sent
            ]
            if not free:
                raise UnjudgedError("the SDK sends other commands than were recorded")
            same = (place for place in free if self.commands[place].get("do") == command.get("do"))
            place = next(same, free[0])
            self.sent.add(place)
            places.append(place)
        return places

    def _part(self, places: Sequence[int]) -> RecordedResponse:
        """The answer as it would be to some of the commands, where the whole one is clear enough to tell."""
        answer = body_object(self.exchange.response)
        if any("unknown" in fate.statuses for fate in fates_of(self.exchange)):
            raise UnjudgedError("the SDK sends these commands in several requests, and the answer contradicts itself")
        moved = {place: index for index, place in enumerate(places)}
        part: dict[str, Any] = {**answer}
        for name in ("errors", "warnings"):
            entries = answer.get(name)
            kept = (
                [_moved(one, moved) for one in entries if number(one.get("index")) in moved]
                if is_array(entries)
                else []
            )
            part.pop(name, None)
            if kept:
                part[name] = kept
        failed = len({one["index"] for one in part.get("errors", ())})
        count = "completedInTestMode" if answer.get("completedInTestMode") else "completed"
        part |= {"completed": 0, "completedInTestMode": 0, count: len(places) - failed, "notCompleted": failed}
        part["result"] = "success" if not failed else "error" if failed == len(places) else "partial"
        return attrs.evolve(self.exchange.response, body=json.dumps(part).encode())


def _moved(entry: Mapping[str, Any], moved: Mapping[int, int]) -> dict[str, Any]:
    return {**entry, "index": moved[number(entry.get("index")) or 0]}
