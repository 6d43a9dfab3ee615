"""Stand-in: a transport that gives the SDK recorded answers in place of the network's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from umapi_harness.contract.answers import time_of
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_sdk import Connection, OAuthS2S
from umapi_sdk.auth import Auth
from umapi_sdk.messages import Request, Response, TransportError

_TOKEN: Final = {"access_token": "stand-in", "token_type": "bearer", "expires_in": 86399}
NOT_RECORDED: Final = "not in the recording"


class StandIn:
    """Answers API calls by `answer`, and token requests by `token`, by default with a token."""

    def __init__(
        self,
        answer: Callable[[Request], RecordedResponse | None],
        token: RecordedResponse | None = None,
    ) -> None:
        self._answer = answer
        self._token = token

    def send(self, request: Request) -> Response:
        """Return the recorded answer.

        Raises:
            TransportError: nothing was recorded for the request.
        """
        if request.for_token:
            return json_response(_TOKEN) if self._token is None else response_of(self._token)
        recorded = self._answer(request)
        if recorded is None:
            raise TransportError(NOT_RECORDED, sent=False, permanent=True)
        return response_of(recorded)

    def close(self) -> None:
        """There is nothing to close."""


def json_response(content: Any, status: int = 200) -> Response:
    """Return an answer with JSON data."""
    return Response(status=status, headers={"content-type": "application/json"}, body=json.dumps(content).encode())


def response_of(recorded: RecordedResponse) -> Response:
    """Return a recorded answer as a transport gives it."""
    headers: dict[str, str] = {}
    for name, value in recorded.headers:
        headers.setdefault(name.lower(), value)
    return Response(status=recorded.status, headers=headers, body=recorded.body)


def connect(
    exchange: Exchange, org_id: str, standin: StandIn, *, test_mode: bool = False, auth: Auth | None = None
) -> Connection:
    """Return a connection that lives at the time of the recording, sends each request once and never waits."""
    now = time_of(exchange) or 0.0
    return Connection(
        org_id if "@" in org_id else f"{org_id}@AdobeOrg",
        auth or OAuthS2S("stand-in", "stand-in"),
        test_mode=test_mode,
        transport=standin,
        pacing=False,
        max_retries=1,
        sleep=lambda _seconds: None,
        clock=lambda: now,
    )
