"""Accounts: users with the indexes by which they are found, in an organisation or only in its directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from umapi_harness.mock.state.groups import Group
from umapi_harness.mock.state.rosters import Roster
from umapi_harness.mock.state.users import User
from umapi_models.names import ADOBE_ID

INVITED: Final = "invited"
ELSEWHERE: Final = "elsewhere"


@attrs.define(eq=False)
class TechnicalAccount:
    """The account of an integration: the service counts it in the headers of listings and lists it nowhere."""

    email: str | None
    groups: tuple[Group, ...]


class Accounts:
    """Users in order of arrival, found by e-mail address, or by user name and domain, without regard to letter case."""

    def __init__(self) -> None:
        self.users: Roster[User] = Roster()
        self._adobe_ids: dict[str, User] = {}
        self._owned: dict[str, User] = {}
        # Only user names that differ from the e-mail: most users need no entry.
        self._usernames: dict[tuple[str, str], User] = {}

    def __len__(self) -> int:
        return len(self.users)

    def adobe_id(self, address: str) -> User | None:
        """The Adobe ID with that e-mail address."""
        return self._adobe_ids.get(address.lower())

    def owned(self, address: str) -> User | None:
        """The Enterprise or Federated ID with that e-mail address."""
        return self._owned.get(address.lower())

    def named(self, username: str, domain: str) -> User | None:
        """The user whose name is `username` in `domain`, where that name is not the e-mail address."""
        return self._usernames.get((username.lower(), domain.lower()))

    def add(self, user: User) -> None:
        """Add a user, of whom the caller knows that nobody else has the address or user name."""
        self.users.add(user)
        self.index(user)

    def discard(self, user: User) -> None:
        """Take a user out."""
        self.users.discard(user)
        self.unindex(user)

    def index(self, user: User) -> None:
        """Let the user be found by what it is called now."""
        address = user.email.lower()
        (self._adobe_ids if user.type == ADOBE_ID else self._owned)[address] = user
        if user.username.lower() != address:
            self._usernames[user.username.lower(), user.domain.lower()] = user

    def unindex(self, user: User) -> None:
        """Let the user no longer be found, before it is called otherwise."""
        address = user.email.lower()
        (self._adobe_ids if user.type == ADOBE_ID else self._owned).pop(address, None)
        self._usernames.pop((user.username.lower(), user.domain.lower()), None)

    def mapped(self, twins: Mapping[User, User]) -> Accounts:
        """The same with what `twins` has for each user."""
        accounts = Accounts()
        accounts.users = self.users.mapped(twins)
        accounts._adobe_ids = {name: twins[user] for name, user in self._adobe_ids.items()}
        accounts._owned = {name: twins[user] for name, user in self._owned.items()}
        accounts._usernames = {name: twins[user] for name, user in self._usernames.items()}
        return accounts
