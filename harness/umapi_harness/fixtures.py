"""What the pytest fixtures hand to a test: an organisation to build by calls, and servers that answer for it."""

from __future__ import annotations

import json
import secrets
import ssl
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import httpx

from umapi_harness.inprocess import AsyncWorldTransport, WorldTransport
from umapi_harness.mock.bodies import is_object
from umapi_harness.mock.clock import VirtualClock
from umapi_harness.mock.details import ServerDetails
from umapi_harness.mock.errors import InputError
from umapi_harness.mock.faults import Plan, read_plan
from umapi_harness.mock.groups import PROFILE, USER_GROUP, Group, Product, key
from umapi_harness.mock.hosting import Hosting
from umapi_harness.mock.loops import LoopThread
from umapi_harness.mock.organization import Domain, Organization
from umapi_harness.mock.seeds import Credential, add_users, build_seed, default_seed, export_seed
from umapi_harness.mock.server import server_details
from umapi_harness.mock.settings import Settings
from umapi_harness.mock.users import ADOBE_ID, FEDERATED_ID, User, email_domain
from umapi_harness.mock.world import World

T = TypeVar("T")

PROFILES: Final[Mapping[str, Callable[[], Settings]]] = {"documented": Settings, "live": Settings.live}
SEEDS: Final = ("default", "empty")


@attrs.frozen(kw_only=True)
class Setup:
    """How a test wants its organisation."""

    document: dict[str, Any]
    """The seed, as data."""
    settings: Settings
    plan: Plan
    where: str
    """Names the document in errors."""

    @classmethod
    def read(cls, arguments: Mapping[str, Any], *, where: str, folder: Path) -> Setup:
        """The setup that the arguments of a marker describe; `folder` is where paths of seeds begin.

        Raises InputError naming the argument and the remedy.
        """
        unknown = sorted(set(arguments) - {"profile", "settings", "faults", "seed"})
        if unknown:
            raise InputError(f"{where}: no argument {unknown[0]}; known are profile, settings, faults and seed")
        profile, changes = arguments.get("profile", "documented"), arguments.get("settings", {})
        if not isinstance(profile, str) or profile not in PROFILES:
            raise InputError(f"{where}: profile: {profile!r} is none of {', '.join(PROFILES)}; choose one")
        if not is_object(changes):
            raise InputError(f"{where}: settings: {changes!r} is not a dictionary; give the settings to change")
        return cls(
            document=_seed(arguments.get("seed", "default"), f"{where}: seed", folder),
            settings=PROFILES[profile]().changed(changes, where=f"{where}: settings"),
            where=f"{where}: seed",
            plan=read_plan(arguments.get("faults", []), where=f"{where}: faults"),
        )


def _seed(seed: object, where: str, folder: Path) -> dict[str, Any]:
    """The document of a seed; what is not a file gets an organisation and credentials that nobody else has."""
    org_id = f"{secrets.token_hex(12).upper()}@AdobeOrg"
    if seed == "default":
        return {name: value for name, value in default_seed().items() if name != "credentials"} | {"org_id": org_id}
    if seed == "empty":
        return {"org_id": org_id}
    if is_object(seed):
        return {"org_id": org_id, **seed}
    if not isinstance(seed, str | Path):
        raise InputError(f"{where}: {seed!r} is no seed; give {', '.join(SEEDS)}, a path or a dictionary")
    path = folder / seed
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except OSError as error:
        named = f"give {', '.join(SEEDS)}, a dictionary, or a path as seen from {folder}"
        raise InputError(f"{where}: {path}: cannot be read ({error.strerror}); {named}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: {path}: not JSON ({error}); correct the file") from error
    return document


@attrs.frozen(kw_only=True)
class UserInfo:
    """A user as found at one moment."""

    email: str
    username: str
    domain: str
    type: str
    firstname: str | None
    lastname: str | None
    country: str | None
    status: str
    groups: tuple[str, ...]
    """Names of the groups of every kind with the user as a direct member, in the order of joining."""
    id: str


@attrs.frozen(kw_only=True)
class GroupInfo:
    """A user group, product profile or admin group as found at one moment."""

    name: str
    kind: str
    """Such as USER_GROUP or PRODUCT_PROFILE, as the groups query has it."""
    id: int
    description: str | None
    members: tuple[str, ...]
    """E-mail addresses of the active users who are direct members."""
    profiles: tuple[str, ...]
    """Names of the profiles that the members of a user group hold through it."""
    product: str | None
    quota: int | None
    read_only: bool


class _Part:
    """A part of a world that is reached only in the world's own thread, between two requests."""

    def __init__(self, world: World, loop: LoopThread) -> None:
        self._world = world
        self._loop = loop

    def _do(self, function: Callable[[], T]) -> T:
        return self._loop.call(function)


