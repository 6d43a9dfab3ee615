"""What the core says to whoever drives it: requests to send, waits to sit out, tokens and times it needs.

The core never sends, sleeps or reads a clock. A call is a generator: it yields one of these messages and is
sent the answer, or has a `TransportError` thrown into it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from umapi_sdk.records import Record
from umapi_sdk.waits import Cause

T = TypeVar("T")

REQUEST_ID: Final = "X-Request-Id"
"""The header with the id of a request: ours, which the service gives back, or where there is none one of its own."""


class Request(Record, frozen=True, kw_only=True):
    """One HTTP request to send, once. Answered with a `Response`."""

    unshown = frozenset({"headers", "body"})

    method: str
    url: str
    """Full URL, already percent-encoded."""
    headers: Mapping[str, str]
    body: bytes | None = None
    for_token: bool = False
    """True for a request to the token host, whose TLS settings can be its own."""

    @property
    def repeatable(self) -> bool:
        """Whether it does no harm when the service gets it twice."""
        return self.for_token or self.method == "GET"

    @property
    def host(self) -> str:
        """Host and port that the request goes to."""
        return urlsplit(self.url).netloc


class Response(Record, frozen=True, kw_only=True):
    """An HTTP answer."""

    unshown = frozenset({"headers", "body"})

    status: int
    headers: Mapping[str, str]
    """Header values by lower-case name."""
    body: bytes

    @property
    def request_id(self) -> str | None:
        """The service's id of the request, to name when asking Adobe about it."""
        return self.headers.get(REQUEST_ID.lower())


class Sleep(msgspec.Struct, frozen=True):
    """A wait. Answered with None when it is over."""

    seconds: float
    reason: str
    """Why, for whoever is told of it; empty for a part of a wait that was told before."""
    operation: str | None = None
    """The operation that waits; None for tokens and the state of the service."""
    cause: Cause = Cause.NO_ANSWER
    whole: float | None = None
    """Seconds of the wait of which this is the first part; None if it is all of it."""
    begins: bool = True
    """False for a further part of a wait of which one has passed."""


class Now(msgspec.Struct, frozen=True):
    """A question for the time. Answered with seconds since the epoch."""


class Elapsed(msgspec.Struct, frozen=True):
    """A question for a clock that nobody sets. Answered with seconds since any moment in the past."""


class Authorize(Record, frozen=True):
    """A question for an access token. Answered with the `Authorization` and `x-api-key` headers."""

    unshown = frozenset({"refused"})

    refused: str | None = None
    """The `Authorization` header that the service has just refused; the answer must differ from it."""


class Turn(msgspec.Struct, frozen=True):
    """A wait for another call on the same connection to get on. Answered with None once that has happened."""

    subscribe: Callable[[Callable[[], None]], None]
    """Takes the function to call then, from whichever thread; called at once if it has happened already."""


class Consult(Record, frozen=True):
    """A question to what other processes share. Answered with what `question` returns, which may hold up its thread."""

    unshown = frozenset({"question"})

    question: Callable[[], float]
    """Raises a `TransportError` that says `sent=False` where nobody answers."""


Message = Request | Sleep | Now | Elapsed | Authorize | Turn | Consult
Reply = Response | Mapping[str, str] | float | None
Call = Generator[Message, Reply, T]
"""A call in progress that ends with a `T`."""


class TransportError(Exception):
    """Thrown into a call when a request got no answer."""

    def __init__(self, reason: str, *, sent: bool, permanent: bool = False, answered: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        """True when the service may have received the request."""
        self.permanent = permanent
        """True when trying again cannot help, as with a certificate that is not trusted."""
        self.answered = answered
        """True when an answer began that cannot be read."""
