"""A mock server on loopback for each test process, put back to its first state for each test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import attrs
import httpx
import pytest

from umapi_harness.mock import VirtualClock, World, build_seed, default_seed
from umapi_harness.mock.serving.server import RunningServer, running_server

Json = dict[str, Any]


@attrs.frozen(kw_only=True)
class Desk:
    """A running server, and a client of it with a token."""

    server: RunningServer
    client: httpx.Client
    clock: VirtualClock

    @property
    def world(self) -> World:
        """The server's state."""
        return self.server.world

    @property
    def org_id(self) -> str:
        """The organisation's id."""
        return self.server.details.org_id

    def set(self, **changes: Any) -> None:
        """Change settings."""
        self.world.settings = self.world.settings.changed(changes)

    def seed(self, changes: Mapping[str, Any]) -> None:
        """Put in the place of the organisation one of the default seed with other members."""
        self.world.put(build_seed({**default_seed(), **changes}))

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET below the API root; {org} stands for the organisation's id."""
        return self.client.get(f"/v2/usermanagement/{path.replace('{org}', self.org_id)}", **options)

    def post(self, body: Any, *, headers: Mapping[str, str] | None = None, test_mode: bool = False) -> httpx.Response:
        """POST an action request: bytes as they are, anything else as JSON."""
        given: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        path = f"/v2/usermanagement/action/{self.org_id}{'?testOnly=true' if test_mode else ''}"
        return self.client.post(path, headers=headers, **given)

    def act(self, *commands: Any, test_mode: bool = False) -> Json:
        """Run commands and return the body of the answer."""
        answer = self.post(list(commands), test_mode=test_mode)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    def codes(self, *commands: Any, test_mode: bool = False) -> list[tuple[int, int, str]]:
        """Run commands; returns index, step and code of each error."""
        errors: Sequence[Json] = self.act(*commands, test_mode=test_mode).get("errors", [])
        return [(error["index"], error["step"], error["errorCode"]) for error in errors]

    def user(self, name: str, **query: str) -> Json | None:
        """One user, or None if there is no such user."""
        answer = self.get(f"organizations/{{org}}/users/{quote(name, safe='')}", params=query or None)
        found: Json | None = answer.json()["user"] if answer.status_code == 200 else None
        return found

    def emails(self, group: str, **query: str) -> list[str]:
        """E-mail addresses of a group's members."""
        answer = self.get(f"users/{{org}}/0/{quote(group, safe='')}", params=query or None)
        assert answer.status_code == 200, answer.text
        return [user["email"] for user in answer.json()["users"]]


@pytest.fixture(scope="session")
def listening() -> Iterator[Desk]:
    """The server of this test process, on a clock that stands still until a test moves it."""
    clock = VirtualClock(frozen=True)
    with running_server(clock=clock) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        yield Desk(server=server, client=client, clock=clock)


@pytest.fixture
def desk(listening: Desk) -> Desk:
    """The server with the default organisation, default settings and a fresh token."""
    world = listening.world
    world.reset()
    credential = world.credential(listening.org_id)
    token = world.tokens.issue(credential, 86_399)
    listening.client.headers.update({"x-api-key": credential.client_id, "Authorization": f"Bearer {token}"})
    return listening
