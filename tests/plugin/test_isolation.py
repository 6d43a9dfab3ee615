"""Isolation: organisations beside each other in one server, and worlds beside each other in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import httpx
import pytest

from umapi_harness.mock import InputError, Settings, World, build_seed
from umapi_harness.mock.serving.hosting import Hosting
from umapi_harness.mock.serving.server import running_server
from umapi_harness.testing import Setup, UmapiOrg, WorldTransport

ROOT = "/v2/usermanagement"
PEOPLE = ("ada@example.com", "bob@example.com")


def seed(number: int) -> dict[str, Any]:
    """A seed that differs from others in nothing but organisation and credential."""
    return {
        "org_id": f"{number}@AdobeOrg",
        "credentials": [
            {
                "client_id": f"client-{number}",
                "client_secret": f"secret-{number}",
                "tech_account_id": f"{number}@techacct.adobe.com",
            }
        ],
        "domains": [{"name": "example.com", "type": "federatedID"}],
        "user_groups": [{"name": "Team"}],
        "users": [{"email": email, "type": "federatedID", "groups": ["Team"]} for email in PEOPLE],
    }


@attrs.frozen
class Tenant:
    """A client of one organisation in a server that has several."""

    world: World
    client: httpx.Client
    number: int

    @property
    def org_id(self) -> str:
        """The organisation's id."""
        return f"{self.number}@AdobeOrg"

    def headers(self, **changes: str) -> dict[str, str]:
        """API key and a token of the tenant's own; `changes` replaces some."""
        token = self.world.tokens.issue(self.world.credential(self.org_id), 600)
        return {"x-api-key": f"client-{self.number}", "Authorization": f"Bearer {token}"} | changes

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a page of the organisation."""
        return self.client.get(path, headers=self.headers(**headers))

    def act(self, user: str, **step: Any) -> dict[str, Any]:
        """Take one step on a user; returns the body of the answer."""
        answer = self.client.post(
            f"{ROOT}/action/{self.org_id}", json=[{"user": user, "do": [step]}], headers=self.headers()
        )
        body: dict[str, Any] = answer.json()
        return body

    def emails(self) -> list[str]:
        """The e-mail addresses of the organisation's users, as it lists them."""
        return [user["email"] for user in self.get(f"{ROOT}/users/{self.org_id}/0").json()["users"]]

    def members(self) -> list[str]:
        """The e-mail addresses of the members of its team."""
        return [user["email"] for user in self.get(f"{ROOT}/users/{self.org_id}/0/Team").json()["users"]]


@pytest.fixture
def world() -> World:
    """One world with two organisations whose users and groups are equal."""
    return World([build_seed(seed(1)), build_seed(seed(2))])


@pytest.fixture
def tenants(world: World) -> Iterator[tuple[Tenant, Tenant]]:
    """A client of each organisation, in one server."""
    with httpx.Client(transport=WorldTransport(world), base_url="http://umapi.test") as client:
        yield Tenant(world, client, 1), Tenant(world, client, 2)


def test_equal_users_and_groups_stay_apart(tenants: tuple[Tenant, Tenant]) -> None:
    """A change of a user, group or membership in one organisation is not seen in the other."""
    one, two = tenants
    one.act("ada@example.com", update={"firstname": "Changed"})
    one.act("ada@example.com", remove={"group": ["Team"]})
    one.act("bob@example.com", removeFromOrg={})
    created = {"email": "new@example.com", "firstname": "N", "lastname": "E", "country": "DE"}
    two.act("new@example.com", createFederatedID=created)
    assert (one.emails(), one.members()) == (["ada@example.com"], [])
    assert (two.emails(), two.members()) == ([*PEOPLE, "new@example.com"], list(PEOPLE))
    ada = two.get(f"{ROOT}/organizations/{two.org_id}/users/ada@example.com").json()["user"]
    assert "firstname" not in ada


