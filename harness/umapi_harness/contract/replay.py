"""Replay: a recording that answers in place of the service, as an ASGI application."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from umapi_harness.contract import redaction
from umapi_harness.contract.matching import NoMatchError, fingerprint, is_token_request, match, mismatches
from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse
from umapi_harness.mock.api.refusals import words_for

_NOT_RECORDED = 501
_BODILESS: Final = frozenset({204, 304})
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSAYABLE: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")  # no header can hold these

# What belongs to the connection and not to the answer: the server that replays has a connection of its own.
_HOP_BY_HOP = frozenset({"connection", "content-length", "content-encoding", "keep-alive", "transfer-encoding"})


class Replay:
    """An ASGI application that answers with recorded exchanges.

    Several exchanges for one request are given in the order in which they were recorded; the last one repeats.
    A request that fits none is answered with 501 and kept in `unmatched`, with the reason. A token request is
    answered with a token that is good for nothing else, if the recording has none at all.
    """

    def __init__(self, exchanges: Iterable[Exchange], *, ordered: bool = False) -> None:
        """Take the exchanges; `ordered` demands that requests come in the order in which they were recorded.

        Token requests may come at any time even then: how often a client asks for one is its own affair.
        """
        self.exchanges = tuple(exchanges)
        self.played: list[Exchange] = []
        """The exchanges given so far."""
        self.unmatched: list[str] = []
        """Why a request was not answered, one line for each."""
        self._ordered = ordered
        self._turns: dict[Hashable, list[Exchange]] = {}
        self._given: Counter[Hashable] = Counter()
        self._next = 0
        for exchange in self.exchanges:
            self._turns.setdefault(fingerprint(exchange.request), []).append(exchange)
        self._knows_tokens = any(is_token_request(exchange.request) for exchange in self.exchanges)
        self._sequence = [exchange for exchange in self.exchanges if not is_token_request(exchange.request)]

    @property
    def left(self) -> tuple[Exchange, ...]:
        """The exchanges that have not been given yet."""
        given = {id(exchange) for exchange in self.played}
        return tuple(exchange for exchange in self.exchanges if id(exchange) not in given)

    def answer(self, request: RecordedRequest) -> RecordedResponse:
        """Return the recorded answer to a request.

        Raises:
            NoMatchError: no exchange fits it.
        """
        if is_token_request(request) and not self._knows_tokens:
            return _token(request)
        exchange = self._following(request) if self._ordered and not is_token_request(request) else self._fit(request)
        self.played.append(exchange)
        return exchange.response

    def _fit(self, request: RecordedRequest) -> Exchange:
        key = fingerprint(request)
        turn = self._turns.get(key)
        if turn is None:
            # Something redacted may stand for what was sent; if not, this tells what is nearest.
            key = fingerprint(match(self.exchanges, request)[0].request)
            turn = self._turns[key]
        number = self._given[key]
        self._given[key] += 1
        return turn[min(number, len(turn) - 1)]

    def _following(self, request: RecordedRequest) -> Exchange:
        if self._next == len(self._sequence):
            message = f"{_named(request)} comes after the last of {self._next} recorded exchanges"
            raise NoMatchError(message, self._sequence[-1] if self._sequence else None, ())
        exchange = self._sequence[self._next]
        failures = mismatches(exchange.request, request)
        if failures:
            reasons = "; ".join(str(failure) for failure in failures)
            message = f"{_named(request)} is out of order; recorded next is {exchange.label}"
            raise NoMatchError(f"{message}: {reasons}", exchange, failures)
        self._next += 1
        return exchange

    def explain(self, message: str) -> None:
        """Called for each request that is not answered, with the reason; does nothing by itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        response = self._response(await _recorded(Request(scope, receive)))
        await response(scope, receive, send)

    def _response(self, sent: RecordedRequest) -> Response:
        try:
            recorded = self.answer(sent)
        except NoMatchError as error:
            self.unmatched.append(str(error))
            self.explain(str(error))
            return Response(json.dumps(_explained(error)), _NOT_RECORDED, media_type="application/json")
        response = Response(recorded.body, recorded.status)
        # Starlette sets a content type of its own if none is given; the recording has the last word.
        response.raw_headers = wire_headers(recorded)
        if recorded.status not in _BODILESS:
            response.raw_headers.append((b"content-length", str(len(recorded.body)).encode()))
        else:
            response.body = b""
        return response


def wire_headers(response: RecordedResponse) -> list[tuple[bytes, bytes]]:
    """Return the headers of a recorded answer that can be sent again over another connection."""
    return [
        (name.lower().encode("ascii"), line.strip().encode("latin-1", "replace"))
        for name, value in response.headers
        if name.lower() not in _HOP_BY_HOP and _FIELD_NAME.fullmatch(name)
        # Browsers write several headers of one name as one with several lines.
        for line in _UNSAYABLE.sub("", value).splitlines() or [""]
    ]


def _explained(error: NoMatchError) -> dict[str, object]:
    # In the form of the gateway, whose message clients show.
    code, message = words_for("gateway.not_recorded", reason=str(error))
    document: dict[str, object] = {"error_code": code, "message": message}
    if error.nearest is not None:
        document["nearest"] = {"name": error.nearest.name, "where": error.nearest.where}
        document["mismatches"] = [
            {"matcher": one.part, "place": one.place, "problem": one.problem} for one in error.failures
        ]
    return document


def _token(request: RecordedRequest) -> RecordedResponse:
    seconds = 86_399
    # The exchange of a JWT tells its life in milliseconds, the other flows in seconds.
    life = seconds * 1000 if "/exchange/" in urlsplit(request.url).path else seconds
    body = json.dumps({"access_token": "replayed", "token_type": "bearer", "expires_in": life}).encode()
    return RecordedResponse(status=200, headers=(("Content-Type", "application/json"),), body=body)


def _named(request: RecordedRequest) -> str:
    return f"{request.method} {redaction.url(request.url)}"


async def _recorded(request: Request) -> RecordedRequest:
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope["query_string"]
    target = raw_path.decode("ascii") + (f"?{query.decode('ascii')}" if query else "")
    return RecordedRequest(
        method=request.method,
        url=f"{request.url.scheme}://{request.url.netloc}{target}",
        headers=tuple(request.headers.items()),
        body=await request.body(),
    )
