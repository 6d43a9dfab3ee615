"""Events: what a run tells its reporters, in the order in which it happens, free of secrets.

They are structs of msgspec, which are made in a hundredth of the time that other classes take, at every start.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Final

from msgspec import Struct, field


class Step(Struct, frozen=True, kw_only=True):
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


class RunStarted(Struct, frozen=True, kw_only=True):
    """The run begins."""

    collection: str
    source: str
    iterations: int
    requests: int
    """Requests in the collection, or in the chosen folder."""
    environment: str = ""
    at: float = 0.0
    """Seconds since 1970."""
    notes: tuple[str, ...] = ()
    """What the reader must know to judge the run: where it goes, what was filled in, which rules are allowed."""


class IterationStarted(Struct, frozen=True, kw_only=True):
    """An iteration begins; `data` are the values of its row, free of secrets."""

    iteration: int
    data: tuple[tuple[str, str], ...] = ()


class Cause(enum.Enum):
    """Why a request went out."""

    COLLECTION = "collection"
    SCRIPT = "script"
    """pm.sendRequest."""
    REDIRECT = "redirect"
    CHALLENGE = "challenge"
    """The same request once more, with an answer to a challenge (digest, NTLM)."""
    TOKEN = "token"  # noqa: S105 - a cause, no secret
    """A token is fetched for the authorisation of a request."""


OF_THE_COLLECTION: Final = frozenset({Cause.COLLECTION, Cause.REDIRECT, Cause.CHALLENGE})
"""The causes of what a request of the collection leads to; the last of its answers is its answer."""


class VariableUse(Struct, frozen=True, kw_only=True):
    """A variable that a request was made with: its value, free of secrets, and where that came from."""

    name: str
    value: str
    scope: str
    """local, data, environment, collection, globals, dynamic or provided."""
    origin: str = ""
    """What set it last: a file, an option, or the script of a request."""


class RequestSent(Struct, frozen=True, kw_only=True):
    """A request goes out. A step may send several: those of scripts, hops of redirects, answers to challenges.

    It is told while the answer is awaited, so what a listener takes for it may count as time of the server.
    """

    step: Step
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    cause: Cause = Cause.COLLECTION
    exchange: int = 0
    """Counts requests over the whole run, from 1; the answer bears the same number."""
    continues: int = 0
    """The exchange whose redirect or challenge it answers; 0 for the first of such a chain."""
    at: float = 0.0
    """Seconds since the run began."""
    variables: tuple[VariableUse, ...] = ()


class ResponseReceived(Struct, frozen=True, kw_only=True):
    """A response has come in."""

    step: Step
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: str
    seconds: float
    size: int
    """Bytes of the body."""
    cause: Cause = Cause.COLLECTION
    exchange: int = 0


class RequestFailed(Struct, frozen=True, kw_only=True):
    """No response came; `message` says why. Whether that is an error of the run is told by an event of its own."""

    step: Step
    exchange: int
    message: str
    seconds: float = 0.0


class FaultStruck(Struct, frozen=True, kw_only=True):
    """A failure that was planned for the mock server struck the request of that exchange; `fault` says which."""

    step: Step
    exchange: int
    fault: str


class CheckPassed(Struct, frozen=True, kw_only=True):
    """A pm.test held; `event` is prerequest or test, `pointer` the place of its script in the collection file."""

    step: Step
    name: str
    event: str = "test"
    pointer: str = ""


class CheckFailed(Struct, frozen=True, kw_only=True):
    """A pm.test did not hold; `message` says what was expected.

    `expected` and `actual` are the two values as text, where the assertion compared two; else None.
    """

    step: Step
    name: str
    message: str
    event: str = "test"
    pointer: str = ""
    expected: str | None = None
    actual: str | None = None
    error: str = ""
    """The name of what was thrown, where that is no assertion that did not hold; the message has it too."""
    follows_from: str = ""
    """The rule whose breach kept the answer away, for want of which this came about; empty for all else."""
    line: int = 0
    """Where in the script, from 1; 0 where that is not known."""
    column: int = 0
    exchanges: tuple[int, ...] = ()
    """Where it looked at answers to pm.sendRequest: their exchanges, with 0 for the answer of the request itself."""


class CheckSkipped(Struct, frozen=True, kw_only=True):
    """A pm.test.skip."""

    step: Step
    name: str
    event: str = "test"
    pointer: str = ""


class ConsoleMessage(Struct, frozen=True, kw_only=True):
    """A script wrote a line to the console."""

    step: Step
    level: str
    text: str


class ErrorRaised(Struct, frozen=True, kw_only=True):
    """Something went wrong outside the checks: `kind` is the name of the rule that it breaks.

    What `allowed` marks is told and counted, but fails nothing. What belongs to no step has None there.
    """

    step: Step | None
    kind: str
    message: str
    pointer: str
    """JSON pointer of the place in the collection file."""
    allowed: bool = False
    event: str = ""
    """prerequest or test, for an error of a script."""
    follows_from: str = ""
    """The rule whose breach kept the answer away, for want of which this came about; empty for all else."""
    exchanges: tuple[int, ...] = ()
    """Where it is about requests of pm.sendRequest: their exchanges."""
    variables: tuple[str, ...] = ()
    """The names of variables for want of whose values it came about."""


class NoteTaken(Struct, frozen=True, kw_only=True):
    """The runner did something that the reader must know to judge the run; it is no error."""

    step: Step | None
    text: str


class OrganizationChanged(Struct, frozen=True, kw_only=True):
    """What a step changed in the organisation of the mock server, one line for each change."""

    step: Step
    changes: tuple[str, ...]


class RequestSkipped(Struct, frozen=True, kw_only=True):
    """A script asked for the request not to be sent."""

    step: Step


class RequestFinished(Struct, frozen=True, kw_only=True):
    """All that belongs to one execution of a request has happened."""

    step: Step


class Summary(Struct, kw_only=True):
    """The counts of a run; they grow until it is over."""

    requests: int = 0
    """Executions of requests of the collection; what scripts send is not counted."""
    sent: int = 0
    """Those that went out; the others were skipped or could not be sent."""
    skipped: int = 0
    """Those that a script asked not to be sent."""
    checks_passed: int = 0
    checks_failed: int = 0
    checks_skipped: int = 0
    errors: int = 0
    consequent: int = 0
    """Failed checks and errors of test scripts for want of an answer, which an error told of before kept away."""
    allowed: int = 0
    """Errors that the options of the run allow."""
    allowed_rules: dict[str, int] = field(default_factory=dict[str, int])
    """The rules that these break, each with how often."""
    seconds: float = 0.0

    @property
    def unsent(self) -> int:
        """Executions of requests that sent nothing: skipped ones, and those that could not be sent."""
        return self.requests - self.sent

    @property
    def failures(self) -> int:
        """Failed checks and errors."""
        return self.checks_failed + self.errors

    @property
    def passed(self) -> bool:
        """Whether no check failed and no rule was broken; that nothing was checked breaks one too."""
        return self.failures == 0


class RunFinished(Struct, frozen=True, kw_only=True):
    """The run is over; `stopped` tells why it ended early, if it did."""

    summary: Summary
    stopped: str | None = None


Event = (
    RunStarted
    | IterationStarted
    | RequestSent
    | ResponseReceived
    | RequestFailed
    | FaultStruck
    | CheckPassed
    | CheckFailed
    | CheckSkipped
    | ConsoleMessage
    | ErrorRaised
    | NoteTaken
    | OrganizationChanged
    | RequestSkipped
    | RequestFinished
    | RunFinished
)
Listener = Callable[[Event], None]
