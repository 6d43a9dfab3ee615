"""Organisations of tests: built and looked at by calls, served while they change."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from umapi_harness.common.errors import InputError
from umapi_harness.mock.clock import VirtualClock
from umapi_harness.mock.control.records import check_operation
from umapi_harness.mock.control.verification import verify
from umapi_harness.mock.serving.hosting import Hosting
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.state.accounts import ELSEWHERE
from umapi_harness.mock.state.domains import Domain
from umapi_harness.mock.state.exports import export_seed
from umapi_harness.mock.state.groups import PROFILE, USER_GROUP, Group, Product, key
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.seeds import (
    Credential,
    add_directory_accounts,
    add_outsiders,
    add_technical_accounts,
    add_users,
    build_seed,
)
from umapi_harness.mock.state.users import User, email_domain
from umapi_harness.mock.world import World
from umapi_harness.testing.parts import OrgClock, OrgFaults, Part
from umapi_harness.testing.servers import UmapiServer
from umapi_harness.testing.setups import Setup
from umapi_harness.testing.transports import AsyncWorldTransport, WorldTransport
from umapi_harness.testing.views import GroupInfo, UserInfo, view_group, view_user
from umapi_models.names import ADOBE_ID, FEDERATED_ID

T = TypeVar("T")


class UmapiOrg(Part):
    """An organisation of a test's own, built and looked at by calls. It may be changed while it is served.

    Calls raise InputError for what a seed could not hold either: a user who is there already, a group that
    nobody defined, an e-mail address of a domain that was not claimed.
    """

    def __init__(self, setup: Setup, hosting: Hosting) -> None:
        """Make the organisation that `setup` describes; nobody serves it yet."""
        world = World([setup.seed], settings=setup.settings, clock=VirtualClock(), keys=hosting.keys)
        super().__init__(world, hosting.loop)
        world.start_with(setup.plan)
        self._hosting = hosting
        self._transports: list[WorldTransport | AsyncWorldTransport] = []
        self.org_id = setup.seed.organization.org_id
        self.clock = OrgClock(world, hosting.loop)
        self.faults = OrgFaults(world, hosting.loop)

    def __repr__(self) -> str:
        return f"<UmapiOrg {self.org_id}>"

    @property
    def world(self) -> World:
        """The world in which the organisation is alone. While it is served, change it by calls of this class."""
        return self._world

    @property
    def credential(self) -> Credential:
        """What a client of the organisation proves itself with."""
        return self._do(lambda: self._world.credential(self.org_id))

    @contextmanager
    def served(self, *, tls: bool = False) -> Generator[UmapiServer]:
        """A server on loopback that answers for the organisation as long as the context lasts."""
        door = self._hosting.open(self._world, tls=tls)
        try:
            yield UmapiServer(door.url, self, self._hosting, tls=tls)
        finally:
            self._hosting.shut(door)

    def transport(self) -> WorldTransport:
        """The organisation's server for `httpx.Client(transport=…)`, without a socket."""
        transport = WorldTransport(self._world)
        self._transports.append(transport)
        return transport

    def async_transport(self) -> AsyncWorldTransport:
        """The organisation's server for `httpx.AsyncClient(transport=…)`, without a socket."""
        transport = AsyncWorldTransport(self._world)
        self._transports.append(transport)
        return transport

    def close(self) -> None:
        """End calls that still go on in process, such as one whose client did not wait for a planned delay."""
        for transport in self._transports:
            transport.end_calls()

    # Building

    def claim_domain(
        self,
        name: str,
        type: str = FEDERATED_ID,  # noqa: A002 - the word that seeds have for it
        *,
        directory: str | None = None,
        trusted: bool = False,
    ) -> None:
        """Claim a domain for accounts of `type`, or be trusted with it by the organisation that has."""
        entry = {"name": name, "type": type, "trusted": trusted}
        self._check(domains=[entry])

        def claim(organization: Organization) -> None:
            if key(name) in organization.domains or key(name) in organization.foreign_domains:
                raise InputError(
                    f'claim_domain: domain "{name}" is claimed already, or another organisation owns it; choose another'
                )
            organization.domains[key(name)] = Domain(
                name=key(name), type=type, directory=directory or type, trusted=trusted
            )

        self._change(claim)

    def add_user(
        self,
        email: str,
        type: str = FEDERATED_ID,  # noqa: A002 - the service's own word
        *,
        groups: Sequence[str] = (),
        **fields: str,
    ) -> UserInfo:
        """Add a user with `firstname`, `lastname`, `country`, `username`, `domain`, `status` or `id` as in a seed."""
        entry: dict[str, Any] = {"email": email, "type": type, "groups": list(groups), **fields}
        domain = fields.get("domain") or email_domain(email)
        kinds = [] if type == ADOBE_ID else [{"name": domain, "type": FEDERATED_ID}]
        self._check(domains=kinds, users=[entry | {"groups": []}])

        def add(organization: Organization) -> None:
            if kinds and key(domain) not in organization.domains:
                raise InputError(f'add_user: domain "{domain}" is not claimed; call claim_domain("{domain}") before')
            for name in groups:
                self._found(organization, name)
            add_users(organization, [entry], where="add_user")

        self._change(add)
        found = self.user(email, type)
        if found is None:
            raise InputError(f"add_user: {email} cannot be found as {type}")
        return found

    def add_group(
        self, name: str, *, description: str | None = None, profiles: Sequence[str] = (), read_only: bool = False
    ) -> GroupInfo:
        """Add a user group, whose members hold `profiles` through it."""
        self._check(user_groups=[{"name": name}])

        def add(organization: Organization) -> None:
            linked = [self._found(organization, profile, PROFILE) for profile in profiles]
            self._check_new(organization, name)
            group = organization.catalog.add_user_group(name, description=description, read_only=read_only)
            for profile in linked:
                organization.catalog.link(group, profile)

        self._change(add)
        return self._group(name)

    def add_profile(self, name: str, *, product: str = "All Apps plan", quota: int | None = None) -> GroupInfo:
        """Add a product profile with so many licences (None: unlimited); the product is added if it is not there."""
        self._check(
            products=[{"name": product}],
            profiles=[{"name": name, "product": product, **({} if quota is None else {"quota": quota})}],
        )

        def add(organization: Organization) -> None:
            self._check_new(organization, name)
            catalog = organization.catalog
            bought: Product = catalog.products.get(key(product)) or catalog.add_product(product)
            catalog.add_profile(name, bought, quota=quota)

        self._change(add)
        return self._group(name)

    def join(self, email: str, *groups: str) -> None:
        """Make a user a direct member of groups of any kind."""

        def join(organization: Organization) -> None:
            user = self._member(organization, email)
            for group in [self._found(organization, name) for name in groups]:
                organization.join(user, group)

        self._change(join)

    def leave(self, email: str, *groups: str) -> None:
        """End a user's direct memberships."""

        def leave(organization: Organization) -> None:
            user = self._member(organization, email)
            for group in [self._found(organization, name) for name in groups]:
                organization.leave(user, group)

        self._change(leave)

    def remove_user(self, email: str, *, delete_account: bool = False) -> None:
        """Take a user out of the organisation, and with `delete_account` out of the directory as well."""
        self._change(
            lambda organization: organization.remove_user(
                self._member(organization, email), delete_account=delete_account
            )
        )

    def add_directory_account(
        self,
        email: str,
        type: str = FEDERATED_ID,  # noqa: A002 - the service's own word
        **fields: str,
    ) -> None:
        """Let the directory know an account that is not in the organisation: a create step brings it back as it is.

        It can have `firstname`, `lastname`, `country`, `username`, `domain` or `id`, as in a seed.
        """
        entry: dict[str, Any] = {"email": email, "type": type, **fields}
        domain = fields.get("domain") or email_domain(email)
        self._check(domains=[{"name": domain, "type": FEDERATED_ID}], directory=[entry])
        self._change(lambda organization: add_directory_accounts(organization, [entry], where="add_directory_account"))

    def add_technical_account(self, *groups: str, email: str | None = None) -> None:
        """Add the account of an integration, which listings count in their headers and never show."""
        entry: dict[str, Any] = {"groups": list(groups), **({} if email is None else {"email": email})}
        self._check(technical_accounts=[entry | {"groups": []}])

        def add(organization: Organization) -> None:
            for name in groups:
                self._found(organization, name)
            add_technical_accounts(organization, [entry], where="add_technical_account")

        self._change(add)

    def add_foreign_domain(self, name: str) -> None:
        """Let another organisation own a domain, without having trusted this one."""
        self._check(foreign_domains=[name])

        def add(organization: Organization) -> None:
            if key(name) in organization.domains or key(name) in organization.foreign_domains:
                raise InputError(f'add_foreign_domain: domain "{name}" is there already; choose another')
            organization.foreign_domains[key(name)] = None

        self._change(add)

    def add_outsider(self, email: str, state: str = ELSEWHERE) -> None:
        """Let the service know an account that is not in the organisation.

        It is an Adobe ID that is `invited`, or an account of another organisation, `elsewhere`.
        """
        entry = {"email": email, "state": state}
        self._check(outsiders=[entry])
        self._change(lambda organization: add_outsiders(organization, [entry], where="add_outsider"))

    def change_settings(self, **changes: Any) -> None:
        """Change how the server behaves; the names are those of `umapi_harness.mock.Settings`."""

        def change(_organization: Organization) -> None:
            self._world.settings = self._world.settings.changed(changes, where="change_settings")

        self._change(change)

    def save(self, name: str = "saved") -> None:
        """Keep organisation, credentials and settings under a name."""
        self._do(lambda: self._world.save(name))

    def restore(self, name: str = "saved") -> None:
        """Put back what was kept under the name; clock, tokens, faults and journal stay. Raises InputError."""
        self._do(lambda: self._world.restore(name))

    # Looking

    @property
    def settings(self) -> Settings:
        """How the server behaves; `change_settings` changes it."""
        return self._do(lambda: self._world.settings)

    @property
    def users(self) -> list[UserInfo]:
        """The users, oldest first, those who are not active too."""
        return self._change(lambda organization: [view_user(organization, user) for user in organization.users])

    @property
    def groups(self) -> list[GroupInfo]:
        """The user groups and product profiles, oldest first; `group` finds admin groups too."""
        return self._change(
            lambda organization: [
                view_group(group) for group in organization.catalog.groups if group.kind in (USER_GROUP, PROFILE)
            ]
        )

    def user(self, email: str, type: str | None = None) -> UserInfo | None:  # noqa: A002 - the service's own word
        """The user with that e-mail address; an Adobe ID only if asked for, or if there is no other account."""

        def find(organization: Organization) -> UserInfo | None:
            user = organization.find_user(email, prefer_adobe_id=type == ADOBE_ID)
            if user is None or type not in (None, user.type):
                return None
            return view_user(organization, user)

        return self._change(find)

    def group(self, name: str) -> GroupInfo | None:
        """The group of any kind with that name."""

        def find(organization: Organization) -> GroupInfo | None:
            group = organization.catalog.find(name)
            return view_group(group) if group is not None else None

        return self._change(find)

    def state(self) -> dict[str, Any]:
        """The whole organisation as a seed document, in an order in which its history leaves no trace."""
        return self._change(export_seed)

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The requests received with their answers, oldest first, secrets masked; all, or those of one operation.

        Raises InputError for an operation that does not exist.
        """
        if operation is not None:
            check_operation(operation, where="requests")
        entries = self._do(self._world.journal.as_list)
        return [entry for entry in entries if operation in (None, entry["operation"])]

    def verify(self, **wanted: Any) -> dict[str, Any]:
        """Assert that what is described was received as often as it says.

        Such as `verify(step="createFederatedID", user="jdoe@example.com", fields={"country": "DE"}, exactly=1)`.

        Describe requests by `operation`, `client_id`, `status`, `effect`, `test_mode`; commands by `user` or
        `usergroup`, steps by `step` and `fields`; the number by `exactly`, `at_least` or `at_most` (default: once at
        least). `effect` is how much of what is counted took effect, "all", "part" or "none"; it is none of a step that
        failed, was not tried, or was only checked in test mode.

        Returns the matches. Raises AssertionError with what came nearest and why it does not match, and InputError for
        a description that makes no sense.
        """
        __tracebackhide__ = True
        result = self._do(lambda: verify(self._world.journal, wanted, where="verify"))
        if not result["passed"]:
            raise AssertionError(result["message"])
        return result

    # Tokens

    def token(self, *, seconds: int = 86_399) -> str:
        """An access token that is good for so long, without asking the token host."""
        return self._do(lambda: self._world.tokens.issue(self._world.credential(self.org_id), seconds))

    def headers(self) -> dict[str, str]:
        """The headers with which a call is let in."""
        return {"x-api-key": self.credential.client_id, "Authorization": f"Bearer {self.token()}"}

    def revoke_tokens(self) -> int:
        """Make all tokens invalid; returns how many there were."""
        return self._do(self._world.tokens.revoke)

    # How

    def _change(self, function: Callable[[Organization], T]) -> T:
        return self._do(lambda: function(self._world.organization(self.org_id)))

    def _check(self, **lists: list[Any]) -> None:
        """Hold what is to be added against the schema of seeds."""
        build_seed({"org_id": self.org_id, **lists}, where="umapi_org")

    def _check_new(self, organization: Organization, name: str) -> None:
        if organization.catalog.find(name) is not None:
            raise InputError(f'umapi_org: a group named "{name}" is there already; choose another name')

    def _found(self, organization: Organization, name: str, kind: str | None = None) -> Group:
        group = organization.catalog.find(name)
        if group is None or kind not in (None, group.kind):
            call = "add_profile" if kind == PROFILE else "add_group or add_profile"
            what = "profile" if kind == PROFILE else "group"
            raise InputError(f'umapi_org: no {what} named "{name}"; call {call} before, or correct the name')
        return group

    def _member(self, organization: Organization, email: str) -> User:
        user = organization.find_user(email)
        if user is None:
            raise InputError(f'umapi_org: no user "{email}"; call add_user before, or correct the address')
        return user

    def _group(self, name: str) -> GroupInfo:
        found = self.group(name)
        if found is None:
            raise InputError(f'umapi_org: group "{name}" cannot be found')
        return found