class TestClock(_Part):
    """The organisation's time. It runs on with the machine's unless frozen, and can be set ahead."""

    __test__ = False

    @property
    def _clock(self) -> VirtualClock:
        clock = self._world.clock
        if not isinstance(clock, VirtualClock):
            raise InputError("clock: the world runs on the system's clock; give it a VirtualClock")
        return clock

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._do(self._world.clock.now)

    def advance(self, seconds: float) -> None:
        """Move ahead by `seconds`: tokens run out, throttle windows and lockouts end."""
        self._do(lambda: self._clock.advance(seconds))

    def freeze(self) -> None:
        """Stand still from now on."""
        self._do(self._clock.freeze)

    def resume(self) -> None:
        """Run on."""
        self._do(self._clock.resume)


class TestFaults(_Part):
    """The failures planned for the organisation's clients."""

    __test__ = False

    def add(self, operation: str = "*", **fields: Any) -> None:
        """Plan a fault for the calls of `operation`, with the fields of a fault plan, such as `status=503, first=2`.

        Raises InputError for a field or value that does not exist.
        """
        planned = read_plan({"operation": operation, **fields}, where="faults.add")

        def add() -> None:
            for fault in planned.faults:
                self._world.faults.add(fault)

        self._do(add)

    def clear(self) -> None:
        """End all faults."""
        self._do(lambda: self._world.faults.replace([]))

    def as_list(self) -> list[dict[str, Any]]:
        """The faults as data, each with the number of calls it has matched."""
        return self._do(self._world.faults.as_list)


