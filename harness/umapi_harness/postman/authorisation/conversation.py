"""Conversations: what a server says to an authorised request, and whether that is sent again with an answer."""

from __future__ import annotations

from typing import Protocol

import attrs

from umapi_harness.postman.authorisation.digest import Learnt, answer
from umapi_harness.postman.authorisation.ntlm import MESSAGE, NtlmTalk
from umapi_harness.postman.authorisation.unsigned import Settings
from umapi_harness.postman.collection import Auth
from umapi_harness.postman.sending.messages import HttpResponse

MAX_REPEATS = 3
"""A request is sent so many times more, as in Postman."""


class Conversation(Protocol):
    """The conversation about one request."""

    @property
    def auth(self) -> Auth | None:
        """The authorisation for the next time that the request is sent."""
        ...

    def hears(self, response: HttpResponse) -> bool:
        """Takes a response; returns whether the request is to be sent again. Raises AuthorisationError."""
        ...


@attrs.define
class _Silent:
    auth: Auth | None

    def hears(self, response: HttpResponse) -> bool:  # noqa: ARG002 - others listen
        return False


@attrs.define
class _DigestTalk:
    given: Auth
    learnt: Learnt
    _answered: bool = attrs.field(default=False, init=False)

    @property
    def auth(self) -> Auth:
        used = {name: value for name, value in self.given.settings.items() if value not in (None, "")}
        return attrs.evolve(self.given, settings={**self.learnt, **used})

    def hears(self, response: HttpResponse) -> bool:
        again = answer(self.given.settings, self.learnt, response, renews=not self._answered)
        self._answered = True
        return again


@attrs.define
class _NtlmConversation:
    auth: Auth
    _talk: NtlmTalk = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._talk = NtlmTalk(Settings(self.auth.settings))

    def hears(self, response: HttpResponse) -> bool:
        message = self._talk.answer(response)
        if message is None:
            return False
        self.auth = attrs.evolve(self.auth, settings={**self.auth.settings, MESSAGE: message})
        return True


def conversation(auth: Auth | None, learnt: Learnt) -> Conversation:
    """The conversation about a request; `learnt` is what earlier ones have found out, and grows."""
    if auth is not None and not Settings(auth.settings).flag("disableRetryRequest"):
        if auth.type == "digest":
            return _DigestTalk(auth, learnt)
        if auth.type == "ntlm":
            return _NtlmConversation(auth)
    return _Silent(auth)
