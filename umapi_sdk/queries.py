"""Reading users and groups: what to ask for, and the checks that keep a listing whole.

A listing that broke off unseen has made programs delete thousands of users. Whatever shows that a page is
missing, short or from another listing is an error here, never a shorter list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import attrs

from umapi_models.models import Group, GroupsPage, User, UserAnswer, UsersPage
from umapi_models.operations import GROUP_USERS, GROUPS, USER, USERS, Operation

from . import errors
from .calls import Attempts, Service, authorized, read_body, service_error
from .messages import Call, Request, Response

T = TypeVar("T", bound=User | Group)

SUCCESS = "success"
PAST_THE_END = "Not found"

_LONGEST_COUNT = 18  # digits; a longer number is junk


@attrs.frozen(kw_only=True)
class Listing(Generic[T]):
    """What to list: an operation, its place and filters, and the model of an entry."""

    operation: Operation
    model: type[T]
    group: str | None = None
    filters: Mapping[str, str] = attrs.field(factory=dict[str, str])


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a listing."""

    number: int
    """From 0."""
    entries: tuple[T, ...]
    last: bool
    total: int | None
    """Entries on all pages, as the service counts them; for users that can include technical accounts."""
    page_count: int | None
    """Number of pages, as the service counts them."""


def users_listing(
    *,
    in_group: str | None = None,
    in_domain: str | None = None,
    direct_only: bool = True,
    status: str | None = None,
    exclude_groups: bool = False,
) -> Listing[User]:
    """Return the listing of all users, or of those in a group, in a domain or both.

    Raises:
        UsageError: `status` or `exclude_groups` is given without a group: the service has them for groups only;
            or a filter has the wrong type.
    """
    _text(in_group, "in_group")
    _text(in_domain, "in_domain")
    if not isinstance(direct_only, bool) or not isinstance(exclude_groups, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise errors.UsageError("direct_only and exclude_groups must be True or False")
    if not in_group and (status is not None or exclude_groups):
        raise errors.UsageError("status and exclude_groups filter the users of a group: give in_group")
    if status not in (None, "active", "inactive"):
        raise errors.UsageError(f'status must be "active" or "inactive", not {status!r}')
    filters = {"directOnly": "true" if direct_only else "false"}
    if in_domain:
        filters["domain"] = in_domain
    if status is not None:
        filters["status"] = status
    if exclude_groups:
        filters["excludeGroups"] = "true"
    operation = GROUP_USERS if in_group else USERS
    return Listing(operation=operation, model=User, group=in_group or None, filters=filters)


def groups_listing() -> Listing[Group]:
    """Return the listing of all user groups, product profiles and admin groups."""
    return Listing(operation=GROUPS, model=Group)


def fetch_page(service: Service, listing: Listing[T], number: int, before: Page[T] | None) -> Call[Page[T]]:
    """Get one page, and check it against the page before.

    Raises:
        NotFoundError: page 0 is asked for and the group does not exist.
        ListingError: the listing changed or broke off.
        ServiceError, NetworkError: as for any call.
    """
    places: dict[str, str | int] = {"page": number}
    if listing.group is not None:
        places["groupName"] = listing.group
    request = Request(
        method=listing.operation.method,
        url=service.url(listing.operation, listing.filters, **places),
        headers={"Accept": "application/json"},
    )
    try:
        response = yield from authorized(service, listing.operation, request, Attempts(), repeatable=True)
    except errors.NotFoundError as error:
        if before is None:
            raise
        raise errors.ListingError(
            f"page {number} was not found, after {before.number + 1} pages were read; start again",
            method=error.method,
            url=error.url,
            status=error.status,
            request_id=error.request_id,
            code=error.code,
        ) from error
    page = _read_page(listing, request, response, number)
    problem = _inconsistency(page, response, before)
    if problem:
        raise service_error(errors.ListingError, f"{problem}; the listing is not whole: start again", request, response)
    return page


def fetch_user(service: Service, user: str, domain: str | None) -> Call[User | None]:
    """Get one user by e-mail address or user name; None when there is none.

    Raises:
        UsageError: no user is named, or not by a string.
        ServiceError, NetworkError: as for any call.
    """
    if not _text(user, "user_string"):
        raise errors.UsageError("user_string must name a user")
    _text(domain, "domain")
    request = Request(
        method=USER.method,
        url=service.url(USER, {"domain": domain} if domain else None, userString=user),
        headers={"Accept": "application/json"},
    )
    try:
        response = yield from authorized(service, USER, request, Attempts(), repeatable=True)
    except errors.NotFoundError as error:
        # Any other 404 speaks of the address, not of the user: a wrong endpoint must not look like an empty org.
        if error.code == "error.user.not_found":
            return None
        raise
    answer = read_body(UserAnswer, request, response)
    if answer.result != SUCCESS or answer.user is None:
        raise service_error(errors.ResponseError, f"the answer has no user: {answer.result}", request, response)
    return answer.user


def _text(value: str | None, name: str) -> str | None:
    """Return a value that goes into a URL."""
    if value is not None and not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise errors.UsageError(f"{name} must be a string, not {value!r}")
    try:
        (value or "").encode("utf-8")
    except UnicodeEncodeError:
        raise errors.UsageError(f"{name} holds half of a surrogate pair, which is no character") from None
    return value


def _read_page(listing: Listing[T], request: Request, response: Response, number: int) -> Page[T]:
    entries: Sequence[User] | Sequence[Group] | None
    if listing.model is User:
        users = read_body(UsersPage, request, response)
        result, last, message, entries = users.result, users.last_page, users.message, users.users
    else:
        groups = read_body(GroupsPage, request, response)
        result, last, message, entries = groups.result, groups.last_page, groups.message, groups.groups
    if result == PAST_THE_END:
        raise service_error(errors.ListingError, f"page {number} is past the end: start again", request, response)
    if result != SUCCESS:
        raise service_error(errors.ResponseError, f"the listing failed: {message or result}", request, response, result)
    return Page(
        number=number,
        entries=tuple(entry for entry in entries or () if isinstance(entry, listing.model)),
        last=last,
        total=_count(response, "x-total-count"),
        page_count=_count(response, "x-page-count"),
    )


def _inconsistency(page: Page[T], response: Response, before: Page[T] | None) -> str | None:
    """Return what shows that pages are missing, None when nothing does."""
    announced = _count(response, "x-page-size")
    current = _count(response, "x-current-page")
    place = f"page {page.number}"
    if announced is not None and announced != len(page.entries):
        return f"{place} has {len(page.entries)} entries where {announced} were announced"
    if current is not None and current != page.number:
        return f"{place} was asked for and page {current} came"
    if page.page_count is not None and page.last != (page.number + 1 >= page.page_count):
        return f"{place} of {page.page_count} is{'' if page.last else ' not'} marked as the last"
    if not page.entries and not page.last:
        return f"{place} is empty and is not the last"
    if before is not None and page.total != before.total:
        return f"the total changed from {before.total} to {page.total} while {place} was read"
    return None


def _count(response: Response, header: str) -> int | None:
    value = response.headers.get(header, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _LONGEST_COUNT else None


class ListingReader(Generic[T]):
    """A listing as far as it has been read. Each page is checked against the one before."""

    def __init__(self, listing: Listing[T]) -> None:
        self.listing = listing
        self.entries: list[T] = []
        self._page: Page[T] | None = None

    @property
    def finished(self) -> bool:
        """True when the last page has been read."""
        return self._page is not None and self._page.last

    @property
    def total(self) -> int | None:
        """Entries in the whole listing as the service counts them; None before the first page.

        For users this can include technical accounts, which are not listed.
        """
        return self._page.total if self._page else None

    @property
    def page_count(self) -> int | None:
        """Pages in the whole listing as the service counts them; None before the first page."""
        return self._page.page_count if self._page else None

    @property
    def pages_read(self) -> int:
        """Pages read so far."""
        return self._page.number + 1 if self._page else 0

    def next_page(self, service: Service) -> Call[tuple[T, ...]]:
        """Read one page more and return its entries.

        Raises:
            ListingError: the listing changed or broke off. What was read before is not the whole.
            ServiceError, NetworkError: as for any call.
        """
        page = yield from fetch_page(service, self.listing, self.pages_read, self._page)
        self._page = page
        self.entries += page.entries
        return page.entries
