"""The organisation that remembers: its users and what they are members of, beside its catalog, domains and directory.

Nothing here checks what the API allows: that is the business of the steps. Every change is made by one
call that keeps all indexes right; the server calls from a single thread (its event loop) and never
pauses inside a request, so that a request as a whole takes effect at once or not yet.
"""

from __future__ import annotations

import copy
import sys

import attrs

from umapi_harness.mock.state.accounts import Accounts, TechnicalAccount
from umapi_harness.mock.state.catalog import Catalog
from umapi_harness.mock.state.changes import Changes
from umapi_harness.mock.state.domains import Domain
from umapi_harness.mock.state.groups import Group
from umapi_harness.mock.state.rosters import Roster
from umapi_harness.mock.state.users import IDENTITY_TYPES, User, email_domain
from umapi_models.names import ACTIVE, ADOBE_ID


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
        self._members = Accounts()
        self.listed_users: Roster[User] = Roster()
        self.changes = Changes()
        self.catalog = Catalog(self.changes)
        self._serial = 0

    # Users

    @property
    def users(self) -> Roster[User]:
        """The users, oldest first, those who are not active too."""
        return self._members.users

    @property
    def has_inactive(self) -> bool:
        """True when some user is disabled, locked or about to be removed."""
        return len(self.users) != len(self.listed_users)

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
        status: str = ACTIVE,
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
        self.changes.add()
        self._forget(user)
        self._members.add(user)
        if user.active:
            self.listed_users.add(user)

    def remove_user(self, user: User, *, delete_account: bool = False) -> None:
        """Take the user out of every group and of the organisation.

        The directory keeps the account unless it is to be deleted, which an Adobe ID, its owner's, never is.
        """
        self.changes.add()
        for group in user.groups:
            group.members.discard(user)
        user.groups = ()
        self._members.discard(user)
        self.listed_users.discard(user)
        if user.type in IDENTITY_TYPES and (not delete_account or user.type == ADOBE_ID):
            self._remember(user)

    def _remember(self, account: User) -> None:
        self.changes.add()
        self._forget(account)
        account.status = ACTIVE
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
        self.changes.add()
        self._members.unindex(user)
        user.email = user.email if email is None else email
        user.username = user.username if username is None else username
        user.domain = user.domain if domain is None else sys.intern(domain)
        self._members.index(user)

    def name_user(self, user: User, *, firstname: str | None = None, lastname: str | None = None) -> None:
        """Change the first and last name, where given."""
        self.changes.add()
        user.firstname = user.firstname if firstname is None else _shared(firstname)
        user.lastname = user.lastname if lastname is None else _shared(lastname)

    # Memberships

    def join(self, user: User, group: Group) -> bool:
        """Make the user a direct member; False if that was so already."""
        if group in user.groups:
            return False
        self.changes.add()
        user.groups = (*user.groups, group)
        group.ever_used = True
        if user.active:
            group.members.add(user)
        return True

    def leave(self, user: User, group: Group) -> bool:
        """End a direct membership; False if there was none."""
        if group not in user.groups:
            return False
        self.changes.add()
        user.groups = tuple(other for other in user.groups if other is not group)
        group.members.discard(user)
        return True

    def remove_group(self, group: Group) -> None:
        """Delete a user group with its admin group and all memberships."""
        for gone in (group, group.admins):
            if gone is None:
                continue
            # Users who are not active are in no roster, so those are looked for one by one.
            inactive = (user for user in self.users if not user.active) if self.has_inactive else ()
            for user in (*gone.members, *inactive):
                user.groups = tuple(other for other in user.groups if other is not gone)
            for account in self.technical_accounts:
                account.groups = tuple(other for other in account.groups if other is not gone)
        self.catalog.remove(group)

    # Copies

    def copy(self) -> Organization:
        """The organisation as it is now; what changes in one of the two leaves the other as it is."""
        twin = copy.copy(self)
        twin.changes = self.changes.copied()
        twin.catalog, groups = self.catalog.copied(twin.changes)
        users = {
            user: attrs.evolve(user, groups=tuple(groups[group] for group in user.groups))
            for user in (*self.users, *self.directory.users)
        }
        for group, other in groups.items():
            other.members = group.members.mapped(users)
        twin.samples, twin.outsiders, twin.domains = dict(self.samples), dict(self.outsiders), dict(self.domains)
        twin.foreign_domains = dict(self.foreign_domains)
        twin.technical_accounts = [
            TechnicalAccount(account.email, tuple(groups[group] for group in account.groups))
            for account in self.technical_accounts
        ]
        twin._members, twin.directory = self._members.mapped(users), self.directory.mapped(users)
        twin.listed_users = self.listed_users.mapped(users)
        return twin


def _shared(text: str | None) -> str | None:
    """The same string object for equal strings: names and countries repeat a thousandfold."""
    return None if text is None else sys.intern(text)
