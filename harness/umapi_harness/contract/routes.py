"""Routes: a recording as respx routes, for tests of programs that talk to the service with httpx."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, ClassVar

import httpx

try:
    import respx
    from respx.patterns import Match, Pattern
except ModuleNotFoundError as absent:
    if absent.name != "respx":
        raise
    raise ModuleNotFoundError(
        "respx is not installed, which recordings as routes need; run: pip install 'umapi-sdk[respx]'", name="respx"
    ) from None

from umapi_harness.contract.matching import fingerprint, mismatches
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
    turns: dict[Hashable, list[Exchange]] = {}
    for exchange in exchanges:
        turns.setdefault(fingerprint(exchange.request), []).append(exchange)
    return [_route(turn, router) for turn in turns.values()]


def _route(turn: list[Exchange], router: respx.Router) -> respx.Route:
    answers = iter(turn)

    def answer(_request: httpx.Request) -> httpx.Response:
        return _response(next(answers, turn[-1]).response)

    route = router.route(ExchangePattern(turn[0]), name=turn[0].name)
    return route.mock(side_effect=answer)


def _response(recorded: RecordedResponse) -> httpx.Response:
    return httpx.Response(recorded.status, headers=wire_headers(recorded), content=recorded.body)
