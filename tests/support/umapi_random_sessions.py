"""Random sessions: whole programs on the SDK against a mock server, made up from a number and kept as recordings."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from email.utils import formatdate
from typing import Any, Final
from urllib.parse import quote

import attrs
import httpx

from umapi_harness.contract.recordings import Exchange, RecordedRequest, RecordedResponse, Recording
from umapi_harness.mock import Settings, VirtualClock, World, build_seed
from umapi_harness.mock.state.seeds import default_seed
from umapi_harness.testing.transports import WorldTransport
from umapi_sdk import Connection, GroupsQuery, JWTAuth, OAuthS2S, UmapiError, UserQuery, UsersQuery
from umapi_sdk.commands import read_actions
from umapi_sdk.messages import Request, Response

ORG: Final = "ABCDEF@AdobeOrg"
_NOW: Final = 1_700_000_000.0
_CREDENTIAL: Final = {
    "client_id": "the-client",
    "client_secret": "the-secret",
    "tech_account_id": "t@techacct.adobe.com",
}
_ROOT: Final = "https://usermanagement.adobe.io/v2/usermanagement"
_CREATES: Final = {"adobeID": "addAdobeID", "enterpriseID": "createEnterpriseID", "federatedID": "createFederatedID"}


@attrs.frozen(kw_only=True)
class RandomSession:
    """A recording, and what it was recorded from."""

    recording: Recording
    seed: Mapping[str, Any]
    settings: Settings
    profile: str
    """Settings with which a user who knows where the recording comes from would verify it."""


def random_session(number: int) -> RandomSession:
    """Return the session of that number: always the same."""
    return _Program(random.Random(number)).run()


class _Tape:
    """A transport of the SDK that leads to a world, and keeps what goes through it."""

    def __init__(self, world: World, clock: VirtualClock) -> None:
        self._client = httpx.Client(transport=WorldTransport(world, admin=False))
        self._clock = clock
        self.exchanges: list[Exchange] = []

    def send(self, request: Request) -> Response:
        """Ask the world, and keep question and answer as a recorder does: without credentials."""
        self._clock.advance(1)
        answer = self._client.request(request.method, request.url, headers=dict(request.headers), content=request.body)
        date = ("Date", formatdate(self._clock.now(), usegmt=True))
        sent = tuple(pair for pair in request.headers.items() if pair[0].lower() != "authorization")
        where = f"session#/{len(self.exchanges)}"
        body = b"" if request.body is None else request.body.replace(b"the-secret", b"REDACTED")
        received = [pair for pair in answer.headers.multi_items() if pair[0].lower() != "date"]
        kept = Exchange(
            name=where,
            where=where,
            request=RecordedRequest(method=request.method, url=request.url, headers=sent, body=body),
            response=RecordedResponse(
                status=answer.status_code,
                reason=answer.reason_phrase,
                headers=(*received, date),
                body=answer.content,
            ),
        )
        self.exchanges.append(kept)
        return Response(status=answer.status_code, headers=dict(answer.headers.items()), body=answer.content)

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class _Program:
    """A program that does one thing after the other, whatever comes of it."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._document = dice.choice([_default, _odd, _odd, _crowd])(dice)
        self.profile = dice.choice(["documented", "documented", "live"])
        settings = Settings() if self.profile == "documented" else Settings.live()
        changes: dict[str, Any] = {"throttle": dice.random() < 0.25}
        if dice.random() < 0.4:
            changes |= {"users_page_size": dice.randint(2, 9), "groups_page_size": dice.randint(3, 12)}
        self._settings = settings.changed(changes)
        self._clock = VirtualClock(_NOW, frozen=True)
        self._world = World([build_seed(self._document)], settings=self._settings, clock=self._clock)
        self._tape = _Tape(self._world, self._clock)
        people = [*self._document.get("users", ()), *self._document.get("directory", ()), *self._document["outsiders"]]
        addresses = dice.sample(sorted({str(one["email"]) for one in people}), k=min(6, len(people)))
        domains = [one["name"] for one in self._document["domains"]] + ["other.example", "nobody.example"]
        new = [f"new{place}@{dice.choice(domains)}" for place in range(3)]
        self._addresses = [*addresses, *new, *(one.swapcase() for one in dice.sample(addresses, k=2))]
        groups = [str(one["name"]) for one in self._document["user_groups"]]
        profiles = [str(one["name"]) for one in self._document["profiles"]]
        self._user_groups = [*dice.sample(groups, k=min(4, len(groups))), "New one", "Nowhere"]
        self._profiles = [*dice.sample(profiles, k=min(3, len(profiles))), "No profile"]
        admins = [f"_admin_{name}" for name in (*groups[:2], *profiles[:1])] + ["_support_admin", "_org_admin"]
        self._groups = [*self._user_groups, *self._profiles, *admins]

    def run(self) -> RandomSession:
        calls: Sequence[tuple[int, Callable[[Connection], object]]] = (
            (8, self._act),
            (2, lambda on: UsersQuery(on, direct_only=self._dice.random() < 0.7).all_results()),
            (2, lambda on: GroupsQuery(on).all_results()),
            (2, self._members),
            (2, self._one),
            (1, lambda on: on.status(remote=True)),
            (2, self._deprecated),
            (1, self._strange),
        )
        plain, testing = self._connection(test_mode=False), self._connection(test_mode=True)
        for _ in range(self._dice.randint(1, 12)):
            ((call,),) = (self._dice.choices([one for _, one in calls], [weight for weight, _ in calls]),)
            try:
                call(testing if self._dice.random() < 0.12 else plain)
            except UmapiError:
                continue
        if not self._tape.exchanges:
            plain.status(remote=True)  # the SDK has refused to send anything: a recording needs something
        for connection in (plain, testing):
            connection.take_queued()  # what a failed call left behind is not sent
        return RandomSession(
            recording=Recording(path="session", exchanges=tuple(self._tape.exchanges)),
            seed=self._document,
            settings=self._settings,
            profile=self.profile,
        )

    def _connection(self, *, test_mode: bool) -> Connection:
        if self._dice.random() < 0.2:
            auth: Any = JWTAuth(
                ORG,
                client_id="the-client",
                client_secret="the-secret",
                tech_acct_id="t@techacct.adobe.com",
                priv_key_data=self._world.keys.private_pem,
            )
        else:
            auth = OAuthS2S("the-client", "the-secret")
        return Connection(
            ORG,
            auth,
            test_mode=test_mode,
            transport=self._tape,
            pacing=False,
            sleep=self._clock.advance,
            clock=self._clock.now,
            max_wait=4000.0,
        )

    # Calls

    def _act(self, on: Connection) -> None:
        commands = [self._command() for _ in range(self._dice.choice([1, 1, 2, 4]))]
        for command in commands:
            try:
                on.execute_multiple(read_actions([command]))
            except UmapiError:
                continue
        on.execute_queued()

    def _members(self, on: Connection) -> None:
        query = UsersQuery(on, in_group=self._dice.choice(self._groups), direct_only=self._dice.random() < 0.6)
        query.all_results()

    def _one(self, on: Connection) -> None:
        domain = self._dice.choice([None, None, "AdobeID", "f.example"])
        UserQuery(on, self._dice.choice(self._addresses), domain).result()

    def _deprecated(self, on: Connection) -> None:
        groups = [group for group in self._world.organizations[ORG].catalog.groups if not group.is_admin_group]
        products = list(self._world.organizations[ORG].catalog.products.values())
        product = self._dice.choice(products)
        profiles = list(product.profiles) or groups
        profile = f"{ORG}/products/{product.id}/configurations/RGRP-{self._dice.choice(profiles).id}"
        choices = ["users", "users?page=2", "users?directOnly=false", "user-groups", "products", "update"]
        kind = self._dice.choice(
            [*choices, "user-groups/", "user-groups/users", "profiles", "profile", "profile/users"]
        )
        path = f"{ORG}/{kind}"
        if kind.startswith("user-groups/"):
            group = self._dice.choice(groups)
            path = f"{ORG}/user-groups/{group.id}{'/users' if kind.endswith('users') else ''}"
        elif kind == "profiles":
            path = f"{ORG}/products/{product.id}/configurations"
        elif kind in ("profile", "profile/users"):
            path = profile + kind.removeprefix("profile")
        if kind == "update":
            names = ["addUsers", "removeUsers", "addAdminUsers", "removeAdminUsers"]
            lists = {self._dice.choice(names): [self._dice.choice(self._addresses)] for _ in range(2)}
            if self._dice.random() < 0.3:
                lists[self._dice.choice(["addUserGroups", "removeUserGroups"])] = [self._dice.choice(self._user_groups)]
            self._raw("POST", profile, lists)
        else:
            self._raw("GET", path)

    def _strange(self, on: Connection) -> None:
        """What programs send that are not the SDK."""
        kind = self._dice.choice(["domain", "past", "org", "status", "body", "names"])
        if kind == "domain":
            domains = [one["name"] for one in self._document["domains"]]
            self._raw("GET", f"users/{ORG}/0?domain={self._dice.choice([*domains, 'AdobeID', 'nobody.example'])}")
        elif kind == "past":
            self._raw("GET", f"{self._dice.choice(['users', 'groups'])}/{ORG}/{self._dice.randint(1, 9)}")
        elif kind == "org":
            self._raw("GET", "users/0000@AdobeOrg/0")
        elif kind == "status":
            state = self._dice.choice(["active", "inactive", "active&excludeGroups=true"])
            self._raw("GET", f"users/{ORG}/0/{quote(self._dice.choice(self._groups), safe='')}?status={state}")
        elif kind == "body":
            self._raw("POST", f"action/{ORG}", self._dice.choice([[], {}, [{"user": "x"}], [{"do": []}], "no"]))
        else:
            command = self._command()
            for step in command["do"]:
                for fields in step.values():
                    if isinstance(fields, dict) and "group" in fields:
                        fields["product"] = fields.pop("group")
            self._raw("POST", f"action/{ORG}", [command])

    def _raw(self, method: str, path: str, body: Any = None) -> None:
        token = self._world.tokens.issue(self._world.credential(ORG), 80_000)
        headers = {"authorization": f"Bearer {token}", "x-api-key": "the-client"}
        content = None
        if body is not None:
            headers["content-type"] = "application/json"
            content = httpx.Request("POST", _ROOT, json=body).content
        self._tape.send(Request(method=method, url=f"{_ROOT}/{path}", headers=headers, body=content))

    # Commands

    def _command(self) -> dict[str, Any]:
        if self._dice.random() < 0.25:
            changes = [self._group_step() for _ in range(self._dice.choice([1, 1, 2]))]
            return {"usergroup": self._dice.choice(self._user_groups), "do": changes}
        address = self._dice.choice(self._addresses)
        command: dict[str, Any] = {"user": address}
        if self._dice.random() < 0.15:
            command["useAdobeID"] = True
        elif self._dice.random() < 0.1:
            named = [one for one in self._document["users"] if "@" not in one.get("username", "@")]
            if named:
                one = self._dice.choice(named)
                command = {"user": one["username"], "domain": one.get("domain") or one["email"].partition("@")[2]}
        steps: list[dict[str, Any]] = []
        if self._dice.random() < 0.35:
            steps.append(self._create(address))
        if self._dice.random() < 0.2 and not steps:
            fields = {"deleteAccount": True} if self._dice.random() < 0.3 else {}
            return {**command, "do": [{"removeFromOrg": fields}]}
        while not steps or self._dice.random() < 0.3:
            steps.append(self._user_step())
        if self._dice.random() < 0.05:
            steps.append({"removeFromOrg": {}})
        return {**command, "do": steps}

    def _create(self, address: str) -> dict[str, Any]:
        home = address.rpartition("@")[2].lower()
        types = {one["name"]: one["type"] for one in self._document["domains"]}
        step = _CREATES[types.get(home, "adobeID")]
        if self._dice.random() < 0.15:
            step = self._dice.choice(list(_CREATES.values()))
        fields: dict[str, Any] = {"email": address, "firstname": self._dice.choice("AB"), "lastname": "C"}
        if step == "createFederatedID" or self._dice.random() < 0.5:
            fields["country"] = self._dice.choice(["US", "DE"])
        if self._dice.random() < 0.5:
            fields["option"] = self._dice.choice(["ignoreIfAlreadyExists", "updateIfAlreadyExists"])
        return {step: fields}

    def _user_step(self) -> dict[str, Any]:
        kind = self._dice.choice(["add", "add", "remove", "update", "all"])
        if kind in ("add", "remove"):
            return {kind: {"group": sorted({self._dice.choice(self._groups) for _ in range(self._dice.randint(1, 3))})}}
        if kind == "all":
            return {"remove": "all"}
        fields: dict[str, str] = {}
        if self._dice.random() < 0.6:
            fields["firstname"] = self._dice.choice("XY")
        if self._dice.random() < 0.3:
            fields["email"] = self._dice.choice(self._addresses)
        if self._dice.random() < 0.2 or not fields:
            fields["username"] = self._dice.choice([*self._addresses, "nick"])
        return {"update": fields}

    def _group_step(self) -> dict[str, Any]:
        kind = self._dice.choice(["create", "update", "delete", "members", "members", "profiles"])
        if kind == "create":
            option = self._dice.choice([{}, {"option": "ignoreIfAlreadyExists"}, {"option": "updateIfAlreadyExists"}])
            return {"createUserGroup": {"description": "d", **option}}
        if kind == "update":
            return {
                "updateUserGroup": self._dice.choice(
                    [{"name": self._dice.choice(self._user_groups)}, {"description": "e"}]
                )
            }
        if kind == "delete":
            return {"deleteUserGroup": {}}
        step = self._dice.choice(["add", "remove"])
        if kind == "members":
            return {
                step: {"user": sorted({self._dice.choice(self._addresses) for _ in range(self._dice.randint(1, 2))})}
            }
        return {step: {"productConfiguration": [self._dice.choice(self._profiles)]}}