def test_a_token_counts_for_its_own_organization(tenants: tuple[Tenant, Tenant]) -> None:
    """Calls on another organisation, or with another's API key, are refused and change nothing."""
    one, two = tenants
    for path in (f"{ROOT}/users/{two.org_id}/0", f"{ROOT}/groups/{two.org_id}/0"):
        assert one.get(path).status_code == 401
    assert two.get(f"{ROOT}/users/{two.org_id}/0", Authorization=one.headers()["Authorization"]).status_code == 403
    removal = [{"user": "ada@example.com", "do": [{"removeFromOrg": {}}]}]
    refused = one.client.post(f"{ROOT}/action/{two.org_id}", json=removal, headers=one.headers())
    assert refused.status_code == 401
    assert two.emails() == list(PEOPLE)


def test_a_secret_counts_for_its_own_client(tenants: tuple[Tenant, Tenant]) -> None:
    """The token host gives no token for one client's id with the other's secret."""
    one, _ = tenants
    fields = {"grant_type": "client_credentials", "scope": "openid,AdobeID,user_management_sdk"}
    for secret, status in (("secret-1", 200), ("secret-2", 400)):
        answer = one.client.post("/ims/token/v2", data=fields | {"client_id": "client-1", "client_secret": secret})
        assert answer.status_code == status


def test_limits_and_faults_of_one_client_spare_the_other(world: World, tenants: tuple[Tenant, Tenant]) -> None:
    """A client that is locked out, or struck by a fault of its own, does not hold up another organisation's."""
    one, two = tenants
    world.settings = Settings(throttle=True)
    statuses = [one.get(f"{ROOT}/groups/{one.org_id}/0").status_code for _ in range(6)]
    assert statuses[-1] == 429
    assert two.get(f"{ROOT}/groups/{two.org_id}/0").status_code == 200
    one.client.post("/_mock/faults", json={"operation": "*", "client_id": "client-1", "status": 502})
    assert one.get(f"{ROOT}/users/{one.org_id}/0").status_code == 502
    assert two.get(f"{ROOT}/users/{two.org_id}/0").status_code == 200


def test_an_organization_is_added_while_the_server_runs(tenants: tuple[Tenant, Tenant]) -> None:
    """The admin interface adds an organisation with its credential; a client id that is taken is refused."""
    one, two = tenants
    assert one.client.put("/_mock/state", json=seed(3)).status_code == 204
    three = attrs.evolve(two, number=3)
    assert three.emails() == list(PEOPLE)
    taken = seed(4) | {"credentials": seed(1)["credentials"]}
    answer = one.client.put("/_mock/state", json=taken)
    assert (answer.status_code, "belongs to 1@AdobeOrg" in answer.json()["error"]) == (400, True)
    assert one.emails() == two.emails() == three.emails()


def test_an_organization_is_removed_with_its_tokens(tenants: tuple[Tenant, Tenant]) -> None:
    """Who is removed is refused from then on; the other organisation goes on as before."""
    one, two = tenants
    headers = two.headers()
    page = f"{ROOT}/users/{two.org_id}/0"
    assert two.client.get(page, headers=headers).status_code == 200
    assert two.client.delete(f"/_mock/organizations/{two.org_id}").status_code == 204
    assert two.client.get(page, headers=headers).status_code == 403
    assert one.client.get(page, headers=one.headers()).status_code == 400
    assert one.emails() == list(PEOPLE)


