"""Exchanges: a request sent, its redirects followed, each told of; cookies go along and are kept."""

from __future__ import annotations

import json
import time
from typing import cast

import attrs
import msgspec
from msgspec.structs import replace

from umapi_harness.common.documents import JsonValue
from umapi_harness.postman import events
from umapi_harness.postman.behaviour import Behaviour
from umapi_harness.postman.cookies import cookie_header
from umapi_harness.postman.oversight import Answered
from umapi_harness.postman.redirects import RedirectError, is_redirect, next_request
from umapi_harness.postman.rules import Rule
from umapi_harness.postman.sending.messages import FileContent, HttpBody, HttpRequest, HttpResponse, SendError
from umapi_harness.postman.session import Session
from umapi_harness.postman.targets import ThirdHostError
from umapi_harness.postman.writes import UntestableError, takes_effect

_LOST = "; it may have taken effect: look up what it changes before you send it again"
_SHOWN_FILE = 65_536
"""Larger files are told of by name and size."""


class NoAnswerError(Exception):
    """No answer came, or none that the run may use: `rule` says which rule that breaks.

    `exchange` is the number of the last one of the chain.
    """

    def __init__(self, rule: Rule, message: str, exchange: int = 0) -> None:
        self.rule = rule
        self.exchange = exchange
        super().__init__(message)


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """The last request of a chain of redirects, its answer, and the seconds that all of it took."""

    request: HttpRequest
    response: HttpResponse
    seconds: float
    exchange: int
    """Its number."""