# Organisations


def _default(_dice: random.Random) -> dict[str, Any]:
    return _complete({**default_seed(), "org_id": ORG})


def _odd(dice: random.Random) -> dict[str, Any]:
    """An organisation with something of everything that is rare."""
    document: dict[str, Any] = {
        "domains": [
            {"name": "e.example", "type": "enterpriseID"},
            {"name": "f.example", "type": "federatedID"},
            {"name": "g.example", "type": "federatedID", "directory": "other"},
            {"name": "t.example", "type": "federatedID", "trusted": True},
        ],
        "foreign_domains": ["other.example"],
        "technical_accounts": [
            {"groups": dice.sample(["Paint", "Artists", "Draw"], k=dice.randint(0, 2))} for _ in range(3)
        ],
        "products": [{"name": "Suite"}, {"name": "Bare"}],
        "profiles": [{"name": "Paint", "product": "Suite", "quota": 2}, {"name": "Draw", "product": "Suite"}],
        "user_groups": [
            {"name": "Artists", "profiles": ["Paint"]},
            {"name": "Shared", "read_only": True},
            {"name": "Ä/ö #1"},
            {"name": "Empty"},
        ],
        "users": [
            {"email": "Ann@e.example", "type": "enterpriseID", "username": "ANN@E.EXAMPLE", "groups": ["Artists"]},
            {"email": "bob@f.example", "type": "federatedID", "username": "bob", "country": "FR", "groups": ["Paint"]},
            {"email": "cy@mail.example", "type": "adobeID", "lastname": "Young", "groups": ["_org_admin"]},
            {"email": "twin@f.example", "type": "federatedID", "firstname": "Owned", "groups": ["Artists", "Draw"]},
            {"email": "twin@f.example", "type": "adobeID", "firstname": "Own", "groups": ["Paint", "_admin_Artists"]},
            {"email": "off@f.example", "type": "federatedID", "status": "disabled", "groups": ["Shared"]},
            {"email": "tim@t.example", "type": "federatedID"},
            {"email": "strange@e.example", "type": "unknown"},
            {"email": "ad@e.example", "type": "adobeID", "groups": ["Ä/ö #1"]},
        ],
        "directory": [
            {"email": "Dee@E.example", "type": "enterpriseID", "country": "DE"},
            {"email": "eli@mail.example", "type": "adobeID", "firstname": "Eli"},
        ],
        "outsiders": [
            {"email": "eve@mail.example", "state": "invited"},
            {"email": "out@e.example", "state": "elsewhere"},
        ],
    }
    if dice.random() < 0.05:
        document["migrating"] = True
    if dice.random() < 0.1:
        document["identity_types"] = ["adobeID", "federatedID"]
    return _complete(document)


