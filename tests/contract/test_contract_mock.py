"""Judge four: the mock server, in the state that a recording implies, answers as the recording does."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import anyio
import attrs
import httpx
import jwt
import pytest

from umapi_harness.contract.comparing import compare
from umapi_harness.contract.recordings import Exchange, RecordedResponse
from umapi_harness.contract.redaction import REDACTED
from umapi_harness.mock import Settings, VirtualClock, World, build_seed, create_app
from umapi_harness.mock.api.throttles import LIMITS
from umapi_harness.mock.faults.plans import Fault
from umapi_harness.mock.state.keys import KeyPair

ORG_ID = "12345@AdobeOrg"
CLIENT_ID = "88ce03094fe74f4d91c2538217d007fe"
CLIENT_SECRET = "the mock's client secret"
TECH_ACCOUNT = "4EB5B571575A6B057F000101@techacct.adobe.com"
IMS_HOST = "ims-na1.adobelogin.com"
JWT_LIFE = 3600


@pytest.fixture(scope="session")
def keys() -> KeyPair:
    """The key that is registered for the JWT flow."""
    return KeyPair()


@pytest.fixture(scope="session")
def foreign_keys() -> KeyPair:
    """A key that is registered nowhere."""
    return KeyPair()


@attrs.frozen
class Sandbox:
    """A mock server in the state that an exchange implies, and the credentials to call it with."""

    world: World
    clock: VirtualClock
    exchange: Exchange
    foreign_keys: KeyPair

    def ask(self, times: int = 1) -> list[RecordedResponse]:
        """Send the recorded request, with real credentials in place of what was masked."""
        request = self.exchange.request
        transport = httpx.ASGITransport(app=create_app(self.world))
        headers = [(name, self._revealed(name, value)) for name, value in request.headers]
        target = request.url.replace(REDACTED, quote(self._secret("client_secret")))

        async def send() -> list[httpx.Response]:
            async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
                return [
                    await client.request(request.method, target, headers=headers, content=self._body())
                    for _ in range(times)
                ]

        return [
            RecordedResponse(status=one.status_code, headers=tuple(one.headers.multi_items()), body=one.content)
            for one in anyio.run(send)
        ]

    def _revealed(self, name: str, value: str) -> str:
        if name != "Authorization":
            return value
        credential = self.world.credentials[CLIENT_ID]
        unknown = self.exchange.notes.get("denied") == "unknown token"
        return f"Bearer {'unknown' if unknown else self.world.tokens.issue(credential, JWT_LIFE)}"

    def _body(self) -> bytes:
        body = self.exchange.request.body
        escape: Callable[[str], str] = str if b"boundary" in body else quote
        for field in (name for name in ("client_secret", "jwt_token") if name.encode() in body):
            secret = escape(self._secret(field)).encode()
            masked = rb'(?<=\b%s=)%s|(?<=\b%s"\r\n\r\n)%s' % ((field.encode(), REDACTED.encode()) * 2)
            body = secret.join(re.split(masked, body))
        return body

    def _secret(self, field: str) -> str:
        denied = self.exchange.notes.get("denied")
        if field == "client_secret":
            return "another secret" if denied == "wrong secret" else CLIENT_SECRET
        signing = self.foreign_keys if denied == "foreign key" else self.world.keys
        claims: dict[str, Any] = {
            "exp": int(self.clock.now()) + (-JWT_LIFE if denied == "expired JWT" else JWT_LIFE),
            "iss": ORG_ID,
            "sub": TECH_ACCOUNT,
            "aud": f"https://{IMS_HOST}/c/{CLIENT_ID}",
        }
        if denied != "no metascope":
            claims[f"https://{IMS_HOST}/s/ent_user_sdk"] = True
        return jwt.encode(claims, signing.private_pem, algorithm="RS256")


@pytest.fixture
def sandbox(exchange: Exchange, keys: KeyPair, foreign_keys: KeyPair) -> Sandbox:
    """The mock server that the exchange implies: its organisation, settings, time and planned failures."""
    credential = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "tech_account_id": TECH_ACCOUNT}
    state = {"org_id": ORG_ID, "credentials": [credential], **exchange.notes.get("state", {})}
    clock = VirtualClock(parsedate_to_datetime(exchange.response.header("Date") or "").timestamp(), frozen=True)
    settings = Settings().changed(exchange.notes.get("settings", {}), where=exchange.where)
    world = World([build_seed(state, where=exchange.where)], settings=settings, clock=clock, keys=keys)
    if exchange.notes.get("outage"):
        world.faults.add(_fault(exchange.response))
    return Sandbox(world, clock, exchange, foreign_keys)


def _fault(response: RecordedResponse) -> Fault:
    """The plan for an answer that no request provokes."""
    return Fault(
        operation="*",
        status=response.status,
        retry_after=response.header("Retry-After"),
        body=response.body.decode(),
    )


def _use_up(sandbox: Sandbox) -> None:
    """Make as many calls as are allowed, so long ago that the wait still to come is the recorded one."""
    name = sandbox.exchange.operation
    limit = LIMITS[{"groupUsers": "group_users"}.get(name or "", name or "")]
    asked = sandbox.exchange.response.header("Retry-After") or ""
    now = sandbox.clock.now()
    wait = int(asked) if asked.isdigit() else parsedate_to_datetime(asked).timestamp() - now
    sandbox.clock.advance(wait - limit.period)
    assert 429 not in [answer.status for answer in sandbox.ask(limit.per_client)]
    sandbox.clock.advance(now - sandbox.clock.now())


def test_the_mock_answers_as_recorded(sandbox: Sandbox, exchange: Exchange) -> None:
    """The mock gives the same status, JSON and significant headers, but for differences with a stated reason.

    A reason that is not needed any more fails as well: excuses do not outlive what they excuse.
    """
    if exchange.response.status == 429 and not exchange.notes.get("outage"):
        _use_up(sandbox)
    (answer,) = sandbox.ask()
    excused = exchange.notes.get("differs", {})
    assert [str(one) for one in compare(exchange.response, answer, excused=excused)] == []
    needed = [one.place for one in compare(exchange.response, answer)]
    assert [place for place in excused if not any(f"{one}/".startswith(f"{place}/") for one in needed)] == []
    sent_id = exchange.request.header("X-Request-Id")
    assert sent_id is None or answer.header("X-Request-Id") == sent_id == exchange.response.header("X-Request-Id")
