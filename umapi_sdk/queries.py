"""Reading users and groups: what to ask for, and one page or one user as the service gives it.

Whether the pages of a listing are a whole is judged in `listings`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Final, Generic, Literal, TypeVar

import msgspec

from umapi_models.models import Group, GroupsPage, User, UserAnswer, UsersPage
from umapi_models.operations import GROUP_USERS, GROUPS, USER, USERS, Operation
from umapi_sdk import errors
from umapi_sdk.calls import Service, authorized, read_body
from umapi_sdk.identity import folded, is_of_domain, is_user
from umapi_sdk.messages import Call, Request, Response
from umapi_sdk.refusals import service_error
from umapi_sdk.verdicts import Attempts

T = TypeVar("T", bound=User | Group)

SUCCESS = "success"
PAST_THE_END = "Not found"

_LONGEST_COUNT = 18  # digits; a longer number is junk


class NotGiven(enum.Enum):
    """Default of a filter. A filter that is given and blank is a mistake, as an empty cell of a table would make it."""

    NOT_GIVEN = "not given"

    def __repr__(self) -> str:
        return self.name


NOT_GIVEN: Final = NotGiven.NOT_GIVEN


class Listing(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What to list: an operation, its place and filters, and the model of an entry."""

    operation: Operation
    model: type[T]
    group: str | None = None
    filters: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])

    @property
    def noun(self) -> str:
        """What its entries are, as the body of a page names them too."""
        return "users" if self.model is User else "groups"


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a listing. A header that is absent or no number is None."""

    number: int
    """The number asked for, from 0."""
    entries: tuple[T, ...]
    last: bool
    current: int | None
    """X-Current-Page: the number of the page that came."""
    size: int | None
    """X-Page-Size: entries of the page as the service counts them, technical accounts included."""
    total: int | None
    """X-Total-Count: entries on all pages, counted in the same way."""
    page_count: int | None
    """X-Page-Count: number of pages."""
    request: Request
    response: Response

    def broken(self, problem: str) -> errors.ServiceError:
        """Return the error that says so of this page."""
        return service_error(errors.ListingError, problem, self.request, self.response)


def users_listing(
    *,
    in_group: str | Literal[NotGiven.NOT_GIVEN] = NOT_GIVEN,
    in_domain: str | Literal[NotGiven.NOT_GIVEN] = NOT_GIVEN,
    direct_only: bool = True,
    status: str | None = None,
    exclude_groups: bool = False,
) -> Listing[User]:
    """Return the listing of all users, or of those in a group, in a domain or both.

    Raises:
        UsageError: a group or domain is given that is blank; `status` or `exclude_groups` is given without a group:
            the service has them for groups only; or a filter has the wrong type.
    """
    group = None if in_group is NOT_GIVEN else _name(in_group, "in_group", "leave it out to list everybody")
    domain = None if in_domain is NOT_GIVEN else _name(in_domain, "in_domain", "leave it out for all domains")
    if not isinstance(direct_only, bool) or not isinstance(exclude_groups, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise errors.UsageError("direct_only and exclude_groups must be True or False")
    if group is None and (status is not None or exclude_groups):
        raise errors.UsageError("status and exclude_groups filter the users of a group: give in_group")
    if status not in (None, "active", "inactive"):
        raise errors.UsageError(f'status must be "active" or "inactive", not {status!r}')
    filters = {"directOnly": "true" if direct_only else "false"}
    if domain is not None:
        filters["domain"] = domain
    if status is not None:
        filters["status"] = status
    if exclude_groups:
        filters["excludeGroups"] = "true"
    operation = USERS if group is None else GROUP_USERS
    return Listing(operation=operation, model=User, group=group, filters=filters)


def groups_listing() -> Listing[Group]:
    """Return the listing of all user groups, product profiles and admin groups."""
    return Listing(operation=GROUPS, model=Group)


def fetch_page(service: Service, listing: Listing[T], number: int) -> Call[Page[T]]:
    """Get one page.

    Raises:
        NotFoundError: page 0 is asked for and the group does not exist.
        ListingError: a later page is not there any more.
        ResponseError: the answer is no page of such entries.
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
        response = yield from authorized(service, listing.operation, request, Attempts(repeatable=True))
    except errors.NotFoundError as error:
        if number == 0:
            raise
        raise errors.ListingError(
            f"page {number} was not found, after {number} pages were read; start again",
            method=error.method,
            url=error.url,
            status=error.status,
            request_id=error.request_id,
            code=error.code,
        ) from error
    return _read_page(listing, request, response, number)


