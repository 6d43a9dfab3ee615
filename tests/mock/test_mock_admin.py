"""The admin interface under /_mock/."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.types import ASGIApp

from umapi_harness.mock import World, create_app

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

ADD = {"user": "sato@example.org", "do": [{"add": {"group": ["DevOps"]}}]}


def test_state_goes_round(mock: Mock) -> None:
    """What GET /_mock/state gives can be put back, and describes the same organisation again."""
    before = mock.client.get("/_mock/state?ids=true").json()
    assert "credentials" not in before
    mock.act(ADD, {"user": "jdoe@example.com", "do": [{"removeFromOrg": {}}]})
    changed = mock.client.get("/_mock/state?ids=true").json()
    assert changed != before
    assert mock.client.put("/_mock/state", json=before).status_code == 204
    assert mock.client.get("/_mock/state?ids=true").json() == before
    assert "jdoe@example.com" in mock.members("DevOps")


def test_state_does_not_depend_on_history(mock: Mock) -> None:
    """The same changes in another order give the same document."""
    other: dict[str, Any] = {
        "usergroup": "Fresh",
        "do": [{"createUserGroup": {}}, {"add": {"user": ["jane@example.com"]}}],
    }
    mock.act(ADD, other)
    first = mock.client.get("/_mock/state").json()
    mock.client.post("/_mock/reset")
    mock.act(other, ADD)
    assert mock.client.get("/_mock/state").json() == first


def test_reset_puts_everything_back(mock: Mock) -> None:
    """State, settings, faults and journal are those of the start; tokens stay good."""
    before = mock.client.get("/_mock/state").json()
    settings = mock.client.get("/_mock/settings").json()
    mock.client.put("/_mock/state", json={"org_id": "777@AdobeOrg"})
    mock.client.patch("/_mock/settings", json={"users_page_size": 3})
    mock.act(ADD)
    mock.client.post("/_mock/faults", json={"operation": "users"})
    assert mock.client.post("/_mock/reset").status_code == 204
    assert mock.client.get("/_mock/state").json() == before
    assert mock.client.get("/_mock/settings").json() == settings
    assert mock.client.get("/_mock/faults").json() == []
    assert mock.client.get("/_mock/requests").json() == []
    assert [entry["org_id"] for entry in mock.client.get("/_mock/organizations").json()] == [mock.org_id]
    assert mock.users().status_code == 200


def test_state_of_several_organisations(mock: Mock) -> None:
    """Another organisation is added beside the first, with credentials of its own."""
    assert mock.client.put("/_mock/state", json={"org_id": "777@AdobeOrg", "users": []}).status_code == 204
    assert mock.client.get("/_mock/state", params={"org_id": "777@AdobeOrg"}).json()["users"] == []
    assert mock.world.credential("777@AdobeOrg").client_id
    answer = mock.client.get("/_mock/state", params={"org_id": "1@AdobeOrg"})
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        f"org_id: no organisation 1@AdobeOrg; known are {mock.org_id}, 777@AdobeOrg",
    )


def test_faults_can_be_set_seen_and_ended(mock: Mock) -> None:
    """Faults are listed with the number of calls they matched."""
    assert mock.client.post("/_mock/faults", json=[{"operation": "users", "first": 1}]).status_code == 201
    assert [mock.users().status_code for _ in range(2)] == [503, 200]
    (fault,) = mock.client.get("/_mock/faults").json()
    assert (fault["operation"], fault["first"], fault["matched"]) == ("users", 1, 2)
    assert mock.client.delete("/_mock/faults").status_code == 204
    assert mock.client.get("/_mock/faults").json() == []


def test_requests_can_be_followed(mock: Mock) -> None:
    """The journal is given whole, or from an entry on; admin calls are not in it."""
    mock.client.delete("/_mock/requests")
    mock.users()
    mock.users(group="DevOps")
    first, second = mock.client.get("/_mock/requests").json()
    assert [first["operation"], second["operation"]] == ["users", "group_users"]
    assert mock.client.get("/_mock/requests", params={"after": first["number"]}).json() == [second]


def test_clock_can_be_moved(mock: Mock) -> None:
    """Time advances on demand: a token runs out without anybody waiting."""
    before = mock.client.get("/_mock/clock").json()
    assert before["frozen"] is True
    assert mock.client.post("/_mock/clock", json={"advance": 90_000}).json()["now"] == pytest.approx(
        before["now"] + 90_000
    )
    assert mock.users().status_code == 401


def test_tokens_can_be_revoked(mock: Mock) -> None:
    """A revoked token is refused at once."""
    assert mock.client.delete("/_mock/tokens", params={"client_id": "another"}).json() == {"revoked": 0}
    assert mock.client.delete("/_mock/tokens").json()["revoked"] >= 1
    assert mock.users().status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("PUT", "state", b"{", "body: not JSON"),
        ("PUT", "state", b"[]", "body: /: [] is not of type"),
        ("PUT", "state", b'{"org_id": "x"}', "body: /org_id: "),
        ("PATCH", "settings", b"[]", "body: not an object"),
        ("PATCH", "settings", b'{"speed": 1}', "body: /speed: no such setting"),
        ("PATCH", "settings", b'{"throttle": 1}', "body: /throttle: must be true or false, not 1"),
        ("PATCH", "settings", b'{"users_page_size": 0}', "body: /users_page_size: 0 is too small; give 1 or more"),
        ("PATCH", "settings", b'{"retry_after_form": "x"}', "body: /retry_after_form: 'x' is not "),
        ("POST", "faults", b"{}", 'body: /0: "operation" is a required property; add it'),
        ("GET", "requests?after=x", b"", "after: 'x' is not a number"),
        ("GET", "requests?operation=acton", b"", "operation: 'acton' is no operation; is action meant?"),
        ("POST", "clock", b"{}", "body: not understood"),
        ("POST", "clock", b'{"advance": "1h"}', "body: /advance: '1h' is not a number"),
        ("POST", "clock", b'{"advance": 1e300}', "body: /advance: is ten years or more; give less, or set, a time"),
        ("POST", "clock", b'{"advance": -999999999999}', "body: /advance: is ten years or more; give less, or set"),
        ("POST", "clock", b'{"set": 5, "advance": -9}', "body: /advance: leads out of the years that the clock has"),
        ("POST", "clock", b'{"frozen": 1}', "body: /frozen: 1 is not true or false"),
    ],
)
def test_bad_input_is_one_line(mock: Mock, method: str, path: str, body: bytes, message: str) -> None:
    """Bad input is 400 with one line that names place and remedy, and changes nothing."""
    before = mock.client.get("/_mock/state").json()
    answer = mock.client.request(method, f"/_mock/{path}", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(message)
    assert "\n" not in answer.json()["error"]
    assert mock.client.get("/_mock/state").json() == before


def test_the_system_clock_cannot_be_moved() -> None:
    """A server on the system's clock says so."""
    answer = asyncio.run(_call(create_app(World()), "POST", "/_mock/clock", {"advance": 1}))
    assert "system's clock" in answer.json()["error"]


def test_without_the_interface_its_paths_are_not_there() -> None:
    """An application without the admin interface serves nothing under /_mock/."""
    for path in ("/_mock/state", "/_mock/reset"):
        assert asyncio.run(_call(create_app(World(), admin=False), "GET", path, None)).status_code == 404


async def _call(app: ASGIApp, method: str, path: str, body: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mock") as client:
        return await client.request(method, path, json=body)
