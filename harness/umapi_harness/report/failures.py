"""Failures for people: what went wrong in a step, with expected and actual, what was sent and what came."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from umapi_harness.common.lines import one_line
from umapi_harness.postman import events
from umapi_harness.report.hints import hints
from umapi_harness.report.outcomes import (
    Ending,
    Failure,
    Outcome,
    about_text,
    consequences_text,
    cut,
    place_of,
    planned,
    status_text,
)
from umapi_harness.report.terminal import Part

_BODY: Final = 600
_TEXT: Final = 4_000
_LINES: Final = 50
"""Failures, exchanges and lines of the console of a step that are told of."""

_FOLLOWING: Final = "| "
"""Before each further line of a text of others, so that it is taken for no line of the report."""
_WHY: Final = {events.Cause.SCRIPT: "pm.sendRequest"}
Line = tuple[Part, ...]


@attrs.frozen
class FailedStep:
    """A step that failed, as lines of bounded length: none of its bodies is kept."""

    where: str
    failures: tuple[tuple[str, tuple[Line, ...]], ...]
    """The pointer of each failure, and its lines."""
    context: tuple[Line, ...]
    """What was sent, what came, what the runner noted, what changed, and what its scripts wrote."""
    left_out: int
    """Failures that are not told of."""
    consequences: tuple[Line, ...] = ()
    """What the failures brought about, for want of an answer."""


def failed_step(outcome: Outcome) -> FailedStep:
    """What there is to tell of a step that failed."""
    failures = outcome.causes
    followed = consequences_text(outcome)
    last: tuple[Line, ...] = (((cut(followed, _TEXT), "red"),),) if followed else ()
    return FailedStep(
        where=place_of(outcome.step),
        failures=tuple((one.pointer, (*failure_lines(one), *_about(outcome, one))) for one in failures[:_LINES]),
        consequences=last,
        context=tuple(_context(outcome)),
        left_out=max(0, len(failures) - _LINES),
    )


def failure_lines(failure: Failure) -> Iterator[Line]:
    """Name and message, then the two values that the check compared, and the line of its script."""
    first, *more = cut(failure.message, _TEXT).splitlines() or [""]
    yield (f"{one_line(failure.name)}: ", (first, "red"))
    for line in filter(str.strip, more):
        yield ((f"  {_FOLLOWING}{line}", "red"),)
    if failure.expected is not None and failure.actual is not None:
        yield from _value("expected: ", failure.expected, "green")
        yield from _value("actual:   ", failure.actual, "red")
    if failure.place:
        yield ((f"  at {failure.place}", "dim"),)


def _about(outcome: Outcome, failure: Failure) -> Iterator[Line]:
    for sent, end in outcome.about(failure)[:_LINES]:
        yield ((f"  about {about_text(sent, end)}", "dim"),)


def _value(label: str, value: str, style: str) -> Iterator[Line]:
    first, *more = cut(value, _TEXT).splitlines() or [""]
    yield ((f"  {label}", "dim"), (first, style))
    for line in more:
        yield ((f"{'':{len(label)}}{_FOLLOWING}{line}".rstrip(), style),)


def _context(outcome: Outcome) -> Iterator[Line]:
    named = {sent.exchange for one in outcome.causes for sent, _ in outcome.about(one)}
    mine = [
        (sent, end)
        for sent, end in outcome.exchanges()
        if sent.cause in events.OF_THE_COLLECTION or sent.exchange in named
    ]
    for sent, end in mine[:_LINES]:
        yield ((f"sent: {sent.method} {one_line(cut(sent.url, _TEXT))}{_why(sent)}", "dim"),)
        if sent.body:
            yield ((f"      {_one_line(sent.body)}", "dim"),)
        if end is not None:
            yield ((f"got:  {_came(end)}", "dim"),)
            if isinstance(end, events.ResponseReceived):
                yield from (((f"      {hint}", "yellow"),) for hint in hints(sent, end, end.body))
        for fault in outcome.faults_of(sent.exchange):
            yield ((f"      {planned(fault)}", "yellow"),)
    for struck in outcome.faults[:_LINES]:
        if all(struck.exchange != sent.exchange for sent, _ in mine):
            # It struck a request of a script, or one for a token, of which nothing else is told here.
            yield ((planned(struck.fault), "yellow"),)
    for note in outcome.notes[:_LINES]:
        yield ((f"note: {one_line(cut(note, _TEXT))}", "dim"),)
    for change in outcome.changes[:_LINES]:
        yield ((f"changed: {one_line(cut(change, _BODY))}", "dim"),)
    for line in outcome.console[:_LINES]:
        yield from console_lines(line, _BODY)


def console_lines(message: events.ConsoleMessage, length: int = _TEXT) -> Iterator[Line]:
    """What a script wrote at once to the console, with its level; of a long text the beginning."""
    first, *more = cut(message.text, length).splitlines() or [""]
    yield ((f"[{message.level}] {first}".rstrip(), "dim"),)
    for line in more:
        yield ((f"{_FOLLOWING}{line}".rstrip(), "dim"),)


def _came(end: Ending) -> str:
    if isinstance(end, events.RequestFailed):
        return f"no answer: {one_line(cut(end.message, _BODY))}"
    return " ".join(part for part in (status_text(end), _one_line(end.body)) if part)


def exchange_lines(outcome: Outcome) -> Iterator[Line]:
    """Each exchange of a step on one line: also those of scripts, hops of redirects, and fetched tokens."""
    for sent, end in list(outcome.exchanges())[:_LINES]:
        status = str(end.status) if isinstance(end, events.ResponseReceived) else "no answer"
        time = f" {end.seconds * 1000:.0f} ms" if end else ""
        yield ((f"{sent.method} {one_line(cut(sent.url, _BODY))} {status}{time}{_why(sent)}", "dim"),)


def _why(sent: events.RequestSent) -> str:
    return f" ({_WHY.get(sent.cause, sent.cause.value)})" if sent.cause is not events.Cause.COLLECTION else ""


def _one_line(text: str) -> str:
    return cut(" ".join(text[: 4 * _BODY].split()), _BODY)
