"""Query objects for a blocking connection: the users and groups of the organisation, lazily or all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeVar

from umapi_models.models import Group, User
from umapi_sdk.connection import Connection
from umapi_sdk.errors import ListingError
from umapi_sdk.listings import ListingReader, Progress
from umapi_sdk.mixtures import is_of_compat, kind_of
from umapi_sdk.queries import NOT_GIVEN, Listing, NotGiven, fetch_user, groups_listing, users_listing
from umapi_sdk.session import Described
from umapi_sdk.wholeness import ListingRules

T = TypeVar("T", bound=User | Group)


class ListQuery(Progress[T]):
    """A listing that is read page by page as it is needed.

    Iterating starts it anew and holds one page at a time; `all_results` holds the whole. A listing that is not whole
    raises `ListingError`: it never looks shorter than it is. What that means, and what no client can see, is in
    docs/explanation/listings.md.
    """

    def __init__(self, connection: Connection, listing: Listing[T], rules: ListingRules | None = None) -> None:
        _check_connection(connection, self)
        self._connection = connection
        self._listing = listing
        self._rules = rules or ListingRules()
        self.reload()

    def __iter__(self) -> Iterator[T]:
        """Start anew, and give the entries one by one.

        Raises:
            ListingError, ServiceError, NetworkError: as `all_results`; what was given out before is not the whole.
        """
        reader = self._reader = ListingReader(self._listing, self._rules, keep=False)
        while not reader.finished:
            yield from self._next_page(reader)

    def all_results(self) -> list[T]:
        """Read the listing, or what a failure left of it, and return all of it. Once read, it is kept.

        A listing that turns out not to be whole is started again as often as the rules say.

        Raises:
            NotFoundError: the group does not exist.
            ListingError: the listing is not whole.
            ServiceError, NetworkError: as for any call.
        """
        reader = self._reader = self._whole
        while not reader.finished:
            self._next_page(reader)
        return list(reader.entries)

    def reload(self) -> None:
        """Forget what was read, so that the next use asks the service again."""
        self._reader = self._whole = ListingReader(self._listing, self._rules, keep=True)

    def _next_page(self, reader: ListingReader[T]) -> tuple[T, ...]:
        self._connection.count_query(multiple=True)
        try:
            return self._connection.drive(reader.next_page(self._connection.service))
        except ListingError:
            # The pages read before may belong to another state of the organisation: none is used again.
            if reader is self._whole:
                self._whole = ListingReader(self._listing, self._rules, keep=True)
            raise


def _check_connection(given: object, query: object) -> None:
    if isinstance(given, Connection):
        return
    name, remedy = type(query).__name__, "give one, as connect() returns it"
    if is_of_compat(given):
        remedy = f"give its `native`, or import {name} from umapi_sdk.compat"
    elif isinstance(given, Described):
        remedy = "await its own users(), groups() or user()"
    raise TypeError(f"{name} asks by a Connection of umapi_sdk, not by {kind_of(given)}: {remedy}")


class UsersQuery(ListQuery[User]):
    """The users of the organisation: all, or those in a group, in a domain, or both.

    With `direct_only=False`, the groups of a user include product profiles held through a user group. `status` and
    `exclude_groups` (leave the groups out of each user) need a group.

    Raises:
        UsageError: a group or domain is given and blank, or the filters do not fit together.
        TypeError: the connection is none that blocks, or one of `umapi_sdk.compat`; so for all queries.
    """

    def __init__(
        self,
        connection: Connection,
        in_group: str | Literal[NotGiven.NOT_GIVEN] = NOT_GIVEN,
        in_domain: str | Literal[NotGiven.NOT_GIVEN] = NOT_GIVEN,
        direct_only: bool = True,
        *,
        status: Literal["active", "inactive"] | None = None,
        exclude_groups: bool = False,
        rules: ListingRules | None = None,
    ) -> None:
        listing = users_listing(
            in_group=in_group,
            in_domain=in_domain,
            direct_only=direct_only,
            status=status,
            exclude_groups=exclude_groups,
        )
        super().__init__(connection, listing, rules)


class GroupsQuery(ListQuery[Group]):
    """The user groups, product profiles and admin groups of the organisation."""

    def __init__(self, connection: Connection, *, rules: ListingRules | None = None) -> None:
        super().__init__(connection, groups_listing(), rules)


class UserQuery:
    """One user, by e-mail address or user name.

    `domain` tells users of one name apart; the domain `AdobeID` picks an Adobe ID.
    """

    def __init__(self, connection: Connection, user_string: str, domain: str | None = None) -> None:
        _check_connection(connection, self)
        self._connection = connection
        self._user = user_string
        self._domain = domain
        self._result: User | None = None
        self._fetched = False

    def result(self) -> User | None:
        """Return the user, or None when there is none; the service is asked once.

        Raises:
            UsageError: the user string is blank, or a domain is given that is.
            ServiceError, NetworkError: as for any call.
        """
        if not self._fetched:
            self._connection.count_query(multiple=False)
            self._result = self._connection.drive(fetch_user(self._connection.service, self._user, self._domain))
            self._fetched = True
        return self._result

    def reload(self) -> None:
        """Forget the user, so that the next use asks the service again."""
        self._fetched = False
