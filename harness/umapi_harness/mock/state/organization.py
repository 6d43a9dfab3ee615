"""The organisation that remembers: users, groups, products and domains, with the indexes to find them.

Nothing here checks what the API allows: that is the business of the steps. Every change is made by one
call that keeps all indexes right; the server calls from a single thread (its event loop) and never
pauses inside a request, so that a request as a whole takes effect at once or not yet.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from typing import Final

import attrs

from umapi_harness.mock.state import groups as g
from umapi_harness.mock.state.accounts import Accounts, TechnicalAccount
from umapi_harness.mock.state.groups import Group, Product, key
from umapi_harness.mock.state.rosters import Roster
from umapi_harness.mock.state.users import IDENTITY_TYPES, User, email_domain
from umapi_models.names import ADOBE_ID

_FIRST_GROUP_ID = 48_000_001
_DERIVED_LISTS = 16  # lists kept that follow from the state; each may be as long as the organisation


@attrs.frozen(kw_only=True)
class Domain:
    """A domain that the organisation has claimed, or is trusted with by the organisation that has."""

    name: str
    type: str
    """enterpriseID or federatedID: the kind of account that it is set up for."""
    directory: str
    """Domains in one directory can replace each other in an e-mail address or user name."""
    trusted: bool = False
    """True: another organisation owns it."""


INVITED: Final = "invited"
ELSEWHERE: Final = "elsewhere"


class Organization:
    """One organisation's state."""

    def __init__(self, org_id: str) -> None:
        self.org_id = org_id
        self.owner = f"{org_id.partition('@')[0].lower()}.e"
        self.samples: dict[str, str] = {}
        self.migrating = False
        """True while Adobe moves the organisation: nothing in it can be changed."""
        self.identity_types = IDENTITY_TYPES
        """The types of account that the organisation may have."""
        self.outsiders: dict[str, str] = {}
        """Accounts known to the service that are not in the organisation: e-mail in lower case -> INVITED
        (an Adobe ID whose invitation is open) or ELSEWHERE (another organisation's account)."""
        self.foreign_domains: dict[str, None] = {}
        """Names of the domains that other organisations own, without having trusted this one."""
        self.technical_accounts: list[TechnicalAccount] = []
        self.directory = Accounts()
        """Accounts that the organisation's directory knows, but that are not in the organisation."""
        self.domains: dict[str, Domain] = {}
        self.products: dict[str, Product] = {}
        self._members = Accounts()
        self.listed_users: Roster[User] = Roster()
        self.groups: Roster[Group] = Roster()
        self.changes = 0
        self._serial = 0
        self._next_group_id = _FIRST_GROUP_ID
        self._groups_by_name: dict[str, Group] = {}
        self._derived: dict[object, tuple[int, list[User]]] = {}
        for name, kind in g.FIXED_ADMIN_GROUPS.items():
            self._add_group(Group(id=self._group_id(None), name=name, kind=kind))

    # Users

    @property
    def users(self) -> Roster[User]:
        """The users, oldest first, those who are not active too."""
        return self._members.users

    def find_user(self, name: str, domain: str | None = None, *, prefer_adobe_id: bool = False) -> User | None:
        """The user of that e-mail address, or of that user name in `domain`.

        Where an Adobe ID and another account share the address, the other one is meant unless
        `prefer_adobe_id` says otherwise.
        """
        if domain is not None:
            return self._members.named(name, domain)
        first, second = self._members.owned(name), self._members.adobe_id(name)
        if prefer_adobe_id:
            first, second = second, first
        return first if first is not None else second

    def adobe_id(self, address: str) -> User | None:
        """The Adobe ID with that e-mail address."""
        return self._members.adobe_id(address)

    def owned_account(self, address: str) -> User | None:
        """The Enterprise or Federated ID with that e-mail address."""
        return self._members.owned(address)

    def add_user(
        self,
        *,
        email: str,
        type: str,  # noqa: A002 - the service's own word
        username: str | None = None,
        domain: str | None = None,
        firstname: str | None = None,
        lastname: str | None = None,
        country: str | None = None,
        status: str = "active",
        given_id: str | None = None,
        directory_only: bool = False,
    ) -> User:
        """Add a user, whom the caller has found to be new; with `directory_only`, one who is not in the organisation.

        An account that the directory knows by one of these names already is then replaced.
        """
        self._serial += 1
        if domain is None:
            # Of an Adobe ID the service shows the letters as they stand in the address (594 of 594 recorded).
            domain = email.rpartition("@")[2] if type == ADOBE_ID else email_domain(email)
        user = User(
            self._serial,
            email,
            email if username is None or username == email else username,
            sys.intern(domain),
            sys.intern(type),
            _shared(firstname),
            _shared(lastname),
            _shared(country),
            sys.intern(status),
            (),
            given_id,
        )
        if directory_only:
            self._remember(user)
        else:
            self._enter(user)
        return user

    def restore_user(self, account: User) -> None:
        """Take an account of the directory into the organisation; the caller has found its names free."""
        self.directory.discard(account)
        self._enter(account)

    def _enter(self, user: User) -> None:
        self.changes += 1
        self._forget(user)
        self._members.add(user)
        if user.active:
            self.listed_users.add(user)

    def remove_user(self, user: User, *, delete_account: bool = False) -> None:
        """Take the user out of every group and of the organisation.

        The directory keeps the account unless it is to be deleted, which an Adobe ID, its owner's, never is.
        """
        self.changes += 1
        for group in user.groups:
            group.members.discard(user)
        user.groups = ()
        self._members.discard(user)
        self.listed_users.discard(user)
        if user.type in IDENTITY_TYPES and (not delete_account or user.type == ADOBE_ID):
            self._remember(user)

    def _remember(self, account: User) -> None:
        self.changes += 1
        self._forget(account)
        account.status = "active"
        self.directory.add(account)

    def _forget(self, account: User) -> None:
        """Let nobody else in the directory go by a name of `account`."""
        same_address = self.directory.adobe_id if account.type == ADOBE_ID else self.directory.owned
        for other in (same_address(account.email), self.directory.named(account.username, account.domain)):
            if other is not None:
                self.directory.discard(other)

    def rename_user(
        self, user: User, *, email: str | None = None, username: str | None = None, domain: str | None = None
    ) -> None:
        """Change what the user is found by; the caller has found the new names free."""
        self.changes += 1
        self._members.unindex(user)
        user.email = user.email if email is None else email
        user.username = user.username if username is None else username
        user.domain = user.domain if domain is None else sys.intern(domain)
        self._members.index(user)

    def name_user(self, user: User, *, firstname: str | None = None, lastname: str | None = None) -> None:
        """Change the first and last name, where given."""
        self.changes += 1
        user.firstname = user.firstname if firstname is None else _shared(firstname)
        user.lastname = user.lastname if lastname is None else _shared(lastname)

    # Memberships

    def join(self, user: User, group: Group) -> bool:
        """Make the user a direct member; False if that was so already."""
        if group in user.groups:
            return False
        self.changes += 1
        user.groups = (*user.groups, group)
        group.ever_used = True
        if user.active:
            group.members.add(user)
        return True

    def leave(self, user: User, group: Group) -> bool:
        """End a direct membership; False if there was none."""
        if group not in user.groups:
            return False
        self.changes += 1
        user.groups = tuple(other for other in user.groups if other is not group)
        group.members.discard(user)
        return True

    def link(self, user_group: Group, profile: Group) -> None:
        """Give the members of the user group the profile."""
        self.changes += 1
        user_group.profiles.add(profile)
        profile.user_groups.add(user_group)

    def unlink(self, user_group: Group, profile: Group) -> None:
        """Take the profile from the members of the user group."""
        self.changes += 1
        user_group.profiles.discard(profile)
        profile.user_groups.discard(user_group)

    # Groups

    def find_group(self, name: str) -> Group | None:
        """The group of any kind with that name."""
        return self._groups_by_name.get(key(name))

    def add_user_group(
        self,
        name: str,
        *,
        description: str | None = None,
        read_only: bool = False,
        group_id: int | None = None,
    ) -> Group:
        """Create a user group and the group of its admins."""
        group = Group(
            id=self._group_id(group_id),
            name=name,
            kind=g.USER_GROUP,
            description=description,
            read_only=read_only,
        )
        self._add_group(group)
        group.admins = self._add_admin_group(g.ADMIN_PREFIX, g.USER_GROUP_ADMINS, group)
        return group

    def add_product(self, name: str, *, product_id: str | None = None, code: str | None = None) -> Product:
        """Create a product and the group of its admins."""
        admins = Group(id=self._group_id(None), name=f"{g.PRODUCT_ADMIN_PREFIX}{name}", kind=g.PRODUCT_ADMINS)
        self._add_group(admins)
        number = len(self.products) + 1
        product = Product(
            name=name,
            id=f"{number:032X}" if product_id is None else product_id,
            code=f"PRD{number}" if code is None else code,
            admins=admins,
        )
        admins.product = product
        self.products[key(name)] = product
        return product

    def add_profile(
        self, name: str, product: Product, *, quota: int | None = None, group_id: int | None = None
    ) -> Group:
        """Create a product profile, with the groups of its admins and developers."""
        profile = Group(id=self._group_id(group_id), name=name, kind=g.PROFILE, product=product, quota=quota)
        self._add_group(profile)
        product.profiles.add(profile)
        profile.admins = self._add_admin_group(g.ADMIN_PREFIX, g.PROFILE_ADMINS, profile)
        profile.developers = self._add_admin_group(g.DEVELOPER_PREFIX, g.DEVELOPERS, profile)
        return profile

    def rename_group(self, group: Group, name: str) -> None:
        """Change a user group's name, and that of its admin group with it."""
        self.changes += 1
        for changed, new_name in ((group, name), (group.admins, f"{g.ADMIN_PREFIX}{name}")):
            if changed is not None:
                del self._groups_by_name[key(changed.name)]
                changed.name = new_name
                self._groups_by_name[key(new_name)] = changed

    def describe_group(self, group: Group, description: str) -> None:
        """Change a user group's description."""
        self.changes += 1
        group.description = description

    def remove_group(self, group: Group) -> None:
        """Delete a user group with its admin group and all memberships."""
        self.changes += 1
        for profile in list(group.profiles):
            profile.user_groups.discard(group)
        for gone in (group, group.admins):
            if gone is None:
                continue
            # Users who are not active are in no roster, so those are looked for one by one.
            inactive = (user for user in self.users if not user.active) if self.has_inactive else ()
            for user in (*gone.members, *inactive):
                user.groups = tuple(other for other in user.groups if other is not gone)
            for account in self.technical_accounts:
                account.groups = tuple(other for other in account.groups if other is not gone)
            self.groups.discard(gone)
            del self._groups_by_name[key(gone.name)]

    @property
    def has_inactive(self) -> bool:
        """True when some user is disabled, locked or about to be removed."""
        return len(self.users) != len(self.listed_users)

    def admin_group_without_members(self, name: str) -> bool:
        """True when `name` would be an admin group of something that exists, but is no group itself."""
        lowered = key(name)
        for prefix in g.ADMIN_PREFIXES:
            subject = lowered.removeprefix(prefix)
            if subject != lowered and (subject in self._groups_by_name or subject in self.products):
                return True
        return False

    def user_groups(self) -> Iterator[Group]:
        """The user groups, oldest first."""
        return (group for group in self.groups if group.kind == g.USER_GROUP)

    def profiles(self) -> Iterator[Group]:
        """The product profiles, oldest first."""
        return (group for group in self.groups if group.kind == g.PROFILE)

    def _group_id(self, given: int | None) -> int:
        if given is not None:
            self._next_group_id = max(self._next_group_id, given + 1)
            return given
        self._next_group_id += 1
        return self._next_group_id - 1

    def _add_group(self, group: Group) -> None:
        self.changes += 1
        self.groups.add(group)
        self._groups_by_name[key(group.name)] = group

    def _add_admin_group(self, prefix: str, kind: str, subject: Group) -> Group:
        admins = Group(
            id=self._group_id(None),
            name=f"{prefix}{subject.name}",
            kind=kind,
            subject=subject,
            product=subject.product,
        )
        self._add_group(admins)
        return admins

    # Copies

    def copy(self) -> Organization:
        """The organisation as it is now; what changes in one of the two leaves the other as it is."""
        twin = copy.copy(self)
        groups = {
            group: attrs.evolve(group, members=Roster(), profiles=Roster(), user_groups=Roster())
            for group in self.groups
        }
        users = {
            user: attrs.evolve(user, groups=tuple(groups[group] for group in user.groups))
            for user in (*self.users, *self.directory.users)
        }
        products = {
            product: attrs.evolve(product, admins=groups[product.admins], profiles=product.profiles.mapped(groups))
            for product in self.products.values()
        }
        for group, other in groups.items():
            other.members = group.members.mapped(users)
            other.profiles = group.profiles.mapped(groups)
            other.user_groups = group.user_groups.mapped(groups)
            other.product = products[group.product] if group.product is not None else None
            for role in ("subject", "admins", "developers"):
                related: Group | None = getattr(group, role)
                setattr(other, role, groups[related] if related is not None else None)
        twin.samples, twin.outsiders, twin.domains = dict(self.samples), dict(self.outsiders), dict(self.domains)
        twin.foreign_domains = dict(self.foreign_domains)
        twin.technical_accounts = [
            TechnicalAccount(account.email, tuple(groups[group] for group in account.groups))
            for account in self.technical_accounts
        ]
        twin.products = {name: products[product] for name, product in self.products.items()}
        twin._members, twin.directory = self._members.mapped(users), self.directory.mapped(users)
        twin.listed_users = self.listed_users.mapped(users)
        twin.groups = self.groups.mapped(groups)
        twin._groups_by_name = {name: groups[group] for name, group in self._groups_by_name.items()}
        twin._derived = {}
        return twin

    # Lists that follow from the state

    def derived(self, name: object, make: Callable[[], list[User]]) -> list[User]:
        """The list that `make` gives, kept under `name` until something changes."""
        kept = self._derived.get(name)
        if kept is None or kept[0] != self.changes:
            if len(self._derived) >= _DERIVED_LISTS:
                self._derived.clear()
            kept = (self.changes, make())
            self._derived[name] = kept
        return kept[1]


def _shared(text: str | None) -> str | None:
    """The same string object for equal strings: names and countries repeat a thousandfold."""
    return None if text is None else sys.intern(text)
