"""Events: what a run tells its reporters, in the order in which it happens, free of secrets."""

from __future__ import annotations

from collections.abc import Callable

import attrs


@attrs.frozen(kw_only=True)
class Step:
    """One execution of one request; the same request may be executed several times in a run."""

    number: int
    """Counts executions over the whole run, from 1."""
    iteration: int
    """From 0."""
    name: str
    folders: tuple[str, ...]
    pointer: str
    """JSON pointer of the request in the collection file."""

    @property
    def path(self) -> str:
        """Folders and name, for people."""
        return " / ".join((*self.folders, self.name))


@attrs.frozen(kw_only=True)
class RunStarted:
    """The run begins."""

    collection: str
    source: str
    iterations: int
    requests: int
    """Requests in the collection, or in the chosen folder."""


@attrs.frozen(kw_only=True)
class RequestSent:
    """A request goes out; `by_script` marks those of pm.sendRequest."""

    step: Step
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    by_script: bool = False


@attrs.frozen(kw_only=True)
class ResponseReceived:
    """A response has come in."""

    step: Step
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: str
    seconds: float
    size: int
    """Bytes of the body."""
    by_script: bool = False


@attrs.frozen(kw_only=True)
class CheckPassed:
    """A pm.test held."""

    step: Step
    name: str


@attrs.frozen(kw_only=True)
class CheckFailed:
    """A pm.test did not hold; `message` says what was expected."""

    step: Step
    name: str
    message: str


@attrs.frozen(kw_only=True)
class CheckSkipped:
    """A pm.test.skip."""

    step: Step
    name: str


@attrs.frozen(kw_only=True)
class ConsoleMessage:
    """A script wrote a line to the console."""

    step: Step
    level: str
    text: str


@attrs.frozen(kw_only=True)
class ErrorRaised:
    """Something went wrong outside the checks; `kind` is variable, request, network, script or flow."""

    step: Step
    kind: str
    message: str
    pointer: str
    """JSON pointer of the place in the collection file."""


@attrs.frozen(kw_only=True)
class RequestSkipped:
    """A script asked for the request not to be sent."""

    step: Step


@attrs.frozen(kw_only=True)
class RequestFinished:
    """All that belongs to one execution of a request has happened."""

    step: Step


@attrs.define(kw_only=True)
class Summary:
    """The counts of a run; they grow until it is over."""

    requests: int = 0
    """Requests of the collection that were sent; those of scripts are not counted."""
    skipped: int = 0
    checks_passed: int = 0
    checks_failed: int = 0
    checks_skipped: int = 0
    errors: int = 0
    seconds: float = 0.0

    @property
    def failures(self) -> int:
        """Failed checks and errors."""
        return self.checks_failed + self.errors

    @property
    def passed(self) -> bool:
        """Whether no check failed, no error came up, and something was sent at all."""
        return self.failures == 0 and self.requests > 0


@attrs.frozen(kw_only=True)
class RunFinished:
    """The run is over; `stopped` tells why it ended early, if it did."""

    summary: Summary
    stopped: str | None = None


Event = (
    RunStarted
    | RequestSent
    | ResponseReceived
    | CheckPassed
    | CheckFailed
    | CheckSkipped
    | ConsoleMessage
    | ErrorRaised
    | RequestSkipped
    | RequestFinished
    | RunFinished
)
Listener = Callable[[Event], None]