def test_an_organization_for_each_worker_of_any_language() -> None:
    """A test run that knows only HTTP takes an organisation of its own from a server that runs, and gives it back."""
    with running_server() as server, httpx.Client(base_url=server.url) as client:
        taken = [client.post("/_mock/organizations", json={}).json() for _ in range(50)]
        assert len({access["org_id"] for access in taken} | {access["client_id"] for access in taken}) == 100
        for access in taken:
            fields = {name: access[name] for name in ("client_id", "client_secret")}
            fields |= {"grant_type": "client_credentials", "scope": "openid,AdobeID,user_management_sdk"}
            token = client.post("/ims/token/v2", data=fields).json()["access_token"]
            headers = {"x-api-key": access["client_id"], "Authorization": f"Bearer {token}"}
            step = {"addAdobeID": {"email": "ada@example.net"}}
            command = {"user": "ada@example.net", "do": [step]}
            body = client.post(f"{ROOT}/action/{access['org_id']}", json=[command], headers=headers).json()
            assert body["completed"] == 1
        for access in taken:
            assert client.delete(f"/_mock/organizations/{access['org_id']}").status_code == 204
        assert len(client.get("/_mock/organizations").json()) == 1


def test_several_organizations_in_one_test(umapi_new_org: Callable[..., UmapiOrg]) -> None:
    """A test takes as many organisations as it needs, each shaped by the arguments of the marker."""
    full, empty = umapi_new_org(profile="live"), umapi_new_org(seed="empty")
    assert (len(full.users), len(empty.users), full.settings.memberships_per_step) == (14, 0, 20)
    with full.served() as one, empty.served() as two:
        assert one.environment()["UMAPI_ORG_ID"] != two.environment()["UMAPI_ORG_ID"]
        assert one.url != two.url
    with pytest.raises(InputError, match=r"umapi_new_org: profile: 'lively' is none of"):
        umapi_new_org(profile="lively")


def test_many_organizations_at_once() -> None:
    """Twenty organisations, each with a server, changed at the same time, end each with its own changes alone."""
    created = {"firstname": "N", "lastname": "E", "country": "DE"}

    def work(number: int) -> tuple[list[str], int]:
        organization = UmapiOrg(Setup.from_document(seed(number)), hosting)
        with organization.served() as server, server.client() as client:
            for turn in range(5):
                email = f"user{turn}@example.com"
                step = {"createFederatedID": {"email": email, **created}}
                answer = client.post(f"{ROOT}/action/{organization.org_id}", json=[{"user": email, "do": [step]}])
                assert answer.json()["completed"] == 1, answer.text
                organization.add_user(f"by-call{turn}@example.com", groups=["Team"])
            emails = [user.email for user in organization.users]
        return emails, len(organization.requests())

    hosting = Hosting()
    try:
        with ThreadPoolExecutor(10) as pool:
            results = list(pool.map(work, range(20)))
    finally:
        hosting.close()
    added = [email for turn in range(5) for email in (f"user{turn}@example.com", f"by-call{turn}@example.com")]
    assert results == [([*PEOPLE, *added], 5)] * 20


def test_tokens_of_one_test_are_refused_by_the_next() -> None:
    """Two organisations of the fixtures have credentials of their own, and neither takes the other's tokens."""
    hosting = Hosting()
    try:
        one = UmapiOrg(Setup.from_document(), hosting)
        two = UmapiOrg(Setup.from_document(), hosting)
        assert one.org_id != two.org_id
        assert one.credential.client_id != two.credential.client_id
        assert one.credential.client_secret != two.credential.client_secret
        assert one.state()["users"] == two.state()["users"]
        with two.served() as server:
            own, foreign = two.headers(), one.headers()
            mixed = own | {"Authorization": foreign["Authorization"]}
            url = f"{server.api_url}/users/{two.org_id}/0"
            assert [httpx.get(url, headers=given).status_code for given in (own, foreign, mixed)] == [200, 403, 401]
            elsewhere = f"{server.api_url}/users/{one.org_id}/0"
            assert httpx.get(elsewhere, headers=own).status_code == 400
    finally:
        hosting.close()


def test_a_seed_that_does_not_fit_makes_nothing() -> None:
    """A bad seed is refused with place and remedy before anything is served."""
    document = seed(1) | {"user_groups": []}
    with pytest.raises(InputError, match=r'seed: /users/0/groups/0: no group named "Team" is defined'):
        Setup.from_document(document)
