"""Queries as umapi-client has them, whose entries are dicts; the SDK judges whether the pages are a whole listing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from umapi_sdk.compat.client import ClientConnection
from umapi_sdk.compat.failures import ClientError
from umapi_sdk.compat.naming import public
from umapi_sdk.compat.pages import ClientReading, Entry, Params
from umapi_sdk.connection import Connection
from umapi_sdk.errors import ListingError
from umapi_sdk.mixtures import kind_of


def _check_connection(given: object, query: object) -> None:
    if isinstance(given, ClientConnection):
        return
    name, what = type(query).__name__, "a Connection of umapi_sdk" if isinstance(given, Connection) else kind_of(given)
    remedy = f", or import {name} from umapi_sdk" if isinstance(given, Connection) else ""
    raise TypeError(f"{name} asks by a Connection of umapi_sdk.compat, not by {what}: give one{remedy}")


@public("QueryMultiple")
class ClientListQuery:
    """A listing, page by page as it is iterated over, or whole. `QueryMultiple` of the client.

    A listing that is not whole is a `ClientError`: none looks shorter than it is. A connection of `umapi_sdk` is a
    TypeError.

    Args:
        connection: whom to ask.
        object_type: `user`, `group` or, as older programs have it, `user-group`.
        url_params: what follows in the path, such as the name of a group.
        query_params: filters.
    """

    def __init__(
        self,
        connection: ClientConnection,
        object_type: str,
        url_params: Sequence[str] | None = None,
        query_params: Params | None = None,
    ) -> None:
        _check_connection(connection, self)
        self.conn = connection
        self.object_type = object_type
        self.url_params = list(url_params or ())
        self.query_params = dict(query_params or {})
        self.reload()

    def reload(self) -> None:
        """Forget what was read, so that the next use asks the service again."""
        self._starts = 0
        self._begin()
        self._given = 0
        self._stats = (0, 0, 1, 1)

    def _begin(self) -> None:
        self._reading: ClientReading | None = None
        self._results: list[Entry] = []
        self._last_page_seen = False

    def __iter__(self) -> Iterator[Entry]:
        """Start anew, and give the entries one by one.

        Raises:
            ClientError, RequestError, ServerError, UnavailableError: as `all_results`.
        """
        self.reload()
        return self._entries()

    def all_results(self) -> list[Entry]:
        """Return all entries: those that were given out before, and those that were not read yet.

        A listing of which nothing was given out is started again if it turns out not to be whole.

        Raises:
            ClientError: the listing is not whole, or an answer is not understood.
            RequestError, ServerError, UnavailableError: as for any call.
        """
        while not self._last_page_seen:
            self._next_page()
        self._given = len(self._results)
        return list(self._results)

    def stats(self) -> tuple[int, int, int, int]:
        """Return what the headers of the last page say: entries in all, pages, entries of the page, its number."""
        return self._stats

    def _entries(self) -> Iterator[Entry]:
        while True:
            while self._given >= len(self._results):
                if self._last_page_seen:
                    return
                self._next_page()
            self._given += 1
            yield self._results[self._given - 1]

    def _next_page(self) -> None:
        if self._reading is None:
            self._reading = self.conn.reading(self.object_type, self.url_params, self.query_params)
        try:
            page = self.conn.next_page(self._reading)
        except ClientError as error:
            # What was given out cannot be taken back, and pages of two states are no listing.
            self._begin()
            if self._given or self._starts >= self.conn.listing_rules.restarts:
                raise
            if not isinstance(error.__cause__, ListingError):
                raise
            self._starts += 1
            return
        self._results += page.entries
        self._last_page_seen = page.last or not page.entries
        self._stats = (page.total, page.count, page.size, page.number)


@public("QuerySingle")
class ClientLookup:
    """One object, asked for once. `QuerySingle` of the client.

    Args:
        connection: whom to ask.
        object_type: what it is, such as `user`.
        url_params: what names it.
        query_params: filters.
    """

    def __init__(
        self,
        connection: ClientConnection,
        object_type: str,
        url_params: Sequence[str] | None = None,
        query_params: Params | None = None,
    ) -> None:
        _check_connection(connection, self)
        self.conn = connection
        self.object_type = object_type
        self.url_params = list(url_params or ())
        self.query_params = dict(query_params or {})
        self._result: Entry | None = None

    def reload(self) -> None:
        """Forget what was found, so that the next use asks the service again."""
        self._result = None

    def result(self) -> Entry:
        """Return what was found, an empty dict if there is none.

        Raises:
            ArgumentError: it is not named.
            ClientError, RequestError, ServerError, UnavailableError: as for any call.
        """
        if self._result is None:
            self._result = self.conn.query_single(self.object_type, self.url_params, self.query_params)
        return self._result


@public("UsersQuery")
class ClientUsersQuery(ClientListQuery):
    """The users of the organisation: all, or those in a group, in a domain, or both. `UsersQuery` of the client.

    An empty name is as none, as in the client: a blank cell asks for everybody. With `direct_only=False`, the groups
    of a user include product profiles held through a user group.
    """

    def __init__(
        self,
        connection: ClientConnection,
        in_group: str | None = "",
        in_domain: str | None = "",
        direct_only: bool = True,
    ) -> None:
        params: dict[str, Any] = {"domain": in_domain} if in_domain else {}
        super().__init__(connection, "user", [in_group] if in_group else [], {**params, "directOnly": direct_only})


@public("UserQuery")
class ClientUserQuery(ClientLookup):
    """One user, by e-mail address or user name, with a domain where that is needed. `UserQuery` of the client."""

    def __init__(self, connection: ClientConnection, user_string: str, domain: str | None = None) -> None:
        super().__init__(connection, "user", [user_string], {} if domain is None else {"domain": domain})


@public("GroupsQuery")
class ClientGroupsQuery(ClientListQuery):
    """The user groups, product profiles and admin groups of the organisation. `GroupsQuery` of the client."""

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__(connection, "group")
