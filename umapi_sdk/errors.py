"""The exceptions of the SDK.

UmapiError
├── UsageError (also ValueError)      your mistake: nothing was sent
│   ├── ActionError                   an action that the service would refuse; names the JSON pointer
│   └── ConfigurationError            settings, credentials or key that cannot be used
├── JournalError                      the journal of a bulk run cannot be used or written
├── ServiceError                      the service answered, and refused
│   ├── AuthenticationError           token not given or not accepted
│   ├── ForbiddenError                API key missing or not entitled
│   ├── RequestRefusedError           the request as a whole was not understood
│   ├── NotFoundError                 no such user or group
│   ├── ThrottledError                too many requests; says when to come back
│   ├── UnavailableError              still 5xx after all attempts
│   ├── ResponseError                 an answer that breaks the contract
│   └── ListingError                  a listing that changed or broke off while it was read
└── NetworkError                      no answer
    ├── NotSentError                  the request did not reach the service
    └── OutcomeUnknownError           the request was sent; whether it took effect is not known

A failing action is no exception but an outcome. An exception that ends an execution early carries the `outcomes`
of all its actions.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from umapi_runtime.constraints import ContractError, Violation
from umapi_sdk.characters import shown
from umapi_sdk.masking import masked
from umapi_sdk.waits import Waited

if TYPE_CHECKING:
    from umapi_sdk.outcomes import ActionOutcome

_UNKNOWN = "unknown"  # of `OutcomeStatus`, which is built on this module


class UmapiError(Exception):
    """Anything the SDK raises on purpose."""

    outcomes: tuple[ActionOutcome, ...] = ()
    """What became of each action of the execution that the error ended; empty for any other call."""
    waited: Waited = Waited()
    """How long the call that the error ended had waited, all waits together."""


class UsageError(UmapiError, ValueError):
    """A mistake of the caller; nothing was sent."""


class ActionError(UsageError):
    """An action that the service would refuse.

    The message names the user or group, the place by JSON pointer within the command, and the service's error code.
    """

    def __init__(self, violations: tuple[Violation, ...], target: str = "") -> None:
        self.violations = violations
        self.target = target
        """The user or group of the action, as written; empty where there is no action."""
        problems = "; ".join(str(violation) for violation in violations)
        super().__init__(f"{shown(target)}: {problems}" if target else problems)

    def __reduce__(self) -> tuple[type[ActionError], tuple[tuple[Violation, ...], str]]:
        return type(self), (self.violations, self.target)

    @classmethod
    def from_contract(cls, error: ContractError) -> ActionError:
        """Return the error for what a model refused."""
        return cls(error.violations)


class ConfigurationError(UsageError):
    """Settings, credentials or a key that cannot be used."""


class JournalError(UmapiError):
    """The journal of a bulk run: it cannot be read or written, another run has it, or it is of another run."""


class _ExchangeError(UmapiError):
    """An error that belongs to one HTTP request."""

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        url: str = "",
        status: int | None = None,
        request_id: str | None = None,
        code: str | None = None,
    ) -> None:
        self.message = masked(
            shown(" ".join(message.split()))
        )  # one line without tokens, whatever words of others it quotes
        self.method = method
        """HTTP method of the request."""
        self.url = url
        """URL of the request."""
        self.status = status
        """HTTP status of the answer; None when there was none."""
        self.request_id = request_id
        """X-Request-Id of the answer, or of a request that got none, to name when asking Adobe about it."""
        self.code = code
        """The service's error code, where its answer has one."""
        super().__init__(self.message)

    def __str__(self) -> str:
        facts = [f"{self.method} {self.url}".strip()]
        facts += [f"status {self.status}"] if self.status is not None else []
        facts += [self.code] if self.code else []
        facts += [f"request id {self.request_id}"] if self.request_id else []
        known = ", ".join(fact for fact in facts if fact)
        text = f"{self.message} ({known})" if known else self.message
        counts = Counter(str(outcome.status) for outcome in self.outcomes)
        states = ", ".join(f"{count} {status}" for status, count in counts.items())
        text += f"; waited {self.waited}" if self.waited.waits else ""
        # The same for all of them: look first, or, in test mode, send it again.
        remedy = next((outcome.remedy for outcome in self.outcomes if str(outcome.status) == _UNKNOWN), None)
        return shown(f"{text}; actions: {states}{f'. {remedy}' if remedy else ''}" if states else text)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.__dict__)


def _rebuild(cls: type[_ExchangeError], message: str, state: dict[str, object]) -> _ExchangeError:
    error = cls(message)
    error.__dict__.update(state)
    return error


class ServiceError(_ExchangeError):
    """The service answered, and did not do what was asked."""


class AuthenticationError(ServiceError):
    """No access token was given out, or the one given out was not accepted."""


class ForbiddenError(ServiceError):
    """The API key is missing, wrong, or not entitled to the User Management API (HTTP 403)."""


class RequestRefusedError(ServiceError):
    """The service did not understand the request as a whole (HTTP 400 and other 4xx)."""


class NotFoundError(ServiceError):
    """There is no such user or group (HTTP 404)."""


class ThrottledError(ServiceError):
    """Too many requests (HTTP 429), and the wait asked for is longer than allowed, or attempts ran out."""

    retry_after: float | None = None
    """Seconds to wait, counted from the answer; None when the service did not say."""
    retry_at: float | None = None
    """When to come back, in seconds since the epoch; None when the service did not say."""


class UnavailableError(ServiceError):
    """The service answered 5xx to every attempt; or the token host did, so that there was no token to send."""

    may_have_been_applied: bool = False
    """True when an answer (502 or 504) left open whether the request took effect."""
    retry_at: float | None = None
    """When to come back, in seconds since the epoch; None when the service did not say."""


class ResponseError(ServiceError):
    """The answer is not what the contract says: not JSON, a field missing or of the wrong type."""


class ListingError(ServiceError):
    """A listing broke off or changed while it was read; what had been read is not the whole."""


class NetworkError(_ExchangeError):
    """No answer was received."""


class NotSentError(NetworkError):
    """The request did not reach the service: it is safe to try again."""


class OutcomeUnknownError(NetworkError):
    """The request was sent and no answer came: whether it took effect is not known; a query can be asked again."""
