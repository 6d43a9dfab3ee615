"""What files of people hold: accounts and groups one by one, each with its place, and an organisation that has them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

from umapi_harness.common.errors import InputError
from umapi_harness.mock.schemas import mistake
from umapi_harness.mock.state.groups import ADMIN_PREFIXES, DEVELOPERS, PRODUCT_ADMINS, PROFILE_ADMINS, key
from umapi_harness.mock.state.organization import Organization
from umapi_harness.mock.state.seeds import (
    SCHEMA,
    PlaceOf,
    Seed,
    add_directory_accounts,
    add_outsiders,
    add_technical_accounts,
    add_users,
    build_seed,
    default_seed,
)
from umapi_harness.mock.state.users import email_domain
from umapi_models.names import ADOBE_ID, FIXED_ADMIN_GROUPS, UNKNOWN

USER: Final = "User"
OUTSIDER: Final = "Outsider"
TECHNICAL_ACCOUNT: Final = "TechnicalAccount"
DIRECTORY_ACCOUNT: Final = "DirectoryAccount"
USER_GROUP: Final = "UserGroup"
PROFILE: Final = "Profile"

_ADD: Final = {
    USER: add_users,
    DIRECTORY_ACCOUNT: add_directory_accounts,
    TECHNICAL_ACCOUNT: add_technical_accounts,
    OUTSIDER: add_outsiders,
}
"""What adds the accounts that a definition of the seed's schema describes."""


@attrs.frozen
class SeedEntry:
    """An account or a group that a file lists."""

    data: dict[str, Any]
    """As a seed writes it."""
    place: PlaceOf
    """Says where in the file it stands, and where something in it, by the path of that."""

    def check(self, definition: str, source: Path) -> None:
        """Raise InputError, with the place in the file, for what does not fit a definition of the seed's schema."""
        found = mistake(self.data, SCHEMA, f"{source}: {self.place()}", definition=definition)
        if found is not None:
            raise InputError(f"{source}: {self.place(*found.path)}: {found.problem}; {found.remedy}")


class SeedList:
    """The accounts and groups of a file, by the definition of the seed's schema that each fits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._accounts: dict[str, list[SeedEntry]] = {kind: [] for kind in _ADD}
        self._user_groups: dict[str, dict[str, Any]] = {}
        self._profiles: dict[str, dict[str, Any]] = {}
        self._products: dict[str, str] = {}

    def add(self, definition: str, entry: SeedEntry) -> None:
        """Add an account or group. A group that stands twice is one. Raises InputError for what is not one."""
        entry.check(definition, self.path)
        if definition == USER_GROUP:
            self._user_groups.setdefault(key(entry.data["name"]), entry.data)
        elif definition == PROFILE:
            self._profiles.setdefault(key(entry.data["name"]), entry.data)
            self.add_product(entry.data["product"])
        else:
            self._accounts[definition].append(entry)

    def add_product(self, name: str) -> None:
        """Add a product."""
        self._products.setdefault(key(name), name)

    def add_to(self, organization: Organization) -> None:
        """Add what is listed, of groups and products those that are not there; raises InputError with the place."""
        catalog = organization.catalog
        for name in self._products.values():
            if key(name) not in catalog.products:
                catalog.add_product(name)
        for profile in self._profiles.values():
            if catalog.find(profile["name"]) is None:
                product = catalog.products[key(profile["product"])]
                catalog.add_profile(profile["name"], product, quota=profile.get("quota"))
        for group in self._user_groups.values():
            if catalog.find(group["name"]) is None:
                catalog.add_user_group(group["name"])
        for kind, entries in self._accounts.items():
            self._add_accounts(organization, kind, entries)

    def _add_accounts(self, organization: Organization, kind: str, entries: list[SeedEntry]) -> None:
        def place_of(number: int, *path: str | int) -> str:
            return entries[number].place(*path)

        _ADD[kind](organization, (entry.data for entry in entries), where=str(self.path), place_of=place_of)

    def frame(self) -> Seed:
        """An organisation, still without accounts, with the domains, groups and products that they need.

        It has the id and credentials of the default one. Raises InputError for a domain of which it cannot be told
        what it is set up for.
        """
        domains = self._domains()
        self._imply_groups()
        default = default_seed()
        return build_seed(
            {
                "org_id": default["org_id"],
                "credentials": default["credentials"],
                "domains": [{"name": name, "type": kind} for name, kind in domains.items()],
                "products": [{"name": name} for name in self._products.values()],
                "profiles": list(self._profiles.values()),
                "user_groups": list(self._user_groups.values()),
            },
            where=str(self.path),
        )

    def _domains(self) -> dict[str, str]:
        """The domains of the accounts, each with the type of account that it is set up for."""
        domains: dict[str, str] = {}
        for entry in (*self._accounts[USER], *self._accounts[DIRECTORY_ACCOUNT]):
            account = entry.data
            if account["type"] in (ADOBE_ID, UNKNOWN):
                continue
            domain = key(account.get("domain") or email_domain(account["email"]))
            if domains.setdefault(domain, account["type"]) != account["type"]:
                raise InputError(
                    f'{self.path}: {entry.place()}: domain "{domain}" is one for {domains[domain]} in an earlier row; '
                    "use one type for a domain, or put a JSON seed before this file"
                )
        return domains

    def _imply_groups(self) -> None:
        """Add the groups and products that memberships name.

        A file that lists groups lists all user groups, as the exports of `umapi` do: another name is a profile's.
        Nothing tells the product of such a profile, so it has one of its own name.
        """
        # A plain name and that of an admin group may be a profile's, as a name of developers behind them tells.
        lists_groups = bool(self._user_groups)
        administered: list[str] = []
        plain: list[str] = []
        for name in self._memberships():
            kind, subject = _parts(name)
            if kind == PRODUCT_ADMINS:
                self.add_product(subject)
            elif kind == DEVELOPERS:
                self._imply_profile(subject)
            elif kind == PROFILE_ADMINS:
                administered.append(subject)
            elif not name.startswith("_"):
                plain.append(name)
        for name in (*plain, *administered):
            if key(name) in self._user_groups or key(name) in self._profiles:
                continue
            if lists_groups:
                self._imply_profile(name)
            else:
                self._user_groups[key(name)] = {"name": name}

    def _imply_profile(self, name: str) -> None:
        if key(name) not in self._profiles:
            self._profiles[key(name)] = {"name": name, "product": name}
            self.add_product(name)

    def _memberships(self) -> Iterator[str]:
        for entry in (*self._accounts[USER], *self._accounts[TECHNICAL_ACCOUNT]):
            yield from entry.data.get("groups", ())


def _parts(name: str) -> tuple[str, str]:
    """The type of an admin group by its name, PROFILE_ADMINS for those of user groups too, and whom it administers."""
    lowered = key(name)
    if lowered not in FIXED_ADMIN_GROUPS:
        for kind in (PRODUCT_ADMINS, DEVELOPERS, PROFILE_ADMINS):
            prefix = ADMIN_PREFIXES[kind]
            if lowered.startswith(prefix) and len(name) > len(prefix):
                return kind, name[len(prefix) :]
    return "", name
