"""Sessions: calls to a mock server in this process, kept as a recording."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

import attrs
import httpx

from umapi_harness.contract import Judge, own_judges
from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse, Recording
from umapi_harness.mock import Settings, VirtualClock, World, build_seed
from umapi_harness.reading import SdkJudge
from umapi_harness.testing.transports import WorldTransport

NOW = 1_700_000_000.0
ORG = "ABCDEF@AdobeOrg"
ROOT = "https://usermanagement.adobe.io/v2/usermanagement"
SEED: dict[str, Any] = {
    "domains": [{"name": "e.example", "type": "enterpriseID"}, {"name": "f.example", "type": "federatedID"}],
    "foreign_domains": ["other.example"],
    "technical_accounts": 3,
    "products": [{"name": "Suite"}],
    "profiles": [{"name": "Paint", "product": "Suite", "quota": 5}],
    "user_groups": [{"name": "Artists", "profiles": ["Paint"]}, {"name": "Shared", "read_only": True}],
    "users": [
        {"email": "Ann@e.example", "type": "enterpriseID", "username": "ANN@E.EXAMPLE", "groups": ["Artists"]},
        {"email": "bob@f.example", "type": "federatedID", "username": "bob", "country": "FR", "groups": ["Paint"]},
        {
            "email": "cy@mail.example",
            "type": "adobeID",
            "lastname": "Young",
            "groups": ["_org_admin", "_admin_Artists"],
        },
    ],
    "directory": [{"email": "Dee@E.example", "type": "enterpriseID", "country": "DE"}],
    "outsiders": [{"email": "eve@mail.example", "state": "invited"}],
}


class Session:
    """A client that keeps what it sends and what comes back."""

    def __init__(self, seed: Mapping[str, Any], settings: Settings | None = None) -> None:
        self.clock = VirtualClock(NOW, frozen=True)
        document = {"org_id": ORG, **seed}
        self.world = World([build_seed(document)], settings=settings, clock=self.clock)
        self._client = httpx.Client(transport=WorldTransport(self.world, admin=False))
        credential = self.world.credential(ORG)
        token = self.world.tokens.issue(credential, 80_000)
        self._headers = {"Authorization": f"Bearer {token}", "X-Api-Key": credential.client_id}
        self.exchanges: list[Exchange] = []

    def send(self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Make one call, and return the JSON that came."""
        self.clock.advance(1)
        content = None if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        answer = self._client.request(method, url, content=content, headers={**kind, **(headers or self._headers)})
        date = ("Date", formatdate(self.clock.now(), usegmt=True))
        sent = [pair for pair in answer.request.headers.items() if pair[0].lower() != "authorization"]
        where = f"session#/{len(self.exchanges)}"
        self.exchanges.append(
            Exchange(
                name=where,
                where=where,
                request=RecordedRequest(method=method, url=url, headers=tuple(sent), body=content or b""),
                response=RecordedResponse(
                    status=answer.status_code,
                    reason=answer.reason_phrase,
                    headers=(*answer.headers.multi_items(), date),
                    body=answer.content,
                ),
            )
        )
        return answer.json() if answer.content else None

    def act(self, commands: Sequence[Any], *, test_only: bool = False) -> Any:
        """Send an action request."""
        return self.send("POST", f"{ROOT}/action/{ORG}{'?testOnly=true' if test_only else ''}", commands)

    def users(self, group: str | None = None, query: str = "") -> None:
        """Read every page of the users, of all or of a group."""
        self._pages(f"users/{ORG}", f"/{quote(group, safe='')}" if group is not None else "", query)

    def groups(self) -> None:
        """Read every page of the groups."""
        self._pages(f"groups/{ORG}", "", "")

    def user(self, name: str) -> None:
        """Ask for one user."""
        self.send("GET", f"{ROOT}/organizations/{ORG}/users/{quote(name)}")

    def recording(self) -> Recording:
        """Return all calls so far."""
        return Recording(path="session", exchanges=tuple(self.exchanges))

    def _pages(self, path: str, end: str, query: str) -> None:
        page, last = 0, False
        while not last:
            answer = self.send("GET", f"{ROOT}/{path}/{page}{end}{query}")
            page, last = page + 1, answer.get("lastPage", True) or answer.get("result") != "success"


def elsewhere(recording: Recording, root: str) -> Recording:
    """A recording as it would be of the same calls by way of a proxy that has the API under `root`."""
    return attrs.evolve(
        recording,
        exchanges=tuple(
            attrs.evolve(one, request=attrs.evolve(one.request, url=one.request.url.replace(ROOT, root)))
            for one in recording.exchanges
        ),
    )


def judges() -> tuple[Judge, ...]:
    """All judges."""
    return (*own_judges(), SdkJudge())


def lively_session(settings: Settings | None = None) -> Session:
    """A session in which something of everything happens."""
    session = Session(SEED, settings)
    session.act([{"user": "DEE@e.example", "do": [_create("DEE@e.example", "FR"), {"add": {"group": ["artists"]}}]}])
    session.users()
    session.act(
        [
            {"user": "ann@E.example", "do": [{"update": {"firstname": "Anna"}}, {"remove": {"group": ["Nowhere"]}}]},
            {"user": "x@other.example", "do": [_create("x@other.example", "US")]},
            {"user": "eve@mail.example", "do": [{"addAdobeID": {"email": "eve@mail.example"}}]},
            {"usergroup": "Shared", "do": [{"updateUserGroup": {"name": "Ours"}}]},
            {"usergroup": "New", "do": [{"createUserGroup": {}}, {"add": {"user": ["bob@f.example"]}}]},
        ]
    )
    session.act([{"user": "nobody@f.example", "do": [{"update": {"firstname": "No"}}]}], test_only=True)
    session.act([{"user": "bob@f.example", "do": [{"update": {"email": "rob@f.example"}}]}])
    session.users("Artists")
    session.users("New")
    session.users(query="?domain=f.example")
    session.groups()
    session.user("rob@f.example")
    session.user("nobody@f.example")
    session.users()
    return session


def _create(email: str, country: str) -> dict[str, Any]:
    return {"createEnterpriseID": {"email": email, "firstname": "D", "lastname": "E", "country": country}}
