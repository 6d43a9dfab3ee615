"""Dispatch: a request made ready, authorised and sent, with the token that it needs and answers to challenges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import attrs
import msgspec
from msgspec.structs import replace

from umapi_harness.common.errors import DocumentError
from umapi_harness.postman import events
from umapi_harness.postman.authorisation.conversation import MAX_REPEATS, Conversation
from umapi_harness.postman.authorisation.grants import granted, token_request
from umapi_harness.postman.authorisation.unsigned import AuthorisationError, Settings
from umapi_harness.postman.behaviour import Behaviour
from umapi_harness.postman.blanks import blanks_of
from umapi_harness.postman.collection import Auth, Request
from umapi_harness.postman.exchanges import Exchanged, Exchanges, NoAnswerError
from umapi_harness.postman.outgoing import RequestError, resolved
from umapi_harness.postman.rules import Rule
from umapi_harness.postman.sending.messages import HttpRequest, HttpResponse
from umapi_harness.postman.session import Session
from umapi_harness.postman.targets import ThirdHostError
from umapi_harness.postman.variables import PLACEHOLDER, TooLongError
from umapi_harness.postman.writes import UntestableError


class WithheldError(Exception):
    """A request is not sent, for a reason of which the run has told: the breach of `rule`."""

    def __init__(self, message: str, rule: Rule = Rule.UNRESOLVED_VARIABLE) -> None:
        self.rule = rule
        super().__init__(message)


UNSENDABLE = (WithheldError, TooLongError, RequestError, DocumentError, ThirdHostError, UntestableError)
"""Why a request cannot be made ready."""


def rule_of(error: Exception) -> Rule:
    """The rule that a request breaks which got no answer: one of UNSENDABLE, or NoAnswerError."""
    if isinstance(error, NoAnswerError | WithheldError):
        return error.rule
    return next((rule for kind, rule in _RULES.items() if isinstance(error, kind)), Rule.REQUEST)


_RULES: Final[Mapping[type[Exception], Rule]] = {
    ThirdHostError: Rule.THIRD_HOST,
    UntestableError: Rule.WRITES,
    TooLongError: Rule.LIMIT,
}


class Dispatched(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it was made for the wire the last time, before any redirect, and what came of it."""

    made: HttpRequest
    done: Exchanged


@attrs.define
class Dispatch:
    """Sends the requests of a step, their variables resolved."""

    run: Session
    step: events.Step

    def ready(self, request: Request) -> Request:
        """A request with its values, so that it changes nothing that it may not; raises one of UNSENDABLE."""
        self.run.scopes.take_emptied()
        ready = resolved(request, self.run.scopes)
        blanks = blanks_of(request, self.run.scopes) if self.run.scopes.take_emptied() else None
        _check_parts(ready.url)
        if not self.run.tell_unresolved(self.step, ready):
            raise WithheldError("not sent, for variables in it have no value")
        if blanks is not None and not self.run.tell_blanks(self.step, ready, blanks):
            raise WithheldError("not sent, for variables in its path are empty", Rule.EMPTY_VARIABLE)
        return replace(ready, url=self.run.cautious(self.step, ready.method, ready.url))

    def send(self, request: Request, behaviour: Behaviour, cause: events.Cause) -> Dispatched:
        """Sends a request that is ready, and again with an answer where it is challenged.

        Raises one of UNSENDABLE, and NoAnswerError.
        """
        self.run.learn_auth(request.auth)
        auth = self._with_token(request.auth)
        talk = self.run.memory.conversation(auth, _server(request.url))
        exchanges = Exchanges(self.run, self.step)
        repeats = 0
        while True:
            made = self._made(replace(request, auth=talk.auth), behaviour)
            done = exchanges.send(made, behaviour, cause)
            if not self._is_challenged(talk, done.response) or repeats == MAX_REPEATS:
                return Dispatched(made=made, done=done)
            repeats += 1
            cause = events.Cause.CHALLENGE if cause is events.Cause.COLLECTION else cause

    def _made(self, request: Request, behaviour: Behaviour) -> HttpRequest:
        try:
            return self.run.maker.make(request, behaviour)
        except RequestError as error:
            if PLACEHOLDER.search(request.url):
                raise WithheldError(str(error)) from None
            raise

    def _is_challenged(self, talk: Conversation, response: HttpResponse) -> bool:
        try:
            return talk.hears(response)
        except AuthorisationError as error:
            self.run.error(self.step, Rule.REQUEST, str(error), f"{self.step.pointer}/request")
            return False

    def _with_token(self, auth: Auth | None) -> Auth | None:
        """The authorisation with the access token that its grant brings, asked for once."""
        if auth is None or auth.type != "oauth2":
            return auth
        try:
            asked = token_request(Settings(auth.settings))
            if asked is None:
                return auth
            token = self.run.memory.token(asked, self.run.now()) or self._fetched(asked)
        except AuthorisationError as error:
            raise RequestError(str(error)) from None
        return attrs.evolve(auth, settings={**auth.settings, "accessToken": token})

    def _fetched(self, asked: Request) -> str:
        made = self.run.maker.make(asked, Behaviour())
        done = Exchanges(self.run, self.step).send(made, Behaviour(), events.Cause.TOKEN)
        grant = granted(done.response, made.url, self.run.now())
        self.run.masker.learn(grant.token)
        self.run.memory.keep(asked, grant)
        return grant.token


def _check_parts(url: str) -> None:
    """Raises RequestError for an address that nobody can take apart: brackets left open, letters that are none."""
    try:
        urlsplit(url if "://" in url else f"http://{url}")
    except ValueError as error:
        raise RequestError(f"the address {url} cannot be used: {error}") from None


def _server(url: str) -> str:
    """Host and port, as the address has them."""
    return urlsplit(url if "://" in url else f"//{url}").netloc.lower()
