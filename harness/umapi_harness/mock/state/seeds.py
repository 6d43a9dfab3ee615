"""Seeds: an organisation as JSON, read with every mistake named by its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import attrs

from umapi_harness.common.documents import read_document
from umapi_harness.common.errors import InputError
from umapi_harness.common.pointers import pointer
from umapi_harness.mock.schemas import check
from umapi_harness.mock.state.accounts import TechnicalAccount
from umapi_harness.mock.state.domains import Domain
from umapi_harness.mock.state.groups import USER_GROUP, Group, key
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.users import email_domain
from umapi_models.names import ACTIVE, ADOBE_ID, UNKNOWN

SCHEMA: Final = "seed.schema.json"


@attrs.frozen(kw_only=True)
class Credential:
    """What a client proves itself with."""

    client_id: str
    client_secret: str = attrs.field(repr=False)
    tech_account_id: str
    org_id: str
    scopes: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    """Scopes that the client may ask for besides those of this API."""
    public_key: str | None = attrs.field(default=None, repr=False)
    """PEM registered for the JWT flow; None: the key that the server makes at start."""


@attrs.frozen(kw_only=True)
class Seed:
    """A checked seed: the organisation it describes and who may call on its behalf."""

    organization: Organization
    credentials: tuple[Credential, ...]
    rebuild: Callable[[], Organization] = attrs.field(repr=False)
    """Makes the organisation anew, as it was before anything changed."""


def default_seed() -> dict[str, Any]:
    """The seed that the server starts with when given none, as data."""
    seed: dict[str, Any] = json.loads(
        files("umapi_harness.mock.state").joinpath("default_seed.json").read_text("utf-8")
    )
    return seed


def read_seed(path: Path) -> Seed:
    """Read a seed file.

    Raises InputError for a file that cannot be read, is no JSON, or does not describe an organisation.
    """
    return build_seed(read_document(path, "seed file"), where=str(path))


def build_seed(document: Any, *, where: str = "seed") -> Seed:
    """Make the organisation that `document` describes; `where` names the document in errors.

    Raises InputError with the place (a JSON pointer) and the remedy; nothing is half-made.
    """
    check(document, SCHEMA, where)
    org_id: str = document["org_id"]
    credentials = tuple(Credential(org_id=org_id, **entry) for entry in document.get("credentials", ()))
    builder = _Builder(document, where)
    return Seed(organization=builder.build(), credentials=credentials, rebuild=builder.build)


PlaceOf = Callable[..., str]
"""Says where an entry of a list stands, by its number, and where something in it, by the path behind that."""


def _places(name: str) -> PlaceOf:
    return lambda *path: pointer((name, *path))


_USERS: Final = _places("users")
_OUTSIDERS: Final = _places("outsiders")
_TECHNICAL_ACCOUNTS: Final = _places("technical_accounts")
_DIRECTORY: Final = _places("directory")


class _Builder:
    """Puts an organisation together from a document that fits the schema."""

    def __init__(self, document: dict[str, Any], where: str) -> None:
        self._document = document
        self._where = where
        self._organization = Organization(document["org_id"])

    def build(self) -> Organization:
        self._organization = Organization(self._document["org_id"])
        self._clients()
        self._standing()
        self._domains()
        self._products()
        self._profiles()
        self._user_groups()
        add_users(self._organization, self._document.get("users", ()), where=self._where)
        add_directory_accounts(self._organization, self._document.get("directory", ()), where=self._where)
        self._technical_accounts()
        self._samples()
        return self._organization

    def _fail(self, pointer: str, problem: str) -> InputError:
        return InputError(f"{self._where}: {pointer}: {problem}")

    def _clients(self) -> None:
        seen: set[str] = set()
        for place, entry in enumerate(self._document.get("credentials", ())):
            if entry["client_id"] in seen:
                raise self._fail(f"/credentials/{place}/client_id", "stands twice; remove one credential")
            seen.add(entry["client_id"])

    def _standing(self) -> None:
        organization = self._organization
        organization.migrating = self._document.get("migrating", False)
        organization.identity_types = tuple(self._document.get("identity_types", organization.identity_types))
        add_outsiders(organization, self._document.get("outsiders", ()), where=self._where)

    def _domains(self) -> None:
        for place, entry in enumerate(self._document.get("domains", ())):
            name = key(entry["name"])
            if name in self._organization.domains:
                raise self._fail(f"/domains/{place}/name", f'domain "{name}" stands twice; remove one')
            self._organization.domains[name] = Domain(
                name=name,
                type=entry["type"],
                directory=entry.get("directory", entry["type"]),
                trusted=entry.get("trusted", False),
            )

        for place, name in enumerate(self._document.get("foreign_domains", ())):
            if key(name) in self._organization.domains:
                raise self._fail(
                    f"/foreign_domains/{place}", f'"{name}" is among the domains too; remove it from one of the lists'
                )
            if key(name) in self._organization.foreign_domains:
                raise self._fail(f"/foreign_domains/{place}", f'domain "{name}" stands twice; remove one')
            self._organization.foreign_domains[key(name)] = None

    def _technical_accounts(self) -> None:
        given: float | list[dict[str, Any]] = self._document.get("technical_accounts", 0)
        # In JSON 3.0 is an integer too.
        entries: list[dict[str, Any]] = given if isinstance(given, list) else [{} for _ in range(int(given))]
        add_technical_accounts(self._organization, entries, where=self._where)

    def _products(self) -> None:
        for place, entry in enumerate(self._document.get("products", ())):
            if key(entry["name"]) in self._organization.catalog.products:
                raise self._fail(f"/products/{place}/name", f'product "{entry["name"]}" stands twice; remove one')
            self._organization.catalog.add_product(entry["name"], product_id=entry.get("id"), code=entry.get("code"))

    def _profiles(self) -> None:
        for place, entry in enumerate(self._document.get("profiles", ())):
            product = self._organization.catalog.products.get(key(entry["product"]))
            if product is None:
                raise self._fail(
                    f"/profiles/{place}/product",
                    f'no product named "{entry["product"]}" is defined; add it to products or correct the name',
                )
            self._check_new_group(f"/profiles/{place}/name", entry["name"])
            self._organization.catalog.add_profile(
                entry["name"], product, quota=entry.get("quota"), group_id=entry.get("id")
            )

    def _user_groups(self) -> None:
        for place, entry in enumerate(self._document.get("user_groups", ())):
            self._check_new_group(f"/user_groups/{place}/name", entry["name"])
            group = self._organization.catalog.add_user_group(
                entry["name"],
                description=entry.get("description"),
                read_only=entry.get("read_only", False),
                group_id=entry.get("id"),
            )
            for number, name in enumerate(entry.get("profiles", ())):
                profile = self._organization.catalog.find(name)
                if profile is None or profile.kind == USER_GROUP or profile.is_admin_group:
                    raise self._fail(
                        f"/user_groups/{place}/profiles/{number}",
                        f'no profile named "{name}" is defined; add it to profiles or correct the name',
                    )
                self._organization.catalog.link(group, profile)

    def _check_new_group(self, pointer: str, name: str) -> None:
        if self._organization.catalog.find(name) is not None:
            raise self._fail(pointer, f'a group named "{name}" is there already; choose another name')

    def _samples(self) -> None:
        for name in ("sample_user", "sample_group", "sample_profile"):
            value = self._document.get(name)
            if value is None:
                continue
            found: object = (
                self._organization.find_user(value) if name == "sample_user" else self._organization.catalog.find(value)
            )
            if found is None:
                raise self._fail(f"/{name}", f'"{value}" is not in the seed; name one that is')
            self._organization.samples[name] = value


def add_users(
    organization: Organization,
    entries: Iterable[Mapping[str, Any]],
    *,
    where: str = "seed",
    place_of: PlaceOf = _USERS,
) -> None:
    """Add users as a seed writes them, with their memberships.

    Raises InputError for a user who is there twice, a group that nobody defined, a domain not claimed.
    """
    groups: dict[str, Group] = {}
    for place, entry in enumerate(entries):
        email: str = entry["email"]
        if entry["type"] == ADOBE_ID:
            double = organization.adobe_id(email)
        else:
            double = organization.owned_account(email)
            domain = key(entry.get("domain") or email_domain(email))
            if entry["type"] != UNKNOWN and domain not in organization.domains:
                raise InputError(
                    f'{where}: {place_of(place)}: domain "{domain}" is not among the domains; '
                    "add it there or correct the address"
                )
        if double is not None:
            raise InputError(f'{where}: {place_of(place, "email")}: user "{email}" stands twice; remove one')
        username, domain_of_name = entry.get("username"), entry.get("domain") or email_domain(email)
        # Most exports give each account its address as user name; an Adobe ID and another account may share that.
        other_name = username if username is not None and username.lower() != email.lower() else None
        if other_name is not None and organization.find_user(other_name, domain_of_name) is not None:
            raise InputError(
                f'{where}: {place_of(place, "username")}: "{username}" stands twice in its domain; change one'
            )
        user = organization.add_user(
            email=email,
            type=entry["type"],
            username=username,
            domain=entry.get("domain"),
            firstname=entry.get("firstname"),
            lastname=entry.get("lastname"),
            country=entry.get("country"),
            status=entry.get("status", ACTIVE),
            given_id=entry.get("id"),
        )
        for number, name in enumerate(entry.get("groups", ())):
            group = groups.get(name) or organization.catalog.find(name)
            if group is None:
                raise InputError(
                    f'{where}: {place_of(place, "groups", number)}: no group named "{name}" is defined; '
                    "add it to user_groups or profiles, or correct the name"
                )
            groups[name] = group
            organization.join(user, group)


def add_outsiders(
    organization: Organization,
    entries: Iterable[Mapping[str, Any]],
    *,
    where: str = "seed",
    place_of: PlaceOf = _OUTSIDERS,
) -> None:
    """Add outsiders as a seed writes them. Raises InputError for one who is there twice."""
    for place, entry in enumerate(entries):
        email: str = entry["email"]
        if email.lower() in organization.outsiders:
            raise InputError(f'{where}: {place_of(place, "email")}: "{email}" stands twice; remove one')
        organization.outsiders[email.lower()] = entry["state"]


def add_technical_accounts(
    organization: Organization,
    entries: Iterable[Mapping[str, Any]],
    *,
    where: str = "seed",
    place_of: PlaceOf = _TECHNICAL_ACCOUNTS,
) -> None:
    """Add technical accounts as a seed writes them. Raises InputError for a group that nobody defined."""
    for place, entry in enumerate(entries):
        groups: list[Group] = []
        for number, name in enumerate(entry.get("groups", ())):
            group = organization.catalog.find(name)
            if group is None:
                raise InputError(
                    f'{where}: {place_of(place, "groups", number)}: no group named "{name}" is defined; '
                    "add it to user_groups or profiles, or correct the name"
                )
            groups.append(group)
        organization.technical_accounts.append(TechnicalAccount(entry.get("email"), tuple(groups)))


def add_directory_accounts(
    organization: Organization,
    entries: Iterable[Mapping[str, Any]],
    *,
    where: str = "seed",
    place_of: PlaceOf = _DIRECTORY,
) -> None:
    """Add accounts to the directory as a seed writes them.

    Raises InputError for an account that is there twice, or is a user of the organisation, and for a domain
    that is not claimed.
    """
    for place, entry in enumerate(entries):
        email: str = entry["email"]
        kind: str = entry["type"]
        domain = entry.get("domain") or email_domain(email)
        if kind != ADOBE_ID and key(domain) not in organization.domains:
            raise InputError(
                f'{where}: {place_of(place)}: domain "{domain}" is not among the domains; '
                "add it there or correct the address"
            )
        known = organization.directory
        if kind == ADOBE_ID:
            user, double = organization.adobe_id(email), known.adobe_id(email)
        else:
            user, double = organization.owned_account(email), known.owned(email)
        if user is not None:
            raise InputError(
                f'{where}: {place_of(place, "email")}: "{email}" is a user of the organisation; remove one of the two'
            )
        if double is not None:
            raise InputError(f'{where}: {place_of(place, "email")}: account "{email}" stands twice; remove one')
        username = entry.get("username")
        if username is not None and known.named(username, domain) is not None:
            raise InputError(
                f'{where}: {place_of(place, "username")}: "{username}" stands twice in its domain; change one'
            )
        organization.add_user(
            email=email,
            type=kind,
            username=username,
            domain=entry.get("domain"),
            firstname=entry.get("firstname"),
            lastname=entry.get("lastname"),
            country=entry.get("country"),
            given_id=entry.get("id"),
            directory_only=True,
        )
