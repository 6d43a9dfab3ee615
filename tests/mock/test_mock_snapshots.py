"""Snapshots by name, and several organisations in one server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from umapi_harness.mock import VirtualClock, World, generate_organization
from umapi_harness.mock.state.snapshots import Snapshots

if TYPE_CHECKING:
    from tests.mock.conftest import Mock

WRECK: list[dict[str, Any]] = [
    {"user": "jdoe@example.com", "do": [{"removeFromOrg": {}}]},
    {"user": "sato@example.org", "do": [{"update": {"firstname": "Changed"}}, {"add": {"group": ["Marketing"]}}]},
    {"usergroup": "DevOps", "do": [{"updateUserGroup": {"name": "Renamed"}}]},
    {"usergroup": "Marketing", "do": [{"remove": {"productConfiguration": ["Photoshop - 2Gb"]}}]},
    {"usergroup": "Sales/EMEA", "do": [{"deleteUserGroup": {}}]},
    {"usergroup": "Fresh", "do": [{"createUserGroup": {}}]},
]


def everything(mock: Mock) -> list[Any]:
    """All that the API shows, in its order."""
    pages = [mock.users().json(), mock.api(f"groups/{mock.org_id}/0").json()]
    return [*pages, *(mock.users(group=name).json() for name in ("DevOps", "Marketing", "_org_admin"))]


def test_save_and_restore(mock: Mock) -> None:
    """A restored state is the saved one down to ids and order, as often as wanted."""
    before = everything(mock)
    mock.set(users_page_size=1000)
    assert mock.client.put("/_mock/snapshots/before it").json()["organizations"][0]["org_id"] == mock.org_id
    for _ in range(2):
        result = mock.act(*WRECK)
        assert result["completed"] == len(WRECK), result
        mock.client.put("/_mock/state", json={"org_id": "777@AdobeOrg"})
        mock.client.patch("/_mock/settings", json={"users_page_size": 2})
        assert everything(mock) != before
        assert mock.client.post("/_mock/snapshots/before it/restore").status_code == 204
        assert everything(mock) == before
        assert list(mock.world.organizations) == [mock.org_id]
        assert mock.world.settings.users_page_size == 1000


def test_a_snapshot_is_not_what_it_was_taken_from(mock: Mock) -> None:
    """Every kind of change after the copy leaves the copy alone, and the other way round."""
    organization = mock.world.organization()
    twin = organization.copy()
    before = everything(mock)
    mock.act(*WRECK)
    mock.world.organizations[mock.org_id] = twin
    assert everything(mock) == before
    changed = organization.copy()
    mock.act(*WRECK)
    wrecked = everything(mock)
    mock.world.organizations[mock.org_id] = changed
    assert everything(mock) == wrecked


def test_list_and_delete(mock: Mock) -> None:
    """Snapshots are listed, replaced under the same name, deleted, and outlive a reset."""
    for snapshot in mock.client.get("/_mock/snapshots").json():
        mock.client.delete(f"/_mock/snapshots/{snapshot['name']}")
    for name in ("a", "b", "a"):
        mock.client.put(f"/_mock/snapshots/{name}")
    mock.client.post("/_mock/reset")
    assert [one["name"] for one in mock.client.get("/_mock/snapshots").json()] == ["b", "a"]
    assert mock.client.delete("/_mock/snapshots/b").status_code == 204
    answer = mock.client.delete("/_mock/snapshots/b")
    assert (answer.status_code, answer.json()["error"]) == (404, "snapshot: none is called 'b'; known are a")
    assert mock.client.post("/_mock/snapshots/b/restore").status_code == 404


@pytest.mark.parametrize("name", ["%20", "%0a", "x" * 101])
def test_names_that_nobody_could_read(mock: Mock, name: str) -> None:
    """A snapshot's name is printable and short."""
    answer = mock.client.put(f"/_mock/snapshots/{name}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("snapshot: no good name; give up to 100 printable characters")


def test_there_is_an_end_to_snapshots(mock: Mock) -> None:
    """The hundred-and-first snapshot is refused; replacing one is not."""
    world = World([generate_organization(1, 0)], clock=VirtualClock(frozen=True))
    for number in range(100):
        world.save(str(number))
    mock.world.snapshots, before = world.snapshots, mock.world.snapshots
    try:
        assert mock.client.put("/_mock/snapshots/more").json()["error"].startswith("snapshot: there are 100 already")
        assert mock.client.put("/_mock/snapshots/5").status_code == 200
    finally:
        mock.world.snapshots = before
    assert list(Snapshots()) == []


def test_another_organisation_by_api(mock: Mock) -> None:
    """A new organisation comes with all that a client needs, and neither sees the other."""
    seed = {"domains": [{"name": "two.example", "type": "federatedID"}], "user_groups": [{"name": "DevOps"}]}
    answer = mock.client.post("/_mock/organizations", json=seed)
    assert answer.status_code == 201
    access = answer.json()
    fields = {"grant_type": "client_credentials", "scope": "user_management_sdk"}
    fields |= {"client_id": access["client_id"], "client_secret": access["client_secret"]}
    token = httpx.post(f"{access['ims_url']}/ims/token/v3", data=fields).json()["access_token"]
    headers = {"x-api-key": access["client_id"], "Authorization": f"Bearer {token}"}
    fields = {"email": "u@two.example", "firstname": "U", "lastname": "U", "country": "DE"}
    command = {"user": "u@two.example", "do": [{"createFederatedID": fields}, {"add": {"group": ["DevOps"]}}]}
    url = f"{access['api_url']}/action/{access['org_id']}"
    assert httpx.post(url, json=[command], headers=headers).json()["result"] == "success"
    assert "u@two.example" not in mock.members("DevOps")
    assert httpx.get(f"{access['api_url']}/users/{mock.org_id}/0", headers=headers).status_code == 401
    sizes = {one["org_id"]: one["users"] for one in mock.client.get("/_mock/organizations").json()}
    assert sizes[access["org_id"]] == 1
    assert mock.client.delete(f"/_mock/organizations/{access['org_id']}").status_code == 204
    assert httpx.get(f"{access['api_url']}/users/{access['org_id']}/0", headers=headers).status_code == 403
    assert list(mock.world.organizations) == [mock.org_id]


def test_organisations_that_cannot_be_made_or_removed(mock: Mock) -> None:
    """An id that is taken is a conflict, the last organisation stays, and a bad seed adds nothing."""
    assert mock.client.post("/_mock/organizations", json={"org_id": mock.org_id}).status_code == 409
    assert mock.client.post("/_mock/organizations", json={"users": 1}).status_code == 400
    assert mock.client.post("/_mock/organizations", json=[]).json()["error"].startswith("body: not an object; send")
    last = mock.client.delete(f"/_mock/organizations/{mock.org_id}")
    assert (last.status_code, "is the only organisation" in last.json()["error"]) == (400, True)
    assert mock.client.delete("/_mock/organizations/nobody").status_code == 400
    assert list(mock.world.organizations) == [mock.org_id]
    empty = mock.client.post("/_mock/organizations").json()
    assert mock.client.get("/_mock/state", params={"org_id": empty["org_id"]}).json()["users"] == []
