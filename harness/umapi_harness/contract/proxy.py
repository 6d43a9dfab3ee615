"""The recording proxy: an application that passes requests on to the service and its answers back, and records both."""

from __future__ import annotations

import base64
import json
import queue
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import anyio.to_thread
import httpx
from starlette.types import Message, Receive, Scope, Send

from umapi_harness.contract.exchanges import Exchange, Limits, RecordingError
from umapi_harness.contract.passing import codings, end_to_end, header_text, target_of
from umapi_harness.contract.recorder import Recorder, exchange, uncompressed
from umapi_harness.contract.upstreams import Upstream, cause_of, unpassable
from umapi_harness.mock.serving.endings import ABORT

_WAITING: Final = 4
"""Exchanges that may wait to be cleaned, and are lost by a kill; a client that is faster than that is slowed down."""
_BODILESS: Final = frozenset({204, 304})  # whose length, if they give one, is of a body that does not come
# After these, nobody upstream has got the request.
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_MISUSED: Final = (
    "this is a server in place of the service, and no proxy for others: point the client at the address printed "
    "(UMAPI_ENDPOINT, UMAPI_IMS_URL), and leave HTTPS_PROXY out"
)
_LOOP: Final = "leads back to this proxy, over another one; give the service's address as upstream"


class RecordingProxy:
    """An ASGI application; what it cannot pass on, it answers itself with 502 and one line, and tells `say`.

    A request that was sent and has no whole answer is recorded as one that was aborted: what it asked for may have
    been done.

    A request that it has passed on already, and that another proxy sends back, is 508.

    Args:
        api, tokens: where requests go; those under /ims/ go to `tokens`.
        client: what sends them.
        recorder: what records them.
        limits: how large a body may be. A larger request is refused, a larger answer passed on and its request
            recorded as one without an answer.
        say: told one line for each thing that went wrong.
        stop: called when nothing more can be recorded.
    """

    def __init__(
        self,
        *,
        api: Upstream,
        tokens: Upstream,
        client: httpx.AsyncClient,
        recorder: Recorder,
        limits: Limits,
        say: Callable[[str], None],
        stop: Callable[[], None],
    ) -> None:
        self._api = api
        self._tokens = tokens
        self._client = client
        self._recorder = recorder
        self._limit = limits.body_bytes
        self._via = b"1.1 umapi-harness-" + secrets.token_hex(8).encode()  # no two proxies may have one name
        self._say = say
        self._stop = stop
        self._queue: queue.Queue[Exchange | None] = queue.Queue(_WAITING)
        self._worker = threading.Thread(target=self._write, name="umapi-recorder", daemon=True)
        self._worker.start()
        self.failure: RecordingError | None = None
        """What ended the recording before its time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            return
        if target_of(scope) is None:
            self._say(_MISUSED)
            await _answer(send, 405, f"umapi-harness record: {_MISUSED}")
            return
        try:
            sent = await self._body(receive)
        except RecordingError as error:
            await _answer(send, 413, f"umapi-harness record: {error}")
            return
        if sent is None:
            return
        request = self._request(scope, sent)
        if any(name == b"via" and self._via in value for name, value in scope["headers"]):
            await self._refuse(request, _LOOP, send, status=508)
            return
        began = time.monotonic()
        try:
            answer = await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            if not isinstance(error, _UNSENT):
                await self._keep_aborted(request, sent, cause_of(error)[0], time.monotonic() - began)
            await self._refuse(request, "; ".join(cause_of(error)), send)
            return
        try:
            problem = unpassable(answer)
            if problem:
                await self._keep_aborted(request, sent, problem, time.monotonic() - began)
                await self._refuse(request, problem, send)
            else:
                await self._pass_back(request, answer, sent, began, scope, receive, send)
        finally:
            await answer.aclose()

    async def _refuse(self, request: httpx.Request, problem: str, send: Send, status: int = 502) -> None:
        """Answer in place of an upstream that did not, or not so that it could be passed on."""
        line = f"{request.url.scheme}://{request.url.netloc.decode()}: {problem}"
        self._say(line)
        await _answer(send, status, f"umapi-harness record: {line}")

    def close(self) -> None:
        """Wait until everything that went by has been written."""
        self._queue.put(None)
        self._worker.join()

    async def _body(self, receive: Receive) -> bytes | None:
        """Return the request's body, None where the client left before its end."""
        parts: list[bytes] = []
        length = 0
        while True:
            message: Message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            length += len(parts[-1])
            if length > self._limit:
                raise RecordingError(f"the request is larger than {self._limit} bytes; raise --max-body")
            if not message.get("more_body"):
                return b"".join(parts)

    def _request(self, scope: Scope, body: bytes) -> httpx.Request:
        path = target_of(scope) or b"/"
        upstream = self._tokens if path.startswith(b"/ims/") else self._api
        query: bytes = scope["query_string"]
        target = upstream.target(path) + (b"?" + query if query else b"")
        headers = [
            (name, codings(value) if name == b"accept-encoding" else value)
            for name, value in end_to_end(scope["headers"])
            if name not in (b"host", b"expect", b"content-length")
        ]
        if body or any(name == b"content-length" for name, _ in scope["headers"]):
            headers.append((b"content-length", str(len(body)).encode()))
        headers.append((b"via", self._via))  # by which a loop is found (RFC 9110, section 7.6.3)
        # The target is sent as it came: a URL would be put into another, if equal, form.
        return httpx.Request(
            scope["method"],
            upstream.origin,
            headers=[(b"host", urlsplit(upstream.origin).netloc.encode()), *headers],
            content=body,
            extensions={"target": target, "timeout": self._client.timeout.as_dict()},
        )

    async def _pass_back(
        self,
        request: httpx.Request,
        answer: httpx.Response,
        sent: bytes,
        began: float,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        headers = end_to_end((name.lower(), value) for name, value in answer.headers.raw)
        if answer.status_code in _BODILESS or "transfer-encoding" in answer.headers:
            headers = [(name, value) for name, value in headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        kept: list[bytes] | None = []
        length = 0
        try:
            async for chunk in _chunks(answer):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                length += len(chunk)
                if length > self._limit:
                    kept = None
                if kept is not None:
                    kept.append(chunk)
        except httpx.HTTPError as error:
            self._say(
                f"{request.method} {self._shown(request)}: recorded without an answer, for it broke off: "
                f"{cause_of(error)[0]}"
            )
            await self._keep_aborted(request, sent, "the answer broke off", time.monotonic() - began)
            abort = scope.get("extensions", {}).get(ABORT)
            if abort is not None:
                abort()
                while (await receive())["type"] != "http.disconnect":
                    pass
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        if kept is None:
            self._say(
                f"{request.method} {self._shown(request)}: recorded without an answer, for it is larger than "
                f"{self._limit} bytes: raise --max-body"
            )
            await self._keep_aborted(request, sent, "the answer was too large", time.monotonic() - began)
            return
        if answer.is_client_error:
            self._explain_audience(request, sent, scope)
        await self._keep(request, answer, sent, b"".join(kept), time.monotonic() - began)

    def _explain_audience(self, request: httpx.Request, sent: bytes, scope: Scope) -> None:
        """Tell why a JWT was refused, if it is for the proxy: clients sign it for the token host that they know."""
        own = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
        if own and own.lower() in _audience(sent):
            self._say(
                f"{request.method} {self._shown(request)}: the client signed its JWT for {own}, which the token host "
                f"is not; leave UMAPI_IMS_URL out, or let the client ask {self._tokens.origin} for its token: what it "
                "asks of the API is recorded all the same"
            )

    async def _keep(
        self, request: httpx.Request, answer: httpx.Response, sent: bytes, body: bytes, seconds: float
    ) -> None:
        try:
            plain = uncompressed(body, answer.headers.get("content-encoding", ""), self._limit)
        except RecordingError as error:
            self._say(f"{request.method} {self._shown(request)}: recorded without an answer: {error}")
            await self._keep_aborted(request, sent, "the answer was too large", seconds)
            return
        await self._put(
            exchange(
                method=request.method,
                url=self._address(request),
                sent_headers=self._sent_headers(request),
                sent=sent,
                status=answer.status_code,
                reason=answer.reason_phrase,
                headers=header_text(answer.headers.raw),
                body=plain,
                seconds=seconds,
            )
        )

    async def _keep_aborted(self, request: httpx.Request, sent: bytes, reason: str, seconds: float) -> None:
        """Record a request whose answer is not there: what it asked for may have been done."""
        await self._put(
            exchange(
                method=request.method,
                url=self._address(request),
                sent_headers=self._sent_headers(request),
                sent=sent,
                status=0,
                reason=reason,
                headers=(),
                body=b"",
                seconds=seconds,
            )
        )

    def _sent_headers(self, request: httpx.Request) -> list[tuple[str, str]]:
        return header_text(pair for pair in request.headers.raw if pair[1] != self._via)

    async def _put(self, done: Exchange) -> None:
        try:
            self._queue.put_nowait(done)
        except queue.Full:
            await anyio.to_thread.run_sync(self._queue.put, done)

    def _write(self) -> None:
        while (done := self._queue.get()) is not None:
            if self.failure is not None:
                continue
            try:
                self._recorder.add(done)
            except RecordingError as error:
                self.failure = error
                self._stop()
            except Exception as error:  # noqa: BLE001 - without this thread, nothing would be recorded any more
                path = done.request.url.partition("?")[0]
                self._say(f"{done.request.method} {path}: not recorded: {type(error).__name__} while it was cleaned")

    def _address(self, request: httpx.Request) -> str:
        target: bytes = request.extensions["target"]
        return str(request.url).rstrip("/") + target.decode("latin-1")

    def _shown(self, request: httpx.Request) -> str:
        """The path without its query, for messages."""
        target: bytes = request.extensions["target"]
        return target.partition(b"?")[0].decode("latin-1")


def _audience(form: bytes) -> frozenset[str]:
    """Return the hosts, with their ports, that the JWT of a token request names as its audience."""
    token = dict(parse_qsl(form.decode("utf-8", "replace"))).get("jwt_token", "")
    claims = token.partition(".")[2].partition(".")[0]
    try:
        given: Any = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["aud"]
        return frozenset(urlsplit(one).netloc.lower() for one in ([given] if isinstance(given, str) else given))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return frozenset()


async def _chunks(answer: httpx.Response) -> AsyncIterator[bytes]:
    async for chunk in answer.aiter_raw():
        yield chunk


async def _answer(send: Send, status: int, line: str) -> None:
    body = f"{line}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
