"""Routes: a recording as respx routes, for tests of programs that talk to the service with httpx."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import httpx
import respx
from respx.patterns import Match, Pattern

from umapi_harness.contract.matching import mismatches
from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse
from umapi_harness.contract.replay import wire_headers


class ExchangePattern(Pattern):
    """Fits the requests that are equivalent to that of a recorded exchange."""

    key: ClassVar[str] = "exchange"

    def parse(self, request: httpx.Request) -> RecordedRequest:
        """Return the request in the form in which recordings hold it."""
        return RecordedRequest(
            method=request.method,
            url=str(request.url),
            headers=tuple(request.headers.items()),
            body=request.read(),
        )

    def _eq(self, value: Any) -> Match:
        exchange: Exchange = self.value
        return Match(not mismatches(exchange.request, value))


def respx_routes(exchanges: Iterable[Exchange], router: respx.Router) -> list[respx.Route]:
    """Add a route to `router` for each different request of the recording, named after its first exchange.

    Several exchanges for one request are given in turn; the last one repeats. Requests that fit none are left
    to the router, which by default fails on them.
    """
    turns: list[list[Exchange]] = []
    for exchange in exchanges:
        same = (turn for turn in turns if not mismatches(turn[0].request, exchange.request))
        turn = next(same, None)
        if turn is None:
            turns.append([exchange])
        else:
            turn.append(exchange)
    return [_route(turn, router) for turn in turns]


def _route(turn: list[Exchange], router: respx.Router) -> respx.Route:
    answers = iter(turn)

    def answer(_request: httpx.Request) -> httpx.Response:
        return _response(next(answers, turn[-1]).response)

    route = router.route(ExchangePattern(turn[0]), name=turn[0].name)
    return route.mock(side_effect=answer)


def _response(recorded: RecordedResponse) -> httpx.Response:
    return httpx.Response(recorded.status, headers=wire_headers(recorded), content=recorded.body)
