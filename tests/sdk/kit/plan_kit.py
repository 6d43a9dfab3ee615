"""Organisations in the same process, for tests of plans: many, small, and asked without a socket."""

from __future__ import annotations

from typing import Any

import httpx

from umapi_harness.mock import Settings, VirtualClock, World, build_seed
from umapi_harness.mock.state.exports import export_seed
from umapi_harness.testing.transports import WorldTransport
from umapi_sdk import Connection, OAuthS2S
from umapi_sdk.messages import Request, Response

ORG = "PLAN@AdobeOrg"
ROOT = "https://usermanagement.adobe.io/v2/usermanagement"


class Place:
    """An organisation, a connection to it, and the requests that came."""

    def __init__(
        self,
        document: dict[str, Any],
        settings: Settings | None = None,
        clock: VirtualClock | None = None,
        **options: Any,
    ) -> None:
        self.clock = clock or VirtualClock(1_800_000_000.0, frozen=True)
        credentials = [
            {"client_id": "plan-client", "client_secret": "s3cret", "tech_account_id": "t@techacct.adobe.com"}
        ]
        seed = build_seed({"org_id": ORG, "credentials": credentials, **document})
        self.world = World([seed], settings=settings or Settings(), clock=self.clock)
        self._client = httpx.Client(transport=WorldTransport(self.world, admin=False))
        self.requests: list[int] = []
        """The commands in each action request."""
        self.statuses: list[int] = []
        """The statuses of the answers to action requests."""
        auth = OAuthS2S("plan-client", "s3cret")
        self.connection = Connection(
            ORG, auth, endpoint=ROOT, transport=self, sleep=self.clock.advance, clock=self.clock.now, **options
        )

    def send(self, request: Request) -> Response:
        """Ask the organisation."""
        answer = self._client.request(request.method, request.url, headers=dict(request.headers), content=request.body)
        if "/action/" in request.url:
            self.requests.append((request.body or b"").count(b'"do":'))
            self.statuses.append(answer.status_code)
        return Response(status=answer.status_code, headers=dict(answer.headers.items()), body=answer.content)

    def state(self) -> dict[str, Any]:
        """The organisation as a document, but for what tells of its history."""
        return export_seed(self.world.organization())

    def close(self) -> None:
        """Close the client."""
        self._client.close()
