"""Query objects for a blocking connection: the users and groups of the organisation, lazily or all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Literal, TypeVar

from umapi_models.models import Group, User

from .connection import Connection
from .errors import ListingError
from .queries import Listing, ListingReader, fetch_user, groups_listing, users_listing

T = TypeVar("T", bound=User | Group)


class ListQuery(Generic[T]):
    """A listing that is read page by page as it is needed.

    Iterating starts it anew; `all_results` reads what is left. A listing that changes or breaks off while it is
    read raises `ListingError`: it never looks shorter than it is.
    """

    def __init__(self, connection: Connection, listing: Listing[T]) -> None:
        self._connection = connection
        self._listing = listing
        self._reader = ListingReader(listing)

    def __iter__(self) -> Iterator[T]:
        """Start anew, and give the entries one by one.

        Raises:
            ListingError, ServiceError, NetworkError: as `all_results`.
        """
        self.reload()
        reader = self._reader
        while not reader.finished:
            yield from self._next_page(reader)

    def all_results(self) -> list[T]:
        """Read what is left of the listing, and return all of it.

        Raises:
            NotFoundError: the group does not exist.
            ListingError: the listing changed or broke off while it was read.
            ServiceError, NetworkError: as for any call.
        """
        while not self._reader.finished:
            self._next_page(self._reader)
        return list(self._reader.entries)

    def reload(self) -> None:
        """Forget what was read, so that the next use asks the service again."""
        self._reader = ListingReader(self._listing)

    @property
    def total(self) -> int | None:
        """Entries in the whole listing as the service counts them; None before the first page is read.

        For users this can include technical accounts, which are not listed.
        """
        return self._reader.total

    @property
    def page_count(self) -> int | None:
        """Pages in the whole listing; None before the first page is read."""
        return self._reader.page_count

    @property
    def pages_read(self) -> int:
        """Pages read so far."""
        return self._reader.pages_read

    def _next_page(self, reader: ListingReader[T]) -> tuple[T, ...]:
        self._connection.count_query(multiple=True)
        try:
            return self._connection.drive(reader.next_page(self._connection.service))
        except ListingError:
            # The pages read before may belong to another state of the organisation: none is used again.
            if reader is self._reader:
                self.reload()
            raise


class UsersQuery(ListQuery[User]):
    """The users of the organisation: all, or those in a group, in a domain, or both.

    With `direct_only=False`, the groups of a user include product profiles held through a user group. `status` and
    `exclude_groups` (leave the groups out of each user) need a group.

    Raises:
        UsageError: the filters do not fit together.
    """

    def __init__(
        self,
        connection: Connection,
        in_group: str = "",
        in_domain: str = "",
        direct_only: bool = True,
        *,
        status: Literal["active", "inactive"] | None = None,
        exclude_groups: bool = False,
    ) -> None:
        listing = users_listing(
            in_group=in_group,
            in_domain=in_domain,
            direct_only=direct_only,
            status=status,
            exclude_groups=exclude_groups,
        )
        super().__init__(connection, listing)


class GroupsQuery(ListQuery[Group]):
    """The user groups, product profiles and admin groups of the organisation."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, groups_listing())


class UserQuery:
    """One user, by e-mail address or user name.

    `domain` tells users of one name apart; the domain `AdobeID` picks an Adobe ID.
    """

    def __init__(self, connection: Connection, user_string: str, domain: str | None = None) -> None:
        self._connection = connection
        self._user = user_string
        self._domain = domain
        self._result: User | None = None
        self._fetched = False

    def result(self) -> User | None:
        """Return the user, or None when there is none; the service is asked once.

        Raises:
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