@attrs.define
class Exchanges:
    """Sends one request of a step, and those that answer its redirects and challenges."""

    run: Session
    step: events.Step
    _last: int = attrs.field(default=0, init=False)
    """The exchange before, in this chain."""

    def send(self, request: HttpRequest, behaviour: Behaviour, cause: events.Cause) -> Exchanged:
        """Sends a request and follows where it leads, as `behaviour` says; raises NoAnswerError."""
        began = time.monotonic()
        follows = behaviour.follows and self.run.options.follow_redirects
        hops = 0
        while True:
            with_cookies = self._with_cookies(request) if behaviour.cookies else request
            response = self._exchange(with_cookies, behaviour, cause)
            if behaviour.cookies:
                self.run.cookies.take(request.url, response.values("set-cookie"))
            if not follows or not is_redirect(response):
                return Exchanged(
                    request=with_cookies,
                    response=response,
                    seconds=time.monotonic() - began,
                    exchange=self._last,
                )
            hops += 1
            request = self._followed(request, response, behaviour, hops)
            cause = events.Cause.REDIRECT if cause is events.Cause.COLLECTION else cause

    def _followed(self, request: HttpRequest, response: HttpResponse, behaviour: Behaviour, hops: int) -> HttpRequest:
        if hops > behaviour.max_redirects:
            message = f"{request.method} {request.url}: more than {behaviour.max_redirects} redirects"
            raise NoAnswerError(Rule.NETWORK, message, self._last)
        try:
            following = next_request(request, response, behaviour)
        except RedirectError as error:
            raise NoAnswerError(Rule.NETWORK, f"{request.method} {request.url}: {error}", self._last) from None
        target = self.run.options.target
        where = f"{request.method} {request.url} redirects to {following.url}"
        try:
            # 307 and 308 repeat the request: what changes an organisation stays a test there too.
            url = self.run.cautious(self.step, following.method, following.url)
            return replace(following, url=url if target is None else target.redirect(url))
        except ThirdHostError as error:
            raise NoAnswerError(Rule.THIRD_HOST, f"{where}: {error}", self._last) from None
        except UntestableError as error:
            raise NoAnswerError(Rule.WRITES, f"{where}: {error}", self._last) from None

    def _with_cookies(self, request: HttpRequest) -> HttpRequest:
        kept = cookie_header(self.run.cookies.matching(request.url))
        if not kept:
            return request
        own = [value for key, value in request.headers if key.lower() == "cookie"]
        others = tuple(pair for pair in request.headers if pair[0].lower() != "cookie")
        return replace(request, headers=(*others, ("Cookie", "; ".join([*own, kept]))))

    def _exchange(self, request: HttpRequest, behaviour: Behaviour, cause: events.Cause) -> HttpResponse:
        run, step = self.run, self.step
        run.check_time()
        run.learn_secrets()
        exchange = run.next_exchange()
        started = time.monotonic()
        last, self._last = self._last, exchange

        def tell() -> None:
            run.tell(
                events.RequestSent(
                    step=step,
                    method=request.method,
                    url=run.masker.text(request.url),
                    headers=run.masker.headers(request.headers),
                    body=run.masker.text(shown_body(request.body)),
                    cause=cause,
                    exchange=exchange,
                    continues=last,
                    at=started - run.began,
                    variables=run.used_variables(),
                )
            )

        try:
            response = run.sender.send(request, behaviour.tls, run.deadline, meanwhile=tell)
        except SendError as error:
            lost = _LOST if error.sent and takes_effect(request.method, request.url) else ""
            message = f"{request.method} {request.url}: {error}{lost}"
            seconds = time.monotonic() - started
            shown = run.masker.text(message)
            run.tell(events.RequestFailed(step=step, exchange=exchange, message=shown, seconds=seconds))
            self._tell_faults(exchange, answered=False)
            run.check_time()
            raise NoAnswerError(Rule.NETWORK, message, exchange) from None
        self._received(request, response, exchange, cause)
        return response

    def _received(self, request: HttpRequest, response: HttpResponse, exchange: int, cause: events.Cause) -> None:
        run = self.run
        text = response.text
        self._learn_tokens(text)
        run.tell(
            events.ResponseReceived(
                step=self.step,
                status=response.status,
                reason=response.reason,
                headers=run.masker.headers(response.headers),
                body=run.masker.text(text),
                seconds=response.timings.total,
                size=len(response.body),
                cause=cause,
                exchange=exchange,
            )
        )
        self._tell_faults(exchange, answered=True)
        run.oversight.answered(
            Answered(
                method=request.method,
                url=request.url,
                request_body=b"" if request.body is None else _in_memory(request.body),
                status=response.status,
                headers=response.headers,
                body=response.body,
                cause=cause,
            )
        )

    def _tell_faults(self, exchange: int, *, answered: bool) -> None:
        """Tells of planned failures that struck, so that nobody takes one for a real failure."""
        run = self.run
        if run.options.faults is not None:
            for fault in run.options.faults(answered):
                run.tell(events.FaultStruck(step=self.step, exchange=exchange, fault=fault))

    def _learn_tokens(self, text: str) -> None:
        """A token is a secret from the moment it arrives, before any script has put it into a variable."""
        try:
            body = json.loads(text) if text.lstrip("\ufeff \t\r\n")[:1] == "{" else None
        except (ValueError, RecursionError):
            return
        if isinstance(body, dict):
            self.run.masker.learn_scopes([cast("dict[str, JsonValue]", body)])


def shown_body(body: HttpBody | None) -> str:
    """A body as text for people; what is no text becomes U+FFFD, large files are named."""
    if body is None:
        return ""
    shown = [_shown_file(part) if isinstance(part, FileContent) else part for part in body.parts]
    return b"".join(shown).decode("utf-8", "replace")


def _shown_file(file: FileContent) -> bytes:
    if file.size > _SHOWN_FILE:
        return f"[{file.path.name}: {file.size:,} bytes]".encode()
    try:
        return b"".join(file.pieces())
    except SendError as error:
        return f"[{error}]".encode()


def _in_memory(body: HttpBody) -> bytes:
    """The bytes of a body without its files, which no operation of the API takes."""
    return b"".join(part for part in body.parts if isinstance(part, bytes))