def _crowd(dice: random.Random) -> dict[str, Any]:
    """An organisation of twenty, put together at random."""
    types = {"e.example": "enterpriseID", "f.example": "federatedID", "mail.example": "adobeID"}
    groups = [f"Group {place}" for place in range(5)]
    profiles = [f"Profile {place}" for place in range(3)]
    names = [*groups, *profiles, "_admin_Group 1", "_developer_Profile 1", "_support_admin"]
    people = [f"p{place}@{dice.choice(list(types))}" for place in range(20)]
    users = [
        {
            "email": email,
            "type": types[email.partition("@")[2]],
            **({"username": f"name{place}"} if email.endswith("@f.example") and dice.random() < 0.3 else {}),
            **({"country": "US"} if dice.random() < 0.5 else {}),
            "groups": dice.sample(names, k=dice.randint(0, 4)),
        }
        for place, email in enumerate(people)
    ]
    twins = [{"email": one, "type": "adobeID"} for one in people if one.endswith("@f.example")]
    return _complete(
        {
            "domains": [{"name": name, "type": type_} for name, type_ in types.items() if type_ != "adobeID"],
            "technical_accounts": dice.randint(0, 4),
            "products": [{"name": "Product"}],
            "profiles": [{"name": name, "product": "Product"} for name in profiles],
            "user_groups": [{"name": name, "profiles": dice.sample(profiles, k=dice.randint(0, 1))} for name in groups],
            "users": [*users, *dice.sample(twins, k=min(2, len(twins)))],
        }
    )


def _complete(document: Mapping[str, Any]) -> dict[str, Any]:
    lists = ("domains", "products", "profiles", "user_groups", "users", "directory", "outsiders")
    return {"org_id": ORG, **{name: [] for name in lists}, **document, "credentials": [_CREDENTIAL]}
