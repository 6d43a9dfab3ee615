"""Steps for the HTML report: the events of one execution as plain data of bounded size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any, Final

import attrs
import msgspec

from umapi_harness.postman import events
from umapi_harness.report import outcomes
from umapi_harness.report.hints import hints
from umapi_harness.report.outcomes import Check, Ending, Outcome, about_text, place_in_script

BODY_LIMIT: Final = 65_536
"""Characters of a body that are kept; a longer one is cut, and its length told."""
TEXT_LIMIT: Final = 4_096
"""Characters of an address, a header, a message or a line of the console that are kept."""
VALUE_LIMIT: Final = 16_384
"""Characters of the two values that a check compared."""
EXCHANGE_LIMIT: Final = 50
LINE_LIMIT: Final = 200
"""Lines of each other kind (headers, variables, lines of the console, changes) that are kept."""
CHECK_LIMIT: Final = 500
_KNOWN_LIMIT: Final = 50_000
_STATES: Final[Mapping[type[Check], str]] = {
    events.CheckFailed: "failed",
    events.CheckPassed: "passed",
    events.CheckSkipped: "skipped",
}
"""The kinds of checks, in the order in which they are shown."""


@attrs.frozen
class Body:
    """What is kept of a body, so that a step with many large ones holds none of them."""

    text: str
    length: int
    digest: bytes

    @classmethod
    def of(cls, text: str) -> Body:
        """Keep the beginning, the length, and what tells it from others."""
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        return cls(text[:BODY_LIMIT], len(text), digest)


@attrs.define
class Bodies:
    """The bodies of a report: each text is kept once and known by its number from then on."""

    count: int = 0
    """Bodies so far; the next one bears this number."""
    fresh: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    """Those that were not written yet."""
    _known: dict[bytes, int] = attrs.field(factory=dict[bytes, int], init=False)

    def number(self, body: Body | None) -> int | None:
        """The number of a body; None for an empty one."""
        if body is None or not body.text:
            return None
        known = self._known.get(body.digest)
        if known is not None:
            return known
        if len(self._known) >= _KNOWN_LIMIT:
            # Forgetting costs repetitions in the file, remembering all would cost memory without a bound.
            self._known.clear()
        entry: dict[str, Any] = {"text": body.text}
        if body.length > len(body.text):
            entry["length"] = body.length
        number = self._known[body.digest] = self.count
        self.fresh.append(entry)
        self.count += 1
        return number


@attrs.define
class StepBodies:
    """The bodies of the step that goes on, by the number of the exchange; its events are kept without."""

    sent: dict[int, Body] = attrs.field(factory=dict[int, Body])
    received: dict[int, Body] = attrs.field(factory=dict[int, Body])

    def without(self, event: events.Event) -> events.Event:
        """The event without its body, which is kept here as far as the report shows it."""
        match event:
            case events.RequestSent():
                self.sent[event.exchange] = Body.of(event.body)
            case events.ResponseReceived():
                self.received[event.exchange] = Body.of(event.body)
            case _:
                return event
        return msgspec.structs.replace(event, body="")

    def clear(self) -> None:
        """The step is over."""
        self.sent.clear()
        self.received.clear()


def row(outcome: Outcome) -> dict[str, Any]:
    """What the list of steps shows, filters look at, and bars are drawn from."""
    first = outcome.request
    response = outcome.response
    problem = next((f"{one.name}: {one.message}" for one in outcome.causes), "")
    checks = Counter(type(check) for check in outcome.checks)
    allowed = len(outcome.allowed)
    return {
        "number": outcome.step.number,
        "iteration": outcome.step.iteration,
        "name": cut(outcome.step.name),
        "folders": [cut(folder) for folder in outcome.step.folders],
        "state": outcome.state,
        "method": first.method if first else "",
        "url": cut(first.url) if first else "",
        "status": response.status if response else 0,
        "seconds": _rounded(response.seconds) if response else None,
        "size": response.size if response else None,
        "passed": checks[events.CheckPassed],
        "failed": checks[events.CheckFailed],
        "unchecked": checks[events.CheckSkipped],
        "errors": len(outcome.errors) - allowed,
        "allowed": allowed,
        "problem": cut(problem, 300) + (cut(outcome.planned, 300) if problem else ""),
        "spans": [_span(sent, end) for sent, end in islice(outcome.exchanges(), EXCHANGE_LIMIT)],
    }


def _span(sent: events.RequestSent, end: Ending | None) -> list[Any]:
    """When an exchange began, how long it took, its status, cause and number."""
    status = end.status if isinstance(end, events.ResponseReceived) else 0
    seconds = end.seconds if end else 0.0
    return [_rounded(sent.at), _rounded(seconds), status, sent.cause.value, sent.exchange]


def details(outcome: Outcome, kept: StepBodies, bodies: Bodies) -> dict[str, Any]:
    """All that the page of the step shows. What is past a bound is counted in `left_out`."""
    left_out = {
        "exchanges": len(outcome.sent) - EXCHANGE_LIMIT,
        "checks": len(outcome.checks) - CHECK_LIMIT,
        "errors": len(outcome.errors) - LINE_LIMIT,
        "console": len(outcome.console) - LINE_LIMIT,
        "changes": len(outcome.changes) - LINE_LIMIT,
        "notes": len(outcome.notes) - LINE_LIMIT,
    }
    exchanges = islice(outcome.exchanges(), EXCHANGE_LIMIT)
    return {
        "number": outcome.step.number,
        "pointer": cut(outcome.step.pointer),
        "exchanges": [_exchange(outcome, sent, end, kept, bodies) for sent, end in exchanges],
        "checks": _checks(outcome),
        "errors": _errors(outcome),
        "console": [{"level": line.level, "text": cut(line.text)} for line in outcome.console[:LINE_LIMIT]],
        "hints": _hints(outcome, kept),
        "changes": [cut(change) for change in outcome.changes[:LINE_LIMIT]],
        "notes": [cut(note) for note in outcome.notes[:LINE_LIMIT]],
        "left_out": {kind: count for kind, count in left_out.items() if count > 0},
    }


def _hints(outcome: Outcome, kept: StepBodies) -> list[str]:
    """What the answers of a step that failed say of the cause."""
    if outcome.state != "failed":
        return []
    named = {sent.exchange for one in outcome.broken for sent, _ in outcome.about(one)}
    response = outcome.response
    wanted = (
        (sent, end)
        for sent, end in outcome.exchanges()
        if isinstance(end, events.ResponseReceived) and (end is response or sent.exchange in named)
    )
    found: dict[str, None] = {}
    for sent, end in islice(wanted, EXCHANGE_LIMIT):
        body = kept.received.get(sent.exchange)
        found |= dict.fromkeys(hints(sent, end, body.text if body else ""))
    return [cut(hint) for hint in islice(found, LINE_LIMIT)]


def _checks(outcome: Outcome) -> list[dict[str, Any]]:
    """Failed ones first, so that no bound hides one."""
    kinds = tuple(_STATES)
    ordered = sorted(outcome.checks, key=lambda check: kinds.index(type(check)))
    return [_check(check) | _about(outcome, check) for check in ordered[:CHECK_LIMIT]]


def _about(outcome: Outcome, one: Check | events.ErrorRaised) -> dict[str, Any]:
    """The exchanges that a failure is about, where that is not the request's own alone."""
    if not isinstance(one, events.CheckFailed | events.ErrorRaised) or not (about := outcome.about(one)):
        return {}
    return {"about": [[sent.exchange, cut(about_text(sent, end))] for sent, end in about[:EXCHANGE_LIMIT]]}