def fetch_user(service: Service, user: str, domain: str | None) -> Call[User | None]:
    """Get one user by e-mail address or user name; None when there is none.

    Raises:
        UsageError: no user is named, or not by a string; or the domain is given and blank.
        ServiceError, NetworkError: as for any call.
    """
    _name(user, "user_string", "name a user by e-mail address or user name")
    if domain is not None:
        _name(domain, "domain", "leave it out if the user string is enough")
    request = Request(
        method=USER.method,
        url=service.url(USER, None if domain is None else {"domain": domain}, userString=user),
        headers={"Accept": "application/json"},
    )
    try:
        response = yield from authorized(service, USER, request, Attempts(repeatable=True))
    except errors.NotFoundError as error:
        # Any other 404 speaks of the address, not of the user: a wrong endpoint must not look like an empty org.
        if error.code == "error.user.not_found":
            return None
        raise
    answer = read_body(UserAnswer, request, response)
    if answer.result != SUCCESS or answer.user is None:
        raise service_error(errors.ResponseError, f"the answer has no user: {answer.result}", request, response)
    if not is_user(answer.user, user, domain):
        problem = f"the answer is about another account than the one asked for, {user!r}"
        raise service_error(errors.ResponseError, problem, request, response)
    return answer.user


def _name(value: str, what: str, remedy: str) -> str:
    """Return a name that goes into a URL."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise errors.UsageError(f"{what} must be a string, not {value!r}: {remedy}")
    if not value.strip():
        raise errors.UsageError(f"{what} is blank: {remedy}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise errors.UsageError(f"{what} holds half of a surrogate pair, which is no character") from None
    return value


def _read_page(listing: Listing[T], request: Request, response: Response, number: int) -> Page[T]:
    entries: Sequence[User] | Sequence[Group] | None
    if listing.model is User:
        users = read_body(UsersPage, request, response)
        result, last, message, entries, rest = *_head(users), users.users, users.unknown_fields
        other = _other_than_asked(listing, users)
        if result == SUCCESS and other is not None:
            raise service_error(errors.ListingError, f"page {number} {other}", request, response)
    else:
        groups = read_body(GroupsPage, request, response)
        result, last, message, entries, rest = *_head(groups), groups.groups, groups.unknown_fields
    if result == PAST_THE_END:
        raise service_error(errors.ListingError, f"page {number} is past the end: start again", request, response)
    if result != SUCCESS:
        raise service_error(errors.ResponseError, f"the listing failed: {message or result}", request, response, result)
    if entries is None:
        # A page that lost its list looks like an empty organisation, and everybody in it like one who is to go.
        others = f": it has {', '.join(sorted(rest))} instead" if rest else ""
        problem = f'page {number} says success and has no list "{listing.noun}"{others}'
        raise service_error(errors.ResponseError, problem, request, response)
    return Page(
        number=number,
        entries=tuple(entry for entry in entries if isinstance(entry, listing.model)),
        last=last,
        current=_count(request, response, "x-current-page"),
        size=_count(request, response, "x-page-size"),
        total=_count(request, response, "x-total-count"),
        page_count=_count(request, response, "x-page-count"),
        request=request,
        response=response,
    )


def _other_than_asked(listing: Listing[T], page: UsersPage) -> str | None:
    """Return what shows that a page is of another group or domain than the one asked for, None when nothing does."""
    group, domain = listing.group, listing.filters.get("domain")
    if group is not None and page.group_name is not None and folded(page.group_name) != folded(group):
        return f"is of the group {page.group_name!r}, and {group!r} was asked for"
    if domain is None or all(is_of_domain(user, domain) for user in page.users or ()):
        return None
    return f"has users of other domains, and {domain!r} was asked for: leave the domain out, and choose from all users"


def _head(page: UsersPage | GroupsPage) -> tuple[str, bool, str | None]:
    return page.result, page.last_page, page.message


def _count(request: Request, response: Response, header: str) -> int | None:
    """Return the number in a header, None when it is absent or no number.

    Raises:
        ListingError: the header came several times, with different numbers: neither can be relied upon.
    """
    value = response.headers.get(header, "")
    numbers = {part.strip() for part in value.split(",")}
    if len(numbers) > 1 and any(number.isascii() and number.isdigit() for number in numbers):
        problem = f"its header {header.title()} came several times, and not with one number: {value[:60]}"
        raise service_error(errors.ListingError, f"{problem}; the listing cannot be checked", request, response)
    number = value.split(",", 1)[0].strip()
    return int(number) if number.isascii() and number.isdigit() and len(number) <= _LONGEST_COUNT else None
