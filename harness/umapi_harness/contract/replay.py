"""Replay: a recording that answers in place of the service, in process (ASGI) or on a local port."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from umapi_harness.contract.matching import NoMatchError, match
from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse

_NOT_RECORDED = 501
_STOP_SECONDS = 10.0

# What belongs to the connection and not to the answer: the server that replays has a connection of its own.
_HOP_BY_HOP = frozenset({"connection", "content-length", "content-encoding", "keep-alive", "transfer-encoding"})


class Replay:
    """An ASGI application that answers with recorded exchanges.

    Several exchanges for one request are given in the order in which they were recorded; the last one repeats.
    A request that fits none is answered with 501 and kept in `unmatched`, with the reason.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.exchanges = tuple(exchanges)
        self.played: list[Exchange] = []
        """The exchanges given so far."""
        self.unmatched: list[str] = []
        """Why a request was not answered, one line for each."""

    def answer(self, request: RecordedRequest) -> RecordedResponse:
        """Return the recorded answer to a request.

        Raises:
            NoMatchError: no exchange fits it.
        """
        fitting = match(self.exchanges, request)
        fresh = (exchange for exchange in fitting if exchange not in self.played)
        exchange = next(fresh, fitting[-1])
        self.played.append(exchange)
        return exchange.response

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
            return Response(json.dumps({"message": str(error)}), _NOT_RECORDED, media_type="application/json")
        response = Response(recorded.body, recorded.status)
        # Starlette sets a content type of its own if none is given; the recording has the last word.
        response.raw_headers = [
            *wire_headers(recorded),
            (b"content-length", str(len(recorded.body)).encode()),
        ]
        return response


def wire_headers(response: RecordedResponse) -> list[tuple[bytes, bytes]]:
    """Return the headers of a recorded answer that can be sent again over another connection."""
    return [
        (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in response.headers
        if name.lower() not in _HOP_BY_HOP
    ]


@contextmanager
def serve(app: ASGIApp, *, host: str = "127.0.0.1") -> Generator[str]:
    """Serve a replay, or another ASGI application, on a free port while the context lasts; gives its root URL.

    Raises:
        OSError: the host's address cannot be listened on.
    """
    # The protocol is named for asyncio's sake: only then does it send small packets at once.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind((host, 0))
    listener.listen()
    config = uvicorn.Config(app, log_level="error", lifespan="off", server_header=False, date_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="replay", daemon=True)
    thread.start()
    try:
        # The listener is open already, so that a request sent at once waits in its queue.
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        listener.close()


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