def _errors(outcome: Outcome) -> list[dict[str, Any]]:
    """Those that fail the step first, each with how many failed checks stand `before` it: what caused them has none."""
    shown: list[dict[str, Any]] = []
    failed = 0
    for one in outcome.broken:
        if isinstance(one, events.CheckFailed):
            failed += 1
        else:
            shown.append(error_data(one) | _about(outcome, one) | {"before": failed})
    shown += [
        error_data(error) | _about(outcome, error) | {"before": failed} for error in outcome.errors if error.allowed
    ]
    return shown[:LINE_LIMIT]


def _exchange(
    outcome: Outcome, sent: events.RequestSent, end: Ending | None, kept: StepBodies, bodies: Bodies
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "number": sent.exchange,
        "cause": sent.cause.value,
        "at": _rounded(sent.at),
        "method": sent.method,
        "url": cut(sent.url),
        "headers": _pairs(sent.headers),
        "body": bodies.number(kept.sent.get(sent.exchange)),
    }
    if sent.variables:
        used = sent.variables[:LINE_LIMIT]
        shown["variables"] = [[cut(one.name), cut(one.value), one.scope, cut(one.origin)] for one in used]
    if isinstance(end, events.ResponseReceived):
        shown["answer"] = {
            "status": end.status,
            "reason": cut(end.reason),
            "headers": _pairs(end.headers),
            "body": bodies.number(kept.received.get(sent.exchange)),
            "seconds": _rounded(end.seconds),
            "size": end.size,
        }
    elif end is not None:
        shown["failure"] = {"message": cut(end.message), "seconds": _rounded(end.seconds)}
    faults = outcome.faults_of(sent.exchange)
    if faults:
        shown["faults"] = [cut(fault) for fault in faults[:LINE_LIMIT]]
    return shown


def cut(text: str, limit: int = TEXT_LIMIT) -> str:
    """`text`, or its beginning with a mark that more followed."""
    return outcomes.cut(text, limit)


def _rounded(seconds: float) -> float:
    return round(seconds, 5)


def _pairs(headers: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [[cut(name), cut(value)] for name, value in headers[:LINE_LIMIT]]


def _check(check: Check) -> dict[str, Any]:
    # The place of its script, or of its request where that is not known.
    shown: dict[str, Any] = {
        "state": _STATES[type(check)],
        "name": cut(check.name),
        "event": check.event,
        "pointer": cut(check.pointer or check.step.pointer),
    }
    if isinstance(check, events.CheckFailed):
        shown["message"] = cut(check.message)
        if place := place_in_script(check):
            shown["place"] = place
        if check.follows_from:
            shown["follows"] = check.follows_from
        if check.expected is not None and check.actual is not None:
            shown["expected"] = cut(check.expected, VALUE_LIMIT)
            shown["actual"] = cut(check.actual, VALUE_LIMIT)
    return shown


def error_data(error: events.ErrorRaised) -> dict[str, Any]:
    """An error as data."""
    return {
        "kind": error.kind,
        "message": cut(error.message),
        "pointer": cut(error.pointer),
        "allowed": error.allowed,
        "follows": error.follows_from,
    }


def iteration_data(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The values of an iteration's row, as far as there is room for them."""
    return [[cut(name, 200), cut(value, 500)] for name, value in pairs[:LINE_LIMIT]]
