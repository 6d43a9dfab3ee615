"""The errors that programs for umapi-client catch, and what they find in them.

UmapiError
├── ArgumentError (also UsageError)   an argument that cannot be used
├── BatchError                        an execution did not go well; `causes` has the errors, `statistics` the counts
├── ClientError                       an answer that is not understood, or a listing that is not whole
├── RequestError                      the service refused the request (4xx)
├── ServerError                       the service is in trouble (5xx that is not tried again)
├── UnavailableError                  no answer after all attempts, or a wait that is longer than allowed
├── TokenRefusedError (also RuntimeError)  the token host gave no token
└── UnsupportedError                  never raised; for programs that name it

The SDK's own error is the `__cause__` of each that an answer, or the lack of one, has brought about.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from umapi_sdk.compat.naming import public
from umapi_sdk.errors import (
    AuthenticationError,
    ListingError,
    NetworkError,
    ResponseError,
    ServiceError,
    ThrottledError,
    UmapiError,
    UnavailableError,
    UsageError,
)
from umapi_sdk.messages import Response


class ClientHeaders(Mapping[str, str]):
    """The headers of an answer, by name in any letter case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = {name.lower(): value for name, value in headers.items()}

    def __getitem__(self, name: str) -> str:
        return self._headers[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers)

    def __len__(self) -> int:
        return len(self._headers)

    def __repr__(self) -> str:
        return repr(self._headers)


class ClientResult:
    """An answer of the service, with what programs read of the answers of requests."""

    def __init__(self, url: str, response: Response) -> None:
        self.url = url
        """The URL that was asked."""
        self.status_code = response.status
        """HTTP status."""
        self.headers: Mapping[str, str] = ClientHeaders(response.headers)
        """The headers, by name in any letter case."""
        self.content = response.body
        """The body, as bytes."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    @property
    def ok(self) -> bool:
        """Whether the status is no error."""
        return self.status_code < 400

    def json(self) -> Any:
        """Return the body, which is JSON, as data.

        Raises:
            ValueError: it is not JSON.
        """
        return json.loads(self.content)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status_code}]>"


class ArgumentError(UsageError):
    """An argument that cannot be used; nothing was sent."""


class UnsupportedError(UmapiError):
    """Something that the client does not do. Nothing raises it: programs that name it go on to work."""


class _AnswerError(UmapiError):
    """An error of one call, with the answer that it is about."""

    def __init__(self, message: str, result: ClientResult | None) -> None:
        super().__init__(message)
        self.result = result
        """The answer; None where there was none."""


class ClientError(_AnswerError):
    """An answer that is not understood, or a listing that is not whole."""


class RequestError(_AnswerError):
    """The service refused the request: a status of the 4xx."""


class ServerError(_AnswerError):
    """The service is in trouble: a status of the 5xx that is not tried again."""


class TokenRefusedError(_AnswerError, RuntimeError):
    """The token host gave no token."""


@public("UnavailableError")
class ClientUnavailableError(UmapiError):
    """There was no answer after all attempts, or the service asks for a longer wait than is allowed.

    `UnavailableError` of the client.
    """

    def __init__(self, message: str, attempts: int, seconds: int, result: ClientResult | None) -> None:
        super().__init__(message)
        self.attempts = attempts
        """How often the request was sent."""
        self.seconds = seconds
        """How long the call had waited."""
        self.result = result
        """The last answer; None where there was none."""


class BatchError(UmapiError):
    """An execution did not go well. What became of each action is in the action.

    Actions that were not sent are still in `Connection.action_queue`.
    """

    def __init__(self, causes: Sequence[Exception], queued: int, sent: int, completed: int) -> None:
        several = "s" if len(causes) > 1 else ""
        told = "; ".join(str(cause) for cause in causes)
        super().__init__(f"{len(causes)} error{several} while actions were sent: {told}")
        self.causes = list(causes)
        """The errors, in order."""
        self.statistics = (queued, sent, completed)
        """The counts that the call would have returned."""


def translated(error: UmapiError, result: ClientResult | None, attempts: int) -> UmapiError:
    """Return the error of umapi-client for one of the SDK, which is its cause; `attempts` were made at the request."""
    found: UmapiError
    if isinstance(error, UsageError):
        found = ArgumentError(str(error))
    elif isinstance(error, AuthenticationError) and result is None:
        found = TokenRefusedError(str(error), None)
    elif isinstance(error, (NetworkError, ThrottledError, UnavailableError)):
        found = ClientUnavailableError(str(error), attempts, int(error.waited.seconds), result)
    elif isinstance(error, ListingError) or result is None or not isinstance(error, ServiceError):
        found = ClientError(str(error), result)
    elif result.status_code >= 500:
        found = ServerError(str(error), result)
    elif isinstance(error, ResponseError) or result.status_code < 400:
        found = ClientError(str(error), result)
    else:
        found = RequestError(str(error), result)
    found.outcomes, found.waited, found.__cause__ = error.outcomes, error.waited, error
    return found
