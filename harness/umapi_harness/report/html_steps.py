"""Steps for the HTML report: the events of one execution as plain data of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any, Final

import attrs

from umapi_harness.postman import events
from umapi_harness.report import outcomes

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
class StepRecord:
    """What happened in one execution of a request, kept until it is written."""

    step: events.Step
    sent: list[events.RequestSent] = attrs.field(factory=list[events.RequestSent])
    ended: dict[int, events.ResponseReceived | events.RequestFailed] = attrs.field(
        factory=dict[int, events.ResponseReceived | events.RequestFailed]
    )
    bodies_sent: dict[int, Body] = attrs.field(factory=dict[int, Body])
    """By the number of the exchange; the events are kept without."""
    bodies_received: dict[int, Body] = attrs.field(factory=dict[int, Body])
    passed: list[events.CheckPassed] = attrs.field(factory=list[events.CheckPassed])
    failed: list[events.CheckFailed] = attrs.field(factory=list[events.CheckFailed])
    unchecked: list[events.CheckSkipped] = attrs.field(factory=list[events.CheckSkipped])
    errors: list[events.ErrorRaised] = attrs.field(factory=list[events.ErrorRaised])
    console: list[events.ConsoleMessage] = attrs.field(factory=list[events.ConsoleMessage])
    changes: list[str] = attrs.field(factory=list[str])
    notes: list[str] = attrs.field(factory=list[str])
    skipped: bool = False

    def add(self, event: events.Event) -> None:
        """Takes in an event of this step."""
        match event:
            case events.RequestSent():
                self.bodies_sent[event.exchange] = Body.of(event.body)
                self.sent.append(attrs.evolve(event, body=""))
            case events.ResponseReceived():
                self.bodies_received[event.exchange] = Body.of(event.body)
                self.ended[event.exchange] = attrs.evolve(event, body="")
            case events.RequestFailed():
                self.ended[event.exchange] = event
            case events.CheckPassed():
                self.passed.append(event)
            case events.CheckFailed():
                self.failed.append(event)
            case events.CheckSkipped():
                self.unchecked.append(event)
            case events.ErrorRaised():
                self.errors.append(event)
            case events.ConsoleMessage():
                self.console.append(event)
            case events.OrganizationChanged():
                self.changes.extend(event.changes)
            case events.NoteTaken():
                self.notes.append(event.text)
            case events.RequestSkipped():
                self.skipped = True
            case _:
                pass

    @property
    def faults(self) -> list[events.ErrorRaised]:
        """The errors that fail the run."""
        return [error for error in self.errors if not error.allowed]

    @property
    def state(self) -> str:
        """What became of the step, in one word: failed, skipped or passed."""
        if self.failed or self.faults:
            return "failed"
        return "skipped" if self.skipped else "passed"

    def problems(self) -> Iterator[tuple[str, str]]:
        """What fails the step, each by the name of its check or rule and with its message."""
        yield from ((check.name, check.message) for check in self.failed)
        yield from ((error.kind, error.message) for error in self.faults)

    def row(self) -> dict[str, Any]:
        """What the list of steps shows, filters look at, and bars are drawn from."""
        main = next((sent for sent in reversed(self.sent) if sent.cause in events.OF_THE_COLLECTION), None)
        answer = None if main is None else self.ended.get(main.exchange)
        first = next((sent for sent in self.sent if sent.cause is events.Cause.COLLECTION), main)
        response = answer if isinstance(answer, events.ResponseReceived) else None
        problem = next((f"{name}: {message}" for name, message in self.problems()), "")
        return {
            "number": self.step.number,
            "iteration": self.step.iteration,
            "name": cut(self.step.name),
            "folders": [cut(folder) for folder in self.step.folders],
            "state": self.state,
            "method": first.method if first else "",
            "url": cut(first.url) if first else "",
            "status": response.status if response else 0,
            "seconds": _rounded(response.seconds) if response else None,
            "size": response.size if response else None,
            "passed": len(self.passed),
            "failed": len(self.failed),
            "unchecked": len(self.unchecked),
            "errors": len(self.faults),
            "allowed": len(self.errors) - len(self.faults),
            "problem": cut(problem, 300),
            "spans": [self._span(sent) for sent in self.sent[:EXCHANGE_LIMIT]],
        }

    def _span(self, sent: events.RequestSent) -> list[Any]:
        """When an exchange began, how long it took, its status, cause and number."""
        end = self.ended.get(sent.exchange)
        status = end.status if isinstance(end, events.ResponseReceived) else 0
        seconds = end.seconds if end else 0.0
        return [_rounded(sent.at), _rounded(seconds), status, sent.cause.value, sent.exchange]

    def details(self, bodies: Bodies) -> dict[str, Any]:
        """All that the page of the step shows. What is past a bound is counted in `left_out`."""
        left_out = {
            "exchanges": len(self.sent) - EXCHANGE_LIMIT,
            "checks": len(self.failed) + len(self.passed) + len(self.unchecked) - CHECK_LIMIT,
            "errors": len(self.errors) - LINE_LIMIT,
            "console": len(self.console) - LINE_LIMIT,
            "changes": len(self.changes) - LINE_LIMIT,
            "notes": len(self.notes) - LINE_LIMIT,
        }
        return {
            "number": self.step.number,
            "pointer": cut(self.step.pointer),
            "exchanges": [self._exchange(sent, bodies) for sent in self.sent[:EXCHANGE_LIMIT]],
            "checks": self._checks(),
            "errors": [error_data(error) for error in sorted(self.errors, key=_allowed)[:LINE_LIMIT]],
            "console": [{"level": line.level, "text": cut(line.text)} for line in self.console[:LINE_LIMIT]],
            "changes": [cut(change) for change in self.changes[:LINE_LIMIT]],
            "notes": [cut(note) for note in self.notes[:LINE_LIMIT]],
            "left_out": {kind: count for kind, count in left_out.items() if count > 0},
        }

    def _checks(self) -> list[dict[str, Any]]:
        """Failed ones first, so that no bound hides one."""
        return [
            *(_failed(check) for check in self.failed[:CHECK_LIMIT]),
            *(_check(check, "passed") for check in self.passed),
            *(_check(check, "skipped") for check in self.unchecked),
        ][:CHECK_LIMIT]

    def _exchange(self, sent: events.RequestSent, bodies: Bodies) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "number": sent.exchange,
            "cause": sent.cause.value,
            "at": _rounded(sent.at),
            "method": sent.method,
            "url": cut(sent.url),
            "headers": _pairs(sent.headers),
            "body": bodies.number(self.bodies_sent.get(sent.exchange)),
        }
        if sent.variables:
            used = sent.variables[:LINE_LIMIT]
            shown["variables"] = [[cut(one.name), cut(one.value), one.scope, cut(one.origin)] for one in used]
        end = self.ended.get(sent.exchange)
        if isinstance(end, events.ResponseReceived):
            shown["answer"] = {
                "status": end.status,
                "reason": cut(end.reason),
                "headers": _pairs(end.headers),
                "body": bodies.number(self.bodies_received.get(sent.exchange)),
                "seconds": _rounded(end.seconds),
                "size": end.size,
            }
        elif end is not None:
            shown["failure"] = {"message": cut(end.message), "seconds": _rounded(end.seconds)}
        return shown


def cut(text: str, limit: int = TEXT_LIMIT) -> str:
    """`text`, or its beginning with a mark that more followed."""
    return outcomes.cut(text, limit)


def _allowed(error: events.ErrorRaised) -> bool:
    return error.allowed


def _rounded(seconds: float) -> float:
    return round(seconds, 5)


def _pairs(headers: Sequence[tuple[str, str]]) -> list[list[str]]:
    return [[cut(name), cut(value)] for name, value in headers[:LINE_LIMIT]]


def _pointer(check: events.CheckPassed | events.CheckSkipped | events.CheckFailed) -> str:
    """The place of a check's script, or of its request where that is not known."""
    return cut(check.pointer or check.step.pointer)


def _check(check: events.CheckPassed | events.CheckSkipped, state: str) -> dict[str, Any]:
    return {"state": state, "name": cut(check.name), "event": check.event, "pointer": _pointer(check)}


def _failed(check: events.CheckFailed) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "state": "failed",
        "name": cut(check.name),
        "event": check.event,
        "pointer": _pointer(check),
        "message": cut(check.message),
    }
    if check.expected is not None and check.actual is not None:
        shown["expected"], shown["actual"] = (
            cut(check.expected, VALUE_LIMIT),
            cut(check.actual, VALUE_LIMIT),
        )
    return shown


def error_data(error: events.ErrorRaised) -> dict[str, Any]:
    """An error as data."""
    return {
        "kind": error.kind,
        "message": cut(error.message),
        "pointer": cut(error.pointer),
        "allowed": error.allowed,
    }


def iteration_data(pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The values of an iteration's row, as far as there is room for them."""
    return [[cut(name, 200), cut(value, 500)] for name, value in pairs[:LINE_LIMIT]]
