"""Fifty clients at once on one organisation: what they leave behind is what some serial order leaves behind."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import httpx

from umapi_harness.mock import World, build_seed, create_app, default_seed, export_seed
from umapi_harness.mock.state.organization import Organization

if TYPE_CHECKING:
    from tests.strength.conftest import Target

CLIENTS = 50
REQUESTS = 6
PEOPLE = [f"person{number}@example.com" for number in range(25)]
TEAMS = [f"Team {number}" for number in range(6)]


def command(chance: random.Random) -> dict[str, Any]:
    """A command that meets those of other clients: they all work on the same few people and teams."""
    person, team, other = chance.choice(PEOPLE), chance.choice(TEAMS), chance.choice(TEAMS)
    fields = {"email": person, "firstname": f"F{chance.randrange(1000)}", "lastname": "L", "country": "DE"}
    return chance.choice(
        [
            {"user": person, "do": [{"createFederatedID": fields}, {"add": {"group": [team]}}]},
            {"user": person, "do": [{"createFederatedID": {**fields, "option": "updateIfAlreadyExists"}}]},
            {"user": person, "do": [{"add": {"group": list({team, other})}}]},
            {"user": person, "do": [{"remove": {"group": [team]}}]},
            {"user": person, "do": [{"remove": "all"}, {"add": {"group": [other]}}]},
            {"user": person, "do": [{"update": {"email": chance.choice(PEOPLE)}}]},
            {"user": person, "do": [{"update": {"lastname": f"L{chance.randrange(1000)}"}}]},
            {"user": person, "do": [{"removeFromOrg": {}}]},
            {"usergroup": team, "do": [{"createUserGroup": {"option": "ignoreIfAlreadyExists"}}]},
            {"usergroup": team, "do": [{"add": {"user": [person, chance.choice(PEOPLE)]}}]},
            {"usergroup": team, "do": [{"updateUserGroup": {"name": other}}]},
            {"usergroup": team, "do": [{"deleteUserGroup": {}}]},
        ]
    )


async def work(target: Target, number: int, headers: dict[str, str]) -> None:
    """One client: actions and queries in turn, on a connection of its own."""
    chance = random.Random(number)
    async with httpx.AsyncClient(base_url=f"{target.server.url}/v2/usermanagement", headers=headers, timeout=30) as own:
        for _ in range(REQUESTS):
            commands = [command(chance) for _ in range(chance.randint(1, 4))]
            answer = await own.post(f"/action/{target.org_id}", json=commands)
            assert answer.status_code == 200, answer.text
            body = answer.json()
            assert body["completed"] + body["notCompleted"] == len(commands)
            page = await own.get(f"/users/{target.org_id}/0")
            accounts = [(user["email"].lower(), user["type"] == "adobeID") for user in page.json()["users"]]
            assert len(set(accounts)) == len(accounts)


async def work_together(target: Target) -> None:
    """All clients at once, each with a token of its own."""
    await asyncio.gather(*(work(target, number, target.headers()) for number in range(CLIENTS)))


def check_indexes(organization: Organization) -> None:
    """What can be found is what is listed, and users and groups agree on who belongs where."""
    users, groups = list(organization.users), list(organization.catalog.groups)
    assert len(users) == len(set(users)) == len(organization.users)
    assert list(organization.listed_users) == [user for user in users if user.active]
    for user in users:
        assert organization.find_user(user.email) is not None
        if user.username.lower() != user.email.lower():
            assert organization.find_user(user.username, user.domain) is user
        assert len(set(user.groups)) == len(user.groups)
        for group in user.groups:
            assert organization.catalog.find(group.name) is group
            assert group in organization.catalog.groups
            assert not user.active or user in group.members
    for group in groups:
        assert organization.catalog.find(group.name) is group
        assert all(group in member.groups and member in organization.users for member in group.members)
    assert len({user.id(organization.owner) for user in users}) == len(users)
    assert len({group.id for group in groups}) == len(groups)


def test_fifty_clients_leave_what_a_serial_order_leaves(target: Target) -> None:
    """The journal's order, repeated by one client on a fresh organisation, gives the same answers and state."""
    asyncio.run(work_together(target))
    world = target.server.world
    left = world.organization()
    check_indexes(left)
    entries = [entry for entry in world.journal.as_list() if entry["operation"] == "action"]
    assert len(entries) == CLIENTS * REQUESTS
    again = World([build_seed(default_seed())])
    asyncio.run(repeat(again, entries))
    assert export_seed(left, ids=True) == export_seed(again.organization(), ids=True)
    assert [user.email for user in left.users] == [user.email for user in again.organization().users]


async def repeat(world: World, entries: list[dict[str, Any]]) -> None:
    """Send the requests of a journal again, one after the other."""
    organization = world.organization()
    credential = world.credential(organization.org_id)
    token = world.tokens.issue(credential, 86_399)
    headers = {"x-api-key": credential.client_id, "Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=create_app(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://mock", headers=headers) as client:
        for entry in entries:
            answer = await client.post(entry["path"], content=entry["request_body"])
            assert answer.json() == json.loads(entry["response_body"])