class UmapiOrg(_Part):
    """An organisation of a test's own, built and looked at by calls. It may be changed while it is served.

    Calls raise InputError for what a seed could not hold either: a user who is there already, a group that
    nobody defined, an e-mail address of a domain that was not claimed.
    """

    def __init__(self, setup: Setup, hosting: Hosting) -> None:
        """Make the organisation that `setup` describes, known to nobody yet. Raises InputError for a bad seed."""
        seed = build_seed(setup.document, where=setup.where)
        world = World([seed], settings=setup.settings, clock=VirtualClock(), keys=hosting.keys)
        super().__init__(world, hosting.loop)
        world.faults.replace(setup.plan.faults, setup.plan.random_seed)
        self._hosting = hosting
        self.org_id = seed.organization.org_id
        self.clock = TestClock(world, hosting.loop)
        self.faults = TestFaults(world, hosting.loop)

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
        return WorldTransport(self._world)

    def async_transport(self) -> AsyncWorldTransport:
        """The organisation's server for `httpx.AsyncClient(transport=…)`, without a socket."""
        return AsyncWorldTransport(self._world)

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
            if key(name) in organization.domains:
                raise InputError(f'claim_domain: domain "{name}" is claimed already; choose another')
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
            group = organization.add_user_group(name, description=description, read_only=read_only)
            for profile in linked:
                organization.link(group, profile)

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
            bought: Product = organization.products.get(key(product)) or organization.add_product(product)
            organization.add_profile(name, bought, quota=quota)

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

    def remove_user(self, email: str) -> None:
        """Take a user out of the organisation."""
        self._change(lambda organization: organization.remove_user(self._member(organization, email)))

    def change_settings(self, **changes: Any) -> None:
        """Change how the server behaves; the names are those of `umapi_harness.mock.Settings`."""

        def change(_organization: Organization) -> None:
            self._world.settings = self._world.settings.changed(changes, where="change_settings")

        self._change(change)

    # Looking

    @property
    def users(self) -> list[UserInfo]:
        """The users, oldest first, those who are not active too."""
        return self._change(lambda organization: [_user_info(organization, user) for user in organization.users])

    @property
    def groups(self) -> list[GroupInfo]:
        """The user groups and product profiles, oldest first; `group` finds admin groups too."""
        return self._change(
            lambda organization: [
                _group_info(group) for group in organization.groups if group.kind in (USER_GROUP, PROFILE)
            ]
        )

    def user(self, email: str, type: str | None = None) -> UserInfo | None:  # noqa: A002 - the service's own word
        """The user with that e-mail address; an Adobe ID only if asked for, or if there is no other account."""

        def find(organization: Organization) -> UserInfo | None:
            user = organization.find_user(email, prefer_adobe_id=type == ADOBE_ID)
            if user is None or type not in (None, user.type):
                return None
            return _user_info(organization, user)

        return self._change(find)

    def group(self, name: str) -> GroupInfo | None:
        """The group of any kind with that name."""

        def find(organization: Organization) -> GroupInfo | None:
            group = organization.find_group(name)
            return _group_info(group) if group is not None else None

        return self._change(find)

    def state(self) -> dict[str, Any]:
        """The whole organisation as a seed document, in an order in which its history leaves no trace."""
        return self._change(export_seed)

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The requests received with their answers, oldest first, secrets masked; all, or those of one operation."""
        entries = self._do(self._world.journal.as_list)
        return [entry for entry in entries if operation in (None, entry["operation"])]

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

    def _check(self, **lists: list[dict[str, Any]]) -> None:
        """Hold what is to be added against the schema of seeds."""
        build_seed({"org_id": self.org_id, **lists}, where="umapi_org")

    def _check_new(self, organization: Organization, name: str) -> None:
        if organization.find_group(name) is not None:
            raise InputError(f'umapi_org: a group named "{name}" is there already; choose another name')

    def _found(self, organization: Organization, name: str, kind: str | None = None) -> Group:
        group = organization.find_group(name)
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


class UmapiServer:
    """A server on loopback that answers for one organisation, with the details that a client needs."""

    def __init__(self, url: str, organization: UmapiOrg, hosting: Hosting, *, tls: bool) -> None:
        """Describe the server that listens under `url`."""
        self.url = url
        """Scheme, host and port; `url + "/_mock/"` shows the organisation in a browser."""
        self.organization = organization
        self._hosting = hosting
        self._tls = tls

    def __repr__(self) -> str:
        return f"<UmapiServer {self.url} of {self.org_id}>"

    @property
    def details(self) -> ServerDetails:
        """All details at once, as a ready file has them."""
        authority = self._hosting.authority_path if self._tls else None
        key_path = self._hosting.private_key_path
        return self._hosting.loop.call(
            lambda: server_details(self.organization.world, self.url, authority=authority, private_key=key_path)
        )

    def environment(self) -> dict[str, str]:
        """The details as environment variables, `UMAPI_ORG_ID` and so on, without those that there are not."""
        return {name: value for name, value in self.details.variables().items() if value is not None}

    def client(self, **options: Any) -> httpx.Client:
        """An httpx client whose calls are let in; paths begin at the server's root. Whoever asks for it closes it."""
        if self._tls:
            context = ssl.create_default_context(cafile=self._hosting.authority_path)
        else:
            # Trusts nobody: httpx would read the machine's authorities, which takes longer than a whole test.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.Client(
            base_url=self.url, headers=self.organization.headers(), verify=context, trust_env=False, **options
        )

    @property
    def api_url(self) -> str:
        """Root of the API, ending in /v2/usermanagement."""
        return self.details.api_url

    @property
    def ims_url(self) -> str:
        """Root of the token host."""
        return self.url

    @property
    def ca_cert(self) -> str | None:
        """File with the authority to trust; None without TLS."""
        return self.details.ca_cert

    @property
    def org_id(self) -> str:
        """The organisation's id."""
        return self.organization.org_id

    @property
    def client_id(self) -> str:
        """The client's API key."""
        return self.organization.credential.client_id

    @property
    def client_secret(self) -> str:
        """What the client proves itself with in both token flows."""
        return self.organization.credential.client_secret

    @property
    def tech_account_id(self) -> str:
        """The subject of the client's JWTs."""
        return self.organization.credential.tech_account_id

    @property
    def private_key_path(self) -> str:
        """File with the PEM that signs the client's JWTs."""
        return str(self._hosting.private_key_path)

    @property
    def domain(self) -> str | None:
        """A domain that the organisation has claimed, for Federated IDs if it has any."""
        return self.details.domain

    @property
    def sample_user(self) -> str | None:
        """The e-mail address of a user in the seed."""
        return self.details.sample_user

    @property
    def sample_group(self) -> str | None:
        """The name of a user group in the seed."""
        return self.details.sample_group

    @property
    def sample_profile(self) -> str | None:
        """The name of a product profile in the seed."""
        return self.details.sample_profile


def _user_info(organization: Organization, user: User) -> UserInfo:
    return UserInfo(
        email=user.email,
        username=user.username,
        domain=user.domain,
        type=user.type,
        firstname=user.firstname,
        lastname=user.lastname,
        country=user.country,
        status=user.status,
        groups=tuple(group.name for group in user.groups),
        id=user.id(organization.owner),
    )


def _group_info(group: Group) -> GroupInfo:
    return GroupInfo(
        name=group.name,
        kind=group.kind,
        id=group.id,
        description=group.description,
        members=tuple(user.email for user in group.members),
        profiles=tuple(profile.name for profile in group.profiles),
        product=group.product.name if group.product is not None else None,
        quota=group.quota,
        read_only=group.read_only,
    )
