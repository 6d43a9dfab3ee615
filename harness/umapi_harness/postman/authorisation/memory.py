"""Memory: what challenges and token hosts have told during a run."""

from __future__ import annotations

import attrs

from umapi_harness.postman.authorisation.conversation import Conversation, conversation
from umapi_harness.postman.authorisation.digest import Learnt
from umapi_harness.postman.authorisation.grants import Granted
from umapi_harness.postman.collection import Auth, Request


@attrs.define
class Memory:
    """Remembers challenges by the place of the authorisation and the server, and tokens by what asks for them."""

    _learnt: dict[tuple[str, str], Learnt] = attrs.field(factory=dict[tuple[str, str], Learnt], init=False, repr=False)
    _granted: dict[Request, Granted] = attrs.field(factory=dict[Request, Granted], init=False, repr=False)

    def conversation(self, auth: Auth | None, server: str) -> Conversation:
        """The conversation about a request to a server, which knows what earlier ones with the same authorisation do.

        An authorisation that stands nowhere, as that of a script's own request, is new each time.
        """
        if auth is None or not auth.place:
            return conversation(auth, {})
        return conversation(auth, self._learnt.setdefault((auth.place, server), {}))

    def token(self, asked: Request, now: float) -> str | None:
        """The token that this request has brought, if it still lasts."""
        granted = self._granted.get(asked)
        return granted.token if granted is not None and granted.lasts(now) else None

    def keep(self, asked: Request, granted: Granted) -> None:
        """Remembers a token by the request that brought it."""
        self._granted[asked] = granted
