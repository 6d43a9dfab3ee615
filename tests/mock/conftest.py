"""A mock server on loopback for each test process, put back to its first state for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import attrs
import httpx
import pytest

from umapi_harness.mock import VirtualClock, World, build_seed
from umapi_harness.mock.serving.server import RunningServer, running_server

Json = dict[str, Any]


@attrs.frozen(kw_only=True)
class Mock:
    """A running server with a client that holds a token."""

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

    def seed(self, document: Json) -> None:
        """Put another organisation in the place of the default one."""
        self.world.put(build_seed({**document, "org_id": self.org_id}))

    def api(self, path: str, **query: str) -> httpx.Response:
        """GET below the API root; the path is sent as it is."""
        return self.client.get(f"/v2/usermanagement/{path}", params=query or None)

    def users(self, page: int = 0, group: str | None = None, **query: str) -> httpx.Response:
        """A page of users, of the organisation or of a group."""
        suffix = "" if group is None else f"/{quote(group, safe='')}"
        return self.api(f"users/{self.org_id}/{page}{suffix}", **query)

    def user(self, name: str, **query: str) -> Json | None:
        """One user, or None if there is no such user."""
        answer = self.api(f"organizations/{self.org_id}/users/{quote(name, safe='')}", **query)
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()["user"]
        return found

    def members(self, group: str, **query: str) -> list[str]:
        """E-mail addresses of a group's members."""
        answer = self.users(0, group, **query)
        assert answer.status_code == 200, answer.text
        return [user["email"] for user in answer.json()["users"]]

    def groups(self) -> dict[str, Json]:
        """All groups by name."""
        answer = self.api(f"groups/{self.org_id}/0")
        assert answer.status_code == 200, answer.text
        return {group["groupName"]: group for group in answer.json()["groups"]}

    def post(self, body: bytes, **query: str) -> httpx.Response:
        """POST a body to the action call as it is."""
        return self.client.post(f"/v2/usermanagement/action/{self.org_id}", content=body, params=query or None)

    def act(self, *commands: Any, test_mode: bool = False) -> Json:
        """Run commands and return the body of the answer."""
        answer = self.client.post(
            f"/v2/usermanagement/action/{self.org_id}",
            json=list(commands),
            params={"testOnly": "true"} if test_mode else None,
        )
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    def do(self, user: str, *steps: Json, test_mode: bool = False, **root: Any) -> list[tuple[int, str]]:
        """Take steps on a user; returns step and code of each error."""
        return self._codes({"user": user, **root, "do": list(steps)}, test_mode)

    def do_group(self, group: str, *steps: Json, test_mode: bool = False) -> list[tuple[int, str]]:
        """Take steps on a user group; returns step and code of each error."""
        return self._codes({"usergroup": group, "do": list(steps)}, test_mode)

    def _codes(self, command: Json, test_mode: bool) -> list[tuple[int, str]]:
        body = self.act(command, test_mode=test_mode)
        return [(error["step"], error["errorCode"]) for error in body.get("errors", [])]


@pytest.fixture(scope="session")
def listening() -> Iterator[Mock]:
    """The server of this test process, on a clock that stands still until a test moves it."""
    clock = VirtualClock(frozen=True)
    with running_server(clock=clock) as server, httpx.Client(base_url=server.url) as client:
        yield Mock(server=server, client=client, clock=clock)


@pytest.fixture
def mock(listening: Mock) -> Mock:
    """The server with the default organisation, no faults, default settings and a fresh token."""
    world = listening.world
    world.reset()
    credential = world.credential(listening.org_id)
    token = world.tokens.issue(credential, 86_399)
    listening.client.headers.update({"x-api-key": credential.client_id, "Authorization": f"Bearer {token}"})
    return listening
