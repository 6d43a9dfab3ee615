"""Calls: one request to the service, read to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from umapi_harness.mock.api.routes import Route

NO_OPERATION: Final = "none"
"""What the journal calls the operation of a path at which nothing is served."""


@attrs.frozen(kw_only=True)
class Call:
    """What a client asks for."""

    method: str
    path: str
    """As it came, still percent-encoded."""
    route: Route | None
    """What the path means; None if nothing is served there."""
    query_string: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By their names in lower case."""
    form: Mapping[str, str]
    """What a request for a token gives, wherever it gives it; empty for other calls."""
    body: bytes
    """Empty when it is too large."""
    too_large: bool

    @property
    def operation(self) -> str:
        """The operation's name for faults and the journal."""
        return self.route.operation if self.route is not None else NO_OPERATION

    @property
    def client_id(self) -> str | None:
        """The client that calls, as it says itself."""
        return self.form.get("client_id") if self.operation == "token" else self.headers.get("x-api-key")
